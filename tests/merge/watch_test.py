from __future__ import annotations

import json

import pytest

from kubectl_mc.merge.watch import Documents

OBJECT = json.dumps({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}}, indent=4).split("\n")


@pytest.mark.parametrize("cut", range(1, len(OBJECT)))
def test_a_part_of_a_json_document_is_never_shown(cut: int) -> None:
    """Ctrl-C comes at any line."""
    documents = Documents("c1", "json")
    whole = documents.feed([*OBJECT, *OBJECT[:cut]]) + documents.end()
    assert json.loads(whole)["metadata"]["annotations"] == {"kubectl-mc.k8s.io/cluster": "c1"}


def test_the_rest_of_a_document_comes_with_later_lines() -> None:
    documents = Documents("c1", "json")
    assert documents.feed(OBJECT[:3]) == ""
    assert json.loads(documents.feed(OBJECT[3:]))["kind"] == "ConfigMap"
