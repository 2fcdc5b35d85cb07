# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""What is read is what kubectl 1.34 to 1.37 were seen to read; what they may read otherwise is an error."""

from __future__ import annotations

import json
from random import Random

import pytest

from kubectl_mc.command_line import kuberc, kuberc_text
from kubectl_mc.command_line.kuberc_text import UnclearError


@pytest.mark.parametrize(
    ("text", "documents"),
    [
        ("", []),
        ("\n\n", []),
        ("a\n---\nb", ["a\n", "b\n"]),
        ("---\na\r\n--- # c\r\n\n---\nb\n", ["---\na\n", "b\n"]),
        ("# c\n", ["# c\n"]),
        ("a\n ---\n", ["a\n ---\n"]),
    ],
)
def test_documents_are_split_as_kubectl_does(text: str, documents: list[str]) -> None:
    assert kuberc_text.split_documents(text) == documents


@pytest.mark.parametrize(
    "text", ["1:30", "=", "2024-01-01", "-f", "--x", "+", "10.0.0.1", "5m", "tRUE", "nan", "0x", "1-1", "-.5e", "a:b"]
)
def test_a_text_is_a_text(text: str) -> None:
    assert kuberc_text.parse_document(f"- {text}\n- [{text}, x]\n") == [text, [text, "x"]]


@pytest.mark.parametrize(
    "text", ["y", "Yes", "ON", "false", "n", "0", "-1", "+5", "08", "0x1f", "0o17", "0b11", "1e5", "1.", ".5", "12E03"]
)
def test_numbers_and_booleans_are_no_texts(text: str) -> None:
    assert kuberc_text.parse_document(f"[{text}, '{text}']") == [0.0, text]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("# nothing", None),
        ("a:\nb: ~\nc: Null\nd: ''", {"a": None, "b": None, "c": None, "d": ""}),
        ('{\t"a": [1, true,\n\t"1:30"]}', {"a": [1.0, True, "1:30"]}),
        ("a: |\n  x\n  y\nb: >-\n  x\n  y\n", {"a": "x\ny\n", "b": "x y"}),
        ("yes: {b: http://x:80/}", {"yes": {"b": "http://x:80/"}}),
        ("\ufeffa: é", {"a": "é"}),
    ],
)
def test_yaml_and_json_are_read(text: str, value: object) -> None:
    assert kuberc_text.parse_document(text) == value


@pytest.mark.parametrize(
    "text",
    [
        "[", "a: b: c", "a: 1\na: 2", '{"a": 1, "a": 2}', "{a: b}", "{]",
        '{"a": NaN}', '{"a": "\\ud800"}', '{"a": "\\u0000"}',
        "a: !!bool foo", 'a: !!int ""', 'a: !!float ""', "a: !!timestamp foo", "a: !!binary aGk=", "a: !!set {b}",
        "a: &x [*x]", "a: &x b\nc: *x", "a: !x b", "<<: {a: b}", "? [a]\n: b", "~: a", "%YAML 1.1\n---\na: b",
        "a: b\n...\n---\nc: d", "[a:]", "- {a:, b: c}", "- {a?: b}", "a: 1_0", "a: 99e999", "a: .nan", "a: -.INF",
        "a: 0xfffffffffffffffffff", '"\\ud800"', '"\\UFFFFFFFF"', '"\\0"', '"\\/"', "a\tb", "a: \x00",
        "[" * 5000, '{"a":' * 50000, "a: %s" % ("9" * 5000), "%YAML " + "9" * 5000 + ".1\n---\n",
    ],
)  # fmt: skip
def test_what_kubectl_may_read_otherwise_is_unclear(text: str) -> None:
    with pytest.raises(UnclearError):
        kuberc_text.parse_document(text)


def test_newer_kubectls_refuse_a_document_behind_a_separator() -> None:
    with pytest.raises(UnclearError):
        kuberc_text.split_documents("a: b\n--- c\n")


PARTS = (
    "apiVersion: kubectl.config.k8s.io/v1beta1\n", "kind: Preference\n", "aliases:\n", "defaults:", "- ", "name",
    "options", "credentialPluginPolicy: ", "credentialPluginAllowlist: ", "---\n", "...\n",
    "{", "}", "[", "]", ",", ":", " ", "\n", "\t", "|", ">", '"', "'", '"\\uD800"', '"\\UFFFFFFFF"',
    "!!bool ", "!!set ", "!x ", "%YAML 1.1\n", "%TAG ! x\n", "&a ", "*a", "<<: ", "?", "1:30", "=", ".nan",
    "\x00", "\x85", "\u2028", "\ufeff", "é", "#", "null", "~", "true",
)  # fmt: skip


def test_whatever_is_in_the_file_is_read_or_refused() -> None:
    random = Random(1)
    ends: set[object] = set()
    for _ in range(3000):
        text = "".join(random.choices(PARTS, k=random.randrange(14)))
        if random.random() < 0.3:
            text = PARTS[0] + PARTS[1] + text
        if random.random() < 0.3:
            text = random.randbytes(random.randrange(40)).decode("latin-1")
        try:
            documents = map(kuberc_text.parse_document, kuberc_text.split_documents(text))
            preferences = kuberc.parse_documents(documents)
            if preferences:
                json.dumps(preferences, ensure_ascii=False).encode()
            ends.add(preferences is not None)
        except UnclearError:
            ends.add("unclear")
    assert ends == {True, False, "unclear"}
