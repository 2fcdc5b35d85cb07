# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import io
import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from pytest_subprocess import FakeProcess

from kubectl_mc.access import plugin_runs
from kubectl_mc.access.credential_plugins import CredentialPlugin
from kubectl_mc.access.exec_credentials import Credential, LoginFailure
from kubectl_mc.access.plugin_runs import LoginAnswers, RunSettings
from kubectl_mc.access.plugin_voices import Voices
from kubectl_mc.processes import event_loop
from kubectl_mc.processes.standard_streams import Streams
from tests.access.fake_plugin import V1, V1BETA1, FakePlugin, run_plugins

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def settings(tmp_path: Path) -> RunSettings:
    return RunSettings({"HOME": str(tmp_path), "PATH": os.environ.get("PATH", os.defpath), "USERS": "own"}, 8, 20.0)


said: list[str] = []


@pytest.fixture(autouse=True)
def nothing_said() -> None:
    said.clear()


def run(settings: RunSettings, *plugins: CredentialPlugin) -> LoginAnswers:
    """Run the plugins, each for the cluster that its last argument names."""
    clusters = {plugin: [(plugin.args or ("c1",))[-1]] for plugin in plugins}
    return run_plugins(clusters, settings, voices(), STREAMS)


def voices(say: Callable[[Sequence[str]], None] | None = None) -> Voices:
    return Voices(say or said.extend)


STREAMS = Streams(io.StringIO(), io.StringIO(), io.StringIO())


def token(answer: object) -> str:
    assert isinstance(answer, Credential), answer
    return answer.token


def reason(answer: object) -> str:
    assert isinstance(answer, LoginFailure), answer
    return answer.reason


# --- How often ---------------------------------------------------------------------------------------------


def test_a_hundred_plugins_run_a_hundred_times(plugin: FakePlugin, settings: RunSettings) -> None:
    plugin.does(f"""echo '{{"apiVersion": "{V1}", "kind": "ExecCredential", "status": {{"token": "'$1'"}}}}'""")
    names = [f"t{number}" for number in range(100)]
    answers = run(settings, *(plugin.entry(args=[name]) for name in names))
    assert sorted(plugin.runs) == sorted(names)
    assert [token(answer) for answer in answers.values()] == [plugin.args[0] for plugin in answers]


STEPS = 'echo 1 >> "${0%/*}/steps"; ls / >/dev/null; echo -1 >> "${0%/*}/steps"\n'


def most_at_a_time(plugin: FakePlugin) -> int:
    steps = [int(step) for step in (plugin.folder / "steps").read_text().split()]
    assert sum(steps) == 0
    return max(sum(steps[:end]) for end in range(len(steps)))


def test_no_more_than_max_parallel_run_at_a_time(
    plugin: FakePlugin, settings: RunSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plugin_runs, "_WORK", float("inf"))  # on a machine that is busy
    plugin.does(f"{STEPS}{plugin.answer(token='t')}")
    answers = run(settings._replace(max_parallel=3), *(plugin.entry(args=[str(n)]) for n in range(8)))
    assert {token(answer) for answer in answers.values()} == {"t"}
    assert most_at_a_time(plugin) <= 3


def test_one_that_waits_makes_room_for_the_next(
    plugin: FakePlugin, settings: RunSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first one waits for the second."""
    monkeypatch.setattr(plugin_runs, "_WORK", 0.0)
    os.mkfifo(plugin.folder / "met")
    plugin.does(
        'if [ "$1" = c1 ]; then read x < "${0%/*}/met"; else echo > "${0%/*}/met"; fi\n' + plugin.answer(token="t")
    )
    answers = run(settings._replace(max_parallel=1), *(plugin.entry(args=[name]) for name in ("c1", "c2")))
    assert {token(answer) for answer in answers.values()} == {"t"}


@pytest.mark.parametrize(
    ("name", "args", "limits"),
    [
        ("kubelogin", ["get-token"], {}),
        ("kubectl-oidc_login", ["get-token"], {}),
        ("kubectl", ["oidc-login", "get-token"], {}),
        ("mine", [], {"mine": 1}),
        ("kubectl", ["mine"], {"kubectl mine": 1}),
    ],
)
def test_of_some_programs_one_runs_at_a_time(
    tmp_path: Path, settings: RunSettings, name: str, args: list[str], limits: dict[str, int]
) -> None:
    plugin = FakePlugin(tmp_path, name)
    plugin.does(f"{STEPS}{plugin.answer(token='t')}")
    answers = run(settings._replace(limits=limits), *(plugin.entry(args=[*args, f"c{n}"]) for n in range(6)))
    assert {token(answer) for answer in answers.values()} == {"t"}
    assert (len(plugin.runs), most_at_a_time(plugin)) == (6, 1)


def test_a_limit_of_the_users_counts_for_kubelogin_too(tmp_path: Path, settings: RunSettings) -> None:
    """Both wait until the other one runs."""
    plugin = FakePlugin(tmp_path, "kubelogin")
    os.mkfifo(tmp_path / "c1")
    os.mkfifo(tmp_path / "c2")
    to_c1, to_c2 = '> "${0%/*}/c1"', '> "${0%/*}/c2"'
    from_c1, from_c2 = to_c1.replace(">", "<"), to_c2.replace(">", "<")
    meet = f'if [ "$1" = c1 ]; then echo {to_c2}; read x {from_c1}; else read x {from_c2}; echo {to_c1}; fi\n'
    plugin.does(f"{meet}{plugin.answer(token='t')}")
    answers = run(settings._replace(limits={"kubelogin": 2}), *(plugin.entry(args=[name]) for name in ("c1", "c2")))
    assert {token(answer) for answer in answers.values()} == {"t"}


# --- With what ---------------------------------------------------------------------------------------------


def test_the_plugin_gets_the_users_environment_and_the_entrys(plugin: FakePlugin, settings: RunSettings) -> None:
    env = [
        {"name": "ENTRYS", "value": "1"},
        {"name": "ENTRYS", "value": "2"},
        {"name": "KUBERNETES_EXEC_INFO", "value": ""},
    ]
    run(settings, plugin.entry(env=env, args=["a b", "*"]))
    assert plugin.runs == ["a b *"]
    assert {"USERS=own", "ENTRYS=2", f"HOME={settings.variables['HOME']}"} <= set(plugin.environment)
    assert not any(line.startswith(("GOGC=", "LC_ALL=", "KUBECONFIG=")) for line in plugin.environment)
    assert plugin.told == [{"apiVersion": V1, "kind": "ExecCredential", "spec": {"interactive": False}}]


def test_what_is_started_and_how(fp: FakeProcess, plugin: FakePlugin, settings: RunSettings) -> None:
    answer = {"apiVersion": V1, "kind": "ExecCredential", "status": {"token": "t"}}
    recorder = fp.register([plugin.path, "get-token"], stdout=json.dumps(answer).encode())
    run(settings, plugin.entry(args=["get-token"]))
    (call,) = recorder.calls
    assert (call.kwargs or {})["start_new_session"]
    assert not (call.kwargs or {}).get("shell")


def test_stdin_is_empty(plugin: FakePlugin, settings: RunSettings) -> None:
    plugin.does(f"""echo '{{"apiVersion": "{V1}", "kind": "ExecCredential", "status": {{"token": "<'$(cat)'>"}}}}'""")
    assert token(run(settings, plugin.entry())[plugin.entry()]) == "<>"


# --- Failures ----------------------------------------------------------------------------------------------


def test_a_failing_plugin_fails_alone(plugin: FakePlugin, settings: RunSettings) -> None:
    failing = r"echo first >&2; printf 'la\033[2Jst\n\n' >&2; exit 3"
    plugin.does(f'[ "$1" = bad ] && {{ {failing}; }}\n{plugin.answer(token="t")}')
    bad, good = plugin.entry(args=["bad"]), plugin.entry(args=["good"])
    answers = run(settings, bad, good)
    assert (reason(answers[bad]), token(answers[good])) == (r"first la\x1b[2Jst", "t")


@pytest.mark.parametrize(
    ("script", "problem"),
    [
        ("exit 3", "login ended with status 3"),
        ("kill -9 $$", "login was ended by signal 9 (SIGKILL)"),
        ("echo secret-token", "login's output is not an ExecCredential"),
        ("head -c 3000000 /dev/zero", "login's output is not an ExecCredential"),
        (f'echo \'{{"apiVersion": "{V1BETA1}", "kind": "ExecCredential"}}\'', f"asked for API version {V1}"),
        ("yes x | tr -d '\\n' | head -c 5000 >&2; exit 1", "x" * 200 + "…"),
        ("yes | head -c 3000000 >&2; echo The end >&2; exit 1", "y The end"),
        (
            "echo The security token is expired. >&2; echo Run: aws sso login >&2; exit 255",
            "The security token is expired. Run: aws sso login",
        ),
        ("echo Traceback >&2; echo '  File x' >&2; echo ExpiredError: now >&2; exit 1", "Traceback ExpiredError: now"),
    ],
)
def test_what_went_wrong_is_said(plugin: FakePlugin, settings: RunSettings, script: str, problem: str) -> None:
    plugin.does(script)
    (answer,) = run(settings, plugin.entry()).values()
    assert problem in reason(answer)


def test_a_plugin_that_is_not_there_is_named_with_its_hint(plugin: FakePlugin, settings: RunSettings) -> None:
    missing = plugin.entry()._replace(command="no-such-plugin", path="", install_hint="get it:\n  brew\x07 install it")
    assert reason(run(settings, missing)[missing]) == (
        r"executable no-such-plugin not found. get it: brew\x07 install it"
    )


def test_plugins_that_cannot_be_started_do_not_stop_the_others(
    plugin: FakePlugin, settings: RunSettings, tmp_path: Path
) -> None:
    broken = tmp_path / "broken"
    broken.write_bytes(b"\x7fELF")
    broken.chmod(0o755)
    bad = [plugin.entry(args=[name])._replace(path=str(broken)) for name in "ab"]
    good = [plugin.entry(args=[name]) for name in "cde"]
    answers = run(settings, bad[0], good[0], bad[1], *good[1:])
    assert {reason(answers[one]) for one in bad} == {"login can't be started: Exec format error"}
    assert [token(answers[one]) for one in good] == ["secret-token"] * 3
    assert sorted(plugin.runs) == ["c", "d", "e"]


@pytest.mark.parametrize("word", ["a\0b", "a\ud800b"])
def test_arguments_that_no_process_can_get_are_a_failure(plugin: FakePlugin, settings: RunSettings, word: str) -> None:
    for entry in (plugin.entry(args=[word]), plugin.entry(env=[{"name": "A", "value": word}])):
        assert reason(run(settings, entry)[entry]) == "login can't be started: not a possible command line"


def test_a_plugin_that_hangs_is_ended_and_its_last_words_are_told(
    plugin: FakePlugin, settings: RunSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_loop, "GRACE", 0.1)
    plugin.does('echo $$ > "${0%/*}/pid"; echo visit us >&2; exec sleep 1000')
    (answer,) = run(settings._replace(patience=0.5), plugin.entry()).values()
    assert reason(answer) == "login timed out after 0.5s, after it had said: visit us"
    with pytest.raises(ProcessLookupError):
        os.kill(int((plugin.folder / "pid").read_text()), 0)


# --- What plugins say --------------------------------------------------------------------------------------


def test_what_they_write_to_stderr_is_told_once_with_the_cluster(plugin: FakePlugin, settings: RunSettings) -> None:
    plugin.does(f"printf 'visit https://issuer\\na\\033[2J\\nend' >&2\n{plugin.answer(token='t')}")
    run(settings._replace(max_parallel=1), *(plugin.entry(args=[name]) for name in ("c1", "c2", "c3")))
    assert said == ["[c1] visit https://issuer", r"[c1] a\x1b[2J", "[c1] end"]


def test_what_the_failure_tells_is_not_told_twice(plugin: FakePlugin, settings: RunSettings) -> None:
    plugin.does("printf 'Warning: old\\nThe token is expired.\\nLog in.\\n' >&2; exit 1")
    (answer,) = run(settings, plugin.entry()).values()
    assert (reason(answer), said) == ("The token is expired. Log in.", ["[c1] Warning: old"])


@pytest.mark.parametrize(
    ("clusters", "label"),
    [
        (["c1", "c2", "c3", "c4"], "c[1-4]"),
        (["prod-eu", "prod-us"], "prod-eu, prod-us"),
        ([f"prod-{name}-west" for name in "abcdefgh"], "prod-a-west and 7 more"),
    ],
)
def test_many_clusters_are_named_shortly(
    plugin: FakePlugin, settings: RunSettings, clusters: list[str], label: str
) -> None:
    plugin.does(f"echo hello >&2\n{plugin.answer(token='t')}")
    run_plugins({plugin.entry(): clusters}, settings, voices(), STREAMS)
    assert said == [f"[{label}] hello"]


@pytest.mark.parametrize("end", ["\\n", ""])
def test_it_is_told_while_the_plugin_waits(plugin: FakePlugin, settings: RunSettings, end: str) -> None:
    """The plugin goes on only when it has been heard, also if its line has no end."""
    os.mkfifo(plugin.folder / "heard")
    heard = os.open(plugin.folder / "heard", os.O_RDWR)
    plugin.does(f"printf 'visit us{end}' >&2; read word < \"${{0%/*}}/heard\"\n{plugin.answer(token='t')}")

    def say(lines: Sequence[str]) -> None:
        said.extend(lines)
        os.write(heard, b"yes\n")

    answers = run_plugins({plugin.entry(): ["c1"]}, settings, voices(say), STREAMS)
    os.close(heard)
    assert (token(answers[plugin.entry()]), said) == ("t", ["[c1] visit us"])


def test_nothing_shows_a_credential(plugin: FakePlugin, settings: RunSettings) -> None:
    answers = run(settings, plugin.entry())
    assert token(answers[plugin.entry()]) == "secret-token"
    assert "secret" not in f"{answers} {answers!r}"
    assert said == []


def test_nothing_is_kept_on_a_disk(plugin: FakePlugin, settings: RunSettings, tmp_path: Path) -> None:
    plugin.gives(token="t0k3n")
    run(settings, plugin.entry())
    files = [file for file in tmp_path.rglob("*") if file.is_file() and str(file) != plugin.path]
    assert files
    assert not any(b"t0k3n" in file.read_bytes() for file in files)


# --- In the background -------------------------------------------------------------------------------------


def in_background(plugin: CredentialPlugin, settings: RunSettings) -> Credential | LoginFailure:
    speaking = voices()
    speaking.introduce(plugin, ["c1"])
    return plugin_runs.run_in_background(plugin, settings, speaking)


def test_in_the_background_it_answers_alike(plugin: FakePlugin, settings: RunSettings) -> None:
    assert token(in_background(plugin.entry(), settings)) == "secret-token"
    plugin.does("echo Warning: old >&2; echo The token >&2; echo expired >&2; exit 1")
    assert reason(in_background(plugin.entry(), settings)) == "The token expired"
    plugin.does("echo visit us >&2; sleep 1000")
    assert "timed out after 0.3s" in reason(in_background(plugin.entry(), settings._replace(patience=0.3)))
    assert "has to ask" in reason(in_background(plugin.entry(interactiveMode="Always"), settings))
    assert "[c1] Warning: old" in said


def test_in_the_background_it_is_told_while_the_plugin_waits(plugin: FakePlugin, settings: RunSettings) -> None:
    os.mkfifo(plugin.folder / "heard")
    heard = os.open(plugin.folder / "heard", os.O_RDWR)
    plugin.does(f'echo visit us >&2; read word < "${{0%/*}}/heard"\n{plugin.answer(token="t")}')

    def say(lines: Sequence[str]) -> None:
        said.extend(lines)
        os.write(heard, b"yes\n")

    speaking = voices(say)
    speaking.introduce(plugin.entry(), ["c1"])
    assert token(plugin_runs.run_in_background(plugin.entry(), settings, speaking)) == "t"
    os.close(heard)
    assert said == ["[c1] visit us"]


# --- On the terminal ---------------------------------------------------------------------------------------


def test_one_that_has_to_ask_fails_without_a_terminal(plugin: FakePlugin, settings: RunSettings) -> None:
    entry = plugin.entry(interactiveMode="Always")
    assert reason(run(settings, entry)[entry]) == "login has to ask, and standard input is not a terminal"
    assert plugin.runs == []


@pytest.mark.parametrize("terminal", [False, True])
def test_one_that_may_ask_does_without_a_terminal(plugin: FakePlugin, settings: RunSettings, terminal: bool) -> None:
    run(settings._replace(terminal=terminal), plugin.entry(interactiveMode="IfAvailable"))
    assert [told["spec"]["interactive"] for told in plugin.told] == [False]


ON_TERMINAL = """
import json, os, sys
from kubectl_mc.access import plugin_runs, plugin_voices
from kubectl_mc.access.credential_plugins import CredentialPlugin
from kubectl_mc.processes.standard_streams import Streams
from tests.access.fake_plugin import run_plugins
plugins = {}
for name, fields in json.load(open(sys.argv[1])):
    plugins[CredentialPlugin(*(tuple(field) if isinstance(field, list) else field for field in fields))] = [name]
settings = plugin_runs.RunSettings(dict(os.environ), 8, 20.0, terminal=sys.stdin.isatty())
voices = plugin_voices.Voices(lambda lines: print(*lines, sep="\\n", file=sys.stderr))
try:
    answers = run_plugins(plugins, settings, voices, Streams(sys.stdin, sys.stdout, sys.stderr))
except KeyboardInterrupt:
    sys.exit(130)
shown = {plugins[plugin][0]: getattr(answer, "token", None) or answer.reason for plugin, answer in answers.items()}
print(json.dumps(shown), file=open(sys.argv[2], "w"))
"""


def on_terminal(
    folder: Path, plugins: dict[str, CredentialPlugin], typed: Sequence[bytes], until: bytes
) -> tuple[int, Any, bytes]:
    """Run plugins in a process that has a terminal, and type there whenever it has shown `until`; what came of it."""
    (folder / "plugins").write_text(json.dumps(list(plugins.items())))
    main, terminal = pty.openpty()
    arguments = [sys.executable, "-c", ON_TERMINAL, str(folder / "plugins"), str(folder / "outcome")]
    process = subprocess.Popen(
        arguments, cwd=ROOT, stdin=terminal, stdout=terminal, stderr=terminal, start_new_session=True,
        preexec_fn=lambda: _own_terminal(terminal),
    )  # fmt: skip
    os.close(terminal)
    seen = b""
    try:
        for count, text in enumerate(typed, start=1):
            while seen.count(until) < count:
                seen += os.read(main, 1000)
            os.write(main, text)
        while chunk := os.read(main, 1000):
            seen += chunk
    except OSError:  # the last one has closed it
        pass
    finally:
        os.close(main)
    status = process.wait(20)
    outcome = folder / "outcome"
    return status, json.loads(outcome.read_text()) if outcome.exists() else None, seen


def _own_terminal(terminal: int) -> None:
    import fcntl
    import termios

    fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)


ASKING = f"""printf 'Password: ' >&2; read word || exit 1
echo '{{"apiVersion": "{V1}", "kind": "ExecCredential", "status": {{"token": "'$1-$word'"}}}}'"""


@pytest.mark.parametrize(("mode", "asked"), [("IfAvailable", [False, False, True, True]), ("Always", [True, True])])
def test_they_ask_on_the_terminal_one_after_another(
    plugin: FakePlugin, tmp_path: Path, mode: str, asked: list[bool]
) -> None:
    plugin.does(ASKING)
    plugins = {name: plugin.entry(args=[name], interactiveMode=mode) for name in ("c1", "c2")}
    status, outcome, seen = on_terminal(tmp_path, plugins, [b"one\n", b"two\n"], b"Password: ")
    assert (status, outcome) == (0, {"c1": "c1-one", "c2": "c2-two"})
    assert [told["spec"]["interactive"] for told in plugin.told] == asked
    assert b"ExecCredential" not in seen
    first, second = seen.split(b"Password: ")[:2]
    assert (b"[c1] login with login" in first, b"[c2] login with login" in second) == (True, True)


def test_where_asking_doesn_t_help_the_others_are_not_asked(plugin: FakePlugin, tmp_path: Path) -> None:
    plugin.does("echo The token is expired >&2; exit 4")
    plugins = {name: plugin.entry(args=[name], interactiveMode="IfAvailable") for name in ("c1", "c2", "c3")}
    _, outcome, seen = on_terminal(tmp_path, plugins, [], b"")
    assert outcome == dict.fromkeys(plugins, "The token is expired")
    assert seen.split(b"\r\n")[:2] == [b"[c1] login with login", b"The token is expired"]
    assert len(plugin.runs) == 4


def test_failing_on_the_terminal_is_that_plugins_failure(plugin: FakePlugin, tmp_path: Path) -> None:
    plugin.does("printf 'Password: ' >&2; read word; echo wrong >&2; exit 4")
    plugins = {"c1": plugin.entry(interactiveMode="Always")}
    _, outcome, seen = on_terminal(tmp_path, plugins, [b"typed\n"], b"Password: ")
    assert outcome == {"c1": "login ended with status 4"}
    assert b"wrong" in seen


def test_a_wrong_answer_to_one_is_no_reason_not_to_ask_for_the_others(plugin: FakePlugin, tmp_path: Path) -> None:
    plugin.does(f"{ASKING.replace('exit 1', '{ echo no terminal >&2; exit 1; }')}\n[ $word = good ] || exit 1")
    plugins = {name: plugin.entry(args=[name], interactiveMode="IfAvailable") for name in ("c1", "c2", "c3")}
    _, outcome, _ = on_terminal(tmp_path, plugins, [b"good\n", b"bad\n", b"good\n"], b"Password: ")
    assert outcome == {"c1": "c1-good", "c2": "login ended with status 1", "c3": "c3-good"}


def test_what_it_leaves_running_is_not_waited_for(plugin: FakePlugin, tmp_path: Path) -> None:
    plugin.does(f'sleep 1000 & echo $! > "${{0%/*}}/pid"\n{plugin.answer(token="t")}')
    _, outcome, _ = on_terminal(tmp_path, {"c1": plugin.entry(interactiveMode="Always")}, [], b"")
    os.kill(int((plugin.folder / "pid").read_text()), signal.SIGKILL)
    assert outcome == {"c1": "t"}


def test_words_without_an_end_of_what_it_leaves_running_are_not_waited_for(plugin: FakePlugin, tmp_path: Path) -> None:
    plugin.does(f'yes >&2 & echo $! > "${{0%/*}}/pid"\n{plugin.answer(token="t")}')
    _, outcome, _ = on_terminal(tmp_path, {"c1": plugin.entry(interactiveMode="Always")}, [], b"")
    os.kill(int((plugin.folder / "pid").read_text()), signal.SIGKILL)
    assert outcome == {"c1": "t"}


def test_ctrl_c_counts_whatever_the_plugin_makes_of_it(plugin: FakePlugin, tmp_path: Path) -> None:
    plugin.does(f"trap 'exec cat /dev/null' INT; printf 'Password: ' >&2; read word\n{plugin.answer(token='t')}")
    plugins = {"c1": plugin.entry(interactiveMode="Always")}
    status, outcome, _ = on_terminal(tmp_path, plugins, [b"\x03"], b"Password: ")
    assert (status, outcome) == (130, None)


def test_ctrl_c_ends_one_that_ignores_it(plugin: FakePlugin, tmp_path: Path) -> None:
    plugin.does("trap '' INT; printf 'Password: ' >&2; exec sleep 1000")
    plugins = {"c1": plugin.entry(interactiveMode="Always")}
    status, outcome, _ = on_terminal(tmp_path, plugins, [b"\x03"], b"Password: ")
    assert (status, outcome) == (130, None)


def test_an_empty_answer_is_asked_for_again_on_the_terminal(plugin: FakePlugin, tmp_path: Path) -> None:
    plugin.does(f"{ASKING.replace('|| exit 1', '')}".replace("\"'$1-$word'\"", "\"'$word'\""))
    plugins = {"c1": plugin.entry(interactiveMode="IfAvailable")}
    _, outcome, _ = on_terminal(tmp_path, plugins, [b"typed\n"], b"Password: ")
    assert outcome == {"c1": "typed"}


def test_ctrl_c_at_the_question_ends_the_command(plugin: FakePlugin, tmp_path: Path) -> None:
    plugin.does(ASKING)
    plugins = {"c1": plugin.entry(interactiveMode="Always")}
    status, outcome, _ = on_terminal(tmp_path, plugins, [b"\x03"], b"Password: ")
    assert (status, outcome) == (130, None)


def test_the_handlers_of_signals_are_as_they_were(plugin: FakePlugin, settings: RunSettings) -> None:
    before = signal.getsignal(signal.SIGINT)
    run(settings._replace(terminal=True), plugin.entry(interactiveMode="Always"))
    assert signal.getsignal(signal.SIGINT) is before
    assert len(plugin.runs) == 1
