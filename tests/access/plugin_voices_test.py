# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_mc.access import plugin_voices
from kubectl_mc.access.plugin_voices import Voices, last_words
from tests.access.credential_plugins_test import plugin_of

C1, C2, C3 = (plugin_of(args=[name]) for name in ("c1", "c2", "c3"))


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(plugin_voices, "time", made)
    return made


def heard() -> tuple[Voices, list[str]]:
    said: list[str] = []
    voices = Voices(said.extend)
    for plugin in (C1, C2, C3):
        voices.introduce(plugin, [plugin.args[0]])
    return voices, said


def test_words_that_come_in_pieces_stay_whole_and_none_is_taken_for_a_repetition() -> None:
    voices, said = heard()
    for piece in b"1", b"2", b"2", b"1", b"\n", b"next\n", "é".encode()[:1], "é".encode()[1:], b"\n":
        voices.hear(C1, piece)
        voices.show()
    voices.end(C1)
    assert said == ["[c1] 1", "[c1] 2", "[c1] 2", "[c1] 1", "[c1] next", "[c1] é"]


def test_who_says_much_is_shown_before_the_screen_is_drawn_again() -> None:
    voices, said = heard()
    voices.hear(C1, b"line\n")
    assert not said
    for _ in range(30):
        voices.hear(C1, b"another line\n" * 200)
    assert said[0] == "[c1] line"


@given(st.text("ab é€\n", max_size=30), st.sets(st.integers(0, 60)), st.sets(st.integers(0, 60)))
def test_nothing_that_is_said_is_lost_however_it_comes(text: str, cuts: set[int], ticks: set[int]) -> None:
    encoded, (voices, said) = text.encode(), heard()
    for index in range(len(encoded)):
        if index in cuts:
            voices.show()
        voices.hear(C1, encoded[index : index + 1])
        if index in ticks:
            voices.show()
    voices.end(C1)
    letters = "".join(line.removeprefix("[c1]") for line in said).replace(" ", "")
    lines = [line.rstrip() for line in text.split("\n")]
    if len(set(lines)) == len(lines):  # else a line may be a repetition
        assert letters == text.replace(" ", "").replace("\n", "")
    assert set(letters) == set(text) - {" ", "\n"}


def test_what_several_say_at_once_is_said_once(clock: Clock) -> None:
    voices, said = heard()
    for plugin in (C1, C2):
        voices.hear(plugin, b"visit us\n")
    voices.show()
    clock.now += 2
    voices.show()
    assert said == ["[c1] visit us"]


def test_it_is_said_again_for_who_waits_when_the_first_has_ended(clock: Clock) -> None:
    voices, said = heard()
    voices.hear(C1, b"visit us\n")
    voices.show()
    voices.end(C1)
    voices.hear(C2, b"visit us\n")
    voices.show()
    assert said == ["[c1] visit us"]
    clock.now += 2
    voices.show()
    voices.hear(C3, b"visit us\n")
    voices.end(C3)
    assert said == ["[c1] visit us", "[c2] visit us"]  # c3 has waited for nothing


def test_who_says_the_same_again_is_heard_again() -> None:
    voices, said = heard()
    for line in (b"Touch your key\n", b"Timed out\n", b"Touch your key\n"):
        voices.hear(C1, line)
        voices.show()
    assert said == ["[c1] Touch your key", "[c1] Timed out", "[c1] Touch your key"]


def test_one_that_had_the_terminal_has_spoken() -> None:
    voices, _ = heard()
    assert not voices.has_spoken(C1)
    voices.announce(C1, "login")
    assert voices.has_spoken(C1)


def test_what_a_failure_quotes_in_full_is_not_said() -> None:
    voices, said = heard()
    voices.hear(C1, b"Warning: old\nThe token is expired.\n  Run: aws sso login")
    words = voices.last_words(C1)
    assert words == ["The token is expired.", "Run: aws sso login"]
    voices.end(C1, words)
    assert said == ["[c1] Warning: old"]


def test_progress_is_shown_as_the_terminal_would() -> None:
    voices, said = heard()
    voices.hear(C1, b"10%\r20%\r30%")
    voices.show()
    voices.hear(C1, b"\r40%\r\ndone\r\n")
    voices.end(C1)
    assert said == ["[c1] 30%", "[c1] 40%", "[c1] done"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        ("one", ["one"]),
        ("\n\none\n\n", ["one"]),
        ("first\nsecond\nthird", ["second", "third"]),
        ("Traceback\n  File x\n    line\nError: bad", ["Traceback", "Error: bad"]),
        ("To fix, run:\n\n    aws sso login\n", ["To fix, run:", "aws sso login"]),
        ("a\x1b[2J", [r"a\x1b[2J"]),
    ],
)
def test_the_last_words(text: str, words: list[str]) -> None:
    assert last_words(text) == words
