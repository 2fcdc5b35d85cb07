"""What `kubectl mc setup` says, and what may be wrong with the mapping file, which it writes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from kubectl_mc.messages.words import UserError, cluster_count, nearest, visible


def mapping_file(path: str, line: int | None, problem: str) -> UserError:
    where = path if line is None else f"{path}:{line}"
    expected = "clusters: [{name: PROFILE, context: CONTEXT}]"
    return UserError(f"{visible(where)}: {visible(problem)}. Expected: {expected}; see README.md")


def mapping_key(path: str, line: int, key: str, meant: str) -> UserError:
    """A key that nobody reads, but that was probably meant to be another one."""
    return UserError(f"{visible(path)}:{line}: unknown key '{visible(key)}'. Did you mean {meant}?")


def default_bad(path: str, line: int, problem: str) -> UserError:
    return UserError(f"{visible(path)}:{line}: defaults: {visible(problem)}")


def default_unknown(path: str, line: int, name: str, flags: Sequence[str]) -> UserError:
    meant = nearest(name, flags)
    hint = f"Did you mean {meant}?" if meant else f"Its flags: {', '.join(flags)}"
    return UserError(f"{visible(path)}:{line}: defaults are flags of kubectl mc, and '{visible(name)}' is none. {hint}")


def setup_needs_a_hub() -> UserError:
    return UserError("setup maps a hub's clusters to your contexts; --contexts leaves the hub out")


def unexpected_argument(command: str, word: str, flags: Iterable[str]) -> UserError:
    """flags: what it takes, in the same spelling."""
    meant = nearest(word, flags, cutoff=0.8) if word.startswith("-") else None
    hint = f" Did you mean {meant}?" if meant else ""
    return UserError(f"kubectl mc {command} takes no '{visible(word)}'.{hint} See: kubectl mc {command} --help")


def setup_without_terminal() -> str:
    return "nobody to ask: stdin is no terminal. Nothing is written, as with --check; --yes takes what is certain"


def cloud_missing(command: str) -> str:
    return f"{command} is not on PATH"


def cloud_property_missing(names: Sequence[str]) -> str:
    """names: where the value was looked for; flags are those of exec arguments."""
    properties = [name for name in names if not name.startswith("-")]
    return f"the ClusterProfile has no property {properties[0]}" + (
        f" (or {', '.join(properties[1:])})" if properties[1:] else ""
    )


def cloud_property_unfit(cloud: str, name: str, value: str) -> str:
    shown = value if len(value) <= 40 else f"{value[:40]}…"
    return f"{name} '{shown}' is nothing that {cloud} would take"


def setup_written(path: str, entries: int, hub: str | None, backup: str | None) -> str:
    before = f"; as it was before: {backup}" if backup else ""
    return visible(f"Wrote {_mapped(entries, hub)} to {path}{before}")


def setup_to_write(path: str, entries: int, hub: str | None) -> str:
    return visible(f"Would write {_mapped(entries, hub)} to {path}")


def _mapped(entries: int, hub: str | None) -> str:
    parts = [f"the context of {cluster_count(entries)}"] if entries else []
    return " and ".join([*parts, *([f"hubContext {hub}"] if hub else [])])


def setup_other_hub(path: str, there: str, typed: str) -> str:
    return visible(
        f"Warning: {path} says hubContext: {there}, and stays so; for the clusters of {typed}, commands need "
        f"--hub-context={typed}"
    )


def setup_nothing_to_write(path: str) -> str:
    return visible(f"Nothing to change in {path}")


def setup_to_approve(names: Sequence[str]) -> str:
    """Clusters that no context reaches, but what their profiles say does, once it is approved."""
    shown = " ".join(map(visible, names))
    return f"Reached by what their profiles say, if you approve it: kubectl mc trust approve {shown}"


def setup_cannot_write(path: str, why: str) -> str:
    return visible(f"Error: {path} is left as it is: {why}. To add to it by hand:")
