# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Custom columns as they were typed: in a file (`-o custom-columns-file=FILE`), and in kubectl's errors."""

from __future__ import annotations

from kubectl_mc.command_line import grammar
from kubectl_mc.merge import custom_columns
from kubectl_mc.processes.requests import Request


def with_columns(request: Request) -> Request:
    """Return the request whose columns are a spec, if they can be one, and whose errors quote what was typed.

    A file that can't be read is left to kubectl, which says why.
    """
    form, spec = grammar.output_format(request.line)
    typed, inline = f"{form}={spec}", spec if form == "custom-columns" else _read_spec(spec)
    if inline is None:
        return request
    marked = f"custom-columns={custom_columns.marked_spec(inline)}"
    environment = request.environment._replace(typed_paths={marked: typed, **request.environment.typed_paths})
    line = grammar.with_flags(grammar.without(request.line, ("output",)), ("output", f"custom-columns={inline}"))
    return request._replace(line=line, environment=environment)


def _read_spec(path: str) -> str | None:
    try:
        with open(path, encoding="utf-8") as file:
            return custom_columns.inline_spec(file.read())
    except (OSError, ValueError):
        return None
