# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import errno

import pytest

from kubectl_mc import messages
from kubectl_mc.messages import Cause, UserError

STOPS = [
    (KeyboardInterrupt(), "interrupted", 130),
    (SystemExit(143), "ended by signal 15 (SIGTERM)", 143),
    (OSError(errno.ENOSPC, "No space left on device", "/x"), "/x: No space left on device", 1),
]


@pytest.mark.parametrize(("stop", "text", "status"), [*STOPS, (UserError("no"), "no", 1)])
def test_whatever_ends_a_change_ahead_of_its_start_changes_nothing(stop: BaseException, text: str, status: int) -> None:
    with pytest.raises(UserError) as raised, messages.unchanged_on_error():
        raise stop
    assert (str(raised.value), raised.value.status) == (f"{text}\nSo nothing was changed", status)


@pytest.mark.parametrize(("stop", "text", "status"), STOPS)
def test_what_ends_a_run_does_not_say_that_nothing_was_changed(stop: BaseException, text: str, status: int) -> None:
    with pytest.raises(UserError) as raised, messages.unchanged_on_error(), messages.midway("r1"):
        raise stop
    told = f"{text}. What was changed: kubectl mc audit show r1"
    status = 3 if status == 1 else status  # 1 would say that nothing was
    assert (str(raised.value), raised.value.status) == (told, status)


def test_what_is_missing_in_the_record_is_said() -> None:
    events = [("cluster", "c1"), ("cluster", "c2"), ("rollout", "c3")]
    said = "how the change ended in c1, c2 isn't recorded; whether c3 is rolled out isn't recorded"
    assert messages.not_recorded(events, "full") == f"Error: {said}: full"


@pytest.mark.parametrize(("status", "name"), [(-9, "signal 9 (SIGKILL)"), (-40, "signal 40")])
def test_a_kubectl_that_a_signal_has_killed(status: int, name: str) -> None:
    assert messages.find_cause("", status) == Cause("killed", f"killed by {name}")
