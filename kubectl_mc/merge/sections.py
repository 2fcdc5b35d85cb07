# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Sections: what each cluster printed, unchanged, under a heading with the cluster's name."""

from __future__ import annotations

from collections.abc import Iterable


def marked_headings(text: str, on_terminal: bool) -> str:
    """Return the text of clusters, with lines that look like a heading marked on a terminal."""
    if not on_terminal:
        return text
    from kubectl_mc.messages.terminal_text import mark_headings

    return mark_headings(text)


def render_sections(outputs: Iterable[tuple[str, str]], on_terminal: bool, colours: bool = False) -> str:
    """Return `CLUSTER: name` and the text for each (cluster, text), with a blank line between two sections.

    on_terminal: a person reads it, so that lines of a text that look like a heading are marked
    """
    outputs = [(cluster, marked_headings(text, on_terminal)) for cluster, text in outputs]
    parts = [
        (f"CLUSTER: {heading}", text if text.endswith("\n") else f"{text}\n")
        for heading, text in outputs
    ]  # fmt: skip
    if colours:
        from kubectl_mc.messages.painted_texts import painted_text
        from kubectl_mc.messages.painting import painted_heading

        parts = [(painted_heading(heading), painted_text(text)) for heading, text in parts]
    return "\n".join(f"{heading}\n{text}" for heading, text in parts)
