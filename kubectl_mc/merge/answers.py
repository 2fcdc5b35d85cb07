"""From the clusters' results to the text on stdout: which way of merging fits the command's output form. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

from kubectl_mc import messages
from kubectl_mc.command_line import grammar, verbs
from kubectl_mc.command_line.grammar import CommandLine
from kubectl_mc.merge import kubectl_tables, lines, sections
from kubectl_mc.processes.event_loop import Result
from kubectl_mc.processes.requests import Job, Request

# Output forms whose text is a table with headers; "" is kubectl's default.
TABLES = ("", "wide", "custom-columns", "custom-columns-file")
OBJECTS = ("json", "yaml")
DOCUMENTS = {"jsonpath-as-json": "json", "kyaml": "yaml"}
LINES = ("name", "jsonpath", "jsonpath-file", "go-template", "go-template-file", "template", "templatefile")


def mergeable_line(request: Request, line: CommandLine, several: bool = False) -> CommandLine:
    """What each kubectl is asked, so that its answer can be merged; several: with those of other clusters."""
    if request.options.by_time:
        return grammar.with_flags(grammar.without(line, ("timestamps",)), ("timestamps", "true"))
    if several and line.verb == "get":
        # A cluster where no object has the field would print none; the keys sort all rows.
        line = grammar.without(line, ("sort-by",))
    if verbs.output_shape(request.verb, line) != "table" or request.options.fold:
        return line
    line = grammar.without(line, ("no-headers",))  # the headers say where the columns start
    form, spec = grammar.output_format(line)
    if form == "custom-columns":
        from kubectl_mc.merge import custom_columns

        if custom_columns.findable_spec(spec) == spec:
            return line
        return grammar.with_flags(
            grammar.without(line, ("output",)), ("output", f"{form}={custom_columns.findable_spec(spec)}")
        )
    # kubectl leaves the types out where a cluster has objects of one type only.
    names = several and form in ("", "wide") and _of_several_types(request.line)
    return grammar.with_flags(line, ("show-kind", "true")) if names else line


def _of_several_types(line: CommandLine) -> bool:
    """Does a `get` ask for several types, as far as its words tell?"""
    words = grammar.operands(line) if line.verb == "get" else []
    kinds = {word.partition("/")[0] for word in words if "/" in word} or set(words[0].split(",") if words else ())
    return len(kinds) > 1 or kinds == {"all"}


def sort_key_jobs(request: Request, jobs: Sequence[Job]) -> list[Job]:
    """The jobs that print the keys by which a fleet's objects are sorted, beside those that print the objects."""
    expression = grammar.value(request.line, "sort-by")
    if not expression or request.line.verb != "get":
        return []
    from kubectl_mc.merge import sorting

    return [job._replace(line=sorting.keys_command(job.line, expression)) for job in jobs]


def merge_answers(
    results: Sequence[Result], sort_keys: Sequence[Result], request: Request, coloured: Mapping[str, str] | None = None
) -> str:
    """One answer out of every cluster's stdout.

    coloured: what lines carry in place of a cluster's name, where they are for a terminal
    sort_keys: what the jobs of `sort_keys` printed, in the same order; () for none
    Raises UserError if no object has what they are to be sorted by.
    """
    line, options = request.line, request.options
    outputs = [(result.cluster, _text(result)) for result in results if result.stdout]
    keys = {result.cluster: _text(result) for result in sort_keys}
    if keys and outputs:
        _check_keys(keys.values(), grammar.value(line, "sort-by") or "")
    form, _ = grammar.output_format(line)
    shape = verbs.output_shape(request.verb, line)
    if options.by_time:
        stamped = [(f"[{(coloured or {}).get(cluster, cluster)}] ", text) for cluster, text in outputs]
        return lines.by_time(stamped, keep_stamps=grammar.is_set(line, "timestamps"))
    if form in OBJECTS and not outputs and all(result.status for result in results):
        return ""  # as kubectl: an empty List would say that there is nothing
    if form in OBJECTS:
        return _objects(outputs, form, keys, lone=len(results) == 1)
    if form in DOCUMENTS:
        return _documents(outputs, DOCUMENTS[form], lone=len(results) == 1)
    if form in LINES:
        rows = [(cluster, row) for cluster, text in outputs for row in text.removesuffix("\n").split("\n")]
        return lines.tabbed(_sorted_rows(rows, keys))
    if verbs.is_dry_run(request.verb, line):
        from kubectl_mc.merge import object_changes

        return object_changes.dry_run_table(outputs)
    if options.fold or shape == "text" or grammar.value(line, "raw") is not None:
        return sections.render_sections(outputs, request.verb.fold if options.fold is None else options.fold)
    if shape == "table" and form in TABLES:
        return _tables(outputs, keys, request)
    return lines.prefixed(outputs)


def _check_keys(texts: Iterable[str], expression: str) -> None:
    from kubectl_mc.merge import sorting

    keys = [key for text in texts if sorting.are_of_list(text) for key in sorting.parse_keys(text)]
    if keys and not any(key.value for key in keys):
        raise messages.nothing_to_sort_by(expression)


def _text(result: Result) -> str:
    """Bytes that are no UTF-8 come out again as they went in."""
    return result.stdout.decode("utf-8", "surrogateescape")


def _tables(outputs: Sequence[tuple[str, str]], keys: Mapping[str, str], request: Request) -> str:
    line = request.line
    form, spec = grammar.output_format(line)
    try:
        parsed = [
            (cluster, kubectl_tables.parse_tables(text, several=line.verb == "get" and not spec))
            for cluster, text in outputs
        ]
    except kubectl_tables.NotATable:
        return sections.render_sections(outputs)
    if form == "custom-columns":
        from kubectl_mc.merge import custom_columns

        parsed = [
            (cluster, [each.named(custom_columns.column_headers(spec)) for each in tables])
            for cluster, tables in parsed
        ]
    groups = kubectl_tables.group_by_type(parsed)
    if len(groups) == 1 and _of_several_types(line) and not grammar.is_set(line, "show-kind"):
        groups = {"": [(cluster, each.without_kind()) for members in groups.values() for cluster, each in members]}
    merged = [_sorted(kubectl_tables.join_tables(members), name, keys) for name, members in groups.items()]
    by = verbs.sorted_by(request.verb, line)
    if by:
        from kubectl_mc.merge import sorting

        merged = [kubectl_tables.reorder_rows(each, sorting.column_order(each, by)) for each in merged]
    return kubectl_tables.render_tables(merged, headers=not grammar.is_set(line, "no-headers"))


def _sorted(joined: kubectl_tables.Table, group: str, keys: Mapping[str, str]) -> kubectl_tables.Table:
    if not keys:
        return joined
    clusters = joined.columns[joined.header.index(kubectl_tables.CLUSTER)]
    return kubectl_tables.reorder_rows(joined, _order(clusters, keys, group))


def _sorted_rows(rows: Sequence[tuple[str, str]], keys: Mapping[str, str]) -> list[tuple[str, str]]:
    """(cluster, row)s of all clusters in the order of their keys."""
    return [rows[index] for index in _order([cluster for cluster, _ in rows], keys)] if keys else list(rows)


def _order(clusters: Sequence[str], keys: Mapping[str, str], group: str = "") -> list[int]:
    """The order of rows whose clusters these are; each cluster's rows stand together, in the order of its keys."""
    from kubectl_mc.merge import sorting

    values: list[str] = []
    for cluster, rows in groupby(clusters):
        values += sorting.values_of_type(sorting.parse_keys(keys.get(cluster, "")), group, len(list(rows)))
    return sorting.sorted_indexes(values)


def _objects(outputs: Sequence[tuple[str, str]], form: str, keys: Mapping[str, str], lone: bool) -> str:
    from kubectl_mc.merge import object_lists

    try:
        return object_lists.merge_objects(outputs, form, lone, lambda items: _sorted_rows(items, keys))
    except object_lists.NotObjects:
        return _documents(outputs, form, lone)


def _documents(outputs: Sequence[tuple[str, str]], form: str, lone: bool) -> str:
    """Documents that are no API objects, in one; that of the only cluster asked stays as it is.

    A command that prints several documents (`cluster-info dump`) is shown in sections.
    """
    from kubectl_mc.merge import object_lists

    if lone:
        return "".join(text for _, text in outputs)
    several = any("\n}\n{" in text or "\n---\n" in text for _, text in outputs)
    # -o kyaml begins with the mark of a document, which can't be inside one.
    whole = [(cluster, text.removeprefix("---\n")) for cluster, text in outputs]
    return sections.render_sections(outputs) if several else object_lists.wrap_documents(whole, form)
