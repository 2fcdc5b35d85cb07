# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""What clusters write for people, and documents, with colours: see `painting`."""

from __future__ import annotations

import re

from kubectl_mc.messages.colours import CYAN, MAGENTA, painted, painted_diff
from kubectl_mc.messages.painting import painted_header
from kubectl_mc.messages.status_words import TRUTHS, status_colour

_HEADER = re.compile(
    r"[A-Z][A-Z0-9()%/-]*(?: {1,2}[A-Z0-9()%/-]+)*(?: {3,}[A-Z][A-Z0-9()%/-]*(?: {1,2}[A-Z0-9()%/-]+)*)+ *"
)
_KEY = re.compile(r"( *(?:- )?)((?:[A-Z][^\s:\x1b]*(?: [^\s:\x1b]+){0,4}|[a-z0-9][^\s:\x1b]*):)(?=\s|$)")
_FIELD = re.compile(r"(\s+)([\w$-]+)(?=\t<)")  # of `explain`
_CELL = re.compile(r"\S+(?: \S+)*")  # what stands between two blanks or more


def painted_text(text: str) -> str:
    """Return a text for people, such as `describe` prints: its keys, its statuses, its headers; or a diff."""
    if text.startswith(("diff -", "--- ")):
        return painted_diff(text)
    return "\n".join(map(_painted_text_line, text.split("\n")))


def _painted_text_line(line: str) -> str:
    """Return a line of a text in its colours: a heading, or a field and its value."""
    if "\x1b" in line or len(line) > _LONGEST_LINE:
        return line
    if _HEADER.fullmatch(line):
        return painted_header(line)
    if match := _FIELD.match(line):
        return f"{match[1]}{painted(match[2], CYAN)}{line[match.end() :]}"
    key = _KEY.match(line)
    ahead = f"{key[1]}{painted(key[2], CYAN)}" if key else ""
    rest = line[key.end() :] if key else line
    cells = [match[0] for match in _CELL.finditer(rest)]
    subject = key[2][:-1] if key else ""
    if not key and len(cells) > 1 and cells[1] in TRUTHS:  # a row of describe's conditions: `  Ready   False`
        subject = cells[0]
        ahead, _, rest = rest.partition(subject)
        ahead += subject
    return ahead + _CELL.sub(lambda match: _painted_status(match[0], subject), rest)


_LONGEST_LINE = 2000  # characters; a longer one is no line for people


def _painted_status(cell: str, subject: str) -> str:
    colour = status_colour(cell, subject)
    return painted(cell, colour) if colour else cell


# --- Documents -------------------------------------------------------------------------------------------------------

_LITERAL = r"-?\d[\d.eE+-]*|true|false|null"
_JSON_LINE = re.compile(
    rf'^( *)("(?:[^"\\\x1b\n]|\\.)*")(: ?)(?:({_LITERAL})(?=,?$))?', re.MULTILINE
)  # fmt: skip
_YAML_LINE = re.compile(
    rf'^( *(?:- +)*)((?:[A-Za-z0-9_./$~*-]+|"(?:[^"\\\x1b\n]|\\.)*"):)(?= |$)(?:( )({_LITERAL})(?=,?$))?', re.MULTILINE
)


def painted_document(text: str) -> str:
    """Return JSON, YAML or KYAML with its keys, and its numbers and truth values, in colours.

    It is read line by line, as kubectl writes it. A line within a text of several lines may look like a key.
    """
    line = _JSON_LINE if text.startswith(("{", "[")) and not text.startswith("{\n  apiVersion") else _YAML_LINE
    return line.sub(_painted_member, text)


def _painted_member(match: re.Match[str]) -> str:
    indent, key, between, value = match.groups()
    return f"{indent}{painted(key, CYAN)}{between or ''}{painted(value or '', MAGENTA)}"
