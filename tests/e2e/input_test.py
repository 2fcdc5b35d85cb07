"""Changes whose input can be read once only: each cluster is given the same, and the terminal is asked."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path

from kubectl_mc.changes import record
from tests.e2e.changing import everywhere, runs
from tests.e2e.conftest import MC
from tests.e2e.running import Running
from tests.e2e.verbs_test import MANIFESTS, Place


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
    given = runs(place)[0].start["input"]
    assert (given["sources"], list(given["proof"]), given.get("digest")) == (["/dev/stdin"], ["salt", "scrypt"], None)
    assert (
        hashlib.sha256(b"hunter2").hexdigest()
        not in Path(record.record_path(place.shell.environment["HOME"])).read_text()
    )
    rehearsed = place.shell.mc(*place.words(f"{command} --dry-run=client -o jsonpath={{.data}}"), stdin="hunter2")
    assert rehearsed.stdout == f"c1\t{expected}\nc3\t{expected}\n"


def test_the_terminal_is_asked_where_stdin_is_the_input(place: Place) -> None:
    script = f'exec "$@" < {place.folder}/new.yaml'
    words = (*MC, "apply", "-f", "-", "--clusters=c1,c3")
    with Running(["sh", "-c", script, "sh", *words], place.shell.environment, terminal=True) as running:
        running.until(r"\[y/N\]: $")
        running.type("y\n")
        assert running.end() == 0
    assert [bool(text) for text in everywhere(place, "get cm new -n shop -o name").values()] == [True, False, True]
