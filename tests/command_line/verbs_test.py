from __future__ import annotations

import shlex

import pytest

from kubectl_mc.command_line import grammar, invocation, verbs


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
