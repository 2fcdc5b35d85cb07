# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_mc.access import renewals
from kubectl_mc.access.exec_credentials import Credential, LoginFailure
from kubectl_mc.access.renewals import Renewals, renewal_delay
from tests.access.credential_plugins_test import plugin_of

NOW = 1_800_000_000.0


@pytest.mark.parametrize(
    ("remaining", "delay"), [(3600, 3525), (900, 825), (150, 75), (100, 50), (2, 1), (1, 1), (0, 15), (-100, 15)]
)
def test_a_token_is_renewed_well_before_it_expires(remaining: float, delay: float) -> None:
    assert renewal_delay(NOW + remaining, NOW) == delay


@given(st.floats(-1e6, 1e6))
def test_it_is_renewed_before_its_end_but_not_at_once_again(remaining: float) -> None:
    delay = renewal_delay(NOW + remaining, NOW)
    assert delay >= 1
    assert delay < remaining or remaining <= 1 or delay in (1, 15)


class Renewing:
    """What renews: it gives the answers one after another, and says when it has been asked for all."""

    def __init__(self, *answers: Credential | LoginFailure) -> None:
        self.answers = list(answers)
        self.asked_for_all = threading.Event()

    def __call__(self, plugin: object) -> Credential | LoginFailure:
        answer = self.answers.pop(0)
        if not self.answers:
            self.asked_for_all.set()
            threading.Event().wait() if isinstance(answer, LoginFailure) and not answer.reason else None
        return answer


STOP = LoginFailure("")  # the thread stays there


def credential(token: str, seconds: float | None = 0.0) -> Credential:
    return Credential(token, "", "", None if seconds is None else time.time() + seconds)


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(renewals, "_SHORTEST_DELAY", 0.0)
    monkeypatch.setattr(renewals, "RETRY", 0.0)


def no_failure(plugin: object, problem: str) -> None:
    raise AssertionError(problem)


def read(path: str) -> str:
    """What client-go makes of the file (transport/token_source.go)."""
    with open(path, encoding="utf-8") as file:
        return file.read().strip()


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize("new", ["a longer token than the first one", "short", "first-token", "t" * 10_000])
def test_the_file_has_the_new_token(new: str) -> None:
    renewing = Renewing(credential(new), STOP)
    path = Renewals(renewing, no_failure).token_file(plugin_of(), "first-token", time.time() - 1)
    assert renewing.asked_for_all.wait(20)
    assert read(path) == new


@pytest.mark.usefixtures("at_once")
def test_a_shorter_token_leaves_nothing_of_a_longer_one() -> None:
    renewing = Renewing(credential("second is the longest"), credential("third"), STOP)
    path = Renewals(renewing, no_failure).token_file(plugin_of(), "first", time.time() - 1)
    assert renewing.asked_for_all.wait(20)
    assert read(path) == "third"


@pytest.mark.usefixtures("at_once")
def test_a_plugin_that_fails_is_told_once_and_tried_again() -> None:
    told: list[str] = []
    failure, useless = LoginFailure("expired"), Credential("", "CERT", "KEY", None)
    renewing = Renewing(failure, failure, credential("good"), useless, STOP)
    path = Renewals(renewing, lambda plugin, problem: told.append(problem)).token_file(plugin_of(), "x", time.time())
    assert renewing.asked_for_all.wait(20)
    assert (read(path), told) == ("good", ["expired", "it gave no token"])


def test_plugins_have_files_of_their_own_and_one_each() -> None:
    tokens = Renewals(Renewing(STOP), no_failure)
    far = time.time() + 3600
    first, again = (tokens.token_file(plugin_of(args=["a"]), "a", far) for _ in range(2))
    other = tokens.token_file(plugin_of(args=["b"]), "b", far)
    assert (first, read(first), read(other)) == (again, "a", "b")


@pytest.mark.usefixtures("at_once")
def test_the_one_that_is_due_first_is_renewed_first() -> None:
    renewing = Renewing(credential("new"), STOP)
    tokens = Renewals(renewing, no_failure)
    later = tokens.token_file(plugin_of(args=["later"]), "old", time.time() + 3600)
    sooner = tokens.token_file(plugin_of(args=["sooner"]), "old", time.time())
    assert renewing.asked_for_all.wait(20)
    assert (read(later), read(sooner)) == ("old", "new")
