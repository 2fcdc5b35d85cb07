"""The command that starts a kubectl: its arguments, its kubeconfig, and the variables that make it start fast.

The measurements behind the choices are in docs/decisions.md, "What a kubectl costs".
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache

from kubectl_mc.command_line import grammar
from kubectl_mc.command_line.grammar import CommandLine
from kubectl_mc.processes.environment import Environment
from kubectl_mc.processes.event_loop import Command
from kubectl_mc.processes.targets import Target

# The locales for which kubectl has a catalogue; loading that of ko_KR, the smallest, costs a tenth of the default one.
CATALOGUES = ("de_DE", "fr_FR", "it_IT", "ja_JP", "ko_KR", "pt_BR", "uk_UA", "zh_CN", "zh_TW")
SMALL_CATALOGUE = "ko_KR.UTF-8"

# A short-lived process is fastest without garbage collection. The collector still runs above GOMEMLIMIT.
GARBAGE_COLLECTION = {"GOGC": "off", "GOMEMLIMIT": "150MiB"}


def target_command(
    environment: Environment, target: Target, line: CommandLine, plugin: bool = False, lasting: bool = False
) -> Command:
    """Return the command that runs a command line on the target's cluster.

    plugin: the verb is a plugin; kubectl takes no flag before its name, so the context comes after it
    lasting: the process runs until it is ended, so its memory matters more than its start
    """
    words = grammar.join_tokens(line.tokens)
    content = target.kubeconfig.content
    context = ["--context", target.context] if target.context else []
    if content:
        # --kubeconfig would take precedence over the KUBECONFIG of the target.
        argv = grammar.join_tokens(
            token for token in line.tokens if [name for name, _ in token.flags] != ["kubeconfig"]
        )
    elif plugin:
        name_end = words.index(line.path[0]) + len(line.path)
        argv = [*words[:name_end], *context, *words[name_end:]]
    else:
        argv = [*context, *words]
    starts_programs = plugin or target.kubeconfig.starts_programs
    lean = lean_variables(environment.kubectl, environment.variables, starts_programs, lasting)
    return Command(
        target.cluster,
        (environment.kubectl, *argv),
        {**lean, **dict(target.kubeconfig.variables)},
        json.dumps(content).encode() if content else None,
    )


def config_command(environment: Environment, *words: str) -> Command:
    """Return the command for `kubectl config …` on the user's own kubeconfig. It asks no server."""
    flag = ("--kubeconfig", environment.kubeconfig_flag) if environment.kubeconfig_flag else ()
    lean = lean_variables(environment.kubectl, environment.variables, starts_programs=False)
    return Command("kubeconfig", (environment.kubectl, *flag, "config", *words), lean)


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
    match = re.match(r"([a-z]{2}_[A-Z]{2})\.", value)
    return match.group(1) if match else ""
