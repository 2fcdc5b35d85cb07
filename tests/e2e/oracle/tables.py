"""Whether a fleet's table holds exactly the rows of each cluster's kubectl: read by the headers, without kubectl mc."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import NamedTuple

from tests.e2e.oracle.command_lines import Line
from tests.e2e.oracle.kubectls import Plain

CLUSTER = "CLUSTER"
_NAME = re.compile(r"\S+(?: {1,2}\S+)*")
_SMALLEST, _PADDING = 6, 3  # of kubectl's tab writer


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
    """Return the table of a text; None if it isn't laid out as one whose cells have one line each."""
    table = sliced(text)
    return table if table and _trimmed(table.text()) == _trimmed(text) else None


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


def _trimmed(text: str) -> str:
    return "".join(line.rstrip(" ") + "\n" for line in text.removesuffix("\n").split("\n"))


def _words(text: str) -> str:
    return " ".join(filter(None, text.split(" ")))


def table_faults(line: Line, plains: Mapping[str, Plain], shown: str) -> Iterator[str]:
    """What is wrong with a fleet's table, or with the sections that stand for tables that can't be read exactly.

    plains: the answers of the clusters, in their order
    """
    texts = {cluster: _kept(line, plain) for cluster, plain in plains.items()}
    exact = {
        cluster: text
        for cluster, text in texts.items()
        if text and all(parsed(part) for part in _parts(line, text, plains[cluster]))
    }
    for cluster, text in texts.items():
        section = f"{CLUSTER}: {cluster}\n{text}" + "\n" * (not text.endswith("\n"))
        if not text or not _has_section(shown, section):
            continue
        if cluster in exact:
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
        tables = [table.marked(cluster) for part in _parts(line, text, plain) if (table := parsed(part))]
        headers = not line.has("--no-headers")
        expected = ("\n" if headers else "").join(table.text(headers) for table in tables)
        as_typed = ("\n" if headers else "").join(
            table.text(headers) for part in _parts(line, text, plain) if (table := parsed(part))
        )
        loosely = _words if plain.kept else str if as_typed == text else _trimmed
        if loosely(shown) != loosely(expected):
            yield f"other text than kubectl's with a column: {difference(expected, shown)}"
    elif line.has("--no-headers"):
        yield from _line_faults(line, texts, plains, shown)
    else:
        yield from _row_faults(line, texts, exact, plains, shown)


def _has_section(shown: str, section: str) -> bool:
    return ("\n" + shown).find("\n" + section) >= 0


def _kept(line: Line, plain: Plain) -> str:
    """Return the text without the rows of other names, if only some were asked for."""
    if not plain.kept or not plain.stdout:
        return plain.stdout
    parts = []
    for part in _parts(line, plain.stdout, plain):
        table = sliced(part)
        column = table.header.index("NAME") if table and "NAME" in table.header else None
        if table and column is not None:
            header, *lines = part.removesuffix("\n").split("\n")
            rows = [text for text, row in zip(lines, table.rows) if plain.keeps(row[column])]
            parts += ["".join(f"{text}\n" for text in [header, *rows])] if rows else []
    return "\n".join(parts)


def _parts(line: Line, text: str, plain: Plain) -> list[str]:
    """Return each table of a text, with its header."""
    text = plain.with_headers or text
    return [part.strip("\n") + "\n" for part in text.split("\n\n")] if line.has_several_types else [text]


def _row_faults(
    line: Line, texts: Mapping[str, str], exact: Mapping[str, str], plains: Mapping[str, Plain], shown: str
) -> Iterator[str]:
    """What is wrong with the rows below a header."""
    seen: dict[tuple[str, str], list[tuple[str, tuple[str, ...], tuple[tuple[str, int], ...]]]] = {}
    names = sorted(plains, key=len, reverse=True)
    for part in [part.strip("\n") + "\n" for part in shown.split("\n\n")] if line.has_several_types else [shown]:
        table = sliced(part)
        if not table or CLUSTER not in table.header:
            yield f"a table without a column CLUSTER: {part[:200]!r}"
            return
        column = table.header.index(CLUSTER)
        start = list(_NAME.finditer(part.partition("\n")[0]))[column].start()
        order = []
        for text, row in zip(part.removesuffix("\n").split("\n")[1:], table.rows):
            cluster = next((name for name in names if re.match(re.escape(name) + r"(?: |$)", text[start:])), None)
            if cluster is None:
                yield f"a line without its cluster: {text[:200]!r}"
                return
            order.append(cluster)
            rest = _words(text[:start] + " " + text[start + len(cluster) :])
            cells = (*row[:column], *row[column + 1 :])
            columns = tuple(Table((*table.header[:column], *table.header[column + 1 :]), ()).numbered)
            seen.setdefault((cluster, _type(line, table, row)), []).append((rest, cells, columns))
        grouped = [cluster for cluster, _ in groupby(order)]
        if not line.is_sorted and not line.has("--sort-by") and grouped != [name for name in plains if name in grouped]:
            yield f"clusters in another order: {order}"
    for cluster, text in texts.items():
        for part in _parts(line, text, plains[cluster]):
            table = sliced(part)
            if not table:
                continue
            type_ = _type(line, table, table.rows[0]) if table.rows else ""
            rows = seen.pop((cluster, type_), [])
            if cluster in exact:
                yield from _cell_faults(cluster, table, rows)
            else:
                expected = [_words(text) for text in part.removesuffix("\n").split("\n")[1:]]
                if expected != [rest for rest, _, _ in rows]:
                    yield f"other lines than kubectl's of {cluster}: {difference(expected, [row[0] for row in rows])}"
    for (cluster, type_), rows in seen.items():
        yield f"rows that {cluster} didn't give: {type_} {[rest for rest, _, _ in rows][:3]}"


def _type(line: Line, table: Table, row: Sequence[str]) -> str:
    """Return the type of a row's object, if a line asks for several."""
    if not line.has_several_types or "NAME" not in table.header:
        return ""
    return row[table.header.index("NAME")].partition("/")[0]


def _cell_faults(
    cluster: str, table: Table, rows: Sequence[tuple[str, tuple[str, ...], tuple[tuple[str, int], ...]]]
) -> Iterator[str]:
    """What is wrong with a cluster's rows. rows: their text, cells and columns in the fleet's table"""
    expected = [dict(zip(table.numbered, row)) for row in table.rows]
    found = []
    for _, cells, columns in rows:
        cells_by_column = dict(zip(columns, cells))
        found.append({name: cells_by_column.pop(name, "missing column") for name in table.numbered})
        if any(cells_by_column.values()):
            yield f"cells in columns that {cluster} hasn't got: {cells_by_column}"
            return
    if expected != found:
        yield f"other cells than kubectl's of {cluster}: {difference(expected, found)}"


def _line_faults(line: Line, texts: Mapping[str, str], plains: Mapping[str, Plain], shown: str) -> Iterator[str]:
    """What is wrong with a table without headers: its lines are the rows of all clusters, each with its cluster."""
    found = [_words(text) for text in shown.removesuffix("\n").split("\n")]
    expected: dict[str, list[str]] = {}
    for cluster, text in texts.items():
        tables = [sliced(part) for part in _parts(line, text, plains[cluster])]
        expected[cluster] = [_words(" ".join(row)) for table in tables if table for row in table.marked(cluster).rows]
    for cluster, rows in expected.items():
        own = set(rows)
        kept = [text for text in found if text in own]
        if (sorted(kept) if line.has_several_types else kept) != (sorted(rows) if line.has_several_types else rows):
            yield f"other lines than kubectl's of {cluster}: {difference(rows, kept)}"
    if len(found) != sum(map(len, expected.values())):
        yield f"{len(found)} lines, not {sum(map(len, expected.values()))}"


def difference(expected: object, found: object) -> str:
    """Return where two texts or lists begin to differ."""
    first = expected.split("\n") if isinstance(expected, str) else list(expected)  # type: ignore[call-overload]
    second = found.split("\n") if isinstance(found, str) else list(found)  # type: ignore[call-overload]
    for index in range(max(len(first), len(second))):
        pair = [items[index] if index < len(items) else "nothing" for items in (first, second)]
        if pair[0] != pair[1]:
            return f"at {index}: {str(pair[0])[:300]!r} is {str(pair[1])[:300]!r}"
    return "at the end"
