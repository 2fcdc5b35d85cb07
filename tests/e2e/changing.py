# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""What the tests of changes share: the clusters, some changes, and how to look at the results."""

from __future__ import annotations

import base64
from functools import cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from kubectl_mc.changes.record import Run, read_record, record_path
from tests.e2e.conftest import Shell
from tests.e2e.verbs_test import MANIFESTS, Place

TARGETS = ("c1", "c3")  # changes are for these clusters, and not for c2
SETTINGS = "get cm settings -n shop -o yaml"
CART = "get deploy cart -n shop -o yaml"
LABEL = "label cm settings -n shop a=b"
NEW_IMAGE = "set image deploy/cart -n shop app=new"

WEB = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: new-web, namespace: shop}
spec:
  selector: {matchLabels: {app: new-web}}
  template:
    metadata: {labels: {app: new-web}}
    spec: {containers: [{name: app, image: web}]}
"""


@cache
def signing_request() -> str:
    """Return a certificate request that a real API server accepts, in base64."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "joe")])
    request = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, hashes.SHA256())
    return base64.b64encode(request.public_bytes(serialization.Encoding.PEM)).decode()


def settled(changing: Shell, folder: Path) -> Place:
    """Return the fleet with the manifests in a folder, and an empty record."""
    request = MANIFESTS["request.yaml"].replace("LS0t", signing_request())
    for name, text in {**MANIFESTS, "web.yaml": WEB, "request.yaml": request}.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    Path(record_path(changing.environment["HOME"])).unlink(missing_ok=True)
    path = f"{folder}:{changing.environment['PATH']}"
    environment = {**changing.environment, "PATH": path, "EDITOR": f"{folder}/editor"}
    return Place(changing._replace(environment=environment), folder)


def targeted(command: str, *more: str) -> str:
    """Return a command line for the targets only."""
    return " ".join((command, f"--clusters={','.join(TARGETS)}", *more))


def everywhere(place: Place, command: str) -> dict[str, str]:
    """Return what plain kubectl prints on each cluster."""
    return place.everywhere(f"{command} --ignore-not-found" if command.startswith("get ") else command)


def labelled(place: Place) -> list[str]:
    """Return the clusters that have the label of LABEL, as plain kubectl shows it."""
    labels = place.everywhere("get cm settings -n shop -o jsonpath={.metadata.labels.a} --ignore-not-found")
    return [cluster for cluster, text in labels.items() if text == "b"]


def writes(place: Place, cluster: str) -> int:
    """Return how many requests of the cluster were writes."""
    return sum(
        request["method"] in ("POST", "PATCH", "PUT", "DELETE")
        and "dryRun" not in str(request["query"])
        and "/apis/authorization" not in request["path"]
        for request in place.shell.fleet.requests(cluster)
    )


def runs(place: Place) -> list[Run]:
    """Return the runs in the record."""
    return list(read_record(record_path(place.shell.environment["HOME"])).runs)


def states(run: Run) -> dict[str, str]:
    """Return the outcome of each cluster."""
    return {outcome.cluster: outcome.state for outcome in run.outcomes()}
