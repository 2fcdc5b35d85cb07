# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""What comes ahead of the first change: dry runs, refusals, differences, the question, protection."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

from tests import real_kubectl
from tests.e2e.changing import CART, LABEL, SETTINGS, TARGETS, everywhere, labelled, runs, states, targeted, writes
from tests.e2e.conftest import MC, MEMBERS, Done, needs
from tests.e2e.running import Running
from tests.e2e.verbs_test import MANIFESTS, Place


def test_one_refusal_stops_all_unless_it_is_to_go_on(place: Place) -> None:
    place.kubectl("c2", "delete cm settings -n shop")
    done = place.mc(LABEL, "--all-clusters", "--yes")
    assert done == Done(
        1,
        "",
        "Error: 1 cluster of 3 refuses:\n"
        '  c2: Error from server (NotFound): configmaps "settings" not found\n'
        "To change the other 2: --continue-on-preflight-error\n"
        "So nothing was changed\n",
    )
    assert (labelled(place), runs(place)) == ([], [])
    done = place.mc(LABEL, "--all-clusters", "--yes", "--continue-on-preflight-error")
    assert (done.status, labelled(place)) == (3, ["c1", "c3"])
    assert states(runs(place)[0]) == {"c1": "changed", "c2": "refused", "c3": "changed"}


def test_what_every_cluster_refuses_is_said_as_kubectl_says_it(place: Place) -> None:
    done = place.mc("label deploy nope -n shop a=b --all-clusters --yes")
    said = 'Error from server (NotFound): deployments.apps "nope" not found (in all 3 clusters)\n'
    assert done == Done(1, "", f"{said}So nothing was changed\n")
    assert runs(place) == []


def test_clusters_that_refuse_for_different_reasons_are_all_named_and_nothing_is_shown(place: Place) -> None:
    """c1 would do a part of it, and the others haven't got it."""
    for command in ("create cm other -n shop", "label cm other -n shop a=c"):
        assert place.kubectl("c1", command).status == 0
    for cluster in ("c2", "c3"):
        place.kubectl(cluster, "delete cm settings -n shop")
    done = place.mc("label cm settings other -n shop a=b --all-clusters --yes")
    assert done == Done(
        1,
        "",
        "Error: all 3 clusters refuse:\n"
        "  c1: error: 'a' already has a value (c), and --overwrite is false\n"
        '  c2, c3: Error from server (NotFound): configmaps "settings" not found; '
        'Error from server (NotFound): configmaps "other" not found\n'
        "So nothing was changed\n",
    )
    assert runs(place) == []


def test_what_is_in_a_namespace_of_the_same_input_is_no_refusal(place: Place) -> None:
    (place.folder / "both.yaml").write_text(
        "---\n{apiVersion: v1, kind: Namespace, metadata: {name: fresh}}\n"
        "---\n{apiVersion: v1, kind: ConfigMap, metadata: {name: new, namespace: fresh}}\n"
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


@pytest.mark.parametrize(
    ("command", "flag"),
    [
        ("rollout restart deploy/cart -n shop --dry-run=server", "--dry-run"),
        ("rollout restart deploy/cart -n shop --dry-run=server --all-clusters --yes", "--dry-run"),
        ("annotate deploy/cart a=b --nope --all-clusters", "--nope"),
        ("get pods --dry-run=server --hub-context=nope", "--dry-run"),
    ],
)
def test_a_flag_that_kubectl_does_not_have_is_named_ahead_of_all_else(place: Place, command: str, flag: str) -> None:
    verb = command.partition(" deploy")[0].partition(" pods")[0]
    ending = "" if verb == "get" else "So nothing was changed\n"
    said = f"error: unknown flag: {flag}\nSee 'kubectl {verb} --help' for usage.\n{ending}"
    assert (place.mc(command), runs(place)) == (Done(1, "", said), [])


@pytest.mark.parametrize("flags", ["--record --yes", "--record=true --dry-run=server -o yaml"])
def test_words_that_the_user_has_not_typed_are_not_stored(place: Place, flags: str) -> None:
    refused = place.mc(targeted("set image deploy/cart -n shop app=new", flags))
    assert (refused.status, refused.stdout, "--record would store" in refused.stderr) == (1, "", True)
    assert runs(place) == []
    done = place.mc(targeted("set image deploy/cart -n shop app=new --record=false --yes"))
    assert done.status == 0
    assert "change-cause" not in everywhere(place, CART)["c1"]


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


def test_a_cluster_without_differences_is_said_to_have_none(place: Place) -> None:
    place.kubectl("c1", "apply -f DIR/new.yaml")
    done = place.mc(targeted("apply -f DIR/new.yaml --show-diff --yes"))
    assert "CLUSTER: c1\nno differences\nCLUSTER: c3\n" in done.stderr


def test_differences_are_shown_for_apply_only(place: Place) -> None:
    refused = place.mc(targeted(LABEL, "--show-diff --yes"))
    assert refused == Done(1, "", "Error: --show-diff is for apply, and not for label\nSo nothing was changed\n")


def test_a_pause_needs_waves_to_be_between(place: Place) -> None:
    refused = place.mc(targeted(LABEL, "--pause=30s --yes"))
    assert (refused.status, runs(place)) == (1, [])
    assert refused.stderr.endswith("there is only one. Add such as --waves=1,100%\nSo nothing was changed\n")


def test_why_all_clusters_refuse_is_said_in_kubectls_words(place: Place) -> None:
    refused = place.mc(targeted(LABEL, "--as=viewer --yes"))
    assert refused == Done(
        1,
        "",
        "Error: all 2 clusters refuse:\n"
        '  c1, c3: Error from server (Forbidden): configmaps "settings" is forbidden: User "viewer" cannot patch '
        'resource "configmaps" in API group "" in the namespace "shop"\n'
        "So nothing was changed\n",
    )
    assert labelled(place) == []


def test_names_alone_do_not_hide_that_nothing_was_to_be_done(place: Place) -> None:
    for state in ("changed", "unchanged"):
        assert place.mc(targeted("apply -f DIR/new.yaml -o name", "--yes")).status == 0
        assert states(runs(place)[-1]) == dict.fromkeys(TARGETS, state)


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
    assert all(re.match(r"  c[13](, c3)?: healthy, v1\.\d+", line) for line in lines[1:-5])
    assert len(lines) > 6
    assert lines[-5:-3] == ["Would change 2 clusters: c1, c3", "  deployment.apps/cart deleted"]
    assert lines[-2:] == ["Error: not confirmed", "So nothing was changed"]
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
    (place.folder / "namespace.yaml").write_text("---\n{apiVersion: v1, kind: Namespace, metadata: {name: shop}}\n")
    was = place.everywhere("get all,cm,ns,crd -A -o name")
    asking = asked(place, targeted(command), "y\n", "type the number of clusters: $")
    assert asking.stdout.endswith("Error: not confirmed\r\nSo nothing was changed\r\n")
    assert place.everywhere("get all,cm,ns,crd -A -o name") == was


def test_the_number_of_clusters_is_a_yes(place: Place) -> None:
    asking = asked(place, targeted("delete cm --all -n shop"), "2\n", "type the number of clusters: $")
    assert asking.process.returncode == 0
    now = place.everywhere("get cm settings -n shop -o name --ignore-not-found")
    assert [cluster for cluster in MEMBERS if not now[cluster]] == list(TARGETS)


def test_one_cluster_is_not_counted(place: Place) -> None:
    asking = asked(place, "delete cm --all -n shop --clusters=c2", "n\n", r"from 1 cluster\? \[y/N\]: $")
    assert asking.process.returncode == 1


def test_what_was_typed_before_the_question_is_no_answer(place: Place) -> None:
    """It is typed while the first dry run is held."""
    os.mkfifo(place.folder / "held")
    os.mkfifo(place.folder / "go")
    real = real_kubectl.program()
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
    assert running.stdout.endswith("[y/N]: \r\nError: not confirmed\r\nSo nothing was changed\r\n")
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


@pytest.mark.parametrize(("in_memory", "is_whole"), [(True, True), (False, True), (False, False)])
def test_a_change_is_made_where_it_was_confirmed_though_the_kubeconfig_is_edited(
    place: Place, in_memory: bool, is_whole: bool
) -> None:
    """Where kubeconfigs can't be held in memory, as on macOS, it isn't made, nor while one is being written."""
    config = place.folder / "config"
    config.write_text(place.shell.kubectl("config", "view", "--raw", "-o", "json").stdout)
    (place.folder / "sitecustomize.py").write_text("" if in_memory else "import os\ndel os.memfd_create\n")
    python_path = f"{place.folder}:{place.shell.environment['PYTHONPATH']}"
    environment = {"KUBECONFIG": str(config), "PYTHONPATH": python_path}
    with place.shell.running(*place.words(targeted(LABEL)), env=environment, terminal=True) as running:
        running.until(r"\[y/N\]: $")
        edited = re.sub(r'("cluster": )"c1"', r'\1"c2"', config.read_text())
        config.write_text(edited if is_whole else edited[:-9])
        running.type("y\n")
        status = running.end()
    assert (status, labelled(place)) == ((0, ["c1", "c3"]) if in_memory else (1, []))
    why = "the server was https:" if is_whole else "its server can't be read any more; c3: "
    assert (f"edited meanwhile, so no more clusters are changed: c1: {why}" in running.stdout) != in_memory


@pytest.mark.parametrize("protection", ["protected: [c3]", "protected: ['*3', nope]"])
def test_a_protected_cluster_needs_its_exact_name(place: Place, protection: str) -> None:
    mapping = Path(place.shell.environment["HOME"], ".kube", "kubectl-mc-clusters.yaml")
    was = mapping.read_text()
    try:
        mapping.write_text(f"{was}\n{protection}\n")
        for choice in ("--all-clusters", "--clusters=c*", "--contexts=c?", "--clusters={c1,c3}", "--clusters=/^c3$/"):
            flag = "contexts" if "contexts" in choice else "clusters"
            refused = (
                "Error: protected by the mapping file: c3. To change a protected cluster, name it exactly: "
                f"--{flag}=c3\nSo nothing was changed\n"
            )
            assert place.mc(LABEL, choice, "--yes") == Done(1, "", refused)
            assert labelled(place) == []
        assert "--clusters to specify targets: !c1 only leaves out\n" in place.mc(f"{LABEL} --clusters=!c1").stderr
        shown = place.mc("clusters")
        assert [row[0] for row in shown.rows if row[-1] == "yes"] == ["c3"]
        idle = "Note: protected by the mapping file, but the name of no cluster here, and of no context: 'nope'\n"
        assert shown.stderr == (idle if "nope" in protection else "")
        assert place.mc(f"{LABEL} --clusters=c1 --yes --overwrite").status == 0
        assert place.mc(f"{LABEL} --clusters=c3 --yes --overwrite").status == 0
        assert "c3" in labelled(place)
    finally:
        mapping.write_text(was)


@pytest.mark.parametrize("protection", ["protected: [c3]", "protected: ['*3']"])
def test_a_protected_cluster_is_not_changed_through_another_context(place: Place, protection: str) -> None:
    config = place.folder / "config"
    config.write_text(re.sub("viewer-c([13])", r"also-\1x", place.shell.fleet.kubeconfig.read_text()))
    (place.folder / "mapping.yaml").write_text(f"clusters: [{{name: c3, context: c3}}]\n{protection}\n")
    environment = {"KUBECONFIG": str(config), "KUBECTL_MC_CONFIG": str(place.folder / "mapping.yaml")}
    refused = place.shell.mc(*place.words(f"{LABEL} --contexts=also-* --yes"), env=environment)
    assert refused == Done(
        1,
        "",
        "Error: protected by the mapping file: also-3x (the cluster of context c3). To change a protected cluster, "
        "name it exactly: --contexts=also-3x\nSo nothing was changed\n",
    )
    assert labelled(place) == []
    shown = place.shell.mc("clusters", "--contexts=also-*", env=environment)
    assert [(row[0], row[-1]) for row in shown.rows[1:]] == [("also-1x", "no"), ("also-3x", "yes")]
    items = json.loads(place.shell.mc("clusters", "--contexts=also-*", "-o", "json", env=environment).stdout)["items"]
    assert [item["protected"] for item in items] == [False, True]
    named = place.shell.mc(*place.words(f"{LABEL} --contexts=also-3x --as=admin --yes"), env=environment)
    assert "protected" not in named.stderr


# --- kubectl's own settings --------------------------------------------------------------------------------------


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


def test_a_dry_run_by_kuberc_is_no_change(place: Place) -> None:
    kuberc = KUBERC.replace("delete", "label").replace("interactive", "dry-run").replace('"true"', "server")
    (place.folder / "kuberc").write_text(kuberc)
    done = place.shell.mc(*place.words(targeted(LABEL, "--yes")), env={"KUBERC": str(place.folder / "kuberc")})
    assert (done.status, labelled(place)) == (0, [])
    assert not runs(place)


@pytest.mark.parametrize(
    "command",
    ["label cm settings -n shop --list", "annotate cm settings --list -n shop", "set env deploy/cart -n shop --list"],
)
def test_a_list_of_what_is_set_is_no_change(place: Place, command: str) -> None:
    before = [writes(place, cluster) for cluster in MEMBERS]
    done = place.mc(command)
    assert (done.status, done.stderr, runs(place)) == (0, "", [])
    assert [writes(place, cluster) for cluster in MEMBERS] == before


@pytest.mark.parametrize("command", ["label cm settings --list a=b", "set env deploy/cart --list --env=A=b"])
def test_a_list_that_may_also_set_something_is_a_change(place: Place, command: str) -> None:
    done = place.mc(f"{command} -n shop")
    assert (done.status, "Use --all-clusters" in done.stderr) == (1, True)
