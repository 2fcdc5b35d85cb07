# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""The URL of a server that a ClusterProfile publishes, and the user's template that replaces it. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from kubectl_mc.access.checked_values import RefusedError
from kubectl_mc.fleet.cluster_profiles import ClusterProfile
from kubectl_mc.named_tuples import NamedTuple


class ServerUrl(NamedTuple):
    """The URL of a server, in parts whose characters cannot make another part of them.

    scheme: "https" or "http"
    host: a name or an address; an IPv6 address is in brackets
    port: "" if the URL names none
    path: "" or a path that begins with a slash
    rest: a query and a fragment, which kubectl drops
    """

    scheme: str
    host: str
    port: str
    path: str
    rest: str

    @property
    def text(self) -> str:
        """The URL, as a kubeconfig has it."""
        return f"{self.scheme}://{self.host}{self.port and f':{self.port}'}{self.path}{self.rest}"


_LONGEST = 2048  # characters, as in the CRD
_HOST = r"[\w.\-]+|\[[\da-f:.]+(?:%25[\w.\-]+)?\]"
_URL = re.compile(rf"(https?)://({_HOST})(?::(\d{{0,5}}))?(/[!-~]*?)?([?#][!-~]*)?", re.ASCII | re.IGNORECASE)
_HOST_PORT = re.compile(rf"(?:{_HOST})(?::\d{{0,5}})?/?", re.ASCII | re.IGNORECASE)


def parse_server(text: str) -> ServerUrl:
    """Parse the `server` of a Cluster. Raises RefusedError.

    It is a URL, or HOST:PORT, which the first API version lets pass and which client-go takes, too. Without a scheme it
    is https, also without a certificate authority, where client-go takes http. A URL with a user name is refused: it
    holds a secret, or hides the host.
    """
    url = f"https://{text}" if _HOST_PORT.fullmatch(text) else text
    match = _URL.fullmatch(url) if len(url) <= _LONGEST else None
    if not match or int(match[3] or 0) > 65535:
        raise RefusedError("its server is not the https or http URL of a host")
    scheme, host, port, path, rest = (part or "" for part in match.groups())
    return ServerUrl(scheme.lower(), host, port, path, rest)


def is_unencrypted(server: str) -> bool:
    """Return whether kubectl talks to a server without TLS, and so without a credential (clientcmd: ClientConfig)."""
    return server.lower().startswith("http://")


# --- Templates ---------------------------------------------------------------------------------------------

_NAMES = ("name", "namespace", "host")
_AUTHORITY = (*_NAMES, "port")
_TEMPLATE = re.compile(r"(https?|\{scheme\})://([^/?#]+?)((?:/|\{path\})[^?#]*)?", re.IGNORECASE)
_DEFAULT_PORTS = {"https": "443", "http": "80"}


class ServerTemplate(NamedTuple):
    """A template of a server's URL, in parts, so that no value can change which part is the host."""

    scheme: str
    authority: str
    path: str


def parse_server_template(text: str) -> ServerTemplate:
    """Parse the `server` of a provider: a URL with {name}, {namespace}, {scheme}, {host}, {port} and {path}.

    {path} begins with a slash, so `/{path}` is the same as `{path}`. Raises RefusedError.
    """
    _check_placeholders(text, "server", (*_AUTHORITY, "scheme", "path"))
    match = _TEMPLATE.fullmatch(text)
    if not match or not text.isascii():
        raise RefusedError("server is not a template of an https or http URL, such as https://proxy.example/{name}")
    scheme, authority, path = (part or "" for part in match.groups())
    _check_placeholders(authority, "the host of server", _AUTHORITY)
    return ServerTemplate(scheme, authority, path.replace("/{path}", "{path}"))


def parse_name_template(text: str) -> str:
    """Return the `tls-server-name` of a provider, with {name}, {namespace} and {host} in it. Raises RefusedError."""
    _check_placeholders(text, "tls-server-name", _NAMES)
    return text


def fill_server(template: ServerTemplate, profile: ClusterProfile, server: ServerUrl) -> ServerUrl:
    """Return the URL that a template makes of a profile and the server that it publishes. Raises RefusedError."""
    values = {
        "name": profile.name,
        "namespace": profile.namespace,
        "scheme": server.scheme,
        "host": server.host,
        "port": server.port or _DEFAULT_PORTS[server.scheme],
        "path": server.path,
    }
    if "{path}" in template.path:
        _check_path(server.path)
    filled = "{}://{}{}".format(*(_fill(part, values) for part in template))
    try:
        return parse_server(filled)
    except RefusedError:
        raise RefusedError(f"the provider's server is {filled}, which is not the https or http URL of a host") from None


def fill_name(template: str, profile: ClusterProfile, server: ServerUrl) -> str:
    """Return the TLS server name that a template makes of a profile and the server that it publishes."""
    return _fill(template, {"name": profile.name, "namespace": profile.namespace, "host": server.host.strip("[]")})


def _fill(template: str, values: Mapping[str, str]) -> str:
    return re.sub(r"\{(\w+)\}", lambda placeholder: values[placeholder[1]], template)


def _check_placeholders(text: str, field: str, names: Collection[str]) -> None:
    """Raise RefusedError for a brace without its other one, and for a placeholder that is none of the names."""
    for name in re.findall(r"\{([^{}]*)\}", text):
        if name not in names:
            placeholders = ", ".join(f"{{{placeholder}}}" for placeholder in names)
            raise RefusedError(f"{field} has no placeholder {{{name}}}, only {placeholders}")
    if re.search(r"[{}]", re.sub(r"\{[^{}]*\}", "", text)):
        raise RefusedError(f"{field} has a brace without its other one: {text}")


_PATH = re.compile(r"[\w.~!$&'()*+,;=:@%/\-]*", re.ASCII)


def _check_path(path: str) -> None:
    """Raise RefusedError for a path that would lead elsewhere behind the path of a template: `/../other`."""
    from urllib.parse import unquote

    if not _PATH.fullmatch(path) or {".", ".."} & set(unquote(path).split("/")):
        raise RefusedError("the path of its server can't be part of another server's")
