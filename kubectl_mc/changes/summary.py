# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""The summary at the end of a run: the outcome of each cluster, and how to go on. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from kubectl_mc import messages
from kubectl_mc.changes.record import Outcome
from kubectl_mc.merge import object_changes
from kubectl_mc.messages.name_folding import fold_names

_STATES = ("changed", "unchanged", "failed", "refused", "unknown", "not started")
_WITH_REASON = ("failed", "refused", "unknown")


def outcomes_left(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Return the outcomes of the clusters for which `resume` has something to do."""
    return [outcome for outcome in outcomes if not outcome.is_done or outcome.rolled_out is False]


def summary_lines(run: str, outcomes: Sequence[Outcome], whole: bool) -> list[str]:
    """Return one line if the run is complete, else a line for each state and one that says how to go on.

    whole: the record has the whole command, so it need not be typed again
    """
    lines = []
    unsure = [outcome for outcome in outcomes if outcome.state == "failed" and outcome.unsure]
    for state in _STATES:
        group = [outcome for outcome in outcomes if outcome.state == state and outcome.rolled_out is not False]
        if group := [outcome for outcome in group if outcome not in unsure]:
            names = fold_names(outcome.cluster for outcome in group)
            clusters = f"{messages.cluster_count(len(group))}: {names}"
            lines.append(f"{state} in {_with_reasons(group) if state in _WITH_REASON else clusters}")
    if unsure:
        lines.append(f"failed, but perhaps changed in {_with_reasons(unsure)}")
    if not_rolled_out := [outcome for outcome in outcomes if outcome.rolled_out is False]:
        lines.append(f"changed, but not rolled out in {_with_reasons(not_rolled_out)}")
    if not outcomes_left(outcomes):
        return [f"Run {run}: {'; '.join(lines)}"]
    unmapped = messages.context_advice([(outcome.cluster, outcome.reason) for outcome in outcomes])
    return [f"Run {run}:", *(f"  {line}" for line in lines), *unmapped, messages.to_go_on(run, whole)]


def _with_reasons(outcomes: Sequence[Outcome]) -> str:
    """Return the count and names of the clusters, those with the same reason together."""
    groups: dict[str, list[str]] = {}
    for outcome in outcomes:
        groups.setdefault(outcome.reason, []).append(outcome.cluster)
    named = [
        f"{fold_names(clusters)} ({reason})" if reason else fold_names(clusters) for reason, clusters in groups.items()
    ]
    return f"{messages.cluster_count(len(outcomes))}: {', '.join(named)}"


def exit_status(outcomes: Sequence[Outcome], failed: bool = False) -> int:
    """Return 0 if the run is complete, 1 if nothing was changed, else 3: also if it isn't known.

    failed: something else than a cluster has failed, such as the record
    """
    return messages.fleet_status(any(map(_may_have_changed, outcomes)), failed or bool(outcomes_left(outcomes)))


def _may_have_changed(outcome: Outcome) -> bool:
    """Return whether a cluster was changed in the run, or may have been. One that failed may be changed in part."""
    in_part = outcome.state == "failed" and not object_changes.are_unchanged(outcome.objects, silent_is_unchanged=True)
    return outcome.may_roll_out or outcome.may_be_done or in_part
