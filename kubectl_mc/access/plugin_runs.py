"""Running credential plugins as client-go would: side by side, or one after another where they ask on the terminal.

What they write to stderr is shown while they run, with the clusters that they log in to. Several runs of one program
that would be in each other's way, as they listen on the same port (int128/kubelogin #389), follow one another. No
message or repr of this module holds a credential or what a plugin wrote to stdout.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple

from kubectl_mc import messages
from kubectl_mc.access import exec_credentials
from kubectl_mc.access.credential_plugins import CredentialPlugin
from kubectl_mc.access.exec_credentials import Credential, LoginFailure
from kubectl_mc.messages import visible
from kubectl_mc.messages.name_folding import fold_names
from kubectl_mc.processes import background, event_loop
from kubectl_mc.processes.event_loop import Chunk, Command, Exit

# Programs that wait on a port of their own for the browser: program_name -> how many run at a time by default.
_LIMITS: Mapping[str, int] = {"kubelogin": 1, "kubectl-oidc_login": 1, "kubectl oidc-login": 1}


class RunSettings(NamedTuple):
    """How credential plugins run.

    variables: the user's environment variables, which credential plugins get
    max_parallel: how many run at a time
    patience: the seconds that each of them has, 0 for no limit; there is no limit on the terminal
    terminal: stdin is a terminal that nobody else reads
    watched: stderr is a terminal, on which somebody waits
    limits: program_name -> how many runs of it there may be at a time; for the others, see `_LIMITS`
    """

    variables: Mapping[str, str]
    max_parallel: int
    patience: float
    terminal: bool = False
    watched: bool = False
    limits: Mapping[str, int] = {}


LoginAnswers = dict[CredentialPlugin, Credential | LoginFailure]
Say = Callable[[Sequence[str]], None]


def run_plugins(clusters: Mapping[CredentialPlugin, Sequence[str]], settings: RunSettings, say: Say) -> LoginAnswers:
    """Run each credential plugin once, and return what each has answered.

    Those that don't ask, or can do without, run side by side and have no stdin. Then those that have to ask, and those
    that failed without stdin, have the terminal to themselves, one after another.

    clusters: plugin -> the names of the clusters that it logs in to
    say: gets the lines that the plugins write to stderr
    Raises KeyboardInterrupt.
    """
    answers: LoginAnswers = {}
    startable = []
    for plugin in clusters:
        if problem := _problem(plugin, settings):
            answers[plugin] = LoginFailure(problem)
        else:
            startable.append(plugin)
    side_by_side = [plugin for plugin in startable if plugin.interactive_mode != "Always"]
    voices = _Voices({plugin: _label(clusters[plugin]) for plugin in startable}, say, settings.watched)
    endings = _run_side_by_side(side_by_side, settings, voices)
    asking = []
    for plugin in startable:
        ending = endings.get(plugin)
        if not ending:
            asking.append(plugin)
            continue
        answers[plugin] = ending.answer
        if settings.terminal and plugin.interactive_mode == "IfAvailable" and ending.failed_by_itself:
            asking.append(plugin)
        else:
            voices.end(plugin, ending)
    answers.update(_run_on_terminal(asking, endings, settings, voices))
    return answers


def run_quietly(plugin: CredentialPlugin, settings: RunSettings) -> Credential | LoginFailure:
    """Run a credential plugin without stdin, beside the event loop, and return its answer."""
    if problem := _problem(plugin, settings):
        return LoginFailure(problem)
    command = _command(plugin, settings, interactive=False)
    try:
        done = background.run_in_background(command.argv, command.env, settings.patience)
    except OSError as error:
        return _start_failure(error)
    end = Exit(0, command.cluster, done.status, done.timed_out)
    return _ending(plugin, end, done.stdout, _last_words(done.stderr), settings).answer


def program_name(plugin: CredentialPlugin) -> str:
    """Return the name of a plugin's program: "aws", or "kubectl oidc-login" for a plugin of kubectl's."""
    name = os.path.basename(plugin.command)
    return f"{name} {plugin.args[0]}" if name == "kubectl" and plugin.args else name


def _problem(plugin: CredentialPlugin, settings: RunSettings) -> str:
    """Return why a plugin can't be started; "" if nothing is known that stands against it."""
    if not plugin.path:
        hint = f". {_shortened(' '.join(visible(plugin.install_hint).split()))}" if plugin.install_hint else ""
        return f"executable {_shortened(visible(plugin.command))} not found{hint}"
    if plugin.interactive_mode == "Always" and not settings.terminal:
        return "the plugin has to ask, and standard input is not a terminal"
    words = (plugin.path, *plugin.args, *(f"{name}={value}" for name, value in plugin.env))
    with suppress(UnicodeEncodeError):
        if not any(b"\0" in os.fsencode(word) for word in words):
            return ""
    return "the plugin can't be started: not a possible command line"


_LONGEST_ANSWER = 1 << 20  # bytes


# --- Side by side ----------------------------------------------------------------------------------------------


class _Ending(NamedTuple):
    """How a run has ended. words: the last lines that the plugin wrote to stderr, if the answer quotes them."""

    answer: Credential | LoginFailure
    words: Sequence[str] = ()
    failed_by_itself: bool = False


def _run_side_by_side(
    plugins: Sequence[CredentialPlugin], settings: RunSettings, voices: _Voices
) -> dict[CredentialPlugin, _Ending]:
    """Run the plugins without stdin, and return how each has ended."""
    endings: dict[CredentialPlugin, _Ending] = {}
    while remaining := [plugin for plugin in plugins if plugin not in endings]:
        endings.update(_run_until_start_error(remaining, settings, voices))
    return endings


def _run_until_start_error(
    plugins: Sequence[CredentialPlugin], settings: RunSettings, voices: _Voices
) -> dict[CredentialPlugin, _Ending]:
    """Run the plugins until one of them can't be started, after which the event loop starts no others."""
    queues: dict[str, list[CredentialPlugin]] = {}
    for plugin in plugins:
        queues.setdefault(program_name(plugin), []).append(plugin)
    limits = {name: settings.limits.get(name, _LIMITS.get(name, len(queue))) for name, queue in queues.items()}
    first = {plugin for name, queue in queues.items() for plugin in queue[: limits[name]]}
    started = [plugin for plugin in plugins if plugin in first]
    waiting = {name: iter(queue[limits[name] :]) for name, queue in queues.items()}
    commands = [_command(plugin, settings, interactive=False) for plugin in started]
    stdout: dict[CredentialPlugin, bytearray] = {}
    endings: dict[CredentialPlugin, _Ending] = {}

    def note_start_error(index: int, error: OSError) -> None:
        endings[started[index]] = _Ending(_start_failure(error))

    for event in event_loop.run_commands(
        commands,
        settings.max_parallel,
        settings.patience,
        on_start=lambda index: voices.begin(started[index]),
        on_start_error=note_start_error,
        on_tick=voices.show,
    ):
        plugin = started[event.command_index]
        if isinstance(event, Exit):
            voices.finish(plugin)
            endings[plugin] = _ending(
                plugin, event, bytes(stdout.get(plugin, b"")), voices.last_words(plugin), settings
            )
            follower = next(waiting[program_name(plugin)], None)
            if follower:
                started.append(follower)
                commands.append(_command(follower, settings, interactive=False))
        elif event.stream == "stdout":
            kept = stdout.setdefault(plugin, bytearray())
            if len(kept) <= _LONGEST_ANSWER:  # a longer one is no credential
                kept += event.text
        else:
            voices.hear(plugin, event)
    return endings


def _ending(plugin: CredentialPlugin, end: Exit, stdout: bytes, words: Sequence[str], settings: RunSettings) -> _Ending:
    said = " ".join([*(_shortened(line, 100) for line in words[:-1]), *map(_shortened, words[-1:])])
    if end.timed_out:
        heard = f", after it had said: {said}" if said else ""
        return _Ending(LoginFailure(f"timed out after {settings.patience:g}s{heard}"), words)
    if end.status:
        reason = said or _status_text(plugin, end.status)
        return _Ending(LoginFailure(reason), words, failed_by_itself=True)
    return _Ending(exec_credentials.parse_credential(stdout, plugin.api_version))


def _status_text(plugin: CredentialPlugin, status: int) -> str:
    return f"{visible(os.path.basename(plugin.command))} ended with status {status}"


# --- On the terminal -------------------------------------------------------------------------------------------


def _run_on_terminal(
    plugins: Sequence[CredentialPlugin],
    endings: Mapping[CredentialPlugin, _Ending],
    settings: RunSettings,
    voices: _Voices,
) -> Iterator[tuple[CredentialPlugin, Credential | LoginFailure]]:
    """Run the plugins one after another on the terminal, and yield the answer of each.

    Where a program fails here with the words with which it has failed without stdin, its runs that have failed with
    them, too, aren't tried again: they have nothing to ask.
    """
    hopeless: set[tuple[str, str]] = set()
    for plugin in plugins:
        ending = endings.get(plugin)
        failure = ending.answer if ending and isinstance(ending.answer, LoginFailure) else None
        key = (program_name(plugin), failure.reason if failure else "")
        if ending and key in hopeless:
            voices.end(plugin, ending)
            continue
        voices.announce(plugin)
        answer = _ask_on_terminal(plugin, settings)
        if answer == failure:
            hopeless.add(key)
        yield plugin, answer


def _ask_on_terminal(plugin: CredentialPlugin, settings: RunSettings) -> Credential | LoginFailure:
    from kubectl_mc.processes import terminal

    command = _command(plugin, settings, interactive=True)
    try:
        status, stdout, stderr = terminal.run_and_read(command.argv, command.env)
    except OSError as error:
        return _start_failure(error)
    return _ending(plugin, Exit(0, command.cluster, status), stdout, _last_words(stderr), settings).answer


# --- What they say ---------------------------------------------------------------------------------------------


class _Voices:
    """Shows what plugins write to stderr, line by line, while they run, and at their ends what no notice quotes.

    A line is shown once, even if several of them write it.
    """

    def __init__(self, labels: Mapping[CredentialPlugin, str], say: Say, watched: bool) -> None:
        self._labels = labels
        self._say = say
        self._watched = watched
        self._silent: dict[CredentialPlugin, float] = {}  # since its start, of time.monotonic()
        self._unread: dict[CredentialPlugin, bytes] = {}
        self._tails: dict[CredentialPlugin, bytes] = {}
        self._shown: set[str] = set()

    def begin(self, plugin: CredentialPlugin) -> None:
        """Note that a plugin has been started."""
        self._silent[plugin] = time.monotonic()

    def finish(self, plugin: CredentialPlugin) -> None:
        """Note that a plugin has ended."""
        self._silent.pop(plugin, None)

    def hear(self, plugin: CredentialPlugin, chunk: Chunk) -> None:
        """Take what a plugin has written."""
        self._silent.pop(plugin, None)
        self._unread[plugin] = self._unread.get(plugin, b"") + chunk.text
        self._tails[plugin] = (self._tails.get(plugin, b"") + chunk.text)[-_LONGEST_TAIL:]
        if len(self._unread[plugin]) > _LONGEST_TAIL:
            self.show()

    def show(self) -> None:
        """Show what hasn't been shown, an unfinished line too: it may be a question; and for whom somebody waits."""
        for plugin in list(self._unread):
            self._show(plugin, _lines(self._unread.pop(plugin)))
        long_ago = time.monotonic() - _LONG_SILENCE
        late = [plugin for plugin, start in self._silent.items() if self._watched and start < long_ago]
        for plugin in late:
            self.finish(plugin)
        if late:
            self._say([messages.waiting_for_logins([self._labels[plugin] for plugin in late])])

    def last_words(self, plugin: CredentialPlugin) -> list[str]:
        """Return the last one or two lines that a plugin has written."""
        return _last_words(self._tails.get(plugin, b""))

    def end(self, plugin: CredentialPlugin, ending: _Ending) -> None:
        """Show what hasn't been shown, but for what the notice of failures quotes."""
        lines = _lines(self._unread.pop(plugin, b""))
        self._show(plugin, [line for line in lines if line.strip() not in ending.words])

    def announce(self, plugin: CredentialPlugin) -> None:
        """Say whose login is next on the terminal."""
        self._unread.pop(plugin, None)
        self._say([f"[{self._labels[plugin]}] login with {visible(program_name(plugin))}"])

    def _show(self, plugin: CredentialPlugin, lines: Sequence[str]) -> None:
        new = [line for line in dict.fromkeys(lines) if line not in self._shown]
        self._shown.update(new)
        if new:
            self._say([f"[{self._labels[plugin]}] {line}" for line in new])


_LONG_SILENCE = 3.0  # seconds after which it is said for whom a command waits
_LONGEST_TAIL = 64 * 1024  # bytes
_LAST_WORDS = 2  # lines


def _last_words(text: bytes) -> list[str]:
    # An indented line is part of something longer.
    lines = [line for line in _lines(text) if not line.startswith((" ", "\t"))]
    return [line.strip() for line in lines[-_LAST_WORDS:]]


def _lines(text: bytes) -> list[str]:
    lines = [visible(line.rstrip()) for line in text.decode("utf-8", "replace").split("\n")]
    return [line for line in lines if line]


_LONGEST_LABEL = 40


def _label(clusters: Sequence[str]) -> str:
    names = fold_names(clusters)
    return names if len(names) <= _LONGEST_LABEL else f"{visible(clusters[0])} and {len(clusters) - 1} more"


# --- The process -----------------------------------------------------------------------------------------------


def _command(plugin: CredentialPlugin, settings: RunSettings, interactive: bool) -> Command:
    """Return the process that client-go would start.

    The variables of the entry take precedence over the user's, and KUBERNETES_EXEC_INFO over both.
    """
    cluster = json.loads(plugin.cluster_info) if plugin.cluster_info else None
    exec_info = exec_credentials.exec_info(plugin.api_version, interactive, cluster)
    variables = {**settings.variables, **dict(plugin.env), "KUBERNETES_EXEC_INFO": exec_info}
    return Command(plugin.command, (plugin.path, *plugin.args), variables)


def _start_failure(error: Exception) -> LoginFailure:
    # The error's own text may quote the command line, which may hold a secret.
    reason = getattr(error, "strerror", None) or "not a possible command line"
    return LoginFailure(f"the plugin can't be started: {reason}")


def _shortened(text: str, length: int = 200) -> str:
    return f"{text[:length]}…" if len(text) > length else text
