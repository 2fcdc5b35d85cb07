# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
import yaml
from hypothesis import assume, example, given
from hypothesis import strategies as st

from kubectl_mc.fleet import mapping, mapping_editor
from kubectl_mc.fleet.mapping import MappingEntry
from kubectl_mc.fleet.mapping_editor import CannotEdit, edited_text

HEAD = "apiVersion: kubectl-mc.k8s.io/v1alpha1\nkind: ClusterMapping\n"

ADDED = MappingEntry("c9", "new")

# before -> after one more entry, c9 -> new
APPENDED = {
    "nothing at all": ("", HEAD + "clusters:\n- name: c9\n  context: new\n"),
    "only a comment": ("# mine\n", "# mine\n" + HEAD + "clusters:\n- name: c9\n  context: new\n"),
    "a comment, no newline": ("# mine", "# mine\n" + HEAD + "clusters:\n- name: c9\n  context: new\n"),
    "an empty document": ("---\n", "---\n" + HEAD + "clusters:\n- name: c9\n  context: new\n"),
    "no clusters": (
        "hubContext: h # hub\n# end\n",
        "hubContext: h # hub\nclusters:\n- name: c9\n  context: new\n# end\n",
    ),
    "clusters without any": (
        "clusters: # none yet\nmine: 1\n",
        "clusters: # none yet\n- name: c9\n  context: new\nmine: 1\n",
    ),
    "clusters without any, indented": (
        "  clusters:\n  mine: 1\n",
        "  clusters:\n  - name: c9\n    context: new\n  mine: 1\n",
    ),
    "clusters null": ("clusters: null # no\nmine: 1\n", "clusters: [{name: c9, context: new}] # no\nmine: 1\n"),
    "clusters []": ("clusters: []\n", "clusters: [{name: c9, context: new}]\n"),
    "block": (
        "clusters:\n  # first\n  - name: c1 # one\n    context: a  # as before\n\n  # behind\nmine: 1\n",
        "clusters:\n  # first\n  - name: c1 # one\n    context: a  # as before\n  - name: c9\n    context: new\n\n"
        "  # behind\nmine: 1\n",
    ),
    "block, no newline": (
        "clusters:\n- name: c1\n  context: a",
        "clusters:\n- name: c1\n  context: a\n- name: c9\n  context: new\n",
    ),
    "CRLF": (
        "clusters:\r\n- name: c1\r\n  context: a\r\nmine: 1\r\n",
        "clusters:\r\n- name: c1\r\n  context: a\r\n- name: c9\r\n  context: new\r\nmine: 1\r\n",
    ),
    "flow items in a block": (
        "clusters:\n- {name: c1, context: a} # one\nmine: 1\n",
        "clusters:\n- {name: c1, context: a} # one\n- {name: c9, context: new}\nmine: 1\n",
    ),
    "the shorter key": (
        "clusters:\n- {profile: c1, context: a}\n",
        "clusters:\n- {profile: c1, context: a}\n- {profile: c9, context: new}\n",
    ),
    "flow list": (
        "clusters: [{name: c1, context: a}] # all\n",
        "clusters: [{name: c1, context: a}, {name: c9, context: new}] # all\n",
    ),
    "flow list, trailing comma": (
        "clusters: [{name: c1, context: a},]\n",
        "clusters: [{name: c1, context: a}, {name: c9, context: new},]\n",
    ),
    "flow list, an item a line": (
        "clusters: [\n  {name: c1, context: a},\n  {name: c2, context: b}\n]\n",
        "clusters: [\n  {name: c1, context: a},\n  {name: c2, context: b},\n  {name: c9, context: new}\n]\n",
    ),
    "flow all over": (
        "{clusters: [{name: c1, context: a}]}",
        "{clusters: [{name: c1, context: a}, {name: c9, context: new}]}",
    ),
    "flow, no clusters": ("{mine: 1}\n", "{mine: 1, clusters: [{name: c9, context: new}]}\n"),
    "empty flow": ("{}\n", "{clusters: [{name: c9, context: new}]}\n"),
    "anchors and merges": (
        "clusters:\n- &one {name: c1, context: a}\n- {<<: *one, name: c2}\nmine: *one\n",
        "clusters:\n- &one {name: c1, context: a}\n- {<<: *one, name: c2}\n- {name: c9, context: new}\nmine: *one\n",
    ),
    "an alias last": (
        "base: &one {name: c1, context: a}\nclusters:\n- *one # again\nmine: 1\n",
        "base: &one {name: c1, context: a}\nclusters:\n- *one # again\n- name: c9\n  context: new\nmine: 1\n",
    ),
    "keys of the user's own last": (
        "clusters:\n- name: c1\n  context: a\n  team: {lead: x} # who\n",
        "clusters:\n- name: c1\n  context: a\n  team: {lead: x} # who\n- name: c9\n  context: new\n",
    ),
    "a block text last": (
        "clusters:\n- name: c1\n  context: a\n  note: |\n    long\n    text\n\nmine: 1\n",
        "clusters:\n- name: c1\n  context: a\n  note: |\n    long\n    text\n- name: c9\n  context: new\n\nmine: 1\n",
    ),
    "an end mark": (
        "clusters:\n- name: c1\n  context: a\n...\n",
        "clusters:\n- name: c1\n  context: a\n- name: c9\n  context: new\n...\n",
    ),
    "a byte order mark": (
        "\ufeffclusters:\n- {name: c1, context: a}\n",
        "\ufeffclusters:\n- {name: c1, context: a}\n- {name: c9, context: new}\n",
    ),
}


@pytest.mark.parametrize("case", APPENDED)
def test_a_new_entry(case: str) -> None:
    before, after = APPENDED[case]
    assert edited_text(before, [ADDED]) == after
    assert mapping.parse_mapping(after, "f").context_for("c9", "any") == "new"
    assert edited_text(after, [ADDED]) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "clusters:\n- name: c9 # mine\n  context: old # was\n",
            "clusters:\n- name: c9 # mine\n  context: new # was\n",
        ),
        ("clusters:\n- name: c9\n  context: 'old'\n", "clusters:\n- name: c9\n  context: 'new'\n"),
        ('clusters: [{context: "old", name: c9}]', 'clusters: [{context: "new", name: c9}]'),
        ("clusters:\r\n- profile: c9\r\n  context: old\r\n", "clusters:\r\n- profile: c9\r\n  context: new\r\n"),
        ("x: &x old\nclusters: [{name: c9, context: *x}]", "x: &x old\nclusters: [{name: c9, context: new}]"),
        (  # the first of two counts, and one for another namespace isn't touched
            "clusters: [{name: n/c9, context: a}, {name: c9, context: b}, {name: c9, context: c}]",
            "clusters: [{name: n/c9, context: a}, {name: c9, context: new}, {name: c9, context: c}]",
        ),
    ],
)
def test_an_entry_is_changed_where_it_stands(before: str, after: str) -> None:
    assert edited_text(before, [ADDED]) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", HEAD + "hubContext: h\n"),
        ("# hub\n\nclusters: []", "# hub\n\nhubContext: h\nclusters: []"),
        ("kind: ClusterMapping # k\nclusters:\r\n", "kind: ClusterMapping # k\nhubContext: h\r\nclusters:\r\n"),
        ("kind: ClusterMapping", "kind: ClusterMapping\nhubContext: h\n"),
        ("hubContext: # later\nkind: ClusterMapping\n", "hubContext: h # later\nkind: ClusterMapping\n"),
        ("hubContext: old\n", "hubContext: h\n"),
        ("{clusters: []}", "{clusters: [], hubContext: h}"),
    ],
)
def test_the_hub(before: str, after: str) -> None:
    assert edited_text(before, [], {"hubContext": "h"}) == after


def test_an_entry_with_a_namespace_is_beside_one_without() -> None:
    text = edited_text("clusters: [{name: c1, context: a}]", [MappingEntry("c1", "b", "dev")])
    assert text == "clusters: [{name: c1, context: a}, {name: c1, namespace: dev, context: b}]"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("x: &x {name: c9, context: a}\nclusters: [*x]", "isn't written where it is used"),
        ("x: &x {context: a}\nclusters: [{<<: *x, name: c9}]", "isn't written where it is used"),
        ("clusters: [{name: c9, context: &c a}]\nx: *c", "anchor"),
        ("clusters: [{name: c9, context: !!str a}]", "tag"),
        ("clusters:\n- name: c9\n  context: |-\n    a\n", "isn't written where it is used"),
        ("x: &x []\nclusters: *x", "alias"),
        ("null\n", "null"),
        ("? clusters\n", "no safe place"),
        ("a: &a [{name: c1, context: x}]\n<<: {clusters: *a}\n", "no safe place"),
    ],
)
def test_what_cant_be_changed_safely_is_not_changed(text: str, why: str) -> None:
    with pytest.raises(CannotEdit, match=why):
        edited_text(text, [ADDED])


@pytest.mark.parametrize(
    "context",
    ["1", "no", "2026-01-01", "a: b", "a #b", "- x", "a'b", 'a"b', "arn:aws:eks:eu-west-1:1:cluster/c", "a:", "é\t"],
)
def test_every_context_is_read_back_as_it_is(context: str) -> None:
    for text in ("", "clusters: [{name: c9, context: 'old'}]", "clusters: [{name: c9, context: old}]"):
        assert (
            mapping.parse_mapping(edited_text(text, [MappingEntry("c9", context)]), "f").context_for("c9", "")
            == context
        )


# --- Whatever is in the file ------------------------------------------------------------------------------------

names = st.sampled_from(["c1", "c2", "c10", "prod-eu", "ns/c1"])
words = st.text(st.characters(codec="ascii", categories=["L", "N", "P", "S"]), min_size=1, max_size=12)
comments = st.sampled_from(["", "  # a comment", " #"])
own_keys = st.dictionaries(st.sampled_from(["team", "note"]), st.one_of(words, st.integers(), st.none()), max_size=2)


@st.composite
def files(draw: st.DrawFn) -> str:
    """A mapping file as a user might have written it."""
    lines = []
    if draw(st.booleans()):
        lines += ["apiVersion: kubectl-mc.k8s.io/v1alpha1" + draw(comments), "kind: ClusterMapping"]
    items = draw(st.lists(st.tuples(names, words, own_keys, comments), max_size=4, unique_by=lambda item: item[0]))
    flow, indent = draw(st.booleans()), draw(st.sampled_from(["", "  "]))
    lines.append("clusters:" + draw(comments))
    for name, context, own, comment in items:
        fields = {"name": name, "context": context, **own}
        if flow:
            lines.append(f"{indent}- {yaml.safe_dump(fields, default_flow_style=True, width=999).strip()}{comment}")
        else:
            pairs = [yaml.safe_dump({key: value}, width=999).strip() + comment for key, value in fields.items()]
            lines += [f"{indent}- {pairs[0]}", *(f"{indent}  {pair}" for pair in pairs[1:])]
        lines += draw(st.sampled_from([[], [""], [f"{indent}# between"]]))
    if draw(st.booleans()):
        lines.append("mine: {a: [1, 2]}" + draw(comments))
    newline = draw(st.sampled_from(["\n", "\r\n"]))
    return newline.join(lines) + draw(st.sampled_from(["", newline]))


@given(files(), names, words)
@example("clusters:\n- name: c1\n  context: a", "c1", "b")
def test_only_the_entry_changes(text: str, name: str, context: str) -> None:
    before = yaml.safe_load(text)
    namespace, _, profile = name.rpartition("/")
    after = edited_text(text, [MappingEntry(profile, context, namespace or None)])
    items = before["clusters"] or []
    index = next((index for index, item in enumerate(items) if item["name"] == name), None)
    if index is None:
        key = {"name": profile, **({"namespace": namespace} if namespace else {}), "context": context}
        assert yaml.safe_load(after) == {**before, "clusters": [*items, key]}
        lines_after = iter(after.splitlines())
        assert all(line in lines_after for line in text.splitlines())  # in their order
        assert ("\r\n" in text) <= (after.count("\n") == after.count("\r\n"))
    else:
        assert yaml.safe_load(after) == {
            **before,
            "clusters": [*items[:index], {**items[index], "context": context}, *items[index + 1 :]],
        }
        lines = list(zip(text.splitlines(True), after.splitlines(True), strict=True))
        assert sum(old != new for old, new in lines) <= 1
    assert mapping.parse_mapping(after, "f").context_for(profile, namespace) == context


@given(files(), words)
def test_the_hub_is_a_line_of_its_own(text: str, context: str) -> None:
    assume("hubContext" not in text)
    after = edited_text(text, [], {"hubContext": context})
    assert mapping.parse_mapping(after, "f").hub_context == context
    lines = after.splitlines(True)
    added = next(index for index, line in enumerate(lines) if line.startswith("hubContext"))
    assert "".join(lines[:added] + lines[added + 1 :]) == text


# --- The file -------------------------------------------------------------------------------------------------


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_file_is_its_owner_s_and_has_no_backup(tmp_path: Path) -> None:
    path = tmp_path / ".kube" / "f.yaml"
    assert mapping_editor.write_text(str(path), "", "clusters: []\n") is None
    assert (path.read_text(), _mode(path)) == ("clusters: []\n", 0o600)
    assert os.listdir(path.parent) == ["f.yaml"]


def test_the_previous_file_is_kept_to_the_byte(tmp_path: Path) -> None:
    path = tmp_path / "f.yaml"
    path.write_bytes(b"# \xc3\xa4\r\nclusters:\n")
    path.chmod(0o644)
    before = mapping_editor.read_text(str(path))
    assert mapping_editor.write_text(str(path), before, "new\r\n") == f"{path}.bak"
    assert (path.read_bytes(), _mode(path)) == (b"new\r\n", 0o600)
    backup = tmp_path / "f.yaml.bak"
    assert (backup.read_bytes(), _mode(backup)) == (b"# \xc3\xa4\r\nclusters:\n", 0o600)
    assert sorted(os.listdir(tmp_path)) == ["f.yaml", "f.yaml.bak"]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "dotfiles").mkdir()
    (tmp_path / "dotfiles" / "f.yaml").write_text("old")
    (tmp_path / "f.yaml").symlink_to("dotfiles/f.yaml")
    mapping_editor.write_text(str(tmp_path / "f.yaml"), "old", "new")
    assert (tmp_path / "f.yaml").is_symlink()
    assert (tmp_path / "dotfiles" / "f.yaml").read_text() == "new"


def test_a_file_that_somebody_else_has_changed_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "f.yaml"
    path.write_text("theirs")
    with pytest.raises(CannotEdit, match="changed in the meantime"):
        mapping_editor.write_text(str(path), "what we read", "ours")
    assert path.read_text() == "theirs"
    assert os.listdir(tmp_path) == ["f.yaml"]


def test_a_write_that_fails_leaves_the_file_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "f.yaml"
    path.write_text("old")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        mapping_editor.write_text(str(path), "old", "new")
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["f.yaml"]
