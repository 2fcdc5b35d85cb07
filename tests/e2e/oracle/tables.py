# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Whether a fleet's table holds exactly the rows of each cluster's kubectl: read by the headers, without kubectl mc."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby, zip_longest
from typing import NamedTuple

from tests.e2e.oracle.command_lines import Line
from tests.e2e.oracle.kubectls import Plain

CLUSTER = "CLUSTER"
_NAME = re.compile(r"\S+(?: {1,2}\S+)*")
_SMALLEST, _PADDING = 6, 3  # of kubectl's tab writer
_LONGEST = 1000  # characters of a cell; a longer one makes no column wider (docs/decisions.md)


class Table(NamedTuple):
    """A table as it was read. rows: the cells of each row, as many as the header has"""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def text(self, headers: bool = True) -> str:
        """Return it as kubectl's tab writer lays it out."""
        lines = [self.header, *self.rows] if headers else [*self.rows]
        widths = [max(_SMALLEST, max(map(len, column)) + _PADDING) for column in zip(*lines)]
        widths[-1:] = [0]
        return "".join("".join(map(str.ljust, line, widths)) + "\n" for line in lines)

    def marked(self, cluster: str) -> Table:
        """Return it with the CLUSTER column that the fleet's table has: after NAME, or else first."""
        namesake = next((index for index, name in enumerate(self.header) if name.upper() == CLUSTER), len(self.header))
        index = min(self.header.index("NAME") + 1 if "NAME" in self.header else 0, namesake)
        header = (*self.header[:index], CLUSTER, *self.header[index:])
        return Table(header, tuple((*row[:index], cluster, *row[index:]) for row in self.rows))

    @property
    def numbered(self) -> list[tuple[str, int]]:
        """The columns' names, each with the number of its namesakes ahead of it."""
        return [(name, self.header[:index].count(name)) for index, name in enumerate(self.header)]


def parsed(text: str) -> Table | None:
    """Return the table of a text; None if it isn't laid out as one whose cells have one line each, not too long.

    Columns may be wider than their cells: kubectl cuts off cells of several lines, and makes room for all of them.
    """
    table = sliced(text)
    if not table or any(len(cell) > _LONGEST for row in table.rows for cell in row):
        return None
    header, *lines = text.removesuffix("\n").split("\n")
    starts = [match.start() for match in _NAME.finditer(header)][1:]
    fits = all(not line[start - _PADDING : start].strip(" ") for line in lines for start in starts)
    return table if fits and all(lines) else None


def sliced(text: str) -> Table | None:
    """Return what stands below each header, whether or not that is exact; None without a header."""
    lines = text.removesuffix("\n").split("\n")
    found = list(_NAME.finditer(lines[0]))
    if not found or found[0].start():
        return None
    starts = [match.start() for match in found]
    bounds = list(zip(starts, [*starts[1:], None]))
    rows = tuple(tuple(line[start:end].rstrip(" ") for start, end in bounds) for line in lines[1:])
    return Table(tuple(match[0] for match in found), rows)


def _words(text: str) -> str:
    return " ".join(filter(None, text.split(" ")))


def table_faults(line: Line, plains: Mapping[str, Plain], shown: str) -> Iterator[str]:
    """What is wrong with a fleet's table, or with the sections that stand for tables that can't be read exactly.

    plains: the answers of the clusters, in their order
    """
    plains = {cluster: _only_kept(line, plain) for cluster, plain in plains.items()}
    texts = {cluster: plain.stdout for cluster, plain in plains.items()}
    exact = {
        cluster: text
        for cluster, text in texts.items()
        if text and all(parsed(part) for part in _parts(line, text, plains[cluster]))
    }
    for cluster, text in list(texts.items()):
        section = f"{CLUSTER}: {cluster}\n{text}" + "\n" * (not text.endswith("\n"))
        if not text or not _has_section(shown, section):
            continue
        if cluster in exact and not line.may_have_lines:
            yield f"a table is shown as a section: {cluster}"
        shown = ("\n" + shown).replace("\n" + section, "\n", 1).removeprefix("\n").strip("\n")
        shown += "\n" * bool(shown)
        del texts[cluster]
    texts = {cluster: text for cluster, text in texts.items() if text}
    if not texts:
        if shown:
            yield f"more than the clusters' answers: {shown[:200]!r}"
        return
    if len(texts) == 1 and len(plains) == 1 and exact:
        (cluster, text), plain = next(iter(texts.items())), next(iter(plains.values()))
        tables = [table for part in _parts(line, text, plain) if (table := parsed(part))]
        headers = not line.has("--no-headers")
        separator = "\n" if headers else ""
        if separator.join(table.text(headers) for table in tables) == text:
            expected, found = separator.join(table.marked(cluster).text(headers) for table in tables), shown
        elif headers:  # the layout changes with the column
            expected, found = (
                "\n".join(str(table) for table in both)
                for both in ([table.marked(cluster) for table in tables], map(sliced, _split(line, shown)))
            )
        else:
            expected, found = ("".join(table.marked(cluster).text(False) for table in tables), shown)
            expected, found = (_words(both.replace("\n", " \n ")) for both in (expected, found))
        if expected == found:
            return
        if line.may_have_lines and headers:
            yield from _row_faults(line, texts, exact, plains, shown)
        else:
            yield f"other text than kubectl's with a column: {difference(expected, found)}"
    elif line.has("--no-headers"):
        yield from _line_faults(line, texts, plains, shown)
    else:
        yield from _row_faults(line, texts, exact, plains, shown)


def _has_section(shown: str, section: str) -> bool:
    return ("\n" + shown).find("\n" + section) >= 0


def _only_kept(line: Line, plain: Plain) -> Plain:
    """Return the answer without the rows of other names, if only some were asked for."""
    if not plain.kept or not plain.stdout:
        return plain
    parts = []
    for part in _parts(line, plain.stdout, plain):
        table = sliced(part)
        column = table.header.index("NAME") if table and "NAME" in table.header else None
        if table and column is not None:
            rows = [text for text, row in zip(_rows(part), table.rows) if plain.keeps(row[column])]
            header = part.partition("\n")[0]
            parts += ["".join(f"{text}\n" for text in [header, *rows])] if rows else []
    text = "\n".join(parts)
    return plain._replace(stdout=text, with_headers=text and plain.with_headers and text)


def _parts(line: Line, text: str, plain: Plain) -> list[str]:
    """Return each table of a cluster's text, with its header."""
    return _split(line, plain.with_headers or text)


def _split(line: Line, text: str) -> list[str]:
    """Return each table of a text."""
    return [part.strip("\n") + "\n" for part in text.split("\n\n")] if line.has_several_tables else [text]


class _Row(NamedTuple):
    """A row of a fleet's table, without its cluster. words: its text with single blanks; cells: by numbered column"""

    words: str
    cells: Mapping[tuple[str, int], str]


def _fleet_rows(table: Table, part: str, clusters: Sequence[str]) -> Iterator[tuple[str, _Row]]:
    """Give the cluster and row of each line below the header of a fleet's table; "" for a line without a cluster."""
    column = table.header.index(CLUSTER)
    start = list(_NAME.finditer(part.partition("\n")[0]))[column].start()
    columns = Table((*table.header[:column], *table.header[column + 1 :]), ()).numbered
    for text, row in zip(_rows(part), table.rows):
        cluster = next((name for name in clusters if re.match(re.escape(name) + r"(?: |$)", text[start:])), "")
        words = _words(text[:start] + " " + text[start + len(cluster) :])
        yield cluster, _Row(words, dict(zip(columns, (*row[:column], *row[column + 1 :]))))


def _row_faults(
    line: Line, texts: Mapping[str, str], exact: Mapping[str, str], plains: Mapping[str, Plain], shown: str
) -> Iterator[str]:
    """What is wrong with the rows below a header."""
    seen: dict[tuple[str, str], list[_Row]] = {}  # by cluster and type
    for part in _split(line, shown):
        table = sliced(part)
        if not table or CLUSTER not in table.header:
            yield f"a table without a column CLUSTER: {part[:200]!r}"
            return
        order = []
        for cluster, row in _fleet_rows(table, part, list(plains)):
            if not cluster:
                yield f"a line without its cluster: {row.words[:200]!r}"
                return
            order.append(cluster)
            seen.setdefault((cluster, _type(line, table)), []).append(row)
        grouped = [cluster for cluster, _ in groupby(order)]
        in_any_order = line.is_sorted or line.is_streamed or line.verb == "events"  # which are in the order of time
        if not in_any_order and grouped != [name for name in plains if name in grouped]:
            yield f"clusters in another order: {order}"
    for cluster, text in texts.items():
        parts: dict[str, list[str]] = {}
        for part in _parts(line, text, plains[cluster]):
            parts.setdefault(_type(line, sliced(part)), []).append(part)
        for type_, parts_of_type in parts.items():
            rows = seen.pop((cluster, type_), None)
            if rows is None:  # of one type, whose names kubectl prints without it; in the fleet's table others have it
                (_, other), rows = next((item for item in seen.items() if item[0][0] == cluster), ((cluster, ""), []))
                seen.pop((cluster, other), None)
            found, expected = (
                [row.words for row in rows],
                [_words(row) for part in parts_of_type for row in _rows(part)],
            )
            if line.may_have_lines and Counter(" ".join(found).split()) == Counter(" ".join(expected).split()):
                continue  # a cell's further lines stand below its first one, and not behind the cells next to it
            if cluster in exact:
                yield from _cell_faults(cluster, [table for part in parts_of_type if (table := sliced(part))], rows)
            elif expected != found:
                yield f"other lines than kubectl's of {cluster}: {difference(expected, found)}"
    for (cluster, type_), rows in seen.items():
        yield f"rows that {cluster} didn't give: {type_} {[row.words for row in rows][:3]}"


def _type(line: Line, table: Table | None) -> str:
    """Return the type of a table's objects, if a line asks for several; a row with a tab may not show it."""
    if not table or not table.rows or not line.has_several_tables or "NAME" not in table.header:
        return ""
    names = [row[table.header.index("NAME")] for row in table.rows]
    return Counter(name.partition("/")[0] for name in names).most_common(1)[0][0]


def _cell_faults(cluster: str, tables: Sequence[Table], rows: Sequence[_Row]) -> Iterator[str]:
    """What is wrong with a cluster's rows. tables: its own; rows: those in the fleet's table"""
    expected = [dict(zip(table.numbered, row)) for table in tables for row in table.rows]
    found = []
    for own, row in zip_longest(expected, rows):
        others = {name: cell for name, cell in (row.cells if row else {}).items() if name not in (own or ())}
        if own and any(others.values()):
            yield f"cells in columns that {cluster} hasn't got: {others}"
            return
        found += [{name: row.cells.get(name, "missing column") for name in own or row.cells}] if row else []
    if expected != found:
        yield f"other cells than kubectl's of {cluster}: {difference(expected, found)}"


def _line_faults(line: Line, texts: Mapping[str, str], plains: Mapping[str, Plain], shown: str) -> Iterator[str]:
    """What is wrong with a table without headers: its lines are the rows of all clusters, each with its cluster."""
    found: dict[str, list[str]] = {}
    for text in filter(str.strip, shown.split("\n")):
        words = _words(text).split(" ")
        cluster = next((word for word in words if word in plains), "")
        rest = [word for index, word in enumerate(words) if not cluster or index != words.index(cluster)]
        found.setdefault(cluster, []).append(" ".join(rest))
    for cluster, text in texts.items():
        rows = [_words(row) for part in _parts(line, text, plains[cluster]) for row in _rows(part)]
        own = found.pop(cluster, [])
        if line.may_have_lines and Counter(" ".join(own).split()) == Counter(" ".join(rows).split()):
            continue
        if (sorted(own) if line.has_several_tables else own) != (sorted(rows) if line.has_several_tables else rows):
            yield f"other lines than kubectl's of {cluster}: {difference(rows, own)}"
    if found:
        yield f"lines of clusters that gave none: {dict(found)!r:.300}"


def _rows(part: str) -> list[str]:
    return part.removesuffix("\n").split("\n")[1:]


def difference(expected: object, found: object) -> str:
    """Return where two texts or lists begin to differ."""
    first = expected.split("\n") if isinstance(expected, str) else list(expected)  # type: ignore[call-overload]
    second = found.split("\n") if isinstance(found, str) else list(found)  # type: ignore[call-overload]
    for index in range(max(len(first), len(second))):
        pair = [items[index] if index < len(items) else "nothing" for items in (first, second)]
        if pair[0] != pair[1]:
            return f"at {index}: {str(pair[0])[:300]!r} is {str(pair[1])[:300]!r}"
    return "at the end"
