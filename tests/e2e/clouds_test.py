# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""`kubectl mc setup --provider` on the fleet, with fakes of the clouds' CLIs: what they are told, make and say."""

from __future__ import annotations

import base64
import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from tests.e2e.conftest import ADMIN, Done, Shell
from tests.e2e.dialogue import FILE, PROMPT, home, kubeconfig, talk, written

MakeShell = Callable[..., Shell]


def current_context(shell: Shell) -> str:
    return shell.kubectl("config", "current-context").stdout.strip()


# What all fakes do: tell their argv, and make a context as the real one does, which is the current one afterwards.
FAKE = """\
#!/bin/sh
printf '%s\\n' "$(basename "$0")" "$@" >> "$HOME/argv"
make() { kubectl config set-context "$1" --cluster="$2" --user=admin > /dev/null; kubectl config use-context "$1"; }
"""
ALIAS = 'while [ "$1" != "$FLAG" ]; do shift; done; make "$2" "$2"\n'
AWS = FAKE + "FLAG=--alias\n" + ALIAS
AZ = FAKE + "FLAG=--context\n" + ALIAS
GCLOUD = FAKE + 'make "gke_${8}_${6}_$4" c2\n'
# As `aws` says it where the session has ended; gcloud's has its reason first and ends in further advice.
AWS_EXPIRED = (
    FAKE + "echo >&2; echo 'Error when retrieving token from sso: Token has expired and refresh failed' >&2; exit 255\n"
)
GCLOUD_REASON = (
    "ERROR: (gcloud.container.clusters.get-credentials) There was a problem refreshing your current auth tokens: "
    "Reauthentication failed. cannot prompt during non-interactive execution."
)
GCLOUD_EXPIRED = f"""{FAKE}
cat >&2 <<'END'
Fetching cluster endpoint and auth data.
{GCLOUD_REASON}
Please run:

  $ gcloud auth login

to obtain new credentials.
END
exit 1
"""
EKS2 = {"cluster-name": "shop-2", "region": "eu-west-1"}
EKS3 = {"auth.exec.args": "--region,eu-west-1,eks,get-token,--cluster-name,shop-3"}


@pytest.fixture
def cloud(fresh_home: MakeShell, own_members: Shell) -> Iterator[Callable[..., Shell]]:
    """A user with a context for c1 only, fakes of clouds' CLIs, and profiles with these properties."""

    def make(fakes: dict[str, str], **properties: dict[str, str]) -> Shell:
        for name, given in properties.items():
            listed = [{"name": key, "value": value} for key, value in given.items()]
            patch = json.dumps({"status": {"properties": listed}})
            where = ["--context=hub", "-n", "fleet", "patch", "clusterprofile", name]
            patched = own_members.kubectl(*where, "--subresource=status", "--type=merge", "-p", patch)
            assert patched.status == 0, patched.stderr
        shell = fresh_home(kubeconfig=kubeconfig(own_members, c1="c1"))
        folder = home(shell) / "bin"
        folder.mkdir()
        (folder / "kubectl").symlink_to(str(shutil.which("kubectl", path=shell.environment["PATH"])))
        for name, script in fakes.items():
            (folder / name).write_text(script)
            (folder / name).chmod(0o755)
        path = os.pathsep.join((str(folder), "/usr/bin", "/bin"))
        return shell._replace(fleet=own_members.fleet, environment={**shell.environment, "PATH": path})

    yield make
    own_members.fleet.reset("hub")


def started(shell: Shell) -> list[str]:
    """The words that the fakes were given."""
    path = home(shell) / "argv"
    return path.read_text().splitlines() if path.exists() else []


def problems(done: Done) -> dict[str, str]:
    """Cluster -> PROBLEM."""
    header, *lines = done.stdout.splitlines()
    return {line.split()[0]: line[header.index("PROBLEM") :] for line in lines}


def test_aws_makes_the_contexts_that_are_missing(cloud: Callable[..., Shell]) -> None:
    shell = cloud({"aws": AWS}, c2=EKS2, c3=EKS3)
    done = shell.mc("setup", "--provider=aws", "--yes", "--hub-context=hub")
    assert done.stderr.splitlines()[:3] == [
        "To be run:",
        "  aws eks update-kubeconfig --name shop-2 --region eu-west-1 --alias c2",
        "  aws eks update-kubeconfig --name shop-3 --region eu-west-1 --alias c3",
    ]
    assert started(shell) == [
        *["aws", "eks", "update-kubeconfig", "--name", "shop-2", "--region", "eu-west-1", "--alias", "c2"],
        *["aws", "eks", "update-kubeconfig", "--name", "shop-3", "--region", "eu-west-1", "--alias", "c3"],
    ]
    user = "USER".ljust(len(ADMIN))
    assert done.stdout == (
        f"CLUSTER   CONTEXT   HOW           SERVER ANSWERS   {user}   PROBLEM\n"
        f"c1        c1        same name     yes              {ADMIN}\n"
        f"c2        c2        made by aws   yes              {ADMIN}\n"
        f"c3        c3        made by aws   yes              {ADMIN}\n"
    )
    assert done.status == 0
    assert written(shell) == {"c1": "c1", "c2": "c2", "c3": "c3"}
    assert current_context(shell) == "hub"  # which the CLI had changed, and with it, perhaps, the hub
    (home(shell) / "argv").unlink()
    assert shell.mc("setup", "--provider=aws", "--yes").status == 0
    assert started(shell) == []


def test_ctrl_c_puts_the_current_context_back(cloud: Callable[..., Shell]) -> None:
    shell = cloud({"aws": AWS + 'echo > "$HOME/made"; exec sleep 1000\n'}, c2=EKS2, c3={})
    os.mkfifo(home(shell) / "made")
    with shell.running("setup", "--provider=aws", "--yes", "--hub-context=hub") as setup:
        (home(shell) / "made").read_text()
        assert current_context(shell) == "c2"
        setup.interrupt()
        assert (setup.end(), setup.left()) == (130, [])
    assert current_context(shell) == "hub"


def test_a_login_that_has_ended_and_a_missing_property_are_said_and_the_rest_goes_on(
    cloud: Callable[..., Shell],
) -> None:
    once = AWS.replace(FAKE, FAKE + 'case "$*" in *shop-3*) ;; *) ' + AWS_EXPIRED[len(FAKE) :].rstrip() + " ;; esac\n")
    shell = cloud({"aws": once}, c1={}, c2=EKS2, c3=EKS3)
    done = shell.mc("setup", "--provider=aws", "--yes")
    expired = "aws: Error when retrieving token from sso: Token has expired and refresh failed (log in: aws sso login)"
    assert problems(done) == {"c1": "", "c2": expired, "c3": ""}
    assert (done.status, written(shell)) == (3, {"c1": "c1", "c3": "c3"})


def test_what_is_missing_is_said_per_cluster(cloud: Callable[..., Shell]) -> None:
    shell = cloud(
        {"aws": AWS}, c2={"cluster-name": "shop"}, c3={"cluster-name": "--profile=evil", "region": "eu-west-1"}
    )
    done = shell.mc("setup", "--provider=aws", "--yes")
    assert problems(done) == {
        "c1": "",
        "c2": "the ClusterProfile has no property region (or region.open-cluster-management.io, location)",
        "c3": "cluster-name '--profile=evil' is nothing that aws would take",
    }
    assert started(shell) == []


def test_a_cli_that_isnt_there(cloud: Callable[..., Shell]) -> None:
    shell = cloud({}, c2=EKS2, c3={})
    done = shell.mc("setup", "--provider=aws", "--yes", env={"PATH": str(home(shell) / "bin")})
    assert problems(done)["c2"] == "aws is not on PATH"
    assert done.status == 3


def test_gcloud_names_its_contexts_itself(cloud: Callable[..., Shell]) -> None:
    properties = {"cluster-name": "shop", "location": "europe-west1", "project": "team-a-1"}
    shell = cloud({"gcloud": GCLOUD}, c2=properties, c3={})
    done = shell.mc("setup", "--provider=gcp", "--yes")
    words = "gcloud container clusters get-credentials shop --location europe-west1 --project team-a-1"
    assert started(shell) == words.split()
    assert done.rows[2][:5] == ["c2", "gke_team-a-1_europe-west1_shop", "made", "by", "gcloud"]
    assert written(shell)["c2"] == "gke_team-a-1_europe-west1_shop"


def test_gcloud_s_reason_is_not_its_last_line(cloud: Callable[..., Shell]) -> None:
    properties = {"link": "projects/team-a-1/locations/europe-west1/clusters/shop"}
    done = cloud({"gcloud": GCLOUD_EXPIRED}, c2=properties, c3={}).mc("setup", "--provider=gcp", "--yes")
    assert problems(done)["c2"] == f"gcloud: {GCLOUD_REASON} (log in: gcloud auth login)"


def test_az_is_told_the_file(cloud: Callable[..., Shell]) -> None:
    shell = cloud({"az": AZ}, c2={"cluster-name": "Shop", "resource-group": "team(a)"}, c3={})
    assert shell.mc("setup", "--provider=azure", "--yes").rows[2][:5] == ["c2", "c2", "made", "by", "az"]
    assert started(shell) == [
        *["az", "aks", "get-credentials", "--name", "Shop", "--resource-group", "team(a)", "--context", "c2", "--file"],
        str(home(shell) / ".kube" / "config"),
    ]


CLUSTER_ID = "c" + "0123456789abcdef" * 2


def aliyun(shell: Shell, user: dict[str, str]) -> str:
    """A fake that prints what DescribeClusterUserKubeconfig answers; its cluster is the fleet's c2."""
    config = yaml.safe_load(shell.fleet.kubeconfig.read_text())
    (cluster,) = (each["cluster"] for each in config["clusters"] if each["name"] == "c2")
    printed = {
        "current-context": "1-c0",
        "clusters": [{"name": "kubernetes", "cluster": cluster}],
        "contexts": [{"name": "1-c0", "context": {"cluster": "kubernetes", "user": "1"}}],
        "users": [{"name": "1", "user": user}],
    }
    return FAKE + f"cat <<'END'\n{json.dumps({'config': yaml.safe_dump(printed), 'expiration': 'x'})}\nEND\n"


def without_cluster(shell: Shell, name: str) -> Path:
    """Take a cluster's entry out of the user's kubeconfig; its path."""
    shell.kubectl("config", "delete-cluster", name)
    return home(shell) / ".kube" / "config"


def test_aliyun_prints_a_kubeconfig_which_kubectl_takes_over(cloud: Callable[..., Shell], own_members: Shell) -> None:
    directory = own_members.fleet.directory
    encoded = {
        "client-certificate-data": base64.b64encode((directory / "admin.crt").read_bytes()).decode(),
        "client-key-data": base64.b64encode((directory / "admin.key").read_bytes()).decode(),
    }
    shell = cloud({"aliyun": aliyun(own_members, encoded)}, c2={"cluster-id": CLUSTER_ID}, c3={})
    path = without_cluster(shell, "c2")
    done = shell.mc("setup", "--provider=ali", "--yes", "--clusters=c2")
    assert started(shell) == ["aliyun", "cs", "DescribeClusterUserKubeconfig", "--ClusterId", CLUSTER_ID]
    assert done.rows[1] == ["c2", "c2", "made", "by", "aliyun", "yes", ADMIN]
    (user,) = (each["user"] for each in yaml.safe_load(path.read_text())["users"] if each["name"] == "c2")
    assert user == encoded
    assert written(shell) == {"c2": "c2"}


@pytest.mark.parametrize(
    ("taken", "problem"),
    [
        (False, "aliyun printed no kubeconfig with a client certificate"),
        (True, "the kubeconfig has a cluster or user c2 already"),
    ],
)
def test_what_cant_be_taken_over_changes_nothing(
    cloud: Callable[..., Shell], own_members: Shell, taken: bool, problem: str
) -> None:
    shell = cloud({"aliyun": aliyun(own_members, {"token": "t"})}, c2={"cluster-id": CLUSTER_ID}, c3={})
    path = home(shell) / ".kube" / "config" if taken else without_cluster(shell, "c2")
    before = path.read_text()
    done = shell.mc("setup", "--provider=ali", "--yes", "--clusters=c2")
    assert problems(done) == {"c2": problem}
    assert path.read_text() == before


def test_check_only_shows_the_commands(cloud: Callable[..., Shell]) -> None:
    shell = cloud({"aws": AWS}, c2=EKS2, c3={})
    done = shell.mc("setup", "--provider=aws", "--check")
    assert done.stderr.splitlines()[:2] == [
        "Would run:",
        "  aws eks update-kubeconfig --name shop-2 --region eu-west-1 --alias c2",
    ]
    assert started(shell) == []
    assert not (home(shell) / FILE).exists()


def test_on_a_terminal_the_user_agrees_once_and_is_asked_for_what_stays_open(cloud: Callable[..., Shell]) -> None:
    shell = cloud({"aws": AWS}, c2=EKS2, c3={})
    done = talk(shell, ["setup", "--provider=aws"], [("Run them? [y/N] ", "y\n"), (PROMPT, "c1\n")])
    assert "Which context reaches c3? (the ClusterProfile has no property cluster-name" in done.screen
    assert (done.status, written(shell)) == (0, {"c1": "c1", "c2": "c2", "c3": "c1"})


def test_who_doesnt_agree_is_asked(cloud: Callable[..., Shell]) -> None:
    shell = cloud({"aws": AWS}, c2=EKS2, c3=EKS3)
    done = talk(shell, ["setup", "--provider=aws"], [("Run them? [y/N] ", "\n"), (PROMPT, "\x04")])
    assert (done.status, started(shell), written(shell)) == (3, [], {"c1": "c1"})


def test_what_a_hub_says_is_shown_with_its_escapes_visible(cloud: Callable[..., Shell]) -> None:
    shell = cloud({"aws": AWS}, c2={"cluster-name": "\x1b[2Jx", "region": "eu-west-1"}, c3={})
    done = shell.mc("setup", "--provider=aws", "--yes")
    assert "\x1b" not in done.stdout + done.stderr
    assert problems(done)["c2"] == r"cluster-name '\x1b[2Jx' is nothing that aws would take"
