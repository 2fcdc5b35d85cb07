# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""The user's kuberc file: which one kubectl would read, and what it holds."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from kubectl_mc import messages
from kubectl_mc.command_line import grammar
from kubectl_mc.command_line.invocation import Invocation, parse_invocation
from kubectl_mc.command_line.kubectl_flags import FLAGS
from kubectl_mc.command_line.options import joined
from kubectl_mc.command_line.own_commands import COMMANDS
from kubectl_mc.processes import cache, memory_files
from kubectl_mc.processes.environment import Environment
from kubectl_mc.type_hints import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kubectl_mc.command_line.kuberc import Kuberc


# Verbs that are about a kuberc: --kuberc is a flag of their own, and kubectl itself reads the file.
_ABOUT_KUBERC = ("alpha", "kuberc")


@contextmanager
def resolved(invocation: Invocation, environment: Environment) -> Iterator[tuple[Invocation, Environment]]:
    """Yield the invocation without the aliases and with the defaults of the user's kuberc, and kubectl's environment.

    Our own commands take neither. The kubectls that are started inside the block get no kuberc but one with the policy
    for credential plugins. Raises UserError for a kuberc that kubectl would refuse, or that changes where a command
    goes or as whom.
    """
    path = None
    if invocation.kubectl.path[:1] not in [(name,) for name in _ABOUT_KUBERC]:
        path = _path(invocation, environment)
    if path is None:
        _check_words(invocation)
        yield invocation, environment
        return
    preferences = _read(*path, environment)
    invocation = invocation._replace(kubectl=grammar.without(invocation.kubectl, ("kuberc",)))
    if invocation.kubectl.path[:1] not in [(name,) for name in COMMANDS]:
        invocation = _with_preferences(invocation, preferences)
    _check_words(invocation)
    with _policy_in_force(preferences.policy, environment) as environment:
        yield invocation, environment


@contextmanager
def policy_in_force(invocation: Invocation, environment: Environment) -> Iterator[Environment]:
    """Yield the environment with the kuberc's policy for credential plugins alone. Raises UserError as `resolved`."""
    path = _path(invocation, environment)
    with _policy_in_force(_read(*path, environment).policy if path else {}, environment) as environment:
        yield environment


@contextmanager
def _policy_in_force(policy: Mapping[str, Any], environment: Environment) -> Iterator[Environment]:
    if not policy:
        yield environment
        return
    with memory_files.held_file(_policy_document(policy)) as path:
        yield environment._replace(kuberc=path, plugin_policy=policy)


def _with_preferences(invocation: Invocation, preferences: Kuberc) -> Invocation:
    from kubectl_mc.command_line import kuberc

    typed = grammar.typed_words(invocation.kubectl)
    words = kuberc.resolve(preferences, typed)
    if words == typed:
        return invocation
    resolved = parse_invocation(words)
    # Behind an alias, most of our flags have been taken for a plugin's.
    return invocation._replace(kubectl=resolved.kubectl, options=joined(invocation.options, resolved.options))


def _check_words(invocation: Invocation) -> None:
    """Raise UserError if kubectl would take a part of a word for --kuberc, and so read a file that nobody means."""
    line = invocation.kubectl
    if line.path and line.verb in FLAGS and line.path[0] not in _ABOUT_KUBERC:
        for word in grammar.canonical_words(line):
            if word == "--":
                break
            if word == "--kuberc" or "--kuberc=" in word:  # kuberc.go, getExplicitKuberc: a scan of the raw words
                raise messages.kuberc_in_value(word)


def _path(invocation: Invocation, environment: Environment) -> tuple[str, bool] | None:
    """Return the kuberc that kubectl reads, and whether it is named; None if it reads none (kuberc.go, LoadKuberc)."""
    variables = environment.variables
    if variables.get("KUBECTL_KUBERC", "").lower() == "false":
        return None
    flag = grammar.value(invocation.kubectl, "kuberc")
    if flag is not None:
        if not flag:
            raise messages.bad_kuberc("--kuberc names no file")
        if variables.get("KUBERC") == "off":
            raise messages.bad_kuberc("KUBERC=off and --kuberc exclude each other")
        return flag, True
    named = variables.get("KUBERC", "")
    if named == "off":
        return None
    path = named or os.path.join(environment.kube_directory, "kuberc")
    return (path, bool(named)) if named or os.path.exists(path) else None


def _read(path: str, named: bool, environment: Environment) -> Kuberc:
    """Return what the file holds. What was read is cached as long as the file stays as it is.

    A file that is not named and that kubectl can't use is passed over, as kubectl does. Raises UserError for a named
    one, and for any of which it isn't certain what kubectl makes of it: what is passed over may be what makes a change
    a dry run.
    """
    from kubectl_mc.command_line.kuberc import Kuberc
    from kubectl_mc.command_line.kuberc_text import UnclearError
    from kubectl_mc.processes import pipe_files, regular_files

    directory, key = (
        cache.cache_directory(environment.kube_directory),
        cache.cache_key(["kuberc", os.path.abspath(path)]),
    )
    states, entry = cache.file_states([path]), cache.read_entry(directory, key)
    if entry and entry.file_states == states and states:
        try:
            preferences = _restored(entry.value)
            _tell_unknown(preferences, path, environment)
            return preferences
        except (KeyError, TypeError, ValueError):
            pass
    try:
        with open(path, "rb", opener=None if named else regular_files.opener) as file:
            content = file.read()
        if named and not content and pipe_files.is_pipe(path):  # the kubectl that starts us reads it ahead of us
            raise messages.spent_kuberc(path)
        preferences = _parse(content)
    except UnclearError as error:
        raise messages.unclear_kuberc(path, str(error)) from None
    except (OSError, ValueError) as error:
        if named:
            raise messages.bad_kuberc(f"{path}: {getattr(error, 'strerror', None) or error}") from None
        environment.streams.say([messages.kuberc_passed_over(path, str(getattr(error, "strerror", None) or error))])
        return Kuberc()
    cache.write_entry(directory, key, preferences._asdict(), states)
    _tell_unknown(preferences, path, environment)
    return preferences


def _tell_unknown(preferences: Kuberc, path: str, environment: Environment) -> None:
    if preferences.unknown:
        environment.streams.say([messages.kuberc_unknown_fields(path, preferences.unknown)])


def _restored(value: Mapping[str, Any]) -> Kuberc:
    from kubectl_mc.command_line.kuberc import Alias, Defaults, Kuberc

    return Kuberc(
        tuple(
            Alias(name, command, tuple(prepend), tuple(append), tuple((flag, text) for flag, text in options))
            for name, command, prepend, append, options in value["aliases"]
        ),
        tuple(
            Defaults(command, tuple((flag, text) for flag, text in options)) for command, options in value["defaults"]
        ),
        dict(value["policy"]),
        tuple(value["unknown"]),
    )


def _parse(content: bytes) -> Kuberc:
    """Return what a kuberc holds. Raises UnclearError, and another ValueError for what kubectl can't use."""
    from kubectl_mc.command_line import kuberc, kuberc_text

    try:
        documents = kuberc_text.split_documents(content.decode())
    except UnicodeDecodeError:
        raise kuberc_text.UnclearError("it is not UTF-8") from None
    preferences = kuberc.parse_documents(map(kuberc_text.parse_document, documents))
    if preferences is None and documents:
        raise ValueError("it has no document of kind Preference that kubectl can use")
    return preferences or kuberc.Kuberc()


# The program with which an exec entry of ours prints a credential, where kubeconfigs have to be files
# (access/kubeconfig_files.py).
PRINTER = "/bin/sh"


def _policy_document(policy: Mapping[str, Any]) -> bytes:
    """Return a kuberc with the policy; where our own exec entries print credentials, it allows them, too.

    Its allowlist has `name`, which kubectl 1.35 to 1.37 know; `command` is the same (plugin_policy.py), but not to
    1.35. A policy that kubectl refuses otherwise stays as it is.
    """
    import json

    kind, entries = policy.get("credentialPluginPolicy"), policy.get("credentialPluginAllowlist")
    if entries:
        entries = [{"name": entry["command"]} if list(entry) == ["command"] else entry for entry in entries]
        policy = {**policy, "credentialPluginAllowlist": entries}
    if not memory_files.available() and (entries if kind == "Allowlist" else kind == "DenyAll" and entries is None):
        entries = [*(entries or ()), {"name": PRINTER}]
        policy = {"credentialPluginPolicy": "Allowlist", "credentialPluginAllowlist": entries}
    return json.dumps({"apiVersion": "kubectl.config.k8s.io/v1beta1", "kind": "Preference", **policy}).encode()
