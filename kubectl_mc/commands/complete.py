"""`kubectl_complete-mc`: what kubectl's shell completion asks for words behind `kubectl mc`.

kubectl runs it with the words so far, the last one being completed, and reads a candidate a line
(`value<TAB>description`), then `:N`, cobra's ShellCompDirective (k8s.io/kubectl/pkg/cmd/plugin/plugin_completion.go).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence

from kubectl_mc import access, cli, dispatch, fleet, grammar
from kubectl_mc.access import Target
from kubectl_mc.cli import OWN_FLAGS
from kubectl_mc.dispatch import Command
from kubectl_mc.errors import UserError

DEFAULT, NO_FILES = 0, 4  # ShellCompDirectiveDefault, ShellCompDirectiveNoFileComp

PATIENCE = 3.0  # seconds that a cluster has: somebody waits at the keyboard
TRIED = 3  # clusters that are asked, one after another, until one has candidates


def run() -> None:
    """Print the candidates for this process's arguments."""
    candidates, directive = complete(sys.argv[1:], os.environ)
    sys.stdout.write("".join(f"{candidate}\n" for candidate in candidates) + f":{directive}\n")


def complete(words: Sequence[str], environment: Mapping[str, str]) -> tuple[list[str], int]:
    """(candidates, directive) for the last of the words. Whatever goes wrong, there are just no candidates."""
    before, word = list(words[:-1]), words[-1] if words else ""
    if "--" in before:
        return _kubectls(before, word, environment)
    flag, equals, begun = word.partition("=")
    if equals and flag[2:] in OWN_FLAGS:
        return _values(flag[2:], begun, before, environment), NO_FILES
    if before and before[-1][2:] in OWN_FLAGS and OWN_FLAGS[before[-1][2:]]:
        return _values(before[-1][2:], word, before[:-1], environment), NO_FILES
    candidates, directive = _kubectls(before, word, environment)
    if word.startswith("-"):
        ours = [f"--{name}" for name in OWN_FLAGS if f"--{name}".startswith(word)]
        refused = tuple(f"--{name}" for name in cli.REFUSED)
        candidates = [each for each in candidates if each.partition("\t")[0].rstrip("=") not in refused] + ours
    return candidates, directive


def _values(flag: str, begun: str, before: Sequence[str], environment: Mapping[str, str]) -> list[str]:
    """What may stand behind a flag of ours: clusters, or contexts for --hub-context."""
    if flag in ("clusters", "exclude", "canary"):
        chosen, comma, word = begun.rpartition(",")
        names = [target.cluster for target in _targets(_without_selection(before), environment)]
        return [f"{chosen}{comma}{name}" for name in names if name.startswith(word) and name not in chosen.split(",")]
    if flag == "hub-context":
        answer = _ask([fleet.find_kubectl(environment), "config", "get-contexts", "-o", "name"], environment)
        return [name for name in answer if name.startswith(begun)]
    return []


def _without_selection(words: Sequence[str]) -> cli.Invocation:
    invocation = cli.parse(words)
    return invocation._replace(options=invocation.options._replace(clusters=(), exclude=()))


def _targets(invocation: cli.Invocation, environment: Mapping[str, str]) -> list[Target]:
    try:
        kubectl = fleet.find_kubectl(environment)
        options = invocation.options._replace(cluster_timeout=PATIENCE)
        chosen = fleet.choose(kubectl, options, invocation.kubectl, environment, lambda lines: None)
        return fleet.reach(kubectl, invocation.kubectl, environment, chosen)
    except UserError:
        return []


def _kubectls(before: Sequence[str], word: str, environment: Mapping[str, str]) -> tuple[list[str], int]:
    """kubectl's own candidates, from the first of the chosen clusters that has some; verbs need no cluster."""
    try:
        invocation = cli.parse(before)
        kubectl = fleet.find_kubectl(environment)
    except UserError:
        return [], DEFAULT
    tokens = invocation.kubectl.tokens
    if not invocation.kubectl.path:
        return _directed(_ask([kubectl, "__complete", *grammar.join(tokens), word], environment))
    # Ahead of the verb, kubectl would take a --context for one of a plugin's.
    verb = next(place for place, token in enumerate(tokens) if not token.flags) + 1
    for target in _targets(invocation, environment)[:TRIED]:
        words = [*grammar.join(tokens[:verb]), "--context", target.context, *grammar.join(tokens[verb:]), word]
        candidates, directive = _directed(_ask([kubectl, "__complete", *words], environment))
        if candidates:
            return candidates, directive
    return _directed(_ask([kubectl, "__complete", *grammar.join(tokens), word], environment))


def _ask(argv: Sequence[str], environment: Mapping[str, str]) -> list[str]:
    lean = access.lean_environment(environment, starts_programs=True)
    (result,) = dispatch.collect([Command("", tuple(argv), lean)], 1, PATIENCE)
    return result.stdout.decode("utf-8", "replace").splitlines()


def _directed(lines: Sequence[str]) -> tuple[list[str], int]:
    """cobra's answer: candidates, then the line `:N`."""
    if not lines or not lines[-1].startswith(":"):
        return [], DEFAULT
    return list(lines[:-1]), int(lines[-1][1:])
