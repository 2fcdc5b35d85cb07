# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Environments and requests for unit tests, with streams in memory."""

from __future__ import annotations

import io
import shlex
from collections.abc import Mapping, Sequence

from kubectl_mc.command_line import verbs
from kubectl_mc.command_line.invocation import parse_invocation
from kubectl_mc.command_line.options import Options
from kubectl_mc.processes.environment import Environment
from kubectl_mc.processes.requests import Request
from kubectl_mc.processes.standard_streams import Streams

DEFAULTS = Options()


def memory_streams(stdin: bytes = b"") -> Streams:
    """Return streams in memory. stdin: what can be read from it"""
    return Streams(
        io.TextIOWrapper(io.BytesIO(stdin)),
        io.TextIOWrapper(io.BytesIO(), write_through=True),
        io.TextIOWrapper(io.BytesIO(), write_through=True),
    )


def written(stream: object) -> str:
    """Return what was written to one of the `memory_streams`."""
    assert isinstance(stream, io.TextIOWrapper)
    stream.flush()
    assert isinstance(stream.buffer, io.BytesIO)
    return stream.buffer.getvalue().decode("utf-8", "surrogateescape")


def environment(
    variables: Mapping[str, str] | None = None, options: Options = DEFAULTS, kubectl: str = "kubectl"
) -> Environment:
    """Return an environment without the variables and streams of this process."""
    return Environment(variables or {}, memory_streams(), options, kubectl)


def request(line: str | Sequence[str], variables: Mapping[str, str] | None = None) -> Request:
    """Return the request of a command line. line: the words after `kubectl mc`, as one text or as a list"""
    invocation = parse_invocation(shlex.split(line) if isinstance(line, str) else line)
    user = environment(variables).for_invocation(invocation)
    return Request(user, verbs.find_row(invocation.kubectl), invocation.kubectl)
