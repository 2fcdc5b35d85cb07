# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Exec credential plugins and the hub: the plugin by which the hub is reached, and plugins that look for it."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
import yaml

from tests.e2e.conftest import MEMBERS, WHOAMI
from tests.e2e.dialogue import talk
from tests.e2e.fake_plugins import V1, FakePlugin, PluginUser, clusters, lines_with, of

NODES = ("get", "nodes")
HUB = ("hub",)

# --- The plugin of the hub ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", [("clusters",), NODES])
def test_what_the_plugin_of_the_hub_says_is_shown_while_it_waits(user: PluginUser, words: tuple[str, ...]) -> None:
    plugin = user.plugin("say('To sign in, enter the code ABC'); wait(); give()", folder=user.kubeconfig.parent)
    user.logs_in_with("./fake-login", clusters=HUB, provideClusterInfo=True)
    with plugin.shut() as gate, user.shell.running(*words) as command:
        command.until("To sign in, enter the code ABC$", "stderr")
        assert plugin.ended == 0
        gate.open()
        assert command.end() == 0
    assert all(cluster in command.stdout for cluster in MEMBERS)
    (run,) = plugin.runs
    assert (run.args, run.by_kubectl, "KUBECONFIG" in run.env) == (["hub"], False, False)
    assert run.info["spec"]["cluster"]["server"].startswith("https://")


def test_a_flag_that_logs_in_to_the_clusters_leaves_the_hubs_plugin_to_us(user: PluginUser) -> None:
    plugin = user.plugin("say('Signed in.'); give()")
    user.logs_in_with(plugin.path, clusters=(*HUB, *MEMBERS))
    done = user.mc(*NODES, "--token=admin")
    assert (done.status, clusters(done)) == (0, list(MEMBERS))
    assert lines_with(done.stderr, "[hub]", "Signed in.")
    assert [(run.args, run.by_kubectl) for run in plugin.runs] == [(["hub"], False)]


@pytest.mark.parametrize("flag", ["--token=", "--username="])
def test_an_empty_flag_logs_nobody_in(user: PluginUser, flag: str) -> None:
    plugin = user.plugin("say(f'Signed in to {args[0]}.'); give()")
    user.logs_in_with(plugin.path)
    done = user.mc(*NODES, flag)
    assert (done.status, clusters(done)) == (0, list(MEMBERS))
    assert lines_with(done.stderr, "[c2]", "Signed in to c2.")
    assert {run.by_kubectl for run in plugin.runs} == {False}


def test_the_plugins_of_the_hub_and_of_the_clusters_ask_in_turn(user: PluginUser) -> None:
    plugin = user.plugin("give() if ask(f'code for {args[0]}: ') == args[0] else fail('no')")
    user.logs_in_with(plugin.path, clusters=(*HUB, *MEMBERS), interactiveMode="Always")
    turns = [(f"code for {name}: ", f"{name}\n") for name in (*HUB, *MEMBERS)]
    dialogue = talk(user.shell, [*NODES], turns)
    assert dialogue.status == 0, dialogue.screen
    assert all(f"{cluster}-node" in dialogue.stdout for cluster in MEMBERS)
    assert plugin.alternates
    assert [run.args for run in plugin.runs] == [["hub"], *([cluster] for cluster in MEMBERS)]


def test_why_the_hub_cannot_be_reached_is_what_its_plugin_said(user: PluginUser) -> None:
    user.logs_in_with(user.plugin("fail('The token is expired.', 'Run: aws sso login')").path, clusters=HUB)
    done = user.mc(*NODES)
    assert (done.status, done.stdout) == (1, "")
    assert lines_with(done.stderr, "hub", "Run: aws sso login"), done.stderr


def test_a_slow_plugin_of_the_hub_has_its_time_and_its_last_words_are_told(user: PluginUser) -> None:
    plugin = user.plugin("say('Opening a browser at https://sso'); wait(); give()")
    user.logs_in_with(plugin.path, clusters=HUB)
    with plugin.shut(), user.shell.running(*NODES, "--cluster-timeout=3s") as command:
        assert command.end() == 1
        command.wait_for_left()
    assert command.stdout == ""
    (notice,) = lines_with(command.stderr, "Error: ")
    assert "timed out after" in notice
    assert "Opening a browser at https://sso" in notice


# --- Plugins that look for the hub --------------------------------------------------------------------------------

LOOKS_FOR_HUB = """
# Where: the one file that KUBECONFIG names; its current context, and the namespace of that.
path = os.environ["KUBECONFIG"]
words = ["kubectl", "--kubeconfig=" + path]
view = json.loads(subprocess.check_output([*words, "config", "view", "--minify", "-o", "json"]))
namespace = view["contexts"][0]["context"].get("namespace") or "default"
record(event="hub", path=path, context=view["current-context"], namespace=namespace)

def secret(name, key, namespace=namespace):
    if not name:
        fail("missing name in ExecCredential.Spec.Cluster.Config")
    found = subprocess.run([*words, "get", "secret", name, "-n", namespace, "-o", "json"], stdout=subprocess.PIPE)
    if found.returncode:
        fail("failed to get secret " + namespace + "/" + name)
    return base64.b64decode(json.loads(found.stdout)["data"][key]).decode()

config = info["spec"]["cluster"]["config"]
"""
"""How cluster-inventory-api's secretreader and kubeconfig-secretreader and OCM's cp-creds find the hub."""

KUBECONFIG_READER = """
kubeconfig = json.loads(secret(config["name"], config["key"], config.get("namespace") or namespace))
wanted = config.get("context") or kubeconfig["current-context"]
(user,) = [entry["context"]["user"] for entry in kubeconfig["contexts"] if entry["name"] == wanted]
(token,) = [entry["user"]["token"] for entry in kubeconfig["users"] if entry["name"] == user]
give(token)
"""

READERS = {
    "secretreader": "give(secret(config['clusterName'], 'token'))",
    "open-cluster-management": "give(secret(config['clusterName'] + '-' + args[0].partition('=')[2], 'token'))",
    "kubeconfig-secretreader": KUBECONFIG_READER,
}
"""A provider's name -> what its plugin does."""

ARGUMENTS = {"open-cluster-management": ["--managed-serviceaccount=mc"]}


def extension(provider: str, cluster: str) -> dict[str, str]:
    """What a ClusterProfile has to say to such a plugin."""
    if provider == "kubeconfig-secretreader":
        return {"name": f"kubeconfig-{cluster}", "key": "value", "context": "second"}
    return {"clusterName": cluster}


def secrets(provider: str, cluster: str, token: str) -> dict[str, str]:
    """The Secret from which such a plugin reads: its name, and its keys with their values."""
    if provider == "kubeconfig-secretreader":
        users = [{"name": name, "user": {"token": text}} for name, text in (("a", "nobody"), ("b", token))]
        contexts = [{"name": name, "context": {"user": user}} for name, user in (("first", "a"), ("second", "b"))]
        text = json.dumps({"current-context": "first", "contexts": contexts, "users": users})
        return {"name": f"kubeconfig-{cluster}", "value": text}
    suffix = "-mc" if provider == "open-cluster-management" else ""
    return {"name": f"{cluster}{suffix}", "token": token}


@pytest.fixture(params=READERS)
def consumer(changing_user: PluginUser, request: pytest.FixtureRequest) -> tuple[PluginUser, FakePlugin, str]:
    """A user whose kubeconfig leads to the hub alone, with a provider file; the hub has the Secrets for its plugin."""
    provider, shell = request.param, changing_user.shell
    shell.fleet.reset("hub")
    document = yaml.safe_load(changing_user.kubeconfig.read_text())
    for kind in ("clusters", "contexts"):
        document[kind] = [entry for entry in document[kind] if entry["name"] == "hub"]
    document["contexts"][0]["context"]["namespace"] = "fleet"
    changing_user.kubeconfig.write_text(yaml.safe_dump(document))
    (changing_user.home / ".kube" / "kubectl-mc-clusters.yaml").unlink()
    plugin = changing_user.plugin(LOOKS_FOR_HUB + READERS[provider], name="reader")
    execs: dict[str, Any] = {"apiVersion": V1, "command": str(plugin.path), "provideClusterInfo": True}
    execs |= {"interactiveMode": "Never", "args": ARGUMENTS.get(provider, [])}
    file = changing_user.home / "providers.json"
    file.write_text(json.dumps({"providers": [{"name": provider, "execConfig": execs}]}))
    for cluster in MEMBERS:
        name, *pairs = secrets(provider, cluster, "viewer" if cluster == "c2" else "admin").items()
        data = {key: base64.b64encode(value.encode()).decode() for key, value in pairs}
        manifest = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name[1]}, "data": data}
        path = changing_user.home / "secret.json"
        path.write_text(json.dumps(manifest))
        made = changing_user.shell.kubectl("--context", "hub", "create", "-n", "fleet", "-f", str(path))
        assert made.status == 0, made.stderr
        publish(changing_user, provider, cluster)
        path.unlink()
    user = changing_user.with_env(KUBECONFIG=str(changing_user.kubeconfig))
    return user, plugin, f"--clusterprofile-provider-file={file}"


def publish(user: PluginUser, provider: str, cluster: str) -> None:
    """Let the hub offer this access to a cluster."""
    words = ("--context", "hub", "-n", "fleet")
    profile = json.loads(user.shell.kubectl(*words, "get", "clusterprofile", cluster, "-o", "json").stdout)
    (access,) = profile["status"]["accessProviders"]
    said = {"name": "client.authentication.k8s.io/exec", "extension": extension(provider, cluster)}
    offered = {"name": provider, "cluster": {**access["cluster"], "extensions": [said]}}
    patch = json.dumps({"status": {"accessProviders": [offered]}})
    patching = ("patch", "clusterprofile", cluster, "--subresource=status", "--type=merge", "-p", patch)
    done = user.shell.kubectl(*words, *patching)
    assert done.status == 0, done.stderr


@pytest.mark.parametrize("chosen", [("c1",), MEMBERS])
@pytest.mark.parametrize(
    "words",
    [
        pytest.param(("auth", "whoami", "-o", "jsonpath={.status.userInfo.username}"), marks=WHOAMI),
        ("get", "pods", "-n", "shop"),
    ],
)
def test_the_standards_plugins_find_the_hub_in_the_users_kubeconfig(
    consumer: tuple[PluginUser, FakePlugin, str], words: tuple[str, ...], chosen: tuple[str, ...]
) -> None:
    user, plugin, provider_file = consumer
    approved = user.mc("trust", "approve", *MEMBERS, "--yes", provider_file)
    assert approved.status == 0, approved.stderr
    done = user.mc(*words, of(chosen), provider_file)
    assert (done.status, done.stderr) == (0, "")
    if words[0] == "auth" and len(chosen) > 1:
        assert done.stdout == "c1\tadmin\nc2\tviewer\nc3\tadmin\n"
    elif words[0] == "get":
        assert sorted(set(clusters(done))) == list(chosen)
    found = [event for event in plugin.events if event["event"] == "hub"]
    assert [(hub["path"], hub["context"], hub["namespace"]) for hub in found] == [
        (str(user.kubeconfig), "hub", "fleet")
    ] * len(chosen)
    assert [run.by_kubectl for run in plugin.runs] == [False] * len(chosen)


def test_a_secret_that_is_missing_is_said_by_the_plugin(consumer: tuple[PluginUser, FakePlugin, str]) -> None:
    user, _, provider_file = consumer
    assert user.mc("trust", "approve", *MEMBERS, "--yes", provider_file).status == 0
    listed = user.shell.kubectl("--context", "hub", "-n", "fleet", "get", "secrets", "-o", "name").stdout.split()
    (gone,) = (name for name in listed if "c2" in name)
    assert user.shell.kubectl("--context", "hub", "-n", "fleet", "delete", gone).status == 0
    done = user.mc(*NODES, provider_file)
    assert (done.status != 0, clusters(done)) == (True, ["c1", "c3"])
    assert lines_with(done.stderr, "c2", "login failed", "failed to get secret fleet/"), done.stderr
