# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""What the words of other tools for many clusters are here, as data: for hints where kubectl has no such word.

They were read in the tools' sources in November 2026: suchpuppet/kubectl-mc 6cc527e (the proof of concept, also what
only its documents have), jonnylangefeld/kubectl-mc 68c458c (krew's `mc`), ahmetb/kubectl-foreach 2b1540a,
ahmetb/kubectx c747d27, stern 8a00e61, karmada f8fdd02. docs/coming-from.md and docs/log-lines.md have them, too.
"""

from __future__ import annotations

import re

from kubectl_mc import messages
from kubectl_mc.command_line.help_texts import named
from kubectl_mc.named_tuples import NamedTuple

POC, KREWS_MC, FOREACH = "the proof of concept", "krew's mc", "kubectl foreach"
KUBECTX, STERN, KARMADACTL = "kubectx and kubens", "stern", "karmadactl"

_PARALLEL = "--max-parallel=N"
_NO_PODS_FILTER = "nothing; kubectl's logs chooses pods by labels, with -l"
_LEVEL = "-v=6, for kubectl's log of its requests"
_ON_HUB = "nothing, as clusters join a hub by its own tools; then kubectl mc setup maps them to contexts"


class Counterpart(NamedTuple):
    """What words of another tool are here.

    words: flags and verbs as they are typed, without values
    here: what to type instead, or that there is nothing like it, and why
    verbs: only with these verbs; "" for a line without one, () for all
    """

    tool: str
    words: tuple[str, ...]
    here: str
    verbs: tuple[str, ...] = ()


FLAGS: tuple[Counterpart, ...] = (
    Counterpart(
        f"{POC} and {STERN}", ("--config",),
        "KUBECTL_MC_CONFIG=FILE, else ~/.kube/kubectl-mc-clusters.yaml, whose `defaults` are those of flags",
    ),
    Counterpart(POC, ("--concurrency",), _PARALLEL),
    Counterpart(POC, ("-v", "--v"), f"--verbose, for each cluster's own messages; {_LEVEL}"),
    Counterpart(
        POC, ("--refresh",), "it goes with a command, as in kubectl mc clusters --refresh", ("",)
    ),
    Counterpart(KUBECTX, ("-r", "--readonly"), "--read-only with a command; KUBECTL_MC_READ_ONLY=1, for all", ("use",)),
    Counterpart(KUBECTX, ("-c", "--current"), "kubectl mc use, with nothing behind it", ("use",)),
    Counterpart(KUBECTX, ("-u", "--unset"), "--none", ("use",)),
    Counterpart(KUBECTX, ("-d",), "kubectl config delete-context NAME, as contexts are kubectl's", ("use",)),
    Counterpart(
        KUBECTX, ("-s", "--shell"), "export KUBECTL_MC_SESSION=$$, with which a choice is for one shell", ("use",)
    ),
    Counterpart(KREWS_MC, ("-r", "--regex"), "--clusters='/REGEX/', or --contexts='/REGEX/' without a hub"),
    Counterpart(KREWS_MC, ("-x", "--negative-regex"), "--exclude='/REGEX/'"),
    Counterpart(KREWS_MC, ("--namespaces",), "-n NAME,NAME"),
    Counterpart(KREWS_MC, ("-l", "--list-only"), "kubectl mc clusters", ("",)),
    Counterpart(KREWS_MC, ("--list-only",), "kubectl mc clusters"),
    Counterpart(KREWS_MC, ("-p", "--max-processes"), _PARALLEL),
    Counterpart(KREWS_MC, ("--debug",), "--verbose"),
    Counterpart(STERN, ("-d", "--diff-container"), "nothing; a pod's containers share its colour", ("logs",)),
    Counterpart(KREWS_MC, ("-d",), "--verbose"),
    Counterpart(
        f"{KREWS_MC} and {FOREACH}", ("--",),
        "kubectl's command comes without it, as in kubectl mc get pods --clusters='/REGEX/'",
    ),
    Counterpart(FOREACH, ("-I",), "nothing; each kubectl and each plugin is given its context"),
    Counterpart(FOREACH, ("-q",), "--yes"),
    Counterpart(FOREACH, ("-c",), _PARALLEL),
    Counterpart(STERN, ("-i",), "--include=REGEX", ("logs",)),
    Counterpart(STERN, ("-e",), "--drop=REGEX", ("logs",)),
    Counterpart(STERN, ("-H",), "--highlight=REGEX", ("logs",)),
    Counterpart(STERN, ("-E", "--exclude-container"), "--exclude-container-regex=REGEX", ("logs",)),
    Counterpart(STERN, ("--exclude-pod",), "--exclude-pod-regex=REGEX", ("logs",)),
    Counterpart(STERN, ("-s",), "--since=48h", ("logs",)),
    Counterpart(STERN, ("-t",), "--timestamps", ("logs",)),
    Counterpart(STERN, ("--no-follow",), "nothing; logs are followed with -f only", ("logs",)),
    Counterpart(STERN, ("--condition", "--container-state"), "nothing; kubectl's logs has no such filter", ("logs",)),
    Counterpart(STERN, ("--field-selector", "--node"), _NO_PODS_FILTER, ("logs",)),
    Counterpart(
        STERN, ("--init-containers", "--ephemeral-containers"),
        "--all-containers has both; --exclude-container-regex=REGEX leaves some out", ("logs",),
    ),
    Counterpart(STERN, ("--only-log-lines",), "2>/dev/null", ("logs",)),
    Counterpart(STERN, ("--qps", "--burst"), "nothing; each kubectl has its own limits", ("logs",)),
    Counterpart(STERN, ("--prompt",), "nothing; --pick asks for clusters", ("logs",)),
    Counterpart(STERN, ("-T", "--template", "--template-file"), "-o json, and jq behind it", ("logs",)),
    Counterpart(STERN, ("--timezone",), "nothing; times are in UTC, as the kubelet writes them", ("logs",)),
    Counterpart(STERN, ("--pod-colors", "--container-colors"), "nothing; a pod's colour is of its name", ("logs",)),
    Counterpart(STERN, ("--verbosity",), _LEVEL, ("logs",)),
    Counterpart(STERN, ("--stdin", "--show-hidden-options"), "nothing", ("logs",)),
    Counterpart(
        KARMADACTL, ("--operation-scope", "-s"),
        "nothing; every command is for the members. For the control plane alone: kubectl --context=NAME",
        ("get", "describe", "exec", "explain", "attach", "api-resources", "api-versions"),
    ),
    Counterpart(KARMADACTL, ("-C",), "--clusters=NAME,NAME"),
    Counterpart(KARMADACTL, ("--karmada-context",), "--hub-context=CONTEXT"),
    Counterpart(KARMADACTL, ("--labels",), "-l or --selector, as kubectl has it", ("get",)),
)  # fmt: skip

# Types that are typed where the verb is missing.
_TYPES = (
    "po", "pod", "pods", "deploy", "deployment", "deployments", "svc", "service", "services", "node", "nodes", "ing",
    "ingress", "ingresses", "sts", "statefulsets", "ds", "daemonsets", "job", "jobs", "cronjobs", "cm", "configmaps",
    "secret", "secrets", "pvc", "pv", "ev",
)  # fmt: skip

VERBS: tuple[Counterpart, ...] = (
    Counterpart("other tools", ("list", "ls"), "kubectl mc get TYPE, or kubectl mc clusters"),
    Counterpart("docker", ("ps",), "kubectl mc get pods"),
    Counterpart("other tools", ("show", "status"), "kubectl mc get TYPE NAME, or kubectl mc describe TYPE NAME"),
    Counterpart("other tools", ("tail",), "kubectl mc logs -f"),
    Counterpart(STERN, ("stern",), "kubectl mc logs -f --pod-regex=REGEX --all-containers"),
    Counterpart("k9s", ("k9s",), "nothing that fills the screen; kubectl mc get TYPE -w, to see what changes"),
    Counterpart("other tools", ("watch",), "kubectl mc get TYPE -w"),
    Counterpart("other tools", ("ssh",), "kubectl mc exec -it POD --clusters=NAME -- sh"),
    Counterpart(KUBECTX, ("ctx", "kubectx", "switch"), "kubectl mc use 'prod-*', for the clusters of later commands"),
    Counterpart(KUBECTX, ("ns", "kubens"), "-n NAMESPACE with each command, else that of each cluster's context"),
    Counterpart(KUBECTX, ("context", "contexts"), "kubectl mc clusters, for the hub's; kubectl config get-contexts"),
    Counterpart(KARMADACTL, ("join", "unjoin", "register", "unregister"), _ON_HUB),
    Counterpart(KARMADACTL, ("promote",), "nothing; kubectl mc get TYPE NAME -o yaml --clusters=NAME shows the object"),
    Counterpart(
        KARMADACTL, ("init", "deinit", "addons", "token", "interpret"),
        "nothing, as that is about Karmada's own control plane",
    ),
    *(Counterpart("resource types", (name,), f"kubectl mc get {name}") for name in _TYPES),
)  # fmt: skip


def flag_name(word: str) -> str:
    """Return a flag, or `--`, as it was typed, without its value: "-r" for `-rdev`; "" for what is no flag."""
    match = re.match(r"--\w[^=]*|--$|-[^-]", word)
    return match[0] if match else ""


def flag_hint(verb: str, word: str) -> str:
    """Return a sentence that says what a flag of another tool is here; "" if no table has it, or not with this verb.

    word: as it was typed, with or without a value; verb: as kubectl writes it, "" for none
    """
    name = flag_name(word)
    rows = [row for row in FLAGS if name in row.words and (not row.verbs or verb in row.verbs)]
    row = next(iter(sorted(rows, key=lambda row: not row.verbs)), None)  # the verb's own first
    return named(f"For {name} of {row.tool}: {row.here}") if row else ""


def unknown_flag(verb: str, word: str) -> messages.UserError | None:
    """Return the error for a flag that kubectl doesn't have with this verb; None if it isn't another tool's, either."""
    hint = flag_hint(verb, word)
    return messages.flag_of_another_tool(flag_name(word), hint) if hint else None


def verb_hint(word: str) -> str:
    """Return a sentence that says what a verb of another tool, or one that was guessed, is here; "" for any other."""
    return next((named(f"Here: {row.here}") for row in VERBS if word in row.words), "")
