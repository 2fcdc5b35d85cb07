# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Followed logs: containers come and go, and streams that break are taken up again; each line is shown once."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from fixtures.kubelet.driver import Kubelet
from tests.e2e.conftest import MEMBERS, Shell, needs
from tests.e2e.fake_plugins import PluginUser
from tests.e2e.running import Running

pytestmark = needs("kubelet")

LOGS = ("logs", "-f", "-n", "shop", "--clusters=c1")
POD = "shop/one"


@pytest.fixture
def kubelet(changing: Shell) -> Kubelet:
    """The kubelet of a cluster whose logs are empty, and that has a pod of our own."""
    kubelet = changing.fleet.kubelet("c1")
    kubelet.drive()
    kubelet.create(POD, ["app", "sidecar"], labels={"app": "one"})
    return kubelet


def lines(running: Running) -> list[str]:
    """The lines that are shown, without their labels."""
    return [line.partition("] ")[2] for line in running.stdout.splitlines()]


@pytest.fixture
def one(changing: Shell, kubelet: Kubelet) -> Iterator[Running]:
    """The pod of our own is followed, and has said something."""
    with changing.running(*LOGS, "one", "-c", "app") as running:
        kubelet.until_followed(POD, 1, "app")
        kubelet.write(POD, ["first", "same", "same"])
        running.until("same\n.*same")
        yield running


def interrupted(running: Running) -> None:
    running.interrupt()
    assert running.end() == 130


def test_a_rollout_in_the_middle(changing: Shell, kubelet: Kubelet) -> None:
    old = kubelet.pods("shop/cart-*")
    with changing.running(*LOGS, "-l", "app=cart", "-c", "app") as logs:
        kubelet.until_followed("shop/cart-*", len(old), "app")
        kubelet.write("shop/cart-*", ["before"], "app")
        new = []
        for number in range(len(old)):
            gone, new_pod = kubelet.replace("shop/cart", keep_old=True)
            new.append(new_pod)
            kubelet.end(new_pod, "migrate")  # then its containers run
            kubelet.until_followed(new_pod, 1, "app")
            kubelet.write(new_pod, [f"new {number}"], "app")
            kubelet.write(gone, [f"last {number}"], "app")
            kubelet.delete(gone)
            logs.until(rf"^\[c1\] - pod/{gone.partition('/')[2]}$", "stderr")
            logs.until(f"new {number}")
        interrupted(logs)
    numbers = range(len(old))
    expected = ["before"] * len(old) + [f"{text} {number}" for text in ("last", "new") for number in numbers]
    assert sorted(lines(logs)) == sorted(expected)
    said = [f"[c1] + {pod.replace('shop/', 'pod/')} app" for pod in new]
    said += [f"[c1] - {pod.replace('shop/', 'pod/')}" for pod in old]
    assert sorted(logs.stderr.splitlines()) == sorted(said)


def test_a_successor_takes_the_place_of_the_pod_that_kubectl_picks(changing: Shell, kubelet: Kubelet) -> None:
    with changing.running(*LOGS, "deploy/cart", "-c", "app") as logs:
        picked = re.search(r"using pod/(\S+)", logs.until(r"using pod/\S+\n", "stderr"))
        assert picked
        kubelet.until_followed(f"shop/{picked[1]}", 1, "app")
        kubelet.write("shop/cart-*", ["once"], "app")
        logs.until("once")
        kubelet.delete(f"shop/{picked[1]}")
        joined = re.search(r"\+ pod/(\S+) app", logs.until(r"^\[c1\] \+ pod/\S+ app$", "stderr"))
        assert joined
        assert joined[1] != picked[1]
        logs.until("once\n.*once")  # the successor is shown from its start
        interrupted(logs)


@pytest.mark.parametrize("how", ["eof", "fin", "reset"])
def test_a_stream_that_is_cut_within_a_line(kubelet: Kubelet, one: Running, how: str) -> None:
    assert kubelet.cut(POD, "app", how, "it breaks within this line") == 1  # type: ignore[arg-type]
    kubelet.write(POD, ["after", "after"])
    one.until("after\n.*after")
    interrupted(one)
    assert lines(one) == ["first", "same", "same", "it breaks within this line", "after", "after"]
    assert len(re.findall(r"^\[c1\] pod/one app: broken \(.*\), and taken up again$", one.stderr, re.MULTILINE)) == 1
    assert "missing" not in one.stderr


def test_an_api_server_that_is_down_for_a_while(changing: Shell, kubelet: Kubelet, one: Running) -> None:
    with changing.fault("c1", "refuse"):
        one.until("watch of its pods is broken", "stderr")
        kubelet.write(POD, ["meanwhile"])
        kubelet.restart(POD, "app")
        kubelet.write(POD, ["restarted"])
        kubelet.create("shop/two", labels={"app": "one"})
    one.until("restarted")
    interrupted(one)
    assert lines(one) == ["first", "same", "same", "meanwhile", "restarted"]
    assert "missing" not in one.stderr


def test_a_container_that_restarts_in_place(kubelet: Kubelet, one: Running) -> None:
    kubelet.write(POD, ["last"])
    kubelet.restart(POD, "app")
    kubelet.write(POD, ["new"])
    one.until("new")
    interrupted(one)
    assert lines(one) == ["first", "same", "same", "last", "new"]
    assert one.stderr == ""


def test_what_a_rotation_has_dropped_is_said(changing: Shell, kubelet: Kubelet, one: Running) -> None:
    with changing.fault("c1", "refuse"):
        one.until("broken", "stderr")
        kubelet.write(POD, ["lost"])
        kubelet.rotate(POD, "app")
        kubelet.write(POD, ["found"])
    one.until("found")
    interrupted(one)
    assert lines(one) == ["first", "same", "same", "found"]
    missing = re.findall(r"^\[c1\] lines of pod/one app between (\S+)Z and (\S+)Z may be missing$", one.stderr, re.M)
    assert len(missing) == 1
    assert missing[0][0] < missing[0][1]


def test_the_pod_that_ends_ends_the_command(kubelet: Kubelet, changing: Shell) -> None:
    kubelet.create("shop/job", restart_policy="Never")
    with changing.running(*LOGS, "job") as logs:
        kubelet.until_followed("shop/job")
        kubelet.write("shop/job", ["done"])
        kubelet.end("shop/job", "*")
        assert logs.end() == 0
    assert lines(logs) == ["done"]


def test_more_containers_than_are_followed_at_a_time_wait(kubelet: Kubelet, changing: Shell) -> None:
    with changing.running(*LOGS, "-l", "app=one", "--max-log-requests=1", "-c", "app") as logs:
        kubelet.until_followed(POD, 1, "app")
        kubelet.create("shop/two", labels={"app": "one"})
        kubelet.write("shop/two", ["two"])
        logs.until("--max-log-requests=1; they wait", "stderr")
        kubelet.delete(POD)
        logs.until("two")
        interrupted(logs)


def test_what_pods_had_that_come_and_go_is_shown_or_said(kubelet: Kubelet, changing: Shell) -> None:
    with changing.running(*LOGS, "-l", "app=one", "--max-log-requests=1", "-c", "app") as logs:
        kubelet.until_followed(POD, 1, "app")
        for number in range(5):  # one waits for room, others are gone before that is known
            kubelet.create(f"shop/quick-{number}", labels={"app": "one"})
            kubelet.write(f"shop/quick-{number}", ["lost"])
            kubelet.delete(f"shop/quick-{number}")
        for number in range(5):
            logs.until(rf"^\[c1\] lines of pod/quick-{number} app may be missing$", "stderr")
        interrupted(logs)
    assert logs.stdout == ""


def test_without_reconnecting_it_is_as_with_kubectl(kubelet: Kubelet, changing: Shell) -> None:
    with changing.running(*LOGS, "one", "-c", "app", "--no-reconnect") as logs:
        kubelet.until_followed(POD, 1, "app")
        kubelet.write(POD, ["only"])
        logs.until("only")
        kubelet.cut(POD, "app")
        assert logs.end() == 0
    assert (lines(logs), logs.stderr) == (["only"], "")


def test_a_cluster_that_cannot_be_reached_at_first_joins_later(changing: Shell) -> None:
    kubelets = [changing.fleet.kubelet(cluster) for cluster in MEMBERS]
    for kubelet in kubelets:
        kubelet.drive()
    words = ("logs", "-f", "-n", "shop", "deploy/cart", "-c", "app")
    with changing.fault("c2", "refuse"):
        logs = changing.running(*words)
        running = logs.__enter__()
        running.until(r"^\[c2\] can't be reached \(connection refused\); it is tried again$", "stderr")
    kubelets[1].until_followed("shop/cart-*", 1, "app")
    kubelets[1].write("shop/cart-*", ["here"], "app")
    running.until(r"^\[c2\] here$")
    interrupted(running)
    logs.__exit__(None, None, None)


@pytest.mark.parametrize("words", ["-l app=cart", "deploy/cart"])
def test_a_cluster_that_fails_for_good_is_named_while_the_others_go_on(changing: Shell, words: str) -> None:
    with changing.fault("c2", "forbidden"), changing.running(*LOGS, "--clusters=c1,c2", *words.split()) as logs:
        logs.until(r"^\[c2\] ended: forbidden$", "stderr")
        logs.until("^\\[c1")
        interrupted(logs)
    assert "Error: Failed to query 1 cluster: c2 (forbidden)" in logs.stderr


def test_too_many_containers_of_one_cluster_do_not_end_the_others(changing: Shell) -> None:
    kubelets = [changing.fleet.kubelet(cluster) for cluster in MEMBERS]
    kubelets[0].create("shop/one", labels={"app": "one"})
    for name in ("one", "two"):
        kubelets[1].create(f"shop/{name}", labels={"app": "one"})
    with changing.running("logs", "-f", "-n", "shop", "-l", "app=one", "--max-log-requests=1") as logs:
        logs.until(r"^\[c2\] ended: you are attempting to follow 2 log streams.*--max-log-requests", "stderr")
        kubelets[0].until_followed("shop/one", 1)
        kubelets[0].write("shop/one", ["here"])
        logs.until("here")
        interrupted(logs)
    assert "Error: Failed to query 1 cluster: c2 (you are attempting" in logs.stderr


def test_a_cluster_that_joins_later_with_too_many_containers_does_not_end_the_others(changing: Shell) -> None:
    kubelets = [changing.fleet.kubelet(cluster) for cluster in MEMBERS]
    for kubelet in kubelets:
        kubelet.drive()
    kubelets[0].create("shop/one", labels={"app": "one"})
    for name in ("one", "two"):
        kubelets[1].create(f"shop/{name}", labels={"app": "one"})
    words = ("logs", "-f", "-n", "shop", "-l", "app=one", "--max-log-requests=1")
    with changing.fault("c2", "refuse"):
        logs = changing.running(*words)
        running = logs.__enter__()
        running.until(r"^\[c2\] can't be reached", "stderr")
    running.until(r"^\[c2\] 1 more to follow than --max-log-requests=1; they wait$", "stderr")
    kubelets[0].until_followed("shop/one", 1)
    kubelets[0].write("shop/one", ["here"])
    running.until("here")
    interrupted(running)
    logs.__exit__(None, None, None)


COUNTED = """\
runs = sum('"start"' in line for line in open(FOLDER + "/runs"))
give(f"admin~{runs}"@)
"""


@pytest.mark.parametrize("expires", ["", ', expirationTimestamp="2126-01-01T00:00:00Z"'])
def test_a_token_that_expires_is_replaced(changing_user: PluginUser, expires: str) -> None:
    fleet = changing_user.shell.fleet
    kubelet = fleet.kubelet("c1")
    kubelet.drive()
    plugin = changing_user.plugin(COUNTED.replace("@", expires))
    changing_user.logs_in_with(plugin.path, clusters=("c1",))
    with changing_user.shell.running(*LOGS, "deploy/cart", "-c", "app") as logs:
        kubelet.until_followed("shop/cart-*", 1, "app")
        kubelet.write("shop/cart-*", ["before"], "app")
        logs.until("before")
        fleet.expire_tokens("c1", "admin~1")
        kubelet.cut("shop/cart-*", "app", "reset")
        kubelet.write("shop/cart-*", ["after"], "app")
        logs.until("after")
        interrupted(logs)
    assert lines(logs) == ["before", "after"]
    assert (len(plugin.runs), any(run.by_kubectl for run in plugin.runs)) == (2, False)


@pytest.mark.parametrize("has_ended", [False, True], ids=["first pod", "behind one that has ended"])
def test_another_pod_of_the_name_is_shown_once_though_the_watch_is_late(
    kubelet: Kubelet, changing: Shell, has_ended: bool
) -> None:
    """As a StatefulSet makes one. kubectl asks by the name, so the stream of the old pod goes on with the new one."""
    pod, labels = "shop/zero", {"app": "zero"}
    kubelet.create(pod, labels=labels, restart_policy="Never")
    with changing.running(*LOGS, "-l", "app=zero") as logs:
        kubelet.until_followed(pod, 1)
        if has_ended:  # as one that was evicted, whose lines are all shown
            kubelet.end(pod)
            logs.until(r"^\[c1\] - pod/zero app$", "stderr")
            kubelet.delete(pod)
            kubelet.create(pod, labels=labels)
            kubelet.until_followed(pod, 1)
        kubelet.write(pod, ["old"])
        logs.until("old")
        changing.fleet.end_watches("c1", "pods", "stall")
        kubelet.delete(pod)
        kubelet.create(pod, labels=labels)
        kubelet.write(pod, ["new", "more"])
        logs.until("more")
        changing.fleet.set_fault("c1", None)  # a restart: the watch says what there is
        logs.until(r"^\[c1\] - pod/zero$", "stderr")
        kubelet.until_followed(pod, 1)
        kubelet.write(pod, ["last"])
        logs.until("last")
        interrupted(logs)
    assert lines(logs) == ["old", "new", "more", "last"]


def test_init_containers_come_first_and_a_job_ends(kubelet: Kubelet, changing: Shell) -> None:
    job = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "done", "namespace": "shop", "uid": "1"},
        "spec": {"selector": {"matchLabels": {"job": "done"}}},
    }
    changing.fleet.put("c1", job)
    kubelet.create("shop/done-1", ["app"], ["first"], {"job": "done"}, restart_policy="Never")
    with changing.running(*LOGS, "job/done", "--all-containers") as logs:
        kubelet.until_followed("shop/done-1", 1, "first")
        kubelet.write("shop/done-1", ["init"], "first")
        kubelet.end("shop/done-1", "first")
        kubelet.until_followed("shop/done-1", 1, "app")
        kubelet.write("shop/done-1", ["app"])
        condition = {"type": "Complete", "status": "True"}
        changing.fleet.put("c1", {**job, "status": {"conditions": [condition]}})
        kubelet.end("shop/done-1")
        assert logs.end() == 0
    assert lines(logs) == ["init", "app"]
    assert re.findall(r"^\[c1\] ([+-]) pod/done-1 (\w+)$", logs.stderr, re.M)[0] == ("+", "app")


@pytest.mark.parametrize("flag", ["--tail=3", "--tail=1"])
def test_lines_ahead_of_the_start_stay_hidden_after_a_break(kubelet: Kubelet, changing: Shell, flag: str) -> None:
    kubelet.write(POD, [f"line {number}" for number in range(10)])
    with changing.running(*LOGS, "one", "-c", "app", flag) as logs:
        logs.until("line 9")
        kubelet.cut(POD, "app", "reset")
        kubelet.write(POD, ["after"])
        logs.until("after")
        interrupted(logs)
    assert lines(logs) == [*[f"line {number}" for number in range(10 - int(flag[-1]), 10)], "after"]
    assert "missing" not in logs.stderr


@pytest.mark.parametrize("flag", ["--tail=0", "--tail=1", "--since=1h"])
def test_lines_after_a_break_ahead_of_the_first_line(kubelet: Kubelet, changing: Shell, flag: str) -> None:
    """Where the lines begin is a matter of the start."""
    with changing.running(*LOGS, "one", "-c", "app", flag) as logs:
        kubelet.until_followed(POD, 1, "app")
        assert kubelet.cut(POD, "app", "reset") == 1
        kubelet.write(POD, ["after", "later"])
        logs.until("later")
        interrupted(logs)
    assert lines(logs) == ["after", "later"]


def test_the_last_line_of_a_deleted_pod_may_have_no_end(kubelet: Kubelet, changing: Shell) -> None:
    with changing.running(*LOGS, "-l", "app=one", "-c", "app") as logs:
        kubelet.until_followed(POD, 1, "app")
        kubelet.write(POD, ["first"])
        kubelet.write(POD, ["last"], end="")
        logs.until("first")
        kubelet.delete(POD)
        logs.until("- pod/one", "stderr")
        logs.until("last")
        interrupted(logs)
    assert lines(logs) == ["first", "last"]


def test_a_stream_without_lines_is_replaced_when_its_container_restarts(kubelet: Kubelet, one: Running) -> None:
    kubelet.cut(POD, "app", "stall")
    kubelet.write(POD, ["last"])
    kubelet.restart(POD, "app")
    kubelet.write(POD, ["new"])
    one.until("new")
    interrupted(one)
    assert lines(one) == ["first", "same", "same", "last", "new"]
    assert one.stderr == "[c1] pod/one app: broken (no answer), and taken up again\n"


def test_a_line_of_1_mib_is_one_line(kubelet: Kubelet, one: Running) -> None:
    for _ in range(4):
        kubelet.write(POD, ["x" * (1 << 18)], end="")
    kubelet.write(POD, ["", "after"])
    one.until("after")
    interrupted(one)
    assert lines(one) == ["first", "same", "same", "x" * (1 << 20), "after"]


@pytest.mark.parametrize("words", ["deploy/cart -c app", "deploy/cart --all-pods -c app"])
def test_an_object_of_all_namespaces_is_followed(kubelet: Kubelet, changing: Shell, words: str) -> None:
    with changing.running("logs", "-f", "-A", "--clusters=c1", *words.split()) as logs:
        kubelet.until_followed("shop/cart-*", 1, "app")
        kubelet.write("shop/cart-*", ["hello"], "app")
        logs.until("hello")
        interrupted(logs)
    assert "unknown flag" not in logs.stderr


def test_a_name_that_no_namespace_has_is_an_error(changing: Shell) -> None:
    done = changing.mc("logs", "-f", "-A", "nosuch")
    assert (done.status, done.stderr) == (1, 'error: names matching "nosuch" not found (in all 3 clusters)\n')


@pytest.mark.parametrize("flag", [(), ("-f",)])
def test_what_no_namespace_has_is_said_once(changing: Shell, flag: tuple[str, ...]) -> None:
    done = changing.mc("logs", "-n", "shop,default", "nosuch", *flag)
    said = changing.kubectl("--context", "c1", "logs", "-n", "default", "nosuch").stderr.rstrip("\n")
    assert (done.status, done.stderr) == (1, f"{said} (in all 3 clusters)\n")
