"""Sections: what each cluster printed, as it is, under a heading with the cluster's name."""

from __future__ import annotations

from collections.abc import Iterable


def render(outputs: Iterable[tuple[str, str]]) -> str:
    """`CLUSTER: name`, then the text; a blank line between two clusters. outputs: (cluster, text)."""
    return "\n".join(
        f"CLUSTER: {cluster}\n{text if text.endswith(chr(10)) else text + chr(10)}" for cluster, text in outputs
    )
