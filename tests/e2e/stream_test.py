# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Logs, watches and waits on the fleet: lines appear as they come, whole, each with its cluster."""

from __future__ import annotations

import json
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests import real_kubectl
from tests.e2e.conftest import MEMBERS, Done, Shell, needs
from tests.e2e.running import Running

ANNOTATION = "kubectl-mc.k8s.io/cluster"
CART = ("logs", "deploy/cart", "-n", "shop", "-c", "app")
LINE = re.compile(r"\[(c\d)\] line (\d+) of shop/cart-\S+/app")


@pytest.fixture
def quick(changing: Shell) -> Shell:
    """Followed logs go on with 50 lines a second, without end."""
    for cluster in MEMBERS:
        changing.fleet.set_logs(cluster, 50)
    return changing


def watched(shell: Shell, *clusters: str) -> None:
    """Returns when the clusters have been asked to watch: whatever happens then, the watcher is told."""
    for cluster in clusters:
        while not any("watch=" in request["query"] for request in shell.fleet.requests(cluster)):
            pass


@pytest.fixture
def watchable(changing: Shell) -> Shell:
    for cluster in MEMBERS:
        changing.fleet.clear_requests(cluster)
    return changing


# --- logs ---------------------------------------------------------------------------------------------------


@needs("kubelet")
def test_a_pod_that_one_cluster_has_is_found_there(changing: Shell) -> None:
    done = changing.mc("logs", "solo", "-n", "shop", "--tail=2")
    theirs = changing.kubectl("--context", "c1", "logs", "solo", "-n", "shop", "--tail=2")
    assert done.stdout == "".join(f"[c1] {line}\n" for line in theirs.stdout.splitlines())
    assert (done.status, done.stderr, len(theirs.rows)) == (0, "", 2)


@needs("kubelet")
def test_a_pod_that_no_cluster_has_is_an_error(changing: Shell) -> None:
    done = changing.mc("logs", "nope", "-n", "shop")
    said = changing.kubectl("--context", "c1", "logs", "nope", "-n", "shop").stderr.rstrip("\n")
    assert 'pods "nope" not found' in said
    assert done == Done(1, "", f"{said} (in all 3 clusters)\n")


@needs("kubelet")
@pytest.mark.parametrize(
    "arguments",
    [
        "deploy/cart -c sidecar --tail=2",
        "deploy/cart -c app --timestamps --tail=2",
        "deploy/cart -c app --since=1h",
        "deploy/cart -c app --limit-bytes=100",
        "deploy/cart --all-containers --prefix --tail=1",
        "-l app=cart --all-containers --prefix",
    ],
)
def test_flags_are_kubectls(changing: Shell, arguments: str) -> None:
    words = ("logs", *arguments.split(), "-n", "shop")
    expected = [
        f"[{cluster}] {line}"
        for cluster in MEMBERS
        for line in changing.kubectl("--context", cluster, *words).stdout.splitlines()
    ]
    done = changing.mc(*words)
    assert sorted(done.stdout.splitlines()) == sorted(expected)
    assert {line[:4] for line in expected} == {f"[{cluster}]" for cluster in MEMBERS}
    assert done.status == 0


@pytest.mark.parametrize(
    "arguments",
    [
        "logs -l app=nope -n shop",
        pytest.param("rollout status deploy -n only-c2", marks=real_kubectl.since("1.28", "a word about no rollouts")),
    ],
)
def test_that_there_is_nothing_is_said_once(changing: Shell, arguments: str) -> None:
    done = changing.mc(*arguments.split())
    assert done == Done(0, "", f"No resources found in {arguments.split()[-1]} namespace.\n")


@needs("kubelet")
def test_one_mistake_is_said_once(changing: Shell) -> None:
    done = changing.mc("logs", "-l", "app=cart", "-n", "shop", "-c", "app", "-f", "--max-log-requests=1")
    assert (done.status, done.stdout, done.stderr.count("--max-log-requests")) == (1, "", 1)


@needs("kubelet")
def test_what_is_not_there_is_said_for_each_cluster(changing: Shell) -> None:
    done = changing.mc(*CART, "--previous")
    assert (done.status, done.stdout) == (1, "")
    assert re.search(r"Error: Failed to query 3 clusters: c1 \(previous terminated container .*\), c2 \(", done.stderr)


@needs("kubelet")
def test_followed_logs_are_whole_lines_and_go_on_when_one_stream_ends(quick: Shell) -> None:
    quick.fleet.set_logs("c2", 50, 3)
    with quick.running(*CART, "-f", "--no-reconnect") as logs:
        logs.until(r"^\[c2\] ended$", "stderr")
        for cluster in ("c1", "c3"):
            seen = max(number(logs.stdout, cluster), default=50)
            logs.until(rf"^\[{cluster}\] line {seen + 10} ")
        logs.interrupt()
        assert logs.end() == 130
    assert all(LINE.fullmatch(line) for line in logs.stdout.splitlines())
    assert logs.stdout.endswith("\n")
    for cluster in MEMBERS:
        numbers = number(logs.stdout, cluster)
        assert numbers == list(range(len(numbers)))
    assert len(number(logs.stdout, "c2")) == 53


def number(text: str, cluster: str) -> list[int]:
    return [int(found[2]) for found in LINE.finditer(text) if found[1] == cluster]


@needs("kubelet")
def test_followed_logs_name_the_cluster_that_fails(quick: Shell) -> None:
    for cluster in MEMBERS:
        quick.fleet.set_logs(cluster, 50, 2)
    with quick.fault("c3", "refuse"):
        done = quick.mc(*CART, "-f", "--no-reconnect")
    assert {line[:4] for line in done.stdout.splitlines()} == {"[c1]", "[c2]"}
    assert len(done.stdout.splitlines()) == 2 * 52
    assert "[c3] ended: connection refused\n" in done.stderr
    assert done.stderr.endswith("Error: Failed to query 1 cluster: c3 (connection refused)\n")
    assert done.status == 3


@needs("kubelet", "faults")
def test_a_stream_that_breaks_is_named_and_the_others_go_on(quick: Shell) -> None:
    with quick.running(*CART, "-f", "--no-reconnect") as logs:
        for cluster in MEMBERS:
            logs.until(rf"^\[{cluster}\] line 51 ")
        with quick.fault("c2", "refuse"):
            logs.until(r"^\[c2\] ended", "stderr")
            seen = max(number(logs.stdout, "c1"))
            logs.until(rf"^\[c1\] line {seen + 10} ")


@needs("kubelet")
def test_by_time_is_the_order_of_the_timestamps(changing: Shell) -> None:
    words = ("logs", "-l", "app=cart", "-n", "shop", "--all-containers", "--prefix", "--by-time", "--tail=5")
    stamped, plain = changing.mc(*words, "--timestamps"), changing.mc(*words)
    times = re.findall(r"^\[c\d\] \[pod/\S+\] (\S+Z) line", stamped.stdout, re.MULTILINE)
    assert len(times) == len(stamped.rows) == 3 * 2 * 3 * 5
    assert all(one <= other for one, other in pairwise(times))
    unstamped = [re.sub(r"\] \S+Z ", "] ", line) for line in stamped.stdout.splitlines()]
    assert sorted(unstamped) == sorted(plain.stdout.splitlines())
    # The fleet's pods are the older, the higher their cluster's number.
    assert list(dict.fromkeys(row[0] for row in stamped.rows)) == ["[c3]", "[c2]", "[c1]"]


# --- watches ------------------------------------------------------------------------------------------------


def test_watched_rows_appear_as_they_happen(watchable: Shell) -> None:
    with watchable.running("get", "cm", "-n", "shop", "-w") as watch:
        for cluster in MEMBERS:
            watch.until(rf"^settings +{cluster} .*\n")
        watched(watchable, *MEMBERS)
        name = "a-config-map-with-a-name-that-is-wider-than-its-column"
        watchable.kubectl("--context", "c2", "create", "cm", name, "-n", "shop")
        watch.until(rf"^{name}   c2        0      \d+s$")
        watchable.kubectl("--context", "c3", "label", "cm", "settings", "-n", "shop", "a=b")
        watch.until(rf"^settings {{{len(name) - len('settings') + 2}}} c3        2      \w+$")
        watch.interrupt()
        assert watch.end() == 130
    lines = watch.stdout.splitlines()
    assert lines[0].split() == ["NAME", "CLUSTER", "DATA", "AGE"]
    assert watch.stdout.count("CLUSTER") == 1
    start = lines[0].index("CLUSTER")
    first = [line for line in lines[1:] if line.startswith("settings")][:3]
    assert {line[start : start + 3].strip() for line in first} == set(MEMBERS)
    assert watch.stderr == ""


def test_watch_only_shows_what_happens_from_then_on(watchable: Shell) -> None:
    with watchable.running("get", "cm", "-n", "shop", "--watch-only", "--no-headers") as watch:
        watched(watchable, *MEMBERS)
        watchable.kubectl("--context", "c3", "create", "cm", "new", "-n", "shop")
        watch.until(r"^new +c3 .*\n")
        assert len(watch.stdout.splitlines()) == 1


def test_watched_names_carry_their_cluster(watchable: Shell) -> None:
    with watchable.running("get", "cm", "-n", "shop", "--watch-only", "-o", "name") as watch:
        watched(watchable, *MEMBERS)
        watchable.kubectl("--context", "c3", "create", "cm", "new", "-n", "shop")
        watch.until(r"^c3\tconfigmap/new\n")


EVENT = """---
{
apiVersion: v1, kind: Event, metadata: {name: happened, namespace: shop}, type: Normal, reason: Happened,
message: something happened, involvedObject: {kind: ConfigMap, name: settings, namespace: shop, apiVersion: v1},
firstTimestamp: "2026-01-01T00:00:00Z", lastTimestamp: "2026-01-01T00:00:00Z", count: 1}"""


def test_watched_events_appear_as_they_happen(watchable: Shell, tmp_path_factory: pytest.TempPathFactory) -> None:
    manifest = tmp_path_factory.mktemp("event") / "event.yaml"
    manifest.write_text(EVENT)
    with watchable.running("events", "-n", "shop", "-w") as watch:
        watched(watchable, *MEMBERS)
        watchable.kubectl("--context", "c2", "create", "-f", str(manifest))
        watch.until(r"^c2 +\S+ +Normal +Happened +ConfigMap/settings +something happened$")
    assert re.match(r"CLUSTER +(NAMESPACE +)?LAST SEEN", watch.stdout)
    assert watch.stdout.count("CLUSTER") == 1


def test_watched_values_of_several_lines_stay_in_their_columns(watchable: Shell) -> None:
    columns = "custom-columns=NAME:.metadata.name,CONF:.data.conf,OTHER:.data.other"
    with watchable.running("get", "cm", "-n", "shop", "-w", "-o", columns) as watch:
        for cluster in MEMBERS:
            watch.until(rf"^settings +{cluster} ")
        literals = ("--from-literal=conf=a\n  x   y   z\n\nb", "--from-literal=other=o")
        watchable.kubectl("--context", "c2", "create", "cm", "lines", "-n", "shop", *literals)
        shown = watch.until(r"^ +c2 +b *$")
    rows = [line for line in shown.splitlines() if re.match(r"lines| ", line)]
    assert [re.split("(?<=c2) +", row, maxsplit=1)[0].split() for row in rows] == [["lines", "c2"], *[["c2"]] * 3]
    start = rows[0].index("a ")
    assert [row[start:].rstrip(" ") for row in rows[1:]] == ["  x   y   z", "", "b"]
    assert rows[0].endswith(" o")


@pytest.mark.parametrize("words", ["events -n shop -w", "events -n shop --no-headers"])
def test_a_message_can_not_pass_for_a_row_of_another_cluster(
    watchable: Shell, tmp_path_factory: pytest.TempPathFactory, words: str
) -> None:
    manifest = tmp_path_factory.mktemp("event") / "event.yaml"
    message = r'"first\nc1        5s          Warning   Forged   Pod/x   y\nc1 forged\nlast"'
    manifest.write_text(EVENT.replace("something happened", message))
    watchable.kubectl("--context", "c2", "create", "-f", str(manifest))
    with watchable.running(*words.split()) as shown:
        shown.until(r"^c2 +last$")
        for cluster in MEMBERS:
            shown.until(rf"^{cluster} ")
    rows = [line.split() for line in shown.stdout.splitlines() if not line.startswith("CLUSTER")]
    assert {row[0] for row in rows} == set(MEMBERS)
    assert {row[0] for row in rows if {"forged", "Forged", "first", "last"} & set(row)} == {"c2"}


def json_documents(text: str) -> list[Any]:
    documents, place = [], 0
    while place < len(text):
        document, end = json.JSONDecoder().raw_decode(text, place)
        documents.append(document)
        place = end + 1  # the newline
    return documents


@pytest.mark.parametrize("output", ["json", "yaml"])
def test_watched_objects_are_whole_documents(watchable: Shell, output: str) -> None:
    with watchable.running("get", "cm", "settings", "-n", "shop", "-w", "-o", output) as watch:
        watched(watchable, *MEMBERS)
        for change in ("first", "second"):  # in YAML, kubectl ends a document only where the next one begins
            for cluster in MEMBERS:
                watchable.kubectl("--context", cluster, "annotate", "cm", "settings", "-n", "shop", f"{change}=yes")
        for cluster in MEMBERS:
            watch.until(rf'"{cluster}",?\n +"?first"?: "yes"(.|\n)*?^(}}|  uid: .*)\n')
        watch.interrupt()
        assert watch.end() == 130
    found = json_documents(watch.stdout) if output == "json" else list(yaml.safe_load_all(watch.stdout))
    annotations = [document["metadata"]["annotations"] for document in found]
    for cluster in MEMBERS:
        changed = [("first" in each, "second" in each) for each in annotations if each[ANNOTATION] == cluster]
        assert changed[:2] == [(False, False), (True, False)]


@pytest.mark.parametrize("form", ["name", "json", "yaml"])
def test_what_appears_later_is_watched_too(watchable: Shell, form: str) -> None:
    with watchable.running("get", "cm", "new-*", "-n", "shop", "-w", "-o", form) as watch:
        watched(watchable, *MEMBERS)
        for name in ("new-1", "other", "new-2", "new-3"):
            watchable.kubectl("--context", "c2", "create", "cm", name, "-n", "shop")
        watch.until("new-2")
        watch.interrupt()
        assert watch.end() == 130
    assert "new-1" in watch.stdout
    assert "other" not in watch.stdout


def test_events_of_a_watch_appear_as_they_happen(watchable: Shell) -> None:
    command = ("get", "cm", "settings", "-n", "shop", "-w", "-o", "json", "--output-watch-events")
    with watchable.running(*command) as watch:
        watched(watchable, *MEMBERS)
        watchable.kubectl("--context", "c2", "annotate", "cm", "settings", "-n", "shop", "a=b")
        watch.until(r"MODIFIED.*\n")
        for cluster in MEMBERS:
            watch.until(rf'ADDED.*"{cluster}".*\n')
    found = [(each["type"], each["object"]["metadata"]["annotations"]) for each in json_documents(watch.stdout)]
    assert sorted((kind, each[ANNOTATION], each.get("a")) for kind, each in found) == [
        *(("ADDED", cluster, None) for cluster in MEMBERS),
        ("MODIFIED", "c2", "b"),
    ]


TWO_TYPES = """
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: shop}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: cart, namespace: shop}
"""


@real_kubectl.since("1.35", "what there is of two types, ahead of the refusal to watch them,")
def test_the_header_of_a_second_type_is_no_row(watchable: Shell, tmp_path: Path) -> None:
    """kubectl refuses to watch two types only after it has shown what there is of them."""
    (tmp_path / "two.yaml").write_text(TWO_TYPES)
    words = ("get", "-w", "-f", f"{tmp_path}/two.yaml")
    plain = watchable.kubectl("--context", "c1", *words).stdout.splitlines()
    assert [line.split()[:2] for line in plain] == [
        ["NAME", "DATA"],
        ["settings", "2"],
        ["NAME", "READY"],
        ["cart", "2/2"],
    ]
    shown = watchable.mc(*words).rows
    headers = [row for row in shown if row[0] == "NAME"]
    assert [row[:2] for row in headers] == [["NAME", "CLUSTER"]] * 2
    assert "READY" in headers[1]
    rows = sorted(row[:2] for row in shown if row[0] != "NAME")
    assert rows == sorted([name, cluster] for name in ("settings", "cart") for cluster in MEMBERS)


def test_a_watch_names_the_cluster_that_fails(watchable: Shell) -> None:
    words = ("get", "cm", "-n", "shop", "-w", "--no-reconnect")
    with watchable.fault("c3", "refuse"), watchable.running(*words) as watch:
        watch.until(r"^\[c3\] ended: connection refused$", "stderr")
        for cluster in ("c1", "c2"):
            watch.until(rf"^settings +{cluster} ")


# --- rollout status, wait -----------------------------------------------------------------------------------

READY = {"replicas": 1, "readyReplicas": 1, "updatedReplicas": 1, "observedGeneration": 1}


def each(shell: Shell, *arguments: str) -> None:
    for cluster in MEMBERS:
        done = shell.kubectl("--context", cluster, *arguments)
        assert done.status == 0, done.stderr


def seen_on_all(running: Running, text: str) -> None:
    for cluster in MEMBERS:
        running.until(rf"^\[{cluster}\] {text}")


def test_a_rollout_is_followed_to_its_end(changing: Shell) -> None:
    revisions = {"currentRevision": "one", "updateRevision": "one"}
    patch = json.dumps({"status": {**READY, **revisions}})
    with changing.running("rollout", "status", "-w", "sts/db", "-n", "shop") as status:
        seen_on_all(status, "Waiting for ")
        each(changing, "patch", "sts", "db", "-n", "shop", "--subresource=status", "--type=merge", "-p", patch)
        seen_on_all(status, "(partitioned roll out|statefulset rolling update) complete")
        assert status.end() == 0


def test_a_rollout_that_takes_too_long_is_a_failure(changing: Shell) -> None:
    done = changing.mc("rollout", "status", "sts/db", "-n", "shop", "--timeout=1s")
    assert done.status == 1
    assert "timed out waiting for the condition" in done.stderr


WAIT = ("wait", "--for=jsonpath={.data.done}=yes", "cm/settings", "-n", "shop")
FINISH = ("patch", "cm", "settings", "-n", "shop", "-p", '{"data":{"done":"yes"}}')


def test_wait_tells_each_cluster_when_it_is_so(watchable: Shell) -> None:
    with watchable.running(*WAIT) as waiting:
        watched(watchable, *MEMBERS)
        for cluster in ("c2", "c3", "c1"):
            watchable.kubectl("--context", cluster, *FINISH)
            waiting.until(rf"^\[{cluster}\] configmap/settings condition met\n")
        assert waiting.end() == 0
    assert [line[:4] for line in waiting.stdout.splitlines()] == ["[c2]", "[c3]", "[c1]"]


def test_wait_fails_where_it_is_not_so_in_time(changing: Shell) -> None:
    changing.kubectl("--context", "c2", *FINISH)
    done = changing.mc(*WAIT, "--timeout=1s")
    assert (done.status, done.stdout) == (3, "[c2] configmap/settings condition met\n")
    reason = "timed out waiting for the condition on configmaps/settings"
    assert f"Error: Failed to query 2 clusters: c1, c3 ({reason})\n" in done.stderr


def test_wait_names_every_object_for_which_it_is_not_so(changing: Shell) -> None:
    done = changing.mc("wait", "--for=condition=Nope", "deploy", "--all", "-A", "--timeout=1s")
    for cluster in MEMBERS:
        for name in ("cart", "web"):
            assert f"[{cluster}] timed out waiting for the condition on deployments/{name}\n" in done.stderr
