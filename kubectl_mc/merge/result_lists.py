# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Documents that are not objects (`version -o json`) of many clusters -> one ClusterResultList. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable

from kubectl_mc import API_VERSION
from kubectl_mc.merge.object_lists import ClusterText, indented

RESULTS = API_VERSION


def wrap_documents(outputs: Iterable[ClusterText], output: str) -> str:
    """Return one document for documents that are not objects (`version -o json`): a list of {cluster, result}.

    output: "json", "yaml" or "kyaml"
    """
    # A document in KYAML starts with `---`, which cannot stand inside of one.
    results = [(json.dumps(cluster), text.removeprefix("---\n")) for cluster, text in outputs]
    if output == "yaml":
        items = "".join(f"- cluster: {cluster}\n  result:\n{indented(text, '    ')}\n" for cluster, text in results)
        return f"apiVersion: {RESULTS}\nitems:\n{items}kind: ClusterResultList\n"
    if output == "kyaml":
        items = ", ".join(
            f"{{\n    cluster: {cluster},\n    result: {indented(text, ' ' * 4).lstrip()},\n  }}"
            for cluster, text in results
        )
        return f'---\n{{\n  apiVersion: "{RESULTS}",\n  items: [{items}],\n  kind: "ClusterResultList",\n}}\n'
    items = ",\n".join(
        f'        {{\n            "cluster": {cluster},\n            "result": '
        f"{indented(text, ' ' * 12).lstrip()}\n        }}"
        for cluster, text in results
    )
    return f'{{\n    "apiVersion": "{RESULTS}",\n    "items": [\n{items}\n    ],\n    "kind": "ClusterResultList"\n}}\n'
