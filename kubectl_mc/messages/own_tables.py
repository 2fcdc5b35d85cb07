"""Tables of our own commands, which look like kubectl's."""

from __future__ import annotations

from collections.abc import Sequence

from kubectl_mc.messages import visible


def render_table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table with three spaces between columns, and control characters made visible. headers: () for none."""
    from tabulate import DataRow, TableFormat, tabulate

    row = DataRow("", "   ", "")
    looks = TableFormat(None, None, None, None, headerrow=row, datarow=row, padding=0, with_header_hide=None)
    lines = [list(headers)] if headers else []
    lines += [[visible(cell) for cell in cells] for cells in rows]
    text = tabulate(lines, tablefmt=looks, disable_numparse=True)
    return "".join(f"{line.rstrip()}\n" for line in text.splitlines())
