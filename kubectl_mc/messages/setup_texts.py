# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""The texts of `kubectl mc setup`, and those about the mapping file, which it writes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from kubectl_mc import PROGRAM, __version__
from kubectl_mc.messages.name_folding import fold_names
from kubectl_mc.messages.words import (
    UserError,
    approve_command,
    cluster_count,
    did_you_mean,
    name_list,
    nearest,
    shortened,
    visible,
)


def mapping_file(path: str, line: int | None, problem: str) -> UserError:
    """Say that the mapping file is not valid. line: None for the whole file."""
    where = path if line is None else f"{path}:{line}"
    expected = "clusters: [{name: PROFILE, context: CONTEXT}]"
    return UserError(f"{visible(where)}: {visible(problem)}. Expected: {expected}; see docs/choosing.md")


def unreadable_mapping(path: str, problem: str, variable: str) -> UserError:
    """Say that the mapping file can't be read. variable: the one that names another file"""
    return UserError(
        f"{visible(path)} can't be read: {problem}. Clusters may be protected there, so nothing is done without it. "
        f"Make it and its folder yours to read, or name another mapping file ({variable}=FILE) or home (HOME=FOLDER)"
    )


def of_other_version(version: str, own: str) -> str:
    """Return what is wrong with a document of ours that has another API version than ours."""
    return (
        f"it is of {visible(version)}, as another version of kubectl-mc writes it; this is {__version__}, which reads "
        f"{own}"
    )


def other_version(path: str, line: int | None, version: str, own: str, remedy: str) -> UserError:
    """Say that a file of ours is of another version. line: None for the whole file; remedy: what makes it anew"""
    where = path if line is None else f"{path}:{line}"
    problem = of_other_version(version, own)
    return UserError(f"{visible(where)}: {problem}. Use that version, or move the file away and make it anew: {remedy}")


def no_mapping_file(variable: str, path: str, exists: bool) -> UserError:
    """Say that a variable names no mapping file. exists: there is something else, such as a pipe"""
    if exists:
        return UserError(f"{variable}: {visible(path)} is no regular file, and it has to be read more than once")
    return UserError(f"{variable}: there is no file {visible(path)}. {PROGRAM} setup writes one")


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
    return UserError(f"{visible(path)}:{line}: defaults are flags of {PROGRAM}, and '{visible(name)}' is none. {hint}")


def setup_earlier_config(path: str) -> str:
    """Say that the file with the settings of the proof of concept is there, which isn't read."""
    return f"Note: {visible(path)} isn't read; `defaults` of the mapping file are those of flags"


def setup_needs_a_hub() -> UserError:
    """Say that setup is used with --contexts."""
    return UserError(
        "setup maps a hub's clusters to your contexts, and without a hub there is nothing to map. "
        f"To choose contexts for later reads: {PROGRAM} use --contexts=NAME,…"
    )


def unexpected_argument(command: str, word: str, flags: Iterable[str], hint: str = "") -> UserError:
    """Say that a command of ours has an argument that it does not take.

    flags: those that it takes; hint: what the argument is here, if another tool has it
    """
    is_flag = bool(word.strip("-")) and word.startswith("-")
    hint = f" {hint}." if hint else did_you_mean(word.partition("=")[0], flags, cutoff=0.8) if is_flag else ""
    return UserError(f"{PROGRAM} {command} takes no '{visible(word)}'.{hint} See: {PROGRAM} {command} --help")


SETUP_WITHOUT_TERMINAL = (
    "Note: there is nobody to ask, as stdin is not a terminal. So nothing is written, as with --check; --yes takes "
    "what is certain"
)


SETUP_NOT_WRITTEN = "interrupted: nothing is written"

SETUP_SKIP = "(none: skip this cluster)"


def setup_patterns(likely: Sequence[tuple[str, int]]) -> list[str]:
    """Say what a pattern is. likely: patterns that fit, with the number of clusters to which they give a context"""
    lines = ["A pattern says the contexts of many clusters at once, by their {name},", "{namespace}, {id} or {display}"]
    if not likely:
        return [lines[0], f"{lines[1]} name: admin@{{name}}, for example"]
    fitting = [f"  {visible(pattern)} ({cluster_count(count)})" for pattern, count in likely]
    return [lines[0], f"{lines[1]} name. These fit:", *fitting]


def setup_pattern_question(count: int) -> str:
    """Ask for a pattern. count: clusters without a context"""
    return f"{count} open. A pattern for all ({{name}}), or one by one (empty): "


def setup_bad_pattern(unknown: str | None, has_field: bool, fields: Sequence[str]) -> str:
    """Say what is wrong with a pattern; "" if nothing is. unknown: a part with a brace that is no field"""
    names = ", ".join(f"{{{field}}}" for field in fields)
    if unknown is not None:
        return f"'{visible(unknown)}' is not a field. The fields: {names}"
    return "" if has_field else f"a pattern needs a field, as each cluster has its own context. The fields: {names}"


def setup_preview(
    contexts: Mapping[str, str],
    missing: Mapping[str, str],
    shared: Mapping[str, Sequence[str]],
    elsewhere: Sequence[str],
    count: int,
) -> list[str]:
    """Say what a pattern gives (see PatternMatch).

    elsewhere: clusters whose ClusterProfiles say another server than that of their context
    count: the clusters without a context so far
    """
    lines = [f"  not the server that the ClusterProfile says: {fold_names(elsewhere)}"] if elsewhere else []
    if absent := [cluster for cluster, context in missing.items() if context]:
        example = visible(missing[absent[0]])
        lines.append(f"  no context like {example} for {cluster_count(len(absent))}: {fold_names(absent)}")
    if unsaid := [cluster for cluster, context in missing.items() if not context]:
        lines.append(f"  the hub doesn't say what a field stands for: {fold_names(unsaid)}")
    if shared:
        described = [f"{context} ({', '.join(clusters)})" for context, clusters in shared.items()]
        lines.append(f"  left out, as clusters would share a context: {name_list(described)}")
    if not contexts:
        return [*lines, "It gives a context to no cluster"]
    return [*lines, f"It gives a context to {cluster_count(len(contexts))}, and leaves {count - len(contexts)} open"]


def setup_take_question(count: int) -> str:
    """Ask whether what a pattern gives is right."""
    return f"Take {'it' if count == 1 else f'these {count}'}? [y/N] "


def setup_question(cluster: str, number: int, total: int) -> str:
    """Ask for the context of a cluster. total: clusters that are asked for; 0 if they are too few to be counted"""
    if not total:
        return f"Which context reaches {visible(cluster)}? "
    return f"[{number}/{total}] {visible(cluster)}: context? "


def setup_shared(context: str, clusters: Sequence[str]) -> str:
    """Say that the chosen context is that of other clusters, too."""
    return f"Note: {visible(context)} is the context of {name_list(clusters)}, too"


def setup_carry_over(others: int, pattern: str, count: int) -> str:
    """Ask whether an answer is to be carried over. others: open clusters; count: those that the pattern fits"""
    return f"The same for the other {others} ({visible(pattern)} matches {count})? [y/N] "


def setup_keep_question(count: int) -> str:
    """Ask whether the contexts that were chosen before Ctrl-C are to be kept."""
    return f"Keep the {'answer' if count == 1 else f'{count} answers'}? [Y/n] "


def cloud_missing(command: str) -> str:
    """Say that the CLI of a cloud is not installed."""
    return f"{command} is not on PATH"


def cloud_property_missing(names: Sequence[str]) -> str:
    """Say that a ClusterProfile lacks a property. names: of properties, and flags of exec arguments."""
    first, *others = [name for name in names if not name.startswith("-")]
    return f"the ClusterProfile has no property {first}" + (f" (or {', '.join(others)})" if others else "")


def cloud_property_unfit(cloud: str, name: str, value: str) -> str:
    """Say that a property has a value that the cloud would reject."""
    return f"{name} '{shortened(value, 40)}' is nothing that {cloud} would take"


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
