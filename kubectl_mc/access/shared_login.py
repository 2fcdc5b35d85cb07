"""One login for the fleet: clusters whose exec credential plugin would be run alike share one run of it.

A kubectl per cluster would start a plugin per cluster: as many browser tabs, or fights for one port (int128/kubelogin
#389). What isn't understood or isn't shared stays with kubectl, which runs the plugin itself and says what is wrong.
Nothing is kept, and nothing of a credential is in a message or a repr.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from kubectl_mc.access import credential_plugins, exec_credentials
from kubectl_mc.access.credential_plugins import CredentialPlugin
from kubectl_mc.access.exec_credentials import Credential, LoginFailure
from kubectl_mc.messages import visible
from kubectl_mc.processes import event_loop
from kubectl_mc.processes.event_loop import Chunk, Command

MARGIN = 60.0  # seconds that a credential must still be good for, to be given to other processes
FOR_A_USER = 300.0  # seconds at least for a plugin whose user is there: it may wait for them at a browser
LONGEST_REASON = 200


class LoginMember(NamedTuple):
    """A cluster and its kubeconfig of one context."""

    name: str
    kubeconfig: Mapping[str, Any]

    def __repr__(self) -> str:
        return f"Member({self.name!r})"


class LoginSettings(NamedTuple):
    """How plugins are run.

    environment: the user's own, which they get
    patience: seconds that each has, 0 for no limit; one that may ask on the terminal has no limit
    terminal: stdin is one, and nobody else reads it
    kuberc: what --kuberc names, if it was given
    alone: also an entry of one member is run here
    """

    environment: Mapping[str, str]
    max_parallel: int
    patience: float
    terminal: bool = False
    kuberc: str | None = None
    alone: bool = False


LoginAnswers = dict[CredentialPlugin, Credential | LoginFailure]


class SharedLogins(NamedTuple):
    """members: in their order, with the credential in place of the exec entry where it was shared
    failures: name -> why it can't be logged in, fit to be shown; their kubeconfigs are as they were
    """

    members: tuple[LoginMember, ...]
    failures: Mapping[str, str]


def share_logins(
    members: Sequence[LoginMember],
    how: LoginSettings,
    say: Callable[[Sequence[str]], None],
    answers: LoginAnswers | None = None,
) -> SharedLogins:
    """Log in once for all members whose exec entry is the same; `say` is told what plugins write to stderr.

    An entry of one member is left to kubectl, for there is nothing to gain; unless it has to ask on the terminal, which
    a kubectl among others can't.

    answers: what plugins have given before in this command, which isn't asked of them again; it is added to
    """
    answers = {} if answers is None else answers
    if _policy_in(how):
        return SharedLogins(tuple(members), {})
    groups: dict[CredentialPlugin, list[LoginMember]] = {}
    for member in members:
        plugin = credential_plugins.find_plugin(member.kubeconfig, how.environment)
        if plugin:
            groups.setdefault(plugin, []).append(member)
    wanted = [
        plugin
        for plugin, group in groups.items()
        if plugin not in answers and (how.alone or len(group) > 1 or (plugin.mode == "Always" and how.terminal))
    ]
    answers.update(_run(wanted, how, say))
    after: dict[str, LoginMember] = {}
    failures: dict[str, str] = {}
    for plugin, group in groups.items():
        answer = answers.get(plugin)
        for member in group if answer else ():
            if isinstance(answer, LoginFailure):
                failures[member.name] = f"login failed: {answer.reason}{_hint(plugin, member)}"
            elif answer and _good(answer):
                after[member.name] = _with(member, answer)
    return SharedLogins(tuple(after.get(member.name, member) for member in members), failures)


def _good(credential: Credential) -> bool:
    """Will it do until the others have logged in? A watch (`-w`) and `logs -f` do so once, at their beginning."""
    return credential.expires is None or credential.expires > time.time() + MARGIN


def _policy_in(how: LoginSettings) -> bool:
    """Does the user's kuberc say which plugins kubectl may run (KEP-3104, from 1.35)? Then kubectl is to decide.

    A look for the word, not a reading: "maybe" is a safe answer.
    """
    named = how.kuberc or how.environment.get("KUBERC")
    if not how.kuberc and named == "off":
        return False
    home = how.environment.get("HOME") or os.path.expanduser("~")
    try:
        with open(named or os.path.join(home, ".kube", "kuberc"), "rb") as file:
            return b"credentialPlugin" in file.read()
    except FileNotFoundError:
        return False
    except OSError:
        return True


def _hint(plugin: CredentialPlugin, member: LoginMember) -> str:
    """installHint, where the program isn't there."""
    hint = (credential_plugins.current_entry(member.kubeconfig, "user").get("exec") or {}).get("installHint")
    return f". {_short(' '.join(visible(str(hint)).split()))}" if hint and not plugin.command else ""


def _with(member: LoginMember, credential: Credential) -> LoginMember:
    """The member with its login replaced."""
    login = exec_credentials.logged_in(credential_plugins.current_entry(member.kubeconfig, "user"), credential)
    return LoginMember(member.name, credential_plugins.with_login(member.kubeconfig, login))


def _run(plugins: Sequence[CredentialPlugin], how: LoginSettings, say: Callable[[Sequence[str]], None]) -> LoginAnswers:
    """Those that may ask, one after another on the terminal; then the others, side by side."""
    answers: LoginAnswers = {}
    together = []
    for plugin in plugins:
        if not plugin.command:
            answers[plugin] = LoginFailure(f"executable {_short(visible(plugin.typed))} not found")
        elif plugin.mode == "Always" and not how.terminal:
            answers[plugin] = LoginFailure("the plugin has to ask, and standard input is not a terminal")
        elif plugin.mode == "Never" or not how.terminal:
            together.append(plugin)
        else:
            answers[plugin] = _asking(plugin, how)
    return {**answers, **_side_by_side(together, how, say)}


def _asking(plugin: CredentialPlugin, how: LoginSettings) -> Credential | LoginFailure:
    from kubectl_mc.processes import terminal

    command = _command(plugin, how, interactive=True)
    try:
        status, stdout = terminal.run_and_read(command.argv, command.env)
    except (OSError, ValueError) as error:
        return _unstartable(error)
    return _judged(plugin, status, stdout, "")


def _side_by_side(
    plugins: Sequence[CredentialPlugin], how: LoginSettings, say: Callable[[Sequence[str]], None]
) -> LoginAnswers:
    try:
        return _collected(plugins, how, say)
    except (OSError, ValueError) as error:
        if len(plugins) == 1:
            return {plugins[0]: _unstartable(error)}
    # One that can't be started has ended the others: each by itself, then.
    return {plugin: answer for each in plugins for plugin, answer in _side_by_side([each], how, say).items()}


def _collected(
    plugins: Sequence[CredentialPlugin], how: LoginSettings, say: Callable[[Sequence[str]], None]
) -> LoginAnswers:
    """Raises OSError or ValueError if one of them can't be started.

    What they write to stderr is told line by line while they run, as kubectl does, for it may be an address to visit;
    each line once, for all may say the same.
    """
    commands = [_command(plugin, how, interactive=False) for plugin in plugins]
    stdout, stderr = [b""] * len(plugins), [b""] * len(plugins)
    answers: LoginAnswers = {}
    said: set[str] = set()

    def tell(lines: Sequence[bytes]) -> None:
        new = dict.fromkeys(visible(line.decode("utf-8", "replace").rstrip()) for line in lines)
        fresh = [line for line in new if line and line not in said]
        said.update(fresh)
        if fresh:
            say(fresh)

    for event in event_loop.run_commands(commands, how.max_parallel, how.patience):
        place = event.place
        if not isinstance(event, Chunk):
            tell(stderr[place].split(b"\n")[-1:])
            answers[plugins[place]] = (
                LoginFailure(f"timed out after {how.patience:g}s")
                if event.timed_out
                else _judged(plugins[place], event.status, stdout[place], stderr[place].decode("utf-8", "replace"))
            )
        elif event.stream == "stdout":
            stdout[place] += event.text
        else:
            begun = stderr[place].rpartition(b"\n")[2] + event.text
            stderr[place] += event.text
            tell(begun.split(b"\n")[:-1])
    return answers


def _command(plugin: CredentialPlugin, how: LoginSettings, interactive: bool) -> Command:
    """As client-go starts it: the entry's variables over the user's, KUBERNETES_EXEC_INFO over all."""
    told = json.loads(plugin.cluster) if plugin.cluster else None
    info = exec_credentials.exec_info(plugin.api_version, interactive, told)
    environment = {**how.environment, **dict(plugin.env), "KUBERNETES_EXEC_INFO": info}
    return Command(plugin.typed, (plugin.command, *plugin.args), environment)


def _judged(plugin: CredentialPlugin, status: int, stdout: bytes, stderr: str) -> Credential | LoginFailure:
    if status == 0:
        return exec_credentials.parse_credential(stdout, plugin.api_version)
    lines = [line for line in stderr.splitlines() if line.strip()]
    program = visible(os.path.basename(plugin.typed))
    return LoginFailure(_short(visible(lines[-1].strip()) if lines else f"{program} ended with status {status}"))


def _unstartable(error: Exception) -> LoginFailure:
    """Not the error's own text, which may quote what was to be started."""
    return LoginFailure(
        f"the plugin can't be started: {getattr(error, 'strerror', None) or 'not a possible command line'}"
    )


def _short(text: str) -> str:
    return f"{text[:LONGEST_REASON]}…" if len(text) > LONGEST_REASON else text
