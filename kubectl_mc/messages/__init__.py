# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""The texts of errors and notes that the user reads, by subject, joined under one name.

What a command needs where all is well is imported with the package, the causes with the first of their names, and all
other texts with the first of them (PEP 562).
"""

from __future__ import annotations

from collections.abc import Iterable
from types import ModuleType

from kubectl_mc.messages.words import *
from kubectl_mc.type_hints import TYPE_CHECKING

if TYPE_CHECKING:
    from kubectl_mc.messages.access_texts import *
    from kubectl_mc.messages.causes import *
    from kubectl_mc.messages.change_texts import *
    from kubectl_mc.messages.choice_texts import *
    from kubectl_mc.messages.command_line_texts import *
    from kubectl_mc.messages.comparison_texts import *
    from kubectl_mc.messages.failure_texts import *
    from kubectl_mc.messages.fleet_texts import *
    from kubectl_mc.messages.hub_texts import *
    from kubectl_mc.messages.member_texts import *
    from kubectl_mc.messages.resume_texts import *
    from kubectl_mc.messages.row_texts import *
    from kubectl_mc.messages.setup_texts import *


def __getattr__(name: str) -> object:
    if name.startswith("__"):
        raise AttributeError(name)
    import kubectl_mc.messages.causes as causes

    _join([causes])
    if name not in globals():
        _join_texts()
    if name not in globals():
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return globals()[name]


def _join_texts() -> None:
    import kubectl_mc.messages.access_texts as access
    import kubectl_mc.messages.change_texts as change
    import kubectl_mc.messages.choice_texts as choice
    import kubectl_mc.messages.command_line_texts as command_line
    import kubectl_mc.messages.comparison_texts as comparison
    import kubectl_mc.messages.failure_texts as failure
    import kubectl_mc.messages.fleet_texts as fleet
    import kubectl_mc.messages.hub_texts as hub
    import kubectl_mc.messages.member_texts as member
    import kubectl_mc.messages.resume_texts as resume
    import kubectl_mc.messages.row_texts as row
    import kubectl_mc.messages.setup_texts as setup

    _join((access, change, choice, command_line, comparison, failure, fleet, hub, member, resume, row, setup))


def _join(modules: Iterable[ModuleType]) -> None:
    for texts in modules:
        globals().update({name: value for name, value in vars(texts).items() if not name.startswith("_")})
