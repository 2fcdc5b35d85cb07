# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import io
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from pytest_subprocess import FakeProcess

from kubectl_mc import cli
from kubectl_mc.command_line.options import LOG_FLAGS, OWN_FLAGS
from tests.commands.hub import HUB, hub_line
from tests.recordings import recording

PODS = "NAME   AGE\na      1m\n"
MERGED = "NAME   CLUSTER   AGE\na      c1        1m\na      c2        1m\na      c10       1m\n"


class Home:
    """A user's home with a kubeconfig, and a PATH with a kubectl that can't really run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.kubectl = str(folder / "bin" / "kubectl")
        (folder / "bin").mkdir()
        (folder / ".kube").mkdir()
        self.write("bin/kubectl", "not to be run")
        (folder / "bin" / "kubectl").chmod(0o755)
        self.write(".kube/config", "kind: Config")
        self.environment = {"HOME": str(folder), "PATH": str(folder / "bin")}

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text)


class Outcome(NamedTuple):
    status: int
    stdout: str
    stderr: str


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def run(home: Home, text: str, stdin: bytes = b"") -> Outcome:
    streams = [io.TextIOWrapper(io.BytesIO(content), encoding="utf-8") for content in (stdin, b"", b"")]
    status = cli.main(text.split(), home.environment, *streams)
    for stream in streams:
        stream.seek(0)
    return Outcome(status, streams[1].read(), streams[2].read())


def profiles(*names: str) -> str:
    items = [
        {"apiVersion": "multicluster.x-k8s.io/v1alpha1", "metadata": {"name": name, "namespace": "fleet"}}
        for name in names
    ]
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": items})


def register(fp: FakeProcess, home: Home, answers: Mapping[str, Any]) -> None:
    """What kubectl answers: arguments -> its stdout, or the name of a recording in a tuple."""
    for text, answer in answers.items():
        argv = [home.kubectl, *text.split()]
        if isinstance(answer, tuple):
            recorded = recording(answer[0])
            fp.register(
                argv, stdout=recorded.stdout.encode(), stderr=recorded.stderr.encode(), returncode=recorded.status
            )
        else:
            fp.register(argv, stdout=answer.encode())


def started(fp: FakeProcess, home: Home) -> list[str]:
    calls = [[str(word) for word in call] for call in fp.calls if not isinstance(call, str)]
    assert all(words[0] == home.kubectl for words in calls)
    return [" ".join(words[1:]) for words in calls]


# --- What is started ---------------------------------------------------------------------------------------


def test_the_hub_is_asked_first_then_each_cluster_by_its_context(fp: FakeProcess, home: Home) -> None:
    commands = [f"get --context={name} pods" for name in ("c1", "c2", "c10")]
    register(fp, home, {HUB: profiles("c10", "c2", "c1"), **dict.fromkeys(commands, PODS)})
    assert run(home, "get pods") == Outcome(0, MERGED, "")
    assert started(fp, home) == [HUB, *commands]


def test_for_five_minutes_the_hub_is_asked_once(fp: FakeProcess, home: Home) -> None:
    fp.keep_last_process(True)
    register(fp, home, {HUB: profiles("c1"), "get --context=c1 pods": PODS})
    outcomes = {run(home, "get pods"), run(home, "get pods")}
    assert len(outcomes) == 1
    assert started(fp, home) == [HUB, "get --context=c1 pods", "get --context=c1 pods"]
    run(home, "get pods --refresh")
    assert started(fp, home)[3:] == [HUB, "get --context=c1 pods"]


def test_the_mapping_names_the_hub_and_the_contexts(fp: FakeProcess, home: Home) -> None:
    home.write(".kube/kubectl-mc-clusters.yaml", "hubContext: hub\nclusters: [{name: c1, context: arn:c1}]")
    expected = [hub_line("--context=hub"), "get --context=arn:c1 pods", "get --context=c2 pods"]
    register(fp, home, {expected[0]: profiles("c1", "c2"), expected[1]: PODS, expected[2]: PODS})
    assert run(home, "get pods").status == 0
    assert started(fp, home) == expected


def test_flags_choose_the_hub_and_the_clusters(fp: FakeProcess, home: Home) -> None:
    home.write(".kube/kubectl-mc-clusters.yaml", "hubContext: other")
    asked = "get --context=h --namespace=fleet --output=json clusterprofiles.v1alpha2.multicluster.x-k8s.io"
    register(fp, home, {asked: profiles("c1", "c2", "c3"), "get --context=c2 --all-namespaces=true pods": PODS})
    flags = "--hub-context=h --hub-namespace fleet --clusters=c* --exclude=c1,c3"
    assert run(home, f"get pods {flags} -A").status == 0
    assert started(fp, home) == [asked, "get --context=c2 --all-namespaces=true pods"]


def test_a_kubeconfig_that_is_named_is_the_hub_s_and_the_clusters(fp: FakeProcess, home: Home) -> None:
    path = str(home.folder / ".kube" / "config")
    expected = [hub_line(f"--kubeconfig={path}"), f"get --context=c1 --kubeconfig={path} pods"]
    register(fp, home, {expected[0]: profiles("c1"), expected[1]: PODS})
    assert run(home, f"get pods --kubeconfig {path}").status == 0
    assert started(fp, home) == expected


def test_headers_are_asked_for_and_left_out(fp: FakeProcess, home: Home) -> None:
    register(fp, home, {HUB: profiles("c1"), "get --context=c1 pods": PODS})
    assert run(home, "get pods --no-headers").stdout == "a     c1    1m\n"


def test_sorting_asks_for_the_keys_too(fp: FakeProcess, home: Home) -> None:
    fp.keep_last_process(True)
    register(fp, home, {HUB: profiles("c1", "c2")})
    for name, key in (("c1", "2"), ("c2", "1")):
        asked = [home.kubectl, "get", f"--context={name}", "--sort-by=.x"]
        fp.register([*asked, "pods"], stdout=PODS.encode())
        fp.register([*asked, fp.any(), "pods"], stdout=f"Pod\x1f{key}\x1eList\x1f\x1e".encode())
    assert (
        run(home, "get pods --sort-by=.x").stdout == "NAME   CLUSTER   AGE\na      c2        1m\na      c1        1m\n"
    )


# --- What is said ------------------------------------------------------------------------------------------


def test_what_succeeded_is_shown_beside_what_failed(fp: FakeProcess, home: Home) -> None:
    register(
        fp,
        home,
        {
            HUB: profiles("c1", "c2", "c3"),
            "get --context=c1 pods": PODS,
            "get --context=c2 pods": ("conn-refused",),
            "get --context=c3 pods": ("forbidden",),
        },
    )
    assert run(home, "get pods") == Outcome(
        3,
        "NAME   CLUSTER   AGE\na      c1        1m\n",
        "Error: Failed to query 2 clusters: c2 (connection refused), c3 (forbidden)\n"
        "Showing results from 1/3 clusters:\n",
    )


def test_what_is_nowhere_is_an_error(fp: FakeProcess, home: Home) -> None:
    register(fp, home, {HUB: profiles("c1", "c2")})
    for name in ("c1", "c2"):
        register(fp, home, {f"get --context={name} pod nope": ("get-notfound",)})
    assert run(home, "get pod nope") == Outcome(
        1, "", 'Error from server (NotFound): pods "nope" not found (in all 2 clusters)\n'
    )


CURRENT = "the current context 'kind-dev', used as hub"
NO_HUB = (
    "Without a hub, choose contexts: --contexts='*'. "
    "To keep that for later reads: kubectl mc use --contexts='*'\n"
    "If another context is the hub: --hub-context=NAME. To keep that: kubectl mc setup --hub-context=NAME\n"
)


@pytest.mark.parametrize(
    ("hub", "problem", "advice"),
    [
        (("unknown-resource",), f"{CURRENT}, has no ClusterProfiles: the resource type ", NO_HUB),
        (("conn-refused",), f"Cannot list ClusterProfiles with {CURRENT}: connection refused. ", NO_HUB),
        (("forbidden",), f"{CURRENT}: forbidden. You need to list clusterprofiles.", ""),
        (profiles(), f"{CURRENT}, has no ClusterProfiles, so there is no cluster to ask", NO_HUB),
        ("garbage", f"{CURRENT}, answered the list of ClusterProfiles with something ", ""),
    ],
)
def test_a_hub_without_profiles_is_named_with_what_to_do(
    fp: FakeProcess, home: Home, hub: Any, problem: str, advice: str
) -> None:
    older = HUB.replace("v1alpha2", "v1alpha1")
    register(fp, home, {HUB: hub, older: hub, "config current-context": "kind-dev\n"})
    outcome = run(home, "get pods")
    assert (outcome.status, outcome.stdout) == (1, "")
    first, _, rest = outcome.stderr.partition("\n")
    assert first.startswith(f"Error: {problem}")
    assert rest == advice
    hubs = [HUB, *([older] if hub == ("unknown-resource",) else [])]
    assert started(fp, home) == [*hubs, "config current-context"]


@pytest.mark.parametrize(
    ("words", "advised"),
    [
        ("get pods --clusters=prod-*,dev", "'prod-*,dev'"),
        ("use dev", "dev"),
        ("get pods --clusters=prd", "'*'"),
    ],
)
def test_without_a_hub_the_contexts_that_were_meant_are_advised(
    fp: FakeProcess, home: Home, words: str, advised: str
) -> None:
    older = HUB.replace("v1alpha2", "v1alpha1")
    nothing = ("unknown-resource",)
    contexts = {"config current-context": "dev\n", "config get-contexts -o name": "dev\nprod-1\n"}
    register(fp, home, {HUB: nothing, older: nothing, **contexts})
    outcome = run(home, words)
    assert outcome.status == 1
    assert f"Without a hub, choose contexts: --contexts={advised}. To keep" in outcome.stderr


def test_an_unreachable_hub_s_last_answer_is_used_and_said(fp: FakeProcess, home: Home) -> None:
    register(fp, home, {HUB: profiles("c1"), "get --context=c1 pods": PODS})
    first = run(home, "get pods")
    register(fp, home, {HUB: ("conn-refused",), "get --context=c1 pods": PODS})
    again = run(home, "get pods --refresh")
    assert (again.status, again.stdout) == (first.status, first.stdout)
    assert again.stderr.count("\n") == 1


def test_a_choice_of_nothing_names_the_clusters_and_starts_nothing(fp: FakeProcess, home: Home) -> None:
    register(fp, home, {HUB: profiles("c1", "c2")})
    outcome = run(home, "get pods --clusters=c3,c1")
    assert (outcome.status, outcome.stdout) == (1, "")
    assert outcome.stderr.startswith("Error: no cluster matches 'c3'.")
    assert outcome.stderr.endswith("Known clusters: c1, c2\n")
    assert started(fp, home) == [HUB]


def test_without_a_kubectl_it_is_said_where_to_get_one(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", str(home.folder / "python"))
    (home.folder / "bin" / "kubectl").chmod(0o644)
    outcome = run(home, "get pods")
    assert (outcome.status, outcome.stdout) == (1, "")
    assert outcome.stderr.startswith("Error: kubectl was not found on PATH.")


def test_without_a_kubeconfig_it_is_said_what_to_do(home: Home) -> None:
    (home.folder / ".kube" / "config").unlink()
    assert run(home, "get pods").stderr.startswith("Error: no kubeconfig: ")


def test_a_broken_mapping_is_named_and_nothing_is_started(fp: FakeProcess, home: Home) -> None:
    home.write(".kube/kubectl-mc-clusters.yaml", "clusters: x")
    outcome = run(home, "get pods")
    assert outcome.stderr.startswith(f"Error: {home.folder}/.kube/kubectl-mc-clusters.yaml:1: clusters is not a list.")
    assert started(fp, home) == []


@pytest.mark.parametrize("text", ["delete pod a", "apply -f x", "scale deploy/a --replicas=1", "exec a -- ls"])
def test_a_change_needs_its_clusters_named(fp: FakeProcess, home: Home, text: str) -> None:
    outcome = run(home, text)
    assert (outcome.status, outcome.stdout) == (1, "")
    assert "--all-clusters" in outcome.stderr
    assert started(fp, home) == []


@pytest.mark.parametrize(
    "text", ["get pods", "wait --for=delete pod/a", "describe pod a", "exec a --clusters=c1 -- ls"]
)
@pytest.mark.parametrize("flag", LOG_FLAGS)
def test_flags_about_log_lines_are_for_logs(fp: FakeProcess, home: Home, flag: str, text: str) -> None:
    verb, typed = text.split()[0], f"--{flag}=x" if OWN_FLAGS[flag] else f"--{flag}"
    unchanged = "So nothing was changed\n" if verb == "exec" else ""
    expected = f"Error: --{flag} is for logs, and not for {verb}\n{unchanged}"
    assert run(home, text.replace(verb, f"{verb} {typed}")) == Outcome(1, "", expected)
    assert started(fp, home) == []


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("get pods -o json --where=A=b", "--where is about the columns of a table, and -o json has none. "),
        ("logs a --count-by=A", "--count-by is for tables, such as those of get, events and top, and not for logs\n"),
        ("get pods -w --count-by=A", "--count-by and --watch exclude each other: "),
        ("get pods --where=A", "invalid argument 'A' for --where: it must be COLUMN=VALUE, "),
    ],
)
def test_what_is_no_table_has_no_rows(fp: FakeProcess, home: Home, text: str, problem: str) -> None:
    outcome = run(home, text)
    assert outcome[:2] == (1, "")
    assert outcome.stderr.startswith(f"Error: {problem}")
    assert started(fp, home) == []


def test_where_as_a_default_is_for_tables_only(fp: FakeProcess, home: Home) -> None:
    home.write(".kube/kubectl-mc-clusters.yaml", "defaults: {where: ['NAME=b', 'AGE>30s']}")
    table = {f"get --context={name} pods": "NAME   AGE\na      1m\nb      1m\n" for name in ("c1", "c2")}
    register(fp, home, {HUB: profiles("c1", "c2"), **table})
    assert run(home, "get pods") == Outcome(0, "NAME   CLUSTER   AGE\nb      c1        1m\nb      c2        1m\n", "")
    register(fp, home, {f"get --context={name} --output=name pods": "pod/a\n" for name in ("c1", "c2")})
    assert run(home, "get pods -o name").stdout == "c1\tpod/a\nc2\tpod/a\n"


def test_by_time_as_a_default_is_for_logs_only(fp: FakeProcess, home: Home) -> None:
    home.write(".kube/kubectl-mc-clusters.yaml", "defaults: {by-time: true}")
    stamped = "2026-01-01T00:00:0{}Z line\n"
    logs = [f"logs --context={name} --timestamps=true a" for name in ("c1", "c2")]
    register(fp, home, {HUB: profiles("c1", "c2"), logs[0]: stamped.format(2), logs[1]: stamped.format(1)})
    assert run(home, "logs a") == Outcome(0, "[c2] line\n[c1] line\n", "")
    register(fp, home, {f"get --context={name} pods": PODS for name in ("c1", "c2")})
    assert run(home, "get pods").status == 0


def test_if_present_as_a_default_is_for_the_verbs_that_need_the_object(fp: FakeProcess, home: Home) -> None:
    home.write(".kube/kubectl-mc-clusters.yaml", "defaults: {if-present: true}")
    waits = [f"wait --context={name} --for=delete --output=json pod/a" for name in ("c1", "c2")]
    register(fp, home, {HUB: profiles("c1", "c2"), waits[0]: ("get-notfound",), waits[1]: ""})
    assert run(home, "wait pod/a --for=delete -o json")[::2] == (0, "Passed over 1 cluster: c1 (not found)\n")
    register(fp, home, {f"get --context={name} pods": PODS for name in ("c1", "c2")})
    assert run(home, "get pods").status == 0


def test_a_change_goes_to_the_clusters_named(fp: FakeProcess, home: Home) -> None:
    command, scaled = "scale --context=c1 --replicas=1{} deploy/a", "deployment.apps/a scaled\n"
    changes = {command.format(" --dry-run=server"): scaled, command.format(""): scaled}
    view = {"contexts": [{"name": "c1", "context": {"cluster": "c1"}}], "clusters": [{"name": "c1", "cluster": {}}]}
    answers = {"config view --raw --flatten -o json": json.dumps(view), **changes}
    register(fp, home, {HUB: profiles("c1", "c2"), **answers})
    outcome = run(home, "scale deploy/a --replicas=1 --clusters=c1 --yes")
    assert started(fp, home) == [HUB, *answers]
    assert outcome.status == 0
    assert "deployment.apps/a scaled" in outcome.stdout


# --- With processes that run -------------------------------------------------------------------------------


def stub(home: Home, script: str) -> None:
    home.write("bin/kubectl", "#!/bin/sh\n" + script)
    (home.folder / "bin" / "kubectl").chmod(0o755)
    home.environment["PATH"] += ":/usr/bin:/bin"


@pytest.mark.parametrize("kept", [False, True])
def test_ctrl_c_while_the_hub_is_asked_ends_the_command(home: Home, kept: bool) -> None:
    """Also where an older answer of the hub is there: no cluster is to be asked any more."""
    script = f"case $* in *clusterprofiles*) {{}} ;; *) echo asked >> {home.folder}/asked ;; esac\n"
    if kept:
        stub(home, script.format(f"echo '{profiles('c1')}'"))
        assert run(home, "get pods").status == 0
        (home.folder / "asked").unlink()
    stub(home, script.format("kill -INT $PPID; exec sleep 1000"))
    assert run(home, "get pods --refresh") == Outcome(130, "", "Error: interrupted while waiting for the hub\n")
    assert not (home.folder / "asked").exists()


def test_after_ctrl_c_a_cluster_that_lacks_a_type_is_not_asked_for_the_others(home: Home) -> None:
    """c1 would be asked for the other type; c2 is interrupted."""
    script = f"""case $* in
        *clusterprofiles*) echo '{profiles("c1", "c2", "c3")}' ;;
        get*c1*)
            echo asked >> {home.folder}/asked
            echo "error: the server doesn't have a resource type \\"x\\"" >&2
            exit 1 ;;
        get*c3*) kill -INT $PPID; exec sleep 1000 ;;
        get*c2*) printf 'NAME   AGE\\na      1m\\n' ;;
    esac
    """
    stub(home, script)
    shown = run(home, "get pods,x --max-parallel=1")
    assert (shown.status, shown.stdout) == (130, "NAME   CLUSTER   AGE\na      c2        1m\n")
    assert "c1 (interrupted), c3 (interrupted)" in shown.stderr
    assert (home.folder / "asked").read_text() == "asked\n"


def test_ctrl_c_while_names_are_looked_up_asks_for_nothing_more(home: Home) -> None:
    script = f"""case $* in
        *clusterprofiles*) echo '{profiles("c1", "c2")}' ;;
        get*c1*) echo v1 Pod shop web-1 ;;
        get*c2*) kill -INT $PPID; exec sleep 1000 ;;
        *describe*) echo asked >> {home.folder}/asked ;;
    esac
    """
    stub(home, script)
    shown = run(home, "describe pod web-* --max-parallel=1")
    assert (shown.status, shown.stdout) == (130, "")
    assert "c1 (interrupted), c2 (interrupted)" in shown.stderr
    assert not (home.folder / "asked").exists()


def test_each_kubectl_finds_what_was_given_on_stdin(home: Home) -> None:
    stub(home, f"case $* in *clusterprofiles*) echo '{profiles('c1', 'c2')}' ;; config*) ;; *) cat ;; esac\n")
    outcome = run(home, "apply -f - --all-clusters --yes", stdin=b"given\n")
    assert outcome.stdout.count("given") == 2


def test_a_large_kubeconfig_is_split_so_that_each_kubectl_reads_its_own(home: Home) -> None:
    view = {
        "clusters": [{"name": name, "cluster": {"server": f"https://{name}"}} for name in ("c1", "c2")],
        "contexts": [{"name": name, "context": {"cluster": name}} for name in ("c1", "c2")],
    }
    home.write(".kube/config", "#" * 1_000_000)
    stub(
        home,
        f"case $* in *clusterprofiles*) echo '{profiles('c1', 'c2')}' ;; config*) echo '{json.dumps(view)}' ;;\n"
        '*) echo "$*: $(cat "$KUBECONFIG")" ;; esac\n',
    )
    lines = run(home, "describe pods").stdout.splitlines()
    configs = [json.loads(line.partition(" pods: ")[2]) for line in lines if line.startswith("describe")]
    assert [config["clusters"][0]["cluster"]["server"] for config in configs] == ["https://c1", "https://c2"]
    assert not any("https://c2" in json.dumps(config) for config in configs[:1])
