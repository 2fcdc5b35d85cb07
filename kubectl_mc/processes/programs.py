"""The programs on PATH that a command line refers to: the user's kubectl, and its plugins."""

from __future__ import annotations

import os
from collections.abc import Mapping
from itertools import takewhile

from kubectl_mc import messages
from kubectl_mc.command_line import grammar, verbs
from kubectl_mc.command_line.grammar import CommandLine
from kubectl_mc.command_line.kubectl_flags import FLAGS
from kubectl_mc.command_line.own_commands import COMMANDS
from kubectl_mc.processes.environment import Environment


def with_kubectl(environment: Environment) -> Environment:
    """Return the environment with the path of the user's kubectl.

    That is the first kubectl on PATH, or the one that pip installed beside this Python (the extra `kubectl`). Raises
    UserError if there is none.
    """
    import sys

    for folder in (*_path_folders(environment.variables), os.path.dirname(sys.executable)):
        candidate = f"{folder or '.'}/kubectl"
        if _runs(candidate):
            return environment._replace(kubectl=candidate)
    raise messages.no_kubectl()


def resolve_plugin(line: CommandLine, environment: Environment) -> CommandLine:
    """Return the command line; if its verb is a plugin, with the whole name of the plugin as its path.

    Raises UserError if the verb is neither kubectl's nor a plugin, and for a flag ahead of a plugin's name.
    """
    name = plugin_name(line, environment.variables)
    if not name and not verbs.is_kubectls(line):
        raise messages.unknown_command(line.verb, [name for name in (*FLAGS, *COMMANDS) if name and " " not in name])
    if name and not line.verb_first:
        raise messages.flags_before_plugin(name[0])
    return grammar.with_path(line, name) if name else line


def plugin_name(line: CommandLine, variables: Mapping[str, str]) -> tuple[str, ...]:
    """Return the words that name a plugin on PATH, as many as possible; () if there is none.

    The rules are kubectl's (k8s.io/kubectl/pkg/cmd, HandlePluginCommand): `foo-a bar` is kubectl-foo_a-bar. Of its own
    verbs, only `create` may be the first word of a plugin, if no flag comes ahead of the second.
    """
    shortest = 1
    if verbs.is_kubectls(line):
        if line.path != ("create",) or not line.verb_first:
            return ()
        shortest = 2
    name = tuple(takewhile(lambda word: not word.startswith("-"), grammar.typed_words(line)))
    folders = _path_folders(variables)
    for length in range(len(name), shortest - 1, -1):
        file = "-".join(("kubectl", *(word.replace("-", "_") for word in name[:length])))
        if any(_runs(f"{folder or '.'}/{file}") for folder in folders):
            return name[:length]
    return ()


def _path_folders(variables: Mapping[str, str]) -> list[str]:
    return variables.get("PATH", os.defpath).split(os.pathsep)


def _runs(path: str) -> bool:
    return os.access(path, os.X_OK) and not os.path.isdir(path)
