# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""The protocol of client-go with a credential plugin (KEP-541): the input of the plugin and the credential it returns.

No message, repr or exception of this module holds a credential or the output of a plugin.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from kubectl_mc.named_tuples import NamedTuple
from kubectl_mc.type_hints import Any


class Credential(NamedTuple):
    """The credential that a plugin returned; a field that it left out is "".

    certificate, key: PEM
    expires: seconds since the epoch; None if the plugin named no time
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
    """Return the value of KUBERNETES_EXEC_INFO. cluster: from `cluster_info`, if the entry has provideClusterInfo."""
    spec: dict[str, Any] = {"cluster": cluster} if cluster is not None else {}
    spec["interactive"] = interactive
    return json.dumps({"kind": "ExecCredential", "apiVersion": api_version, "spec": spec})


# The fields of a kubeconfig's cluster have the same names in KUBERNETES_EXEC_INFO (clientauthentication/v1 types.go).
# The content of the extension becomes the field `config` (rest/exec.go).
_CLUSTER_FIELDS = (
    "server",
    "tls-server-name",
    "insecure-skip-tls-verify",
    "certificate-authority-data",
    "proxy-url",
    "disable-compression",
)
CLUSTER_CONFIG = "client.authentication.k8s.io/exec"


def cluster_configs(cluster: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the extensions of a kubeconfig's cluster that hold what its credential plugin is told of it."""
    return [extension for extension in cluster.get("extensions") or () if extension.get("name") == CLUSTER_CONFIG]


def cluster_info(cluster: Mapping[str, Any]) -> dict[str, Any]:
    """Return spec.cluster for the cluster of a kubeconfig (rest/exec.go, ConfigToExecCluster).

    Empty fields are left out, as Go's omitempty leaves them out; only `config` is null where there is no extension.
    """
    spec_cluster = {field: cluster[field] for field in _CLUSTER_FIELDS if cluster.get(field)}
    spec_cluster["server"] = _host(str(cluster.get("server") or ""))
    if "proxy-url" in spec_cluster:
        spec_cluster["proxy-url"] = _reassembled(str(spec_cluster["proxy-url"]))
    spec_cluster["config"] = None
    for extension in cluster_configs(cluster):
        spec_cluster["config"] = extension.get("extension")
    return spec_cluster


def _host(server: str) -> str:
    """Return the server without its query and fragment, if it has a path (client_config.go, ClientConfig)."""
    address = re.split(r"[?#]", server, maxsplit=1)[0]
    path = address.partition("://")[2].partition("/")[2]
    return _reassembled(address) if path else server


def _reassembled(url: str) -> str:
    """Return a URL as Go's url.URL puts it together again: its scheme is in lower case."""
    scheme, colon, rest = url.partition(":")
    return f"{scheme.lower()}{colon}{rest}"


def parse_credential(stdout: bytes, api_version: str, program: str = "the plugin") -> Credential | LoginFailure:
    """Parse the output of a plugin, JSON or YAML. The checks are client-go's (plugin/pkg/client/auth/exec/exec.go).

    A time in the past is no error, nor a private key of another certificate, which kubectl finds when it connects. A
    token that can't be sent is one, which client-go finds with each request: in a file, it would be trimmed.
    program: its name, for what is wrong
    """
    no_credential = LoginFailure(f"{program}'s output is not an ExecCredential")
    answer = _parse_answer(stdout.decode("utf-8", "replace"))
    # Go finds these two fields in any case, others in their own alone; a kind that is left out is what is asked for.
    header = {name.lower(): value for name, value in (answer or {}).items()}
    kind, version = header.get("kind") or "", header.get("apiversion")
    if answer is None or not isinstance(answer.get("spec"), dict | None):
        return no_credential
    if kind != "ExecCredential" and (kind or version != api_version):
        return no_credential
    if version != api_version:
        other = version if version in _KNOWN_VERSIONS else "another one"
        return LoginFailure(f"{program} was asked for API version {api_version} and gave {other}")
    status = answer.get("status")
    if status is None:
        return LoginFailure(f"{program} didn't return a status field")
    if not isinstance(status, dict):
        return no_credential
    fields = [status.get(name) for name in ("token", "clientCertificateData", "clientKeyData")]
    if not all(isinstance(field, str | None) for field in fields):
        return no_credential
    token, certificate, key = (_SURROGATES.sub("\ufffd", field or "") for field in fields)
    if not token and not certificate and not key:
        return LoginFailure(f"{program} didn't return a token or cert/key pair")
    if _UNSENDABLE.search(token):
        return LoginFailure(f"{program} returned a token with a line end or another control character")
    if bool(certificate) != bool(key):
        return LoginFailure(f"{program} returned only certificate or key, not both")
    if certificate and not (_has_block("CERTIFICATE", certificate) and _has_block("(?:[^\n]* )?PRIVATE KEY", key)):
        return LoginFailure(f"failed parsing {program}'s client key/certificate: one of them has no such PEM block")
    try:
        return Credential(token, certificate, key, _seconds(status.get("expirationTimestamp")))
    except (ValueError, TypeError, OverflowError):
        return LoginFailure(f"{program}'s expirationTimestamp is not a time")


_KNOWN_VERSIONS = tuple(f"client.authentication.k8s.io/{version}" for version in ("v1", "v1beta1", "v1alpha1"))
_UNSENDABLE = re.compile("[\x00-\x08\x0a-\x1f\x7f]")  # in a header (golang.org/x/net/http/httpguts)
_SURROGATES = re.compile("[\ud800-\udfff]")


def _parse_answer(text: str) -> dict[str, Any] | None:
    """Return the output of a plugin as a mapping; None if it is none. The errors of json hold the text: none leaves."""
    try:
        answer = json.loads(text) if text.lstrip().startswith("{") else _parse_yaml(text)
    except (ValueError, RecursionError):
        return None
    return answer if isinstance(answer, dict) else None


def _parse_yaml(text: str) -> object:
    from kubectl_mc.command_line import kuberc_text  # it reads YAML as Go does

    documents = kuberc_text.split_documents(text)
    return kuberc_text.parse_document(documents[0]) if documents else None


def _has_block(kind: str, text: str) -> bool:
    """Return whether a text has a PEM block of a kind, a regular expression (crypto/tls, X509KeyPair)."""
    return bool(re.search(rf"^-----BEGIN ({kind})-----\s*$.*^-----END \1-----", text, re.MULTILINE | re.DOTALL))


_RFC3339 = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:[.,]\d+)?(Z|[+-]\d\d:\d\d)", re.ASCII)


def _seconds(timestamp: Any) -> float | None:
    """Convert an RFC 3339 timestamp to seconds since the epoch. Raises ValueError or TypeError.

    Before Python 3.11, datetime.fromisoformat supports neither `Z` nor nanoseconds.
    """
    from datetime import datetime

    if timestamp is None:
        return None
    match = _RFC3339.fullmatch(timestamp)
    if not match:
        raise ValueError("no RFC 3339")
    moment, zone = match.group(1), match.group(2).replace("Z", "+00:00")
    parsed = datetime.strptime(moment + zone, "%Y-%m-%dT%H:%M:%S%z")
    return None if parsed.year == 1 else parsed.timestamp()  # client-go treats Go's zero time as no time


def with_credential(login: Mapping[str, Any], credential: Credential) -> dict[str, Any]:
    """Return the user of a kubeconfig with the credential in place of `exec`; impersonation and other fields stay.

    Fields that count for nothing beside exec, but that kubectl refuses beside a credential, go: a password without
    a user name, a key without a certificate.
    """
    from base64 import b64encode

    dropped = ("exec", "password", "client-key", "client-key-data")
    fields = {field: value for field, value in login.items() if field not in dropped}
    if credential.token:
        fields["token"] = credential.token
    if credential.certificate:
        fields["client-certificate-data"] = b64encode(credential.certificate.encode()).decode()
        fields["client-key-data"] = b64encode(credential.key.encode()).decode()
    return fields


_CREDENTIAL_FIELDS = ("token", "tokenFile", "client-certificate-data", "client-key-data")


def user_before_login(login: Mapping[str, Any], exec_entry: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """Return the user of a kubeconfig with its exec entry, if it has one, in place of the credential."""
    if exec_entry is None:
        return login
    return {**{field: value for field, value in login.items() if field not in _CREDENTIAL_FIELDS}, "exec": exec_entry}


def split_credential(login: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Undo `with_credential`: return the user without the credential, and the credential as ExecCredential's status."""
    from base64 import b64decode

    status = {"token": login["token"]} if "token" in login else {}
    if "client-certificate-data" in login:
        status["clientCertificateData"] = b64decode(login["client-certificate-data"]).decode()
        status["clientKeyData"] = b64decode(login["client-key-data"]).decode()
    return {field: value for field, value in login.items() if field not in _CREDENTIAL_FIELDS}, status
