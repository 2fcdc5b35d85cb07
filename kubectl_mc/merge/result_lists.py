"""Documents that are not objects (`version -o json`) of many clusters -> one ClusterResultList. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable

from kubectl_mc.merge.object_lists import ClusterText, indented

RESULTS = "kubectl-mc.k8s.io/v1alpha1"


def wrap_documents(outputs: Iterable[ClusterText], output: str) -> str:
    """Return one document for documents that are not objects (`version -o json`): a list of {cluster, result}."""
    if output == "yaml":
        items = "".join(
            f"- cluster: {json.dumps(cluster)}\n  result:\n{indented(text, '    ')}\n" for cluster, text in outputs
        )
        return f"apiVersion: {RESULTS}\nitems:\n{items}kind: ClusterResultList\n"
    results = ",\n".join(
        f'        {{\n            "cluster": {json.dumps(cluster)},\n            "result": '
        f"{indented(text, ' ' * 12).lstrip()}\n        }}"
        for cluster, text in outputs
    )
    return (
        f'{{\n    "apiVersion": "{RESULTS}",\n    "items": [\n{results}\n    ],\n    "kind": "ClusterResultList"\n}}\n'
    )
