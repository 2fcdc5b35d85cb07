"""Custom columns: headers by which the columns of kubectl's table can be found, in place of the user's."""

from __future__ import annotations

import re

# kubectl prints any text for a header: none (`:metadata.name`), or one that looks like two columns.
_CLEAR = re.compile(r"[^ \n]+(?: {1,2}[^ \n]+)*")


def column_headers(spec: str) -> tuple[str, ...]:
    """The headers in `HEADER:path,HEADER:path` (k8s.io/kubectl/pkg/cmd/get/customcolumn.go)."""
    return tuple(column.partition(":")[0] for column in spec.split(","))


def findable_spec(spec: str) -> str:
    """The spec with another header where the user's would hide where its column starts."""
    columns = [column.partition(":") for column in spec.split(",")]
    return ",".join(
        "".join((header if _CLEAR.fullmatch(header) else "-", colon, path)) for header, colon, path in columns
    )
