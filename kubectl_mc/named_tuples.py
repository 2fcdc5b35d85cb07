# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""typing.NamedTuple, defined in a fifth of the time: the start of a command defines some fifty of them.

typing compiles each annotation, which is a text here, to a reference that nobody follows, and collections.namedtuple
compiles a `__new__` for each class. Here, one is compiled for all classes with as many fields; each class has it with
the names of its own. Type checkers see typing's own.
"""

from __future__ import annotations

from kubectl_mc.type_hints import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing import NamedTuple as NamedTuple
else:
    from collections import _tuplegetter
    from collections.abc import Iterable
    from functools import cache
    from types import FunctionType

    class _Fields(tuple):
        """The methods of collections.namedtuple, for any fields."""

        __slots__ = ()

        @classmethod
        def _make(cls: type, values: Iterable[Any]) -> Any:
            made = tuple.__new__(cls, values)
            if len(made) != len(cls._fields):
                raise TypeError(f"Expected {len(cls._fields)} arguments, got {len(made)}")
            return made

        def _replace(self, /, **values: Any) -> Any:
            replaced = self._make(map(values.pop, self._fields, self))
            if values:
                raise ValueError(f"Got unexpected field names: {list(values)!r}")
            return replaced

        def _asdict(self) -> dict[str, Any]:
            return dict(zip(self._fields, self))

        def __repr__(self) -> str:
            fields = ", ".join(f"{name}={value!r}" for name, value in zip(self._fields, self))
            return f"{type(self).__name__}({fields})"

        def __getnewargs__(self) -> tuple[Any, ...]:  # to copy it
            return tuple(self)

    @cache
    def _new(count: int) -> FunctionType:
        """Return the `__new__` of a class with so many fields, named a0, a1, …"""
        fields = "".join(f"a{index}," for index in range(count))
        return eval(f"lambda _cls, {fields}: new(_cls, ({fields}))", {"new": tuple.__new__, "__builtins__": {}})

    class _Definition(type):
        def __new__(cls: type, name: str, bases: tuple[type, ...], namespace: dict[str, Any]) -> type:
            fields = tuple(namespace.get("__annotations__", ()))
            defaults = {field: namespace.pop(field) for field in fields if field in namespace}
            model = _new(len(fields))
            code = model.__code__.replace(co_varnames=("_cls", *fields))
            new = FunctionType(code, model.__globals__, "__new__", tuple(defaults.values()))
            new.__qualname__ = f"{name}.__new__"  # errors name it
            return type(
                name,
                (_Fields,),
                {
                    **namespace,
                    **{field: _tuplegetter(index, "") for index, field in enumerate(fields)},
                    "__new__": new,
                    "__slots__": (),
                    "__match_args__": fields,
                    "_fields": fields,
                    "_field_defaults": defaults,
                },
            )

    NamedTuple = type.__new__(_Definition, "NamedTuple", (), {})
