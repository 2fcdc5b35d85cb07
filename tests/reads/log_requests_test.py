# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""What kubectls are asked for while logs are followed."""

from __future__ import annotations

import shlex

import pytest

from kubectl_mc.command_line import grammar
from kubectl_mc.command_line.invocation import parse_invocation
from kubectl_mc.merge.log_lines import LogSource
from kubectl_mc.reads.log_requests import FollowedLogs, followed_logs, lines_line, object_line, pods_line
from kubectl_mc.reads.log_sources import ContainerChoice, PodChoice
from kubectl_mc.reads.log_streams import Attempt

SOURCE = LogSource("c1", "shop", "web-1", "app")


def followed(text: str) -> FollowedLogs | None:
    invocation = parse_invocation(shlex.split(text))
    return followed_logs(invocation.kubectl, invocation.options)


def logs(
    reference: str = "", pod: str = "", selector: str = "", pods: PodChoice | None = None, name: str = "",
    every: bool = False, limit: int = 50,
) -> FollowedLogs:  # fmt: skip
    return FollowedLogs(reference, pod, selector, pods or PodChoice(), ContainerChoice(name, every), limit)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("logs -f web", logs(pod="web")),
        ("logs -f pod/web", logs(pod="web")),
        ("logs -f web app", logs(pod="web", name="app")),
        ("logs -f web -c app", logs(pod="web", name="app")),
        ("logs -f web --all-containers", logs(pod="web", every=True)),
        ("logs -f web --container-regex=a", logs(pod="web", every=True)),
        ("logs -f web -c app --container-regex=a", logs(pod="web", name="app")),
        ("logs -f 'web-*'", logs(pods=PodChoice(("web-*",)))),
        ("logs -f 'pods/web-*'", logs(pods=PodChoice(("web-*",)))),
        ("logs -f -l app=web", logs(selector="app=web")),
        ("logs -f -l app=web --max-log-requests=7", logs(selector="app=web", limit=7)),
        ("logs -f deploy/web", logs("deploy/web", pods=PodChoice(one=True))),
        ("logs -f deploy/web --all-pods", logs("deploy/web")),
        ("logs -f 'deploy/web-*'", logs("deploy/web-*", pods=PodChoice(one=True))),
        ("logs -f 'a-*' 'b-*' app", logs(pods=PodChoice(("a-*", "b-*")), name="app")),
        ("logs -f 'a-*' -l app=web", logs(selector="app=web", pods=PodChoice(("a-*",)))),
        # They end by themselves.
        ("logs -f web --limit-bytes=10", None),
        ("logs -f web --previous", None),
        # kubectl refuses them.
        ("logs -f", None),
        ("logs -f web -l app=web", None),
        ("logs -f a b c", None),
        ("logs -f web app -c app", None),
        ("logs -f web app --all-containers", None),
        ("logs -f web -c app --all-containers", None),
        ("logs -f web --since=1s --since-time=2026-01-01T00:00:00Z", None),
        ("logs -f web --max-log-requests=x", None),
        ("logs -f web --nonsense", None),
        ("logs -f web -- x", None),
    ],
)
def test_what_is_followed(text: str, expected: FollowedLogs | None) -> None:
    assert followed(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("logs -f web -n shop", "get --namespace=shop --field-selector=metadata.name=web --v=6"),
        ("logs -f -l app=web -A", "get --all-namespaces=true --selector=app=web --v=6"),
        ("logs -f 'web-*' --as=jane -v=9 --tail=3 -c app", "get --as=jane --v=6"),
    ],
)
def test_the_watch_of_the_pods(text: str, expected: str) -> None:
    line, choice = parse_invocation(shlex.split(text)).kubectl, followed(text)
    assert choice
    words = grammar.canonical_words(pods_line(line, choice, choice.selector))
    assert words == [*expected.split(), "--watch=true", "--output-watch-events=true", "--output=json", "pods"]


def test_the_object_whose_pods_are_meant() -> None:
    line = parse_invocation(["logs", "-f", "deploy/web", "-n", "shop", "--all-pods", "--tail=3"]).kubectl
    assert grammar.canonical_words(object_line(line, "deploy/web")) == [
        "get", "--namespace=shop", "--output=json", "deploy/web",
    ]  # fmt: skip


FIRST, LATER = Attempt(False, "", True, 0.0), Attempt(False, "2026-01-01T00:00:00Z", False, 9.0)


@pytest.mark.parametrize(
    ("text", "attempt", "is_initial", "expected"),
    [
        ("logs -f web --tail=3 --since=5m", FIRST, True, ["--tail=3", "--since=5m", "--follow=true"]),
        ("logs -f web --since=5m", Attempt(False, "", True, 9.5), True, ["--since=310s", "--follow=true"]),
        ("logs -f -l app=web", FIRST, True, ["--tail=10", "--follow=true"]),
        ("logs -f -l app=web --tail=-1", FIRST, True, ["--tail=-1", "--follow=true"]),
        ("logs -f -l app=web --tail=3", FIRST, False, ["--follow=true"]),
        ("logs -f web --tail=3 --prefix", LATER, True, [f"--since-time={LATER.since}", "--follow=true"]),
        ("logs -f web", LATER._replace(previous=True), True, [f"--since-time={LATER.since}", "--previous=true"]),
        ("logs -f web --tail=3", Attempt(False, "", False, 9.0), True, ["--follow=true"]),
    ],
)
def test_the_lines_of_a_container(text: str, attempt: Attempt, is_initial: bool, expected: list[str]) -> None:
    words = grammar.canonical_words(
        lines_line(parse_invocation(shlex.split(text)).kubectl, SOURCE, attempt, is_initial)
    )
    *flags, name = words[3:]
    assert words[:3] == ["logs", "--namespace=shop", "--container=app"]
    assert (sorted(flags), name) == (sorted([*expected, "--timestamps=true"]), "web-1")


@pytest.mark.parametrize("flag", ["--insecure-skip-tls-verify-backend=true", "--as=jane", "--request-timeout=9s"])
def test_how_kubectl_asks_is_kept(flag: str) -> None:
    line = parse_invocation(["logs", "-f", "web", flag]).kubectl
    assert flag in grammar.canonical_words(lines_line(line, SOURCE, FIRST, True))
