# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""What the user reads about streams that break and are taken up again."""

from __future__ import annotations

from kubectl_mc.messages.words import cluster_count

NO_ANSWER = "no answer"
UNREACHED = f"can't be reached ({NO_ANSWER}); it is waited for"


def watch_taken_up(cluster: str) -> str:
    """Return that a watch that has ended without an error goes on."""
    return f"[{cluster}] the watch ended; taken up again"


def watch_is_down(cluster: str, reason: str, has_begun: bool) -> str:
    """Return that a watch can't be taken up yet, or can't begin; it is said once. reason: of a Cause"""
    what = "the watch broke" if has_begun else "the watch can't begin"
    return f"[{cluster}] {what} ({reason}); it is tried again until it succeeds"


def watch_goes_on(cluster: str, has_begun: bool) -> str:
    """Return that a watch goes on, or begins, after `watch_is_down`."""
    return f"[{cluster}] the watch {'goes on' if has_begun else 'begins'}"


def following(containers: int, clusters: int, kubectls: int) -> str:
    """Return for how many containers so many kubectls run, which are many."""
    return f"Following {containers} containers in {cluster_count(clusters)}: {kubectls} kubectls."
