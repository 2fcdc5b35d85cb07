# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Lines for people with colours, as kubectl and we write them, most of them on stderr: see `painting`."""

from __future__ import annotations

import re

from kubectl_mc.messages.colours import BOLD, RED, YELLOW, painted
from kubectl_mc.messages.painting import painted_names
from kubectl_mc.messages.status_words import status_colour

_PREFIX = re.compile(r"^\[([^\]\s\x1b,]+(?:, [^\]\s\x1b,]+)*)(?=[\] ])(?=[^\]\x1b\n]*\] )", re.MULTILINE)
_BEGUN = r"^((?:\[(?:[^\]\n])*\] )?)"  # a label, which may have its colours
_ERROR = re.compile(rf"{_BEGUN}([Ee]rror(?: from server(?: \([A-Za-z]+\))?)?:)", re.MULTILINE)
_WARNING = re.compile(rf"{_BEGUN}([Ww]arning:)", re.MULTILINE)
_STATE = re.compile(r"^((?:Run \S+: |  )?)(failed|refused|unknown|changed, but not rolled out)(?= in )", re.MULTILINE)
# The notice of what is missing (`failure_table`): how many have answered, and a row for each cause.
_MISSING = re.compile(r"^\d+ of \d+ clusters? answered.*(?:\n {2,}(?!Run )\S.*)*", re.MULTILINE)
_MISSING_ROW = re.compile(r"^(  )(\S+(?: {1,2}\S+)*)", re.MULTILINE)


def painted_notices(text: str) -> str:
    """Return lines of stderr: errors, warnings, the clusters that a line is about, and what is missing."""
    text = _ERROR.sub(lambda match: match[1] + painted(match[2], RED), text)
    text = _WARNING.sub(lambda match: match[1] + painted(match[2], YELLOW), text)
    text = _STATE.sub(lambda match: match[1] + painted(match[2], RED), text)
    text = _MISSING.sub(_painted_missing, text)
    return _PREFIX.sub(lambda match: f"[{painted_names(match[1])}", text)


def _painted_missing(match: re.Match[str]) -> str:
    heading, newline, rows = match[0].partition("\n")
    shown = _MISSING_ROW.sub(lambda row: row[1] + painted(row[2], RED), rows)
    return f"{painted(heading, BOLD)}{newline}{shown}"


# What a change has done to an object: `deployment.apps/cart configured`, `pod "web" force deleted`.
_CHANGED = re.compile(r'^((?:[a-z][a-z0-9.-]*/\S+|[a-z][a-z0-9.-]* "[^"\x1b]+") (?:force )?)([a-z-]+)(?=$| )')


def painted_line(line: str) -> str:
    """Return a line for people, such as a change prints for an object."""
    match = _CHANGED.match(line)
    colour = status_colour(match[2]) if match else None
    return f"{match[1]}{painted(match[2], colour)}{line[match.end() :]}" if match and colour else painted_notices(line)
