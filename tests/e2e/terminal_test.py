# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Commands that own the terminal, those that need a single cluster, and colours."""

from __future__ import annotations

import os
import re
import signal
import stat
import termios
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests import real_kubectl
from tests.e2e.conftest import MC, MEMBERS, Done, Shell, needs
from tests.e2e.dialogue import with_fzf
from tests.e2e.running import Running

CART = ("deploy/cart", "-n", "shop", "-c", "app")


def candidates(verb: str) -> Done:
    text = f"Error: {verb} needs exactly one cluster here; choose it with --clusters=NAME. Candidates: c1, c2, c3\n"
    return Done(1, "", text if verb in ("port-forward", "proxy") else f"{text}So nothing was changed\n")


@pytest.mark.parametrize(
    "arguments",
    [
        ("exec", "-it", *CART, "--", "sh"),
        ("exec", "--stdin", *CART, "--", "sh"),
        ("attach", "-it", *CART),
        ("run", "box", "--image=box", "-it"),
        ("run", "box", "--image=box", "--attach"),
        ("debug", "box", "--image=box", "-it"),
        ("cp", "shop/solo:/etc/hostname", "here"),
        ("port-forward", "svc/cart", "8080:80"),
        ("proxy",),
    ],
)
def test_more_than_one_cluster_where_only_one_can_be(members: Shell, arguments: tuple[str, ...]) -> None:
    split = arguments.index("--") if "--" in arguments else len(arguments)
    for chosen in ((), ("--all-clusters",)):
        assert members.mc(*arguments[:split], *chosen, *arguments[split:]) == candidates(arguments[0])


def test_the_one_cluster_is_offered_on_a_terminal(fresh_home: Callable[..., Shell], tmp_path: Path) -> None:
    mapping = "protected: [c3]\nclusters: [{name: c3, context: c3}]\n"
    user = with_fzf(fresh_home(mapping), tmp_path)
    with user.running("proxy", "--port=0", terminal=True) as proxy:
        shown = proxy.until("proxy on which cluster, by its number: ").replace("\r\n", "\n")
        assert re.sub(r"v1\S+", "v1.36.2", shown).endswith(
            "   NAME   HEALTH    VERSION   PROTECTED\n"
            "1  c1     healthy   v1.36.2\n"
            "2  c2     healthy   v1.36.2\n"
            "3  c3     healthy   v1.36.2   protected\n"
            "proxy on which cluster, by its number: "
        )
        proxy.type("2\r")
        proxy.until("Starting to serve on ")
        proxy.type("\x03")
        assert proxy.end() == 130
    user = with_fzf(user, tmp_path, f"printf '%s\\n' \"$@\" > {tmp_path}/flags; grep -E '\tc3 '")
    for chosen in ((), ("--pick",), ("--all-clusters",)):
        with user.running("exec", "-it", *CART, *chosen, "--", "sh", terminal=True) as shell:
            assert shell.end() == 1
        assert "protected" in shell.stdout, shell.stdout  # picking it doesn't name it exactly
        assert {"--no-multi", "exec on which cluster> "} <= {*(tmp_path / "flags").read_text().splitlines()}
        (tmp_path / "flags").unlink()
    assert user.mc("exec", "-it", *CART, "--", "sh") == candidates("exec")
    with user.running("exec", "-it", *CART, "--all-clusters", "--yes", "--", "sh", terminal=True) as shell:
        assert shell.end() == 1
    assert "exec needs exactly one cluster here" in shell.stdout
    assert not (tmp_path / "flags").exists()


def test_in_the_background_nothing_is_offered(members: Shell) -> None:
    """A question would stop it."""
    script = f"{' '.join(MC)} proxy --port=0 & wait $!"
    with Running(["sh", "-mc", script], members.environment, terminal=True) as shell:
        assert shell.end() == 1
        assert "Error: proxy needs exactly one cluster here" in shell.stdout


# --- exec, attach ---------------------------------------------------------------------------------------------


@needs("kubelet")
def test_a_shell_on_the_terminal(members: Shell) -> None:
    with members.running("exec", "-it", *CART, "--clusters=c2", "--", "sh", terminal=True) as shell:
        assert shell.terminal is not None
        before = termios.tcgetattr(shell.terminal)
        shell.type("echo $((1)) ready\r")
        shell.until(r"^\S+ ready\r?$")
        assert termios.tcgetattr(shell.terminal) != before  # every key is the container's
        shell.type("hostname\r")
        shell.until(r"^cart-\S+\r?$")
        shell.type("exit 7\r")
        assert shell.end() == 7
        assert termios.tcgetattr(shell.terminal) == before
    assert "[c2]" not in shell.stdout


@needs("kubelet")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_being_ended_leaves_no_shell_and_the_terminal_as_it_was(members: Shell, number: signal.Signals) -> None:
    with members.running("exec", "-it", *CART, "--clusters=c2", "--", "sh", terminal=True) as shell:
        assert shell.terminal is not None
        before = termios.tcgetattr(shell.terminal)
        shell.type("echo $((1)) ready\r")
        shell.until(r"^\S+ ready\r?$")
        shell.process.send_signal(number)
        assert shell.process.wait(60) == 128 + number
        assert termios.tcgetattr(shell.terminal) == before
        assert shell.left() == []


@needs("kubelet")
def test_what_is_run_on_each_cluster_is_in_lines_with_its_cluster(members: Shell) -> None:
    done = members.mc("exec", *CART, "--all-clusters", "--yes", "--", "sh", "-c", "hostname; echo oops >&2")
    theirs = {
        cluster: members.kubectl("--context", cluster, "exec", *CART, "--", "hostname").stdout for cluster in MEMBERS
    }
    assert sorted(done.stdout.splitlines()) == [f"[{cluster}] {theirs[cluster].strip()}" for cluster in MEMBERS]
    assert sorted(done.stderr.splitlines())[1:] == [f"[{cluster}] oops" for cluster in MEMBERS]
    assert done.status == 0


@needs("kubelet")
def test_the_exit_status_of_what_is_run(changing: Shell) -> None:
    command = ("exec", "deploy/cart", "-n", "shop")
    one = changing.mc(*command, "--clusters=c1", "--yes", "--", "sh", "-c", "exit 3")
    assert one.status == 3
    changing.kubectl("--context", "c2", "delete", "deploy", "cart", "-n", "shop")
    many = changing.mc(*command, "--all-clusters", "--yes", "--", "sh", "-c", "exit 3")
    assert many.status == 1
    reason = "command terminated with exit code 3"
    assert (
        f"Error: Failed to run a command in 3 clusters: c1 ({reason}), c2 (not found), c3 ({reason})\n" in many.stderr
    )


@needs("kubelet")
def test_attach_on_the_terminal(members: Shell) -> None:
    with members.running("attach", "-it", *CART, "--clusters=c2", terminal=True) as attached:
        attached.until(r"line \d+ of shop/cart-\S+/app")
        attached.type("hello there")
        attached.until("hello there")
    assert "[c2]" not in attached.stdout


def test_the_cluster_that_fails_on_the_terminal_keeps_its_words_and_status(members: Shell) -> None:
    words = ("exec", "-it", "nope", "-n", "shop")
    with members.running(*words, "--clusters=c2", "--", "sh", terminal=True) as shell:
        assert shell.end() == 1
    assert '"nope" not found' in shell.stdout


# --- What they start, told by a kubectl that says how it was started ----------------------------------------------

STUB = """#!/bin/sh
case "$*" in *clusterprofiles*) exec REAL "$@" ;; esac
[ -t 0 ] && [ -t 1 ] && [ -t 2 ] && echo "on a terminal: $*"
exit 9
"""


@pytest.fixture
def stubbed(members: Shell, tmp_path: Path) -> Shell:
    (tmp_path / "kubectl").write_text(STUB.replace("REAL", real_kubectl.program()))
    (tmp_path / "kubectl").chmod(0o755)
    path = os.pathsep.join((str(tmp_path), members.environment["PATH"]))
    return members._replace(environment={**members.environment, "PATH": path})


@pytest.mark.parametrize(
    ("command", "read"),
    [
        ("port-forward svc/cart 8080:80", "svc/cart 8080:80"),
        ("debug box -it --image=box", "--stdin=true --tty=true --image=box box"),
        ("run box --rm -it --image=box -- sh", "--rm=true --stdin=true --tty=true --image=box box -- sh"),
        ("attach box -t", "--tty=true box"),
    ],
)
def test_kubectl_gets_the_terminal_and_the_arguments(stubbed: Shell, command: str, read: str) -> None:
    verb, *words = command.split()
    with stubbed.running(verb, "--clusters=c2", *words, terminal=True) as started:
        assert started.end() == 9
    assert started.stdout == f"on a terminal: {verb} --context=c2 {read}\r\n"


@needs("kubelet")
def test_a_forwarded_port_reaches_its_pod(members: Shell) -> None:
    with members.running("port-forward", "solo", ":80", "-n", "shop", "--clusters=c1", terminal=True) as forward:
        port = re.search(r"127\.0\.0\.1:(\d+) -> 80", forward.until(r"127\.0\.0\.1:\d+ -> 80"))
        assert port
        with urllib.request.urlopen(f"http://127.0.0.1:{port[1]}/", timeout=30) as answer:
            assert answer.read().decode().strip() == "c1 shop/solo:80"
        forward.type("\x03")
        assert forward.end() == 0  # kubectl takes Ctrl-C for the end that was wanted


def test_ctrl_c_ends_a_command_on_the_terminal(members: Shell) -> None:
    with members.running("proxy", "--port=0", "--clusters=c2", terminal=True) as proxy:
        proxy.until("Starting to serve on ")
        proxy.type("\x03")
        assert proxy.end() == 130
        assert proxy.left() == []
    assert "Traceback" not in proxy.stdout


def test_ctrl_c_that_only_we_receive_is_passed_on(members: Shell) -> None:
    """As `kill -INT` of a script or a service manager sends it."""
    with members.running("proxy", "--port=0", "--clusters=c2") as proxy:
        proxy.until("Starting to serve on ")
        proxy.process.send_signal(signal.SIGINT)
        assert proxy.end() == 130
        assert proxy.left() == []


def test_kubectl_gets_the_terminal_behind_a_pick(stubbed: Shell, tmp_path: Path) -> None:
    with with_fzf(stubbed, tmp_path, "grep c2").running("attach", "box", "-t", terminal=True) as started:
        assert started.end() == 9
    assert started.stdout == "attach on c2\r\non a terminal: attach --context=c2 --tty=true box\r\n"


# --- edit -----------------------------------------------------------------------------------------------------


def editor(folder: Path, script: str) -> dict[str, str]:
    (folder / "editor").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "editor").chmod(stat.S_IRWXU)
    return {"EDITOR": str(folder / "editor")}


def test_edit_goes_from_cluster_to_cluster(changing: Shell, tmp_path: Path) -> None:
    replace = editor(tmp_path, 'sed s/info/debug/ "$1" > "$1.new" && cat "$1.new" > "$1"')
    command = ("edit", "cm", "settings", "-n", "shop", "--all-clusters", "--yes")
    with changing.running(*command, env=replace, terminal=True) as edit:
        assert edit.end() == 0
    expected = [
        line for n, c in enumerate(MEMBERS, 1) for line in (f"CLUSTER: {c} ({n}/3)", "configmap/settings edited")
    ]
    *lines, end = edit.stdout.replace("\r", "").splitlines()
    assert lines == expected
    assert end.endswith(": changed in 3 clusters: c1, c2, c3")
    for cluster in MEMBERS:
        assert (
            "debug"
            in changing.kubectl("--context", cluster, "get", "cm", "settings", "-n", "shop", "-o", "yaml").stdout
        )


def test_edit_ends_where_it_fails(changing: Shell, tmp_path: Path) -> None:
    fails = editor(tmp_path, f'[ -e {tmp_path}/once ] && exit 1; touch {tmp_path}/once; echo "#" >> "$1"')
    done = changing.mc("edit", "cm", "settings", "-n", "shop", "--all-clusters", "--yes", env=fails)
    assert done.status == 1
    assert re.findall(r"^CLUSTER: c\d", done.stderr, re.MULTILINE) == ["CLUSTER: c1", "CLUSTER: c2"]
    assert (
        "  unchanged in 1 cluster: c1\n"
        "  failed in 1 cluster: c2 (exit status 1)\n"
        "  not started in 1 cluster: c3\n"
        "To go on with the rest: kubectl mc resume "
    ) in done.stderr


def test_edit_looks_first_whether_each_cluster_has_it(changing: Shell, tmp_path: Path) -> None:
    opens = editor(tmp_path, f"touch {tmp_path}/opened")
    words = ("edit", "cm", "settings", "-n", "shop", "--all-clusters", "--yes")
    with changing.fault("c2", "refuse"):
        done = changing.mc(*words, env=opens)
    assert done.stderr.startswith(
        "Error: 1 cluster of 3 refuses:\n  c2: connection refused: The connection to the server "
    )
    assert done.stderr.endswith("\nSo nothing was changed\n")
    assert not (tmp_path / "opened").exists()
    for flag in ("--waves=1", "--max-failures=1"):
        done = changing.mc(*words, flag, env=opens)
        assert done.stderr.startswith(f"Error: {flag[:-2]} is not for edit on the terminal")
        assert not (tmp_path / "opened").exists()


@pytest.mark.parametrize(
    "command",
    ["edit cm settings -n shop", "run box --image=box -i", "exec -i deploy/cart -n shop -c app -- touch /tmp/done"],
)
def test_without_a_terminal_one_cluster_needs_a_yes_too(changing: Shell, tmp_path: Path, command: str) -> None:
    opens = editor(tmp_path, f"touch {tmp_path}/opened")
    verb, *words = command.split()
    done = changing.mc(verb, "--clusters=c2", *words, env=opens)
    assert done.stderr.startswith("Error: a change has to be confirmed, and there is no terminal to ask on")
    assert (done.status, (tmp_path / "opened").exists()) == (1, False)


@pytest.mark.parametrize(
    ("command", "chosen"), [("edit cm settings -n shop --yes", "vim"), ("create -f FILE --edit", "")]
)
def test_without_a_terminal_no_editor_is_opened_that_needs_one(changing: Shell, command: str, chosen: str) -> None:
    """kubectl opens it, vi by default, and it would wait for ever."""
    verb, *words = command.split()
    done = changing.mc(verb, "--clusters=c2", *words, env={"EDITOR": chosen, "KUBE_EDITOR": ""})
    assert done.stderr.startswith(f"Error: {verb} opens an editor, and there is no terminal for it. Use patch or apply")
    assert done.stderr.endswith("\nSo nothing was changed\n")
    assert done.status == 1


@pytest.mark.parametrize(
    ("command", "remedy"),
    [
        ("label cm settings -n shop a=b", "see it with --dry-run=server, then add --yes"),
        ("drain c2-node", "see it with --dry-run=client, then add --yes"),
        ("rollout restart deploy/cart -n shop", "add --yes"),
        ("exec deploy/cart -n shop -- true", "add --yes"),
    ],
)
def test_what_has_no_dry_run_is_not_to_be_seen_by_one(changing: Shell, command: str, remedy: str) -> None:
    stderr = changing.mc("--clusters=c2", *command.split()).stderr
    assert stderr.splitlines()[0].endswith(f"there is no terminal to ask on: {remedy}")


# --- cp -------------------------------------------------------------------------------------------------------


@needs("kubelet")
def test_a_file_is_copied_to_each_cluster_and_back_from_one(changing: Shell, tmp_path: Path) -> None:
    (tmp_path / "up").write_text("text\n")
    for cluster in MEMBERS:
        assert changing.kubectl("--context", cluster, "run", "box", "--image=box").status == 0
    assert changing.mc("cp", str(tmp_path / "up"), "box:/tmp/file", "--all-clusters", "--yes").status == 0
    for cluster in MEMBERS:
        assert changing.kubectl("--context", cluster, "exec", "box", "--", "cat", "/tmp/file").stdout == "text\n"
    assert changing.mc("cp", "box:/tmp/file", str(tmp_path / "down"), "--clusters=c3", "--yes").status == 0
    assert (tmp_path / "down").read_text() == "text\n"


# --- Colours --------------------------------------------------------------------------------------------------

WAIT = ("wait", "--for=jsonpath={.metadata.name}=settings", "cm/settings", "-n", "shop")


def labels(shell: Shell, env: Mapping[str, str]) -> set[str]:
    """What stands before `configmap/settings` on a terminal."""
    with shell.running(*WAIT, env={"TERM": "xterm", "NO_COLOR": "", **env}, terminal=True) as waiting:
        assert waiting.end() == 0
    return set(re.findall(r"^(.*) configmap/settings condition met\r?$", waiting.stdout, re.MULTILINE))


def test_a_name_has_its_colour_on_a_terminal(members: Shell) -> None:
    coloured = labels(members, {})
    found = {re.fullmatch(r"\[\x1b\[(\d+)m(c\d)\x1b\[0m\]", label) for label in coloured}
    assert {match[2] for match in found if match} == set(MEMBERS)
    assert len({match[1] for match in found if match}) > 1
    assert labels(members, {}) == coloured


@needs("kubelet")
def test_lines_by_time_have_their_colour(members: Shell) -> None:
    words = ("logs", *CART, "--tail=1", "--by-time")
    with members.running(*words, env={"TERM": "xterm", "NO_COLOR": ""}, terminal=True) as logs:
        assert logs.end() == 0
    found = re.findall(r"^\[\x1b\[\d+m(c\d)\x1b\[0m\] line ", logs.stdout, re.MULTILINE)
    assert sorted(found) == list(MEMBERS)


@pytest.mark.parametrize("env", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_no_colours_where_they_are_not_wanted(members: Shell, env: dict[str, str]) -> None:
    assert labels(members, env) == {f"[{cluster}]" for cluster in MEMBERS}


def test_no_colours_in_a_pipe(members: Shell) -> None:
    done = members.mc(*WAIT)
    assert sorted(done.stdout.splitlines()) == [f"[{cluster}] configmap/settings condition met" for cluster in MEMBERS]
