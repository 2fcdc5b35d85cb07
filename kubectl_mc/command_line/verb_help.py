# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Which flags of ours a command of kubectl takes, for the help of its verb, and for completion."""

from __future__ import annotations

import re

from kubectl_mc.command_line import verbs
from kubectl_mc.command_line.grammar import CommandLine
from kubectl_mc.command_line.help_texts import FLAGS_HEADING, SECTIONS, flag_descriptions
from kubectl_mc.command_line.options import LOG_FLAGS, PLUGIN_FLAGS, TABLE_FLAGS


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
        return {name: text for name, text in described.items() if name in PLUGIN_FLAGS}
    if not row.output.log_lines:
        others = ("output", *(LOG_FLAGS if line.path else ()))
        described = {name: text for name, text in described.items() if name not in others}
    if line.path and row.output.shape != "table" and not row.output.table_by:
        described = {name: text for name, text in described.items() if name not in TABLE_FLAGS}
    if line.path and not row.status.needs_all:
        described.pop("if-present")
    return described
