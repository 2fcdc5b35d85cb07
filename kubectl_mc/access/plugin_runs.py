"""Running credential plugins as client-go would: side by side, or one after another where they ask on the terminal.

What they write to stderr is shown while they run, with the clusters that they log in to. Several runs of one program
that would be in each other's way, as they listen on the same port (int128/kubelogin #389), follow one another. No
message or repr of this module holds a credential or what a plugin wrote to stdout.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress

from kubectl_mc.access import exec_credentials
from kubectl_mc.access.credential_plugins import CredentialPlugin
from kubectl_mc.access.exec_credentials import Credential, LoginFailure
from kubectl_mc.access.plugin_voices import Voices
from kubectl_mc.messages import signal_name, visible
from kubectl_mc.named_tuples import NamedTuple
from kubectl_mc.processes import background, event_loop
from kubectl_mc.processes.children import Command
from kubectl_mc.processes.event_loop import Exit
from kubectl_mc.processes.standard_streams import Phase, Streams

# Programs that wait on a port of their own for the browser: program_name -> how many run at a time by default.
_LIMITS: Mapping[str, int] = {"kubelogin": 1, "kubectl-oidc_login": 1, "kubectl oidc-login": 1}


class RunSettings(NamedTuple):
    """How credential plugins run.

    variables: the user's environment variables, which credential plugins get
    max_parallel: how many run at a time
    patience: the seconds that each of them has, 0 for no limit; there is no limit on the terminal
    terminal: stdin is a terminal that nobody else reads
    limits: program_name -> how many runs of it there may be at a time; for the others, see `_LIMITS`
    """

    variables: Mapping[str, str]
    max_parallel: int
    patience: float
    terminal: bool = False
    limits: Mapping[str, int] = {}


LoginAnswers = dict[CredentialPlugin, Credential | LoginFailure]


def run_plugins(
    clusters: Mapping[CredentialPlugin, Sequence[str]], settings: RunSettings, voices: Voices, streams: Streams
) -> LoginAnswers:
    """Run each credential plugin once, and return what each has answered.

    Those that don't ask, or can do without, run side by side and have no stdin. Then those that have to ask, and those
    that failed without stdin, have the terminal to themselves, one after another.

    clusters: plugin -> the names of the clusters that it logs in to
    voices: what the plugins write to stderr goes there
    streams: where it is shown for whom the command waits
    Raises KeyboardInterrupt.
    """
    answers: LoginAnswers = {}
    startable = []
    for plugin, names in clusters.items():
        voices.introduce(plugin, names)
        if problem := _problem(plugin, settings):
            answers[plugin] = LoginFailure(problem)
        else:
            startable.append(plugin)
    side_by_side = [plugin for plugin in startable if plugin.interactive_mode != "Always"]
    endings = _run_side_by_side(side_by_side, settings, voices, streams)
    asking = []
    for plugin in startable:
        ending = endings.get(plugin)
        if not ending:
            asking.append(plugin)
            continue
        answers[plugin] = ending.answer
        if _is_asked_again(plugin, ending, settings):
            asking.append(plugin)
    answers.update(_run_on_terminal(asking, endings, settings, voices))
    return answers


def _is_asked_again(plugin: CredentialPlugin, ending: _Ending, settings: RunSettings) -> bool:
    """Return whether a plugin that has failed without stdin is tried on the terminal."""
    return settings.terminal and plugin.interactive_mode == "IfAvailable" and ending.failed_by_itself


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
        return _start_failure(error)
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
        hint = f". {_shortened(visible(' '.join(plugin.install_hint.split())))}" if plugin.install_hint else ""
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
    """How a run has ended.

    quoted: the lines of stderr that the answer quotes in full
    failed_by_itself: it has failed, and wasn't ended by us
    seconds: that it took
    """

    answer: Credential | LoginFailure
    quoted: Sequence[str] = ()
    failed_by_itself: bool = False
    seconds: float = 0.0


def _run_side_by_side(
    plugins: Sequence[CredentialPlugin], settings: RunSettings, voices: Voices, streams: Streams
) -> dict[CredentialPlugin, _Ending]:
    """Run the plugins without stdin, and return how each has ended."""
    endings: dict[CredentialPlugin, _Ending] = {}
    while remaining := [plugin for plugin in plugins if plugin not in endings]:
        endings.update(_run_until_start_error(remaining, settings, voices, streams))
    return endings


def _run_until_start_error(
    plugins: Sequence[CredentialPlugin], settings: RunSettings, voices: Voices, streams: Streams
) -> dict[CredentialPlugin, _Ending]:
    """Run the plugins until one of them can't be started, after which the event loop starts no others."""
    queues: dict[str, list[CredentialPlugin]] = {}
    for plugin in plugins:
        queues.setdefault(program_name(plugin), []).append(plugin)
    limits = {name: program_limit(queue[0], settings.limits) or len(queue) for name, queue in queues.items()}
    first = {plugin for name, queue in queues.items() for plugin in queue[: limits[name]]}
    started = [plugin for plugin in plugins if plugin in first]
    waiting = {name: iter(queue[limits[name] :]) for name, queue in queues.items()}
    commands = [_command(plugin, settings, interactive=False) for plugin in started]
    stdout: dict[CredentialPlugin, bytearray] = {}
    endings: dict[CredentialPlugin, _Ending] = {}
    starts: dict[int, float] = {}

    labels = [voices.label(plugin) for plugin in started]
    phase = Phase("logins", streams, labels, settings.patience)

    def note_start(index: int) -> None:
        starts[index] = time.monotonic()
        phase.begin(index)

    def on_tick() -> None:
        voices.show()
        if phase.on_tick:
            phase.on_tick()

    def note_start_error(index: int, error: OSError) -> None:
        endings[started[index]] = _Ending(_start_failure(error))

    with phase:
        for event in event_loop.run_commands(
            commands,
            settings.max_parallel,
            settings.patience,
            on_start=note_start,
            on_start_error=note_start_error,
            on_tick=on_tick,
        ):
            plugin = started[event.command_index]
            if isinstance(event, Exit):
                phase.end(event.command_index)
                answer = bytes(stdout.get(plugin, b""))
                ending = _ending(plugin, event, answer, voices.last_words(plugin), settings)
                endings[plugin] = ending._replace(seconds=time.monotonic() - starts[event.command_index])
                if _is_asked_again(plugin, endings[plugin], settings):
                    voices.stop(plugin)
                else:
                    voices.end(plugin, ending.quoted)
                follower = next(waiting[program_name(plugin)], None)
                if follower:
                    started.append(follower)
                    labels.append(voices.label(follower))
                    commands.append(_command(follower, settings, interactive=False))
            elif event.stream == "stdout":
                kept = stdout.setdefault(plugin, bytearray())
                if len(kept) <= _LONGEST_ANSWER:  # a longer one is no credential
                    kept += event.text
            else:
                voices.hear(plugin, event.text)
    return endings


def _ending(plugin: CredentialPlugin, end: Exit, stdout: bytes, words: Sequence[str], settings: RunSettings) -> _Ending:
    """Return how a run has ended. words: the last lines of its stderr"""
    shown = [*(_shortened(line, 150) for line in words[:-1]), *map(_shortened, words[-1:])]
    said, quoted = " ".join(shown), [line for line in words if line in shown]
    if end.timed_out:
        heard = f", after it had said: {said}" if said else ""
        return _Ending(LoginFailure(f"timed out after {settings.patience:g}s{heard}"), quoted)
    if end.status:
        return _Ending(LoginFailure(said or _status_text(plugin, end.status)), quoted, failed_by_itself=True)
    answer = exec_credentials.parse_credential(stdout, plugin.api_version)
    return _Ending(answer, failed_by_itself=isinstance(answer, LoginFailure))


def _status_text(plugin: CredentialPlugin, status: int) -> str:
    name = visible(os.path.basename(plugin.command))
    return f"{name} ended with status {status}" if status > 0 else f"{name} was ended by {signal_name(-status)}"


# --- On the terminal -------------------------------------------------------------------------------------------


def _run_on_terminal(
    plugins: Sequence[CredentialPlugin],
    endings: Mapping[CredentialPlugin, _Ending],
    settings: RunSettings,
    voices: Voices,
) -> Iterator[tuple[CredentialPlugin, Credential | LoginFailure]]:
    """Run the plugins one after another on the terminal, and yield the answer of each.

    What one says stands on the terminal, and isn't known here. Where it fails as fast as without stdin, it has asked
    nothing, so it has failed for the same reason; and others of its program that have failed for it aren't tried again,
    unless the terminal has helped one of them.
    """
    hopeless: set[tuple[str, LoginFailure]] = set()
    helped: set[str] = set()
    for plugin in plugins:
        before = endings.get(plugin)
        failure = before.answer if before and isinstance(before.answer, LoginFailure) else None
        if before and failure and (program_name(plugin), failure) in hopeless:
            continue
        voices.announce(plugin, program_name(plugin))
        start = time.monotonic()
        answer = _ask_on_terminal(plugin, settings)
        is_quick = before is not None and time.monotonic() - start < before.seconds + _QUICK
        if isinstance(answer, Credential):
            helped.add(program_name(plugin))
        elif failure and is_quick and program_name(plugin) not in helped:
            hopeless.add((program_name(plugin), failure))
            answer = failure
        yield plugin, answer


_QUICK = 1.0  # seconds in which nobody answers a question


def _ask_on_terminal(plugin: CredentialPlugin, settings: RunSettings) -> Credential | LoginFailure:
    from kubectl_mc.processes import terminal

    command = _command(plugin, settings, interactive=True)
    try:
        status, stdout = terminal.run_and_read(command.argv, command.env)
    except OSError as error:
        return _start_failure(error)
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


def _start_failure(error: Exception) -> LoginFailure:
    # The error's own text may quote the command line, which may hold a secret.
    reason = getattr(error, "strerror", None) or "not a possible command line"
    return LoginFailure(f"the plugin can't be started: {reason}")


def _shortened(text: str, length: int = 200) -> str:
    return f"{text[:length]}…" if len(text) > length else text
