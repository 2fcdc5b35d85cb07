# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import copy
import inspect
import typing
from collections.abc import Callable

import pytest

from kubectl_mc.named_tuples import NamedTuple


class Point(NamedTuple):
    """A point."""

    x: int
    label: str = "here"

    @property
    def double(self) -> int:
        return 2 * self.x

    def __bool__(self) -> bool:
        return self.x > 0


class Twin(typing.NamedTuple):
    """A point."""

    x: int
    label: str = "here"


class Further(Point):
    pass


def test_it_is_as_typings_own() -> None:
    for name in ("_fields", "_field_defaults", "__doc__", "__module__", "__annotations__", "__match_args__"):
        own, typings = getattr(Point, name), getattr(Twin, name)
        assert own == typings or (name == "__annotations__" and own == {"x": "int", "label": "str"})
    assert (Point.__mro__[2:], repr(Point(1)), tuple(Point(1))) == (
        Twin.__mro__[1:],
        "Point(x=1, label='here')",
        tuple(Twin(1)),
    )
    assert (Point(2)._replace(label="there"), Point(3)._asdict()) == ((2, "there"), {"x": 3, "label": "here"})
    signatures = [inspect.signature(kind).parameters.values() for kind in (Point, Twin)]
    own, typings = ([(each.name, each.kind, each.default) for each in signature] for signature in signatures)
    assert own == typings
    assert copy.deepcopy(Point(1)) == Point._make((1, "here")) == Point(label="here", x=1) == (1, "here")


@pytest.mark.parametrize(
    "use",
    [
        lambda kind: kind(),
        lambda kind: kind(1, "a", 2),
        lambda kind: kind(1, x=1),
        lambda kind: kind(1, y=1),
        lambda kind: kind._make((1,)),
        lambda kind: kind(1)._replace(y=1),
    ],
)
def test_it_refuses_what_typings_own_refuses(use: Callable[[type], object]) -> None:
    refusals = []
    for kind in (Point, Twin):
        with pytest.raises((TypeError, ValueError)) as refusal:
            use(kind)
        refusals.append((refusal.type, str(refusal.value).replace("Twin", "Point")))
    assert refusals[0] == refusals[1]


def test_what_it_defines_besides_is_kept() -> None:
    assert (Point(2).double, bool(Point(0)), type(Further(4)._replace(x=5)), Further(4).double) == (
        4,
        False,
        Further,
        8,
    )
