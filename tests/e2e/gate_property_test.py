# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""The gate can't be passed, whatever is typed: real kubectls on a fleet that records every request.

Each generated line is run twice: without targets, and for one cluster. What our own reading of it is shows from
outside: a change is refused without targets, and is in the record with them; all else only reads or rehearses.

FUZZ sets how many lines are tried (`make fuzz`), FUZZ_SEED which ones, FUZZ_REPORT a file for what fails.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import pytest

from fixtures.fleet import fleet
from kubectl_mc.changes.record import record_path
from kubectl_mc.command_line.invocation import parse_invocation
from kubectl_mc.command_line.kubectl_flags import FLAGS
from tests.e2e.conftest import MC, Shell, needs, shell
from tests.e2e.generated_lines import CONFIG_MAP, FILES, KNOWN_LINES, OURS, OUTSIDE, SECRET, Line, generate_line

LINES = int(os.environ.get("FUZZ", "300"))
SEED = os.environ.get("FUZZ_SEED") or str(time.time_ns())
REPORT = os.environ.get("FUZZ_REPORT", "")
WORKERS = 2  # each has a fleet of its own
PATIENCE = 5.0  # seconds, after which a command is ended: a proxy has no end
MINIMISED = 5  # so many failing lines are made shorter

TARGET, OTHER = "c2", "c1"
WITHOUT_TARGETS, WITH_TARGET = ("--yes",), (f"--clusters={TARGET}", "--yes")

SCRIPTS = {
    "editor": '#!/bin/sh\nsed s/info/debug/ "$1" > "$1.edited" && cat "$1.edited" > "$1"\n',
    "kubectl-hello": "#!/bin/sh\nkubectl annotate cm settings plugin=ran --overwrite\n"
    'kubectl delete cm settings "$@"\n',
}
SCRIPTS["kubectl-hello_there"] = SCRIPTS["kubectl-create-thing"] = SCRIPTS["kubectl-hello"]

ROLE = "---\n{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: extra}, rules: []}\n"
PREFERENCE = {
    "apiVersion": "kubectl.config.k8s.io/v1beta1",
    "kind": "Preference",
    "defaults": [{"command": "delete", "options": [{"name": "dry-run", "default": "none"}]}],
    "aliases": [{"name": "zap", "command": "delete", "appendArgs": [f"--context={OUTSIDE}"]}],
}


class Seen(NamedTuple):
    """What a command did. requests: of each cluster that received any; events: what it added to the record."""

    status: int | None
    output: str
    requests: Mapping[str, Sequence[Mapping[str, Any]]]
    events: Sequence[Mapping[str, Any]]
    recorded: str


class Sandbox(NamedTuple):
    """A fleet of two with a third cluster that isn't in it, but is the user's current context; and a folder."""

    shell: Shell
    folder: Path
    files: Mapping[Path, bytes]
    servers: Mapping[str, str]

    @property
    def record(self) -> Path:
        return Path(record_path(self.shell.environment["HOME"]))

    def run(self, line: Line, ours: Sequence[str]) -> Seen:
        """Run a line, with our own flags, in the folder as it was at the start."""
        for path, content in self.files.items():
            if not path.exists() or path.read_bytes() != content:
                path.write_bytes(content)
        kuberc = self.shell.fleet.home / ".kube" / "kuberc"
        kuberc.unlink(missing_ok=True)
        name, _, value = line.environment.replace("SERVER", self.servers[OUTSIDE]).partition("=")
        environment = {**self.shell.environment, **({name: value} if name else {})}
        if line.kuberc:
            path = self.folder / "named-kuberc" if line.variable else kuberc
            path.write_text(line.kuberc.replace("SERVER", self.servers[OUTSIDE]))
            if line.variable:
                environment["KUBERC"] = str(path)
        words = [
            part
            for word in line.words
            for part in (ours if word == OURS else [word.replace("SERVER", self.servers[OUTSIDE])])
        ]
        size = self.record.stat().st_size if self.record.exists() else 0
        status, output = _ended([*MC, *words], environment, self.folder)
        recorded = self.record.read_bytes()[size:].decode() if self.record.exists() else ""
        requests = {}
        for cluster in self.servers:
            if asked := self.shell.fleet.requests(cluster):
                requests[cluster] = asked
                self.shell.fleet.clear_requests(cluster)
                if any(map(is_write, asked)):
                    self.shell.fleet.reset(cluster)
        return Seen(status, output, requests, [json.loads(event) for event in recorded.splitlines()], recorded)


def _ended(command: Sequence[str], environment: Mapping[str, str], folder: Path) -> tuple[int | None, str]:
    """Run a command and return its exit status and output; None if it had to be ended with all that it started."""
    output = folder / "output"
    with output.open("wb") as file:
        process = subprocess.Popen(
            command,
            env=environment,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            status = process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            status = None
    _end_session(process.pid)
    process.wait()
    return status, output.read_text(errors="replace")


def _end_session(session: int) -> None:
    """End the processes of a session."""
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = path.read_text()
            if int(text.rpartition(")")[2].split()[3]) == session:
                os.kill(int(path.parent.name), signal.SIGKILL)
        except (OSError, ProcessLookupError):
            continue


def is_write(request: Mapping[str, Any]) -> bool:
    """Return whether a request may change something: no read, no review, no dry run, and no forwarded port."""
    parts = request["path"].split("/")
    if request["method"] in ("GET", "HEAD"):
        return parts[-1] in ("exec", "attach")
    return not (parts[-1].endswith("reviews") or request["dry_run"] or parts[-1] == "portforward")


def shown(cluster: str, request: Mapping[str, Any]) -> str:
    return f"{cluster}: {request['method']} {request['path']}?{request['query']} ({request['command']})"


def without_targets(seen: Seen) -> Iterator[str]:
    """What is wrong with a line that names no targets: it may only read and rehearse, and in the fleet."""
    for cluster, requests in seen.requests.items():
        for request in requests:
            if is_write(request):
                yield f"changed without targets: {shown(cluster, request)}"
            elif cluster == OUTSIDE:
                yield f"outside the fleet, without targets: {shown(cluster, request)}"
    if seen.events:
        yield f"recorded without targets: {seen.events[0].get('argv')}"


def with_target(line: Line, seen: Seen) -> Iterator[str]:
    """What is wrong with a line for one cluster: it may change that one, if the record says so."""
    for cluster, requests in seen.requests.items():
        for request in requests:
            if cluster == TARGET:
                continue
            if is_write(request) or (cluster == "hub" and request["dry_run"]):
                yield f"changed what was not named: {shown(cluster, request)}"
            elif cluster == OUTSIDE or (cluster == OTHER and line.words[0] == OURS):
                yield f"asked what was not named: {shown(cluster, request)}"
    writes = [request for request in seen.requests.get(TARGET, ()) if is_write(request)]
    begun = [event.get("cluster") for event in seen.events if event["event"] == "begin"]
    if writes and begun != [TARGET]:
        yield f"changed without a record: {shown(TARGET, writes[0])}"
    elif begun:
        start = seen.events[0]
        if [target["cluster"] for target in start["targets"]] != [TARGET]:
            yield f"recorded for other targets: {start['targets']}"
        verbs = {request["command"].removeprefix("kubectl ") for request in writes}
        recorded = parse_invocation(start["argv"]).kubectl.verb
        if recorded in FLAGS and "thing" not in start["argv"] and verbs - {recorded}:  # a plugin is none of kubectl's
            yield f"recorded as another verb: {start['argv']}, {verbs}"
    if seen.events and seen.status is not None and seen.events[-1]["event"] != "end":
        yield f"recorded without an end: {seen.events[-1]}"
    for text in seen.recorded.splitlines():
        if SECRET in text:
            yield f"a secret is in the record: {text}"


def faults(sandbox: Sandbox, line: Line) -> tuple[list[str], str]:
    """Return what is wrong with how a line was carried out, and how it ended."""
    first = sandbox.run(line, WITHOUT_TARGETS)
    second = sandbox.run(line, WITH_TARGET)
    texts = [*without_targets(first), *with_target(line, second)]
    texts += ["it ended in a traceback" for seen in (first, second) if "Traceback (most recent" in seen.output]
    return texts, _kind(second)


def _kind(seen: Seen) -> str:
    """Return what became of a line with a target, for the count at the end."""
    if seen.status is None:
        return "had no end"
    if seen.events:
        return "changes" if any(map(is_write, seen.requests.get(TARGET, ()))) else "changes that failed"
    if not seen.requests.get(TARGET):
        return "refused or local"
    if any(request["dry_run"] for request in seen.requests[TARGET]):
        return "rehearsals, or refused by them"
    return "reads"


def minimised(sandbox: Sandbox, line: Line, texts: Sequence[str]) -> tuple[Line, list[str]]:
    """Return the line without the words, and without the kuberc, that its first fault doesn't need."""
    kind = texts[0].partition(":")[0]
    shortest, remaining = line, list(texts)

    def still_fails(shorter: Line) -> bool:
        nonlocal shortest, remaining
        found = faults(sandbox, shorter)[0]
        if not any(text.startswith(kind) for text in found):
            return False
        shortest, remaining = shorter, found
        return True

    if line.kuberc:
        still_fails(line._replace(kuberc=""))
    if line.environment:
        still_fails(shortest._replace(environment=""))
    index = 0
    while index < len(shortest.words):
        words = shortest.words[:index] + shortest.words[index + 1 :]
        if shortest.words[index] == OURS or not still_fails(shortest._replace(words=words)):
            index += 1
    return shortest, remaining


def prepared(directory: Path, stack: ExitStack) -> Sandbox:
    """Return a fleet of its own for a worker."""
    directory.mkdir()
    running = stack.enter_context(fleet((OTHER, TARGET, OUTSIDE), directory / "fleet"))
    folder = directory / "folder"
    folder.mkdir()
    config = running.kubeconfig.read_text()
    servers = dict(re.findall(r"- name: (\S+)\n  cluster:\n    server: (\S+)", config))
    config = config.replace("current-context: hub", f"current-context: {OUTSIDE}").replace(
        "context: {cluster", "context: {namespace: shop, cluster"
    )
    running.kubeconfig.write_text(config)
    running.mapping.write_text("".join(line for line in running.mapping.open() if OUTSIDE not in line))
    texts = {
        **FILES,
        "new.yaml": CONFIG_MAP.replace("NAME", "new"),
        "role.yaml": ROLE,
        "env": "A=B\n",
        "kustomization.yaml": "resources: [new.yaml]\n",
        "other-kubeconfig": config,
        "other-kuberc": json.dumps(PREFERENCE),
        **SCRIPTS,
    }
    for name, text in texts.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    base = shell(running)
    environment = {**base.environment, "EDITOR": f"{folder}/editor"}
    environment["PATH"] = f"{folder}:{environment['PATH']}"
    user = base._replace(environment=environment)
    # It is no cluster of the fleet, and the hub doesn't know it.
    user.kubectl("--context", "hub", "delete", "clusterprofile", OUTSIDE, "-n", "fleet")
    for cluster in servers:
        running.clear_requests(cluster)
    paths = [*(folder / name for name in texts), running.kubeconfig, running.mapping]
    return Sandbox(user, folder, {path: path.read_bytes() for path in paths}, servers)


@needs("faults")
@pytest.mark.fuzz
def test_no_line_passes_the_gate(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        print(f"\n{LINES} command lines, FUZZ_SEED={SEED}")
    failing: list[tuple[Line, list[str]]] = []
    kinds: dict[str, int] = {}

    def work(worker: int) -> None:
        with ExitStack() as stack:
            sandbox = prepared(tmp_path / str(worker), stack)
            for number in range(worker, LINES, WORKERS):
                is_known = number < len(KNOWN_LINES)
                line = KNOWN_LINES[number] if is_known else generate_line(Random(f"{SEED}/{number}"))
                texts, kind = faults(sandbox, line)
                kinds[kind] = kinds.get(kind, 0) + 1
                if REPORT and not sum(kinds.values()) % 500:
                    with capsys.disabled():
                        print(f"{sum(kinds.values())} so far, {len(failing)} fail", flush=True)
                if not texts:
                    continue
                if len(failing) < MINIMISED or REPORT:
                    line, texts = minimised(sandbox, line, texts)
                failing.append((line, texts))
                if REPORT:
                    with open(REPORT, "a", encoding="utf-8") as file:
                        file.write(f"{SEED}/{number}: {line}\n" + "".join(f"    {text}\n" for text in texts[:4]))

    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(work, range(WORKERS)))
    with capsys.disabled():
        print(f"{len(failing)} fail; " + ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items())))
    assert not failing, "\n".join(f"{line}\n    " + "\n    ".join(texts) for line, texts in failing)
