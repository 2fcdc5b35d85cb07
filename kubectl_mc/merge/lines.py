"""Lines: each line of what a cluster printed, with the cluster's name before it."""

from __future__ import annotations

from collections.abc import Iterable


def tabbed(outputs: Iterable[tuple[str, str]]) -> str:
    """`cluster<TAB>line` for each line: for `-o name`, jsonpath and templates, to be cut or read by a program.

    outputs: (cluster, what it printed). A last line without a newline (jsonpath) gets one.
    """
    return "".join(
        f"{cluster}\t{line}\n" for cluster, text in outputs for line in text.removesuffix("\n").split("\n") if text
    )
