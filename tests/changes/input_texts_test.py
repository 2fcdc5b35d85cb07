# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import json
from contextlib import ExitStack
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from kubectl_mc.changes.input_texts import InputText, give_input, join_texts
from kubectl_mc.command_line import grammar
from kubectl_mc.messages.input_names import InputName
from kubectl_mc.processes.requests import Request
from tests.environments import request


def read(asked: Request) -> list[tuple[InputName, bytes]]:
    """What each -f of a request is read as."""
    return [
        (asked.input_names[path], Path(path).read_bytes()) for path in grammar.values(asked.line, "filename") if path
    ]


def texts(*contents: bytes) -> list[InputText]:
    return [InputText(InputName(f"{number}.yaml"), content) for number, content in enumerate(contents, start=1)]


TWO = b"a: 1\n---\nb: 2\n"
SECOND = ("document 1, from line 1", "document 2, from line 3")


@pytest.mark.parametrize(
    ("content", "places"),
    [
        (TWO, SECOND),
        (TWO.replace(b"\n", b"\r\n"), SECOND),
        (b"---\n# note\n---\n" + TWO, ("document 1, from line 4", "document 2, from line 6")),
        (b'{"a": 1}\n\n {"b":\n2}\n', ("document 1, from line 1", "document 2, from line 3")),
        (b'{"a": 1}\n---\n{b: 2}\n', SECOND),
        (b"a: |\n  x\n---\nb: 2", ("document 1, from line 1", "document 2, from line 4")),
    ],
)
def test_each_document_has_its_place(content: bytes, places: tuple[str, ...]) -> None:
    with ExitStack() as stack:
        asked = give_input(request("apply -f x"), request("apply -f -").line, texts(content), stack, by_path=False)
        assert [name for name, _ in read(asked)] == [InputName("1.yaml", place) for place in places]
        documents = [document for document in yaml.safe_load_all(content.replace(b"}\n\n {", b"}\n---\n{")) if document]
        assert [next(yaml.safe_load_all(text)) for _, text in read(asked)] == documents
        assert asked.stdin is None


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"a: 1\n---\nb: [\n---\nc: 3\n", InputName("1.yaml", "one of its 3 documents", "document 2, from line 3")),
        (b"a: 1\n---\nb: 2\nb: 3\n", InputName("1.yaml", "one of its 2 documents", "document 2, from line 3")),
        (b"a: 1\n---\nb: [\n---\nc: [\n", InputName("1.yaml", "one of its 3 documents")),
        (b"a: 1\n--- # not where kubectl divides\nb: 2\n", InputName("1.yaml")),
        (b"a: 1\n", InputName("1.yaml")),
        (b"", InputName("1.yaml")),
        ("\ufeffa: 1\n---\nb: 2\n".encode("utf-16"), InputName("1.yaml")),
        (b"\xff\n---\nb: 2\n", InputName("1.yaml")),
    ],
)
def test_a_file_that_is_not_divided_stays_to_the_byte(content: bytes, name: InputName) -> None:
    line = request("apply -f -").line
    with ExitStack() as stack:
        asked = give_input(request("apply -f x"), line, texts(content), stack, by_path=False)
        assert (grammar.values(asked.line, "filename"), asked.input_names) == (["-"], {"STDIN": name})
        assert asked.stdin
        assert Path(asked.stdin).read_bytes() == content
        assert read(give_input(asked, line, texts(content), stack, by_path=True)) == [(name, content)]


def test_what_is_in_no_file_or_sent_as_it_is_is_not_divided() -> None:
    with ExitStack() as stack:
        built = InputText(InputName("overlay"), TWO, is_built=True)
        asked = give_input(request("apply -k x"), request("apply -f -").line, [built], stack, by_path=False)
        assert asked.input_names == {"STDIN": InputName("overlay")}
        raw = request("create --raw /api -f -")
        asked = give_input(raw, raw.line, texts(TWO), stack, by_path=False)
        assert (asked.input_names, grammar.value(asked.line, "filename")) == ({"STDIN": InputName("1.yaml")}, "-")


def test_a_read_gets_the_files_as_they_are() -> None:
    """kubectl prints a lone object for a lone file, and a List for stdin."""
    line = request("get -f -").line
    with ExitStack() as stack:
        asked = give_input(request("get -f x"), line, texts(TWO), stack, by_path=False)
        assert (read(asked), asked.stdin) == ([(InputName("1.yaml"), TWO)], None)
        piped = InputText(InputName("STDIN"), TWO)
        asked = give_input(request("get -f x"), line, [piped, *texts(b"a: 1")], stack, by_path=False)
        assert grammar.values(asked.line, "filename")[0] == "-"
        assert list(asked.input_names.values()) == [piped.name, InputName("1.yaml")]
        assert asked.stdin
        assert Path(asked.stdin).read_bytes() == TWO


def test_too_many_documents_are_not_all_held_as_files() -> None:
    many = b"---\n".join(b"a: 1\n" for _ in range(70))
    with ExitStack() as stack:
        line = request("apply -f -").line
        asked = give_input(request("apply -f x"), line, texts(TWO, many, TWO), stack, by_path=False)
        names = [name for name, _ in read(asked)]
        assert [name.name for name in names] == ["1.yaml", "2.yaml", "3.yaml", "3.yaml"]
        assert [name.place for name in names[:2]] == ["one of its 2 documents", "one of its 70 documents"]
        asked = give_input(request("apply -f x"), line, texts(*[b"a: 1"] * 65), stack, by_path=False)
        assert asked.input_names == {"STDIN": InputName("STDIN", "one of 65 files")}
        assert asked.stdin
        assert len(list(yaml.safe_load_all(Path(asked.stdin).read_bytes()))) == 65


def test_an_input_leaves_open_files_for_kubectls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("resource.getrlimit", lambda number: (80, 80))
    with ExitStack() as stack:
        line = request("apply -f -").line
        asked = give_input(request("apply -f x"), line, texts(b"---\n".join([b"a: 1\n"] * 11)), stack, by_path=False)
        assert asked.input_names == {"STDIN": InputName("1.yaml", "one of its 11 documents")}


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z"))),
    lambda values: st.lists(values, max_size=3) | st.dictionaries(st.text("abc-", min_size=1), values, max_size=3),
)


@given(st.lists(st.dictionaries(st.text("abc", min_size=1), VALUES, min_size=1), min_size=2, max_size=5), st.booleans())
def test_the_documents_are_what_the_file_holds(documents: list[object], as_json: bool) -> None:
    content = (
        "\n".join(json.dumps(document, ensure_ascii=False) for document in documents)
        if as_json
        else yaml.safe_dump_all(documents)
    )
    with ExitStack() as stack:
        line = request("apply -f -").line
        asked = give_input(request("apply -f x"), line, texts(content.encode()), stack, by_path=False)
        given_documents = [yaml.safe_load(text) for _, text in read(asked)]
        assert given_documents == documents
        assert list(yaml.safe_load_all(join_texts([content.encode(), b"x: 1"]))) == [*documents, {"x": 1}]
