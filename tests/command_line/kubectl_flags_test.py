# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""The table of kubectl's flags: how help is read, what the table says, and that kubectl still agrees."""

import re
import shutil

import pytest

from kubectl_mc.command_line.kubectl_flags import ALIASES, FLAGS, VERSIONS
from tests.flags_generate import (
    FLAGS_MODULE,
    HIDDEN,
    LATE,
    Answer,
    Flag,
    Table,
    ask,
    mark,
    merge,
    needs_value,
    parse_aliases,
    parse_commands,
    parse_flags,
    parse_version,
    render,
)

# Excerpts of what kubectl prints; "→" stands for a tab, as help texts indent descriptions with one.
ROOT = """\
kubectl controls the Kubernetes cluster manager.

 Find more information at: https://kubernetes.io/docs/reference/kubectl/

Basic Commands (Beginner):
  create          Create a resource from a file or from stdin
  run             Run a particular image on the cluster

Troubleshooting and Debugging Commands:
  port-forward    Forward one or more local ports to a pod

Subcommands provided by plugins:
  mc              The command mc is a plugin installed by the user

Other Commands:
  api-resources   Print the supported API resources on the server

Usage:
  kubectl [flags] [options]

Use "kubectl <command> --help" for more information about a given command.
"""

CONFIGMAP = """\
Create a config map based on a file, directory, or specified literal value.

Aliases:
configmap, cm

Examples:
  # Create a new config map named my-config based on folder bar
  kubectl create configmap my-config --from-file=path/to/bar

Options:
    --append-hash=false:
→Append a hash of the configmap to its name.

    --dry-run='none':
→Must be "none", "server", or "client". If client strategy, only print the object that would be sent,
→--without sending it=:

    -o, --output='':
→Output format. One of: (json, yaml, kyaml, name).

Usage:
  kubectl create configmap NAME [--from-file=[key=]source] [--dry-run=server|client|none] [options]

Use "kubectl options" for a list of global command-line options (applies to all commands).
""".replace("→", "\t")

SERVICE = """\
Create a service using a specified subcommand.

Aliases:
service, svc

Available Commands:
  clusterip     Create a ClusterIP service
  externalname  Create an ExternalName service

Usage:
  kubectl create service [flags] [options]
"""

# The layout of kubectl before 1.25.
ONE_LINE_EACH = """\
Options:
      --all=false: Select all resources, in the namespace of the specified resource types
  -f, --filename=[]: Filename, directory, or URL to files: identifying the resource
      --sort-by='{.metadata.name}: x': Sort by
"""

GLOBAL = """\
The following options can be passed to any command:

    --as-group=[]:
→Group to impersonate for the operation, this flag can be repeated to specify multiple groups.

    -v, --v=0:
→number for the log level verbosity

    --vmodule=:
→comma-separated list of pattern=N settings for file-filtered logging
""".replace("→", "\t")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            CONFIGMAP, {"append-hash": ("", "false"), "dry-run": ("", "'none'"), "output": ("o", "''")}, id="command"
        ),
        pytest.param(GLOBAL, {"as-group": ("", "[]"), "v": ("v", "0"), "vmodule": ("", "")}, id="kubectl options"),
        pytest.param(
            ONE_LINE_EACH,
            {"all": ("", "false"), "filename": ("f", "[]"), "sort-by": ("", "'{.metadata.name}: x'")},
            id="old layout",
        ),
        pytest.param(ROOT, {}, id="no flags"),
        pytest.param("", {}, id="no help"),
    ],
)
def test_parse_flags(text: str, expected: dict[str, tuple[str, str]]) -> None:
    assert parse_flags(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(ROOT, ["create", "run", "port-forward", "api-resources"], id="no plugins"),
        pytest.param(SERVICE, ["clusterip", "externalname"], id="available commands"),
        pytest.param(CONFIGMAP, [], id="leaf"),
    ],
)
def test_parse_commands(text: str, expected: list[str]) -> None:
    assert parse_commands(text) == expected


@pytest.mark.parametrize(("text", "expected"), [(SERVICE, ["service", "svc"]), (ROOT, [])])
def test_parse_aliases(text: str, expected: list[str]) -> None:
    assert parse_aliases(text) == expected


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ("Client Version: v1.37.1\nKustomize Version: v5.8.0\n", "1.37.1"),
        ("Client Version: v1.32.4-dispatcher\n", "1.32.4"),
    ],
)
def test_parse_version(output: str, expected: str) -> None:
    assert parse_version(output) == expected


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Answer(0, "Display one or many resources.\n", ""), False),
        (Answer(1, "", "error: flag needs an argument: --output\nSee 'kubectl get --help' for usage.\n"), True),
        (Answer(1, "", "error occurred while applying preferences kuberc file is not found\n"), True),
    ],
)
def test_needs_value(answer: Answer, expected: bool) -> None:
    assert needs_value(answer) is expected


def test_needs_value_does_not_guess() -> None:
    with pytest.raises(ValueError, match="unknown flag: --nope"):
        needs_value(Answer(1, "", "error: unknown flag: --nope\n"))


def one(version: str, *flags: Flag, **aliases: str) -> Table:
    return Table((version,), {"get": flags}, aliases)


@pytest.mark.parametrize(
    ("older", "newer", "merged", "notes"),
    [
        pytest.param(
            [Flag("gone"), Flag("watch", "w")],
            [Flag("watch", "w"), Flag("all")],
            [Flag("all", mark="~"), Flag("gone", mark="~"), Flag("watch", "w")],
            [],
            id="union",
        ),
        pytest.param([Flag("all", "A")], [Flag("all")], [Flag("all", "A")], [], id="lost its shorthand"),
        pytest.param([Flag("all")], [Flag("all", "A")], [Flag("all", "A")], [], id="got a shorthand"),
        pytest.param(
            [Flag("dry-run")],
            [Flag("dry-run", mark="=")],
            [Flag("dry-run", mark="=")],
            ["kubectl 1.9.3: 'get' has dry-run, newer: dry-run="],
            id="value or not",
        ),
        pytest.param(
            [Flag("port", "p", "=")],
            [Flag("patch", "p", "=")],
            [Flag("patch", "p", "=~"), Flag("port", "", "=~")],
            ["kubectl 1.9.3: 'get' has p,port=, newer: port="],
            id="shorthand of another flag",
        ),
    ],
)
def test_merge(older: list[Flag], newer: list[Flag], merged: list[Flag], notes: list[str]) -> None:
    # 1.9 comes before 1.10, and the order of the arguments does not matter.
    tables = [one("1.9.3", *older), one("1.10.0", *newer)]
    expected = Table(("1.9.3", "1.10.0"), {"get": tuple(merged)}, {})
    assert merge(tables) == merge(tables[::-1]) == (expected, notes)


def test_merge_aliases() -> None:
    table, notes = merge([one("1.9.3", a="get", b="get"), one("1.10.0", b="edit")])
    assert table.aliases == {"a": "get", "b": "edit"}
    assert notes == ["kubectl 1.9.3: 'b' is 'get', newer: 'edit'"]


def test_render_one_version() -> None:
    module = render(one("1.10.0", Flag("all", "A"), Flag("filename", "f", "=*"), g="get"))
    assert 'VERSIONS = "1.10.0"\n' in module
    assert "\nget|A,all f,filename=*\n" in module
    assert "\ng|get\n" in module


def flags_of(path: str) -> dict[str, Flag]:
    """What the checked-in table says: name -> Flag."""
    matches = (re.fullmatch(r"(?:(.),)?([\w.-]+)(.*)", word) for word in FLAGS[path].split())
    flags = (Flag(match[2], match[1] or "", match[3]) for match in matches if match)
    return {flag.name: flag for flag in flags}


def test_flags_that_no_help_lists_are_there() -> None:
    assert {"record", "applyset", "prune-whitelist"} <= flags_of("apply").keys()
    assert all({word.rstrip("=*~") for word in words} <= flags_of(path).keys() for path, words in HIDDEN.items())


@pytest.mark.parametrize(
    ("path", "name", "default", "takes_value", "expected"),
    [
        ("get", "watch", "false", False, ""),
        ("delete", "dry-run", "'none'", False, "?unchanged"),
        ("delete", "filename", "[]", True, "=*"),
        ("port-forward", "address", "[localhost]", True, "=*"),
        ("scale", "replicas", "0", True, "=!"),
        ("delete", "timeout", "0s", True, "=!"),
        ("get", "output", "''", True, "="),
        ("create clusterrole", "aggregation-rule", "", True, "=*"),
    ],
)
def test_how_a_flag_takes_a_value(path: str, name: str, default: str, takes_value: bool, expected: str) -> None:
    assert mark(path, name, default, takes_value) == expected


def test_module_is_as_generated() -> None:
    hidden = {path: {word.rstrip("=*~") for word in words} for path, words in HIDDEN.items()}
    flags = {
        path: tuple(flag for name, flag in flags_of(path).items() if name not in hidden.get(path, ())) for path in FLAGS
    }
    assert render(Table(tuple(VERSIONS.split()), flags, ALIASES)) == FLAGS_MODULE.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("", "n,namespace= s,server= v,v=! context= kubeconfig= insecure-skip-tls-verify h,help"),
        ("get", "o,output= A,all-namespaces w,watch l,selector= raw= R,recursive"),
        ("logs", "f,follow p,previous c,container= tail=!"),
        ("patch", "p,patch= f,filename=*"),
        ("apply", "f,filename=* dry-run?unchanged validate?strict cascade?background server-side"),
        ("delete", "cascade?background f,filename=* grace-period=! i,interactive~"),
        ("exec", "i,stdin t,tty c,container="),
        ("config view", "raw merge"),
        ("rollout status", "w,watch timeout=!"),
        ("cluster-info dump", "A,all-namespaces output-directory="),
        ("create secret generic", "from-literal=* dry-run?unchanged"),
    ],
)
def test_facts(path: str, words: str) -> None:
    assert set(words.split()) <= set(FLAGS[path].split())


def test_what_some_versions_do_not_have_is_marked() -> None:
    """As of 1.27 to 1.37: a flag that is new, one that is gone, and one that another command has from the start."""
    marked = [flags_of(path)[name].mark for path, name in (("delete", "interactive"), ("version", "short"))]
    assert (marked, flags_of("exec")["stdin"].mark) == (["~", "~"], "")


VERBS = """
alpha annotate api-resources api-versions apply attach auth autoscale certificate cluster-info completion
config cordon cp create debug delete describe diff drain edit events exec explain expose get help kuberc
kustomize label logs options patch plugin port-forward proxy replace rollout run scale set taint top uncordon
version wait
"""


def test_every_verb_is_there() -> None:
    assert {path.split()[0] for path in FLAGS if path} == set(VERBS.split())


def test_parents_are_commands() -> None:
    assert {path.rpartition(" ")[0] for path in FLAGS} <= FLAGS.keys()


def test_aliases_lead_to_commands() -> None:
    assert ALIASES["create cm"] == "create configmap"
    assert set(ALIASES.values()) <= FLAGS.keys()
    assert not ALIASES.keys() & FLAGS.keys()


def test_a_shorthand_means_one_flag() -> None:
    everywhere = {flag.shorthand: flag.name for flag in flags_of("").values() if flag.shorthand}
    for path in FLAGS:
        own = [flag for flag in flags_of(path).values() if flag.shorthand]
        assert len({flag.shorthand for flag in own}) == len(own), path
        assert all(everywhere.get(flag.shorthand, flag.name) == flag.name for flag in own), path


@pytest.mark.skipif(not shutil.which("kubectl"), reason="no kubectl on PATH")
def test_real_kubectl_agrees() -> None:
    """Starts about 150 kubectl processes, which takes a few seconds; none of them reaches a cluster."""
    kubectl = shutil.which("kubectl")
    assert kubectl
    table = ask(kubectl, commands=("get", "logs", "patch", "apply", "create"))
    unknown = [
        (path, flag)
        for path, flags in table.flags.items()
        for flag in flags
        if (ours := flags_of(path).get(flag.name)) is None
        or ours.mark.rstrip(LATE) != flag.mark
        or flag.shorthand not in ("", ours.shorthand)
    ]
    assert not unknown, f"kubectl {table.versions[0]} has other flags: python -m tests.flags_generate {kubectl}"
