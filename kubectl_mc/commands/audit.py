"""`kubectl mc audit`: which changes were made from here, by whom, and what became of them on each cluster."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from kubectl_mc import messages
from kubectl_mc.changes import record
from kubectl_mc.changes.record import Outcome, Run
from kubectl_mc.command_line import grammar
from kubectl_mc.command_line.grammar import CommandLine
from kubectl_mc.messages import own_tables
from kubectl_mc.processes.environment import Environment

HELP = """\
Show the changes that were made with kubectl mc: who, when, what, on which clusters, and how it ended.

  kubectl mc audit [list] [-o json|yaml]
  kubectl mc audit show RUN [-o json|yaml]
"""


def run(line: CommandLine, environment: Environment) -> int:
    """`audit` alone lists. Raises UserError."""
    words, where = grammar.operands(line), record.record_path(environment.home)
    if line.path == ("audit",) and words:
        raise messages.no_audit_command(words[0])
    form = grammar.value(line, "output") or ""
    if form not in ("", "json", "yaml"):
        raise messages.bad_flag_value("output", form, "json or yaml")
    if line.path[-1] == "show":
        if len(words) != 1:
            raise messages.which_run("audit show")
        found = record.find_run(where, words[0])
        environment.streams.stdout.write(_formatted(_document(found), form) if form else _shown(found))
        return 0
    runs = record.read_runs(where)
    listed = {"apiVersion": "kubectl-mc.k8s.io/v1alpha1", "kind": "RunList", "items": [_brief(each) for each in runs]}
    if form:
        environment.streams.stdout.write(_formatted(listed, form))
    elif runs:
        rows = [[each.id, _text(each, "user"), _text(each, "what"), _outcome(each)] for each in runs]
        environment.streams.stdout.write(own_tables.render_table(("RUN", "USER", "WHAT", "RESULT"), rows))
    else:
        environment.streams.say([messages.no_runs_yet()])
    return 0


def _formatted(document: Mapping[str, Any], form: str) -> str:
    if form == "json":
        return json.dumps(document, indent=4) + "\n"
    import yaml

    plain = json.loads(json.dumps(document))  # nothing in it twice, or YAML would write anchors
    return str(yaml.safe_dump(plain, sort_keys=False, allow_unicode=True))


def _text(run: Run, field: str) -> str:
    return str(run.start.get(field) or "")


def _outcome(run: Run) -> str:
    """`3 changed, 1 failed`; of a run without a last line also that it has none."""
    states = [place.state for place in run.places()]
    counted = ", ".join(f"{states.count(state)} {state}" for state in dict.fromkeys(states))
    return counted if run.ended else f"{counted} (no end written down)"


def _brief(run: Run) -> dict[str, Any]:
    """A run without its events."""
    fields = ("time", "user", "directory", "argv", "what", "input", "targets")
    return {
        "run": run.id,
        **{name: run.start.get(name) for name in fields},
        "ended": run.ended,
        "clusters": [_place(place) for place in run.places()],
    }


def _place(place: Outcome) -> dict[str, Any]:
    return {
        "cluster": place.cluster,
        "state": place.state,
        "reason": place.reason,
        "seconds": place.seconds,
        "rolledOut": place.gated,
        "objects": record.written_changes(place.objects),
    }


def _document(run: Run) -> dict[str, Any]:
    return {
        "apiVersion": "kubectl-mc.k8s.io/v1alpha1",
        "kind": "Run",
        **_brief(run),
        "events": [dict(event) for event in run.events],
    }


def _shown(run: Run) -> str:
    given = run.start.get("input") or {}
    about = {
        "Run": run.id,
        "Time": _text(run, "time"),
        "User": _text(run, "user"),
        "Directory": _text(run, "directory"),
        "Command": f"kubectl mc {shlex.join(run.start.get('argv') or ())}",
        "Input": f"{', '.join(given.get('sources', ()))} {given.get('digest', '')}".strip() or "<none>",
        "Result": _outcome(run),
    }
    head = "".join(f"{name + ':':<12}{messages.visible(text)}\n" for name, text in about.items())
    return (
        f"{head}\n{own_tables.render_table(('CLUSTER', 'SERVER', 'USER', 'STATE', 'SECONDS', 'DETAILS'), _rows(run))}"
    )


def _rows(run: Run) -> Sequence[Sequence[str]]:
    servers = {str(target.get("cluster")): target for target in run.start.get("targets") or ()}
    return [
        [
            place.cluster,
            *(str(servers.get(place.cluster, {}).get(name) or "<unknown>") for name in ("server", "user")),
            place.state,
            f"{place.seconds:.1f}",
            place.reason or ", ".join(f"{each.resource} {each.result}".strip() for each in place.objects) or "<none>",
        ]
        for place in run.places()
    ]
