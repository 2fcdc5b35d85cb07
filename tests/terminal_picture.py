# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""A terminal's lines as an SVG picture, and the lines of such a picture.

GitHub shows an SVG as an image: without scripts and without fonts of its own. So text is placed by cells, and keeps its
columns in whatever fixed-width font there is. Lines have their colours as a terminal gets them (SGR: ESC [ 31 m).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from html import escape
from itertools import accumulate, groupby
from typing import NamedTuple
from xml.etree import ElementTree

_CELL, _ROW = 8.4, 20  # pixels; a character of a fixed-width font is about 0.6 times as wide as its size
_MARGIN, _BAR, _GAP = 22, 38, 4  # left and right, in pixels; the window's bar; cells between scenes side by side
_CAPTION, _FIRST, _BELOW = 23, 49, 20  # the baselines of a caption, and of the first line; what is left below the last

# Of SGR's foreground colours, dark and bright. They are legible on the background.
_COLOURS = {
    31: "#ff7b72", 32: "#56d364", 33: "#e3b341", 34: "#6cb6ff", 35: "#d2a8ff", 36: "#33bcc6",
    91: "#ffa198", 92: "#7ee787", 93: "#f2cc60", 94: "#a5d6ff", 95: "#e2c5ff", 96: "#8deff4",
}  # fmt: skip

_STYLE = """\
text { font: 14px ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace; fill: #d1d7e0 }
.caption { font: 600 13px system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif; fill: #9198a1 }
.prompt { fill: #57ab5a }
.typed, .s1 { font-weight: bold; fill: #f6f8fa }
""" + "\n".join(f".s{code} {{ fill: {colour} }}" for code, colour in _COLOURS.items())

_BUTTONS = ("#f47067", "#e0a83e", "#57ab5a")
_WINDOW, _BORDER, _RULE = "#151b23", "#3d444d", "#2f363f"

# A style begins (0: ends); a gap between columns; a text.
_TOKENS = re.compile(r"\x1b\[(?P<style>\d+)m|(?P<gap> {2,})|(?P<text>(?:(?!  )[^\x1b])+)")


class Scene(NamedTuple):
    """A command as it was typed, perhaps in several lines, and what was on the terminal then.

    lines: with SGR where they have colours
    """

    caption: str
    command: str
    lines: Sequence[str]

    @property
    def rows(self) -> int:
        """How many rows it has on the terminal."""
        return self.command.count("\n") + 1 + len(self.lines)

    @property
    def cells(self) -> int:
        """How many cells its longest row has."""
        return max(2 + max(map(len, self.command.split("\n"))), *map(_width, self.lines))


def picture(title: str, rows: Sequence[Sequence[Scene]]) -> str:
    """Return the SVG file of a window with rows of scenes; those of a row stand side by side."""
    tops = list(
        accumulate((_FIRST + _BELOW + _ROW * (max(scene.rows for scene in row) - 1) for row in rows), initial=_BAR)
    )
    cells = max(sum(scene.cells + _GAP for scene in row) - _GAP for row in rows)
    width, height = round(2 * _MARGIN + cells * _CELL), tops[-1]
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">',
        f"<title>{escape(title)}</title>",
        f"<style>\n{_STYLE}\n</style>",
        f'<rect x=".5" y=".5" width="{width - 1}" height="{height - 1}" rx="10" fill="{_WINDOW}" stroke="{_BORDER}"/>',
        *(f'<circle cx="{x}" cy="19" r="6" fill="{fill}"/>' for x, fill in zip((24, 44, 64), _BUTTONS)),
        f'<text class="caption" x="{width / 2:g}" y="24" text-anchor="middle">{escape(title)}</text>',
    ]
    for row, top, end in zip(rows, tops, tops[1:]):
        parts.append(f'<path d="M1 {top}H{width - 1}" stroke="{_RULE}"/>')
        left = 0
        for scene in row:
            x = _MARGIN + left * _CELL
            if left:
                parts.append(f'<path d="M{x - _GAP / 2 * _CELL:g} {top}V{end}" stroke="{_RULE}"/>')
            parts += [f'<g transform="translate({x:g} {top})">', *_texts(scene), "</g>"]
            left += scene.cells + _GAP
    return "\n".join((*parts, "</svg>", ""))


def _texts(scene: Scene) -> Iterator[str]:
    yield f'<text class="caption" y="{_CAPTION}">{escape(scene.caption)}</text>'
    yield f'<text class="prompt" y="{_FIRST}">$</text>'
    for row, line in enumerate(scene.command.split("\n")):
        yield _text(row, 2, "typed", line)
    for row, line in enumerate(scene.lines, scene.command.count("\n") + 1):
        for cell, style, text in _pieces(line):
            yield _text(row, cell, style and f"s{style}", text)


def _text(row: int, cell: int, style: str, text: str) -> str:
    """Return a text that is as wide as its cells. Blanks ahead of it would be lost."""
    cell, text = cell + len(text) - len(text.lstrip(" ")), text.strip(" ")
    name = f' class="{style}"' if style else ""
    place = f'x="{cell * _CELL:g}" y="{_FIRST + row * _ROW}" textLength="{len(text) * _CELL:g}"'
    return f"<text{name} {place}>{escape(text, quote=False)}</text>"


def _pieces(line: str) -> Iterator[tuple[int, str, str]]:
    """Give (cell, style, text) of what is to be seen of a line."""
    cell, style = 0, ""
    for token in _TOKENS.finditer(line):
        if token["style"]:
            style = token["style"].removeprefix("0")
            continue
        if token[0].strip(" "):
            yield cell, style, token[0]
        cell += len(token[0])


def _width(line: str) -> int:
    return len(re.sub(r"\x1b\[\d+m", "", line))


def read(svg: str) -> tuple[str, list[list[Scene]]]:
    """Return the title and the rows of scenes of a picture. Raises ValueError for what is no such picture."""
    try:
        root = ElementTree.fromstring(svg)
        groups = [group for group in root if group.tag.endswith("}g")]
        rows = groupby(groups, lambda group: group.attrib["transform"].split()[1])
        return root[0].text or "", [list(map(_read_scene, row)) for _, row in rows]
    except (ElementTree.ParseError, LookupError, ValueError) as error:
        raise ValueError(f"this is no picture of ours: {error}") from None


def _read_scene(group: ElementTree.Element) -> Scene:
    caption, _, *texts = group
    lines: list[str] = []
    typed = 0
    for text in texts:
        cell = round(float(text.attrib["x"]) / _CELL)
        row = (int(text.attrib["y"]) - _FIRST) // _ROW
        style, words = text.get("class", ""), text.text or ""
        lines += [""] * (row + 1 - len(lines))
        if style == "typed":
            typed, cell, style = row + 1, cell - 2, ""
        lines[row] += " " * (cell - _width(lines[row]))
        lines[row] += f"\x1b[{style[1:]}m{words}\x1b[0m" if style else words
    return Scene(caption.text or "", "\n".join(lines[:typed]), lines[typed:])
