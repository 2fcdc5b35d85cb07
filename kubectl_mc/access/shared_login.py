"""One login for the fleet: a credential plugin that several clusters would run alike runs once for all of them.

Otherwise a kubectl per cluster would start a credential plugin per cluster: as many browser tabs, or conflicts about
one port (int128/kubelogin #389). An entry that cannot be parsed or shared stays with kubectl, which runs the credential
plugin itself and reports what is wrong. No credential is stored, and no message or repr holds part of one.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from kubectl_mc.access import exec_credentials
from kubectl_mc.access.credential_plugins import CredentialPlugin, current_entry, find_credential_plugin, with_login
from kubectl_mc.access.exec_credentials import Credential, LoginFailure
from kubectl_mc.messages import visible
from kubectl_mc.processes import event_loop
from kubectl_mc.processes.event_loop import Chunk, Command

# A credential is shared only if it stays valid for so many seconds, in which all kubectls authenticate. A watch (`-w`)
# and `logs -f` authenticate only once, when they start.
MIN_VALIDITY = 60.0

INTERACTIVE_PATIENCE = 300.0  # seconds at least for a credential plugin that may wait for the user at a browser


class LoginMember(NamedTuple):
    """A cluster and its kubeconfig of one context."""

    name: str
    kubeconfig: Mapping[str, Any]

    def __repr__(self) -> str:
        return f"LoginMember({self.name!r})"


class LoginSettings(NamedTuple):
    """How credential plugins run.

    variables: the user's environment variables, which credential plugins get
    patience: the seconds that each credential plugin has, 0 for no limit; there is no limit for one that may ask
    terminal: stdin is a terminal that nobody else reads
    kuberc: the value of --kuberc
    alone: also run the credential plugin of a single member
    """

    variables: Mapping[str, str]
    max_parallel: int
    patience: float
    terminal: bool = False
    kuberc: str | None = None
    alone: bool = False


LoginAnswers = dict[CredentialPlugin, Credential | LoginFailure]


class SharedLogins(NamedTuple):
    """The members after the shared logins, in their order.

    members: with the credential in place of the exec entry if it was shared; else unchanged
    failures: member's name -> why its login failed, fit to be shown
    """

    members: tuple[LoginMember, ...]
    failures: Mapping[str, str]


def share_logins(
    members: Sequence[LoginMember],
    settings: LoginSettings,
    say: Callable[[Sequence[str]], None],
    answers: LoginAnswers | None = None,
) -> SharedLogins:
    """Run each credential plugin that several members share once, and give its credential to all of them.

    The credential plugin of a single member is left to its kubectl, unless it has to ask on the terminal, which a
    kubectl among others cannot do.

    say: gets the lines that credential plugins write to stderr
    answers: what credential plugins have returned before in this command. They do not run again. New answers are added.
    """
    answers = {} if answers is None else answers
    if _has_kuberc_policy(settings):
        return SharedLogins(tuple(members), {})
    groups: dict[CredentialPlugin, list[LoginMember]] = {}
    for member in members:
        plugin = find_credential_plugin(member.kubeconfig, settings.variables)
        if plugin:
            groups.setdefault(plugin, []).append(member)
    side_by_side = []
    for plugin, group in groups.items():
        asks = plugin.interactive_mode == "Always"
        if plugin in answers or not (settings.alone or len(group) > 1 or (asks and settings.terminal)):
            continue
        if not plugin.path:
            answers[plugin] = LoginFailure(f"executable {_shortened(visible(plugin.command))} not found")
        elif asks and not settings.terminal:
            answers[plugin] = LoginFailure("the plugin has to ask, and standard input is not a terminal")
        elif plugin.interactive_mode == "Never" or not settings.terminal:
            side_by_side.append(plugin)
        else:
            answers[plugin] = _run_on_terminal(plugin, settings)
    answers.update(_run_side_by_side(side_by_side, settings, say))
    shared: dict[str, LoginMember] = {}
    failures: dict[str, str] = {}
    for plugin, group in groups.items():
        answer = answers.get(plugin)
        for member in group if answer else ():
            login = current_entry(member.kubeconfig, "user")
            if isinstance(answer, LoginFailure):
                hint = (login.get("exec") or {}).get("installHint") if not plugin.path else None
                hint_text = f". {_shortened(' '.join(visible(str(hint)).split()))}" if hint else ""
                failures[member.name] = f"login failed: {answer.reason}{hint_text}"
            elif answer and (answer.expires is None or answer.expires > time.time() + MIN_VALIDITY):
                kubeconfig = with_login(member.kubeconfig, exec_credentials.with_credential(login, answer))
                shared[member.name] = LoginMember(member.name, kubeconfig)
    return SharedLogins(tuple(shared.get(member.name, member) for member in members), failures)


def _has_kuberc_policy(settings: LoginSettings) -> bool:
    """Return whether the user's kuberc may say which credential plugins kubectl runs (KEP-3104, from 1.35).

    If it does, kubectl has to decide. The file is searched for the word and not parsed: "maybe" is a safe answer.
    """
    path = settings.kuberc or settings.variables.get("KUBERC")
    if not settings.kuberc and path == "off":
        return False
    home = settings.variables.get("HOME") or os.path.expanduser("~")
    try:
        with open(path or os.path.join(home, ".kube", "kuberc"), "rb") as file:
            return b"credentialPlugin" in file.read()
    except FileNotFoundError:
        return False
    except OSError:
        return True


def _run_on_terminal(plugin: CredentialPlugin, settings: LoginSettings) -> Credential | LoginFailure:
    from kubectl_mc.processes import terminal

    command = _command(plugin, settings, interactive=True)
    try:
        status, stdout = terminal.run_and_read(command.argv, command.env)
    except (OSError, ValueError) as error:
        return _start_failure(error)
    return _answer(plugin, status, stdout, "")


def _run_side_by_side(
    plugins: Sequence[CredentialPlugin], settings: LoginSettings, say: Callable[[Sequence[str]], None]
) -> LoginAnswers:
    try:
        return _answers(plugins, settings, say)
    except (OSError, ValueError) as error:
        if len(plugins) == 1:
            return {plugins[0]: _start_failure(error)}
    # One credential plugin that cannot be started has ended all others, so each one now runs by itself.
    return {plugin: answer for one in plugins for plugin, answer in _run_side_by_side([one], settings, say).items()}


def _answers(
    plugins: Sequence[CredentialPlugin], settings: LoginSettings, say: Callable[[Sequence[str]], None]
) -> LoginAnswers:
    """Run the credential plugins side by side. Raises OSError or ValueError if one of them cannot be started.

    Their stderr is shown line by line while they run, as kubectl does, because it may hold an address to visit. A line
    that several of them write is shown once.
    """
    commands = [_command(plugin, settings, interactive=False) for plugin in plugins]
    stdout, stderr = [b""] * len(plugins), [b""] * len(plugins)
    answers: LoginAnswers = {}
    shown: set[str] = set()

    def show(lines: Sequence[bytes]) -> None:
        texts = dict.fromkeys(visible(line.decode("utf-8", "replace").rstrip()) for line in lines)
        new = [text for text in texts if text and text not in shown]
        shown.update(new)
        if new:
            say(new)

    for event in event_loop.run_commands(commands, settings.max_parallel, settings.patience):
        index = event.command_index
        if not isinstance(event, Chunk):
            show(stderr[index].split(b"\n")[-1:])
            answers[plugins[index]] = (
                LoginFailure(f"timed out after {settings.patience:g}s")
                if event.timed_out
                else _answer(plugins[index], event.status, stdout[index], stderr[index].decode("utf-8", "replace"))
            )
        elif event.stream == "stdout":
            stdout[index] += event.text
        else:
            unfinished_line = stderr[index].rpartition(b"\n")[2]
            stderr[index] += event.text
            show((unfinished_line + event.text).split(b"\n")[:-1])
    return answers


def _command(plugin: CredentialPlugin, settings: LoginSettings, interactive: bool) -> Command:
    """Return the process that client-go would start.

    The variables of the entry take precedence over the user's, and KUBERNETES_EXEC_INFO over both.
    """
    cluster = json.loads(plugin.cluster_info) if plugin.cluster_info else None
    exec_info = exec_credentials.exec_info(plugin.api_version, interactive, cluster)
    variables = {**settings.variables, **dict(plugin.env), "KUBERNETES_EXEC_INFO": exec_info}
    return Command(plugin.command, (plugin.path, *plugin.args), variables)


def _answer(plugin: CredentialPlugin, status: int, stdout: bytes, stderr: str) -> Credential | LoginFailure:
    if status == 0:
        return exec_credentials.parse_credential(stdout, plugin.api_version)
    lines = [line for line in stderr.splitlines() if line.strip()]
    program = visible(os.path.basename(plugin.command))
    return LoginFailure(_shortened(visible(lines[-1].strip()) if lines else f"{program} ended with status {status}"))


def _start_failure(error: Exception) -> LoginFailure:
    # The error's own text may quote the command line, which may hold a secret.
    reason = getattr(error, "strerror", None) or "not a possible command line"
    return LoginFailure(f"the plugin can't be started: {reason}")


def _shortened(text: str, length: int = 200) -> str:
    return f"{text[:length]}…" if len(text) > length else text
