# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import contextlib
import errno
import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_mc import __version__
from kubectl_mc.fleet import mapping
from kubectl_mc.fleet.mapping import ClusterMapping, MappingEntry
from kubectl_mc.messages import UserError
from kubectl_mc.processes.environment import Environment
from tests.environments import memory_streams

LONG = """\
apiVersion: kubectl-mc.k8s.io/v1alpha1
kind: ClusterMapping
hubContext: hub
clusters:
- name: prod-eu
  context: arn:aws:eks:eu
- name: prod-eu
  namespace: fleet-2
  context: other
"""
SHORT = "clusters: [{profile: prod-eu, context: eu}]\n"


def parse(text: str) -> ClusterMapping:
    return mapping.parse_mapping(text, "FILE")


class User(Environment):
    """A user whose ~/.kube is the folder HOME itself."""

    @property
    def kube_directory(self) -> str:
        return self.home


def read(folder: Path, config: Path | None = None, may_be_missing: bool = False) -> ClusterMapping:
    variables = {"HOME": str(folder), **({mapping.CONFIG: str(config)} if config else {})}
    return mapping.read_mapping(User(variables, memory_streams()), may_be_missing)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (
            LONG,
            ClusterMapping(
                "hub", (MappingEntry("prod-eu", "arn:aws:eks:eu"), MappingEntry("prod-eu", "other", "fleet-2"))
            ),
        ),
        (SHORT, ClusterMapping(None, (MappingEntry("prod-eu", "eu"),))),
        (
            "clusters: [{name: fleet/prod-eu, context: eu}]",
            ClusterMapping(None, (MappingEntry("prod-eu", "eu", "fleet"),)),
        ),
        ("hubContext: hub", ClusterMapping("hub")),
        ("inventory: fleet", ClusterMapping(inventory=("fleet",))),
        ("inventory: [a, b]", ClusterMapping(inventory=("a", "b"))),
        ("inventory:", ClusterMapping()),
        ("clusters: null", ClusterMapping()),
        ("clusters:\n", ClusterMapping()),
        ("clusters: []", ClusterMapping()),
        ("", ClusterMapping()),
        ("# nothing\n---\n", ClusterMapping()),
        ("{}", ClusterMapping()),
        ("unknown: field", ClusterMapping()),
        ("clusters: [{name: a, context: b, note: x, region: eu}]", ClusterMapping(None, (MappingEntry("a", "b"),))),
        (
            "clusters: [{name: a, context: b}, {name: a, context: b}]",
            ClusterMapping(None, (MappingEntry("a", "b"),) * 2),
        ),
    ],
)
def test_both_forms_are_read(text: str, value: ClusterMapping) -> None:
    assert parse(text) == value


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("clusters: ]", "FILE:1: not YAML: "),
        ("a: 1\nb: {\n", "FILE:3: not YAML: "),
        ("a: 1\n\tb: 2\n", "FILE:2: not YAML: "),
        ("a: *nowhere", "FILE:1: not YAML: found undefined alias"),
        ("a: 1\n---\nb: 2", "FILE:2: not YAML: "),
        ("a: \x00", "FILE: not YAML: "),
        ("clusters: [{name: 2026-13-45, context: a}]", "FILE: not YAML: month must be in 1..12"),
        ("- a", "FILE:1: not a mapping of keys to values."),
        ("text", "FILE:1: not a mapping of keys to values."),
        ("apiVersion: v1\nkind: Pod\n", "FILE:2: v1 Pod is not kubectl-mc.k8s.io/v1alpha1 ClusterMapping."),
        ("apiVersion: v2\n", "FILE:1: v2 ClusterMapping is not "),
        ("a: 1\nhubContext: [x]", "FILE:2: hubContext is not a string."),
        ("a: 1\ninventory: {a: b}", "FILE:2: inventory is neither a namespace of the hub nor a list of them."),
        ("inventory: [a, 1]", "FILE:1: inventory is neither "),
        ("inventory: ['']", "FILE:1: inventory is neither "),
        ("a: 1\n\nclusters: {a: b}", "FILE:3: clusters is not a list."),
        ("clusters:\n- name: a\n  context: b\n- name: c\n", "FILE:4: entry 2 of clusters needs name and "),
        ("clusters:\n- context: b\n", "FILE:2: entry 1 of clusters needs "),
        ("clusters:\n- name: 1\n  context: b\n", "FILE:2: entry 1 of clusters needs "),
        ("clusters:\n- {name: a, context: b, namespace: 3}\n", "FILE:2: entry 1 of clusters needs "),
        ("clusters:\n\n- text\n", "FILE:3: entry 1 of clusters needs "),
        ("clusters: []\nclusters: [{name: a, context: b}, x]", "FILE:2: entry 2 of clusters needs "),
        ("clusters:\n- {name: a, context: b}\n- {name: a, context: c}\n", "FILE:3: a second context for a: b, c."),
        ("clusters:\n- {name: x/a, context: b}\n- {name: a, namespace: x, context: c}\n", "FILE:3: a second context "),
        ("a: 1\nprotected: ['prod-*', 'dev-{eu,us}']", "FILE:2: protected takes names and globs, but no sets, regular"),
        ("protected: ['!dev']", "FILE:1: protected takes names and globs, but no sets, "),
        ("protected: [/prod/]", "FILE:1: protected takes names and globs, but no sets, regular expressions or !: /pro"),
        ("a: " + "[" * 5000, "FILE"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_line(text: str, problem: str) -> None:
    with pytest.raises(UserError) as raised:
        parse(text)
    assert str(raised.value).startswith(problem)
    assert "clusters: [{name: PROFILE, context: CONTEXT}]" in str(raised.value)


@pytest.mark.parametrize("version", ["v1alpha2", "v1", "v1alpha0"])
def test_a_file_of_another_version_is_refused_in_words(version: str) -> None:
    """It may protect clusters in a way that isn't known here."""
    with pytest.raises(UserError) as raised:
        parse(f"kind: ClusterMapping\napiVersion: kubectl-mc.k8s.io/{version}\nnew: {{}}\n")
    assert str(raised.value) == (
        f"FILE:2: it is of kubectl-mc.k8s.io/{version}, as another version of kubectl-mc writes it; this is "
        f"{__version__}, which reads kubectl-mc.k8s.io/v1alpha1. "
        "Use that version, or move the file away and make it anew: kubectl mc setup"
    )


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a: 1\nprotectd: [a]", "FILE:2: unknown key 'protectd'. Did you mean protected?"),
        ("hub-contxt: a", "FILE:1: unknown key 'hub-contxt'. Did you mean hubContext?"),
        ("hubNamespace: foo", "FILE:1: unknown key 'hubNamespace'. Did you mean defaults: {hub-namespace: …}?"),
        ("inventories: [a]", "FILE:1: unknown key 'inventories'. Did you mean inventory?"),
        ("healthy: true", "FILE:1: unknown key 'healthy'. Did you mean defaults: {healthy: …}?"),
        ("cluster_timeout: 3s", "FILE:1: unknown key 'cluster_timeout'. Did you mean defaults: {cluster-timeout: …}?"),
        (
            "clusters:\n- {name: a, context: a}\n- {name: b, contxt: x}",
            "FILE:3: unknown key 'contxt'. Did you mean context?",
        ),
        ("clusters: [{name: a, context: a, Protected: true}]", "FILE:1: unknown key 'Protected'. Did you mean protect"),
        (
            "a: 1\ndefaults: {excludes: [a]}",
            "FILE:2: defaults are flags of kubectl mc, and 'excludes' is none. Did you",
        ),
        ("defaults: {1: [a]}", "FILE:1: defaults are flags of kubectl mc, and '1' is none. Its flags: hub-context, "),
        ("a: 1\ndefaults: [x]", "FILE:2: defaults: no mapping of flags to values"),
        ("a: 1\ndefaults: {max-parallel: 0}", "FILE:2: defaults: invalid argument '0' for --max-parallel: "),
        ("defaults: {clusters: ''}", "FILE:1: defaults: flag needs an argument: --clusters."),
        ("defaults: {exclude: [[a]]}", "FILE:1: defaults: exclude is not a string, a number, or a list of them"),
        ("defaults: {placement: {a: b}}", "FILE:1: defaults: placement is not a string, a number, or a list of them"),
        ("defaults: {on: true}", "FILE:1: defaults are flags of kubectl mc, and 'True' is none. "),
    ],
)
def test_a_slip_is_not_passed_over(text: str, problem: str) -> None:
    with pytest.raises(UserError) as raised:
        parse(text)
    assert str(raised.value).startswith(problem)


@pytest.mark.parametrize(
    ("text", "defaults"),
    [
        ("{exclude: [a, 2], fold: true, max-parallel: 3, verbose: false}",
         [("exclude", "a"), ("exclude", "2"), ("fold", "true"), ("max-parallel", "3"), ("verbose", "false")]),
        ("{placement: null, clusters: [], exclude: [null, a], cluster-timeout: }", [("exclude", "a")]),
        ("{yes: true}", [("yes", "true")]),
        ("{'yes': false}", [("yes", "false")]),
    ],
)  # fmt: skip
def test_defaults_are_flags_as_they_would_be_typed(text: str, defaults: list[tuple[str, str]]) -> None:
    assert parse(f"defaults: {text}").defaults == tuple(defaults)


@pytest.mark.parametrize(
    ("text", "defaults"),
    [
        ("inventory: a", [("inventory", "a")]),
        ("inventory: [a, b]\ndefaults: {fold: true}", [("fold", "true"), ("inventory", "a"), ("inventory", "b")]),
        ("inventory: a\ndefaults: {inventory: b, fold: true}", [("fold", "true"), ("inventory", "a")]),
        ("inventory: a\ndefaults: {hub-namespace: b}", [("inventory", "a")]),
        ("defaults: {hub-namespace: b}", [("inventory", "b")]),
        ("defaults: {inventory: [b, c], fold: true}", [("fold", "true"), ("inventory", "b"), ("inventory", "c")]),
    ],
)
def test_the_inventory_is_a_default(text: str, defaults: list[tuple[str, str]]) -> None:
    assert parse(text).option_defaults == tuple(defaults)


WORDS = st.sampled_from(
    ["clusters", "name", "context", "kind", ":", ": ", "\n", "- ", "  ", "{", "}", "[", "]", ",", "*a", "&a ", "!!int ",
     "2026-99-99", "<<", "?", "|", "'", "1", "!!binary ", "x"]
)  # fmt: skip


@given(st.one_of(st.text(), st.lists(WORDS).map("".join)))
def test_any_text_is_a_mapping_or_an_error_for_the_user(text: str) -> None:
    with contextlib.suppress(UserError):
        assert isinstance(parse(text), ClusterMapping)


@pytest.mark.parametrize(
    ("profile", "namespace", "context"),
    [("prod-eu", "fleet-2", "other"), ("prod-eu", "fleet", "arn:aws:eks:eu"), ("prod-us", "fleet", None)],
)
def test_an_entry_with_the_namespace_counts_before_one_without(
    profile: str, namespace: str, context: str | None
) -> None:
    assert parse(LONG).context_for(profile, namespace) == context


def test_the_first_entry_of_a_name_counts() -> None:
    twice = ClusterMapping(None, (MappingEntry("a", "first"), MappingEntry("a", "second")))
    assert twice.context_for("a", "x") == "first"


def test_without_files_nothing_is_mapped(tmp_path: Path) -> None:
    assert read(tmp_path / "nowhere") == ClusterMapping()


@pytest.mark.parametrize("number", [errno.EACCES, errno.EIO, errno.ESTALE])
@pytest.mark.parametrize("may_be_missing", [True, False])
def test_where_it_can_t_be_known_whether_there_is_a_file_it_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, may_be_missing: bool
) -> None:
    def refuse(path: str, **flags: Any) -> os.stat_result:
        raise OSError(number, os.strerror(number), path)

    monkeypatch.setattr(os, "stat" if may_be_missing else "lstat", refuse)  # a test may run as root, who enters all
    with pytest.raises(
        UserError, match=rf"kubectl-mc-clusters\.yaml can't be read: {os.strerror(number)}\. .*CONFIG=FILE"
    ):
        read(tmp_path, may_be_missing=may_be_missing)


def test_a_folder_that_is_a_link_to_nowhere_is_no_missing_file(tmp_path: Path) -> None:
    (tmp_path / "kube").symlink_to("unmounted")
    with pytest.raises(UserError, match=r"kubectl-mc-clusters\.yaml can't be read: No such file"):
        read(tmp_path / "kube")
    assert read(tmp_path / "kube", may_be_missing=True) == ClusterMapping()


@pytest.mark.parametrize("target", ["unmounted/mapping.yaml", "kubectl-mc.yaml"])
def test_a_link_that_leads_nowhere_is_no_missing_file(tmp_path: Path, target: str) -> None:
    (tmp_path / "kubectl-mc.yaml").symlink_to(target)
    with pytest.raises(UserError, match=r"kubectl-mc\.yaml can't be read: "):  # what it protects isn't known
        read(tmp_path)
    assert read(tmp_path, may_be_missing=True) == ClusterMapping()  # `setup` makes it, or says why it can't


def test_the_first_file_counts_before_the_second(tmp_path: Path) -> None:
    (tmp_path / "kubectl-mc-clusters.yaml").write_text("clusters: [{name: a, context: first}]")
    (tmp_path / "kubectl-mc.yaml").write_text(
        "hubContext: hub\ninventory: [x, y]\nclusters: [{name: a, context: x}, {name: b, context: y}]"
    )
    for _ in ("the files are read", "what they say is kept"):
        joined = read(tmp_path)
        assert (joined.hub_context, joined.context_for("a", ""), joined.context_for("b", "")) == ("hub", "first", "y")
        assert joined.inventory == ("x", "y")


@pytest.mark.parametrize("first", ["defaults: {inventory: x}", "defaults: {hub-namespace: [x]}", "inventory: x"])
@pytest.mark.parametrize("second", ["defaults: {inventory: y}", "inventory: y"])
def test_the_first_file_says_which_inventory_whatever_the_key(tmp_path: Path, first: str, second: str) -> None:
    (tmp_path / "kubectl-mc-clusters.yaml").write_text(first)
    (tmp_path / "kubectl-mc.yaml").write_text(second)
    assert read(tmp_path).option_defaults == (("inventory", "x"),)


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", None])
def test_a_file_that_can_t_be_read_is_named(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "kubectl-mc.yaml"
    path.mkdir() if content is None else path.write_bytes(content)
    with pytest.raises(UserError, match=r"kubectl-mc\.yaml:? can't be read: "):
        read(tmp_path)


@pytest.mark.parametrize(
    ("text", "contexts"),
    [
        ("protected: ['prod-*']\nclusters: [{name: prod-a, context: x}, {name: dev, context: y}]", ["x", "prod-b"]),
        ("clusters: [{name: a, context: x, protected: true}, {name: b, context: y}]", ["x"]),
        ("protected: [f/a]\nclusters: [{name: f/a, context: x}, {name: g/a, context: y}]", ["x"]),
        ("protected: [y]", ["y"]),
        ("clusters: [{name: a, context: x}]", []),
    ],
)
def test_contexts_are_protected_by_what_they_reach(text: str, contexts: list[str]) -> None:
    read_file = parse(text)
    assert [name for name in ("x", "y", "prod-b") if read_file.protects_context(name)] == contexts
    assert read_file.protects_some == bool(contexts)


def test_what_is_protected_and_is_nowhere() -> None:
    read_file = parse("protected: [prod-a, 'prod-b ', 'DEV*', 'f/*', g/x, eks-live, '*']")
    assert read_file.idle_protections([("f", "prod-a"), ("f", "dev")], ["eks-live"]) == ["prod-b ", "DEV*", "g/x"]


PROTECTED = """\
protected: ['prod-*', eks-live, 'kueue/*', 'arn:aws:eks:*/live', '{x}', 'y/[!a]']
clusters:
- {name: a, context: ctx-a, protected: true}
- {name: b, context: ctx-b, namespace: fleet, protected: true}
- {name: c, context: ctx-c, protected: false}
"""


@pytest.mark.parametrize(
    ("cluster", "profile", "namespace", "context", "protected"),
    [
        ("a", "a", "any", "ctx-a", True),
        ("other/a", "a", "other", "ctx-x", True),
        ("ctx-a", "ctx-a", "", "ctx-a", True),  # chosen by --contexts
        ("b", "b", "fleet", "ctx-b", True),
        ("b", "b", "other", "ctx-x", False),
        ("c", "c", "fleet", "ctx-c", False),
        ("prod-eu", "prod-eu", "fleet", "x", True),
        ("fleet/prod-eu", "prod-eu", "fleet", "x", True),
        ("live", "live", "fleet", "eks-live", True),
        ("dev", "dev", "fleet", "dev", False),
        ("live", "live", "kueue", "x", True),
        # A glob of names isn't one of namespaces; a context's name is a whole, whatever is in it.
        ("dev", "dev", "prod-fleet", "x", False),
        ("prod-fleet/dev", "dev", "prod-fleet", "x", False),
        ("dev", "dev", "fleet", "prod-admin/dev", True),
        ("prod-admin/dev", "prod-admin/dev", "", "prod-admin/dev", True),
        ("live", "live", "fleet", "x", False),
        ("live", "live", "fleet", "arn:aws:eks:eu-1:1:cluster/live", True),
        ("a", "x", "fleet", "{x}", True),
        ("b", "b", "y", "x", True),
        ("bb", "bb", "y", "x", False),
    ],
)
def test_what_is_protected(cluster: str, profile: str, namespace: str, context: str, protected: bool) -> None:
    assert parse(PROTECTED).protects(cluster, profile, namespace, context) is protected


@pytest.mark.parametrize(
    "text",
    ["protected: prod", "protected: [1]", "protected: ['']", "clusters: [{name: a, context: a, protected: 'no'}]"],
)
def test_a_protection_that_is_none_is_said(text: str) -> None:
    with pytest.raises(UserError, match="protected"):
        parse(text)


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ("providers.json", "/home/alice/.kube/providers.json"),
        ("../providers.json", "/home/alice/.kube/../providers.json"),
        ("/etc/providers.json", "/etc/providers.json"),
        ("~/providers.json", "/home/alice/providers.json"),
    ],
)
def test_a_provider_file_is_not_looked_for_in_the_current_folder(
    monkeypatch: pytest.MonkeyPatch, value: str, path: str
) -> None:
    monkeypatch.setenv("HOME", "/home/alice")
    text = f"defaults: {{clusterprofile-provider-file: {value}}}"
    file = "/home/alice/.kube/kubectl-mc-clusters.yaml"
    assert mapping.parse_mapping(text, file).defaults == (("clusterprofile-provider-file", path),)


WHOLE = """\
hubContext: hub
protected: ['prod-*']
clusters:
- {name: eu, context: a, protected: true}
- {name: us, namespace: fleet, context: b}
defaults: {exclude: [dev], cluster-timeout: 10s}
"""


def test_what_was_read_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / mapping.FILES[0]).write_text(WHOLE)
    first, parsed = read(tmp_path), parse(WHOLE)
    monkeypatch.setattr(mapping, "parse_mapping", None)
    assert read(tmp_path) == first == parsed


def test_a_file_that_has_changed_is_read_again(tmp_path: Path) -> None:
    file = tmp_path / mapping.FILES[0]
    file.write_text(WHOLE)
    read(tmp_path)
    before = file.stat()
    file.write_text(WHOLE.replace("prod-*", "test-*"))
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))  # same size, same time
    assert read(tmp_path).protected == ("test-*",)
    (tmp_path / mapping.FILES[1]).write_text(SHORT)
    assert len(read(tmp_path).entries) == 3
    file.unlink()
    assert read(tmp_path) == parse(SHORT)


@pytest.mark.parametrize("text", ["", "{", "null", '{"value": {}}', '{"value": {"entries": [[1]]}}', "damage"])
def test_what_is_kept_may_be_damaged(tmp_path: Path, text: str) -> None:
    (tmp_path / mapping.FILES[0]).write_text(WHOLE)
    read(tmp_path)
    (kept,) = (tmp_path / "cache" / "kubectl-mc").iterdir()
    if text == "damage":
        text = json.dumps({**json.loads(kept.read_text()), "value": {"entries": [["only one"]]}})
    kept.write_text(text)
    assert read(tmp_path) == parse(WHOLE)


def test_a_file_that_is_none_is_not_kept(tmp_path: Path) -> None:
    (tmp_path / mapping.FILES[0]).write_text("clusters: 3\n")
    for _ in range(2):
        with pytest.raises(UserError, match="clusters is not a list"):
            read(tmp_path)


def test_how_many_of_a_credential_plugin_run_at_a_time() -> None:
    text = "login: {myplugin: {parallel: 1}, kubelogin: {parallel: 3, later: x}, 'kubectl mine': {parallel: 2}}"
    assert parse(text).login_limits == {"myplugin": 1, "kubelogin": 3, "kubectl mine": 2}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a: 1\nlogin: [x]", "FILE:2: login is not a mapping of programs"),
        ("login: {x: 1}", "FILE:1: login of x is not {parallel: NUMBER}"),
        ("login: {x: {}}", "FILE:1: login of x"),
        ("login: {x: {parallel: 0}}", "FILE:1: login of x"),
        ("login: {x: {parallel: true}}", "FILE:1: login of x"),
        ("login: {x: {parallel: '1'}}", "FILE:1: login of x"),
        ("login: {1: {parallel: 1}}", "FILE:1: login of 1"),
        ("logins: {x: {parallel: 1}}", "FILE:1: unknown key 'logins'. Did you mean login?"),
    ],
)
def test_a_limit_that_is_none_is_an_error(text: str, problem: str) -> None:
    with pytest.raises(UserError) as raised:
        parse(text)
    assert str(raised.value).startswith(problem)


def test_limits_of_both_files_count_and_are_cached(tmp_path: Path) -> None:
    (tmp_path / mapping.FILES[0]).write_text("login: {a: {parallel: 1}}\n")
    (tmp_path / mapping.FILES[1]).write_text("login: {a: {parallel: 5}, b: {parallel: 2}}\n")
    for _ in range(2):
        assert read(tmp_path).login_limits == {"a": 1, "b": 2}
