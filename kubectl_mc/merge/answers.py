# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""The answer on stdout, made of the clusters' results: chooses how they are merged by the output form. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from itertools import groupby

from kubectl_mc import messages
from kubectl_mc.command_line import grammar, verbs
from kubectl_mc.command_line.grammar import CommandLine
from kubectl_mc.merge import kubectl_tables, lines, sections, table_answers
from kubectl_mc.merge.output_forms import DOCUMENTS, LINES, OBJECTS, TABLES, TEMPLATES, has_several_types
from kubectl_mc.merge.table_answers import Place, decoded, heading
from kubectl_mc.processes.event_loop import Result
from kubectl_mc.processes.requests import PLAIN, Look, Request
from kubectl_mc.type_hints import TYPE_CHECKING

if TYPE_CHECKING:
    from kubectl_mc.merge.folding import Chosen
    from kubectl_mc.merge.row_filter import RowFilter


def merge_answers(
    results: Sequence[Result],
    sort_keys: Sequence[Result],
    request: Request,
    look: Look = PLAIN,
    clusters: Sequence[str] = (),
    row_filter: RowFilter | None = None,
) -> str:
    """Return one answer made of every cluster's stdout.

    sort_keys: the results of `key_jobs`; () if there were none
    clusters: all that were chosen, in the order in which they are shown; those of the results if left out
    row_filter: which rows of tables are shown or counted, if that is asked for
    Raises UserError if the rows of all clusters can't be told.
    """
    line, options = request.line, request.options
    places = [(result.cluster, result.namespace) for result in results if result.stdout]
    texts = [decoded(result) for result in results if result.stdout]
    outputs = [(cluster, text) for (cluster, _), text in zip(places, texts)]
    is_counted = bool(options.count_by and options.output) and any(result.status == 0 for result in results)
    if not outputs and not is_counted:
        return ""  # as kubectl does: a document without items would say that there are no objects
    key_texts: dict[Place, str] = {}
    for result in sort_keys:
        place = (result.cluster, result.namespace)
        key_texts[place] = key_texts.get(place, "") + decoded(result)
    keys = [key_texts.get(place) for place in places] if key_texts else []
    form, _ = grammar.output_format(line)
    shape = verbs.output_shape(request.row, line)
    lone = len(results) == 1 and not results[0].namespace
    if form in OBJECTS:
        from kubectl_mc.merge import object_lists

        try:
            of_types = _typed_places(places, line)
            merged = object_lists.merge_objects(
                outputs, form, lone, lambda rows: _merged_rows(rows, keys, of_types, partial(_kind, form=form))
            )
            return _painted_document(merged) if look.colours else merged
        except object_lists.NotObjects:
            pass
    if form in DOCUMENTS:
        merged = _documents(outputs, DOCUMENTS[form], lone, look.on_terminal)
        return _painted_document(merged) if look.colours else merged
    fold = request.row.output.fold if options.fold is None else options.fold
    chosen = _chosen(clusters, results, look) if fold else None
    if form in TEMPLATES:
        if chosen:
            from kubectl_mc.merge import folding

            return folding.folded_texts(zip(places, texts), chosen, by_meaning=False)
        return lines.tabbed(outputs, look.colours)
    if form in LINES:
        names = [(index, name) for index, text in enumerate(texts) for name in text.removesuffix("\n").split("\n")]
        rows = _merged_rows(names, keys, _typed_places(places, line), lambda name: name.partition("/")[0])
        pairs = [(outputs[index][0], name) for index, name in rows]
        if chosen:
            from kubectl_mc.merge import folding

            return folding.folded_lines(pairs, chosen)
        return lines.tabbed(pairs, look.colours)
    if verbs.is_dry_run(request.row, line):
        return _dry_run_answer(outputs, chosen, look)
    is_table = shape == "table" and form in TABLES and grammar.value(line, "raw") is None
    if is_table:
        placed = list(zip(places, texts))
        try:
            return table_answers.table_answer(placed, key_texts, request, look, chosen, row_filter)
        except kubectl_tables.NotATable:
            if row_filter:
                raise messages.tables_not_joined(row_filter.flag) from None
    if chosen:
        from kubectl_mc.merge import folding

        return folding.folded_texts(zip(places, texts), chosen)
    if is_table or shape == "text" or grammar.value(line, "raw") is not None:
        return sections.render_sections(zip(map(heading, places), texts), *look)
    return lines.prefixed(outputs, look.colours)


def _painted_document(text: str) -> str:
    from kubectl_mc.messages.painted_texts import painted_document

    return painted_document(text)


def _chosen(clusters: Sequence[str], results: Sequence[Result], look: Look) -> Chosen:
    from kubectl_mc.merge import folding

    failed = {result.cluster for result in results if result.status != 0 or result.timed_out}
    names = [*clusters, *(result.cluster for result in results)]
    return folding.Chosen(names, {result.cluster for result in results} - failed, look)


def _dry_run_answer(outputs: Sequence[tuple[str, str]], chosen: Chosen | None, look: Look) -> str:
    """Return a dry run that the user asked for: a table of the objects, or else what kubectl printed, in sections."""
    from kubectl_mc.merge import folding, object_changes
    from kubectl_mc.messages import own_tables

    table = object_changes.dry_run_table(outputs)
    if chosen and table:
        return folding.folded_tables([table], chosen, with_ages=False)
    if chosen:
        return folding.folded_texts([((cluster, ""), text) for cluster, text in outputs], chosen)
    if not table:
        return sections.render_sections(outputs, *look)
    return own_tables.render_table(table.header, [*zip(*table.columns)], look.colours) if table.row_count else ""


def without_empty_document(result: Result, request: Request) -> Result:
    """Return the result of a kubectl that failed without its stdout if that says only that there are no objects.

    `get` prints an empty List also where no API server answered, and the header of custom columns ahead of its error.
    """
    form, _ = grammar.output_format(request.line)
    if not result.stdout or (result.status == 0 and not result.timed_out):
        return result
    if form.startswith("custom-columns"):
        return result._replace(stdout=b"") if _is_header(result, request) else result
    if form not in DOCUMENTS:
        return result
    if form in OBJECTS:
        from kubectl_mc.merge import object_lists

        layout = object_lists.LAYOUTS[form]
        try:
            lists = [layout.split_list(text) for _, text in layout.documents(decoded(result))]
        except object_lists.NotObjects:
            return result
        is_empty = all(parts and not parts.items for parts in lists)
    else:
        is_empty = not result.stdout.strip(b" \n,[]{}")  # what a jsonpath makes of an empty List
    return result._replace(stdout=b"") if is_empty else result


def _is_header(result: Result, request: Request) -> bool:
    """Return whether custom columns have no rows."""
    with suppress(kubectl_tables.NotATable):  # then it is as it was typed
        return not any(table.row_count for table in table_answers.keyed_tables(decoded(result), None, request))
    return not grammar.is_set(request.line, "no-headers") and b"\n" not in result.stdout.removesuffix(b"\n")


def _typed_places(places: Sequence[Place], line: CommandLine) -> Sequence[Place]:
    """Return where objects of several types were asked for in several namespaces; () if their order is right as it is.

    kubectl has all objects of a type together with -A.
    """
    return places if any(namespace for _, namespace in places) and has_several_types(line) else ()


def _merged_rows(
    rows: Sequence[tuple[int, str]],
    keys: Sequence[str | None],
    places: Sequence[Place],
    kind_of: Callable[[str], str],
) -> list[tuple[int, str]]:
    """Return the (index of its output, row)s of all outputs in the order of their keys, or of their types.

    keys: what was printed of the keys of each output; [] if they are not sorted
    places: of the outputs, if the rows of a cluster are put in the order of their types; else ()
    """
    if not keys and places:
        return [row for _, group in groupby(rows, lambda row: places[row[0]][0]) for row in _by_kind([*group], kind_of)]
    if not keys:
        return list(rows)
    from kubectl_mc.merge import sorting

    counts = [(index, len(list(members))) for index, members in groupby(index for index, _ in rows)]
    sequences = [sorting.values_of_type(sorting.parse_keys(keys[index] or ""), "", count) for index, count in counts]
    return [rows[index] for index in sorting.merged_order(sequences)]


def _kind(item: str, form: str) -> str:
    from kubectl_mc.merge import object_lists

    layout = object_lists.LAYOUTS[form]
    return object_lists.object_name(item, layout.indent, layout, ("kind",))


def _by_kind(rows: Sequence[tuple[int, str]], kind_of: Callable[[str], str]) -> list[tuple[int, str]]:
    """Return the rows of a cluster by their kinds, otherwise in the same order."""
    kinds = [kind_of(text) for _, text in rows]
    sequences: dict[int, dict[str, None]] = {}
    for (index, _), kind in zip(rows, kinds):
        sequences.setdefault(index, {})[kind] = None
    order = kubectl_tables.merged_sequence([*sequence] for sequence in sequences.values())
    return [row for kind in order for row, own in zip(rows, kinds) if own == kind]


def _documents(outputs: Sequence[tuple[str, str]], form: str, lone: bool, on_terminal: bool) -> str:
    """Return one document that holds documents that are not API objects; a lone cluster's output stays unchanged.

    A command that prints several documents (`cluster-info dump`) is shown in sections.
    """
    from kubectl_mc.merge import result_lists

    if lone:
        return "".join(text for _, text in outputs)
    if any("\n}\n{" in text or "\n---\n" in text for _, text in outputs):
        return sections.render_sections(outputs, on_terminal)
    return result_lists.wrap_documents(outputs, form)
