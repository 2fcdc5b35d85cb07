"""What the user has approved of what hubs say (~/.kube/kubectl-mc-trust.yaml), and whether an offer still is that.

A digest of exactly what was approved decides; the approved fields are kept beside it to say what has changed. They are
what the hub published, no secrets of the user's; providers.MOST_TO_APPROVE bounds them.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple

from kubectl_mc import messages
from kubectl_mc.access.profile_access import Offer
from kubectl_mc.fleet.cluster_profiles import ClusterProfile

API_VERSION = "kubectl-mc.k8s.io/v1alpha1"
KIND = "ClusterTrust"


class ProfileKey(NamedTuple):
    """Whose approval it is. hub: its context, "" for the current one; profile: NAMESPACE/NAME on it."""

    hub: str
    profile: str


class Approval(NamedTuple):
    """fields: what was approved, as an Offer has it; time: when, as 2026-11-23T04:30:14Z."""

    digest: str
    time: str
    fields: Mapping[str, Any]


class FieldChange(NamedTuple):
    """A field that isn't as it was approved; "" for what isn't there."""

    field: str
    old: str
    new: str


class Verdict(NamedTuple):
    """state: "approved", "unknown" (never approved) or "changed"."""

    state: str
    changes: tuple[FieldChange, ...] = ()


Approvals = Mapping[ProfileKey, Approval]


def profile_key(hub: str | None, profile: ClusterProfile) -> ProfileKey:
    return ProfileKey(hub or "", f"{profile.namespace}/{profile.name}")


def approval_digest(approval: Mapping[str, Any]) -> str:
    """sha256 over the one JSON text that keys in order and no spaces leave."""
    import hashlib

    text = json.dumps(approval, sort_keys=True, separators=(",", ":"))
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def judge_offer(offer: Offer, approved: Approval | None) -> Verdict:
    """Is this offer what was approved?"""
    if approved is None:
        return Verdict("unknown")
    if approved.digest == approval_digest(offer.approval):
        return Verdict("approved")
    before, now = flat_fields(approved.fields), flat_fields(offer.approval)
    changes = (FieldChange(field, before.get(field, ""), now.get(field, "")) for field in {**now, **before})
    return Verdict("changed", tuple(change for change in changes if change.old != change.new))


def approval_problem(cluster: str, found: Verdict) -> str:
    """Why a cluster can't be reached by an offer with this verdict; "" if it can."""
    if found.state == "approved":
        return ""
    if found.state == "unknown":
        return messages.not_approved(cluster)
    changes = [describe_change(change) for change in found.changes]
    return messages.approval_outdated(cluster, changes or ["the record of it has been edited"])


def flat_fields(approval: Mapping[str, Any]) -> dict[str, str]:
    """The fields to be approved as text, nothing in it hidden: what isn't printable ASCII is escaped."""
    from shlex import quote

    texts: dict[str, str] = {}
    for field, value in approval.items():
        if field == "env" and isinstance(value, Mapping):
            texts |= {f"env {plain(name)}": plain(each) for name, each in value.items()}
        elif field == "args" and isinstance(value, Sequence) and not isinstance(value, str):
            texts[field] = " ".join(quote(plain(each)) for each in value)
        else:
            texts[field] = plain(value)
    return texts


def plain(value: object) -> str:
    """A value from a hub as printable ASCII: no control character, look-alike letter or change of direction is left."""
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True)
    return text.encode("unicode_escape").decode()


def describe_change(change: FieldChange) -> str:
    """`server was A and is B`, for a line."""
    if not change.old:
        return f"{change.field} is now {_short(change.new)}"
    return f"{change.field} was {_short(change.old)} and is {_short(change.new) if change.new else 'gone'}"


def _short(text: str, most: int = 100) -> str:
    return f"{text[:most]}…" if len(text) > most else text


def describe_offer(cluster: str, offer: Offer, found: Verdict) -> list[str]:
    """What would be contacted and run, in lines, with what it was when it was approved."""
    before = {change.field: change.old for change in found.changes}
    fields = {**flat_fields(offer.approval), **{change.field: "" for change in found.changes if not change.new}}
    lines = [f"{plain(cluster)}: {_HEADS[found.state]}"]
    for field, text in fields.items():
        was = f" (was {before[field] or 'not there'})" if field in before else ""
        lines.append(f"  {field + ':':<22} {text or 'gone'}{was}")
    if "certificate-authority" not in offer.approval:
        lines.append(f"  {'certificate-authority:':<22} none, so those that this machine trusts")
    return lines


_HEADS = {
    "unknown": "not approved yet",
    "approved": "approved",
    "changed": "not what was approved",
}

# --- The file ----------------------------------------------------------------------------------------------


def approvals_path(home: str) -> str:
    return os.path.join(home, ".kube", "kubectl-mc-trust.yaml")


def read_approvals(file: str) -> dict[ProfileKey, Approval]:
    """What is approved; nothing where there is no file. Raises UserError for one that others can write, or that is
    no such record: an approval that can't be read is none, but the user should know."""
    import yaml

    try:
        with open(file, encoding="utf-8") as opened:
            status = os.fstat(opened.fileno())
            text = opened.read()
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise messages.trust_file(file, f"can't be read: {getattr(error, 'strerror', None) or error}") from None
    if status.st_mode & 0o022 or status.st_uid not in (os.getuid(), 0):
        raise messages.trust_file(file, "others than you can write it, so it may not be what you approved (chmod 600)")
    try:
        document = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        return dict(_entries(document))
    except (yaml.YAMLError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise messages.trust_file(file, f"not YAML of kind {KIND}") from None


def _entries(document: Any) -> Iterable[tuple[ProfileKey, Approval]]:
    if (document["apiVersion"], document["kind"]) != (API_VERSION, KIND):
        raise ValueError(KIND)
    for each in document.get("approved") or ():
        if not isinstance(each["fields"], dict):
            raise TypeError("fields")
        where = ProfileKey(str(each.get("hub") or ""), str(each["profile"]))
        yield where, Approval(str(each["digest"]), str(each.get("time", "")), each["fields"])


def update_approvals(file: str, apply: Callable[[Approvals], Approvals]) -> None:
    """Keep what `apply` makes of the record as it is now, for its owner only, whole or not at all. Raises UserError.

    Now, not as it was before the user was asked: what others approved or revoked in the meantime counts.
    """
    try:
        os.makedirs(os.path.dirname(file), mode=0o700, exist_ok=True)
        with _locked(os.path.dirname(file)):
            _write(file, apply(read_approvals(file)))
    except OSError as error:
        raise messages.trust_file(file, f"can't be written: {error.strerror}") from None


@contextmanager
def _locked(folder: str) -> Iterator[None]:
    """One at a time. By a lock on the folder: the file is another one after each change, and a lock file would stay."""
    import fcntl

    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # NFS locks no folders
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _write(file: str, record: Approvals) -> None:
    import yaml

    from kubectl_mc.processes.private_files import write_privately

    entries = [
        {"hub": where.hub, "profile": where.profile, **approved._asdict()} for where, approved in sorted(record.items())
    ]
    document = {"apiVersion": API_VERSION, "kind": KIND, "approved": entries}
    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    write_privately(file, yaml.dump(document, Dumper=dumper, sort_keys=False))


def approve(record: Approvals, offers: Mapping[ProfileKey, Offer]) -> dict[ProfileKey, Approval]:
    """The record with these offers approved, as of now."""
    import time

    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    new = {where: Approval(approval_digest(offer.approval), now, offer.approval) for where, offer in offers.items()}
    return {**record, **new}


def revoke(record: Approvals, where: Iterable[ProfileKey]) -> dict[ProfileKey, Approval]:
    gone = set(where)
    return {each: approved for each, approved in record.items() if each not in gone}
