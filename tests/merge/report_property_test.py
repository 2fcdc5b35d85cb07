# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Every line of stderr is shown as of exactly the clusters that said it, as often as they said it, in their order."""

from __future__ import annotations

import re
from collections.abc import Sequence

from hypothesis import example, given
from hypothesis import strategies as st

from kubectl_mc import messages
from kubectl_mc.merge.report import make_report, merge_messages, result_cause, told_messages
from kubectl_mc.messages.name_folding import fold_names
from kubectl_mc.processes.event_loop import Result
from tests.environments import request
from tests.recordings import recording

KLOG = "E1123 04:32:24.691813   17786 memcache.go:381] connection refused"
LINES = [
    "", "a", "b", "  c", "Warning: old", "Found 2 pods", KLOG, KLOG.replace("17786", "17787"), f"{KLOG} err=<",
    "\tx", " >",
    "error: no", "error: token expired", "Post login: EOF", "Unable to connect to the server: EOF",
    "The connection to the server x was refused - did you specify the right host or port?",
    'Error from server (NotFound): pods "a" not found', 'Error from server (NotFound): pods "b" not found',
    recording("forbidden").stderr.rstrip("\n"), "No resources found in shop namespace.",
]  # fmt: skip
STDERR = st.lists(st.sampled_from(LINES), max_size=6).map(lambda lines: "".join(f"{line}\n" for line in lines))
RESULTS = st.lists(
    st.builds(Result, st.just("c"), st.sampled_from([b"", b"text\n"]), STDERR.map(str.encode), st.integers(0, 2)),
    min_size=2,
    max_size=4,
).map(lambda results: [result._replace(cluster=f"c{number}") for number, result in enumerate(results)])
OURS = re.compile(r"Error: Failed to query |Showing results from |Passed over |.* \(in all \d|No resources found")


def shown_of(lines: Sequence[str], cluster: str, names: Sequence[str]) -> list[str]:
    """The lines that are shown as of this cluster: without a name they are of all."""
    groups = {fold_names(group): group for size in range(1, len(names) + 1) for group in combinations(names, size)}
    shown = []
    for line in lines:
        name, bracket, text = line.removeprefix("[").partition("] ")
        if not (line.startswith("[") and bracket):
            shown.append(line)
        elif cluster in groups[name]:
            shown.append(text)
    return shown


def combinations(names: Sequence[str], size: int) -> list[tuple[str, ...]]:
    """The groups of so many of the names, in their order."""
    if size == 0:
        return [()]
    return [(name, *rest) for index, name in enumerate(names) for rest in combinations(names[index + 1 :], size - 1)]


@given(st.lists(st.lists(st.sampled_from(["a", "b", "c", "d\ne", ""]), max_size=6), min_size=1, max_size=5))
@example([["a", "b"], ["b", "a"]])
@example([["a", "a"], ["a"]])
def test_merged_messages_are_those_of_each_in_its_order(said: list[list[str]]) -> None:
    names = [f"c{number}" for number in range(len(said))]
    lines = merge_messages(list(zip(names, said)), len(said))
    for name, own in zip(names, said):
        assert shown_of(lines, name, names) == [line for message in own for line in message.split("\n")]
    alone = merge_messages(list(zip(names, said)), len(said) + 1)
    assert all(line.startswith("[") for line in alone)  # another cluster has said nothing


@given(RESULTS, st.sampled_from(["get pods", "get pods -v=4", "wait pod/a", "wait pod/a --if-present"]))
def test_every_line_is_shown_except_for_what_the_report_tells(results: list[Result], text: str) -> None:
    asked = request(text)
    report = make_report(results, asked)
    lines = [line for line in report.lines if not OURS.match(line)]
    notice = next((line for line in report.lines if line.startswith("Error: Failed to query ")), "")
    for result in results:
        cause = result_cause(result, asked)
        told = told_messages(result, cause, asked)
        said = messages.split_messages(result.stderr.decode())
        expected = [line for message in said if message not in told for line in message.split("\n")]
        shown = shown_of(lines, result.cluster, [each.cluster for each in results])
        # That nothing was found may be told as what all say.
        expected, shown = ([line for line in text if not OURS.match(line)] for text in (expected, shown))
        if not cause or (notice and not cause.absent):
            assert shown == expected
        else:  # absent everywhere, or the same mistake everywhere: the errors are shown, too
            remaining = iter(shown)
            # In this order, with others between them. What is said twice is said once to all.
            assert all(line in remaining for line in dict.fromkeys(expected))
        if cause and not cause.absent and notice:
            assert result.cluster in notice
            assert cause.reason in notice
        assert report.status == 0 or notice or lines or any(map(OURS.match, report.lines))


@given(st.text(st.sampled_from("\n\t >=<Ea1 \r\x0c")), st.sampled_from(["", KLOG]))
def test_splitting_loses_nothing(text: str, ahead: str) -> None:
    stderr = f"{ahead}{text}"
    assert "\n".join(messages.split_messages(stderr)) == stderr.removesuffix("\n")
