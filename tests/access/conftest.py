# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

from pathlib import Path

import pytest

from tests.access.fake_plugin import FakePlugin


@pytest.fixture
def plugin(tmp_path: Path) -> FakePlugin:
    (tmp_path / "plugin").mkdir()
    return FakePlugin(tmp_path / "plugin")
