# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Running credential plugins as client-go would: side by side, or one after another where they ask on the terminal.

What they write to stderr is shown while they run, with the clusters that they log in to. Several runs of one program
that would be in each other's way, as they listen on the same port (int128/kubelogin #389), follow one another. No
message or repr of this module holds a credential or what a plugin wrote to stdout.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

from kubectl_mc.access import exec_credentials
from kubectl_mc.access.credential_plugins import CredentialPlugin
from kubectl_mc.access.exec_credentials import Credential, LoginFailure
from kubectl_mc.access.plugin_voices import Voices
from kubectl_mc.messages import shortened, signal_name, visible
from kubectl_mc.named_tuples import NamedTuple
from kubectl_mc.processes import background, event_loop
from kubectl_mc.processes.children import Chunk, Command, Exit
from kubectl_mc.processes.standard_streams import Phase, Streams
from kubectl_mc.processes.targets import Login, Target

# Programs that wait on a port of their own for the browser: program_name -> how many run at a time by default.
_LIMITS: Mapping[str, int] = {"kubelogin": 1, "kubectl-oidc_login": 1, "kubectl oidc-login": 1}


class RunSettings(NamedTuple):
    """How credential plugins run.

    variables: the user's environment variables, which credential plugins get
    max_parallel: how many run at a time; one that runs for long waits for something, and doesn't count any more
    patience: the seconds that each of them has, 0 for no limit; there is no limit on the terminal
    terminal: stdin is a terminal that nobody else reads
    limits: program_name -> how many runs of it there may be at a time; for the others, see `_LIMITS`
    says_waits: a run that takes long is said once, as no progress line tells for whom the command waits
    """

    variables: Mapping[str, str]
    max_parallel: int
    patience: float
    terminal: bool = False
    limits: Mapping[str, int] = {}
    says_waits: bool = False


LoginAnswers = dict[CredentialPlugin, Credential | LoginFailure]


class PluginLogin:
    """The login with a credential plugin, which runs in the event loop (`processes.targets.Login`)."""

    def __init__(
        self,
        plugin: CredentialPlugin,
        settings: RunSettings,
        voices: Voices,
        answers: LoginAnswers,
        logged_in: Callable[[Target], Target],
    ) -> None:
        """voices: what the plugin writes to stderr goes there; answers: gets its answer, as of the others

        logged_in: returns a target with the credential, or with the problem, of the login, which has ended
        """
        self.plugin, self.settings, self.voices, self.answers = plugin, settings, voices, answers
        self.program, self.label, self.patience = program_name(plugin), voices.label(plugin), settings.patience
        self.started: float | None = None
        self.logged_in = logged_in

    @property
    def has_ended(self) -> bool:
        """Whether the plugin has answered."""
        return self.plugin in self.answers

    def runs(self) -> PluginRuns:
        """Return what runs this login, and others of the same command, in one event loop."""
        return PluginRuns(self.settings, self.voices, self.answers)


def begin_logins(
    clusters: Mapping[CredentialPlugin, Sequence[str]], settings: RunSettings, voices: Voices, answers: LoginAnswers
) -> None:
    """Name the clusters of each plugin, and answer for those that can't be run.

    clusters: plugin -> the names of the clusters that it logs in to
    voices: what the plugins write to stderr goes there; answers: gets what those have answered that can't be run
    """
    for plugin, names in clusters.items():
        voices.introduce(plugin, names)
        if problem := _problem(plugin, settings):
            answers[plugin] = LoginFailure(problem)


def complete_logins(logins: Sequence[Login], streams: Streams) -> None:
    """Run logins to their ends, with a phase of these streams. Raises KeyboardInterrupt."""
    waiting = [login for login in logins if not login.has_ended]
    if not waiting:
        return
    commands = [Command(login.label, (), {}, login=login) for login in waiting]
    phase = Phase("logins", streams, [command.cluster for command in commands], waiting[0].patience)
    event_loop.collect_results(commands, len(commands), 0.0, phase=phase)


def run_in_background(plugin: CredentialPlugin, settings: RunSettings, voices: Voices) -> Credential | LoginFailure:
    """Run a credential plugin without stdin, beside the event loop, and return its answer. Arguments: see above."""
    if problem := _problem(plugin, settings):
        return LoginFailure(problem)
    command = _command(plugin, settings, interactive=False)

    def hear(text: bytes) -> None:
        voices.hear(plugin, text)
        voices.show()

    try:
        done = background.run_in_background(command.argv, command.env, settings.patience, hear)
    except OSError as error:
        return _start_failure(plugin, error)
    end = Exit(0, command.cluster, done.status, done.timed_out)
    ending = _ending(plugin, end, done.stdout, voices.last_words(plugin), settings)
    voices.end(plugin, ending.quoted)
    return ending.answer


def program_name(plugin: CredentialPlugin) -> str:
    """Return the name of a plugin's program: "aws", or "kubectl oidc-login" for a plugin of kubectl's."""
    name = os.path.basename(plugin.command)
    return f"{name} {plugin.args[0]}" if name == "kubectl" and plugin.args else name


def program_limit(plugin: CredentialPlugin, limits: Mapping[str, int]) -> int | None:
    """Return how many of a plugin's program may run at a time; None for any number. limits: the user's"""
    name = program_name(plugin)
    return limits.get(name, _LIMITS.get(name))


def _problem(plugin: CredentialPlugin, settings: RunSettings) -> str:
    """Return why a plugin can't be started; "" if nothing is known that stands against it."""
    if not plugin.path:
        hint = f". {shortened(visible(' '.join(plugin.install_hint.split())))}" if plugin.install_hint else ""
        return f"executable {shortened(visible(plugin.command))} not found{hint}"
    if plugin.interactive_mode == "Always" and not settings.terminal:
        return f"{_shown_name(plugin)} has to ask, and standard input is not a terminal"
    words = (plugin.path, *plugin.args, *(f"{name}={value}" for name, value in plugin.env))
    with suppress(UnicodeEncodeError):
        if not any(b"\0" in os.fsencode(word) for word in words):
            return ""
    return f"{_shown_name(plugin)} can't be started: not a possible command line"


def _shown_name(plugin: CredentialPlugin) -> str:
    return shortened(visible(program_name(plugin)))


_LONGEST_ANSWER = 1 << 20  # bytes


# --- In the event loop -----------------------------------------------------------------------------------------


class _Ending(NamedTuple):
    """How a run has ended.

    quoted: the lines of stderr that the answer quotes in full
    failed_by_itself: it has failed, and wasn't ended by us
    seconds: that it took
    """

    answer: Credential | LoginFailure
    quoted: Sequence[str] = ()
    failed_by_itself: bool = False
    seconds: float = 0.0


class PluginRuns:
    """The runs of credential plugins in one event loop (`processes.login_children.LoginRuns`), each of them once.

    Those that don't ask, or can do without, run side by side and have no stdin. Those that have to ask, and those that
    failed without stdin, have the terminal to themselves, one after another.

    What a plugin says on the terminal stands there, and isn't known here. Where one fails as fast as without stdin, it
    has asked nothing, so it has failed for the same reason; and others of its program that have failed for it aren't
    tried again, unless the terminal has helped one of them.
    """

    def __init__(self, settings: RunSettings, voices: Voices, answers: LoginAnswers) -> None:
        """voices: what the plugins write to stderr goes there; answers: gets what each has answered"""
        self._settings, self._voices, self._answers = settings, voices, answers
        self._wanted: dict[CredentialPlugin, int] = {}  # in which order
        self._waiting: list[PluginLogin] = []  # for a start
        self._started: list[PluginLogin] = []  # by the numbers of their runs
        self._running: set[int] = set()
        self._asking: list[PluginLogin] = []  # for the terminal
        self._stdout: dict[int, bytearray] = {}
        self._endings: dict[CredentialPlugin, _Ending] = {}
        self._long: set[int] = set()  # whose long run has been said
        self._hopeless: set[tuple[str, LoginFailure]] = set()
        self._helped: set[str] = set()

    def want(self, login: PluginLogin) -> None:
        """Run a login, unless it runs."""
        if login.has_ended or login.plugin in self._wanted:
            return
        self._wanted[login.plugin] = len(self._wanted)
        asks = login.plugin.interactive_mode == "Always"
        (self._asking if asks else self._waiting).append(login)

    def due(self) -> list[Command]:
        """Return the runs that are to be started now, each once."""
        due, now = [], time.monotonic()
        working = sum(now - (self._started[number].started or now) < _WORK for number in self._running)
        for login in [*self._waiting]:
            if working >= self._settings.max_parallel:
                break
            if not self._has_turn(login):
                continue
            self._waiting.remove(login)
            working += 1
            self._running.add(len(self._started))
            self._started.append(login)
            login.started = now
            command = _command(login.plugin, self._settings, interactive=False)
            due.append(command._replace(patience=self._settings.patience))
        return due

    def _has_turn(self, login: PluginLogin) -> bool:
        """Return whether less of a login's program run than may."""
        limit = program_limit(login.plugin, self._settings.limits)
        return limit is None or limit > sum(self._started[number].program == login.program for number in self._running)

    def take(self, number: int, event: Chunk | Exit) -> None:
        """Take what a run has written, or its end."""
        login = self._started[number]
        if isinstance(event, Exit):
            stdout = bytes(self._stdout.pop(number, b""))
            ending = _ending(login.plugin, event, stdout, self._voices.last_words(login.plugin), self._settings)
            self._end(number, ending._replace(seconds=time.monotonic() - (login.started or 0.0)))
        elif event.stream == "stdout":
            kept = self._stdout.setdefault(number, bytearray())
            if len(kept) <= _LONGEST_ANSWER:  # a longer one is no credential
                kept += event.text
        else:
            self._voices.hear(login.plugin, event.text)

    def fail(self, number: int, error: OSError) -> None:
        """Take why a run can't be started."""
        self._end(number, _Ending(_start_failure(self._started[number].plugin, error)))

    def _end(self, number: int, ending: _Ending) -> None:
        """Take how a run has ended: its answer counts, unless the plugin is tried on the terminal."""
        login = self._started[number]
        self._running.discard(number)
        self._endings[login.plugin] = ending
        # What has failed without stdin is tried on the terminal.
        may_ask = self._settings.terminal and login.plugin.interactive_mode == "IfAvailable"
        if may_ask and ending.failed_by_itself:
            self._voices.stop(login.plugin)
            self._asking.append(login)
        else:
            self._voices.end(login.plugin, ending.quoted)
            self._answers[login.plugin] = ending.answer

    def show(self) -> None:
        """Show what the plugins have said, and who runs for long."""
        self._voices.show()
        if self._settings.says_waits:
            self._say_long_runs(time.monotonic())

    def _say_long_runs(self, now: float) -> None:
        """Say once of each run that takes long that it does, in one line for those of a program."""
        by_program: dict[str, list[int]] = {}
        for number in sorted(self._running - self._long):
            login = self._started[number]
            if now - (login.started or now) >= _LONG:
                by_program.setdefault(login.program, []).append(number)
        for program, numbers in by_program.items():
            self._long.update(numbers)
            seconds = now - (self._started[numbers[0]].started or now)
            plugins = [self._started[number].plugin for number in numbers]
            self._voices.tell_wait(plugins, program, seconds, self._settings.patience)

    @property
    def wants_terminal(self) -> bool:
        """Whether a plugin is now to ask on the terminal.

        As everything else stands still then, those that don't ask are let ahead, if they are quick.
        """
        if not any(map(self._has_turn, self._asking)):
            return False
        starts = [self._started[number].started or 0.0 for number in self._running]
        return time.monotonic() - max(starts, default=0.0) > _AHEAD

    def ask(self) -> None:
        """Let one plugin ask on the terminal, to its end. Raises KeyboardInterrupt."""
        login = min(filter(self._has_turn, self._asking), key=lambda login: self._wanted[login.plugin])
        self._asking.remove(login)
        plugin, before = login.plugin, self._endings.get(login.plugin)
        failure = before.answer if before and isinstance(before.answer, LoginFailure) else None
        if failure and (login.program, failure) in self._hopeless:
            self._answers[plugin] = failure
            return
        self._voices.announce(plugin, login.program)
        start = time.monotonic()
        answer = _ask_on_terminal(plugin, self._settings)
        is_quick = before is not None and time.monotonic() - start < before.seconds + _QUICK
        if isinstance(answer, Credential):
            self._helped.add(login.program)
        elif failure and is_quick and login.program not in self._helped:
            self._hopeless.add((login.program, failure))
            answer = failure
        self._answers[plugin] = answer


_WORK = 3.0  # seconds that a plugin may work; after them it waits, for its provider or for the user
_QUICK = 1.0  # seconds in which nobody answers a question
_LONG = 5.0  # seconds after which it is said that a plugin runs, as of a kubectl without an answer
_AHEAD = 1.0  # seconds that a plugin without stdin may run ahead of those that ask


def _ending(plugin: CredentialPlugin, end: Exit, stdout: bytes, words: Sequence[str], settings: RunSettings) -> _Ending:
    """Return how a run has ended. words: the last lines of its stderr"""
    shown = [*(shortened(line, 150) for line in words[:-1]), *map(shortened, words[-1:])]
    said, quoted = " ".join(shown), [line for line in words if line in shown]
    if end.timed_out:
        heard = f", after it had said: {said}" if said else ""
        return _Ending(LoginFailure(f"{_shown_name(plugin)} timed out after {settings.patience:g}s{heard}"), quoted)
    if end.status:
        return _Ending(LoginFailure(said or _status_text(plugin, end.status)), quoted, failed_by_itself=True)
    answer = exec_credentials.parse_credential(stdout, plugin.api_version, _shown_name(plugin))
    return _Ending(answer, failed_by_itself=isinstance(answer, LoginFailure))


def _status_text(plugin: CredentialPlugin, status: int) -> str:
    name = visible(os.path.basename(plugin.command))
    return f"{name} ended with status {status}" if status > 0 else f"{name} was ended by {signal_name(-status)}"


def _ask_on_terminal(plugin: CredentialPlugin, settings: RunSettings) -> Credential | LoginFailure:
    from kubectl_mc.processes import terminal

    command = _command(plugin, settings, interactive=True)
    try:
        status, stdout = terminal.run_and_read(command.argv, command.env)
    except OSError as error:
        return _start_failure(plugin, error)
    return _ending(plugin, Exit(0, command.cluster, status), stdout, (), settings).answer


# --- The process -----------------------------------------------------------------------------------------------


def _command(plugin: CredentialPlugin, settings: RunSettings, interactive: bool) -> Command:
    """Return the process that client-go would start.

    The variables of the entry take precedence over the user's, and KUBERNETES_EXEC_INFO over both.
    """
    cluster = json.loads(plugin.cluster_info) if plugin.cluster_info else None
    exec_info = exec_credentials.exec_info(plugin.api_version, interactive, cluster)
    variables = {**settings.variables, **dict(plugin.env), "KUBERNETES_EXEC_INFO": exec_info}
    return Command(plugin.command, (plugin.path, *plugin.args), variables)


def _start_failure(plugin: CredentialPlugin, error: Exception) -> LoginFailure:
    # The error's own text may quote the command line, which may hold a secret.
    reason = getattr(error, "strerror", None) or "not a possible command line"
    return LoginFailure(f"{_shown_name(plugin)} can't be started: {reason}")
