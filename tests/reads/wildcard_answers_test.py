# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Properties of the answers to names with wildcards, with a small kubectl of our own and random objects."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, NamedTuple
from unittest import mock

from hypothesis import given
from hypothesis import strategies as st

from kubectl_mc.command_line import grammar
from kubectl_mc.command_line.grammar import CommandLine
from kubectl_mc.processes.children import Command
from kubectl_mc.processes.event_loop import Result
from kubectl_mc.processes.requests import Request
from kubectl_mc.processes.targets import Kubeconfig, Target
from kubectl_mc.reads import captured
from tests.environments import request, written
from tests.merge.tab_writer import tab_writer
from tests.reads.exchanging import T, outcome

if TYPE_CHECKING:
    from kubectl_mc.reads.exchanges import Exchange

# What may be typed -> (its apiVersion and kind)
TYPES = {
    "pods": ("v1", "Pod"), "po": ("v1", "Pod"), "deploy": ("apps/v1", "Deployment"), "Pod.v1.": ("v1", "Pod"),
    "Deployment.v1.apps": ("apps/v1", "Deployment"),
}  # fmt: skip


class Thing(NamedTuple):
    """An object of a cluster."""

    type: tuple[str, str]
    namespace: str
    name: str

    @property
    def made(self) -> dict[str, Any]:
        api_version, kind = self.type
        metadata = {"name": self.name, "namespace": self.namespace}
        return {"apiVersion": api_version, "kind": kind, "metadata": metadata}

    def field(self, path: str) -> str:
        """The value that custom columns show of a field."""
        uid = f"{self.namespace}/{self.reference}"
        return {".x": self.name, ".y": self.type[1], ".metadata.uid": uid}[path]

    @property
    def reference(self) -> str:
        group, slash, _ = self.type[0].partition("/")
        return f"{self.type[1].lower()}{'.' + group if slash else ''}/{self.name}"


def kubectl(command: Command, things: Sequence[Thing]) -> Result:
    """What kubectl prints of a cluster with these things. It prints a lone object where one was named."""
    line = grammar.parse_line(command.argv[1:])
    everywhere, words = grammar.is_set(line, "all-namespaces"), grammar.operands(line)
    namespace = "" if everywhere else grammar.value(line, "namespace") or "x"
    wanted: list[tuple[str, Thing]] = []
    if grammar.value(line, "filename") == "-":
        for text in (command.stdin or b"").splitlines():
            made = json.loads(text)
            metadata = made["metadata"]
            wanted.append(("", Thing((made["apiVersion"], made["kind"]), metadata["namespace"], metadata["name"])))
    elif any("/" in word for word in words):
        assert not everywhere
        wanted = [(kind, Thing(TYPES[kind], namespace, name)) for kind, _, name in (w.partition("/") for w in words)]
    named = bool(wanted)
    lone = len(wanted) == 1 and bool(words)
    if not named:
        assert len(words) == 1
        types = dict.fromkeys(TYPES[word] for word in words[0].split(","))
        wanted = [
            ("", item) for kind in types for item in things if item.type == kind and namespace in ("", item.namespace)
        ]
    found = [item for _, item in wanted if item in things]
    stderr = "".join(
        f'Error from server (NotFound): {kind} "{item.name}" not found\n' for kind, item in wanted if item not in things
    )
    ignores = grammar.is_set(line, "ignore-not-found")
    stderr = "" if ignores else stderr
    stdout = "" if not found and (lone or ignores) else printed(line, found, lone, everywhere)
    return Result(command.cluster, stdout.encode(), stderr.encode(), int(bool(stderr)))


def printed(line: CommandLine, found: Sequence[Thing], lone: bool, everywhere: bool) -> str:
    form, template = grammar.output_format(line)
    if form == "go-template" and "urlquery" in template:
        return "".join(
            f"{item.type[0].replace('/', '%2F')} {' '.join(item[0][1:])} {item[1]} {item[2]}\n" for item in found
        )
    if form == "name":
        return "".join(f"{item.reference}\n" for item in found)
    if form in ("jsonpath", "go-template"):
        return f"{'Object' if lone else 'List'} {' '.join(f'{item.namespace}/{item.reference}' for item in found)}\n"
    if form == "jsonpath-as-json":
        return json.dumps([None if lone else [f"{item.namespace}/{item.reference}" for item in found]], indent=4) + "\n"
    if form == "json":
        whole: dict[str, Any] = {"apiVersion": "v1", "items": [item.made for item in found], "kind": "List"}
        return json.dumps(found[0].made if lone else {**whole, "metadata": {"resourceVersion": ""}}, indent=4) + "\n"
    return "\n".join(tables(line, found, everywhere))


def tables(line: CommandLine, found: Sequence[Thing], everywhere: bool) -> Iterator[str]:
    form, spec = grammar.output_format(line)
    if form == "custom-columns":
        columns = [column.partition(":") for column in spec.split(",")]
        rows = [[item.field(path) for _, _, path in columns] for item in found]
        yield tab_writer([[header for header, _, _ in columns], *rows])
        return
    types = dict.fromkeys(item.type for item in found)
    for kind in types:
        named = len(types) > 1 or grammar.is_set(line, "show-kind")
        items = [item for item in found if item.type == kind]
        namespaces = [["NAMESPACE"] if everywhere else [], *([item.namespace] if everywhere else [] for item in items)]
        rows = [["NAME", "AGE"], *([item.reference if named else item.name, "1m"] for item in items)]
        yield tab_writer([[*namespace, *row] for namespace, row in zip(namespaces, rows)])


FORMS = (
    "",
    "wide",
    "name",
    "json",
    "jsonpath={.x}",
    "go-template={{.x}}",
    "jsonpath-as-json={.x}",
    "custom-columns=NAME:.x,KIND:.y",
)

short_names = st.text("ab-", min_size=1, max_size=4).map(lambda text: f"o{text}")
things = st.builds(Thing, st.sampled_from(list(TYPES.values())), st.sampled_from(["x", "y"]), short_names)
clusters = st.dictionaries(st.sampled_from(["c1", "c2", "c3"]), st.sets(things, max_size=8).map(sorted), min_size=1)
patterns = st.text("oab-*?", min_size=1, max_size=4).filter(lambda text: set("*?") & set(text) and text[0] != "-")
typed = st.sampled_from(["pods", "po", "deploy"])


@st.composite
def operands(draw: st.DrawFn) -> list[str]:
    names = [*draw(st.lists(patterns, min_size=1, max_size=2)), *draw(st.lists(short_names, max_size=1))]
    if draw(st.booleans()):
        return [",".join(draw(st.lists(typed, min_size=1, max_size=2, unique=True))), *names]
    return [f"{draw(typed)}/{name}" for name in names]


def meant(words: Sequence[str], objects: Sequence[Thing], everywhere: bool) -> list[Thing]:
    """The objects that the names mean, each once: by type as first typed, then in the order of the cluster."""
    pairs = [(kind, name) for kind, slash, name in (word.partition("/") for word in words) if slash] or [
        (kind, name) for kind in words[0].split(",") for name in words[1:]
    ]
    matching = [
        item
        for kind in dict.fromkeys(kind for kind, _ in pairs)
        for item in objects
        if item.type == TYPES[kind] and (everywhere or item.namespace == "x")
        if any(kind == typed_kind and fnmatchcase(item.name, name) for typed_kind, name in pairs)
    ]
    return list(dict.fromkeys(matching))


def shown(form: str, text: str, lone: str) -> dict[str, list[str]]:
    """The names in an answer by cluster, in order; fails for what isn't of a List."""
    found: dict[str, list[str]] = {}
    if form == "json":
        whole = json.loads(text)
        assert whole["kind"] == "List"
        for item in whole["items"]:
            cluster = item["metadata"]["annotations"]["kubectl-mc.k8s.io/cluster"]
            found.setdefault(cluster, []).append(item["metadata"]["name"])
    elif form.startswith("jsonpath-as-json"):
        document = json.loads(text)
        results = [(lone, document)] if lone else [(item["cluster"], item["result"]) for item in document["items"]]
        for cluster, [references] in results:
            found[cluster] = [reference.rpartition("/")[2] for reference in references]
    elif form == "name" or "template" in form or form.startswith("jsonpath"):
        for line in text.splitlines():
            cluster, _, value = line.partition("\t")
            words = [value]
            if form != "name":
                kind, *words = value.split()
                assert (kind, cluster in found) == ("List", False)
            found.setdefault(cluster, []).extend(word.rpartition("/")[2] for word in words)
    else:
        column = 0
        for row in (line.split() for line in text.splitlines() if line):
            if "CLUSTER" in row:
                column = row.index("NAME")
            else:
                found.setdefault(row[column + 1], []).append(row[column].rpartition("/")[2])
    return found


@given(clusters, operands(), st.sampled_from(FORMS), st.booleans(), st.booleans())
def test_the_answer_is_a_list_of_the_objects_that_match(
    fleet: Mapping[str, Sequence[Thing]], words: Sequence[str], form: str, everywhere: bool, ignored: bool
) -> None:
    flags = [*(["-o", form] if form else []), *["-A"] * everywhere, *["--ignore-not-found"] * ignored]
    made = request(["get", *words, *flags], {"HOME": os.devnull})
    targets = [Target(cluster, "", Kubeconfig(None, starts_programs=False)) for cluster in sorted(fleet)]

    def run_exchanges(asked: Request, exchanges: Sequence[Exchange[T]], *rest: object) -> list[T]:
        return [outcome(exchange, lambda command: kubectl(command, fleet[command.cluster])) for exchange in exchanges]

    with mock.patch.object(captured, "run_exchanges", run_exchanges):
        status = captured.show_captured(made, targets)
    answer, stderr = written(made.environment.streams.stdout), written(made.environment.streams.stderr)
    expected = {cluster: meant(words, fleet[cluster], everywhere) for cluster in sorted(fleet)}
    if not any(expected.values()):
        assert answer == ""
        assert (status, stderr == "") == ((0, True) if ignored else (1, False))
        return
    lone = "" if len(fleet) > 1 else targets[0].cluster
    by_type = form in ("", "wide")  # the tables of a type are joined
    assert {cluster: sorted(names) if by_type else names for cluster, names in shown(form, answer, lone).items()} == {
        cluster: sorted(names) if by_type else names
        for cluster, items in expected.items()
        if (names := [item.name for item in items])
    }
    if all(set("*?") & set(word) for word in words[0 if "/" in words[0] else 1 :]):
        assert (status, stderr) == (0, "")
