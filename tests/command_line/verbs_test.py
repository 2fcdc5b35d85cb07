# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import shlex

import pytest

from kubectl_mc.command_line import grammar, invocation, verbs
from kubectl_mc.command_line.own_commands import COMMANDS, READING


@pytest.mark.parametrize(
    ("text", "rehearses"),
    [
        ("scale deploy/web --replicas=2 --dry-run", True),
        ("scale deploy/web --replicas=2 --dry-run=client", True),
        ("scale deploy/web --replicas=2 --dry-run=server", True),
        ("scale deploy/web --replicas=2 --dry-run=true", True),
        ("scale deploy/web --replicas=2 --dry-run=1", True),
        ("scale deploy/web --replicas=2 --dry-run=none", False),
        ("scale deploy/web --replicas=2 --dry-run=false", False),
        ("scale deploy/web --replicas=2 --dry-run=f", False),
        ("scale deploy/web --replicas=2 --dry-run=Server", False),
        ("scale deploy/web --replicas=2 --dry-run=server --dry-run=false", False),
        ("auth reconcile -f x --dry-run=client", True),
        ("auth reconcile -f x --dry-run=false", False),
        ("delete --raw /api/v1/namespaces/a --dry-run=server", False),
        ("create --raw /api -f x --dry-run=client", False),
        ("exec web --dry-run -- ls", False),
        ("exec web -- ls --dry-run=server", False),
        ("danger delete --dry-run", False),
        ("danger delete --dry-run=server", False),
    ],
)
def test_what_is_only_a_dry_run(text: str, rehearses: bool) -> None:
    line = invocation.parse_invocation(shlex.split(text)).kubectl
    verb = verbs.find_row(line)
    assert (verbs.is_dry_run(verb, line), verbs.is_change(verb, line)) == (rehearses, not rehearses)


@pytest.mark.parametrize(
    ("text", "changes"),
    [
        ("delete --help", False),
        ("delete pod x -h", False),
        ("help delete", False),
        ("rollout --help", False),
        ("delete pod x --help=false", True),
        ("exec web -- ls --help", True),
        ("danger delete --help", True),
    ],
)
def test_the_help_of_a_change_is_none(text: str, changes: bool) -> None:
    """So no error says what wasn't changed, as where `head` has read enough of it."""
    line = invocation.parse_invocation(shlex.split(text)).kubectl
    assert verbs.is_change(verbs.find_row(line), line) == changes


@pytest.mark.parametrize(
    ("text", "mode"),
    [
        ("scale -h", "local"),
        ("scale --help", "local"),
        ("danger --help", "captured"),
        ("danger --help=false", "captured"),
        ("danger delete -h myhost", "captured"),
        ("danger delete -vh", "captured"),
    ],
)
def test_what_a_plugin_does_with_a_flag_is_not_known(text: str, mode: str) -> None:
    line = invocation.parse_invocation(text.split()).kubectl
    assert verbs.mode(verbs.find_row(line), line) == mode


@pytest.mark.parametrize(
    ("text", "reads"),
    [
        ("set env deploy/a -e -", True),
        ("set env deploy/a --env=-", True),
        ("set env deploy/a -", True),
        ("set env deploy/a -- -", True),
        ("set env deploy/a -e A=- B-", False),
        ("set env -f - A=1", False),
        ("label deploy/a -", False),
        ("run a --image=b --env=-", False),
    ],
)
def test_a_dash_that_is_stdin(text: str, reads: bool) -> None:
    line = grammar.parse_line(text.split())
    assert verbs.reads_stdin(verbs.find_row(line), line) is reads


@pytest.mark.parametrize(
    ("effect", "texts"),
    [
        (
            "",
            """
            get pods -A -w;get --raw /version;logs -f deploy/web;wait pod/x --for=delete;events -w;explain pods
            diff -f x;describe pod x;top nodes;auth can-i create pods;auth whoami;rollout status deploy/x
            rollout history deploy/x;api-resources;api-versions;version;version --client;cluster-info
            cluster-info dump;get pods --profile=none;kustomize . --enable-helm=false
            apply view-last-applied deploy/x;delete --help;exec -h;rollout
            set;auth;certificate;proxy --help;apply -f x --dry-run=server;delete pod x --dry-run=client
            drain n --dry-run;scale deploy/x --replicas=1 --dry-run=1;run x --image=y --dry-run=client -o yaml
            label pod x --list;set env pod/x --list;label -f x a=b --local;config;config view;config get-contexts
            config current-context;kustomize .;options;completion bash;plugin;plugin list;help delete
            config set-context --help;kuberc;alpha;alpha kuberc;clusters;clusters --check;audit
            audit show x;trust;trust list;trust export;setup --help;trust approve --help;undo last --dry-run=server
            undo last --dry-run
            """,
        ),
        (
            "change",
            """
            rollout -- restart;rollout --no-headers restart;
            apply -f x;delete pod x;exec web -- ls;exec -it web -- sh;cp a b:c;attach web;debug pod/x --image=y
            run x --image=y;edit pod x;apply edit-last-applied pod x;certificate approve x;auth reconcile -f x
            rollout soon;delete pod x --dry-run=none;delete pod x --dry-run=server --dry_run=false
            create --raw /x -f y --dry-run=server;create -f x --edit --dry-run=client
            delete --raw /x --dry-run=server;create token x;label pod x --list a=b;exec web --dry-run -- ls
            exec web -- ls --dry-run=server;delete pod x --help=false;label pod x a=b --local=false;setup
            setup --check;trust approve x;trust revoke x;resume last;undo last;undo last --dry-run=none
            resume x --dry-run
            """,
        ),
        ("port", "port-forward pod/x :80;proxy;proxy --port=0"),
        (
            "files",
            """
            config use-context x;config use x;config set-context x;config set a b;config unset a
            config delete-context x
            config -- view;config --no-headers view;config rename-context a b;config set-credentials x;config more
            kuberc set --section=defaults;kuberc more;alpha more;alpha kuberc set --section=defaults
            kuberc view;alpha kuberc view
            """,
        ),
        (
            "output",
            """
            get pods --profile=cpu;delete pod x --dry-run=server --profile=heap;label -f x a=b --local --profile=cpu
            clusters --profile=cpu --profile-output=x;kustomize . -o x;kustomize . -o0
            cluster-info dump --output-directory=x
            """,
        ),
        (
            "program",
            "hello;hello --help;hello --dry-run=server;plugin run compare;plugin run get;plugin run;__complete get"
            ";kustomize . --enable-helm;kustomize . --enable-alpha-plugins",
        ),
    ],
)
def test_what_a_command_does_beside_reading(effect: str, texts: str) -> None:
    lines = [text.strip() for text in texts.replace("\n", ";").split(";") if text.strip()]
    effects = {text: verbs.effect(invocation.parse_invocation(shlex.split(text)).kubectl) for text in lines}
    assert effects == dict.fromkeys(lines, effect)


def test_whether_a_command_of_ours_may_run_where_only_reads_are_allowed_is_decided() -> None:
    refused = {"setup", "resume", "undo", "trust approve", "trust revoke"}
    assert refused | {*READING} == {*COMMANDS}
    assert not refused & {*READING}
