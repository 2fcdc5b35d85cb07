# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import pytest

from kubectl_mc.merge.report import Held, Report, make_report
from kubectl_mc.processes.event_loop import Result, UnaskedResult
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
        3,
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
    assert report.lines[1] == "To map c2 to a context of yours: kubectl mc setup"


# --- On a terminal -----------------------------------------------------------------------------------------


def on_terminal(*results: Result, text: str = "get pods") -> Report:
    return make_report(results, request(text), on_terminal=True)


def test_on_a_terminal_the_failures_are_a_table_that_stands_last() -> None:
    report = on_terminal(fine("c1", "Warning: old\n"), failed("c2", FORBIDDEN), failed("c3", MISSING_A))
    assert report == Report(
        (
            "[c1] Warning: old",
            "2 of 3 clusters answered",
            "  forbidden   1   c2   to see as whom you are known there: kubectl mc auth whoami",
        ),
        3,
    )


def test_on_a_terminal_a_part_of_an_answer_is_told() -> None:
    report = on_terminal(fine("c1"), result("c2", TABLE, FORBIDDEN, 1))
    assert report.lines[0] == "1 of 2 clusters answered, 1 more in part"


def test_the_command_that_lists_many_clusters_is_for_the_same_ones() -> None:
    results = [UnaskedResult(f"c{number}", b"", b"no context", 1) for number in range(11)]
    words = "get pods --clusters='c*' --healthy --hub-context=hub --cluster-timeout=3s --clusterprofile-provider-file=p"
    flags = "--clusters='c*' --healthy --hub-context=hub --clusterprofile-provider-file=p"
    assert on_terminal(*results, text=words).lines[1].endswith(f"to list them: kubectl mc clusters --check {flags}")


@pytest.mark.parametrize("results", [[failed("c1", REFUSED)], [failed("c1", MISSING_A), failed("c2", MISSING_A)]])
def test_on_a_terminal_what_kubectl_says_itself_stays(results: list[Result]) -> None:
    assert on_terminal(*results) == report_on(*results)


# --- What isn't there --------------------------------------------------------------------------------------


@pytest.mark.parametrize("stderr", [MISSING_A, NO_TYPE])
def test_what_one_cluster_has_may_be_absent_in_another(stderr: str) -> None:
    assert report_on(fine("c1"), failed("c2", stderr + "\n")) == Report((), 0)


@pytest.mark.parametrize("more", [NO_TYPE, MISSING_B, "  policy b: no", "[b] no", "Unable to connect to the server: b"])
def test_what_the_server_quotes_is_neither_an_absence_nor_left_out(more: str) -> None:
    answer = f"Error from server (Forbidden): denied\n{more}"
    assert report_on(fine("c1"), failed("c2", f"{answer}\n")) == Report(
        (
            *(f"[c2] {line}" for line in answer.split("\n")),
            "Error: Failed to query 1 cluster: c2 (forbidden)",
            "Showing results from 1/2 clusters:",
        ),
        3,
    )


def test_an_error_behind_a_warning_without_an_end_counts() -> None:
    glued = f"Warning: the token soon expires{FORBIDDEN}"
    report = report_on(fine("c1"), failed("c2", f"{glued}\n"))
    assert report.lines[:2] == (f"[c2] {glued}", "Error: Failed to query 1 cluster: c2 (forbidden)")
    assert report_on(failed("c1", f"{glued}\n")).lines == ()  # kubectl's own stderr says why


@pytest.mark.parametrize("stderr", [MISSING_A, NO_TYPE])
def test_what_is_absent_everywhere_is_an_error(stderr: str) -> None:
    assert report_on(failed("c1", stderr), failed("c2", stderr)) == Report((f"{stderr} (in all 2 clusters)",), 1)


def test_the_hint_of_an_absence_goes_with_it() -> None:
    stderr = 'error: resource mapping not found for x: no matches for kind "T"\nensure CRDs are installed first\n'
    assert report_on(fine("c1"), failed("c2", stderr)) == Report((), 0)
    first, second = stderr.splitlines()
    assert report_on(failed("c1", stderr), failed("c2", stderr)) == Report((f"{first} (in all 2 clusters)", second), 1)


def test_of_two_objects_the_one_that_is_nowhere_is_an_error() -> None:
    first = result("c1", TABLE, MISSING_B, 1)
    second = failed("c2", f"{MISSING_A}\n{MISSING_B}\n")
    assert report_on(first, second) == Report((f"{MISSING_B} (in all 2 clusters)",), 1)


def test_of_two_objects_each_somewhere_none_is_missing() -> None:
    assert report_on(result("c1", TABLE, MISSING_B, 1), result("c2", TABLE, MISSING_A, 1)) == Report((), 0)


def test_absent_for_different_reasons_is_absent_everywhere() -> None:
    report = report_on(failed("c1", NO_TYPE), failed("c2", MISSING_A))
    assert (set(report.lines), report.status) == ({f"[c1] {NO_TYPE}", f"[c2] {MISSING_A}"}, 1)


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
    assert report == Report(("Error: Failed to query 1 cluster: c2 (not found)",), 3)


def test_an_answer_with_a_warning_lacks_nothing() -> None:
    warning = "Warning: the server doesn't have a resource type 'x'"
    yes = [result(f"c{number}", "yes\n", f"{warning}\n") for number in (1, 2)]
    assert report_on(*yes, text="auth can-i get x") == Report((warning,), 0)
    assert report_on(yes[0], result("c2", "yes\n"), text="auth can-i get x") == Report((f"[c1] {warning}",), 0)


def test_clusters_that_answered_in_part_are_counted_by_themselves() -> None:
    part = result("c1", TABLE, FORBIDDEN + "\n", 1)
    assert report_on(part, part._replace(cluster="c2"), failed("c3", REFUSED)).lines[-1] == (
        "Showing results from 0/3 clusters, 2 more in part:"
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


@pytest.mark.parametrize(
    "error", ["error parsing b.json: unexpected EOF", "tls: failed to find any PEM data in certificate input"]
)
def test_a_mistake_in_a_file_is_the_command_s_not_the_clusters(error: str) -> None:
    results = [failed(f"c{number}", f"error: {error}\n") for number in (1, 2)]
    assert report_on(*results) == Report((f"error: {error}",), 1)


def test_the_same_failure_everywhere_is_the_clusters_not_the_command_s() -> None:
    assert report_on(failed("c1", FORBIDDEN), failed("c2", FORBIDDEN)) == Report(
        ("Error: Failed to query 2 clusters: c1 (forbidden), c2 (forbidden)",), 1
    )


def test_a_warning_of_all_clusters_is_said_once_another_with_its_clusters() -> None:
    everywhere, somewhere = "Warning: v1 Thing is deprecated", "Warning: other"
    report = report_on(
        fine("c1", f"{everywhere}\n{somewhere}\n"),
        fine("c2", f"{everywhere}\n"),
        fine("c3", f"{everywhere}\n{somewhere}\n"),
    )
    assert report == Report((everywhere, f"[c1, c3] {somewhere}"), 0)


def test_a_line_is_said_as_often_as_it_came() -> None:
    """`auth reconcile` of two roles: which rules belong to which is said by the lines' order alone."""
    lines = ["\tmissing rules added:", "\t\ta", "\tmissing rules added:", "\t\tb"]
    said = "".join(f"{line}\n" for line in lines)
    assert report_on(fine("c1", said), fine("c2", said)) == Report(tuple(lines), 0)
    assert report_on(fine("c1", said), fine("c2", f"{lines[0]}\n")).lines == (
        *(f"[c1] {line}" for line in lines),
        f"[c2] {lines[0]}",
    )


def test_what_a_cluster_says_can_t_steer_the_terminal() -> None:
    said = "Warning: \x1b[2J\u202e\n"
    assert report_on(fine("c1", said), fine("c2", said)).lines == ("Warning: \\x1b[2J\\u202e",)


@pytest.mark.parametrize("status", [0, 1])
@pytest.mark.parametrize(
    "stderr", [REFUSED.encode(), b"Warning: a\n\n", b"error: \xff\x1b[2J, no end", MISSING_A.encode()]
)
def test_of_one_cluster_stderr_is_kubectl_s_own(stderr: bytes, status: int) -> None:
    report = report_on(Result("c1", b"", stderr, status))
    assert (report.stderr, report.status) == (stderr, status)
    assert report.lines == (() if status == 0 or b"Warn" not in stderr else NO_WORD)


NO_WORD = ("Error: Failed to query 1 cluster: c1 (exit status 1)",)


@pytest.mark.parametrize(
    ("result", "reason"),
    [
        (Result("c1", b"", b"", 3), "exit status 3"),
        (Result("c1", b"", b"Warning: a\n", -15, timed_out=True), "timed out after 30s"),
        (Result("c1", b"", b"", None), "interrupted"),
        (UnaskedResult("c1", b"", b"login failed: Post x: EOF", 1), "login failed: Post x: EOF"),
    ],
)
def test_of_one_cluster_what_kubectl_does_not_say_is_said(result: Result, reason: str) -> None:
    report = report_on(result)
    assert report.lines == (f"Error: Failed to query 1 cluster: c1 ({reason})",)
    assert report.stderr == (b"" if isinstance(result, UnaskedResult) else result.stderr)


def test_warnings_of_a_failed_cluster_are_shown() -> None:
    """--warnings-as-errors: the error alone doesn't say which warning it was."""
    stderr = "Warning: v1 Thing is deprecated\nerror: 1 warning received\n"
    assert report_on(failed("c1", stderr), failed("c2", stderr)).lines == tuple(stderr.splitlines())
    assert report_on(fine("c1"), failed("c2", stderr)).lines == (
        "[c2] Warning: v1 Thing is deprecated",
        "Error: Failed to query 1 cluster: c2 (1 warning received)",
        "Showing results from 1/2 clusters:",
    )


def test_several_errors_of_a_failed_cluster_are_all_shown() -> None:
    errors = (MISSING_A, FORBIDDEN)
    report = report_on(fine("c1"), failed("c2", "".join(f"{line}\n" for line in errors)))
    assert report.lines == (
        *(f"[c2] {line}" for line in errors),
        "Error: Failed to query 1 cluster: c2 (forbidden)",
        "Showing results from 1/2 clusters:",
    )


def test_the_log_of_tries_is_hidden_only_where_the_cause_tells_it() -> None:
    tries = "".join(line for line in REFUSED.splitlines(keepends=True) if line.startswith("E"))
    notice = "Error: Failed to query 1 cluster: c2 (connection refused)"
    assert report_on(fine("c1"), failed("c2", REFUSED)).lines[0] == notice
    shown = tuple(f"[c2] {line}" for line in tries.splitlines())
    assert report_on(fine("c1"), fine("c2", tries)).lines == shown
    logged = report_on(fine("c1"), failed("c2", REFUSED), text="get pods -v=1").lines
    assert logged[: len(shown) + 1] == (*shown, notice)
    other = report_on(fine("c1"), failed("c2", tries + FORBIDDEN)).lines
    assert other[: len(shown)] == shown


def test_the_log_of_tries_of_kubectls_to_1_30_quotes_nothing() -> None:
    words = "invalid character '<' looking for \"beginning\" of value"
    tries = f"E1123 04:32:24.691813   17786 memcache.go:265] couldn't get current server API group list: {words}\n"
    report = report_on(fine("c1"), failed("c2", f"{tries}error: {words}\n"))
    assert report.lines[0] == f"Error: Failed to query 1 cluster: c2 ({words})"


def test_what_klog_logs_stays_together() -> None:
    log = 'I1123 04:32:24.691813   17786 round_trippers.go:632] "Response" headers=<\n\tA: b\n >\n'
    other = log.replace("17786", "17787")
    report = report_on(fine("c1", log), fine("c2", other))
    assert report.lines == (
        *(f"[c1] {line}" for line in log.splitlines()),
        *(f"[c2] {line}" for line in other.splitlines()),
    )


def test_a_cluster_whose_list_is_empty_because_it_failed_is_not_among_those_shown() -> None:
    empty = recording("get-json").stdout.partition("[")[0] + '[],\n    "kind": "List"\n}\n'
    report = report_on(fine("c1"), result("c2", empty, FORBIDDEN + "\n", 1), text="get pods -o json")
    assert report.lines[-1] == "Showing results from 1/2 clusters:"
    both = [result(cluster, empty, FORBIDDEN + "\n", 1) for cluster in ("c1", "c2")]
    assert report_on(*both, text="get pods -o json").lines == (
        "Error: Failed to query 2 clusters: c1 (forbidden), c2 (forbidden)",
    )


def test_a_table_without_rows_is_no_part_of_an_answer() -> None:
    """kubectl 1.27 prints the header of `api-resources` also where it got nothing."""
    header = "NAME   SHORTNAMES   APIVERSION   LAST SEEN\n"
    for shown, end in ((header, ":"), (f"{header}pods   po   v1   1m\n", ", 1 more in part:")):
        report = report_on(fine("c1"), result("c2", shown, FORBIDDEN + "\n", 1), text="api-resources")
        assert report.lines[-1] == f"Showing results from 1/2 clusters{end}"


# --- Presence ---------------------------------------------------------------------------------------------------

NEEDING = ["wait --for=delete pod/a", "rollout status deploy/a", "diff -f x"]


@pytest.mark.parametrize("text", NEEDING)
def test_an_object_that_one_cluster_lacks_is_its_failure(text: str) -> None:
    report = report_on(fine("c1"), failed("c2", MISSING_A), text=text)
    assert (report.lines[0], report.status) == ("Error: Failed to query 1 cluster: c2 (not found)", 3)


CONTENT = b"{apiVersion: v1, kind: Pod, metadata: {name: a}}"


@pytest.mark.parametrize("text", NEEDING)
def test_clusters_that_lack_it_are_passed_over_and_named(text: str) -> None:
    asked = request(f"{text} --if-present")._replace(content=CONTENT if "-f" in text else None)
    report = make_report([fine("c1"), failed("c2", MISSING_A), failed("c3", NO_TYPE)], asked)
    assert report == Report(("Passed over 2 clusters: c2 (not found), c3 (no such resource type)",), 0)


@pytest.mark.parametrize("flag", ["", " --if-present"])
@pytest.mark.parametrize("text", NEEDING)
def test_what_no_cluster_has_is_an_error_in_kubectl_s_words(text: str, flag: str) -> None:
    report = report_on(failed("c1", MISSING_A), failed("c2", MISSING_A), text=text + flag)
    assert report.lines == (f"{MISSING_A} (in all 2 clusters)",)
    assert report.status == (2 if "diff" in text else 1)


def test_what_all_clusters_lack_is_not_said_again_once_it_is_on_the_screen() -> None:
    """`rollout status deploy/a deploy/b`: a cluster that has printed something shows its errors as they come."""
    results = [result(f"c{number}", "shown", MISSING_A, 1) for number in (1, 2)]
    asked = request("rollout status deploy/a deploy/b")
    empty = [Held(each.cluster, each.cluster, "") for each in results]
    assert make_report(results, asked, shown=True, held=empty) == Report((), 1)
    held = [*empty[:1], Held("c2", "c2", MISSING_A)]
    assert make_report(results, asked, shown=True, held=held).lines == (f"{MISSING_A} (in all 2 clusters)",)


def test_verbose_shows_every_cluster_s_own_words() -> None:
    report = report_on(fine("c1", "Warning: a\n"), failed("c2", REFUSED), text="get pods --verbose")
    lines = REFUSED.splitlines()
    assert report.lines[: len(lines) + 1] == ("c1: Warning: a", *(f"c2: {line}" for line in lines))
    assert report.lines[len(lines) + 1] == "Error: Failed to query 1 cluster: c2 (connection refused)"


def test_bytes_that_are_no_text_are_no_crash() -> None:
    assert report_on(Result("c1", b"", b"\xff\xfe", 1), fine("c2")).status == 3


# --- The status --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "statuses", "status"),
    [
        ("get pods", [0, 0], 0),
        ("get pods", [0, 7], 3),
        ("get pods", [7, 7], 1),
        ("get pods", [7], 7),
        ("get pods", [-9], 137),
        ("get pods", [0, None], 130),
        ("diff -f x", [0, 0], 0),
        ("diff -f x", [0, 1], 1),
        ("diff -f x", [1], 1),
        ("diff -f x", [0, 7], 3),
        ("diff -f x", [1, 7], 3),
        ("diff -f x", [7, 7], 2),
        ("diff -f x", [7], 7),
        ("auth can-i get pods", [0, 1], 1),
        ("auth can-i get pods", [0, 0], 0),
        ("auth can-i get pods", [0, 1, 7], 3),
    ],
)
def test_the_status_is_the_fleet_s(text: str, statuses: list[int | None], status: int) -> None:
    answers = [result(f"c{number}", "text\n", "", one) for number, one in enumerate(statuses)]
    assert report_on(*answers, text=text).status == status


OUT_OF_TIME = Result("c9", b"", b"", -15, timed_out=True)
NOTHING_FOUND = result("c1", "", "No resources found in default namespace.\n")


@pytest.mark.parametrize(
    ("results", "status"),
    [
        ([fine("c1"), OUT_OF_TIME], 3),
        ([NOTHING_FOUND, OUT_OF_TIME], 3),
        ([fine("c1"), failed("c2", MISSING_A)], 0),
        ([fine("c1"), failed("c2", MISSING_A), OUT_OF_TIME], 3),
        ([failed("c1", MISSING_A), failed("c2", MISSING_A)], 1),
        ([failed("c1", MISSING_A), OUT_OF_TIME], 1),
        ([failed("c1", NO_TYPE), failed("c2", FORBIDDEN)], 1),
        # Of two objects, what one cluster has is a part of the answer.
        ([result("c1", TABLE, MISSING_A, 1), OUT_OF_TIME], 3),
        ([result("c1", TABLE, MISSING_A, 1), result("c2", TABLE, MISSING_A, 1)], 1),
        # A cluster that answers in part has failed.
        ([result("c1", TABLE, FORBIDDEN, 1), result("c2", TABLE, FORBIDDEN, 1)], 1),
        ([fine("c1"), result("c2", TABLE, FORBIDDEN, 1)], 3),
        ([fine("c1"), UnaskedResult("c2", b"", b"login failed: expired", 1)], 3),
    ],
)
def test_the_status_says_whether_there_is_an_answer_and_whether_it_is_whole(results: list[Result], status: int) -> None:
    assert report_on(*results).status == status


@pytest.mark.parametrize("text", ["diff -f x", "auth can-i get pods"])
@pytest.mark.parametrize("count", [1, 2])
def test_a_cluster_that_was_not_asked_has_given_no_answer_by_its_status(text: str, count: int) -> None:
    results = [UnaskedResult(f"c{number}", b"", b"login failed: expired", 1) for number in range(count)]
    assert report_on(*results, text=text).status == 2
