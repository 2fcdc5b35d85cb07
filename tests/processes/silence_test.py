# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import json
import re
import stat
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_mc.merge.report import make_report
from kubectl_mc.processes import cache, silence
from kubectl_mc.processes.event_loop import Result, UnaskedResult
from kubectl_mc.processes.requests import Request, job_command, note_answers, same_jobs
from kubectl_mc.processes.silence import Address, Entry, judge, noted, silent_since
from kubectl_mc.processes.targets import Kubeconfig, Target
from tests.environments import request

REFUSED = b"The connection to the server 127.0.0.1:1 was refused - did you specify the right host or port?\n"
LATE = b"Unable to connect to the server: dial tcp 10.0.0.1:443: i/o timeout\n"
FORBIDDEN = b"Error from server (Forbidden): pods is forbidden\n"


def by_context(cluster: str, context: str = "") -> Target:
    """A target whose server isn't known here."""
    return Target(cluster, context or cluster, Kubeconfig(None, starts_programs=False))


def by_server(cluster: str, url: str, context: str = "", programs: bool = False, proxy: str = "") -> Target:
    cluster_entry = {"server": url, **({"proxy-url": proxy} if proxy else {})}
    content: Mapping[str, Any] = {"clusters": [{"name": "x", "cluster": cluster_entry}]}
    return Target(cluster, context, Kubeconfig(content, programs))


def failed(stderr: bytes, stdout: bytes = b"") -> Result:
    return Result("c1", stdout, stderr, 1)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / ".kube").mkdir()
    (tmp_path / ".kube" / "config").write_text("kind: Config")
    return tmp_path


def of_user(text: str, home: Path) -> Request:
    return request(text, {"HOME": str(home)})


def silent(home: Path, *targets: Target, result: Result | None = None) -> None:
    """Note that a command was refused on these clusters, or had another result."""
    note_answers(of_user("get pods", home), [(target, result or failed(REFUSED), 0.1) for target in targets])


def kept(home: Path) -> Path:
    return Path(cache.silence_path(str(home / ".kube")))


def patiences(text: str, home: Path, *targets: Target, named: tuple[str, ...] = ()) -> list[float | None]:
    """The seconds that each target's kubectl has; None for those of all kubectls of the command."""
    asked = of_user(text, home)
    short = silence.short_times(asked.environment, asked.row, asked.line, targets, named)
    asked = asked._replace(short_times=short)
    return [job_command(asked, job).patience for job in same_jobs(targets, asked.line)]


# --- Whether a cluster has answered ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("result", "seconds", "verdict"),
    [
        (Result("c1", b"NAME", b"", 0), 60, "answered"),
        (failed(FORBIDDEN), 0.1, "answered"),
        (failed(b'Error from server (NotFound): pods "a" not found\n'), 0.1, "answered"),
        (failed(b"Error from server (InternalError): an error on the server\n"), 0.1, "answered"),
        (failed(b"", b"differences"), 0.1, "answered"),
        (failed(REFUSED), 0.1, "silent"),
        (failed(REFUSED, b'{"items": []}'), 0.1, "silent"),  # kubectl prints an empty List ahead of this error
        (failed(b"Unable to connect to the server: dial tcp: lookup x: no such host\n"), 0.1, "silent"),
        (failed(b"Unable to connect to the server: dial tcp 10.0.0.1:443: connect: no route to host\n"), 3, "silent"),
        (failed(LATE), 30, "silent"),
        (failed(LATE), 4.9, ""),  # --request-timeout=1s
        (failed(b"Unable to connect to the server: net/http: TLS handshake timeout\n"), 10, "silent"),
        (failed(b"Error from server (Timeout): the server was unable to return a response\n"), 34, ""),
        (failed(b"Unable to connect to the server: x509: certificate signed by unknown authority\n"), 0.1, ""),
        (failed(b"Unable to connect to the server: read tcp 1->2: connection reset by peer\n"), 0.1, ""),
        (failed(b"error: unknown flag: --x\n"), 0.1, ""),
        (failed(b"Unable to connect to the server: getting credentials: exec: executable x failed\n"), 9, ""),
        (Result("c1", b"", b"", -15, timed_out=True), 30, "silent"),
        (Result("c1", b"", b"", -15, timed_out=True), 1.1, ""),  # --cluster-timeout=1s
        (Result("c1", b"a line", b"", -15, timed_out=True), 30, ""),
        (Result("c1", b"", b"", None), 30, ""),  # Ctrl-C
        (UnaskedResult("c1", b"", b"no context", 1), 30, ""),
    ],
)
def test_whether_a_cluster_has_answered(result: Result, seconds: float, verdict: str) -> None:
    assert judge(result, seconds) == verdict


def test_a_short_time_is_no_proof_that_a_cluster_is_still_silent() -> None:
    """Else a slow cluster would never get its whole time again."""
    assert judge(Result("c1", b"", b"", -15, timed_out=True), 5.1, was_short=True) == ""
    assert judge(failed(REFUSED), 0.1, was_short=True) == "silent"


# --- Which commands wait a short time only, and for which clusters -----------------------------------------


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("get pods", 5),
        ("get pods -A -o json", 5),
        ("describe pods", 5),
        ("events", 5),
        ("diff -f a.yaml", 5),
        ("version", 5),
        ("get pods --cluster-timeout=30s", None),
        ("get pods --cluster-timeout=0", None),
        ("get pods --request-timeout=20s", None),
        ("get pods --refresh", None),
        ("get pods -w", None),
        ("logs web", None),
        ("logs web -f", None),
        ("wait pods/a", None),
        ("wait pods/a -o json", None),
        ("rollout status deploy/a", None),
        ("cluster-info dump", None),
        ("apply -f a.yaml", None),
        ("scale deploy/a --replicas=1", None),
        ("apply -f a.yaml --dry-run=server", None),
        ("delete pods a --dry-run=client", None),
        ("exec web -- date", None),
        ("some-plugin", None),
    ],
)
def test_which_commands_wait_a_short_time_only(home: Path, text: str, seconds: float | None) -> None:
    silent(home, by_context("c2"))
    assert patiences(text, home, by_context("c1"), by_context("c2")) == [None, seconds]


@pytest.mark.parametrize(("limit", "seconds"), [(0.0, 5), (60.0, 5), (3.0, None)])
def test_a_default_of_the_mapping_file_is_no_word_about_a_silent_cluster(
    home: Path, limit: float, seconds: float | None
) -> None:
    silent(home, by_context("c2"))
    asked = of_user("get pods", home)
    environment = asked.environment.with_default_timeout(limit)
    short = silence.short_times(environment, asked.row, asked.line, [by_context("c2")], ())
    assert (short and short.seconds) == seconds


def test_a_cluster_that_is_named_has_all_of_its_time(home: Path) -> None:
    targets = by_context("c1"), by_context("c2")
    silent(home, *targets)
    assert patiences("get pods", home, *targets, named=("c2",)) == [5, None]


def test_the_wait_ends_with_an_answer_or_after_five_minutes(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    targets = by_context("c1"), by_context("c2")
    silent(home, *targets)
    silent(home, targets[0], result=failed(FORBIDDEN))
    assert patiences("get pods", home, *targets) == [None, 5]
    later = time.time() + 301
    monkeypatch.setattr(time, "time", lambda: later)
    assert patiences("get pods", home, *targets) == [None, None]
    silent(home, targets[0])
    assert len(json.loads(kept(home).read_text())["entries"]) == 1  # what is old is dropped


def test_contexts_with_one_server_share_what_is_known(home: Path) -> None:
    first, second = by_server("c1", "https://a", "one"), by_server("c2", "https://a", "two")
    silent(home, first)
    assert patiences("get pods", home, first, second, by_context("c1", "one")) == [5, 5, 5]
    silent(home, second, result=Result("c2", b"", b"", 0))
    assert patiences("get pods", home, first, second, by_context("c1", "one")) == [None] * 3


@pytest.mark.parametrize(
    ("other", "same"),
    [
        (by_server("c1", "https://a"), True),
        (by_server("c1", "https://user:secret@a?token=secret"), True),
        (by_server("c1", "https://b", "one"), True),  # the context of that name, in files that are as they were
        (by_server("c1", "https://b", "two"), False),
        (by_server("c1", "https://a", proxy="http://p"), False),
        (by_server("c1", "https://a", programs=True), False),  # its kubectl may wait for the user
    ],
)
def test_what_an_address_is(home: Path, other: Target, same: bool) -> None:
    silent(home, by_server("c1", "https://a", "one"))
    assert patiences("get pods", home, other) == [5 if same else None]


def test_a_changed_kubeconfig_begins_afresh(home: Path) -> None:
    silent(home, by_context("c1"))
    (home / ".kube" / "config").write_text("kind: Config\nclusters: []")
    assert patiences("get pods", home, by_context("c1")) == [None]


# --- What is written ---------------------------------------------------------------------------------------


def test_what_is_kept_is_its_owners_and_holds_no_address(home: Path) -> None:
    target = by_server("c1", "https://user:secret@host.example?t=secret", "one", proxy="http://u:secret@p")
    silent(home, target)
    text = kept(home).read_text()
    assert stat.S_IMODE(kept(home).stat().st_mode) == 0o600
    assert not [word for word in ("secret", "host.example", "user", "one") if word in text]


@pytest.mark.parametrize(
    "text", ["get pods", "apply -f a --dry-run=server", "apply -f a", "scale deploy/a --replicas=1"]
)
def test_a_healthy_fleet_and_changes_write_nothing(home: Path, text: str) -> None:
    result = Result("c1", b"", b"", 0) if text == "get pods" else failed(REFUSED)
    note_answers(of_user(text, home), [(by_context("c1"), result, 0.1)])
    assert not (home / ".kube" / "cache").exists()


def test_a_limit_of_a_command_that_waits_says_nothing_of_the_server(home: Path) -> None:
    late = Result("c1", b"", b"", -15, timed_out=True)
    note_answers(of_user("wait pods/a -o json", home), [(by_context("c1"), late, 60.0)])
    assert not kept(home).exists()


def test_the_file_goes_with_the_last_silent_cluster(home: Path) -> None:
    silent(home, by_context("c1"))
    silent(home, by_context("c1"), result=Result("c1", b"", b"", 0))
    assert list(kept(home).parent.iterdir()) == []


@pytest.mark.parametrize("change", [None, cache.FORMAT - 1, cache.FORMAT + 1])
def test_a_file_of_another_version_counts_for_nothing(home: Path, change: int | None) -> None:
    """Of an older or newer one; the first ones had no version, and the entries alone."""
    silent(home, by_context("c1"))
    content = json.loads(kept(home).read_text())
    kept(home).write_text(json.dumps({**content, "format": change} if change else content["entries"]))
    assert silence.read_entries(str(home / ".kube")) == {}


@pytest.mark.parametrize("entries", ["7", "[]", '{"a": 1, "b": [1, 2], "c": ["x", 2, ""], "d": [null, 1, ""]}'])
def test_entries_that_are_none_count_for_nothing(home: Path, entries: str) -> None:
    kept(home).parent.mkdir(parents=True)
    kept(home).write_text(f'{{"format": {cache.FORMAT}, "entries": {entries}}}')
    assert silence.read_entries(str(home / ".kube")) == {}


@pytest.mark.parametrize("text", ["", "[]", "{", '{"a": 1, "b": [1, 2], "c": ["x", 2, ""], "d": [null, 1, ""]}', "\0"])
def test_a_file_that_is_no_such_file_counts_for_nothing(home: Path, text: str) -> None:
    kept(home).parent.mkdir(parents=True)
    kept(home).write_text(text)
    assert silence.read_entries(str(home / ".kube")) == {}
    silent(home, by_context("c1"))
    assert patiences("get pods", home, by_context("c1")) == [5]


def test_a_cache_that_cannot_be_written_is_no_error(home: Path) -> None:
    (home / ".kube" / "cache").write_text("a file")
    silent(home, by_context("c1"))
    assert patiences("get pods", home, by_context("c1")) == [None]


# --- What is said ------------------------------------------------------------------------------------------


def test_clusters_that_are_silent_are_told_together_with_what_gives_them_more_time(home: Path) -> None:
    asked = of_user("get pods", home)._replace(
        short_times=silence.ShortTimes(frozenset({"c1", "c2", "c3", "c4"}), "10:42")
    )
    late = [Result(f"c{number}", b"", b"", -15, timed_out=True) for number in range(1, 6)]
    assert make_report([*late, Result("c6", b"x", b"", 0)], asked).lines == (
        "Error: Failed to query 5 clusters: c1, c2, c3, c4 (timed out after 5s, silent since 10:42), "
        "c5 (timed out after 30s)",
        "To wait longer for each of these 4 clusters: --cluster-timeout=30s",
        "Showing results from 1/6 clusters:",
    )
    assert make_report(late, asked, on_terminal=True).lines[1:] == (
        "  timed out after 5s, silent since 10:42   4   c1, c2, c3, c4   for more time: --cluster-timeout",
        "  timed out after 30s                      1   c5               for more time: --cluster-timeout",
    )


@pytest.mark.parametrize(("age", "form"), [(60, r"\d\d:\d\d"), (86400, r"\d{4}-\d\d-\d\d \d\d:\d\d")])
def test_since_when_a_cluster_is_silent(home: Path, age: float, form: str) -> None:
    """One that is refused again and again may be so for days. What is said holds for all clusters that are meant."""
    silent(home, by_context("c1"), by_context("c2"))
    content = json.loads(kept(home).read_text())
    entries = content["entries"]
    first = next(iter(entries))
    entries[first][0] -= 2 * age
    for entry in entries.values():
        entry[0] -= age
    kept(home).write_text(json.dumps(content))
    silent(home, by_context("c1"), by_context("c2"))
    asked = of_user("get pods", home)
    short = silence.short_times(asked.environment, asked.row, asked.line, [by_context("c1"), by_context("c2")], ())
    assert short
    assert re.fullmatch(form, short.since)
    assert short.since.endswith(time.strftime("%H:%M", time.localtime(max(entry[0] for entry in entries.values()))))


# --- Properties --------------------------------------------------------------------------------------------

# An address may be known in part only; contexts are of one server each, whose name they have.
ADDRESSES = [
    *(Address("A", context) for context in ("a1", "a2", "")),
    *(Address("B", context) for context in ("b1", "")),
    *(Address("", context) for context in ("a1", "a2", "b1")),
]
subsets = st.sets(st.sampled_from(ADDRESSES))


def server(address: Address) -> str:
    return address.server or address.context[0].upper()


def test_what_is_known_of_a_server_stays_though_later_only_the_context_is() -> None:
    entries = noted({}, (), [Address("A", "a1")], 1.0)
    entries = noted(entries, (), [Address("", "a1")], 2.0)
    assert noted(entries, [Address("A", "a2")], (), 3.0) == {}


def test_the_first_failure_by_any_key_is_since_when_a_cluster_is_silent() -> None:
    entries = noted({}, (), [Address("", "a1")], 1.0)
    entries = noted(entries, (), [Address("A", "a2")], 2.0)
    assert silent_since(entries, Address("A", "a1"), 3.0) == 1.0


@given(st.lists(st.tuples(st.floats(0, 400), subsets, subsets), max_size=12))
def test_only_an_answer_or_time_ends_silence(steps: list[tuple[float, set[Address], set[Address]]]) -> None:
    entries: Mapping[str, Entry] = {}
    now = 1000.0
    for passed, answered, mute in steps:
        now += passed
        before = {address: silent_since(entries, address, now) for address in ADDRESSES}
        entries = noted(entries, answered, mute, now)
        after = {address: silent_since(entries, address, now) for address in ADDRESSES}
        servers = {server(address) for address in answered}
        for address, since in after.items():
            if server(address) not in servers and (address in mute or before[address] is not None):
                assert since is not None
            assert since in (None, now, *before.values())
        for address in answered:
            assert after[address] is None
    assert all(silent_since(entries, address, now + silence.MAX_AGE) is None for address in ADDRESSES)
    assert noted(entries, (), (), now + silence.MAX_AGE) == {}
