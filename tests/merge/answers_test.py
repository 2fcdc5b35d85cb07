# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import json

import pytest
import yaml

from kubectl_mc.command_line import grammar
from kubectl_mc.merge import answers, custom_columns, object_lists, output_forms, table_answers, table_flags
from kubectl_mc.merge.row_filter import RowFilter
from kubectl_mc.processes.event_loop import Result
from kubectl_mc.processes.requests import Job
from kubectl_mc.processes.targets import Kubeconfig, Target
from tests.environments import request
from tests.merge.tab_writer import tab_writer
from tests.recordings import recording


def merge(text: str, *outputs: str, keys: tuple[str, ...] = ()) -> str:
    results, sort_keys = (
        [Result(f"c{number}", stdout.encode(), b"", 0) for number, stdout in enumerate(texts, start=1)]
        for texts in (outputs, keys)
    )
    return answers.merge_answers(results, sort_keys, request(text))


def merged_with_notes(text: str, *outputs: str, row_filter: RowFilter | None = None) -> tuple[str, list[str]]:
    """Return the answer with only the rows of --where, and what is said of the others."""
    made = table_flags.applied(request(text))
    rows = row_filter or RowFilter(made.options.where, made.options.count_by)
    results = [Result(f"c{number}", stdout.encode(), b"", 0) for number, stdout in enumerate(outputs, start=1)]
    return answers.merge_answers(results, (), made, row_filter=rows), rows.notes()


PODS = "NAME   AGE\na      1m\n"


@pytest.mark.parametrize("flags", ["", " -o wide", " -n shop -l a=b"])
def test_tables_become_one(flags: str) -> None:
    assert merge("get pods" + flags, PODS, PODS) == "NAME   CLUSTER   AGE\na      c1        1m\na      c2        1m\n"


def test_without_headers_there_is_no_header() -> None:
    assert merge("get pods --no-headers", PODS, PODS) == "a     c1    1m\na     c2    1m\n"
    assert merge("get pods --no-headers --fold", PODS, PODS) == "CLUSTERS (2): c1, c2\na     1m\n"


def test_custom_columns_keep_the_users_headers() -> None:
    one, other = (
        f"-     -     -     -     -\n{uid}    {name}     {uid}    {age}    {uid}\n"
        for uid, name, age in (("u1", "a", "1m"), ("u2", "b", "2m"))
    )
    assert merge("get pods -o custom-columns=:.a,MY:.b", one, other) == (
        "CLUSTER         MY\nc1        a     1m\nc2        b     2m\n"
    )
    assert merge("get pods --no-headers -o custom-columns=:.a,:.b", one, other) == "c1    a     1m\nc2    b     2m\n"


def test_a_slash_in_a_custom_column_names_no_type() -> None:
    texts = [tab_writer([["-", "-", "-"], ["u1", name, "u1"]]) for name in ("one/a", "two/z")]
    assert merge("get cm -o custom-columns=NAME:.data.path", *texts).splitlines() == [
        "NAME    CLUSTER", "one/a   c1", "two/z   c2",
    ]  # fmt: skip


def test_custom_columns_that_cannot_be_told_apart_are_shown_as_they_are() -> None:
    marked = "-      -     -\nu1     a     u1\n"
    plain = "N\nfirst\nsecond\n"
    assert merge("get pods -o custom-columns=N:.a", marked, plain) == (
        "CLUSTER   N\nc1        a\n\nCLUSTER: c2\nN\nfirst\nsecond\n"
    )
    assert merge("get pods -o custom-columns=N:.a", plain, plain) == f"CLUSTER: c1\n{plain}\nCLUSTER: c2\n{plain}"
    made = request("get pods -o custom-columns=N:.a")
    assert [
        table_answers.is_unreadable(made, Result("c", text.encode(), b"", 0), None) for text in (marked, plain)
    ] == [
        False,
        True,
    ]
    for words, is_asked_again in (("get pods", False), ("get pods --no-headers", True), ("events --no-headers", True)):
        text = b"NAME   AGE\nx\n"
        assert table_answers.is_unreadable(request(words), Result("c", text, b"", 0), None) is is_asked_again


def test_messages_of_several_lines_go_on_below_each_line_with_its_cluster() -> None:
    header, *rows = ("LAST SEEN   OBJECT   MESSAGE", "1m          pod/a    one", "2m          pod/b    four")
    text = "\n".join([header, rows[0], "", "  at   foo.c:3   main", rows[1], ""])
    keys = tuple(
        f" {first}  +one%0A%0A++at+++foo.c:3+++main\n {second}  four\n"
        for first, second in (("2026-11-26T01:00:00Z", "2026-11-26T03:00:00Z"), ("2026-11-26T02:00:00Z", ""))
    )
    assert merge("events", text, text, keys=keys).splitlines() == [
        "CLUSTER   LAST SEEN   OBJECT   MESSAGE",
        "c1        1m          pod/a    one",
        "c1                             ",
        "c1                               at   foo.c:3   main",
        "c2        1m          pod/a    one",
        "c2                             ",
        "c2                               at   foo.c:3   main",
        "c2        2m          pod/b    four",
        "c1        2m          pod/b    four",
    ]


def test_types_are_named_where_there_are_several() -> None:
    roles = "NAME         AGE\nrole/r1      1m\n"
    limits = "NAME          AGE\nlimit/l1      1m\n"
    assert merge("get roles,limits", roles + "\n" + limits, limits).splitlines()[-2:] == [
        "limit/l1   c1        1m", "limit/l1   c2        1m",
    ]  # fmt: skip
    assert merge("get roles,limits", limits, limits).splitlines()[1:] == [
        "limit/l1   c1        1m", "limit/l1   c2        1m",
    ]  # fmt: skip
    assert merge("get roles,limits --show-kind", limits, limits).splitlines()[1].startswith("limit/l1 ")


def test_kyaml_that_is_no_object_is_one_document_in_kyaml() -> None:
    merged = merge("get pods -o kyaml", *['---\n{\n  kind: "Odd",\n}\n'] * 2)
    read = yaml.safe_load(merged)
    assert [(item["cluster"], item["result"]["kind"]) for item in read["items"]] == [("c1", "Odd"), ("c2", "Odd")]
    assert merged.startswith('---\n{\n  apiVersion: "')


def test_top_is_sorted_over_the_fleet() -> None:
    header = "NAME   CPU(cores)   MEMORY(bytes)   \n"
    a, b, c = (
        f"{name}      {cpu}           {memory.ljust(16)}\n"
        for name, cpu, memory in (("a", "1m", "20Mi"), ("b", "5m", "1Mi"), ("c", "3m", "1Gi"))
    )
    # As each kubectl has sorted its own.
    for key, one, names in (("memory", a + b, "c a b"), ("cpu", b + a, "b c a")):
        merged = merge(f"top pod --sort-by={key}", header + one, header + c)
        assert [row.split()[0] for row in merged.splitlines()[1:]] == names.split()
    one, other = header + a + b, header + c
    assert [row.split()[0] for row in merge("top pod", one, other).splitlines()[1:]] == ["a", "b", "c"]


def test_an_empty_answer_adds_nothing() -> None:
    assert merge("get pods", PODS, "") == "NAME   CLUSTER   AGE\na      c1        1m\n"
    assert merge("get pods", "", "") == ""


FORMS = ["", "wide", "name", "json", "yaml", "kyaml", "jsonpath={.a}", "jsonpath-as-json={.a}", "custom-columns=A:.a"]
FAILED = Result("c", b"", b"error: x", 1)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "verb", ["get pods", "version", "wait --for=create cm/a", "apply --dry-run=server -f a", "events", "auth whoami"]
)
@pytest.mark.parametrize("failure", [FAILED, FAILED._replace(status=None), FAILED._replace(status=0, timed_out=True)])
@pytest.mark.parametrize("count", [1, 2])
def test_where_every_cluster_failed_there_is_no_answer(verb: str, form: str, failure: Result, count: int) -> None:
    """An empty document would say that there is nothing."""
    asked = request(f"{verb} -o {form}" if form else verb)
    assert answers.merge_answers([failure] * count, [], asked) == ""


EMPTY = {
    "json": object_lists.JSON.empty,
    "yaml": object_lists.YAML.empty,
    "kyaml": object_lists.KYAML.start + object_lists.KYAML.empty,
    "jsonpath-as-json={.items}": "[\n    []\n]\n",
}


@pytest.mark.parametrize("form", EMPTY)
def test_an_empty_document_of_a_kubectl_that_failed_is_no_answer(form: str) -> None:
    asked = request(f"get pods -o {form}")
    failed = FAILED._replace(stdout=EMPTY[form].encode())
    assert answers.without_empty_document(failed, asked).stdout == b""
    full = failed._replace(stdout=EMPTY[form].replace("[]", '["a"]').encode())
    for result in (failed._replace(status=0), full, FAILED):
        assert answers.without_empty_document(result, asked) == result


@pytest.mark.parametrize(
    ("words", "is_marked", "is_header"),
    [
        ("", True, True),
        ("--no-headers", True, True),
        ("", False, True),
        ("--no-headers", False, False),  # it may be a row
        ("--fold --no-headers", True, True),
    ],
)
def test_a_header_of_a_kubectl_that_failed_is_no_answer(words: str, is_marked: bool, is_header: bool) -> None:
    spec = "A:.a,B:.b"
    columns = [column.partition(":") for column in (custom_columns.marked_spec(spec) if is_marked else spec).split(",")]
    header, row = [name for name, _, _ in columns], [path.strip(".") for _, _, path in columns]
    asked = request(f"get pods -o custom-columns={spec} {words}")
    failed = FAILED._replace(stdout=tab_writer([header]).encode())
    assert answers.without_empty_document(failed, asked) == (failed._replace(stdout=b"") if is_header else failed)
    for result in (failed._replace(status=0), failed._replace(stdout=tab_writer([header, row]).encode()), FAILED):
        assert answers.without_empty_document(result, asked) == result


@pytest.mark.parametrize("form", ["json", "yaml"])
def test_objects_become_one_list(form: str) -> None:
    text = recording(f"get-{form}").stdout
    assert merge(f"get deploy -o {form}", text, text).count("kubectl-mc.k8s.io/cluster") == 2


def test_documents_that_are_no_objects_are_wrapped() -> None:
    text = recording("version-json").stdout
    wrapped = json.loads(merge("version -o json", text, text))
    assert [item["cluster"] for item in wrapped["items"]] == ["c1", "c2"]
    assert wrapped["items"][0]["result"] == json.loads(text)


def test_the_document_of_a_lone_cluster_stays_as_it_is() -> None:
    text = recording("version-json").stdout
    assert merge("version -o json", text) == text


@pytest.mark.parametrize("form", ["name", "jsonpath={.a}", "go-template={{.a}}"])
def test_lines_get_their_cluster_and_a_tab(form: str) -> None:
    assert merge(f"get pods -o {form}", "pod/a\npod/b\n", "pod/a") == "c1\tpod/a\nc1\tpod/b\nc2\tpod/a\n"


@pytest.mark.parametrize("text", ["describe pod a", "get --raw /readyz"])
def test_texts_stand_under_their_clusters(text: str) -> None:
    assert merge(text, "ok\n", "ok\n") == "CLUSTER: c1\nok\n\nCLUSTER: c2\nok\n"


def test_equal_texts_can_be_folded() -> None:
    assert merge("describe pod a --fold", "ok\n", "ok\n") == "CLUSTERS (2): c1, c2\nok\n"


@pytest.mark.parametrize("line", ["get pods", "get pods -o custom-columns=N:.a", "events", "auth whoami"])
def test_beside_sections_there_is_no_table_without_rows(line: str) -> None:
    assert merge(line, "NAME   AGE\nx\n", "") == "CLUSTER: c1\nNAME   AGE\nx\n"


def test_a_table_that_is_none_stands_under_its_cluster() -> None:
    text = "NAME   AGE\nx\n"
    assert merge("get pods", text, text) == f"CLUSTER: c1\n{text}\nCLUSTER: c2\n{text}"


def test_the_others_tables_are_merged_beside_a_text_that_is_none() -> None:
    assert merge("get pods", PODS, "NAME   AGE\nx\n", PODS) == (
        "NAME   CLUSTER   AGE\na      c1        1m\na      c3        1m\n\nCLUSTER: c2\nNAME   AGE\nx\n"
    )


def test_bytes_that_are_no_text_come_out_as_they_went_in() -> None:
    results = [Result("c1", b"NAME\n\xff\xfe\n", b"", 0)]
    text = answers.merge_answers(results, (), request("get pods"))
    assert text.encode("utf-8", "surrogateescape") == b"NAME   CLUSTER\n\xff\xfe     c1\n"


# --- Sorting -----------------------------------------------------------------------------------------------


def keys(kind: str, *values: str) -> str:
    return "".join(f"{kind}\x1f{value}\x1e" for value in values) + "List\x1f\x1e"


def table(*names: str) -> str:
    return "NAME\n" + "".join(f"{name}\n" for name in names)


def test_rows_of_all_clusters_are_sorted_by_their_keys() -> None:
    merged = merge(
        "get pods --sort-by=.x", table("a", "b"), table("c", "d"), keys=(keys("Pod", "2", "10"), keys("Pod", "1", "3"))
    )
    assert [line.split()[0] for line in merged.splitlines()] == ["NAME", "c", "a", "d", "b"]


def test_each_of_several_tables_is_sorted_by_its_own_keys() -> None:
    def both(pod: str, service: str) -> str:
        return f"NAME\npod/{pod}\n\nNAME\nservice/{service}\n"

    merged = merge(
        "get pods,svc --sort-by=.x",
        both("a", "a"),
        both("b", "b"),
        keys=tuple(
            f"Pod\x1f{pod}\x1eService\x1f{service}\x1eList\x1f\x1e" for pod, service in (("2", "1"), ("1", "2"))
        ),
    )
    assert [line.split()[0] for line in merged.split("\n") if line] == [
        "NAME", "pod/b", "pod/a", "NAME", "service/a", "service/b",
    ]  # fmt: skip


@pytest.mark.parametrize("form", ["jsonpath={.a}", "go-template={{.a}}"])
def test_templates_stay_with_their_cluster_with_all_their_lines(form: str) -> None:
    merged = merge(f"get pods --sort-by=.x -o {form}", "b\n\n1\n", "\na")
    assert merged == "c1\tb\nc1\t\nc1\t1\nc2\t\nc2\ta\n"


@pytest.mark.parametrize("texts", [("b", "a", "c"), ("10", "9")])
def test_the_order_of_a_cluster_is_kept_whatever_its_keys_are(texts: tuple[str, ...]) -> None:
    keyed = keys("Pod", *texts)
    merged = merge("get pods --sort-by=.x", table(*texts), table(*texts), keys=(keyed, keyed))
    for cluster in ("c1", "c2"):
        assert [row.split()[0] for row in merged.splitlines() if row.split()[1] == cluster] == [*texts]


def test_names_are_sorted_by_their_keys() -> None:
    merged = merge("get pods -o name --sort-by=.x", "pod/a\n", "pod/b\n", keys=(keys("Pod", "2"), keys("Pod", "1")))
    assert merged == "c2\tpod/b\nc1\tpod/a\n"


def test_without_keys_rows_stay_in_kubectl_s_order() -> None:
    merged = merge("get pods --sort-by=.x", table("b", "a"), table("c"), keys=("", ""))
    assert [line.split()[0] for line in merged.splitlines()] == ["NAME", "b", "a", "c"]


# --- What each kubectl is asked ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("get pods --no-headers -A", "get pods -A"),
        ("get pods --no-headers --fold", "get pods"),
        ("get pods -o json", "get pods -o json"),
        ("get x --sort-by=.x", "get x --sort-by=.x"),
        ("get x -o custom-columns=N:.a", "get x --output=custom-columns=-:.metadata.uid,-:.a,-:.metadata.uid"),
        ("get x -w", "get x -w --output-watch-events=true"),
        ("get x -w -o wide --output-watch-events=false", "get x -w -o wide --output-watch-events=true"),
        ("get x -w -o yaml", "get x -w -o yaml"),
        ("events -w", "events -w"),
    ],
)
def test_each_kubectl_is_asked_for_what_can_be_merged(text: str, asked: str) -> None:
    made = request(text)
    assert grammar.typed_words(output_forms.mergeable_line(made, made.line)) == asked.split()


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("get x --sort-by=.x -n y", "get x --sort-by=.x -n y"),
        ("top pod --sort-by=cpu", "top pod --sort-by=cpu"),
        ("get pods,svc", "get pods,svc --show-kind=true"),
        ("get all", "get all --show-kind=true"),
        ("get pod/a svc/a", "get pod/a svc/a --show-kind=true"),
        ("get pod/a pod/b", "get pod/a pod/b"),
        ("get pods a", "get pods a"),
        ("get pods,svc -o json", "get pods,svc -o json"),
    ],
)
def test_of_several_clusters_each_is_asked_for_what_can_stand_among_others(text: str, asked: str) -> None:
    made = request(text)
    assert grammar.typed_words(output_forms.mergeable_line(made, made.line, several=True)) == asked.split()


@pytest.mark.parametrize(
    ("text", "counts"),
    [
        ("get x --sort-by=.x", (0, 2)),
        ("get x --sort-by=.x -o name", (0, 2)),
        ("get x --sort-by=.x -o jsonpath={.a}", (0, 0)),
        ("get x", (0, 0)),
        ("top pod --sort-by=cpu", (0, 0)),
        ("events", (2, 2)),
        ("events -A --no-headers", (2, 2)),
        ("events -o json", (0, 0)),
        ("events --fold", (2, 2)),
    ],
)
def test_keys_are_asked_for_where_the_text_does_not_tell_them(text: str, counts: tuple[int, int]) -> None:
    """counts: of one cluster, and of several"""
    made = request(text)
    jobs = [Job(Target("c", "c", Kubeconfig(None, False)), made.line, "c")] * 2
    assert tuple(len(output_forms.key_jobs(made, jobs, several)) for several in (False, True)) == counts
