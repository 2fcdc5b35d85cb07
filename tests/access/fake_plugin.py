# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""A credential plugin for the tests: a script that records its runs; and what runs plugins to their ends."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from kubectl_mc.access import plugin_runs
from kubectl_mc.access.credential_plugins import CredentialPlugin, find_credential_plugin
from kubectl_mc.access.plugin_runs import LoginAnswers, PluginLogin, RunSettings
from kubectl_mc.access.plugin_voices import Voices
from kubectl_mc.processes.standard_streams import Streams
from tests.access.credential_plugins_test import ENV, V1, V1BETA1, kubeconfig

__all__ = ["V1", "V1BETA1", "FakePlugin", "run_plugins"]


class FakePlugin:
    """A real program that records each run: its arguments, what it was told, and its environment."""

    def __init__(self, folder: Path, name: str = "login") -> None:
        self.folder = folder
        self.path = str(folder / name)
        self.gives(token="secret-token")

    def answer(self, version: str = V1, **status: Any) -> str:
        """The line of a script that gives a credential."""
        return f"cat <<'END'\n{json.dumps({'apiVersion': version, 'kind': 'ExecCredential', 'status': status})}\nEND"

    def gives(self, version: str = V1, **status: Any) -> None:
        """Let it give this credential."""
        self.does(self.answer(version, **status))

    def does(self, script: str) -> None:
        """Let it run this."""
        record = 'echo "$*" >> "${0%/*}/runs"; echo "$KUBERNETES_EXEC_INFO" >> "${0%/*}/told"; env > "${0%/*}/env"'
        Path(self.path).write_text(f"#!/bin/sh\n{record}\n{script}\n")
        Path(self.path).chmod(0o755)

    @property
    def runs(self) -> list[str]:
        """The arguments of each run."""
        return self._lines("runs")

    @property
    def told(self) -> list[Any]:
        """The KUBERNETES_EXEC_INFO of each run."""
        return [json.loads(line) for line in self._lines("told")]

    @property
    def environment(self) -> list[str]:
        """The variables of the last run."""
        return self._lines("env")

    def _lines(self, name: str) -> list[str]:
        path = self.folder / name
        return path.read_text().splitlines() if path.exists() else []

    def kubeconfig(self, server: str = "https://c1", **fields: Any) -> dict[str, Any]:
        """A kubeconfig whose user logs in with it. fields: of the exec entry"""
        return kubeconfig(server, command=self.path, **fields)

    def entry(self, **fields: Any) -> CredentialPlugin:
        """What that kubeconfig's exec entry stands for."""
        plugin = find_credential_plugin(self.kubeconfig(**fields), ENV)
        assert plugin
        return plugin


def run_plugins(
    clusters: Mapping[CredentialPlugin, Sequence[str]], settings: RunSettings, voices: Voices, streams: Streams
) -> LoginAnswers:
    """Run each credential plugin once, and return what each has answered."""
    answers: LoginAnswers = {}
    plugin_runs.begin_logins(clusters, settings, voices, answers)
    logins = [PluginLogin(plugin, settings, voices, answers, lambda target: target) for plugin in clusters]
    plugin_runs.complete_logins(logins, streams)
    return answers
