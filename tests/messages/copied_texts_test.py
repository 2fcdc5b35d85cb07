# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""What is made for copying is whole: a list that is only read may be cut, a command line never is."""

from __future__ import annotations

import inspect
import re
import shlex
from collections.abc import Callable
from typing import Any

import pytest

from kubectl_mc import messages
from kubectl_mc.messages import UserError

NAMES = [f"name-{number:02}" for number in range(40)]
ARGUMENTS: dict[str, Any] = {
    "str": "word", "str | None": "word", "int": 3, "int | None": 3, "bool": True, "float": 1.0, "float | None": 1.0,
    "Sequence[str]": NAMES, "Iterable[str]": NAMES,
    "Sequence[tuple[str, str]]": [(name, "word") for name in NAMES],
    "Sequence[tuple[str, Cause]]": [(name, messages.Cause("no-context", messages.NO_CONTEXT)) for name in NAMES],
    "Mapping[str, str]": dict.fromkeys(NAMES, ""),
    "OSError": OSError(2, "No such file"), "Cause": messages.Cause("error", "no"),
}  # fmt: skip
getattr(messages, "protected")  # noqa: B009  which loads all texts
TEXTS = [
    function
    for _, function in inspect.getmembers(messages, inspect.isfunction)
    if function.__module__.endswith("_texts") or function.__name__ in ("clusters_flag", "approve_command")
    if all(kind.annotation in ARGUMENTS for kind in inspect.signature(function).parameters.values())
]

# From the start of a command line or its choice of clusters to the end of the sentence.
COPIED = re.compile(r"(?:kubectl mc |--clusters=).*?(?=[.;:](?:\s|$)|$)", re.MULTILINE)


def words(function: Callable[..., object]) -> str:
    arguments = [ARGUMENTS[kind.annotation] for kind in inspect.signature(function).parameters.values()]
    try:
        text = function(*arguments)
    except KeyError:  # it knows the flags that it is for
        return ""
    return "\n".join(text) if isinstance(text, list) else str(text)


def test_all_texts_are_looked_at() -> None:
    assert len(TEXTS) > 80
    assert {messages.protected, messages.setup_to_approve, messages.clusters_flag} <= set(TEXTS)


@pytest.mark.parametrize("function", TEXTS, ids=lambda function: function.__name__)
def test_a_command_line_has_all_names_or_none(function: Callable[..., object]) -> None:
    for line in COPIED.findall(words(function)):
        named = re.findall(r"name-\d\d", line)
        assert named in ([], NAMES[:1], NAMES)
        assert not named or ("…" not in line and not re.search(r"\d more", line))


def test_the_error_for_protected_clusters_can_be_copied() -> None:
    text = str(messages.protected(dict.fromkeys([*NAMES, "team a/x"], "")))
    assert isinstance(messages.protected(dict.fromkeys(NAMES, "")), UserError)
    assert shlex.split(text.partition("exactly: ")[2]) == [f"--clusters={','.join([*NAMES, 'team a/x'])}"]
