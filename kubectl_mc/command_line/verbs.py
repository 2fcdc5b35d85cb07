# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""What is true of a command line, by the row of its verb and its flags."""

from __future__ import annotations

import re

from kubectl_mc.command_line import flag_tables, grammar
from kubectl_mc.command_line.grammar import CommandLine
from kubectl_mc.command_line.kubectl_flags import FLAGS
from kubectl_mc.command_line.own_commands import ANSWERING, COMMANDS, PLUGIN_RUN, READING
from kubectl_mc.command_line.verb_rows import PLUGIN, TABLE, ChangeTraits, Effect, Mode, Shape, VerbRow


def find_row(line: CommandLine) -> VerbRow:
    """Return the row of the verb, or else of its parent verb; PLUGIN if the verb is not kubectl's."""
    if not is_kubectls(line):
        return PLUGIN
    paths = (" ".join(line.path[:length]) for length in range(len(line.path), 0, -1))
    return next((TABLE[path] for path in paths if path in TABLE), PLUGIN)


def is_kubectls(line: CommandLine) -> bool:
    """Return whether the verb is one of kubectl's own, not the name of a plugin."""
    return bool(line.path) and line.verb in FLAGS


def is_plugin(line: CommandLine) -> bool:
    """Return whether the verb is neither kubectl's nor ours: the name of a plugin."""
    return bool(line.path) and line.verb not in FLAGS and line.verb not in COMMANDS


def plugin_words(line: CommandLine) -> tuple[str, ...]:
    """Return the words of the path that name the plugin: without `plugin run`."""
    return line.path[len(PLUGIN_RUN) :] if line.path[: len(PLUGIN_RUN)] == PLUGIN_RUN else line.path


def spoken_verb(line: CommandLine, about: str = "") -> str:
    """Return what the command does, as a sentence says it (`Failed to … in 3 clusters`): a plugin is run.

    about: what it is about, "deployment 'cart'"; "" leaves out what leads to it: "set the image", "attach"
    """
    verb = f"run {' '.join(plugin_words(line))}" if is_plugin(line) else line.verb
    spoken = find_row(line).as_change.spoken or f"{verb} {{}}"
    return spoken.format(about) if about else re.sub(r"(?: of| for| in| to)? {}$", "", spoken)


def mode(row: VerbRow, line: CommandLine) -> Mode:
    """Return how this command line is run, with these flags."""
    modes = row.modes
    if modes.usual == "local" or asks_for_help(line) or _any(line, modes.local_by):
        return "local"
    # With operands, the first may be a sub-verb of a newer kubectl's, so the group's row counts.
    if row.group and line.verb == row.path and not grammar.operands(line):
        return "local"
    if modes.usual == "terminal" or _any(line, modes.terminal_by):
        return "terminal"
    if _any(line, modes.streamed_by):
        return "streamed"
    # One JSON or YAML document for all clusters (`wait -o json`) has to wait for all of them.
    one_document = grammar.output_format(line)[0] in ("json", "yaml", "kyaml")
    if modes.usual == "streamed" and not is_dry_run(row, line) and not one_document:
        return "streamed"
    return "captured"


def asks_for_help(line: CommandLine) -> bool:
    """Return whether kubectl shows the help of its verb. What a plugin does with --help is not known."""
    return is_kubectls(line) and grammar.is_set(line, "help")


def output_shape(row: VerbRow, line: CommandLine) -> Shape:
    """Return the shape of the plain output with these flags."""
    return "table" if _any(line, row.output.table_by) else row.output.shape


def is_change(row: VerbRow, line: CommandLine) -> bool:
    """Return whether the command changes something; its help, a dry run and a list of what is there do not."""
    if row.change is None or asks_for_help(line):
        return False
    return not _has_dry_run(line) and not _only_lists(row.change, line)


def effect(line: CommandLine) -> Effect:
    """Return what the command does beside reading, by the row of its verb and its flags; "" for nothing.

    That is also the answer for a dry run, and for what kubectl only shows or computes on this machine. Of a plugin, and
    of a verb that isn't known, nobody knows. Not for `create WORD`, which may be a plugin on PATH.
    """
    has_profile = grammar.value(line, "profile") not in (None, "none")  # kubectl writes one of itself, into a file
    return _own_effect(line) or ("output" if has_profile else "")


def _own_effect(line: CommandLine) -> Effect:
    """Return the effect by the verb and its own flags."""
    if line.verb in COMMANDS:
        return "" if line.verb in READING or grammar.is_set(line, "help") or _is_rehearsed(line) else "change"
    row = find_row(line)
    if row == PLUGIN:
        return "program"
    # A group alone shows its help; behind a flag that we don't know, another kubectl may see a sub-verb.
    is_alone = row.group and line.verb == row.path and all(token.flags for token in line.tokens)
    if is_alone or asks_for_help(line) or _any(line, row.modes.local_by):
        return ""
    if is_change(row, line):
        return "change"
    return row.effect or next((does for name, does in row.effect_by if _any(line, (name,))), "")


def rehearsal(line: CommandLine) -> str:
    """Return the value of --dry-run with which the command only says what it would do; "" if it has none."""
    if line.verb in COMMANDS:
        return "server" if _has_dry_run_flag(line) else ""
    row = find_row(line)
    is_shown = can_rehearse(row, line) and not _any(line, row.as_change.ignoring_dry_run)
    return row.as_change.dry_run if is_shown else ""


def opens_editor(row: VerbRow, line: CommandLine) -> bool:
    """Return whether what is to be changed is typed into an editor."""
    return row.change is not None and not row.change.runs_program and mode(row, line) == "terminal"


def _has_dry_run_flag(line: CommandLine) -> bool:
    return "dry-run" in flag_tables.flag_table(line.verb).flags


def _is_rehearsed(line: CommandLine) -> bool:
    dry_runs = grammar.values(line, "dry-run")
    return _has_dry_run_flag(line) and bool(dry_runs) and dry_runs[-1] in _DRY_RUNS


def _only_lists(change: ChangeTraits, line: CommandLine) -> bool:
    """Return whether it is `label pod web --list`, without `key=value`, `key-` or another flag that sets something."""
    if not change.lists_by or not grammar.is_set(line, change.lists_by) or _any(line, ("env", "from")):
        return False
    return all(token.is_operand and not re.search("=|-$", token.words[0]) for token in line.tokens if not token.flags)


def is_dry_run(row: VerbRow, line: CommandLine) -> bool:
    """Return whether the command is the dry run of a change, because the user typed --dry-run."""
    return row.change is not None and _has_dry_run(line)


# GetDryRunStrategy (k8s.io/kubectl/pkg/cmd/util/helpers.go): the strategies, and what strconv.ParseBool takes for true.
_DRY_RUNS = (None, "unchanged", "client", "server", "1", "t", "T", "true", "TRUE", "True")


def _has_dry_run(line: CommandLine) -> bool:
    """Return whether kubectl takes this for a dry run: `--dry-run=false` is none, and some flags ignore it."""
    if not is_kubectls(line) or not _is_rehearsed(line):
        return False
    return not _any(line, find_row(line).as_change.ignoring_dry_run)


def error_status(line: CommandLine) -> int:
    """Return the exit status of an error: 1, but 2 where 1 is an answer (`diff`: there are differences)."""
    own = line.path[:1] and line.path[0] in COMMANDS
    return 1 + (line.path[0] in ANSWERING if own else find_row(line).status.answer)


def sorted_by(row: VerbRow, line: CommandLine) -> str:
    """Return the column by which the rows of all clusters are sorted, "" for none."""
    if _any(line, ("containers", "sum")):  # a pod's containers belong together, and a sum stands last
        return ""
    return dict(row.output.sorts).get(grammar.value(line, "sort-by") or "", "")


def can_rehearse(row: VerbRow, line: CommandLine) -> bool:
    """Return whether kubectl can show beforehand, with a dry run, what the change would do."""
    change = row.as_change
    return change.rehearsed and is_kubectls(line) and _has_dry_run_flag(line) and not _any(line, change.unrehearsed_by)


def tells_changes(row: VerbRow, line: CommandLine) -> bool:
    """Return whether kubectl prints something of each object that it changes, with these flags."""
    change = row.as_change
    return not (change.silent or change.runs_program or _any(line, change.ignoring_dry_run))


def without_question(row: VerbRow, line: CommandLine) -> CommandLine:
    """Return the command line without kubectl's own question on stdin: ours stands for it, a dry run needs none."""
    return grammar.without(line, (row.as_change.asks_by,))


def stores_words(line: CommandLine) -> bool:
    """Return whether kubectl stores the words of its command line in the objects (--record, a change's cause)."""
    return is_kubectls(line) and grammar.is_set(line, "record")


def may_lack_a_flag(line: CommandLine) -> bool:
    """Return whether it depends on the version of kubectl that the verb has all of these flags."""
    table = flag_tables.flag_table(line.verb).flags
    late = (name in table and table[name].is_late for token in line.tokens for name, _ in token.flags)
    return any(token.unknown for token in line.tokens) or any(late)


def reads_stdin(row: VerbRow, line: CommandLine) -> bool:
    """Return whether kubectl reads stdin for a "-" that is no file."""
    words = [token.words[0] for token in line.tokens if not token.flags] + grammar.values(line, "env")
    return row.dash_is_stdin and "-" in words


def needs_count(row: VerbRow, line: CommandLine) -> bool:
    """Return whether the change affects so much that a yes is not enough, as far as the command line tells."""
    words = grammar.operands(line)
    types = words[0].partition("/")[0].split(",") if words else []
    names_objects = len(words) > 1 or any("/" in word for word in words) or _any(line, ("filename", "kustomize"))
    change = row.as_change
    return (
        _any(line, change.counted_by)
        or (change.counted_unnamed and not names_objects)
        or any(is_counted_type(row, name) for name in types)
    )


def is_counted_type(row: VerbRow, kind: str) -> bool:
    """Return whether a yes is not enough for a type ("ns", "customresourcedefinition.apiextensions.k8s.io")."""
    return kind.partition(".")[0].lower() in row.as_change.counted_types


def needs_one_cluster(row: VerbRow, line: CommandLine) -> bool:
    """Return whether the command makes sense on one cluster only."""
    if row.path == "cp":  # a download (`cp POD:/path here`) of several clusters would write the same files
        return any(":" in source for source in grammar.operands(line)[:-1])
    return (mode(row, line) == "terminal" and not row.as_change.one_by_one) or _any(line, row.modes.alone_by)


def is_endless(row: VerbRow, line: CommandLine) -> bool:
    """Return whether the command runs until the user ends it. It then runs on all clusters at once."""
    return mode(row, line) == "streamed" and _any(line, (*row.modes.streamed_by, "follow"))


def is_watch(row: VerbRow, line: CommandLine) -> bool:
    """Return whether the command shows what is there, and then what changes, until the user ends it."""
    return mode(row, line) == "streamed" and _any(line, row.modes.streamed_by)


def kubectl_time_limit(row: VerbRow, line: CommandLine) -> str:
    """Return the time ("30s") after which kubectl stops waiting for an object.

    It is "" for a verb that doesn't wait, and for several objects, as kubectl waits so long for each of them.
    """
    kind, *names = grammar.operands(line) or [""]
    one_object = len(names) == 1 and not any(mark in kind for mark in ",/") if names else "/" in kind
    default = row.waiting.kubectl_timeout
    return (grammar.value(line, "timeout") or default) if default and one_object else ""


def _any(line: CommandLine, names: tuple[str, ...]) -> bool:
    """Return whether one of these flags is on: a switch that is true, or another one with any value, also `f`."""
    flags = flag_tables.flag_table(line.verb).flags
    return any(
        bool(grammar.values(line, name)) if name in flags and flags[name].takes_word else grammar.is_set(line, name)
        for name in names
    )
