"""Changes on a fleet: every verb through the gate, and what is left when something goes wrong on the way."""

from __future__ import annotations

import base64
import json
import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from kubectl_mc import grammar, verbs
from kubectl_mc.writes import audit
from kubectl_mc.writes.audit import Run
from tests.e2e.conftest import MC, MEMBERS, Done, Shell, needs
from tests.e2e.running import Running
from tests.e2e.verbs_test import MANIFESTS, Place

TARGETS = ("c1", "c3")  # a change is made on these, and not on c2
OUTSIDE = "c2"

WEB = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: new-web, namespace: shop}
spec:
  selector: {matchLabels: {app: new-web}}
  template:
    metadata: {labels: {app: new-web}}
    spec: {containers: [{name: app, image: web}]}
"""


@cache
def signing_request() -> str:
    """A certificate request that a real API server takes, in base64."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "joe")])
    request = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, hashes.SHA256())
    return base64.b64encode(request.public_bytes(serialization.Encoding.PEM)).decode()


@pytest.fixture
def place(changing: Shell, tmp_path: Path) -> Place:
    """The fleet, as it was at the start, and nothing in the record yet."""
    request = MANIFESTS["request.yaml"].replace("LS0t", signing_request())
    for name, text in {**MANIFESTS, "web.yaml": WEB, "request.yaml": request}.items():
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    record = Path(audit.path(changing.environment))
    record.unlink(missing_ok=True)
    path = f"{tmp_path}:{changing.environment['PATH']}"
    return Place(
        changing._replace(environment={**changing.environment, "PATH": path, "EDITOR": f"{tmp_path}/editor"}), tmp_path
    )


def runs(place: Place) -> list[Run]:
    return audit.runs(audit.path(place.shell.environment))


def states(run: Run) -> dict[str, str]:
    return {each.cluster: each.state for each in run.places()}


def everywhere(place: Place, look: str) -> dict[str, str]:
    return place.everywhere(f"{look} --ignore-not-found" if look.startswith("get ") else look)


# --- Every verb ------------------------------------------------------------------------------------------------


class Case(NamedTuple):
    """command: a change; look: a kubectl command whose answer it changes; before: what has to be done first.

    dry: kubectl has a dry run of it; needs: see fixtures.fleet.LACKS
    """

    command: str
    look: str
    before: tuple[str, ...] = ()
    dry: bool = True
    needs: tuple[str, ...] = ()


NODES = "-l topology.kubernetes.io/region"
SETTINGS = "get cm settings -n shop -o yaml"
CART = "get deploy cart -n shop -o yaml"
NODE = "get nodes -o yaml"
BOX = "run box -n shop --image=box"
NEW_IMAGE = "set image deploy/cart -n shop app=new"

CASES = (
    Case("annotate cm settings -n shop a=b", SETTINGS),
    Case("apply -f DIR/web.yaml", "get deploy new-web -n shop -o yaml"),
    Case("apply --server-side -f DIR/new.yaml", "get cm new -n shop -o yaml"),
    Case("apply -k DIR", "get cm new -n shop -o yaml"),
    Case(
        "apply set-last-applied -f DIR/settings.yaml --create-annotation",
        SETTINGS,
        ("annotate cm settings -n shop a=b",),
    ),
    Case("auth reconcile -f DIR/role.yaml", "get clusterrole extra -o name", dry=False),
    Case("autoscale deploy/cart -n shop --max=3 --cpu=50% --name=new", "get hpa -n shop -o name"),
    Case("certificate approve joe", "get csr joe -o yaml", ("apply -f DIR/request.yaml",), dry=False),
    Case("certificate deny joe", "get csr joe -o yaml", ("apply -f DIR/request.yaml",), dry=False),
    Case(f"cordon {NODES}", NODE),
    Case(
        "cp DIR/new.yaml shop/box:/tmp/new", "exec -n shop box -- cat /tmp/new", (BOX,), dry=False, needs=("kubelet",)
    ),
    Case("create cm new -n shop --from-literal=a=b", "get cm new -n shop -o yaml"),
    Case("create -f DIR/web.yaml", "get deploy new-web -n shop -o yaml"),
    Case("create deployment new -n shop --image=new", "get deploy -n shop -o name"),
    Case("create namespace new", "get ns -o name"),
    Case("create secret generic new -n shop --from-literal=password=hunter2", "get secret new -n shop -o yaml"),
    Case("debug box -n shop --image=box", "get pod box -n shop -o yaml", (BOX,), dry=False, needs=("kubelet",)),
    Case("delete cm settings -n shop", SETTINGS),
    Case("delete deploy --all -n shop", "get deploy -n shop -o name", needs=("controllers",)),
    Case("delete -f DIR/settings.yaml", SETTINGS),
    Case(
        "drain NODES --force --ignore-daemonsets --delete-emptydir-data".replace("NODES", NODES),
        NODE,
        needs=("controllers",),
    ),
    Case("edit cm settings -n shop", SETTINGS, dry=False),
    Case("expose deploy cart -n shop --port=80 --name=new", "get svc -n shop -o name"),
    Case("label cm settings -n shop a=b", SETTINGS),
    Case('patch cm settings -n shop -p \'{"data":{"a":"b"}}\'', SETTINGS),
    Case("replace -f DIR/settings.yaml", SETTINGS),
    Case("replace --force -f DIR/settings.yaml", SETTINGS, dry=False),
    Case("rollout pause deploy/cart -n shop", CART, dry=False),
    Case("rollout restart deploy/cart -n shop", CART, dry=False),
    Case("rollout resume deploy/cart -n shop", CART, ("rollout pause deploy/cart -n shop",), dry=False),
    Case("rollout undo deploy/cart -n shop", CART, (NEW_IMAGE,), needs=("controllers",)),
    Case(BOX, "get pods -n shop -o name"),
    Case("scale deploy/cart -n shop --replicas=5", CART),
    Case("set env deploy/cart -n shop A=b", CART),
    Case(NEW_IMAGE, CART),
    Case("set resources deploy/cart -n shop -c app --limits=cpu=200m", CART),
    Case("set selector svc/cart -n shop a=b", "get svc cart -n shop -o yaml"),
    Case("set serviceaccount deploy/cart -n shop default", CART),
    Case("taint nodes --all a=b:NoSchedule", NODE),
    Case(f"uncordon {NODES}", NODE, (f"cordon {NODES}",)),
)


def targeted(command: str, *more: str) -> str:
    return " ".join((command, f"--clusters={','.join(TARGETS)}", *more))


@pytest.mark.parametrize("case", [pytest.param(each, marks=needs(*each.needs), id=each.command) for each in CASES])
def test_a_change_is_refused_rehearsed_confirmed_and_written_down(place: Place, case: Case) -> None:
    for each in case.before:
        assert {place.kubectl(cluster, each).status for cluster in MEMBERS} == {0}
    was = everywhere(place, case.look)
    untargeted = place.mc(case.command, "--yes")
    assert (untargeted.status, untargeted.stdout) == (1, "")
    assert "Use --all-clusters to" in untargeted.stderr
    unconfirmed = place.mc(targeted(case.command))
    assert (unconfirmed.status, unconfirmed.stdout) == (1, "")
    assert "--yes" in unconfirmed.stderr
    if case.dry:
        rehearsed = place.mc(targeted(case.command, "--dry-run=server"))
        assert rehearsed.status == 0, rehearsed.stderr
        assert rehearsed.stdout.split()[:3] == ["CLUSTER", "RESOURCE", "RESULT"]
        assert {row[0] for row in rehearsed.rows[1:]} == set(TARGETS)
    assert everywhere(place, case.look) == was
    assert runs(place) == []

    done = place.mc(targeted(case.command, "--yes"))
    assert done.status == 0, done.stderr
    now = everywhere(place, case.look)
    assert [cluster for cluster in MEMBERS if now[cluster] != was[cluster]] == list(TARGETS)

    (run,) = runs(place)
    assert states(run) == dict.fromkeys(TARGETS, "changed")
    assert [event["event"] for event in run.events if "cluster" not in event] == ["start", "end"]
    for cluster in TARGETS:
        assert [event["event"] for event in run.events if event.get("cluster") == cluster] == ["begin", "cluster"]
    targets = {target["cluster"]: bool(target["server"] and target["user"]) for target in run.start["targets"]}
    assert targets == dict.fromkeys(TARGETS, True)
    assert "hunter2" not in Path(audit.path(place.shell.environment)).read_text()


def test_every_changing_verb_has_a_case() -> None:
    changing = {path for path, row in verbs.TABLE.items() if row.changes}
    proven = {verbs.find(grammar.parse(shlex.split(case.command))).path for case in CASES}
    elsewhere = {"exec", "attach", "apply edit-last-applied"}  # below, and in verbs_test.py
    assert changing - proven == elsewhere


@needs("kubelet")
def test_exec_runs_on_the_targets_only_and_is_written_down(place: Place) -> None:
    words = "exec deploy/cart -n shop -c app"
    assert place.mc(f"{words} --clusters=c1,c3 -- hostname").status == 1
    done = place.mc(f"{words} --clusters=c1,c3 --yes -- hostname")
    assert sorted(line.split()[0] for line in done.stdout.splitlines()) == ["[c1]", "[c3]"]
    (run,) = runs(place)
    assert states(run) == dict.fromkeys(TARGETS, "changed")
    assert all(each.objects == () for each in run.places())  # what a program prints isn't kept


# --- Ahead of the first change -----------------------------------------------------------------------------------

LABEL = "label cm settings -n shop a=b"


def labelled(place: Place) -> list[str]:
    """The clusters on which LABEL has been done, as plain kubectl sees it."""
    found = place.everywhere("get cm settings -n shop -o jsonpath={.metadata.labels.a} --ignore-not-found")
    return [cluster for cluster, text in found.items() if text == "b"]


def test_one_refusal_stops_all_unless_it_is_to_go_on(place: Place) -> None:
    place.kubectl("c2", "delete cm settings -n shop")
    done = place.mc(LABEL, "--all-clusters", "--yes")
    assert done == Done(
        1,
        "",
        "Error: 1 cluster of 3 refuses, so nothing was changed: c2 (not found). "
        "To change the other 2: --continue-on-preflight-error\n",
    )
    assert (labelled(place), runs(place)) == ([], [])
    done = place.mc(LABEL, "--all-clusters", "--yes", "--continue-on-preflight-error")
    assert (done.status, labelled(place)) == (1, ["c1", "c3"])
    assert states(runs(place)[0]) == {"c1": "changed", "c2": "refused", "c3": "changed"}


def test_what_every_cluster_refuses_is_said_as_kubectl_says_it(place: Place) -> None:
    done = place.mc("scale deploy/nope -n shop --replicas=1 --all-clusters --yes")
    assert done == Done(1, "", 'Error from server (NotFound): deployments.apps "nope" not found (in all 3 clusters)\n')
    assert runs(place) == []


def test_what_is_in_a_namespace_of_the_same_input_is_no_refusal(place: Place) -> None:
    (place.folder / "both.yaml").write_text(
        "{apiVersion: v1, kind: Namespace, metadata: {name: fresh}}\n---\n"
        "{apiVersion: v1, kind: ConfigMap, metadata: {name: new, namespace: fresh}}\n"
    )
    assert place.mc(targeted("apply -f DIR/both.yaml --yes")).status == 0
    assert [bool(text) for text in everywhere(place, "get cm new -n fresh -o name").values()] == [True, False, True]


@needs("versions")
def test_the_users_own_dry_run_is_a_table(place: Place) -> None:
    place.kubectl("c2", "apply -f DIR/settings.yaml")
    done = place.mc("apply -f DIR/settings.yaml -f DIR/new.yaml --dry-run=server --clusters=c1,c2")
    assert done.stdout == (
        "CLUSTER   RESOURCE             RESULT\n"
        "c1        configmap/settings   configured\n"
        "c1        configmap/new        created\n"
        "c2        configmap/settings   unchanged\n"
        "c2        configmap/new        created\n"
    )
    assert runs(place) == []


@pytest.mark.parametrize(
    "command",
    [
        "scale deploy/cart -n shop --replicas=5 --dry-run=false",
        "auth reconcile -f DIR/role.yaml --dry-run=false",
        "delete --raw /api/v1/namespaces/shop/configmaps/settings --dry-run=server",
        "danger -h host --dry-run=server",
    ],
)
def test_what_is_no_dry_run_goes_through_the_gate(place: Place, command: str) -> None:
    (place.folder / "kubectl-danger").write_text(f"#!/bin/sh\ntouch {place.folder}/ran\n")
    (place.folder / "kubectl-danger").chmod(0o755)
    was = place.everywhere("get deploy,cm,clusterrole -n shop -o yaml")
    for more in ("--yes", "--all-clusters"):
        assert place.mc(command, more).status == 1
    assert place.everywhere("get deploy,cm,clusterrole -n shop -o yaml") == was
    assert (runs(place), (place.folder / "ran").exists()) == ([], False)


def test_the_differences_of_an_apply(place: Place) -> None:
    place.kubectl("c1", "apply -f DIR/new.yaml")
    place.kubectl("c3", "apply -f DIR/new.yaml")
    (place.folder / "new.yaml").write_text(MANIFESTS["new.yaml"].replace("info", "debug"))
    done = place.mc(targeted("apply -f DIR/new.yaml --show-diff --yes"))
    assert re.findall(r"^CLUSTER: .*|^[-+]  level: .*", done.stderr, re.MULTILINE) == [
        "CLUSTER: c1, c3",
        "-  level: info",
        "+  level: debug",
    ]


# --- The question ------------------------------------------------------------------------------------------------


def asked(place: Place, command: str, answer: str, question: str) -> Running:
    """The command on a terminal, after it was answered and has ended."""
    with place.shell.running(*place.words(command), terminal=True) as running:
        running.until(question)
        running.type(answer)
        running.end()
    return running


def test_the_question_names_what_and_where_and_takes_no_for_an_answer(place: Place) -> None:
    question = r"Delete deployment 'cart' from 2 clusters\? \[y/N\]: $"
    asking = asked(place, "delete deployment cart -n shop --clusters=c1,c3", "\n", question)
    lines = asking.stdout.replace("\r", "").splitlines()
    assert lines[0] == "kubectl delete deployment cart -n shop"
    assert all(re.match(r"  c[13](, c3)?: healthy, v1\.\d+", line) for line in lines[1:-4])
    assert len(lines) > 5
    assert lines[-4:-2] == ["Would change 2 clusters: c1, c3", "  deployment.apps/cart deleted"]
    assert lines[-1] == "Error: not confirmed, so nothing was changed"
    assert (asking.process.returncode, runs(place)) == (1, [])
    assert all(everywhere(place, CART).values())


def test_a_yes_is_a_yes(place: Place) -> None:
    asking = asked(place, targeted(LABEL), "y\n", r"\? \[y/N\]: $")
    assert asking.process.returncode == 0
    assert labelled(place) == list(TARGETS)


@pytest.mark.parametrize(
    "command",
    [
        "delete cm --all -n shop",
        "delete cm -l a=b -n shop",
        "delete ns shop",
        "delete namespace/shop",
        "delete -f DIR/namespace.yaml",
    ],
)
def test_what_takes_much_with_it_needs_the_number_of_clusters(place: Place, command: str) -> None:
    (place.folder / "namespace.yaml").write_text("{apiVersion: v1, kind: Namespace, metadata: {name: shop}}\n")
    was = place.everywhere("get all,cm,ns,crd -A -o name")
    asking = asked(place, targeted(command), "y\n", "type the number of clusters: $")
    assert asking.stdout.endswith("Error: not confirmed, so nothing was changed\r\n")
    assert place.everywhere("get all,cm,ns,crd -A -o name") == was


def test_the_number_of_clusters_is_a_yes(place: Place) -> None:
    asking = asked(place, targeted("delete cm --all -n shop"), "2\n", "type the number of clusters: $")
    assert asking.process.returncode == 0
    now = place.everywhere("get cm settings -n shop -o name --ignore-not-found")
    assert [cluster for cluster in MEMBERS if not now[cluster]] == list(TARGETS)


def test_one_cluster_is_not_counted(place: Place) -> None:
    asking = asked(place, "delete cm --all -n shop --clusters=c2", "n\n", r"from 1 cluster\? \[y/N\]: $")
    assert asking.process.returncode == 1


def test_the_terminal_is_asked_where_stdin_is_the_input(place: Place) -> None:
    script = f'exec "$@" < {place.folder}/new.yaml'
    words = (*MC, "apply", "-f", "-", "--clusters=c1,c3")
    with Running(["sh", "-c", script, "sh", *words], place.shell.environment, terminal=True) as running:
        running.until(r"\[y/N\]: $")
        running.type("y\n")
        assert running.end() == 0
    assert [bool(text) for text in everywhere(place, "get cm new -n shop -o name").values()] == [True, False, True]


@pytest.mark.parametrize("protection", ["protected: [c3]", "protected: ['*3', nope]"])
def test_a_protected_cluster_needs_its_exact_name(place: Place, protection: str) -> None:
    mapping = Path(place.shell.environment["HOME"], ".kube", "kubectl-mc-clusters.yaml")
    was = mapping.read_text()
    try:
        mapping.write_text(f"{was}\n{protection}\n")
        refused = (
            "Error: protected by the mapping file: c3. To change a protected cluster, name it exactly: --clusters=c3\n"
        )
        for choice in ("--all-clusters", "--clusters=c*", "--contexts=c?"):
            assert place.mc(LABEL, choice, "--yes") == Done(1, "", refused)
            assert labelled(place) == []
        assert place.mc(f"{LABEL} --clusters=c1 --yes --overwrite").status == 0
        assert place.mc(f"{LABEL} --clusters=c3 --yes --overwrite").status == 0
        assert "c3" in labelled(place)
    finally:
        mapping.write_text(was)


KUBERC = """\
apiVersion: kubectl.config.k8s.io/v1beta1
kind: Preference
defaults:
- {command: delete, options: [{name: interactive, default: "true"}]}
"""


@pytest.mark.parametrize(("flag", "kuberc"), [("-i", ""), ("--interactive", ""), ("", KUBERC)])
def test_kubectl_does_not_ask_once_more(place: Place, flag: str, kuberc: str) -> None:
    """It would ask the stdin that it hasn't got, and take the end of it for a no."""
    (place.folder / "kuberc").write_text(kuberc)
    environment = {"KUBERC": str(place.folder / "kuberc") if kuberc else "off"}
    done = place.shell.mc(*place.words(targeted(f"delete cm settings -n shop {flag} --yes")), env=environment)
    assert (done.status, "want to continue" in done.stdout) == (0, False)
    left = everywhere(place, SETTINGS)
    assert [cluster for cluster in MEMBERS if not left[cluster]] == list(TARGETS)


def test_what_was_typed_before_the_question_is_no_answer(place: Place) -> None:
    """It is typed while the first dry run is held."""
    os.mkfifo(place.folder / "held")
    os.mkfifo(place.folder / "go")
    real = Path(sys.executable).parent / "kubectl"
    hold = f"[ -p {place.folder}/held ] && echo > {place.folder}/held && read line < {place.folder}/go"
    (place.folder / "kubectl").write_text(
        f'#!/bin/sh\ncase "$*" in *dry-run*c1*|*c1*dry-run*) {hold};; esac\nexec {real} "$@"\n'
    )
    (place.folder / "kubectl").chmod(0o755)
    with place.shell.running(*place.words(targeted(LABEL)), terminal=True) as running:
        (place.folder / "held").read_text()
        running.type("y\n")
        (place.folder / "go").write_text("go\n")
        running.until(r"\? \[y/N\]: $")
        running.type("\x04")
        assert running.end() == 1
    assert running.stdout.endswith("[y/N]: \r\nError: not confirmed, so nothing was changed\r\n")
    assert labelled(place) == []


def test_the_question_is_whole_where_stderr_goes_to_a_file(place: Place) -> None:
    script = f'exec "$@" 2> {place.folder}/stderr'
    words = place.words(targeted(LABEL))
    with Running(["sh", "-c", script, "sh", *MC, *words], place.shell.environment, terminal=True) as running:
        shown = running.until(r"\[y/N\]: $").replace("\r", "")
        running.type("n\n")
        running.end()
    assert shown.startswith("kubectl label cm settings -n shop a=b\n  c1")
    assert "Would change 2 clusters: c1, c3\n  configmap/settings labeled\nLabel configmap" in shown


def test_a_dry_run_by_kuberc_is_no_change(place: Place) -> None:
    kuberc = KUBERC.replace("delete", "label").replace("interactive", "dry-run").replace('"true"', "server")
    (place.folder / "kuberc").write_text(kuberc)
    done = place.shell.mc(*place.words(targeted(LABEL, "--yes")), env={"KUBERC": str(place.folder / "kuberc")})
    assert (done.status, labelled(place)) == (0, [])
    assert states(runs(place)[0]) == dict.fromkeys(TARGETS, "unchanged")


def test_names_alone_do_not_hide_that_nothing_was_to_be_done(place: Place) -> None:
    for state in ("changed", "unchanged"):
        assert place.mc(targeted("apply -f DIR/new.yaml -o name", "--yes")).status == 0
        assert states(runs(place)[-1]) == dict.fromkeys(TARGETS, state)


def test_differences_are_shown_for_apply_only(place: Place) -> None:
    refused = place.mc(targeted(LABEL, "--show-diff --yes"))
    assert refused == Done(1, "", "Error: --show-diff is for apply, and not for label\n")
    assert labelled(place) == []


# --- The same input for all --------------------------------------------------------------------------------------


def test_stdin_is_read_once_and_given_to_each(place: Place) -> None:
    done = place.shell.mc("apply", "-f", "-", "--clusters=c1,c3", "--yes", stdin=MANIFESTS["new.yaml"])
    assert sorted(done.stdout.splitlines()) == ["[c1] configmap/new created", "[c3] configmap/new created"]
    given = runs(place)[0].start["input"]
    assert given == {"digest": given["digest"], "sources": ["-"]}


def test_a_value_from_stdin_is_the_same_for_each(place: Place) -> None:
    command = "create secret generic new -n shop --from-file=password=/dev/stdin --clusters=c1,c3 --yes"
    assert place.shell.mc(*place.words(command), stdin="hunter2").status == 0
    values = everywhere(place, "get secret new -n shop -o jsonpath={.data}")
    expected = json.dumps({"password": base64.b64encode(b"hunter2").decode()}).replace(" ", "")
    assert values == {"c1": expected, "c2": "", "c3": expected}
    assert runs(place)[0].start["input"]["sources"] == ["/dev/stdin"]
    rehearsed = place.shell.mc(*place.words(f"{command} --dry-run=client -o jsonpath={{.data}}"), stdin="hunter2")
    assert rehearsed.stdout == f"c1\t{expected}\nc3\t{expected}\n"


# --- Waves -------------------------------------------------------------------------------------------------------


def waves(done: Done) -> list[str]:
    return re.findall(r"^(?:Wave \S+|Waiting for the rollouts in).*$", done.stderr, re.MULTILINE)


@needs("controllers")
def test_waves_wait_for_the_rollouts_of_what_they_changed(place: Place) -> None:
    done = place.mc(f"{NEW_IMAGE} --all-clusters --waves=1,100% --canary=c2 --yes")
    assert (done.status, waves(done)) == (
        0,
        [
            "Wave 1/3: c2",
            "Waiting for the rollouts in c2",
            "Wave 2/3: c1",
            "Waiting for the rollouts in c1",
            "Wave 3/3: c3",
            "Waiting for the rollouts in c3",
        ],
    )
    assert {each.cluster: each.gated for each in runs(place)[0].places()} == dict.fromkeys(("c2", "c1", "c3"), True)


def test_a_rollout_that_does_not_end_stops_the_waves(place: Place) -> None:
    """Of a Deployment that is paused; what is stuck is waited for first when the run is gone on with."""
    (place.folder / "stuck.yaml").write_text(WEB.replace("spec:\n  sel", "spec:\n  paused: true\n  sel"))
    done = place.mc("apply -f DIR/stuck.yaml --clusters=c1,c3 --canary=c1 --wave-timeout=1s --yes")
    assert done.status == 1
    assert "changed, but not rolled out in 1 cluster: c1 (deployment.apps/new-web is not rolled out: " in done.stderr
    assert "not started in 1 cluster: c3" in done.stderr
    look = "get deploy new-web -n shop -o name"
    assert [bool(text) for text in everywhere(place, look).values()] == [True, False, False]
    again = place.mc("resume last --yes")
    assert again.status == 1
    assert waves(again) == ["Waiting for the rollouts in c1"]
    assert not everywhere(place, look)["c3"]


def test_pods_that_somebody_is_to_delete_are_not_waited_for(place: Place) -> None:
    by_hand = WEB.replace("Deployment", "StatefulSet").replace(
        "spec:\n  sel", "spec:\n  serviceName: web\n  updateStrategy: {type: OnDelete}\n  sel"
    )
    (place.folder / "by-hand.yaml").write_text(by_hand)
    done = place.mc("apply -f DIR/by-hand.yaml --clusters=c1,c3 --canary=c1 --yes")
    assert (done.status, states(runs(place)[0])) == (0, dict.fromkeys(TARGETS, "changed"))


@pytest.mark.parametrize(("answer", "done"), [("y\n", ["c1", "c3"]), ("n\n", ["c1"])])
def test_a_pause_that_asks(place: Place, answer: str, done: list[str]) -> None:
    command = place.words(targeted(LABEL, "--waves=1 --pause=prompt --yes"))
    with place.shell.running(*command, terminal=True) as running:
        running.until(r"Go on with wave 2/2 \(c3\)\? \[y/N\]: $")
        assert labelled(place) == ["c1"]
        running.type(answer)
        assert running.end() == (0 if len(done) == 2 else 1)
    assert labelled(place) == done


# --- Faults in a wave: set while the run pauses ahead of its second wave ------------------------------------------


def faulty(place: Place, command: str, cluster: str, fault: str) -> Running:
    """The command in waves of one, on all clusters; the fault comes after the first wave."""
    words = place.words(f"{command} --all-clusters --waves=1,2,3 --pause=prompt --yes")
    with place.shell.running(*words, terminal=True) as running:
        running.until(r"wave 2/3 .*\[y/N\]: $")
        place.shell.fleet.set_fault(cluster, fault)
        running.type("y\n")
        running.until(r"^Run |wave 3/3 .*\[y/N\]: $")
        running.type("y\n")
        running.end()
    return running


@pytest.mark.parametrize(
    ("fault", "flags", "reason"),
    [
        ("refuse", "", "connection refused"),
        ("hang", "--cluster-timeout=3s", "timed out after 3s"),
        pytest.param("500-times:20", "", "server error", marks=needs("faults")),
        pytest.param("forbidden", "", "forbidden", marks=needs("faults")),
        pytest.param("unauthorized", "", "unauthorized", marks=needs("faults")),
        pytest.param("cut", "", "connection lost", marks=needs("faults")),
    ],
)
def test_a_cluster_that_fails_in_the_middle_stops_the_rest_and_resume_does_it(
    place: Place, fault: str, flags: str, reason: str
) -> None:
    running = faulty(place, f"{LABEL} {flags}", "c2", fault)
    assert running.process.returncode == 1
    place.shell.fleet.set_fault("c2", None)
    (run,) = runs(place)
    assert states(run) == {"c1": "changed", "c2": "failed", "c3": "not started"}
    assert reason in running.stdout
    assert f"kubectl mc resume {run.id}" in running.stdout
    assert labelled(place) == ["c1"]
    place.shell.fleet.clear_requests("c1")
    again = place.mc(f"resume {run.id} --yes")
    assert again.status == 0, again.stderr
    assert labelled(place) == ["c1", "c2", "c3"]
    assert writes(place, "c1") == 0
    assert states(runs(place)[0]) == dict.fromkeys(MEMBERS, "changed")
    assert place.mc(f"resume {run.id} --yes").stderr.startswith("Error: nothing is left of run")


def test_some_may_fail(place: Place) -> None:
    running = faulty(place, f"{LABEL} --max-failures=1", "c2", "refuse")
    place.shell.fleet.set_fault("c2", None)
    assert running.process.returncode == 1
    assert labelled(place) == ["c1", "c3"]
    assert states(runs(place)[0]) == {"c1": "changed", "c2": "failed", "c3": "changed"}


# --- resume, undo, audit ------------------------------------------------------------------------------------------


def half_done(place: Place, command: str) -> str:
    """A run that was stopped after its first cluster; its id."""
    words = place.words(f"{command} --clusters=c1,c3 --waves=1 --pause=prompt --yes")
    with place.shell.running(*words, terminal=True) as running:
        running.until(r"\[y/N\]: $")
        running.type("n\n")
        assert running.end() == 1
    return runs(place)[-1].id


def test_resume_needs_the_same_input(place: Place) -> None:
    run = half_done(place, "apply -f DIR/new.yaml")
    (place.folder / "new.yaml").write_text(MANIFESTS["new.yaml"].replace("info", "debug"))
    assert place.mc(f"resume {run} --yes").stderr.startswith(f"Error: the input is not what run {run} was given")
    assert not everywhere(place, "get cm new -n shop -o name")["c3"]
    (place.folder / "new.yaml").write_text(MANIFESTS["new.yaml"])
    assert place.mc(f"resume {run} --yes").status == 0
    assert "info" in everywhere(place, "get cm new -n shop -o yaml")["c3"]


def test_resume_of_a_command_whose_secrets_are_not_kept(place: Place) -> None:
    command = "create secret generic new -n shop --from-literal=password=hunter2"
    run = half_done(place, command)
    refused = place.mc(f"resume {run} --yes")
    assert "has values that aren't kept" in refused.stderr
    assert "hunter2" not in refused.stderr
    for other in ("delete secret new", command.replace("hunter2", "other")):
        assert "is not the command" in place.mc(f"resume {run} --yes -- {other}").stderr
    assert place.mc(f"resume {run} --yes -- {command}").status == 0
    assert everywhere(place, "get secret new -n shop -o name")["c3"]


def moved(place: Place, **contexts: str) -> dict[str, str]:
    """The environment of a user whose context of that name has moved: to a cluster, or (/name) to a namespace."""
    config = json.loads(place.shell.kubectl("config", "view", "--raw", "-o", "json").stdout)
    entry = {each["name"]: each["context"] for each in config["contexts"]}
    for name, to in contexts.items():
        entry[name].update({"namespace": to[1:]} if to.startswith("/") else entry[to])
    (place.folder / "config").write_text(json.dumps(config))
    return {"KUBECONFIG": str(place.folder / "config")}


def test_no_secret_is_kept_of_a_command_or_of_what_a_program_says(place: Place) -> None:
    (place.folder / "kubectl-danger").write_text("#!/bin/sh\necho error: bad token hunter2 >&2; exit 3\n")
    (place.folder / "kubectl-danger").chmod(0o755)
    place.mc(targeted("danger login bob PASSWORD=hunter2 --my-token hunter2", "--yes"))
    place.mc(targeted("set env deploy/cart -n shop PASSWORD=hunter2", "--yes"))
    place.mc(targeted("run z --image=i PASSWORD=hunter2", "--yes"))
    assert "hunter2" not in Path(audit.path(place.shell.environment)).read_text()
    assert [run.start["what"] for run in runs(place)] == [
        "Danger in 2 clusters",
        "Set env deployment 'cart' in 2 clusters",
        "Run pod 'z' in 2 clusters",
    ]
    assert {each.reason for each in runs(place)[0].places()} == {"exit status 3"}


@pytest.mark.parametrize("to", ["c2", "/shop"])
def test_resume_refuses_a_name_that_stands_for_something_else_by_now(place: Place, to: str) -> None:
    place.everywhere("create cm settings")
    command = "label cm settings a=b"
    run = half_done(place, command)
    done = place.shell.mc("resume", run, "--yes", env=moved(place, c3=to))
    assert (done.status, f"c3: the {'namespace' if '/' in to else 'server'} was" in done.stderr) == (1, True)
    assert labelled(place) == []
    assert place.kubectl("c3", "get cm settings -o jsonpath={.metadata.labels.a}").stdout == ""


IMAGE = "get deploy cart -n shop -o jsonpath={.spec.template.spec.containers[*].image}"


@needs("controllers")
def test_undo_rolls_back_what_the_run_changed(place: Place) -> None:
    was = place.everywhere(IMAGE)
    assert place.mc(targeted(NEW_IMAGE, "--yes")).status == 0
    assert place.mc("undo last").stderr.startswith("Error: a change has to be confirmed")
    done = place.mc("undo last --yes")
    assert sorted(done.stdout.splitlines()) == [f"[{cluster}] deployment.apps/cart rolled back" for cluster in TARGETS]
    assert place.everywhere(IMAGE) == was
    assert [states(run) for run in runs(place)] == [dict.fromkeys(TARGETS, "changed")] * 2


@needs("controllers")
def test_undo_is_for_the_same_namespace_user_and_server(place: Place) -> None:
    was = place.everywhere(IMAGE)
    config = os.path.relpath(moved(place, c1="/shop", c3="/shop")["KUBECONFIG"])
    command = place.words(targeted(f"set image deploy/cart app=new --yes --kubeconfig={config}"))
    assert place.shell.mc(*command).status == 0
    moved(place, c1="c2")
    refused = place.mc("undo last --yes")
    assert (refused.status, "c1: the server was" in refused.stderr) == (1, True)
    moved(place)
    subprocess.run([*MC, "undo", "last", "--yes"], cwd="/", env=place.shell.environment, check=True, timeout=60)
    assert place.everywhere(IMAGE) == was
    assert {f"--kubeconfig={config}", "--namespace", "shop"} < set(runs(place)[-1].start["argv"])


def test_undo_does_not_log_in_with_what_is_not_kept(place: Place) -> None:
    token = "--token=hunter2" if "token" in str(place.shell.environment) else "--token=fixtures"
    log = audit.open_log(audit.path(place.shell.environment), audit.new_run())
    where = {"cluster": "c1", "server": "", "user": "", "namespace": "shop"}
    argv = ["set", "image", "deploy/cart", "app=new", "--token=<redacted>", "--clusters=c1"]
    log.write("start", argv=argv, waves=[["c1"]], targets=[where])
    changed = {"resource": "deployment.apps/cart", "result": "image updated", "namespace": "shop"}
    log.write("cluster", cluster="c1", state="changed", objects=[changed])
    refused = place.mc("undo last --yes")
    assert "the values of the run's token aren't kept" in refused.stderr
    again = place.mc(f"undo last --yes {token}")
    assert "aren't kept" not in again.stderr


@needs("controllers")
def test_undo_tells_workloads_of_one_name_apart(place: Place) -> None:
    """One input has the name in two namespaces, and the run changes one of them."""
    web = WEB.replace("namespace: shop", "namespace: NAMESPACE").replace("image: web", "image: NAMESPACE")
    for images in (("web", "web"), ("first", "web"), ("first", "second")):
        documents = [web.replace("image: NAMESPACE", f"image: {image}") for image in images]
        texts = [text.replace("NAMESPACE", where) for text, where in zip(documents, ("default", "shop"))]
        (place.folder / "two.yaml").write_text("\n---\n".join(texts))
        assert place.mc("apply -f DIR/two.yaml --clusters=c1 --yes").status == 0
    assert place.mc("undo last --yes").status == 0
    look = "get deploy new-web -o jsonpath={.spec.template.spec.containers[*].image} -n"
    assert [place.kubectl("c1", f"{look} {where}").stdout for where in ("default", "shop")] == ["first", "web"]


def test_a_cluster_protected_since_is_not_changed_unless_it_is_named(place: Place) -> None:
    mapping = Path(place.shell.environment["HOME"], ".kube", "kubectl-mc-clusters.yaml")
    was = mapping.read_text()
    words = place.words(f"{NEW_IMAGE} --all-clusters --waves=1,2 --pause=prompt --yes")
    with place.shell.running(*words, terminal=True) as running:
        running.until(r"\[y/N\]: $")
        running.type("n\n")
        running.end()
    images = place.everywhere(IMAGE)
    try:
        mapping.write_text(f"{was}\nprotected: ['c*']\n")
        for command in ("resume last", "undo last", "resume last --clusters=c?", "undo last --clusters=c?"):
            assert place.mc(command, "--yes").stderr.startswith("Error: protected by the mapping file: c")
        assert place.everywhere(IMAGE) == images
        assert "has nothing left to do for c1" in place.mc("resume last --yes --clusters=c1").stderr
        assert place.mc("resume last --yes --clusters=c3").status == 1  # c2 is left
        assert [place.kubectl(cluster, IMAGE).stdout == images["c1"] for cluster in MEMBERS] == [True, False, True]
    finally:
        mapping.write_text(was)


@needs("controllers")
def test_an_edit_can_be_undone(place: Place) -> None:
    image = place.kubectl("c1", IMAGE).stdout.split()[0]
    (place.folder / "editor").write_text(f'#!/bin/sh\nsed -i "s|image: {image}|image: new|" "$1"\n')
    was = place.everywhere(IMAGE)
    assert place.mc(targeted("edit deploy cart -n shop", "--yes")).status == 0
    assert [cluster for cluster in MEMBERS if place.kubectl(cluster, IMAGE).stdout != was[cluster]] == list(TARGETS)
    assert place.mc("undo last --yes").status == 0
    assert place.everywhere(IMAGE) == was


@pytest.mark.parametrize("command", [LABEL, "rollout pause deploy/cart -n shop"])
def test_there_is_nothing_to_undo_of_what_makes_no_revision(place: Place, command: str) -> None:
    place.mc(targeted(command, "--yes"))
    assert "gave no workload a new revision" in place.mc("undo last --yes").stderr


@pytest.mark.parametrize("command", ["resume last --as=bob", "resume last -n shop", "undo last -n shop"])
def test_a_flag_that_would_mean_nothing_is_refused(place: Place, command: str) -> None:
    half_done(place, NEW_IMAGE)
    assert place.mc(command, "--yes").stderr.startswith(f"Error: kubectl mc {command.split()[0]} takes no")


def test_audit_shows_runs_and_a_run(place: Place) -> None:
    assert place.mc("audit") == Done(0, "", "No changes were made from here yet\n")
    place.mc(targeted(LABEL, "--yes"))
    (run,) = runs(place)
    (row,) = place.mc("audit list").rows[1:]
    assert row[0] == run.id
    assert " ".join(row[2:]) == "Label configmap 'settings' in 2 clusters 2 changed"
    shown = place.mc("audit show last")
    assert f"Command:    kubectl mc {LABEL} --clusters=c1,c3 --yes\n" in shown.stdout
    assert [line.split()[0] for line in shown.stdout.splitlines()[-2:]] == list(TARGETS)
    listed = json.loads(place.mc("audit list -o json").stdout)
    assert [item["run"] for item in listed["items"]] == [run.id]
    document = json.loads(place.mc(f"audit show {run.id[:-2]} -o json").stdout)
    assert [each["state"] for each in document["clusters"]] == ["changed", "changed"]
    assert "run: " in place.mc(f"audit show {run.id} -o yaml").stdout


# --- The record can't be kept ---------------------------------------------------------------------------------------


def test_without_a_record_nothing_is_changed(place: Place) -> None:
    Path(audit.path(place.shell.environment)).parent.mkdir(exist_ok=True)
    Path(audit.path(place.shell.environment)).symlink_to("/dev/full")
    done = place.mc(targeted(LABEL, "--yes"))
    assert (done.status, done.stdout) == (1, "")
    assert done.stderr.startswith("Error: no change without a record of it")
    assert labelled(place) == []


LIMITED = "import os, resource, sys; n = int(sys.argv[1]); resource.setrlimit(resource.RLIMIT_FSIZE, (n, n));"
LIMITED += " os.execvp(sys.argv[2], sys.argv[2:])"
ROOM = 1 << 20  # what kubectl itself writes is smaller


@pytest.mark.parametrize("whole", range(6))
def test_a_disk_that_is_full_after_some_lines(place: Place, whole: int) -> None:
    """Whatever was changed is in the record as begun, and nothing begins that isn't."""
    command = targeted(LABEL, "--overwrite --max-parallel=1 --yes")
    record = Path(audit.path(place.shell.environment))
    place.mc(command)  # the lines' sizes
    sizes = [len(line) for line in record.read_bytes().splitlines(keepends=True)]
    assert len(sizes) == 6
    place.everywhere("label cm settings -n shop a-")
    record.write_bytes(b" " * (ROOM - 1) + b"\n")
    limit = ROOM + sum(sizes[:whole]) + 20  # and the beginning of one line more
    words = [sys.executable, "-c", LIMITED, str(limit), *MC, *place.words(command)]
    done = subprocess.run(
        words, env=place.shell.environment, capture_output=True, text=True, check=False, start_new_session=True
    )
    assert done.returncode == 1
    assert "no change without a record of it" in done.stderr
    begun = [event["cluster"] for run in runs(place) for event in run.events if event["event"] == "begin"]
    assert labelled(place) == begun == [["c1"], ["c1", "c3"]][whole > 3] * (whole > 1)


# --- Ctrl-C and SIGKILL ------------------------------------------------------------------------------------------

# A kubectl that stops at its Nth call: `ahead` of it, or `behind`, or it does it `after` its parent is gone. What it
# waits for, and what it tells, goes through pipes, so that nothing depends on time.
STOPPING = """#!/bin/sh
echo x >> DIR/calls
if [ "$(wc -l < DIR/calls)" -ne NUMBER ]; then exec REAL "$@"; fi
case HOW in
  ahead) kill -9 $PPID ;;
  behind) REAL "$@"; kill -9 $PPID ;;
  after) kill -9 $PPID; REAL "$@" ;;
  hold) echo held > DIR/told; read line < DIR/go; exec REAL "$@" ;;
esac
echo over > DIR/told
"""


@pytest.fixture
def stopping(place: Place) -> Callable[[int, str], None]:
    """Lets the kubectl of that number stop so."""
    real = str(Path(sys.executable).parent / "kubectl")
    for name in ("told", "go"):
        os.mkfifo(place.folder / name)

    def make(number: int, how: str) -> None:
        script = STOPPING.replace("DIR", str(place.folder)).replace("NUMBER", str(number))
        (place.folder / "kubectl").write_text(script.replace("HOW", how).replace("REAL", real))
        (place.folder / "kubectl").chmod(0o755)

    assert place.mc("get ns --all-clusters").status == 0  # the hub's answer is kept
    return make


def told(place: Place) -> str:
    return (place.folder / "told").read_text()


def writes(place: Place, cluster: str) -> int:
    """How often the cluster was asked to change something."""
    return sum(
        request["method"] in ("POST", "PATCH", "PUT", "DELETE")
        and "dryRun" not in str(request["query"])
        and "/apis/authorization" not in request["path"]
        for request in place.shell.fleet.requests(cluster)
    )


# Two dry runs, a look into the kubeconfig, then for each of two clusters the change and, of a workload, its rollout.
STEPS = [
    *(pytest.param("new.yaml", "configmap/new", number) for number in range(1, 6)),
    *(pytest.param("web.yaml", "deploy/new-web", number, marks=needs("controllers")) for number in range(4, 8)),
]


@pytest.mark.parametrize("how", ["ahead", "behind", "after"])
@pytest.mark.parametrize(("manifest", "made", "number"), STEPS)
def test_killed_between_any_two_steps_a_run_can_be_gone_on_with(
    place: Place, stopping: Callable[[int, str], None], manifest: str, made: str, number: int, how: str
) -> None:
    stopping(number, how)
    look = f"get {made} -n shop -o name"
    for cluster in MEMBERS:
        place.shell.fleet.clear_requests(cluster)
    command = targeted(f"apply -f DIR/{manifest}", "--waves=1 --max-parallel=1 --yes")
    with place.shell.running(*place.words(command)) as running:
        assert told(place) == "over\n"
        running.end()
    assert running.process.returncode == -9
    (place.folder / "kubectl").unlink()
    looked = everywhere(place, look)
    changed = [cluster for cluster in MEMBERS if looked[cluster]]
    if number <= 3:
        assert (changed, runs(place)) == ([], [])
        return
    (run,) = runs(place)
    begun = [event["cluster"] for event in run.events if event["event"] == "begin"]
    ended = [event["cluster"] for event in run.events if event["event"] == "cluster"]
    assert set(ended) <= set(changed) <= set(begun)
    assert not run.ended
    again = place.mc("resume last --yes")
    assert again.status == 0, again.stderr
    looked = everywhere(place, look)
    assert [cluster for cluster in MEMBERS if looked[cluster]] == list(TARGETS)
    assert {cluster: writes(place, cluster) for cluster in MEMBERS} == {"c1": 1, "c2": 0, "c3": 1}
    (run,) = runs(place)
    assert run.ended
    assert set(states(run).values()) <= {"changed", "unchanged"}


@pytest.mark.parametrize("how", ["ahead", "behind"])
def test_what_would_be_another_change_is_not_made_again_unasked(
    place: Place, stopping: Callable[[int, str], None], how: str
) -> None:
    stopping(2, how)  # a look into the kubeconfig, then c1's
    restarted = "get deploy cart -n shop -o jsonpath={.spec.template.metadata.annotations}"
    with place.shell.running(
        *place.words(targeted("rollout restart deploy/cart -n shop", "--max-parallel=1 --yes"))
    ) as running:
        assert told(place) == "over\n"
        running.end()
    (place.folder / "kubectl").unlink()
    was = place.everywhere(restarted)["c1"]
    again = place.mc("resume last --yes")
    assert "The change may have been made already in c1" in again.stderr
    assert place.everywhere(restarted)["c1"] == was
    assert "restartedAt" in place.everywhere(restarted)["c3"]
    assert states(runs(place)[0]) == {"c1": "unknown", "c3": "changed"}
    repeated = place.mc("resume last --yes --repeat-unknown")
    assert "restartedAt" in place.everywhere(restarted)["c1"]
    if how == "ahead":  # else it may be too early for kubectl to do it again, which it says
        assert repeated.status == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_lets_what_runs_finish_and_starts_no_more(
    place: Place, stopping: Callable[[int, str], None], number: int
) -> None:
    stopping(4, "hold")  # two dry runs, a look into the kubeconfig, then c1's
    with place.shell.running(*place.words(targeted(LABEL, "--max-parallel=1 --yes"))) as running:
        assert told(place) == "held\n"
        os.killpg(running.process.pid, number)
        running.until("^Interrupted: the clusters that have begun are finishing", "stderr")
        (place.folder / "go").write_text("go\n")
        assert running.end() == 130
        assert running.left() == []
    assert labelled(place) == ["c1"]
    (run,) = runs(place)
    assert states(run) == {"c1": "changed", "c3": "not started"}
    assert "changed in 1 cluster: c1\n  not started in 1 cluster: c3\n" in running.stderr
    assert f"kubectl mc resume {run.id}\n" in running.stderr
    (place.folder / "kubectl").unlink()
    assert place.mc("resume last --yes").status == 0
    assert labelled(place) == list(TARGETS)


def test_a_second_ctrl_c_ends_what_runs(place: Place, stopping: Callable[[int, str], None]) -> None:
    stopping(4, "hold")
    with place.shell.running(*place.words(targeted(LABEL, "--max-parallel=1 --yes"))) as running:
        assert told(place) == "held\n"
        running.interrupt()
        running.until("^Interrupted", "stderr")
        running.interrupt()
        assert running.end() == 130
        assert running.left() == []
    assert labelled(place) == []
    assert states(runs(place)[0]) == {"c1": "unknown", "c3": "not started"}
    assert "unknown in 1 cluster: c1 (interrupted)" in running.stderr


def test_a_run_that_goes_on_is_not_gone_on_with(place: Place, stopping: Callable[[int, str], None]) -> None:
    stopping(4, "hold")
    with place.shell.running(*place.words(targeted(LABEL, "--max-parallel=1 --yes"))) as running:
        assert told(place) == "held\n"
        assert "is still going on" in place.mc("resume last --yes").stderr
        (place.folder / "go").write_text("go\n")
        assert running.end() == 0
    assert labelled(place) == list(TARGETS)


def test_a_change_is_made_whole_although_nobody_reads_on(place: Place) -> None:
    """As with `2>&1 | head -1`."""
    ours, theirs = os.pipe()
    os.close(ours)
    words = place.words(targeted(LABEL, "--waves=1 --yes"))
    with os.fdopen(theirs, "wb") as pipe:
        subprocess.run([*MC, *words], env=place.shell.environment, stdout=pipe, stderr=pipe, check=False, timeout=60)
    assert labelled(place) == list(TARGETS)
    (run,) = runs(place)
    assert (run.ended, states(run)) == (True, dict.fromkeys(TARGETS, "changed"))


def test_an_edit_can_be_gone_on_with(place: Place) -> None:
    fails_on_c1 = '#!/bin/sh\n[ -e DIR/once ] && exec DIR/editor "$@"\ntouch DIR/once; exit 1\n'
    (place.folder / "first").write_text(fails_on_c1.replace("DIR", str(place.folder)))
    (place.folder / "first").chmod(0o755)
    command = place.words(targeted("edit cm settings -n shop --yes"))
    assert place.shell.mc(*command, env={"EDITOR": str(place.folder / "first")}).status == 1
    assert states(runs(place)[0]) == {"c1": "failed", "c3": "not started"}
    again = place.mc("resume last --yes")
    assert (again.status, again.stdout) == (0, "configmap/settings edited\n" * 2)  # its own, on the terminal
    assert states(runs(place)[0]) == dict.fromkeys(TARGETS, "changed")
    edited = everywhere(place, SETTINGS)
    assert [cluster for cluster in MEMBERS if "debug" in edited[cluster]] == list(TARGETS)
