# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""`make pictures`: the picture at README's opening, drawn from a real run of four commands on the demo's fleet.

A picture that only differs in what is another one at each run, such as ages, stays as it is.
"""

from __future__ import annotations

import re
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from fixtures import demo
from fixtures.fleet import Fleet, fleet
from fixtures.storage.times import text
from tests.e2e.running import Running
from tests.terminal_picture import Scene, picture, read
from tests.terminal_screen import Screen

ROOT = Path(__file__).parent.parent
PICTURE = ROOT / "docs" / "pictures" / "four-commands.svg"
TITLE = "kubectl mc: one command, one answer from five clusters"

_COLUMNS = 120  # of the terminal; the picture is as wide as the longest line

# What is another one at each run, with blanks around it, as columns are as wide as their cells.
_CHANGING = (
    (re.compile(r" *(?<![\w[])(?:\d+[dhms]){1,2}\b *"), " AGE "),
    (re.compile(r"(?:\x1b\[\d+m)?cart-[a-z\d]{10}-[a-z\d]{5}(?:\x1b\[0m)?"), "POD"),
    (re.compile(r"\b\d{8}-\d{6}-[\da-f]{4}\b"), "RUN"),
)

_CHECKOUT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: checkout, namespace: shop}
spec:
  selector: {matchLabels: {app: checkout}}
  template:
    metadata: {labels: {app: checkout}}
    spec: {containers: [{name: app, image: registry.example/checkout:2.0.0}]}
"""


def draw() -> str:
    """Run the commands on the demo's fleet, and return the picture of what was on the terminal."""
    with (
        tempfile.TemporaryDirectory(prefix="kubectl-mc-pictures-") as folder,
        fleet(demo.NAMES, Path(folder) / "fleet", demo.BROKEN, assets=None) as running,
    ):
        demo.report_unhealthy(running, demo.BROKEN)
        demo.make_differences(running)
        _let_time_pass(running)
        (Path(folder) / "checkout.yaml").write_text(_CHECKOUT)
        return picture(TITLE, [[_scene(running, Path(folder), command) for command in row] for row in _COMMANDS])


def _let_time_pass(running: Fleet) -> None:
    """Make the pods that fail older: their containers have restarted often, and last four minutes ago."""
    now = time.time()
    for name in (kubelet := running.kubelet("prod-ap")).pods("shop/cart-*"):
        pod = kubelet.pod(name)
        pod["metadata"]["creationTimestamp"] = text(now - 1500)
        for status in pod["status"]["containerStatuses"]:
            status["lastState"]["terminated"]["finishedAt"] = text(now - 240)
        running.remove_object("prod-ap", "pods", *name.split("/"))  # else it would keep its creationTimestamp
        running.put("prod-ap", {"apiVersion": "v1", "kind": "Pod", **pod})


class _Command(NamedTuple):
    """What is typed. meanwhile: what happens while it runs"""

    caption: str
    line: str
    meanwhile: Callable[[Fleet, Running], None] | None = None


def _scene(running: Fleet, folder: Path, command: _Command) -> Scene:
    """Run a command on a terminal."""
    path = demo.environment(running)["PATH"]
    environment = {**running.env, "PATH": path, "PYTHONPATH": str(ROOT), "TERM": "xterm-256color"}
    words = ("sh", "-c", f'stty columns {_COLUMNS}; cd "$1"; eval "$2"', "sh", str(folder), command.line)
    with Running(words, environment, terminal=True) as typed:
        if command.meanwhile:
            command.meanwhile(running, typed)
        typed.end()
    screen = Screen(_COLUMNS)
    screen.write(typed.stdout)
    return Scene(command.caption, command.line, screen.coloured.split("\n"))


def _roll_out(running: Fleet, logs: Running) -> None:
    """Replace the pods of prod-us by new ones, one after the other, and end the command by Ctrl-C."""
    kubelets = {cluster: running.kubelet(cluster) for cluster in ("prod-eu", "prod-us")}

    def say(cluster: str, pod: str, line: str) -> None:
        kubelets[cluster].write(pod, [line], "app")
        logs.until(rf"{pod.partition('/')[2]}\S*\] {line}")

    for kubelet in kubelets.values():
        kubelet.drive()
    for cluster, kubelet in kubelets.items():
        kubelet.until_followed("shop/cart-*", 2, "app")
        for pod in kubelet.pods("shop/cart-*"):
            say(cluster, pod, "GET /cart 200")
    us = kubelets["prod-us"]
    for _ in range(2):
        old, new = us.replace("shop/cart", keep_old=True)
        us.end(new, "migrate")  # then its containers run
        us.until_followed(new, 1, "app")
        say("prod-us", new, "listening on :8080")
        say("prod-us", old, "shutting down")
        us.delete(old)
        logs.until(f"- pod/{old.partition('/')[2]}")
    say("prod-us", new, "GET /cart 200")
    logs.type("\x03")


def _refuse_in_second_wave(running: Fleet, apply: Running) -> None:
    """Have prod-eu refuse the credentials once the first wave is done."""
    apply.until(r"wave 2/3 .*\[y/N\]: $")
    running.set_fault("prod-eu", "unauthorized")
    apply.type("y\n")


_COMMANDS: Sequence[Sequence[_Command]] = (
    [
        _Command(
            "One table of all clusters. What failed is named, with what to do about it.",
            "kubectl mc get pods -n shop -l app=cart",
        )
    ],
    [
        _Command("Which clusters differ, and in what.", "kubectl mc compare deploy -n shop --clusters='prod-*'"),
        _Command(
            "Logs that follow a rollout.",
            "kubectl mc logs -f deploy/cart --all-pods \\\n    -n shop -c app --clusters='prod-{eu,us}'",
            _roll_out,
        ),
    ],
    [
        _Command(
            "A change in waves. The first failure stops the rest.",
            "kubectl mc apply -f checkout.yaml --clusters='prod-*' --waves=1,2,3 --pause=prompt --yes",
            _refuse_in_second_wave,
        )
    ],
)


def lasting(svg: str) -> str:
    """Return the text of a picture without what is another one at each run. Raises ValueError for other files."""
    title, rows = read(svg)
    scenes = (scene for row in rows for scene in row)
    return "\n".join((title, *("\n".join((*scene[:2], *map(_lasting_line, scene.lines))) for scene in scenes)))


def _lasting_line(line: str) -> str:
    for pattern, word in _CHANGING:
        line = pattern.sub(word, line)
    return re.sub(r"(?<=\S) {2,}", "  ", line)


def main() -> None:
    """Draw the picture anew."""
    new = draw()
    with suppress(FileNotFoundError, ValueError):  # there is none yet, or somebody has edited it
        old = PICTURE.read_text()
        if lasting(old) == lasting(new):
            new = picture(*read(old))
    PICTURE.parent.mkdir(exist_ok=True)
    PICTURE.write_text(new)


if __name__ == "__main__":
    main()
