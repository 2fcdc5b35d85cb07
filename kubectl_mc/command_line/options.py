# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Our own flags: which there are, and their values."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence

from kubectl_mc import messages
from kubectl_mc.named_tuples import NamedTuple
from kubectl_mc.type_hints import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import re


class Options(NamedTuple):
    """The values of our own flags. Times are in seconds; a cluster_timeout of 0 is no limit.

    inventory: the namespaces of the hub whose ClusterProfiles are read; none for all
    fold, cluster_timeout: None is the verb's default
    include, …, exclude_container_regex: regular expressions, as `pattern` compiles them
    report: the path of the file for the report for programs
    color: one of COLOR_CHOICES
    where: conditions on rows, as `conditions.parse_condition` reads them
    output: of `logs`, whose -o kubectl lacks: one of own_commands.LOG_OUTPUTS; "" for lines behind labels. Of counts of
        rows: the form of their document; "" for a table
    typed: the flags as the user typed them, (name, value); another name of a flag is replaced by its own
    """

    hub_context: str | None = None
    inventory: tuple[str, ...] = ()
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
    clusterprofile_provider_file: str | None = None
    yes: bool = False
    waves: str | None = None
    canary: str | None = None
    wave_timeout: float | None = None
    pause: str | None = None
    max_failures: str | None = None
    continue_on_preflight_error: bool = False
    show_diff: bool = False
    read_only: bool = False
    max_parallel: int = 0
    cluster_timeout: float | None = None
    fold: bool | None = None
    where: tuple[str, ...] = ()
    count_by: tuple[str, ...] = ()
    by_time: bool = False
    include: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    highlight: tuple[str, ...] = ()
    pod_regex: tuple[str, ...] = ()
    exclude_pod_regex: tuple[str, ...] = ()
    container_regex: tuple[str, ...] = ()
    exclude_container_regex: tuple[str, ...] = ()
    if_present: bool = False
    no_reconnect: bool = False
    refresh: bool = False
    verbose: bool = False
    report: str | None = None
    color: str = "auto"
    output: str = ""
    typed: tuple[tuple[str, str | None], ...] = ()


# Other names of our flags, from earlier versions -> their own.
_OTHER_NAMES: Mapping[str, str] = {"hub-namespace": "inventory"}

COLOR_CHOICES = ("auto", "always", "never")

# Flags that may be typed without a value, as `ls` and `git` have it -> their value then.
_BARE_VALUES: Mapping[str, str] = {"color": "always"}

# Fields that are no flags of all verbs.
_NO_FLAGS = ("output", "typed")

# Our flags, one for each field: name -> whether it takes a value. kubectl has none of these names (invocation_test.py).
OWN_FLAGS: Mapping[str, bool] = {
    **{
        # The other boolean flags are off by default.
        field.replace("_", "-"): default is not False and field != "fold" and field not in _BARE_VALUES
        for field, default in Options._field_defaults.items()
        if field not in _NO_FLAGS
    },
    **dict.fromkeys(_OTHER_NAMES, True),
}

REPORT = "KUBECTL_MC_REPORT"  # the variable that stands for --report where that is not typed

_PROFILE_FLAGS = ("cluster-selector", "clusterset", "property", "cluster-manager", "placement", "healthy")

# All flags that choose clusters.
SELECTION_FLAGS = ("clusters", "exclude", "all-clusters", "contexts", "pick", *_PROFILE_FLAGS)

# Flags whose values are regular expressions.
PATTERN_FLAGS = (
    "include", "drop", "highlight", "pod-regex", "exclude-pod-regex", "container-regex", "exclude-container-regex",
)  # fmt: skip

# Flags about log lines, which are for `logs` only.
LOG_FLAGS = ("by-time", *PATTERN_FLAGS)

# Flags about the rows of tables.
TABLE_FLAGS = ("where", "count-by")

# Flags that need a hub, so they don't go with clusters that are contexts of the kubeconfig.
HUB_FLAGS = (*_PROFILE_FLAGS, "hub-context", "inventory")

# Flags about the steps of a change.
WAVE_FLAGS = ("waves", "canary", "wave-timeout", "pause", "max-failures")

# Flags about changes.
CHANGE_FLAGS = ("yes", *WAVE_FLAGS, "continue-on-preflight-error", "show-diff")

# Flags that are ours behind a plugin's name, too: which clusters it is for, how they are reached, and how it passes the
# gate. Every other flag there is the plugin's, whatever it is called; ahead of its name all of ours are ours.
PLUGIN_FLAGS = frozenset(
    (*SELECTION_FLAGS, *HUB_FLAGS, *_OTHER_NAMES, "clusterprofile-provider-file", *CHANGE_FLAGS, "read-only")
)


def with_defaults(options: Options, defaults: Sequence[tuple[str, str]]) -> Options:
    """Return the options with defaults, (flag, value) pairs, for the flags that were not typed.

    A typed flag also overrides the defaults that contradict it: --all-clusters those that select clusters, --contexts
    those about a hub, and a flag about a hub the default of --contexts. Raises UserError for a wrong value.
    """
    typed = {name for name, _ in options.typed}
    overridden = {
        *typed,
        *(("clusters", "exclude", *_PROFILE_FLAGS, "pick") if options.all_clusters else ()),
        *((*HUB_FLAGS, "clusters") if "contexts" in typed else ()),
        *(("contexts",) if typed & {*HUB_FLAGS} else ()),
    }
    added = [(name, value) for name, value in defaults if _OTHER_NAMES.get(name, name) not in overridden]
    if "contexts" in dict(added):  # the mapping file may say which inventory is read where a hub is
        added = [(name, value) for name, value in added if _OTHER_NAMES.get(name, name) != "inventory"]
    return with_flags(options, added)


def hub_flags_again(options: Options) -> list[tuple[str, str | None]]:
    """Return a flag about a hub, if one was typed and no context: it overrides a default of --contexts once more.

    It is for a later command about the same clusters, for which the flags that chose them are left out.
    """
    names = {name for name, _ in options.typed}
    return [("healthy", "false")] if names & {*HUB_FLAGS} and not options.contexts else []


def with_flags(options: Options, flags: Sequence[tuple[str, str | None]]) -> Options:
    """Return the options with (name, value) flags that were not typed. Raises UserError for a wrong value."""
    of_flags = from_flags(flags)
    fields = {name.replace("-", "_") for name, _ in of_flags.typed}
    return options._replace(**{field: getattr(of_flags, field) for field in fields})


def selecting_flags(options: Options) -> str:
    """Return the typed flags by which another command is for the same clusters, each behind a blank, for a shell."""
    return _typed_flags(options, {*SELECTION_FLAGS, "hub-context", "inventory"} - {"pick"})


def reaching_flags(options: Options) -> str:
    """Return `selecting_flags`, and those by which the clusters are reached in the same way."""
    return selecting_flags(options) + _typed_flags(options, {"clusterprofile-provider-file"})


def _typed_flags(options: Options, names: Container[str]) -> str:
    from shlex import quote

    typed = [(name, value) for name, value in options.typed if name in names]
    return "".join(f" --{name}" if value is None else f" --{name}={quote(value)}" for name, value in typed)


def with_names(options: Options, names: Iterable[str]) -> Options:
    """Return the options as if the names had been typed with --clusters, too. Raises UserError as `from_flags`."""
    added = from_flags([("clusters", name) for name in names])
    return options._replace(clusters=(*options.clusters, *added.clusters), typed=(*options.typed, *added.typed))


def names_targets(options: Options) -> bool:
    """Return whether the user has named the clusters. Leaving some out (--exclude, --healthy, `!x`) doesn't."""
    names = [name for name in (*options.clusters, *options.contexts) if not name.startswith("!")]
    by_name = names or options.all_clusters or options.pick
    by_label = options.cluster_selector or options.clusterset or options.property or options.cluster_manager
    return bool(by_name or by_label or options.placement)


def exact_names(typed: Iterable[tuple[str, str | None]]) -> set[str]:
    """Return what is typed for --clusters and --contexts, in which the names of clusters stand exactly.

    A set `{a,b}`, `!a` and `/a/` are values of their own, in which no name stands.
    """
    return {name for flag in ("clusters", "contexts") for name in typed_names(typed, flag)}


def typed_names(typed: Iterable[tuple[str, str | None]], flag: str) -> list[str]:
    """Return the values that are typed for one of the flags that name clusters."""
    return [name for typed_flag, text in typed if typed_flag == flag for name in _names(text or "")]


def _names(text: str) -> list[str]:
    if "{" not in text and "/" not in text:
        return text.split(",")
    from kubectl_mc.command_line import name_sets

    return name_sets.split_list(text)


def _check_names(flag: str, names: Iterable[str]) -> None:
    """Raise UserError for a regular expression that is none, and for sets with too many names."""
    from kubectl_mc.command_line import name_sets

    for name in names:
        try:
            alternatives = name_sets.alternatives(name.removeprefix("!"))
        except RecursionError:
            alternatives = []
        if not 0 < len(alternatives) <= name_sets.MOST:
            raise messages.bad_flag_value(flag, name, f"a set of at most {name_sets.MOST} names")
        for alternative, _ in alternatives:
            if (expression := name_sets.regular_expression(alternative)) is not None:
                pattern(flag, expression)


def from_flags(flags: Sequence[tuple[str, str | None]]) -> Options:
    """Return the options that (name, value) flags set. Raises UserError for a wrong value."""
    fields: dict[str, Any] = {}
    typed = []
    for typed_name, value in flags:
        name = _OTHER_NAMES.get(typed_name, typed_name)
        text = _BARE_VALUES.get(name, "") if value is None else value
        field = name.replace("-", "_")
        typed.append((name, value))
        # An empty list must not mean all clusters; a pattern may be a comma.
        if (OWN_FLAGS[name] or name in _BARE_VALUES) and not (text if name in PATTERN_FLAGS else text.strip(",")):
            raise messages.flag_needs_value(typed_name)
        if name in _LISTS:
            names = _names(text) if name != "inventory" else text.split(",")
            fields[field] = (*fields.get(field, ()), *filter(None, names))
            if "{" in text or "/" in text:
                _check_names(name, fields[field])
        elif name in _REPEATED:
            fields[field] = (*fields.get(field, ()), text)
            if name in PATTERN_FLAGS:
                pattern(name, text)
            elif name == "where":
                _check_condition(text)
        elif name in _READERS:
            fields[field] = _READERS[name](name, text)
        else:
            fields[field] = text if OWN_FLAGS[name] else truth(name, text)
    return Options(**fields, typed=tuple(typed))


def flags_set(options: Options, flags: Iterable[str]) -> list[str]:
    """Return those of these flags that are set."""
    return [flag for flag in flags if getattr(options, flag.replace("-", "_"))]


def joined(options: Options, others: Options) -> Options:
    """Return the options of one command line whose flags were typed in two parts."""
    if not others.typed:
        return options._replace(output=others.output) if others.output else options
    return from_flags([*options.typed, *others.typed])._replace(output=others.output or options.output)


def without_log_flags(options: Options) -> Options:
    """Return the options without those about log lines."""
    fields = [flag.replace("-", "_") for flag in flags_set(options, LOG_FLAGS)]
    return options._replace(**{field: Options._field_defaults[field] for field in fields}) if fields else options


def pattern(flag: str, text: str) -> re.Pattern[str]:
    """Return a regular expression of Python's re. Raises UserError, with the place of the mistake, for what is none."""
    import re
    import warnings

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about what a later Python may take for something else
            return re.compile(text)
    except (re.error, OverflowError, RecursionError) as error:
        raise messages.bad_pattern(flag, text, str(error)) from error


def _check_condition(text: str) -> None:
    from kubectl_mc.command_line.conditions import parse_condition

    condition = parse_condition(text)
    if condition.is_pattern:
        pattern("where", condition.value)


_DIGITS = 10  # of a number, which Python reads, and nobody needs to be larger


def _count(flag: str, text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < _DIGITS and int(text)):
        raise messages.bad_flag_value(flag, text, "a whole number from 1")
    return int(text)


def _color(flag: str, text: str) -> str:
    if text not in COLOR_CHOICES:
        raise messages.bad_flag_value(flag, text, f"one of {', '.join(COLOR_CHOICES)}")
    return text


def truth(flag: str, text: str) -> bool:
    """Return the value of a boolean flag; "" is that of one typed without a value. Raises UserError for another."""
    if text not in ("", "true", "1", "false", "0"):
        raise messages.bad_flag_value(flag, text, "true or false")
    return text not in ("false", "0")


_LONGEST = 10 * 366 * 24 * 3600.0  # seconds; what is longer may be no time to the system

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


def seconds(flag: str, text: str) -> float:
    """Return the seconds of a duration as Go writes it (`30s`, `1m30s`, `500ms`, `0`); a bare number is seconds.

    Raises UserError for another text, and for more than ten years.
    """
    import re

    number = r"[0-9]+(?:\.[0-9]+)?"
    parts = [(text, "s")] if re.fullmatch(number, text) else re.findall(rf"({number})(ms|s|m|h)", text)
    duration = sum(float(count) * _UNITS[unit] for count, unit in parts)
    is_whole = "".join(count + unit for count, unit in parts) in (text, f"{text}s")
    if not parts or not is_whole or duration > _LONGEST:
        raise messages.bad_flag_value(flag, text, "a duration of at most ten years, such as 30s, 1m30s or 500ms")
    return duration


_READERS: Mapping[str, Callable[[str, str], Any]] = {
    "color": _color,
    "max-parallel": _count,
    "cluster-timeout": seconds,
    "wave-timeout": seconds,
}

# Flags that may be repeated, and that hold several values, separated by commas.
_LISTS = ("inventory", "clusters", "exclude", "contexts", "count-by")

# Flags that may be repeated, whose values may contain a comma.
_REPEATED = ("property", "where", *PATTERN_FLAGS)
