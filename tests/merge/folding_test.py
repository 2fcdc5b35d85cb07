# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from fnmatch import fnmatchcase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_mc.merge import answers, folding, last_rows
from kubectl_mc.merge.kubectl_tables import join_tables, parse_tables
from kubectl_mc.processes.event_loop import Result
from kubectl_mc.processes.requests import Look
from tests.environments import request
from tests.merge.ages import human_duration
from tests.merge.tab_writer import tab_writer


def answer(words: str, *texts: str | list[list[str]], on_terminal: bool = False) -> str:
    """The answer of c1, c2, … to a line. texts: a list is that of a table's rows, with its header"""
    printed = [tab_writer(text) if isinstance(text, list) else text for text in texts]
    results = [Result(f"c{number}", text.encode(), b"", 0) for number, text in enumerate(printed, start=1)]
    return answers.merge_answers(results, (), request(words), Look(on_terminal))


def fold(words: str, *texts: str | list[list[str]], on_terminal: bool = False) -> str:
    """The same with --fold."""
    return answer(f"{words} --fold", *texts, on_terminal=on_terminal)


HEADER = ["NAME", "READY", "RESTARTS", "AGE"]


def test_rows_are_told_once_for_the_clusters_that_have_them() -> None:
    shared, own = ["a", "1/1", "0"], ["b", "2/2", "0"]
    texts = [
        [HEADER, [*shared, "5m"], [*own, "5m"], ["x", "1/1", "0", "1m"]],
        [HEADER, [*shared, "3h"], ["b", "1/2", "0", "2m"]],
        [HEADER, [*shared, "119s"], [*own, "7m"]],
    ]
    assert fold("get pods", *texts) == (
        "CLUSTERS (3): c1, c2, c3\n"
        "NAME   READY   RESTARTS   AGE\n"
        "a      1/1     0          119s-3h\n"
        "\n"
        "CLUSTERS (2): c1, c3   (not in c2)\n"
        "NAME   READY   RESTARTS   AGE\n"
        "b      2/2     0          5m-7m\n"
        "\n"
        "CLUSTERS (1 each):\n"
        "NAME   CLUSTER   READY   RESTARTS   AGE\n"
        "x      c1        1/1     0          1m\n"
        "b      c2        1/2     0          2m\n"
    )


def test_where_nothing_is_shared_the_table_is_as_without_folding() -> None:
    texts = [[HEADER, [name, "1/1", "0", "5m"]] for name in ("a", "b", "c")]
    assert fold("get pods", *texts) == answer("get pods", *texts)


@pytest.mark.parametrize(
    ("column", "cells", "shown"),
    [
        ("AGE", ("5m", "5m"), "5m"),
        ("AGE", ("2d3h", "90s"), "90s-2d3h"),
        ("AGE", ("1d", "24h"), "24h-1d"),
        ("AGE", ("<unknown>", "<unknown>"), "<unknown>"),
        ("AGE", ("5m", "<unknown>"), None),
        ("LAST SEEN", ("5m (x3 over 10m)", "7m (x12 over 3h)"), "5m-7m (x3-12 over 10m-3h)"),
        ("LAST SEEN", ("5m (x3 over 10m)", "7m"), "5m-7m"),
        ("LAST SEEN", ("5m (x3 over 10m)", "5m (x3 over 10m)"), "5m (x3 over 10m)"),
        ("RESTARTS", ("3 (5m ago)", "3 (2h ago)"), "3 (5m-2h ago)"),
        ("RESTARTS", ("3 (5m ago)", "3"), "3"),
        ("RESTARTS", ("3 (5m ago)", "4 (5m ago)"), None),
        ("LAST SCHEDULE", ("5m", "<none>"), None),
        ("LAST BACKUP", ("5m", "3d"), "5m-3d"),
        ("READY SINCE", ("5m", "3d"), "5m-3d"),
        ("COMPLETED", ("5m", "3d"), "5m-3d"),
        ("CREATED AT", ("2026-11-26T10:00:00Z", "2026-11-26T12:00:00Z"), "2026-11-26"),
        ("CREATED AT", ("2026-11-26T10:00:00Z", "2026-10-01T12:00:00Z"), "2026-10-01 - 2026-11-26"),
        # What looks like an age needn't be one.
        ("CPU(cores)", ("5m", "7m"), None),
        ("INTERVAL", ("5m", "10m"), None),
        ("TIMEOUT", ("30s", "60s"), None),
        ("STAGE", ("1d", "2d"), None),
        ("AGENT", ("1d", "2d"), None),
        ("AGE", ("5", "6"), None),
        ("NOT AFTER", ("2026-11-26T10:00:00Z", "2026-11-26T12:00:00Z"), None),
    ],
)
def test_a_range_stands_for_ages_that_differ(column: str, cells: tuple[str, ...], shown: str | None) -> None:
    """shown: None if the rows differ"""
    texts = [[["NAME", column], ["a", cell]] for cell in cells]
    expected = f"CLUSTERS (2): c1, c2\n{tab_writer([['NAME', column], ['a', shown]])}" if shown else ""
    assert fold("get x", *texts) == (expected or answer("get x", *texts))


@pytest.mark.parametrize(
    ("cells", "shown"),
    [
        (("\0age", "5m"), None),
        (("\0time", "2026-11-26T10:00:00Z"), None),
        (("0", "5m"), None),
        (("1", "2026-11-26T10:00:00Z"), None),
        ((f"5m (x{'9' * 5000} over 1h)", "5m"), "5m"),
        ((f"5m (x{'9' * 5000} over 1h)", "6m (x2 over 1h)"), "5m-6m"),
        ((f"{'9' * 5000}m", "5m"), None),
        (("\u0663m", "5m"), "\u0663m-5m"),
        (("5m", "2026-11-26T10:00:00Z"), None),
    ],
)
def test_no_cell_harms_the_answer(cells: tuple[str, ...], shown: str | None) -> None:
    texts = [[["NAME", "LAST SEEN"], ["a", cell]] for cell in cells]
    assert fold("get x", *texts) == (
        f"CLUSTERS (2): c1, c2\n{tab_writer([['NAME', 'LAST SEEN'], ['a', shown]])}"
        if shown
        else answer("get x", *texts)
    )


def test_a_values_column_has_no_ages() -> None:
    """With -o custom-columns, `5m` is a value of the object, whatever its column is called; a time may be left out."""
    rows = [
        [["-"] * 7, ["u", "a", "u", age, "u", f"2026-11-26T10:00:0{second}Z", "u"]]
        for second, age in enumerate(("5m", "6m", "5m"))
    ]
    assert fold("get x -o custom-columns=N:.a,AGE:.b,CREATED:.c", *rows).splitlines() == [
        "CLUSTERS (2): c1, c3   (not in c2)", "N     AGE   CREATED", "a     5m    2026-11-26", "",
        "CLUSTERS (1 each):", "CLUSTER   N     AGE   CREATED", "c2        a     6m    2026-11-26T10:00:01Z",
    ]  # fmt: skip


def test_headings_fit_no_cluster_outside_the_group() -> None:
    text = [["NAME"], ["a"]]
    assert fold("get x", *[text] * 4).startswith("CLUSTERS (4): c[1-4]\n")
    names = ["dev-a", "dev-b", "dev-c"]
    results = [Result(name, tab_writer(text).encode(), b"", 0) for name in names]
    for others, heading in (([], "dev-*"), (["dev-x"], "dev-a, dev-b, dev-c")):
        folded = answers.merge_answers(results, (), request("get x --fold"), clusters=[*names, *others])
        assert folded == f"CLUSTERS (3): {heading}\nNAME\na\n"


def test_a_heading_says_which_few_clusters_lack_the_rows() -> None:
    """Those that have answered: of the others it isn't known."""
    names = [f"c{number}" for number in range(1, 11)]
    for count, statuses, said in (
        (10, {}, ""),
        (9, {}, "   (not in c10)"),
        (7, {}, "   (not in c8, c9, c10)"),
        (6, {}, ""),
        (7, {"c9": 1}, "   (not in c8, c10)"),
        (7, {"c8": 1, "c9": None, "c10": 1}, ""),
    ):
        results = [
            Result(name, b"NAME\na\n" if index < count else b"", b"", statuses.get(name, 0))
            for index, name in enumerate(names)
        ]
        shown = answers.merge_answers(results, (), request("get x --fold"))
        assert shown == f"CLUSTERS ({count}): c[1-{count}]{said}\nNAME\na\n"
    results = [
        Result(name, text, b"", 0)
        for name, text in (("c1", b"NAME\na\n"), ("c2", b"NAME\na\n"), ("c3", b""), ("c4", b""))
    ]
    assert answers.merge_answers(results, (), request("get x --fold")) == "CLUSTERS (2): c1, c2\nNAME\na\n"


def test_several_types_stand_below_one_heading() -> None:
    text = "NAME    AGE\npod/a   1m\n\nNAME        AGE\nservice/a   2m\n"
    assert fold("get pods,svc", text, text) == f"CLUSTERS (2): c1, c2\n{text}"
    assert fold("get pods,svc --no-headers", text, text) == ("CLUSTERS (2): c1, c2\npod/a   1m\nservice/a   2m\n")


def test_a_namespace_is_part_of_a_row() -> None:
    text = [["NAMESPACE", "NAME", "AGE"], ["x", "a", "1m"]]
    other = [["NAMESPACE", "NAME", "AGE"], ["y", "a", "1m"], ["x", "a", "2m"]]
    assert fold("get pods -A", text, other).splitlines() == [
        "CLUSTERS (2): c1, c2", "NAMESPACE   NAME   AGE", "x           a      1m-2m", "",
        "CLUSTERS (1 each):", "NAMESPACE   NAME   CLUSTER   AGE", "y           a      c2        1m",
    ]  # fmt: skip


def test_what_is_no_table_is_folded_as_a_text() -> None:
    torn = "NAME   AGE\nx\n"
    rows = [["NAME", "AGE"], ["a", "1m"]]
    assert fold("get pods", torn, rows, rows, torn) == (
        f"CLUSTERS (2): c2, c3\nNAME   AGE\na      1m\n\nCLUSTERS (2): c1, c4\n{torn}"
    )


def test_a_cell_of_several_lines_has_one_line() -> None:
    """A further line could pass for a row, or for a heading."""
    text = [["-", "-", "-"], ["u", "a\nCLUSTERS (2): c8, c9\nb", "u"]]
    assert fold("get x -o custom-columns=N:.a", text, text) == (
        "CLUSTERS (2): c1, c2\nN\na\\nCLUSTERS (2): c8, c9\\nb\n"
    )


@pytest.mark.parametrize("words", ["get x", "describe x"])
def test_no_member_can_write_a_heading(words: str) -> None:
    text = "NAME\nCLUSTERS (2): c8\nCLUSTER: c9\nClusters (1 each):\n"
    for texts in ((text, text), (text, "NAME\nx\n")):
        shown = fold(words, *texts, on_terminal=True)
        assert len(re.findall("^> (?i:CLUSTER)", shown, re.MULTILINE)) == 3
    assert "> " not in fold(words, text, text)


def test_names_are_folded_line_by_line() -> None:
    assert fold("get pods -o name", "pod/a\npod/b\n", "pod/b\npod/a\n", "pod/b\npod/c\n") == (
        "CLUSTERS (3): c1, c2, c3\npod/b\n\nCLUSTERS (2): c1, c2   (not in c3)\npod/a\n\n"
        "CLUSTERS (1 each):\nc3\tpod/c\n"
    )
    assert fold("get pods -o name", "pod/a\n", "pod/b\n") == "c1\tpod/a\nc2\tpod/b\n"


def test_what_a_template_prints_is_folded_as_a_whole() -> None:
    assert fold("get pods -o jsonpath={.a}", "x\ny", "x\ny", "y\nx") == (
        "CLUSTERS (2): c1, c2\nx\ny\n\nCLUSTERS (1): c3\ny\nx\n"
    )
    assert fold("get pods -o jsonpath={.a}", "uid: 1", "uid: 2") == "CLUSTER: c1\nuid: 1\n\nCLUSTER: c2\nuid: 2\n"


def test_a_dry_run_is_folded_by_objects() -> None:
    one, two = "deployment.apps/a configured (server dry run)\n", "service/b created (server dry run)\n"
    assert fold("apply --dry-run=server -f a", one + two, one, one + "x\n").startswith("CLUSTER: c1\n")
    assert fold("apply --dry-run=server -f a", one + two, one) == (
        "CLUSTERS (2): c1, c2\nRESOURCE            RESULT\ndeployment.apps/a   configured\n\n"
        "CLUSTERS (1 each):\nCLUSTER   RESOURCE    RESULT\nc1        service/b   created\n"
    )


# --- Texts ---------------------------------------------------------------------------------------------------

DIFF = """\
diff -u -N /tmp/LIVE-{folder}/apps.v1.Deployment.shop.web /tmp/MERGED-{folder}7/apps.v1.Deployment.shop.web
--- /tmp/LIVE-{folder}/apps.v1.Deployment.shop.web\t2026-11-26 12:{minute}:01.123456789 +0000
+++ /tmp/MERGED-{folder}7/apps.v1.Deployment.shop.web\t2026-11-26 12:{minute}:01.2345 +0000
@@ -3,7 +3,7 @@
   creationTimestamp: "2026-11-26T12:{minute}:00Z"
-  generation: {generation}
+  generation: 1{generation}
   resourceVersion: "{folder}"
   uid: 6f8d7c1e-4b2a-4c1d-9e8f-0000000000{minute}
-  replicas: 2
+  replicas: {replicas}
"""
DESCRIBED = """\
Name:         a
Start Time:   Thu, 26 Nov 2026 12:{minute}:03 +0000
Metadata:
  Creation Timestamp:  2026-11-26T12:{minute}:03Z
  Generation:          {generation}
  Resource Version:    {folder}
Events:
  Type    Reason   Age{room}  From     Message
  ----    ------   ---{rule}  ----     -------
  Normal  Created  {age}  kubelet  {replicas} of them
"""
FIRST = {"folder": 1, "minute": 10, "generation": 2, "replicas": 3, "age": "5m ", "room": "", "rule": ""}
SECOND = {"folder": 22, "minute": 20, "generation": 4, "replicas": 3, "age": "5m14s", "room": "  ", "rule": "--"}


@pytest.mark.parametrize(("words", "template"), [("diff -f a", DIFF), ("describe pod a", DESCRIBED)])
def test_texts_that_differ_in_times_and_ids_are_told_once(words: str, template: str) -> None:
    first, second = template.format(**FIRST), template.format(**SECOND)
    assert fold(words, first, second) == f"CLUSTERS (2): c1, c2   (with the times and ids of c1)\n{first}"
    assert fold(words, second, second) == f"CLUSTERS (2): c1, c2\n{second}"
    other = template.format(**{**SECOND, "replicas": 4})
    assert fold(words, other, first, second) == (
        f"CLUSTERS (2): c2, c3   (with the times and ids of c2)\n{first}\nCLUSTERS (1): c1\n{other}"
    )


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("interval: 5m", "interval: 6m"),
        ("generation: a", "generation: b"),
        ("expires: 2026-11-26T12:00:00Z", "expires: 2026-11-27T12:00:00Z"),
        ("uid: one", "uid: two"),
        ("a  b", "a b"),
        ("+++ x 2026-11-26 12:00:00 +0000", "+++ x 2026-11-26 13:00:00 +0000"),
        ("/tmp/OTHER-1/x", "/tmp/OTHER-2/x"),
        ("Age: 5m", "Age:"),
        ("Age: 5m", "Age"),
        ("A  Age\n-  ---\nx  5m", "A  Age\n-  ---\nx"),
    ],
)
def test_other_differences_count(first: str, second: str) -> None:
    assert fold("describe pod a", first, second) == f"CLUSTER: c1\n{first}\n\nCLUSTER: c2\n{second}\n"


def test_texts_of_several_namespaces_have_their_own_headings() -> None:
    outputs = [(("c1", "x"), "a\n"), (("c1", "y"), "a\n"), (("c2", "x"), "a\n"), (("c2", "y"), "b\n")]
    assert folding.folded_texts(outputs, folding.Chosen(["c1", "c2"], [])) == (
        "CLUSTERS (2): c1, c2   NAMESPACE: x\na\n\nCLUSTERS (1): c1   NAMESPACE: y\na\n\n"
        "CLUSTERS (1): c2   NAMESPACE: y\nb\n"
    )


@pytest.mark.parametrize(
    "text", [" " * 200_000 + "x", "a/" * 200_000, "-" * 200_000, "- " * 200_000 + "x", "s" * 200_000]
)
def test_texts_are_compared_in_one_pass(text: str) -> None:
    """It would not end in a day if it took the square of the length."""
    assert folding.comparable_text(f"a:{text}\n{text}: {text}") != folding.comparable_text(text)


# --- Whatever the rows are -----------------------------------------------------------------------------------


AGES = st.integers(0, 10**8).map(human_duration)
ROWS = st.tuples(
    st.sampled_from(["a", "b", "c c", "CLUSTERS (2): c1"]),
    st.sampled_from(["", "1/1", "0/1"]),
    st.one_of(st.sampled_from(["0", "3"]), AGES.map("3 ({} ago)".format)),
    st.one_of(AGES, st.just("<unknown>"), AGES.map("{0} (x2 over {0})".format)),
)
FLEETS = st.lists(st.lists(ROWS, min_size=1, max_size=5), min_size=1, max_size=6)


def without_ages(row: Sequence[str]) -> tuple[str, ...]:
    """A row as it is compared."""
    name, ready, restarts, age = row
    return name, ready, restarts.partition(" ")[0], age if age == "<unknown>" else ""


def expanded(heading: str, clusters: Sequence[str]) -> list[str]:
    """The clusters that a heading names."""
    names = []
    for part in re.findall(r"[^, ]*\[[^]]*\]|[^, ]+", heading.partition("   (")[0].partition(": ")[2]):
        stem, bracket, numbers = part.partition("[")
        if bracket:
            for span in numbers.rstrip("]").split(","):
                first, _, last = span.partition("-")
                names += [f"{stem}{number}" for number in range(int(first), int(last or first) + 1)]
        else:
            names += [name for name in clusters if fnmatchcase(name, part)]
    return names


def cells_of(table: str) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """The header and rows of a table."""
    (parsed,) = parse_tables(table)
    return parsed.header, list(zip(*parsed.columns))


@given(FLEETS)
def test_unfolded_every_cluster_has_its_rows_again(fleet: list[list[tuple[str, ...]]]) -> None:
    """Each once, however often a cluster has it, and each in the order of its cluster if it is alone."""
    clusters = [f"c{number}" for number in range(1, len(fleet) + 1)]
    folded = fold("get pods", *([HEADER, *map(list, rows)] for rows in fleet))
    told: dict[str, list[tuple[str, ...]]] = {cluster: [] for cluster in clusters}
    sizes = []
    for section in folded.split("\n\n"):
        heading, _, table = section.partition("\n")
        if not re.match(r"CLUSTERS \(", heading):
            heading, table = "", section
        header, rows = cells_of(table)
        names = expanded(heading, clusters)
        if "CLUSTER" in header:
            index = header.index("CLUSTER")
            for row in rows:
                told[row[index]].append((*row[:index], *row[index + 1 :]))
            continue
        assert heading.startswith(f"CLUSTERS ({len(names)}): ")
        sizes.append(len(names))
        for name in names:
            told[name] += rows
    assert sizes == sorted(sizes, reverse=True)
    assert all(size > 1 for size in sizes)
    for cluster, rows in zip(clusters, fleet):
        assert Counter(map(without_ages, told[cluster])) == Counter(map(without_ages, rows))
        for row in told[cluster]:
            assert any(is_true_of(row, own) for own in rows)


def is_true_of(row: Sequence[str], own: Sequence[str]) -> bool:
    """Whether what a row says holds for a cluster's own row."""
    if without_ages(row) != without_ages(own):
        return False
    return all(is_within(age, own_age) for age, own_age in zip((row[2], row[3]), (own[2], own[3])))


def is_within(cell: str, own: str) -> bool:
    ranges = re.findall(r"((?:\d+[ydhms])+)(?:-((?:\d+[ydhms])+))?", cell)
    ages = re.findall(r"(?:\d+[ydhms])+", own)
    return all(
        last_rows.age_bounds(first) <= last_rows.age_bounds(age) <= last_rows.age_bounds(last or first)
        for (first, last), age in zip(ranges, ages)
    )


@given(FLEETS)
def test_what_is_folded_differs_in_nothing_but_ages(fleet: list[list[tuple[str, ...]]]) -> None:
    clusters = [f"c{number}" for number in range(1, len(fleet) + 1)]
    tables = [(name, parse_tables(tab_writer([HEADER, *map(list, rows)]))[0]) for name, rows in zip(clusters, fleet)]
    blocks, rest = folding.fold_rows(join_tables(tables), clusters)
    groups = [block.clusters for block in blocks]
    assert len(set(groups)) == len(groups)
    assert all(list(group) == sorted(group, key=clusters.index) for group in groups)
    assert sum(len(block.clusters) * block.table.row_count for block in blocks) + rest.row_count == sum(map(len, fleet))
