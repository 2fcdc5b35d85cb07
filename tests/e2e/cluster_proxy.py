# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""A stand-in for OCM's cluster-proxy: one server for all members; the first part of the path names the member."""

from __future__ import annotations

import base64
import http.client
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple
from urllib.parse import urlsplit

import trustme


class ClusterProxy(NamedTuple):
    """A running proxy. authority: in base64, as a profile publishes it."""

    port: int
    authority: str


@contextmanager
def cluster_proxy(host: str, members: Mapping[str, str]) -> Iterator[ClusterProxy]:
    """Run a proxy on 127.0.0.1 whose certificate is for `host` alone. members: name -> server."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name, _, rest = self.path[1:].partition("/")
            server = urlsplit(members[name])
            assert server.hostname
            to_member = http.client.HTTPSConnection(
                server.hostname, server.port, context=ssl._create_unverified_context()
            )
            kept = {key: value for key, value in self.headers.items() if key in ("Accept", "Authorization")}
            to_member.request("GET", f"/{rest}", headers=kept)
            answer = to_member.getresponse()
            body = answer.read()
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.getheader("Content-Type", ""))
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(host).configure_cert(context)
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield ClusterProxy(server.server_port, base64.b64encode(authority.cert_pem.bytes()).decode())
        finally:
            server.shutdown()
