# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""The tables of all clusters as one of each type. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice

from kubectl_mc.command_line import grammar, verbs
from kubectl_mc.merge import kubectl_tables, sections
from kubectl_mc.merge.kubectl_tables import Table
from kubectl_mc.merge.output_forms import TABLES, WITH_NAMESPACES
from kubectl_mc.named_tuples import NamedTuple
from kubectl_mc.processes.event_loop import Result
from kubectl_mc.processes.requests import Look, Request
from kubectl_mc.type_hints import TYPE_CHECKING

if TYPE_CHECKING:
    from kubectl_mc.merge.folding import Chosen
    from kubectl_mc.merge.row_filter import RowFilter

# Where a kubectl was asked: a cluster, and the one of several namespaces, or "".
Place = tuple[str, str]


class _Printed(NamedTuple):
    """What one kubectl printed: its number, and where it was asked."""

    number: int
    place: Place


def is_unreadable(request: Request, result: Result, keys: Result | None) -> bool:
    """Return whether a cluster's table can't be read exactly, and isn't as kubectl prints it for what was typed.

    The cluster is then asked for that, which stands in a section as it is.
    """
    line, shape = request.line, verbs.output_shape(request.row, request.line)
    form, _ = grammar.output_format(line)
    is_changed = form == "custom-columns" or (form in TABLES and grammar.is_set(line, "no-headers"))
    if shape != "table" or not is_changed or not result.stdout:
        return False
    if request.options.where or request.options.count_by:  # nothing could be told of its rows
        return False
    try:
        keyed_tables(decoded(result), decoded(keys) if keys else None, request)
    except kubectl_tables.NotATable:
        return True
    return False


def table_answer(
    outputs: Sequence[tuple[Place, str]],
    key_texts: Mapping[Place, str],
    request: Request,
    look: Look,
    chosen: Chosen | None = None,
    row_filter: RowFilter | None = None,
) -> str:
    """Return the tables of all clusters as one of each type, and below them, in sections, what can't be read exactly.

    chosen: the clusters for which the answer is folded; None if it isn't
    row_filter: which rows are shown or counted; it gets what can't be read
    Raises NotATable if the tables have too many columns together.
    """
    readable, unreadable = list[tuple[_Printed, list[Table]]](), list[tuple[Place, str]]()
    with_namespaces = grammar.output_format(request.line)[0] in WITH_NAMESPACES
    for index, (place, text) in enumerate(outputs):
        try:
            tables = keyed_tables(text, key_texts.get(place), request)
        except kubectl_tables.NotATable:
            if row_filter:
                row_filter.unreadable.append(place)
            else:
                unreadable.append((place, text))
            continue
        if place[1] and with_namespaces:
            tables = [table.behind_column(kubectl_tables.NAMESPACE, place[1]) for table in tables]
        readable.append((_Printed(index, place), tables))
    types = kubectl_tables.group_by_type(readable) if _names_types(request) else {"": _flattened(readable)}
    groups = [_kept(members, request, row_filter) if row_filter else members for members in types.values()]
    merged = [_merged_table(members, request) for members in groups if members]
    headers = not grammar.is_set(request.line, "no-headers")
    if request.options.count_by:
        from kubectl_mc.merge.counts import RowCounts

        counts = RowCounts(merged, request.options.count_by)
        form = request.options.output
        if form:
            return counts.document(form)
        return sections.marked_headings(counts.table(headers, look.colours), look.on_terminal)
    if chosen:
        from kubectl_mc.merge import folding

        # The columns that a user defines hold values of objects, of which kubectl makes no ages.
        with_ages = grammar.output_format(request.line)[0] in WITH_NAMESPACES
        shown = folding.folded_tables(merged, chosen, headers, with_ages)
        rest = folding.folded_texts(unreadable, chosen)
    else:
        shown = sections.marked_headings(kubectl_tables.render_tables(merged, headers, look.colours), look.on_terminal)
        rest = sections.render_sections([(heading(place), text) for place, text in unreadable], *look)
    return "\n".join(filter(None, (shown, rest)))


def _kept(
    members: Sequence[tuple[_Printed, Table]], request: Request, row_filter: RowFilter
) -> list[tuple[_Printed, Table]]:
    """Return the tables of a type with the rows that are kept, without those that have none left."""
    tables = row_filter.kept_tables([(printed.place[0], table) for printed, table in members], _names_types(request))
    return [(printed, table) for (printed, _), table in zip(members, tables) if table]


def _names_types(request: Request) -> bool:
    """Return whether names may be TYPE/NAME. Elsewhere, such as in custom columns, a slash is part of a value."""
    return request.line.verb == "get" and grammar.output_format(request.line)[0] in ("", "wide")


def _flattened(readable: Sequence[tuple[_Printed, Sequence[Table]]]) -> list[tuple[_Printed, Table]]:
    return [(printed, table) for printed, tables in readable for table in tables]


# The column of the sort keys in a table that is about to be merged. No column of kubectl's has such a name.
_KEYS = "\0keys"


def keyed_tables(text: str, key_text: str | None, request: Request) -> list[Table]:
    """Return the tables of one cluster, with a column of sort keys if there are any. Raises NotATable."""
    form, spec = grammar.output_format(request.line)
    if form == "custom-columns":
        from kubectl_mc.merge import custom_columns

        tables = [custom_columns.read_table(text, spec)]
    elif form == "custom-columns-file":  # without marks: its paths can't be part of a spec
        raise kubectl_tables.NotATable(form)
    elif request.row.output.last_cell:
        from kubectl_mc.merge import located_rows

        table, values = located_rows.read_table(text, located_rows.parse_records(key_text or ""))
        return [table.with_column(_KEYS, values)]
    else:
        tables = kubectl_tables.parse_tables(text)
    if key_text is None:
        return tables
    from kubectl_mc.merge import sorting

    keys = sorting.parse_keys(key_text)
    types = [table.type_prefix if _names_types(request) else "" for table in tables]
    return [
        table.with_column(_KEYS, sorting.values_of_type(keys, group, table.row_count))
        for table, group in zip(tables, types)
    ]


def _merged_table(members: Sequence[tuple[_Printed, Table]], request: Request) -> Table:
    """Return the tables of a type as one table. Raises NotATable."""
    table = kubectl_tables.join_tables([(printed.place[0], part) for printed, part in members])
    counts = [part.row_count for _, part in members]
    sort_column = _KEYS if _KEYS in table.header else verbs.sorted_by(request.row, request.line)
    if not sort_column or sort_column not in table.header:
        return table
    from kubectl_mc.merge import sorting

    values = iter(table.columns[table.header.index(sort_column)])
    sequences = [list(islice(values, count)) for count in counts]
    # `top` has the largest quantity first; by a field, kubectl puts the smallest one first.
    descending = sort_column != _KEYS and sorting.has_quantities(sequences)
    return kubectl_tables.reorder_rows(table, sorting.merged_order(sequences, descending)).without_column(_KEYS)


def decoded(result: Result) -> str:
    """Return the stdout; bytes that are not UTF-8 are written to our stdout as they were read."""
    return result.stdout.decode("utf-8", "surrogateescape")


def heading(place: Place) -> str:
    """Return what stands above a section."""
    cluster, namespace = place
    return f"{cluster}   NAMESPACE: {namespace}" if namespace else cluster
