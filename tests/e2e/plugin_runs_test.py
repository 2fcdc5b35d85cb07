# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""How often exec credential plugins run, how many at a time, and what becomes of their credentials."""

from __future__ import annotations

from pathlib import Path

import pytest

from fixtures.auth.rights import SECRET_TOKEN
from tests.e2e.conftest import MEMBERS, needs
from tests.e2e.fake_plugins import POLICY, PluginUser, clusters, lines_with, of, without_memory_files

NODES = ("get", "nodes")
CART = ("deploy/cart", "-n", "shop", "-c", "app")
LABEL = ("label", "cm", "settings", "-n", "shop", "a=b", "--yes")
CHOICES = [("c1",), MEMBERS]

SHORT = "give(expirationTimestamp=time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(time.time() + 2)))"


# --- At a time ----------------------------------------------------------------------------------------------------

LISTENS = "take_port(); give()"


@pytest.mark.parametrize("name", ["kubelogin", "kubectl-oidc_login"])
@pytest.mark.parametrize("words", [NODES, LABEL])
def test_a_program_that_listens_on_one_port_runs_once_at_a_time(
    changing_user: PluginUser, name: str, words: tuple[str, ...]
) -> None:
    plugin = changing_user.plugin(LISTENS, name=name)
    changing_user.logs_in_with(name, "get-token", clusters=MEMBERS)
    done = changing_user.mc(*words, of(MEMBERS))
    assert (done.status, done.stderr.count("address already in use")) == (0, 0), done.stderr
    assert plugin.alternates
    assert sorted(run.args for run in plugin.runs) == [["get-token", cluster] for cluster in MEMBERS]


def test_so_does_one_that_kubectl_is_asked_for(user: PluginUser) -> None:
    plugin = user.plugin(LISTENS, name="kubectl-oidc_login")
    user.logs_in_with("kubectl", "oidc-login", "get-token")
    done = user.mc(*NODES)
    assert (done.status, done.stderr, clusters(done)) == (0, "", list(MEMBERS))
    assert plugin.alternates
    assert sorted(run.args for run in plugin.runs) == [["get-token", cluster] for cluster in MEMBERS]


def test_a_program_that_fails_does_not_keep_the_next_from_its_turn(user: PluginUser) -> None:
    plugin = user.plugin("take_port()\nfail('no') if args[-1] == 'c1' else give()", name="kubelogin")
    user.logs_in_with("kubelogin", "get-token")
    done = user.mc(*NODES)
    assert (done.status != 0, clusters(done), plugin.alternates) == (True, ["c2", "c3"], True)


@pytest.mark.parametrize("words", [NODES, ("get", "nodes", "-w")])
@pytest.mark.parametrize("chosen", [("c1", "c2"), MEMBERS])
def test_any_other_program_runs_for_all_clusters_at_once(
    user: PluginUser, chosen: tuple[str, ...], words: tuple[str, ...]
) -> None:
    plugin = user.plugin("wait(); give()")
    user.logs_in_with(plugin.path)
    with plugin.shut() as gate, user.shell.running(*words, of(chosen)) as command:
        gate.wait_for_starts(len(chosen), command)
        gate.open()
        for cluster in chosen:
            command.until(rf"{cluster}-node")
        command.interrupt()
        command.end()
    assert (plugin.first_arguments, any(run.by_kubectl for run in plugin.runs)) == (list(chosen), False)


@pytest.mark.parametrize("command", ["our-login", "./our-login", "absolute"])
def test_the_mapping_file_limits_a_program(user: PluginUser, command: str) -> None:
    folder = user.kubeconfig.parent if command.startswith("./") else None
    plugin = user.plugin(LISTENS, name="our-login", folder=folder)
    user.maps("login: {our-login: {parallel: 1}}\n")
    user.logs_in_with(plugin.path if command == "absolute" else command)
    done = user.mc(*NODES)
    assert (done.status, done.stderr, clusters(done)) == (0, "", list(MEMBERS))
    assert plugin.alternates
    assert plugin.first_arguments == list(MEMBERS)


def test_the_mapping_file_lets_a_program_run_more_often_at_a_time(user: PluginUser) -> None:
    plugin = user.plugin("wait(); give()", name="kubelogin")
    user.maps("login: {kubelogin: {parallel: 3}}\n")
    user.logs_in_with("kubelogin")
    with plugin.shut() as gate, user.shell.running(*NODES) as command:
        gate.wait_for_starts(len(MEMBERS), command)
        gate.open()
        assert command.end() == 0


@pytest.mark.parametrize("limit", ["0", "-1", "many", "[1]"])
def test_a_limit_that_is_none_is_an_error(user: PluginUser, limit: str) -> None:
    plugin = user.plugin()
    user.maps(f"login: {{fake-login: {{parallel: {limit}}}}}\n")
    user.logs_in_with(plugin.path)
    done = user.mc(*NODES)
    assert (done.status, done.stdout, plugin.runs) == (1, "", [])
    assert lines_with(done.stderr, "parallel"), done.stderr


def test_programs_that_are_limited_do_not_wait_for_each_other(user: PluginUser) -> None:
    first, second = user.plugin("wait(); give()", name="kubelogin"), user.plugin(name="another-login")
    user.logs_in_with("kubelogin", clusters=("c1", "c2"))
    user.logs_in_with("another-login", clusters=("c3",))
    with first.shut() as gate, user.shell.running(*NODES) as command, second.shut() as other:
        other.wait_for_starts(1, command)
        gate.wait_for_starts(1, command)
        gate.open()
        assert command.end() == 0
    assert first.alternates


# --- How often ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("chosen", CHOICES)
@pytest.mark.parametrize(
    "words",
    [
        LABEL,
        pytest.param(
            ("set", "image", "deploy/cart", "-n", "shop", "app=new", "--yes", "--waves=1,100%"),
            marks=needs("controllers"),
        ),
        ("delete", "cm", "settings", "-n", "shop", "--yes"),
    ],
)
@needs("logins")
def test_a_change_logs_in_once_for_each_cluster_and_stores_nothing(
    changing_user: PluginUser, words: tuple[str, ...], chosen: tuple[str, ...]
) -> None:
    """Its preflight, the change and the wait for rollouts: several kubectls for each cluster."""
    plugin = changing_user.plugin(f"give({SECRET_TOKEN!r})")
    changing_user.logs_in_with(plugin.path)
    done = changing_user.mc(*words, of(chosen))
    assert done.status == 0, done.stderr
    assert (plugin.first_arguments, any(run.by_kubectl for run in plugin.runs)) == (list(chosen), False)
    assert changing_user.files_with(SECRET_TOKEN) == []
    assert SECRET_TOKEN not in done.stdout + done.stderr


@needs("logins")
@pytest.mark.parametrize(("chosen", "has_policy"), [(("c1",), False), (MEMBERS, False), (MEMBERS, True)])
@pytest.mark.parametrize("words", [NODES, LABEL, ("get", "nodes", "-w")])
def test_without_files_in_memory_each_still_logs_in_once_and_nothing_is_stored(
    changing_user: PluginUser, words: tuple[str, ...], has_policy: bool, chosen: tuple[str, ...]
) -> None:
    """A kubectl gets its credential from its environment then, by an entry of ours, which no policy forbids."""
    plugin = changing_user.plugin(f"give({SECRET_TOKEN!r})")
    user = without_memory_files(changing_user)
    user.logs_in_with(plugin.path)
    if has_policy:
        listed = f"{POLICY}Allowlist\ncredentialPluginAllowlist:\n- command: {plugin.path}\n"
        (user.kubeconfig.parent / "kuberc").write_text(listed)
    with user.shell.running(*words, of(chosen)) as command:
        for cluster in chosen:
            command.until("labeled" if words == LABEL else f"{cluster}-node")
        assert user.files_with(SECRET_TOKEN) == []
        assert SECRET_TOKEN not in "".join(command.left())  # what `ps` shows
        command.interrupt()
        command.end()
        command.wait_for_left()
    assert (plugin.first_arguments, any(run.by_kubectl for run in plugin.runs)) == (list(chosen), False)
    assert user.files_with(SECRET_TOKEN) == []


def test_a_change_whose_login_fails_changes_nothing(changing_user: PluginUser) -> None:
    plugin = changing_user.plugin("give() if args[0] != 'c2' else fail('The token is expired.', 'Run: aws sso login')")
    changing_user.logs_in_with(plugin.path)
    done = changing_user.mc(*LABEL, "--all-clusters")
    assert (done.status, done.stdout) == (1, "")
    assert lines_with(done.stderr, "c2", "Run: aws sso login"), done.stderr
    assert done.stderr.endswith("So nothing was changed\n")
    assert plugin.first_arguments == list(MEMBERS)


@pytest.mark.parametrize("chosen", CHOICES)
@pytest.mark.parametrize("words", [("diff", "-f", "new.yaml"), ("auth", "can-i", "get", "pods")])
def test_a_login_that_fails_is_no_answer_of_a_verb_whose_status_is_one(
    user: PluginUser, words: tuple[str, ...], chosen: tuple[str, ...]
) -> None:
    """1 says of `diff` that there are differences, and of `auth can-i` that the answer is no."""
    user.logs_in_with(user.plugin("fail('Run: aws sso login')").path)
    manifest = user.home / "new.yaml"
    manifest.write_text("---\n{apiVersion: v1, kind: ConfigMap, metadata: {name: new, namespace: shop}}")
    words = tuple(str(manifest) if word == "new.yaml" else word for word in words)
    done = user.mc(*words, of(chosen))
    assert done.status == 2
    assert lines_with(done.stderr, "login failed", "Run: aws sso login"), done.stderr
    assert "no" not in done.stdout.split()


@needs("kubelet")
@pytest.mark.parametrize("chosen", CHOICES)
@pytest.mark.parametrize(
    "words",
    [
        ("exec", *CART, "--yes"),
        ("port-forward", "deploy/cart", ":80", "-n", "shop"),
        ("attach", *CART, "--yes"),
        ("cp", "HERE", "shop/cart:/tmp/file", "--yes"),
    ],
)
def test_what_reaches_into_pods_starts_no_plugin_by_kubectl(
    changing_user: PluginUser, words: tuple[str, ...], chosen: tuple[str, ...]
) -> None:
    plugin = changing_user.plugin()
    changing_user.logs_in_with(plugin.path)
    file = changing_user.home / "file"
    file.write_text("text")
    words = tuple(word.replace("HERE", str(file)) for word in words)
    chosen = chosen if words[0] not in ("port-forward", "attach") else ("c1",)
    behind = ("--", "hostname") if words[0] == "exec" else ()
    with changing_user.shell.running(*words, of(chosen), *behind) as command:
        if words[0] == "exec":
            assert command.end() == 0
        elif words[0] in ("port-forward", "attach"):
            command.until("Forwarding from" if words[0] == "port-forward" else "line ")
            command.interrupt()
            command.end()
        else:
            command.end()
    assert (plugin.first_arguments, any(run.by_kubectl for run in plugin.runs)) == (list(chosen), False)


@needs("faults")
def test_what_is_gone_on_with_logs_in_once_more(changing_user: PluginUser) -> None:
    plugin = changing_user.plugin()
    changing_user.logs_in_with(plugin.path)
    with changing_user.shell.fault("c2", "refuse"):
        done = changing_user.mc(*LABEL, "--all-clusters", "--continue-on-preflight-error")
    assert (done.status != 0, plugin.first_arguments) == (True, list(MEMBERS))
    again = changing_user.mc("resume", done.stderr.split()[-1], "--yes")
    assert again.status == 0, again.stderr
    assert plugin.first_arguments == ["c1", "c2", "c2", "c3"]
    assert not any(run.by_kubectl for run in plugin.runs)


@needs("kubelet")
@pytest.mark.parametrize("words", [("logs", *CART, "-f"), ("get", "nodes", "-w")])
def test_a_stream_logs_in_once_for_each_cluster(user: PluginUser, words: tuple[str, ...]) -> None:
    plugin = user.plugin()
    user.logs_in_with(plugin.path)
    with user.shell.running(*words) as command:
        for cluster in MEMBERS:
            command.until(rf"\b{cluster}\b.*\n")
        command.interrupt()
        command.end()
    assert (plugin.first_arguments, any(run.by_kubectl for run in plugin.runs)) == (list(MEMBERS), False)


@needs("kubelet")
def test_names_with_wildcards_log_in_once_for_each_cluster(user: PluginUser) -> None:
    plugin = user.plugin()
    user.logs_in_with(plugin.path)
    assert user.mc("logs", "cart-*", "-n", "shop", "-c", "app", "--tail=1").status == 0
    assert (plugin.first_arguments, any(run.by_kubectl for run in plugin.runs)) == (list(MEMBERS), False)


@pytest.mark.parametrize(
    "words",
    [
        ("version", "--client"),
        ("config", "get-contexts"),
        ("clusters",),
        ("get", "nodes", "--token=admin"),
        ("label", "cm", "settings", "-n", "shop", "a=b"),
        ("exec", "-it", *CART, "--", "sh"),
    ],
)
def test_what_needs_no_login_or_is_refused_starts_no_plugin(user: PluginUser, words: tuple[str, ...]) -> None:
    plugin = user.plugin()
    user.logs_in_with(plugin.path)
    user.mc(*words)
    assert plugin.runs == []


def test_a_program_that_a_plugin_leaves_behind_is_not_waited_for(user: PluginUser) -> None:
    """An agent, say. It has the plugin's stderr, and kubectl doesn't wait for it either."""
    plugin = user.plugin("subprocess.Popen(['sleep', '1000'], stdout=subprocess.DEVNULL); give()")
    user.logs_in_with(plugin.path)
    with user.shell.running(*NODES) as command:
        assert command.process.wait(60) == 0
        assert sum("sleep" in line for line in command.left()) == len(MEMBERS)


@pytest.mark.parametrize("words", [("proxy", "--port=0", "--clusters=c1"), ("get", "nodes", "-w", "--clusters=c1")])
def test_what_outlives_its_credential_gets_a_new_one(user: PluginUser, words: tuple[str, ...]) -> None:
    """A plugin gives two seconds; nobody waits for them, but for the next run."""
    plugin = user.plugin(SHORT)
    user.logs_in_with(plugin.path)
    with plugin.shut() as gate, user.shell.running(*words) as command:
        command.until("Starting to serve" if words[0] == "proxy" else "c1-node")
        gate.wait_for_starts(2, command)
        command.interrupt()
        command.end()
    assert not any(run.by_kubectl for run in plugin.runs)


def test_a_new_credential_is_not_kept_waiting_by_what_a_plugin_leaves_behind(user: PluginUser) -> None:
    body = f"subprocess.Popen(['sleep', '1000'], stdout=subprocess.DEVNULL); {SHORT}"
    user.logs_in_with((plugin := user.plugin(body)).path)
    words = ("get", "nodes", "-w", "--clusters=c1", "--cluster-timeout=0")
    with plugin.shut() as gate, user.shell.running(*words) as command:
        gate.wait_for_starts(3, command)


def test_a_credential_that_can_not_be_renewed_is_told_and_the_stream_goes_on(user: PluginUser) -> None:
    body = f"""
first = os.path.exists(FOLDER + "/first") or bool(open(FOLDER + "/first", "w").close())
if first:
    fail("The security token is expired.", "Run: aws sso login")
{SHORT}
"""
    user.logs_in_with(user.plugin(body).path)
    with user.shell.running("get", "nodes", "-w", "--clusters=c1") as command:
        command.until("c1-node")
        command.until("Run: aws sso login", "stderr")
        assert command.process.poll() is None
        command.interrupt()
        command.end()


@needs("logins")
def test_a_stream_whose_certificate_ends_soon_runs_its_plugin_itself(user: PluginUser) -> None:
    """A certificate can't be renewed for a kubectl that runs. Its plugin has the user's own KUBECONFIG all the same."""
    folder = user.shell.fleet.directory
    body = f"""
certificate, key = (open("{folder}/admin." + end).read() for end in ("crt", "key"))
soon = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 300))
give("", clientCertificateData=certificate, clientKeyData=key, expirationTimestamp=soon)
"""
    plugin = user.plugin(body)
    user.logs_in_with(plugin.path)
    with user.shell.running("get", "nodes", "-w") as command:
        for cluster in MEMBERS:
            command.until(f"{cluster}-node")
        command.interrupt()
        command.end()
    assert set(plugin.first_arguments) == set(MEMBERS)
    assert ["KUBECONFIG" in run.env for run in plugin.runs] == [False] * len(plugin.runs)


def test_a_kubectl_with_a_plugin_starts_as_fast_as_one_without(user: PluginUser) -> None:
    """A kubectl that starts no program may have the variables that make it fast (kubectl_process.lean_variables)."""
    plugin = user.plugin()
    user.logs_in_with(plugin.path)
    record = user.home / "kubectls"
    fake = user.home / "bin" / "kubectl"
    real = next(Path(folder) / "kubectl" for folder in user.shell.environment["PATH"].split(":")[1:] if folder)
    fake.write_text(f'#!/bin/sh\necho "$GOGC $*" >> {record}\nexec {real} "$@"\n')
    fake.chmod(0o755)
    assert user.mc(*NODES).status == 0
    gets = [line for line in record.read_text().splitlines() if " get " in line and "nodes" in line]
    assert len(gets) == len(MEMBERS)
    assert all(line.startswith("off ") for line in gets)


@pytest.mark.parametrize("words", [NODES, (*LABEL, "--all-clusters")])
def test_the_plugin_of_a_user_that_a_flag_names_is_run_once(changing_user: PluginUser, words: tuple[str, ...]) -> None:
    plugin = changing_user.plugin("give()")
    changing_user.logs_in_with(plugin.path)
    assert changing_user.mc(*words, "--user=login-c2").status == 0
    assert plugin.first_arguments == ["c2"]


def test_a_change_takes_a_certificate_that_ends_soon(changing_user: PluginUser) -> None:
    """Its plugin may have asked for it, and can't ask again below a kubectl."""
    body = f"""
certificate, key = (open("{changing_user.shell.fleet.directory}/admin." + end).read() for end in ("crt", "key"))
soon = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 900))
give("", clientCertificateData=certificate, clientKeyData=key, expirationTimestamp=soon)
"""
    plugin = changing_user.plugin(body)
    changing_user.logs_in_with(plugin.path)
    assert changing_user.mc(*LABEL, "--all-clusters").status == 0
    assert [run.by_kubectl for run in plugin.runs] == [False] * len(MEMBERS)
