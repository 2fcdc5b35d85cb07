# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""The programs on PATH that a command line refers to: the user's kubectl, and its plugins."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from itertools import takewhile

from kubectl_mc import messages
from kubectl_mc.command_line import flag_tables, grammar, verbs
from kubectl_mc.command_line.grammar import CommandLine
from kubectl_mc.command_line.kubectl_flags import FLAGS
from kubectl_mc.command_line.own_commands import COMMANDS
from kubectl_mc.processes.environment import Environment
from kubectl_mc.type_hints import TYPE_CHECKING

if TYPE_CHECKING:
    from kubectl_mc.processes.event_loop import Result


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


# Verbs that older kubectls lack (`kuberc` came with 1.36, and goes with KUBECTL_KUBERC=false): these run a plugin
_LATE_VERBS = ("kuberc",)


_PATIENCE = 10.0  # seconds that kubectl has to print a help


def resolve_plugin(line: CommandLine, environment: Environment) -> CommandLine:
    """Return the command line; if its verb is a plugin, with the whole name of the plugin as its path.

    A verb that the user's kubectl has, and no kubectl of our tables, is left as it is, and run as a plugin is: nobody
    here knows what it does.

    Raises UserError if the verb is neither kubectl's nor a plugin, or may be both; for a flag ahead of a plugin's name;
    and for a plugin's name with a blank, which would look like a verb of kubectl's.
    """
    name = plugin_name(line, environment.variables)
    ahead = len(line.path) - len(verbs.plugin_words(line))
    if not name and ahead:
        raise messages.no_plugin(verbs.plugin_words(line), [path for path in FLAGS if path and " " not in path])
    if not name and not verbs.is_kubectls(line) and not _is_verb_of_users_kubectl(line.verb, environment):
        from kubectl_mc.command_line import other_tools

        # Tools whose own words come first have kubectl's command behind a `--`.
        is_behind = any(token.words == ("--",) for token in line.tokens)
        hint = other_tools.verb_hint(line.verb) or (other_tools.flag_hint("", "--") if is_behind else "")
        raise messages.unknown_command(
            line.verb, [name for name in (*FLAGS, *COMMANDS) if name and " " not in name], hint
        )
    if name and not line.verb_first:
        raise messages.flags_before_plugin(name[ahead])
    if any(" " in word for word in name):
        raise messages.blank_in_verb(next(word for word in name if " " in word))
    if not name:
        _check_own_verb(line, environment.variables)
    return grammar.with_path(line, name) if name else line


def _is_verb_of_users_kubectl(verb: str, environment: Environment) -> bool:
    """Return whether the user's kubectl has a help about a verb that is neither in our tables nor a plugin."""
    return _help_of(with_kubectl(environment), (verb, "--help")).status == 0


def check_flags(line: CommandLine, environment: Environment) -> None:
    """Raise UserError, in kubectl's words, for a flag that the user's kubectl doesn't have with this verb.

    A kubectl is started for it only if some kubectl that we know hasn't got one of the flags. With --help, it reads
    the flags, and does nothing (cobra's Command.execute). A plugin's flags are its own.
    """
    line = grammar.without(line, flag_tables.extra_flags(line.verb))
    line = verbs.without_question(verbs.find_row(line), line)  # kubectl doesn't get it
    if not verbs.is_kubectls(line) or not verbs.may_lack_a_flag(line):
        return
    words = grammar.canonical_words(line)
    result = _help_of(environment, (*line.path, "--help", *words[len(line.path) :]))
    text = result.stderr.decode("utf-8", "replace").removeprefix("error: ").rstrip()
    if result.status and re.match("unknown (shorthand )?flag: ", text):  # pflag, NotExistError
        raise messages.unknown_flag(text)


def check_subverb(line: CommandLine, environment: Environment) -> None:
    """Raise UserError for a word behind a group of verbs that is no verb of the user's kubectl: `rollout restrat`.

    A word that we don't know may be one of a newer kubectl's. Behind any other, --help shows that of the group (cobra).
    """
    row, words = verbs.find_row(line), grammar.operands(line)
    if not row.group or line.verb != row.path or not words:
        return
    paths = [(*line.path, "--help"), (*line.path, words[0], "--help")]
    of_group, of_word = (_help_of(environment, path).stdout for path in paths)
    if of_group and of_group == of_word:
        subverbs = [path.split(" ")[1] for path in FLAGS if path.startswith(f"{line.verb} ")]
        raise messages.unknown_subverb(line.verb, words[0], subverbs)


def _help_of(environment: Environment, words: Sequence[str]) -> Result:
    """Return what kubectl prints for words with --help. No cluster is asked, and no kuberc read."""
    from kubectl_mc.processes import event_loop
    from kubectl_mc.processes.children import Command

    command = Command("", (environment.kubectl, *words), {**environment.variables, "KUBERC": "off"})
    (result,) = event_loop.collect_results([command], 1, _PATIENCE)
    return result


def _check_own_verb(line: CommandLine, variables: Mapping[str, str]) -> None:
    """Raise UserError if some kubectls run a plugin for this verb, which is kubectl's own."""
    if line.path[0] in _LATE_VERBS:
        words = grammar.typed_words(line)
        name, remedy = _longest_name(words, 1, variables), f"run kubectl {line.path[0]} itself"
    elif line.path == ("create",) and variables.get("KUBECTL_ENABLE_CMD_SHADOW", "").lower() == "true":
        # kubectl 1.27 and 1.28 look for kubectl-create wherever a flag follows.
        name, remedy = _longest_name(line.path, 1, variables), "unset KUBECTL_ENABLE_CMD_SHADOW"
    else:
        return
    if name:
        raise messages.ambiguous_verb(line.verb, _file_name(name), remedy)


def plugin_name(line: CommandLine, variables: Mapping[str, str]) -> tuple[str, ...]:
    """Return the words that name a plugin on PATH, as many as possible, behind `plugin run` if that is typed.

    () if there is none. The rules are kubectl's (k8s.io/kubectl/pkg/cmd, HandlePluginCommand): `foo-a bar` is
    kubectl-foo_a-bar. Of its own verbs, only `create` may be the first word of a plugin, if no flag comes ahead of the
    second.
    """
    ahead = len(line.path) - len(verbs.plugin_words(line))
    words = grammar.typed_words(line)[ahead:]
    shortest = 1
    if words and words[0] in FLAGS:
        if words[0] != "create" or len(line.path) > ahead + 1 or not line.verb_first:
            return ()
        shortest = 2
    name = _longest_name(words, shortest, variables)
    return (*line.path[:ahead], *name) if name else ()


def plugins_on_path(variables: Mapping[str, str]) -> list[str]:
    """Return the plugins on PATH, each by its name as one word: "foo-bar" for kubectl-foo-bar."""
    names: set[str] = set()
    for folder in _path_folders(variables):
        with suppress(OSError):
            names.update(name for name in os.listdir(folder or ".") if _runs(f"{folder or '.'}/{name}"))
    return sorted(name.removeprefix("kubectl-") for name in names if name.startswith("kubectl-"))


def _longest_name(words: Sequence[str], shortest: int, variables: Mapping[str, str]) -> tuple[str, ...]:
    """Return as many words, ahead of a flag, as name a plugin on PATH, but at least `shortest`; () if there is none."""
    name = tuple(takewhile(lambda word: not word.startswith("-"), words))
    folders = _path_folders(variables)
    for length in range(len(name), shortest - 1, -1):
        if any(_runs(f"{folder or '.'}/{_file_name(name[:length])}") for folder in folders):
            return name[:length]
    return ()


def _file_name(name: Sequence[str]) -> str:
    return "-".join(("kubectl", *(word.replace("-", "_") for word in name)))


def _path_folders(variables: Mapping[str, str]) -> list[str]:
    return variables.get("PATH", os.defpath).split(os.pathsep)


def _runs(path: str) -> bool:
    return os.access(path, os.X_OK) and os.path.isfile(path)
