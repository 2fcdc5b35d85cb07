# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_mc.command_line.amounts import amounts
from kubectl_mc.command_line.conditions import parse_condition
from kubectl_mc.merge.row_filter import RowFilter, cell_test, without_time
from tests.environments import request
from tests.merge.answers_test import merged_with_notes
from tests.merge.tab_writer import tab_writer


@pytest.mark.parametrize(
    ("condition", "met", "not_met", "incomparable"),
    [
        ("X=3", ["3", "3 (5m ago)"], ["3 x", "13", "3.0", "", "(5m ago)"], []),
        ("X!=Running", ["Pending", "", "running", "Running (x)"], ["Running", "Running (2d ago)"], []),
        ("X=", [""], ["a", "<none>"], []),
        ("X~^Crash|Error$", ["CrashLoopBackOff", "Init:Error"], ["Errors", "crash"], []),
        ("X!~a.c", ["", "ac"], ["abc", "xabcx"], []),
        ("X>3", ["4", "4 (5m ago)", "5/6", "1k", "3.5", "4%", "cpu: 7/8"], ["3", "1/9", "-4", "500m"], ["", "<none>"]),
        ("X>=3", ["3", "3/7"], ["2 (4m ago)"], ["v4", "10.0.0.1", "web-4", "2026-01-01T00:00:00Z", "3d", "<unknown>"]),
        ("X<2", ["1/2", "0"], ["2/2"], ["<unknown>/2"]),
        ("X>1h", ["61m", "3d4h", "2y", "1h1s", "120m (x3 over 2h)"], ["1h", "59m59s", "5m"], ["7", "80%", "5Gi"]),
        ("X>5m", ["6m", "3d", "1", "6"], ["5m", "10s", "0"], ["9%"]),
        ("X>500Mi", ["1Gi", "501Mi", "1G"], ["500Mi", "64Ki", "7"], ["9%", "3d", "2/x "[3:]]),
        ("X>100m", ["250m", "1", "2h"], ["100m", "99m", "0", "30s"], ["90%"]),
        ("X>80", ["81%", "85%/80%", "cpu: 90%/80%", "81"], ["80%", "7%"], ["<unknown>/80%", "cpu: <unknown>/80%"]),
        ("X<=80%", ["80%", "7%/80%"], ["81%"], ["3", "3/10"]),
    ],
)
def test_which_cells_meet_a_condition(
    condition: str, met: list[str], not_met: list[str], incomparable: list[str]
) -> None:
    test = cell_test(parse_condition(condition))
    assert {cell: test(cell) for cell in (*met, *not_met, *incomparable)} == {
        **dict.fromkeys(met, True),
        **dict.fromkeys(not_met, False),
        **dict.fromkeys(incomparable, None),
    }


CELLS = st.one_of(
    st.text(),
    st.integers(-10, 10_000).map(str),
    st.builds("{}{}".format, st.integers(0, 2000), st.sampled_from(["m", "Ki", "Mi", "%", "d", "h", "s", "m5s", "k"])),
    st.builds("{} ({} ago)".format, st.integers(0, 9), st.sampled_from(["5m", "3d4h"])),
    st.builds("{}/{}".format, st.integers(0, 9), st.integers(0, 9)),
    st.sampled_from(["<none>", "<unknown>", "Running"]),
)
NEGATIONS = [("=", "!="), ("~", "!~"), ("<", ">="), (">", "<=")]


@given(CELLS, CELLS, st.sampled_from(NEGATIONS))
def test_a_cell_meets_a_condition_or_its_negation(cell: str, value: str, operators: tuple[str, str]) -> None:
    value = value.strip()
    if operators[0] == "<" or operators[0] == ">":
        value = value if amounts(value) else "5m"
    elif operators[0] == "~":
        value = value.encode("unicode_escape").decode().replace("\\", "") if value.isalnum() else "x"
    one, other = (cell_test(parse_condition(f"X{operator}{value}"))(cell) for operator in operators)
    assert (one is None) == (other is None)
    assert one is None or one != other
    assert one is not None or operators[0] in "<>"


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.sampled_from(["", "m", "Mi", "%", "s", "d"]))
def test_the_order_of_amounts_is_that_of_their_numbers(one: int, other: int, unit: str) -> None:
    assert cell_test(parse_condition(f"X<{other}{unit}"))(f"{one}{unit}") is (one < other)
    assert cell_test(parse_condition(f"X>{other}{unit}"))(f"{one}{unit} (5m ago)") is (one > other)


@pytest.mark.parametrize(
    ("cell", "counted"),
    [
        ("3 (5m ago)", "3"), ("3 (2d4h ago)", "3"), ("0", "0"), ("5m (x3 over 10m)", "5m"), ("", ""),
        ("Running (really)", "Running (really)"), ("a ( ago)", "a ( ago)"),
    ],
)  # fmt: skip
def test_a_time_behind_a_cell_is_left_out(cell: str, counted: str) -> None:
    assert without_time(cell) == counted


def pods(*rows: str) -> str:
    return tab_writer([["NAME", "STATUS", "RESTARTS"], *(row.split(",") for row in rows)])


ONE = pods("a,Running,0", "b,Error,4 (5m ago)")
INCOMPARABLE = "1 row doesn't match, as it has nothing to compare"
OTHER = pods("a,Running,12 (3h ago)", "c,Pending,<none>")


@pytest.mark.parametrize(
    ("flags", "names", "notes"),
    [
        ("--where STATUS!=Running", ["b c1", "c c2"], []),
        ("--where status=running", [], ["No resources match --where status=running"]),
        ("--where 'RESTARTS > 3'", ["b c1", "a c2"], [f"--where 'RESTARTS > 3': {INCOMPARABLE}"]),
        ("--where RESTARTS>3 --where STATUS=Running", ["a c2"], []),
        ("--where RESTARTS=12", ["a c2"], []),
        ("--where CLUSTER=c2 --where NAME~a", ["a c2"], []),
        ("--where cluster!~2", ["a c1", "b c1"], []),
    ],
)  # fmt: skip
def test_only_the_rows_that_meet_all_conditions_are_shown(flags: str, names: list[str], notes: list[str]) -> None:
    text, said = merged_with_notes(f"get pods {flags}", ONE, OTHER)
    assert [" ".join(line.split()[:2]) for line in text.splitlines()[1:]] == names
    assert said == notes


def test_what_is_shown_of_a_row_is_not_changed() -> None:
    """Its columns are as wide as what is in them; without headers, too."""
    text, _ = merged_with_notes("get pods --where NAME=b", ONE, OTHER)
    assert text == "NAME   CLUSTER   STATUS   RESTARTS\nb      c1        Error    4 (5m ago)\n"
    text, _ = merged_with_notes("get pods --no-headers --where NAME=b", ONE, OTHER)
    assert text == "b     c1    Error   4 (5m ago)\n"


SEVERAL = (
    tab_writer([["NAME", "READY"], ["deployment.apps/cart", "1/2"]])
    + "\n"
    + tab_writer([["NAME", "TYPE"], ["service/cart", "ClusterIP"], ["service/web", "LoadBalancer"]])
)


@pytest.mark.parametrize(
    ("condition", "names"),
    [
        ("TYPE!=ClusterIP", ["service/web"]),
        ("READY=1/2", ["deployment.apps/cart"]),
        ("NAME=cart", ["deployment.apps/cart", "service/cart"]),
        ("NAME=service/cart", ["service/cart"]),
        ("NAME~^w", ["service/web"]),
    ],
)
def test_rows_of_types_without_the_column_do_not_match(condition: str, names: list[str]) -> None:
    text, notes = merged_with_notes(f"get deploy,svc --where {condition}", SEVERAL)
    rows = [line.split()[0] for line in text.splitlines() if line]
    assert [row for row in rows if row != "NAME"] == names
    assert len(rows) == len(names) + len({name.partition("/")[0] for name in names})
    assert notes == []


def test_rows_of_a_cluster_without_the_column_do_not_match_and_that_is_said() -> None:
    old = tab_writer([["NAME", "AGE"], ["a", "1m"]])
    new = tab_writer([["NAME", "PHASE", "AGE"], ["a", "Ready", "1m"], ["b", "", "1m"]])
    text, notes = merged_with_notes("get widgets --where PHASE!=Ready", old, new)
    assert [line.split()[:2] for line in text.splitlines()[1:]] == [["b", "c2"]]
    assert notes == ["--where: no column 'PHASE' in c1, whose rows don't match"]
    text, notes = merged_with_notes("get widgets --count-by PHASE", old, new)
    assert [line.split() for line in text.splitlines()[1:]] == [["<none>", "2"], ["Ready", "1"]]
    assert notes == ["--count-by: no column 'PHASE' in c1, whose rows count as <none>"]


NO_COLUMN, THERE_ARE = "no table has a column", "There are: NAME, CLUSTER, STATUS, RESTARTS"
WIDE = ". With -o wide there are more"


def test_a_cluster_without_rows_has_no_column_that_others_lack() -> None:
    texts = [tab_writer([["IT"], ["a"]]), tab_writer([["IT"]])]
    made = request("api-resources --where KIND=x")
    rows = RowFilter(made.options.where)
    merged_with_notes("api-resources --where KIND=x", *texts, row_filter=rows)
    assert rows.notes() == ["No resources match --where KIND=x"]
    assert str(rows.problem(made)).endswith("There are: CLUSTER, IT. With -o wide there are more")


@pytest.mark.parametrize(
    ("flags", "problem"),
    [
        ("--where STATU=x", f"--where: {NO_COLUMN} 'STATU'. Did you mean STATUS? {THERE_ARE}{WIDE}"),
        ("-o wide --where NODE=x", f"--where: {NO_COLUMN} 'NODE'. {THERE_ARE}"),
        ("--where NAME=a --count-by CLUSTER,NODE -o wide", f"--count-by: {NO_COLUMN} 'NODE'. {THERE_ARE}"),
        ("--where CLUSTER=c1 --count-by STATUS", None),
    ],
)  # fmt: skip
def test_an_unknown_column_names_those_that_there_are(flags: str, problem: str | None) -> None:
    made = request(f"get pods {flags}")
    rows = RowFilter(made.options.where, made.options.count_by)
    merged_with_notes(f"get pods {flags}", ONE, row_filter=rows)
    error = rows.problem(made)
    assert (error and str(error)) == problem


def test_a_cluster_whose_table_cannot_be_read_has_failed() -> None:
    """Its rows can't be told, so it isn't shown, not in a section either."""
    made = request("get pods --where STATUS=Running")
    rows = RowFilter(made.options.where)
    text, _ = merged_with_notes("get pods --where STATUS=Running", ONE, "NAME   STATUS\nx\ty", row_filter=rows)
    assert [line.split()[:2] for line in text.splitlines()[1:]] == [["a", "c1"]]
    assert rows.unreadable == [("c2", "")]


def test_what_a_cluster_calls_its_columns_does_not_fill_the_screen() -> None:
    made = request("get widgets --where X=1")
    rows = RowFilter(made.options.where)
    header = [f"{'Y' * 1000}{number}" for number in range(150)]
    merged_with_notes("get widgets --where X=1", tab_writer([header, ["a"] * 150]), row_filter=rows)
    error = str(rows.problem(made))
    assert len(error) < 5000
    assert error.endswith("… and 101 more. With -o wide there are more")
