# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""`kubectl mc trust` against a hub that a small program plays."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from kubectl_mc import cli
from kubectl_mc.access import approvals
from kubectl_mc.fleet import hub_versions

SERVER = "https://c1.example:6443"


def profile(name: str, command: str = "aws", **properties: str) -> dict[str, Any]:
    fields = {"auth.exec.command": command, **{f"auth.exec.{key}": value for key, value in properties.items()}}
    return {
        "apiVersion": hub_versions.API_VERSIONS[0],
        "metadata": {"name": name, "namespace": "fleet"},
        "status": {
            "properties": [{"name": key, "value": value} for key, value in fields.items()],
            "accessProviders": [{"name": "google", "cluster": {"server": SERVER.replace("c1", name)}}],
        },
    }


NOTHING = {"apiVersion": hub_versions.API_VERSIONS[0], "metadata": {"name": "bare", "namespace": "fleet"}}


class Terminal(io.StringIO):
    """meanwhile: what happens while the user thinks."""

    def __init__(self, typed: str, meanwhile: Callable[[], object] = lambda: None) -> None:
        super().__init__(typed)
        self.meanwhile = meanwhile

    def isatty(self) -> bool:
        return True

    def readline(self, size: int = -1) -> str:  # type: ignore[override]
        self.meanwhile()
        return super().readline(size)


class Said(NamedTuple):
    status: int
    stdout: str
    stderr: str


class User:
    """A user with a home, and a hub whose profiles can be changed."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.environment = {"HOME": str(home), "PATH": f"{home}/bin:/usr/bin:/bin"}
        (home / "bin").mkdir()
        (home / ".kube").mkdir()
        (home / ".kube" / "config").write_text("{}")
        kubectl = home / "bin" / "kubectl"
        kubectl.write_text(f"#!/bin/sh\ncat {home}/profiles\n")
        kubectl.chmod(0o755)

    def hub_has(self, *profiles: Mapping[str, Any]) -> None:
        (self.home / "profiles").write_text(json.dumps({"items": profiles}))

    def mc(self, *words: str, typed: str | None = None, meanwhile: Callable[[], object] = lambda: None) -> Said:
        stdin = io.StringIO() if typed is None else Terminal(typed, meanwhile)
        stdout, stderr = io.StringIO(), io.StringIO()
        status = cli.main([*words, "--refresh"], self.environment, stdin, stdout, stderr)
        return Said(status, stdout.getvalue(), stderr.getvalue())

    def approved(self) -> set[str]:
        return {key.profile for key in approvals.read_approvals(approvals.approvals_path(str(self.home)))}


@pytest.fixture
def user(tmp_path: Path) -> User:
    user = User(tmp_path)
    user.hub_has(profile("c1"), profile("c2", args="eks,get-token"), NOTHING)
    return user


def test_an_empty_list_says_so(user: User) -> None:
    user.hub_has(NOTHING)
    assert user.mc("trust") == (0, "", "There is nothing to approve, and nothing is approved\n")


def test_the_list_says_what_is_offered_and_what_was_approved(user: User) -> None:
    assert user.mc("trust").stdout == (
        "NAME   STATUS    HUB         SERVER                    LOGIN               APPROVED\n"
        "c1     unknown   <current>   https://c1.example:6443   aws                 <never>\n"
        "c2     unknown   <current>   https://c2.example:6443   aws eks get-token   <never>\n"
    )
    user.mc("trust", "approve", "c1", "c2", "--yes")
    user.hub_has(profile("c1", command="/tmp/aws"))
    rows = [line.split()[:2] for line in user.mc("trust", "list").stdout.splitlines()[1:]]
    assert rows == [["c1", "changed"], ["fleet/c2", "kept"]]


@pytest.mark.parametrize("form", ["json", "yaml"])
def test_the_list_as_a_document(user: User, form: str) -> None:
    user.mc("trust", "approve", "c1", "--yes")
    user.hub_has(profile("c1", command="/tmp/aws"), profile("c2"))
    text = user.mc("trust", "list", "-o", form).stdout
    document = json.loads(text) if form == "json" else yaml.safe_load(text)
    changed, unknown = document["items"]
    assert (document["kind"], changed["status"], unknown["status"]) == ("ClusterTrustList", "changed", "unknown")
    assert changed["changes"] == [{"field": "command", "old": "aws", "new": "/tmp/aws"}]
    assert changed["fields"] == {"server": SERVER, "command": "/tmp/aws"}
    assert changed["approvedAt"].endswith("Z")


def test_an_unknown_form_is_said(user: User) -> None:
    assert "invalid argument 'wide' for --output" in user.mc("trust", "list", "-o", "wide").stderr


def test_approving_shows_all_and_asks(user: User) -> None:
    done = user.mc("trust", "approve", "c1", "c2", typed="y\n")
    assert done.status == 0
    assert done.stdout == ""
    assert "c1: not approved yet\n  server:                https://c1.example:6443\n" in done.stderr
    assert "  command:               aws\n  args:                  eks get-token\n" in done.stderr
    assert "Approve this for 2 clusters? [y/N] " in done.stderr
    assert user.approved() == {"fleet/c1", "fleet/c2"}


@pytest.mark.parametrize("typed", ["\n", "n\n", "", "yessir\n"])
def test_anything_but_yes_approves_nothing(user: User, typed: str) -> None:
    done = user.mc("trust", "approve", "--all-clusters", typed=typed)
    assert (done.status, user.approved()) == (1, set())
    assert "nothing was approved" in done.stderr


def test_without_a_terminal_it_says_what_to_do(user: User) -> None:
    done = user.mc("trust", "approve", "c1")
    assert (done.status, user.approved()) == (1, set())
    assert "c1: not approved yet" in done.stderr
    assert "add --yes" in done.stderr


def test_what_is_revoked_while_the_user_thinks_does_not_come_back(user: User) -> None:
    user.mc("trust", "approve", "c1", "--yes")
    done = user.mc("trust", "approve", "c2", typed="y\n", meanwhile=lambda: user.mc("trust", "revoke", "c1"))
    assert (done.status, user.approved()) == (0, {"fleet/c2"})


def test_clusters_are_chosen_by_flags_too(user: User) -> None:
    assert user.mc("trust", "approve", "--clusters=c*", "--exclude=c2", "--yes").status == 0
    assert user.approved() == {"fleet/c1"}


def in_namespace(namespace: str, profile: dict[str, Any]) -> dict[str, Any]:
    return {**profile, "metadata": {**profile["metadata"], "namespace": namespace}}


def test_an_approval_is_by_name_and_of_one_profile(user: User) -> None:
    called = {**profile("c1"), "spec": {"displayName": "Frankfurt"}}
    user.hub_has(called, profile("c2"), in_namespace("kueue", profile("c2")))
    for name in ("Frankfurt", "--clusters=Frankfurt"):
        done = user.mc("trust", "approve", name, "--yes")
        assert (done.status, "no cluster matches 'Frankfurt'" in done.stderr, user.approved()) == (1, True, set())
    for name in ("c2", "--clusters=c1,c2"):
        done = user.mc("trust", "approve", name, "--yes")
        assert (done.status, user.approved()) == (1, set())
        assert "'c2' is in several inventories, and each ClusterProfile is approved by itself: " in done.stderr
        assert "say which of fleet/c2, kueue/c2" in done.stderr
    assert user.mc("trust", "approve", "c1", "kueue/c2", "--yes").status == 0
    assert user.approved() == {"fleet/c1", "kueue/c2"}
    assert user.mc("trust", "approve", "--clusters=c*", "--yes").status == 0
    assert user.approved() == {"fleet/c1", "fleet/c2", "kueue/c2"}


def test_a_glob_that_revokes_names_revokes_no_namespace(user: User) -> None:
    user.hub_has(profile("c1"), in_namespace("c1-fleet", profile("x")))
    user.mc("trust", "approve", "--all-clusters", "--yes")
    assert user.mc("trust", "revoke", "c1*").stderr == "revoked: fleet/c1\n"
    assert user.mc("trust", "revoke", "c1*/*").stderr == "revoked: c1-fleet/x\n"


def test_a_name_wins_over_the_mapping_files_default(user: User) -> None:
    (user.home / ".kube" / "kubectl-mc-clusters.yaml").write_text("defaults: {clusters: [c2], max-parallel: 3}\n")
    assert user.mc("trust", "approve", "c1", "--yes").status == 0
    assert user.approved() == {"fleet/c1"}


def test_what_changed_is_shown_as_that(user: User) -> None:
    user.mc("trust", "approve", "c1", "--yes")
    assert "1 cluster approved already" in user.mc("trust", "approve", "c1").stderr
    user.hub_has(profile("c1", command="/tmp/aws"))
    done = user.mc("trust", "approve", "c1", typed="n\n")
    assert "c1: not what was approved" in done.stderr
    assert "/tmp/aws (was aws)" in done.stderr


def test_a_cluster_that_offers_nothing_is_named(user: User) -> None:
    done = user.mc("trust", "approve", "bare", "c1", "--yes")
    assert (done.status, user.approved()) == (3, {"fleet/c1"})
    assert "bare: its profile names no way to reach it" in done.stderr
    alone = user.mc("trust", "approve", "bare", "--yes")
    assert (alone.status, "nothing to approve" in alone.stderr) == (1, True)


def test_a_mapped_cluster_that_offers_nothing_needs_no_approval(user: User) -> None:
    mapping = "clusters: [{profile: bare, context: own}]"
    (user.home / ".kube" / "kubectl-mc.yaml").write_text(mapping)
    said = "bare: mapped to context own, so there is nothing to approve\n"
    assert user.mc("trust", "approve", "bare") == Said(0, "", said)
    done = user.mc("trust", "approve", "bare", "c1", "--yes")
    assert (done.status, done.stderr.startswith(said), user.approved()) == (0, True, {"fleet/c1"})


def test_nothing_that_a_hub_says_moves_the_cursor(user: User) -> None:
    user.hub_has(profile("c1", command="aws\x1b[2K\r", args="\u202e,é", env="A=\x9b31m"))
    for done in (user.mc("trust", "approve", "c1", typed="y\n"), user.mc("trust", "list")):
        assert all(line.isprintable() for line in (done.stdout + done.stderr).split("\n"))
        assert r"aws\x1b[2K\r" in done.stdout + done.stderr


def test_providers_of_the_users_file(user: User) -> None:
    file = user.home / "providers.json"
    login = {"apiVersion": "client.authentication.k8s.io/v1", "command": "login", "args": ["own"]}
    file.write_text(json.dumps({"providers": [{"name": "google", "execConfig": login}]}))
    flag = f"--clusterprofile-provider-file={file}"
    done = user.mc("trust", "approve", "c1", "--yes", flag)
    assert "provider:              google" in done.stderr
    assert "own" not in done.stderr
    assert "provider google" in user.mc("trust", "list", flag).stdout
    # Without the file the properties count: another login, so another question.
    assert "changed" in user.mc("trust", "list").stdout


def test_revoking_asks_no_hub(user: User) -> None:
    user.mc("trust", "approve", "--all-clusters", "--yes")
    (user.home / "bin" / "kubectl").unlink()
    assert user.mc("trust", "revoke", "c1").status == 0
    assert user.approved() == {"fleet/c2"}
    assert user.mc("trust", "revoke", "fleet/c*").stderr == "revoked: fleet/c2\n"
    assert user.approved() == set()


@pytest.mark.parametrize("text", ["", "hubContext: hub\n", "defaults: {hub-context: hub}\n"])
def test_what_is_listed_can_be_revoked_whatever_names_the_hub(user: User, text: str) -> None:
    (user.home / ".kube" / "kubectl-mc-clusters.yaml").write_text(text)
    user.mc("trust", "approve", "c1", "--yes")
    hub = "hub" if text else "<current>"
    assert user.mc("trust", "list").stdout.splitlines()[1].split()[:3] == ["c1", "approved", hub]
    assert user.mc("trust", "revoke", "c1").status == 0
    assert user.approved() == set()


def test_revoking_is_for_all_hubs_unless_one_is_typed(user: User) -> None:
    for flags in ([], ["--hub-context=a"], ["--hub-context=b"]):
        user.mc("trust", "approve", "c1", "c2", "--yes", *flags)
    assert user.mc("trust", "revoke", "c1", "--hub-context=a").stderr == "revoked: fleet/c1 of hub a\n"
    assert "nothing approved matches 'c1'" in user.mc("trust", "revoke", "c1", "--hub-context=a").stderr
    assert user.mc("trust", "revoke", "c1").stderr == "revoked: fleet/c1, fleet/c1 of hub b\n"
    assert user.approved() == {"fleet/c2"}


def test_a_hub_that_cannot_be_asked_leaves_the_record_to_be_seen(user: User) -> None:
    user.mc("trust", "approve", "c1", "--yes")
    (user.home / "bin" / "kubectl").write_text("#!/bin/sh\necho 'error: nope' >&2; exit 1\n")
    for kept in (user.home / ".kube" / "cache" / "kubectl-mc").iterdir():
        kept.unlink()
    done = user.mc("trust", "list")
    assert done.status == 0
    assert "Warning: " in done.stderr
    assert done.stdout.splitlines()[1].split()[:2] == ["fleet/c1", "kept"]


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["approve"], "name the clusters to approve"),
        (["approve", "nope"], "no cluster matches 'nope'"),
        (["revoke"], "name the clusters to revoke"),
        (["revoke", "nope"], "nothing approved matches 'nope'"),
        (["list", "-n", "shop"], "kubectl mc trust list takes no namespace: leave out --namespace (-n). For the"),
        (["aprove"], "kubectl mc trust has no command 'aprove'. Did you mean approve? There are: list, approve"),
    ],
)
def test_mistakes_are_said_with_what_to_do(user: User, words: list[str], text: str) -> None:
    done = user.mc("trust", *words)
    assert done.status == 1
    assert text in done.stderr


def test_a_pod_on_the_hub_reads_what_is_exported(user: User, tmp_path: Path) -> None:
    user.mc("trust", "approve", "c1", "--yes", "--hub-context=a")
    user.mc("trust", "approve", "c2", "--yes", "--hub-context=b")
    done = user.mc("trust", "export", "--hub-context=a")
    assert (done.status, done.stderr) == (0, "")
    (tmp_path / "exported").write_text(done.stdout)
    (tmp_path / "exported").chmod(0o644)
    exported = approvals.read_approvals(str(tmp_path / "exported"))
    own = approvals.read_approvals(approvals.approvals_path(str(user.home)))
    assert exported == {
        approvals.ProfileKey("in-cluster", "fleet/c1"): own[approvals.ProfileKey("a", "fleet/c1")],
    }


@pytest.mark.parametrize(
    ("words", "hub"), [([], "the current context, used as hub"), (["--hub-context=x"], "hub context 'x'")]
)
def test_a_hub_without_approvals_has_nothing_to_export(user: User, words: list[str], hub: str) -> None:
    user.mc("trust", "approve", "c1", "--yes", "--hub-context=a")
    done = user.mc("trust", "export", *words)
    assert (done.status, done.stdout) == (1, "")
    assert done.stderr.startswith(f"Error: nothing is approved of {hub}")


@pytest.mark.parametrize(
    ("words", "exported"),
    [
        ([], ["fleet/c1", "fleet/c2", "kueue/c1", "kueue/prod-1"]),
        (["--clusters=c1"], ["fleet/c1", "kueue/c1"]),
        (["--clusters=kueue/c1"], ["kueue/c1"]),
        (["--clusters=c2,prod-*"], ["fleet/c2", "kueue/prod-1"]),
        (["--exclude=c1"], ["fleet/c2", "kueue/prod-1"]),
        (["--clusters=c*", "--exclude=fleet/*"], ["kueue/c1"]),
        (["--inventory=kueue"], ["kueue/c1", "kueue/prod-1"]),
        (["--hub-namespace=kueue", "--clusters=c1"], ["kueue/c1"]),
        (["--inventory=kueue,fleet", "--all-clusters"], ["fleet/c1", "fleet/c2", "kueue/c1", "kueue/prod-1"]),
    ],
)
def test_flags_choose_what_is_exported_and_revoked(user: User, words: list[str], exported: list[str]) -> None:
    profiles = [("fleet", "c1"), ("fleet", "c2"), ("kueue", "c1"), ("kueue", "prod-1")]
    made = [profile(name) for _, name in profiles]
    for item, (namespace, _) in zip(made, profiles):
        item["metadata"]["namespace"] = namespace
    user.hub_has(*made)
    assert user.mc("trust", "approve", "--all-clusters", "--yes").status == 0
    done = user.mc("trust", "export", *words)
    assert (done.status, done.stderr) == (0, "")
    assert [entry["profile"] for entry in yaml.safe_load(done.stdout)["approved"]] == exported
    assert user.mc("trust", "revoke", "*", *words).status == 0
    assert user.approved() == {"/".join(key) for key in profiles} - {*exported}


@pytest.mark.parametrize("command", [["export"], ["revoke", "c1"]])
@pytest.mark.parametrize(
    ("flag", "error"),
    [
        ("--clusters=nope", "nothing approved matches 'nope'"),
        ("--exclude=nope", "nothing approved matches 'nope'"),
        ("--clusters=c1,nope*", "nothing approved matches 'nope*'"),
        ("--exclude=*", "no cluster is left: --exclude='*' leaves 0 of "),
        ("--inventory=other", "nothing approved is in namespace other"),
        *(
            (flag, f"{flag.partition('=')[0]} can't choose among approvals")
            for flag in (
                "--clusterset=a", "--property=a=b", "--cluster-selector=a=b", "--cluster-manager=a", "--placement=p",
                "--healthy", "--pick", "--contexts=*",
            )
        ),
    ],
)  # fmt: skip
def test_what_can_t_choose_among_approvals_is_an_error(user: User, command: list[str], flag: str, error: str) -> None:
    user.mc("trust", "approve", "c1", "--yes")
    done = user.mc("trust", *command, flag)
    assert (done.status, done.stdout, error in done.stderr) == (1, "", True), done.stderr
    assert user.approved() == {"fleet/c1"}


def test_clusters_may_be_revoked_by_the_flag_alone(user: User) -> None:
    user.mc("trust", "approve", "c1", "c2", "--yes")
    assert user.mc("trust", "revoke", "--clusters=c1").stderr == "revoked: fleet/c1\n"
