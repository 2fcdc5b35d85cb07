"""The user's kubeconfig: where it is, whether using it starts other programs, and a minimal one per context.

A kubectl parses its whole kubeconfig, so a fleet of N contexts costs N². `kubectl config view` merges the
user's files by kubectl's own rules, once; each cluster then gets only its own context, in memory.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, NamedTuple

VIEW = ("config", "view", "--raw", "--flatten", "-o", "json")
# The same with the files that it names left as they are; `--flatten` fails as a whole if one of them can't be read.
UNREAD_VIEW = ("config", "view", "--raw", "-o", "json")

_FILES = ("certificate-authority", "client-certificate", "client-key", "tokenFile")


class Kubeconfig(NamedTuple):
    """A kubeconfig for one context.

    content: what is in it; None where only the user's own file will do
    starts_programs: kubectl will run an exec credential plugin for it
    environment: variables that its kubectl needs with it
    """

    content: Mapping[str, Any] | None
    starts_programs: bool
    environment: tuple[tuple[str, str], ...] = ()

    def __repr__(self) -> str:
        """Without the content: there are credentials in it."""
        return f"Kubeconfig({'…' if self.content else None}, {self.starts_programs})"


def files(environment: Mapping[str, str], given: str | None) -> list[str]:
    """The files that kubectl reads, existing or not: `given` (--kubeconfig), else KUBECONFIG, else ~/.kube/config."""
    if given:
        return [given]
    named = [name for name in environment.get("KUBECONFIG", "").split(os.pathsep) if name]
    return named or [os.path.join(home(environment), ".kube", "config")]


def home(environment: Mapping[str, str]) -> str:
    """The user's home, by the environment that was handed in."""
    return environment.get("HOME") or os.path.expanduser("~")


def has_kuberc(environment: Mapping[str, str], given: str | None = None) -> bool:
    """Does kubectl read a kuberc file, which gives it aliases and defaults? given: what --kuberc names."""
    return bool(given or environment.get("KUBERC")) or os.path.exists(
        os.path.join(home(environment), ".kube", "kuberc")
    )


def size(paths: list[str]) -> int:
    """The files' size together in bytes; those that can't be seen count as 0."""
    return sum(os.path.getsize(path) for path in paths if os.path.isfile(path))


def may_start_programs(paths: list[str]) -> bool:
    """Could a context of these files make kubectl start a program (exec plugin, legacy auth-provider)?

    A look for the words, not a reading: YAML is slow to read, and "maybe" is a safe answer.
    """
    try:
        texts = [_read(path) for path in paths if os.path.isfile(path)]
    except OSError:
        return True
    return any(b"exec" in text or b"auth-provider" in text for text in texts)


def _read(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def split(view: Mapping[str, Any]) -> dict[str, Kubeconfig]:
    """From a kubeconfig as VIEW or UNREAD_VIEW shows it, one per context, by context name.

    A legacy auth-provider writes its tokens back to the file, and a relative path (an exec command, a certificate) is
    resolved against the folder of the file it came from: such contexts keep the user's own file.
    """
    clusters, users = (
        {entry["name"]: entry for entry in view.get(kind) or () if isinstance(entry, dict) and "name" in entry}
        for kind in ("clusters", "users")
    )
    split_up = {}
    for entry in view.get("contexts") or ():
        context = entry.get("context") or {}
        cluster, user = clusters.get(context.get("cluster")), users.get(context.get("user"))
        login = (user or {}).get("user") or {}
        minimal = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": entry["name"],
            "contexts": [entry],
            "clusters": [cluster] if cluster else [],
            "users": [user] if user else [],
        }
        paths = [(side or {}).get(field) for side in ((cluster or {}).get("cluster"), login) for field in _FILES]
        relative = _relative_command(login.get("exec")) or any(path and not os.path.isabs(path) for path in paths)
        whole = "auth-provider" not in login and not relative
        split_up[entry["name"]] = Kubeconfig(minimal if whole else None, "exec" in login or "auth-provider" in login)
    return split_up


def _relative_command(exec_entry: Any) -> bool:
    """client-go resolves a command with a path separator that isn't absolute; a bare name is searched in PATH."""
    command = exec_entry.get("command", "") if isinstance(exec_entry, dict) else ""
    return os.sep in command and not os.path.isabs(command)
