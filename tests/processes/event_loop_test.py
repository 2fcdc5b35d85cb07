# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import errno
import os
import resource
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from pytest_subprocess import FakeProcess

from kubectl_mc.command_line.options import seconds
from kubectl_mc.processes import event_loop, lifelines
from kubectl_mc.processes.children import Command
from kubectl_mc.processes.event_loop import Chunk, Exit, Result
from kubectl_mc.processes.places import working_places

ENV = {"PATH": os.environ.get("PATH", os.defpath)}


def sh(script: str, cluster: str = "c1", **variables: str) -> Command:
    return Command(cluster, ("sh", "-c", script), {**ENV, **variables})


def collect(*commands: Command, parallel: int = 8, timeout: float = 0, stdin: str | None = None) -> list[Result]:
    return event_loop.collect_results(commands, parallel, timeout, stdin)


def test_the_longest_time_that_can_be_typed_is_one_to_the_system() -> None:
    assert [result.stdout for result in collect(sh("echo x"), timeout=seconds("cluster-timeout", "87600h"))] == [b"x\n"]


class Life:
    """A FIFO that processes hold open for writing (fd 9), so that it ends when the last of them has ended."""

    def __init__(self, path: Path) -> None:
        self.hold = f"exec 9>{path}; printf started >&9; "
        os.mkfifo(path)
        self._reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)

    def is_over(self) -> bool:
        """Has someone lived, and do all end? Waits for it; the limit only keeps a broken program from hanging."""
        said, ready = b"", select.poll()
        ready.register(self._reader, select.POLLIN)
        while ready.poll(20_000):
            chunk = os.read(self._reader, 100)
            if not chunk:
                return said.startswith(b"started")
            said += chunk
        return False

    def close(self) -> None:
        os.close(self._reader)


@pytest.fixture
def life(tmp_path: Path) -> Iterator[Life]:
    with closing(Life(tmp_path / "life")) as fifo:
        yield fifo


@pytest.fixture
def short_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_loop, "GRACE", 0.1)


# --- Open files ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("soft", "hard", "most", "count", "may_run", "limit"),
    [
        (1024, 4096, None, 100, 100, 1024),
        (256, 4096, None, 100, 100, 348),
        (256, resource.RLIM_INFINITY, None, 100, 100, 348),
        (resource.RLIM_INFINITY, resource.RLIM_INFINITY, None, 9999, 9999, resource.RLIM_INFINITY),
        (256, 256, None, 100, 69, 256),
        (256, 300, None, 100, 84, 300),
        (40, 40, None, 100, 1, 40),
        # macOS says that there is no limit, and has one.
        (256, resource.RLIM_INFINITY, 10240, 100, 100, 348),
        (256, resource.RLIM_INFINITY, 10240, 9999, 3397, 10240),
        (256, resource.RLIM_INFINITY, 300, 100, 69, 256),
    ],
)
def test_as_many_run_as_there_are_open_files(
    monkeypatch: pytest.MonkeyPatch, soft: int, hard: int, most: int | None, count: int, may_run: int, limit: int
) -> None:
    """most: what setrlimit takes, whatever the hard limit is"""
    limits = [(soft, hard)]

    def setrlimit(kind: int, wanted: tuple[int, int]) -> None:
        if most and wanted[0] > most:
            raise ValueError("current limit exceeds maximum limit")
        limits.append(wanted)

    monkeypatch.setattr(resource, "getrlimit", lambda kind: limits[-1])
    monkeypatch.setattr("os.sysconf", lambda name: limits[-1][0])
    monkeypatch.setattr(resource, "setrlimit", setrlimit)
    assert event_loop.raise_file_limit(count) == may_run
    assert limits[-1] == (limit, hard)


# --- What is started ---------------------------------------------------------------------------------------


def test_each_command_is_started_with_its_arguments_and_environment(fp: FakeProcess) -> None:
    one = fp.register(["kubectl", "--context", "a", "get", "pods"], stdout=b"one\n", stderr=b"note\n")
    two = fp.register(["kubectl", "--context", "b", "get", "pods"], stdout=b"", stderr=b"error\n", returncode=1)
    commands = [
        Command("c1", ("kubectl", "--context", "a", "get", "pods"), {"A": "1"}),
        Command("c2", ("kubectl", "--context", "b", "get", "pods"), {"B": "2"}),
    ]
    assert collect(*commands) == [Result("c1", b"one\n", b"note\n", 0), Result("c2", b"", b"error\n", 1)]
    environments = [(call.kwargs or {})["env"] for recorder in (one, two) for call in recorder.calls]
    assert environments == [{"A": "1"}, {"B": "2"}]


def test_each_process_has_a_session_of_its_own_and_no_shell(fp: FakeProcess) -> None:
    recorder = fp.register(["kubectl", "get"])
    collect(Command("c1", ("kubectl", "get"), {}))
    kwargs = (recorder.calls[0].kwargs or {}) if recorder.calls else {}
    assert kwargs["start_new_session"]
    assert not kwargs.get("shell")


def test_a_kubeconfig_is_handed_over_as_an_open_file(fp: FakeProcess) -> None:
    recorder = fp.register(["kubectl", "get"])
    collect(Command("c1", ("kubectl", "get"), {"KUBECONFIG": "/home/alice/config", "A": "1"}, b"{}"))
    kwargs = recorder.calls[0].kwargs or {}
    number, *_ = kwargs["pass_fds"]
    assert kwargs["env"] == {"KUBECONFIG": f"/dev/fd/{number}", "A": "1"}


def test_a_kubeconfig_can_be_read_several_times_by_its_own_process_only() -> None:
    contents = [b"config of c1", b"config of c2" * 10_000]
    script = ("sh", "-c", "cat $KUBECONFIG $KUBECONFIG")
    results = collect(*(Command(f"c{n}", script, ENV, text) for n, text in enumerate(contents)))
    assert [result.stdout for result in results] == [text * 2 for text in contents]


def test_nothing_of_ours_is_left_open_in_a_process_or_here() -> None:
    lifelines.open_lifeline().close()  # its pipe stays open for all children
    before = set(os.listdir("/dev/fd"))
    (result,) = collect(sh("ls /dev/fd/"))
    assert len(result.stdout.split()) <= 5  # 0, 1, 2, the lifeline and that of ls
    assert set(os.listdir("/dev/fd")) == before


# --- What comes back ---------------------------------------------------------------------------------------


def test_both_streams_and_the_status_come_back() -> None:
    assert collect(sh("echo out; echo err >&2; exit 3")) == [Result("c1", b"out\n", b"err\n", 3)]


def test_a_process_ended_by_a_signal_has_its_negative_number() -> None:
    assert collect(sh("kill -9 $$")) == [Result("c1", b"", b"", -signal.SIGKILL)]


def test_results_are_in_the_order_of_the_commands_whoever_ends_first(tmp_path: Path) -> None:
    """c1 can only end when c2 has: it waits to be told so."""
    os.mkfifo(tmp_path / "fifo")
    fifo = str(tmp_path / "fifo")
    commands = [sh('read word < "$F"; echo $word', "c1", F=fifo), sh('echo told > "$F"; echo done', "c2", F=fifo)]
    assert collect(*commands) == [Result("c1", b"told\n", b"", 0), Result("c2", b"done\n", b"", 0)]


def test_two_commands_of_one_cluster_are_kept_apart() -> None:
    assert [result.stdout for result in collect(sh("echo a"), sh("echo b"))] == [b"a\n", b"b\n"]


def test_a_megabyte_on_both_streams_of_several_processes_is_complete() -> None:
    script = "import sys; sys.stdout.write('o' * 1_000_000); sys.stderr.write('e' * 1_000_000)"
    commands = [Command(f"c{number}", (sys.executable, "-c", script), ENV) for number in range(3)]
    for result in collect(*commands):
        assert result[1:] == (b"o" * 1_000_000, b"e" * 1_000_000, 0, False, "")


def test_no_commands_have_no_results() -> None:
    assert collect() == []


def test_events_are_told_as_they_happen() -> None:
    events = list(event_loop.run_commands([sh("echo out; echo err >&2; exit 2")], 1, 0))
    assert sorted(event for event in events if isinstance(event, Chunk)) == [
        Chunk(0, "c1", "stderr", b"err\n"),
        Chunk(0, "c1", "stdout", b"out\n"),
    ]
    assert events[-1] == Exit(0, "c1", 2)


# --- stdin -------------------------------------------------------------------------------------------------


def test_a_command_may_have_a_stdin_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "given").write_text("of all")
    large = b"x" * (1 << 20)
    commands = [sh("cat", "c1")._replace(stdin=b"its own"), sh("cat", "c2"), sh("cat", "c3")._replace(stdin=large)]
    results = collect(*commands, sh("cat", "c4")._replace(stdin=b""), stdin=str(tmp_path / "given"))
    assert [result.stdout for result in results] == [b"its own", b"of all", large, b""]


def test_stdin_is_empty() -> None:
    assert collect(sh("cat"))[0] == Result("c1", b"", b"", 0)


def test_each_process_gets_the_file_from_its_start(tmp_path: Path) -> None:
    (tmp_path / "given").write_bytes(b"text " * 50_000)
    results = collect(sh("cat", "c1"), sh("cat", "c2"), parallel=1, stdin=str(tmp_path / "given"))
    assert [result.stdout for result in results] == [b"text " * 50_000] * 2


# --- How many at a time ------------------------------------------------------------------------------------


@pytest.mark.parametrize("parallel", [1, 2, 3])
def test_no_more_than_max_parallel_run_at_a_time(tmp_path: Path, parallel: int) -> None:
    log = str(tmp_path / "log")
    collect(*(sh('echo 1 >> "$L"; ls / >/dev/null; echo -1 >> "$L"', L=log) for _ in range(8)), parallel=parallel)
    steps = [int(step) for step in Path(log).read_text().split()]
    assert (len(steps), max(sum(steps[:end]) for end in range(len(steps)))) <= (16, parallel)


def test_max_parallel_run_at_a_time(tmp_path: Path) -> None:
    """Each is told by another one that it is there, so none can end alone."""
    fifos = [str(tmp_path / f"fifo{number}") for number in range(3)]
    for fifo in fifos:
        os.mkfifo(fifo)
    kept = [os.open(fifo, os.O_RDWR) for fifo in fifos]  # what is in a FIFO is lost when nobody has it open
    commands = [
        sh('echo here > "$NEXT"; read word < "$MINE"; echo $word', MINE=mine, NEXT=following)
        for mine, following in zip(fifos, fifos[1:] + fifos[:1])
    ]
    assert [result.stdout for result in collect(*commands, parallel=3)] == [b"here\n"] * 3
    for descriptor in kept:
        os.close(descriptor)


def test_those_that_only_wait_keep_nobody_from_starting(tmp_path: Path) -> None:
    """The last one is what all others wait for: there are more of them than may work at a time."""
    fifo, count = str(tmp_path / "fifo"), 4 * working_places(os.cpu_count() or 1)
    os.mkfifo(fifo)
    waiting = [sh('read line < "$FIFO"', FIFO=fifo)] * count
    last = sh(f'for n in $(seq {count}); do echo; done > "$FIFO"', FIFO=fifo)
    results = collect(*waiting, last, parallel=count + 1, timeout=60)
    assert [result.status for result in results] == [0] * (count + 1)


# --- Ends --------------------------------------------------------------------------------------------------


def test_a_timeout_ends_the_process_with_what_it_has_started(life: Life) -> None:
    (result,) = collect(sh(life.hold + "sleep 1000 & echo begun; sleep 1000"), timeout=0.5)
    assert (result.stdout, result.status, result.timed_out) == (b"begun\n", -signal.SIGTERM, True)
    assert life.is_over()


@pytest.mark.usefixtures("short_grace")
def test_a_timeout_kills_what_ignores_being_asked(life: Life) -> None:
    (result,) = collect(sh("trap '' TERM; " + life.hold + "sleep 1000 & sleep 1000"), timeout=0.5)
    assert (result.status, result.timed_out) == (-signal.SIGKILL, True)
    assert life.is_over()


@pytest.mark.usefixtures("short_grace")
def test_a_timeout_kills_a_grandchild_that_ignores_being_asked(life: Life) -> None:
    script = life.hold + "sh -c \"trap '' TERM; sleep 1000\" & sleep 1000"
    (result,) = collect(sh(script), timeout=0.5)
    assert result.timed_out
    assert life.is_over()


def test_a_slow_process_takes_nothing_from_the_others() -> None:
    slow, quick = collect(sh("sleep 1000", "c1"), sh("echo quick", "c2"), timeout=0.5)
    assert (slow.timed_out, quick) == (True, Result("c2", b"quick\n", b"", 0))


def test_a_grandchild_that_keeps_the_pipes_open_holds_nothing_up(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    try:
        assert collect(sh('sleep 1000 & echo $! > "$P"; echo done', P=str(pid))) == [Result("c1", b"done\n", b"", 0)]
    finally:
        os.kill(int(pid.read_text()), signal.SIGKILL)


def test_closing_the_generator_ends_every_process(life: Life) -> None:
    events = event_loop.run_commands(
        [sh(life.hold + "echo here; sleep 1000 & sleep 1000", f"c{n}") for n in range(3)], 3, 0
    )
    assert {event.cluster for event in islice(events, 3)} == {"c0", "c1", "c2"}
    events.close()  # type: ignore[attr-defined]
    assert life.is_over()


@pytest.mark.usefixtures("short_grace")
def test_closing_the_generator_kills_a_grandchild_that_ignores_being_asked(life: Life) -> None:
    script = life.hold + "sh -c \"trap '' TERM; echo here; sleep 1000\" & sleep 1000"
    events = event_loop.run_commands([sh(script)], 1, 0)
    assert next(events) == Chunk(0, "c1", "stdout", b"here\n")
    events.close()  # type: ignore[attr-defined]
    assert life.is_over()


def test_ctrl_c_keeps_what_was_complete_and_starts_nothing_more(life: Life, tmp_path: Path) -> None:
    after = str(tmp_path / "after")
    commands = [
        sh("echo complete", "c1"),
        sh(life.hold + "echo part; kill -INT $PPID; sleep 1000", "c2"),
        sh('touch "$A"', "c3", A=after),
    ]
    assert event_loop.collect_results(commands, 1, 0, interrupts=[]) == [
        Result("c1", b"complete\n", b"", 0),
        Result("c2", b"", b"", None),
        Result("c3", b"", b"", None),
    ]
    assert life.is_over()
    assert not os.path.exists(after)


def test_ctrl_c_goes_on_where_a_part_is_of_no_use(life: Life) -> None:
    with pytest.raises(KeyboardInterrupt):
        collect(sh(life.hold + "kill -INT $PPID; sleep 1000"))
    assert life.is_over()


def test_ctrl_c_is_not_lost_where_a_process_that_has_ended_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is raised in a finalizer, Python ignores."""
    monkeypatch.setattr(subprocess.Popen, "__del__", lambda process: os.kill(os.getpid(), signal.SIGINT))
    with pytest.raises(KeyboardInterrupt):
        collect(sh("true"))


def test_a_second_ctrl_c_while_it_ends_them_kills_them(life: Life) -> None:
    """The first process presses it again when it is asked to end; both would take longer than they have."""
    stubborn = "trap '%s' TERM; " + life.hold + "%s while :; do sleep 1000 & wait; done"
    commands = [sh(stubborn % ("kill -INT $PPID", "kill -INT $PPID;")), sh(stubborn % ("", ""))]
    with pytest.raises(KeyboardInterrupt):
        collect(*commands)
    assert life.is_over()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_just_as_a_process_starts_ends_it_too(number: signal.Signals, monkeypatch: pytest.MonkeyPatch) -> None:
    start, started = subprocess.Popen, []
    before = signal.signal(number, signal.default_int_handler)

    def interrupted(*arguments: Any, **rest: Any) -> subprocess.Popen[bytes]:
        started.append(start(*arguments, **rest))
        signal.raise_signal(number)
        return started[0]

    monkeypatch.setattr(subprocess, "Popen", interrupted)
    with pytest.raises(KeyboardInterrupt):
        collect(Command("c1", ("sleep", "1000"), ENV), Command("c2", ("sleep", "1000"), ENV))
    try:
        assert [process.returncode for process in started] == [-signal.SIGTERM]
    finally:
        signal.signal(number, before)
        for process in started:
            process.kill()


@pytest.mark.parametrize("script", ["exec >&- 2>&-; sleep 1000", "exit 0"])
def test_ctrl_c_while_a_process_is_looked_at_is_not_raised_inside_subprocess(
    script: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An exception in there would leave a lock taken, and the next look would wait forever."""
    look = subprocess.Popen.poll
    looks: list[str] = []

    def interrupted(process: subprocess.Popen[bytes]) -> int | None:
        if not looks:
            looks.append("begun")
            signal.raise_signal(signal.SIGINT)
            looks.append("done")
        return look(process)

    monkeypatch.setattr(subprocess.Popen, "poll", interrupted)
    with pytest.raises(KeyboardInterrupt):
        collect(sh(script), sh("sleep 1000", "c2"))
    assert looks == ["begun", "done"]


def test_a_program_that_is_not_there_ends_the_others(life: Life) -> None:
    before = set(os.listdir("/dev/fd"))
    with pytest.raises(FileNotFoundError):
        collect(sh(life.hold + "sleep 1000"), Command("c2", ("/nowhere/kubectl",), ENV, b"{}"))
    assert set(os.listdir("/dev/fd")) == before


def test_the_handlers_of_signals_are_as_they_were() -> None:
    numbers = (signal.SIGCHLD, signal.SIGINT)
    before = [signal.getsignal(number) for number in numbers]
    collect(sh("true"))
    assert [signal.getsignal(number) for number in numbers] == before
    assert subprocess.run(["true"], check=True).returncode == 0


@pytest.mark.parametrize("limit", ["ulimit -S -n 80", "ulimit -n 80"])
def test_few_open_files_are_no_limit_to_the_fleet(limit: str) -> None:
    """A soft limit is raised; under a hard one fewer run at a time."""
    script = (
        "from kubectl_mc.processes.event_loop import Command, collect_results\n"
        "results = collect_results([Command(str(n), ('true',), {'PATH': '/bin:/usr/bin'}) for n in range(60)], 60, 0)\n"
        "print(sum(result.status == 0 for result in results))"
    )
    shell = f'{limit}; exec {sys.executable} -c "$0"'
    assert subprocess.run(["bash", "-c", shell, script], capture_output=True, text=True, check=True).stdout == "60\n"


def test_after_a_refusal_no_more_are_started_and_those_that_run_end() -> None:
    asked: list[int] = []

    def may_start(index: int) -> bool:
        asked.append(index)
        return index < 2

    commands = [Command(f"c{index}", ("sh", "-c", f"echo {index}"), {"PATH": os.defpath}) for index in range(5)]
    events = list(event_loop.run_commands(commands, 2, 0.0, may_start=may_start))
    assert sorted(event.text for event in events if isinstance(event, Chunk)) == [b"0\n", b"1\n"]
    assert sorted((event.command_index, event.status) for event in events if isinstance(event, Exit)) == [
        (0, 0),
        (1, 0),
    ]
    assert asked == [0, 1, 2]


def test_if_none_may_start_nothing_happens() -> None:
    commands = [Command("c1", ("false",), {})]
    assert list(event_loop.run_commands(commands, 1, 0.0, may_start=lambda index: False)) == []


def test_more_may_be_added_while_some_run() -> None:
    commands = [sh("echo 0")]
    seen = []
    for event in event_loop.run_commands(commands, 1, 0.0):
        if isinstance(event, Exit):
            seen.append(event.command_index)
            commands += [sh("echo 1", "c2"), sh("echo 2", "c3")] if event.command_index == 0 else []
    assert seen == [0, 1, 2]


def test_a_command_may_have_a_time_limit_of_its_own() -> None:
    limited, patient = collect(
        sh("sleep 1000")._replace(patience=0.2), sh("echo x", "c2")._replace(patience=0.0), timeout=50
    )
    assert (limited.timed_out, patient.stdout) == (True, b"x\n")


def test_the_others_finish_where_a_process_cannot_be_started(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "go")
    commands = [sh(f"read line < {tmp_path}/go; echo $line"), Command("c2", ("/no/such",), ENV), sh("echo", "c3")]
    failed = []

    def on_start_error(index: int, error: OSError) -> None:
        failed.append((index, error.errno))
        (tmp_path / "go").write_text("done\n")  # the first one still runs

    events = list(event_loop.run_commands(commands, 2, 0.0, on_start_error=on_start_error))
    assert failed == [(1, errno.ENOENT)]
    assert events == [Chunk(0, "c1", "stdout", b"done\n"), Exit(0, "c1", 0)]


def test_an_error_names_what_the_user_has_typed() -> None:
    script = "echo /held/1 /held/12; echo 'open \"/held/1\": no; /held/12, /held/1' >&2"
    command = Command("c1", ("sh", "-c", script), ENV, typed_paths={"/held/1": "/dev/stdin", "/none": r"\1"})
    (result,) = collect(command)
    assert result.stdout == b"/held/1 /held/12\n"
    assert result.stderr == b'open "/dev/stdin": no; /held/12, /dev/stdin\n'


def test_commands_that_come_later_are_awaited_without_processes() -> None:
    commands = [sh("echo one")]
    wait = 3  # ticks

    def on_tick() -> None:
        nonlocal wait
        wait -= 1
        if not wait:
            commands.append(sh("echo two"))

    events = list(event_loop.run_commands(commands, 8, 0, on_tick=on_tick, awaits=lambda: wait > 0))
    assert [event.text for event in events if isinstance(event, Chunk)] == [b"one\n", b"two\n"]


ASKING = "printf 'Please enter Username: '; "
NO_LOGIN = b"error: login failed: the kubeconfig has no credentials for it\n"


@pytest.mark.parametrize(
    ("script", "stdout", "stderr"),
    [
        (f"{ASKING}echo error: EOF >&2; exit 1", b"", NO_LOGIN),
        (f"echo error: EOF >&2; {ASKING}exit 1", b"", NO_LOGIN),
        (f"{ASKING}echo ann", b"Please enter Username: ann\n", b""),
        (ASKING, b"Please enter Username: ", b""),
        ("echo error: EOF >&2; exit 1", b"", b"error: EOF\n"),
    ],
)
def test_a_login_that_nobody_types_is_an_error(script: str, stdout: bytes, stderr: bytes) -> None:
    (result,) = collect(sh(script))
    assert (result.stdout, result.stderr) == (stdout, stderr)
