"""What is said about clusters that their ClusterProfiles say how to reach: providers, approvals."""

from __future__ import annotations

from collections.abc import Sequence

from kubectl_mc.messages.words import UserError, visible


def provider_file(path: str, problem: str) -> UserError:
    expected = '{"providers": [{"name": …, "execConfig": {"apiVersion": …, "command": …}}]}'
    return UserError(f"{visible(path)}: {visible(problem)}. Expected: {expected}; see README.md")


def trust_file(path: str, problem: str) -> UserError:
    return UserError(
        f"{visible(path)}: {visible(problem)}. It holds what you approved of your hubs' clusters; "
        "mend it, or delete it and approve again: kubectl mc trust approve"
    )


def not_approved(cluster: str) -> str:
    """Why a cluster isn't reached by its profile's data."""
    return f"not approved; to see what it would run and approve it: kubectl mc trust approve {visible(cluster)}"


def approval_outdated(cluster: str, changes: Sequence[str]) -> str:
    """Why a cluster is no longer reached; changes: `server was … and is …`, made visible."""
    return (
        f"its profile has changed since it was approved: {'; '.join(changes)}; "
        f"if that is right: kubectl mc trust approve {visible(cluster)}"
    )


def approve_what() -> UserError:
    return UserError("name the clusters to approve, or choose them with --clusters or --all-clusters")


def revoke_what() -> UserError:
    return UserError("name the clusters to revoke; kubectl mc trust list shows them. All of them: '*'")


def nothing_to_revoke(name: str) -> UserError:
    return UserError(f"nothing approved matches '{visible(name)}'. kubectl mc trust list shows what is")


def no_trust_command(word: str) -> UserError:
    return UserError(f"kubectl mc trust has no command '{visible(word)}'. There are: list, approve, revoke")


def approval_needs_terminal() -> UserError:
    return UserError("nobody to ask: stdin is no terminal. To approve all that is shown above, add --yes")
