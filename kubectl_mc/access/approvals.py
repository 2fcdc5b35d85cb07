# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""The user's approvals of what ClusterProfiles offer, kept in ~/.kube/kubectl-mc-trust.yaml.

An offer is approved if its digest is the approved one. The approved fields are kept beside the digest to describe
changes. They are what the hub published: they hold no secrets of the user, and profile_access limits their size.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress

from kubectl_mc import API_VERSION, PROGRAM, is_other_version, messages
from kubectl_mc.access.profile_access import Offer
from kubectl_mc.access.server_urls import is_unencrypted
from kubectl_mc.fleet.cluster_profiles import ClusterProfile
from kubectl_mc.named_tuples import NamedTuple
from kubectl_mc.processes import regular_files
from kubectl_mc.processes.yaml_loader import safe_loader
from kubectl_mc.type_hints import Any, Literal

KIND = "ClusterTrust"


class ProfileKey(NamedTuple):
    """What an approval is for: the offer of a profile, or that a context of the user's reaches its cluster.

    hub: the hub's context, "" for the current one; profile: NAMESPACE/NAME; context: "" for the offer
    """

    hub: str
    profile: str
    context: str = ""

    @property
    def reference(self) -> tuple[str, str]:
        """The profile's (namespace, name)."""
        namespace, _, name = self.profile.partition("/")
        return namespace, name


class Approval(NamedTuple):
    """What the user approved. fields: those of the offer; time: when it was approved, as 2026-11-23T04:30:14Z."""

    digest: str
    time: str
    fields: Mapping[str, Any]


class FieldChange(NamedTuple):
    """A field whose text differs from the approved one. A field that does not exist has the text ""."""

    field: str
    old: str
    new: str


class Verdict(NamedTuple):
    """How an offer compares with its approval.

    state: "unknown": never approved; "changed": not what was approved; "unusable": there is no offer
    """

    state: Literal["approved", "unknown", "changed", "unusable"]
    changes: tuple[FieldChange, ...] = ()


Approvals = Mapping[ProfileKey, Approval]


def profile_key(hub: str | None, profile: ClusterProfile, context: str = "") -> ProfileKey:
    """Return the key of a profile's approval. hub: the hub's context; None for the current one."""
    return ProfileKey(hub or "", f"{profile.namespace}/{profile.name}", context)


def context_offer(context: str) -> Offer:
    """Return what a profile offers by its name alone: the user's context of that name."""
    return Offer("context", {}, {"context": context})


def is_context_approved(approvals: Approvals, hub: str | None, profile: ClusterProfile, context: str) -> bool:
    """Return whether the user has approved that the cluster of a profile is reached by the context of its name."""
    approval = approvals.get(profile_key(hub, profile, context))
    return judge_offer(context_offer(context), approval).state == "approved"


def approval_digest(fields: Mapping[str, Any]) -> str:
    """Return the sha256 digest of an offer's fields, as JSON with sorted keys and without spaces."""
    import hashlib

    text = json.dumps(fields, sort_keys=True, separators=(",", ":"))
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def judge_offer(offer: Offer, approval: Approval | None) -> Verdict:
    """Compare an offer with what the user approved for its profile."""
    if approval is None:
        return Verdict("unknown")
    if approval.digest == approval_digest(offer.fields):
        return Verdict("approved")
    before, now = flat_fields(approval.fields), flat_fields(offer.fields)
    changes = (FieldChange(field, before.get(field, ""), now.get(field, "")) for field in {**now, **before})
    return Verdict("changed", tuple(change for change in changes if change.old != change.new))


def approval_problem(cluster: str, verdict: Verdict, flags: str) -> str:
    """Return why a cluster cannot be reached by an offer with this verdict; "" if it can.

    flags: those of the command that its approval needs, too; "" for none
    """
    if verdict.state == "approved":
        return ""
    if verdict.state == "unknown":
        return messages.not_approved(cluster, flags)
    changes = [describe_change(change) for change in verdict.changes]
    return messages.approval_outdated(cluster, changes or ["the record of it has been edited"], flags)


def flat_fields(fields: Mapping[str, Any]) -> dict[str, str]:
    """Return the fields of an offer as printable ASCII. Each environment variable is a field `env NAME`."""
    from shlex import quote

    texts: dict[str, str] = {}
    for field, value in fields.items():
        if field == "env" and isinstance(value, Mapping):
            texts |= {f"env {plain(name)}": plain(content) for name, content in value.items()}
        elif field == "args" and isinstance(value, Sequence) and not isinstance(value, str):
            texts[field] = " ".join(quote(plain(argument)) for argument in value)
        else:
            texts[field] = plain(value)
    if is_unencrypted(texts.get("server", "")):
        texts["server"] += " (unencrypted, so without a login)"
    return texts


def plain(value: object) -> str:
    """Return a value from a hub as printable ASCII; control, look-alike and bidirectional characters are escaped."""
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True)
    return text.encode("unicode_escape").decode()


def describe_change(change: FieldChange) -> str:
    """Return a change in one line: `server was A and is B`."""
    old, new = (messages.shortened(text, 100) for text in (change.old, change.new))
    return f"{change.field} was {old} and is {new or 'gone'}" if old else f"{change.field} is now {new}"


_TITLES = {
    "unknown": "not approved yet",
    "approved": "approved",
    "changed": "not what was approved",
}


def describe_offer(cluster: str, offer: Offer, verdict: Verdict) -> list[str]:
    """Return lines that show what would be contacted and run, and the approved texts of fields that have changed."""
    before = {change.field: change.old for change in verdict.changes}
    fields = {**flat_fields(offer.fields), **{change.field: "" for change in verdict.changes if not change.new}}
    lines = [f"{plain(cluster)}: {_TITLES[verdict.state]}"]
    for field, text in fields.items():
        was = f" (was {before[field] or 'not there'})" if field in before else ""
        lines.append(f"  {field + ':':<22} {text or 'gone'}{was}")
    if fields.get("server", "").startswith("https:") and "certificate-authority" not in offer.fields:
        lines.append(f"  {'certificate-authority:':<22} none, so those that this machine trusts")
    return lines


# --- The file ----------------------------------------------------------------------------------------------


def approvals_path(home: str) -> str:
    """Return the path of the file that holds the approvals of the user with this home directory."""
    return os.path.join(home, ".kube", "kubectl-mc-trust.yaml")


def read_approvals(path: str) -> dict[ProfileKey, Approval]:
    """Read the approvals; none if there is no file.

    Raises UserError if the file cannot be read or is malformed, or if other users can write it.
    """
    import yaml

    try:
        with open(path, encoding="utf-8", opener=regular_files.opener) as file:
            status = os.fstat(file.fileno())
            text = file.read()
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise messages.trust_file(path, f"can't be read: {getattr(error, 'strerror', None) or error}") from None
    if status.st_mode & 0o022 or status.st_uid not in (os.getuid(), 0):
        raise messages.trust_file(path, "others than you can write it, so it may not be what you approved (chmod 600)")
    try:
        document = yaml.load(text, Loader=safe_loader())
        version, kind = document["apiVersion"], document["kind"]
        if kind == KIND and is_other_version(version):
            raise messages.other_version(path, None, version, API_VERSION, f"{PROGRAM} trust approve")
        if (version, kind) != (API_VERSION, KIND):
            raise ValueError(KIND)
        approvals = {}
        for entry in document.get("approved") or ():
            if not isinstance(entry["fields"], dict):
                raise TypeError("fields")
            key = ProfileKey(str(entry.get("hub") or ""), str(entry["profile"]), str(entry.get("context") or ""))
            approvals[key] = Approval(str(entry["digest"]), str(entry.get("time", "")), entry["fields"])
    except (yaml.YAMLError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise messages.trust_file(path, f"not YAML of kind {KIND}") from None
    return approvals


def update_approvals(path: str, update: Callable[[Approvals], Approvals]) -> None:
    """Replace the approvals in the file by what `update` makes of them. Raises UserError.

    `update` gets what is in the file now: another command may have changed it while the user was asked.
    """
    import fcntl

    from kubectl_mc.processes.private_files import make_directory, write_privately

    folder = os.path.dirname(path)
    try:
        make_directory(folder)
        # The folder is locked: the file is replaced by each update, and a lock file would stay behind.
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            with suppress(OSError):  # NFS cannot lock a folder.
                fcntl.flock(descriptor, fcntl.LOCK_EX)
            write_privately(path, approvals_text(update(read_approvals(path))))
        finally:
            os.close(descriptor)
    except OSError as error:
        raise messages.trust_file_not_written(path, str(error.strerror)) from None


def approvals_text(approvals: Approvals) -> str:
    """Return the text of a file that holds these approvals."""
    import yaml

    entries = [
        {**{name: text for name, text in key._asdict().items() if name != "context" or text}, **approval._asdict()}
        for key, approval in sorted(approvals.items())
    ]
    document = {"apiVersion": API_VERSION, "kind": KIND, "approved": entries}
    return str(yaml.dump(document, Dumper=getattr(yaml, "CSafeDumper", yaml.SafeDumper), sort_keys=False))


def approvals_for_hub(approvals: Approvals, hub: str, new_hub: str) -> dict[ProfileKey, Approval]:
    """Return the approvals of one hub's offers as those of the same hub under another name. They hold no context's."""
    return {
        key._replace(hub=new_hub): approval for key, approval in approvals.items() if key.hub == hub and not key.context
    }


def approve(approvals: Approvals, offers: Mapping[ProfileKey, Offer]) -> dict[ProfileKey, Approval]:
    """Return the approvals with these offers approved now."""
    import time

    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    return {
        **approvals,
        **{key: Approval(approval_digest(offer.fields), now, offer.fields) for key, offer in offers.items()},
    }


def revoke(approvals: Approvals, keys: Iterable[ProfileKey]) -> dict[ProfileKey, Approval]:
    """Return the approvals without those of these profiles."""
    revoked = set(keys)
    return {key: approval for key, approval in approvals.items() if key not in revoked}
