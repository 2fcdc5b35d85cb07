"""The texts of errors and notes that the user reads, by subject, joined under one name.

What a command needs where all is well is imported with the package, and all other texts with the first of them
(PEP 562).
"""

from typing import TYPE_CHECKING

from kubectl_mc.messages.causes import *
from kubectl_mc.messages.words import *

if TYPE_CHECKING:
    from kubectl_mc.messages.access_texts import *
    from kubectl_mc.messages.change_texts import *
    from kubectl_mc.messages.command_line_texts import *
    from kubectl_mc.messages.failure_texts import *
    from kubectl_mc.messages.fleet_texts import *
    from kubectl_mc.messages.member_texts import *
    from kubectl_mc.messages.resume_texts import *
    from kubectl_mc.messages.setup_texts import *

_OTHERS = ("access", "change", "command_line", "failure", "fleet", "member", "resume", "setup")


def __getattr__(name: str) -> object:
    if name.startswith("__"):
        raise AttributeError(name)
    from importlib import import_module

    for subject in _OTHERS:
        texts = vars(import_module(f"{__name__}.{subject}_texts"))
        globals().update({text: value for text, value in texts.items() if not text.startswith("_")})
    if name not in globals():
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return globals()[name]
