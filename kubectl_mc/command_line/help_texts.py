# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""The texts of `--help`. Completion reads the descriptions of our flags from them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from kubectl_mc import PROGRAM
from kubectl_mc.command_line.own_commands import FLAG_SECTIONS

# Our flags, grouped by subject.
SECTIONS: Mapping[str, str] = {
    "clusters": """\
  which clusters; several flags: those that all of them choose
      --clusters=NAME,…          by name, id or display name; 'prod-*', 'dev-{eu,us}', '/regex/', '!not-it'; repeatable
      --exclude=NAME,…           not these; as for --clusters; repeatable
      --all-clusters             all of them, said explicitly; whatever the defaults choose
      --cluster-selector=LABELS  by labels of their ClusterProfiles, e.g. 'region in (eu,us),tier!=dev'
      --clusterset=NAME          of a ClusterSet, by their namespace or ClusterProfile; globs
      --property=NAME=GLOB       by a property, e.g. location=eu-*; repeatable
      --cluster-manager=NAME     of a cluster manager
      --placement=[NS/]NAME      those that a PlacementDecision has chosen, in its order
      --healthy                  those that the hub reports as healthy
      --pick                     pick them on the terminal, with fzf if it is installed
      --contexts=NAME,…          contexts of the kubeconfig instead of a hub's clusters; as for --clusters
      --clusterprofile-provider-file=FILE  how to log in to clusters that no context reaches
""",
    "hub": """\
  which hub
      --hub-context=CONTEXT      the kubeconfig context of the hub; in-cluster: the cluster of this pod
                                 (else hubContext of the mapping file, else the current context)
      --inventory=NAMESPACE,…    only the clusters of this inventory: the ClusterProfiles of a namespace; repeatable
                                 (else inventory of the mapping file; changes need it where there are several)
      --hub-namespace=NAMESPACE  another name of --inventory
      --refresh                  ask the hub again, as changes do; else its list of clusters is kept for 5 minutes
""",
    "asking": """\
  how clusters are asked
      --max-parallel=N           at most N clusters at a time (default: what the machine has)
      --cluster-timeout=30s      end a cluster's kubectl after this time; 0 for no limit
""",
    "showing": """\
  what is shown
      --fold                     show once what clusters answer alike, ages left aside; the largest group first
""",
    "waiting": """\
  with some verbs
      --if-present               wait, rollout status, diff: pass over the clusters that lack the object
      --no-reconnect             logs -f, get -w, events -w: a stream that breaks isn't taken up again, as with kubectl
""",
    "tables": """\
  tables (COLUMN: as its header, in capitals or not; CLUSTER, too)
      --where='COLUMN>VALUE'     only rows of which that is true; = != ~RE !~RE < <= > >=; repeatable
      --count-by=COLUMN,…        how many rows have the same values there, instead of the rows; also -o json|yaml
""",
    "logs": """\
  logs (RE: a regular expression as Python has them; flags with one are repeatable)
      --include=RE               only lines that it matches
      --drop=RE                  not these lines
      --highlight=RE             in a colour, on a terminal
      --pod-regex=RE             only pods with such names
      --exclude-pod-regex=RE     not these pods
      --container-regex=RE       all containers with such names
      --exclude-container-regex=RE  all containers but these
      --output=json|extjson|raw  -o: an object a line; with messages that are JSON as values; the lines alone
      --by-time                  the lines of all clusters in the order of their times; with -f within a second
""",
    "reporting": """\
  what is said of the clusters
      --verbose                  show each cluster's own messages
      --report=FILE              also write what came of each cluster, as one JSON object (else KUBECTL_MC_REPORT)
""",
    "colours": """\
  colours
      --color=auto|always|never  on a terminal unless NO_COLOR is set, everywhere (--color alone, too), or nowhere
""",
    "changes": """\
  changes
      --yes                      don't ask
      --waves=1,10%,100%         so many clusters first, then so many in all; rollouts are waited for in between
      --canary=CLUSTER           this one first, by itself
      --wave-timeout=5m          how long a wave's rollouts may take
      --pause=30s|prompt         between waves: wait, or ask
      --max-failures=N|N%        go on although so many clusters failed (default: 0)
      --continue-on-preflight-error  leave out the clusters that refuse, change the others
      --show-diff                apply: show the differences first
""",
    "guard": """\
  with any command
      --read-only                refuse what is neither a read nor a dry run (KUBECTL_MC_READ_ONLY=1: of every command)
""",
}

FLAGS_HEADING = "Flags of kubectl mc; all others go to kubectl untouched:\n"
FLAGS_HELP = FLAGS_HEADING + "".join(SECTIONS.values())

# Our own commands, each with a summary.
SUMMARIES: Mapping[str, str] = {
    "clusters": "the clusters of the hub; with --check, whether you reach them",
    "compare": "which clusters have the same objects, and how the others differ",
    "setup": "which of your contexts reaches which cluster",
    "trust": "what ClusterProfiles may have this machine contact and run",
    "audit": "the changes that were made from here",
    "resume": "go on with a change that was stopped, or failed in some clusters",
    "undo": "roll back what a change has rolled out",
    "use": "the clusters that later commands are for",
}

_COMMANDS = f"""\
Commands of our own (kubectl mc COMMAND --help):
{"".join(f"  {name:<10} {text}" + chr(10) for name, text in SUMMARIES.items())}"""

# What is shown where nothing is typed: it fits a screen of 24 lines.
BRIEF = f"""\
kubectl mc runs a kubectl command on every cluster of your fleet, and shows one
answer: kubectl mc VERB [flags of kubectl's and ours, in any order]

To begin with the contexts of your kubeconfig, or with a hub of ClusterProfiles:
  kubectl mc get nodes --contexts='prod-*'
  kubectl mc setup --hub-context=CONTEXT

{_COMMANDS}
  kubectl mc --help        examples, and all flags of ours
  kubectl mc VERB --help   kubectl's own help, and those flags of ours that the verb takes
"""

HELP = f"""\
kubectl mc runs a kubectl command on every cluster of your fleet and shows one answer.

  kubectl mc VERB [flags of kubectl's and ours, in any order]

VERB is any verb of kubectl (kubectl --help lists them), or the name of a plugin (plugin run NAME, where a command
below has the same name).

Examples:
  kubectl mc get pods
  kubectl mc get deploy,svc -n shop -o wide --clusters='prod-*' --exclude=prod-eu
  kubectl mc get pods -n shop,'team-*'
  kubectl mc get pods -A --where 'STATUS!=Running' --where 'RESTARTS>3'
  kubectl mc get pods -A --count-by CLUSTER,STATUS
  kubectl mc get widgets.example.com -A -l team=web -o json | jq '.items[].metadata.name'
  kubectl mc logs deploy/web -f --since=10m
  kubectl mc describe pod 'web-*' --clusters=prod-eu
  kubectl mc rollout restart deploy/web --clusters='dev-*'
  kubectl mc apply -f app.yaml --all-clusters --waves=1,10%,100%

The clusters are those that a hub has a ClusterProfile of (multicluster.x-k8s.io). Each is reached through a context of
yours: the one that ~/.kube/kubectl-mc-clusters.yaml names, else the one with the cluster's name. To begin with a hub,
and without one:
  kubectl mc setup --hub-context=CONTEXT
  kubectl mc get nodes --contexts='kind-*'

{_COMMANDS}
{FLAGS_HELP}
  --help, --version              this text; our version. kubectl mc VERB --help: kubectl's own, and these flags
"""


PLUGIN_RUN_HELP = """\
Run a plugin of kubectl's on the fleet, whatever it is called: also one whose name a command of kubectl mc has.

  kubectl mc plugin run NAME [its arguments] [flags that choose clusters, and those of changes]

NAME may be several words. All other flags behind it are the plugin's; ahead of `plugin`, all of ours are ours.
What a plugin does is not known, so it counts as a change: the clusters have to be named, and you are asked.
"""


def named(text: str) -> str:
    """Return a text that is all ours, such as a help, with the name by which the user called us for `kubectl mc`."""
    return text.replace("kubectl mc", PROGRAM)


def fitted(text: str, width: int) -> str:
    """Return a help text whose lines fit a terminal of this width; 0: it isn't known. Examples stay whole lines.

    What continues a flag's description is indented as it is. Lines of prose that follow each other are a paragraph.
    """
    if not 0 < width < max(map(len, text.split("\n"))):
        return text
    import textwrap

    lines = re.sub(r"(?m)(?<=^\S)(.*)\n(?=\S)", r"\1 ", text).split("\n")
    wrapper = textwrap.TextWrapper(width, break_long_words=False, break_on_hyphens=False)
    fitted_lines: list[str] = []
    for line in lines:
        start = match[0] if (match := _START.match(line)) else ""
        wrapper.subsequent_indent = " " * min(len(start), width // 2)
        if not line or (line.startswith("  kubectl ") and (len(line) <= width or not start.strip())):
            fitted_lines.append(line)
        elif line.startswith("  kubectl ") and len(start) > width // 2:  # what it does gets a line of its own
            fitted_lines += [start.rstrip(), *wrapper.wrap(wrapper.subsequent_indent + line[len(start) :])]
        else:
            fitted_lines += wrapper.wrap(line)
    return "\n".join(fitted_lines)


# What stands ahead of the text of a line: blanks, and a flag or a command with blanks behind it.
_START = re.compile(r" {2,}\S.*?\S {2,}(?=\S)| *")


def command_sections(command: str) -> tuple[str, ...]:
    """Return the sections with the flags that a command of ours takes."""
    return (*FLAG_SECTIONS[command], "guard")


def sections_text(names: Iterable[str]) -> str:
    """Return the help for the flags of these sections, by their names alone: `kubectl mc --help` describes them."""
    import textwrap

    flags = ", ".join(f"--{name}" for name in flag_descriptions(names) if name != "output")
    text = f"Flags that other commands have, too (kubectl mc --help says what they do): {flags}"
    return "\n" + textwrap.fill(text, 120, break_on_hyphens=False) + "\n"


def flag_descriptions(names: Iterable[str]) -> dict[str, str]:
    """Return the flags of these sections: name -> the first line of its description."""
    matches = re.finditer(r"^ {6}--([a-z-]+)\S* +(.*)$", "".join(SECTIONS[name] for name in names), re.MULTILINE)
    return {match[1]: match[2] for match in matches}
