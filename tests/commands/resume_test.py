# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

from kubectl_mc.command_line.options import from_flags
from kubectl_mc.commands.resume import _resumed_options


def test_a_resumption_has_colours_as_it_is_typed_and_not_as_the_run_was() -> None:
    recorded, now = from_flags([("color", None), ("max-parallel", "2")]), from_flags([("color", "never")])
    assert _resumed_options(recorded, from_flags([]), ["c1"]).color == "auto"
    assert _resumed_options(recorded, now, ["c1"]).color == "never"
    assert _resumed_options(recorded, now, ["c1"]).max_parallel == 2
