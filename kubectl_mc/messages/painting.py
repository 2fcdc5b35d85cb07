"""Texts with colours: tables, sections, lines, documents and notices. Without its colours, each is as it was.

A text that has colours of its own keeps them, and gets none of ours: a reset inside it would end them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from kubectl_mc.messages.colours import BOLD, CYAN, MAGENTA, RED, YELLOW, coloured, painted, painted_diff
from kubectl_mc.messages.status_words import POSSIBLE, TRUTHS, has_statuses, status_colour

_GAP = "   "  # between the columns of a table

# --- Tables ----------------------------------------------------------------------------------------------------------


def painted_header(line: str) -> str:
    """Return the line of a table's header."""
    return line if "\x1b" in line else re.sub(r"\S(?:.*\S)?", lambda match: painted(match[0], BOLD), line, count=1)


def painted_cell(column: str, cell: str) -> str:
    """Return the cell of a table. column: the name of its column"""
    if "\x1b" in cell:
        return cell
    if column == "CLUSTER":
        name, gap, rest = cell.partition(_GAP)  # behind it may be what has no room in its own column
        return f"{coloured(name, name)}{gap}{rest}" if name else cell
    colour = status_colour(cell, column) if has_statuses(column) else None
    return painted(cell, colour) if colour else cell


def painted_column(column: str, cells: Sequence[str], width: int) -> Sequence[str]:
    """Return the cells of a column; those that have a colour are padded to the width. Equal cells are painted once."""
    if column != "CLUSTER" and not has_statuses(column):
        return cells
    possible = {*cells} if column == "CLUSTER" else filter(POSSIBLE.match, {*cells})
    shown = {cell: painted_cell(column, cell) for cell in possible}
    padded = {cell: text + " " * (width - len(cell)) for cell, text in shown.items() if text != cell}
    return [padded.get(cell, cell) for cell in cells] if padded else cells


# --- Sections ----------------------------------------------------------------------------------------------------


def painted_heading(heading: str) -> str:
    """Return the heading of a section: `CLUSTER: c1`, `CLUSTERS (2): c1, c2`, `CLUSTER: c1   NAMESPACE: shop`."""
    start, colon, names = heading.partition(": ")
    names, gap, rest = names.partition(_GAP)
    return f"{painted(start + colon.rstrip(' '), BOLD)} {_painted_names(names)}{gap}{rest}"


def _painted_names(names: str) -> str:
    """Return the names of clusters, `c1, c2`, each in its colour."""
    return ", ".join(coloured(name, name) if name else name for name in names.split(", "))


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


# --- Lines -----------------------------------------------------------------------------------------------------------

# What a change has done to an object: `deployment.apps/cart configured`, `pod "web" force deleted`.
_CHANGED = re.compile(r'^((?:[a-z][a-z0-9.-]*/\S+|[a-z][a-z0-9.-]* "[^"\x1b]+") (?:force )?)([a-z-]+)(?=$| )')


def painted_line(line: str) -> str:
    """Return a line for people, such as a change prints for an object."""
    match = _CHANGED.match(line)
    colour = status_colour(match[2]) if match else None
    return f"{match[1]}{painted(match[2], colour)}{line[match.end() :]}" if match and colour else painted_notices(line)


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


# --- Notices -----------------------------------------------------------------------------------------------------

_PREFIX = re.compile(r"^\[([^\]\s\x1b,]+(?:, [^\]\s\x1b,]+)*)(?=[\] ])(?=[^\]\x1b\n]*\] )", re.MULTILINE)
_BEGUN = r"^((?:\[(?:[^\]\n])*\] )?)"  # a label, which may have its colours
_ERROR = re.compile(rf"{_BEGUN}([Ee]rror(?: from server(?: \([A-Za-z]+\))?)?:)", re.MULTILINE)
_WARNING = re.compile(rf"{_BEGUN}([Ww]arning:)", re.MULTILINE)
_STATE = re.compile(r"^((?:Run \S+: |  )?)(failed|refused|unknown|changed, but not rolled out)(?= in )", re.MULTILINE)
# The notice of what is missing (`failure_table`): how many have answered, and a row for each cause.
_MISSING = re.compile(r"^\d+ of \d+ clusters? answered.*(?:\n  (?!Run )\S.*)*", re.MULTILINE)
_MISSING_ROW = re.compile(r"^(  )(\S+(?: {1,2}\S+)*)", re.MULTILINE)


def painted_notices(text: str) -> str:
    """Return lines of stderr: errors, warnings, the clusters that a line is about, and what is missing."""
    text = _ERROR.sub(lambda match: match[1] + painted(match[2], RED), text)
    text = _WARNING.sub(lambda match: match[1] + painted(match[2], YELLOW), text)
    text = _STATE.sub(lambda match: match[1] + painted(match[2], RED), text)
    text = _MISSING.sub(_painted_missing, text)
    return _PREFIX.sub(lambda match: f"[{_painted_names(match[1])}", text)


def _painted_missing(match: re.Match[str]) -> str:
    heading, newline, rows = match[0].partition("\n")
    shown = _MISSING_ROW.sub(lambda row: row[1] + painted(row[2], RED), rows)
    return f"{painted(heading, BOLD)}{newline}{shown}"
