"""`make demo`: its clusters differ, so that the commands which README shows have something to show."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from fixtures import demo
from fixtures.fleet import fleet
from tests import real_kubectl


def test_the_demos_clusters_differ(tmp_path: Path) -> None:
    with fleet(("prod-ap", "dev"), tmp_path) as running:
        demo.make_differences(running)

        def mc(*words: str) -> str:
            command, environment = ["kubectl-mc", *words], demo.environment(running)
            environment["PATH"] = os.pathsep.join((real_kubectl.folder(), environment["PATH"]))
            return subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True).stdout

        rows = mc("get", "pods", "-A", "--where=STATUS!=Running", "--where=RESTARTS>3", "--no-headers").splitlines()
        assert [row.split()[2:5] for row in rows] == [["prod-ap", "0/2", "CrashLoopBackOff"]] * 2
        assert "dev       ImagePullBackOff   1\n" in mc("get", "pods", "-A", "--count-by=CLUSTER,STATUS")
        assert "image: registry.example/cart:1.4.1\n" in mc("compare", "deploy", "-n", "shop")
