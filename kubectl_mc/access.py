"""How a cluster is reached: which context, and the command that asks it.

A kubectl is made cheap here, where that is safe; the figures behind the choices are in docs/decisions.md.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import NamedTuple

from kubectl_mc import grammar, memory
from kubectl_mc.dispatch import Command
from kubectl_mc.grammar import CommandLine, Token
from kubectl_mc.kubeconfig import Kubeconfig
from kubectl_mc.mapping import ClusterMapping
from kubectl_mc.selection import Cluster

# Locales for which kubectl carries a catalogue; loading the small one of ko_KR costs a tenth of the default one.
CATALOGUES = ("de_DE", "fr_FR", "it_IT", "ja_JP", "ko_KR", "pt_BR", "uk_UA", "zh_CN", "zh_TW")
SMALL_CATALOGUE = "ko_KR.UTF-8"

# A short-lived process is fastest without garbage collection; above this heap the collector starts all the same.
GARBAGE_COLLECTION = {"GOGC": "off", "GOMEMLIMIT": "150MiB"}

# One kubectl more (`config view`) pays off when the others together would parse more kubeconfig than this, in bytes.
WORTH_SPLITTING = 1_500_000


class Target(NamedTuple):
    """A cluster with what reaches it: a context of the user's kubeconfig, or `kubeconfig.content` in its stead.

    way: what said so: "mapping", "context", or of the ClusterProfile "provider NAME" or "properties"
    problem: why it can't be reached; "" if it can, for all that is known
    """

    cluster: str
    context: str
    kubeconfig: Kubeconfig
    way: str = "context"
    problem: str = ""


def targets(clusters: Sequence[Cluster], mapping: ClusterMapping, known: Kubeconfig) -> list[Target]:
    """A target per cluster: the mapped context, else one of exactly the cluster's name.

    Of two profiles of one name, in two namespaces, neither has the context of that name: it is one cluster's.
    known: what is known of every context of the user's kubeconfig before it has been split
    """
    found = []
    for cluster in clusters:
        mapped = mapping.context_for(cluster.profile.name, cluster.profile.namespace)
        way = "mapping" if mapped else "context"
        found.append(Target(cluster.name, mapped or cluster.own_context, known, way))
    return found


def can_split(line: CommandLine) -> bool:
    """Can kubectls get a kubeconfig each, in place of the user's? Not where --user names another entry of that."""
    return not grammar.values(line, "user")


def worth_splitting(size: int, count: int) -> bool:
    """Is it cheaper for `count` kubectls to get a kubeconfig each than to read the user's, of `size` bytes?

    Only where they get it in memory: a file would put the user's credentials on a disk once more.
    """
    return memory.available() and size * count > WORTH_SPLITTING


def split(found: Sequence[Target], kubeconfigs: Mapping[str, Kubeconfig]) -> list[Target]:
    """The targets with the minimal kubeconfig of their context; one that has none keeps the user's own."""
    return [target._replace(kubeconfig=kubeconfigs.get(target.context, target.kubeconfig)) for target in found]


def command(
    kubectl: str,
    target: Target,
    line: CommandLine,
    environment: Mapping[str, str],
    plugin: bool = False,
    lasting: bool = False,
) -> Command:
    """The process that runs `line` on the target's cluster.

    plugin: the verb is a plugin, so kubectl takes no flag before it; it gets its context after its name
    lasting: it runs until it is ended, so its memory counts for more than its start
    """
    words = grammar.join(line.tokens)
    content = target.kubeconfig.content
    if content:
        argv = [kubectl, *grammar.join(token for token in line.tokens if not _names_kubeconfig(token))]
    elif plugin:
        name = words.index(line.path[0]) + len(line.path)
        argv = [kubectl, *words[:name], "--context", target.context, *words[name:]]
    else:
        argv = [kubectl, "--context", target.context, *words]
    lean = lean_environment(kubectl, environment, plugin or target.kubeconfig.starts_programs, lasting)
    with_ours = {**lean, **dict(target.kubeconfig.environment)}
    return Command(target.cluster, tuple(argv), with_ours, json.dumps(content).encode() if content else None)


def _names_kubeconfig(token: Token) -> bool:
    """Is it --kubeconfig, which would count before the KUBECONFIG that a kubectl gets?"""
    return [name for name, _ in token.flags] == ["kubeconfig"]


def lean_environment(
    kubectl: str, environment: Mapping[str, str], starts_programs: bool, lasting: bool = False
) -> dict[str, str]:
    """The environment in which a kubectl starts fastest.

    What the user set counts. The locale is left alone where kubectl has a catalogue for the user's, and where another
    program would have it: one that kubectl starts, or a shell, if the kubectl on PATH is a script (asdf, nix).
    """
    lean = {**({} if lasting else GARBAGE_COLLECTION), **environment}
    if not starts_programs and _locale(environment) not in CATALOGUES and not _is_script(kubectl):
        lean["LC_ALL"] = SMALL_CATALOGUE
    return lean


@cache
def _is_script(program: str) -> bool:
    try:
        with open(program, "rb") as file:
            return file.read(2) == b"#!"
    except OSError:
        return False


def _locale(environment: Mapping[str, str]) -> str:
    """The xx_YY that kubectl reads from LC_ALL, LC_MESSAGES or LANG (k8s.io/kubectl/pkg/util/i18n)."""
    given = next((environment[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if environment.get(name)), "")
    match = re.match(r"([a-z]{2}_[A-Z]{2})\.", given)
    return match.group(1) if match else ""
