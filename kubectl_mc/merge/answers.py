"""The answer on stdout, made of the clusters' results: chooses how they are merged by the output form. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby

from kubectl_mc import messages
from kubectl_mc.command_line import grammar, verbs
from kubectl_mc.command_line.grammar import CommandLine
from kubectl_mc.merge import kubectl_tables, lines, sections
from kubectl_mc.processes.event_loop import Result
from kubectl_mc.processes.requests import Job, Request

# Output forms (-o) by how their texts are merged; "" is kubectl's default.
TABLES = ("", "wide", "custom-columns", "custom-columns-file")

OBJECTS = ("json", "yaml", "kyaml")

DOCUMENTS = {"json": "json", "yaml": "yaml", "kyaml": "kyaml", "jsonpath-as-json": "json"}

LINES = ("name", "jsonpath", "jsonpath-file", "go-template", "go-template-file", "template", "templatefile")


def mergeable_line(request: Request, line: CommandLine, several: bool = False) -> CommandLine:
    """Return the command line for one cluster's kubectl, so changed that its output can be merged.

    several: the output is merged with that of other clusters
    """
    if request.options.by_time:
        return grammar.with_flags(grammar.without(line, ("timestamps",)), ("timestamps", "true"))
    if several and line.verb == "get":
        # kubectl prints no rows in a cluster where no object has the field; all rows are sorted by the keys instead.
        line = grammar.without(line, ("sort-by",))
    if verbs.output_shape(request.row, line) != "table" or request.options.fold:
        return line
    line = grammar.without(line, ("no-headers",))  # the headers show where the columns start
    form, spec = grammar.output_format(line)
    if form == "custom-columns":
        from kubectl_mc.merge import custom_columns

        findable = custom_columns.findable_spec(spec)
        if findable == spec:
            return line
        return grammar.with_flags(grammar.without(line, ("output",)), ("output", f"{form}={findable}"))
    if has_events(request):
        # A cluster may print a further table, whose header is known by this column alone.
        events_by = request.row.output.events_by
        line = grammar.with_flags(grammar.without(line, (events_by,)), (events_by, "true"))
    if several and form in ("", "wide") and _has_several_types(request.line):
        # kubectl leaves the types out in a cluster that has objects of one type only.
        return grammar.with_flags(line, ("show-kind", "true"))
    return line


def has_events(request: Request) -> bool:
    """Return whether kubectl is asked for a column of events, which tells a watch's headers from its rows."""
    row, line = request.row, request.line
    own_table = grammar.output_format(line)[0] in ("", "wide") and not request.options.fold
    return bool(row.output.events_by) and own_table and verbs.mode(row, line) == "streamed"


def _has_several_types(line: CommandLine) -> bool:
    """Return whether a `get` asks for several types, as far as its operands tell."""
    words = grammar.operands(line) if line.verb == "get" else []
    kinds = {word.partition("/")[0] for word in words if "/" in word} or set(words[0].split(",") if words else ())
    return len(kinds) > 1 or kinds == {"all"}


def sort_key_jobs(request: Request, jobs: Sequence[Job]) -> list[Job]:
    """Return the jobs that print the keys by which a fleet's objects are sorted; they run beside the other jobs."""
    expression = grammar.value(request.line, "sort-by")
    if not expression or request.line.verb != "get":
        return []
    from kubectl_mc.merge import sorting

    return [job._replace(line=sorting.keys_command(job.line, expression)) for job in jobs]


def merge_answers(
    results: Sequence[Result],
    sort_keys: Sequence[Result],
    request: Request,
    on_terminal: bool,
    coloured: Mapping[str, str] | None = None,
) -> str:
    """Return one answer made of every cluster's stdout.

    sort_keys: the results of `sort_key_jobs`; () if there were none
    on_terminal: a person reads it, so that lines that look like a heading are marked
    coloured: a cluster's name -> the name with colours, for lines that are shown on a terminal
    Raises UserError if no object has the field by which the objects are sorted.
    """
    line, options = request.line, request.options
    outputs = [(result.cluster, _text(result)) for result in results if result.stdout]
    if not outputs and not any(result.status == 0 and not result.timed_out for result in results):
        return ""  # as kubectl does: an empty List would say that there are no objects
    key_texts = {result.cluster: _text(result) for result in sort_keys}
    if key_texts and outputs:
        from kubectl_mc.merge import sorting

        list_texts = [text for text in key_texts.values() if sorting.are_of_list(text)]
        list_keys = [key for text in list_texts for key in sorting.parse_keys(text)]
        if list_keys and not any(key.value for key in list_keys):
            raise messages.nothing_to_sort_by(grammar.value(line, "sort-by") or "")
    form, _ = grammar.output_format(line)
    shape = verbs.output_shape(request.row, line)
    lone = len(results) == 1
    if options.by_time:
        prefixed = [(f"[{(coloured or {}).get(cluster, cluster)}] ", text) for cluster, text in outputs]
        return lines.by_time(prefixed, keep_stamps=grammar.is_set(line, "timestamps"))
    if form in OBJECTS:
        from kubectl_mc.merge import object_lists

        try:
            return object_lists.merge_objects(outputs, form, lone, lambda items: _sorted_rows(items, key_texts))
        except object_lists.NotObjects:
            pass
    if form in DOCUMENTS:
        return _documents(outputs, DOCUMENTS[form], lone, on_terminal)
    if form in LINES:
        rows = [(cluster, row) for cluster, text in outputs for row in text.removesuffix("\n").split("\n")]
        return lines.tabbed(_sorted_rows(rows, key_texts))
    if verbs.is_dry_run(request.row, line):
        from kubectl_mc.merge import object_changes

        return object_changes.dry_run_table(outputs)
    if options.fold or shape == "text" or grammar.value(line, "raw") is not None:
        fold = request.row.output.fold if options.fold is None else options.fold
        return sections.render_sections(outputs, on_terminal, fold)
    if shape == "table" and form in TABLES:
        try:
            return sections.marked_headings(_tables(outputs, key_texts, request), on_terminal)
        except kubectl_tables.NotATable:
            return sections.render_sections(outputs, on_terminal)
    return lines.prefixed(outputs)


def without_empty_document(result: Result, request: Request) -> Result:
    """Return the result of a kubectl that failed without its stdout if that says only that there are no objects.

    `get` prints an empty List also where no API server answered.
    """
    form, _ = grammar.output_format(request.line)
    if form not in DOCUMENTS or not result.stdout or (result.status == 0 and not result.timed_out):
        return result
    if form in OBJECTS:
        from kubectl_mc.merge import object_lists

        layout = object_lists.LAYOUTS[form]
        try:
            lists = [layout.split_list(text) for _, text in layout.documents(_text(result))]
        except object_lists.NotObjects:
            return result
        is_empty = all(parts and not parts.items for parts in lists)
    else:
        is_empty = not result.stdout.strip(b" \n,[]{}")  # what a jsonpath makes of an empty List
    return result._replace(stdout=b"") if is_empty else result


def _text(result: Result) -> str:
    """Return the stdout; bytes that are not UTF-8 are written to our stdout as they were read."""
    return result.stdout.decode("utf-8", "surrogateescape")


def _tables(outputs: Sequence[tuple[str, str]], key_texts: Mapping[str, str], request: Request) -> str:
    """Return the tables of all clusters as one of each type. Raises NotATable."""
    line = request.line
    form, spec = grammar.output_format(line)
    several = line.verb == "get" and not spec
    parsed = [(cluster, kubectl_tables.parse_tables(text, several)) for cluster, text in outputs]
    if form == "custom-columns":
        from kubectl_mc.merge import custom_columns

        headers = custom_columns.column_headers(spec)
        parsed = [(cluster, [table._replace(header=headers) for table in tables]) for cluster, tables in parsed]
    groups = kubectl_tables.group_by_type(parsed)
    if len(groups) == 1 and _has_several_types(line) and not grammar.is_set(line, "show-kind"):
        groups = {"": [(cluster, table.without_kind()) for members in groups.values() for cluster, table in members]}
    merged = [kubectl_tables.join_tables(members) for members in groups.values()]
    if key_texts:
        clusters = [table.columns[table.header.index(kubectl_tables.CLUSTER)] for table in merged]
        orders = [_order(row_clusters, key_texts, group) for row_clusters, group in zip(clusters, groups)]
        merged = list(map(kubectl_tables.reorder_rows, merged, orders))
    sort_column = verbs.sorted_by(request.row, line)
    if sort_column:
        from kubectl_mc.merge import sorting

        merged = [kubectl_tables.reorder_rows(table, sorting.column_order(table, sort_column)) for table in merged]
    return kubectl_tables.render_tables(merged, headers=not grammar.is_set(line, "no-headers"))


def _sorted_rows(rows: Sequence[tuple[str, str]], key_texts: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return the (cluster, row)s of all clusters in the order of their keys."""
    return [rows[index] for index in _order([cluster for cluster, _ in rows], key_texts)] if key_texts else list(rows)


def _order(clusters: Sequence[str], key_texts: Mapping[str, str], group: str = "") -> list[int]:
    """Return the sorted indexes of rows. clusters: that of each row; a cluster's rows are in the order of its keys."""
    from kubectl_mc.merge import sorting

    values: list[str] = []
    for cluster, rows in groupby(clusters):
        values += sorting.values_of_type(sorting.parse_keys(key_texts.get(cluster, "")), group, len(list(rows)))
    return sorting.sorted_indexes(values)


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
