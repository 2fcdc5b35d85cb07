# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""The texts of an input, each with the name by which an error speaks of it: the file, and the document in it.

kubectl doesn't number documents. So each document of a file is given to it as a file of its own, whose path it then
names. That is done only where all of the file is well-formed YAML, as kubectl stops reading a file at a document that
isn't; the documents are divided where kubectl divides them (k8s.io/apimachinery/pkg/util/yaml, YAMLReader).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack

from kubectl_mc.changes.own_annotation import byte_order_mark
from kubectl_mc.command_line import grammar
from kubectl_mc.command_line.grammar import CommandLine
from kubectl_mc.merge.object_changes import json_values
from kubectl_mc.messages.input_names import InputName
from kubectl_mc.named_tuples import NamedTuple
from kubectl_mc.processes.memory_files import held_file
from kubectl_mc.processes.requests import Request
from kubectl_mc.processes.yaml_loader import safe_loader

STDIN = "STDIN"  # as kubectl names it
_MOST = 64  # texts that are held as files
_SHARE = 8  # of the open files, an input may take one in so many: the kubectls need the others

_SEPARATOR = re.compile(rb"^---[ \t\r]*(?:\n|\Z)", re.MULTILINE)


class InputText(NamedTuple):
    """A text of the input. is_built: it is in no file, as kustomize has made it of the folder that it is named after"""

    name: InputName
    content: bytes
    is_built: bool = False


def give_input(
    request: Request, line: CommandLine, texts: Sequence[InputText], stack: ExitStack, by_path: bool
) -> Request:
    """Return the request whose kubectls read an input, as long as the stack is open.

    line: the command line with `-f -`; texts: of the input (see `read_input`)
    by_path: kubectl's stdin is not free
    A command that only reads gets the user's files as they are, each as a file: for a lone file, `get` prints a lone
    object, else a List (visitByPaths in k8s.io/cli-runtime/pkg/resource/builder.go). A change gets each document as a
    file, or a lone one on stdin.
    """
    is_change = request.row.change is not None
    parts = _divided(texts) if is_change and grammar.value(line, "raw") is None else _bounded(texts)
    on_stdin = parts if is_change else [text for text in parts if text.name.name == STDIN]
    words, names = list[str](), dict[str, InputName]()
    for text in parts:
        path = word = stack.enter_context(held_file(text.content))
        if on_stdin == [text] and not by_path:
            word, request = "-", request._replace(stdin=path)
        words.append(word)
        names[STDIN if word == "-" else word] = text.name
    line = grammar.with_flags(grammar.without(line, ("filename",)), *(("filename", word) for word in words))
    return request._replace(line=line, input_names=names)


def join_texts(texts: Sequence[bytes]) -> bytes:
    """Join texts to one stream of YAML documents. A single text is returned as it is."""
    if len(texts) == 1:
        return texts[0]
    documents = []
    for text in texts:
        mark, encoding = byte_order_mark(text)
        without_mark = text[len(mark) :].decode(encoding, "replace").encode() if mark else text
        # YAML can't have several objects in JSON one after another.
        documents += [part for _, part in json_values(without_mark)] or [without_mark]
    return b"".join(b"---\n" + document + (b"" if document.endswith(b"\n") else b"\n") for document in documents)


def _most() -> int:
    """Return how many texts may be held as files."""
    import resource

    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return _MOST if limit == resource.RLIM_INFINITY else min(_MOST, limit // _SHARE)


def _bounded(texts: Sequence[InputText]) -> list[InputText]:
    """Return the texts; if there are too many for as many files, all of them as one."""
    if len(texts) <= max(_most(), 1):
        return list(texts)
    joined = join_texts([text.content for text in texts])
    return [InputText(InputName(STDIN, f"one of {len(texts)} files"), joined, is_built=True)]


def _divided(texts: Sequence[InputText]) -> list[InputText]:
    """Return the documents of the texts; if these are too many, of some files the whole text, or all files as one."""
    most, texts = _most(), _bounded(texts)
    divided = [_documents(text) for text in texts]
    count, parts = sum(map(len, divided)), []
    for text, documents in zip(texts, divided):
        if count > most:
            count -= len(documents) - 1
            parts += [_undivided(text, len(documents))] if len(documents) > 1 else documents
        else:
            parts += documents
    return parts


def _undivided(text: InputText, count: int, malformed: str = "") -> InputText:
    name = text.name._replace(place=f"one of its {count} documents", malformed=malformed)
    return text._replace(name=name)


def _documents(text: InputText) -> list[InputText]:
    """Return the documents of a text, or the text itself if it isn't well-formed, with the place of what is not."""
    if text.is_built or not _is_utf8(text.content):
        return [text]
    documents = [(start, part) for start, part in _parts(text.content) if not _is_blank(part)]
    if len(documents) < 2:
        return [text]
    places = [f"document {number}, from line {start}" for number, (start, _) in enumerate(documents, start=1)]
    malformed = [place for place, (_, part) in zip(places, documents) if not _is_well_formed(part)]
    if malformed:
        return [_undivided(text, len(documents), malformed[0] if len(malformed) == 1 else "")]
    # With a separator ahead of it, a document is YAML to kubectl, as it is where it stands in the file.
    named = zip((text.name._replace(place=place) for place in places), documents)
    return [InputText(name, b"---\n" + part) for name, (_, part) in named]


def _is_utf8(content: bytes) -> bool:
    try:
        return not content.decode().startswith("\ufeff")
    except UnicodeDecodeError:
        return False


def _parts(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield (its first line, its text) of each document: of a stream of JSON, or of YAML."""
    if objects := json_values(content):
        yield from objects
        return
    start, first_line = 0, 1
    for match in _SEPARATOR.finditer(content):
        yield first_line, content[start : match.start()]
        start, first_line = match.end(), content.count(b"\n", 0, match.end()) + 1
    yield first_line, content[start:]


def _is_blank(part: bytes) -> bool:
    return all(not line.strip() or line.lstrip().startswith(b"#") for line in part.splitlines())


def _is_well_formed(part: bytes) -> bool:
    """Return whether a document is YAML to kubectl, too, which refuses a key that a map has twice."""
    import yaml

    try:
        root = yaml.compose(part, Loader=safe_loader())
    except (yaml.YAMLError, ValueError, RecursionError):
        return False
    nodes = [root]
    while nodes:
        node = nodes.pop()
        if isinstance(node, yaml.SequenceNode):
            nodes += node.value
        elif isinstance(node, yaml.MappingNode):
            keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
            if len(set(keys)) < len(keys):
                return False
            nodes += [child for pair in node.value for child in pair]
    return True
