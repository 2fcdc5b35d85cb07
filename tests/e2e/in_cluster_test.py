# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""kubectl-mc in a pod on the hub, as docs/in-cluster.md describes it: its manifests are those of the document."""

from __future__ import annotations

import base64
import json
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from fixtures.fleet import fleet
from kubectl_mc.processes.environment import SERVICE_ACCOUNT
from tests.e2e.conftest import MEMBERS, WHOAMI, Done, Shell, needs, shell
from tests.e2e.pod import ROOT, Pod, make_pod, needs_pods

DOCUMENT = Path(__file__).parents[2] / "docs" / "in-cluster.md"
KUBE = "/home/mc/.kube"
ACCOUNT = "system:serviceaccount:fleet-jobs:kubectl-mc"

# The standard's plugin: it finds the hub by the pod's variables first, and the Secrets' namespace by KUBECONFIG first.
PLUGIN = """#!{python}
import base64, json, os, ssl, sys, urllib.request
folder = "/var/run/secrets/kubernetes.io/serviceaccount"
read = lambda name: open(f"{{folder}}/{{name}}").read()
info = json.loads(os.environ["KUBERNETES_EXEC_INFO"])["spec"].get("cluster", {{}})
name = info["config"]["clusterName"] if info else sys.argv[1]
namespace = "default" if os.environ.get("KUBECONFIG") else read("namespace")
server = f"https://{{os.environ['KUBERNETES_SERVICE_HOST']}}:{{os.environ['KUBERNETES_SERVICE_PORT']}}"
request = urllib.request.Request(f"{{server}}/api/v1/namespaces/{{namespace}}/secrets/{{name}}")
request.add_header("Authorization", "Bearer " + read("token"))
context = ssl.create_default_context(cafile=f"{{folder}}/ca.crt")
secret = json.load(urllib.request.urlopen(request, context=context))
token = base64.b64decode(secret["data"]["token"]).decode()
version = "client.authentication.k8s.io/v1"
print(json.dumps({{"apiVersion": version, "kind": "ExecCredential", "status": {{"token": token}}}}))
"""


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)


def command_lines() -> list[str]:
    return re.findall(r"^    \$ (kubectl .*)$", DOCUMENT.read_text(), re.MULTILINE)


def manifests() -> list[dict[str, Any]]:
    return [document for block in blocks("yaml") for document in yaml.safe_load_all(block)]


def job(name: str) -> dict[str, Any]:
    (found,) = [item for item in manifests() if (item["kind"], item.get("metadata", {}).get("name")) == ("Job", name)]
    return found


def done_well(done: Done) -> str:
    assert (done.status, done.stderr) == (0, "")
    return done.stdout


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    """A fleet whose hub has what the document's manifests make, and the members' tokens in Secrets."""
    with fleet(MEMBERS, tmp_path_factory.mktemp("fleet")) as running:
        user = shell(running)
        for document in manifests():
            if document["kind"] in ("ClusterMapping", "Job"):
                continue
            manifest = tmp_path_factory.mktemp("manifest") / "manifest.yaml"
            manifest.write_text(yaml.safe_dump(document))
            done = user.kubectl("--context=hub", "create", "-f", str(manifest))
            assert done.status == 0, done.stderr
        for name in ("members", *MEMBERS):
            words = ("create", "secret", "generic", name, "-n", "fleet-jobs", "--from-literal=token=admin")
            done_well(user.kubectl("--context=hub", *words))
        for name in MEMBERS:
            publish(user, name)
        yield user


def publish(user: Shell, name: str) -> None:
    """Let the profile of a member name the provider `secretreader`, with what the standard's plugin reads."""
    words = ("-n", "fleet", "clusterprofile", name)
    profile = json.loads(user.kubectl("--context=hub", "get", *words, "-o", "json").stdout)
    (access,) = profile["status"]["accessProviders"]
    extension = {"name": "client.authentication.k8s.io/exec", "extension": {"clusterName": name}}
    access = {"name": "secretreader", "cluster": {**access["cluster"], "extensions": [extension]}}
    patch = json.dumps({"status": {"accessProviders": [access]}})
    done = user.kubectl("--context=hub", "patch", *words, "--subresource=status", "--type=merge", "-p", patch)
    assert done.status == 0, done.stderr


@pytest.fixture
def pod(hub: Shell, tmp_path: Path) -> Pod:
    """A pod with the plugin, and without files in its home."""
    pod = make_pod(hub, tmp_path / "pod", "fleet-jobs", "kubectl-mc")
    plugin = pod.root / "plugin" / "bin" / "secretreader-plugin"
    plugin.parent.mkdir(parents=True)
    plugin.write_text(PLUGIN.format(python=sys.executable))
    plugin.chmod(0o755)
    return pod


Configure = Callable[..., Pod]


@pytest.fixture
def configured(hub: Shell, pod: Pod, tmp_path: Path) -> Configure:
    """Bring what the document says into the pod: approved by a user at a terminal of theirs, and in a ConfigMap.

    provider: what differs in the entry of the document's provider; defaults: those of the mapping file
    """

    def configure(provider: dict[str, object] | None = None, **defaults: object) -> Pod:
        laptop = tmp_path / "laptop"
        (laptop / ".kube").mkdir(parents=True)
        file = json.loads(blocks("json")[0])
        execs = file["providers"][0]["execConfig"]
        execs["command"] = f"{ROOT}{execs['command']}"
        execs.update(provider or {})
        mapping = next(document for document in manifests() if document["kind"] == "ClusterMapping")
        mapping["defaults"].update(defaults)
        config = yaml.safe_load(hub.fleet.kubeconfig.read_text())
        for kind in ("clusters", "contexts"):
            config[kind] = [entry for entry in config[kind] if entry["name"] == "hub"]
        (laptop / ".kube" / "config").write_text(yaml.safe_dump(config))
        files = {"providers.json": json.dumps(file), "kubectl-mc.yaml": yaml.safe_dump(mapping)}
        for name, content in files.items():
            (laptop / name).write_text(content)
        approve, export, create = [shlex.split(line) for line in command_lines()]
        assert export[-2:] == [">", "kubectl-mc-trust.yaml"]
        env = {"HOME": str(laptop), "KUBECONFIG": ""}
        providers = f"--clusterprofile-provider-file={laptop}/providers.json"
        assert hub.mc(*approve[2:-1], providers, "--yes", env=env).status == 0
        (laptop / "kubectl-mc-trust.yaml").write_text(done_well(hub.mc(*export[2:-2], env=env)))
        made = subprocess.run(
            [*create, "--dry-run=client", "-o", "json"],
            cwd=laptop,
            env=hub.environment,
            capture_output=True,
            check=True,
        )
        pod.mount(KUBE, json.loads(made.stdout)["data"])
        return pod

    return configure


# The plugin gives all members the same token; or a program does that never asks the hub.
SHARED = {"provideClusterInfo": False, "args": ["members"]}
_TOKEN = '{"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": {"token": "admin"}}'
OFFLINE = {"command": "/bin/echo", "args": [_TOKEN], "provideClusterInfo": False}


def clusters(done: Done) -> list[str]:
    return [row[1] for row in done.rows[1:]]


def asked(hub: Shell) -> set[tuple[str, str]]:
    """What was asked of the hub: (user, the last part of the path)."""
    paths = [(request["user"], request["path"]) for request in hub.fleet.requests("hub")]
    return {(user, path.rpartition("/")[2]) for user, path in paths if path.count("/") > 3}


@pytest.mark.parametrize("document", [item for item in manifests() if item["kind"] != "ClusterMapping"])
def test_an_api_server_takes_each_manifest_of_the_document(
    hub: Shell, document: dict[str, Any], tmp_path: Path
) -> None:
    (tmp_path / "manifest.yaml").write_text(yaml.safe_dump(document))
    words = ("apply", "--dry-run=server", "--validate=strict", "-f", str(tmp_path / "manifest.yaml"))
    done = hub.kubectl("--context=hub", *words)
    assert (done.status, "(server dry run)" in done.stdout) == (0, True), done.stderr


@needs_pods
def test_a_job_reads_members_by_their_access_providers(hub: Shell, configured: Configure) -> None:
    pod = configured(SHARED)
    hub.fleet.clear_requests("hub")
    (container,) = job("nodes")["spec"]["template"]["spec"]["containers"]
    (mount, _) = container["volumeMounts"]
    assert (container["command"][:2], mount["mountPath"]) == (["kubectl", "mc"], KUBE)
    done = pod.mc(*container["command"][2:])
    assert (done.status, done.stderr) == (0, "")
    assert clusters(done) == list(MEMBERS)
    assert asked(hub) == {(ACCOUNT, "clusterprofiles"), (ACCOUNT, "members")}


@needs_pods
@pytest.mark.parametrize("words", [[], ["--clusters=c2"]])
def test_a_plugin_that_is_told_of_its_cluster_finds_the_hub_by_the_pod(configured: Configure, words: list[str]) -> None:
    done = configured().mc("get", "nodes", *words)
    assert (done.status, done.stderr, {*clusters(done)} - {*MEMBERS}) == (0, "", set())


@needs_pods
def test_one_cluster_is_reached_alike(configured: Configure) -> None:
    done = configured(OFFLINE).mc("get", "nodes", "--clusters=c2")
    assert (done.status, done.stderr, clusters(done)) == (0, "", ["c2"])


@needs_pods
def test_a_change_needs_a_volume_for_its_record(configured: Configure) -> None:
    (container,) = job("restart-cart")["spec"]["template"]["spec"]["containers"]
    words, path = container["command"][2:], container["volumeMounts"][1]["mountPath"]
    pod = configured(SHARED)
    done = pod.mc(*words)
    assert (done.status, done.stdout) == (1, "")
    assert f"no change without a record of it, and {ROOT}{KUBE}/kubectl-mc/audit.jsonl can't be used" in done.stderr
    assert f"mount a volume at {ROOT}{KUBE}/kubectl-mc\n" in done.stderr
    assert "So nothing was changed" in done.stderr
    pod = pod.with_volume(path)
    done = pod.mc(*words)
    assert done.status == 0, done.stderr
    assert done.stdout == "[c1] deployment.apps/cart restarted\n[c2] deployment.apps/cart restarted\n"
    assert "changed" in done_well(pod.mc("audit"))


@needs_pods
@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("clusters -o name", "c1\nc2\nc3\n"),
        ("clusters --check", "secretreader"),
        ("trust list", "in-cluster"),
        ("get nodes -o name --hub-context=in-cluster", "c1\tnode/"),
        pytest.param("logs solo -n shop --tail=1 --clusters=c1", "line 49 of shop/solo", marks=needs("kubelet")),
    ],
)
def test_all_commands_work_in_a_read_only_home(configured: Configure, words: str, text: str) -> None:
    done = configured(OFFLINE).mc(*words.split())
    assert (done.status, done.stderr) == (0, "")
    assert text in done.stdout
    assert "no (" not in done.stdout


@needs_pods
def test_setup_checks_what_is_approved(configured: Configure) -> None:
    done = configured(SHARED).mc("setup", "--check")
    assert (done.status, [row[:1] for row in done.rows[1:]]) == (0, [[name] for name in MEMBERS]), done.stderr
    assert done.stdout.count("its profile, approved") == 3


@needs_pods
@pytest.mark.parametrize("home", ["/", None])
def test_a_home_that_nobody_has_is_no_error(pod: Pod, home: str | None) -> None:
    done = pod.mc("clusters", "-o", "name", "--hub-namespace=fleet", env={"HOME": home})
    assert done_well(done) == "c1\nc2\nc3\n"


NOT_APPROVED = "not approved; to see what it would run and approve it: kubectl mc trust approve c1"


@needs_pods
@WHOAMI
@pytest.mark.parametrize(
    "text",
    [None, "", "current-context: ''\n", '{"kind": "Config", "current-context": ""}', "contexts: []\n"],
)
def test_the_hub_is_the_pods_own_cluster_where_kubectl_would_ask_that(pod: Pod, hub: Shell, text: str | None) -> None:
    if text is not None:
        pod.mount("/etc/kube", {"config": text})
    env = {"KUBECONFIG": f"{ROOT}/etc/kube/config"}
    assert pod.run("kubectl", "auth", "whoami", "-o", "jsonpath={.status.userInfo.username}", env=env).stdout == ACCOUNT
    hub.fleet.clear_requests("hub")
    done = pod.mc("clusters", "-o", "name", "--hub-namespace=fleet", env=env)
    assert done_well(done) == "c1\nc2\nc3\n"
    assert asked(hub) == {(ACCOUNT, "clusterprofiles")}


@needs_pods
def test_a_context_counts_before_the_service_account(pod: Pod, hub: Shell) -> None:
    text = hub.fleet.kubeconfig.read_text()
    of_that_name = text.replace("- name: hub\n  context:", "- name: in-cluster\n  context:")
    named = ["--hub-context=in-cluster"]
    for number, (content, words, user) in enumerate(
        [
            (text, [], "admin"),
            (text, named, ACCOUNT),
            (of_that_name.replace("current-context: hub", "current-context: c1"), named, "admin"),
        ]
    ):
        pod.mount(f"/etc/kube{number}", {"config": content})
        hub.fleet.clear_requests("hub")
        env = {"KUBECONFIG": f"{ROOT}/etc/kube{number}/config"}
        listed = pod.mc("clusters", "-o", "name", "--hub-namespace=fleet", *words, env=env)
        assert done_well(listed) == "c1\nc2\nc3\n"
        assert asked(hub) == {(user, "clusterprofiles")}


@needs_pods
def test_the_mapping_file_may_name_the_pods_own_cluster(pod: Pod, hub: Shell) -> None:
    pod.mount(KUBE, {"config": hub.fleet.kubeconfig.read_text(), "kubectl-mc.yaml": "hubContext: in-cluster\n"})
    hub.fleet.clear_requests("hub")
    assert done_well(pod.mc("clusters", "-o", "name", "--hub-namespace=fleet")) == "c1\nc2\nc3\n"
    assert asked(hub) == {(ACCOUNT, "clusterprofiles")}


@needs_pods
@pytest.mark.parametrize(
    ("kubeconfig", "reason"),
    [
        (None, "no context, and none of its access providers (secretreader) is in a provider file of yours"),
        # kubectl itself takes the pod's own cluster for such a context
        ("contexts: [{name: c1, context: {cluster: lost, user: lost}}]\n", "connection refused"),
    ],
)
def test_a_member_is_never_reached_by_the_service_account(
    pod: Pod, hub: Shell, kubeconfig: str | None, reason: str
) -> None:
    if kubeconfig:
        pod.mount(KUBE, {"config": kubeconfig})
        hub.fleet.clear_requests("hub")
        pod.run("kubectl", "--context=c1", "get", "configmaps")
        assert (ACCOUNT, "configmaps") in asked(hub)
    hub.fleet.clear_requests("hub")
    done = pod.mc("get", "configmaps", "--hub-namespace=fleet", "--hub-context=in-cluster", "--clusters=c1,c2")
    assert (done.status, done.stdout) == (1, "")
    assert reason in done.stderr
    assert asked(hub) == {(ACCOUNT, "clusterprofiles")}


@needs_pods
def test_completion_asks_the_member_and_not_the_pods_own_cluster(configured: Configure, hub: Shell) -> None:
    pod = configured(OFFLINE)
    completer = (sys.executable, "-c", "from kubectl_mc.__main__ import complete; complete()")
    hub.fleet.clear_requests("hub")
    done = pod.run(*completer, "get", "pods", "-n", "shop", "cart")
    assert done.stdout.startswith("cart-"), done.stderr
    assert not pod.run(*completer, "get", "pods", "-n", "shop", "nope").stdout.startswith("nope")
    assert asked(hub) == {(ACCOUNT, "clusterprofiles")}
    contexts = pod.run(*completer, "--hub-context", "")
    assert contexts.stdout == "in-cluster\n:4\n"


@needs_pods
@pytest.mark.parametrize(
    ("words", "has_account", "error"),
    [
        (["--kubeconfig=/nowhere"], True, "no kubeconfig: the file of --kubeconfig, /nowhere, doesn't exist"),
        (["--hub-context=other"], True, "no kubeconfig: ~/.kube/config doesn't exist. "),
        (["--contexts=*"], True, "no kubeconfig: ~/.kube/config doesn't exist. "),
        ([], False, f"no kubeconfig, and no token of this pod's service account: {SERVICE_ACCOUNT}/token doesn't"),
        (["--hub-context=other"], False, "no kubeconfig: ~/.kube/config doesn't exist. "),
        (["--hub-context=in-cluster"], False, "hub context 'in-cluster': no such context in the kubeconfig, and no "),
    ],
)
def test_what_leads_to_no_hub_is_said(pod: Pod, words: list[str], has_account: bool, error: str) -> None:
    done = pod._replace(has_account=has_account).mc("get", "nodes", *words)
    assert (done.status, done.stdout) == (1, "")
    assert done.stderr.startswith(f"Error: {error}")


@needs_pods
def test_what_to_do_about_a_token_that_the_hub_does_not_accept_is_said(pod: Pod) -> None:
    token = pod.folder / "account" / "..data" / "token"
    token.write_text("expired")
    done = pod.mc("get", "nodes", "--inventory=fleet")
    assert (done.status, done.stdout) == (1, "")
    assert "hub context 'in-cluster': unauthorized. kubectl said: " in done.stderr
    assert "The token of this pod's service account has expired" in done.stderr


@needs_pods
def test_approving_in_the_pod_says_where_to_approve(configured: Configure) -> None:
    pod = configured(SHARED)
    (pod.root / KUBE.lstrip("/") / "kubectl-mc-trust.yaml").unlink()
    done = pod.mc("trust", "approve", "c1", "--yes")
    assert done.status == 1
    assert "can't be written: Read-only file system" in done.stderr
    assert "kubectl mc trust export" in done.stderr
    assert NOT_APPROVED in pod.mc("get", "nodes", "--clusters=c1").stderr


@needs_pods
def test_the_pod_exports_the_approvals_of_its_own_hub(configured: Configure) -> None:
    pod = configured(SHARED)
    approvals = (pod.root / KUBE.lstrip("/") / "kubectl-mc-trust.yaml").read_text()
    assert pod.mc("trust", "export") == Done(0, approvals, "")


def test_the_tokens_are_in_no_approval(configured: Configure) -> None:
    text = (configured(SHARED).root / KUBE.lstrip("/") / "kubectl-mc-trust.yaml").read_text()
    assert base64.b64encode(b"admin").decode() not in text
    assert {entry["hub"] for entry in yaml.safe_load(text)["approved"]} == {"in-cluster"}
