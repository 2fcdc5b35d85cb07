# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Exec credential plugins: what they are started with, what they may answer, and how their failures are told."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest
import yaml

from fixtures.auth.rights import SECRET_TOKEN
from tests.e2e.conftest import MEMBERS, WHOAMI, needs
from tests.e2e.fake_plugins import (
    V1,
    V1BETA1,
    FakePlugin,
    PluginUser,
    clusters,
    lines_with,
    of,
)

NODES = ("get", "nodes")
LOGS = ("logs", "deploy/cart", "-n", "shop", "-c", "app", "--tail=1")
CHOICES = [("c1",), MEMBERS]
"""One cluster, and several."""


# --- What a plugin is started with --------------------------------------------------------------------------------


@pytest.mark.parametrize("chosen", CHOICES)
@pytest.mark.parametrize(
    "words",
    [NODES, pytest.param(LOGS, marks=needs("kubelet")), ("auth", "can-i", "get", "pods"), ("version",)],
)
def test_each_cluster_has_its_own_arguments_and_no_kubectl_starts_a_plugin(
    user: PluginUser, words: tuple[str, ...], chosen: tuple[str, ...]
) -> None:
    plugin = user.plugin()
    user.logs_in_with(plugin.path, "token", "--name")
    done = user.mc(*words, of(chosen))
    assert done.status == 0, done.stderr
    assert sorted(run.args for run in plugin.runs) == [["token", "--name", cluster] for cluster in chosen]
    assert not any(run.by_kubectl for run in plugin.runs)


@WHOAMI
def test_each_cluster_is_asked_as_who_its_own_plugin_says(user: PluginUser) -> None:
    plugin = user.plugin("give('viewer' if args[0] == 'c2' else 'admin')")
    user.logs_in_with(plugin.path)
    done = user.mc("auth", "whoami", "-o", "jsonpath={.status.userInfo.username}")
    assert done.stdout == "c1\tadmin\nc2\tviewer\nc3\tadmin\n"


@pytest.mark.parametrize("chosen", CHOICES)
@pytest.mark.parametrize("kubeconfig", [None, "one", "two"])
def test_a_plugin_has_the_environment_that_plain_kubectl_gives_it(
    user: PluginUser, kubeconfig: str | None, chosen: tuple[str, ...]
) -> None:
    """All of it: no variable of ours, the user's own KUBECONFIG or none, and the entry's variables over the user's."""
    plugin = user.plugin()
    env = [{"name": "AWS_PROFILE", "value": "prod"}, {"name": "OWN", "value": "entry"}]
    user.logs_in_with(plugin.path, env=env, provideClusterInfo=True)
    user = user.with_env(OWN="user", LANG="de_DE.UTF-8", GOGC="100")
    if kubeconfig:
        other = f":{user.home}/missing" if kubeconfig == "two" else ""
        user = user.with_env(KUBECONFIG=f"{user.kubeconfig}{other}")
    assert user.shell.kubectl("--context", "c1", *NODES).status == 0
    assert user.mc(*NODES, of(chosen)).status == 0
    (theirs,) = plugin.runs[:1]
    (ours,) = (run for run in plugin.runs[1:] if run.args == ["c1"])
    assert (theirs.by_kubectl, ours.by_kubectl) == (True, False)
    assert ours.info == theirs.info
    assert {**ours.env, "KUBERNETES_EXEC_INFO": ""} == {**theirs.env, "KUBERNETES_EXEC_INFO": ""}
    assert (ours.stdin, ours.folder) == (theirs.stdin, theirs.folder) == ("/dev/null", os.getcwd())
    assert (ours.env["AWS_PROFILE"], ours.env["OWN"], ours.env.get("KUBECONFIG")) == (
        "prod",
        "entry",
        user.shell.environment.get("KUBECONFIG"),
    )


def authority_in_a_file(user: PluginUser) -> None:
    authority = str(user.shell.fleet.directory / "ca.pem")
    user.changes_clusters(**{"certificate-authority-data": None, "certificate-authority": authority})


def every_field(user: PluginUser) -> None:
    config = {"clusterName": "c1", "list": [1, None, {"a": "é<"}], "text": "x" * 100}
    extensions = [
        {"name": "someone.else", "extension": {"a": "b"}},
        {"name": "client.authentication.k8s.io/exec", "extension": config},
    ]
    user.changes_clusters(**{"extensions": extensions, "disable-compression": True, "tls-server-name": "localhost"})


@pytest.mark.parametrize(("chosen", "version"), [(("c1",), V1BETA1), (MEMBERS, V1)])
@pytest.mark.parametrize("change", [lambda user: None, every_field, authority_in_a_file])
def test_a_plugin_is_told_of_its_cluster_what_plain_kubectl_tells_it(
    user: PluginUser, chosen: tuple[str, ...], change: object, version: str
) -> None:
    assert callable(change)
    change(user)
    plugin = user.plugin()
    user.logs_in_with(plugin.path, provideClusterInfo=True, apiVersion=version)
    for cluster in chosen:
        assert user.shell.kubectl("--context", cluster, *NODES).status == 0
    assert user.mc(*NODES, of(chosen)).status == 0
    told = {by: {run.args[0]: run.info for run in plugin.runs if run.by_kubectl is by} for by in (True, False)}
    assert told[False] == told[True]
    assert sorted(told[False]) == sorted(chosen)
    assert all(info["spec"]["cluster"]["server"].startswith("https://") for info in told[False].values())


@pytest.mark.parametrize("chosen", CHOICES)
@pytest.mark.parametrize("mode", ["IfAvailable", None])
def test_both_versions_of_the_protocol(user: PluginUser, mode: str | None, chosen: tuple[str, ...]) -> None:
    """v1beta1 needs no interactiveMode. An answer is in the version that was asked for."""
    version = V1 if mode else V1BETA1
    plugin = user.plugin()
    user.logs_in_with(plugin.path, apiVersion=version, interactiveMode=mode)
    done = user.mc(*NODES, of(chosen))
    assert (done.status, done.stderr, clusters(done)) == (0, "", list(chosen))
    assert [run.info["apiVersion"] for run in plugin.runs] == [version] * len(chosen)
    assert not any(run.info["spec"]["interactive"] or run.by_kubectl for run in plugin.runs)


@WHOAMI
@pytest.mark.parametrize("chosen", CHOICES)
def test_whom_the_user_impersonates_stays(user: PluginUser, chosen: tuple[str, ...]) -> None:
    user.logs_in_with(user.plugin().path)
    document = yaml.safe_load(user.kubeconfig.read_text())
    for entry in document["users"]:
        if "exec" in entry["user"]:
            entry["user"]["as"] = "joe"
    user.kubeconfig.write_text(yaml.safe_dump(document))
    done = user.mc("auth", "whoami", "-o", "jsonpath={.status.userInfo.username}", of(chosen))
    assert done.status == 0, done.stderr
    assert done.stdout.count("joe") == len(chosen)


# --- Which program ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("chosen", "command"), [(("c1",), "programs/login"), (MEMBERS, "./login")])
@pytest.mark.parametrize("named", ["by default", "KUBECONFIG", "--kubeconfig"])
def test_a_relative_command_is_in_the_folder_of_its_kubeconfig(
    user: PluginUser, command: str, chosen: tuple[str, ...], named: str
) -> None:
    plugin = user.plugin(name="login", folder=user.kubeconfig.parent / Path(command).parent)
    user.logs_in_with(command)
    if named == "KUBECONFIG":
        user = user.with_env(KUBECONFIG=str(user.kubeconfig))
    flags = [f"--kubeconfig={user.kubeconfig}"] if named == "--kubeconfig" else []
    done = user.mc(*NODES, of(chosen), *flags)
    assert (done.status, done.stderr, clusters(done)) == (0, "", list(chosen))
    assert (plugin.first_arguments, any(run.by_kubectl for run in plugin.runs)) == (list(chosen), False)


def test_each_of_two_kubeconfigs_has_its_own_folder(user: PluginUser) -> None:
    other = user.home / "other" / "config"
    first = user.plugin(name="login", folder=user.kubeconfig.parent)
    second = user.plugin(name="login", folder=other.parent)
    user.logs_in_with("./login")
    document = yaml.safe_load(user.kubeconfig.read_text())
    users = document.pop("users")
    moved = [entry for entry in users if entry["name"] == "login-c2"]
    user.kubeconfig.write_text(yaml.safe_dump({**document, "users": [each for each in users if each not in moved]}))
    other.write_text(yaml.safe_dump({"apiVersion": "v1", "kind": "Config", "users": moved}))
    done = user.with_env(KUBECONFIG=f"{user.kubeconfig}:{other}").mc(*NODES)
    assert (done.status, done.stderr, clusters(done)) == (0, "", list(MEMBERS))
    assert (first.first_arguments, second.first_arguments) == (["c1", "c3"], ["c2"])
    assert not any(run.by_kubectl for run in (*first.runs, *second.runs))


@pytest.mark.parametrize(
    ("command", "chosen"),
    [("no-such-login", ("c2",)), ("no-such-login", MEMBERS), ("./no-such-login", MEMBERS), ("/no/such/login", MEMBERS)],
)
def test_a_program_that_is_missing_is_named_with_how_to_install_it(
    user: PluginUser, command: str, chosen: tuple[str, ...]
) -> None:
    user.logs_in_with(user.plugin().path, clusters=("c1", "c3"))
    user.logs_in_with(command, clusters=("c2",), installHint="Install it with:\n  brew install our-login\n")
    done = user.mc(*NODES, of(chosen))
    assert (done.status != 0, clusters(done)) == (True, [cluster for cluster in chosen if cluster != "c2"])
    assert lines_with(done.stderr, Path(command).name, "not found"), done.stderr
    assert "brew install our-login" in done.stderr


@pytest.mark.parametrize(("text", "mode"), [("echo", 0o755), ("#!/no/such/shell\n", 0o755), ("#!/bin/sh\n", 0o644)])
def test_a_file_that_is_no_program_is_the_failure_of_its_cluster(user: PluginUser, text: str, mode: int) -> None:
    file = user.home / "no-program"
    file.write_text(text)
    file.chmod(mode)
    user.logs_in_with(user.plugin().path, clusters=("c1", "c3"))
    user.logs_in_with(file, clusters=("c2",))
    assert user.shell.kubectl("--context", "c2", *NODES).status == 1
    done = user.mc(*NODES)
    assert (done.status != 0, clusters(done)) == (True, ["c1", "c3"])
    assert lines_with(done.stderr, "c2", "login failed"), done.stderr


def test_a_plugin_keeps_its_files_beside_the_users_kubeconfig(user: PluginUser) -> None:
    """As gke-gcloud-auth-plugin does with its cache."""
    body = """
path = os.environ.get("KUBECONFIG") or os.environ["HOME"] + "/.kube/config"
with open(os.path.join(os.path.dirname(path), "gke_gcloud_auth_plugin_cache_" + args[0]), "w") as cache:
    cache.write("kept")
give()
"""
    plugin = user.plugin(body, name="gke-gcloud-auth-plugin")
    user.logs_in_with("gke-gcloud-auth-plugin", provideClusterInfo=True)
    for kubeconfig in (user.kubeconfig, user.home / "other" / "config"):
        if kubeconfig != user.kubeconfig:
            kubeconfig.parent.mkdir()
            kubeconfig.write_text(user.kubeconfig.read_text())
            user = user.with_env(KUBECONFIG=str(kubeconfig))
        done = user.mc(*NODES)
        assert (done.status, done.stderr, clusters(done)) == (0, "", list(MEMBERS))
        caches = [path.name for path in kubeconfig.parent.glob("gke_gcloud_auth_plugin_cache_*")]
        assert sorted(caches) == [f"gke_gcloud_auth_plugin_cache_{cluster}" for cluster in MEMBERS]
    assert len(plugin.runs) == 2 * len(MEMBERS)


# --- What a plugin answers ----------------------------------------------------------------------------------------


@needs("logins")
@pytest.mark.parametrize("chosen", CHOICES)
@pytest.mark.parametrize("words", [NODES, pytest.param(LOGS, marks=needs("kubelet"))])
def test_a_certificate_instead_of_a_token(user: PluginUser, words: tuple[str, ...], chosen: tuple[str, ...]) -> None:
    folder = user.shell.fleet.directory
    body = f"""
certificate, key = (open("{folder}/admin." + end).read() for end in ("crt", "key"))
give("", clientCertificateData=certificate, clientKeyData=key)
"""
    plugin = user.plugin(body)
    user.logs_in_with(plugin.path)
    for cluster in chosen:
        user.shell.fleet.clear_requests(cluster)
    done = user.mc(*words, of(chosen))
    assert (done.status, done.stdout != "") == (0, True), done.stderr
    assert (plugin.first_arguments, any(run.by_kubectl for run in plugin.runs)) == (list(chosen), False)
    for cluster in chosen:
        assert {request["user"] for request in user.shell.fleet.requests(cluster)} == {"admin"}
    key = (folder / "admin.key").read_text().splitlines()[1]
    assert [path for path in user.files_with(key) if path.name != "admin.key"] == []


def at(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds))


@pytest.mark.parametrize("chosen", CHOICES)
@pytest.mark.parametrize("seconds", [-3600, 20, 3600])
def test_a_credential_that_has_ended_or_ends_soon_is_tried_as_kubectl_does(
    user: PluginUser, seconds: float, chosen: tuple[str, ...]
) -> None:
    plugin = user.plugin(f"give(expirationTimestamp={at(seconds)!r})")
    user.logs_in_with(plugin.path)
    done = user.mc(*NODES, of(chosen))
    assert (done.status, done.stderr, clusters(done)) == (0, "", list(chosen))
    assert set(plugin.first_arguments) == set(chosen)
    assert not any(run.by_kubectl for run in plugin.runs)


JUNK = {
    "print('Welcome! token=SECRET')": "ExecCredential",
    "pass": "ExecCredential",
    "print(json.dumps({'kind': 'ExecCredential', 'apiVersion': info['apiVersion']}))": "status",
    "give('SECRET', version='client.authentication.k8s.io/v1beta1')": "version",
    "give('', clientCertificateData='SECRET')": "cert",
    "give('')": "token",
    "give('SECRET', expirationTimestamp='tomorrow')": "expirationTimestamp",
}
"""What a plugin does -> a word of what is wrong with it."""


@pytest.mark.parametrize(("body", "chosen"), [("pass", ("c2",)), *((body, MEMBERS) for body in JUNK)])
def test_an_answer_that_is_none_is_said_without_showing_it(
    user: PluginUser, body: str, chosen: tuple[str, ...]
) -> None:
    plugin = user.plugin(f"if args[0] != 'c2': give()\nelse: {body}".replace("SECRET", SECRET_TOKEN))
    user.logs_in_with(plugin.path)
    done = user.mc(*NODES, of(chosen))
    assert (done.status != 0, clusters(done)) == (True, [cluster for cluster in chosen if cluster != "c2"])
    assert lines_with(done.stderr, "login failed", JUNK[body]), done.stderr
    assert SECRET_TOKEN not in done.stdout + done.stderr
    assert not any(run.by_kubectl for run in plugin.runs)


@needs("logins")
@pytest.mark.parametrize("more", [(), ("-v=9",), ("--verbose",), ("-o", "json"), of(("c1",))])
def test_no_token_is_ever_shown_or_stored(user: PluginUser, more: tuple[str, ...] | str) -> None:
    user.logs_in_with(user.plugin(f"give({SECRET_TOKEN!r})").path)
    done = user.mc(*NODES, *((more,) if isinstance(more, str) else more))
    assert done.status == 0, done.stderr
    assert SECRET_TOKEN not in done.stdout + done.stderr
    assert user.files_with(SECRET_TOKEN) == []


# --- How a plugin fails -------------------------------------------------------------------------------------------

EXPIRED = "fail('The security token is expired.', 'Run: aws sso login')"


def failing(user: PluginUser, body: str, version: str = V1) -> FakePlugin:
    """Let the login of c2 fail in this way, and no other."""
    plugin = user.plugin(f"if args[0] != 'c2': give()\nelse: {body}")
    user.logs_in_with(plugin.path, apiVersion=version)
    return plugin


@pytest.mark.parametrize("chosen", [("c2",), MEMBERS])
@pytest.mark.parametrize("words", [NODES, ("version",), pytest.param(LOGS, marks=needs("kubelet"))])
def test_a_failure_says_what_the_plugin_said(user: PluginUser, words: tuple[str, ...], chosen: tuple[str, ...]) -> None:
    plugin = failing(user, EXPIRED)
    done = user.mc(*words, of(chosen))
    assert done.status != 0
    assert lines_with(done.stderr, "login failed", "Run: aws sso login"), done.stderr
    assert lines_with(done.stderr, "The security token is expired.")
    for cluster in set(chosen) - {"c2"}:
        assert cluster in done.stdout
    assert plugin.first_arguments == list(chosen)
    assert "connection lost" not in done.stderr


def test_what_failed_alike_is_one_line(user: PluginUser) -> None:
    user.logs_in_with(user.plugin(EXPIRED).path)
    done = user.mc(*NODES)
    assert (done.status, done.stdout) == (1, "")
    assert len(lines_with(done.stderr, "The security token is expired.")) == 1
    assert "Run: aws sso login" in done.stderr
    assert len(lines_with(done.stderr, "login failed")) == 1


@pytest.mark.parametrize("body", ["end(7)", "os.kill(os.getpid(), 9)"])
def test_a_plugin_that_ends_without_a_word(user: PluginUser, body: str) -> None:
    failing(user, body)
    done = user.mc(*NODES)
    assert (done.status != 0, clusters(done)) == (True, ["c1", "c3"])
    assert lines_with(done.stderr, "c2", "login failed", "fake-login"), done.stderr


@pytest.mark.parametrize("chosen", [("c2",), MEMBERS])
def test_a_slow_plugin_has_the_clusters_time_and_its_last_words_are_told(
    user: PluginUser, chosen: tuple[str, ...]
) -> None:
    plugin = failing(user, "say('Opening a browser at https://sso'); wait(); give()")
    with (
        plugin.shut(),
        user.shell.running(*NODES, "--cluster-timeout=5s", of(chosen)) as command,
    ):
        assert command.end() != 0
        command.wait_for_left()
    assert [line.split()[1] for line in command.stdout.splitlines()[1:]] == [c for c in chosen if c != "c2"]
    (notice,) = lines_with(command.stderr, "login failed")
    assert "timed out after 5s" in notice
    assert "Opening a browser at https://sso" in notice
    assert plugin.ended == len(chosen) - 1


@pytest.mark.parametrize("failing_too", [False, True])
@pytest.mark.parametrize(
    "line", ["for number in range(40000): say(f'line {number} ' + 'x' * 80)", "say('x' * 3000000)"]
)
def test_megabytes_on_stderr_neither_block_nor_fill_the_failure(user: PluginUser, line: str, failing_too: bool) -> None:
    end = "fail('Run: aws sso login')" if failing_too else "give()"
    plugin = user.plugin(f"if args[0] == 'c2':\n    {line}\n    {end}\nelse: give()")
    user.logs_in_with(plugin.path)
    done = user.mc(*NODES)
    assert clusters(done) == ["c1", "c3"] if failing_too else list(MEMBERS)
    assert plugin.ended == len(MEMBERS)
    if failing_too:
        (notice,) = lines_with(done.stderr, "login failed")
        assert "Run: aws sso login" in notice
        assert len(notice) < 1000


@pytest.mark.parametrize(("ends", "chosen"), [("give()", ("c2",)), ("end(1)", ("c2",)), ("end(1)", MEMBERS)])
def test_control_characters_of_a_plugin_are_made_visible(user: PluginUser, ends: str, chosen: tuple[str, ...]) -> None:
    failing(user, f"say('\\x1b[31mred\\x07\\u009b2J\\u202eend'); {ends}")
    done = user.mc(*NODES, of(chosen))
    assert lines_with(done.stderr, "red", "end")
    assert not set(done.stderr) & set("\x1b\x07\u009b\u202e")


def test_what_a_plugin_prints_is_no_answer_of_its_cluster(user: PluginUser) -> None:
    """stdout holds the clusters' answers only, as JSON here."""
    failing(user, 'say(\'{"kind": "Status"}\'); give()')
    done = user.mc(*NODES, "-o", "json")
    assert done.status == 0
    assert len(json.loads(done.stdout)["items"]) == len(MEMBERS)
    assert '{"kind": "Status"}' in done.stderr
