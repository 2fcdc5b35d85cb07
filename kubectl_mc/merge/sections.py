"""Sections: what each cluster printed, as it is, under a heading with the cluster's name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def render_sections(outputs: Iterable[tuple[str, str]], fold: bool = False) -> str:
    """`CLUSTER: name`, then the text; a blank line between two. outputs: (cluster, text).

    fold: clusters that said the same share one section, where the first of them stands (`CLUSTER: c1, c2`)
    """
    speakers: dict[str, list[str]] = {}
    sections: list[tuple[Sequence[str], str]] = []
    for cluster, text in outputs:
        if fold and text in speakers:
            speakers[text].append(cluster)
            continue
        speakers[text] = [cluster]
        sections.append((speakers[text], text))
    return "\n".join(f"CLUSTER: {', '.join(names)}\n{_ended(text)}" for names, text in sections)


def _ended(text: str) -> str:
    return text if text.endswith("\n") else text + "\n"
