# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Reads the text of a kuberc as kubectl does, with Go's readers: or not at all.

A user's default may be what makes a `delete` a dry run. So a text that PyYAML may read otherwise than Go is an error.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from kubectl_mc.type_hints import Any

_NULLS = ("", "~", "null", "Null", "NULL")
_WORDS = ("y", "yes", "true", "on", "n", "no", "false", "off")
_BOOLEANS = {form for word in _WORDS for form in (word, word.title(), word.upper())}
# sigs.k8s.io/yaml/goyaml.v2, resolve.go: what Go takes for a number, as far as it doesn't depend on the number's size
_NUMBER = re.compile(
    r"[-+]?(0[xX][0-9a-fA-F]{1,15}|0[bB][01]{1,60}|0[oO][0-7]{1,20}"
    r"|(\.[0-9]{1,60}|[0-9]{1,60}(\.[0-9]{0,60})?)([eE][-+]?[0-9]{1,2})?)"
)
_NUMBER_OR_TEXT = re.compile(
    r"[-+]?(0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO][0-7]+|(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|\.inf|\.nan)",
    re.IGNORECASE,
)


class UnclearError(ValueError):
    """It is not certain how kubectl reads the text, or that it can't use it."""


def split_documents(text: str) -> list[str]:
    """Return the documents that are not blank (k8s.io/apimachinery/pkg/util/yaml, YAMLReader). Raises UnclearError."""
    documents: list[str] = []
    document = ""
    for line in text.removesuffix("\n").split("\n"):
        is_separator, behind = line.startswith("---"), line[3:].strip()
        if is_separator and behind and not behind.startswith("#"):  # newer kubectls refuse it
            raise UnclearError(f"it has the line {line}")
        if is_separator and document:
            documents.append(document)
            document = ""
        else:
            document += line.removesuffix("\r") + "\n"
    return [document for document in (*documents, document) if document.strip()]


def parse_document(text: str) -> object:
    """Return the document: mappings, lists, and scalars as text, None, or a float for anything else.

    Raises UnclearError.
    """
    try:
        return _parse_json(text) if text.lstrip().startswith("{") else _parse_yaml(text)
    except RecursionError:
        raise UnclearError("it is nested too deeply") from None


def _parse_json(text: str) -> object:
    # Go replaces what isn't Unicode, and a word for a program can't have a NUL.
    if re.search(r"\\u(d[89a-f]|0000)", text, re.IGNORECASE):
        raise UnclearError("it has an escaped surrogate or NUL")
    try:
        return json.loads(
            text, object_pairs_hook=_mapping, parse_int=float, parse_float=float, parse_constant=_refuse_constant
        )
    except json.JSONDecodeError as error:
        raise UnclearError(f"it begins with a brace but is not JSON: {error}") from None


def _refuse_constant(name: str) -> float:
    raise UnclearError(f"{name} is not JSON")


def _mapping(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    mapping: dict[str, Any] = {}
    for key, value in pairs:
        if key in mapping:
            raise UnclearError(f"the key {key} is there twice")
        mapping[key] = value
    return mapping


def _parse_yaml(text: str) -> object:
    """Return what the first document says to Go's YAML and to ours alike. Raises UnclearError where they may differ."""
    import yaml

    def value_of(event: Any, in_flow: bool) -> Any:
        if getattr(event, "tag", None):
            raise _unclear(event, "a tag (!)")
        if isinstance(event, yaml.ScalarEvent):
            # Go takes a colon ahead of a bracket or comma, and a question mark, for a part of the scalar.
            start: Any = event.start_mark
            end: Any = event.end_mark
            if in_flow and not event.style and re.match(r":[,\[\]{}]|\?", text[end.index : end.index + 2]):
                raise _unclear(event, "a colon or question mark without a blank behind it")
            if event.style == '"' and "\\/" in text[start.index : end.index]:
                raise _unclear(event, "an escaped slash, which Go's YAML doesn't have")
            return _checked(event.value) if event.style else _plain(event.value)
        if isinstance(event, yaml.SequenceStartEvent):
            return [value_of(item, in_flow or bool(event.flow_style)) for item in until(yaml.SequenceEndEvent)]
        if isinstance(event, yaml.MappingStartEvent):
            flow = in_flow or bool(event.flow_style)
            return _mapping([(key_of(key, flow), value_of(next(events), flow)) for key in until(yaml.MappingEndEvent)])
        raise _unclear(event, "an alias (*)")

    def key_of(event: Any, in_flow: bool) -> str:
        key = value_of(event, in_flow)
        if not isinstance(key, str | float) or (event.value == "<<" and not event.style):
            raise _unclear(event, "a key that is not a name")
        return str(event.value)

    def until(end: type[yaml.Event]) -> Iterator[Any]:
        return iter(lambda: None if isinstance(event := next(events), end) else event, None)

    try:
        events: Iterator[Any] = iter(yaml.parse(text, Loader=yaml.SafeLoader))
        next(events)  # the start of the stream
        start = next(events)
        if isinstance(start, yaml.StreamEndEvent):  # only comments
            return None
        if start.version or start.tags:
            raise UnclearError("it has a directive (%)")
        value = value_of(next(events), in_flow=False)
        next(events)  # the end of the document
        if not isinstance(next(events), yaml.StreamEndEvent):
            raise UnclearError("a document begins behind '...'")
        return value
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" in line {mark.line + 1} of its document" if mark else ""
        raise UnclearError(f"not YAML{where}: {getattr(error, 'problem', None) or error}") from None
    except (ValueError, OverflowError) as error:  # an escape beyond Unicode, for example
        raise error if isinstance(error, UnclearError) else UnclearError(f"not YAML: {error}") from None


def _unclear(event: Any, problem: str) -> UnclearError:
    return UnclearError(f"line {event.start_mark.line + 1} of its document has {problem}")


def _plain(text: str) -> str | float | None:
    """Return what a scalar without quotes is; a float for numbers and booleans."""
    if text in _NULLS:
        return None
    if text in _BOOLEANS:
        return 0.0
    digits = text.replace("_", "")
    if digits == text and _NUMBER.fullmatch(text):
        return 0.0
    if _NUMBER_OR_TEXT.fullmatch(digits):
        raise UnclearError(f"{text} may be a number or a text: put it in quotes")
    return _checked(text)


def _checked(text: str) -> str:
    if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise UnclearError("it has a surrogate or a NUL")
    return text
