"""client-go's protocol with an exec credential plugin (KEP-541): what it is told, and the credential that it gives.

A credential is never in a message or a repr, and no exception of these functions carries a plugin's output.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

# How kubeconfig's cluster fields are called in KUBERNETES_EXEC_INFO: the same (clientauthentication/v1 types.go), but
# for the extension, which becomes `config` (rest/exec.go).
_CLUSTER_FIELDS = (
    "server",
    "tls-server-name",
    "insecure-skip-tls-verify",
    "certificate-authority-data",
    "proxy-url",
    "disable-compression",
)
_EXTENSION = "client.authentication.k8s.io/exec"

_RFC3339 = re.compile(r"(\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d)(?:\.\d+)?([Zz]|[+-]\d\d:\d\d)")


class Credential(NamedTuple):
    """What a plugin gave; "" for what it didn't give.

    certificate, key: PEM
    expires: seconds since the epoch; None if it doesn't, for all that is known
    """

    token: str
    certificate: str
    key: str
    expires: float | None

    def __repr__(self) -> str:
        return f"Credential(expires={self.expires})"


class LoginFailure(NamedTuple):
    """Why there is no credential, fit to be shown."""

    reason: str


def exec_info(api_version: str, interactive: bool, cluster: Mapping[str, Any] | None) -> str:
    """KUBERNETES_EXEC_INFO. cluster: what `cluster_info` gives, if provideClusterInfo says so."""
    spec: dict[str, Any] = {"cluster": cluster} if cluster is not None else {}
    spec["interactive"] = interactive
    return json.dumps({"kind": "ExecCredential", "apiVersion": api_version, "spec": spec})


def cluster_info(cluster: Mapping[str, Any]) -> dict[str, Any]:
    """spec.cluster from a kubeconfig's cluster; fields without a value are left out, as Go's omitempty does."""
    info = {field: cluster[field] for field in _CLUSTER_FIELDS if cluster.get(field)}
    for extension in cluster.get("extensions") or ():
        if extension.get("name") == _EXTENSION:
            info["config"] = extension.get("extension")
    return info


def parse_credential(stdout: bytes, api_version: str) -> Credential | LoginFailure:
    """What a plugin wrote. The checks and their texts are client-go's (plugin/pkg/client/auth/exec/exec.go)."""
    answer = _object(stdout)
    if answer is None or answer.get("kind") != "ExecCredential":
        return LoginFailure("the plugin's output is no ExecCredential")
    if answer.get("apiVersion") != api_version:
        return LoginFailure(f"the plugin was asked for API version {api_version} and gave another one")
    status = answer.get("status")
    if not isinstance(status, dict):
        return LoginFailure("the plugin didn't return a status field")
    fields = [status.get(name) or "" for name in ("token", "clientCertificateData", "clientKeyData")]
    if not all(isinstance(field, str) for field in fields):
        return LoginFailure("the plugin's output is no ExecCredential")
    token, certificate, key = fields
    if not token and not certificate and not key:
        return LoginFailure("the plugin didn't return a token or cert/key pair")
    if bool(certificate) != bool(key):
        return LoginFailure("the plugin returned only certificate or key, not both")
    try:
        return Credential(token, certificate, key, _seconds(status.get("expirationTimestamp")))
    except (ValueError, TypeError, OverflowError):
        return LoginFailure("the plugin's expirationTimestamp is no time")


def _object(stdout: bytes) -> dict[str, Any] | None:
    """JSON's errors hold the text that they are about, so they end here."""
    try:
        answer = json.loads(stdout)
    except (ValueError, RecursionError):
        return None
    return answer if isinstance(answer, dict) else None


def _seconds(timestamp: Any) -> float | None:
    """RFC 3339 as seconds since the epoch. Raises ValueError or TypeError.

    Not by datetime.fromisoformat, which before Python 3.11 knows neither Z nor nanoseconds.
    """
    from datetime import datetime

    if timestamp is None:
        return None
    match = _RFC3339.fullmatch(timestamp)
    if not match:
        raise ValueError("no RFC 3339")
    moment, zone = match.group(1).upper(), match.group(2).upper().replace("Z", "+00:00")
    parsed = datetime.strptime(moment + zone, "%Y-%m-%dT%H:%M:%S%z")
    return None if parsed.year == 1 else parsed.timestamp()  # Go's zero time, which client-go takes for none


def logged_in(login: Mapping[str, Any], credential: Credential) -> dict[str, Any]:
    """A kubeconfig's user with the credential in place of its `exec`; impersonation and the like stay."""
    from base64 import b64encode

    rest = {field: value for field, value in login.items() if field != "exec"}
    if credential.token:
        rest["token"] = credential.token
    if credential.certificate:
        rest["client-certificate-data"] = b64encode(credential.certificate.encode()).decode()
        rest["client-key-data"] = b64encode(credential.key.encode()).decode()
    return rest


def taken_out(login: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """What `logged_in` has put into a user, apart again: the user without it, and the status of an ExecCredential."""
    from base64 import b64decode

    status = {"token": login["token"]} if "token" in login else {}
    if "client-certificate-data" in login:
        status["clientCertificateData"] = b64decode(login["client-certificate-data"]).decode()
        status["clientKeyData"] = b64decode(login["client-key-data"]).decode()
    given = ("token", "client-certificate-data", "client-key-data")
    return {field: value for field, value in login.items() if field not in given}, status
