from __future__ import annotations

import json

import pytest

from kubectl_mc import answer, cli, grammar, verbs
from kubectl_mc.access import Target
from kubectl_mc.dispatch import Result
from kubectl_mc.kubeconfig import Kubeconfig
from kubectl_mc.request import Job, Request
from tests.recordings import recording


def request(text: str) -> Request:
    invocation = cli.parse(text.split())
    return Request("kubectl", verbs.find(invocation.kubectl), invocation.kubectl, invocation.options, {})


def merge(text: str, *outputs: str, keys: tuple[str, ...] = ()) -> str:
    results, sort_keys = (
        [Result(f"c{number}", stdout.encode(), b"", 0) for number, stdout in enumerate(texts, start=1)]
        for texts in (outputs, keys)
    )
    return answer.merge(results, sort_keys, request(text))


PODS = "NAME   AGE\na      1m\n"


@pytest.mark.parametrize("flags", ["", " -o wide", " -o custom-columns=NAME:.a,AGE:.b", " -n shop -l a=b"])
def test_tables_become_one(flags: str) -> None:
    assert merge("get pods" + flags, PODS, PODS) == "NAME   CLUSTER   AGE\na      c1        1m\na      c2        1m\n"


def test_without_headers_there_is_no_header() -> None:
    assert merge("get pods --no-headers", PODS, PODS) == "a     c1    1m\na     c2    1m\n"


def test_an_empty_answer_adds_nothing() -> None:
    assert merge("get pods", PODS, "") == "NAME   CLUSTER   AGE\na      c1        1m\n"
    assert merge("get pods", "", "") == ""


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
    assert merge("describe pod a --fold", "ok\n", "ok\n") == "CLUSTER: c1, c2\nok\n"


def test_a_table_that_is_none_stands_under_its_cluster() -> None:
    assert merge("get pods", PODS, "NAME   AGE\nx\n") == f"CLUSTER: c1\n{PODS}\nCLUSTER: c2\nNAME   AGE\nx\n"


def test_bytes_that_are_no_text_come_out_as_they_went_in() -> None:
    text = answer.merge([Result("c1", b"NAME\n\xff\xfe\n", b"", 0)], (), request("get pods"))
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
        ("get pods -o json", "get pods -o json"),
        ("logs x --by-time -f=false", "logs x -f=false --timestamps=true"),
    ],
)
def test_each_kubectl_is_asked_for_what_can_be_merged(text: str, asked: str) -> None:
    made = request(text)
    assert grammar.join(answer.asked(made, made.line).tokens) == asked.split()


@pytest.mark.parametrize(
    ("text", "clusters", "count"),
    [("get x --sort-by=.x", 2, 2), ("get x --sort-by=.x", 1, 0), ("get x", 2, 0), ("top pod --sort-by=cpu", 2, 0)],
)
def test_keys_are_asked_for_where_there_is_something_to_sort(text: str, clusters: int, count: int) -> None:
    made = request(text)
    target = Target("c", "c", Kubeconfig(None, False))
    assert len(answer.sort_keys(made, [Job(target, made.line, "c")] * clusters)) == count
