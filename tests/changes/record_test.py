# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import json
import os
import re
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_mc.changes import record
from kubectl_mc.merge.object_changes import ObjectChange
from kubectl_mc.messages import UserError

START = {"waves": [["c1"], ["c2", "c3"]], "argv": ["scale"], "targets": []}


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "kubectl-mc" / "audit.jsonl")


def test_each_event_is_a_line_for_its_owner_only(path: str) -> None:
    log = record.open_log(path, "r1")
    log.write("start", **START)
    log.write("begin", cluster="c1")
    lines = [json.loads(line) for line in Path(path).read_text().splitlines()]
    assert [(line["run"], line["event"]) for line in lines] == [("r1", "start"), ("r1", "begin")]
    assert all(line["time"].endswith("Z") for line in lines)
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    assert stat.S_IMODE(os.stat(os.path.dirname(path)).st_mode) == 0o700


def test_the_folder_of_a_volume_is_somebody_elses(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    Path(path).parent.mkdir()
    Path(path).parent.chmod(0o777)

    def not_permitted(path: str, mode: int) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "chmod", not_permitted)
    monkeypatch.setattr(os, "getuid", lambda: 54321)
    record.open_log(path, "r1").write("start", **START)
    assert [run.id for run in record.read_record(path).runs] == ["r1"]


def test_a_folder_that_can_t_be_made_is_to_be_mounted(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match=f"can't be used: .*mount a volume at {tmp_path}/file/kubectl-mc$"):
        record.open_log(str(tmp_path / "file" / "kubectl-mc" / "audit.jsonl"), "r1")


def test_no_folder_is_to_be_mounted_for_a_record_that_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "audit.jsonl").symlink_to(os.devnull)
    with pytest.raises(UserError, match=r"audit\.jsonl can't be used: it is no regular file$"):
        record.open_log(str(tmp_path / "audit.jsonl"), "r1")


def test_a_file_and_folder_that_others_could_read_are_closed(path: str) -> None:
    folder = Path(path).parent
    folder.mkdir(mode=0o755)
    Path(path).touch(0o644)
    record.open_log(path, "r1")
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="a device of Linux")
def test_a_full_disk_is_an_error(tmp_path: Path) -> None:
    log = record.RunLog(os.open("/dev/full", os.O_RDWR | os.O_APPEND), "r1", "/dev/full")
    with pytest.raises(UserError, match="no change without a record of it, and /dev/full can't be used"):
        log.write("start")


def test_a_folder_that_cant_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="can't be used"):
        record.open_log(str(tmp_path / "file" / "audit.jsonl"), "r1")


def test_a_line_behind_one_that_was_cut_off_is_whole(path: str) -> None:
    log = record.open_log(path, "r1")
    log.write("start", **START)
    with open(path, "a") as file:
        file.write('{"run": "r1", "event": "beg')
    log.write("end", exit=0)
    (run,) = record.read_record(path).runs
    assert [event["event"] for event in run.events] == ["start", "end"]


def cluster(state: str, name: str = "c1", **more: object) -> dict[str, object]:
    return {"event": "cluster", "cluster": name, "state": state, "reason": "", "seconds": 1.0, "objects": [], **more}


BEGIN = {"event": "begin", "cluster": "c1"}


@pytest.mark.parametrize(
    ("events", "state", "rolled_out"),
    [
        ([], "not started", None),
        ([BEGIN], "unknown", None),
        ([BEGIN, cluster("changed")], "changed", None),
        ([BEGIN, cluster("failed"), BEGIN], "unknown", None),
        ([BEGIN, cluster("failed"), BEGIN, cluster("unchanged")], "unchanged", None),
        ([BEGIN, cluster("changed"), {"event": "rollout", "cluster": "c1", "done": True}], "changed", True),
        ([BEGIN, cluster("changed"), {"event": "rollout", "cluster": "c1", "done": False}], "changed", False),
        ([cluster("refused")], "refused", None),
        ([cluster("changed", "elsewhere")], "not started", None),
    ],
)
def test_the_lines_say_what_became_of_a_cluster(
    path: str, events: list[dict[str, object]], state: str, rolled_out: bool | None
) -> None:
    log = record.open_log(path, "r1")
    for event in [{"event": "start", **START}, *events]:
        log.write(**event)  # type: ignore[arg-type]
    (run,) = record.read_record(path).runs
    outcomes = {outcome.cluster: outcome for outcome in run.outcomes()}
    assert (outcomes["c1"].state, outcomes["c1"].rolled_out) == (state, rolled_out)
    assert list(outcomes) == ["c1", "c2", "c3"]


@given(st.lists(st.builds(ObjectChange, st.text(), st.text(), st.text())))
def test_objects_are_read_as_they_were_written(changes: list[ObjectChange]) -> None:
    again = json.loads(json.dumps(record.written_changes(changes)))
    assert [ObjectChange(**{"resource": "", "result": "", **fields}) for fields in again] == changes


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("2026", "2 runs begin with '2026': 2026-a, 2026-b. See: kubectl mc audit"),
        ("nope", "no run 'nope'. The latest: 2026-a, 2026-b. See: kubectl mc audit"),
        ("", "2 runs begin with '': 2026-a, 2026-b. See: kubectl mc audit"),
    ],
)
def test_a_run_has_to_be_the_only_one_of_its_name(path: str, name: str, error: str) -> None:
    for run in ("2026-a", "2026-b"):
        record.open_log(path, run).write("start", **START)
    with pytest.raises(UserError, match=f"^{re.escape(error)}$"):
        record.read_record(path).find(name)
    assert record.read_record(path).find("2026-a").id == "2026-a"
    assert record.read_record(path).find("last").id == "2026-b"


def test_there_may_be_no_run_at_all(path: str) -> None:
    with pytest.raises(UserError, match=r"^no run 'last'\. No changes have been made from here yet$"):
        record.read_record(path).find("last")


def test_without_a_file_there_are_no_runs(path: str) -> None:
    assert record.read_record(path) == (path, (), 0)


def test_a_run_is_held_by_one_process(path: str) -> None:
    log = record.open_log(path, "20260114-093012-3f9a")
    record.lock_run(log)
    log.write("start", **START)
    run, whole = record.reread_record(log)
    assert (run.clusters, whole.runs) == (["c1", "c2", "c3"], (run,))
    other = os.fork()
    if not other:
        try:
            record.lock_run(record.open_log(path, log.run))
        except UserError:
            os._exit(7)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(other, 0)[1]) == 7


def test_a_record_that_cannot_be_read_is_not_one_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"^the record, .*, can't be read: Is a directory$"):
        record.read_record(str(tmp_path))
