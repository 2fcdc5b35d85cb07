from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_mc.command_line import grammar, local_files
from kubectl_mc.command_line.kubectl_flags import FLAGS
from kubectl_mc.command_line.local_files import LocalPath


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ("patch deploy/a --patch-file=p.yaml", [("p.yaml", "file")]),
        ("patch deploy/a --patch_file p.yaml", [("p.yaml", "file")]),
        ("create cm a --from-file=a.txt --from-file=key=b.txt", [("a.txt", "folder"), ("b.txt", "folder")]),
        ("create cm a --from-file=a.txt,key=b.txt", [("a.txt", "folder"), ("b.txt", "folder")]),
        ("create cm a --from-env-file=a.env,b.env", [("a.env", "file"), ("b.env", "file")]),
        ("create secret tls a --cert=c --key=k", [("c", "file"), ("k", "file")]),
        ("debug web-1 --custom=c.json", [("c.json", "file")]),
        ("cp here shop/web:/there", [("here", "tree")]),
        ("cp -c app --no-preserve here web:/there", [("here", "tree")]),
        ("cp web:/there here", []),
        ("edit -f a.yaml,- -f https://x/y", [("a.yaml", "tree")]),
        ("apply -k overlay", [("overlay", "tree")]),
        ("create cm a --from-literal=a=b.txt --kubeconfig=config", []),
        ("exec web -- tool --patch-file=p.yaml", []),
    ],
)
def test_the_files_are_those_that_flags_and_operands_name(text: str, paths: list[tuple[str, str]]) -> None:
    assert local_files.local_paths(grammar.parse_line(text.split())) == paths


def test_every_flag_is_one_of_kubectls() -> None:
    names = {entry.split(",")[-1].split("=")[0] for flags in FLAGS.values() for entry in flags.split()}
    assert set(local_files.FILE_FLAGS) < names


TEXTS = st.text(min_size=1).filter(lambda text: not set(text) & set("\r\n\0"))


@given(st.lists(TEXTS, min_size=1))
def test_values_are_split_as_they_were_joined(values: list[str]) -> None:
    assert local_files.split_values("from-file", local_files.join_values("from-file", values)) == values
    assert local_files.split_values("patch-file", values[0]) == values[:1]


def test_a_path_that_is_named_twice_is_one() -> None:
    line = grammar.parse_line(["create", "cm", "a", "--from-file=a=x", "--from-file=b=x"])
    assert local_files.local_paths(line) == [LocalPath("x", "folder")]
