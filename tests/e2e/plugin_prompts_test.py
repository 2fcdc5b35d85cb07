# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Exec credential plugins that speak to the user while they run, or ask: on a terminal and without one."""

from __future__ import annotations

import re
import signal

import pytest

from tests.e2e.conftest import MEMBERS, needs
from tests.e2e.dialogue import talk
from tests.e2e.fake_plugins import V1BETA1, PluginUser, clusters, lines_with, of
from tests.e2e.running import Running

NODES = ("get", "nodes")
WATCH = ("get", "nodes", "-w")
CART = ("deploy/cart", "-n", "shop", "-c", "app")
FOLLOW = ("logs", "-f", *CART)
LABEL = ("label", "cm", "settings", "-n", "shop", "a=b", "--yes")
EDIT = ("edit", "cm", "settings", "-n", "shop", "--yes")
CHOICES = [("c1",), MEMBERS]

DEVICE_CODE = "say(f'To sign in, enter the code ABC-{args[0]}'); wait(); give()"
SAME_CODE = "say('To sign in, enter the code ABC'); wait(); give()"
MFA = """
code = ask(f"MFA code for {args[0]}: ")
if code != f"code-of-{args[0]}":
    fail("That is not the code.")
say("")
say(f"signed in to {args[0]}")
give()
"""
GETPASS = """
sys.path.insert(0, os.path.dirname(os.__file__))
import getpass
try:
    code = getpass.getpass(f"MFA code for {args[0]}: ")
except EOFError:
    fail("There is no terminal to ask on.")
record(event="typed", text=code)
if code != f"code-of-{args[0]}":
    fail("That is not the code.")
say(f"signed in to {args[0]}")
give()
"""
"""As botocore asks for an MFA code: on /dev/tty, and on stdin only where there is none."""
NEEDS_TERMINAL = f"if not os.isatty(0): fail('There is no terminal to ask on.')\n{MFA}"


def turns(chosen: tuple[str, ...]) -> list[tuple[str, str]]:
    """What is asked, and what is typed then."""
    return [(f"MFA code for {cluster}: ", f"code-of-{cluster}\n") for cluster in chosen]


def sign_in(command: Running, chosen: tuple[str, ...]) -> None:
    """Type each code when it is asked for."""
    for cluster in chosen:
        command.until(f"MFA code for {cluster}: ")
        command.type(f"code-of-{cluster}\r")
        command.until(f"signed in to {cluster}")


# --- A code to enter elsewhere ------------------------------------------------------------------------------------


@pytest.mark.parametrize("chosen", CHOICES)
@pytest.mark.parametrize(("words", "mode"), [(NODES, "Never"), (("get", "nodes", "-o", "json"), "IfAvailable")])
def test_what_a_plugin_says_is_shown_while_it_waits(
    user: PluginUser, words: tuple[str, ...], chosen: tuple[str, ...], mode: str
) -> None:
    plugin = user.plugin(DEVICE_CODE)
    user.logs_in_with(plugin.path, interactiveMode=mode)
    with plugin.shut() as gate, user.shell.running(*words, of(chosen)) as command:
        for cluster in chosen:
            label = "" if len(chosen) == 1 else rf".*\b{cluster}\b"
            command.until(rf"^{label}.*To sign in, enter the code ABC-{cluster}$", "stderr")
        assert plugin.ended == 0
        gate.open()
        assert command.end() == 0
    for cluster in chosen:
        assert len(lines_with(command.stderr, f"ABC-{cluster}")) == 1
        assert cluster in command.stdout
    assert "ABC" not in command.stdout
    assert plugin.first_arguments == list(chosen)


@pytest.mark.parametrize("chosen", CHOICES)
@pytest.mark.parametrize("words", [WATCH, pytest.param(FOLLOW, marks=needs("kubelet"))])
def test_what_a_plugin_of_a_stream_says_is_shown_while_it_waits(
    user: PluginUser, words: tuple[str, ...], chosen: tuple[str, ...]
) -> None:
    plugin = user.plugin(DEVICE_CODE)
    user.logs_in_with(plugin.path)
    with plugin.shut() as gate, user.shell.running(*words, of(chosen)) as command:
        for cluster in chosen:
            label = "" if len(chosen) == 1 else rf".*\b{cluster}\b"
            command.until(rf"^{label}.*To sign in, enter the code ABC-{cluster}$", "stderr")
        assert plugin.ended == 0
        gate.open()
        for cluster in chosen:
            command.until(rf"\b{cluster}\b.*\n" if words == WATCH or len(chosen) > 1 else "line ")
        command.interrupt()
        command.end()
    assert "ABC" not in command.stdout
    assert (plugin.first_arguments, any(run.by_kubectl for run in plugin.runs)) == (list(chosen), False)


@pytest.mark.parametrize("words", [NODES, WATCH])
def test_what_many_say_alike_is_shown_once(user: PluginUser, words: tuple[str, ...]) -> None:
    plugin = user.plugin(SAME_CODE)
    user.logs_in_with(plugin.path)
    with plugin.shut() as gate, user.shell.running(*words) as command:
        gate.wait_for_starts(len(MEMBERS), command)
        command.until(r"To sign in, enter the code ABC$", "stderr")
        gate.open()
        for cluster in MEMBERS:
            command.until(rf"\b{cluster}\b.*\n")
        command.interrupt()
        command.end()
    assert len(lines_with(command.stderr, "To sign in, enter the code ABC")) == 1


def test_a_line_that_has_not_ended_is_shown_while_the_plugin_waits(user: PluginUser) -> None:
    plugin = user.plugin("say(f'Touch your key for {args[0]} … ', end=''); wait(); say('thanks'); give()")
    user.logs_in_with(plugin.path)
    with plugin.shut() as gate, user.shell.running(*NODES) as command:
        for cluster in MEMBERS:
            command.until(rf"^.*\b{cluster}\b.*Touch your key for {cluster} …", "stderr")
        assert plugin.ended == 0
        gate.open()
        assert command.end() == 0


def test_what_the_plugin_of_a_change_says_is_shown_while_it_waits(changing_user: PluginUser) -> None:
    plugin = changing_user.plugin(DEVICE_CODE)
    changing_user.logs_in_with(plugin.path)
    with plugin.shut() as gate, changing_user.shell.running(*LABEL, "--all-clusters") as command:
        for cluster in MEMBERS:
            command.until(rf"^.*\b{cluster}\b.*To sign in, enter the code ABC-{cluster}$", "stderr")
        gate.open()
        assert command.end() == 0
    assert command.stdout.count("configmap/settings labeled") == len(MEMBERS)
    assert plugin.first_arguments == list(MEMBERS)


@needs("kubelet")
def test_what_the_plugin_of_a_shell_says_is_shown_while_it_waits(user: PluginUser) -> None:
    plugin = user.plugin(DEVICE_CODE)
    user.logs_in_with(plugin.path)
    words = ("exec", "-it", *CART, "--clusters=c2", "--", "sh")
    with plugin.shut() as gate, user.shell.running(*words, terminal=True) as shell:
        shell.until("To sign in, enter the code ABC-c2\r?$")
        assert plugin.ended == 0
        gate.open()
        shell.type("echo $((1)) ready\r")
        shell.until(r"^\S+ ready\r?$")
        shell.type("exit 7\r")
        assert shell.end() == 7
    assert [(run.args, run.by_kubectl) for run in plugin.runs] == [(["c2"], False)]


def test_what_the_plugin_of_a_proxy_says_is_shown_while_it_waits(user: PluginUser) -> None:
    plugin = user.plugin(DEVICE_CODE)
    user.logs_in_with(plugin.path)
    with plugin.shut() as gate, user.shell.running("proxy", "--port=0", "--clusters=c2") as proxy:
        proxy.until("To sign in, enter the code ABC-c2$", "stderr")
        gate.open()
        proxy.until("Starting to serve on ")
        proxy.interrupt()
        proxy.end()
    assert [(run.args, run.by_kubectl) for run in plugin.runs] == [(["c2"], False)]


# --- A code to type -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("chosen", CHOICES)
@pytest.mark.parametrize(
    "fields", [{"interactiveMode": "Always"}, {"interactiveMode": "Always", "apiVersion": V1BETA1}]
)
def test_each_asks_in_turn_on_the_terminal(user: PluginUser, chosen: tuple[str, ...], fields: dict[str, str]) -> None:
    plugin = user.plugin(MFA)
    user.logs_in_with(plugin.path, **fields)
    dialogue = talk(user.shell, [*NODES, of(chosen)], turns(chosen))
    assert dialogue.status == 0, dialogue.screen
    assert re.findall(r"^(c\d)-node", dialogue.stdout, re.MULTILINE) == list(chosen)
    assert plugin.alternates
    assert [(run.terminal, run.by_kubectl, run.info["spec"]["interactive"]) for run in plugin.runs] == [
        (True, False, True)
    ] * len(chosen)
    assert plugin.first_arguments == list(chosen)


@pytest.mark.parametrize("chosen", CHOICES)
def test_a_plugin_that_needs_the_terminal_gets_it_after_it_has_failed_without(
    user: PluginUser, chosen: tuple[str, ...]
) -> None:
    plugin = user.plugin(NEEDS_TERMINAL)
    user.logs_in_with(plugin.path, interactiveMode="IfAvailable")
    dialogue = talk(user.shell, [*NODES, of(chosen)], turns(chosen))
    assert dialogue.status == 0, dialogue.screen
    assert re.findall(r"^(c\d)-node", dialogue.stdout, re.MULTILINE) == list(chosen)
    runs = plugin.runs
    assert [run.terminal for run in runs] == [False] * len(chosen) + [True] * len(chosen)
    assert [run.info["spec"]["interactive"] for run in runs] == [run.terminal for run in runs]
    assert sorted(run.args[0] for run in runs if run.terminal) == list(chosen)


@pytest.mark.parametrize("mode", ["Always", "IfAvailable", "Never"])
@pytest.mark.parametrize("chosen", CHOICES)
def test_a_plugin_that_opens_the_terminal_itself_asks_in_turn_too(
    user: PluginUser, chosen: tuple[str, ...], mode: str
) -> None:
    """One that says that it never asks has no terminal: many at once would type over each other."""
    plugin = user.plugin(GETPASS)
    user.logs_in_with(plugin.path, interactiveMode=mode)
    # Under load, what one says without the terminal, which is the same question, is shown as well.
    asked = [(f"login with fake-login\r\n{prompt}", typed) for prompt, typed in turns(chosen)]
    dialogue = talk(user.shell, [*NODES, of(chosen)], asked if mode != "Never" else [])
    if mode == "Never":
        assert dialogue.status == 1
        assert lines_with(dialogue.screen, "login failed", "There is no terminal to ask on."), dialogue.screen
    else:
        assert dialogue.status == 0, dialogue.screen
        assert re.findall(r"^(c\d)-node", dialogue.stdout, re.MULTILINE) == list(chosen)
    typed = [event["text"] for event in plugin.events if event["event"] == "typed"]
    assert typed == ([f"code-of-{cluster}" for cluster in chosen] if mode != "Never" else [])


def test_a_plugin_that_can_do_without_the_terminal_runs_without_it(user: PluginUser) -> None:
    """All of them at once: each would have to wait for the one before otherwise."""
    plugin = user.plugin("wait(); give()")
    user.logs_in_with(plugin.path, interactiveMode="IfAvailable")
    with plugin.shut() as gate, user.shell.running(*NODES, terminal=True) as command:
        gate.wait_for_starts(len(MEMBERS), command)
        gate.open()
        assert command.end() == 0
    assert [run.terminal for run in plugin.runs] == [False] * len(MEMBERS)


@pytest.mark.parametrize("mode", ["Always", "IfAvailable"])
def test_a_wrong_code_is_the_failure_of_its_cluster(user: PluginUser, mode: str) -> None:
    user.logs_in_with(user.plugin(NEEDS_TERMINAL).path, interactiveMode=mode)
    wrong = [(text, "123\n" if "c2" in text else typed) for text, typed in turns(MEMBERS)]
    dialogue = talk(user.shell, [*NODES], wrong)
    assert dialogue.status != 0
    assert re.findall(r"^(c\d)-node", dialogue.stdout, re.MULTILINE) == ["c1", "c3"]
    assert lines_with(dialogue.screen, "c2", "login failed"), dialogue.screen
    assert "That is not the code." in dialogue.screen


@pytest.mark.parametrize("chosen", CHOICES)
def test_on_a_terminal_too_a_failure_says_what_the_plugin_said(user: PluginUser, chosen: tuple[str, ...]) -> None:
    """As with `aws eks get-token`, whose entry has IfAvailable, and whose session has ended."""
    plugin = user.plugin("fail('The security token is expired.', 'Run: aws sso login')")
    user.logs_in_with(plugin.path, interactiveMode="IfAvailable")
    dialogue = talk(user.shell, [*NODES, of(chosen)], [])
    assert dialogue.status == 1
    (notice,) = lines_with(dialogue.screen, "login failed")
    assert "Run: aws sso login" in notice
    assert "status 1" not in notice


@pytest.mark.parametrize("chosen", CHOICES)
@pytest.mark.parametrize("words", [WATCH, pytest.param(FOLLOW, marks=needs("kubelet"))])
def test_a_stream_asks_before_it_begins(user: PluginUser, words: tuple[str, ...], chosen: tuple[str, ...]) -> None:
    plugin = user.plugin(MFA)
    user.logs_in_with(plugin.path, interactiveMode="Always")
    with user.shell.running(*words, of(chosen), terminal=True) as command:
        sign_in(command, chosen)
        for cluster in chosen:
            command.until(rf"{cluster}-node" if words == WATCH else "line ")
        command.type("\x03")
        command.end()
        assert command.left() == []
    assert plugin.alternates
    assert (plugin.first_arguments, any(run.by_kubectl for run in plugin.runs)) == (list(chosen), False)


@needs("kubelet")
@pytest.mark.parametrize("mode", ["Always", "IfAvailable"])
def test_a_shell_begins_after_its_plugin_has_asked(user: PluginUser, mode: str) -> None:
    plugin = user.plugin(NEEDS_TERMINAL)
    user.logs_in_with(plugin.path, interactiveMode=mode)
    with user.shell.running("exec", "-it", *CART, "--clusters=c2", "--", "sh", terminal=True) as shell:
        sign_in(shell, ("c2",))
        shell.type("echo $((1)) ready\r")
        shell.until(r"^\S+ ready\r?$")
        shell.type("exit 7\r")
        assert shell.end() == 7
    assert [run.args for run in plugin.runs if run.terminal] == [["c2"]]
    assert not any(run.by_kubectl for run in plugin.runs)


def test_edit_asks_once_for_each_cluster(changing_user: PluginUser) -> None:
    """Its preflight and each editor use the same credential."""
    chosen = ("c1", "c3")
    plugin = changing_user.plugin(MFA)
    changing_user.logs_in_with(plugin.path, interactiveMode="Always")
    editor, seen = changing_user.home / "editor", changing_user.home / "seen"
    editor.write_text(f'#!/bin/sh\nenv >> {seen}\nsed -i s/info/debug/ "$1"\n')
    editor.chmod(0o755)
    env = {"EDITOR": str(editor)}
    with changing_user.shell.running(*EDIT, of(chosen), env=env, terminal=True) as command:
        sign_in(command, chosen)
        assert command.end() == 0
    assert command.stdout.count("configmap/settings edited") == len(chosen)
    assert plugin.first_arguments == list(chosen)
    assert "KUBECONFIG=" not in seen.read_text()  # an editor may start another kubectl, which is the user's own


def test_a_change_asks_once_for_each_cluster(changing_user: PluginUser) -> None:
    chosen = ("c1", "c3")
    plugin = changing_user.plugin(MFA)
    changing_user.logs_in_with(plugin.path, interactiveMode="Always")
    dialogue = talk(changing_user.shell, [*LABEL, of(chosen)], turns(chosen))
    assert dialogue.status == 0, dialogue.screen
    assert dialogue.stdout.count("configmap/settings labeled") == len(chosen)
    assert plugin.first_arguments == list(chosen)


@pytest.mark.parametrize("mode", ["Never", "IfAvailable"])
def test_ctrl_c_ends_plugins_that_run_without_the_terminal(user: PluginUser, mode: str) -> None:
    plugin = user.plugin(DEVICE_CODE)
    user.logs_in_with(plugin.path, interactiveMode=mode)
    with plugin.shut() as gate, user.shell.running(*NODES, terminal=True) as command:
        gate.wait_for_starts(len(MEMBERS), command)
        command.type("\x03")
        assert command.end() == 130
        command.wait_for_left()
    assert len(plugin.runs) == len(MEMBERS)
    assert "kubectl_mc" not in command.stdout


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_command_that_is_killed_leaves_no_plugin_behind(user: PluginUser, number: signal.Signals) -> None:
    plugin = user.plugin("wait(); give()")
    user.logs_in_with(plugin.path)
    with plugin.shut() as gate, user.shell.running(*NODES) as command:
        gate.wait_for_starts(len(MEMBERS), command)
        command.process.send_signal(number)
        command.process.wait(60)
        command.wait_for_left()
    assert plugin.ended == 0


def test_ctrl_c_at_the_question_of_a_plugin_ends_the_command(user: PluginUser) -> None:
    user.logs_in_with(user.plugin(MFA).path, interactiveMode="Always")
    with user.shell.running(*NODES, terminal=True) as command:
        command.until("MFA code for c1: ")
        command.type("\x03")
        assert command.end() == 130
        assert command.left() == []
    assert "kubectl_mc" not in command.stdout  # the plugin's own traceback may be there, but none of ours


def test_a_plugin_does_not_read_what_is_typed_for_the_command(changing_user: PluginUser) -> None:
    plugin = changing_user.plugin(MFA)
    changing_user.logs_in_with(plugin.path, interactiveMode="Always")
    words = ("apply", "-f", "-", "--clusters=c1", "--yes")
    with changing_user.shell.running(*words, terminal=True) as command:
        command.type("---\r{apiVersion: v1, kind: ConfigMap, metadata: {name: typed, namespace: shop}}\r\x04")
        assert command.end() == 1
    assert plugin.runs == []
    assert "standard input" in command.stdout


# --- Without a terminal -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("chosen", CHOICES)
@pytest.mark.parametrize("words", [NODES, WATCH, LABEL])
def test_without_a_terminal_a_plugin_that_has_to_ask_is_not_started(
    user: PluginUser, words: tuple[str, ...], chosen: tuple[str, ...]
) -> None:
    plugin = user.plugin(MFA)
    user.logs_in_with(plugin.path, interactiveMode="Always")
    done = user.mc(*words, of(chosen))
    assert (done.status, done.stdout, plugin.runs) == (1, "", [])
    assert "standard input is not a terminal" in done.stderr


def test_without_a_terminal_the_others_are_shown(user: PluginUser) -> None:
    user.logs_in_with(user.plugin().path, clusters=("c1", "c3"))
    user.logs_in_with(user.plugin(MFA, name="asks").path, clusters=("c2",), interactiveMode="Always")
    done = user.mc(*NODES)
    assert (done.status != 0, clusters(done)) == (True, ["c1", "c3"])
    assert lines_with(done.stderr, "c2", "login failed", "standard input is not a terminal"), done.stderr


@pytest.mark.parametrize("chosen", CHOICES)
def test_without_a_terminal_a_plugin_that_would_ask_fails_with_its_own_words(
    user: PluginUser, chosen: tuple[str, ...]
) -> None:
    plugin = user.plugin(NEEDS_TERMINAL)
    user.logs_in_with(plugin.path, interactiveMode="IfAvailable")
    done = user.mc(*NODES, of(chosen))
    assert (done.status, done.stdout) == (1, "")
    assert lines_with(done.stderr, "login failed", "There is no terminal to ask on."), done.stderr
    assert plugin.first_arguments == list(chosen)
