"""From the clusters' results to the text on stdout: which way of merging fits the command's output form. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby

from kubectl_mc import grammar, verbs
from kubectl_mc.dispatch import Result
from kubectl_mc.grammar import CommandLine
from kubectl_mc.merge import lines, sections, table
from kubectl_mc.request import Job, Request

# Output forms whose text is a table with headers; "" is kubectl's default.
TABLES = ("", "wide", "custom-columns", "custom-columns-file")
OBJECTS = ("json", "yaml")
DOCUMENTS = {"jsonpath-as-json": "json", "kyaml": "yaml"}
LINES = ("name", "jsonpath", "jsonpath-file", "go-template", "go-template-file", "template", "templatefile")


def asked(request: Request, line: CommandLine) -> CommandLine:
    """What each kubectl is asked, so that its answer can be merged."""
    if request.options.by_time:
        return grammar.with_flags(grammar.without(line, ("timestamps",)), ("timestamps", "true"))
    if verbs.shape(request.verb, line) == "table":
        return grammar.without(line, ("no-headers",))  # the headers say where the columns start
    return line


def sort_keys(request: Request, jobs: Sequence[Job]) -> list[Job]:
    """The jobs that print the sort keys; none where there is nothing to sort across clusters."""
    expression = grammar.value(request.line, "sort-by")
    if not expression or request.line.verb != "get" or len(jobs) < 2:
        return []
    from kubectl_mc.merge import sort

    return [job._replace(line=sort.keys_command(job.line, expression)) for job in jobs]


def merge(results: Sequence[Result], sort_keys: Sequence[Result], request: Request) -> str:
    """One answer out of every cluster's stdout.

    sort_keys: what the jobs of `sort_keys` printed, in the same order; () for none
    """
    line, options = request.line, request.options
    outputs = [(result.cluster, _text(result)) for result in results if result.stdout]
    keys = {result.cluster: _text(result) for result in sort_keys}
    form, _ = grammar.output_format(line)
    shape = verbs.shape(request.verb, line)
    if options.by_time:
        stamped = [(f"[{cluster}] ", text) for cluster, text in outputs]
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
    if verbs.rehearses(request.verb, line):
        from kubectl_mc.writes import preflight

        return preflight.table(outputs)
    if options.fold or shape == "text" or grammar.value(line, "raw") is not None:
        return sections.render(outputs, request.verb.fold if options.fold is None else options.fold)
    if shape == "table" and form in TABLES:
        return _tables(outputs, keys, headers=not grammar.is_set(line, "no-headers"))
    return lines.prefixed(outputs)


def _text(result: Result) -> str:
    """Bytes that are no UTF-8 come out again as they went in."""
    return result.stdout.decode("utf-8", "surrogateescape")


def _tables(outputs: Sequence[tuple[str, str]], keys: Mapping[str, str], headers: bool) -> str:
    try:
        groups = table.group((cluster, table.parse(text)) for cluster, text in outputs)
    except table.NotATable:
        return sections.render(outputs)
    merged = [_sorted(table.join(members), name, keys) for name, members in groups.items()]
    return table.render(merged, headers)


def _sorted(joined: table.Table, group: str, keys: Mapping[str, str]) -> table.Table:
    if not keys:
        return joined
    clusters = joined.columns[joined.header.index(table.CLUSTER)]
    return table.reorder(joined, _order(clusters, keys, group))


def _sorted_rows(rows: Sequence[tuple[str, str]], keys: Mapping[str, str]) -> list[tuple[str, str]]:
    """(cluster, row)s of all clusters in the order of their keys."""
    return [rows[index] for index in _order([cluster for cluster, _ in rows], keys)] if keys else list(rows)


def _order(clusters: Sequence[str], keys: Mapping[str, str], group: str = "") -> list[int]:
    """The order of rows whose clusters these are; each cluster's rows stand together, sorted by kubectl."""
    from kubectl_mc.merge import sort

    values: list[str] = []
    for cluster, rows in groupby(clusters):
        values += sort.of_type(sort.parse_keys(keys.get(cluster, "")), group, len(list(rows)))
    return sort.order(values)


def _objects(outputs: Sequence[tuple[str, str]], form: str, keys: Mapping[str, str], lone: bool) -> str:
    from kubectl_mc.merge import objects

    try:
        return objects.merge(outputs, form, lone, lambda items: _sorted_rows(items, keys))
    except objects.NotObjects:
        return _documents(outputs, form, lone)


def _documents(outputs: Sequence[tuple[str, str]], form: str, lone: bool) -> str:
    """Documents that are no API objects, in one; that of the only cluster asked stays as it is.

    A command that prints several documents (`cluster-info dump`) is shown in sections.
    """
    from kubectl_mc.merge import objects

    if lone:
        return "".join(text for _, text in outputs)
    several = any("\n}\n{" in text or "\n---\n" in text for _, text in outputs)
    return sections.render(outputs) if several else objects.wrap(outputs, form)
