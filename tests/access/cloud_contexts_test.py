# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
import yaml
from pytest_subprocess import FakeProcess

from kubectl_mc.access import cloud_contexts, printed_kubeconfig
from kubectl_mc.access.cloud_clis import CLOUDS, CloudCommand
from kubectl_mc.access.cloud_contexts import MadeContext
from kubectl_mc.command_line.options import Options
from tests.environments import environment

ENVIRONMENT = environment(options=Options(cluster_timeout=10.0))

VIEW = ["kubectl", "config", "view", "-o", "json"]


def views(fp: FakeProcess, *documents: tuple[str, list[str]]) -> None:
    """What `kubectl config view` answers, in turn: (current context, contexts)."""
    for current, names in documents:
        contexts = [{"name": name, "context": {}} for name in names]
        fp.register(VIEW, stdout=json.dumps({"current-context": current, "contexts": contexts}).encode())


def made(fp: FakeProcess, stderr: str, status: int, after: list[str], cloud: str = "aws") -> MadeContext:
    """What becomes of a command that says and does this; before it there is the context `hub`."""
    views(fp, *[("hub", ["hub"])] * 2, *[("hub", after)] * 2)
    fp.register(["aws", "x"], stderr=stderr.encode(), returncode=status)
    return cloud_contexts.make_contexts(CLOUDS[cloud], {"c1": CloudCommand(("aws", "x"), "c1")}, ENVIRONMENT, 5.0)["c1"]


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (["hub", "c1"], MadeContext("c1")),
        (["hub", "other", "c1"], MadeContext("c1")),
        (["hub", "named-otherwise"], MadeContext("named-otherwise")),
        (["hub"], MadeContext(problem="aws has made no context that could be identified")),
        (["hub", "a", "b"], MadeContext(problem="aws has made no context that could be identified")),
    ],
)
def test_the_context_that_appeared(fp: FakeProcess, after: list[str], expected: MadeContext) -> None:
    assert made(fp, "", 0, after) == expected


@pytest.mark.parametrize(
    ("stderr", "problem"),
    [
        ("", "aws ended with status 3"),
        ("\nfirst\nlast \n\n", "aws: last"),
        ("WARNING: x\nERROR: (x) no cluster named shop\nadvice\n", "aws: ERROR: (x) no cluster named shop"),
        (
            "\nAn error occurred (ExpiredTokenException) when calling DescribeCluster: The token is expired\n",
            "aws: An error occurred (ExpiredTokenException) when calling DescribeCluster: "
            "The token is expired (log in: aws sso login)",
        ),
        ("Error: run aws sso login\n", "aws: Error: run aws sso login"),
    ],
)
def test_why_a_cli_failed(fp: FakeProcess, stderr: str, problem: str) -> None:
    assert made(fp, stderr, 3, ["hub"]) == MadeContext(problem=problem)


def test_aliyun_s_message_is_below_its_error(fp: FakeProcess) -> None:
    stderr = "ERROR: SDK.ServerError\nErrorCode: ErrorClusterNotFound\nRecommend: \nMessage: cluster not found\n"
    assert made(fp, stderr, 1, ["hub"], "ali") == MadeContext(problem="aliyun: Message: cluster not found")


@pytest.mark.parametrize(
    ("before", "words"),
    [("hub", ["use-context", "hub"]), ("", ["unset", "current-context"])],
)
def test_the_current_context_is_put_back(fp: FakeProcess, before: str, words: list[str]) -> None:
    views(fp, *[(before, ["hub"])] * 2, *[("c1", ["hub", "c1"])] * 2)
    fp.register(["aws", "x"])
    fp.register(["kubectl", "config", *words])
    cloud_contexts.make_contexts(CLOUDS["aws"], {"c1": CloudCommand(("aws", "x"), "c1")}, ENVIRONMENT, 5.0)
    assert fp.call_count(["kubectl", "config", *words]) == 1


def test_a_program_that_can_t_be_run(tmp_path: Path, fp: FakeProcess) -> None:
    fp.allow_unregistered(True)
    (tmp_path / "aws").write_text("no program")
    (tmp_path / "aws").chmod(0o755)
    views(fp, *[("hub", ["hub"])] * 3)
    plan = CloudCommand((str(tmp_path / "aws"),), "c1")
    made_contexts = cloud_contexts.make_contexts(CLOUDS["aws"], {"c1": plan}, ENVIRONMENT, 5.0)
    assert made_contexts["c1"] == MadeContext(problem="aws: Exec format error")


# --- A printed kubeconfig --------------------------------------------------------------------------------------


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


CONFIG = {
    "current-context": "one",
    "clusters": [
        {"name": "k", "cluster": {"server": "https://s", "certificate-authority-data": encoded("CA")}},
        {"name": "other", "cluster": {"server": "https://t"}},
    ],
    "contexts": [{"name": "one", "context": {"cluster": "k", "user": "u"}}],
    "users": [
        {"name": "u", "user": {"client-certificate-data": encoded("CRT"), "client-key-data": encoded("KEY")}},
        {"name": "v", "user": {"token": "t"}},
    ],
}


def printed(**changes: object) -> bytes:
    return json.dumps({"config": yaml.safe_dump({**CONFIG, **changes})}).encode()


def test_the_login_of_the_current_context() -> None:
    assert printed_kubeconfig.parse_printed(printed(), "config") == printed_kubeconfig.ClientCertificate(
        "https://s", b"CA", b"CRT", b"KEY"
    )


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{}",
        b"[]",
        b"\xff",
        json.dumps({"config": "a: ["}).encode(),
        json.dumps({"config": 3}).encode(),
        printed(contexts=[]),
        printed(users=[{"name": "u", "user": {"token": "t"}}]),
        printed(users=[{"name": "u", "user": {"exec": {"command": "evil"}}}]),
        printed(clusters=[{"name": "k", "cluster": {"server": "https://s", "certificate-authority-data": "?"}}]),
        printed(clusters=None),
        printed(**{"current-context": "gone"}),
    ],
)
def test_anything_else_is_no_login(text: bytes) -> None:
    with pytest.raises(ValueError, match="no kubeconfig with a client certificate"):
        printed_kubeconfig.parse_printed(text, "config")
