"""The programs on PATH that are meant: the user's kubectl, and its plugins."""

from __future__ import annotations

import os
from collections.abc import Mapping
from itertools import dropwhile, takewhile

from kubectl_mc import messages
from kubectl_mc.command_line import grammar, verbs
from kubectl_mc.command_line.grammar import CommandLine
from kubectl_mc.command_line.kubectl_flags import FLAGS
from kubectl_mc.command_line.own_commands import COMMANDS
from kubectl_mc.processes.environment import Environment


def with_kubectl(environment: Environment) -> Environment:
    """The environment with the path of the user's kubectl.

    That is the first kubectl on PATH, else the one that pip put beside this Python (the extra `kubectl`). Raises
    UserError if there is none.
    """
    import sys

    folders = [*_path_folders(environment.variables), os.path.dirname(sys.executable)]
    for folder in folders:
        candidate = f"{folder or '.'}/kubectl"
        if _runs(candidate):
            return environment._replace(kubectl=candidate)
    raise messages.no_kubectl()


def named(line: CommandLine, environment: Environment) -> CommandLine:
    """The command line as it is; the path of a plugin's is the plugin's whole name.

    Raises UserError for a verb that is neither kubectl's nor a plugin's, nor perhaps an alias of a kuberc file.
    """
    name = plugin(line, environment.variables)
    if not (name or verbs.is_kubectls(line) or environment.has_kuberc(grammar.value(line, "kuberc"))):
        raise messages.unknown_command(line.verb, [name for name in (*FLAGS, *COMMANDS) if name and " " not in name])
    return line._replace(path=name) if name else line


def plugin(line: CommandLine, variables: Mapping[str, str]) -> tuple[str, ...]:
    """The words that name a plugin on PATH, () if there is none: the longest run of words that is one's name.

    As kubectl looks for it (k8s.io/kubectl/pkg/cmd, HandlePluginCommand): `foo-a bar` is kubectl-foo_a-bar. Of its
    own verbs, only `create` may be a plugin's first word.
    """
    if verbs.is_kubectls(line) and line.path != ("create",):
        return ()
    words = grammar.join_tokens(dropwhile(lambda token: bool(token.flags), line.tokens))
    name = tuple(takewhile(lambda word: not word.startswith("-"), words))
    folders = _path_folders(variables)
    taken = len(line.path) if verbs.is_kubectls(line) else 0
    for length in range(len(name), taken, -1):
        file = "-".join(("kubectl", *(word.replace("-", "_") for word in name[:length])))
        if any(_runs(f"{folder or '.'}/{file}") for folder in folders):
            return name[:length]
    return ()


def _path_folders(variables: Mapping[str, str]) -> list[str]:
    return variables.get("PATH", os.defpath).split(os.pathsep)


def _runs(path: str) -> bool:
    return os.access(path, os.X_OK) and not os.path.isdir(path)
