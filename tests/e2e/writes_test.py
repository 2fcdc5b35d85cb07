# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Changes on a fleet: every verb is refused, rehearsed, confirmed and written down."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import NamedTuple

import pytest

from kubectl_mc.changes import record
from kubectl_mc.command_line import grammar, verb_rows, verbs
from tests import real_kubectl
from tests.e2e.changing import CART, NEW_IMAGE, SETTINGS, TARGETS, everywhere, runs, states, targeted
from tests.e2e.conftest import MEMBERS, needs
from tests.e2e.verbs_test import Place


class Case(NamedTuple):
    """command: a change; look: a kubectl command whose answer it changes; before: what has to be done first.

    dry: kubectl has a dry run of it; needs: see fixtures.fleet.LACKS
    """

    command: str
    look: str
    before: tuple[str, ...] = ()
    dry: bool = True
    needs: tuple[str, ...] = ()


NODES = "-l topology.kubernetes.io/region"
NODE = "get nodes -o yaml"
BOX = "run box -n shop --image=box"

CASES = (
    Case("annotate cm settings -n shop a=b", SETTINGS),
    Case("apply -f DIR/web.yaml", "get deploy new-web -n shop -o yaml"),
    Case("apply --server-side -f DIR/new.yaml", "get cm new -n shop -o yaml"),
    Case("apply -k DIR", "get cm new -n shop -o yaml"),
    Case(
        "apply set-last-applied -f DIR/settings.yaml --create-annotation",
        SETTINGS,
        ("annotate cm settings -n shop a=b",),
    ),
    Case("auth reconcile -f DIR/role.yaml", "get clusterrole extra -o name", dry=False),
    Case("autoscale deploy/cart -n shop --max=3 --cpu-percent=50 --name=new", "get hpa -n shop -o name"),
    Case("certificate approve joe", "get csr joe -o yaml", ("apply -f DIR/request.yaml",), dry=False),
    Case("certificate deny joe", "get csr joe -o yaml", ("apply -f DIR/request.yaml",), dry=False),
    Case(f"cordon {NODES}", NODE),
    Case(
        "cp DIR/new.yaml shop/box:/tmp/new", "exec -n shop box -- cat /tmp/new", (BOX,), dry=False, needs=("kubelet",)
    ),
    Case("create cm new -n shop --from-literal=a=b", "get cm new -n shop -o yaml"),
    Case("create -f DIR/web.yaml", "get deploy new-web -n shop -o yaml"),
    Case("create deployment new -n shop --image=new", "get deploy -n shop -o name"),
    Case("create namespace new", "get ns -o name"),
    Case("create rolebinding new -n shop --role=new --user=joe", "get rolebinding -n shop -o name"),
    Case("create secret generic new -n shop --from-literal=password=hunter2", "get secret new -n shop -o yaml"),
    Case("debug box -n shop --image=box", "get pod box -n shop -o yaml", (BOX,), dry=False, needs=("kubelet",)),
    Case("delete cm settings -n shop", SETTINGS),
    Case("delete deploy --all -n shop", "get deploy -n shop -o name", needs=("controllers",)),
    Case("delete -f DIR/settings.yaml", SETTINGS),
    Case(
        "drain NODES --force --ignore-daemonsets --delete-emptydir-data".replace("NODES", NODES),
        NODE,
        needs=("controllers",),
    ),
    Case("edit cm settings -n shop", SETTINGS, dry=False),
    Case("expose deploy cart -n shop --port=80 --name=new", "get svc -n shop -o name"),
    Case("label cm settings -n shop a=b", SETTINGS),
    Case('patch cm settings -n shop -p \'{"data":{"a":"b"}}\'', SETTINGS),
    Case("replace -f DIR/settings.yaml", SETTINGS),
    Case("replace --force -f DIR/settings.yaml", SETTINGS, dry=False),
    Case("rollout pause deploy/cart -n shop", CART, dry=False),
    Case("rollout restart deploy/cart -n shop", CART, dry=False),
    Case("rollout resume deploy/cart -n shop", CART, ("rollout pause deploy/cart -n shop",), dry=False),
    Case("rollout undo deploy/cart -n shop", CART, (NEW_IMAGE,), needs=("controllers",)),
    Case(BOX, "get pods -n shop -o name"),
    Case("scale deploy/cart -n shop --replicas=5", CART),
    Case("set env deploy/cart -n shop A=b", CART),
    Case(NEW_IMAGE, CART),
    Case("set resources deploy/cart -n shop -c app --limits=cpu=200m", CART),
    Case("set selector svc/cart -n shop a=b", "get svc cart -n shop -o yaml"),
    Case("set serviceaccount deploy/cart -n shop default", CART),
    Case(
        "set subject rolebinding/new -n shop --user=ann",
        "get rolebinding new -n shop -o yaml",
        ("create rolebinding new -n shop --role=new --user=joe",),
    ),
    Case("taint nodes --all a=b:NoSchedule", NODE),
    Case(f"uncordon {NODES}", NODE, (f"cordon {NODES}",)),
)


@pytest.mark.parametrize("case", [pytest.param(each, marks=needs(*each.needs), id=each.command) for each in CASES])
def test_a_change_is_refused_rehearsed_confirmed_and_written_down(place: Place, case: Case) -> None:
    for each in case.before:
        assert {place.kubectl(cluster, each).status for cluster in MEMBERS} == {0}
    was = everywhere(place, case.look)
    untargeted = place.mc(case.command, "--yes")
    assert (untargeted.status, untargeted.stdout) == (1, "")
    assert "Use --all-clusters to" in untargeted.stderr
    unconfirmed = place.mc(targeted(case.command))
    assert (unconfirmed.status, unconfirmed.stdout) == (1, "")
    assert "--yes" in unconfirmed.stderr
    if case.dry:
        rehearsed = place.mc(targeted(case.command, "--dry-run=server"))
        assert rehearsed.status == 0, rehearsed.stderr
        namespaces = ["NAMESPACE"] if case.command.startswith("drain") else []  # of pods in several
        assert rehearsed.rows[0] == ["CLUSTER", *namespaces, "RESOURCE", "RESULT"]
        assert {row[0] for row in rehearsed.rows[1:]} == set(TARGETS)
    assert everywhere(place, case.look) == was
    assert runs(place) == []

    done = place.mc(targeted(case.command, "--yes"))
    assert done.status == 0, done.stderr
    lines = [line for line in done.stdout.splitlines() if any(cluster in line for cluster in TARGETS)]
    assert sorted(lines) == sorted(set(lines))  # what is shown as it comes isn't shown at the end once more
    now = everywhere(place, case.look)
    assert [cluster for cluster in MEMBERS if now[cluster] != was[cluster]] == list(TARGETS)

    (run,) = runs(place)
    assert states(run) == dict.fromkeys(TARGETS, "changed")
    assert [event["event"] for event in run.events if "cluster" not in event] == ["start", "end"]
    for cluster in TARGETS:
        assert [event["event"] for event in run.events if event.get("cluster") == cluster] == ["begin", "cluster"]
    targets = {target["cluster"]: bool(target["server"] and target["user"]) for target in run.start["targets"]}
    assert targets == dict.fromkeys(TARGETS, True)
    assert "hunter2" not in Path(record.record_path(place.shell.environment["HOME"])).read_text()


def test_every_changing_verb_has_a_case() -> None:
    changing = {path for path, row in verb_rows.TABLE.items() if row.change and not row.group}
    proven = {verbs.find_row(grammar.parse_line(shlex.split(case.command))).path for case in CASES}
    # Below, and in verbs_test.py; a token changes nothing that can be looked at.
    elsewhere = {"exec", "attach", "apply edit-last-applied", "create token"}
    assert changing - proven == elsewhere


@needs("kubelet")
@pytest.mark.parametrize(
    "command", ["auth reconcile -f DIR/settings.yaml", "rollout restart deploy -l app=nope -n shop"]
)
def test_what_kubectl_says_nothing_of_is_unchanged(place: Place, command: str) -> None:
    """It has no dry run, and the input nothing that it is about."""
    done = place.mc(targeted(command, "--yes"))
    assert (done.status, done.stdout, states(runs(place)[0])) == (0, "", dict.fromkeys(TARGETS, "unchanged"))


def test_exec_runs_on_the_targets_only_and_is_written_down(place: Place) -> None:
    words = "exec deploy/cart -n shop -c app"
    assert place.mc(f"{words} --clusters=c1,c3 -- hostname").status == 1
    done = place.mc(f"{words} --clusters=c1,c3 --yes -- hostname")
    assert sorted(line.split()[0] for line in done.stdout.splitlines()) == ["[c1]", "[c3]"]
    (run,) = runs(place)
    assert states(run) == dict.fromkeys(TARGETS, "changed")
    assert all(each.objects == () for each in run.outcomes())  # what a program prints isn't kept


@needs("controllers")
@real_kubectl.since("1.34", "a delete that says from where")
def test_a_dry_run_tells_objects_of_one_name_apart(place: Place) -> None:
    assert place.kubectl("c1", "create cm settings").status == 0
    deleted = place.mc("delete cm -A --field-selector=metadata.name=settings --dry-run=server --clusters=c1").rows
    assert deleted == [
        ["CLUSTER", "NAMESPACE", "RESOURCE", "RESULT"],
        ["c1", "default", "configmap/settings", "deleted"],
        ["c1", "shop", "configmap/settings", "deleted"],
    ]


@needs("controllers")
def test_a_dry_run_that_does_not_say_where_stays_a_text(place: Place) -> None:
    assert place.kubectl("c1", "create cm settings").status == 0
    command = "label cm -A --field-selector=metadata.name=settings a=b --dry-run=server"
    labelled = place.mc(command, "--clusters=c1").stdout
    assert labelled == "CLUSTER: c1\n" + place.kubectl("c1", command).stdout


@needs("controllers")
def test_a_dry_run_that_is_a_text_stays_one(place: Place) -> None:
    place.everywhere(NEW_IMAGE)
    command = "rollout undo deploy/cart -n shop --dry-run=client"
    said = everywhere(place, command)
    assert "Pod Template:" in said["c1"]
    assert place.mc(targeted(command)).stdout == "\n".join(f"CLUSTER: {name}\n{said[name]}" for name in TARGETS)


def test_a_dry_run_asks_nobody(place: Place) -> None:
    done = place.shell.mc(*place.words(targeted("delete -i cm settings -n shop --dry-run=server")), stdin="")
    assert done.rows[1:] == [[cluster, "configmap/settings", "deleted"] for cluster in TARGETS]
