# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Whether a text gets colours, and which."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_mc.messages import colours
from kubectl_mc.messages.terminal_text import COLOUR


@pytest.mark.parametrize(
    ("on_terminal", "variables", "choice", "expected"),
    [
        (True, {}, "auto", True),
        (False, {}, "auto", False),
        (True, {"NO_COLOR": "1"}, "auto", False),
        (True, {"NO_COLOR": ""}, "auto", True),  # no-color.org: "when present and not an empty string"
        (True, {"TERM": "dumb"}, "auto", False),
        (True, {"CLICOLOR": "0"}, "auto", False),
        (True, {"CLICOLOR": "1"}, "auto", True),
        (False, {"CLICOLOR": "1"}, "auto", False),
        (False, {"CLICOLOR_FORCE": "1"}, "auto", True),
        (False, {"CLICOLOR_FORCE": "0"}, "auto", False),
        (False, {"CLICOLOR_FORCE": ""}, "auto", False),
        (True, {"CLICOLOR_FORCE": "1", "CLICOLOR": "0", "TERM": "dumb"}, "auto", True),
        (True, {"CLICOLOR_FORCE": "1", "NO_COLOR": "1"}, "auto", False),
        (False, {"NO_COLOR": "1", "TERM": "dumb"}, "always", True),
        (True, {"CLICOLOR_FORCE": "1"}, "never", False),
    ],
)
def test_what_decides(on_terminal: bool, variables: Mapping[str, str], choice: str, expected: bool) -> None:
    assert colours.wants_colour(on_terminal, variables, choice) is expected


def test_a_diff() -> None:
    diff = "diff -u a b\n--- a\n+++ b\n@@ -1,2 +1,2 @@\n same\n-one\n+two\n-\n\\ No newline\n+\x1b[31mred\n"
    assert colours.painted_diff(diff) == (
        "\x1b[1mdiff -u a b\x1b[0m\n\x1b[1m--- a\x1b[0m\n\x1b[1m+++ b\x1b[0m\n\x1b[36m@@ -1,2 +1,2 @@\x1b[0m\n same\n"
        "\x1b[31m-one\x1b[0m\n\x1b[32m+two\x1b[0m\n\x1b[31m-\x1b[0m\n\\ No newline\n+\x1b[31mred\n"
    )


@given(st.text(st.sampled_from("-+@ diff\n\r\tä"), max_size=60))
def test_without_its_colours_a_diff_is_as_it_was(text: str) -> None:
    assert COLOUR.sub("", colours.painted_diff(text)) == text
