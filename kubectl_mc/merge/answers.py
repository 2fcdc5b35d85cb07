"""The answer on stdout, made of the clusters' results: chooses how they are merged by the output form. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from itertools import groupby, islice

from kubectl_mc.command_line import grammar, verbs
from kubectl_mc.command_line.grammar import CommandLine
from kubectl_mc.merge import kubectl_tables, lines, sections
from kubectl_mc.merge.kubectl_tables import Table
from kubectl_mc.named_tuples import NamedTuple
from kubectl_mc.processes.event_loop import Result
from kubectl_mc.processes.requests import Job, Request

# Output forms (-o) by how their texts are merged; "" is kubectl's default.
TABLES = ("", "wide", "custom-columns", "custom-columns-file")

OBJECTS = ("json", "yaml", "kyaml")

DOCUMENTS = {"json": "json", "yaml": "yaml", "kyaml": "kyaml", "jsonpath-as-json": "json"}

TEMPLATES = ("jsonpath", "jsonpath-file", "go-template", "go-template-file", "template", "templatefile")

LINES = ("name", *TEMPLATES)

# Where a kubectl was asked: a cluster, and the one of several namespaces, or "".
Place = tuple[str, str]

# The forms in which kubectl's tables have a column NAMESPACE with -A.
WITH_NAMESPACES = ("", "wide")


class _Printed(NamedTuple):
    """What one kubectl printed: its number, and where it was asked."""

    number: int
    place: Place


def mergeable_line(request: Request, line: CommandLine, several: bool = False) -> CommandLine:
    """Return the command line for one cluster's kubectl, so changed that its output can be merged.

    several: the output is merged with that of other clusters
    """
    if verbs.output_shape(request.row, line) != "table" or request.options.fold:
        return line
    line = grammar.without(line, ("no-headers",))  # the headers show where the columns start
    form, spec = grammar.output_format(line)
    if form == "custom-columns":
        from kubectl_mc.merge import custom_columns

        marked = custom_columns.marked_spec(spec)
        return grammar.with_flags(grammar.without(line, ("output",)), ("output", f"{form}={marked}"))
    if has_events(request):
        # A cluster may print a further table, whose header is known by this column alone.
        events_by = request.row.output.events_by
        line = grammar.with_flags(grammar.without(line, (events_by,)), (events_by, "true"))
    if several and form in ("", "wide") and _has_several_types(request.line):
        # A cluster that lacks some of the types, or some of the names, is asked for the others only.
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


def is_unreadable(request: Request, result: Result, keys: Result | None) -> bool:
    """Return whether a cluster's table can't be read exactly, and isn't as kubectl prints it for what was typed.

    The cluster is then asked for that, which stands in a section as it is.
    """
    line, shape = request.line, verbs.output_shape(request.row, request.line)
    form, _ = grammar.output_format(line)
    is_changed = form == "custom-columns" or (form in TABLES and grammar.is_set(line, "no-headers"))
    if shape != "table" or not is_changed or request.options.fold or not result.stdout:
        return False
    try:
        _keyed_tables(_text(result), _text(keys) if keys else None, request)
    except kubectl_tables.NotATable:
        return True
    return False


def key_jobs(request: Request, jobs: Sequence[Job], several: bool) -> list[Job]:
    """Return the jobs that print what an answer's text doesn't tell; they run beside the other jobs.

    These are the keys by which the answers of several clusters are merged, and the cells that may have several lines.
    """
    output, line = request.row.output, request.line
    form, _ = grammar.output_format(line)
    expression = grammar.value(line, "sort-by")
    if output.last_cell and form in TABLES and not request.options.fold:
        from kubectl_mc.merge import located_rows, sorting

        template = located_rows.records_template(output.ordered_by, output.last_cell)
        return [job._replace(line=sorting.fields_command(job.line, template)) for job in jobs]
    if several and expression and line.verb == "get" and form not in TEMPLATES:
        from kubectl_mc.merge import sorting

        return [job._replace(line=sorting.keys_command(job.line, expression)) for job in jobs]
    return []


def merge_answers(
    results: Sequence[Result],
    sort_keys: Sequence[Result],
    request: Request,
    on_terminal: bool,
) -> str:
    """Return one answer made of every cluster's stdout.

    sort_keys: the results of `key_jobs`; () if there were none
    on_terminal: a person reads it, so that lines that look like a heading are marked
    """
    line, options = request.line, request.options
    places = [(result.cluster, result.namespace) for result in results if result.stdout]
    texts = [_text(result) for result in results if result.stdout]
    outputs = [(cluster, text) for (cluster, _), text in zip(places, texts)]
    if not outputs:
        return ""  # as kubectl does: a document without items would say that there are no objects
    key_texts: dict[Place, str] = {}
    for result in sort_keys:
        place = (result.cluster, result.namespace)
        key_texts[place] = key_texts.get(place, "") + _text(result)
    keys = [key_texts.get(place) for place in places] if key_texts else []
    form, _ = grammar.output_format(line)
    shape = verbs.output_shape(request.row, line)
    lone = len(results) == 1 and not results[0].namespace
    if form in OBJECTS:
        from kubectl_mc.merge import object_lists

        try:
            of_types = _typed_places(places, line)
            return object_lists.merge_objects(
                outputs, form, lone, lambda rows: _merged_rows(rows, keys, of_types, partial(_kind, form=form))
            )
        except object_lists.NotObjects:
            pass
    if form in DOCUMENTS:
        return _documents(outputs, DOCUMENTS[form], lone, on_terminal)
    if form in TEMPLATES:
        return lines.tabbed(outputs)
    if form in LINES:
        names = [(index, name) for index, text in enumerate(texts) for name in text.removesuffix("\n").split("\n")]
        rows = _merged_rows(names, keys, _typed_places(places, line), lambda name: name.partition("/")[0])
        return lines.tabbed([(outputs[index][0], name) for index, name in rows])
    if verbs.is_dry_run(request.row, line):
        from kubectl_mc.merge import object_changes

        return object_changes.dry_run_answer(outputs, on_terminal)
    if options.fold or shape == "text" or grammar.value(line, "raw") is not None:
        fold = request.row.output.fold if options.fold is None else options.fold
        return sections.render_sections(zip(map(_heading, places), texts), on_terminal, fold)
    if shape == "table" and form in TABLES:
        try:
            return _tables(list(zip(places, texts)), key_texts, request, on_terminal)
        except kubectl_tables.NotATable:
            return sections.render_sections(zip(map(_heading, places), texts), on_terminal)
    return lines.prefixed(outputs)


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
            lists = [layout.split_list(text) for _, text in layout.documents(_text(result))]
        except object_lists.NotObjects:
            return result
        is_empty = all(parts and not parts.items for parts in lists)
    else:
        is_empty = not result.stdout.strip(b" \n,[]{}")  # what a jsonpath makes of an empty List
    return result._replace(stdout=b"") if is_empty else result


def _is_header(result: Result, request: Request) -> bool:
    """Return whether custom columns have no rows."""
    if not request.options.fold:
        with suppress(kubectl_tables.NotATable):  # then it is as it was typed
            return not any(table.row_count for table in _keyed_tables(_text(result), None, request))
    return not grammar.is_set(request.line, "no-headers") and b"\n" not in result.stdout.removesuffix(b"\n")


def _text(result: Result) -> str:
    """Return the stdout; bytes that are not UTF-8 are written to our stdout as they were read."""
    return result.stdout.decode("utf-8", "surrogateescape")


def _heading(place: Place) -> str:
    """Return what stands above a section."""
    cluster, namespace = place
    return f"{cluster}   NAMESPACE: {namespace}" if namespace else cluster


def _tables(
    outputs: Sequence[tuple[Place, str]], key_texts: Mapping[Place, str], request: Request, on_terminal: bool
) -> str:
    """Return the tables of all clusters as one of each type, and below them, in sections, what can't be read exactly.

    Raises NotATable if the tables have too many columns together.
    """
    readable, unreadable = list[tuple[_Printed, list[Table]]](), list[tuple[str, str]]()
    with_namespaces = grammar.output_format(request.line)[0] in WITH_NAMESPACES
    for index, (place, text) in enumerate(outputs):
        try:
            tables = _keyed_tables(text, key_texts.get(place), request)
        except kubectl_tables.NotATable:
            unreadable.append((_heading(place), text))
            continue
        if place[1] and with_namespaces:
            tables = [table.behind_column(kubectl_tables.NAMESPACE, place[1]) for table in tables]
        readable.append((_Printed(index, place), tables))
    groups = kubectl_tables.group_by_type(readable) if _names_types(request) else {"": _flattened(readable)}
    merged = [_merged_table(members, request) for members in groups.values() if members]
    shown = kubectl_tables.render_tables(merged, headers=not grammar.is_set(request.line, "no-headers"))
    rest = sections.render_sections(unreadable, on_terminal)
    return "\n".join(filter(None, (sections.marked_headings(shown, on_terminal), rest)))


def _names_types(request: Request) -> bool:
    """Return whether names may be TYPE/NAME. Elsewhere, such as in custom columns, a slash is part of a value."""
    return request.line.verb == "get" and grammar.output_format(request.line)[0] in ("", "wide")


def _flattened(readable: Sequence[tuple[_Printed, Sequence[Table]]]) -> list[tuple[_Printed, Table]]:
    return [(printed, table) for printed, tables in readable for table in tables]


# The column of the sort keys in a table that is about to be merged. No column of kubectl's has such a name.
_KEYS = "\0keys"


def _keyed_tables(text: str, key_text: str | None, request: Request) -> list[Table]:
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


def _typed_places(places: Sequence[Place], line: CommandLine) -> Sequence[Place]:
    """Return where objects of several types were asked for in several namespaces; () if their order is right as it is.

    kubectl has all objects of a type together with -A.
    """
    return places if any(namespace for _, namespace in places) and _has_several_types(line) else ()


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
