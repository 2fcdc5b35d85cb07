# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import json
import os
import stat
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_mc.access import approvals
from kubectl_mc.access.approvals import Approval, FieldChange, ProfileKey, Verdict
from kubectl_mc.access.profile_access import Offer
from kubectl_mc.fleet.cluster_profiles import ClusterProfile
from kubectl_mc.messages import UserError

KEY = ProfileKey("hub", "fleet/c1")

FIELDS: dict[str, Any] = {
    "server": "https://c1.example:6443",
    "certificate-authority": "sha256:00",
    "command": "aws",
    "args": ["eks", "get-token", "--cluster-name", "my c1"],
    "env": {"AWS_PROFILE": "prod"},
}


def offer(**fields: Any) -> Offer:
    """An offer with other fields; None for one that isn't there."""
    changed = {**FIELDS, **{name.replace("_", "-"): value for name, value in fields.items()}}
    return Offer("properties", {}, {name: value for name, value in changed.items() if value is not None})


def approved(accepted: Offer = offer()) -> Approval:  # noqa: B008 - a value
    return approvals.approve({}, {KEY: accepted})[KEY]


# --- Digest and verdict ------------------------------------------------------------------------------------


def test_what_was_approved_is_approved() -> None:
    assert approvals.judge_offer(offer(), approved()) == Verdict("approved")
    assert approvals.approval_problem("c1", Verdict("approved"), "") == ""


def test_what_was_never_approved_is_unknown() -> None:
    verdict = approvals.judge_offer(offer(), None)
    assert verdict == Verdict("unknown")
    assert approvals.approval_problem("c1", verdict, "").endswith(": kubectl mc trust approve c1")
    assert approvals.approval_problem("c1", verdict, "").startswith("not approved; ")
    with_flags = approvals.approval_problem("c1", verdict, "--inventory=fleet")
    assert with_flags.endswith(": kubectl mc trust approve c1 --inventory=fleet")


@pytest.mark.parametrize(
    ("now", "change"),
    [
        (offer(command="/tmp/aws"), FieldChange("command", "aws", "/tmp/aws")),
        (offer(server="https://evil.example"), FieldChange("server", FIELDS["server"], "https://evil.example")),
        (offer(certificate_authority="sha256:11"), FieldChange("certificate-authority", "sha256:00", "sha256:11")),
        (offer(certificate_authority=None), FieldChange("certificate-authority", "sha256:00", "")),
        (offer(proxy_url="http://proxy"), FieldChange("proxy-url", "", "http://proxy")),
        (offer(env={"AWS_PROFILE": "x"}), FieldChange("env AWS_PROFILE", "prod", "x")),
        (offer(env={"AWS_PROFILE": "prod", "PATH": "/tmp"}), FieldChange("env PATH", "", "/tmp")),
        (offer(env=None), FieldChange("env AWS_PROFILE", "prod", "")),
        (
            offer(args=["eks", "get-token", "--cluster-name", "my", "c1"]),
            FieldChange("args", "eks get-token --cluster-name 'my c1'", "eks get-token --cluster-name my c1"),
        ),
        (offer(exec_config={"clusterName": "c2"}), FieldChange("exec-config", "", '{"clusterName": "c2"}')),
    ],
)
def test_any_change_is_seen_and_named(now: Offer, change: FieldChange) -> None:
    verdict = approvals.judge_offer(now, approved())
    assert verdict == Verdict("changed", (change,))
    assert approvals.describe_change(change) in approvals.approval_problem("c1", verdict, "")


def test_the_login_that_a_server_gets_is_part_of_it() -> None:
    """Another of the user's own providers would send another login to the approved server."""
    before = approved(offer(command=None, args=None, env=None, provider="google"))
    now = offer(command=None, args=None, env=None, provider="azure")
    assert approvals.judge_offer(now, before).changes == (FieldChange("provider", "google", "azure"),)


def test_a_record_whose_digest_was_edited_approves_nothing() -> None:
    verdict = approvals.judge_offer(offer(), approved()._replace(digest="sha256:00"))
    assert verdict.state == "changed"
    assert "the record of it has been edited" in approvals.approval_problem("c1", verdict, "")


def test_fields_that_were_edited_approve_nothing_either() -> None:
    forged = approved()._replace(fields={**FIELDS, "server": "https://evil.example"})
    assert approvals.judge_offer(offer(server="https://evil.example"), forged).state == "changed"


def test_the_digest_is_of_values_not_of_their_order() -> None:
    assert approvals.approval_digest({"a": 1, "b": {"c": 2, "d": 3}}) == approvals.approval_digest(
        {"b": {"d": 3, "c": 2}, "a": 1}
    )


TEXT = st.text(max_size=5)
OFFER_FIELDS = st.fixed_dictionaries(
    {"server": TEXT},
    optional={
        "command": TEXT,
        "args": st.lists(TEXT, max_size=3),
        "env": st.dictionaries(TEXT, TEXT, max_size=3),
        "exec-config": st.dictionaries(TEXT, st.one_of(TEXT, st.integers(), st.none()), max_size=2),
    },
)


@given(OFFER_FIELDS, OFFER_FIELDS)
def test_only_the_very_same_is_approved(before: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    kept = approvals.approve({}, {KEY: Offer("properties", {}, before)})[KEY]
    verdict = approvals.judge_offer(Offer("properties", {}, now), kept)
    assert (verdict.state == "approved") == (before == now)
    texts = [{field: text for field, text in approvals.flat_fields(fields).items() if text} for fields in (before, now)]
    assert bool(verdict.changes) == (texts[0] != texts[1])
    assert all(change.old != change.new for change in verdict.changes)


# --- What is shown -----------------------------------------------------------------------------------------


def test_all_of_it_is_shown() -> None:
    lines = approvals.describe_offer("c1", offer(), approvals.judge_offer(offer(), None))
    assert lines == [
        "c1: not approved yet",
        "  server:                https://c1.example:6443",
        "  certificate-authority: sha256:00",
        "  command:               aws",
        "  args:                  eks get-token --cluster-name 'my c1'",
        "  env AWS_PROFILE:       prod",
    ]


def test_a_server_without_tls_is_shown_as_such() -> None:
    plain = offer(server="http://127.0.0.1:8001", certificate_authority=None)
    lines = approvals.describe_offer("c1", plain, approvals.judge_offer(plain, approved()))
    assert lines[1] == (
        "  server:                http://127.0.0.1:8001 (unencrypted, so without a login) (was https://c1.example:6443)"
    )
    assert not any("those that this machine trusts" in line for line in lines)
    verdict = approvals.judge_offer(plain, approved())
    assert "and is http://127.0.0.1:8001 (unencrypted, so without a login);" in approvals.approval_problem(
        "c1", verdict, ""
    )


def test_the_published_server_is_approved_with_the_one_that_replaces_it() -> None:
    before = approved(offer(published_server="https://inside:9092/c1"))
    now = offer(published_server="https://elsewhere:9092/c1")
    change = FieldChange("published-server", "https://inside:9092/c1", "https://elsewhere:9092/c1")
    assert approvals.judge_offer(now, before) == Verdict("changed", (change,))


def test_what_it_was_is_shown_beside_what_it_is() -> None:
    now = offer(command="/tmp/aws", env=None, proxy_url="http://proxy", certificate_authority=None)
    lines = approvals.describe_offer("c1", now, approvals.judge_offer(now, approved()))
    assert lines[0] == "c1: not what was approved"
    assert "  command:               /tmp/aws (was aws)" in lines
    assert "  env AWS_PROFILE:       gone (was prod)" in lines
    assert "  proxy-url:             http://proxy (was not there)" in lines
    assert lines[-1] == "  certificate-authority: none, so those that this machine trusts"


@given(OFFER_FIELDS)
def test_nothing_that_is_shown_can_hide(fields: Mapping[str, Any]) -> None:
    """No control character, no letter that looks like another one, no line that looks like a line of ours."""
    hostile = Offer("properties", {}, fields)
    for line in approvals.describe_offer("c\x1b1", hostile, Verdict("unknown")):
        assert line.isascii()
        assert line.isprintable()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b[2Kb", r"a\x1b[2Kb"),
        ("a\nb", r"a\nb"),
        ("аws", r"\u0430ws"),
        ("a\u202eb", r"a\u202eb"),
        ("a\\nb", r"a\\nb"),
    ],
)
def test_a_value_is_shown_as_printable_ascii(text: str, shown: str) -> None:
    assert approvals.plain(text) == shown


# --- The file ----------------------------------------------------------------------------------------------


def keep(file: str, record: Mapping[ProfileKey, Approval]) -> None:
    approvals.update_approvals(file, lambda before: record)


def test_the_record_is_kept_for_its_owner_only(tmp_path: Path) -> None:
    file = approvals.approvals_path(str(tmp_path))
    assert file == f"{tmp_path}/.kube/kubectl-mc-trust.yaml"
    record = approvals.approve(
        {}, {KEY: offer(), ProfileKey("", "fleet/c2"): offer(args=["\x1b", "é", "no", "2026-11-23"])}
    )
    keep(file, record)
    assert stat.S_IMODE(os.stat(file).st_mode) == 0o600
    assert approvals.read_approvals(file) == record
    assert os.listdir(tmp_path / ".kube") == ["kubectl-mc-trust.yaml"]


def test_of_changes_at_the_same_time_none_is_lost(tmp_path: Path) -> None:
    file, keys = (
        approvals.approvals_path(str(tmp_path)),
        [ProfileKey("hub", f"fleet/c{number}") for number in range(16)],
    )

    def approve(key: ProfileKey) -> None:
        approvals.update_approvals(file, lambda record: approvals.approve(record, {key: offer()}))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(approve, keys))
    assert set(approvals.read_approvals(file)) == set(keys)


def test_no_file_is_no_approval(tmp_path: Path) -> None:
    assert approvals.read_approvals(str(tmp_path / "nope")) == {}


def test_revoking_leaves_the_others() -> None:
    record = approvals.approve({}, {KEY: offer(), ProfileKey("hub", "fleet/c2"): offer()})
    assert set(approvals.revoke(record, [KEY])) == {ProfileKey("hub", "fleet/c2")}
    assert set(record) == {KEY, ProfileKey("hub", "fleet/c2")}


def test_a_context_reaches_a_cluster_only_if_exactly_that_was_approved() -> None:
    profile = ClusterProfile("c1", "fleet")
    key = approvals.profile_key("hub", profile, "c1")
    record = approvals.approve({}, {key: approvals.context_offer("c1")})
    assert approvals.is_context_approved(record, "hub", profile, "c1")
    assert not approvals.is_context_approved(record, None, profile, "c1")
    assert not approvals.is_context_approved(record, "hub", profile, "c2")
    assert not approvals.is_context_approved(record, "hub", ClusterProfile("c1", "other"), "c1")
    edited = {key: record[key]._replace(digest="sha256:0")}
    assert not approvals.is_context_approved(edited, "hub", profile, "c1")


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (FieldChange("server", "a", "b"), "server was a and is b"),
        (FieldChange("server", "", "b"), "server is now b"),
        (FieldChange("server", "a", ""), "server was a and is gone"),
        (FieldChange("args", "a" * 101, "b" * 100), f"args was {'a' * 100}… and is {'b' * 100}"),
    ],
)
def test_a_change_is_one_line(change: FieldChange, text: str) -> None:
    assert approvals.describe_change(change) == text


def test_only_one_hub_s_offers_are_handed_on_and_no_context() -> None:
    others = (KEY._replace(hub=""), KEY._replace(hub="hub-2"), KEY._replace(context="c1"))
    approval = approved()
    handed_on = approvals.approvals_for_hub(dict.fromkeys((KEY, *others), approval), "hub", "in-cluster")
    assert handed_on == {ProfileKey("in-cluster", "fleet/c1"): approval}


def test_the_same_profile_of_another_hub_is_another_one() -> None:
    profile = ClusterProfile("c1", "fleet")
    assert approvals.profile_key("hub", profile) == KEY
    assert approvals.profile_key(None, profile) == ProfileKey("", "fleet/c1")


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_a_record_that_others_can_write_is_refused(tmp_path: Path, mode: int) -> None:
    file = tmp_path / "trust.yaml"
    keep(str(file), {KEY: approved()})
    file.chmod(mode)
    with pytest.raises(UserError, match="chmod 600"):
        approvals.read_approvals(str(file))


@pytest.mark.parametrize(
    "text",
    [
        "", "7", "[]", "{}", "a: [", "\x00", "apiVersion: v1\nkind: ClusterTrust\n",
        "apiVersion: kubectl-mc.k8s.io/v1alpha1\nkind: ClusterTrust\napproved: 7\n",
        "apiVersion: kubectl-mc.k8s.io/v1alpha1\nkind: ClusterTrust\napproved: [{profile: a}]\n",
        "apiVersion: kubectl-mc.k8s.io/v1alpha1\nkind: ClusterTrust\napproved: [{profile: a, digest: b, fields: 7}]\n",
        "!!python/object/apply:os.system ['true']",
        "2026-13-45",
    ],
)  # fmt: skip
def test_a_file_that_is_no_record_is_a_user_error(tmp_path: Path, text: str) -> None:
    file = tmp_path / "trust.yaml"
    file.write_text(text)
    file.chmod(0o600)
    with pytest.raises(UserError, match=r"trust\.yaml: not YAML of kind ClusterTrust"):
        approvals.read_approvals(str(file))


@pytest.mark.parametrize("version", ["v1alpha2", "v1", "v1alpha0"])
def test_a_file_of_another_version_is_neither_read_nor_replaced(tmp_path: Path, version: str) -> None:
    file = tmp_path / "trust.yaml"
    text = f"apiVersion: kubectl-mc.k8s.io/{version}\nkind: ClusterTrust\nnew: 7\n"
    file.write_text(text)
    file.chmod(0o600)
    words = rf"it is of kubectl-mc\.k8s\.io/{version}, as another version .* kubectl mc trust approve$"
    with pytest.raises(UserError, match=words):
        approvals.read_approvals(str(file))
    with pytest.raises(UserError, match=words):
        keep(str(file), {KEY: approved()})
    assert file.read_text() == text


def test_a_folder_that_cannot_be_written_is_a_user_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="can't be written"):
        keep(str(tmp_path / "file" / "trust.yaml"), {})


def test_what_is_kept_can_be_read_by_others(tmp_path: Path) -> None:
    file = tmp_path / "trust.yaml"
    keep(str(file), {KEY: approved()})
    assert json.dumps(FIELDS["args"][1]).strip('"') in file.read_text()
    assert "digest: sha256:" in file.read_text()
