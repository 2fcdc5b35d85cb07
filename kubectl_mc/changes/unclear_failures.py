# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Failures of a kubectl that leave open whether the server has made the change. Pure."""

from __future__ import annotations

import re

from kubectl_mc import messages
from kubectl_mc.messages import Cause, Kind
from kubectl_mc.processes.event_loop import Result

# Causes that may come after the server has made the change.
_UNCLEAR: tuple[Kind, ...] = ("timeout", "lost", "server")

# kubectl has got an answer that isn't an object: the page of a proxy, an empty body, half a JSON. A server that refuses
# says so in a Status. The texts are those of client-go (rest/request.go), of apimachinery's serializers
# (pkg/runtime/error.go, pkg/runtime/serializer) and of Go's encoding/json.
_UNREADABLE = (
    r"unexpected end of JSON input|invalid character .* looking for |invalid character .* (?:after|in) "
    r"|json: cannot unmarshal |Object '(?:Kind|apiVersion)' is missing in |no kind \".*\" is registered for version "
    r"|serializer for \S+ doesn't exist|0-length response with status code"
)
# What is said of an input may quote it, and nothing of it was sent.
_OF_INPUT = r"(?:[Ee]rror: )*(?:error (?:parsing|reading|converting|validating) |unable to (?:decode|recognize) \")"


def leaves_open(result: Result, cause: Cause, of_program: bool = False) -> bool:
    """Return whether the change may have been made, where a kubectl has failed for this cause.

    of_program: the exit status is that of a program in a container, or of a plugin, which may fail without a word.
        kubectl itself says why: one that says nothing was killed behind a wrapper, which has a status such as 137
    """
    if result.timed_out or (result.status or 0) < 0 or cause.kind in _UNCLEAR:
        return True
    if cause.kind == "exit":
        return not of_program
    return cause.kind == "error" and any(
        map(_is_unreadable, messages.complaints(result.stderr.decode(errors="replace")))
    )


def _is_unreadable(error: str) -> bool:
    """Return whether an error says that the server's answer is no object."""
    is_answer = error.startswith("Error from server")  # which quotes what it likes
    return not is_answer and not re.match(_OF_INPUT, error) and bool(re.search(_UNREADABLE, error))
