"""The end of a run: what became of each cluster, and how to go on. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from kubectl_mc import messages
from kubectl_mc.changes.record import Outcome
from kubectl_mc.messages.name_folding import fold_names

_WORDS = ("changed", "unchanged", "failed", "refused", "unknown", "not started")
_WITH_REASON = ("failed", "refused", "unknown")


def outcomes_left(places: Sequence[Outcome]) -> list[Outcome]:
    """Those that `resume` has something to do for."""
    return [place for place in places if place.state not in ("changed", "unchanged") or place.gated is False]


def summary_lines(run: str, places: Sequence[Outcome], whole: bool) -> list[str]:
    """One line for each thing that became of clusters; more of them if something is left.

    whole: the record has all of the command, so that it needn't be given again
    """
    groups = [
        (word, [place for place in places if place.state == word and place.gated is not False]) for word in _WORDS
    ]
    stuck = [place for place in places if place.gated is False]
    told = [f"{word} in {_clusters(word, found)}" for word, found in groups if found]
    told += [f"changed, but not rolled out in {_reasons(stuck)}"] if stuck else []
    if not outcomes_left(places):
        return [f"Run {run}: {'; '.join(told)}"]
    return [f"Run {run}:", *(f"  {line}" for line in told), messages.to_go_on(run, whole)]


def _clusters(word: str, places: Sequence[Outcome]) -> str:
    count = messages.cluster_count(len(places))
    return _reasons(places) if word in _WITH_REASON else f"{count}: {fold_names(place.cluster for place in places)}"


def _reasons(places: Sequence[Outcome]) -> str:
    """Clusters with the same reason together."""
    groups: dict[str, list[str]] = {}
    for place in places:
        groups.setdefault(place.reason, []).append(place.cluster)
    named = [
        f"{fold_names(clusters)} ({reason})" if reason else fold_names(clusters) for reason, clusters in groups.items()
    ]
    return f"{messages.cluster_count(len(places))}: {', '.join(named)}"


def exit_status(places: Sequence[Outcome], interrupted: bool) -> int:
    """130 after Ctrl-C, 1 if anything is left, else 0."""
    return 130 if interrupted else 1 if outcomes_left(places) else 0
