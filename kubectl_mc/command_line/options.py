"""Our own flags: which there are, and their values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from kubectl_mc import messages
from kubectl_mc.named_tuples import NamedTuple

if TYPE_CHECKING:
    import re


class Options(NamedTuple):
    """The values of our own flags. Times are in seconds; a cluster_timeout of 0 is no limit.

    inventory: the namespaces of the hub whose ClusterProfiles are read; none for all
    fold, cluster_timeout: None is the verb's default
    include, …, exclude_container_regex: regular expressions, as `pattern` compiles them
    report: the path of the file for the report for programs
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
    output: str = ""
    typed: tuple[tuple[str, str | None], ...] = ()


# Other names of our flags, from earlier versions -> their own.
_OTHER_NAMES: Mapping[str, str] = {"hub-namespace": "inventory"}

# Fields that are no flags of all verbs.
_NO_FLAGS = ("output", "typed")

# Our flags, one for each field: name -> whether it takes a value. kubectl has none of these names (invocation_test.py).
OWN_FLAGS: Mapping[str, bool] = {
    **{
        field.replace("_", "-"): default is not False and field != "fold"  # the other boolean flags are off by default
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

# Flags about log lines, which are ours behind `logs` only: a plugin may have its own of such a name.
LOG_FLAGS = ("by-time", *PATTERN_FLAGS)

# Flags about the rows of tables, which are a plugin's own behind its name, too.
TABLE_FLAGS = ("where", "count-by")

# Flags that need a hub, so they don't go with clusters that are contexts of the kubeconfig.
HUB_FLAGS = (*_PROFILE_FLAGS, "hub-context", "inventory")


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
    if not added:
        return options
    return from_flags([*added, *options.typed])._replace(typed=options.typed, output=options.output)


def selecting_flags(options: Options) -> str:
    """Return the typed flags by which another command is for the same clusters, each behind a blank, for a shell."""
    from shlex import quote

    names = {*SELECTION_FLAGS, "hub-context", "inventory"} - {"pick"}
    typed = [(name, value) for name, value in options.typed if name in names]
    return "".join(f" --{name}" if value is None else f" --{name}={quote(value)}" for name, value in typed)


def names_targets(options: Options) -> bool:
    """Return whether the user has named the clusters. Leaving some out (--exclude, --healthy) doesn't name them."""
    by_name = options.clusters or options.all_clusters or options.contexts or options.pick
    by_label = options.cluster_selector or options.clusterset or options.property or options.cluster_manager
    return bool(by_name or by_label or options.placement)


def exact_names(typed: Iterable[tuple[str, str | None]]) -> set[str]:
    """Return what is typed for --clusters and --contexts, in which the names of clusters stand exactly."""
    return {name for flag, value in typed if flag in ("clusters", "contexts") for name in (value or "").split(",")}


def from_flags(flags: Sequence[tuple[str, str | None]]) -> Options:
    """Return the options that (name, value) flags set. Raises UserError for a wrong value."""
    fields: dict[str, Any] = {}
    typed = []
    for typed_name, value in flags:
        name, text = _OTHER_NAMES.get(typed_name, typed_name), value or ""
        field = name.replace("-", "_")
        typed.append((name, value))
        # An empty list must not mean all clusters; a pattern may be a comma.
        if OWN_FLAGS[name] and not (text if name in PATTERN_FLAGS else text.strip(",")):
            raise messages.flag_needs_value(typed_name)
        if name in _LISTS:
            fields[field] = (*fields.get(field, ()), *filter(None, text.split(",")))
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


def set_log_flags(options: Options) -> list[str]:
    """Return the flags about log lines that are set."""
    return [flag for flag in LOG_FLAGS if getattr(options, flag.replace("-", "_"))]


def with_verb_flags(options: Options, others: Options) -> Options:
    """Return the options with those of others that are about log lines or rows."""
    fields = ("output", *(flag.replace("-", "_") for flag in (*LOG_FLAGS, *TABLE_FLAGS)))
    values = {field: value for field in fields if (value := getattr(others, field))}
    return options._replace(**values, typed=(*options.typed, *others.typed)) if values else options


def without_log_flags(options: Options) -> Options:
    """Return the options without those about log lines."""
    fields = [flag.replace("-", "_") for flag in set_log_flags(options)]
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


def _count(flag: str, text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise messages.bad_flag_value(flag, text, "a whole number from 1")
    return int(text)


def truth(flag: str, text: str) -> bool:
    """Return the value of a boolean flag; "" is that of one typed without a value. Raises UserError for another."""
    if text not in ("", "true", "1", "false", "0"):
        raise messages.bad_flag_value(flag, text, "true or false")
    return text not in ("false", "0")


def seconds(flag: str, text: str) -> float:
    """Return the seconds of a duration as Go writes it (`30s`, `1m30s`, `500ms`, `0`); a bare number is seconds."""
    import re

    units = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
    if re.fullmatch(r"\d+(\.\d+)?", text):
        return float(text)
    parts = re.findall(r"(\d+(?:\.\d+)?)(ms|s|m|h)", text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise messages.bad_flag_value(flag, text, "a duration such as 30s, 1m30s or 500ms")
    return sum(float(number) * units[unit] for number, unit in parts)


_READERS: Mapping[str, Callable[[str, str], Any]] = {
    "max-parallel": _count,
    "cluster-timeout": seconds,
    "wave-timeout": seconds,
}

# Flags that may be repeated, and that hold several values, separated by commas.
_LISTS = ("inventory", "clusters", "exclude", "contexts", "count-by")

# Flags that may be repeated, whose values may contain a comma.
_REPEATED = ("property", "where", *PATTERN_FLAGS)
