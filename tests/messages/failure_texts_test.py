# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_mc import messages
from kubectl_mc.messages import Cause, Kind

LATE = Cause("timeout", "timed out after 30s")
NO_CONTEXT = Cause("no-context", "no context")
FORBIDDEN = Cause("forbidden", "forbidden")
NAMES = [f"c{number}" for number in range(1, 151)]


def unapproved(cluster: str) -> Cause:
    return messages.problem_cause(messages.not_approved(cluster, ""))


def test_the_line_that_names_the_failed_clusters() -> None:
    failures = [
        ("cluster-3", Cause("timeout", "connection timeout")),
        ("cluster-7", Cause("unauthorized", "unauthorized")),
    ]
    assert messages.failed_clusters("query", failures) == (
        "Error: Failed to query 2 clusters: cluster-3 (connection timeout), cluster-7 (unauthorized)"
    )
    assert (
        messages.failed_clusters("query", failures[:1])
        == "Error: Failed to query 1 cluster: cluster-3 (connection timeout)"
    )
    assert messages.showing_partial(8, 0, 10) == "Showing results from 8/10 clusters:"
    assert messages.showing_partial(8, 1, 10) == "Showing results from 8/10 clusters, 1 more in part:"


def test_a_long_reason_is_shown_once() -> None:
    long = "login failed: " + "x" * 40
    reasons = {"a": long, "b\x1b": "no", "c": long}
    failures = [(cluster, Cause("login", reason)) for cluster, reason in reasons.items()]
    assert messages.failed_clusters("query", failures).endswith(f" 3 clusters: a, c ({long}), b\\x1b (no)")


def test_more_than_three_clusters_stand_by_their_cause_the_most_ahead() -> None:
    failures = [("a", LATE), ("b", NO_CONTEXT), ("c", NO_CONTEXT)]
    assert messages.failed_clusters("query", failures).endswith(
        ": a (timed out after 30s), b (no context), c (no context)"
    )
    assert messages.failed_clusters("query", [*failures, ("d", NO_CONTEXT)]) == (
        "Error: Failed to query 4 clusters: b, c, d (no context), a (timed out after 30s)"
    )
    line = messages.failed_clusters("query", [(name, NO_CONTEXT) for name in NAMES])
    assert (line.count("no context"), [name in line for name in NAMES]) == (1, [True] * 150)


def test_what_servers_say_of_their_error_is_shown_if_it_is_the_same() -> None:
    one, other = (Cause("server", "server error", words=words) for words in ("a webhook is down", "etcd is down"))
    alike = [(name, one) for name in ("a", "b", "c", "d")]
    assert messages.failed_clusters("query", alike).endswith(": a, b, c, d (server error: a webhook is down)")
    assert messages.failed_clusters("query", [*alike, ("e", other)]).endswith(": a, b, c, d, e (server error)")
    assert messages.failed_clusters("query", [("a", one), ("e", other)]).endswith(
        ": a (server error: a webhook is down), e (server error: etcd is down)"
    )
    assert messages.failure_table(alike, 0, 4, "")[1].startswith("  server error: a webhook is down   4   a, b, c, d ")


def test_what_is_said_of_one_cluster_alone_makes_no_group() -> None:
    """How it is approved, and what has changed in its profile."""
    changed = messages.problem_cause(messages.approval_outdated("c5", ["server was x and is y"], ""))
    failures = [*((name, unapproved(name)) for name in NAMES[:4]), ("c5", changed)]
    assert messages.failed_clusters("query", failures[:1]).endswith(f"c1 ({messages.not_approved('c1', '')})")
    assert messages.failed_clusters("query", failures).endswith(
        ": c1, c2, c3, c4 (not approved), c5 (its profile has changed since it was approved)"
    )
    assert messages.advice(failures[:3]) == []
    assert messages.advice(failures) == [
        "To see it and approve it: kubectl mc trust approve c1 c2 c3 c4",
        "To see it and approve it: kubectl mc trust approve c5",
    ]


def test_an_approval_has_the_flags_that_it_needs() -> None:
    flags = "--clusterprofile-provider-file=providers.json"
    failures = [(name, messages.problem_cause(messages.not_approved(name, flags))) for name in NAMES[:4]]
    assert messages.advice(failures) == [f"To see it and approve it: kubectl mc trust approve c1 c2 c3 c4 {flags}"]
    assert messages.failure_table(failures[:1], 0, 4, "")[1].endswith(f": kubectl mc trust approve c1 {flags}")


@pytest.mark.parametrize(
    ("names", "subject"), [(NAMES[:1], "c1"), (["c\x1b"], "c\\x1b"), (NAMES, "each of these 150 clusters")]
)
def test_no_context_leads_to_the_set_up(names: list[str], subject: str) -> None:
    failures = [("x", FORBIDDEN), *((name, NO_CONTEXT) for name in names)]
    assert messages.advice(failures) == [f"To map {subject} to a context of yours: kubectl mc setup"]
    why = Cause("no-context", "no context, and none of its access providers (x) is in a provider file of yours")
    assert messages.advice([("c1", why)]) == ["To map c1 to a context of yours: kubectl mc setup"]


# --- On a terminal -------------------------------------------------------------------------------------------------


def test_the_table_says_how_many_answered_and_why_the_others_did_not() -> None:
    failures = [("staging", NO_CONTEXT), ("prod-ap-17", LATE), ("prod-eu-2", LATE)]
    assert messages.failure_table(failures, 0, 40, "") == [
        "37 of 40 clusters answered",
        "  timed out after 30s   2   prod-ap-17, prod-eu-2   for more time: --cluster-timeout",
        "  no context            1   staging                 to map it: kubectl mc setup",
    ]


def test_what_to_do_stands_below_a_row_that_the_terminal_is_too_narrow_for() -> None:
    failures = [("staging", Cause("refused", "connection refused")), ("prod-ap-17", LATE)]
    assert messages.failure_table(failures, 0, 40, "", columns=80) == [
        "38 of 40 clusters answered",
        "  connection refused    1   staging",
        "      check the address (kubectl config view), and whether the API server runs",
        "  timed out after 30s   1   prod-ap-17   for more time: --cluster-timeout",
    ]


def test_names_that_the_terminal_is_too_narrow_for_go_on_below_names() -> None:
    failures = [(f"viewer-prod-eu-{number}", Cause("forbidden", "forbidden")) for number in range(1, 7)]
    assert messages.failure_table(failures, 0, 40, "", columns=80) == [
        "34 of 40 clusters answered",
        "  forbidden   6   viewer-prod-eu-1, viewer-prod-eu-2, viewer-prod-eu-3,",
        "                  viewer-prod-eu-4, viewer-prod-eu-5, viewer-prod-eu-6",
        "      to see as whom you are known there: kubectl mc auth whoami",
    ]


def test_of_many_clusters_ten_are_named_and_a_command_lists_them() -> None:
    failures = [(name, NO_CONTEXT) for name in NAMES] + [(f"x{number}", FORBIDDEN) for number in range(11)]
    head, first, second = messages.failure_table(failures, 2, 200, " --clusters='*'")
    assert head == "39 of 200 clusters answered, 2 more in part"
    assert first == (
        "  no context   150   c1, c2, c3, c4, c5, c6, c7, c8, c9, c10 and 140 more   "
        "to map them: kubectl mc setup --clusters='*'; to list them: kubectl mc clusters --check --clusters='*'"
    )
    assert second.endswith("x9 and 1 more   to see as whom you are known there: kubectl mc auth whoami --clusters='*'; "
                           "to list them: add --verbose")  # fmt: skip
    lines = messages.failure_table(failures, 0, 200, "", all_names=True)
    assert all(name in lines[1] for name in NAMES)


def test_of_many_causes_the_most_frequent_are_told() -> None:
    failures = [(name, Cause("error", f"no {number}")) for number, name in enumerate(NAMES)]
    lines = messages.failure_table([*failures, ("x", failures[149][1])], 0, 151, "")
    assert len(lines) == 11
    assert lines[1].startswith("  no 149         2     c150, x ")
    assert lines[-1].startswith("  other causes   141   c9, c10, ")


def test_a_long_cell_makes_no_column_wider() -> None:
    failures = [("a", Cause("error", "x" * 41)), ("b", LATE), ("c" * 41, LATE)]
    _, first, second = messages.failure_table(failures, 0, 3, "")
    assert first == f"  timed out after 30s   2   b, {'c' * 41}   for more time: --cluster-timeout"
    assert second == f"  {'x' * 41}   1   a   to see all that it says: add --verbose"


@pytest.mark.parametrize("kind", get_args(Kind))
def test_every_cause_says_what_to_do(kind: Kind) -> None:
    for names in (["b 1"], NAMES[:11]):
        _, line = messages.failure_table([(name, Cause(kind, "reason")) for name in names], 0, 20, "")
        assert "{" not in line
        step = line.split("   ")[-1]
        assert len(step) > len("add")
        assert ("kubectl mc setup" in step) == (kind == "no-context")
        assert "'b 1'" in line or "names" not in step


CAUSES = st.builds(
    Cause, st.sampled_from(get_args(Kind)), st.sampled_from(["a", "b: x", "c; y", "x" * 50, LATE.reason])
)


@given(st.lists(CAUSES, min_size=1, max_size=40), st.booleans())
def test_every_cluster_that_failed_is_in_one_row(causes: list[Cause], all_names: bool) -> None:
    failures = [(f"c{number}", cause) for number, cause in enumerate(causes)]
    head, *rows = messages.failure_table(failures, 0, 50, "", all_names)
    assert head == f"{50 - len(causes)} of 50 clusters answered"
    cells = [[cell.strip() for cell in row.strip().split("   ") if cell.strip()] for row in rows]
    assert sum(int(cell[1]) for cell in cells) == len(causes)
    counts = [int(cell[1]) for cell in cells if cell[0] != "other causes"]
    assert counts == sorted(counts, reverse=True)
    for cell in cells:
        names, _, more = cell[2].partition(" and ")
        shown = names.split(", ")
        assert len(shown) + int((more or "0").split()[0]) == int(cell[1])
        assert len(shown) <= 10 or all_names
    line = messages.failed_clusters("query", failures)
    assert all(f"{name}, " in line or f"{name} (" in line for name, _ in failures)


def test_what_a_cluster_says_can_t_steer_the_terminal() -> None:
    (_, line) = messages.failure_table([("c\x1b", Cause("error", "a\n\u202eb"))], 0, 1, "")
    assert line.startswith("  a\\n\\u202eb   1   c\\x1b   ")
