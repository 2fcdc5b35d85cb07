# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""With one cluster selected, `kubectl mc X` without what names the cluster is `kubectl X`, byte for byte.

Shown for every recorded read command.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext

import pytest

from fixtures.fleet import ASSETS
from tests import real_kubectl
from tests.e2e.conftest import Shell
from tests.recordings import names, recording

CHANGES = {"apply-json", "create-exists", "delete-notfound"}

# Read commands whose answers are not kept as data.
OTHERS = (
    "api-versions",
    "auth can-i get pods",
    "cluster-info",
    "config view",
    "describe cm -n shop",
    "describe deploy cart -n shop",
    "explain deployments.spec.strategy",
    "logs deploy/cart -n shop --tail=3",
    "logs deploy/cart -n shop -c sidecar --tail=2",
    "logs deploy/cart -n shop --all-containers --prefix --tail=2",
    "rollout history deploy/web",
    "rollout status deploy/cart -n shop",
    "version",
    "wait --for=condition=Available deploy/cart -n shop --timeout=5s",
)


# What kubectl itself writes in another order every time, in some versions.
UNORDERED = ("describe cm -n shop", "logs deploy/cart -n shop --all-containers --prefix --tail=2")

STATUS = {"top": 0}  # where the recorded cluster had no metrics server; c1 has one


def commands() -> Iterator[tuple[str, str, int]]:
    """(context on the fleet, command without it, exit status)"""
    for name in names():
        if name in CHANGES:
            continue
        kept = recording(name)
        words = shlex.split(kept.command)[1:]
        context = "c1"
        if words[0] == "--context":
            context = words[1].replace("lab-member", "c").replace("viewer-member", "viewer-c")
            words = words[2:]
        yield context, shlex.join(words), STATUS.get(name, kept.status)
    yield from (("c1", command, 0) for command in OTHERS)
    yield "viewer-c1", "auth can-i get nodes", 1


COMMANDS = list(commands())


@pytest.fixture(scope="module")
def home(members: Shell, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Shell]:
    """The fleet for a user whose only mapped cluster goes by that context."""

    def make(context: str) -> Shell:
        kube = folder / context / ".kube"
        kube.mkdir(parents=True, exist_ok=True)
        (kube / "kubectl-mc-clusters.yaml").write_text(
            f"hubContext: hub\nclusters: [{{name: {cluster_of(context)}, context: {context}}}]\n"
        )
        return members._replace(environment={**members.environment, "HOME": str(kube.parent)})

    folder = tmp_path_factory.mktemp("homes")
    return make


def cluster_of(context: str) -> str:
    return "c3" if context == "c3" else "c1"


@pytest.mark.parametrize(("context", "command", "status"), COMMANDS, ids=[f"{row[0]} {row[1]}" for row in COMMANDS])
def test_one_cluster_is_what_kubectl_says(
    home: Callable[[str], Shell], context: str, command: str, status: int
) -> None:
    user, cluster = home(context), cluster_of(context)
    words = [word for word in shlex.split(command) if word != REFUSED]
    down: AbstractContextManager[None] = user.fault("c1", "refuse") if REFUSED in command else nullcontext()
    with down:
        ours = user.mc(*words, f"--clusters={cluster}")
        theirs = user.kubectl("--context", context, *words)
    assert ours.status == theirs.status
    assert theirs.status == status or real_kubectl.version() < (1, 28) or ASSETS  # 1.27 asks for an older whoami
    shown, said = without_cluster(ours.stdout, cluster), theirs.stdout
    if ours.stdout.startswith(f"{cluster}\t") and not said.endswith("\n"):
        said += "\n"  # a line that bears its cluster's name ends, so that the next one can begin
    if re.search(r"\b(AGE|DURATION|LAST SEEN)\b|Events:", said) or "--no-headers" in command:
        shown, said = steady(shown), steady(said)
    if command in UNORDERED:
        shown, said = "\n".join(sorted(shown.split("\n"))), "\n".join(sorted(said.split("\n")))
    assert shown == said
    assert steady_stderr(ours.stderr) == steady_stderr(theirs.stderr)


def steady_stderr(text: str) -> list[str]:
    """The lines without klog's times and process ids, the name of one of several pods, our advice and our version."""
    text = re.sub(r"^kubectl-mc [\d.]+\n", "", text)
    text = re.sub(r"^To map .*\n", "", text, flags=re.MULTILINE)
    text = re.sub(r"^([IWEF])\d{4} [\d:.]+ +\d+ ", r"\1 ", text, flags=re.MULTILINE)
    return re.sub(r", using pod/\S+", "", text).split("\n")


REFUSED = "--server=https://127.0.0.1:9"  # names a server, which kubectl mc doesn't take: c1 refuses connections


def without_cluster(text: str, cluster: str) -> str:
    """The text without the column, heading, prefix or annotation that says which cluster it is of."""
    if text.startswith(f"CLUSTER: {cluster}\n"):
        return text.partition("\n")[2]
    for prefix in (f"[{cluster}] ", f"{cluster}\t"):
        if text.startswith(prefix):
            return "".join(line.removeprefix(prefix) for line in text.splitlines(keepends=True))
    if text.startswith(("{", "apiVersion: ")):
        return without_annotation(text, cluster)
    return "\n\n".join(without_column(table, cluster) for table in text.split("\n\n"))


def without_column(table: str, cluster: str) -> str:
    """The table without the slice between the starts of CLUSTER and of the next column."""
    lines = table.splitlines(keepends=True)
    column = re.search(rf"(?:^|(?<=   ))(?:CLUSTER|{cluster}) {{3,}}", lines[0]) if lines else None
    if not column:
        return table
    cut = {line[column.start() : column.end()].rstrip() for line in lines}
    assert cut <= {"CLUSTER", cluster}
    return "".join(line[: column.start()] + line[column.end() :] for line in lines)


def without_annotation(text: str, cluster: str) -> str:
    """JSON or YAML without the line, and without the annotations that it stands alone in."""
    key = "kubectl-mc.k8s.io/cluster"
    text = re.sub(rf'\n *"annotations": {{\n *"{key}": "{cluster}"\n *}}(,?)', "", text)
    text = re.sub(rf'\n *"{key}": "{cluster}",', "", text)
    text = re.sub(rf'\n *annotations:\n( *){key}: "{cluster}"(?!\n\1\S)', "", text)
    text = re.sub(rf'\n *{key}: "{cluster}"', "", text)
    return re.sub(r'"metadata": {\n *}', '"metadata": {}', text)


def steady(text: str) -> str:
    """The text without what goes on between two runs: ages, which may grow wider."""
    return re.sub(r"\b(AGE\b|DURATION\b|LAST SEEN\b|(\d+[smhd])+\b( \(x\d+ over \w+\))?) *", "~", text)
