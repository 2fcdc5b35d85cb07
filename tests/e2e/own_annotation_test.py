# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""The annotation that says where an object is from: there is exactly one, ours, and it is never stored."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

from kubectl_mc.merge.object_lists import ANNOTATION
from tests import real_kubectl
from tests.e2e.conftest import KYAML, MEMBERS, Shell
from tests.e2e.verbs_test import Place

FORGED = f"annotate cm settings -n shop {ANNOTATION}=c9"
STORED = f"get cm settings -n shop -o jsonpath={{.metadata.annotations.{ANNOTATION.replace('.', chr(92) + '.')}}}"


@pytest.fixture
def forged(place: Place) -> Shell:
    """A ConfigMap in every cluster says that it is from another one."""
    for cluster in MEMBERS:
        assert place.shell.kubectl("--context", cluster, *FORGED.split()).status == 0
    return place.shell


def said_clusters(text: str, form: str) -> list[str]:
    """The clusters that the items of a List are from; each must be said once."""
    assert text.count(f'{ANNOTATION}": ' if form == "json" else f"{ANNOTATION}: ") == len(MEMBERS)
    document = json.loads(text) if form == "json" else yaml.safe_load(text)
    return [item["metadata"]["annotations"][ANNOTATION] for item in document["items"]]


@pytest.mark.parametrize("form", ["json", "yaml", KYAML])
def test_an_object_is_from_where_it_is_from(forged: Shell, form: str) -> None:
    assert said_clusters(forged.mc("get", "cm", "settings", "-n", "shop", "-o", form).stdout, form) == list(MEMBERS)
    lone = forged.mc("get", "cm", "settings", "-n", "shop", "-o", form, "--clusters=c1").stdout
    plain = forged.kubectl("--context", "c1", "get", "cm", "settings", "-n", "shop", "-o", form).stdout
    assert plain.count("c9") == 1
    assert yaml.safe_load(lone) == yaml.safe_load(plain.replace("c9", "c1"))


@real_kubectl.since("1.35", "-o kyaml")
def test_kyaml_is_laid_out_as_kubectls(members: Shell) -> None:
    """A List of two types, and the items as they are in one of kubectl's."""
    words = ("get", "cm,deploy", "-n", "shop", "-o", "kyaml")
    plain = members.kubectl("--context", "c1", *words).stdout
    lone = members.mc(*words, "--clusters=c1").stdout
    assert [line for line in lone.splitlines() if ANNOTATION not in line] == plain.splitlines()
    both = yaml.safe_load(members.mc(*words, "--clusters=c1,c2").stdout)
    assert [item["kind"] for item in both["items"]] == ["ConfigMap", "Deployment"] * 2


@pytest.mark.parametrize("form", ["json", "yaml", KYAML])
@pytest.mark.parametrize("events", [False, True])
def test_a_watched_object_is_from_where_it_is_from(forged: Shell, form: str, events: bool) -> None:
    words = ["get", "cm", "settings", "-n", "shop", "-w", "-o", form, *["--output-watch-events"] * events]
    text = forged.mc(*words, "--request-timeout=3s").stdout
    ours = re.findall(rf'"?{re.escape(ANNOTATION)}"?: ?"(\w+)"', text)  # managedFields have its key, too
    assert (sorted(ours), "c9" in text) == (list(MEMBERS), False)


@pytest.mark.parametrize("form", ["json", "yaml", KYAML])
def test_what_get_gave_is_no_difference_and_is_not_stored(forged: Shell, form: str, tmp_path: Path) -> None:
    for cluster in MEMBERS:
        forged.kubectl("--context", cluster, *FORGED.replace("=c9", "-").split())
    got = forged.mc("get", "cm", "settings", "-n", "shop", "-o", form, "--clusters=c1").stdout
    assert ANNOTATION in got
    (tmp_path / "got.yaml").write_text(got)
    (tmp_path / "kustomization.yaml").write_text("resources: [got.yaml]")
    one = "--clusters=c1"
    assert forged.mc("diff", "-f", "-", one, stdin=got) == (0, "", "")
    assert forged.mc("diff", "-f", f"{tmp_path}/got.yaml", one) == (0, "", "")
    assert forged.mc("diff", "-k", str(tmp_path), one) == (0, "", "")
    done = forged.mc("apply", "-f", "-", one, "--yes", stdin=got)
    assert (done.status, forged.kubectl("--context", "c1", *STORED.split()).stdout) == (0, "")
    last = forged.kubectl("--context", "c1", "get", "cm", "settings", "-n", "shop", "-o", "yaml").stdout
    assert ANNOTATION not in last
    got = forged.mc("get", "cm", "settings", "-n", "shop", "-o", form, one).stdout
    assert forged.mc("replace", "-f", "-", one, "--yes", stdin=got).status == 0
    assert forged.kubectl("--context", "c1", *STORED.split()).stdout == ""


def test_a_patch_may_take_it_off_but_not_set_it(forged: Shell, tmp_path: Path) -> None:
    words = ("patch", "cm", "settings", "-n", "shop", "--type=merge", "--all-clusters", "--yes")
    for value, stored in (("null", ""), ('"c9"', "")):
        patch = json.dumps({"metadata": {"annotations": {ANNOTATION: "V", "a": "b"}}}).replace('"V"', value)
        (tmp_path / "patch.json").write_text(patch)
        for given in (f"--patch={patch}", f"--patch-file={tmp_path}/patch.json"):
            assert forged.mc(*words, given).status == 0
            assert forged.kubectl("--context", "c2", *STORED.split()).stdout == stored


POINTER = f"/metadata/annotations/{ANNOTATION.replace('/', '~1')}"


def test_a_json_patch_may_take_it_off_but_not_set_it(forged: Shell, tmp_path: Path) -> None:
    words = ("patch", "cm", "settings", "-n", "shop", "--type=json", "--all-clusters", "--yes")
    removal = json.dumps([{"op": "remove", "path": POINTER}])
    assert forged.mc(*words, "-p", removal).status == 0
    values = [("/metadata/annotations", {ANNOTATION: "c1", "a": "b"}), (POINTER, "c1"), (POINTER, "c1")]
    operations = [{"op": op, "path": path, "value": value} for op, (path, value) in zip(("add", "add", "test"), values)]
    (tmp_path / "patch.yaml").write_text(yaml.safe_dump(operations))
    for given in (f"--patch={json.dumps(operations)}", f"--patch-file={tmp_path}/patch.yaml"):
        assert forged.mc(*words, given).status == 0
        last = forged.kubectl("--context", "c2", "get", "cm", "settings", "-n", "shop", "-o", "json").stdout
        assert json.loads(last)["metadata"]["annotations"] == {"a": "b"}


def test_what_an_alias_stands_for_is_not_stored(forged: Shell) -> None:
    """The same map is the annotations and the labels: as a label, the user means it."""
    text = f"""
apiVersion: v1
kind: ConfigMap
metadata: {{name: aliased, namespace: shop, annotations: &a {{{ANNOTATION}: c1, a: b}}, labels: {{<<: *a, c: "no"}}}}
"""
    assert forged.mc("create", "-f", "-", "--all-clusters", "--yes", stdin=text).status == 0
    last = forged.kubectl("--context", "c2", "get", "cm", "aliased", "-n", "shop", "-o", "json").stdout
    assert json.loads(last)["metadata"]["annotations"] == {"a": "b"}
    assert json.loads(last)["metadata"]["labels"] == {ANNOTATION: "c1", "a": "b", "c": "no"}


def test_diff_of_what_is_not_there_is_an_error_and_no_difference(members: Shell) -> None:
    done = members.mc("diff", "-f", "/nowhere.yaml")
    assert (done.status, done.stdout, "/nowhere.yaml" in done.stderr) == (2, "", True)
