# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""`make bench`: what kubectl-mc costs, next to the ways people do without it, as ratios from one run.

Every comparison alternates the two commands and quotes the median of the pairs' ratios, so that it holds on a
machine whose speed drifts. All of them ask the same simulated fleet, whose own cost is in every figure.
"""

from __future__ import annotations

import argparse
import copy
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import IO, NamedTuple
from urllib.parse import quote_plus

from fixtures.fleet import Fleet, fleet
from fixtures.seeds.recorded import recorded
from fixtures.storage.resources import Obj
from kubectl_mc.merge import answers
from kubectl_mc.processes import kubectl_process
from kubectl_mc.processes.event_loop import Result
from kubectl_mc.processes.places import LOOK_AGAIN, Machine, Starts, memory_bound
from tests import environments, process_tree

KUBECTL_MC = (str(Path(sys.executable).with_name("kubectl-mc")),)  # what kubectl finds as its plugin
PARALLEL = "10"
XARGS_FAILED = 123  # xargs' exit status where a command of it failed

# The plugin's own CPU: what the process itself used when its work is done, its children not counted.
OWN_CPU = (
    sys.executable,
    "-c",
    "import io, os, resource, sys\n"
    "from kubectl_mc import cli\n"
    "out = io.TextIOWrapper(io.BytesIO())\n"
    "assert cli.main(sys.argv[1:], os.environ, sys.stdin, out, sys.stderr) == 0\n"
    "used = resource.getrusage(resource.RUSAGE_SELF)\n"
    "print(used.ru_utime + used.ru_stime)",
)

# The largest resident size of a process itself, in KiB, on stderr.
PEAK = (
    sys.executable,
    "-c",
    "import os, resource, sys\n"
    "from kubectl_mc import cli\n"
    "status = cli.main(sys.argv[1:], os.environ, sys.stdin, sys.stdout, sys.stderr)\n"
    "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)\n"
    "sys.exit(status)",
)

# Both of a process that may end with any status: its CPU in seconds and its largest resident size in KiB, on stderr.
OWN_COSTS = (
    sys.executable,
    "-c",
    "import os, resource, sys\n"
    "from kubectl_mc import cli\n"
    "cli.main(sys.argv[1:], os.environ, sys.stdin, sys.stdout, sys.stderr)\n"
    "used = resource.getrusage(resource.RUSAGE_SELF)\n"
    "print(used.ru_utime + used.ru_stime, used.ru_maxrss, file=sys.stderr)",
)

# The plugin with as many kubectls at a time as --max-parallel says, whatever the machine has.
FIXED = (
    sys.executable,
    "-c",
    "import os, sys\n"
    "from kubectl_mc import cli\n"
    "from kubectl_mc.processes import places\n"
    "places.Places.limit = lambda places, running, now: sys.maxsize\n"
    "sys.exit(cli.main(sys.argv[1:], os.environ, sys.stdin, sys.stdout, sys.stderr))",
)


class Goal(NamedTuple):
    """A figure that the project wants to reach: at most `most`."""

    most: float
    unit: str = "x"

    def judge(self, figure: float) -> str:
        return f"goal {self.most:g}{self.unit}: {'reached' if figure <= self.most else 'MISSED'}"


AGAINST_XARGS = {3: Goal(1.0), 10: Goal(0.8), 100: Goal(0.55), 300: Goal(0.5)}
OWN_CPU_GOALS = {1: Goal(60, " ms"), 100: Goal(250, " ms")}
COMPARE_GOAL = Goal(2, " s")
COMPARE_MEMORY = Goal(80, " MiB")
MERGE_GOAL = Goal(0.6, " s")
EVENTS_GOAL = Goal(2, " s")
LINEAR_GOAL = Goal(1.1)
MANY_LOGINS_GOAL = Goal(0.6)
STREAM_GOAL = Goal(1.15)
STREAM_MEMORY = Goal(100, " MiB")
DEAD_GOAL = Goal(6.5, " s")
FAR_GOAL = Goal(0.45)
FAR_FIXED_GOAL = Goal(1.1)
FIXED_PARALLEL = (10, 20, 50, 100)  # the fixed numbers of kubectls at a time that the default is measured against


def seconds(command: Sequence[str], environment: dict[str, str], status: int = 0) -> float:
    """The wall time of a command, whose output is thrown away. status: the exit status that it has to have"""
    start = time.perf_counter()
    done = subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
    took = time.perf_counter() - start
    if done.returncode != status:
        raise SystemExit(f"{' '.join(command)} failed: {done.stderr.decode()}")
    return took


def paired(one: Callable[[], float], other: Callable[[], float], rounds: int) -> tuple[float, float, float]:
    """(median of one, median of the other, median of one/other) over alternating runs, after one of each."""
    one(), other()
    pairs = [(one(), other()) for _ in range(rounds)]
    return (
        statistics.median(a for a, _ in pairs),
        statistics.median(b for _, b in pairs),
        statistics.median(a / b for a, b in pairs),
    )


def xargs(found: Fleet, arguments: Sequence[str]) -> list[str]:
    """The loop that people write: ten kubectls at a time, one per context."""
    names = " ".join(found.clusters)
    asking = " ".join(arguments)
    return ["sh", "-c", f"printf '%s\\n' {names} | xargs -P {PARALLEL} -I@ kubectl --context @ {asking}"]


def clush(found: Fleet, arguments: Sequence[str]) -> list[str]:
    """ClusterShell's parallel shell, its workers being local kubectls (%h is the node's name)."""
    command = str(Path(sys.executable).with_name("clush"))
    asking = " ".join(("kubectl", "--context", "%h", *arguments))
    return [sys.executable, command, "-R", "exec", "-w", ",".join(found.clusters), asking]


def started(size: int, folder: str) -> tuple[Path, list[str]]:
    return Path(folder) / str(size), [f"c{number}" for number in range(1, size + 1)]


def environment(found: Fleet) -> dict[str, str]:
    folder = str(Path(sys.executable).parent)
    return {**found.env, "PATH": os.pathsep.join((folder, found.env["PATH"])), "PYTHONPATH": os.getcwd()}


def compare(size: int, rounds: int, folder: str) -> None:
    """`get pods` on a fleet of this size: kubectl-mc against xargs and clush."""
    directory, names = started(size, folder)
    with fleet(names, directory) as found:
        env = environment(found)
        arguments = ("get", "pods")
        ours = (*KUBECTL_MC, *arguments)
        for other, command, goal in (
            ("xargs", xargs(found, arguments), AGAINST_XARGS.get(size)),
            ("clush", clush(found, arguments), None),
        ):
            mine, theirs, ratio = paired(partial(seconds, ours, env), partial(seconds, command, env), rounds)
            verdict = f"   {goal.judge(ratio)}" if goal else ""
            print(f"{size:4} clusters  mc {mine:6.3f} s   {other} {theirs:6.3f} s   {ratio:5.2f}x{verdict}", flush=True)


def dead(size: int, silent: int, rounds: int, folder: str) -> None:
    """`get pods` where some clusters accept connections and never answer, as behind a VPN that is down."""
    directory, names = started(size, f"{folder}/dead")
    with fleet(names, directory) as found:
        env = environment(found)
        asking = ("get", "pods")
        seconds((*KUBECTL_MC, *asking), env)  # kubectl's caches know all clusters: they all were well once
        for name in names[:: size // silent][:silent]:
            found.set_fault(name, "black-hole")
        # What is remembered of dead clusters shortens no round: a time that is given holds for all of them.
        ours = (*KUBECTL_MC, *asking, "--cluster-timeout=5s")
        loop = xargs(found, (*asking, "--request-timeout=5s"))
        mine, theirs, ratio = paired(
            partial(seconds, ours, env, status=3), partial(seconds, loop, env, status=XARGS_FAILED), rounds
        )
    shown = f"{size:4} clusters, {silent} never answer  mc {mine:6.3f} s   xargs {theirs:6.3f} s   {ratio:5.2f}x"
    print(f"{shown}   {DEAD_GOAL.judge(mine)}", flush=True)


def far(size: int, round_trip: float, rounds: int, folder: str) -> None:
    """`get pods` on clusters far away: against xargs, and against the best fixed number of kubectls at a time."""
    directory, names = started(size, f"{folder}/far")
    with fleet(names, directory) as found:
        env = environment(found)
        ours = (*KUBECTL_MC, "get", "pods")
        seconds(ours, env)
        for name in names:
            found.set_fault(name, f"far:{round_trip}")
        where = f"{size:4} clusters, {1000 * round_trip:.0f} ms away"
        default = partial(seconds, ours, env)
        mine, theirs, ratio = paired(default, partial(seconds, xargs(found, ("get", "pods")), env), rounds)
        print(
            f"{where}  mc {mine:6.3f} s   xargs {theirs:6.3f} s   {ratio:5.2f}x   {FAR_GOAL.judge(ratio)}", flush=True
        )
        fixed = {
            number: partial(seconds, (*FIXED, "get", "pods", f"--max-parallel={number}"), env)
            for number in FIXED_PARALLEL
        }
        took = [(default(), {number: run() for number, run in fixed.items()}) for _ in range(rounds)]
    costs = {number: statistics.median(theirs[number] for _, theirs in took) for number in FIXED_PARALLEL}
    best = min(costs, key=lambda number: costs[number])
    ratio = statistics.median(mine / theirs[best] for mine, theirs in took)
    shown = "   ".join(f"{number}: {cost:.3f} s" for number, cost in costs.items())
    mine = statistics.median(mine for mine, _ in took)
    print(f"{where}  mc {mine:6.3f} s   with a fixed number {shown}   {ratio:5.2f}x   {FAR_FIXED_GOAL.judge(ratio)}")


def memory(size: int, rounds: int, folder: str) -> None:
    """The most memory that all kubectls of `get pods` have together, each page counted once."""
    directory, names = started(size, folder)
    with fleet(names, directory) as found:
        env = environment(found)
        peaks = [process_tree.peak_of_children((*KUBECTL_MC, "get", "pods"), env) for _ in range(rounds + 1)]
    kib, kubectls = max(peaks[1:])
    bound = memory_bound(Machine()) >> 20
    shown = f"{size:4} clusters, all kubectls' peak memory {kib / 1024:5.0f} MiB, of {kubectls} at a time"
    print(f"{shown}   bound {bound} MiB", flush=True)


def as_plugin(size: int, rounds: int, folder: str) -> None:
    """What people type: `kubectl mc get pods`, where kubectl finds the plugin and becomes it."""
    directory, names = started(size, folder)
    with fleet(names, directory) as found:
        env = environment(found)
        typed = partial(seconds, ("kubectl", "mc", "get", "pods"), env)
        for name, other in (
            ("kubectl-mc", partial(seconds, ("kubectl-mc", "get", "pods"), env)),
            ("xargs", partial(seconds, xargs(found, ("get", "pods")), env)),
        ):
            mine, theirs, ratio = paired(typed, other, rounds)
            shown = f"kubectl mc {mine:6.3f} s   {name} {theirs:6.3f} s   {ratio:5.2f}x"
            print(f"{size:4} clusters  {shown}", flush=True)


def own_cpu(size: int, rounds: int, folder: str) -> None:
    """The plugin's own CPU, without its children."""
    directory, names = started(size, folder)
    with fleet(names, directory) as found:
        command = (*OWN_CPU, "get", "pods")
        env = environment(found)
        used = [
            1000 * float(subprocess.run(command, env=env, stdout=subprocess.PIPE, check=True).stdout)
            for _ in range(rounds + 1)
        ]
    figure = statistics.median(used[1:])
    print(f"{size:4} clusters  own CPU {figure:5.0f} ms   {OWN_CPU_GOALS[size].judge(figure)}", flush=True)


# A kubectl whose clusters all have the objects of a file, with their own uids, addresses and statuses; a part of them
# has another image.
FAKE_KUBECTL = """\
#!/bin/sh
case "$1" in get) ;; *) exec {kubectl} "$@" ;; esac
n=$(sed 's/.*"current-context": "c\\([0-9]*\\)".*/\\1/' "$KUBECONFIG")
image=nginx:1; [ $((n % 10)) = 0 ] && image=nginx:2
exec sed "s/@NUMBER@/$n/g; s/@IMAGE@/$image/g" {answer}
"""


def compare_objects(clusters: int, objects: int, rounds: int, folder: str) -> None:
    """What `compare` itself uses, its kubectls not counted: clusters that have most of their objects alike."""
    directory = Path(folder, "compare")
    directory.mkdir()
    answer, kubectl, kubeconfig = directory / "answer.json", directory / "kubectl", directory / "config"
    answer.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": list(varied(objects))}, indent=4))
    kubectl.write_text(FAKE_KUBECTL.format(kubectl=shutil.which("kubectl"), answer=answer))
    kubectl.chmod(0o755)
    contexts = [{"name": f"c{number}", "context": {"cluster": "x", "user": "x"}} for number in range(clusters)]
    server = {"name": "x", "cluster": {"server": "https://127.0.0.1:1"}}
    kubeconfig.write_text(
        json.dumps({"apiVersion": "v1", "kind": "Config", "contexts": contexts, "clusters": [server], "users": []})
    )
    environment = {
        **os.environ,
        "PATH": f"{directory}:{os.environ['PATH']}",
        "HOME": str(directory),
        "KUBECONFIG": str(kubeconfig),
    }
    command = [*OWN_COSTS, "compare", "deploy,svc,cm", "-n", "shop", "--contexts=c*", "-o", "name"]
    figures = []
    for _ in range(rounds):
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        if not done.stdout:
            raise SystemExit(f"{' '.join(command)} compared nothing: {done.stderr}")
        figures.append([float(word) for word in done.stderr.split()[-2:]])
    cpu, memory = (statistics.median(column) for column in zip(*figures))
    judged = COMPARE_GOAL.judge(cpu), COMPARE_MEMORY.judge(memory / 1024)
    print(f"compare of {clusters} clusters with {objects} objects  own CPU {cpu:5.2f} s   {judged[0]}", flush=True)
    print(f"compare of {clusters} clusters with {objects} objects  {memory / 1024:5.0f} MiB   {judged[1]}", flush=True)


def varied(count: int) -> Iterator[Obj]:
    """Recorded objects under other names: deployments of which a third differ, services, and config maps."""
    models = {obj["kind"]: obj for obj in recorded("bench", 0) if obj["metadata"].get("namespace") == "shop"}
    for number in range(count):
        kind = ("Deployment", "Deployment", "Deployment", "Service", "ConfigMap")[number % 5]
        obj = copy.deepcopy(models[kind])
        obj["metadata"] |= {"name": f"o{number}", "uid": "uid-@NUMBER@", "resourceVersion": "@NUMBER@"}
        if kind == "Deployment":
            obj["status"]["observedGeneration"] = "@NUMBER@"
            obj["spec"]["template"]["spec"]["containers"][0]["image"] = "@IMAGE@" if number % 3 == 0 else "nginx:1"
        elif kind == "Service":
            obj["spec"] |= {"clusterIP": "10.96.@NUMBER@.1", "clusterIPs": ["10.96.@NUMBER@.1"]}
        yield obj


def linear(rounds: int, folder: str) -> None:
    """What one cluster costs in a fleet of 300, next to one in a fleet of 30."""
    per_cluster = {}
    for size in (30, 300):
        directory, names = started(size, folder)
        with fleet(names, directory) as found:
            env = environment(found)
            seconds((*KUBECTL_MC, "get", "pods"), env)
            took = [seconds((*KUBECTL_MC, "get", "pods"), env) for _ in range(rounds)]
            per_cluster[size] = statistics.median(took) / size
    ratio = per_cluster[300] / per_cluster[30]
    shown = "   ".join(f"{size}: {1000 * cost:.1f} ms" for size, cost in per_cluster.items())
    print(f"per cluster    {shown}   {ratio:5.2f}x   {LINEAR_GOAL.judge(ratio)}", flush=True)


def stream(size: int, lines: int, rounds: int, folder: str) -> None:
    """`logs -f` of all clusters at once: kubectl-mc against the same kubectls, each writing to /dev/null."""
    directory, names = started(size, f"{folder}/stream")
    with fleet(names, directory) as found:
        for name in names:
            found.set_logs(name, 0, lines)
        env = environment(found)
        arguments = ("logs", "-f", "-n", "shop", "deploy/cart", "-c", "app", "--pod-running-timeout=60s")
        lean = kubectl_process.lean_variables(
            "kubectl", env, starts_programs=False, lasting=True
        )  # what ours start with
        bare = "".join(f"kubectl --context {name} {' '.join(arguments)} >/dev/null 2>&1 & " for name in names) + "wait"
        # The fleet's streams end while their containers run, so they would be taken up again.
        ours = (*KUBECTL_MC, *arguments, "--no-reconnect")
        mine, theirs, ratio = paired(partial(seconds, ours, env), partial(seconds, ["sh", "-c", bare], lean), rounds)
        measured = subprocess.run(
            [*PEAK, *ours[1:]], env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=True
        )
        peak = float(measured.stderr.split()[-1]) / 1024
    shown = f"{size:4} streams of {lines:,} lines  mc {mine:6.3f} s   bare {theirs:6.3f} s   {ratio:5.2f}x"
    print(f"{shown}   {STREAM_GOAL.judge(ratio)}")
    print(f"{size:4} streams, the plugin's own peak memory {peak:4.0f} MiB   {STREAM_MEMORY.judge(peak)}", flush=True)


LOAD_LINE = "2026-11-26T09:00:00Z INFO request {number:06d} GET /api/v1/orders 200 in 12 ms"
LOAD_REQUESTS = 8192  # bytes that a kubectl writes at most ahead of its first answer
LOAD_PATIENCE = 150.0  # seconds for all lines to come out


def with_load(found: Fleet, pods: int) -> None:
    """Give each cluster pods that only the bench writes to."""
    for name in found.clusters:
        for number in range(pods):
            found.kubelet(name).create(f"shop/load-{number}", labels={"app": "load"})


def load_read(size: int, pods: int, lines: int, rounds: int, folder: str) -> None:
    """The logs of several pods in each cluster, read to their ends, against one kubectl for each to /dev/null."""
    directory, names = started(size, f"{folder}/load-read")
    with fleet(names, directory) as found:
        with_load(found, pods)
        found.fill("shop/load-*", lines, LOAD_LINE)
        env = environment(found)
        lean = kubectl_process.lean_variables("kubectl", env, starts_programs=False, lasting=True)
        read = ("logs", "-n", "shop", "-l", "app=load", "--tail=-1", f"--max-log-requests={pods}")
        bare = "".join(f"kubectl --context {name} {' '.join(read)} >/dev/null 2>&1 & " for name in names) + "wait"
        ours = partial(seconds, (*KUBECTL_MC, *read), env)
        mine, theirs, ratio = paired(ours, partial(seconds, ["sh", "-c", bare], lean), rounds)
    shown = f"{size:4} clusters x {pods} pods x {lines:,} lines read  mc {mine:6.3f} s   bare {theirs:6.3f} s"
    print(f"{shown}   {ratio:5.2f}x   {STREAM_GOAL.judge(ratio)}", flush=True)


def load_followed(size: int, pods: int, lines: int, rounds: int, folder: str) -> None:
    """The logs of several pods in each cluster, followed, against the same kubectls, each writing to /dev/null.

    The same: one for each container and one that watches the pods, with the environment that ours have. What counts
    are the seconds from the start until the last line has been written to /dev/null. Six hundred kubectls that
    start at once on two cores have no turn within client-go's ten seconds for a TLS handshake, so some fail, and wait
    for ever: the bare ones start in turns, as ours do (`Starts`). Then as many lines once more are written to all logs
    at once, while all streams are open: that has nothing of the starts in it, and no goal.
    """
    directory, names = started(size, f"{folder}/load-followed")
    took: dict[str, list[tuple[float, float]]] = {"mc": [], "bare": []}
    with fleet(names, directory) as found:
        with_load(found, pods)
        for number in range(rounds):
            for title, kind in (("mc", OurFollowers), ("bare", BareFollowers)):
                with kind(found, pods, lines) as followers:
                    took[title].append((followers.seconds_of_all(), followers.seconds_of_more()))
                shown = "   ".join(f"{seconds:6.3f} s" for seconds in took[title][-1])
                load = f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
                print(f"{size:4} clusters x {pods} pods  run {number + 1} of {title:4}  {shown}   {load}", flush=True)
    for index, what in enumerate(("followed", "more, all streams open")):
        for word, choose in (("fastest", min), ("median", statistics.median)):
            mine, theirs = (choose([run[index] for run in runs]) for runs in took.values())
            shown = f"{size:4} clusters x {pods} pods x {lines:,} lines {what}, {word}  mc {mine:6.3f} s"
            judged = f"   {STREAM_GOAL.judge(mine / theirs)}" * (index == 0)
            print(f"{shown}   bare {theirs:6.3f} s   {mine / theirs:5.2f}x{judged}", flush=True)


class Followers:
    """What follows the load of all clusters until the block ends."""

    def __init__(self, found: Fleet, pods: int, lines: int) -> None:
        self.found, self.pods, self.lines = found, pods, lines
        self.size = sum(len(LOAD_LINE.format(number=number)) + 1 for number in range(lines))  # in bytes, of one pod
        self._processes: list[tuple[subprocess.Popen[bytes], Sequence[str], IO[bytes]]] = []  # and command, and stderr

    def __enter__(self) -> Followers:
        self.found.fill("shop/load-*", self.lines, LOAD_LINE, rotate=True)
        return self

    def __exit__(self, *error: object) -> None:
        for process, _, _ in self._processes:
            process.terminate()
        for process, _, errors in self._processes:
            process.wait()
            errors.close()

    def start(self) -> Callable[[], bool]:
        """Start the processes, and return what tells whether all lines that there are have come out."""
        raise NotImplementedError

    def more(self) -> Callable[[], bool]:
        """Return what tells whether as many lines, which come next, have come out."""
        raise NotImplementedError

    def run(self, command: Sequence[str], environment: dict[str, str]) -> subprocess.Popen[bytes]:
        """Start a process, whose output is thrown away."""
        errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed at the end
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=errors)
        self._processes.append((process, command, errors))
        return process

    def check(self, deadline: float) -> None:
        """Raise SystemExit if a process has ended, with what it has said, or if the time is over."""
        for process, command, errors in self._processes:
            if process.poll() is not None:
                errors.seek(0)
                said = errors.read().decode("utf-8", "replace").splitlines()[-3:]
                raise SystemExit("\n".join((f"{' '.join(command)} has ended with {process.returncode}:", *said)))
        if time.monotonic() > deadline:
            raise SystemExit(f"{len(self._processes)} processes: not all lines have come within {LOAD_PATIENCE:.0f} s")

    def seconds_of_all(self) -> float:
        """Return the seconds from the start until all lines that there are have come out. Raises SystemExit."""
        begin = time.monotonic()
        return self._seconds(begin, self.start())

    def seconds_of_more(self) -> float:
        """Return the same for as many lines that are written now. Raises SystemExit."""
        have_come = self.more()
        begin = time.monotonic()
        self.found.fill("shop/load-*", self.lines, LOAD_LINE)
        return self._seconds(begin, have_come)

    def _seconds(self, begin: float, have_come: Callable[[], bool]) -> float:
        while not have_come():
            self.check(begin + LOAD_PATIENCE)
            time.sleep(0.02)
        return time.monotonic() - begin


class OurFollowers(Followers):
    """kubectl-mc, whose output goes to /dev/null, as that of the bare ones does."""

    def start(self) -> Callable[[], bool]:
        asked = ("logs", "-f", "-n", "shop", "-l", "app=load", "--tail=-1", f"--max-log-requests={self.pods}")
        self.run((*KUBECTL_MC, *asked), environment(self.found))
        return self._written_from(0)

    def more(self) -> Callable[[], bool]:
        (process, *_), *_ = self._processes
        return self._written_from(process_tree.written(process.pid))

    def _written_from(self, count: int) -> Callable[[], bool]:
        """Return what tells whether the lines of all pods have been written. count: bytes so far"""
        labels = [f"[{name} load-{number}] " for name in self.found.clusters for number in range(self.pods)]
        end = count + sum(self.size + self.lines * len(label) for label in labels)
        (process, *_), *_ = self._processes
        return lambda: process_tree.written(process.pid) >= end


class BareFollowers(Followers):
    """The kubectls that kubectl-mc runs, each with its output to /dev/null."""

    def start(self) -> Callable[[], bool]:
        env = environment(self.found)
        lean = kubectl_process.lean_variables("kubectl", env, starts_programs=False, lasting=True)
        watch = ("get", "pods", "-l", "app=load", "-w", "--output-watch-events", "-o", "json", "-v=6")
        follow = [("logs", "-f", f"load-{number}", "--tail=-1") for number in range(self.pods)]
        commands = [("kubectl", "--context", name, "-n", "shop", *words) for name in self.found.clusters
                    for words in (watch, *follow)]  # fmt: skip
        starts, running = Starts(Machine()), list[Started]()
        while len(running) < len(commands):
            while len(running) < min(len(commands), starts.limit(running, time.monotonic())):
                process = self.run(commands[len(running)], lean)
                running.append(Started(process.pid, len(running)))
            time.sleep(LOOK_AGAIN)
        return self._written_from(lambda process: 0)  # some KiB of requests count for lines

    def more(self) -> Callable[[], bool]:
        return self._written_from(process_tree.written)

    def _written_from(self, count: Callable[[int], int]) -> Callable[[], bool]:
        """Return what tells whether all that follow a log have written its lines. count: bytes so far"""
        ends = [(process.pid, count(process.pid) + self.size) for process, words, _ in self._processes if "-f" in words]

        def have_come() -> bool:
            while ends and process_tree.written(ends[-1][0]) >= ends[-1][1]:
                ends.pop()
            return not ends

        return have_come


class Started:
    """A bare kubectl, for `Starts`: it has answered when it has written more than its requests."""

    def __init__(self, pid: int, command_index: int) -> None:
        self.pid, self.command_index, self.started = pid, command_index, time.monotonic()
        self._has_answered = False

    @property
    def has_answered(self) -> bool:
        self._has_answered = self._has_answered or process_tree.written(self.pid) > LOAD_REQUESTS
        return self._has_answered


# An exec credential plugin that takes half a second of CPU, as some clouds' CLIs do (aws/aws-cli#5570).
PLUGIN = """#!/bin/sh
exec {python} -S -c '
import time
while time.process_time() < 0.5: pass
print("{{\\"apiVersion\\": \\"client.authentication.k8s.io/v1\\", \\"kind\\": \\"ExecCredential\\", "
      "\\"status\\": {{\\"token\\": \\"admin\\"}}}}")
'
"""


# One that costs next to nothing, so that what is compared are the kubectls. Its argument is the cluster.
CHEAP_PLUGIN = """#!/bin/sh
[ "$1" ] && echo '{"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", \
"status": {"token": "admin"}}'
"""


def installed(plugin: Path, text: str) -> str:
    """Write a plugin, and return the beginning of an exec entry with it."""
    plugin.write_text(text)
    plugin.chmod(0o755)
    return f"apiVersion: client.authentication.k8s.io/v1, command: {plugin}, interactiveMode: Never"


def many_logins(size: int, rounds: int, folder: str) -> None:
    """`get pods` where each context has an exec plugin with arguments of its own: every login is run by kubectl-mc."""
    directory, names = started(size, f"{folder}/many-logins")
    with fleet(names, directory) as found:
        entry = installed(directory / "login", CHEAP_PLUGIN)
        config = found.kubeconfig.read_text()
        for name in names:
            context = f"- name: {name}\n  context: {{cluster: {name}, user: "
            config = config.replace(f"{context}admin}}", f"{context}login-{name}}}")
        users = "".join(f"- {{name: login-{name}, user: {{exec: {{{entry}, args: [{name}]}}}}}}\n" for name in names)
        found.kubeconfig.write_text(config.replace("users:\n", f"users:\n{users}"))
        env = environment(found)
        arguments = ("get", "pods")
        ours, loop = (*KUBECTL_MC, *arguments), xargs(found, arguments)
        mine, theirs, ratio = paired(partial(seconds, ours, env), partial(seconds, loop, env), rounds)
    shown = f"{size:4} clusters, a login each  mc {mine:6.3f} s   xargs {theirs:6.3f} s   {ratio:5.2f}x"
    print(f"{shown}   {MANY_LOGINS_GOAL.judge(ratio)}", flush=True)


def login(size: int, rounds: int, folder: str) -> None:
    """`get pods` where all contexts log in with one exec plugin: once for all, against once per kubectl."""
    directory, names = started(size, f"{folder}/login")
    with fleet(names, directory) as found:
        entry = f"{{{installed(directory / 'login', PLUGIN.format(python=sys.executable))}}}"
        config = found.kubeconfig.read_text()
        found.kubeconfig.write_text(
            config.replace("user: admin", "user: plugin").replace(
                "users:\n", f"users:\n- {{name: plugin, user: {{exec: {entry}}}}}\n"
            )
        )
        env = environment(found)
        arguments = ("get", "pods")
        ours, loop = (*KUBECTL_MC, *arguments, "--refresh"), xargs(found, arguments)
        mine, theirs, ratio = paired(partial(seconds, ours, env), partial(seconds, loop, env), rounds)
    print(
        f"{size:4} clusters, one login of 0.5 s  mc {mine:6.3f} s   xargs {theirs:6.3f} s   {ratio:5.2f}x", flush=True
    )


def merge_pods(rows: int, clusters: int, rounds: int) -> None:
    """Merging the tables of many clusters into one, in this process."""
    row = "{:12}{:30}{:8}{:10}{:11}{}\n".format
    header = row("NAMESPACE", "NAME", "READY", "STATUS", "RESTARTS", "AGE")
    body = (row("default", f"web-{n:06}-7887448d46-bt967", "1/1", "Running", str(n % 7), "18m") for n in range(rows))
    merge("get pods -A", "".join((header, *body)), rows, clusters, rounds, MERGE_GOAL)


def merge_events(rows: int, clusters: int, rounds: int) -> None:
    """The same for events: every third message is long, every third has several lines, and one has a megabyte."""
    messages = ("Created pod: web", ("word " * 200).strip(), "first line\n  second   line of it\nthird line")
    starts = "LAST SEEN   TYPE      REASON             OBJECT         MESSAGE\n"
    row = "{:12}{:10}{:19}{:15}{}\n".format
    body = [
        row(f"{n % 60}m", "Normal", "SuccessfulCreate", f"pod/web-{n % 1000}", messages[n % 3]) for n in range(rows)
    ]
    text = "".join((starts, *body, row("1m", "Normal", "x", "x", "x" * 1_000_000)))
    shown = [*(messages[n % 3] for n in range(rows)), "x" * 1_000_000]
    keys = "".join(f" 2026-11-26T{n % 24:02}:00:00Z  {quote_plus(message)}\n" for n, message in enumerate(shown))
    merge("events", text, rows, clusters, rounds, EVENTS_GOAL, keys)


def merge(words: str, text: str, rows: int, clusters: int, rounds: int, goal: Goal, keys: str = "") -> None:
    """Merging the same text of many clusters. keys: what the kubectls beside them print"""
    results = [Result(f"c{number}", text.encode(), b"", 0) for number in range(clusters)]
    key_results = [result._replace(stdout=keys.encode()) for result in results] if keys else []
    request = environments.request(words)
    took = []
    for _ in range(rounds):
        start = time.perf_counter()
        answers.merge_answers(results, key_results, request)
        took.append(time.perf_counter() - start)
    figure = statistics.median(took)
    print(f"merge of {rows * clusters:,} rows of `{words}`  {figure:5.2f} s   {goal.judge(figure)}", flush=True)


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument(
        "--only",
        default="",
        help="the beginning of the names of comparisons: get-3, get, plugin, dead, far, memory, own, linear, stream, "
        "load-read, load-followed, many-logins, login, merge, compare",
    )
    parser.add_argument("--rounds", type=int, default=7, help="pairs per comparison; the largest fleets take a third")
    parser.add_argument("--clusters", type=int, default=100, help="of the comparisons `load-…`, with five pods each")
    arguments = parser.parse_args(argv)
    rounds, few = arguments.rounds, max(3, arguments.rounds // 3)
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    with tempfile.TemporaryDirectory(prefix="kubectl-mc-bench-") as folder:
        comparisons: dict[str, Callable[[], None]] = {
            **{f"get-{size}": partial(compare, size, rounds if size <= 10 else few, folder) for size in AGAINST_XARGS},
            "plugin": partial(as_plugin, 3, rounds, folder),
            "dead": partial(dead, 40, 10, few, folder),
            "far": partial(far, 100, 0.15, few, folder),
            "memory": partial(memory, 300, few, folder),
            **{f"own-{size}": partial(own_cpu, size, few, folder) for size in OWN_CPU_GOALS},
            "linear": partial(linear, few, folder),
            "stream": partial(stream, 100, 20_000, few, folder),
            "load-read": partial(load_read, arguments.clusters, 5, 10_000, few, folder),
            "load-followed": partial(load_followed, arguments.clusters, 5, 10_000, few, folder),
            "many-logins": partial(many_logins, 100, few, folder),
            "login": partial(login, 100, 1, folder),
            "merge": partial(merge_pods, 1000, 100, rounds),
            "compare": partial(compare_objects, 300, 50, few, folder),
            "merge-events": partial(merge_events, 10_000, 10, few),
        }
        for name, comparison in comparisons.items():
            if name.startswith(arguments.only):
                comparison()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
