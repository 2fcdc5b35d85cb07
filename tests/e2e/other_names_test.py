# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""`resume` and `undo` where the run has had several names of one cluster."""

from __future__ import annotations

import json

import pytest

from kubectl_mc.changes.record import record_path
from tests.e2e import inventories_test
from tests.e2e.changing import LABEL, NEW_IMAGE, labelled, runs, states, writes
from tests.e2e.conftest import needs
from tests.e2e.inventories_test import Hub, written

hub = inventories_test.hub

IMAGES = "get deploy -n shop -o jsonpath={.items[*].spec.template.spec.containers[*].image}"


@needs("ages")
@pytest.mark.parametrize("gone", [False, True])
def test_resume_changes_a_cluster_under_one_of_its_names_only(hub: Hub, gone: bool) -> None:
    hub.correlates("one", "c1", "c2")
    assert hub.mc(f"{LABEL} --all-clusters --yes").status == 3  # a tie
    assert hub.place.mc("resume last --clusters=c1 --yes").status == 3
    assert labelled(hub.place) == ["c1", "c3"]
    if gone:  # as its administrator should do
        hub.kubectl("-n", "fleet", "delete", "clusterprofile", "c1")
    done = hub.mc("resume last --yes")
    assert (done.status, labelled(hub.place), written(hub)) == (0, ["c1", "c3"], ["c1", "c3"])
    assert (
        "Note: c2 is the same cluster as c1, where the run has made the change, so it counts as done\n" in done.stderr
    )
    (run,) = runs(hub.place)
    assert states(run) == {"c1": "changed", "c2": "unchanged", "c3": "changed"}
    assert {outcome.cluster: outcome.reason for outcome in run.outcomes()}["c2"] == "the same cluster as c1"
    assert "nothing is left of run" in hub.place.mc("resume last --yes").stderr


@needs("ages")
def test_resume_refuses_a_cluster_that_may_be_changed_under_its_other_name(hub: Hub) -> None:
    hub.correlates("one", "c1", "c2")
    assert hub.mc(f"{LABEL} --all-clusters --yes").status == 3  # a tie
    begun = {"run": runs(hub.place)[0].id, "event": "begin", "cluster": "c1"}  # and then it was killed
    with open(record_path(hub.place.shell.environment["HOME"]), "a") as file:
        file.write(json.dumps(begun) + "\n")
    done = hub.mc("resume last --clusters=c2 --yes")
    reason = (
        "the same cluster as c1, where the change may have been made already; to go on with that one: --clusters=c1"
    )
    assert (done.status, f"refused in 1 cluster: c2 ({reason})" in done.stderr, labelled(hub.place)) == (
        3,
        True,
        ["c3"],
    )
    assert hub.mc("resume last --clusters=c1 --yes").status == 3  # c2 is left
    assert (hub.mc("resume last --yes").status, labelled(hub.place)) == (0, ["c1", "c3"])


def test_resume_refuses_a_changed_cluster_that_a_mapping_gives_another_name(hub: Hub) -> None:
    mapping = hub.mapping.read_text()
    hub.mapping.write_text(mapping.replace("context: c2", "context: gone"))
    assert hub.mc(f"{LABEL} --all-clusters --yes --continue-on-preflight-error").status == 3
    hub.mapping.write_text(mapping.replace("context: c2", "context: c1"))
    done = hub.mc("resume last --yes")
    assert "c2 (it leads to the same cluster as c1, where the run has made the change; if that is a mis" in done.stderr
    assert (done.status, labelled(hub.place), written(hub)) == (3, ["c1", "c3"], ["c1", "c3"])
    assert writes(hub.place, "c1") == 1
    hub.mapping.write_text(mapping)
    assert (hub.mc("resume last --yes").status, labelled(hub.place)) == (0, ["c1", "c2", "c3"])


@needs("controllers")
@pytest.mark.parametrize("command", [NEW_IMAGE, "set image deploy --all -n shop *=new"])
def test_undo_rolls_back_a_cluster_under_one_of_its_names_only(hub: Hub, command: str) -> None:
    """If the run has changed more under one of them, these are groups of their own."""
    hub.place.kubectl("c2", "create deploy web -n shop --image=old")
    assert hub.mc(f"{command} --clusters=c1,c2 --yes").status == 0
    hub.correlates("one", "c1", "c2")
    images = hub.place.everywhere(IMAGES)
    done = hub.mc("undo last --yes")
    reason = "c1, c2 are the same cluster by their inventory-member-id"
    assert (done.status, reason in done.stderr, hub.place.everywhere(IMAGES)) == (1, True, images)
    assert hub.mc("undo last --yes --clusters=c1").status == 0
    assert hub.place.everywhere(IMAGES)["c1"] != images["c1"]


@needs("controllers")
def test_undo_says_how_to_choose_among_names_of_one_address(hub: Hub) -> None:
    assert hub.mc(f"{NEW_IMAGE} --clusters=c1,c2 --yes").status == 0
    hub.mapping.write_text(hub.mapping.read_text().replace("context: c2", "context: c1"))
    done = hub.mc("undo last --yes")
    assert (done.status, "c1, c2 lead to the same cluster" in done.stderr) == (1, True)
    assert "or name one of them: --clusters=NAME\n" in done.stderr
    assert hub.mc("undo last --yes --clusters=c1").status == 0
