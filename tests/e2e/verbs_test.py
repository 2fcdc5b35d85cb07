# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""docs/verbs.md, row by row: what is said there of a verb is what `kubectl mc` does with it on the fleet."""

from __future__ import annotations

import json
import re
import shlex
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from kubectl_mc.command_line import grammar, verb_rows, verbs
from tests.e2e.conftest import MEMBERS, WHOAMI, Done, Shell, needs

PAGE = Path(__file__).parent.parent.parent / "docs" / "verbs.md"
PLUGIN = "a plugin"

CHANGED = ("c1", "c3")  # a change is made on these, and not on c2

# The `---` tells kubectl, to 1.32, that a brace begins no JSON.
MANIFESTS = {
    "new.yaml": "---\n{apiVersion: v1, kind: ConfigMap, metadata: {name: new, namespace: shop}, data: {level: info}}",
    "settings.yaml": "---\n{apiVersion: v1, kind: ConfigMap, metadata: {name: settings, namespace: shop},\n"
    " data: {a: b}}",
    "role.yaml": "---\n{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: extra},\n"
    ' rules: [{apiGroups: [""], resources: [pods], verbs: [get]}]}',
    "request.yaml": "---\n{apiVersion: certificates.k8s.io/v1, kind: CertificateSigningRequest,\n"
    " metadata: {name: joe}, spec: {request: LS0t, signerName: example.com/joe, usages: [client auth]}}",
    "kustomization.yaml": "resources: [new.yaml]\n",
    "editor": '#!/bin/sh\nsed s/info/debug/ "$1" > "$1.edited" && cat "$1.edited" > "$1"\n',
    "kubectl-hello": '#!/bin/sh\necho "hello $*"\n',
}


class Row(NamedTuple):
    verb: str
    mode: str
    answer: str
    named: str
    notes: str


def rows() -> list[Row]:
    lines = [line for line in PAGE.read_text().splitlines() if line.startswith("| ")]
    cells = [[cell.strip(" `") for cell in line.strip("|").split(" | ")] for line in lines[1:]]
    return [Row(verb, mode, answer, named, "".join(notes)) for verb, mode, answer, named, *notes in cells]


class Place(NamedTuple):
    """The fleet that is changed, and a folder with the MANIFESTS."""

    shell: Shell
    folder: Path

    def words(self, command: str) -> list[str]:
        return shlex.split(command.replace("DIR", str(self.folder)))

    def mc(self, command: str, *more: str) -> Done:
        return self.shell.mc(*self.words(command), *more)

    def kubectl(self, cluster: str, command: str) -> Done:
        return self.shell.kubectl("--context", cluster, *self.words(command))

    def everywhere(self, command: str) -> dict[str, str]:
        """What plain kubectl prints for each cluster."""
        return {cluster: self.kubectl(cluster, command).stdout for cluster in MEMBERS}


@pytest.fixture
def place(own_members: Shell, tmp_path: Path) -> Place:
    for name, text in MANIFESTS.items():
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    path = f"{tmp_path}:{own_members.environment['PATH']}"
    environment = {**own_members.environment, "PATH": path, "EDITOR": f"{tmp_path}/editor"}
    return Place(own_members._replace(environment=environment), tmp_path)


Proof = Callable[[Place], None]


def table(command: str, clusters: tuple[str, ...] = MEMBERS) -> Proof:
    """One table, its CLUSTER column filled with the clusters."""

    def prove(place: Place) -> None:
        header, *lines = place.mc(command).stdout.splitlines()
        start = re.search(r"\bCLUSTER\b", header)
        assert start
        assert sorted({line[start.start() :].split()[0] for line in lines}) == list(clusters)

    return prove


def sections(command: str) -> Proof:
    """What kubectl prints for each cluster, under the cluster's name."""

    def prove(place: Place) -> None:
        done = place.mc(command)
        texts = place.everywhere(command)
        assert all(texts.values())
        assert done.stdout == "\n".join(f"CLUSTER: {cluster}\n{text}" for cluster, text in texts.items())
        assert done.status == 0

    return prove


def folded(command: str) -> Proof:
    """What all the clusters say alike, once."""

    def prove(place: Place) -> None:
        text = place.kubectl("c2", command).stdout
        done = place.mc(command, "--clusters=c2,c3")
        assert done.stdout == f"CLUSTERS (2): c2, c3\n{text}"
        apart = place.mc(command, "--clusters=c2,c3", "--fold=false")
        assert apart.stdout == f"CLUSTER: c2\n{text}\nCLUSTER: c3\n{text}"

    return prove


def same_versions(place: Place) -> None:
    """c2 serves no type that c3 doesn't; then what they answer is the same."""
    place.kubectl("c2", "delete crd widgets.example.com")
    folded("api-versions")(place)


def lines(command: str) -> Proof:
    """What kubectl prints for each cluster, its name before each line; which cluster comes first is left open."""

    def prove(place: Place) -> None:
        done = place.mc(command)
        expected = [f"[{cluster}] {line}" for cluster in MEMBERS for line in said(place, cluster, command)]
        assert sorted(done.stdout.splitlines()) == sorted(expected)
        assert done.status == 0

    return prove


def said(place: Place, cluster: str, command: str) -> list[str]:
    found = place.kubectl(cluster, command).stdout.splitlines()
    assert found
    return found


def refused(place: Place, command: str) -> None:
    verb = verbs.spoken_verb(grammar.parse_line(command.split()))
    what = "delete from" if verb == "delete" else f"{verb} in"
    targets = f"Use --all-clusters to {what} all clusters, or --clusters to specify targets"
    text = f"Error: {targets}\nSo nothing was changed\n"
    assert place.mc(command) == Done(1, "", text)


def changes(command: str, look: str, *before: str, says: str = r"\[{cluster}\] \S+") -> Proof:
    """It is refused without targets, and then changes just those: seen by what plain kubectl prints for `look`.

    before: what plain kubectl does on each cluster, so that there is something to change
    """

    def prove(place: Place) -> None:
        for each in before:
            place.everywhere(each)
        was = place.everywhere(look)
        refused(place, command)
        assert place.everywhere(look) == was
        done = place.mc(*split_targets(command))
        assert done.status == 0, done.stderr
        now = place.everywhere(look)
        assert [cluster for cluster in MEMBERS if now[cluster] != was[cluster]] == list(CHANGED)
        for cluster in CHANGED:
            assert re.search(says.format(cluster=cluster), done.stdout + done.stderr)
        # as a word: a name that kubectl made up may have these letters in it
        assert not re.search(r"\bc2\b", done.stdout)

    return prove


def split_targets(command: str) -> tuple[str, ...]:
    """The command with its targets, which stand before a `--`."""
    before, dashes, after = command.partition(" -- ")
    return (f"{before} --clusters={','.join(CHANGED)} --yes{dashes}{after}",)


def edits(command: str, look: str, *before: str) -> Proof:
    """One cluster after another, each under its heading, and a summary."""
    return changes(command, look, *before, says=r"CLUSTER: {cluster} \(\d/2\)\n(.|\n)*: changed in 2 clusters: c1, c3")


def once(*commands: str) -> Proof:
    """What kubectl itself prints."""

    def prove(place: Place) -> None:
        for command in commands:
            assert place.mc(command) == place.shell.kubectl(*place.words(command))

    return prove


def help_and_ours(place: Place) -> None:
    """kubectl's own help, and behind it the flags of ours that the verb takes."""
    theirs = place.shell.kubectl("help", "get").stdout
    for command in ("help get", "get --help", "get pods -n shop -h --clusters=c1"):
        head, _, ours = place.mc(command).stdout.partition(
            "\nFlags of kubectl mc; all others go to kubectl untouched:\n"
        )
        assert head == theirs
        assert "      --where=" in ours
        assert "      --waves=" not in ours
    assert place.mc("config --help").stdout == place.shell.kubectl("config", "--help").stdout


def alone(command: str) -> Proof:
    """On one cluster; with more of them, an error that names them."""

    def prove(place: Place) -> None:
        verb = command.split()[0]
        text = f"Error: {verb} needs exactly one cluster here; choose it with --clusters=NAME. Candidates: c1, c2, c3\n"
        assert place.mc(command) == Done(1, "", text)

    return prove


def proxy(place: Place) -> None:
    alone("proxy --port=0")(place)
    with place.shell.running("proxy", "--port=0", "--clusters=c2") as running:
        text = running.until(r"Starting to serve on (\S+)$")
        address = text.split()[-1]
        with urllib.request.urlopen(f"http://{address}/api/v1/nodes", timeout=30) as answer:
            assert [node["metadata"]["name"] for node in json.load(answer)["items"]] == ["c2-node"]


def port_forward(place: Place) -> None:
    alone("port-forward -n shop deploy/cart 0:80")(place)
    command = "port-forward -n shop deploy/nope 0:80"
    assert place.mc(command, "--clusters=c2") == place.kubectl("c2", command)


def differs(place: Place) -> None:
    place.kubectl("c1", "apply -f DIR/new.yaml")
    done = place.mc("diff -f DIR/new.yaml")
    assert re.findall(r"^CLUSTER: \w+$", done.stdout, re.MULTILINE) == ["CLUSTER: c2", "CLUSTER: c3"]
    assert (done.status, place.mc("diff -f DIR/new.yaml --clusters=c1").status) == (1, 0)


def may(place: Place) -> None:
    lines("auth can-i get pods")(place)
    table("auth can-i --list")(place)


def executes(place: Place) -> None:
    command = "exec deploy/cart -n shop -c app -- hostname"
    refused(place, command)
    done = place.mc(*split_targets(command))
    assert sorted(done.stdout.splitlines()) == [
        f"[{cluster}] {said(place, cluster, command)[0]}" for cluster in CHANGED
    ]
    assert done.status == 0


def attaches(place: Place) -> None:
    command = "attach deploy/cart -n shop -c app"
    refused(place, command)
    done = place.mc(f"{command} --all-clusters --yes")
    expected = {f"[{cluster}] {line}" for cluster in MEMBERS for line in said(place, cluster, command)}
    assert set(done.stdout.splitlines()) == expected


def plugin(place: Place) -> None:
    refused(place, "hello there")
    done = place.mc("hello there --clusters=c1,c3 --yes")
    heading = "CLUSTER: {0}\nhello --context {0} there\n"
    assert done[:2] == (0, f"{heading.format('c1')}\n{heading.format('c3')}")


NODES = "-l topology.kubernetes.io/region"
SETTINGS = "get cm settings -n shop -o yaml"
CART = "get deploy cart -n shop -o yaml"
NEW = "get cm new -n shop -o yaml"
NODE = "get nodes -o yaml"

PROOFS: Mapping[str, Proof] = {
    "alpha": once("alpha"),
    "annotate": changes("annotate cm settings -n shop a=b", SETTINGS),
    "api-resources": table("api-resources"),
    "api-versions": same_versions,
    "apply": changes("apply -f DIR/new.yaml", NEW),
    "apply edit-last-applied": edits("apply edit-last-applied -f DIR/new.yaml -n shop", NEW, "apply -f DIR/new.yaml"),
    "apply set-last-applied": changes(
        "apply set-last-applied -f DIR/settings.yaml --create-annotation", SETTINGS, "annotate cm settings -n shop a=b"
    ),
    "apply view-last-applied": sections("apply view-last-applied deploy/cart -n shop"),
    "attach": attaches,
    "auth can-i": may,
    "auth reconcile": changes("auth reconcile -f DIR/role.yaml", "get clusterrole extra -o name"),
    "auth whoami": table("auth whoami"),
    "autoscale": changes("autoscale deploy cart -n shop --max=3 --cpu-percent=9 --name=new", "get hpa -n shop -o name"),
    "certificate": changes("certificate approve joe", "get csr joe -o yaml", "apply -f DIR/request.yaml"),
    "cluster-info": sections("cluster-info"),
    "cluster-info dump": sections("cluster-info dump --namespaces=kube-public"),
    "completion": once("completion bash"),
    "config": once("config view", "config get-contexts", "config current-context"),
    "cordon": changes(f"cordon {NODES}", NODE),
    "cp": changes(
        "cp DIR/new.yaml shop/box:/tmp/new",
        "exec -n shop box -- cat /tmp/new",
        "run box -n shop --image=box",
        says=r"^Run \S+: changed in 2 clusters: c1, c3$",
    ),
    "create": changes("create cm new -n shop", NEW),
    "debug": changes("debug box --image=box", "get pod box -o yaml", "run box --image=box"),
    "delete": changes("delete cm settings -n shop", SETTINGS),
    "describe": sections("describe svc cart -n shop"),
    "diff": differs,
    "drain": changes(f"drain {NODES} --force --ignore-daemonsets --delete-emptydir-data", NODE),
    "edit": edits("edit cm settings -n shop", SETTINGS),
    "events": table("events -n shop"),
    "exec": executes,
    "explain": folded("explain deployments.spec.strategy"),
    "expose": changes("expose deploy cart -n shop --port=80 --name=new", "get svc -n shop -o name"),
    "get": table("get pods -A"),
    "help": help_and_ours,
    "kuberc": once("kuberc view"),
    "kustomize": once("kustomize DIR"),
    "label": changes("label cm settings -n shop a=b", SETTINGS),
    "logs": lines("logs deploy/cart -n shop -c app --tail=2"),
    "options": once("options"),
    "patch": changes('patch cm settings -n shop -p \'{"data":{"a":"b"}}\'', SETTINGS),
    "plugin": once("plugin list"),
    "port-forward": port_forward,
    "proxy": proxy,
    "replace": changes("replace -f DIR/settings.yaml", SETTINGS),
    "rollout": changes("rollout restart deploy/cart -n shop", CART),
    "rollout history": sections("rollout history deploy/cart -n shop"),
    "rollout status": lines("rollout status deploy/cart -n shop"),
    "run": changes("run box --image=box", "get pods -o name"),
    "scale": changes("scale deploy/cart -n shop --replicas=5", CART),
    "set": changes("set image deploy/cart -n shop app=new", CART),
    "taint": changes("taint nodes --all a=b:NoSchedule", NODE),
    "top": table("top pods -n shop", clusters=("c1",)),
    "uncordon": changes(f"uncordon {NODES}", NODE, f"cordon {NODES}"),
    "version": sections("version"),
    "wait": lines("wait --for=condition=Available deploy/cart -n shop"),
    PLUGIN: plugin,
}

NEEDS = {
    "attach": ("kubelet",),
    "cp": ("kubelet",),
    "drain": ("controllers",),
    "exec": ("kubelet",),
    "logs": ("kubelet",),
    "rollout history": ("controllers",),
    "rollout status": ("controllers",),
    "top": ("metrics",),
    "wait": ("controllers",),
}


SINCE = {"auth whoami": [WHOAMI]}


@pytest.mark.parametrize(
    "verb",
    [pytest.param(row.verb, marks=[needs(*NEEDS.get(row.verb, ())), *SINCE.get(row.verb, ())]) for row in rows()],
)
def test_the_row(place: Place, verb: str) -> None:
    PROOFS[verb](place)
    for cluster in MEMBERS:
        place.shell.fleet.reset(cluster)


def test_every_verb_of_kubectl_and_every_row_of_the_program_is_in_the_table(members: Shell) -> None:
    ours = {row.verb for row in rows()}
    theirs = set(re.findall(r"^  ([a-z-]+) {2,}[A-Z]", members.kubectl("--help").stdout, re.MULTILINE))
    assert {"get", "wait", "version"} < theirs
    assert theirs - {"mc"} <= {verb.split()[0] for verb in ours}
    assert {path.split()[0] for path in verb_rows.TABLE} <= {verb.split()[0] for verb in ours}
    assert ours == set(PROOFS)


@pytest.mark.parametrize("row", rows(), ids=[row.verb for row in rows()])
def test_the_mode_and_the_naming_of_targets_are_the_programs(row: Row) -> None:
    line = grammar.parse_line(["hello"] if row.verb == PLUGIN else row.verb.split())
    verb = verbs.find_row(line)
    if verb.group and line.verb == verb.path:  # alone it is kubectl's help; the row is about its sub-verbs
        line = line._replace(path=(*line.path, "some"))
    assert (row.mode, row.named) == (verbs.mode(verb, line), "yes" if verbs.is_change(verb, line) else "no")
    shapes = {"table": "table", "text": "sections", "lines": "lines"}
    assert row.answer == (shapes[verb.output.shape] if row.mode in ("captured", "streamed") else "as kubectl's")
