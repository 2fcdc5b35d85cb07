"""TODO."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from kubectl_mc import messages


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
            raise messages.flag_needs_value(name)
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
        raise messages.bad_flag_value(flag, text, "a whole number from 1")
    return int(text)


def _truth(flag: str, text: str) -> bool:
    if text not in ("", "true", "1", "false", "0"):
        raise messages.bad_flag_value(flag, text, "true or false")
    return text not in ("false", "0")


def seconds(flag: str, text: str) -> float:
    """A duration as Go writes it (`30s`, `1m30s`, `500ms`, `0`), in seconds; a bare number is seconds."""
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

# Flags that may be repeated, and hold several values between commas; a property's value may have one in it.
_LISTS = ("clusters", "exclude", "contexts")
