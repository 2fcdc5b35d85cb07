# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""A hub that wants to do harm, or is just very large: what it says is values to us, nothing else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parent.parent


def profile(name: str, **status: Any) -> dict[str, Any]:
    return {
        "apiVersion": "multicluster.x-k8s.io/v1alpha1",
        "kind": "ClusterProfile",
        "metadata": {"name": name, "namespace": "fleet"},
        **({"status": status} if status else {}),
    }


def mc(folder: Path, profiles: list[dict[str, Any]], *words: str) -> subprocess.CompletedProcess[str]:
    """kubectl-mc with a kubectl that gives these profiles, and of every cluster a table with one row."""
    (folder / "bin").mkdir(exist_ok=True)
    (folder / ".kube").mkdir(exist_ok=True)
    if not (folder / ".kube" / "config").exists():
        (folder / ".kube" / "config").write_text("kind: Config")
    (folder / "profiles").write_text(json.dumps({"items": profiles}))
    kubectl = folder / "bin" / "kubectl"
    answers = {
        "clusterprofiles": 'cat "$HOME/profiles"',
        "namespaces": "echo '{\"items\": []}'",
        "view": "echo '{}'",
        "": "printf 'NAME\\nx\\n'",
    }
    answer = f"case $* in {' '.join(f'*{word}*) {says} ;;' for word, says in answers.items())} esac"
    kubectl.write_text(f'#!/bin/sh\necho "$@" >> "$HOME/started"\n{answer}\n')
    kubectl.chmod(0o755)
    environment = {"HOME": str(folder), "PATH": f"{folder}/bin:/usr/bin:/bin", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "kubectl_mc", *words]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)


def started(folder: Path) -> list[str]:
    return (folder / "started").read_text().splitlines()


def test_ten_thousand_profiles_are_chosen_from(tmp_path: Path) -> None:
    profiles = [profile(f"c{number}", version={"kubernetes": "v1.36.0"}) for number in range(10_000)]
    done = mc(tmp_path, profiles, "get", "x", "--clusters=c9999,c7")
    assert (done.returncode, done.stderr) == (0, "")
    assert [line.split()[1] for line in done.stdout.splitlines()[1:]] == ["c7", "c9999"]
    assert len(started(tmp_path)) == 3
    assert len(mc(tmp_path, profiles, "clusters", "-o", "name").stdout.splitlines()) == 10_000


def test_ten_thousand_profiles_of_one_cluster_are_one_cluster(tmp_path: Path) -> None:
    labels = {"multicluster.x-k8s.io/inventory-member-id": "\x1b[2J"}
    profiles = [profile(f"c{number}") for number in range(10_000)]
    for item in profiles:
        item["metadata"] |= {"labels": labels, "creationTimestamp": "never"}
    done = mc(tmp_path, profiles, "get", "x")
    assert [line.split()[1] for line in done.stdout.splitlines()[1:]] == ["c0"]
    assert "c0 (not c1, c2, c3, " in done.stderr
    assert "and 9979 more" in done.stderr
    assert (len(done.stderr) < 1000, "\x1b" in done.stderr) == (True, False)


def test_a_megabyte_of_properties_is_no_trouble(tmp_path: Path) -> None:
    properties = [{"name": f"p{number}", "value": "v" * 1000} for number in range(1000)]
    done = mc(tmp_path, [profile("c1", properties=properties)], "get", "x", "--property=p7=v*")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("item", [profile("c1"), {**profile("c1"), "status": None}, {**profile("c1"), "status": []}])
def test_a_profile_without_status_is_a_cluster(tmp_path: Path, item: dict[str, Any]) -> None:
    assert mc(tmp_path, [item], "get", "x").returncode == 0
    assert mc(tmp_path, [item], "clusters").stdout.splitlines()[1].split()[:3] == ["c1", "unknown", "<none>"]


@pytest.mark.parametrize("name", ["../../evil", "a\x1b[2Jb", "a b", "-o", "a\nb", "a;rm", "", "$(id)", "A"])
def test_what_is_no_name_is_no_cluster(tmp_path: Path, name: str) -> None:
    """The API server lets none of these be a name (RFC 1123); so one that comes is from no API server."""
    done = mc(tmp_path, [profile("good"), profile(name)], "get", "x")
    assert [line.split()[1] for line in done.stdout.splitlines()[1:]] == ["good"]
    assert "\x1b" not in done.stdout + done.stderr
    assert sorted(os.listdir(tmp_path)) == [".kube", "bin", "profiles", "started"]


def test_text_of_a_hub_is_shown_with_its_control_characters_visible(tmp_path: Path) -> None:
    evil = "\x1b]0;title\x07\u202egpj.exe"
    item = {
        **profile("c1", version={"kubernetes": evil}),
        "spec": {"displayName": evil, "clusterManager": {"name": evil}},
    }
    done = mc(tmp_path, [item], "clusters", "-o", "wide")
    assert done.returncode == 0
    assert not {"\x1b", "\x07", "\u202e"} & set(done.stdout + done.stderr)
    assert "\\x1b]0;title" in done.stdout


@pytest.mark.parametrize("form", ["json", "yaml"])
def test_text_of_a_hub_is_escaped_for_programs(tmp_path: Path, form: str) -> None:
    evil = "\x1b\u202e\x85\u200b é"
    item = {
        **profile("c1", version={"kubernetes": evil}),
        "spec": {"displayName": evil, "clusterManager": {"name": ""}},
    }
    done = mc(tmp_path, [item], "clusters", "-o", form)
    assert done.stdout.isascii()
    assert not {"\x1b", "\x85"} & set(done.stdout)
    assert yaml.safe_load(done.stdout)["items"][0]["displayName"] == evil


def test_with_a_warm_cache_a_kubectl_per_cluster_is_started_and_no_other(tmp_path: Path) -> None:
    profiles = [profile(f"c{number}") for number in range(20)]
    assert mc(tmp_path, profiles, "get", "x").returncode == 0
    (tmp_path / "started").unlink()
    assert mc(tmp_path, profiles, "get", "x").returncode == 0
    assert len(started(tmp_path)) == 20
    # A large kubeconfig is split by one process more.
    (tmp_path / ".kube" / "config").write_text("kind: Config\n#" + "x" * 1_000_000)
    mc(tmp_path, profiles, "get", "x")
    (tmp_path / "started").unlink()
    assert mc(tmp_path, profiles, "get", "x").returncode == 0
    assert len(started(tmp_path)) == 21
