# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Several inventories on one hub, and ClusterProfiles that are the same member cluster."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

from kubectl_mc.commands.completion import NO_FILES, complete
from tests.e2e.changing import LABEL, NEW_IMAGE, labelled, runs, states, writes
from tests.e2e.conftest import MEMBERS, Done, needs
from tests.e2e.verbs_test import Place

MEMBER_ID = "multicluster.x-k8s.io/inventory-member-id"


class Hub(NamedTuple):
    """The fleet's hub, on which other inventories are made beside `fleet`, which is older than these."""

    place: Place

    def kubectl(self, *words: str) -> None:
        done = self.place.shell.kubectl("--context=hub", *words)
        assert done.status == 0, done.stderr

    def has(self, namespace: str, **members: tuple[str, str]) -> None:
        """Make ClusterProfiles: name -> (the cluster of which it says the same, its member id)."""
        listed = self.place.shell.kubectl("--context=hub", "-n", "fleet", "get", "clusterprofiles", "-o", "json")
        models = {profile["metadata"]["name"]: profile for profile in json.loads(listed.stdout)["items"]}
        items = [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}] * (namespace != "fleet")
        for name, (like, member_id) in members.items():
            labels = {MEMBER_ID: member_id} if member_id else {}
            items.append({**models[like], "metadata": {"name": name, "namespace": namespace, "labels": labels}})
        (self.place.folder / "profiles.json").write_text(
            json.dumps({"kind": "List", "apiVersion": "v1", "items": items})
        )
        self.kubectl("create", "-f", f"{self.place.folder}/profiles.json")

    def correlates(self, member_id: str, *names: str) -> None:
        """Give ClusterProfiles of `fleet` a member id."""
        self.kubectl("-n", "fleet", "label", "clusterprofile", *names, f"{MEMBER_ID}={member_id}")

    def mc(self, command: str, *more: str) -> Done:
        return self.place.mc(command, *more, "--refresh")

    @property
    def mapping(self) -> Path:
        return Path(self.place.shell.environment["HOME"], ".kube", "kubectl-mc-clusters.yaml")


@pytest.fixture
def hub(place: Place) -> Iterator[Hub]:
    made = Hub(place)
    before = made.mapping.read_text()
    for cluster in MEMBERS:
        place.shell.fleet.clear_requests(cluster)
    yield made
    made.mapping.write_text(before)
    place.shell.fleet.reset("hub")
    made.mc("clusters -o name")


@pytest.fixture
def kueue(hub: Hub) -> Hub:
    """A hub on which c1 and c2 are in a second inventory, too, c2 under another name; and c3 in the first one only."""
    for name in ("c1", "c2"):
        hub.correlates(f"id-of-{name}", name)
    hub.has("kueue", c1=("c1", "id-of-c1"), batch=("c2", "id-of-c2"))
    hub.mapping.write_text(hub.mapping.read_text() + "- {name: batch, context: c2}\n")
    return hub


def shown(done: Done) -> list[str]:
    return [row[1] for row in done.rows[1:]]


def written(hub: Hub) -> list[str]:
    return [cluster for cluster in MEMBERS if writes(hub.place, cluster)]


# --- Which inventory ---------------------------------------------------------------------------------------------


def test_a_read_without_an_inventory_shows_every_cluster_once_and_says_so(kueue: Hub) -> None:
    done = kueue.mc("get cm settings -n shop")
    assert (done.status, shown(done)) == (0, ["c2", "c3", "fleet/c1"])
    assert done.stderr == (
        "Note: the clusters of several inventories: fleet (3 clusters), kueue (2 clusters). To choose: "
        "--inventory=NAMESPACE, or inventory: in ~/.kube/kubectl-mc-clusters.yaml\n"
        "Note: the same cluster by their inventory-member-id, so counted once: "
        "c2 (not batch), fleet/c1 (not kueue/c1)\n"
    )
    assert kueue.mc("get cm settings -n shop --clusters=c3").stderr == ""


def test_a_change_without_an_inventory_asks_which(kueue: Hub) -> None:
    for dry_run in ("", "--dry-run=server"):
        done = kueue.mc(f"{LABEL} --all-clusters --yes {dry_run}")
        assert (done.status, done.stdout) == (1, "")
        assert "has several inventories: fleet (3 clusters), kueue (2 clusters). A change has to say" in done.stderr
        assert "--inventory=NAMESPACE" in done.stderr
    assert (written(kueue), runs(kueue.place)) == ([], [])


@pytest.mark.parametrize(
    ("inventory", "names", "changed"),
    [
        ("--inventory=fleet", ["c1", "c2", "c3"], ["c1", "c2", "c3"]),
        ("--hub-namespace=fleet", ["c1", "c2", "c3"], ["c1", "c2", "c3"]),
        # A younger profile acts where the older one isn't selected.
        ("--inventory=kueue", ["batch", "c1"], ["c1", "c2"]),
    ],
)
def test_an_inventory_is_the_profiles_of_one_namespace(
    kueue: Hub, inventory: str, names: list[str], changed: list[str]
) -> None:
    kueue.place.shell.fleet.clear_requests("hub")
    assert kueue.mc(f"clusters -o name {inventory}") == Done(0, "".join(f"{name}\n" for name in names), "")
    namespace = inventory.partition("=")[2]
    paths = [request["path"] for request in kueue.place.shell.fleet.requests("hub") if "profiles" in request["path"]]
    assert paths
    assert all(f"/namespaces/{namespace}/clusterprofiles" in path for path in paths)
    done = kueue.mc(f"{LABEL} --all-clusters --yes {inventory}")
    assert (done.status, "Note" in done.stderr) == (0, False)
    assert labelled(kueue.place) == changed
    assert states(runs(kueue.place)[0]) == dict.fromkeys(names, "changed")


def test_the_mapping_file_chooses_the_inventory(kueue: Hub) -> None:
    mapping = kueue.mapping.read_text()
    for text in ("inventory: kueue", "inventory: [kueue]", "defaults: {inventory: kueue}"):
        kueue.mapping.write_text(f"{mapping}{text}\n")
        assert kueue.place.mc("clusters -o name").stdout.split() == ["batch", "c1"]
    assert kueue.mc("clusters -o name --inventory=fleet").stdout.split() == list(MEMBERS)
    assert kueue.mc(f"{LABEL} --clusters=c1 --yes").status == 0
    assert labelled(kueue.place) == ["c1"]


@pytest.mark.parametrize("dry_run", ["", "--dry-run=server"])
def test_a_selector_does_not_say_which_inventory(kueue: Hub, dry_run: str) -> None:
    selector = "--cluster-selector=tier=canary"
    done = kueue.mc(f"{LABEL} {selector} --yes {dry_run}")
    assert (done.status, done.stdout) == (1, "")
    assert "has several inventories: fleet (3 clusters), kueue (2 clusters). A change has to say" in done.stderr
    assert (written(kueue), runs(kueue.place)) == ([], [])
    # The names are those of the whole hub.
    assert kueue.mc(f"clusters -o name {selector}").stdout == "fleet/c1\n"
    empty = kueue.mc(f"{LABEL} {selector} --yes --inventory=kueue {dry_run}")
    assert (empty.status, written(kueue)) == (1, [])
    assert "no cluster in namespace kueue has labels tier=canary (--cluster-selector)" in empty.stderr
    assert kueue.mc(f"{LABEL} {selector} --yes --inventory=fleet {dry_run}").status == 0
    assert labelled(kueue.place) == ([] if dry_run else ["c1"])


def test_a_glob_of_names_does_not_choose_a_namespace(kueue: Hub) -> None:
    for glob in ("kue*", "*ueue*"):
        done = kueue.mc(f"{LABEL} --clusters={glob} --inventory=kueue --yes")
        assert (done.status, f"no cluster matches '{glob}'" in done.stderr) == (1, True)
    assert (written(kueue), runs(kueue.place)) == ([], [])
    assert kueue.mc(f"{LABEL} --clusters=b* {BOTH}").status == 0
    assert labelled(kueue.place) == ["c2"]
    # A part of a run is chosen in the same way.
    assert kueue.mc(f"{NEW_IMAGE} --all-clusters {BOTH}").status == 0
    refused = kueue.place.mc("undo last --yes --clusters=fl*")
    assert (refused.status, "fl*" in refused.stderr, len(runs(kueue.place))) == (1, True, 2)
    assert kueue.place.mc("undo last --yes --clusters=c1").status == 0
    assert states(runs(kueue.place)[2]) == {"fleet/c1": "changed"}


@pytest.mark.parametrize("flag", ["--exclude", "--clusters"])
def test_a_name_that_the_inventory_lacks_is_a_typo(kueue: Hub, flag: str) -> None:
    done = kueue.mc(f"{LABEL} --all-clusters {flag}=c3 --inventory=kueue --yes")
    assert (done.status, written(kueue)) == (1, [])
    assert "no cluster matches 'c3' among those in namespace kueue" in done.stderr


def test_a_display_name_is_not_taken_for_a_name_of_the_user_s(kueue: Hub) -> None:
    kueue.mapping.write_text(f"{kueue.mapping.read_text()}- {{name: lost, context: c1}}\nprotected: [kept]\n")
    # A context, a mapped cluster, a protected one, one of another inventory.
    for name, changed in (*((name, []) for name in ("viewer-c1", "lost", "kept", "kueue/c9")), ("X", ["c3"])):
        fields = json.dumps({"spec": {"displayName": name}})
        kueue.kubectl("-n", "fleet", "patch", "clusterprofile", "c3", "--type=merge", "-p", fields)
        done = kueue.mc(f"{LABEL} --clusters={name} --inventory=fleet --yes")
        assert (done.status, labelled(kueue.place)) == (0 if changed else 1, changed)
        assert ("no cluster matches" in done.stderr) == (not changed)


def test_what_a_placement_chose_and_is_not_read_is_noted(kueue: Hub) -> None:
    kueue.kubectl("-n", "fleet", "delete", "clusterprofile", "c2")
    missing = "Note: the hub has no ClusterProfile of what placement 'fleet/all' chose: fleet/c2\n"
    for flags in ("--inventory=fleet", "--inventory=fleet --cluster-selector=tier=canary"):
        assert kueue.mc(f"clusters -o name --placement=fleet/all {flags}").stderr == missing
    both = kueue.mc("clusters -o name --placement=fleet/all --inventory=fleet,kueue")
    assert (both.stdout, both.stderr) == ("fleet/c1\nc3\n", missing)
    elsewhere = kueue.mc("clusters -o name --placement=fleet/all --inventory=kueue")
    assert "outside the chosen inventories: fleet/c1, fleet/c2, fleet/c3\n" in elsewhere.stderr


@pytest.mark.parametrize("command", ["get cm settings -n shop", "get nodes --clusterset=prod", "clusters"])
def test_an_inventory_that_is_not_there_is_said(kueue: Hub, command: str) -> None:
    for flag in ("--inventory=nope", "--inventory=fleet,nope"):
        done = kueue.mc(f"{command} {flag}")
        assert (done.status, done.stdout) == (1, "")
        assert "has no ClusterProfiles in namespace nope" in done.stderr


def test_rights_in_the_inventory_s_namespace_are_enough(kueue: Hub) -> None:
    words = "role reader --verb=list --resource=clusterprofiles.multicluster.x-k8s.io"
    kueue.kubectl("create", "-n", "kueue", *words.split())
    kueue.kubectl("create", "-n", "kueue", "rolebinding", "reader", "--role=reader", "--user=viewer")
    config = yaml.safe_load(kueue.place.shell.fleet.kubeconfig.read_text())
    (hub_context,) = (entry["context"] for entry in config["contexts"] if entry["name"] == "hub")
    hub_context["user"] = "viewer"
    (kueue.place.folder / "config").write_text(yaml.safe_dump(config))
    environment = {"KUBECONFIG": str(kueue.place.folder / "config")}

    def asked(*flags: str) -> Done:
        return kueue.place.shell.mc("get", "cm", "settings", "-n", "shop", "--refresh", *flags, env=environment)

    assert (asked("--inventory=kueue").status, shown(asked("--inventory=kueue"))) == (0, ["batch", "c1"])
    for flags, refused in (
        (["--inventory=kueue,fleet"], "in namespace fleet\n"),
        ([], "there; with rights in one namespace only, name it with --inventory\n"),
    ):
        done = asked(*flags)
        assert (done.status, done.stdout) == (1, "")
        assert done.stderr.endswith(f"You need to list clusterprofiles.multicluster.x-k8s.io {refused}")


# --- One cluster once --------------------------------------------------------------------------------------------


BOTH = "--inventory=fleet,kueue --yes"


@needs("ages")
def test_of_the_selected_profiles_the_oldest_acts(kueue: Hub) -> None:
    done = kueue.mc(f"{LABEL} --all-clusters {BOTH}")
    assert (done.status, labelled(kueue.place)) == (0, list(MEMBERS))
    assert (
        "Note: the same cluster by their inventory-member-id, so the change acts on the oldest ClusterProfile only: "
        "c2 (not batch), fleet/c1 (not kueue/c1)\n"
    ) in done.stderr
    assert [writes(kueue.place, cluster) for cluster in MEMBERS] == [1, 1, 1]
    assert states(runs(kueue.place)[0]) == {"c2": "changed", "c3": "changed", "fleet/c1": "changed"}


@needs("ages")
@pytest.mark.parametrize(
    ("clusters", "acting"),
    [("fleet/c1,kueue/c1", "fleet/c1"), ("kueue/c1", "kueue/c1"), ("c1", "fleet/c1"), ("c2,batch", "c2")],
)
def test_a_profile_that_is_not_selected_does_not_count(kueue: Hub, clusters: str, acting: str) -> None:
    done = kueue.mc(f"{LABEL} --clusters={clusters} {BOTH}")
    assert done.status == 0
    assert states(runs(kueue.place)[0]) == {acting: "changed"}
    assert len(written(kueue)) == 1
    assert ("acts on the oldest" in done.stderr) == (clusters != "kueue/c1")


@needs("ages")
def test_on_a_tie_none_acts_and_the_others_are_changed(hub: Hub) -> None:
    """The hub says of two clusters that are as old as each other that they are one."""
    hub.correlates("one", "c1", "c2")
    done = hub.mc(f"{LABEL} --all-clusters --yes")
    reason = (
        "c1, c2 are the same cluster by their inventory-member-id, and no single one has the oldest creationTimestamp"
    )
    assert (done.status, labelled(hub.place)) == (3, ["c3"])
    assert "Warning: in one inventory, the same cluster by their inventory-member-id, so the change" in done.stderr
    assert "acts on the oldest ClusterProfile only: none of c1, c2. Its administrator should delete" in done.stderr
    assert f"refused in 2 clusters: c1, c2 ({reason}" in done.stderr
    assert states(runs(hub.place)[0]) == {"c1": "refused", "c2": "refused", "c3": "changed"}
    assert written(hub) == ["c3"]
    again = hub.place.mc("resume last --yes")
    assert (again.status, reason in again.stderr, labelled(hub.place)) == (1, True, ["c3"])
    alone = hub.mc(f"{LABEL} --clusters=c1,c2 --yes")
    assert (alone.status, reason in alone.stderr, "So nothing was changed" in alone.stderr) == (1, True, True)
    rehearsed = hub.mc(f"{LABEL} --all-clusters --dry-run=server")
    assert (rehearsed.status, reason in rehearsed.stderr) == (3, True)
    assert labelled(hub.place) == ["c3"]
    # A read asks one of them, and says so.
    read = hub.mc("get cm settings -n shop")
    assert (read.status, shown(read)) == (0, ["c1", "c3"])
    assert (
        "Warning: in one inventory, the same cluster by their inventory-member-id, so counted once: "
        "c1 (not c2, and a change acts on none, as no single one has the oldest creationTimestamp)"
    ) in read.stderr
    assert hub.mc(f"{LABEL} --all-clusters --exclude=c1 --yes --overwrite").status == 0
    assert labelled(hub.place) == ["c2", "c3"]


@needs("ages")
def test_duplicates_in_one_inventory_are_warned_of(hub: Hub) -> None:
    hub.correlates("one", "c1")
    hub.has("fleet", again=("c1", "one"))
    hub.mapping.write_text(hub.mapping.read_text() + "- {name: again, context: c1}\n")
    warning = "Warning: in one inventory, the same cluster by their inventory-member-id, so "
    done = hub.mc(f"{LABEL} --all-clusters --yes")
    assert (done.status, labelled(hub.place)) == (0, list(MEMBERS))
    assert f"{warning}the change acts on the oldest ClusterProfile only: c1 (not again). Its admin" in done.stderr
    listed = hub.mc("clusters -o name")
    assert (listed.stdout.split(), f"{warning}counted once: c1 (not again)." in listed.stderr) == (list(MEMBERS), True)


@pytest.mark.parametrize("member_id", ["", "other"])
def test_one_context_of_one_name_is_one_cluster_unless_the_hub_says_otherwise(hub: Hub, member_id: str) -> None:
    if member_id:
        hub.correlates("one", "c1")
    hub.has("kueue", c1=("c1", member_id))
    listed = hub.mc("clusters")
    assert [row[0] for row in listed.rows[1:]] == ["c2", "c3", "fleet/c1", "kueue/c1"]
    warning = "Warning: reached in the same way, so the same cluster, of which a change acts on one at most: "
    assert f"{warning}(fleet/c1, kueue/c1)\n" in listed.stderr
    assert f"{warning}(fleet/c1, kueue/c1)\n" in hub.mc("clusters -o name").stderr
    done = hub.mc(f"{LABEL} --all-clusters {BOTH}")
    if member_id:
        assert (done.status, "fleet/c1, kueue/c1 lead to the same cluster" in done.stderr) == (1, True)
        assert (written(hub), runs(hub.place)) == ([], [])
    else:
        note = "Note: the same cluster by their address, so the change acts on the oldest ClusterProfile only: fleet/c1"
        assert (done.status, note in done.stderr) == (0, True)
        assert [writes(hub.place, cluster) for cluster in MEMBERS] == [1, 1, 1]
        assert states(runs(hub.place)[0]) == {"c2": "changed", "c3": "changed", "fleet/c1": "changed"}


def test_a_cluster_is_protected_by_the_name_of_a_profile_that_is_left_out(kueue: Hub) -> None:
    kueue.mapping.write_text(f"{kueue.mapping.read_text()}protected: [kueue/c1]\n")
    done = kueue.mc(f"{LABEL} --all-clusters {BOTH}")
    assert (done.status, "protected by the mapping file: fleet/c1." in done.stderr, written(kueue)) == (1, True, [])
    assert "protected by the mapping file: c1." in kueue.mc(f"{LABEL} --all-clusters --yes --inventory=kueue").stderr
    assert kueue.mc(f"{LABEL} --clusters=fleet/c1 {BOTH}").status == 0
    assert kueue.mc(f"{LABEL} --clusters=kueue/c1 --yes --inventory=kueue --overwrite").status == 0


@pytest.mark.parametrize("member_id", ["", "id-of-c3"])
def test_a_name_of_two_inventories_is_mapped_with_its_namespace(hub: Hub, member_id: str) -> None:
    hub.has("fleet", batch=("c3", member_id))
    hub.has("kueue", batch=("c3", member_id))
    unmapped = hub.mc("get cm settings -n shop --clusters=fleet/batch")
    assert unmapped.stderr.endswith("To map fleet/batch to a context of yours: kubectl mc setup\n")
    hub.mapping.write_text(f"{hub.mapping.read_text()}- {{name: batch, namespace: fleet, context: c3}}\n")
    assert shown(hub.mc("get cm settings -n shop --clusters=fleet/batch")) == ["fleet/batch"]


# --- Other commands ----------------------------------------------------------------------------------------------


@needs("controllers")
def test_resume_and_undo_keep_to_the_inventory_of_the_run(kueue: Hub) -> None:
    words = kueue.place.words(f"{NEW_IMAGE} --hub-namespace=kueue --all-clusters --waves=1 --pause=prompt --yes")
    with kueue.place.shell.running(*words, terminal=True) as running:
        running.until(r"\[y/N\]: $")
        running.type("n\n")
        assert running.end() == 3
    assert states(runs(kueue.place)[0]) == {"batch": "changed", "c1": "not started"}
    assert kueue.place.mc("resume last --yes").status == 0
    assert states(runs(kueue.place)[0]) == {"batch": "changed", "c1": "changed"}
    other = kueue.place.mc("undo last --yes --inventory=fleet")
    assert (other.status, "no cluster matches 'batch' among those in namespace fleet" in other.stderr) == (1, True)
    renamed = kueue.place.mc("undo last --yes --inventory=fleet,kueue --clusters=c1")
    assert (renamed.status, "fleet/c1: the run has no cluster of this name" in renamed.stderr) == (1, True)
    assert kueue.place.mc("undo last --yes").status == 0
    assert states(runs(kueue.place)[1]) == {"batch": "changed", "c1": "changed"}
    assert "--inventory=kueue" in runs(kueue.place)[1].start["argv"]


def test_completion(kueue: Hub) -> None:
    kueue.mc("clusters -o name")
    inventories = {
        "get pods --inventory ": ["fleet", "kueue"],
        "get pods --inventory=fleet,": ["fleet,kueue"],
        "get pods --hub-namespace=k": ["kueue"],
        "get pods --inventory=kueue --clusters ": ["batch", "c1"],
    }
    clusters = {
        "get pods --clusters ": ["batch", "c2", "c3", "fleet/c1", "kueue/c1"],
        "trust approve k": ["kueue/c1"],
    }
    environment = kueue.place.shell.environment
    for text, candidates in (inventories | clusters).items():
        assert complete(text.split(" "), environment) == (candidates, NO_FILES)
    kueue.mapping.write_text(f"{kueue.mapping.read_text()}inventory: kueue\n")
    for text, candidates in inventories.items():
        assert complete(text.split(" "), environment) == (candidates, NO_FILES)


def test_trust_and_setup_are_about_each_profile(kueue: Hub) -> None:
    kueue.mapping.write_text("hubContext: hub\nclusters: [{name: batch, context: c2}]\n")
    listed = [row[0] for row in kueue.mc("trust list").rows[1:]]
    assert listed == ["c2", "c3", "fleet/c1", "kueue/c1"]
    done = kueue.mc("setup --yes")
    assert [row[:3] for row in done.rows[1:]] == [
        ["batch", "c2", "mapped"],
        ["c2", "c2", "same"],
        ["c3", "c3", "same"],
        ["fleet/c1", "c1", "same"],
        ["kueue/c1", "c1", "same"],
    ]
    entries = yaml.safe_load(kueue.mapping.read_text())["clusters"]
    assert {"name": "c1", "namespace": "kueue", "context": "c1"} in entries
    assert {"name": "c1", "namespace": "fleet", "context": "c1"} in entries


def test_setup_writes_the_inventory_that_was_typed(kueue: Hub) -> None:
    kueue.mapping.unlink()
    done = kueue.mc("setup --yes --hub-context=hub --inventory=fleet")
    assert "Wrote the context of 3 clusters, hubContext hub and inventory fleet to" in done.stderr
    assert yaml.safe_load(kueue.mapping.read_text())["inventory"] == "fleet"
    assert kueue.mc("clusters -o name").stdout.split() == list(MEMBERS)
