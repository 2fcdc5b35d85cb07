# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Exchanges with a cluster that is a function."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from kubectl_mc.processes.children import Command
from kubectl_mc.processes.event_loop import Result

if TYPE_CHECKING:
    from kubectl_mc.reads.exchanges import Exchange

T = TypeVar("T")


def outcome(exchange: Exchange[T], answer: Callable[[Command], Result]) -> T:
    """Return what comes of an exchange. answer: what the cluster answers to a command"""
    try:
        questions = next(exchange)
        while True:
            questions = exchange.send([question.keep(answer(question.command)) for question in questions])
    except StopIteration as end:
        value: T = end.value
        return value
