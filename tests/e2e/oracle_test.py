# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Whatever is read, kubectl mc shows what each cluster's kubectl answers: generated lines, compared with it.

Each line is run for one cluster and for several of a fleet of four, one of which is down, next to the plain kubectl of
each cluster. tests/e2e/oracle holds the grammar of the lines, and what an answer has to be.

FUZZ sets how many answers are compared (`make fuzz`), FUZZ_SEED which lines, FUZZ_REPORT a file for what fails.
"""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random
from typing import NamedTuple

import pytest

from fixtures.client_files import mapping
from fixtures.fleet import ASSETS, fleet
from tests.e2e.conftest import Done, shell
from tests.e2e.oracle.answers import faults
from tests.e2e.oracle.command_lines import Chunk, Line, parsed
from tests.e2e.oracle.grammar import KNOWN_LINES, generate_line
from tests.e2e.oracle.kubectls import Kubectls

CASES = int(os.environ.get("FUZZ", "300"))
# `make test` compares the same lines each time; `make fuzz` looks for others.
SEED = os.environ.get("FUZZ_SEED") or (str(time.time_ns()) if "FUZZ" in os.environ else "1")
REPORT = os.environ.get("FUZZ_REPORT", "")
WORKERS = 3
AGAIN = 2 if ASSETS else 1  # so often what seems to be wrong is tried anew: ages may change between two commands
MINIMISED = 12  # so many kinds of faults are made shorter

DOWN = "down"
CLUSTERS = ("c1", "c2", "c10", DOWN)  # in the order in which they are shown
LIMITED = {"c10": "viewer-c10"}  # contexts of a user with fewer rights in a cluster

_MANIFEST = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "plain", "namespace": "odd"}}
_GADGET = {"apiVersion": "odd.example.com/v1", "kind": "Gadget", "metadata": {"name": "whole", "namespace": "odd"}}
FILES: Mapping[str, str] = {
    "plain.yaml": json.dumps({**_MANIFEST, "data": {"a": "c"}}),
    "same.yaml": json.dumps(_MANIFEST),
    "two.yaml": f"---\n{json.dumps(_MANIFEST)}\n---\n{json.dumps(_GADGET)}\n",
    "json.json": json.dumps({"apiVersion": "v1", "kind": "List", "items": [_MANIFEST, _GADGET]}),
    "folder/a.yaml": json.dumps(_MANIFEST),
    "folder/b.yaml": json.dumps({**_MANIFEST, "metadata": {"name": "nope", "namespace": "odd"}}),
    "folder/c.yaml": json.dumps({**_GADGET, "metadata": {"name": "nope", "namespace": "odd"}}),
    "template.jsonpath": '{range .items[*]}{.metadata.name}{"\\n"}{end}',
    "template.gotmpl": '{{range .items}}{{.metadata.name}}{{"\\n"}}{{end}}',
    "columns.txt": "NAME            CLUSTER\n.metadata.name  .metadata.namespace\n",
}


class Case(NamedTuple):
    """A line with the clusters that it is for. contexts: of each cluster, in the clusters' order"""

    line: Line
    contexts: Mapping[str, str]
    first: bool = False  # our own flags stand first

    @property
    def words(self) -> list[str]:
        """What kubectl mc is given."""
        ours = f"--clusters={','.join(sorted(self.contexts))}"
        return [ours, *self.line.our_words] if self.first else [*self.line.our_words, ours]

    def __str__(self) -> str:
        return f"{self.line}   on {', '.join(self.contexts.values())}"


def cases(seed: str, count: int) -> Iterator[Case]:
    """Give the cases of a seed: each line for one cluster and for several; KNOWN_LINES come first."""
    for number in range((count + 1) // 2):
        random = Random(f"{seed}/{number}")
        line = parsed(KNOWN_LINES[number]) if number < len(KNOWN_LINES) else generate_line(random)
        limited = LIMITED if random.random() < 0.25 else {}
        several = random.choice((CLUSTERS[:3], CLUSTERS[:3], CLUSTERS[:2], CLUSTERS, ("c2", DOWN)))
        lone = random.choice((*CLUSTERS[:3], *CLUSTERS[:3], DOWN))
        for clusters in (several, (lone,)):
            contexts = {cluster: limited.get(cluster, cluster) for cluster in clusters}
            yield Case(line, contexts, first=random.random() < 0.2)


class Sandbox(NamedTuple):
    """A fleet with awkward objects.

    kubectls, again: what runs a line first, and what runs it anew
    homes: of the user, and of the one with fewer rights
    """

    kubectls: Kubectls
    again: Kubectls
    homes: tuple[Path, Path]

    def faults(self, case: Case) -> list[str]:
        """Return what is wrong with the answer to a case."""
        is_limited = any(context in LIMITED.values() for context in case.contexts.values())
        texts: list[str] = []
        for kubectls in (self.kubectls, *[self.again] * AGAIN):
            done = kubectls.mc(case.words, self.homes[is_limited])
            texts = self._faults(kubectls, case, done)
            if texts and len(case.contexts) > 1 and case.line.names_types and case.line.has_several_tables:
                # Of such a line, kubectl shows types only where it has found several; a fleet's answer needs them.
                with_types = Line((*case.line.chunks, Chunk(("--show-kind=true",))))
                texts = self._faults(kubectls, case._replace(line=with_types), done)
            if not texts:
                break
        return texts

    def _faults(self, kubectls: Kubectls, case: Case, done: Done) -> list[str]:
        """Return what is wrong with an answer, next to those of the clusters' kubectls."""
        lone = len(case.contexts) == 1
        plains = {cluster: kubectls.plain(case.line, context, lone) for cluster, context in case.contexts.items()}
        texts = faults(case.line, plains, done)
        if not texts or lone or not any(plain.is_unsortable for plain in plains.values()):
            return texts
        # Where no object has the field of --sort-by, kubectl fails or loses the rows. So may a fleet's answer if that
        # is so in all clusters; else it may have them in the order without the flag.
        if all(plain.is_unsortable or plain.status for plain in plains.values()) and done.status and not done.stdout:
            return []
        for cluster, plain in plains.items():
            if plain.is_unsortable:
                plains[cluster] = kubectls.plain(case.line.unsorted, case.contexts[cluster], lone)
        return faults(case.line, plains, done)


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    directory = tmp_path_factory.mktemp("oracle")
    # The last one of the fleet lacks a CRD.
    names = ("c1", "c2", DOWN, "c10")
    with fleet(names, directory / "fleet", {DOWN: "refuse"}, with_awkward=True) as running:
        folder = directory / "folder"
        for name, text in FILES.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text)
        limited = directory / "limited"
        (limited / ".kube").mkdir(parents=True)
        entries = mapping(names)
        for cluster, context in LIMITED.items():
            entries = entries.replace(f"context: {cluster}}}", f"context: {context}}}")
        (limited / ".kube" / running.mapping.name).write_text(entries)
        environment = shell(running).environment
        kubectls = Kubectls(environment, folder, keeps=not ASSETS)
        yield Sandbox(kubectls, Kubectls(environment, folder), (running.home, limited))


def minimised(sandbox: Sandbox, case: Case, texts: Sequence[str]) -> tuple[Case, list[str]]:
    """Return the case without the words and clusters that its first fault doesn't need."""
    kind = kind_of(texts[0])
    shortest, remaining = case, list(texts)

    def still_fails(shorter: Case) -> bool:
        nonlocal shortest, remaining
        found = sandbox.faults(shorter)
        if kind not in map(kind_of, found):
            return False
        shortest, remaining = shorter, sorted(found, key=lambda text: kind_of(text) != kind)
        return True

    for cluster in case.contexts:
        if len(shortest.contexts) > 1 + (len(case.contexts) > 1):
            rest = {name: context for name, context in shortest.contexts.items() if name != cluster}
            still_fails(shortest._replace(contexts=rest))
    if shortest.first:
        still_fails(shortest._replace(first=False))
    index = 0
    while index < len(shortest.line.chunks):
        chunks = shortest.line.chunks[:index] + shortest.line.chunks[index + 1 :]
        kind_of_chunk = shortest.line.chunks[index].kind
        has_others = any(chunk.kind in ("type", "name", "file", "operand") for chunk in chunks)
        kept = kind_of_chunk in ("verb", "type") or (kind_of_chunk in ("name", "file", "operand") and not has_others)
        if kept or not still_fails(shortest._replace(line=Line(chunks))):
            index += 1
    return shortest, remaining


def kind_of(text: str) -> str:
    """Return the kind of a fault, without the cluster that has it."""
    words = text.partition(":")[0].split()
    return " ".join(word for word in words if word not in CLUSTERS and not word.isdigit())


@pytest.mark.fuzz
def test_an_answer_is_what_each_kubectl_says(sandbox: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        print(f"\n{CASES} answers, FUZZ_SEED={SEED}")
    kinds: Counter[tuple[str, str, str]] = Counter()
    failing: list[tuple[Case, list[str]]] = []

    def work(case: Case) -> None:
        texts = sandbox.faults(case)
        if not texts:
            return
        key = (case.line.verb, case.line.shape, kind_of(texts[0]))
        kinds[key] += 1
        if kinds[key] == 1:
            if len(failing) < MINIMISED or REPORT:
                case, texts = minimised(sandbox, case, texts)
            failing.append((case, texts))
        if REPORT:
            with open(REPORT, "a", encoding="utf-8") as file:
                file.write(f"{case}\n" + "".join(f"    {text}\n" for text in texts[:4]))

    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(work, cases(SEED, CASES)))
    with capsys.disabled():
        print(f"{sum(kinds.values())} of {CASES} fail, in {sandbox.kubectls.runs + sandbox.again.runs} commands")
        for (verb, shape, kind), count in kinds.most_common():
            print(f"  {count} {verb} ({shape}): {kind}")
    assert not failing, "\n".join(f"{case}\n    " + "\n    ".join(texts[:4]) for case, texts in failing)
