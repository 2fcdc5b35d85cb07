"""typing.NamedTuple, defined in a third of the time: the start of a command defines some fifty of them.

typing compiles each annotation, which is a text here, to a reference that nobody follows. Only that is left out: the
classes are those of collections.namedtuple, with the annotations as they stand. Type checkers see typing's own.
"""

from __future__ import annotations

from kubectl_mc.type_hints import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing import NamedTuple as NamedTuple
else:
    from collections import namedtuple

    class _Definition(type):
        def __new__(cls: type, name: str, bases: tuple[type, ...], namespace: dict[str, Any]) -> type:
            fields = namespace.get("__annotations__", {})
            defaults = [namespace.pop(field) for field in fields if field in namespace]
            defined = namedtuple(name, fields, defaults=defaults, module=namespace["__module__"])
            for attribute, value in namespace.items():
                if attribute not in ("__module__", "__qualname__", "__classcell__"):
                    setattr(defined, attribute, value)
            return defined

    NamedTuple = type.__new__(_Definition, "NamedTuple", (), {})
