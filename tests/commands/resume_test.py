# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import pytest

from kubectl_mc.command_line.options import from_flags, with_defaults
from kubectl_mc.commands.resume import _resumed_options


def test_a_resumption_has_colours_as_it_is_typed_and_not_as_the_run_was() -> None:
    recorded, now = from_flags([("color", None), ("max-parallel", "2")]), from_flags([("color", "never")])
    assert _resumed_options(recorded, from_flags([]), ["c1"]).color == "auto"
    assert _resumed_options(recorded, now, ["c1"]).color == "never"
    assert _resumed_options(recorded, now, ["c1"]).max_parallel == 2


@pytest.mark.parametrize(
    ("flags", "contexts"),
    [
        ([("clusters", "c1"), ("healthy", None)], ()),  # as in the run, a flag about a hub overrides the default
        ([("cluster-selector", "a=b")], ()),
        ([("clusters", "c1"), ("inventory", "fleet")], ()),
        ([("clusters", "c1")], ("c1", "c2")),
        ([("contexts", "c1")], ("c1",)),
    ],
)
def test_a_default_of_contexts_counts_where_it_did_in_the_run(
    flags: list[tuple[str, str | None]], contexts: tuple[str, ...]
) -> None:
    recorded, defaults = from_flags(flags), [("contexts", "c1,c2")]
    assert with_defaults(recorded, defaults).contexts == contexts
    assert with_defaults(_resumed_options(recorded, from_flags([]), ["c1"]), defaults).contexts == contexts
