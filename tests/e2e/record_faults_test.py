# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Faults at every line that a run writes into the record: afterwards the record and the fleet agree.

A change of two clusters in two waves, with a workload whose rollouts are waited for, writes EVENTS. Between any two
lines is one step: a question to a cluster, a kubectl that changes one, a rollout, a pause.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from kubectl_mc.changes.record import Run
from tests.e2e.changing import LABEL, TARGETS, everywhere, labelled, runs, states, targeted, writes
from tests.e2e.conftest import MEMBERS, Done, needs
from tests.e2e.running import Running
from tests.e2e.stopped_test import stopping, told
from tests.e2e.verbs_test import Place

__all__ = ["stopping"]  # a fixture

APPLY = targeted("apply -f DIR/web.yaml", "--waves=1 --max-parallel=1 --yes")
EVENTS = ("start", "begin", "cluster", "rollout", "begin", "cluster", "rollout", "end")

# kubectl-mc that is killed at the Nth line that it writes into a record: before it, in the midst of it, or behind it.
KILLED = """
import os, runpy, signal, sys
number, when = int(sys.argv[1]), sys.argv[2]
del sys.argv[1:3]
write, lines = os.write, 0

def killing_write(descriptor, text):
    global lines
    if not os.readlink(f"/proc/self/fd/{descriptor}").endswith("/audit.jsonl"):
        return write(descriptor, text)
    lines += 1
    if lines == number:
        write(descriptor, text[: {"before": 0, "within": len(text) // 2, "behind": len(text)}[when]])
        os.kill(os.getpid(), signal.SIGKILL)
    return write(descriptor, text)

os.write = killing_write
runpy.run_module("kubectl_mc", run_name="__main__", alter_sys=True)
"""

# kubectl-mc for which no file may grow beyond so many bytes.
LIMITED = """
import os, resource, sys
limit = int(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
os.execv(sys.executable, [sys.executable, "-m", "kubectl_mc", *sys.argv[2:]])
"""


def record_file(place: Place) -> Path:
    return Path(place.shell.environment["HOME"], ".kube", "kubectl-mc", "audit.jsonl")


def run_script(place: Place, script: str, *words: str) -> Done:
    """Run one of the scripts above to its end."""
    command = [sys.executable, "-c", script, *words]
    with Running(command, place.shell.environment) as running:
        status = running.end()
        running.wait_for_left()
        return Done(status, running.stdout, running.stderr)


def changed_clusters(place: Place) -> list[str]:
    """Return the clusters that have the workload, as plain kubectl sees them."""
    names = everywhere(place, "get deploy new-web -n shop -o name")
    return [cluster for cluster in MEMBERS if names[cluster]]


def assert_agree(run: Run, changed: Sequence[str]) -> None:
    """What the record says is changed is changed, what it says is not started isn't, and there is nothing else."""
    outcomes = states(run)
    assert {cluster for cluster, state in outcomes.items() if state == "changed"} <= set(changed)
    assert not {cluster for cluster, state in outcomes.items() if state in ("not started", "refused")} & set(changed)
    assert set(changed) <= set(outcomes)
    assert set(outcomes.values()) <= {"changed", "not started", "unknown"}


def assert_resumes(place: Place) -> None:
    """Resuming finishes exactly the rest: afterwards each target was changed once, and its rollout was seen."""
    (before,) = runs(place)
    waits = "--waves=1" in before.start["argv"]
    left = [
        outcome for outcome in before.outcomes() if outcome.state != "changed" or (waits and not outcome.rolled_out)
    ]
    resumed = place.mc("resume last --yes")
    if left:
        assert resumed.status == 0, resumed.stderr
        (run,) = runs(place)
        assert run.ended
        assert "resume" in [event["event"] for event in run.events]  # also behind a line that was cut off
        assert set(states(run).values()) <= {"changed", "unchanged"}
        assert not waits or all(outcome.rolled_out for outcome in run.outcomes())
    else:
        assert "nothing" in resumed.stderr.lower(), resumed.stderr
    assert changed_clusters(place) == list(TARGETS)
    assert {cluster: writes(place, cluster) for cluster in MEMBERS} == {"c1": 1, "c2": 0, "c3": 1}


@pytest.fixture
def counted(place: Place) -> Place:
    """The fleet, of which only what comes now is counted."""
    for cluster in MEMBERS:
        place.shell.fleet.clear_requests(cluster)
    return place


@needs("controllers")
@pytest.mark.parametrize(
    ("number", "when"),
    [(1, "before"), *((number, when) for number in range(1, len(EVENTS) + 1) for when in ("within", "behind"))],
)
def test_killed_at_any_line_of_the_record_a_run_can_be_resumed(counted: Place, number: int, when: str) -> None:
    killed = run_script(counted, KILLED, str(number), when, *counted.words(APPLY))
    assert killed.status == -9
    written = EVENTS[: number if when == "behind" else number - 1]
    changed = changed_clusters(counted)
    if not written:
        assert (changed, runs(counted)) == ([], [])
        return
    (run,) = runs(counted)
    assert tuple(event["event"] for event in run.events) == written
    assert_agree(run, changed)
    assert_resumes(counted)


@pytest.mark.parametrize("number", range(2, 7))  # behind the start: two begin, two end, the end
def test_killed_while_several_clusters_are_changed_at_once(counted: Place, number: int) -> None:
    """What its kubectls still do is not in the record: such a cluster counts as begun."""
    place, command = counted, targeted("apply -f DIR/web.yaml", "--yes")
    assert run_script(place, KILLED, str(number), "within", *place.words(command)).status == -9
    assert_agree(runs(place)[0], changed_clusters(place))
    assert_resumes(place)


@needs("controllers")
@pytest.mark.parametrize("number", range(1, len(EVENTS) + 1))
def test_a_resumption_that_is_killed_can_be_resumed(counted: Place, number: int) -> None:
    assert run_script(counted, KILLED, "2", "behind", *counted.words(APPLY)).status == -9
    killed = run_script(counted, KILLED, str(number), "within", "resume", "last", "--yes")
    assert killed.status == -9
    (run,) = runs(counted)
    assert_agree(run, changed_clusters(counted))
    assert_resumes(counted)


@needs("controllers")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_a_resumption_waits_for_earlier_rollouts_ends_the_run(
    counted: Place, stopping: Callable[[int, str], None], number: int
) -> None:
    place = counted
    assert run_script(place, KILLED, "3", "behind", *place.words(APPLY)).status == -9
    stopping(4, "hold")  # the hub, a dry run, a look into the kubeconfig, then c1's rollout
    with place.shell.running(*place.words("resume last --yes")) as resuming:
        assert told(place) == "held\n"
        resuming.process.send_signal(number)
        assert resuming.end() == 128 + number
    reason = "its rollouts were not waited for"
    assert f"  changed, but not rolled out in 1 cluster: c1 ({reason})\n" in resuming.stderr
    (run,) = runs(place)
    assert (run.ended, states(run)) == (True, {"c1": "changed", "c3": "not started"})
    (place.folder / "kubectl").unlink()
    assert_resumes(place)


@needs("controllers")
@pytest.mark.parametrize(("number", "part"), [(1, 0.0), *((number, 0.5) for number in range(1, len(EVENTS) + 1))])
def test_a_full_disk_stops_a_run_and_it_can_be_resumed(counted: Place, number: int, part: float) -> None:
    """The disk is full at a line of the record: nothing more is begun, and the user is told what was changed."""
    place, file = counted, record_file(counted)
    assert place.mc(LABEL, "--clusters=c2", "--yes").status == 0
    lines = file.read_text().splitlines()
    # Long enough that no other file of ours or of kubectl's comes near the limit.
    file.write_text("\n".join((lines[0] + " " * 4_000_000, *lines)).replace(lines[0] + "\n", "", 1) + "\n")
    size = file.stat().st_size
    assert place.mc(APPLY).status == 0
    written = file.read_bytes()[size:].splitlines(keepends=True)
    assert len(written) == len(EVENTS)
    os.truncate(file, size)
    for cluster in MEMBERS:
        place.shell.fleet.reset(cluster)
        place.shell.fleet.clear_requests(cluster)

    # The times in the lines may make them longer or shorter by a few bytes.
    limit = size + sum(map(len, written[: number - 1])) + int(len(written[number - 1]) * part)
    stopped = run_script(place, LIMITED, str(limit), *place.words(APPLY))
    changed = changed_clusters(place)
    earlier, *others = runs(place)
    assert "audit.jsonl" in stopped.stderr
    assert stopped.status != 0
    if number == 1:
        assert (changed, others) == ([], [])
        return
    (run,) = others
    assert tuple(event["event"] for event in run.events) == EVENTS[: number - 1]
    assert_agree(run, changed)
    # Nothing is begun without its line.
    assert changed == list(TARGETS[: EVENTS[: number - 1].count("begin")])
    for cluster in changed:
        assert f"changed in {len(changed)} cluster" in stopped.stderr, (cluster, stopped.stderr)
    file.write_text("".join(line for line in file.open() if earlier.id not in line))
    assert_resumes(place)


@pytest.mark.parametrize("number", range(1, 6))  # two dry runs, a look into the kubeconfig, and the two changes
def test_two_runs_at_once_each_have_a_whole_record(
    place: Place, stopping: Callable[[int, str], None], number: int
) -> None:
    """The first is held at each of its kubectls, while the second changes the same clusters from start to end."""
    stopping(number, "hold")
    with place.shell.running(*place.words(targeted(LABEL, "--waves=1 --max-parallel=1 --yes"))) as first:
        assert told(place) == "held\n"
        second = place.mc(targeted("annotate cm settings -n shop b=c", "--yes"))
        (place.folder / "go").write_text("go\n")
        assert (first.end(), second.status) == (0, 0), first.stderr + second.stderr
    assert labelled(place) == list(TARGETS)
    annotated = everywhere(place, "get cm settings -n shop -o jsonpath={.metadata.annotations.b}")
    assert [cluster for cluster in MEMBERS if annotated[cluster] == "c"] == list(TARGETS)
    both = runs(place)
    assert sorted(run.start["argv"][0] for run in both) == ["annotate", "label"]
    assert all(run.ended for run in both)
    assert [states(run) for run in both] == [dict.fromkeys(TARGETS, "changed")] * 2


@pytest.mark.parametrize("command", ["resume last --yes", "undo last --yes"])
def test_a_run_that_is_being_resumed_is_left_alone(
    counted: Place, stopping: Callable[[int, str], None], command: str
) -> None:
    place, change = counted, targeted("set image deploy/cart -n shop app=new", "--max-parallel=1 --yes")
    assert run_script(place, KILLED, "3", "behind", *place.words(change)).status == -9
    stopping(4, "hold")  # the hub, a dry run, a look into the kubeconfig, then c3's
    with place.shell.running(*place.words("resume last --yes")) as resuming:
        assert told(place) == "held\n"
        other = place.mc(command)
        assert (other.status, "is still going on" in other.stderr) == (1, True), other.stderr
        (place.folder / "go").write_text("go\n")
        assert resuming.end() == 0, resuming.stderr
    (run,) = runs(place)
    assert (run.ended, states(run)) == (True, dict.fromkeys(TARGETS, "changed"))
    assert {cluster: writes(place, cluster) for cluster in MEMBERS} == {"c1": 1, "c2": 0, "c3": 1}
