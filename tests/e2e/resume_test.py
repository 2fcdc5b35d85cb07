# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""`kubectl mc resume` and `kubectl mc undo`: what they do, and what they refuse to."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from kubectl_mc.changes import record
from tests.e2e.changing import LABEL, NEW_IMAGE, SETTINGS, TARGETS, WEB, everywhere, labelled, runs, states, targeted
from tests.e2e.conftest import MC, MEMBERS, needs
from tests.e2e.verbs_test import MANIFESTS, Place

IMAGE = "get deploy cart -n shop -o jsonpath={.spec.template.spec.containers[*].image}"


def half_done(place: Place, command: str) -> str:
    """A run that was stopped after its first cluster; its id."""
    words = place.words(f"{command} --clusters=c1,c3 --waves=1 --pause=prompt --yes")
    with place.shell.running(*words, terminal=True) as running:
        running.until(r"\[y/N\]: $")
        running.type("n\n")
        assert running.end() == 3
    return runs(place)[-1].id


def moved(place: Place, **contexts: str) -> dict[str, str]:
    """The environment of a user whose context of that name has moved: to a cluster, or (/name) to a namespace."""
    config = json.loads(place.shell.kubectl("config", "view", "--raw", "-o", "json").stdout)
    entry = {each["name"]: each["context"] for each in config["contexts"]}
    for name, to in contexts.items():
        entry[name].update({"namespace": to[1:]} if to.startswith("/") else entry[to])
    (place.folder / "config").write_text(json.dumps(config))
    return {"KUBECONFIG": str(place.folder / "config")}


@needs("controllers")
@pytest.mark.parametrize("command", ["resume last --as=bob", "resume last -n shop", "undo last -n shop"])
def test_a_flag_that_would_mean_nothing_is_refused(place: Place, command: str) -> None:
    half_done(place, NEW_IMAGE)
    assert place.mc(command, "--yes").stderr.startswith(f"Error: kubectl mc {command.split()[0]} takes no")


@needs("controllers")
@pytest.mark.parametrize("choice", ["--all-clusters", "--contexts=c?"])
def test_a_cluster_protected_since_is_not_changed_unless_it_is_named(place: Place, choice: str) -> None:
    mapping = Path(place.shell.environment["HOME"], ".kube", "kubectl-mc-clusters.yaml")
    was = mapping.read_text()
    words = place.words(f"{NEW_IMAGE} {choice} --waves=1,2 --pause=prompt --yes")
    with place.shell.running(*words, terminal=True) as running:
        running.until(r"\[y/N\]: $")
        running.type("n\n")
        running.end()
    images = place.everywhere(IMAGE)
    try:
        mapping.write_text(f"{was}\nprotected: ['c*']\n")
        for command in ("resume last", "undo last", "resume last --clusters=c?", "undo last --clusters=c?"):
            refused = place.mc(command, "--yes").stderr
            assert refused.startswith("Error: protected by the mapping file: c")
            assert "name it exactly: --clusters=c" in refused  # also where contexts were chosen: it takes no --contexts
        assert place.everywhere(IMAGE) == images
        assert "has nothing left to do for c1" in place.mc("resume last --yes --clusters=c1").stderr
        assert place.mc("resume last --yes --clusters=c3").status == 3  # c2 is left
        assert [place.kubectl(cluster, IMAGE).stdout == images["c1"] for cluster in MEMBERS] == [True, False, True]
    finally:
        mapping.write_text(was)


# --- resume ------------------------------------------------------------------------------------------------------


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
    nothing = f"Error: nothing is left of run {run}: every cluster is done\nSo nothing was changed\n"
    assert place.mc(f"resume {run} --yes").stderr == nothing


def test_resume_needs_the_same_from_a_pipe(place: Place) -> None:
    place.kubectl("c3", "create secret generic new -n shop")
    command = "create secret generic new -n shop --from-file=password=/dev/stdin --continue-on-preflight-error --yes"
    assert place.shell.mc(*place.words(targeted(command)), stdin="hunter2").status == 3
    place.kubectl("c3", "delete secret new -n shop")
    other = place.shell.mc("resume", "last", "--yes", stdin="hunter3")
    assert "the input is not what run" in other.stderr
    assert not everywhere(place, "get secret new -n shop -o name")["c3"]
    assert place.shell.mc("resume", "last", "--yes", stdin="hunter2").status == 0
    assert everywhere(place, "get secret new -n shop -o name")["c3"]


@pytest.mark.parametrize("to", ["c2", "/shop"])
def test_resume_refuses_a_name_that_stands_for_something_else_by_now(place: Place, to: str) -> None:
    place.everywhere("create cm settings")
    command = "label cm settings a=b"
    run = half_done(place, command)
    done = place.shell.mc("resume", run, "--yes", env=moved(place, c3=to))
    assert (done.status, f"c3: the {'namespace' if '/' in to else 'server'} was" in done.stderr) == (1, True)
    assert labelled(place) == []
    assert place.kubectl("c3", "get cm settings -o jsonpath={.metadata.labels.a}").stdout == ""


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


def test_words_that_the_user_has_not_typed_are_not_stored_by_resume(place: Place) -> None:
    log = record.open_log(record.record_path(place.shell.environment["HOME"]), record.new_run_id())
    argv = ["set", "image", "deploy/cart", "app=new", "--namespace=shop", "--record", "--clusters=c1"]
    log.write("start", argv=argv, directory="/", waves=[["c1"]], targets=[{"cluster": "c1"}])
    refused = place.mc("resume last --yes")
    assert (refused.status, "--record would store" in refused.stderr) == (1, True)


# --- undo --------------------------------------------------------------------------------------------------------


@needs("controllers")
def test_undo_rolls_back_what_the_run_changed(place: Place) -> None:
    was = place.everywhere(IMAGE)
    assert place.mc(targeted(NEW_IMAGE, "--yes")).status == 0
    assert place.mc("undo last").stderr.startswith("Error: a change has to be confirmed")
    rehearsed = place.mc("undo last --dry-run=server")
    assert [row[:2] for row in rehearsed.rows[1:]] == [[cluster, "deployment.apps/cart"] for cluster in TARGETS]
    assert (rehearsed.status, len(runs(place))) == (0, 1)
    done = place.mc("undo last --yes")
    assert sorted(done.stdout.splitlines()) == [f"[{cluster}] deployment.apps/cart rolled back" for cluster in TARGETS]
    assert place.everywhere(IMAGE) == was
    assert [states(run) for run in runs(place)] == [dict.fromkeys(TARGETS, "changed")] * 2


@needs("controllers")
def test_a_second_undo_does_not_bring_out_again_what_the_first_has_rolled_back(place: Place) -> None:
    """Also after a failure of the first, when the same words are typed again."""
    was = place.everywhere(IMAGE)
    place.mc(targeted(NEW_IMAGE, "--yes"))
    run = runs(place)[-1].id
    with place.shell.fault("c3", "refuse"):
        assert place.mc(f"undo {run} --yes --continue-on-preflight-error").status == 3
    rollback = runs(place)[-1].id
    again = place.mc(f"undo {run} --yes")
    assert (again.status, again.stdout) == (0, "[c3] deployment.apps/cart rolled back\n")
    assert f"Note: left out, as {rollback} has rolled it back already: c1\n" in again.stderr
    assert place.everywhere(IMAGE) == was
    for command in (f"undo {run} --yes", f"undo {run} --yes --clusters=c1", f"undo {run} --dry-run=server"):
        refused = place.mc(command)
        assert (refused.status, f"rolled back already, by {rollback} in c1" in refused.stderr) == (1, True)
    assert "is a rollback itself" in place.mc("undo last --yes").stderr
    assert place.everywhere(IMAGE) == was


@needs("controllers")
def test_undo_does_not_bring_out_again_a_later_change_that_is_rolled_back(place: Place) -> None:
    place.mc(targeted(NEW_IMAGE, "--yes"))
    first, changed = runs(place)[-1].id, place.everywhere(IMAGE)
    place.mc(targeted(f"{NEW_IMAGE}er", "--yes"))
    assert place.everywhere(IMAGE) != changed
    assert place.mc("undo last --yes").status == 0
    rollback = runs(place)[-1].id
    refused = place.mc(f"undo {first} --yes")
    assert (refused.status, f"rolled back by {rollback} in c1, c3. For another revision" in refused.stderr) == (1, True)
    assert place.everywhere(IMAGE) == changed


@needs("controllers")
def test_undo_says_which_clusters_it_leaves_out_as_nobody_knows_what_was_done(place: Place) -> None:
    place.mc(targeted(NEW_IMAGE, "--yes"))
    path = Path(record.record_path(place.shell.environment["HOME"]))
    events = [line for line in path.read_text().splitlines() if json.loads(line)["event"] != "end"]
    path.write_text("".join(f"{line}\n" for line in events if '"cluster", "exit": 0, "cluster": "c3"' not in line))
    done = place.mc("undo last --yes")
    assert (done.status, done.stdout) == (0, "[c1] deployment.apps/cart rolled back\n")
    assert f"whether run {runs(place)[0].id} has changed them: c3. Their revisions: " in done.stderr


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
    log = record.open_log(record.record_path(place.shell.environment["HOME"]), record.new_run_id())
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


def test_flags_behind_the_command_are_refused_where_they_would_count_for_nothing(place: Place) -> None:
    with place.shell.fault("c2", "refuse"), place.shell.fault("c3", "refuse"):
        assert place.mc(f"{LABEL} --all-clusters --yes --continue-on-preflight-error").status == 3
    done = place.mc("resume last --yes -- --clusters=c2")
    assert (done.status, "Flags of resume stand ahead of it" in done.stderr) == (1, True)
    done = place.mc("undo last --yes -- --clusters=c2")
    assert (done.status, "So nothing was changed" in done.stderr or "--" in done.stderr) == (1, True)
    assert (
        "a=b" not in place.shell.kubectl("--context=c2", "get", "cm", "settings", "-n", "shop", "--show-labels").stdout
    )


def test_a_flag_of_ours_behind_a_command_with_secrets_is_refused(place: Place) -> None:
    secret = "create secret generic sx --from-literal=password=hunter2 -n shop"
    with place.shell.fault("c2", "refuse"), place.shell.fault("c3", "refuse"):
        assert place.mc(f"{secret} --all-clusters --yes --continue-on-preflight-error").status == 3
    done = place.mc(f"resume last --yes -- {secret} --clusters=c2")
    assert (done.status, "--clusters is not of run" in done.stderr) == (1, True)
    assert place.shell.kubectl("--context=c3", "get", "secret", "sx", "-n", "shop").status == 1
    assert place.mc(f"resume last --clusters=c2 --yes -- {secret} --all-clusters").status == 3
