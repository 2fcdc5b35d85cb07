# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Names with wildcards: names that are hard to print, and types that clusters lack or refuse."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.e2e.conftest import MEMBERS, Done, Shell

NAMES = ("qa", "qa ", "qa\ttb", "qa\u2028zz", "qa\x85yy", "qa\x0cff", "v\x7fa", "vb")
ROLE = "clusterrole.rbac.authorization.k8s.io"


def objects(kind: str, api_version: str, names: tuple[str, ...]) -> str:
    items = [{"apiVersion": api_version, "kind": kind, "metadata": {"name": name}} for name in names]
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": items})


def definition(plural: str, column: dict[str, str]) -> str:
    version = {
        "name": "v1", "served": True, "storage": True, "additionalPrinterColumns": [column],
        "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
    }  # fmt: skip
    names = {"plural": plural, "singular": plural, "kind": plural.capitalize()}
    spec = {"group": "w.io", "names": names, "scope": "Cluster", "versions": [version]}
    metadata = {"name": f"{plural}.w.io"}
    kinds = {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition"}
    return json.dumps({**kinds, "metadata": metadata, "spec": spec})


@pytest.fixture(scope="module")
def odd(own_members: Shell, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    """A fleet with names that only RBAC objects may have, on c1 and c2, and with p-1 and p-2 on all clusters."""
    folder = tmp_path_factory.mktemp("objects")
    (folder / "roles").write_text(objects("ClusterRole", "rbac.authorization.k8s.io/v1", NAMES))
    (folder / "maps").write_text(objects("ConfigMap", "v1", ("p-1", "p-2")))
    (folder / "cols").write_text(definition("cols", {"name": "Bent\nname", "type": "string", "jsonPath": ".a"}))
    (folder / "objects").write_text(objects("Cols", "w.io/v1", ("k1", "k2", "other")))
    for file in ("cols", "objects"):
        done = own_members.kubectl("create", "-f", str(folder / file), "--context=c1")
        assert (done.status, done.stderr) == (0, "")
    for cluster in MEMBERS:
        for file in ("roles", "maps")[cluster == "c3" :]:
            done = own_members.kubectl("create", "-f", str(folder / file), "--context", cluster)
            assert (done.status, done.stderr) == (0, "")
    yield own_members
    for cluster in MEMBERS:
        own_members.fleet.reset(cluster)


NO_TYPE = 'error: the server doesn\'t have a resource type "nosuch" (in all 3 clusters)\n'


@pytest.mark.parametrize(
    "words",
    [
        "get cm/p-1* nosuch/x",
        "get cm/p-1* nosuch/x -o name",
        "get cm/p-* nosuch/x*",
        "get cm/p-* nosuch/x* --ignore-not-found",
        "get cm,nosuch p-1*",
        "get cm,nosuch p-1* -o custom-columns=N:.metadata.name",
        "get cm,nosuch p-1* p-2 -o name",
        "describe cm/p-1* nosuch/x",
        "describe cm,nosuch p-1*",
    ],
)
def test_a_type_that_no_cluster_has_is_told_beside_what_is_found(odd: Shell, words: str) -> None:
    done = odd.mc(*words.split())
    assert (done.status, done.stderr) == (1, NO_TYPE)
    assert all(cluster in done.stdout for cluster in MEMBERS)
    assert "p-1" in done.stdout


def found(odd: Shell, *words: str) -> list[str]:
    """The names that an answer in lines shows, of c1."""
    done = odd.mc("get", *words, "-o", "jsonpath={range .items[*]}<{.metadata.name}>{end}")
    assert (done.status, done.stderr) == (0, "")
    return [name.rstrip(">") for name in done.stdout.split("c2\t")[0].removeprefix("c1\t").rstrip("\n").split("<")[1:]]


@pytest.mark.parametrize("words", [["clusterroles", "v*"], ["clusterrole/v*", "clusterrole/vb"]])
def test_a_name_with_control_characters_is_found(odd: Shell, words: list[str]) -> None:
    assert found(odd, *words) == ["vb", "v\x7fa"]
    columns = odd.mc("get", *words, "-o", "custom-columns=N:.metadata.name", "--clusters=c1", "--fold")
    assert columns == Done(0, "CLUSTER   N\nc1        vb\nc1        v\x7fa\n", "")
    described = odd.mc("describe", *words, "--clusters=c1")
    assert (described.status, described.stderr) == (0, "")
    assert all(f"Name:         {name}\n" in described.stdout for name in ("v\x7fa", "vb"))
    missing = odd.mc("get", *words, *(["none"] if words[0] == "clusterroles" else ["clusterrole/none"]), "-o", "name")
    names = [f"{cluster}\t{ROLE}/{name}\n" for cluster in ("c1", "c2") for name in ("vb", "v\x7fa")]
    assert (missing.status, missing.stdout) == (1, "".join(names))


def test_names_are_whole(odd: Shell) -> None:
    done = odd.mc("get", "clusterroles", "qa?*", "-o", "name", "--clusters=c1")
    assert sorted(done.stdout.split("\n")[:-1]) == sorted(
        f"c1\t{ROLE}/{name}" for name in NAMES if name[:2] == "qa" != name
    )


def test_a_watch_of_several_types_names_them(odd: Shell) -> None:
    with odd.running("get", "cm/p-1*", "clusterroles/vb*", "cm/p-2", "-w") as watch:
        for cluster in ("c1", "c2"):
            for name in ("configmap/p-1", "configmap/p-2", f"{ROLE}/vb"):
                watch.until(rf"^{name} +{cluster} ")
        watch.interrupt()
        assert watch.end() == 130


@pytest.mark.parametrize(
    ("pattern", "names"),
    [("qa?", ["qa "]), ("*tb", ["qa\ttb"]), ("q[a]", ["qa"]), ("?b", ["vb"]), ("v?a", ["v\x7fa"])],
)
def test_all_forms_agree_on_names(odd: Shell, pattern: str, names: list[str]) -> None:
    assert found(odd, "clusterroles", pattern) == names
    named = odd.mc("get", "clusterroles", pattern, "-o", "name")
    assert named == Done(0, "".join(f"{cluster}\t{ROLE}/{name}\n" for cluster in ("c1", "c2") for name in names), "")
    items = json.loads(odd.mc("get", "clusterroles", pattern, "-o", "json", "--clusters=c1").stdout)["items"]
    assert [item["metadata"]["name"] for item in items] == names
    for more in ((), ("--sort-by=.metadata.name",), ("-o", "wide"), ("--no-headers",), ("--clusters=c1",)):
        table = odd.mc("get", "clusterroles", pattern, *more)
        assert (table.status, table.stderr) == (0, "")
        rows = [row for row in table.rows if "NAME" not in row]
        assert [row[:2] for row in rows if row[0] != "NAME"] == [
            [names[0].split()[0], cluster] for cluster in ("c1", "c2")[: 1 if "--clusters=c1" in more else 2]
        ]


def test_a_header_of_several_lines_stays_whole(odd: Shell) -> None:
    shown = odd.mc("get", "cols", "k1", "k2")
    assert (shown.status, shown.stdout.count("CLUSTER: c1\n")) == (0, 1)
    assert odd.mc("get", "cols", "k*") == shown
