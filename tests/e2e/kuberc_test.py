# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""A kuberc with real kubectl: the real command is classified, and nothing of it is sent elsewhere."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import real_kubectl
from tests.e2e.conftest import Done, Shell, needs
from tests.e2e.verbs_test import Place

Writer = Callable[[bytes | None], Place]

KUBERC = """
apiVersion: kubectl.config.k8s.io/v1beta1
kind: Preference
aliases:
- {name: note, command: annotate, options: [{name: overwrite, default: "true"}]}
- {name: getcm, command: get, prependArgs: [cm], options: [{name: output, default: name}]}
- {name: elsewhere, command: annotate, appendArgs: ["--context=c3"]}
- {name: last, command: logs, options: [{name: tail, default: "2"}]}
- {name: behind, command: annotate, appendArgs: [c3]}
defaults:
- {command: get, options: [{name: output, default: json}]}
- {command: delete, options: [{name: interactive, default: "true"}]}
"""


@pytest.fixture
def user(place: Place, tmp_path: Path) -> Place:
    """A user with a kuberc, and a ConfigMap in every cluster."""
    (tmp_path / "kuberc").write_text(KUBERC)
    environment = {**place.shell.environment, "KUBERC": str(tmp_path / "kuberc")}
    assert place.shell.mc("create", "cm", "victim", "--all-clusters", "--yes").status == 0
    return place._replace(shell=place.shell._replace(environment=environment))


def annotations_of(shell: Shell, cluster: str) -> dict[str, str]:
    answer = shell.kubectl("--context", cluster, "get", "cm", "victim", "-o", "json", env={"KUBERC": "off"})
    annotations: dict[str, str] = json.loads(answer.stdout)["metadata"].get("annotations", {})
    return annotations


def test_an_alias_of_a_read_is_a_read(user: Place) -> None:
    done = user.shell.mc("getcm", "victim")
    assert (done.status, done.stdout) == (0, "".join(f"{name}\tconfigmap/victim\n" for name in ("c1", "c2", "c3")))


@needs("kubelet")
def test_flags_about_log_lines_are_ours_behind_an_alias_of_logs(user: Place) -> None:
    words = ("solo", "-n", "shop", "--clusters=c1", "--include=line 49", "--verbose", "-o", "raw")
    assert user.shell.mc("last", *words) == Done(0, "line 49 of shop/solo/nginx\n", "")


def test_an_alias_of_a_change_passes_the_gate(user: Place) -> None:
    refused = user.shell.mc("note", "cm", "victim", "k=1", "--field-manager", "--help")
    assert (refused.status, "Use --all-clusters to annotate" in refused.stderr) == (1, True)
    assert user.shell.mc("note", "cm", "victim", "k=1", "--clusters=c2", "--yes").status == 0
    assert [annotations_of(user.shell, name).get("k") for name in ("c1", "c2", "c3")] == [None, "1", None]
    assert "annotate --overwrite=true cm victim k=1" in user.shell.mc("audit", "show", "last").stdout


@pytest.mark.parametrize(
    "words", [["elsewhere", "cm", "victim", "k=1"], ["behind", "cm", "victim", "k=1", "--context"]]
)
def test_a_kuberc_can_t_send_a_command_to_another_cluster(user: Place, words: list[str]) -> None:
    done = user.shell.mc(*words, "--clusters=c1", "--yes")
    assert (done.status, "--context" in done.stderr) == (1, True)
    assert not any(annotations_of(user.shell, name) for name in ("c1", "c2", "c3"))


def test_defaults_count_where_nothing_is_typed(user: Place) -> None:
    items = json.loads(user.shell.mc("get", "cm", "victim").stdout)["items"]
    assert len(items) == 3
    assert user.shell.mc("get", "cm", "victim", "-oname").stdout.startswith("c1\tconfigmap/victim\n")


def test_defaults_of_kustomize_are_not_for_what_k_builds(user: Place, tmp_path: Path) -> None:
    """With plain kubectl, too, -k neither runs helm nor writes a file."""
    options = "[{name: output, default: BUILT}, {name: enable-helm, default: 'true'}]"
    line = f"- {{command: kustomize, options: {options.replace('BUILT', str(tmp_path / 'built'))}}}\n"
    (tmp_path / "kuberc").write_text(KUBERC + line)
    (tmp_path / "kustomization.yaml").write_text("configMapGenerator: [{name: new, literals: [a=b]}]\n")
    words = ("apply", "-k", str(tmp_path), "--clusters=c1", "--dry-run=server")
    done = user.shell.mc(*words, env={"KUBECTL_MC_READ_ONLY": "1"})
    assert (done.status, "configmap/new" in done.stdout, (tmp_path / "built").exists()) == (0, True, False)


def test_kubectl_asks_nobody(user: Place) -> None:
    done = user.shell.mc("delete", "cm", "victim", "--clusters=c1", "--yes")
    assert (done.status, done.stdout.startswith('[c1] configmap "victim" deleted')) == (0, True)


def test_a_policy_for_credential_plugins_stays_in_force(user: Place, tmp_path: Path) -> None:
    """kubectl gets the policy, and nothing else of the kuberc."""
    fake = tmp_path / "bin"
    fake.mkdir()
    (fake / "kubectl").write_text(f'#!{sys.executable}\nimport os\nprint(open(os.environ["KUBERC"]).read())\n')
    (fake / "kubectl").chmod(0o755)
    (tmp_path / "kuberc").write_text(KUBERC + "credentialPluginPolicy: DenyAll\n")
    path = os.pathsep.join((str(fake), user.shell.environment["PATH"]))
    done = user.shell.mc("get", "pods", "-o", "yaml", "--clusters=c1", env={"PATH": path})
    assert json.loads(done.stdout) == {
        "apiVersion": "kubectl.config.k8s.io/v1beta1", "kind": "Preference", "credentialPluginPolicy": "DenyAll",
    }  # fmt: skip


def test_a_value_can_t_be_taken_for_a_kuberc(user: Place) -> None:
    done = user.shell.mc("annotate", "cm", "victim", "x--kuberc=/nope", "--clusters=c1", "--yes")
    assert (done.status, "kubectl would take --kuberc=" in done.stderr) == (1, True)


@pytest.mark.parametrize("kuberc", ["", "kind: Preference", "aliases: 1"])
def test_a_kuberc_that_is_named_and_can_t_be_used_is_an_error(user: Place, tmp_path: Path, kuberc: str) -> None:
    (tmp_path / "kuberc").write_text(kuberc)
    done = user.shell.mc("get", "cm", "victim", "-o", "name")
    assert done.status == (1 if kuberc else 0)
    assert ("the kuberc file can't be used" in done.stderr) is bool(kuberc)


@pytest.fixture
def default(user: Place, tmp_path: Path) -> Writer:
    """Writes the kuberc in its default place; None for a directory."""

    def write(content: bytes | None) -> Place:
        home = tmp_path / "home"
        shutil.copytree(user.shell.environment["HOME"], home, symlinks=True)
        path = home / ".kube" / "kuberc"
        path.parent.mkdir(exist_ok=True)
        path.mkdir() if content is None else path.write_bytes(content)
        environment = {**user.shell.environment, "HOME": str(home)}
        del environment["KUBERC"]
        return user._replace(shell=user.shell._replace(environment=environment))

    return write


@pytest.mark.parametrize(
    "kuberc",
    [
        b"foo",
        None,
        b"apiVersion: v1\nkind: Preference\n",
        KUBERC.replace('"true"', "true").encode(),
    ],
)
def test_what_kubectl_passes_over_is_passed_over(default: Writer, kuberc: bytes | None) -> None:
    shell = default(kuberc).shell
    done, plain = shell.mc("get", "cm", "victim", "-o", "name"), shell.kubectl("--context=c1", "get", "cm", "victim")
    assert (done.status, plain.status) == (0, 0)
    said = [done.stderr, *([plain.stderr] if real_kubectl.version() >= (1, 34) else [])]  # older ones read none
    assert all("kuberc: no preferences loaded from" in stderr for stderr in said)


DRY_RUN = "kind: Preference\napiVersion: kubectl.config.k8s.io/v1beta1\ndefaults:\n" + (
    "- command: delete\n  options: [{name: dry-run, default: server}]\n"
)


@pytest.mark.parametrize(
    "kuberc",
    [
        DRY_RUN + "extra: 1:30\n",
        DRY_RUN + "- {command: get, options: [{name: field-manager, default: =}]}\n",
        DRY_RUN + "---\n[\n",
        '{\n\t"kind": "Preference",\n\t"apiVersion": "kubectl.config.k8s.io/v1beta1",\n\t"defaults": [\n'
        '\t\t{"command": "delete", "options": [{"name": "dry-run", "default": "server"}]}\n\t]\n}\n',
    ],
)
def test_a_default_that_kubectl_applies_is_applied(default: Writer, kuberc: str) -> None:
    shell = default(kuberc.encode()).shell
    done = shell.mc("delete", "cm", "victim", "--clusters=c1", "--yes")
    assert (done.status, "deleted" in done.stdout) == (0, True)
    assert ('unknown field "extra"' in done.stderr) == ("extra" in kuberc)
    assert annotations_of(shell, "c1") == {}  # it is still there


@pytest.mark.parametrize("more", ["kind: Preference\n", "x: !!bool foo\n", "x: \xff\n", "["])
def test_a_kuberc_that_kubectl_may_read_otherwise_stops_every_verb(default: Writer, more: str) -> None:
    shell = default((DRY_RUN + more).encode("latin-1")).shell
    for words in (["delete", "cm", "victim", "--clusters=c1", "--yes"], ["version", "--client"]):
        done = shell.mc(*words)
        assert (done.status, done.stdout) == (1, "")
        assert f"how kubectl reads the kuberc file {shell.environment['HOME']}/.kube/kuberc" in done.stderr
    assert annotations_of(shell, "c1") == {}


@real_kubectl.since("1.36", "the verb kuberc")
def test_the_verb_that_is_about_a_kuberc_gets_the_one_that_is_named(members: Shell, tmp_path: Path) -> None:
    (tmp_path / "named").write_text(KUBERC)
    words = ["kuberc", "view", f"--kuberc={tmp_path}/named"]
    done = members.mc(*words)
    assert "aliases:" in done.stdout
    assert done == members.kubectl(*words)
