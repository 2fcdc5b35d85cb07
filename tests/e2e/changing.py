"""What the tests of changes share: where they are made, some of them, and what is left behind."""

from __future__ import annotations

import base64
from functools import cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from kubectl_mc.changes import record
from kubectl_mc.changes import record as record_module
from kubectl_mc.changes.record import Run
from tests.e2e.conftest import Shell
from tests.e2e.verbs_test import MANIFESTS, Place

TARGETS = ("c1", "c3")  # a change is made on these, and not on c2
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
    """A certificate request that a real API server takes, in base64."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "joe")])
    request = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, hashes.SHA256())
    return base64.b64encode(request.public_bytes(serialization.Encoding.PEM)).decode()


def settled(changing: Shell, folder: Path) -> Place:
    """The fleet with the manifests in that folder, and nothing in the record yet."""
    request = MANIFESTS["request.yaml"].replace("LS0t", signing_request())
    for name, text in {**MANIFESTS, "web.yaml": WEB, "request.yaml": request}.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    record = Path(record_module.record_path(changing.environment["HOME"]))
    record.unlink(missing_ok=True)
    path = f"{folder}:{changing.environment['PATH']}"
    return Place(
        changing._replace(environment={**changing.environment, "PATH": path, "EDITOR": f"{folder}/editor"}), folder
    )


def targeted(command: str, *more: str) -> str:
    return " ".join((command, f"--clusters={','.join(TARGETS)}", *more))


def everywhere(place: Place, look: str) -> dict[str, str]:
    return place.everywhere(f"{look} --ignore-not-found" if look.startswith("get ") else look)


def labelled(place: Place) -> list[str]:
    """The clusters on which LABEL has been done, as plain kubectl sees it."""
    found = place.everywhere("get cm settings -n shop -o jsonpath={.metadata.labels.a} --ignore-not-found")
    return [cluster for cluster, text in found.items() if text == "b"]


def writes(place: Place, cluster: str) -> int:
    """How often the cluster was asked to change something."""
    return sum(
        request["method"] in ("POST", "PATCH", "PUT", "DELETE")
        and "dryRun" not in str(request["query"])
        and "/apis/authorization" not in request["path"]
        for request in place.shell.fleet.requests(cluster)
    )


def runs(place: Place) -> list[Run]:
    return record.read_runs(record.record_path(place.shell.environment["HOME"]))


def states(run: Run) -> dict[str, str]:
    return {each.cluster: each.state for each in run.places()}
