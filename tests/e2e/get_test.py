# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""`kubectl mc get` with real kubectl: what is merged, passed through, and said when a part of the fleet fails."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from tests.e2e.conftest import KYAML, MEMBERS, Shell, needs

ANNOTATION = "kubectl-mc.k8s.io/cluster"


def without_ages(text: str) -> str:
    """Times since something happened go on between two commands; their width may, too."""
    return re.sub(r"\b(\d+[smhd])+\b *", "AGE", text)


def without_cluster(text: str, cluster: str) -> list[list[str]]:
    return [[cell for cell in line.split() if cell not in ("CLUSTER", cluster)] for line in text.splitlines()]


@pytest.mark.parametrize(
    "arguments",
    [
        "get pods",
        "get pods -A",
        "get pods -A -o wide",
        "get pods -nshop -owide",
        "-n shop get pods --show-labels",
        "get po --namespace=shop -L app,tier",
        "get pods --namespace shop -l app=cart",
        "get pods -n shop --field-selector=status.phase=Running --no-headers",
        "get deploy,svc -n shop",
        "get deploy/cart svc/cart -n shop",
        "get all -n shop",
        "get nodes -o wide",
        "get events -n shop",
        "get pv",
        "get widgets.example.com -A -o wide",
        "get pods -n shop -o custom-columns=N:.metadata.name,I:.spec.containers[*].image",
        "get pods -n shop --sort-by=.metadata.name",
        "get cm -n shop --request-timeout=20s",
    ],
)
def test_one_cluster_shows_what_kubectl_shows(members: Shell, arguments: str) -> None:
    words = arguments.split()
    ours, theirs = members.mc(*words, "--clusters=c1"), members.kubectl("--context", "c1", *words)
    assert (ours.status, ours.stderr) == (theirs.status, theirs.stderr)
    shown = without_cluster(without_ages(ours.stdout), "c1")
    assert shown == [line.split() for line in without_ages(theirs.stdout).splitlines()]


def test_cluster_comes_after_name_and_clusters_in_natural_order(members: Shell) -> None:
    done = members.mc("get", "pods", "-A")
    assert done.rows[0] == ["NAMESPACE", "NAME", "CLUSTER", "READY", "STATUS", "RESTARTS", "AGE"]
    clusters = [row[2] for row in done.rows[1:]]
    assert clusters == sorted(clusters)
    assert set(clusters) == set(MEMBERS)
    assert (done.status, done.stderr) == (0, "")


def test_cluster_comes_first_in_a_table_without_name(members: Shell) -> None:
    done = members.mc("get", "events", "-n", "shop")
    assert done.stdout.startswith("CLUSTER   LAST SEEN")


def test_columns_of_different_versions_are_united_by_name(members: Shell) -> None:
    done = members.mc("get", "widgets.example.com", "-A")
    header = done.stdout.splitlines()[0].split()
    assert header == ["NAMESPACE", "NAME", "CLUSTER", "SIZE", "PHASE", "ZONE", "AGE"]
    ages = {row[2]: row[-1] for row in done.rows[1:]}
    assert set(ages) == {"c1", "c2"}
    assert all(re.fullmatch(r"[\dsmhd]+", age) for age in ages.values())


def test_cells_with_two_spaces_stay_whole(members: Shell) -> None:
    done = members.mc("get", "widgets", "-n", "shop", "-o", "wide")
    assert "has  two spaces" in done.stdout


def test_several_tables_are_merged_one_by_one(members: Shell) -> None:
    done = members.mc("get", "deploy,svc", "-n", "shop")
    deployments, services = done.stdout.split("\n\n")
    assert [line.split()[1] for line in deployments.splitlines()] == ["CLUSTER", *MEMBERS]
    assert {line.split()[0] for line in services.splitlines()[1:]} == {"service/cart", "service/cart-lb"}


@pytest.mark.parametrize("output", ["json", "yaml"])
@pytest.mark.parametrize("what", [("pods", "-A"), ("deploy/cart", "-n", "shop"), ("deploy,cm", "-n", "shop")])
def test_objects_are_one_list_annotated_and_otherwise_untouched(
    members: Shell, output: str, what: tuple[str, ...]
) -> None:
    load = json.loads if output == "json" else yaml.safe_load
    done = members.mc("get", *what, "-o", output)
    merged = load(done.stdout)
    assert (merged["apiVersion"], merged["kind"], done.stderr) == ("v1", "List", "")
    for cluster in MEMBERS:
        theirs = load(members.kubectl("--context", cluster, "get", *what, "-o", output).stdout)
        expected = theirs["items"] if theirs["kind"] == "List" else [theirs]
        ours = [item for item in merged["items"] if item["metadata"]["annotations"].get(ANNOTATION) == cluster]
        for item, original in zip(ours, expected, strict=True):
            del item["metadata"]["annotations"][ANNOTATION]
            assert item["metadata"]["annotations"] == original["metadata"].get("annotations", {})
            original["metadata"].setdefault("annotations", {})
            assert item == original


def test_a_list_is_fit_for_kubectl_apply(members: Shell) -> None:
    listed = members.mc("get", "configmaps", "-n", "shop", "-o", "yaml", "--clusters=c1").stdout
    document = yaml.safe_load(listed)
    assert {item["kind"] for item in document["items"]} == {"ConfigMap"}


def test_no_objects_anywhere_is_an_empty_list(members: Shell) -> None:
    done = members.mc("get", "pods", "-A", "-l", "nothing=here", "-o", "json")
    assert json.loads(done.stdout)["items"] == []


def test_names_carry_their_cluster(members: Shell) -> None:
    done = members.mc("get", "deploy", "-n", "shop", "-o", "name")
    assert done.stdout == "".join(f"{cluster}\tdeployment.apps/cart\n" for cluster in MEMBERS)


@pytest.mark.parametrize(
    "output", ["jsonpath={.items[*].metadata.name}", "go-template={{range .items}}{{.metadata.name}}{{end}}"]
)
def test_templates_give_a_line_per_cluster(members: Shell, output: str) -> None:
    done = members.mc("get", "deploy", "-n", "shop", "-o", output)
    assert done.stdout == "".join(f"{cluster}\tcart\n" for cluster in MEMBERS)


def test_sort_by_sorts_the_whole_fleet(members: Shell) -> None:
    def created(cluster: str) -> str:
        query = ("get", "nodes", "-o", "jsonpath={.items[0].metadata.creationTimestamp}")
        return members.kubectl("--context", cluster, *query).stdout

    done = members.mc("get", "nodes", "--sort-by=.metadata.creationTimestamp")
    assert [row[1] for row in done.rows[1:]] == sorted(MEMBERS, key=created)
    listed = json.loads(members.mc("get", "nodes", "--sort-by={.metadata.creationTimestamp}", "-o", "json").stdout)
    times = [item["metadata"]["creationTimestamp"] for item in listed["items"]]
    assert times == sorted(times)


def test_sort_by_of_events_which_have_no_name_column(members: Shell) -> None:
    query = ("get", "events", "-A", "--sort-by=.metadata.creationTimestamp")
    done = members.mc(*query, "-o", "custom-columns=T:.metadata.creationTimestamp")
    times = [row[1] for row in done.rows[1:]]
    assert times == sorted(times)


def test_a_cluster_where_no_object_has_the_field_has_failed(changing: Shell) -> None:
    """kubectl prints nothing, as a table, and an error in all other forms."""
    changing.kubectl("--context", "c1", "label", "pod", "solo", "-n", "shop", "x=1")
    query = ("get", "pods", "-n", "shop", "--sort-by=.metadata.labels.x")
    for form in (("--no-headers",), ("-o", "name")):
        done = changing.mc(*query, *form)
        own = changing.kubectl("--context", "c1", *query, *form)
        assert [row[0] if form[0] == "--no-headers" else row[1] for row in done.rows] == [row[0] for row in own.rows]
        assert done.status == 3
        reason = 'couldn\'t find any field with path "{.metadata.labels.x}" in the list of objects'
        assert f"Failed to query 2 clusters: c2, c3 ({reason})" in done.stderr


def test_a_mistake_in_the_order_is_told_in_the_words_that_were_typed(members: Shell) -> None:
    """Without objects, only the kubectls that print the sort keys look at the expression."""
    done = members.mc("get", "pods", "-n", "nowhere", "--sort-by=.metadata.[")
    assert (done.status, done.stdout) == (1, "")
    assert "error parsing jsonpath .metadata.[, " in done.stderr
    assert "range" not in done.stderr


def test_what_no_object_has_is_no_order(members: Shell) -> None:
    query = ("get", "pods", "-A", "--sort-by=.metadata.labels.nothing")
    done = members.mc(*query)
    assert (done.status, done.stdout) == (1, "")
    assert done.stderr == members.kubectl("--context", "c1", *query, "-o", "name").stderr


@pytest.mark.parametrize(
    "template",
    ["jsonpath={.items[-1:].metadata.name}", 'go-template={{range .items}}{{.metadata.name}}{{"\\n\\n"}}{{end}}'],
)
def test_a_template_gets_the_objects_in_kubectls_order(members: Shell, template: str) -> None:
    query = ("get", "cm", "-n", "shop", "--sort-by=.metadata.creationTimestamp", "-o", template)
    done = members.mc(*query)
    own = [(name, members.kubectl("--context", name, *query).stdout) for name in MEMBERS]
    assert done.stdout == "".join(
        f"{name}\t{line}\n" for name, text in own for line in text.removesuffix("\n").split("\n")
    )


NGINX = "server {\n  listen   80;\n\n   location / {   root   /;   }\n}"


def test_values_of_several_lines_are_read_exactly(changing: Shell) -> None:
    for cluster, conf, other in (("c1", NGINX, "v"), ("c2", "   first\nsettings   x   y", "a\nb"), ("c3", "x", "y")):
        literals = (f"--from-literal=conf={conf}", f"--from-literal=other={other}")
        changing.kubectl("--context", cluster, "create", "cm", "nginx", "-n", "shop", *literals)
    columns = "custom-columns=NAME:.metadata.name,CONF:.data.conf,OTHER:.data.other"
    done = changing.mc("get", "cm", "nginx", "settings", "-n", "shop", "-o", columns)
    lines = [
        ("NAME", "CLUSTER", "CONF", "OTHER"),
        ("nginx", "c1", "server {", "v"),
        ("", "c1", "  listen   80;", ""),
        ("", "c1", "", ""),
        ("", "c1", "   location / {   root   /;   }", ""),
        ("", "c1", "}", ""),
        ("settings", "c1", "<none>", "<none>"),
        ("nginx", "c2", "   first", "a"),
        ("", "c2", "settings   x   y", ""),
        ("", "c2", "", "b"),
        ("settings", "c2", "<none>", "<none>"),
        ("nginx", "c3", "x", "y"),
        ("settings", "c3", "<none>", "<none>"),
    ]
    assert done.stdout == "".join("{:11}{:10}{:34}{}\n".format(*line) for line in lines)
    file = changing.fleet.home / "columns"
    file.write_text("NAME            CONF       OTHER\n.metadata.name  .data.conf .data.other\n")
    in_file = changing.mc("get", "cm", "nginx", "settings", "-n", "shop", "-o", f"custom-columns-file={file}")
    assert in_file.stdout == done.stdout


def test_events_are_in_the_order_of_time_and_keep_their_lines(changing: Shell) -> None:
    message = "Error: exit 1\n  at   foo.c:3   main\ndone"
    for minute, cluster in enumerate(reversed(MEMBERS)):
        event = {
            "apiVersion": "v1", "kind": "Event", "metadata": {"name": "e", "namespace": "shop"}, "type": "Warning",
            "reason": "Failed", "message": message, "lastTimestamp": f"2020-01-01T00:0{minute}:00Z",
            "involvedObject": {"kind": "Pod", "name": "p", "namespace": "shop"},
        }  # fmt: skip
        (changing.fleet.home / "event.json").write_text(json.dumps(event))
        changing.kubectl("--context", cluster, "create", "-f", str(changing.fleet.home / "event.json"))
    shown = changing.mc("events", "-n", "shop").stdout.splitlines()
    start = shown[0].index("MESSAGE")
    lines = [(line.split()[0], line[start:]) for line in shown[1:10]]
    assert lines == [(cluster, line) for cluster in reversed(MEMBERS) for line in message.split("\n")]
    for cluster in MEMBERS:
        own = changing.kubectl("--context", cluster, "events", "-n", "shop").stdout.splitlines()
        rows = [line[start:] for line in shown[10:] if line.startswith(f"{cluster} ")]
        assert [line.split("   ")[-1].strip() for line in own[4:]] == rows


@needs("faults")
def test_a_cluster_whose_order_is_not_known_has_failed(members: Shell) -> None:
    with members.fault("c2", "hang-on-nth:2"):
        done = members.mc(
            "get", "pods", "-n", "shop", "--sort-by=.metadata.name", "--max-parallel=1", "--cluster-timeout=3s"
        )
    assert done.status == 3
    assert "Failed to query 1 cluster: c2 (timed out after 3s)" in done.stderr
    assert {row[1] for row in done.rows[1:]} == {"c1", "c3"}


@pytest.mark.parametrize("spec", [":metadata.name", ":metadata.name,THE   TIME:.metadata.uid"])
@pytest.mark.parametrize("flags", [(), ("--no-headers",)])
def test_custom_columns_may_hide_their_headers(members: Shell, spec: str, flags: tuple[str, ...]) -> None:
    done = members.mc("get", "pods", "-n", "shop", *flags, "-o", f"custom-columns={spec}")
    expected = [
        [name, *row]
        for name in MEMBERS
        for row in members.kubectl(
            "--context", name, "get", "pods", "-n", "shop", "-o", f"custom-columns={spec}", "--no-headers"
        ).rows
    ]
    assert (done.status, done.rows[0 if flags else 1 :]) == (0, expected)


def test_of_several_types_a_cluster_shows_those_that_it_has(members: Shell) -> None:
    """c3 has no Widgets, for which its kubectl refuses the whole command."""
    done = members.mc("get", "widgets,pods", "-n", "shop")
    assert (done.status, done.stderr) == (0, "")
    pods = {row[1] for row in done.rows if row and row[0].startswith("pod/")}
    widgets = {row[1] for row in done.rows if row and row[0].startswith("widget.example.com/")}
    assert (pods, widgets) == (set(MEMBERS), {"c1", "c2"})
    assert len(members.mc("get", "pods,widgets", "-n", "shop", "-o", "name").rows) == sum(
        row != [] and row[0] != "NAME" for row in done.rows
    )
    nowhere = members.mc("get", "pods,nonsense", "-n", "shop")
    assert nowhere.status == 1
    assert nowhere.stderr == 'error: the server doesn\'t have a resource type "nonsense" (in all 3 clusters)\n'


def test_objects_stand_in_the_table_of_their_type(changing: Shell) -> None:
    """Both types have the same columns; kubectl doesn't name the type where it finds one only."""
    rule = ("--verb=get", "--resource=pods")
    for cluster in ("c1", "c2"):
        changing.kubectl("--context", cluster, "create", "clusterrole", "wide", *rule)
    changing.kubectl("--context", "c1", "create", "role", "narrow", *rule)
    done = changing.mc("get", "role/narrow", "clusterrole/wide", "--clusters=c1,c2")
    assert [row[:2] for row in done.rows if row and row[0] != "NAME"] == [
        ["role.rbac.authorization.k8s.io/narrow", "c1"],
        ["clusterrole.rbac.authorization.k8s.io/wide", "c1"],
        ["clusterrole.rbac.authorization.k8s.io/wide", "c2"],
    ]


def test_types_may_be_spelt_in_capitals(members: Shell) -> None:
    assert json.loads(members.mc("get", "pods", "-n", "shop", "-o", "JSON").stdout)["kind"] == "List"
    assert members.mc("get", "pods", "-n", "shop", "-o", "NAME") == members.mc("get", "pods", "-n", "shop", "-oname")


def test_no_resources_is_said_once(members: Shell) -> None:
    done = members.mc("get", "pods", "-n", "nowhere")
    assert (done.status, done.stdout, done.stderr) == (0, "", "No resources found in nowhere namespace.\n")


def test_an_object_that_one_cluster_has_is_no_error(members: Shell) -> None:
    done = members.mc("get", "pod", "solo", "-n", "shop")
    assert [row[:2] for row in done.rows[1:]] == [["solo", "c1"]]
    assert (done.status, done.stderr) == (0, "")


def test_an_object_that_no_cluster_has_is_one(members: Shell) -> None:
    done = members.mc("get", "pod", "nope", "-n", "shop")
    assert (done.status, done.stdout) == (1, "")
    assert done.stderr == 'Error from server (NotFound): pods "nope" not found (in all 3 clusters)\n'


def test_of_two_names_the_missing_one_is_an_error(members: Shell) -> None:
    done = members.mc("get", "deploy", "cart", "nope", "-n", "shop")
    assert {row[1] for row in done.rows[1:]} == set(MEMBERS)
    assert done.status == 1
    assert '"nope" not found' in done.stderr


def test_a_resource_type_that_some_clusters_lack_is_no_error(members: Shell) -> None:
    done = members.mc("get", "widgets", "-A")
    assert (done.status, done.stderr) == (0, "")
    lacking = members.mc("get", "widgets", "-A", "--clusters=c3")
    assert lacking.status == 1
    assert "doesn't have a resource type" in lacking.stderr


def test_a_wrong_command_is_said_once_in_kubectls_words(members: Shell) -> None:
    ours, theirs = members.mc("get", "pods", "--nope"), members.kubectl("--context", "c1", "get", "pods", "--nope")
    assert (ours.status, ours.stdout, ours.stderr) == (1, "", theirs.stderr)


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("refuse", "connection refused"),
        ("tls", "TLS error"),
        ("unauthorized", "unauthorized"),
        ("forbidden", "forbidden"),
        ("500", "server error: Internal error occurred: simulated failure"),
    ],
)
def test_a_failing_cluster_is_named_and_the_others_shown(members: Shell, fault: str, reason: str) -> None:
    with members.fault("c2", fault):
        done = members.mc("get", "nodes")
    assert {row[1] for row in done.rows[1:]} == {"c1", "c3"}
    assert done.status == 3
    assert done.stderr == f"Error: Failed to query 1 cluster: c2 ({reason})\nShowing results from 2/3 clusters:\n"


FORMS = ["json", "yaml", KYAML, "jsonpath-as-json={.items}", "name"]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "words", ["get cm", "get cm nope", "wait cm/settings --for=jsonpath={.a}=b", "label cm a b=c --dry-run=server"]
)
def test_there_is_no_document_where_no_cluster_answers(members: Shell, words: str, form: str) -> None:
    """kubectl itself prints an empty List, also if its server is down."""
    with members.fault("c1", "refuse"), members.fault("c2", "refuse"), members.fault("c3", "refuse"):
        done = members.mc(*words.split(), "-o", form, "--all-clusters")
    reasons = ", ".join(f"{cluster} (connection refused)" for cluster in MEMBERS)
    assert (done.status, done.stdout) == (1, "")
    assert done.stderr.endswith(f" 3 clusters: {reasons}\n")


@pytest.mark.parametrize("form", FORMS)
def test_what_a_failed_cluster_prints_of_nothing_is_no_result(members: Shell, form: str) -> None:
    with members.fault("c2", "refuse"):
        done = members.mc("get", "cm", "-n", "shop", "-o", form)
    assert done.status == 3
    assert done.stderr.endswith("c2 (connection refused)\nShowing results from 2/3 clusters:\n")
    assert ("c1" in done.stdout, "c2" in done.stdout) == (True, False)


@pytest.mark.parametrize("fault", ["cut", "garbage"])
def test_nonsense_from_a_cluster_is_its_own_failure(members: Shell, fault: str) -> None:
    with members.fault("c2", fault):
        done = members.mc("get", "nodes")
    assert {row[1] for row in done.rows[1:]} == {"c1", "c3"}
    assert re.match(r"Error: Failed to query 1 cluster: c2 \(.+\)\n", done.stderr)


def test_a_cluster_that_hangs_is_given_up_and_hides_nobody(members: Shell) -> None:
    with members.fault("c2", "hang"):
        done = members.mc("get", "nodes", "--cluster-timeout=2s")
    assert {row[1] for row in done.rows[1:]} == {"c1", "c3"}
    assert "c2 (timed out after 2s)" in done.stderr
    assert done.status == 3


def test_kubectls_own_timeout_is_recognised(members: Shell) -> None:
    with members.fault("c2", "hang"):
        done = members.mc("get", "nodes", "--request-timeout=1s")
    assert "c2 (connection timeout)" in done.stderr


def test_verbose_shows_each_clusters_own_words(members: Shell) -> None:
    with members.fault("c2", "refuse"):
        done = members.mc("get", "nodes", "--verbose")
    assert re.search(r"^c2: The connection to the server .* was refused", done.stderr, re.MULTILINE)


def test_selection_by_glob_and_exclusion(members: Shell) -> None:
    done = members.mc("get", "nodes", "--clusters=c*", "--exclude", "c2")
    assert {row[1] for row in done.rows[1:]} == {"c1", "c3"}


def test_a_profile_without_mapping_uses_the_context_of_its_name(fresh_home: Callable[..., Shell]) -> None:
    user = fresh_home(mapping="hubContext: hub\nclusters: []\n")
    assert {row[1] for row in user.mc("get", "nodes").rows[1:]} == set(MEMBERS)


def test_a_cluster_without_context_is_named_with_what_mends_it(fresh_home: Callable[..., Shell]) -> None:
    user = fresh_home(mapping="hubContext: hub\nclusters: [{name: c2, context: gone}]\n")
    done = user.mc("get", "nodes")
    assert "c2 (no context)" in done.stderr
    assert "To map c2 to a context of yours: kubectl mc setup\n" in done.stderr
    assert {row[1] for row in done.rows[1:]} == {"c1", "c3"}


def test_the_short_mapping_file_and_the_hub_by_flag(fresh_home: Callable[..., Shell]) -> None:
    user = fresh_home()
    home = user.environment["HOME"]
    with open(f"{home}/.kube/kubectl-mc.yaml", "w") as file:
        file.write("clusters: [{profile: c1, context: viewer-c1}]\n")
    done = user.mc("get", "secrets", "-n", "shop", "--hub-context=hub", "--clusters=c1")
    assert done.stderr == user.kubectl("--context", "viewer-c1", "get", "secrets", "-n", "shop").stderr
    assert "(Forbidden)" in done.stderr


def test_bad_hubs_are_said_with_what_to_do(members: Shell, fresh_home: Callable[..., Shell]) -> None:
    user = fresh_home()
    no_crd = user.mc("get", "pods", "--hub-context=c1")
    assert no_crd.status == 1
    assert "clusterprofiles.multicluster.x-k8s.io is not installed" in no_crd.stderr
    assert "--hub-context" in user.mc("get", "pods", "--hub-context=nope").stderr
    empty = user.mc("get", "pods", "--hub-context=hub", "--hub-namespace=default")
    assert "no ClusterProfiles in namespace default" in empty.stderr


def test_an_old_inventory_is_used_with_a_warning_when_the_hub_is_down(fresh_home: Callable[..., Shell]) -> None:
    user = fresh_home(mapping="hubContext: hub\n")
    assert user.mc("get", "nodes").status == 0
    with user.fault("hub", "refuse"):
        cached = user.mc("get", "nodes")
        asked = user.mc("get", "nodes", "--refresh")
    assert (cached.status, cached.stderr) == (0, "")
    assert without_ages(asked.stdout) == without_ages(cached.stdout)
    assert "can't be asked" in asked.stderr


def test_the_users_kubectl_may_be_a_script(members: Shell, tmp_path: Path) -> None:
    """As asdf and nix make it; bash complains of a locale that the system lacks, whatever it then runs."""
    shim = tmp_path / "kubectl"
    shim.write_text(f'#!/usr/bin/env bash\nPATH={members.environment["PATH"]}\nexec kubectl "$@"\n')
    shim.chmod(0o755)
    path = {"PATH": f"{tmp_path}:{members.environment['PATH']}"}
    assert members.mc("get", "pod", "solo", "-n", "shop", env=path) == members.mc("get", "pod", "solo", "-n", "shop")


def test_a_kubeconfig_that_is_not_there_is_named(members: Shell) -> None:
    done = members.mc("get", "pods", "--kubeconfig=/nonexistent/config")
    assert done == (1, "", "Error: no kubeconfig: the file of --kubeconfig, /nonexistent/config, doesn't exist\n")


def test_a_cluster_whose_login_is_missing_is_one_that_failed(members: Shell, tmp_path: Path) -> None:
    """kubectl asks for a user name on stdout, which is no row, and no answer to `-o json`."""
    own = {"KUBECONFIG": str(tmp_path / "config")}
    Path(own["KUBECONFIG"]).write_bytes(members.fleet.kubeconfig.read_bytes())
    members.kubectl("config", "set-context", "nobody", "--cluster=c1", env=own)
    done = members.mc("get", "nodes", "--contexts=c1,nobody", "-o", "json", env=own)
    reason = "login failed: the kubeconfig has no credentials for it"
    assert done.stderr == f"Error: Failed to query 1 cluster: nobody ({reason})\nShowing results from 1/2 clusters:\n"
    assert (done.status, json.loads(done.stdout)["kind"]) == (3, "List")
    assert members.mc("get", "nodes", "--contexts=nobody", env=own) == (1, "", f"error: {reason}\n")


def test_a_lone_object_without_the_field_needs_no_order(members: Shell) -> None:
    """As kubectl, which doesn't sort one object."""
    done = members.mc("get", "deploy", "cart", "-n", "shop", "--sort-by=.spec.nothing")
    assert (done.status, done.stderr) == (0, "")
    assert {row[0] for row in done.rows[1:]} == {"cart"}


def test_no_order_hides_no_failure(members: Shell) -> None:
    with members.fault("c2", "refuse"):
        done = members.mc("get", "pods", "-A", "--sort-by=.spec.nothing")
    assert (done.status, done.stdout) == (1, "")
    assert "Error: Failed to query 3 clusters: c1, c3 (couldn't find any field" in done.stderr
