# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""The documents: each relative link leads to a file of the repository, and to a heading of it where it names one."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("tests/**/*.md")])

LINK = re.compile(r"\]\(([^()\s]+)\)|^\[[^\]]+\]:\s*(\S+)|\b(?:src|href|srcset)=\"([^\"]+)\"", re.MULTILINE)
CODE = re.compile(r"^```[\s\S]*?^```$|^ {4}.*$|`[^`\n]*`", re.MULTILINE)


def links(text: str) -> list[str]:
    """Return the targets of a page's links, but for those to other sites."""
    targets = [target for match in LINK.findall(CODE.sub("", text)) for target in match if target]
    return [target for target in targets if not re.match(r"[a-z]+:", target)]


def anchors(text: str) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(
        r"^#{1,6} +(.+?)\s*$", re.sub(r"^```[\s\S]*?^```$", "", text, flags=re.MULTILINE), re.MULTILINE
    )
    return set(_numbered(_slug(heading) for heading in headings))


def _slug(heading: str) -> str:
    words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
    return re.sub(r"[^\w\- ]", "", words).replace(" ", "-")


def _numbered(slugs: Iterator[str]) -> Iterator[str]:
    seen: Counter[str] = Counter()
    for slug in slugs:
        yield f"{slug}-{seen[slug]}" if seen[slug] else slug
        seen[slug] += 1


def broken(page: Path) -> list[str]:
    """Return the links of a page that lead nowhere."""
    bad = []
    for target in links(page.read_text()):
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        if not file.exists() or (anchor and anchor not in anchors(file.read_text())):
            bad.append(target)
    return bad


@pytest.mark.parametrize(
    ("heading", "anchor"),
    [
        ("Try it", "try-it"),
        ("`-o json`, and others", "-o-json-and-others"),
        ("krew's mc", "krews-mc"),
        ("[kind](https://kind.sigs.k8s.io): two_clusters", "kind-two_clusters"),
    ],
)
def test_the_anchor_of_a_heading(heading: str, anchor: str) -> None:
    assert anchors(f"# {heading}\n") == {anchor}


def test_headings_of_one_text_are_numbered_and_code_has_none() -> None:
    assert anchors("# A\n## A\n```sh\n# b\n```\n") == {"a", "a-1"}


def test_links_in_code_are_none() -> None:
    assert links('[a](b.md) `[c](d.md)`\n\n    [e](f.md)\n<img src="g.svg"> [h](https://i.example)') == [
        "b.md",
        "g.svg",
    ]


def test_a_link_to_nothing_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# Here\n[a](#here) [b](#there) [c](none.md) [d](page.md#here)\n")
    assert broken(page) == ["#there", "none.md"]


@pytest.mark.parametrize("page", DOCUMENTS, ids=lambda page: str(page.relative_to(ROOT)))
def test_all_links_lead_somewhere(page: Path) -> None:
    assert broken(page) == []
