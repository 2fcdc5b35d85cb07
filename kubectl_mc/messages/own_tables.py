# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""The output of our own commands: tables that look like kubectl's, and documents in JSON or YAML."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from kubectl_mc import API_VERSION
from kubectl_mc.messages import visible
from kubectl_mc.type_hints import Any


def render_table(
    headers: Sequence[str], rows: Sequence[Sequence[str]], colours: bool = False, clusters: str = ""
) -> str:
    """Return a table with three spaces between columns, and control characters made visible. headers: () for none.

    colours: the cells have colours, if there are headers
    clusters: the column with the names of clusters, if that isn't CLUSTER
    """
    from tabulate import DataRow, TableFormat, tabulate

    row = DataRow("", "   ", "")
    looks = TableFormat(None, None, None, None, headerrow=row, datarow=row, padding=0, with_header_hide=None)
    lines = [list(headers)] if headers else []
    lines += [list(map(cell_text, cells)) for cells in rows]
    if colours and headers:
        from kubectl_mc.messages.painting import painted_cell, painted_header

        names = ["CLUSTER" if name == clusters else name for name in headers]
        lines = [list(map(painted_header, headers)), *(list(map(painted_cell, names, cells)) for cells in lines[1:])]
    text = tabulate(lines, tablefmt=looks, disable_numparse=True)  # it doesn't count colours
    return "".join(f"{line.rstrip()}\n" for line in text.splitlines())


def cell_text(text: str) -> str:
    """Return a text as it stands in a cell, with tabs and control characters made visible."""
    return visible(text).replace("\t", "\\t")


def render_document(kind: str, fields: Mapping[str, Any], form: str) -> str:
    """Return a document of our API as JSON or YAML. form: "json" or "yaml"."""
    text = json.dumps({"apiVersion": API_VERSION, "kind": kind, **fields}, indent=4)
    if form == "json":
        return f"{text}\n"
    import yaml

    # The JSON is parsed because YAML would write anchors for objects that are in the document twice.
    return str(yaml.safe_dump(json.loads(text), sort_keys=False))
