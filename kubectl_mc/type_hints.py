# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""The names of `typing` that annotations need, without importing it, which takes 2 ms of each command's start.

No annotation is evaluated when a command runs, so there the names stand for nothing. Type checkers see typing's own,
and so does ruff (`typing-modules`).
"""

from __future__ import annotations

TYPE_CHECKING = False  # as in typing: type checkers take it for true

if TYPE_CHECKING:
    from typing import IO as IO
    from typing import Any as Any
    from typing import BinaryIO as BinaryIO
    from typing import Literal as Literal
    from typing import Protocol as Protocol
    from typing import TextIO as TextIO
    from typing import get_args as get_args
else:
    from types import GenericAlias

    class Literal:
        """A type whose arguments `get_args` tells, and typing's does."""

        __class_getitem__ = classmethod(GenericAlias)

    def get_args(kind: GenericAlias) -> tuple[str, ...]:
        return kind.__args__

    IO = Any = BinaryIO = Protocol = TextIO = object
