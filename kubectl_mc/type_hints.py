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
    from typing import TextIO as TextIO
else:
    from types import GenericAlias

    class Literal:
        """A type whose arguments typing.get_args still tells."""

        __class_getitem__ = classmethod(GenericAlias)

    IO = Any = BinaryIO = TextIO = object
