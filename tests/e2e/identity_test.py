# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Who is who: a change is for the clusters and with the input that were meant, each cluster once, and no other."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.changing import LABEL, NEW_IMAGE, TARGETS, everywhere, labelled, runs, states, targeted, writes
from tests.e2e.conftest import MEMBERS, needs
from tests.e2e.resume_test import half_done
from tests.e2e.verbs_test import Place


def mapping_file(place: Place) -> Path:
    return Path(place.shell.environment["HOME"], ".kube", "kubectl-mc-clusters.yaml")


@pytest.fixture
def mapped(place: Place) -> Iterator[Callable[..., None]]:
    """Writes a mapping file with these contexts; what was there comes back."""
    file = mapping_file(place)
    was = file.read_text()
    trust = file.parent / "kubectl-mc-trust.yaml"

    def write(**contexts: str) -> None:
        entries = [{"name": name, "context": context} for name, context in contexts.items()]
        file.write_text(json.dumps({"hubContext": "hub", "clusters": entries}))

    yield write
    file.write_text(was)
    trust.unlink(missing_ok=True)


def config_with(place: Place, change: Callable[[dict[str, Any]], object]) -> dict[str, str]:
    """The environment of a user with another kubeconfig. `change` gets the entries by kind and name."""
    config = json.loads(place.shell.kubectl("config", "view", "--raw", "-o", "json").stdout)
    entries = {
        (kind, entry["name"]): entry[kind] for kind in ("cluster", "context", "user") for entry in config[f"{kind}s"]
    }
    change({"config": config, **{f"{kind} {name}": entry for (kind, name), entry in entries.items()}})
    (place.folder / "config").write_text(json.dumps(config))
    return {"KUBECONFIG": str(place.folder / "config")}


def rename(kind: str, context: str) -> Callable[[dict[str, Any]], None]:
    """Give a context an entry of another name that says the same."""

    def change(entries: dict[str, Any]) -> None:
        name = entries[f"context {context}"][kind]
        entries["config"][f"{kind}s"].append({"name": "renamed", kind: entries[f"{kind} {name}"]})
        entries[f"context {context}"][kind] = "renamed"

    return change


# --- The address -------------------------------------------------------------------------------------------------


MOVES: dict[str, Callable[[dict[str, Any]], object]] = {
    "the TLS server name was none and is c3.proxy": lambda entries: entries["cluster c3"].update(
        {"tls-server-name": "c3.proxy"}
    ),
    "the proxy was none and is http://<redacted>@127.0.0.1:9": lambda entries: entries["cluster c3"].update(
        {"proxy-url": "http://joe:hunter2@127.0.0.1:9"}
    ),
    "and is insecure": lambda entries: (
        entries["cluster c3"].pop("certificate-authority-data"),
        entries["cluster c3"].update({"insecure-skip-tls-verify": True}),
    ),
    "and is system": lambda entries: entries["cluster c3"].pop("certificate-authority-data"),
    "the kubeconfig's cluster was c3 and is renamed": rename("cluster", "c3"),
    "the kubeconfig's user was admin and is renamed": rename("user", "c3"),
}


@pytest.mark.parametrize("move", MOVES)
def test_resume_refuses_a_cluster_of_another_address_at_the_same_url(place: Place, move: str) -> None:
    run = half_done(place, LABEL)
    assert labelled(place) == ["c1"]
    done = place.shell.mc("resume", run, "--yes", env=config_with(place, MOVES[move]))
    assert (done.status, "these clusters aren't the ones of the run any more: c3: " in done.stderr) == (1, True)
    assert move in done.stderr
    assert "hunter2" not in done.stderr
    assert labelled(place) == ["c1"]
    assert place.mc(f"resume {run} --yes").status == 0
    assert labelled(place) == list(TARGETS)


@needs("controllers")
def test_undo_refuses_it_too(place: Place) -> None:
    assert place.mc(targeted(NEW_IMAGE, "--yes")).status == 0
    move = "the kubeconfig's cluster was c3 and is renamed"
    done = place.shell.mc("undo", "last", "--yes", env=config_with(place, MOVES[move]))
    assert (done.status, move in done.stderr) == (1, True)
    assert len(runs(place)) == 1


def test_the_record_has_the_address_and_no_secret_of_it(place: Place) -> None:
    environment = config_with(place, MOVES["the proxy was none and is http://<redacted>@127.0.0.1:9"])
    # c3 isn't reached through that proxy.
    words = place.words(f"{LABEL} --clusters=c1,c3 --continue-on-preflight-error --yes")
    place.shell.mc(*words, env=environment)
    first, third = runs(place)[0].start["targets"]
    assert (first["kubeconfigCluster"], first["kubeconfigUser"], first["proxy"]) == ("c1", "admin", "")
    assert first["authority"].startswith("sha256:")
    assert third["proxy"] == "http://<redacted>@127.0.0.1:9"
    record = Path(place.shell.environment["HOME"], ".kube", "kubectl-mc", "audit.jsonl").read_text()
    assert "hunter2" not in record
    shown = place.mc("audit show last").stdout
    row = ["c3", "c3", "c3", "admin", "http://<redacted>@127.0.0.1:9", third["authority"]]
    assert row in [line.split() for line in shown.splitlines()]
    other = {**environment, "KUBECONFIG": environment["KUBECONFIG"]}
    config = Path(environment["KUBECONFIG"])
    config.write_text(config.read_text().replace("hunter2", "hunter3"))
    done = place.shell.mc("resume", "last", "--yes", env=other)
    assert "c3: the user, password or query in the URL of its server or proxy is another one" in done.stderr
    assert "hunter" not in done.stderr


# --- The input ---------------------------------------------------------------------------------------------------


INPUTS = {
    "create configmap new -n shop --from-file=DIR/input": "DIR/input",
    "create configmap new -n shop --from-file=key=DIR/input": "DIR/input",
    "create configmap new -n shop --from-file=DIR/inputs,DIR/other": "DIR/inputs/a",
    "create configmap new -n shop --from-env-file=DIR/input": "DIR/input",
    "create secret generic new -n shop --from-file=password=DIR/input": "DIR/input",
    "patch cm settings -n shop --patch-file=DIR/input": "DIR/input",
    "patch cm settings -n shop --patch_file DIR/input": "DIR/input",
}
TEXT = '{"data": {"given": "hunter2"}}'


@pytest.fixture
def inputs(place: Place) -> None:
    (place.folder / "inputs").mkdir()
    for name in ("input", "other", "inputs/a", "inputs/b"):
        (place.folder / name).write_text("given=hunter2" if name != "input" else TEXT)


@pytest.mark.parametrize("command", INPUTS)
@pytest.mark.usefixtures("inputs")
def test_resume_refuses_a_file_that_has_changed_and_names_it(place: Place, command: str) -> None:
    if "env-file" in command:
        (place.folder / "input").write_text("given=hunter2")
    file = Path(INPUTS[command].replace("DIR", str(place.folder)))
    was = file.read_text()
    run = half_done(place, command)
    file.write_text(was.replace("hunter2", "hunter3"))
    refused = place.mc(f"resume {run} --yes")
    named = str(file.parent if file.parent.name == "inputs" else file)
    assert (refused.status, f"the input is not what run {run} was given: {named} has changed" in refused.stderr) == (
        1,
        True,
    )
    assert "hunter" not in Path(place.shell.environment["HOME"], ".kube", "kubectl-mc", "audit.jsonl").read_text()
    file.write_text(was)
    assert place.mc(f"resume {run} --yes").status == 0
    name = "settings" if command.startswith("patch") else "new"
    kind = "secret" if "secret" in command else "cm"
    data = everywhere(place, f"get {kind} {name} -n shop -o jsonpath={{.data}}")
    assert data["c1"] == data["c3"] != data["c2"]


@pytest.mark.parametrize("command", INPUTS)
@pytest.mark.usefixtures("inputs")
def test_every_cluster_gets_what_was_in_the_file_at_the_start(place: Place, command: str) -> None:
    if "env-file" in command:
        (place.folder / "input").write_text("given=hunter2")
    file = Path(INPUTS[command].replace("DIR", str(place.folder)))
    words = place.words(targeted(command, "--waves=1 --pause=prompt --yes"))
    with place.shell.running(*words, terminal=True) as running:
        running.until(r"\[y/N\]: $")
        file.write_text(file.read_text().replace("hunter2", "hunter3"))
        running.type("y\n")
        assert running.end() == 0
    name = "settings" if command.startswith("patch") else "new"
    kind = "secret" if "secret" in command else "cm"
    data = everywhere(place, f"get {kind} {name} -n shop -o jsonpath={{.data}}")
    assert data["c1"] == data["c3"] != data["c2"]


@needs("kubelet")
def test_a_program_runs_in_the_pod_that_was_in_the_file_at_the_start(place: Place) -> None:
    """Also for a command whose output is shown as it comes."""
    solo, cart = (place.kubectl("c1", f"get pods -n shop {which} -o json").stdout for which in ("solo", "-l app=cart"))
    (place.folder / "pod").write_text(solo)
    words = place.words("exec -f DIR/pod -n shop --clusters=c1,c3 --waves=1 --pause=prompt --yes -- hostname")
    with place.shell.running(*words, terminal=True) as running:
        running.until(r"\[y/N\]: $")
        (place.folder / "pod").write_text(json.dumps(json.loads(cart)["items"][0]))
        running.type("y\n")
        running.end()
    for cluster in ("c1", "c3"):
        requests = [request["path"] for request in place.shell.fleet.requests(cluster)]
        executed = {path for path in requests if "/exec" in path}
        assert executed == {"/api/v1/namespaces/shop/pods/solo/exec"}


@needs("kubelet")
@pytest.mark.parametrize("source", ["input", "inputs"])
@pytest.mark.usefixtures("inputs")
def test_resume_refuses_another_source_of_a_copy(place: Place, source: str) -> None:
    pod = place.kubectl("c1", "get pods -n shop -o name").stdout.split()[0].partition("/")[2]
    words = place.words(f"cp DIR/{source} shop/{pod}:/tmp/copied --clusters=c1,c3 --continue-on-preflight-error --yes")
    with place.shell.fault("c3", "refuse"):
        place.shell.mc(*words)
    assert states(runs(place)[0])["c3"] == "failed"
    file = place.folder / ("input" if source == "input" else "inputs/a")
    was = file.read_text()
    file.write_text("other")
    refused = place.mc("resume last --yes")
    assert f"was given: {place.folder}/{source} has changed since" in refused.stderr
    file.write_text(was)
    assert "has changed since" not in place.mc("resume last --yes").stderr


# --- The same cluster twice ---------------------------------------------------------------------------------------


def written(place: Place) -> list[str]:
    return [cluster for cluster in MEMBERS if writes(place, cluster)]


def test_a_cluster_that_two_names_lead_to_is_not_changed_twice(place: Place, mapped: Callable[..., None]) -> None:
    mapped(c1="c1", c2="c1", c3="c3")
    for cluster in MEMBERS:
        place.shell.fleet.clear_requests(cluster)
    command = "create -f DIR/new.yaml --all-clusters --yes"
    done = place.mc(command)
    assert (done.status, "c1, c2 lead to the same cluster" in done.stderr, runs(place)) == (1, True, [])
    assert "--exclude=c2" in done.stderr
    assert written(place) == []
    assert place.mc(f"{command} --exclude=c2").status == 0
    assert written(place) == ["c1", "c3"]
    # Reads are not refused.
    assert [row[1] for row in place.mc("get cm settings -n shop").rows[1:]] == list(MEMBERS)


def test_contexts_of_other_names_and_namespaces_are_no_other_clusters(place: Place) -> None:
    def alias(entries: dict[str, Any]) -> None:
        context = {**entries["context c1"], "namespace": "shop", "cluster": "alias"}
        entries["config"]["clusters"].append({"name": "alias", "cluster": entries["cluster c1"]})
        entries["config"]["contexts"].append({"name": "alias", "context": context})

    words = place.words(f"{LABEL} --contexts=c1,alias --yes")
    done = place.shell.mc(*words, env=config_with(place, alias))
    assert (done.status, "alias, c1 lead to the same cluster" in done.stderr, labelled(place)) == (1, True, [])


# --- Contexts that only have the name ------------------------------------------------------------------------------


REFUSED = "reached by a context only because it has the name that the hub gives the cluster: c3."


def access(place: Place) -> dict[str, str]:
    items = json.loads(place.mc("clusters -o json").stdout)["items"]
    return {item["name"]: f"{item['access']} {item['approved']}" for item in items}


@pytest.mark.parametrize("choice", ["--all-clusters", "--clusters=c*", "--clusters=c[3]", "--cluster-manager=*"])
def test_a_context_that_only_has_the_name_is_not_changed_unasked(
    place: Place, mapped: Callable[..., None], choice: str
) -> None:
    mapped(c1="c1", c2="c2")
    place.shell.fleet.clear_requests("c3")
    done = place.mc(f"{LABEL} {choice} --yes --continue-on-preflight-error")
    assert (done.status, REFUSED in done.stderr, runs(place)) == (1, True, [])
    assert "kubectl mc trust approve c3" in done.stderr
    assert "--clusters=c3" in done.stderr
    assert place.shell.fleet.requests("c3") == []
    assert labelled(place) == []


@pytest.mark.parametrize(
    "choice", ["--clusters=c1,c3", "--clusters=c1,fleet/c3", "--contexts=c1,c3", "--contexts=c[13]"]
)
def test_it_counts_where_it_is_meant(place: Place, mapped: Callable[..., None], choice: str) -> None:
    mapped(c1="c1", c2="c2")
    assert place.mc(f"{LABEL} {choice} --yes").status == 0
    assert labelled(place) == ["c1", "c3"]


def test_reads_and_dry_runs_need_no_approval(place: Place, mapped: Callable[..., None]) -> None:
    mapped(c1="c1", c2="c2")
    for command in ("get cm settings -n shop", f"{LABEL} --dry-run=server"):
        done = place.mc(command)
        assert (done.status, "c3" in done.stdout) == (0, True)


def test_it_is_approved_once_and_revoked(place: Place, mapped: Callable[..., None]) -> None:
    mapped(c1="c1", c2="c2")
    assert access(place) == {"c1": "mapping True", "c2": "mapping True", "c3": "context False"}
    assert "context (not approved)   c3" in place.mc("clusters").stdout
    listed = place.mc("trust list").rows
    assert ["c3", "unknown"] in [row[:2] for row in listed]
    approved = place.mc("trust approve c3 --yes")
    assert (approved.status, "approved: c3" in approved.stderr) == (0, True)
    assert "  context:               c3\n" in approved.stderr
    assert access(place)["c3"] == "context True"
    assert ["c3", "approved"] in [row[:2] for row in place.mc("trust list").rows]
    assert place.mc(f"{LABEL} --all-clusters --yes").status == 0
    assert labelled(place) == list(MEMBERS)
    assert place.mc("trust revoke c3").stderr == "revoked: fleet/c3 by context c3 of hub hub\n"
    assert REFUSED in place.mc(f"{LABEL} --overwrite --all-clusters --yes").stderr


def test_an_approval_is_for_one_context(place: Place, mapped: Callable[..., None]) -> None:
    """Another hub's profile of that name, or another profile, is not what was approved."""
    mapped(c1="c1", c2="c2")
    assert place.mc("trust approve c3 --yes").status == 0
    trust = mapping_file(place).parent / "kubectl-mc-trust.yaml"
    trust.write_text(trust.read_text().replace("fleet/c3", "other/c3"))
    assert REFUSED in place.mc(f"{LABEL} --all-clusters --yes").stderr


def test_setup_maps_it(place: Place, mapped: Callable[..., None]) -> None:
    mapped(c1="c1", c2="c2")
    assert place.mc("setup --yes").status == 0
    assert access(place)["c3"] == "mapping True"
    assert place.mc(f"{LABEL} --all-clusters --yes").status == 0


def test_what_was_revoked_is_not_resumed_nor_undone(place: Place, mapped: Callable[..., None]) -> None:
    mapped(c1="c1", c2="c2")
    assert place.mc("trust approve c3 --yes").status == 0
    words = place.words(f"{LABEL} --all-clusters --waves=2 --pause=prompt --yes")
    with place.shell.running(*words, terminal=True) as running:
        running.until(r"\[y/N\]: $")
        running.type("n\n")
        assert running.end() == 3
    assert place.mc("trust revoke c3").status == 0
    assert REFUSED in place.mc("resume last --yes").stderr
    assert labelled(place) == ["c1", "c2"]
    assert place.mc("resume last --yes --clusters=c3").status == 0
    assert labelled(place) == list(MEMBERS)
