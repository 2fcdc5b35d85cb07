# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""The oracles find what is wrong, and nothing in what is right: answers that are made up, without a kubectl."""

from __future__ import annotations

import pytest

from tests.e2e.conftest import Done
from tests.e2e.oracle.answers import faults
from tests.e2e.oracle.command_lines import parsed
from tests.e2e.oracle.kubectls import Plain
from tests.e2e.oracle_test import kind_of

C1 = Plain(0, "NAME   AGE\na      1d\nb      2d\n", "")
C2 = Plain(0, "NAME   NOTE   AGE\na      x y    3d\n", "")
LONE = "NAME   CLUSTER   AGE\na      c1        1d\nb      c1        2d\n"
BOTH = """\
NAME   CLUSTER   NOTE   AGE
a      c1               1d
b      c1               2d
a      c2        x y    3d
"""
MESSAGE = Plain(0, "AGE   MESSAGE\n1d    one\nsecond\n2d    two\n", "")
MESSAGE_SHOWN = """\
CLUSTER   AGE   MESSAGE
c1        1d    one
c1              second
c1        2d    two
"""
FAILED = Plain(1, "", "error: You must be logged in\n")
JSON = Plain(0, '{\n"apiVersion": "v1",\n"kind": "ConfigMap",\n"metadata": {\n"name": "a"\n},\n"x": 1.0\n}', "")
JSON_LIST = (
    '{"apiVersion": "v1", "kind": "List", "items": [\n{\n"apiVersion": "v1",\n"kind": "ConfigMap",\n"metadata": {\n'
    '"annotations": {\n"kubectl-mc.k8s.io/cluster": "CLUSTER"\n},\n"name": "a"\n},\n"x": NUMBER\n}\n]}'
)
EMPTY = Plain(1, '{"apiVersion": "v1", "kind": "List", "items": [], "metadata": {}}', "error: bad selector\n")
AGED = Plain(0, "NAME   AGE\na      ~~\n", "")
FOLDED = f"CLUSTERS (2): c1, c2\n{C1.stdout}"
FOLDED_ROWS = """\
CLUSTERS (3): c[1-3]
NAME   AGE
a      1d-3d

CLUSTERS (2): c1, c3   (not in c2)
NAME   AGE
b      1d-3d
"""
FOLDED_TEXTS = f"CLUSTERS (2): c1, c3\n{C1.stdout}\nCLUSTERS (1): c2\n{C2.stdout}"
LOGS = Plain(1, "", 'Error from server: Get "https://n:10250/containerLogs/shop/pod-1/one?tailLines=1": refused\n')
NOTICE = "Error: Failed to query 1 cluster: c2 (unauthorized)\nShowing results from 1/2 clusters:\n"


def swapped(text: str, *pairs: tuple[str, str]) -> str:
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    return text


@pytest.mark.parametrize(
    ("line", "plains", "done", "kinds"),
    [
        ("get cm", [C1], Done(0, LONE, ""), []),
        ("get cm", [C1], Done(0, swapped(LONE, ("a  ", "a "), ("b  ", "b ")), ""), ["other text than kubectl's"]),
        ("get cm", [C1], Done(0, f"CLUSTER: c1\n{C1.stdout}", ""), ["a table is shown as a section"]),
        ("get cm", [C1], Done(1, LONE, ""), ["another status than kubectl's"]),
        ("get cm", [C1], Done(0, LONE, "Warning: x\n"), ["other text on stderr than kubectl's"]),
        ("get cm", [C1, C2], Done(0, BOTH, ""), []),
        ("get cm", [C1, C2], Done(0, swapped(BOTH, ("x y", "x  ")), ""), ["other cells than kubectl's of"]),
        ("get cm", [C1, C2], Done(0, swapped(BOTH, ("a      c1  ", "a      c2  ")), ""), ["clusters in another order"]),
        ("get cm", [C1, C2], Done(0, swapped(BOTH, ("b      c1               2d\n", "")), ""), ["other cells than"]),
        (
            "get cm",
            [C1, C2],
            Done(0, swapped(BOTH, ("a      c1          ", "a      c1        y ")), ""),
            ["cells in columns"],
        ),
        ("get cm", [C1, FAILED], Done(3, LONE, NOTICE), []),
        ("get cm", [C1, FAILED], Done(0, LONE, NOTICE), ["the status doesn't say that a cluster failed"]),
        ("get cm", [C1, FAILED], Done(1, LONE, NOTICE), ["the status doesn't say whether some"]),
        ("get cm", [C1, FAILED], Done(3, LONE, ""), ["a failure isn't told"]),
        (
            "get cm",
            [C1, FAILED],
            Done(3, LONE, swapped(NOTICE, ("from 1/2", "from 2/2"))),
            ["another number of clusters"],
        ),
        ("events", [MESSAGE], Done(0, MESSAGE_SHOWN, ""), []),
        ("events", [MESSAGE], Done(0, f"CLUSTER: c1\n{MESSAGE.stdout}", ""), []),
        (
            "events",
            [MESSAGE],
            Done(0, swapped(MESSAGE_SHOWN, ("c1              second\n", "")), ""),
            ["other lines than"],
        ),
        (
            "get cm a -o~json",
            [JSON, FAILED],
            Done(3, swapped(JSON_LIST, ("CLUSTER", "c1"), ("NUMBER", "1.0")), NOTICE),
            [],
        ),
        (
            "get cm a -o~json",
            [JSON, FAILED],
            Done(3, swapped(JSON_LIST, ("CLUSTER", "c1"), ("NUMBER", "1")), NOTICE),
            ["other objects than kubectl's of"],
        ),
        (
            "get cm a -o~json",
            [JSON, FAILED],
            Done(3, swapped(JSON_LIST, ("CLUSTER", "c2"), ("NUMBER", "1.0")), NOTICE),
            ["other objects than kubectl's of", "objects of clusters that gave none"],
        ),
        ("get cm -o~json", [EMPTY, EMPTY], Done(1, "", "error: bad selector\n"), []),
        ("get cm -o~json", [EMPTY, EMPTY], Done(1, EMPTY.stdout, "error: bad selector\n"), ["a document that no"]),
        (
            "get cm -o~json",
            [EMPTY._replace(status=0, stderr=""), EMPTY],
            Done(3, "", swapped(NOTICE, ("unauthorized", "bad selector"))),
            ["no document"],
        ),
        ("get cm x* -A -o~json", [JSON._replace(kept=("x*",))], Done(1, "", "error: no x*\n"), []),
        ("get cm a* -A -o~json", [JSON._replace(kept=("a*",))], Done(1, "", "error: no a*\n"), ["no document"]),
        ("get cm --fold", [C1, C1], Done(0, FOLDED, ""), []),
        ("get cm --fold", [C1, C1], Done(0, swapped(FOLDED, ("c1, c2", "c1")), ""), ["other lines than"]),
        ("get cm --fold", [C1, AGED, C1], Done(0, FOLDED_ROWS, ""), []),
        ("get cm --fold", [C1, AGED, C1], Done(0, swapped(FOLDED_ROWS, ("b ", "c ")), ""), ["other lines than"]),
        (
            "get cm --fold",
            [C1, AGED, C1],
            Done(0, swapped(FOLDED_ROWS, ("b      1d-3d\n", "")), ""),
            ["other lines than"],
        ),
        ("describe cm --fold", [C1, C2, C1], Done(0, FOLDED_TEXTS, ""), []),
        (
            "describe cm --fold",
            [C1, C2, C1],
            Done(0, swapped(FOLDED_TEXTS, ("c1, c3", "c1")), ""),
            ["sections of other"],
        ),
        ("logs -l~a=b", [LOGS], Done(1, "", swapped(LOGS.stderr, ("pod-1/one", "pod-2/two"))), []),
        ("logs -l~a=b", [LOGS], Done(1, "", swapped(LOGS.stderr, ("refused", "reset"))), ["other text on"]),
        ("get cm -o~jsonpath=x", [Plain(0, "a\n\nb", "")], Done(0, "c1\ta\nc1\t\nc1\tb\n", ""), []),
        (
            "get cm -o~jsonpath=x",
            [Plain(0, "a\n\nb", "")],
            Done(0, "c1\ta\nc1\tb\n", ""),
            ["other lines than kubectl's"],
        ),
        ("describe cm", [Plain(0, "x\n", "")], Done(0, "CLUSTER: c1\nx\n", ""), []),
        (
            "describe cm",
            [Plain(0, "x\n", "")],
            Done(0, "CLUSTER: c1\n> x\n", ""),
            ["other sections than kubectl's texts"],
        ),
        ("wait cm/a", [Plain(0, "a\nb\n", "")] * 2, Done(0, "[c1] a\n[c2] a\n[c2] b\n[c1] b\n", ""), []),
        (
            "wait cm/a",
            [Plain(0, "a\nb\n", "")] * 2,
            Done(0, "[c1] b\n[c2] a\n[c2] b\n[c1] a\n", ""),
            ["other lines than"],
        ),
        ("get cm", [Plain(0, "", "Warning: old\n"), C1._replace(stdout="")], Done(0, "", "Warning: old (c1)\n"), []),
        (
            "get cm",
            [Plain(0, "", "Warning: old\n"), C1._replace(stdout="")],
            Done(0, "", "Warning: old\n"),
            ["a line on stderr"],
        ),
    ],
)
def test_what_is_wrong_is_found(line: str, plains: list[Plain], done: Done, kinds: list[str]) -> None:
    texts = faults(parsed(line), dict(zip(("c1", "c2", "c3"), plains)), done)
    assert len({kind_of(text) for text in texts}) >= len(kinds)
    assert all(any(kind_of(text).startswith(kind) for text in texts) for kind in kinds), texts
    assert bool(texts) == bool(kinds), texts
