"""The verb table: what is true of each kubectl verb, as data. No verb has code of its own."""

from __future__ import annotations

from typing import NamedTuple


class Verb(NamedTuple):
    """A row of the table.

    path: the verb as kubectl writes it, e.g. "rollout status"
    changes: it changes something on a cluster, so its targets must be named
    table: its plain output is a table with a header line
    objects: `-o json|yaml` gives API objects, alone or in a List
    local: it is about this machine only: run once, no cluster
    """

    path: str
    changes: bool = False
    table: bool = False
    objects: bool = False
    local: bool = False


_ROWS = (
    Verb("get", table=True, objects=True),
    Verb("api-resources", table=True),
    Verb("events", table=True, objects=True),
    Verb("top node", table=True),
    Verb("top pod", table=True),
    Verb("describe"),
)
