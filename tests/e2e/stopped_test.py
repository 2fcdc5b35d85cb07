# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Changes that are stopped on the way, by SIGKILL, Ctrl-C and other signals: what is left, and going on with it."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable

import pytest

from tests import real_kubectl
from tests.e2e.changing import LABEL, TARGETS, everywhere, labelled, runs, states, targeted, writes
from tests.e2e.conftest import MC, MEMBERS, needs
from tests.e2e.input_kinds_test import input_of, without_discovery
from tests.e2e.running import Running
from tests.e2e.verbs_test import Place

# A kubectl that stops at its Nth call: `ahead` of it, or `behind`, or it begins with it `after` its parent was killed,
# with which it ends. What it waits for, and what it tells, goes through pipes, so that nothing depends on time. The
# hub, which each change asks ahead of everything, isn't counted.
STOPPING = """#!/bin/sh
case "$*" in *clusterprofiles*) exec REAL "$@" ;; esac
echo x >> DIR/calls
if [ "$(wc -l < DIR/calls)" -ne NUMBER ]; then exec REAL "$@"; fi
case HOW in
  ahead) kill -9 $PPID ;;
  behind) REAL "$@"; kill -9 $PPID ;;
  after) kill -9 $PPID; REAL "$@" ;;
  hold) echo held > DIR/told; read line < DIR/go; exec REAL "$@" ;;
esac
"""


@pytest.fixture
def stopping(place: Place) -> Callable[[int, str], None]:
    """Lets the kubectl of that number stop so."""
    real = real_kubectl.program()
    for name in ("told", "go"):
        os.mkfifo(place.folder / name)

    def make(number: int, how: str) -> None:
        script = STOPPING.replace("DIR", str(place.folder)).replace("NUMBER", str(number))
        (place.folder / "kubectl").write_text(script.replace("HOW", how).replace("REAL", real))
        (place.folder / "kubectl").chmod(0o755)

    return make


def wait_for_children(running: Running) -> None:
    """Wait until nothing runs any more of what a command that was killed had started."""
    while running.left():
        pass


def told(place: Place) -> str:
    return (place.folder / "told").read_text()


# Two dry runs, a look into the kubeconfig, then for each of two clusters the change and, of a workload, its rollout.
STEPS = [
    *(pytest.param("new.yaml", "configmap/new", number) for number in range(1, 6)),
    *(pytest.param("web.yaml", "deploy/new-web", number, marks=needs("controllers")) for number in range(4, 8)),
]


@pytest.mark.parametrize("how", ["ahead", "behind", "after"])
@pytest.mark.parametrize(("manifest", "made", "number"), STEPS)
def test_killed_between_any_two_steps_a_run_can_be_gone_on_with(
    place: Place, stopping: Callable[[int, str], None], manifest: str, made: str, number: int, how: str
) -> None:
    stopping(number, how)
    look = f"get {made} -n shop -o name"
    for cluster in MEMBERS:
        place.shell.fleet.clear_requests(cluster)
    command = targeted(f"apply -f DIR/{manifest}", "--waves=1 --max-parallel=1 --yes")
    with place.shell.running(*place.words(command)) as running:
        running.end()
        wait_for_children(running)
    assert running.process.returncode == -9
    (place.folder / "kubectl").unlink()
    looked = everywhere(place, look)
    changed = [cluster for cluster in MEMBERS if looked[cluster]]
    if number <= 3:
        assert (changed, runs(place)) == ([], [])
        return
    (run,) = runs(place)
    begun = [event["cluster"] for event in run.events if event["event"] == "begin"]
    ended = [event["cluster"] for event in run.events if event["event"] == "cluster"]
    assert set(ended) <= set(changed) <= set(begun)
    assert not run.ended
    again = place.mc("resume last --yes")
    assert again.status == 0, again.stderr
    looked = everywhere(place, look)
    assert [cluster for cluster in MEMBERS if looked[cluster]] == list(TARGETS)
    assert {cluster: writes(place, cluster) for cluster in MEMBERS} == {"c1": 1, "c2": 0, "c3": 1}
    (run,) = runs(place)
    assert run.ended
    assert set(states(run).values()) <= {"changed", "unchanged"}


# A dry run, a look into the kubeconfig, the first run, which makes the CRD, the waiting for it, the second run.
@pytest.mark.parametrize(("number", "how"), [(3, "behind"), (4, "ahead"), (4, "behind"), (5, "ahead"), (5, "behind")])
def test_killed_between_its_two_runs_a_change_can_be_gone_on_with(
    place: Place, stopping: Callable[[int, str], None], number: int, how: str
) -> None:
    place = without_discovery(place)
    stopping(number, how)
    command = f"apply {input_of(place, 'file')} --clusters=c1 --yes"
    with place.shell.running(*place.words(command)) as running:
        running.end()
        wait_for_children(running)
    assert running.process.returncode == -9
    (place.folder / "kubectl").unlink()
    assert states(runs(place)[0]) == {"c1": "unknown"}
    done = place.mc("resume last --yes")
    assert done.status == 0, done.stderr
    assert place.kubectl("c1", "get gadget g1 -n shop").status == 0
    assert states(runs(place)[0]) == {"c1": "unchanged" if number == 5 and how == "behind" else "changed"}


@pytest.mark.parametrize("how", ["ahead", "behind"])
def test_what_would_be_another_change_is_not_made_again_unasked(
    place: Place, stopping: Callable[[int, str], None], how: str
) -> None:
    stopping(2, how)  # a look into the kubeconfig, then c1's
    restarted = "get deploy cart -n shop -o jsonpath={.spec.template.metadata.annotations}"
    with place.shell.running(
        *place.words(targeted("rollout restart deploy/cart -n shop", "--max-parallel=1 --yes"))
    ) as running:
        running.end()
        wait_for_children(running)
    (place.folder / "kubectl").unlink()
    was = place.everywhere(restarted)["c1"]
    again = place.mc("resume last --yes")
    assert "The change may have been made already in c1" in again.stderr
    assert place.everywhere(restarted)["c1"] == was
    assert "restartedAt" in place.everywhere(restarted)["c3"]
    assert states(runs(place)[0]) == {"c1": "unknown", "c3": "changed"}
    repeated = place.mc("resume last --yes --repeat-unknown")
    assert "restartedAt" in place.everywhere(restarted)["c1"]
    if how == "ahead":  # else it may be too early for kubectl to do it again, which it says
        assert repeated.status == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_lets_what_runs_finish_and_starts_no_more(
    place: Place, stopping: Callable[[int, str], None], number: int
) -> None:
    stopping(4, "hold")  # two dry runs, a look into the kubeconfig, then c1's
    with place.shell.running(*place.words(targeted(LABEL, "--max-parallel=1 --yes"))) as running:
        assert told(place) == "held\n"
        os.killpg(running.process.pid, number)
        running.until("^Interrupted: the clusters that have begun are finishing", "stderr")
        (place.folder / "go").write_text("go\n")
        assert running.end() == 128 + number
        assert running.left() == []
    assert labelled(place) == ["c1"]
    (run,) = runs(place)
    assert (run.events[-1]["exit"], states(run)) == (128 + number, {"c1": "changed", "c3": "not started"})
    assert "changed in 1 cluster: c1\n  not started in 1 cluster: c3\n" in running.stderr
    assert f"kubectl mc resume {run.id}\n" in running.stderr
    (place.folder / "kubectl").unlink()
    assert place.mc("resume last --yes").status == 0
    assert labelled(place) == list(TARGETS)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("call", [1, 3])  # a dry run, a look into the kubeconfig
def test_a_signal_ahead_of_the_first_change_changes_nothing(
    place: Place, stopping: Callable[[int, str], None], number: int, call: int
) -> None:
    stopping(call, "hold")
    with place.shell.running(*place.words(targeted(LABEL, "--max-parallel=1 --yes"))) as running:
        assert told(place) == "held\n"
        running.process.send_signal(number)
        assert running.end() == 128 + number
    assert running.stderr.endswith("\nSo nothing was changed\n")
    assert (labelled(place), runs(place)) == ([], [])


def test_ctrl_c_is_a_no(place: Place) -> None:
    with place.shell.running(*place.words(targeted(LABEL)), terminal=True) as running:
        running.until(r"\[y/N\]: $")
        running.type("\x03")
        assert running.end() == 130, running.stdout
    assert running.stdout.endswith("\r\nError: interrupted\r\nSo nothing was changed\r\n")
    assert (labelled(place), runs(place)) == ([], [])


@pytest.mark.parametrize("clusters", [("c1",), TARGETS])
def test_a_cluster_whose_process_cannot_be_started_is_not_started(place: Place, clusters: tuple[str, ...]) -> None:
    """As its program is removed meanwhile: after hub, dry runs, the look into the kubeconfig, all but one change."""
    last, real = 2 * len(clusters) + 1, real_kubectl.program()
    gone = place.folder / "kubectl"
    count = f"echo x >> {place.folder}/calls; [ $(wc -l < {place.folder}/calls) -ne {last} ] || rm {gone}"
    gone.write_text(f'#!/bin/sh\n{count}\nexec {real} "$@"\n')
    gone.chmod(0o755)
    done = place.mc(LABEL, f"--clusters={','.join(clusters)}", "--max-parallel=1", "--yes")
    assert done.status == (1 if len(clusters) == 1 else 3)  # the first of two is changed
    problem = f"{gone}: No such file or directory"
    assert f"Error: nothing was sent to {clusters[-1]}, as its process can't be started: {problem}\n" in done.stderr
    assert f"not started in 1 cluster: {clusters[-1]}\n" in done.stderr
    assert "interrupted" not in done.stderr
    assert labelled(place) == list(clusters[:-1])
    (run,) = runs(place)
    assert run.ended
    assert states(run) == {**dict.fromkeys(clusters, "changed"), clusters[-1]: "not started"}
    assert place.mc("resume last --yes").status == 0
    assert labelled(place) == list(clusters)


def test_nothing_is_resumed_where_all_that_is_left_is_unknown(
    place: Place, stopping: Callable[[int, str], None]
) -> None:
    stopping(2, "behind")  # a look into the kubeconfig, then c1's
    words = place.words("rollout restart deploy/cart -n shop --clusters=c1 --yes")
    with place.shell.running(*words) as running:
        running.end()
        wait_for_children(running)
    (place.folder / "kubectl").unlink()
    (run,) = runs(place)
    again = place.mc("resume last --yes")
    assert f"\nError: nothing is resumed: how run {run.id} ended in c1 isn't known" in again.stderr
    assert (again.status, "is done" in again.stderr) == (1, False)


def test_a_second_ctrl_c_ends_what_runs(place: Place, stopping: Callable[[int, str], None]) -> None:
    stopping(4, "hold")
    with place.shell.running(*place.words(targeted(LABEL, "--max-parallel=1 --yes"))) as running:
        assert told(place) == "held\n"
        running.interrupt()
        running.until("^Interrupted", "stderr")
        running.interrupt()
        assert running.end() == 130
        assert running.left() == []
    assert labelled(place) == []
    assert states(runs(place)[0]) == {"c1": "unknown", "c3": "not started"}
    assert "unknown in 1 cluster: c1 (interrupted)" in running.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize(("edits", "left"), [("", "failed"), ("sed -i s/info/debug/ $1; exit", "unknown")])
def test_a_signal_while_an_editor_has_the_terminal_is_no_silent_end(
    place: Place, number: signal.Signals, edits: str, left: str
) -> None:
    """kubectl, which the signal is handed on to, is ended at once; here, or once it has changed the cluster."""
    real = real_kubectl.program()
    for name in ("told", "go"):
        os.mkfifo(place.folder / name)
    held = f"echo held > {place.folder}/told; read line < {place.folder}/go"
    (place.folder / "kubectl").write_text(
        f'#!/bin/sh\ncase " $* " in *" edit "*) {real} "$@" && {held}; exit;; esac\nexec {real} "$@"\n'
        if edits
        else f'#!/bin/sh\nexec {real} "$@"\n'
    )
    (place.folder / "kubectl").chmod(0o755)
    if not edits:
        (place.folder / "editor").write_text(f"#!/bin/sh\n{held}\n")
    words = place.words(targeted("edit cm flags -n shop --yes"))
    place.everywhere("create cm flags -n shop --from-literal=level=info")
    with place.shell.running(*words, terminal=True) as running:
        assert told(place) == "held\n"
        running.process.send_signal(number)
        running.until(r"kubectl mc resume \S+\r$")
        assert running.process.wait(60) == 128 + number
    assert f"{left} in 1 cluster: c1 (interrupted)\r\n  not started in 1 cluster: c3\r\n" in running.stdout
    (run,) = runs(place)
    assert (run.ended, run.events[-1]["exit"], states(run)) == (True, 128 + number, {"c1": left, "c3": "not started"})
    assert [each.result for each in run.outcomes()[0].objects] == (["edited"] if edits else [])


def test_a_run_that_goes_on_is_not_gone_on_with(place: Place, stopping: Callable[[int, str], None]) -> None:
    stopping(4, "hold")
    with place.shell.running(*place.words(targeted(LABEL, "--max-parallel=1 --yes"))) as running:
        assert told(place) == "held\n"
        assert "is still going on" in place.mc("resume last --yes").stderr
        (place.folder / "go").write_text("go\n")
        assert running.end() == 0
    assert labelled(place) == list(TARGETS)


def test_a_change_is_made_whole_although_nobody_reads_on(place: Place) -> None:
    """As with `2>&1 | head -1`."""
    ours, theirs = os.pipe()
    os.close(ours)
    words = place.words(targeted(LABEL, "--waves=1 --yes"))
    with os.fdopen(theirs, "wb") as pipe:
        subprocess.run([*MC, *words], env=place.shell.environment, stdout=pipe, stderr=pipe, check=False, timeout=60)
    assert labelled(place) == list(TARGETS)
    (run,) = runs(place)
    assert (run.ended, states(run)) == (True, dict.fromkeys(TARGETS, "changed"))


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="a device of Linux")
@pytest.mark.parametrize("name", ["stdout", "stderr"])
@pytest.mark.parametrize("flags", ["--yes", "--waves=1 --yes", "--refresh --yes"])
def test_a_change_is_made_whole_although_nothing_can_be_shown(place: Place, name: str, flags: str) -> None:
    assert place.mc("get ns --all-clusters").status == 0  # the hub's answer is kept
    with open("/dev/full", "wb") as full:
        streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, name: full}
        words = [*MC, *place.words(targeted(LABEL, flags))]
        with place.shell.fault("hub", "refuse"):  # with --refresh, a warning is said ahead of everything
            done = subprocess.run(words, env=place.shell.environment, check=False, timeout=60, **streams)  # type: ignore[call-overload]
    assert labelled(place) == list(TARGETS)
    (run,) = runs(place)
    assert (run.ended, states(run)) == (True, dict.fromkeys(TARGETS, "changed"))
    assert done.returncode == 3
    if name == "stdout":
        assert b"changed in 2 clusters: c1, c3\nError: not everything could be shown: No space left" in done.stderr


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="a device of Linux")
def test_what_runs_finishes_after_ctrl_c_although_that_cannot_be_said(
    place: Place, stopping: Callable[[int, str], None]
) -> None:
    stopping(4, "hold")
    command = [*MC, *place.words(targeted(LABEL, "--max-parallel=1 --yes"))]
    full = ["sh", "-c", 'exec "$0" "$@" 2>/dev/full', *command]
    with Running(full, place.shell.environment) as running:
        assert told(place) == "held\n"
        running.interrupt()
        (place.folder / "go").write_text("go\n")
        assert running.end() == 130
    assert labelled(place) == ["c1"]
    (run,) = runs(place)
    assert (run.ended, states(run)) == (True, {"c1": "changed", "c3": "not started"})
