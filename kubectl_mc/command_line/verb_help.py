# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Which flags of ours a command of kubectl takes, for the help of its verb, and for completion."""

from __future__ import annotations

import re

from kubectl_mc.command_line import verbs
from kubectl_mc.command_line.grammar import CommandLine
from kubectl_mc.command_line.help_texts import FLAGS_HEADING, SECTIONS, flag_descriptions
from kubectl_mc.command_line.options import LOG_FLAGS, PLUGIN_FLAGS, TABLE_FLAGS, WAVE_FLAGS
from kubectl_mc.command_line.verb_rows import VerbRow


def verb_help(line: CommandLine) -> str:
    """Return the help for those flags of ours that a command of kubectl uses; "" if it uses none."""
    used = used_flags(line)
    text = ""
    for section in SECTIONS.values():
        heading, *entries = re.split(r"^(?= {6}--)", section, flags=re.MULTILINE)
        kept = [entry for entry in entries if re.split("[^a-z-]", entry.strip()[2:], maxsplit=1)[0] in used]
        text += heading + "".join(kept) if kept else ""
    return text and FLAGS_HEADING + text


def used_flags(line: CommandLine) -> dict[str, str]:
    """Return those flags of ours that a command of kubectl uses (without a command, all), as `flag_descriptions`."""
    row = verbs.find_row(line)
    if row.modes.usual == "local":
        return {}
    may_change = not line.path or row.change
    described = flag_descriptions(name for name in SECTIONS if may_change or name != "changes")
    if verbs.is_plugin(line):
        described = {name: text for name, text in described.items() if name in PLUGIN_FLAGS}
    refused = _refused(row, line) if line.path else ("output",)
    return {name: text for name, text in described.items() if name not in refused}


def _refused(row: VerbRow, line: CommandLine) -> set[str]:
    """Return those flags of ours that the verb refuses, whatever other flags it has."""
    takes = {
        ("output", *LOG_FLAGS): row.output.log_lines,
        TABLE_FLAGS: row.output.shape == "table" or bool(row.output.table_by),
        ("if-present",): row.status.needs_all,
        ("no-reconnect",): bool(row.modes.streamed_by) or row.output.log_lines,
        ("fold",): row.modes.usual == "captured",
        ("show-diff",): line.path == ("apply",),
        WAVE_FLAGS: row.modes.usual != "terminal",
    }
    return {flag for flags, takes_them in takes.items() if not takes_them for flag in flags}
