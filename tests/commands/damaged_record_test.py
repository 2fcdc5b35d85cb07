# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Whatever is in the record, what can be read of it is shown, the rest is one warning, and there is no traceback."""

from __future__ import annotations

import copy
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kubectl_mc import __version__, cli
from kubectl_mc.changes import proofs, record
from kubectl_mc.commands import completion
from tests.environments import memory_streams, written

KUBECONFIG = json.dumps(
    {
        "kind": "Config",
        "contexts": [{"name": name, "context": {"cluster": name, "user": "u"}} for name in ("c1", "c2")],
        "clusters": [{"name": name, "cluster": {"server": f"https://{name}"}} for name in ("c1", "c2")],
    }
)
KUBECTL = f"""#!/bin/sh
case "$*" in
  *get-contexts*) printf 'c1\\nc2\\n' ;;
  *view*) echo '{KUBECONFIG}' ;;
  *) echo 'configmap/x labeled' ;;
esac
"""
RUNS = ("20260101-000000-aaaa", "20260102-000000-bbbb")


def events(run: str, folder: str) -> list[dict[str, Any]]:
    """The events of a run that changed c1 and failed on c2, as `changes` writes them."""
    base = {"run": run, "time": "2026-01-01T00:00:00.000Z"}
    start = {
        "user": "ann", "directory": folder, "what": "Label configmap 'x' in 2 clusters", "waves": [["c1"], ["c2"]],
        "argv": ["label", "cm", "x", "a=b", "--contexts=c*", "--clusters=c1,c2", "--waves=1"],
        "input": {"sources": ["x.yaml"], "digest": "sha256:00", "proof": proofs.make_proof(["x"])},
        "proof": proofs.make_proof(["label"]),
        "targets": [{"cluster": name, "context": name, "server": f"https://{name}", "user": "u", "namespace": "default"}
                    for name in ("c1", "c2")],
    }  # fmt: skip
    objects = [{"resource": "deployment.apps/cart", "result": "labeled", "namespace": "shop"}]
    end = {"exit": 0, "reason": "", "seconds": 0.5, "objects": objects}
    return [
        {**base, "event": "start", **start},
        {**base, "event": "begin", "cluster": "c1"},
        {**base, "event": "cluster", "cluster": "c1", "state": "changed", **end},
        {**base, "event": "rollout", "cluster": "c1", "done": True, "reason": ""},
        {**base, "event": "begin", "cluster": "c2"},
        {**base, "event": "cluster", "cluster": "c2", "state": "failed", **end, "unsure": True},
        {**base, "event": "end", "exit": 1, "clusters": {"changed": 1, "failed": 1}},
    ]


class Home:
    """A user's home with a record; the kubectl in it only says that it did what it was told."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / ".kube").mkdir()
        (folder / ".kube" / "config").write_text(KUBECONFIG)
        (folder / "kubectl").write_text(KUBECTL)
        (folder / "kubectl").chmod(0o755)
        self.path = record.record_path(str(folder))
        os.makedirs(os.path.dirname(self.path))
        self.variables = {"HOME": str(folder), "PATH": f"{folder}:/usr/bin:/bin"}

    def mc(self, *words: str) -> tuple[int, str, str]:
        streams = memory_streams()
        status = cli.main(words, self.variables, *streams[:3])
        return status, written(streams.stdout), written(streams.stderr)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.chdir(tmp_path)
    return Home(tmp_path)


JSON = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5),
        st.sampled_from(["c1", "\0", "\ud800", 10**400]),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(st.text(max_size=4), inner, max_size=2)),
    max_leaves=4,
)  # fmt: skip


def paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of each value inside."""
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        yield (*path, key)
        yield from paths(child, (*path, key))


def mutate(data: st.DataObject, event: dict[str, Any]) -> bytes:
    """A line in which something is missing, has another type, or is cut off."""
    event = copy.deepcopy(event)
    *above, key = data.draw(st.sampled_from(list(paths(event))))
    holder: Any = event
    for step in above:
        holder = holder[step]
    how = data.draw(st.sampled_from(["drop", "replace", "truncate", "binary", "other"]))
    if how == "drop":
        del holder[key]
    elif how == "replace":
        holder[key] = data.draw(JSON)
    elif how == "other":
        return json.dumps(data.draw(JSON)).encode()
    line = json.dumps(event).encode()
    if how == "truncate":
        return line[: data.draw(st.integers(0, len(line)))]
    return data.draw(st.binary()) if how == "binary" else line


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_no_line_is_too_odd(home: Home, data: st.DataObject) -> None:
    damaged, whole = (events(run, str(home.folder)) for run in RUNS)
    lines = [json.dumps(event).encode() for event in damaged]
    for index in data.draw(st.sets(st.integers(0, len(lines) - 1), min_size=1, max_size=3)):
        lines[index] = mutate(data, damaged[index])
    if data.draw(st.booleans()):
        lines = data.draw(st.permutations(lines))
    lines += [json.dumps(event).encode() for event in whole]
    Path(home.path).write_bytes(b"".join(line + b"\n" for line in lines))

    read = record.read_record(home.path)
    assert [outcome.state for outcome in read.find(RUNS[1]).outcomes()] == ["changed", "failed"]
    status, listed, said = home.mc("audit")
    assert (status, RUNS[1] in listed) == (0, True)
    assert ("can't be read" in said) == bool(read.unreadable)
    assert completion.complete(["resume", ""], home.variables)[0]
    for run in [run.id for run in read.runs]:
        for form in ("-o=json", "-o=yaml"):
            assert home.mc("audit", "show", run, form)[0] == 0
        assert home.mc("audit", "show", run)[0] == 0
        assert home.mc("undo", run, "--yes")[0] in (0, 1)
        assert home.mc("resume", run, "--yes")[0] in (0, 1)
        os.chdir(home.folder)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200))
def test_what_is_no_record_at_all_is_one_warning(home: Home, content: bytes) -> None:
    Path(home.path).write_bytes(content)
    status, listed, said = home.mc("audit")
    assert (status, listed) == (0, "")
    assert said.count("\n") == 1 + bool(record.read_record(home.path).unreadable)


def test_a_cluster_may_have_begun_if_a_line_of_its_run_cannot_be_read(home: Home) -> None:
    """Else `resume` would make a change twice that can't be repeated."""
    start, begin, *_ = events(RUNS[0], str(home.folder))
    for odd, state in (({}, "unknown"), ({"cluster": 7}, "unknown")):
        line = {**begin, **odd} if odd else begin
        Path(home.path).write_text(f"{json.dumps(start)}\n{json.dumps(line)}\n")
        assert record.read_record(home.path).find("last").outcomes()[0].state == state
    # A line that is cut off was not written before the next step, so nothing came after it.
    Path(home.path).write_text(f"{json.dumps(start)}\n{json.dumps(begin)[:-3]}\n")
    assert [outcome.state for outcome in record.read_record(home.path).find("last").outcomes()] == ["not started"] * 2


def test_the_warning_has_the_count_and_the_file(home: Home) -> None:
    start, begin, *_ = events(RUNS[0], str(home.folder))
    Path(home.path).write_text("\n".join([json.dumps(start), "{", "[]", json.dumps({**begin, "cluster": None}), ""]))
    for words in (["audit"], ["audit", "show", "last"], ["resume", "last"], ["undo", "last"]):
        _, _, said = home.mc(*words)
        assert re.match(rf"Warning: 3 lines of {home.path} can't be read and are left out\n", said)
    Path(home.path).write_text(f"{json.dumps(start)}\n[]\n")
    assert home.mc("audit")[2] == f"Warning: 1 line of {home.path} can't be read and is left out\n"


@pytest.mark.parametrize("later", ["start", "resume"])
def test_a_run_of_a_newer_version_is_shown_but_not_taken_up(home: Home, later: str) -> None:
    """As far as it is understood. What may be done of it isn't, so nothing is made or taken back there."""
    old, new = (events(run, str(home.folder)) for run in RUNS)
    start = new[0]
    new += [{**start, "event": "resume"}] if later == "resume" else []
    next(event for event in reversed(new) if event["event"] == later).update(version=record.VERSION + 1, news=7)
    new.append({"run": RUNS[1], "event": "something new", "cluster": "c1"})
    Path(home.path).write_text("".join(f"{json.dumps(event)}\n" for event in [*old, *new]))
    status, listed, said = home.mc("audit")
    warning = (
        f"Warning: runs of a newer version of kubectl-mc than this one, {__version__}, are shown as far as they are "
    )
    assert (status, said) == (0, f"{warning}understood here: {RUNS[1]}\n")
    assert [row.split()[0] for row in listed.splitlines()[1:]] == [*RUNS]
    shown = json.loads(home.mc("audit", "show", RUNS[1], "-o", "json")[1])
    assert [cluster["state"] for cluster in shown["clusters"]] == ["changed", "failed"]
    before = Path(home.path).read_text()
    for command in ("resume", "undo"):
        status, _, said = home.mc(command, RUNS[1], "--yes")
        assert status == 1
        assert f"Error: {RUNS[1]} is a run of a newer version of kubectl-mc than this one" in said
    assert Path(home.path).read_text() == before
    assert "is a run of a newer version" not in home.mc("undo", RUNS[0], "--yes")[2]


def test_a_run_without_a_version_is_of_the_first(home: Home) -> None:
    lines = events(RUNS[0], str(home.folder))
    assert "version" not in lines[0]
    Path(home.path).write_text("".join(f"{json.dumps(event)}\n" for event in lines))
    assert record.read_record(home.path).find("last").version == 1
    for odd in list[object](("2", 0, -1, None, True, 1.5, [])):
        Path(home.path).write_text(json.dumps({**lines[0], "version": odd}))
        assert record.read_record(home.path).runs == ()
