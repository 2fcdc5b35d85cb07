from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_mc.command_line import grammar
from kubectl_mc.processes import event_loop
from kubectl_mc.processes.event_loop import Chunk, Command, Exit, Result
from kubectl_mc.processes.targets import Kubeconfig, Target
from kubectl_mc.reads import wildcards
from tests.environments import request

FORBIDDEN = b'Error from server (Forbidden): pods is forbidden: User "u" cannot list resource "pods"\n'
LACKS = b'error: the server doesn\'t have a resource type "widgets"\n'
Answers = Mapping[tuple[str, str], bytes | Result]


def resolved(text: str, answers: Answers, monkeypatch: pytest.MonkeyPatch) -> tuple[list[str], list[Result]]:
    """The jobs as "LABEL: words", and who is not asked; answers: (cluster, type) -> its listing."""
    asked = request(text)
    patiences: list[float | None] = []

    def collect(commands: Sequence[Command], parallel: int, patience: float, *rest: Any) -> list[Result]:
        patiences.extend(command.patience for command in commands)
        listings = [(command.cluster, answers[command.cluster, command.argv[-1]]) for command in commands]
        return [item if isinstance(item, Result) else Result(name, item, b"", 0) for name, item in listings]

    monkeypatch.setattr(event_loop, "collect_results", collect)
    clusters = list(dict.fromkeys(cluster for cluster, _ in answers))
    targets = [Target(cluster, cluster, Kubeconfig(None, starts_programs=False)) for cluster in clusters]
    asked, jobs = wildcards.resolve_jobs(asked, targets)
    assert set(patiences) <= {30.0 if asked.options.cluster_timeout is None else 2.0}
    return [f"{job.label}: {' '.join(grammar.typed_words(job.line))}" for job in jobs], list(asked.unreachable)


PODS: Answers = {("c1", "pods"): b"pod/a-1\npod/a-2\npod/b\n"}
EVERYWHERE: Answers = {("c1", "pods"): b"one   a-1\ntwo   a-1\ntwo   a-2\ntwo   b\n"}
NODES: Answers = {("c1", "nodes"): b"<none>   a\n"}
POD: Answers = {("c1", "pod"): b"pod/a-1\npod/a-2\npod/b\n"}
POD_EVERYWHERE: Answers = {("c1", "pod"): b"one   a-1\ntwo   a-1\n"}


@pytest.mark.parametrize(
    ("text", "answers", "expected"),
    [
        ("get pods a-*", PODS, ["c1: get pods"]),
        ("get -n x pods a-* b -o wide", PODS, ["c1: get -n x pod/a-1 pod/a-2 pod/b -o wide"]),
        ("get -n x pods a-* --fold --no-headers", PODS, ["c1: get -n x pod/a-1 pod/a-2 --no-headers"]),
        ("get pods/a-* svc/x", PODS, ["c1: get pod/a-1 pod/a-2 svc/x"]),
        ("get pods a-* ?-1 -o jsonpath={.x}", PODS, ["c1: get pod/a-1 pod/a-2 -o jsonpath={.x}"]),
        ("get pods x a-*", PODS, ["c1: get pods/x pod/a-1 pod/a-2"]),
        ("get pods x n*", PODS, ["c1: get pods/x pods/n*"]),
        ("describe pods a-* n*", PODS, ["c1: describe pod/a-1 pod/a-2 pods/n*"]),
        ("get a-*", PODS, ["c1: get a-*"]),
        ("get pods/a-* -w", PODS, ["c1 a-1: get pod/a-1 -w", "c1 a-2: get pod/a-2 -w"]),
        (
            "get pods/a-* -A",
            EVERYWHERE,
            [
                "c1: get pods -A --field-selector=metadata.name=a-1",
                "c1: get pods -A --field-selector=metadata.name=a-2",
            ],
        ),
        (
            "get pods b? a-2 -A --field-selector=x=y -w",
            EVERYWHERE,
            ["c1 a-2: get pods -A --field-selector=x=y -w --field-selector=x=y,metadata.name=a-2"],
        ),
        (
            "describe pods a-* -A -n x",
            EVERYWHERE,
            ["c1: describe pods/a-1 --namespace=one", "c1: describe pods/a-1 pods/a-2 --namespace=two"],
        ),
        ("describe nodes a* -A", NODES, ["c1: describe nodes/a"]),
        ("logs a-* app --tail=1", POD, ["c1 a-1: logs pod/a-1 app --tail=1", "c1 a-2: logs pod/a-2 app --tail=1"]),
        (
            "logs a-1* -A",
            POD_EVERYWHERE,
            ["c1 one/a-1: logs pod/a-1 --namespace=one", "c1 two/a-1: logs pod/a-1 --namespace=two"],
        ),
    ],
)
def test_each_clusters_own_names(
    text: str, answers: Answers, expected: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert resolved(text, answers, monkeypatch) == (expected, [])


def test_one_of_several_types_may_be_lacking(monkeypatch: pytest.MonkeyPatch) -> None:
    answers: Answers = {("c1", "pods"): b"pod/w\n", ("c1", "widgets"): Result("c1", b"", LACKS, 1)}
    assert resolved("get pods,widgets w* x", answers, monkeypatch) == (["c1: get pod/w pods/x"], [])


def test_a_cluster_whose_names_cannot_be_had_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    answers: Answers = {
        ("c1", "pods"): b"pod/a\n",
        ("c2", "pods"): Result("c2", b"", FORBIDDEN, 1),
        ("c3", "pods"): Result("c3", b"pod/a", b"", -15, timed_out=True),
        ("c4", "pods"): b"pod/b\n",
        ("c5", "pods"): Result("c5", b"", LACKS, 1),
    }
    aside = [
        Result("c2", b"", FORBIDDEN, 1),
        Result("c3", b"", b"error: timed out after 2s", 1),
        Result("c4", b"", b'error: names matching "a*" not found', 1),
        Result("c5", b"", LACKS, 1),
    ]
    assert resolved("describe pods a* --cluster-timeout=2s", answers, monkeypatch) == (["c1: describe pod/a"], aside)
    _, left = resolved("get pods/a* --ignore-not-found --cluster-timeout=2s", answers, monkeypatch)
    assert left == [result for result in aside if result.cluster != "c4"]


def test_a_clusters_jobs_are_known_when_its_own_listings_have_ended() -> None:
    asked = request("get pods,svc a* -w -o jsonpath={.x}")
    targets = [Target(name, name, Kubeconfig(None, starts_programs=False)) for name in ("c1", "c2")]
    resolver = wildcards.Resolver(asked, targets)
    assert [command.cluster for command in resolver.commands] == ["c1", "c1", "c2", "c2"]
    assert resolver.feed(Chunk(2, "c2", "stdout", b"pod/a\n")) == ([], [])
    assert resolver.feed(Exit(2, "c2", 0)) == ([], [])
    jobs, aside = resolver.feed(Exit(3, "c2", 0))
    assert ([job.label for job in jobs], aside) == (["c2 a"], [])
    assert resolver.feed(Exit(0, "c1", 0)) == ([], [])
    assert resolver.feed(Exit(1, "c1", -15, timed_out=True)) == (
        [],
        [Result("c1", b"", b"error: timed out after 30s", 1)],
    )


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
    clusters = wildcards.one_result_per_cluster([Result(cluster, b"o", b"e", status) for cluster, status in results])
    assert [(result.cluster, result.status) for result in clusters] == joined
    assert sum(len(result.stdout + result.stderr) for result in clusters) == 2 * len(results)


@pytest.mark.parametrize(
    ("listing", "references"),
    [
        ("pod/web-1\npod/web-2\n", ["pod/web-1", "pod/web-2"]),
        (
            "clusterrole.rbac.authorization.k8s.io/system:node a\n",
            ["clusterrole.rbac.authorization.k8s.io/system:node a"],
        ),
        ("pod/x -n y\n", ["pod/x -n y"]),  # one word, whatever it looks like
        ("pod/x\n--context=c1\n-n/x\n--server=https://h/x\nsolo\n\n", ["pod/x"]),
        ("pod/a,b\npod/a=b\npod/\npod/a/b\npod/a\tb\npod/ a\n", []),
    ],
)
def test_a_cluster_can_t_put_words_into_a_command_line(listing: str, references: list[str]) -> None:
    result = Result("c1", listing.encode(), b"", 0)
    assert [item.reference for item in wildcards._listed_objects("pods", result, everywhere=False)] == references


@given(st.lists(st.text()))
def test_what_a_cluster_lists_is_never_a_flag(lines: list[str]) -> None:
    result = Result("c1", "\n".join(lines).encode("utf-8", "replace"), b"", 0)
    for everywhere in (False, True):
        for item in wildcards._listed_objects("pods", result, everywhere):
            assert item.reference[0].isalpha()
            assert not {"\n", "\r"} & set(item.reference + item.namespace)
            assert not item.namespace.startswith("-")


def test_a_name_with_blanks_stays_one_word() -> None:
    rows = "shop   web-1\n<none>   system:node a\n-n   x\nshop\na b c\n"
    result = Result("c1", rows.encode(), b"", 0)
    listed = wildcards._listed_objects("pods", result, everywhere=True)
    assert [(item.namespace, item.name) for item in listed] == [("shop", "web-1"), ("", "system:node a"), ("a", "b c")]
