from __future__ import annotations

import typing

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
    assert (Point.__mro__[1:], repr(Point(1)), tuple(Point(1))) == (
        Twin.__mro__[1:],
        "Point(x=1, label='here')",
        tuple(Twin(1)),
    )
    assert (Point(2)._replace(label="there"), Point(3)._asdict()) == ((2, "there"), {"x": 3, "label": "here"})


def test_what_it_defines_besides_is_kept() -> None:
    assert (Point(2).double, bool(Point(0)), type(Further(4)._replace(x=5)), Further(4).double) == (
        4,
        False,
        Further,
        8,
    )
