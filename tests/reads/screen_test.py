# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import io
import re
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_mc.command_line import grammar, invocation
from kubectl_mc.merge.report import Held
from kubectl_mc.messages import visible
from kubectl_mc.processes.event_loop import Chunk, Exit, Result
from kubectl_mc.processes.requests import Job
from kubectl_mc.processes.standard_streams import Streams
from kubectl_mc.processes.targets import Kubeconfig, Target
from kubectl_mc.reads.screen import Screen
from tests.environments import request

NOTHING = "No resources found in shop namespace.\n"


class Terminal(io.TextIOWrapper):
    def isatty(self) -> bool:
        return True


class Shown:
    """A screen of the jobs with these labels, whose first words are the clusters, and what it has shown."""

    def __init__(
        self, text: str, *labels: str, stdout: type[io.TextIOWrapper] = io.TextIOWrapper, env: Mapping[str, str] = {}
    ) -> None:
        line = invocation.parse_invocation(text.split()).kubectl
        self._streams = Streams(io.StringIO(), stdout(io.BytesIO()), io.TextIOWrapper(io.BytesIO()))
        targets = [Target(label.split()[0], "", Kubeconfig(None, starts_programs=False)) for label in labels]
        self.jobs = [Job(target, line, label) for target, label in zip(targets, labels)]
        asked = request(text, env)
        environment = asked.environment._replace(streams=self._streams)
        asked = asked._replace(environment=environment, cluster_count=len({target.cluster for target in targets}))
        self.screen = Screen(asked, self.jobs)

    def show(self, index: int, **written: str) -> str:
        """The job with this index says something; all that stderr has shown so far."""
        for name, text in written.items():
            self.screen.show(Chunk(index, self.jobs[index].label, name, text.encode()))
        return self.stderr

    def end(self, index: int, status: int = 0, timed_out: bool = False) -> str:
        self.screen.show(Exit(index, self.jobs[index].label, status, timed_out))
        return self.stderr

    @property
    def stdout(self) -> str:
        return _text(self._streams.stdout)

    @property
    def stderr(self) -> str:
        return _text(self._streams.stderr)


def _text(written: object) -> str:
    assert isinstance(written, io.TextIOWrapper)
    written.seek(0)
    return written.read()


def test_what_asks_the_user_to_do_something_is_shown_at_once() -> None:
    assert Shown("logs web -f", "c1", "c2").show(0, stderr="open https://login\n") == "[c1] open https://login\n"
    assert Shown("logs web -f", "c1 a", "c1 b").show(1, stderr="open https://login\n") == "[c1 b] open https://login\n"


def test_of_one_cluster_stderr_is_shown_byte_for_byte() -> None:
    shown = Shown("logs web -f", "c1")
    texts = ("Password: ", "\x1b[2K\n", "E1123 04:32:24.691813   17786 memcache.go:381] x\n", "error: no", NOTHING)
    for number, text in enumerate(texts, start=1):
        assert shown.show(0, stderr=text) == "".join(texts[:number])
    assert shown.end(0, 1) == "".join(texts)


def test_why_a_job_failed_is_left_to_the_report() -> None:
    shown = Shown("logs web", "c1", "c2")
    assert shown.show(0, stderr="Found 2 pods\nerror: no container x\nchoose one of: [a b]\n") == "[c1] Found 2 pods\n"
    assert shown.end(0, 1) == "[c1] Found 2 pods\n"
    assert shown.screen.held() == [
        Held("c1", "c1", "error: no container x\nchoose one of: [a b]\n"),
        Held("c2", "c2", ""),
    ]


def test_a_complaint_before_the_answer_is_shown_with_it() -> None:
    shown = Shown("logs web", "c1", "c2")
    assert shown.show(0, stderr="error: partial\n") == ""
    assert shown.show(0, stdout="line\n", stderr="error: more\n") == "[c1] error: partial\n[c1] error: more\n"
    assert shown.screen.held()[0].text == ""


TRY = 'E1123 04:32:24.691813   17786 memcache.go:381] "Couldn\'t get" err="connect: connection refused"\n'
REFUSED = "The connection to the server x was refused - did you specify the right host or port?\n"


def test_the_log_of_tries_is_shown_unless_an_error_follows() -> None:
    shown = Shown("wait pod/a", "c1", "c2", "c3")
    assert shown.show(0, stderr=TRY) == shown.show(1, stderr=TRY) == ""
    assert shown.show(0, stderr="open https://login\n") == f"[c1] {TRY}[c1] open https://login\n"
    assert shown.show(1, stderr=REFUSED) == shown.end(1, 1) == shown.stderr
    assert shown.screen.held()[1] == Held("c2", "c2", TRY + REFUSED)
    shown.show(2, stderr=TRY)
    assert shown.end(2).endswith(f"[c3] {TRY}")


def test_what_kubectl_is_told_to_log_is_shown_line_by_line() -> None:
    shown = Shown("wait pod/a -v=8", "c1", "c2")
    log = f'{TRY}I1123 04:32:24.691813   17786 x.go:1] "Response" headers=<\n\tA: b\n >\n{REFUSED}'
    assert shown.show(0, stderr=log) == "".join(f"[c1] {line}\n" for line in log.splitlines())


def test_the_stderr_of_a_program_is_shown_whatever_it_looks_like() -> None:
    shown = Shown("exec web -- x", "c1", "c2")
    said = "error: dial tcp: connection refused\nerror: x509: no\n"
    assert shown.show(0, stderr=said) == "".join(f"[c1] {line}\n" for line in said.splitlines())
    shown.show(1, stderr=TRY + REFUSED)
    assert "[c2]" not in shown.end(1, 1)  # the report says that the connection was refused
    shown.show(0, stderr='Error from server (NotFound): pods "a" not found\ncommand terminated with exit code 1\n')
    assert shown.end(0, 1).count("[c1]") == 4


def test_ctrl_c_hides_nothing_that_was_said() -> None:
    """What a read with an end holds back is told by its report."""
    shown = Shown("wait pod/a", "c1", "c2")
    shown.show(0, stderr=f"{REFUSED}see")
    shown.end(0, 1)
    shown.show(1, stderr="error: half")
    shown.screen.show_rest()
    assert (shown.stderr, [held.text for held in shown.screen.held()]) == ("", [f"{REFUSED}see\n", "error: half\n"])


def test_ctrl_c_shows_what_a_change_has_said() -> None:
    shown = Shown("drain node", "c1", "c2")
    shown.show(1, stderr="error: half")
    shown.screen.show_rest()
    assert shown.stderr == "[c2] error: half\n"


def test_that_there_is_nothing_is_left_to_the_report() -> None:
    shown = Shown("logs -l app=x -f", "c1", "c2")
    shown.show(0, stdout="line\n")
    shown.show(1, stderr=NOTHING)
    assert shown.end(1) == ""
    assert shown.screen.results()[1] == Result("c2", b"", NOTHING.encode(), 0)


@pytest.mark.parametrize(
    ("written", "status", "farewell"),
    [
        ({"stdout": "line\n"}, 0, "[c1] ended\n"),
        ({"stderr": "The connection to the server x was refused\n"}, 1, "[c1] ended: connection refused\n"),
        ({"stderr": "error: may only watch a single resource\n"}, 1, ""),
        ({"stderr": 'Error from server (NotFound): pods "x" not found\n'}, 1, ""),
        ({}, 0, ""),
    ],
)
def test_a_stream_that_ends_while_others_go_on(written: Mapping[str, str], status: int, farewell: str) -> None:
    shown = Shown("get pods -w", "c1", "c2")
    shown.show(0, **written)
    assert shown.end(0, status) == farewell
    assert shown.end(1) == farewell  # the last one needs none


def test_a_stream_that_ends_while_the_jobs_of_others_are_not_known_is_not_the_last() -> None:
    shown = Shown("logs web -f", "c1")
    shown.screen.expect_more(True)
    shown.show(0, stdout="line\n")
    assert shown.end(0, 0) == "[c1] ended\n"


def test_what_is_absent_everywhere_is_said_when_all_jobs_are_known() -> None:
    lacks = 'error: the server doesn\'t have a resource type "x"\n'
    shown = Shown("get cm,x -w", "c1 cm", "c1 x")
    shown.jobs = [job._replace(line=grammar.with_operands(job.line, [job.label.split()[1]])) for job in shown.jobs]
    shown.screen.expect_more(True)
    shown.screen.add(shown.jobs)
    shown.jobs *= 2
    shown.show(2, stdout="NAME   DATA   AGE\nsettings   1   1m\n")
    shown.show(3, stderr=lacks)
    assert shown.end(3, 1) == ""
    shown.screen.expect_more(False)
    assert shown.stderr == lacks


def test_a_colour_is_a_clusters_and_only_where_it_can_be_seen() -> None:
    shown = Shown("wait pod/web --for=delete", "c1 a", "c1 b", "c2 a", stdout=Terminal)
    for index in range(3):
        shown.show(index, stdout="line\n", stderr="note\n")
    coloured = re.findall(r"\[\x1b\[(\d+)m(c\d \w)\x1b\[0m\] line\n", shown.stdout)
    assert [label for _, label in coloured] == ["c1 a", "c1 b", "c2 a"]
    assert coloured[0][0] == coloured[1][0] != coloured[2][0]
    assert shown.stderr == "[c1 a] note\n[c1 b] note\n[c2 a] note\n"


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("", "NAME   CLUSTER   AGE\na      c1        1m\nb      c1        1m\n"),
        ("-o=name", "c1\tNAME   AGE\nc1\ta      1m\nc1\tNAME   AGE\nc1\tb      1m\n"),
    ],
)
def test_rows_of_several_kubectls_of_a_cluster_are_the_clusters(form: str, expected: str) -> None:
    shown = Shown(f"get pods -w {form}", "c1 a", "c1 b")
    for index, name in enumerate("ab"):
        shown.show(index, stdout=f"NAME   AGE\n{name}      1m\n")
    assert shown.stdout == expected


DEFAULTED = 'Defaulted container "app" out of: app, sidecar, migrate (init)\n'


@pytest.mark.parametrize("labels", [("c1", "c2"), ("c1 a", "c1 b"), ("c1",)])
def test_which_container_is_meant_is_said_once(labels: tuple[str, ...]) -> None:
    shown = Shown("logs -l a=b", *labels)
    other = DEFAULTED.replace("migrate", "setup")
    for index in range(len(labels)):
        shown.show(index, stderr=DEFAULTED)
        shown.show(index, stderr=DEFAULTED + other)
    assert shown.stderr == DEFAULTED + other


def test_only_kubectl_says_something_for_all_clusters() -> None:
    shown = Shown("logs -l a=b", "c1", "c2")
    forged = 'Defaulted container "app" out of: \x1b[2J', 'Defaulted container "a b" out of: a'
    shown.show(0, stderr="".join(f"{line}\n" for line in forged))
    assert shown.stderr == "".join(f"[c1] {visible(line)}\n" for line in forged)


SAID = ["", "a", "open https://login", TRY.rstrip("\n"), "error: no", REFUSED.rstrip("\n"), "Warning: old", "\x1b[2K"]


@given(st.lists(st.sampled_from(SAID)), st.lists(st.integers(1, 90)), st.sampled_from([0, 1]), st.booleans())
def test_of_what_a_job_says_nothing_is_lost(said: list[str], cuts: list[int], status: int, answers: bool) -> None:
    shown, text = Shown("wait pod/a", "c1", "c2"), "".join(f"{line}\n" for line in said)
    for number, cut in enumerate(cuts):
        shown.show(0, stderr=text[:cut])
        text = text[cut:]
        if answers and number == 1:
            shown.show(0, stdout="met\n")
    shown.show(0, stderr=text)
    lines = shown.end(0, status).splitlines()
    held = shown.screen.held()[0].text.split("\n")[:-1]
    assert all(line.startswith("[c1] ") for line in lines)
    assert [line[5:] for line in lines] + list(map(visible, held)) == list(map(visible, said))
    assert status or not held
