"""Custom columns in a file (`-o custom-columns-file=FILE`), read here so that they can be marked as those of a spec."""

from __future__ import annotations

from kubectl_mc.command_line import grammar
from kubectl_mc.merge import custom_columns
from kubectl_mc.processes.requests import Request


def with_inline_columns(request: Request) -> Request:
    """Return the request with the columns of the file as a spec; unchanged if they can't be one, or can't be read."""
    form, path = grammar.output_format(request.line)
    if form != "custom-columns-file":
        return request
    try:
        with open(path, encoding="utf-8") as file:
            spec = custom_columns.inline_spec(file.read())
    except (OSError, ValueError):
        return request  # kubectl says why
    if spec is None:
        return request
    line = grammar.without(request.line, ("output",))
    return request._replace(line=grammar.with_flags(line, ("output", f"custom-columns={spec}")))
