# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from urllib.parse import quote_plus, unquote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_mc.command_line import grammar
from kubectl_mc.merge.cluster_results import one_result_per_cluster
from kubectl_mc.merge.report import result_cause
from kubectl_mc.messages import Cause
from kubectl_mc.processes.children import Command
from kubectl_mc.processes.event_loop import Result
from kubectl_mc.processes.requests import Job, same_jobs
from kubectl_mc.processes.silence import ShortTimes
from kubectl_mc.processes.targets import Kubeconfig, Target
from kubectl_mc.reads import wildcards
from tests.environments import request
from tests.reads.exchanging import outcome

FORBIDDEN = b'Error from server (Forbidden): pods is forbidden: User "u" cannot list resource "pods"\n'
LACKS = b'error: the server doesn\'t have a resource type "widgets"\n'
Answers = Mapping[tuple[str, str], bytes | Result]


def listing(kind: str, *names: str, api_version: str = "v1", namespace: str = "x") -> bytes:
    """What kubectl lists of a type; a name may have its NAMESPACE/ in front."""
    objects = [(name if "/" in name else f"{namespace}/{name}").split("/") for name in names]
    lines = [" ".join(map(quote_plus, (api_version, kind, *namespaced))) for namespaced in objects]
    return "".join(f"{line}\n" for line in lines).encode()


def resolved(text: str, answers: Answers) -> tuple[list[str], list[Result]]:
    """The jobs as "LABEL: words < what stdin names", and what failed; answers: (cluster, type) -> its listing."""
    asked = request(text, {"HOME": os.devnull})
    patiences: list[float | None] = []

    def answer(command: Command) -> Result:
        patiences.append(command.patience)
        listed = answers[command.cluster, command.argv[-1]]
        return listed if isinstance(listed, Result) else Result(command.cluster, listed, b"", 0)

    jobs, all_failures = list[Job](), list[Result]()
    for cluster in dict.fromkeys(cluster for cluster, _ in answers):
        target = Target(cluster, cluster, Kubeconfig(None, starts_programs=False))
        own_jobs, own_failures = outcome(wildcards.resolved_jobs(asked, same_jobs([target], asked.line)), answer)
        jobs += own_jobs
        all_failures += own_failures
    unreachable, failures = wildcards.divided(all_failures, jobs)
    assert {result.cluster for result in failures} <= {job.target.cluster for job in jobs}
    assert set(patiences) <= {30.0 if asked.options.cluster_timeout is None else 2.0}
    shown = [f"{job.label}: {' '.join(grammar.typed_words(job.line))}{read(job.stdin)}" for job in jobs]
    return shown, [*failures, *unreachable]


def read(stdin: bytes | None) -> str:
    """The names, with their types and namespaces, in what a kubectl reads."""
    objects = [json.loads(line) for line in stdin.splitlines()] if stdin else []
    words = [
        (made["apiVersion"], made["kind"], made["metadata"].get("namespace", ""), made["metadata"]["name"])
        for made in objects
    ]
    return "".join(f" < {'/'.join(filter(None, parts))}" for parts in words)


PODS: Answers = {("c1", "pods"): listing("Pod", "a-1", "a-2", "b")}
EVERYWHERE: Answers = {("c1", "pods"): listing("Pod", "one/a-1", "two/a-1", "two/a-2", "two/b")}
NODES: Answers = {("c1", "nodes"): listing("Node", "a", namespace="")}
POD: Answers = {("c1", "pod"): listing("Pod", "a-1", "a-2", "b")}
POD_EVERYWHERE: Answers = {("c1", "pod"): listing("Pod", "one/a-1", "two/a-1")}
DEPLOYMENTS = listing("Deployment", "a-1", api_version="apps/v1")
TYPES: Answers = {**PODS, ("c1", "deploy"): DEPLOYMENTS}
ALL: Answers = {("c1", "all"): listing("Pod", "a-1") + DEPLOYMENTS}


@pytest.mark.parametrize(
    ("text", "answers", "expected"),
    [
        ("get pods a-*", PODS, ["c1: get pods"]),
        ("get pods/a-* pods/b -A -o json", PODS, ["c1: get pods -A -o json"]),
        # Whatever the number, kubectl prints a List of what it reads.
        ("get pods b* -o jsonpath={.x}", PODS, ["c1: get -o jsonpath={.x} --filename=- < v1/Pod/x/b"]),
        ("get pods ?-1 a-* -o go-template={{.x}}", PODS, [
            "c1: get -o go-template={{.x}} --filename=- < v1/Pod/x/a-1 < v1/Pod/x/a-2",
        ]),
        ("get pods a-1 b* -A -o jsonpath={.x}", EVERYWHERE, [
            "c1: get -A -o jsonpath={.x} --filename=- < v1/Pod/one/a-1 < v1/Pod/two/a-1 < v1/Pod/two/b",
        ]),
        ("get nodes a* -A -o jsonpath={.x}", NODES, ["c1: get -A -o jsonpath={.x} --filename=- < v1/Node/a"]),
        ("get -n x pods a-* b -o wide", PODS, [
            "c1: get -n x -o wide --filename=- < v1/Pod/x/a-1 < v1/Pod/x/a-2 < v1/Pod/x/b",
        ]),
        ("get deploy/a-* pods/b*", TYPES, [
            "c1: get --show-kind=true --filename=- < apps/v1/Deployment/x/a-1 < v1/Pod/x/b",
        ]),
        ("get all a-* -o jsonpath={.x}", ALL, [
            "c1: get -o jsonpath={.x} --filename=- < v1/Pod/x/a-1 < apps/v1/Deployment/x/a-1",
        ]),
        ("get pods,po a-1* -o jsonpath={.x}", {**PODS, ("c1", "po"): PODS["c1", "pods"]}, [
            "c1: get -o jsonpath={.x} --filename=- < v1/Pod/x/a-1",
        ]),
        # The selectors have chosen what was listed; a table is listed in its order.
        ("get pods b* -l a=b --field-selector=c=d -o jsonpath={.x}", PODS, [
            "c1: get -o jsonpath={.x} --filename=- < v1/Pod/x/b",
        ]),
        ("get pods a-* b --sort-by=.x", PODS, [
            "c1: get --filename=- < v1/Pod/x/a-1 < v1/Pod/x/a-2 < v1/Pod/x/b",
        ]),
        ("get pods b* --sort-by=.x -o jsonpath={.x}", PODS, [
            "c1: get --sort-by=.x -o jsonpath={.x} --filename=- < v1/Pod/x/b",
        ]),
        # kubectl says which plain names are missing. With two names or more, it prints a List.
        ("get pods x a-*", PODS, ["c1: get Pod.v1./a-1 Pod.v1./a-2 pods/x"]),
        ("get deploy,pods a-1 b*", TYPES, [
            "c1: get --show-kind=true --filename=- < apps/v1/Deployment/x/a-1 < v1/Pod/x/a-1 < v1/Pod/x/b",
        ]),
        ("get deploy,pods b n*", TYPES, ["c1: get Pod.v1./b deploy/b --show-kind=true"]),
        ("get pods x n*", PODS, ["c1: get pods/x"]),
        ("get pods x y n* --template={{.x}}", PODS, ["c1: get pods/x pods/y --output=name"]),
        # kubectl refuses these, with its own words.
        ("get a-*", PODS, ["c1: get a-*"]),
        ("get pods b a-* -l x=y", PODS, ["c1: get pods b a-* -l x=y"]),
        ("describe pods b a-* -l x=y", PODS, ["c1: describe pods b a-* -l x=y"]),
        ("get pods pods/a-*", PODS, ["c1: get pods pods/a-*"]),
        ("get pods/b a-*", PODS, ["c1: get pods/b a-*"]),
        ("get -f x pods a-* -o jsonpath={.x}", PODS, ["c1: get -f x pods -o jsonpath={.x}"]),
        ("get pods/a-* pods/b --subresource=status", PODS, ["c1: get pods --subresource=status"]),
        # A watch is of one object, or of all with a name.
        ("get pods/a-* deploy/a* -w", TYPES, [
            "c1 pod/a-1: get Pod.v1. -w --show-kind=true --field-selector=metadata.name=a-1",
            "c1 pod/a-2: get Pod.v1. -w --show-kind=true --field-selector=metadata.name=a-2",
            "c1 deployment/a-1: get Deployment.v1.apps -w --show-kind=true --field-selector=metadata.name=a-1",
        ]),
        ("get pods a-1* x -A --field-selector=x=y -w -o jsonpath={.x}", EVERYWHERE, [
            "c1 pod/a-1: get Pod.v1. -A --field-selector=x=y -w -o jsonpath={.x} "
            "--field-selector=x=y,metadata.name=a-1",
        ]),
        ("get pods x b* -w", PODS, [
            "c1 pod/b: get Pod.v1. -w --field-selector=metadata.name=b", "c1 pods/x: get pods/x -w",
        ]),
        ("get clusterrole a* -w -o jsonpath={.x}", {("c1", "clusterrole"): listing("Role", "a,b=c d")}, [
            "c1 role/a,b=c d: get Role.v1. -w -o jsonpath={.x} --field-selector=metadata.name=a\\,b\\=c d",
        ]),
        ("describe pods a-* n*", PODS, ["c1: describe Pod.v1./a-1 Pod.v1./a-2"]),
        ("describe pods x b* -l a=b -A", PODS, ["c1: describe Pod.v1./b --namespace=x"]),
        ("describe deploy/x pods/b*", PODS, ["c1: describe Pod.v1./b deploy/x"]),
        ("describe all a-1", ALL, ["c1: describe all a-1"]),
        ("describe all a-*", ALL, ["c1: describe Pod.v1./a-1 Deployment.v1.apps/a-1"]),
        ("describe pods a-* -A -n x", EVERYWHERE, [
            "c1: describe Pod.v1./a-1 --namespace=one", "c1: describe Pod.v1./a-1 Pod.v1./a-2 --namespace=two",
        ]),
        ("describe nodes a* -A", NODES, ["c1: describe Node.v1./a"]),
        ("logs a-* app --tail=1", POD, [
            "c1 a-1: logs Pod.v1./a-1 app --tail=1", "c1 a-2: logs Pod.v1./a-2 app --tail=1",
        ]),
        ("logs pods/a-1* deploy/a* app", TYPES, [
            "c1 a-1: logs Pod.v1./a-1 app", "c1 a-1: logs Deployment.v1.apps/a-1 app",
        ]),
        ("logs a-1* -A", POD_EVERYWHERE, [
            "c1 one/a-1: logs Pod.v1./a-1 --namespace=one", "c1 two/a-1: logs Pod.v1./a-1 --namespace=two",
        ]),
    ],
)  # fmt: skip
def test_each_clusters_own_names(
    text: str, answers: Answers, expected: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert resolved(text, answers) == (expected, [])


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("get pods/a* deploy/b -n x -o wide --user=y", "get --namespace=x --user=y pods"),
        (
            "get pods/a* deploy/b -A -l a=b -L c --sort-by=.x",
            "get --selector=a=b --sort-by=.x --all-namespaces=true pods",
        ),
        ("get pods/a* deploy/b --sort-by=.x -o jsonpath={.x}", "get pods"),
        ("get pods/a* deploy/b --sort-by=.x -w", "get pods"),
        ("describe pods a* -n x -l a=b", "get --namespace=x --selector=a=b pods"),
        ("logs pods/a* -n x -c app -f", "get --namespace=x pods"),
    ],
)
def test_what_is_listed(text: str, asked: str) -> None:
    targets = [Target("c1", "", Kubeconfig(None, starts_programs=False))]
    (question, *_) = next(wildcards.resolved_jobs(request(text), same_jobs(targets, request(text).line)))
    _, *words = question.command.argv
    assert sorted(word for word in words if not word.startswith("--output=go-template=")) == sorted(asked.split())


@pytest.mark.parametrize("error", [LACKS, FORBIDDEN])
def test_one_of_several_types_may_fail(error: bytes) -> None:
    """It takes nothing from the others, and is not forgotten."""
    failure = Result("c1", b"", error, 1)
    answers: Answers = {("c1", "pods"): listing("Pod", "w"), ("c1", "widgets"): failure}
    for text, words in {
        "get pods,widgets w* x": "get Pod.v1./w pods/x --show-kind=true",
        "get pods/w* widgets/x": "get --show-kind=true --filename=- < v1/Pod/x/w",
        "get widgets/w* pods/w* -o name --ignore-not-found": "get -o name --ignore-not-found --filename=- < v1/Pod/x/w",
        "describe pods,widgets w*": "describe Pod.v1./w",
    }.items():
        assert resolved(text, answers) == ([f"c1: {words}"], [failure])


def test_what_all_types_say_is_told_once() -> None:
    """kubectl, too, finds only once that no server answers."""
    refused = b"The connection to the server 127.0.0.1:1 was refused - did you specify the right host or port?\n"
    tries = [b"E1123 04:32:24.69181%d   17786 memcache.go:381] x\n" % number for number in range(2)]
    first, second = (Result("c1", b"", logged + refused, 1) for logged in tries)
    answers = {("c1", "pods"): first, ("c1", "svc"): second}
    assert resolved("get pods/w* svc/w*", answers) == ([], [first])


def test_all_types_that_fail_are_told() -> None:
    second = FORBIDDEN.replace(b"pods", b"services")
    listings: Answers = {
        ("c1", "nodes"): b"",
        ("c1", "pods"): Result("c1", b"", FORBIDDEN, 1),
        ("c1", "svc"): Result("c1", b"", second, 1),
        ("c1", "widgets"): Result("c1", b"", LACKS, 1),
    }
    none = b'error: names matching "%s" not found\n'
    for text, stderr in {
        "get pods/w* svc/w*": FORBIDDEN + second,
        "get pods/w* widgets/w* svc/x": LACKS + FORBIDDEN + second,
        "get nodes/w* widgets/w*": none % b"nodes/w*" + none % b"widgets/w*" + LACKS,
        "get nodes/w* pods/w*": none % b"nodes/w*" + none % b"pods/w*" + FORBIDDEN,
    }.items():
        answers = {key: item for key, item in listings.items() if f"{key[1]}/" in text}
        assert resolved(text, answers) == ([], [Result("c1", b"", stderr, 1)])
        _, [ignored] = resolved(f"{text} --ignore-not-found", answers)
        assert (ignored.status, ignored.stderr) == (1, stderr.rpartition(b'" not found\n')[2])


def test_a_cluster_whose_names_cannot_be_had_is_not_asked() -> None:
    answers: Answers = {
        ("c1", "pods"): listing("Pod", "a"),
        ("c2", "pods"): Result("c2", b"", FORBIDDEN, 1),
        ("c3", "pods"): Result("c3", b"pod/a", b"", -15, timed_out=True),
        ("c4", "pods"): Result("c4", listing("Pod", "b"), b"Warning: old\n", 0),
        ("c5", "pods"): Result("c5", b"", LACKS, 1),
    }
    aside = [
        Result("c2", b"", FORBIDDEN, 1),
        Result("c3", b"", b"error: timed out after 2s", 1),
        Result("c4", b"", b'Warning: old\nerror: names matching "a*" not found\n', 1),
        Result("c5", b"", LACKS, 1),
    ]
    assert resolved("describe pods a* --cluster-timeout=2s", answers) == (
        ["c1: describe Pod.v1./a"],
        aside,
    )
    _, left = resolved("get pods a* --ignore-not-found -o jsonpath={.x} --cluster-timeout=2s", answers)
    assert left == [Result("c4", b"", b"Warning: old\n", 0) if result.cluster == "c4" else result for result in aside]


@pytest.mark.parametrize(
    ("results", "joined"),
    [
        ([("c1", 0), ("c2", 0), ("c1", 1)], [("c1", 1), ("c2", 0)]),
        ([("c1", 2), ("c1", 1), ("c1", 0)], [("c1", 2)]),
        ([("c1", 1), ("c1", None)], [("c1", None)]),
    ],
)
def test_a_cluster_has_one_result(
    results: Sequence[tuple[str, int | None]], joined: Sequence[tuple[str, int | None]]
) -> None:
    clusters = one_result_per_cluster([Result(cluster, b"o", b"e", status) for cluster, status in results])
    assert [(result.cluster, result.status) for result in clusters] == joined
    assert sum(len(result.stdout + result.stderr) for result in clusters) == 2 * len(results)


@pytest.mark.parametrize(
    ("name", "namespace"),
    [
        ("web-1", "shop"), ("system:node a", ""), (" a  b ", ""), ("x -n y", "shop"), ("a,b=c\\d", ""), ('"é+', ""),
        ("v\x7fa", ""), ("a\nb", ""), ("a\tb", ""), ("\u2028", ""),
    ],
)  # fmt: skip
def test_a_name_is_listed_as_it_is(name: str, namespace: str) -> None:
    result = Result("c1", listing("Pod", f"{namespace}/{name}"), b"", 0)
    assert wildcards.listed_objects("pods", result) == ([wildcards.Object("pods", "v1", "Pod", namespace, name)], [])


@pytest.mark.parametrize(
    "line",
    [
        "web-1", "v1 Pod shop", "v1 Pod shop web-1 x", "v1 Pod shop ", "v1 Pod shop a%2Fb", "v1 Pod shop a%00b",
        "v1 Pod -n web-1", "v1 --context=c1 shop web-1", "v1 P%20od shop web-1", "-v1 Pod shop web-1", "Pod Pod shop x",
    ],
)  # fmt: skip
def test_what_cannot_be_an_object_is_not_taken_for_one(line: str) -> None:
    assert wildcards.listed_objects("pods", Result("c1", f"{line}\n".encode(), b"", 0)) == ([], [unquote_plus(line)])


def test_the_names_of_a_silent_cluster_are_waited_for_a_short_time_only() -> None:
    short = ShortTimes(frozenset({"c2"}), "10:42")
    asked = request("describe pods a*")._replace(short_times=short)
    patiences = []

    def answer(command: Command) -> Result:
        patiences.append(command.patience)
        return Result(command.cluster, b"", b"", -15, timed_out=True)

    targets = [Target(cluster, cluster, Kubeconfig(None, starts_programs=False)) for cluster in ("c1", "c2")]
    (_, (first,)), (_, (second,)) = (
        outcome(wildcards.resolved_jobs(asked, same_jobs([target], asked.line)), answer) for target in targets
    )
    assert patiences == [30, 5]
    assert first.stderr == b"error: timed out after 30s"
    assert second.stderr == b"error: timed out after 5s, silent since 10:42"
    assert result_cause(second, asked) == Cause("timeout", "timed out after 5s, silent since 10:42")
    assert wildcards.late_result(asked, "c2") == second._replace(namespace="")


def test_what_cannot_be_asked_for_is_said() -> None:
    line = b"v1 Pod x a%00b\n"
    failure = Result("c1", b"", b'error: the names of "pods" are in part unreadable: "v1 Pod x a\\x00b"\n', 1)
    answers: Answers = {("c1", "pods"): listing("Pod", "a") + line}
    assert resolved("describe pods a*", answers) == (["c1: describe Pod.v1./a"], [failure])
    assert resolved("describe pods a*", {("c1", "pods"): line})[0] == []


def test_a_label_shows_a_name_with_control_characters() -> None:
    answers: Answers = {("c1", "pods"): listing("Pod", "a\n[c2 b] x")}
    [job], _ = resolved("logs pods/a*", answers)
    assert job.startswith("c1 a\\n[c2 b] x: ")
    [job], _ = resolved("get pods a* -w -o jsonpath={.x}", answers)
    assert job.startswith("c1 pod/a\\n[c2 b] x: ")


@given(st.lists(st.text()))
def test_what_a_cluster_lists_is_never_a_flag(lines: list[str]) -> None:
    texts = [*lines, *(f"v1 Pod {quote_plus(line)} {quote_plus(line)}" for line in lines)]
    result = Result("c1", "\n".join(texts).encode("utf-8", "replace"), b"", 0)
    objects, _ = wildcards.listed_objects("pods", result)
    for item in objects:
        assert item.operand[0].isalpha()
        assert item.operand.count("/") == 1
        assert "\0" not in item.operand + item.namespace
        assert not item.namespace.startswith("-")
