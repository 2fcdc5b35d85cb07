# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import re
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_mc.command_line import grammar, local_files
from kubectl_mc.command_line.kubectl_flags import FLAGS
from kubectl_mc.command_line.local_files import FileValue, LocalPath


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
        ("get pods -o go-template-file=t", [("t", "file")]),
        ("get pods -wocustom-columns-file=t", [("t", "file")]),
        ("get pods -o jsonpath-file --template t", [("t", "file")]),
        ("get pods -o templatefile=t", [("t", "file")]),
        ("get pods -o jsonpath={.x} --template t", []),
        ("get pods --template t", []),
        ("get pods -o go-template-file=t -o name", []),
        ("patch deploy/a --patch-file=a --patch-file=b", [("b", "file")]),
        ("get pods --patch-file=a", []),
    ],
)
def test_the_files_are_those_that_flags_and_operands_name(text: str, paths: list[tuple[str, str]]) -> None:
    assert local_files.local_paths(grammar.parse_line(text.split())) == paths


def test_every_flag_is_one_of_kubectls() -> None:
    names = {entry.split(",")[-1].split("=")[0].rstrip("~") for flags in FLAGS.values() for entry in flags.split()}
    assert {*local_files.INPUT_FLAGS, *local_files.ACCESS_FLAGS} < names


# Flags whose help speaks of a file that kubectl does not read for its clusters: --kuberc is read by us, `config` and
# `kustomize` run locally, and --profile-output is written.
NOT_READ = {"kuberc", "profile-output", "helm-command"}
NAMES_A_FILE = re.compile(
    r"(?:specify the |template string or )?(?:path to|filename|the files|key files?\b|a file|name of the file)", re.I
)


@pytest.mark.skipif(not shutil.which("kubectl"), reason="no kubectl on PATH")
def test_every_flag_of_which_kubectls_help_says_that_it_names_a_file_is_known(tmp_path: Path) -> None:
    """For the flags of new kubectls: one that is missing would have each kubectl read a pipe."""
    kubectl = shutil.which("kubectl") or ""

    def named(path: str) -> set[str]:
        words = [*path.split(), "--help"] if path else ["options"]
        environment = {"HOME": str(tmp_path), "PATH": str(tmp_path), "LC_ALL": "C"}
        text = subprocess.run([kubectl, *words], capture_output=True, text=True, env=environment, check=True).stdout
        flags = re.findall(r"^ +(?:-\w, )?--([\w-]+)=.*:\n\s+(.*)", text, re.MULTILINE)
        return {name for name, description in flags if NAMES_A_FILE.match(description)}

    with ThreadPoolExecutor() as pool:
        names = set().union(*pool.map(named, FLAGS))
    known = {*local_files.INPUT_FLAGS, *local_files.ACCESS_FLAGS}
    # The help of these says what they are in other words.
    assert {*names, "kustomize", "output"} - NOT_READ == known


TEXTS = st.text(min_size=1).filter(lambda text: not set(text) & set("\r\n\0="))


@given(st.sampled_from(["from-file", "from-env-file", "filename"]), st.lists(TEXTS, min_size=1))
def test_values_are_split_as_they_were_joined(flag: str, paths: list[str]) -> None:
    files = [FileValue(flag, "", path) for path in paths]
    assert local_files.split_value(flag, local_files.join_value(flag, files)) == files
    assert local_files.split_value("patch-file", paths[0]) == [FileValue("patch-file", "", paths[0])]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("create cm a --from-file=a=x,y", "create configmap --from-file=a=/held,/held a"),
        ("get pods -wo go-template-file=x", "get --watch=true --output=go-template-file=/held pods"),
        ("get pods -o jsonpath-file --template x", "get --output=jsonpath-file --template=/held pods"),
        ("patch cm a --patch-file x --patch-file y", "patch --patch-file=/held cm a"),
        ("apply -f a -f -,b", "apply --filename=/held --filename=/held,/held"),
        ("get pods -o name", "get --output=name pods"),
    ],
)
def test_kubectl_gets_other_files_and_the_words_stay_as_typed(text: str, words: str) -> None:
    typed = grammar.parse_line(text.split())
    line = local_files.with_files(typed, local_files.INPUT_FLAGS, lambda file: [file._replace(path="/held")])
    assert grammar.canonical_words(line) == words.split()
    assert grammar.typed_words(line) == grammar.typed_words(typed)


def test_a_path_that_is_named_twice_is_one() -> None:
    line = grammar.parse_line(["create", "cm", "a", "--from-file=a=x", "--from-file=b=x"])
    assert local_files.local_paths(line) == [LocalPath("x", "folder")]
