from __future__ import annotations

import pytest

from kubectl_mc.merge.report import Report, make_report
from kubectl_mc.processes.event_loop import Result
from tests.environments import request
from tests.recordings import recording

TABLE = "NAME   AGE\na      1m\n"
MISSING_A = 'Error from server (NotFound): pods "a" not found'
MISSING_B = 'Error from server (NotFound): pods "b" not found'
NO_TYPE = 'error: the server doesn\'t have a resource type "widgets"'
FORBIDDEN = recording("forbidden").stderr.rstrip("\n")
REFUSED = recording("conn-refused").stderr


def result(cluster: str, stdout: str = "", stderr: str = "", status: int | None = 0) -> Result:
    return Result(cluster, stdout.encode(), stderr.encode(), status)


def fine(cluster: str, stderr: str = "") -> Result:
    return result(cluster, TABLE, stderr)


def failed(cluster: str, stderr: str) -> Result:
    return result(cluster, "", stderr, 1)


def report_on(*results: Result, text: str = "get pods") -> Report:
    return make_report(results, request(text))


def test_nothing_is_said_of_success() -> None:
    assert report_on(fine("c1"), fine("c2")) == Report((), 0)


def test_failed_clusters_are_named_with_their_reasons_above_the_rest() -> None:
    results = [fine(f"cluster-{number}") for number in range(1, 11)]
    results[2] = failed("cluster-3", "Unable to connect to the server: dial tcp 10.0.0.1:443: i/o timeout\n")
    results[6] = failed("cluster-7", recording("unauthorized").stderr)
    assert report_on(*results) == Report(
        (
            "Error: Failed to query 2 clusters: cluster-3 (connection timeout), cluster-7 (unauthorized)",
            "Showing results from 8/10 clusters:",
        ),
        1,
    )


def test_where_nothing_is_shown_nothing_is_announced() -> None:
    assert report_on(failed("c1", FORBIDDEN), failed("c2", REFUSED)) == Report(
        ("Error: Failed to query 2 clusters: c1 (forbidden), c2 (connection refused)",), 1
    )


def test_a_cluster_out_of_time_is_told_with_the_time() -> None:
    late = Result("c1", b"", b"", -15, timed_out=True)
    assert report_on(late, fine("c2"), text="get pods --cluster-timeout=1.5s").lines[0] == (
        "Error: Failed to query 1 cluster: c1 (timed out after 1.5s)"
    )


def test_after_ctrl_c_what_is_missing_is_named_and_the_status_is_130() -> None:
    report = report_on(fine("c1"), result("c2", status=None))
    assert (report.lines[0], report.status) == ("Error: Failed to query 1 cluster: c2 (interrupted)", 130)


def test_a_missing_context_comes_with_advice() -> None:
    report = report_on(fine("c1"), failed("c2", recording("unknown-context").stderr))
    assert report.lines[0] == "Error: Failed to query 1 cluster: c2 (no context)"
    assert report.lines[1].startswith("To map c2 to a context of yours: ")


# --- What isn't there --------------------------------------------------------------------------------------


@pytest.mark.parametrize("stderr", [MISSING_A, NO_TYPE])
def test_what_one_cluster_has_may_be_absent_in_another(stderr: str) -> None:
    assert report_on(fine("c1"), failed("c2", stderr + "\n")) == Report((), 0)


@pytest.mark.parametrize("stderr", [MISSING_A, NO_TYPE])
def test_what_is_absent_everywhere_is_an_error(stderr: str) -> None:
    assert report_on(failed("c1", stderr), failed("c2", stderr)) == Report((f"{stderr} (in all 2 clusters)",), 1)


def test_of_two_objects_the_one_that_is_nowhere_is_an_error() -> None:
    first = result("c1", TABLE, MISSING_B, 1)
    second = failed("c2", f"{MISSING_A}\n{MISSING_B}\n")
    assert report_on(first, second) == Report((f"{MISSING_B} (in all 2 clusters)",), 1)


def test_of_two_objects_each_somewhere_none_is_missing() -> None:
    assert report_on(result("c1", TABLE, MISSING_B, 1), result("c2", TABLE, MISSING_A, 1)) == Report((), 0)


def test_absent_for_different_reasons_is_absent_everywhere() -> None:
    report = report_on(failed("c1", NO_TYPE), failed("c2", MISSING_A))
    assert (set(report.lines), report.status) == ({f"{NO_TYPE} (c1)", f"{MISSING_A} (c2)"}, 1)


def test_where_a_cluster_failed_the_absence_is_told_of_the_others() -> None:
    assert report_on(failed("c1", MISSING_A), failed("c2", MISSING_A), failed("c3", FORBIDDEN)) == Report(
        (f"{MISSING_A} (in all 2 clusters that answered)", "Error: Failed to query 1 cluster: c3 (forbidden)"), 1
    )


def test_what_fails_in_a_way_of_its_own_is_there() -> None:
    """`logs solo -c nope`: c1 has the pod, and the others are no error."""
    stderr = "error: container nope is not valid for pod a"
    assert report_on(failed("c1", stderr), failed("c2", MISSING_A), failed("c3", MISSING_A)) == Report(
        ("Error: Failed to query 1 cluster: c1 (container nope is not valid for pod a)",), 1
    )


def test_a_diff_needs_all_that_it_compares() -> None:
    """As kubectl: a namespace that isn't there is an error, not "no differences"."""
    report = report_on(
        result("c1"), failed("c2", 'Error from server (NotFound): namespaces "a" not found'), text="diff -f x"
    )
    assert report == Report(("Error: Failed to query 1 cluster: c2 (not found)",), 2)


def test_an_answer_with_a_warning_lacks_nothing() -> None:
    warning = "Warning: the server doesn't have a resource type 'x'"
    yes = [result(f"c{number}", "yes\n", f"{warning}\n") for number in (1, 2)]
    assert report_on(*yes, text="auth can-i get x") == Report((warning,), 0)
    assert report_on(yes[0], result("c2", "yes\n"), text="auth can-i get x") == Report((f"{warning} (c1)",), 0)


def test_a_cluster_that_answered_in_part_is_among_those_shown() -> None:
    part = result("c1", TABLE, FORBIDDEN + "\n", 1)
    assert report_on(part, part._replace(cluster="c2"), failed("c3", REFUSED)).lines[-1] == (
        "Showing results from 2/3 clusters:"
    )


@pytest.mark.parametrize(
    ("stderrs", "line"),
    [
        (["No resources found in shop namespace."] * 2, "No resources found in shop namespace."),
        (["No resources found"] * 2, "No resources found"),
        (["No resources found in a namespace.", "No resources found in b namespace."], "No resources found"),
    ],
)
def test_where_nothing_is_found_kubectl_s_line_is_said_once(stderrs: list[str], line: str) -> None:
    assert report_on(*(result(f"c{number}", "", f"{text}\n") for number, text in enumerate(stderrs))) == Report(
        (line,), 0
    )


def test_nothing_found_in_one_cluster_is_not_worth_a_word() -> None:
    assert report_on(fine("c1"), result("c2", "", recording("get-empty").stderr)) == Report((), 0)


# --- Lines beside the answers -----------------------------------------------------------------------------------


def test_the_same_mistake_everywhere_is_said_once_as_kubectl_says_it() -> None:
    stderr = recording("unknown-flag").stderr
    assert report_on(failed("c1", stderr), failed("c2", stderr)) == Report(tuple(stderr.splitlines()), 1)


def test_the_same_failure_everywhere_is_the_clusters_not_the_command_s() -> None:
    assert report_on(failed("c1", FORBIDDEN), failed("c2", FORBIDDEN)) == Report(
        ("Error: Failed to query 2 clusters: c1 (forbidden), c2 (forbidden)",), 1
    )


def test_a_warning_of_all_clusters_is_said_once_another_with_its_clusters() -> None:
    everywhere, somewhere = "Warning: v1 Thing is deprecated", "Warning: other"
    report = report_on(
        fine("c1", f"{everywhere}\n{somewhere}\n"),
        fine("c2", f"{everywhere}\n{everywhere}\n"),
        fine("c3", f"{everywhere}\n\n{somewhere}\n"),
    )
    assert report == Report((everywhere, f"{somewhere} (c1, c3)"), 0)


def test_what_a_cluster_says_can_t_steer_the_terminal() -> None:
    assert report_on(fine("c1", "Warning: \x1b[2J\u202e\n")).lines == ("Warning: \\x1b[2J\\u202e",)


def test_verbose_shows_every_cluster_s_own_words() -> None:
    report = report_on(fine("c1", "Warning: a\n"), failed("c2", REFUSED), text="get pods --verbose")
    lines = REFUSED.splitlines()
    assert report.lines[: len(lines) + 1] == ("c1: Warning: a", *(f"c2: {line}" for line in lines))
    assert report.lines[len(lines) + 1] == "Error: Failed to query 1 cluster: c2 (connection refused)"


def test_bytes_that_are_no_text_are_no_crash() -> None:
    assert report_on(Result("c1", b"", b"\xff\xfe", 1), fine("c2")).status == 1


# --- The status --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "statuses", "status"),
    [
        ("get pods", [0, 0], 0),
        ("get pods", [0, 3], 1),
        ("get pods", [3], 3),
        ("diff -f x", [0, 0], 0),
        ("diff -f x", [0, 1], 1),
        ("diff -f x", [1], 1),
        ("auth can-i get pods", [0, 1], 1),
        ("auth can-i get pods", [0, 0], 0),
    ],
)
def test_the_status_is_the_fleet_s(text: str, statuses: list[int], status: int) -> None:
    answers = [result(f"c{number}", "text\n", "", one) for number, one in enumerate(statuses)]
    assert report_on(*answers, text=text).status == status


def test_a_failure_is_more_than_differences() -> None:
    assert report_on(result("c1", "diff\n", "", 1), failed("c2", FORBIDDEN), text="diff -f x").status > 1
