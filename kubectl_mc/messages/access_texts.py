# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""The texts about access: kubeconfigs, offers with the provider file and approvals, and logins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kubectl_mc import PROGRAM
from kubectl_mc.messages.words import UserError, approve_command, clusters_flag, name_list, visible


def no_kubeconfig(path: str | None, missing_token: str, variable: str = "") -> UserError:
    """Say that no kubeconfig file exists.

    path: of --kubeconfig; missing_token: in a pod, where the token of its service account should be; "" for none
    variable: the value of KUBECONFIG; "" if it isn't set
    """
    if path is not None:
        return UserError(f"no kubeconfig: the file of --kubeconfig, {visible(path)}, doesn't exist")
    if missing_token:
        return UserError(
            f"no kubeconfig, and no token of this pod's service account: {missing_token} doesn't exist. Let the pod "
            "have it (automountServiceAccountToken, serviceAccountName; docs/in-cluster.md)"
        )
    missing = f"no file of KUBECONFIG={visible(variable)} exists" if variable else "~/.kube/config doesn't exist"
    return UserError(
        f"no kubeconfig: {missing}. The login to a cluster writes one; then name the hub's context with "
        "--hub-context=NAME, or, without a hub, those of your clusters with --contexts=NAME,…"
    )


def provider_file(path: str, problem: str) -> UserError:
    """Say that the provider file is not valid."""
    expected = '{"providers": [{"name": …, "execConfig": {"apiVersion": …, "command": …}}]}'
    return UserError(f"{visible(path)}: {visible(problem)}. Expected: {expected}; see docs/access.md")


def trust_file(path: str, problem: str) -> UserError:
    """Say that the file of approvals is not valid."""
    return UserError(
        f"{visible(path)}: {visible(problem)}. It holds what you approved of your hubs' clusters; "
        f"mend it, or delete it and approve again: {PROGRAM} trust approve"
    )


def trust_file_not_written(path: str, problem: str) -> UserError:
    """Say that the file of approvals can't be written."""
    return UserError(
        f"{visible(path)}: can't be written: {visible(problem)}. Approve where your home directory can be written; "
        f"for a pod: {PROGRAM} trust export (docs/in-cluster.md)"
    )


NOTHING_TO_TRUST = "There is nothing to approve, and nothing is approved"


def nothing_to_export(hub: str) -> UserError:
    """Say that no offer of a hub is approved. hub: its context, "" for the current one"""
    which = f"hub context '{visible(hub)}'" if hub else "the current context, used as hub"
    return UserError(f"nothing is approved of {which}; {PROGRAM} trust list shows what is, and of which hub")


def not_approved(cluster: str, flags: str) -> str:
    """Say that a cluster is not reached, because its ClusterProfile's offer has not been approved.

    flags: those of the command that the approval needs, too; "" for none
    """
    return f"not approved; to see what it would run and approve it: {approve_command([cluster], flags)}"


def approval_outdated(cluster: str, changes: Sequence[str], flags: str) -> str:
    """Say that an approved offer has changed. changes: `server was … and is …`, made visible; flags: as above"""
    return (
        f"its profile has changed since it was approved: {'; '.join(changes)}; "
        f"if that is right: {approve_command([cluster], flags)}"
    )


def approve_what() -> UserError:
    """Say that `trust approve` has no clusters."""
    return UserError("name the clusters to approve, or choose them with --clusters or --all-clusters")


def mapped_cluster(cluster: str, context: str) -> str:
    """Say that `trust approve` is not needed for a cluster, because the mapping file has a context for it."""
    return f"{visible(cluster)}: mapped to context {visible(context)}, so there is nothing to approve"


def revoke_what() -> UserError:
    """Say that `trust revoke` has no clusters."""
    return UserError(f"name the clusters to revoke; {PROGRAM} trust list shows them. All of them: '*'")


def not_among_approvals(flag: str) -> UserError:
    """Say that a flag chooses clusters by what is not in the approvals."""
    return UserError(
        f"--{flag} can't choose among approvals, as no hub is asked here and they have the names of ClusterProfiles "
        "only. Use --clusters, --exclude and --inventory"
    )


def nothing_approved_in(namespaces: Sequence[str]) -> UserError:
    """Say that no approval is for a cluster of these inventories."""
    where = f"namespace{'s' if len(namespaces) > 1 else ''} {name_list(namespaces)}"
    return UserError(f"nothing approved is in {where}. {PROGRAM} trust list shows what is")


def nothing_approved(name: str) -> UserError:
    """Say that no approval is for a cluster of this name."""
    return UserError(f"nothing approved matches '{visible(name)}'. {PROGRAM} trust list shows what is")


def approval_needs_terminal() -> UserError:
    """Say that `trust approve` has to ask, and there is no terminal."""
    return UserError(
        "there is nobody to ask, as stdin is not a terminal. To approve all that is shown above, add --yes"
    )


def login_not_renewed(clusters: str, program: str, problem: str) -> str:
    """Say that a login can't be renewed, so that what runs fails when it expires. clusters, problem: made visible"""
    return (
        f"Warning: the login to {clusters} by {visible(program)} can't be renewed: {problem}. "
        "It is tried again until it works"
    )


def protected(names: Mapping[str, str], flag: str = "clusters") -> UserError:
    """Say that a change is for protected clusters that are not named exactly.

    names: with the protected context that leads to the same cluster; "" where the cluster is protected itself
    flag: that names clusters exactly in this command
    """
    shown = [f"{name} (the cluster of context {context})" if context else name for name, context in names.items()]
    return UserError(
        f"protected by the mapping file: {name_list(shown)}. To change a protected cluster, name it exactly: "
        f"{clusters_flag([*names], flag)}"
    )
