# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Names with wildcards in every output form: the answer has the shape of a List, whatever the number of objects."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.e2e.conftest import KYAML, MEMBERS, Done, Shell

JSONPATH = '{.kind}{range .items[*]} {.metadata.name}{end}{"\\n"}'
TEMPLATE = '{{.kind}}{{range .items}} {{.metadata.name}}{{end}}{{"\\n"}}'
COLUMNS = "NAME:.metadata.name,KIND:.kind"

TABLES = ("", "wide", f"custom-columns={COLUMNS}", "custom-columns-file=columns")
OBJECTS = ("json", "yaml", "kyaml")
LINES = (
    "name", f"jsonpath={JSONPATH}", "jsonpath-file=path", f"go-template={TEMPLATE}", "go-template-file=template",
)  # fmt: skip
DOCUMENT = "jsonpath-as-json={.items[*].metadata.name}"
FORMS = (*TABLES, "json", "yaml", KYAML, *LINES, DOCUMENT)
FEW_FORMS = ("", "json", f"jsonpath={JSONPATH}")


@pytest.fixture
def forms(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the folder with the files that the forms name the current one."""
    (tmp_path / "columns").write_text("NAME KIND\n.metadata.name .kind\n")
    (tmp_path / "path").write_text(JSONPATH)
    (tmp_path / "template").write_text(TEMPLATE)
    monkeypatch.chdir(tmp_path)


def flags(form: str) -> tuple[str, ...]:
    return ("-o", form) if form else ()


def names(members: Shell, cluster: str, start: str) -> list[str]:
    """The names of a cluster's pods in `shop` that start like this, in kubectl's order."""
    listed = members.kubectl("get", "pods", "-n", "shop", "-o", "name", "--context", cluster).stdout.split()
    return [name.removeprefix("pod/") for name in listed if name.startswith(f"pod/{start}")]


def of_kubectl(members: Shell, cluster: str, form: str, wanted: Sequence[str]) -> str:
    """What a cluster's kubectl prints of these pods as a List: by a selector, for of one name it prints an object."""
    one = (f"--field-selector=metadata.name={wanted[0]}",)
    done = members.kubectl(
        "get", "pods", *(one if len(wanted) == 1 else wanted), "-n", "shop", *flags(form), "--context", cluster
    )
    assert (done.status, done.stderr) == (0, "")
    return done.stdout


def parts(form: str, answer: str, lone: str = "") -> list[tuple[str, Any]]:
    """The (cluster, row, line, item or result)s of an answer, in order; lone: the only cluster that was asked."""
    if form in TABLES:
        header, *rows = (re.sub(r"\b\d+[smhd](\d+[smhd])?\b", "AGE", line).split() for line in answer.splitlines())
        assert header[:2] == ["NAME", "CLUSTER"]
        return [(row[1], [row[0], *row[2:]]) for row in rows]
    if form in OBJECTS:
        made = yaml.safe_load(answer)
        assert (made["apiVersion"], made["kind"]) == ("v1", "List")
        items = []
        for item in made["items"]:
            annotations = item["metadata"]["annotations"]
            cluster = annotations.pop("kubectl-mc.k8s.io/cluster")
            if not annotations:
                del item["metadata"]["annotations"]
            items.append((cluster, item))
        return items
    if form == DOCUMENT:
        if lone:
            return [(lone, json.loads(answer))]
        return [(item["cluster"], item["result"]) for item in json.loads(answer)["items"]]
    return [(line.split("\t")[0], line.split("\t")[1]) for line in answer.splitlines()]


def expected_parts(form: str, cluster: str, printed: str) -> list[tuple[str, Any]]:
    """The parts of the answer that are a cluster's, from what its kubectl printed."""
    if form in TABLES:
        _, *rows = (re.sub(r"\b\d+[smhd](\d+[smhd])?\b", "AGE", line).split() for line in printed.splitlines())
        return [(cluster, row) for row in rows]
    if form in OBJECTS:
        return [(cluster, item) for item in yaml.safe_load(printed)["items"]]
    return [(cluster, json.loads(printed))] if form == DOCUMENT else [(cluster, line) for line in printed.splitlines()]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.usefixtures("forms")
def test_the_answer_is_a_list_of_each_clusters_objects(members: Shell, form: str) -> None:
    """One object in one cluster and none in others, or several in each."""
    for start, words in {"solo": ["solo*", "nope*"], "cart-": ["cart-*"]}.items():
        done = members.mc("get", "pods", *words, "-n", "shop", *flags(form))
        wanted = {cluster: names(members, cluster, start) for cluster in MEMBERS}
        expected = [
            part
            for cluster in MEMBERS
            if wanted[cluster]
            for part in expected_parts(form, cluster, of_kubectl(members, cluster, form, wanted[cluster]))
        ]
        assert expected
        assert (done.status, done.stderr, parts(form, done.stdout)) == (0, "", expected)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.usefixtures("forms")
def test_one_cluster_gives_a_list_of_one_object(members: Shell, form: str) -> None:
    done = members.mc("get", "pods", "solo*", "-n", "shop", *flags(form), "--clusters=c1")
    expected = expected_parts(form, "c1", of_kubectl(members, "c1", form, ["solo"]))
    assert (done.status, done.stderr, parts(form, done.stdout, "c1")) == (0, "", expected)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.usefixtures("forms")
def test_what_nothing_matches_is_the_same_error(members: Shell, form: str) -> None:
    error = 'error: names matching "nope*" not found (in all 3 clusters)\n'
    assert members.mc("get", "pods", "nope*", *flags(form)) == Done(1, "", error)
    assert members.mc("get", "pods", "nope*", "--ignore-not-found", *flags(form)) == Done(0, "", "")


@pytest.mark.parametrize("form", FEW_FORMS)
def test_however_nothing_is_named(members: Shell, form: str) -> None:
    for words in (["pods/nope*"], ["pods,deploy", "nope*"], ["pods", "nope*", "lost", "-A"]):
        done = members.mc("get", *words, *flags(form))
        assert (done.status, done.stdout, done.stderr.count("(in all 3 clusters)")) == (1, "", 1 + ("lost" in words))
    error = 'error: names matching "nope*" not found\n'
    assert members.mc("get", "pods", "nope*", *flags(form), "--clusters=c2") == Done(1, "", error)
    assert members.mc("get", "pods", "nope*", "--ignore-not-found", *flags(form), "--clusters=c2") == Done(0, "", "")


@pytest.mark.parametrize("form", [*FEW_FORMS, "name", KYAML, f"custom-columns={COLUMNS}", DOCUMENT])
def test_a_plain_name_that_is_missing_is_kubectls_error(members: Shell, form: str) -> None:
    missing = 'Error from server (NotFound): pods "soloo" not found'
    done = members.mc("get", "pods", "soloo", "solo*", "-n", "shop", *flags(form), "--clusters=c1")
    expected = expected_parts(form, "c1", of_kubectl(members, "c1", form, ["solo"]))
    assert (done.status, done.stderr, parts(form, done.stdout, "c1")) == (1, f"{missing}\n", expected)
    assert members.mc("get", "pods", "soloo", "nope*", "-n", "shop", *flags(form)) == Done(
        1, "", f"{missing} (in all 3 clusters)\n"
    )


@pytest.mark.parametrize("form", FEW_FORMS)
@pytest.mark.parametrize(
    "words",
    [
        ["pods", "solo", "nope*", "-n", "shop"],
        ["pods/solo*", "-n", "shop"],
        ["pods/nope*", "pods/s[o]l?", "-n", "shop"],
        ["pods,po", "solo*", "-n", "shop"],
        ["deploy/nope*", "pods/solo*", "-n", "shop"],
        ["pods", "*", "-n", "shop", "-l", "app=solo"],
        ["pods/*", "deploy/nope*", "-n", "shop", "-l", "app=solo"],
        ["pods", "*", "-n", "shop", "--field-selector=metadata.name=solo"],
    ],
    ids=" ".join,
)
def test_however_the_object_is_named(members: Shell, form: str, words: list[str]) -> None:
    done = members.mc("get", *words, *flags(form))
    assert (done.status, done.stderr) == (0, "")
    found = [
        (cluster, re.sub("^pod/", "", part[0]) if form == "" else part["metadata"]["name"] if form == "json" else part)
        for cluster, part in parts(form, done.stdout)
    ]
    assert found == [("c1", "List solo" if form.startswith("jsonpath") else "solo")]


@pytest.mark.parametrize("form", FEW_FORMS)
def test_of_all_namespaces_each_cluster_gives_one_list(members: Shell, form: str) -> None:
    done = members.mc("get", "pods", "web-*", "cart-*", "lonely", "-A", *flags(form))
    assert (done.status, done.stderr) == (0, "")
    for cluster in MEMBERS:
        listed = members.kubectl("get", "pods", "-A", "-o", "name", "--context", cluster).stdout.split()
        wanted = [name[4:] for name in listed if re.match("pod/(web-|cart-|lonely$)", name)]
        assert len(wanted) > 2
        if form == "":
            assert [row[1] for row in done.rows if row[2] == cluster] == wanted
        elif form == "json":
            found = [part["metadata"]["name"] for owner, part in parts(form, done.stdout) if owner == cluster]
            assert found == wanted
        else:
            assert f"{cluster}\tList {' '.join(wanted)}\n" in done.stdout


@pytest.mark.parametrize("form", ["", f"jsonpath={JSONPATH}"])
@pytest.mark.parametrize(
    "words", [["pods", "*", "-A"], ["pods/*", "-A"], ["pods", "cart-*", "solo", "-n", "shop"]], ids=" ".join
)
def test_kubectl_sorts_them_itself(members: Shell, form: str, words: list[str]) -> None:
    sort = "--sort-by=.spec.containers[0].image"
    done = members.mc("get", *words, sort, *flags(form), "--clusters=c1")
    assert (done.status, done.stderr) == (0, "")
    everywhere = "-A" in words
    where = ("-A",) if everywhere else ("-n", "shop")
    listed = json.loads(members.kubectl("get", "pods", *where, "-o", "json", "--context=c1").stdout)["items"]
    images = {
        item["metadata"]["name"]: item["spec"]["containers"][0]["image"]
        for item in listed
        if everywhere or re.match("cart-|solo$", item["metadata"]["name"])
    }
    shown = done.stdout.split()[2:] if form else [row[everywhere] for row in done.rows[1:]]
    assert sorted(shown) == sorted(images)
    assert [images[name] for name in shown] == sorted(images.values())  # kubectl's order of equal ones isn't stable
    assert list(images.values()) != sorted(images.values())


def test_a_name_has_its_type_where_several_types_were_asked_for(members: Shell) -> None:
    """As kubectl has it in a List, also if there are objects of one type only."""
    done = members.mc("get", "deploy/nope*", "pods/solo*", "-n", "shop", "--clusters=c1", "--no-headers", "--fold")
    assert [row[0] for row in done.rows] == ["pod/solo"]


def test_a_table_without_names_can_be_sorted(members: Shell) -> None:
    done = members.mc("get", "events", "*", "-n", "shop", "--sort-by=.reason", "--clusters=c1")
    reasons = [row[3] for row in done.rows[1:]]
    assert (done.status, done.stderr, reasons) == (0, "", sorted(reasons))
    assert len(set(reasons)) > 1


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (
            ["deploy", "car*", "--subresource=scale"],
            "error: subresource cannot be used when bulk resources are specified",
        ),
        (["pods", "solo", "cart*", "-l", "a=b"], "error: name cannot be provided when a selector is specified"),
        (["pods", "deploy/ca*"], "error: there is no need to specify a resource type as a separate argument"),
    ],
    ids=["subresource", "selector", "type"],
)
@pytest.mark.parametrize("form", FEW_FORMS)
def test_what_kubectl_refuses(members: Shell, words: list[str], error: str, form: str) -> None:
    done = members.mc("get", *words, "-n", "shop", *flags(form))
    assert (done.status, done.stdout) == (1, "")
    assert done.stderr.startswith(error)
