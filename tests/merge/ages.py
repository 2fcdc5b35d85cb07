# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Ages as API servers write them, as an oracle for what is read from them."""

from __future__ import annotations


def human_duration(seconds: float) -> str:
    """Return an age, as apimachinery's HumanDuration (util/duration/duration.go) writes it."""
    whole = int(seconds)
    minutes, hours = whole // 60, whole // 3600
    days, years = hours // 24, hours // 24 // 365
    if whole < 120:
        return f"{whole}s"
    if minutes < 10:
        return f"{minutes}m{_part(whole % 60, 's')}"
    if minutes < 180:
        return f"{minutes}m"
    if hours < 8:
        return f"{hours}h{_part(minutes % 60, 'm')}"
    if hours < 48:
        return f"{hours}h"
    if hours < 192:
        return f"{days}d{_part(hours % 24, 'h')}"
    if days < 730:
        return f"{days}d"
    return f"{years}y{_part(days % 365, 'd')}" if years < 8 else f"{years}y"


def _part(number: int, unit: str) -> str:
    return f"{number}{unit}" if number else ""
