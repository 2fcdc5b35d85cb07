# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""`kubectl mc audit`: the changes that were made with kubectl mc, who made them, and the outcome on each cluster."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence

from kubectl_mc import PROGRAM, messages
from kubectl_mc.changes import record
from kubectl_mc.changes.record import Run
from kubectl_mc.command_line import grammar
from kubectl_mc.command_line.grammar import CommandLine
from kubectl_mc.messages.own_tables import render_document, render_table
from kubectl_mc.processes.environment import Environment
from kubectl_mc.type_hints import Any

HELP = """\
Show the changes that were made with kubectl mc: who, when, what, on which clusters, and how it ended.

  kubectl mc audit [list] [-o json|yaml]
  kubectl mc audit show RUN [-o json|yaml]

A cluster is changed, unchanged, failed, refused (nothing was done there), not started, or unknown: it was begun, and
its end isn't recorded.
"""


def run(line: CommandLine, environment: Environment) -> int:
    """List the runs, or show one of them; `audit` alone lists. Raises UserError."""
    operands, path, stdout = grammar.operands(line), record.record_path(environment.home), environment.streams.stdout
    if line.path == ("audit",) and operands:
        raise messages.no_subcommand("audit", operands[0], ("list", "show"))
    form = grammar.value(line, "output") or ""
    if line.path[-1] == "show" and len(operands) != 1:
        raise messages.which_run("audit show")
    runs = record.read_record(path)
    environment.streams.say(runs.warnings)
    if line.path[-1] == "show":
        shown = runs.find(operands[0])
        if form:
            fields = {**_summary(shown), "events": [dict(event) for event in shown.events]}
            stdout.write(render_document("Run", fields, form))
        else:
            stdout.write(_description(shown, environment.has_colours(stdout)))
        return 0
    if form:
        stdout.write(render_document("RunList", {"items": [_summary(run) for run in runs.runs]}, form))
    elif runs.runs:
        rows = [[run.id, _text(run, "user"), _text(run, "what"), _result(run)] for run in runs.runs]
        colours = environment.has_colours(stdout)
        stdout.write(render_table(("RUN", "USER", "WHAT", "RESULT"), rows, colours))
    else:
        environment.streams.say([messages.NO_RUNS_YET])
    return 0


def _text(run: Run, field: str) -> str:
    return str(run.start.get(field) or "")


def _result(run: Run) -> str:
    """Return how many clusters have which state, as `3 changed, 1 failed`."""
    states = [outcome.state for outcome in run.outcomes()]
    counts = ", ".join(f"{states.count(state)} {state}" for state in dict.fromkeys(states))
    return counts if run.ended else f"{counts} (no end written down)"


def _summary(run: Run) -> dict[str, Any]:
    """Return the JSON of a run without its events."""
    fields = ("time", "user", "directory", "argv", "what", "input", "targets")
    clusters = [
        {
            "cluster": outcome.cluster,
            "state": outcome.state,
            "reason": outcome.reason,
            "seconds": outcome.seconds,
            "rolledOut": outcome.rolled_out,
            "objects": record.written_changes(outcome.objects),
        }
        for outcome in run.outcomes()
    ]
    return {"run": run.id, **{name: run.start.get(name) for name in fields}, "ended": run.ended, "clusters": clusters}


def _description(run: Run, colours: bool) -> str:
    """Return the text of `audit show`: the facts about the run, and a table of its clusters."""
    change_input = run.start.get("input") or {}
    files = [str(file.get("path")) for file in change_input.get("files", ())]
    facts = {
        "Run": run.id,
        "Time": _text(run, "time"),
        "User": _text(run, "user"),
        "Directory": _text(run, "directory"),
        "Command": f"{PROGRAM} {shlex.join(run.start.get('argv') or ())}",
        "Input": f"{', '.join([*change_input.get('sources', ()), *files])} {change_input.get('digest', '')}".strip()
        or "<none>",
        "Result": _result(run),
    }
    head = "".join(f"{name + ':':<12}{messages.visible(text)}\n" for name, text in facts.items())
    addresses = {str(target.get("cluster")): target for target in run.start.get("targets") or ()}
    rows = []
    for outcome in run.outcomes():
        address = addresses.get(outcome.cluster, {})
        server, user = (str(address.get(name) or "<unknown>") for name in ("server", "user"))
        changes = ", ".join(f"{change.resource} {change.result}".strip() for change in outcome.objects)
        details = outcome.reason or changes or "<none>"
        rows.append([outcome.cluster, server, user, outcome.state, f"{outcome.seconds:.1f}", details])
    table = render_table(("CLUSTER", "SERVER", "USER", "STATE", "SECONDS", "DETAILS"), rows, colours)
    return f"{head}\n{table}\n{_address_table(list(addresses.values()), colours)}"


_ADDRESS_COLUMNS = {
    "CLUSTER": "cluster",
    "CONTEXT": "context",
    "KUBECONFIG-CLUSTER": "kubeconfigCluster",
    "KUBECONFIG-USER": "kubeconfigUser",
    "TLS-SERVER-NAME": "tlsServerName",
    "PROXY": "proxy",
    "CERTIFICATE-AUTHORITY": "authority",
}


def _address_table(addresses: Sequence[Mapping[str, Any]], colours: bool) -> str:
    """Return what else the record has of how the clusters were reached, without columns that say nothing."""
    columns = {
        name: field for name, field in _ADDRESS_COLUMNS.items() if any(address.get(field) for address in addresses)
    }
    rows = [[str(address.get(field) or "<none>") for field in columns.values()] for address in addresses]
    return render_table(tuple(columns), rows, colours)
