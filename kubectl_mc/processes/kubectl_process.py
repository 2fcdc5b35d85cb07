# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""The command that starts a kubectl: its arguments, its kubeconfig, and the variables that make it start fast.

The measurements behind the choices are in docs/decisions.md, "What a kubectl costs".
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache, partial

from kubectl_mc.command_line import grammar, verbs
from kubectl_mc.command_line.grammar import CommandLine
from kubectl_mc.processes.children import Command
from kubectl_mc.processes.environment import Environment
from kubectl_mc.processes.targets import Target

# The locales for which kubectl has a catalogue; loading that of ko_KR, the smallest, costs a tenth of the default one.
CATALOGUES = ("de_DE", "fr_FR", "it_IT", "ja_JP", "ko_KR", "pt_BR", "uk_UA", "zh_CN", "zh_TW")
SMALL_CATALOGUE = "ko_KR.UTF-8"

# A short-lived process is fastest without garbage collection. The collector still runs above GOMEMLIMIT.
GARBAGE_COLLECTION = {"GOGC": "off", "GOMEMLIMIT": "150MiB"}


def target_command(
    environment: Environment, target: Target, line: CommandLine, *, plugin: bool = False, lasting: bool = False
) -> Command:
    """Return the command that runs a command line on the target's cluster: not as it was typed, but as it was read.

    plugin: the verb is a plugin, whose words can't be said in another way
    lasting: the process runs until it is ended, so its memory matters more than its start
    If the target's login hasn't ended, the command is made when it has.
    """
    if target.login:
        if not target.login.has_ended:
            make = partial(target_command, environment, target, line, plugin=plugin, lasting=lasting)
            return Command(target.cluster, (), {}, login=target.login, make=make)
        target = target.login.logged_in(target)
    if target.problem:
        return Command(target.cluster, (), {}, problem=target.problem)
    content, further = target.kubeconfig.content, tuple[str, ...]()
    if plugin:
        if target.context and not content:
            # A plugin may not take --context. The first file that has a current context decides (clientcmd loader.go).
            content = {"apiVersion": "v1", "kind": "Config", "current-context": target.context}
            further = tuple(environment.kubeconfig_files)
        context = ["--context", target.context] if target.context else []
        words = [*verbs.plugin_words(line), *context, *grammar.join_tokens(line.tokens)]
    else:
        # --kubeconfig would take precedence over the KUBECONFIG of the target.
        words = grammar.canonical_words(grammar.without(line, ("kubeconfig",)) if content else line)
        if target.context:
            words.insert(len(line.path), f"--context={target.context}")
    starts_programs = plugin or target.kubeconfig.starts_programs
    variables = lean_variables(environment.kubectl, environment.variables, starts_programs, lasting)
    return Command(
        target.cluster,
        (environment.kubectl, *words),
        {**safe_variables(environment, variables, target), **dict(target.kubeconfig.variables)},
        json.dumps(content).encode() if content else None,
        further_kubeconfigs=further,
        typed_paths=environment.typed_paths,
    )


def login_command(target: Target) -> Command:
    """Return the command that ends with a target's login, which hasn't ended, and fails where that does."""
    make = partial(_after_login, target)
    return Command(target.cluster, (), {}, login=target.login, make=make)


def _after_login(target: Target) -> Command:
    problem = target.login.logged_in(target).problem if target.login else target.problem
    return Command(target.cluster, (), {}, problem=problem)


# With these, client-go finds a server where a kubeconfig names none (rest.InClusterConfig, clientcmd's defaults).
_SERVER_VARIABLES = ("KUBERNETES_MASTER", "KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT", "POD_NAMESPACE")


def safe_variables(environment: Environment, variables: Mapping[str, str], target: Target) -> dict[str, str]:
    """Return the variables with which a kubectl goes to the target, and does what its words say.

    kuberc is resolved already (command_line/kuberc.py), so kubectl gets none but one with the user's policy for
    credential plugins. What names another server is left out.
    """
    named = target.context or target.kubeconfig.content
    return {**(without_servers(variables) if named else variables), "KUBERC": environment.kuberc}


def without_servers(variables: Mapping[str, str]) -> dict[str, str]:
    """Return the variables without those that name a server where a kubeconfig names none."""
    return {name: value for name, value in variables.items() if name not in _SERVER_VARIABLES}


def config_command(environment: Environment, *words: str) -> Command:
    """Return the command for `kubectl config …` on the user's own kubeconfig. It asks no server."""
    flag = (f"--kubeconfig={environment.kubeconfig_flag}",) if environment.kubeconfig_flag else ()
    variables = lean_variables(environment.kubectl, environment.variables, starts_programs=False)
    argv = (environment.kubectl, "config", *words, *flag)
    return Command("kubeconfig", argv, {**variables, "KUBERC": "off"}, typed_paths=environment.typed_paths)


def lean_variables(
    kubectl: str, variables: Mapping[str, str], starts_programs: bool, lasting: bool = False
) -> dict[str, str]:
    """Return the environment variables with which a kubectl starts fastest.

    What the user has set is kept. The locale is not changed where kubectl has a catalogue for the user's locale, nor
    where another program would inherit it: one that kubectl starts, or a shell if kubectl is a script (asdf, nix).
    """
    lean = {**({} if lasting else GARBAGE_COLLECTION), **variables}
    if not starts_programs and _locale(variables) not in CATALOGUES and not _is_script(kubectl):
        lean["LC_ALL"] = SMALL_CATALOGUE
    return lean


@cache
def _is_script(program: str) -> bool:
    try:
        with open(program, "rb") as file:
            return file.read(2) == b"#!"
    except OSError:
        return False


def _locale(variables: Mapping[str, str]) -> str:
    """Return the locale (xx_YY) that kubectl reads from LC_ALL, LC_MESSAGES or LANG (k8s.io/kubectl/pkg/util/i18n)."""
    names = ("LC_ALL", "LC_MESSAGES", "LANG")
    value = next((variables[name] for name in names if variables.get(name)), "")
    locale, dot, _ = value.partition(".")
    return locale if dot else ""
