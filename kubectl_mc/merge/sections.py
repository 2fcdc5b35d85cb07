"""Sections: what each cluster printed, unchanged, under a heading with the cluster's name."""

from __future__ import annotations

from collections.abc import Iterable


def render_sections(outputs: Iterable[tuple[str, str]], fold: bool = False) -> str:
    """Return `CLUSTER: name` and the text for each (cluster, text), with a blank line between two sections.

    fold: clusters with the same text share a section, at the position of the first of them (`CLUSTER: c1, c2`)
    """
    if fold:
        clusters_by_text: dict[str, list[str]] = {}
        for cluster, text in outputs:
            clusters_by_text.setdefault(text, []).append(cluster)
        outputs = [(", ".join(clusters), text) for text, clusters in clusters_by_text.items()]
    return "\n".join(
        f"CLUSTER: {heading}\n{text}" if text.endswith("\n") else f"CLUSTER: {heading}\n{text}\n"
        for heading, text in outputs
    )
