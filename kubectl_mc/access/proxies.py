# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""The URL of a server, and the proxy through which kubectl reaches it, from the environment. Pure.

The rules of the proxy are those of Go's golang.org/x/net/http/httpproxy (proxyForURL, useProxy), which client-go uses.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from contextlib import suppress
from posixpath import normpath
from urllib.parse import unquote, urlsplit

_VARIABLES = {"https": ("HTTPS_PROXY", "https_proxy"), "http": ("HTTP_PROXY", "http_proxy")}
_PORTS = {"https": 443, "http": 80}
_THIS_MACHINE = ("127.0.0.1", "0.0.0.0", "::1", "::")  # 127.0.0.2 can be a listener of its own


def normal_server(server: str) -> str:
    """Return a server's URL in one spelling: `https://Host/`, `host` and `https://host/x/..` are `https://host:443`.

    A text that is not the URL of a server is returned as it is.
    """
    try:
        url = urlsplit(server if "://" in server else f"https://{server}")
        host, port = normal_host(url.hostname or ""), url.port or _PORTS.get(url.scheme)
    except ValueError:
        return server
    # kubectl joins the decoded path with that of each request, which resolves its dots (client-go, rest/request.go).
    path = normpath(f"/{unquote(url.path)}").lstrip("/")
    place = f"[{host}]" if ":" in host else host
    return f"{url.scheme}://{place}:{port}{path and f'/{path}'}" if host else server


def normal_host(host: str) -> str:
    """Return a server's name or IP address in one spelling. All that mean this machine are `127.0.0.1`.

    Go dials `0.0.0.0` and `::` as this machine (net, dial.go), and sends a name that isn't ASCII as IDNA
    (net/http, transport.go).
    """
    name = host.lower().rstrip(".")
    if not name.isascii():
        with suppress(UnicodeError):
            name = name.encode("idna").decode()
    address = _ip_address(name)
    address = getattr(address, "ipv4_mapped", None) or address
    if name == "localhost" or str(address) in _THIS_MACHINE:
        return "127.0.0.1"
    return str(address or name)


def server_host(server: str) -> str:
    """Return the host of a server's URL; "" for a text that is no URL."""
    try:
        return urlsplit(server).hostname or ""
    except ValueError:
        return ""


def environment_proxy(server: str, variables: Mapping[str, str]) -> str:
    """Return the URL of the proxy that the environment sets for a server; "" for none."""
    try:
        url = urlsplit(server if "://" in server else f"https://{server}")
        host, port = (url.hostname or "").lower(), url.port or _PORTS.get(url.scheme, 0)
    except ValueError:
        return ""
    proxy = _first_value(variables, _VARIABLES.get(url.scheme, ()))
    if not proxy or _is_excluded(host, str(port), _first_value(variables, ("NO_PROXY", "no_proxy"))):
        return ""
    return proxy if re.match(r"[A-Za-z][A-Za-z\d+.-]*://.", proxy) else f"http://{proxy}"


def _first_value(variables: Mapping[str, str], names: tuple[str, ...]) -> str:
    return next((variables[name] for name in names if variables.get(name)), "")


def _is_excluded(host: str, port: str, no_proxy: str) -> bool:
    """Return whether a server is reached without the proxy: it is this machine, or NO_PROXY names it."""
    address = _ip_address(host)
    if host == "localhost" or (address and address.is_loopback):
        return True
    return any(_matches(host, address, port, entry.strip()) for entry in no_proxy.lower().split(","))


_IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


def _matches(host: str, address: _IPAddress | None, port: str, entry: str) -> bool:
    """Return whether an entry of NO_PROXY names the server: `*`, a CIDR, an address or a domain, also with a port."""
    if entry == "*":
        return True
    if "/" in entry:
        try:
            return address is not None and address in ipaddress.ip_network(entry, strict=False)
        except ValueError:
            pass
    match = re.fullmatch(r"(?:\[([^\]]*)\]|([^:\[\]]*)):([^:]*)", entry)
    name, entry_port = (match[1] or match[2] or "", match[3]) if match else (entry, "")
    if not name or entry_port not in ("", port):
        return False
    if entry_address := _ip_address(name):
        return address == entry_address
    domain = name.removeprefix("*") if name.startswith("*.") else name
    return host.endswith(f".{domain.removeprefix('.')}") or host == domain


def _ip_address(host: str) -> _IPAddress | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
