# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Plugins, ours and others; one document; exit statuses that answer."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from kubectl_mc import __version__
from tests import real_kubectl
from tests.e2e.conftest import MEMBERS, WHOAMI, Done, Shell, needs

ANNOTATION = "kubectl-mc.k8s.io/cluster"
HEADINGS = re.compile(r"^CLUSTER: (.*)$", re.MULTILINE)


@pytest.fixture
def with_plugin(members: Shell, tmp_path: Path) -> Shell:
    """A user with a plugin that says its arguments and whom it reaches, or fails."""
    plugin = tmp_path / "kubectl-hello"
    plugin.write_text('#!/bin/sh\n[ "$3" = fail ] && { echo "error: no" >&2; exit 4; }\necho "hello $*"\n')
    plugin.chmod(0o755)
    path = os.pathsep.join((str(tmp_path), members.environment["PATH"]))
    return members._replace(environment={**members.environment, "PATH": path})


def test_a_plugin_runs_once_for_each_cluster_with_its_context_behind_its_name(with_plugin: Shell) -> None:
    done = with_plugin.mc("hello", "--to", "you", "--all-clusters", "--yes")
    sections = [f"CLUSTER: {cluster}\nhello --context {cluster} --to you\n" for cluster in MEMBERS]
    assert (done.status, done.stdout) == (0, "\n".join(sections))


def test_a_verb_of_a_newer_kubectl_is_run_as_a_plugin_is(members: Shell, tmp_path: Path) -> None:
    newer = tmp_path / "kubectl"
    newer.write_text(f'#!/bin/sh\n[ "$1" != frob ] || {{ echo "$*"; exit; }}\nexec {real_kubectl.program()} "$@"\n')
    newer.chmod(0o755)
    path = os.pathsep.join((str(tmp_path), members.environment["PATH"]))
    user = members._replace(environment={**members.environment, "PATH": path})
    unnamed = user.mc("frob", "x")
    assert (unnamed.status, "Use --all-clusters to run frob in all clusters" in unnamed.stderr) == (1, True)
    done = user.mc("frob", "x", "--new", "--clusters=c2", "--yes")
    assert (done.status, done.stdout) == (0, "CLUSTER: c2\nfrob --context c2 x --new\n")
    refused = user.mc("frob", "x", "--clusters=c2", "--yes", env={"KUBECTL_MC_READ_ONLY": "1"})
    assert (refused.status, "only reads are allowed here" in refused.stderr) == (1, True)


def test_a_plugin_that_fails_keeps_its_exit_status_on_one_cluster(with_plugin: Shell) -> None:
    one, many = (with_plugin.mc("hello", "fail", where, "--yes") for where in ("--clusters=c1", "--all-clusters"))
    assert (one.status, many.status) == (4, 1)
    assert "error: no" in many.stderr


def test_a_plugin_is_resumed_by_what_the_record_has_of_it(with_plugin: Shell, tmp_path: Path) -> None:
    user = with_plugin._replace(environment={**with_plugin.environment, "HOME": str(tmp_path)})
    assert user.mc("hello", "fail", "-n", "shop", "--contexts=c1,c2", "--yes").status == 1
    (tmp_path / "kubectl-hello").write_text('#!/bin/sh\necho "hello $*"\n')
    done = user.mc("resume", "last", "--yes")
    assert done.status == 0, done.stderr
    assert "hello --context c1 fail -n shop\n" in done.stdout


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("kubectl-foo-bar", "foo bar"),
        pytest.param(
            "kubectl-create-thing",
            "create thing",
            marks=real_kubectl.since("1.29", "a plugin for a sub-verb of create"),
        ),
    ],
)
def test_a_plugin_whose_name_has_several_words(members: Shell, tmp_path: Path, file: str, name: str) -> None:
    (tmp_path / file).write_text('#!/bin/sh\necho "$*"\n')
    (tmp_path / file).chmod(0o755)
    path = os.pathsep.join((str(tmp_path), members.environment["PATH"]))
    user = members._replace(environment={**members.environment, "PATH": path, "HOME": str(tmp_path)})
    words = (*name.split(), "x", "--flag", "--contexts=c1,c2")
    assert user.mc(*words, "--yes").stdout == "".join(
        f"{start}CLUSTER: {cluster}\n--context {cluster} x --flag\n" for start, cluster in (("", "c1"), ("\n", "c2"))
    )
    assert f"Run {name} 'x' in 2 clusters" in user.mc("audit").stdout
    assert f"Use --all-clusters to run {name} in all clusters" in user.mc(*words[:-1]).stderr


def test_a_plugin_with_the_name_of_a_command_of_ours_is_behind_plugin_run(members: Shell, tmp_path: Path) -> None:
    plugin = tmp_path / "kubectl-clusters"
    plugin.write_text('#!/bin/sh\n[ "$3" = fail ] && exit 4\necho "$*"\n')
    plugin.chmod(0o755)
    path = os.pathsep.join((str(tmp_path), members.environment["PATH"]))
    user = members._replace(environment={**members.environment, "PATH": path, "HOME": str(tmp_path)})
    words = ("plugin", "run", "clusters", "--verbose", "--report=x", "--max-parallel=y", "--contexts=c1,c2", "--yes")
    done = user.mc("--cluster-timeout=60s", *words)
    texts = [f"CLUSTER: {name}\n--context {name} --verbose --report=x --max-parallel=y\n" for name in ("c1", "c2")]
    assert (done.status, done.stdout) == (0, "\n".join(texts))
    assert not (tmp_path / "x").exists()
    assert "Run clusters in 2 clusters" in user.mc("audit").stdout
    assert user.mc("clusters", "--contexts=c1", "-o", "name").stdout == "c1\n"
    assert (
        user.mc("--cluster-timeout=60s", "plugin", "run", "clusters", "fail", "--contexts=c1,c2", "--yes").status == 1
    )
    plugin.write_text('#!/bin/sh\necho "$*"\n')
    resumed = user.mc("resume", "last", "--yes")
    assert (resumed.status, resumed.stdout.splitlines()[1]) == (0, "--context c1 fail")


@pytest.mark.parametrize(
    ("words", "status", "text"),
    [
        ("plugin run", 1, "plugin run: which plugin?"),
        ("plugin run --help", 0, "kubectl mc plugin run NAME"),
        ("help plugin run", 0, "kubectl mc plugin run NAME"),
        ("plugin run get pods --all-clusters", 1, "get is a verb of kubectl's, which it never runs a plugin for"),
        ("plugin run nope --all-clusters", 1, "there is no plugin kubectl-nope on PATH"),
        ("plugin -n x run nope", 1, "there is no plugin kubectl-nope on PATH"),
        ("plugin run compare/x --all-clusters", 1, "there is no plugin kubectl-compare/x on PATH"),
    ],
)
def test_plugin_run_names_a_plugin(members: Shell, words: str, status: int, text: str) -> None:
    done = members.mc(*words.split())
    assert done.status == status
    assert text in done.stdout + done.stderr


def test_plugin_list_is_kubectls_own(members: Shell) -> None:
    assert members.mc("plugin", "list").stdout == members.kubectl("plugin", "list").stdout


@pytest.mark.parametrize(("words", "is_written"), [("hello --report=r", False), ("--report=r hello", True)])
def test_behind_a_plugin_s_name_a_report_is_the_plugin_s(
    with_plugin: Shell, tmp_path: Path, words: str, is_written: bool
) -> None:
    """Also where the command line is refused."""
    words = words.replace("=r", f"={tmp_path}/r")
    for refused in ([*words.split(), "--all-clusters"], [*words.split(), "--clusters"]):
        (tmp_path / "r").unlink(missing_ok=True)
        assert with_plugin.mc(*refused).status == 1
        assert (tmp_path / "r").exists() == is_written


def test_no_plugin_of_that_name(members: Shell) -> None:
    done = members.mc("helo", "--all-clusters")
    assert (done.status, done.stdout) == (1, "")
    assert "helo" in done.stderr


def test_kubectl_finds_kubectl_mc(members: Shell) -> None:
    """As it is installed beside kubectl; every argument reaches it."""
    words = ("get", "pods", "-A", "-l", "app=cart", "-oname", "--clusters=c1,c2")
    assert members.kubectl("mc", *words) == members.mc(*words)
    assert members.kubectl("mc", "get", "pod", "nope").status == 1


@pytest.mark.parametrize("words", ["", "-o json", "-o yaml", "--client", "--client -o json"])
@pytest.mark.parametrize("clusters", ["--all-clusters", "--clusters=c1"])
def test_our_version_is_beside_kubectls_and_not_in_its_output(members: Shell, clusters: str, words: str) -> None:
    done = members.mc("version", clusters, *words.split())
    ours, *others = done.stderr.splitlines()
    assert (done.status, ours, [line for line in others if "kubectl-mc" in line]) == (
        0,
        f"kubectl-mc {__version__}",
        [],
    )
    theirs = members.kubectl("--context=c1", "version", *words.split()).stdout
    if "--client" in words or (clusters != "--all-clusters" and "-o" in words):
        assert done.stdout == theirs
    else:
        assert ours not in done.stdout


def test_help_about_versions_says_nothing_of_ours(members: Shell) -> None:
    assert members.mc("version", "--help").stderr == ""


# --- One document -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("output", "load"), [("json", json.loads), ("yaml", yaml.safe_load)])
def test_what_is_no_object_is_one_document(members: Shell, output: str, load: Callable[[str], Any]) -> None:
    document = load(members.mc("version", "-o", output).stdout)
    assert document["kind"] == "ClusterResultList"
    for item, cluster in zip(document["items"], MEMBERS, strict=True):
        theirs = load(members.kubectl("--context", cluster, "version", "-o", output).stdout)
        assert item == {"cluster": cluster, "result": theirs}


@pytest.mark.parametrize(("output", "load"), [("json", json.loads), ("yaml", yaml.safe_load)])
@pytest.mark.parametrize(
    "command",
    [
        pytest.param("auth whoami", marks=WHOAMI),
        *("get events -n shop", "events -n shop", "rollout history deploy/web"),
    ],
)
def test_what_is_an_object_is_one_list(members: Shell, command: str, output: str, load: Callable[[str], Any]) -> None:
    document = load(members.mc(*command.split(), "-o", output).stdout)
    assert document["kind"] == "List"
    clusters = [item["metadata"]["annotations"][ANNOTATION] for item in document["items"]]
    assert list(dict.fromkeys(clusters)) == list(MEMBERS)


# --- Exit statuses that answer --------------------------------------------------------------------------------

SETTINGS = "---\n{apiVersion: v1, kind: ConfigMap, metadata: {name: settings, namespace: shop}, data: {a: b}}"


@pytest.fixture
def manifest(tmp_path: Path) -> str:
    (tmp_path / "settings.yaml").write_text(SETTINGS)
    return str(tmp_path / "settings.yaml")


def test_diff_says_whether_anything_differs(changing: Shell, manifest: str) -> None:
    for cluster in MEMBERS:
        assert changing.kubectl("--context", cluster, "replace", "-f", manifest).status == 0
    assert changing.mc("diff", "-f", manifest) == Done(0, "", "")
    changing.kubectl("--context", "c2", "patch", "cm", "settings", "-n", "shop", "-p", '{"data":{"a":"c"}}')
    differing = changing.mc("diff", "-f", manifest)
    assert (differing.status, differing.stderr) == (1, "")
    assert HEADINGS.findall(differing.stdout) == ["c2"]
    assert re.search(r"^-  a: c\n\+  a: b$", differing.stdout, re.MULTILINE)


def test_diff_with_a_failing_cluster_is_no_answer(changing: Shell, manifest: str) -> None:
    with changing.fault("c2", "refuse"):
        done = changing.mc("diff", "-f", manifest)
    assert done.status > 1
    assert "c2 (connection refused)" in done.stderr
    assert HEADINGS.findall(done.stdout) == ["c1", "c3"]


def test_diff_reads_what_it_is_given_for_every_cluster(changing: Shell) -> None:
    done = changing.mc("diff", "-f", "-", stdin=SETTINGS)
    assert (done.status, HEADINGS.findall(done.stdout)) == (1, list(MEMBERS))


MAY = ("auth", "can-i", "get", "nodes")


def test_can_i_is_a_yes_where_all_say_yes(members: Shell) -> None:
    assert members.mc(*MAY).status == 0


def test_can_i_is_a_no_where_one_says_no(fresh_home: Callable[..., Shell]) -> None:
    user = fresh_home(mapping="hubContext: hub\nclusters: [{name: c2, context: viewer-c2}]\n")
    done = user.mc(*MAY)
    assert done.status == 1
    assert sorted(row for row in done.rows if len(row) == 2) == [["[c1]", "yes"], ["[c2]", "no"], ["[c3]", "yes"]]
    assert "Failed" not in done.stderr
    assert user.mc(*MAY, "--quiet").status == 1


def test_can_i_with_a_failing_cluster_is_no_answer(members: Shell) -> None:
    with members.fault("c2", "refuse"):
        done = members.mc(*MAY)
    assert done.status > 1
    assert done.stdout == "[c1] yes\n[c3] yes\n"
    assert "c2 (connection refused)" in done.stderr


@needs("controllers")
@pytest.mark.parametrize(("form", "load"), [("json", json.loads), ("yaml", yaml.safe_load)])
def test_what_is_streamed_else_is_one_document_with_an_output_form(
    members: Shell, form: str, load: Callable[[str], dict[str, Any]]
) -> None:
    done = members.mc("wait", "--for=condition=Available", "deploy/cart", "-n", "shop", "-o", form)
    assert done.status == 0, done.stderr
    assert [item["kind"] for item in load(done.stdout)["items"]] == ["Deployment"] * len(MEMBERS)


def test_where_every_cluster_fails_there_is_no_document(members: Shell) -> None:
    done = members.mc("get", "pod", "nope", "-o", "json")
    assert (done.status, done.stdout) == (1, "")


def test_a_plugin_that_takes_no_context_reaches_its_cluster(members: Shell, tmp_path: Path) -> None:
    """Also where the context can't be taken out of the user's file, as a legacy auth-provider writes to it."""
    (tmp_path / "kubectl-where").write_text("#!/bin/sh\nexec kubectl config current-context\n")
    (tmp_path / "kubectl-where").chmod(0o755)
    kubeconfig = yaml.safe_load(Path(members.environment["KUBECONFIG"]).read_text())
    kubeconfig["users"].append({"name": "old", "user": {"auth-provider": {"name": "oidc"}}})
    for entry in kubeconfig["contexts"]:
        if entry["name"] in MEMBERS:
            entry["context"]["user"] = "old"
    (tmp_path / "config").write_text(yaml.safe_dump(kubeconfig))
    path = os.pathsep.join((str(tmp_path), members.environment["PATH"]))
    changed = {"PATH": path, "KUBECONFIG": str(tmp_path / "config"), "HOME": str(tmp_path)}
    user = members._replace(environment={**members.environment, **changed})
    done = user.mc("where", "--clusters=c1,c2", "--yes")
    assert done.stdout == "CLUSTER: c1\nc1\n\nCLUSTER: c2\nc2\n", done.stderr
