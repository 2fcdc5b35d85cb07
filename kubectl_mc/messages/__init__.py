"""The texts of errors and notes that the user reads, by subject, joined under one name.

What a command needs where all is well is imported with the package, and all other texts with the first of them
(PEP 562).
"""

from kubectl_mc.messages.causes import *
from kubectl_mc.messages.words import *
from kubectl_mc.type_hints import TYPE_CHECKING

if TYPE_CHECKING:
    from kubectl_mc.messages.access_texts import *
    from kubectl_mc.messages.change_texts import *
    from kubectl_mc.messages.choice_texts import *
    from kubectl_mc.messages.command_line_texts import *
    from kubectl_mc.messages.comparison_texts import *
    from kubectl_mc.messages.failure_texts import *
    from kubectl_mc.messages.fleet_texts import *
    from kubectl_mc.messages.member_texts import *
    from kubectl_mc.messages.resume_texts import *
    from kubectl_mc.messages.row_texts import *
    from kubectl_mc.messages.setup_texts import *


def __getattr__(name: str) -> object:
    if name.startswith("__"):
        raise AttributeError(name)
    import kubectl_mc.messages.access_texts as access
    import kubectl_mc.messages.change_texts as change
    import kubectl_mc.messages.choice_texts as choice
    import kubectl_mc.messages.command_line_texts as command_line
    import kubectl_mc.messages.comparison_texts as comparison
    import kubectl_mc.messages.failure_texts as failure
    import kubectl_mc.messages.fleet_texts as fleet
    import kubectl_mc.messages.member_texts as member
    import kubectl_mc.messages.resume_texts as resume
    import kubectl_mc.messages.row_texts as row
    import kubectl_mc.messages.setup_texts as setup

    for texts in (access, change, choice, command_line, comparison, failure, fleet, member, resume, row, setup):
        globals().update({text: value for text, value in vars(texts).items() if not text.startswith("_")})
    if name not in globals():
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return globals()[name]
