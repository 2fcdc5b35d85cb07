# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_mc.command_line import grammar, verb_rows, verbs
from kubectl_mc.command_line.kubectl_flags import FLAGS
from kubectl_mc.commands import kubectl
from kubectl_mc.messages import UserError
from kubectl_mc.processes.children import Command
from kubectl_mc.processes.event_loop import Result
from kubectl_mc.processes.requests import Job
from kubectl_mc.processes.targets import Kubeconfig, Target
from kubectl_mc.reads.name_patterns import lists_namespaces, namespace_patterns
from kubectl_mc.reads.namespaces import in_servers_order, namespace_jobs
from tests.environments import environment, request
from tests.reads.exchanging import outcome

TYPES = """\
NAME          SHORTNAMES   APIVERSION   NAMESPACED   KIND         VERBS      CATEGORIES
namespaces    ns           v1           false        Namespace    get,list   \n\
nodes         no           v1           false        Node         get,list   fleet
pods          po           v1           true         Pod          get,list   all,fleet
deployments   deploy,dep   apps/v1      true         Deployment   get,list   all
"""
NAMESPACES = "namespace/default\nnamespace/team-b\nnamespace/team-a\nnamespace/team-a-x\n"


@pytest.mark.parametrize(
    ("text", "patterns"),
    [
        ("get pods", ()),
        ("get pods -n a", ()),
        ("get pods -n a,b", ("a", "b")),
        ("get pods -na,b", ("a", "b")),
        ("get pods -n=a,b", ("a", "b")),
        ("get pods --namespace=a,b", ("a", "b")),
        ("get pods --namespace a,b", ("a", "b")),
        ("get pods -n a,b,a", ("a", "b")),
        ("get pods -n team-*", ("team-*",)),
        ("get pods -n a?", ("a?",)),
        ("get pods -n [ab]", ("[ab]",)),
        ("get pods -n a,b -n c", ()),  # the last one counts
        ("get pods -n c -n a,b", ("a", "b")),
        ("get pods -A -n a,b", ()),
        ("get pods -A", ()),
        ("get pods --all-namespaces=false -n a,b", ("a", "b")),
        ("logs -l a=b -n a,b", ("a", "b")),
        ("logs -l a=b -A", ("*",)),
        ("logs -l a=b -A -n a,b", ("*",)),
    ],
)
def test_the_namespaces_that_are_meant(text: str, patterns: tuple[str, ...]) -> None:
    assert namespace_patterns(request(text).line) == patterns


@pytest.mark.parametrize("value", [",", "a,", ",a", "a,,b", "*,,"])
def test_an_empty_part_is_an_error(value: str) -> None:
    with pytest.raises(UserError, match="a name is missing in"):
        namespace_patterns(request(f"get pods --namespace={value}").line)


@given(st.from_regex(r"[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?", fullmatch=True))
def test_what_can_be_a_namespace_is_one(name: str) -> None:
    assert not lists_namespaces(request(["get", "pods", "-n", name]).line)


TAKING = {"get", "describe", "events", "top pod", "logs"}


def test_the_verbs_that_take_several_namespaces() -> None:
    assert {path for path, row in verb_rows.TABLE.items() if row.namespaces} == TAKING


@pytest.mark.parametrize("flags", ["-n a,b", "-na,b", "--namespace=team-*", "-A -n a,b", "-n a,,b"])
def test_every_other_verb_refuses_them(flags: str) -> None:
    for path in sorted({*FLAGS} - {""} - TAKING):
        line = grammar.parse_line([*path.split(), "x", "y", *flags.split()])
        row = verbs.find_row(line)
        lacks_flag = "-A" in flags and "A,all-namespaces" not in FLAGS[path].split()
        is_no_verb = lacks_flag or (row.group and row.path == path)
        if is_no_verb or verbs.mode(row, line) == "local":
            continue
        with pytest.raises(UserError, match=r"takes one namespace, .* for get, events, top pod, describe and logs"):
            kubectl.run(line, environment(kubectl="kubectl"))


def test_files_name_their_namespaces_themselves() -> None:
    with pytest.raises(UserError, match="-f and -k name objects with their namespaces"):
        kubectl.run(request("get -f x.yaml -n a,b").line, environment(kubectl="kubectl"))


@given(st.lists(st.text("ab-0", min_size=1, max_size=4), unique=True))
def test_namespaces_have_the_order_of_the_keys_of_their_objects(names: list[str]) -> None:
    keys = sorted(f"/registry/pods/{name}/{pod}" for name in names for pod in ("a", "z"))
    assert in_servers_order(names) == list(dict.fromkeys(key.split("/")[3] for key in keys))


Answers = Mapping[tuple[str, str], str | Result]


def asked(text: str, answers: Answers, *clusters: str) -> list[str]:
    """What is asked, as "LABEL(NAMESPACE): words", and what failed, as "CLUSTER STATUS: stderr".

    answers: (cluster, verb or type) -> what is listed
    """

    def answer(command: Command) -> Result:
        words = [word for word in command.argv[1:] if not word.startswith("-")]
        cached = ["cached"] if "--cached=true" in command.argv else []
        answer = answers[command.cluster, " ".join([*cached, *words])]
        return answer if isinstance(answer, Result) else Result(command.cluster, answer.encode(), b"", 0)

    jobs, failures = list[Job](), list[Result]()
    for name in clusters or ("c1",):
        target = Target(name, name, Kubeconfig(None, starts_programs=False))
        own_jobs, own_failures = outcome(namespace_jobs(request(text), target), answer)
        jobs += own_jobs
        failures += own_failures
    return [
        *(f"{job.label}({job.namespace}): {' '.join(grammar.typed_words(job.line))}" for job in jobs),
        *(f"{failure.cluster} {failure.status}: {failure.stderr.decode()}" for failure in failures),
    ]


KNOWN: Answers = {("c1", "cached api-resources"): TYPES, ("c1", "get namespaces"): NAMESPACES}
POD_LISTING = "v1 Pod b web\nv1 Pod a web\nv1 Pod a db\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("get pods -o wide", ["c1(): get pods -o wide"]),
        ("get pods -n b,a -l x=y", ["c1(a): get pods -l x=y --namespace=a", "c1(b): get pods -l x=y --namespace=b"]),
        ("get po/x deploy.apps/y -n a,b", [
            "c1(a): get po/x deploy.apps/y --namespace=a", "c1(b): get po/x deploy.apps/y --namespace=b",
        ]),
        ("get pods -n b,team-a*", [
            "c1(b): get pods --namespace=b",
            "c1(team-a-x): get pods --namespace=team-a-x", "c1(team-a): get pods --namespace=team-a",
        ]),
        ("get pods -n default,d*", ["c1(default): get pods --namespace=default"]),
        # What is cluster-scoped is asked for once, in its place.
        ("get nodes -n a,b", ["c1(): get nodes"]),
        ("get Node.v1. x -n a,x*", ["c1(): get Node.v1. x"]),
        ("get pods,no,deploy web -n a,b", [
            "c1(a): get pods web --namespace=a", "c1(b): get pods web --namespace=b", "c1(): get no web",
            "c1(a): get deploy web --namespace=a", "c1(b): get deploy web --namespace=b",
        ]),
        ("describe ns/x pods/y -n a,b", [
            "c1(): describe ns/x", "c1(a): describe pods/y --namespace=a", "c1(b): describe pods/y --namespace=b",
        ]),
        ("get all -n a,a", ["c1(a): get all --namespace=a"]),
        ("get fleet -n a,b", [
            "c1(): get nodes.v1.", "c1(a): get pods.v1. --namespace=a", "c1(b): get pods.v1. --namespace=b",
        ]),
        ("get pods -w -n a,b", ["c1 a(a): get pods -w --namespace=a", "c1 b(b): get pods -w --namespace=b"]),
        # No type, or one that is always in a namespace: nothing is asked ahead of it.
        ("events -n a,b", ["c1(a): events --namespace=a", "c1(b): events --namespace=b"]),
        ("top pod -n a,b", ["c1(a): top pod --namespace=a", "c1(b): top pod --namespace=b"]),
        ("logs x -n a,b", ["c1 a(a): logs x --namespace=a", "c1 b(b): logs x --namespace=b"]),
        ("get -n a,b", ["c1(): get -n a,b"]),
        ("get --raw /version -n a,b", ["c1(): get --raw /version -n a,b"]),
        # Nothing matches.
        ("get pods -n x*,y*", [
            'c1 1: error: namespaces matching "x*" not found\nerror: namespaces matching "y*" not found\n',
        ]),
        ("get pods -n a,x*", ["c1(a): get pods --namespace=a"]),
    ],
)  # fmt: skip
def test_what_is_asked(text: str, expected: list[str]) -> None:
    assert asked(text, KNOWN) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("logs -A -l app=x", ["c1 a(a): logs -l app=x --namespace=a", "c1 b(b): logs -l app=x --namespace=b"]),
        ("logs -A pod/db -c app", ["c1 a(a): logs pod/db -c app --namespace=a"]),
        ("logs -A db app", ["c1 a(a): logs db app --namespace=a"]),
        ("logs -A nope", ['c1 1: error: names matching "nope" not found\n']),
        ("logs -A", ["c1(): logs"]),
        ("logs -A x -l app=x", ["c1(): logs x -l app=x"]),
        ("logs -A x*", ["c1(): logs -A x*"]),  # the names are listed by `wildcards`
    ],
)
def test_logs_everywhere(text: str, expected: list[str]) -> None:
    assert asked(text, {("c1", "get pod"): POD_LISTING}) == expected


def test_a_cluster_can_t_have_any_number_of_kubectls_run() -> None:
    names = [f"a-{number:04}" for number in range(501)]
    answers: Answers = {
        **KNOWN,
        ("c1", "get namespaces"): "".join(f"namespace/{name}\n" for name in names),
        ("c1", "get pod"): "".join(f"v1 Pod {name} web\n" for name in names),
    }
    for text in ("get pods -n a-*", "logs -A -l app=x"):
        (failure,) = asked(text, answers)
        assert failure.startswith("c1 1: error: 501 namespaces are meant here")
    assert len(asked("get pods -n a-0[0-4]*", answers)) == 500
    assert len(asked(f"get pods -n {','.join(names)}", answers)) == 501  # the user has named them


def test_a_type_that_is_not_cached_is_asked_for() -> None:
    fresh = TYPES + "widgets                    x.io/v1      false        Widget       get,list   \n"
    answers = {**KNOWN, ("c1", "api-resources"): fresh}
    assert asked("get widgets -n a,b", answers) == ["c1(): get widgets"]
    # Of what isn't known at all, kubectl says that.
    assert asked("get gadgets -n a,b", answers) == [
        "c1(a): get gadgets --namespace=a", "c1(b): get gadgets --namespace=b",
    ]  # fmt: skip


def test_a_cluster_that_fails_takes_nothing_from_the_others() -> None:
    refused = Result("c2", b"", b"Error from server (Forbidden): namespaces is forbidden\n", 1)
    down = Result("c3", b"", b"The connection to the server x was refused\n", 1)
    slow = Result("c4", b"", b"", -15, timed_out=True)
    partly = Result("c5", TYPES.encode(), b"error: unable to retrieve the complete list of server APIs\n", 1)
    answers: Answers = {
        **KNOWN,
        **{(name, "get namespaces"): NAMESPACES for name in ("c3", "c4", "c5")},
        ("c2", "cached api-resources"): TYPES,
        ("c2", "get namespaces"): refused,
        ("c3", "cached api-resources"): down,
        ("c4", "cached api-resources"): slow,
        ("c5", "cached api-resources"): partly,
    }
    hint = "'team-b*' can't be looked up without a list of the namespaces: name them (-n NAME,NAME)\n"
    assert asked("get pods -n team-b*,a", answers, "c1", "c2", "c3", "c4", "c5") == [
        "c1(a): get pods --namespace=a",
        "c1(team-b): get pods --namespace=team-b",
        "c2(a): get pods --namespace=a",
        "c5(a): get pods --namespace=a",
        "c5(team-b): get pods --namespace=team-b",
        f"c2 1: {refused.stderr.decode()}{hint}",
        f"c3 1: {down.stderr.decode()}",
        "c4 1: error: timed out after 30s",
    ]
    answers = {
        ("c1", "get namespaces"): slow._replace(cluster="c1"),
        ("c2", "get namespaces"): down._replace(cluster="c2"),
    }
    assert asked("events -n x*,a", answers, "c1", "c2") == [
        "c1 1: error: timed out after 30s",
        f"c2 1: {down.stderr.decode()}",
    ]
    answers = {("c2", "cached api-resources"): TYPES, ("c2", "get namespaces"): refused}
    # What has no namespace needs no list of them.
    assert asked("get nodes -n team-b*", answers, "c2") == ["c2(): get nodes"]
