# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Command lines of kubectl's read verbs: their words, and how the answer of a fleet to them is shown."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

Shape = Literal["table", "sections", "folded", "lines", "objects", "results", "names", "templates"]

# How an answer without -o is shown, by the verb (docs/verbs.md); what is streamed is interleaved in any order.
SHAPES: Mapping[str, Shape] = {
    **dict.fromkeys(("get", "events", "top", "api-resources", "auth whoami", "auth can-i --list"), "table"),
    **dict.fromkeys(("describe", "version", "cluster-info", "diff", "rollout history"), "sections"),
    "apply view-last-applied": "sections",
    **dict.fromkeys(("explain", "api-versions"), "folded"),
    **dict.fromkeys(("auth can-i", "rollout status", "wait", "logs"), "lines"),
}
STREAMED = ("rollout status", "wait", "logs")
ANSWERS = {"diff": 1, "auth can-i": 1}  # an exit status that is an answer, not a failure
NEEDS_ALL = ("diff", "wait", "rollout status")  # a cluster that lacks the object has failed

RESULTS = ("apply view-last-applied",)  # what it prints is no object of the cluster

FORM_SHAPES: Mapping[str, Shape] = {
    **dict.fromkeys(("json", "yaml", "kyaml"), "objects"),
    "jsonpath-as-json": "results",
    "name": "names",
    **dict.fromkeys(("jsonpath", "jsonpath-file", "go-template", "go-template-file", "template"), "templates"),
    **dict.fromkeys(("wide", "custom-columns", "custom-columns-file"), "table"),
}


class Chunk(NamedTuple):
    """Words of a line that belong together, such as a flag and its value.

    kind: "verb", "type", "name", "operand", "namespace", "file", "sort", "ours" or "flag"; "output FORM" for -o
    """

    words: tuple[str, ...]
    kind: str = "flag"


class Line(NamedTuple):
    """A command line of a read verb, without `kubectl` or `kubectl mc`."""

    chunks: tuple[Chunk, ...]

    @property
    def words(self) -> tuple[str, ...]:
        """What kubectl is given."""
        return tuple(word for chunk in self.chunks if chunk.kind != "ours" for word in chunk.words)

    @property
    def our_words(self) -> tuple[str, ...]:
        """What kubectl mc is given, without the flags that choose clusters."""
        return tuple(word for chunk in self.chunks for word in chunk.words)

    @property
    def verb(self) -> str:
        """The verb and its sub-verb."""
        return " ".join(word for chunk in self.chunks if chunk.kind == "verb" for word in chunk.words)

    @property
    def form(self) -> str:
        """The output form; "" for none."""
        forms = [chunk.kind.removeprefix("output ") for chunk in self.chunks if chunk.kind.startswith("output ")]
        return forms[-1] if forms else ""

    @property
    def shape(self) -> Shape:
        """How the answers of several clusters are shown."""
        if self.has("--raw"):
            return "folded" if self.folds else "sections"
        usual = SHAPES.get(self.verb + " --list" * self.has("--list"), "table")
        shape = FORM_SHAPES.get(self.form, usual)
        if shape == "objects" and self.verb in RESULTS:
            return "results"
        if self.folds and not self.is_streamed:  # what is shown as it comes can't be folded
            return "folded" if shape in ("sections", "folded", "lines", "templates") else shape
        return "sections" if shape == "folded" and self.has("--fold=false") else shape

    @property
    def folds(self) -> bool:
        """Whether --fold is typed."""
        return any(chunk.words[0] in ("--fold", "--fold=true") for chunk in self.chunks)

    @property
    def types(self) -> tuple[str, ...]:
        """The types that a `get` or `describe` names."""
        typed = [word.replace("_", "-") for word in self._of("type")] or [
            word.partition("/")[0] for word in self._of("name") if "/" in word
        ]
        return tuple(dict.fromkeys(type_ for word in typed for type_ in word.split(",")))

    @property
    def is_streamed(self) -> bool:
        """Whether output is shown as it comes, so that clusters are interleaved in any order."""
        return self.verb in STREAMED or self.has("-w")

    @property
    def has_several_types(self) -> bool:
        """Whether a `get` prints its objects with their types, or may do so."""
        return self.verb == "get" and (len(self.types) > 1 or self.types == ("all",) or bool(self._of("file")))

    @property
    def names_types(self) -> bool:
        """Whether types stand in the names; then kubectl shows them only where it has found objects of several."""
        return self.has_several_types and not self._of("type")

    @property
    def has_several_tables(self) -> bool:
        """Whether kubectl prints a table for each type."""
        return self.has_several_types and self.form in ("", "wide")

    @property
    def may_have_lines(self) -> bool:
        """Whether cells of a table may have several lines: kubectl cuts those of other tables off."""
        return self.verb == "events" or self.form.startswith("custom-columns")

    @property
    def is_sorted(self) -> bool:
        """Whether rows of several clusters are merged by the keys of --sort-by."""
        return any(chunk.kind == "sort" for chunk in self.chunks)

    @property
    def sort_expression(self) -> str:
        """The value of --sort-by; "" without it."""
        words = next((chunk.words for chunk in self.chunks if chunk.kind == "sort"), ())
        return words[1] if len(words) > 1 else "".join(words).partition("=")[2]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of a `get` or `describe`, as typed: perhaps with their types, or with wildcards."""
        return tuple(self._of("name"))

    @property
    def patterns(self) -> tuple[str, ...]:
        """The names that have wildcards."""
        return tuple(word for word in self.names if set("*?[") & set(word))

    def has(self, flag: str) -> bool:
        """Return whether a chunk begins with this flag, in the spelling of the grammar, whatever its value is."""
        name = flag.partition("=")[0].replace("_", "-")
        return any(
            word == flag if "=" in flag else word.replace("_", "-").partition("=")[0] == name
            for chunk in self.chunks
            if chunk.kind not in ("name", "type")
            for word in chunk.words[:1]
        )

    def without(self, flag: str) -> Line:
        """Return the line without the chunks that begin with a flag."""
        name = flag.replace("_", "-")
        return Line(tuple(chunk for chunk in self.chunks if chunk.words[0].replace("_", "-").partition("=")[0] != name))

    @property
    def with_headers(self) -> Line:
        """The line with --no-headers=false."""
        words = [
            "--no-headers=false" if chunk.words[0].replace("_", "-").startswith("--no-headers") else ""
            for chunk in self.chunks
        ]
        return Line(tuple(Chunk((word,)) if word else chunk for word, chunk in zip(words, self.chunks)))

    def replaced(self, kinds: Sequence[str], *chunks: Chunk) -> Line:
        """Return the line with other chunks in the place of the last one of some kinds, without the others."""
        indexes = [index for index, chunk in enumerate(self.chunks) if chunk.kind in kinds]
        rest = [chunk for chunk in self.chunks[: indexes[-1]] if chunk.kind not in kinds]
        return Line((*rest, *chunks, *self.chunks[indexes[-1] + 1 :]))

    @property
    def unsorted(self) -> Line:
        """The line without --sort-by."""
        return Line(tuple(chunk for chunk in self.chunks if chunk.kind != "sort"))

    def _of(self, kind: str) -> list[str]:
        return [word for chunk in self.chunks if chunk.kind == kind for word in chunk.words]

    def __str__(self) -> str:
        return shlex.join(self.our_words)


_KINDS = {"-f": "file", "--fold": "ours", "-n": "namespace", "-A": "namespace", "--sort-by": "sort"}


def parsed(text: str) -> Line:
    """Return the line of a text: words with blanks between them, and "~" between those of a chunk."""
    parts = shlex.split(text)
    length = 2 if " ".join(parts[:2]) in SHAPES else 1
    chunks = [Chunk((word,), "verb") for word in parts[:length]]
    takes_type = parts[0] in ("get", "describe")
    for part in parts[length:]:
        words = tuple(part.split("~"))
        if words[0] in ("-o", "--output"):
            chunks.append(Chunk(words, "output " + words[1].partition("=")[0].lower()))
        elif words[0].startswith("-"):
            chunks.append(Chunk(words, _KINDS.get(words[0].partition("=")[0], "flag")))
        elif takes_type and "/" not in part and not any(chunk.kind == "type" for chunk in chunks):
            chunks.append(Chunk(words, "type"))
        else:
            chunks.append(Chunk(words, "name" if takes_type else "operand"))
    return Line(tuple(chunks))
