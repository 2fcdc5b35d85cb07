from __future__ import annotations

import pytest

from kubectl_mc.changes import summary
from kubectl_mc.changes.record import Outcome

DONE, LEFT = Outcome("c1", "changed"), Outcome("c2", "failed", "forbidden")


def test_a_run_that_is_done_is_one_line() -> None:
    assert summary.summary_lines("R", [DONE, Outcome("c2", "changed")], whole=True) == [
        "Run R: changed in 2 clusters: c1, c2"
    ]


@pytest.mark.parametrize(
    ("whole", "last"),
    [
        (True, "To go on with the rest: kubectl mc resume R"),
        (
            False,
            "To go on with the rest, give the command again, as not all of it is recorded: "
            "kubectl mc resume R -- COMMAND…",
        ),
    ],
)
def test_what_is_left_can_be_gone_on_with(whole: bool, last: str) -> None:
    assert summary.summary_lines("R", [DONE, LEFT], whole) == [
        "Run R:",
        "  changed in 1 cluster: c1",
        "  failed in 1 cluster: c2 (forbidden)",
        last,
    ]
