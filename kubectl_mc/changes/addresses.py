# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""The address of a cluster: everything that decides where kubectl sends a request, and as whom.

A server's URL alone doesn't tell clusters apart: behind a proxy, many have the same one, and the TLS server name, the
proxy, the certificate authority or the user decides which of them answers.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Callable, Mapping, Sequence

from kubectl_mc import messages
from kubectl_mc.access import exec_credentials, kubeconfigs
from kubectl_mc.access.proxies import environment_proxy, normal_host, normal_server, server_host
from kubectl_mc.changes import redaction
from kubectl_mc.changes.proofs import make_proof, matches_proof
from kubectl_mc.command_line import grammar
from kubectl_mc.command_line.grammar import CommandLine
from kubectl_mc.named_tuples import NamedTuple
from kubectl_mc.processes import regular_files
from kubectl_mc.processes.environment import Environment
from kubectl_mc.processes.requests import Request
from kubectl_mc.processes.targets import Kubeconfig, Target
from kubectl_mc.type_hints import Any


class Address(NamedTuple):
    """How a cluster is reached. "" for what is not known; of a known server's address, "" is "none".

    authority: "sha256:…" of the certificate authority, "insecure" if none is checked, "system" for this machine's own
    kubeconfig_cluster, kubeconfig_user: the entries that the context names
    login: "sha256:…" of what its credential plugin is told, but for secrets; a proxy may tell clusters apart by that
    user: who sends the requests: flags such as --token and --as override the context's user
    namespace: the context's, which kubectl uses without -n
    identity: a digest of what decides who answers, so that the same one is the same cluster; not recorded
    place: the same without the login; equal to the identity if no proxy can know by the login which cluster is meant
    """

    cluster: str
    context: str = ""
    server: str = ""
    tls_server_name: str = ""
    proxy: str = ""
    authority: str = ""
    kubeconfig_cluster: str = ""
    kubeconfig_user: str = ""
    login: str = ""
    user: str = ""
    namespace: str = ""
    identity: str = ""
    place: str = ""


def read_addresses(request: Request, targets: Sequence[Target]) -> list[Address]:
    """Return the addresses of the targets."""
    whole = all(target.kubeconfig.content for target in targets)
    view = None if whole else kubeconfigs.view_with_credentials(request.environment)
    own = _index(view or {})
    return [
        _read_address(request, target, _index(target.kubeconfig.content) if target.kubeconfig.content else own)
        for target in targets
    ]


def context_addresses(request: Request, is_meant: Callable[[str], bool]) -> list[Address]:
    """Return the addresses of the contexts of the user's kubeconfig that are meant by their names."""
    entries = _index(kubeconfigs.view_with_credentials(request.environment) or {})
    names = [name for kind, name in entries if kind == "context" and name and is_meant(name)]
    own = Kubeconfig(None, starts_programs=False)
    return [_read_address(request, Target(name, name, own), entries) for name in names]


def same_clusters(addresses: Sequence[Address]) -> list[list[Address]]:
    """Return the groups of addresses that certainly lead to the same cluster.

    Contexts with different client certificates or credential plugins are not a group: see `_ROUTING_LOGINS`.
    """
    groups: dict[str, list[Address]] = {}
    for address in addresses:
        if address.identity:
            groups.setdefault(address.identity, []).append(address)
    return [group for group in groups.values() if len(group) > 1]


def may_be_same_cluster(one: Address, other: Address) -> bool:
    """Return whether two addresses lead to the same cluster as far as one can tell: what protects one protects both.

    They do so, too, if one of two logins is no routing one, such as a token: then there is no proxy that needs one.
    """
    if one.identity == other.identity:
        return bool(one.identity)
    return bool(one.place) and one.place == other.place and one.place in (one.identity, other.identity)


def moved_addresses(request: Request, targets: Sequence[Target], addresses: Sequence[Address]) -> list[str]:
    """Return lines as of `address_differences` for targets that lead elsewhere by now, as the kubeconfig was edited.

    A kubeconfig that can't be read now, or has lost a context, may be there again when kubectl reads it.
    addresses: where the targets led before. A target with a kubeconfig of its own can't have moved.
    """
    before = {address.cluster: address for address in addresses}
    own = [target for target in targets if not target.kubeconfig.content]
    now = [address for address in read_addresses(request, own) if address != before[address.cluster]] if own else []
    if not now:
        return []
    lost = [address.cluster for address in now if before[address.cluster].server and not address.server]
    lines = [f"{name}: {messages.ADDRESS_UNREADABLE}" for name in lost]
    return lines + address_differences(written_addresses(addresses), now, namespaces=True)


# --- In the record ---------------------------------------------------------------------------------------------

# (the field in the record, the field of an Address, its name in a sentence)
_PARTS = (
    ("server", "server", "server"),
    ("tlsServerName", "tls_server_name", "TLS server name"),
    ("proxy", "proxy", "proxy"),
    ("authority", "authority", "certificate authority"),
    ("kubeconfigCluster", "kubeconfig_cluster", "kubeconfig's cluster"),
    ("kubeconfigUser", "kubeconfig_user", "kubeconfig's user"),
    ("login", "login", "command of the credential plugin"),
)


def written_addresses(addresses: Sequence[Address]) -> list[dict[str, Any]]:
    """Return what the record has of the addresses. Logins in URLs are replaced by a proof (salted scrypt)."""
    proofs = {urls: make_proof(urls) for address in addresses if _has_secret(urls := _urls(address))}
    return [
        {
            "cluster": address.cluster,
            "context": address.context,
            "user": address.user,
            "namespace": address.namespace,
            **(_parts(address) if address.server else {"server": ""}),
            **({"proof": proofs[_urls(address)]} if _urls(address) in proofs else {}),
        }
        for address in addresses
    ]


def address_differences(recorded: Sequence[Mapping[str, Any]], now: Sequence[Address], namespaces: bool) -> list[str]:
    """Return a line for each part of an address that differs from the record: "c3: the server was … and is …".

    What the record doesn't have, or what isn't known now, is not compared. namespaces: whether they are compared
    """
    before = {str(address["cluster"]): address for address in recorded}
    lines = []
    for address in now:
        earlier = before.get(address.cluster, {})
        pairs = []
        if earlier.get("server") and address.server:
            parts = _parts(address)
            pairs = [(label, earlier[field], parts[field]) for field, _, label in _PARTS if field in earlier]
            pairs = [pair for pair in pairs if pair[0] != "certificate authority" or "" not in pair[1:]]
        if namespaces and earlier.get("namespace") and address.namespace:
            pairs.append(("namespace", earlier["namespace"], address.namespace))
        different = [messages.moved_part(label, was, now_is) for label, was, now_is in pairs if was != now_is]
        proof = earlier.get("proof")
        if proof and address.server and not different and not matches_proof(proof, _urls(address)):
            different = [messages.OTHER_URL_LOGIN]
        lines += [f"{address.cluster}: {text}" for text in different]
    return lines


def is_recorded_address(recorded: Mapping[str, Any], address: Address) -> bool:
    """Return whether an address is certainly the recorded one, whatever the name of the cluster is."""
    if not (recorded.get("server") and address.server):
        return False
    return not address_differences([{**recorded, "cluster": address.cluster}], [address], namespaces=False)


def _parts(address: Address) -> dict[str, str]:
    return {field: redaction.redact_text(getattr(address, name)) for field, name, _ in _PARTS}


def _urls(address: Address) -> tuple[str, str]:
    return address.server, address.proxy


def _has_secret(urls: tuple[str, str]) -> bool:
    return any(redaction.redact_text(url) != url for url in urls)


# --- From a kubeconfig -----------------------------------------------------------------------------------------


# The entries of a kubeconfig by kind ("cluster", "context", "user") and name; "" is the name of the current context.
Entries = Mapping[tuple[str, str], Mapping[str, Any]]


def _index(config: Mapping[str, Any]) -> Entries:
    entries = {
        (kind, str(entry.get("name") or "")): entry.get(kind) or {}
        for kind in ("cluster", "context", "user")
        for entry in config.get(f"{kind}s") or ()
    }
    current = entries.get(("context", str(config.get("current-context") or "")))
    return entries if current is None else {**entries, ("context", ""): current}


def _read_address(request: Request, target: Target, entries: Entries) -> Address:
    """Return the address of a target. entries: those of the user's kubeconfig"""
    context = entries.get(("context", target.context))
    if context is None:  # kubectl will say so, or why the kubeconfig can't be read
        return Address(target.cluster, target.context, identity=f"context {target.context}" if target.context else "")
    line, environment = request.line, request.environment
    cluster_name = str(context.get("cluster") or "")
    user_name = grammar.global_value(line, "user") or str(context.get("user") or "")
    cluster, login = entries.get(("cluster", cluster_name), {}), entries.get(("user", user_name), {})
    server = str(cluster.get("server") or "")
    proxy = grammar.value(line, "proxy-url") or str(cluster.get("proxy-url") or "")
    address = Address(
        target.cluster,
        target.context,
        server,
        grammar.value(line, "tls-server-name") or str(cluster.get("tls-server-name") or ""),
        proxy or environment_proxy(server, environment.variables),
        _authority(line, cluster, environment),
        cluster_name,
        user_name,
        _login(target.kubeconfig.exec_entry or login.get("exec")),
        _effective_user(line, user_name),
        str(context.get("namespace") or "default"),
    )
    if not server:
        return address
    place, identity = _place_and_identity(address, cluster, login, target)
    return address._replace(place=place, identity=identity)


def _login(exec_entry: object) -> str:
    """Return a digest of a credential plugin's command, arguments and variables. Values of secret flags don't count."""
    if not isinstance(exec_entry, dict):
        return ""
    words = [str(exec_entry.get("command"))]
    flag = ""
    arguments, variables = (
        value if isinstance(value := exec_entry.get(field), list) else [] for field in ("args", "env")
    )
    for argument in map(str, arguments):
        name, equals, _ = argument.partition("=")
        if not (flag and not argument.startswith("-")):
            words.append(name if equals and redaction.looks_secret(name) else argument)
        flag = name if name.startswith("-") and not equals and redaction.looks_secret(name) else ""
    for variable in variables:
        if not isinstance(variable, dict):
            continue
        name, value = (str(variable.get(field)) for field in ("name", "value"))
        words.append(name if redaction.looks_secret(name) else f"{name}={value}")
    return f"sha256:{hashlib.sha256(json.dumps(words).encode()).hexdigest()}"


def _effective_user(line: CommandLine, user: str) -> str:
    """Return who sends the requests: flags such as --user, --token and --as override the context's user."""
    name = user if grammar.global_value(line, "user") else grammar.value(line, "username") or user
    credentials = [f"--{flag}" for flag in ("token", "client-certificate") if grammar.value(line, flag)]
    impersonated = grammar.value(line, "as")
    return " ".join(filter(None, (", ".join(credentials) or name, f"as {impersonated}" if impersonated else "")))


def _authority(line: CommandLine, cluster: Mapping[str, Any], environment: Environment) -> str:
    """Return what is checked of the server: a flag overrides all of the kubeconfig (client-go, client_config.go)."""
    flag = grammar.value(line, "certificate-authority")
    skips = grammar.is_set(line, "insecure-skip-tls-verify")
    if skips or (not flag and cluster.get("insecure-skip-tls-verify")):
        return "insecure"
    encoded, path = cluster.get("certificate-authority-data"), str(cluster.get("certificate-authority") or "")
    if flag:
        content = _read_first([flag])
    elif encoded:
        try:
            content = base64.b64decode(str(encoded))
        except ValueError:
            content = None
    elif path:  # relative to the folder of its kubeconfig
        content = _read_first([os.path.join(os.path.dirname(file), path) for file in environment.kubeconfig_files])
    else:
        return "system"
    return "" if content is None else f"sha256:{hashlib.sha256(content).hexdigest()}"


def _read_first(paths: Sequence[str]) -> bytes | None:
    for path in paths:
        try:
            with open(path, "rb", opener=regular_files.opener) as file:
                return file.read()
        except OSError:
            continue
    return None


# A proxy may know by a client certificate which cluster is meant (Teleport); a token and a password are the cluster's.
_ROUTING_LOGINS = ("auth-provider", "client-certificate", "client-certificate-data")


def _plugin(entry: object, cluster: Mapping[str, Any]) -> object:
    """Return what an exec entry runs, and what the plugin is told of its cluster; None without an entry."""
    if not isinstance(entry, dict):
        return None
    variables = entry.get("env") if isinstance(entry.get("env"), list) else []
    cluster_configs = exec_credentials.cluster_configs(cluster) if entry.get("provideClusterInfo") else []
    return [entry.get("command"), entry.get("args") or [], sorted(map(str, variables or ())), cluster_configs]


def _place_and_identity(
    address: Address, cluster: Mapping[str, Any], login: Mapping[str, Any], target: Target
) -> tuple[str, str]:
    """Return digests of where requests are sent, and of all that decides who answers: that and a routing login.

    The names of contexts and entries are not sent, and flags are the same for all. The certificate authority only
    decides whether the answer is taken.
    """
    server = normal_server(address.server)
    user = exec_credentials.user_before_login(login, target.kubeconfig.exec_entry)
    place = _digest(
        server,
        address.server.rpartition("@")[0],  # a login in the URL is sent
        normal_host(address.tls_server_name or server_host(server)),
        address.proxy,
    )
    routing = {field: user[field] for field in _ROUTING_LOGINS if user.get(field)}
    plugin = _plugin(user.get("exec"), cluster)
    return place, _digest(place, routing, plugin) if routing or plugin else place


def _digest(*parts: object) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()
