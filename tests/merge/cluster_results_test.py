# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_mc.merge.cluster_results import one_result_per_cluster, untold
from kubectl_mc.merge.report import Held, make_report
from kubectl_mc.processes.event_loop import Result, UnaskedResult
from tests.environments import request

ABSENT = 'Error from server (NotFound): pods "web" not found\n'
OTHER = 'Error from server (NotFound): pods "db" not found\n'
NO_TYPE = 'error: the server doesn\'t have a resource type "x"\n'
FORBIDDEN = 'Error from server (Forbidden): pods is forbidden: … in the namespace "b"\n'
WARNING = "Warning: old\n"


def nothing(namespace: str) -> str:
    return f"No resources found in {namespace} namespace.\n"


def no_namespace(name: str) -> str:
    return f'Error from server (NotFound): namespaces "{name}" not found\n'


@pytest.mark.parametrize(
    ("said", "joined"),
    [
        # (namespace, stdout, stderr, status) of each kubectl -> (stdout, stderr, status) of the cluster
        ([("a", "A", "", 0), ("b", "B", "", 0)], ("AB", "", 0)),
        ([("a", "A", WARNING, 0), ("b", "", ABSENT, 1)], ("A", WARNING, 0)),
        ([("a", "", ABSENT, 1), ("b", "", ABSENT, 1)], ("", ABSENT, 1)),
        ([("a", "A", OTHER, 1), ("b", "B", ABSENT, 1)], ("AB", "", 0)),
        ([("a", "A", OTHER, 1), ("b", "", ABSENT + OTHER, 1)], ("A", OTHER, 1)),
        ([("a", "", ABSENT, 1), ("b", "", FORBIDDEN, 1)], ("", ABSENT + FORBIDDEN, 1)),
        ([("a", "A", "", 0), ("b", "", FORBIDDEN, 1)], ("A", FORBIDDEN, 1)),
        ([("a", "", ABSENT, 1), ("b", "", NO_TYPE, 1)], ("", ABSENT + NO_TYPE, 1)),
        ([("a", "A", "", 0), ("b", "", nothing("b"), 0)], ("A", "", 0)),
        ([("a", "", nothing("a"), 0), ("b", "", nothing("b"), 0)], ("", "No resources found in a, b namespaces.\n", 0)),
        ([("a", "", nothing("a"), 0), ("b", "", FORBIDDEN, 1)], ("", FORBIDDEN, 1)),
        ([("a", "", nothing("a"), 0)], ("", nothing("a"), 0)),
        (
            [("a", "", "No events found in a namespace.\n", 0), ("b", "", "No events found in b namespace.\n", 0)],
            ("", "No events found in a, b namespaces.\n", 0),
        ),
        # What is cluster-scoped isn't what a namespace lacks.
        ([("a", "A", "", 0), ("", "", ABSENT, 1)], ("A", ABSENT, 1)),
        ([("a", "A", "", 0), ("b", "", 'error: … pods "x" not found in namespace "b"\n', 1)], ("A", "", 0)),
        (
            [(name, "", f'error: … pods "x" not found in namespace "{name}"\n', 1) for name in ("a", "b")],
            ("", 'error: … pods "x" not found in namespace "a"\n', 1),
        ),
        ([("a", "A", "", 0), ("b", "", "", None)], ("A", "", None)),
        # A namespace that isn't there lacks everything.
        ([("a", "A", ABSENT, 1), ("b", "", no_namespace("b"), 1)], ("A", ABSENT, 1)),
        ([("a", "A", "", 0), ("b", "", no_namespace("b"), 1)], ("A", "", 0)),
        (
            [("a", "", no_namespace("a"), 1), ("b", "", no_namespace("b"), 1)],
            ("", no_namespace("a") + no_namespace("b"), 1),
        ),
    ],
)
def test_what_one_namespace_lacks_is_there_if_another_has_it(
    said: list[tuple[str, str, str, int | None]], joined: tuple[str, str, int | None]
) -> None:
    results = [Result("c1", out.encode(), err.encode(), status, False, name) for name, out, err, status in said]
    (result,) = one_result_per_cluster(results)
    assert (result.stdout.decode(), result.stderr.decode(), result.status) == joined


@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.sampled_from(["", ABSENT, OTHER, FORBIDDEN, WARNING, nothing("x")])),
        min_size=1,
        unique_by=lambda each: each[0],
    )
)
def test_no_failure_and_no_warning_is_lost(said: list[tuple[str, str]]) -> None:
    results = [
        Result("c1", b"", text.encode(), int(text in (ABSENT, OTHER, FORBIDDEN)), False, name) for name, text in said
    ]
    (result,) = one_result_per_cluster(results)
    texts = [text for _, text in said]
    lines = result.stderr.decode().splitlines(keepends=True)
    assert lines.count(FORBIDDEN) == (FORBIDDEN in texts)  # what several say stands there once
    assert lines.count(WARNING) == (WARNING in texts)
    # Where no namespace has answered, it is said why.
    assert lines or "" in texts
    assert bool(result.status) >= (FORBIDDEN in texts)


def test_a_result_of_ours_stays_one() -> None:
    unasked = UnaskedResult("c1", b"", b"no context", 1)
    (result,) = one_result_per_cluster([unasked])
    assert result is unasked


def test_the_report_names_the_namespaces_that_have_failed() -> None:
    answered = Result("c1", b"A", b"", 0, False, "a")
    failed = Result("c1", b"", FORBIDDEN.encode(), 1, False, "b")
    joined = one_result_per_cluster([answered, failed, Result("c2", b"A", b"", 0)])
    assert make_report(joined, request("get pods -n a,b")).lines[0] == (
        "Error: Failed to query 1 cluster: c1 (in b: forbidden)"
    )
    lacking = failed._replace(stderr=ABSENT.encode())
    in_one = one_result_per_cluster([lacking._replace(namespace="a"), lacking._replace(namespace="d"), failed])
    assert in_one[0].namespace == "b"
    in_all = one_result_per_cluster([failed, failed._replace(namespace="c"), Result("c2", b"A", b"", 0)])
    assert "c1 (forbidden)" in "".join(make_report(in_all, request("get pods -n b,c")).lines)


def test_what_the_cluster_has_is_not_said_of_a_namespace() -> None:
    results = [Result("c1", b"A", b"", 0, False, "a"), Result("c1", b"", ABSENT.encode(), 1, False, "b")]
    held = Held("c1 b", "c1", WARNING + ABSENT)
    assert untold(held, one_result_per_cluster(results)).text == WARNING
    assert untold(held, one_result_per_cluster(results[1:])).text == WARNING + ABSENT
