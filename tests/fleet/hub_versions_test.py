# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Which version of the standard's API a hub is asked for."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from kubectl_mc.command_line.options import Options
from kubectl_mc.fleet import hub_versions, inventory
from kubectl_mc.fleet.inventory import Inventory, InventoryQuery
from kubectl_mc.messages import UserError
from kubectl_mc.processes.targets import Kubeconfig, Target
from tests.environments import environment

GROUP = "multicluster.x-k8s.io"
NO_TYPE = 'error: the server doesn\'t have a resource type "X" in group "VERSION.multicluster.x-k8s.io"'
# What kubectl says of a version that its cached discovery has, and the server doesn't serve any more.
GONE = (
    'Error from server (NotFound): Unable to list "multicluster.x-k8s.io/VERSION, Resource=X": the server could not '
    "find the requested resource"
)
REFUSED = "The connection to the server h was refused - did you specify the right host or port?"
DEPRECATED = "Warning: multicluster.x-k8s.io/v1alpha1 X is deprecated; use multicluster.x-k8s.io/v1alpha2 X"
OLD, BOTH, NEW, LATER = ("v1alpha1",), ("v1alpha1", "v1alpha2"), ("v1alpha2",), ("v1alpha2", "v1beta1")
PROFILES, EVERYTHING = InventoryQuery("hub"), InventoryQuery("hub", placement="p", clustersets="optional")


class Hub(NamedTuple):
    """A kubectl for a hub that serves some versions: a folder with a file per resource type and version."""

    folder: Path

    def serves(self, profiles: Sequence[str], decisions: Sequence[str] | None = None, missing: str = NO_TYPE) -> None:
        for plural, served in (("clusterprofiles", profiles), ("placementdecisions", decisions or profiles)):
            for version in ("v1alpha1", "v1alpha2"):
                path = self.folder / f"{plural}.{version}.{GROUP}"
                item = {"metadata": {"name": "p", "namespace": "fleet"}, "apiVersion": f"{GROUP}/{version}"}
                path.write_text(json.dumps({"items": [item]}))
                error = path.with_name(f"{path.name}.error")
                error.write_text(missing.replace("X", plural).replace("VERSION", version))
                if version in served:
                    error.unlink()
                warning = DEPRECATED if version == "v1alpha1" and "v1alpha2" in served else ""
                path.with_name(f"{path.name}.warning").write_text(warning)

    def asked(self) -> list[str]:
        """`TYPE.VERSION` of each question since the last look, in no certain order where they are asked at once."""
        record = self.folder / "asked"
        lines = record.read_text().split() if record.exists() else []
        record.unlink(missing_ok=True)
        return [line.removesuffix(f".{GROUP}") for line in lines if line != "namespaces"]

    def find(self, query: InventoryQuery = PROFILES, kubeconfig: str = "config") -> Inventory:
        variables = {"PATH": os.environ["PATH"], "HOME": str(self.folder)}
        variables["KUBECONFIG"] = str(self.folder / kubeconfig)
        user = environment(variables, Options(refresh=True, cluster_timeout=20.0), str(self.folder / "kubectl"))
        target = Target("hub", query.context or "", Kubeconfig(None, starts_programs=True))
        return inventory.get_inventory(user, query, lambda: target)

    def kept(self) -> list[Any]:
        """What the cache says of versions, for each hub."""
        files = (self.folder / ".kube" / "cache" / "kubectl-mc").iterdir()
        entries = [json.loads(path.read_text()) for path in files]
        return [entry["value"] for entry in entries if entry["key"].endswith('"versions"]')]

    def keep(self, **fields: Any) -> None:
        """Change fields of what the cache says of versions."""
        for path in (self.folder / ".kube" / "cache" / "kubectl-mc").iterdir():
            entry = json.loads(path.read_text())
            if entry["key"].endswith('"versions"]'):
                path.write_text(json.dumps({**entry, **fields}))


@pytest.fixture
def hub(tmp_path: Path) -> Hub:
    kubectl = tmp_path / "kubectl"
    kubectl.write_text(
        f"""#!/bin/sh
        for type; do :; done
        echo "$type" >> {tmp_path}/asked
        [ "$type" = namespaces ] && echo '{{"items": []}}' && exit
        if [ -e {tmp_path}/$type.error ]; then cat {tmp_path}/$type.error >&2; exit 1; fi
        cat {tmp_path}/$type.warning >&2
        cat {tmp_path}/$type
        """
    )
    kubectl.chmod(0o755)
    (tmp_path / "config").write_text("kind: Config")
    return Hub(tmp_path)


NEW_PROFILES, OLD_PROFILES = "clusterprofiles.v1alpha2", "clusterprofiles.v1alpha1"
NEW_DECISIONS, OLD_DECISIONS = "placementdecisions.v1alpha2", "placementdecisions.v1alpha1"


@pytest.mark.parametrize(
    ("served", "first", "later"),
    [
        (OLD, [NEW_PROFILES, OLD_PROFILES], [OLD_PROFILES]),
        (BOTH, [NEW_PROFILES], [NEW_PROFILES]),
        (NEW, [NEW_PROFILES], [NEW_PROFILES]),
        (LATER, [NEW_PROFILES], [NEW_PROFILES]),
    ],
)
def test_an_old_hub_costs_one_more_process_once(
    hub: Hub, served: Sequence[str], first: list[str], later: list[str]
) -> None:
    hub.serves(served)
    for asked in (first, later, later):
        assert [profile.name for profile in hub.find().profiles] == ["p"]
        assert hub.asked() == asked


@pytest.mark.parametrize(
    ("profiles", "decisions", "first", "later"),
    [
        (OLD, OLD, [NEW_PROFILES, NEW_DECISIONS, OLD_PROFILES, OLD_DECISIONS], [OLD_PROFILES, OLD_DECISIONS]),
        (BOTH, OLD, [NEW_PROFILES, NEW_DECISIONS, OLD_DECISIONS], [NEW_PROFILES, OLD_DECISIONS]),
        (OLD, NEW, [NEW_PROFILES, NEW_DECISIONS, OLD_PROFILES], [OLD_PROFILES, NEW_DECISIONS]),
        (NEW, BOTH, [NEW_PROFILES, NEW_DECISIONS], [NEW_PROFILES, NEW_DECISIONS]),
    ],
)
def test_each_type_has_a_version_of_its_own(
    hub: Hub, profiles: Sequence[str], decisions: Sequence[str], first: list[str], later: list[str]
) -> None:
    hub.serves(profiles, decisions)
    for asked in (first, later):
        assert hub.find(EVERYTHING).placement_decision == ()
        assert sorted(hub.asked()) == sorted(asked)


def test_what_the_profiles_told_goes_for_placements_first(hub: Hub) -> None:
    hub.serves(OLD)
    hub.find()
    hub.asked()
    hub.find(EVERYTHING)
    assert sorted(hub.asked()) == [OLD_PROFILES, OLD_DECISIONS]


@pytest.mark.parametrize("missing", [NO_TYPE, GONE])
def test_a_hub_that_was_downgraded_is_noticed_at_once(hub: Hub, missing: str) -> None:
    hub.serves(BOTH)
    hub.find(EVERYTHING)
    hub.serves(OLD, missing=missing)
    hub.asked()
    for asked in ([NEW_PROFILES, NEW_DECISIONS, OLD_PROFILES, OLD_DECISIONS], [OLD_PROFILES, OLD_DECISIONS]):
        assert [profile.name for profile in hub.find(EVERYTHING).profiles] == ["p"]
        assert sorted(hub.asked()) == sorted(asked)


@pytest.mark.parametrize("missing", [NO_TYPE, GONE])
def test_a_hub_that_serves_the_old_version_no_more_is_noticed_at_once(hub: Hub, missing: str) -> None:
    hub.serves(OLD)
    hub.find()
    hub.serves(NEW, missing=missing)
    hub.asked()
    for asked in ([OLD_PROFILES, NEW_PROFILES], [NEW_PROFILES]):
        assert [profile.name for profile in hub.find().profiles] == ["p"]
        assert hub.asked() == asked


def test_a_hub_that_was_upgraded_is_noticed_by_its_warning(hub: Hub) -> None:
    hub.serves(OLD)
    hub.find(EVERYTHING)
    hub.serves(BOTH)
    hub.asked()
    for asked in ([OLD_PROFILES, OLD_DECISIONS], [NEW_PROFILES, NEW_DECISIONS]):
        hub.find(EVERYTHING)
        assert sorted(hub.asked()) == sorted(asked)


@pytest.mark.parametrize(
    "fields",
    [
        {"time": time.time() - 2 * hub_versions.MAX_AGE},
        {"time": time.time() + 1000},
        {"value": None},
        {"value": ["v1alpha1"]},
        {"value": {"profiles": "v1beta1", "x": "v1alpha1"}},
        {"value": {"profiles": {}}},
    ],
)
def test_what_is_known_for_long_or_damaged_is_found_out_again(hub: Hub, fields: dict[str, Any]) -> None:
    hub.serves(OLD)
    hub.find()
    hub.keep(**fields)
    hub.asked()
    for asked in ([NEW_PROFILES, OLD_PROFILES], [OLD_PROFILES]):
        hub.find()
        assert hub.asked() == asked


def test_another_hub_is_asked_anew(hub: Hub) -> None:
    hub.serves(OLD)
    hub.find()
    hub.find(InventoryQuery())
    hub.asked()
    hub.find(PROFILES._replace(namespaces=("fleet",)))
    assert hub.asked() == [OLD_PROFILES]  # of the same hub, another part
    hub.find(PROFILES._replace(context="other"))
    assert hub.asked() == [NEW_PROFILES, OLD_PROFILES]
    (hub.folder / "config").write_text("kind: Config  # with another current-context")
    hub.find(InventoryQuery())
    assert hub.asked() == [NEW_PROFILES, OLD_PROFILES]
    hub.find()
    assert hub.asked() == [OLD_PROFILES]


def test_what_is_asked_for_anyway_is_not_kept(hub: Hub) -> None:
    hub.serves(BOTH)
    hub.find(EVERYTHING)
    assert hub.kept() == []
    hub.serves(OLD)
    hub.find()
    assert hub.kept() == [{"profiles": "v1alpha1"}]


def test_a_hub_without_a_version_that_we_read_says_which_these_are(hub: Hub) -> None:
    hub.serves(("v1beta1",))
    with pytest.raises(UserError) as raised:
        hub.find()
    assert all(version in str(raised.value) for version in hub_versions.VERSIONS)
    assert hub.asked() == [NEW_PROFILES, OLD_PROFILES]


def test_another_failure_is_no_reason_to_ask_for_another_version(hub: Hub) -> None:
    hub.serves(OLD, missing=REFUSED)
    with pytest.raises(UserError, match="connection refused"):
        hub.find()
    assert hub.asked() == [NEW_PROFILES]


def test_the_warning_of_a_deprecated_version_is_not_the_reason_of_a_failure(hub: Hub) -> None:
    hub.serves(OLD, missing=DEPRECATED)  # and nothing else: kubectl was killed
    with pytest.raises(UserError) as raised:
        hub.find()
    assert "deprecated" not in str(raised.value)
