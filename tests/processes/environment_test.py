# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import pwd

import pytest

from kubectl_mc.command_line.options import Options
from tests.environments import environment


@pytest.mark.parametrize(
    ("variables", "flag", "files"),
    [
        ({"HOME": "/h"}, None, ["/h/.kube/config"]),
        ({"HOME": "/h", "KUBECONFIG": ""}, None, ["/h/.kube/config"]),
        ({"HOME": "/h", "KUBECONFIG": "/a"}, None, ["/a"]),
        ({"HOME": "/h", "KUBECONFIG": "/a:/b"}, None, ["/a", "/b"]),
        ({"HOME": "/h", "KUBECONFIG": ":/b:"}, None, ["/b"]),
        ({"HOME": "/h", "KUBECONFIG": "/a"}, "/c", ["/c"]),
        ({}, None, [".kube/config"]),  # client-go has no other home than HOME
    ],
)
def test_the_flag_counts_before_the_variable_before_the_home(
    variables: dict[str, str], flag: str | None, files: list[str]
) -> None:
    assert environment(variables)._replace(kubeconfig_flag=flag).kubeconfig_files == files


def test_a_user_whom_the_system_does_not_know_has_a_home(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(uid: int) -> None:
        raise KeyError(uid)

    monkeypatch.delenv("HOME")
    monkeypatch.setattr(pwd, "getpwuid", unknown)
    assert (environment({}).home, environment({}).kube_directory) == ("/", "/.kube")


@pytest.mark.parametrize(
    ("variables", "color", "expected"),
    [({}, "auto", False), ({}, "always", True), ({"CLICOLOR_FORCE": "1"}, "auto", True),
     ({"CLICOLOR_FORCE": "1"}, "never", False)],
)  # fmt: skip
def test_the_flag_says_whether_each_stream_has_colours(variables: dict[str, str], color: str, expected: bool) -> None:
    user = environment(variables).with_options(Options(color=color))
    assert [user.has_colours(stream) for stream in (user.streams.stdout, user.streams.stderr)] == [expected] * 2
    assert user.streams.has_colours is user.for_change().streams.has_colours is expected
