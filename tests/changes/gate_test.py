# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_mc.changes import gate
from kubectl_mc.fleet import selection
from kubectl_mc.fleet.cluster_profiles import MEMBER_ID_LABEL, ClusterProfile
from kubectl_mc.fleet.clusters import Cluster, named_clusters
from kubectl_mc.fleet.inventory import Inventory
from kubectl_mc.messages import UserError
from kubectl_mc.processes.targets import Kubeconfig, Target
from tests.environments import request, written

OLD, NEW = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"

A, B = "https://a", "https://b"  # servers


def reached(path: str, server: str, context: str = "", created: str = OLD, member_id: str = "") -> tuple[Any, Target]:
    """A ClusterProfile NAMESPACE/NAME, and a target: by the user's context, or by what the profile itself offers."""
    namespace, _, name = path.partition("/")
    profile = ClusterProfile(name, namespace, labels={MEMBER_ID_LABEL: member_id}, created=created)
    content = {
        "clusters": [{"name": "c", "cluster": {"server": server}}],
        "contexts": [{"name": context or "c", "context": {"cluster": "c"}}],
        "current-context": context or "c",
    }
    source = "mapping" if context else "provider p"
    return profile, Target("", context, Kubeconfig(content, starts_programs=False), source)


def checked(tmp_path: Path, *pairs: tuple[Any, Target]) -> tuple[list[str], str]:
    """The names of the clusters that are to be changed, and what is said."""
    targets = {profile[:2]: target for profile, target in pairs}
    clusters: list[Cluster] = named_clusters(profile for profile, _ in pairs)
    made = request("label cm settings a=b --all-clusters", {"HOME": str(tmp_path)})._replace(cluster_count=len(pairs))
    result = gate.check_targets(
        made,
        clusters,
        [targets[cluster.profile[:2]]._replace(cluster=cluster.name) for cluster in clusters],
        made.options.typed,
    )
    names = [cluster.name for cluster in result.clusters]
    assert [target.cluster for target in result.targets] == names
    assert [address.cluster for address in result.addresses] == names
    assert result.request.cluster_count == len(names)
    return names, written(made.environment.streams.stderr)


@pytest.mark.parametrize(
    ("pairs", "names"),
    [
        ([reached("f/x", A), reached("f/y", B)], ["x", "y"]),
        # The hub gives several profiles one address: in one inventory, and in two.
        ([reached("f/x", A), reached("f/y", A, created=NEW)], ["x"]),
        ([reached("f/x", A, created=NEW), reached("g/y", A), reached("g/z", B)], ["y", "z"]),
        ([reached("f/x", A), reached("f/y", A, created=NEW), reached("g/z", A, created=NEW)], ["x"]),
        ([reached("f/x", A, member_id="1"), reached("f/y", A, created=NEW)], ["x"]),
        # The user maps one name to one context.
        ([reached("f/x", A, "ctx", NEW), reached("g/x", A, "ctx")], ["g/x"]),
    ],
)
def test_profiles_that_lead_to_one_address_are_changed_once(tmp_path: Path, pairs: list[Any], names: list[str]) -> None:
    assert checked(tmp_path, *pairs)[0] == names
    acting, said = checked(tmp_path, *reversed(pairs))
    assert acting == names
    assert ("the same cluster by their address" in said) == (len(names) < len(pairs))


@pytest.mark.parametrize(
    "pairs",
    [
        # None is the only oldest.
        [reached("f/x", A), reached("f/y", A)],
        [reached("f/x", A, created=""), reached("f/y", A)],
        [reached("f/x", A), reached("f/y", A), reached("g/z", A, created=NEW)],
        # The hub says that they are different clusters.
        [reached("f/x", A, member_id="1"), reached("f/y", A, created=NEW, member_id="2")],
        # The user leads several names to one context, or has several contexts for one cluster.
        [reached("f/x", A, "ctx"), reached("f/y", A, "ctx", NEW)],
        [reached("f/x", A, "ctx"), reached("g/x", A, "other", NEW)],
        [reached("f/x", A, "ctx"), reached("f/y", A, created=NEW)],
        # By --contexts.
        [reached("/x", A, "x", ""), reached("/y", A, "y", "")],
    ],
)
def test_where_it_may_be_a_mistake_nothing_is_changed(tmp_path: Path, pairs: list[Any]) -> None:
    for ordered in (pairs, pairs[::-1]):
        with pytest.raises(UserError, match="lead to the same cluster, which would be changed more than once"):
            checked(tmp_path, *ordered)


def test_a_run_that_goes_on_leaves_none_out(tmp_path: Path) -> None:
    made = request("label cm settings a=b --all-clusters", {"HOME": str(tmp_path)})
    pairs = [reached("f/x", A), reached("f/y", A, created=NEW)]
    clusters = named_clusters(profile for profile, _ in pairs)
    targets = [target._replace(cluster=cluster.name) for cluster, (_, target) in zip(clusters, pairs)]
    with pytest.raises(UserError, match="x, y lead to the same cluster"):
        gate.check_targets(made, clusters, targets, (), may_leave_out=False)


@pytest.fixture(scope="module")
def protecting(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of a user whose mapping file protects the cluster x."""
    home = tmp_path_factory.mktemp("home")
    (home / ".kube").mkdir()
    (home / ".kube" / "kubectl-mc-clusters.yaml").write_text("protected: ['x*']\n")
    return home


# @ stands for the protected cluster.
FORMS = (
    "@",
    "f/@",
    "!@",
    "{@,y}",
    "{y,@,z}",
    "f/{@,y}",
    "/@/",
    "/y,@,z|@/",
    "!/@/",
    "*",
    "?",
    "!y",
    "{,@}",
    "{@}",
    "y",
)


@given(st.lists(st.sampled_from(FORMS), min_size=1, max_size=4), st.booleans())
def test_no_pattern_has_a_protected_cluster_changed_without_its_name(
    protecting: Path, forms: list[str], all_clusters: bool
) -> None:
    flags = f"--clusters={','.join(forms).replace('@', 'x')}{' --all-clusters' * all_clusters}"
    made = request(f"label cm settings a=b {flags}", {"HOME": str(protecting)})
    fleet = Inventory(tuple(ClusterProfile(name, "f", created=OLD) for name in ("x", "y", "z")))
    try:
        clusters = selection.select_clusters(fleet, made.options)
    except UserError:  # none is chosen
        return
    targets = [reached(f"f/{name}", f"https://{name}")[1]._replace(cluster=name) for name, *_ in clusters]
    may_change = {"@", "f/@"} & {*forms} or "x" not in [name for name, *_ in clusters]
    with nullcontext() if may_change else pytest.raises(UserError, match="protected by the mapping file: x"):
        gate.check_targets(made, clusters, targets, made.options.typed)
