"""The programs on PATH that are meant: the user's kubectl, and its plugins."""

from __future__ import annotations

import os
from collections.abc import Mapping
from itertools import dropwhile, takewhile

from kubectl_mc import errors, grammar, kubeconfig, verbs
from kubectl_mc.commands import COMMANDS
from kubectl_mc.flags import FLAGS
from kubectl_mc.grammar import CommandLine


def find_kubectl(environment: Mapping[str, str]) -> str:
    """The user's kubectl: the first on PATH, else the one that pip put beside this Python (the extra `kubectl`)."""
    import sys

    folders = [*environment.get("PATH", os.defpath).split(os.pathsep), os.path.dirname(sys.executable)]
    for folder in folders:
        candidate = f"{folder or '.'}/kubectl"
        if _runs(candidate):
            return candidate
    raise errors.no_kubectl()


def named(line: CommandLine, environment: Mapping[str, str]) -> CommandLine:
    """The command line as it is, but of a plugin with its whole name as the path.

    Raises UserError for what is neither kubectl's, nor a plugin, nor perhaps an alias of a kuberc file.
    """
    found = plugin(line, environment)
    if not (found or verbs.is_kubectls(line) or kubeconfig.has_kuberc(environment, grammar.value(line, "kuberc"))):
        raise errors.unknown_command(line.verb, [name for name in (*FLAGS, *COMMANDS) if name and " " not in name])
    return line._replace(path=found) if found else line


def plugin(line: CommandLine, environment: Mapping[str, str]) -> tuple[str, ...]:
    """The words that name a plugin on PATH, () if there is none: the longest run of words that is one's name.

    As kubectl looks for it (k8s.io/kubectl/pkg/cmd, HandlePluginCommand): `foo-a bar` is kubectl-foo_a-bar. Of its
    own verbs, only `create` may be a plugin's first word.
    """
    if verbs.is_kubectls(line) and line.path != ("create",):
        return ()
    words = grammar.join(dropwhile(lambda token: bool(token.flags), line.tokens))
    name = tuple(takewhile(lambda word: not word.startswith("-"), words))
    folders = environment.get("PATH", os.defpath).split(os.pathsep)
    taken = len(line.path) if verbs.is_kubectls(line) else 0
    for length in range(len(name), taken, -1):
        file = "-".join(("kubectl", *(word.replace("-", "_") for word in name[:length])))
        if any(_runs(f"{folder or '.'}/{file}") for folder in folders):
            return name[:length]
    return ()


def _runs(path: str) -> bool:
    return os.access(path, os.X_OK) and not os.path.isdir(path)
