"""Headers for `-o custom-columns` that replace the user's where those would hide where a column starts."""

from __future__ import annotations

import re

# kubectl takes any text for a header: an empty one (`:metadata.name`), or one that looks like two columns.
_CLEAR = re.compile(r"[^ \n]+(?: {1,2}[^ \n]+)*")


def column_headers(spec: str) -> tuple[str, ...]:
    """Return the headers in `HEADER:path,HEADER:path` (k8s.io/kubectl/pkg/cmd/get/customcolumn.go)."""
    return tuple(column.partition(":")[0] for column in spec.split(","))


def findable_spec(spec: str) -> str:
    """Return the spec with "-" for each header that would hide where its column starts."""
    columns = [column.partition(":") for column in spec.split(",")]
    return ",".join(
        "".join((header if _CLEAR.fullmatch(header) else "-", colon, path)) for header, colon, path in columns
    )
