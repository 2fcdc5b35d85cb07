# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Which lines of logs are shown, and how: flags of ours, next to what kubectl prints."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest

from tests import real_kubectl
from tests.e2e.conftest import MEMBERS, Shell, needs

pytestmark = needs("kubelet")

CART = ("-l", "app=cart", "-n", "shop")
LINE = re.compile(r"\[pod/(?P<pod>[^/]+)/(?P<container>\S+)\] (?P<time>\S+) (?P<message>.*)")


def theirs(shell: Shell, *words: str) -> list[dict[str, str]]:
    """The lines that the kubectls of all clusters print, taken apart."""
    return [
        {"cluster": cluster, "namespace": "shop", **match.groupdict()}
        for cluster in MEMBERS
        for line in shell.kubectl("--context", cluster, "logs", *words, "--prefix", "--timestamps").stdout.splitlines()
        if (match := LINE.fullmatch(line))
    ]


@pytest.mark.parametrize(
    ("words", "form"),
    [
        ("-c app --tail=1", "[{cluster} {pod}] {message}"),
        pytest.param(
            "--all-pods=true -c app --tail=1",
            "[{cluster} {pod}] {message}",
            marks=real_kubectl.since("1.31", "logs --all-pods"),
        ),
        ("--all-containers --tail=2", "[{cluster} {pod} {container}] {message}"),
        ("--all-containers --tail=2 --timestamps", "[{cluster} {pod} {container}] {time} {message}"),
        ("--all-containers --tail=1 --prefix", "[{cluster}] [pod/{pod}/{container}] {message}"),
        ("--all-containers --tail=1 -oraw", "{message}"),
    ],
)
def test_a_line_has_the_parts_of_its_source_that_differ(members: Shell, words: str, form: str) -> None:
    done = members.mc("logs", *CART, *words.split())
    asked = [word for word in words.split() if word not in ("--timestamps", "--prefix", "-oraw")]
    expected = [form.format(**line) for line in theirs(members, *CART, *asked)]
    assert sorted(done.stdout.splitlines()) == sorted(expected)
    assert (done.status, done.stderr) == (0, "")
    assert len(expected) >= 6


@pytest.mark.parametrize("flags", ["", "--by-time", "-f --no-reconnect"])
def test_each_line_is_an_object(changing: Shell, flags: str) -> None:
    for cluster in MEMBERS:
        changing.fleet.set_logs(cluster, 0, 0)  # a followed log ends with what is there
    words = (*CART, "-c", "app", "--tail=2")
    done = changing.mc("logs", *words, *flags.split(), "--output=json")
    assert sorted(map(json.loads, done.stdout.splitlines()), key=str) == sorted(theirs(changing, *words), key=str)


def test_lines_pods_and_containers_are_chosen(members: Shell) -> None:
    lines = theirs(members, *CART, "--all-containers", "--tail=12")
    first = min(line["pod"] for line in lines)
    flags = ("--include=[02468] of", "--include=9", "--drop=^line 4[46]", "--container-regex=^(app|side)",
             "--exclude-container-regex=app", f"--exclude-pod-regex={first}")  # fmt: skip
    done = members.mc("logs", *CART, "--tail=12", *flags)
    expected = [
        f"[{line['cluster']} {line['pod']} {line['container']}] {line['message']}"
        for line in lines
        if re.search("[02468] of|9", line["message"]) and not re.search("^line 4[46]", line["message"])
        if line["container"] == "sidecar" and line["pod"] != first
    ]
    assert sorted(done.stdout.splitlines()) == sorted(expected)
    assert (done.status, done.stderr, bool(expected)) == (0, "", True)


def test_regular_expressions_alone_choose_among_all_pods(members: Shell) -> None:
    done = members.mc("logs", "--pod-regex=^so", "-n", "shop", "--tail=1")
    (name,) = {line["pod"] for line in theirs(members, "solo", "-n", "shop", "--tail=1")}
    assert done.stdout == f"[c1 {name}] line 49 of shop/{name}/nginx\n"
    assert done.status == 0


def test_which_container_is_meant_is_said_once_ahead_of_the_lines(members: Shell) -> None:
    with members.running("logs", *CART, "--tail=1", terminal=True, env={"NO_COLOR": "1"}) as logs:
        assert logs.end() == 0
    lines = logs.stdout.splitlines()
    assert [index for index, line in enumerate(lines) if line.startswith('Defaulted container "app" out of: ')] == [0]
    assert len(lines) == 1 + len(theirs(members, *CART, "-c", "app", "--tail=1"))


def test_labels_are_aligned_and_matches_highlighted_on_a_terminal(members: Shell) -> None:
    words = ("logs", *CART, "--all-containers", "--tail=1", "--highlight=4[89]")
    with members.running(*words, env={"TERM": "xterm", "NO_COLOR": "", "COLUMNS": "120"}, terminal=True) as logs:
        assert logs.end() == 0
    lines = logs.stdout.splitlines()
    assert lines
    label = r"\[\x1b\[(\d+)mc\d\x1b\[0m \x1b\[(\d+)mcart-\S+\x1b\[0m \x1b\[\2m\w+\x1b\[0m\]"
    assert all(re.fullmatch(rf"{label} +line \x1b\[1;31m49\x1b\[0m of \S+", line) for line in lines)
    plain = [re.sub(r"\x1b\[[\d;]*m", "", line) for line in lines]
    widest = max(len(line.partition("]")[0]) for line in plain)
    assert plain[-1].index("line 49") == widest + len("] ")


def test_followed_lines_by_time_wait_no_longer_than_they_must(changing: Shell) -> None:
    for cluster in MEMBERS:
        changing.fleet.set_logs(cluster, 50)
    with changing.running("logs", "deploy/cart", "-n", "shop", "-c", "app", "-f", "--by-time", "--tail=1") as logs:
        for cluster in MEMBERS:
            logs.until(rf"^\[{cluster}\] line 60 ")
        logs.interrupt()
        assert logs.end() == 130
    for cluster in MEMBERS:
        numbers = [int(number) for number in re.findall(rf"^\[{cluster}\] line (\d+) .*\n", logs.stdout, re.MULTILINE)]
        assert numbers == list(range(49, 49 + len(numbers)))


def commands_for_those_who_come_from_stern() -> list[str]:
    """The commands in the table of the docs that end by themselves."""
    text = (Path(__file__).parent.parent.parent / "docs" / "log-lines.md").read_text()
    rows = re.findall(r"^\| `.*?\| `kubectl mc (.*?)` \|", text.partition("## Coming from stern")[2], re.MULTILINE)
    return [row.removesuffix(" 2>/dev/null") for row in rows if " -f" not in row]


@pytest.mark.parametrize("command", commands_for_those_who_come_from_stern())
def test_the_docs_commands_work(members: Shell, command: str) -> None:
    done = members.mc(*shlex.split(command), *(() if "--clusters" in command else ("--clusters=c1",)))
    assert done.status == 0
    assert done.stdout


@pytest.mark.parametrize(
    ("words", "error"),
    [
        ("logs deploy/cart --include=a(b", "--include: not a regular expression (Python's): missing ), unterminated"),
        ("logs deploy/cart -o yaml", "--output: it must be one of json, extjson, raw"),
        ("get pods --drop=a", "--drop is for logs, and not for get"),
    ],
)
def test_a_mistake_is_found_before_anything_is_started(changing: Shell, words: str, error: str) -> None:
    for cluster in MEMBERS:
        changing.fleet.clear_requests(cluster)
    done = changing.mc(*words.split())
    assert (done.status, done.stdout) == (1, "")
    assert error in done.stderr
    assert [changing.fleet.requests(cluster) for cluster in MEMBERS] == [[]] * len(MEMBERS)
