# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Text of clusters on a terminal: colours pass, and nothing that could move the cursor or turn the text around.

What a terminal makes of control sequences is in ECMA-48 and xterm's ctlseqs; of direction marks, in Unicode's UAX 9.
"""

from __future__ import annotations

import codecs
import re

_CONTROLS = r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff"

# The parameters of SGR (Select Graphic Rendition) that pass: reset, bold, colours, and their defaults.
_PARAMETER = r"(?:0?[01]|22|[349][0-7]|39|49|10[0-7]|[34]8;5;\d{1,3}|[34]8;2(?:;\d{1,3}){3})?"
_SGR = rf"\x1b\[{_PARAMETER}(?:;{_PARAMETER}){{0,15}}m"

_UNSEEN = re.compile(rf"\r(?!\n)|[{_CONTROLS}]")
_WITH_COLOURS = re.compile(rf"(?P<colour>{_SGR})|(?P<end>\r?\n)|\r|[{_CONTROLS}]")
# What is in one colour from its start to a reset, as our own colours are: it passes as it is.
_PAINTED = re.compile(rf"\x1b\[(?:1|[349][0-7])m[^{_CONTROLS}\r\n]*\x1b\[0m")
_RESET = "\x1b[0m"
_RESETS = re.compile(r"\x1b\[0*m")

# What may be the beginning of a line's end or of a colour. The longest colour has fewer characters than that.
_LONGEST = 300
_UNFINISHED = re.compile(r"(?:\r|\x1b(?:\[[\d;]*)?)\Z")

# What a reader may take for the heading of a section, or of a group of clusters (`CLUSTERS (3): …`), whatever is among
# its letters that is not ASCII: that is decided by `_is_seen`. Indented, it is none: `describe` writes environment
# variables of that name so.
_LETTERS = ("Cc", "Ll", "Uu", "Ss\u017f", "Tt", "Ee", "Rr")
_AMONG = rf"(?:{_SGR}|[^\x00-\x7f\u017f])*"
_HEADING = re.compile(
    rf"^(?P<word>{''.join(f'{_AMONG}[{letters}]' for letters in _LETTERS)})"
    rf"(?P<end>{_AMONG}(?::|[Ss\u017f](?:{_AMONG}[ \t])*{_AMONG}[:(]))",
    re.MULTILINE,
)
COLOUR = re.compile(_SGR)
HEADING_MARK = "> "

# Format characters, marks that combine with what is before them, and what no font has yet; and letters that are blank.
_UNSEEN_CATEGORIES = ("Cf", "Mn", "Me", "Cn")
_BLANK_LETTERS = "\u115f\u1160\u3164\uffa0"


def mark_headings(text: str) -> str:
    """Return the text of clusters with a mark ahead of each line that looks like the heading of a section.

    Letters of other alphabets that look like ours are not looked for.
    """
    if text.isascii() and "\x1b" not in text:
        lowered = text.lower()
        if "cluster:" not in lowered and "clusters" not in lowered:
            return text
    return _HEADING.sub(_marked_heading, text)


def _marked_heading(match: re.Match[str]) -> str:
    letters = COLOUR.sub("", match["word"] + "".join(match["end"].split()))
    foreign = (letter for letter in letters if not letter.isascii() and letter != "\u017f")
    return ("" if any(map(_is_seen, foreign)) else HEADING_MARK) + match[0]


def _is_seen(character: str) -> bool:
    import unicodedata

    return unicodedata.category(character) not in _UNSEEN_CATEGORIES and character not in _BLANK_LETTERS


def safe_text(text: str) -> str:
    """Return a whole text as a terminal may be given it."""
    return TerminalFilter().feed(text.encode("utf-8", "backslashreplace"), is_end=True).decode()


class TerminalFilter:
    """Makes a stream of bytes safe for a terminal; the stream arrives in chunks that may end anywhere.

    Of control sequences, colours, bold and reset pass, and end with their line. Everything else that a terminal would
    obey, and what is not UTF-8, is written as an escape such as `\\x1b`. Tabs and ends of lines (`\\r\\n`, too) pass.
    """

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        self._unfinished = ""
        self._is_coloured = False

    def feed(self, chunk: bytes, is_end: bool = False) -> bytes:
        """Return what the terminal is given for a chunk. is_end: there are no more chunks"""
        text = self._unfinished + self._decoder.decode(chunk, is_end)
        self._unfinished = ""
        if not is_end and (match := _UNFINISHED.search(text, max(0, len(text) - _LONGEST))):
            text, self._unfinished = text[: match.start()], match[0]
        if "\x1b" in text or self._is_coloured:
            if self._is_coloured or _UNSEEN.search(_PAINTED.sub("", text)):  # else that would cost much for nothing
                text = _WITH_COLOURS.sub(self._replacement, text)
            if is_end and self._is_coloured:
                text, self._is_coloured = text + _RESET, False
        else:
            text = _UNSEEN.sub(_escape, text)
        return text.encode()

    def _replacement(self, match: re.Match[str]) -> str:
        if match["end"]:
            reset, self._is_coloured = _RESET if self._is_coloured else "", False
            return reset + match["end"]
        if match["colour"]:
            self._is_coloured = not _RESETS.fullmatch(match["colour"])
            return match["colour"]
        return _escape(match)


def _escape(match: re.Match[str]) -> str:
    number = ord(match[0])
    # Bytes that are not UTF-8 are decoded as U+DC80 to U+DCFF (PEP 383).
    return f"\\x{number - 0xDC00:02x}" if 0xDC80 <= number <= 0xDCFF else match[0].encode("unicode_escape").decode()
