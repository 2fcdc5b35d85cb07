"""The command line of kubectl-mc: our own flags apart from what goes to kubectl untouched; and the one place
where an error becomes text and an exit status.

Reading is pure: argv -> Invocation. Running it is `run.py`'s and `commands/`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple, TextIO

from kubectl_mc import errors, grammar
from kubectl_mc.commands import COMMANDS, SECTIONS, WITHOUT_OPERANDS
from kubectl_mc.errors import UserError
from kubectl_mc.flags import FLAGS
from kubectl_mc.grammar import CommandLine
from kubectl_mc.streams import Streams


class Options(NamedTuple):
    """Our own flags; None where what holds depends on the verb. Times in seconds; cluster_timeout 0 is no limit.

    given: the flags as they were typed, (name, value)
    """

    hub_context: str | None = None
    hub_namespace: str | None = None
    clusters: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    all_clusters: bool = False
    cluster_selector: str | None = None
    clusterset: str | None = None
    property: tuple[str, ...] = ()
    cluster_manager: str | None = None
    placement: str | None = None
    healthy: bool = False
    pick: bool = False
    contexts: tuple[str, ...] = ()
    max_parallel: int = 0
    cluster_timeout: float | None = None
    fold: bool | None = None
    by_time: bool = False
    refresh: bool = False
    verbose: bool = False
    clusterprofile_provider_file: str | None = None
    yes: bool = False
    waves: str | None = None
    canary: str | None = None
    wave_timeout: float | None = None
    pause: str | None = None
    max_failures: str | None = None
    continue_on_preflight_error: bool = False
    show_diff: bool = False
    given: tuple[tuple[str, str | None], ...] = ()


class Invocation(NamedTuple):
    """What a command line asks for: our options, and kubectl's command line without them.

    wants: "help" or "version" of our own, or "kubectl"
    """

    options: Options
    kubectl: CommandLine
    wants: str = "kubectl"


# Our flags -> takes a value. None of them is a flag of kubectl's, now or by the look of it (cli_test.py).
OWN_FLAGS: Mapping[str, bool] = {
    "hub-context": True,
    "hub-namespace": True,
    "clusters": True,
    "exclude": True,
    "all-clusters": False,
    "cluster-selector": True,
    "clusterset": True,
    "property": True,
    "cluster-manager": True,
    "placement": True,
    "healthy": False,
    "pick": False,
    "contexts": True,
    "clusterprofile-provider-file": True,
    "yes": False,
    "waves": True,
    "canary": True,
    "wave-timeout": True,
    "pause": True,
    "max-failures": True,
    "continue-on-preflight-error": False,
    "show-diff": False,
    "max-parallel": True,
    "cluster-timeout": True,
    "fold": False,
    "by-time": False,
    "refresh": False,
    "verbose": False,
}

# Flags of kubectl's that name one API server: with them every cluster's command would reach the same one.
REFUSED = ("context", "cluster", "server")


def parse(argv: Sequence[str]) -> Invocation:
    """Split `argv` (without the program's name) into our flags and kubectl's; `help VERB` is `VERB --help`.

    Raises UserError for a value of ours that is none, for --context, --cluster and --server, and for a flag that
    is nearly one of ours and none of kubectl's.
    """
    line = grammar.parse(argv, OWN_FLAGS)
    ours = [token.flags[0] for token in line.tokens if _is_own(token)]
    theirs = line._replace(tokens=tuple(token for token in line.tokens if not _is_own(token)))
    options = from_flags(ours)
    if theirs.path == ("help",):
        return parse([*grammar.operands(theirs), "--help"])
    if not argv:
        return Invocation(options, theirs, "help")
    if not theirs.path:
        for wish in ("help", "version"):
            if grammar.is_set(theirs, wish):
                return Invocation(options, theirs, wish)
    _refuse(theirs)
    return Invocation(options, theirs)


def _is_own(token: grammar.Token) -> bool:
    return len(token.flags) == 1 and token.flags[0][0] in OWN_FLAGS and token.words[0].startswith("--")


# Flags that only a hub can answer: it knows of no cluster that is a context of the user's.
HUB_FLAGS = (
    "cluster-selector", "clusterset", "property", "cluster-manager", "placement", "healthy", "hub-context",
    "hub-namespace",
)  # fmt: skip

# Flags that choose from the fleet.
_CHOOSING = (
    "clusters", "exclude", "cluster-selector", "clusterset", "property", "cluster-manager", "placement", "healthy",
    "pick",
)  # fmt: skip


def with_defaults(options: Options, defaults: Sequence[tuple[str, str]]) -> Options:
    """The options, with defaults ((flag, value)) for the flags that were not given. Raises UserError as `parse`.

    A flag that was typed also stands against defaults that contradict it: --all-clusters against those that choose
    from the fleet, --contexts against what is said of a hub, and that against --contexts.
    """
    typed = {name for name, _ in options.given}
    void = {
        *typed,
        *(_CHOOSING if options.all_clusters else ()),
        *((*HUB_FLAGS, "clusters") if "contexts" in typed else ()),
        *(("contexts",) if typed & {*HUB_FLAGS} else ()),
    }
    missing = [each for each in defaults if each[0] not in void]
    return from_flags([*missing, *options.given])._replace(given=options.given) if missing else options


def names_targets(options: Options) -> bool:
    """Did the user say which clusters? Leaving some out (--exclude, --healthy) isn't saying which."""
    return bool(
        options.clusters
        or options.all_clusters
        or options.cluster_selector
        or options.clusterset
        or options.property
        or options.cluster_manager
        or options.placement
        or options.pick
        or options.contexts
    )


def from_flags(ours: Sequence[tuple[str, str | None]]) -> Options:
    """The options that (name, value) flags of ours are. Raises UserError for a value that is none."""
    fields: dict[str, Any] = {}
    for name, given in ours:
        if OWN_FLAGS[name] and not (given or "").strip(","):  # a list of nothing must not mean all clusters
            raise errors.flag_needs_value(name)
        field = name.replace("-", "_")
        if name in _LISTS:
            fields[field] = (*fields.get(field, ()), *(part for part in (given or "").split(",") if part))
        elif name == "property":
            fields[field] = (*fields.get(field, ()), given or "")
        else:
            reader = _READERS.get(name, _text if OWN_FLAGS[name] else _truth)
            fields[field] = reader(name, given or "")
    return Options(**fields, given=tuple(ours))


def _text(flag: str, text: str) -> str:
    return text


def _count(flag: str, text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise errors.bad_flag_value(flag, text, "a whole number from 1")
    return int(text)


def _truth(flag: str, text: str) -> bool:
    if text not in ("", "true", "1", "false", "0"):
        raise errors.bad_flag_value(flag, text, "true or false")
    return text not in ("false", "0")


def seconds(flag: str, text: str) -> float:
    """A duration as Go writes it (`30s`, `1m30s`, `500ms`, `0`), in seconds; a bare number is seconds."""
    import re

    units = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
    if re.fullmatch(r"\d+(\.\d+)?", text):
        return float(text)
    parts = re.findall(r"(\d+(?:\.\d+)?)(ms|s|m|h)", text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise errors.bad_flag_value(flag, text, "a duration such as 30s, 1m30s or 500ms")
    return sum(float(number) * units[unit] for number, unit in parts)


_READERS: Mapping[str, Callable[[str, str], Any]] = {
    "max-parallel": _count,
    "cluster-timeout": seconds,
    "wave-timeout": seconds,
}

# Flags that may be repeated, and hold several values between commas; a property's value may have one in it.
_LISTS = ("clusters", "exclude", "contexts")


def _refuse(line: CommandLine) -> None:
    """Refuse what can't mean what was typed; `config` is about the kubeconfig itself, so there all is kubectl's."""
    if line.path[:1] == ("config",):
        return
    given = [name for token in line.tokens for name, _ in token.flags]
    for name in REFUSED:
        if name in given:
            raise errors.refused_flag(name)
    if line.path and line.path[0] not in FLAGS:
        return  # a plugin: its flags are its own
    for name in given:
        if len(name) > 1 and name not in grammar.all_flags():
            meant = errors.nearest(name, OWN_FLAGS, cutoff=0.8)
            if meant:
                raise errors.unknown_own_flag(name, meant)


def main(argv: Sequence[str], environment: Mapping[str, str], stdin: TextIO, stdout: TextIO, stderr: TextIO) -> int:
    """Run one command line and return its exit status; see design.md for what each status means."""
    try:
        status = _run(parse(argv), environment, Streams(stdin, stdout, stderr))
        stdout.flush()
        return status
    except UserError as error:
        return _failed(stderr, str(error))
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        return 0  # the reader (`| head`) has seen enough
    except OSError as error:  # a full disk, for example
        return _failed(stderr, errors.trouble(error))
    finally:
        for stream in (stdout, stderr):
            with suppress(OSError):
                stream.flush()


def _failed(stderr: TextIO, text: str) -> int:
    with suppress(OSError):
        stderr.write(f"Error: {text}\n")
    return 1


def _run(invocation: Invocation, environment: Mapping[str, str], streams: Streams) -> int:
    line = invocation.kubectl
    if invocation.wants == "help":
        from kubectl_mc import usage

        streams.stdout.write(usage.HELP)
        return 0
    if invocation.wants == "version":
        from kubectl_mc import __version__

        streams.stdout.write(f"kubectl-mc {__version__}\n")
        return 0
    if not line.path:
        raise errors.no_verb()
    if line.path[0] in COMMANDS:
        from importlib import import_module

        command = import_module(f"kubectl_mc.commands.{line.path[0]}")
        if grammar.is_set(line, "help"):
            from kubectl_mc import usage

            streams.stdout.write(command.HELP + usage.of_sections(SECTIONS[line.path[0]]))
            return 0
        _refuse_unknown(line)
        return int(command.run(line, invocation.options, environment, streams))
    from kubectl_mc import run

    return run.run(invocation, environment, streams)


def _refuse_unknown(line: CommandLine) -> None:
    """A flag of a command of ours with a typo must not be a run without it."""
    known = grammar.flag_table(line.verb).takes_value
    given = [name for token in line.tokens for name, _ in token.flags]
    words = [f"--{name}" if len(name) > 1 else f"-{name}" for name in given if name not in known]
    words += grammar.operands(line) if line.verb in WITHOUT_OPERANDS else []
    if words:
        raise errors.unexpected_argument(line.verb, words[0], [f"--{name}" for name in (*known, *OWN_FLAGS)])
