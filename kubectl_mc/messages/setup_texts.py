"""The texts of `kubectl mc setup`, and those about the mapping file, which it writes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from kubectl_mc.messages.words import UserError, approve_command, cluster_count, nearest, visible


def mapping_file(path: str, line: int | None, problem: str) -> UserError:
    """Say that the mapping file is not valid. line: None for the whole file."""
    where = path if line is None else f"{path}:{line}"
    expected = "clusters: [{name: PROFILE, context: CONTEXT}]"
    return UserError(f"{visible(where)}: {visible(problem)}. Expected: {expected}; see README.md")


def no_mapping_file(variable: str, path: str, exists: bool) -> UserError:
    """Say that a variable names no mapping file. exists: there is something else, such as a pipe"""
    if exists:
        return UserError(f"{variable}: {visible(path)} is no regular file, and it has to be read more than once")
    return UserError(f"{variable}: there is no file {visible(path)}. kubectl mc setup writes one")


def mapping_key(path: str, line: int, key: str, meant: str) -> UserError:
    """Say that the mapping file has an unknown key that is similar to a known one."""
    return UserError(f"{visible(path)}:{line}: unknown key '{visible(key)}'. Did you mean {meant}?")


def default_bad(path: str, line: int, problem: str) -> UserError:
    """Say that a default in the mapping file has a bad value."""
    return UserError(f"{visible(path)}:{line}: defaults: {visible(problem)}")


def default_unknown(path: str, line: int, name: str, flags: Sequence[str]) -> UserError:
    """Say that a default in the mapping file is not one of our flags."""
    meant = nearest(name, flags)
    hint = f"Did you mean {meant}?" if meant else f"Its flags: {', '.join(flags)}"
    return UserError(f"{visible(path)}:{line}: defaults are flags of kubectl mc, and '{visible(name)}' is none. {hint}")


def setup_needs_a_hub() -> UserError:
    """Say that setup is used with --contexts."""
    return UserError("setup maps a hub's clusters to your contexts; --contexts leaves the hub out")


def unexpected_argument(command: str, word: str, flags: Iterable[str]) -> UserError:
    """Say that a command of ours has an argument that it does not take. flags: those that it takes."""
    meant = nearest(word.partition("=")[0], flags, cutoff=0.8) if word.startswith("-") else None
    hint = f" Did you mean {meant}?" if meant else ""
    return UserError(f"kubectl mc {command} takes no '{visible(word)}'.{hint} See: kubectl mc {command} --help")


SETUP_WITHOUT_TERMINAL = (
    "nobody to ask: stdin is not a terminal. Nothing is written, as with --check; --yes takes what is certain"
)


def cloud_missing(command: str) -> str:
    """Say that the CLI of a cloud is not installed."""
    return f"{command} is not on PATH"


def cloud_property_missing(names: Sequence[str]) -> str:
    """Say that a ClusterProfile lacks a property. names: of properties, and flags of exec arguments."""
    first, *others = [name for name in names if not name.startswith("-")]
    return f"the ClusterProfile has no property {first}" + (f" (or {', '.join(others)})" if others else "")


def cloud_property_unfit(cloud: str, name: str, value: str) -> str:
    """Say that a property has a value that the cloud would reject."""
    shown = value if len(value) <= 40 else f"{value[:40]}…"
    return f"{name} '{shown}' is nothing that {cloud} would take"


def setup_written(path: str, entries: int, keys: Mapping[str, str], backup: str | None) -> str:
    """Say that setup has written the mapping file. keys: with their values, hubContext and inventory"""
    before = f"; as it was before: {backup}" if backup else ""
    return visible(f"Wrote {_mapped(entries, keys)} to {path}{before}")


def setup_to_write(path: str, entries: int, keys: Mapping[str, str]) -> str:
    """Say that setup --check would write the mapping file."""
    return visible(f"Would write {_mapped(entries, keys)} to {path}")


def _mapped(entries: int, keys: Mapping[str, str]) -> str:
    parts = [f"the context of {cluster_count(entries)}"] if entries else []
    *parts, last = [*parts, *(f"{key} {value}" for key, value in keys.items())]
    return f"{', '.join(parts)} and {last}" if parts else last


def setup_other_hub(path: str, there: str, typed: str) -> str:
    """Say that the mapping file has another hubContext than the one typed."""
    return visible(
        f"Warning: {path} says hubContext: {there}, and stays so; for the clusters of {typed}, commands need "
        f"--hub-context={typed}"
    )


def setup_nothing_to_write(path: str) -> str:
    """Say that setup has nothing to add to the mapping file."""
    return visible(f"Nothing to change in {path}")


def setup_to_approve(names: Sequence[str], flags: str) -> str:
    """Say that clusters have no context, but an offer that is not approved. flags: see `not_approved`"""
    return f"Reached by what their profiles say, if you approve it: {approve_command(names, flags)}"


def setup_cannot_write(path: str, why: str) -> str:
    """Say that setup cannot edit the mapping file; what to add follows."""
    return visible(f"Error: {path} is left as it is: {why}. To add to it by hand:")
