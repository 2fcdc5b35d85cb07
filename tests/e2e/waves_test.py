# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Changes in waves: what is waited for and asked between them, and a cluster that fails in the middle."""

from __future__ import annotations

import re

import pytest

from tests.e2e.changing import LABEL, NEW_IMAGE, TARGETS, WEB, everywhere, labelled, runs, states, targeted, writes
from tests.e2e.conftest import MEMBERS, Done, needs
from tests.e2e.running import Running
from tests.e2e.verbs_test import Place


def waves(done: Done) -> list[str]:
    return re.findall(r"^(?:Wave \S+|Waiting for the rollouts in).*$", done.stderr, re.MULTILINE)


@needs("controllers")
def test_waves_wait_for_the_rollouts_of_what_they_changed(place: Place) -> None:
    done = place.mc(f"{NEW_IMAGE} --all-clusters --waves=1,100% --canary=c2 --yes")
    assert (done.status, waves(done)) == (
        0,
        [
            "Wave 1/3: c2",
            "Waiting for the rollouts in c2",
            "Wave 2/3: c1",
            "Waiting for the rollouts in c1",
            "Wave 3/3: c3",
            "Waiting for the rollouts in c3",
        ],
    )
    assert {each.cluster: each.rolled_out for each in runs(place)[0].outcomes()} == dict.fromkeys(
        ("c2", "c1", "c3"), True
    )


def test_a_rollout_that_does_not_end_stops_the_waves(place: Place) -> None:
    """Of a Deployment that is paused; what is stuck is waited for first when the run is gone on with."""
    (place.folder / "stuck.yaml").write_text(WEB.replace("spec:\n  sel", "spec:\n  paused: true\n  sel"))
    done = place.mc("apply -f DIR/stuck.yaml --clusters=c1,c3 --canary=c1 --wave-timeout=1s --yes")
    assert done.status == 3
    assert "changed, but not rolled out in 1 cluster: c1 (deployment.apps/new-web is not rolled out: " in done.stderr
    assert "not started in 1 cluster: c3" in done.stderr
    look = "get deploy new-web -n shop -o name"
    assert [bool(text) for text in everywhere(place, look).values()] == [True, False, False]
    again = place.mc("resume last --yes")
    assert again.status == 3
    assert waves(again) == ["Waiting for the rollouts in c1"]
    assert not everywhere(place, look)["c3"]


def test_pods_that_somebody_is_to_delete_are_not_waited_for(place: Place) -> None:
    by_hand = WEB.replace("Deployment", "StatefulSet").replace(
        "spec:\n  sel", "spec:\n  serviceName: web\n  updateStrategy: {type: OnDelete}\n  sel"
    )
    (place.folder / "by-hand.yaml").write_text(by_hand)
    done = place.mc("apply -f DIR/by-hand.yaml --clusters=c1,c3 --canary=c1 --yes")
    assert (done.status, states(runs(place)[0])) == (0, dict.fromkeys(TARGETS, "changed"))


@pytest.mark.parametrize(("answer", "done"), [("y\n", ["c1", "c3"]), ("n\n", ["c1"])])
def test_a_pause_that_asks(place: Place, answer: str, done: list[str]) -> None:
    command = place.words(targeted(LABEL, "--waves=1 --pause=prompt --yes"))
    with place.shell.running(*command, terminal=True) as running:
        running.until(r"Go on with wave 2/2 \(c3\)\? \[y/N\]: $")
        assert labelled(place) == ["c1"]
        running.type(answer)
        assert running.end() == (0 if len(done) == 2 else 3)
    assert labelled(place) == done


def test_waves_are_of_the_clusters_that_do_not_refuse(place: Place) -> None:
    """Else the first wave, of one cluster that is down, would be passed over, and all others changed at once."""
    command = f"{LABEL} --all-clusters --continue-on-preflight-error --yes"
    with place.shell.fault("c1", "refuse"):
        refused = place.mc(f"{command} --canary=c1")
        done = place.mc(f"{command} --waves=1,100%")
    assert (refused.status, refused.stdout) == (1, "")
    assert refused.stderr.startswith("Error: the canary c1 refuses, so no other cluster is changed:\n  c1: connection")
    assert refused.stderr.endswith("did you specify the right host or port?\nSo nothing was changed\n")
    assert (done.status, labelled(place)) == (3, ["c2", "c3"])
    assert "Wave 1/2: c2\nWave 2/2: c3\n" in done.stderr


# --- Faults in a wave: set while the run pauses ahead of its second wave -----------------------------------------


def faulty(place: Place, command: str, cluster: str, fault: str) -> Running:
    """The command in waves of one, on all clusters; the fault comes after the first wave."""
    words = place.words(f"{command} --all-clusters --waves=1,2,3 --pause=prompt --yes")
    with place.shell.running(*words, terminal=True) as running:
        running.until(r"wave 2/3 .*\[y/N\]: $")
        place.shell.fleet.set_fault(cluster, fault)
        running.type("y\n")
        running.until(r"^Run |wave 3/3 .*\[y/N\]: $")
        running.type("y\n")
        running.end()
    return running


@pytest.mark.parametrize(
    ("fault", "flags", "reason"),
    [
        ("refuse", "", "connection refused"),
        ("hang", "--cluster-timeout=3s", "timed out after 3s"),
        pytest.param("500-times:20", "", "server error", marks=needs("faults")),
        pytest.param("forbidden", "", "forbidden", marks=needs("faults")),
        pytest.param("unauthorized", "", "unauthorized", marks=needs("faults")),
        pytest.param("cut", "", "connection lost", marks=needs("faults")),
    ],
)
def test_a_cluster_that_fails_in_the_middle_stops_the_rest_and_resume_does_it(
    place: Place, fault: str, flags: str, reason: str
) -> None:
    running = faulty(place, f"{LABEL} {flags}", "c2", fault)
    assert running.process.returncode == 3
    place.shell.fleet.set_fault("c2", None)
    (run,) = runs(place)
    assert states(run) == {"c1": "changed", "c2": "failed", "c3": "not started"}
    assert reason in running.stdout
    assert f"kubectl mc resume {run.id}" in running.stdout
    assert labelled(place) == ["c1"]
    place.shell.fleet.clear_requests("c1")
    again = place.mc(f"resume {run.id} --yes")
    assert again.status == 0, again.stderr
    assert labelled(place) == ["c1", "c2", "c3"]
    assert writes(place, "c1") == 0
    assert states(runs(place)[0]) == dict.fromkeys(MEMBERS, "changed")
    assert place.mc(f"resume {run.id} --yes").stderr.startswith("Error: nothing is left of run")


def test_some_may_fail(place: Place) -> None:
    running = faulty(place, f"{LABEL} --max-failures=1", "c2", "refuse")
    place.shell.fleet.set_fault("c2", None)
    assert running.process.returncode == 3
    assert labelled(place) == ["c1", "c3"]
    assert states(runs(place)[0]) == {"c1": "changed", "c2": "failed", "c3": "changed"}


def test_an_answer_that_is_no_object_leaves_open_whether_the_change_was_made(place: Place) -> None:
    """Such as the page of a proxy ahead of the server. The change isn't made a second time."""
    words = place.words("create cm once -n shop --clusters=c1,c3 --waves=1 --pause=prompt --yes")
    with place.shell.running(*words, terminal=True) as running:
        running.until(r"\[y/N\]: $")
        with place.shell.fault("c3", "garbage"):
            running.type("y\n")
            assert running.end() == 3
    assert "failed, but perhaps changed in 1 cluster: c3" in running.stdout
    made = writes(place, "c3")
    again = place.mc("resume last --yes")
    assert (again.status, "isn't known" in again.stderr, writes(place, "c3")) == (1, True, made)
