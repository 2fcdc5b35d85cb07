# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""What a ClusterProfile offers (KEP-5339): a profile and the user's providers -> a minimal kubeconfig. Pure.

A hub is not trusted. An Offer lists everything that would be contacted or run, so that the user can approve it. Only
the fields named here are copied from a profile, in particular no secret and no path to a local file.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence

from kubectl_mc.access.checked_values import RefusedError, clean_text, scalar_text, text_field, text_list
from kubectl_mc.access.exec_credentials import CLUSTER_CONFIG
from kubectl_mc.access.provider_file import API_VERSIONS, PEM_CERTIFICATE, Provider
from kubectl_mc.access.server_urls import fill_name, fill_server, is_unencrypted, parse_server
from kubectl_mc.fleet.cluster_profiles import ClusterProfile
from kubectl_mc.fleet.hub_objects import objects_of
from kubectl_mc.messages import shortened
from kubectl_mc.named_tuples import NamedTuple
from kubectl_mc.type_hints import Any

# The cluster extensions of KEP-5339 (cluster-inventory-api, pkg/access/config.go).
EXTRA_ARGS = "clusterprofiles.multicluster.x-k8s.io/exec/additional-args"
EXTRA_ENVS = "clusterprofiles.multicluster.x-k8s.io/exec/additional-envs"
# The provider's policies of what these may add; the first one is the default.
ARGS_POLICIES = ("Ignore", "Append")
ENVS_POLICIES = ("Ignore", "AppendIfNotExists", "Replace")


class Offer(NamedTuple):
    """What a profile says about how to reach its cluster.

    source: "provider NAME" or "properties"
    kubeconfig: a kubeconfig with one context
    fields: what comes from the hub and has to be approved: server (after the user's template), published-server (if
        the template replaced it), certificate-authority (its fingerprint, or the path of the user's own),
        tls-server-name, proxy-url, provider (which of the user's providers logs in there), command, args (a list),
        env (names to values), exec-config (JSON that the credential plugin gets); fields without a value are left out
    """

    source: str
    kubeconfig: Mapping[str, Any]
    fields: Mapping[str, Any]


class Unusable(NamedTuple):
    """Why a profile offers no access, in a few words. It may quote the profile: make it visible to show it."""

    reason: str


def find_offer(profile: ClusterProfile, providers: Sequence[Provider]) -> Offer | Unusable:
    """Return the offer of a profile: by the first of the user's providers that it names, else by its properties.

    The order is that of cluster-inventory-api: the user's file decides which provider is used. If that provider cannot
    be used, no other is tried, because the user may prefer it less.
    """
    clusters = {provider.name: provider.cluster for provider in profile.access_providers}
    chosen = next((provider for provider in providers if provider.name in clusters), None)
    try:
        if chosen:
            extensions = _parse_extensions(clusters[chosen.name])
            if problem := _provider_problem(chosen, extensions):
                return Unusable(f"provider {chosen.name} of the provider file can't be used: {problem}")
            return _offer_by_provider(profile, chosen, clusters[chosen.name], extensions)
        if profile.properties.get("auth.exec.command"):
            return _offer_by_properties(profile)
    except RefusedError as refused:
        return Unusable(f"its profile can't be used: {refused}")
    if not clusters:
        return Unusable("its profile names no way to reach it")
    names = shortened(", ".join(clusters))
    yours = "a provider file of yours (--clusterprofile-provider-file)"
    return Unusable(f"none of its access providers ({names}) is in {yours}")


_DEEPEST = 20


def _provider_problem(provider: Provider, extensions: Mapping[str, Any]) -> str:
    """Return why a provider cannot be used; "" if it can. A policy matters only where a profile adds something."""
    policies = (
        ("profileSourcedCLIArgsPolicy", provider.args_policy, ARGS_POLICIES, EXTRA_ARGS),
        ("profileSourcedEnvVarsPolicy", provider.envs_policy, ENVS_POLICIES, EXTRA_ENVS),
    )
    unknown = (
        f"{field} is not one of {', '.join(possible)}"
        for field, policy, possible, extension in policies
        if extension in extensions and policy not in possible
    )
    return provider.problem or next(unknown, "")


def _offer_by_provider(
    profile: ClusterProfile, provider: Provider, profile_cluster: Mapping[str, Any], extensions: Mapping[str, Any]
) -> Offer:
    """Combine the user's exec entry with the profile's cluster, and with what the provider's policies let it add.

    Raises RefusedError.
    """
    replacements = {"certificate-authority-data": provider.authority, "tls-server-name": provider.server_name}
    # What isn't used may be anything.
    profile_cluster = {**profile_cluster, **{field: "" for field, own in replacements.items() if own}}
    cluster, fields = _with_replacements(*_parse_cluster(profile_cluster), profile, provider)
    entry = dict(provider.exec)
    fields["provider"] = provider.name
    if provider.args_policy == "Append" and EXTRA_ARGS in extensions:
        fields["args"] = extra_arguments(extensions[EXTRA_ARGS])
        entry["args"] = [*entry["args"], *fields["args"]]
    if provider.envs_policy != "Ignore" and EXTRA_ENVS in extensions:
        variables = extensions[EXTRA_ENVS]
        extra = _parse_variables({} if variables is None else variables)
        own = {variable["name"]: variable["value"] for variable in entry["env"]}
        if provider.envs_policy == "AppendIfNotExists":
            extra = {key: value for key, value in extra.items() if key not in own}
        entry["env"] = [{"name": key, "value": value} for key, value in {**own, **extra}.items()]
        fields["env"] = extra
    if entry["provideClusterInfo"] and CLUSTER_CONFIG in extensions:
        # It may say which secret or account the plugin uses, so it is approved like an argument.
        config = extensions[CLUSTER_CONFIG]
        if not isinstance(config, dict) or not _is_shallow(config, _DEEPEST):
            raise RefusedError(f"{CLUSTER_CONFIG} is not an object, or is nested deeper than {_DEEPEST} levels")
        cluster["extensions"] = [{"name": CLUSTER_CONFIG, "extension": config}]
        fields["exec-config"] = config
    return _offer(f"provider {provider.name}", profile.name, cluster, entry, fields)


def extra_arguments(extension: Any) -> list[str]:
    """Return the arguments of the extension additional-args. Raises RefusedError.

    KEP-5339 has a bare list, which the CRD does not let pass: there, an extension is an object. So an object with one
    field, {"args": […]}, counts as the list in it. Scalars are texts, and null is left out, as in pkg/access.
    """
    wrapped = isinstance(extension, dict) and len(extension) < 2
    content = next(iter(extension.values()), None) if wrapped else extension
    if not isinstance(content, list | None):
        raise RefusedError(f'{EXTRA_ARGS} is neither a list nor an object with one list, {{"args": […]}}')
    return [scalar_text(argument, EXTRA_ARGS) for argument in content or () if argument is not None]


def _offer_by_properties(profile: ClusterProfile) -> Offer:
    """Return the offer of status.properties auth.exec.*: command, apiVersion, and args and env (NAME=VALUE), by commas.

    They are of no KEP, but our own convention (docs/access.md). Raises RefusedError.
    """
    if not profile.access_providers:
        raise RefusedError("auth.exec.command without an access provider, which would name the server")
    cluster, fields = _parse_cluster(profile.access_providers[0].cluster)
    properties = profile.properties
    command = clean_text(properties["auth.exec.command"], "auth.exec.command")
    if os.sep in command and not os.path.isabs(command):
        # A relative path would run a program that happens to lie in the current folder.
        raise RefusedError("auth.exec.command is neither a name nor an absolute path")
    args = properties.get("auth.exec.args", "")
    pairs = [pair.partition("=") for pair in properties.get("auth.exec.env", "").split(",") if pair]
    env = _parse_variables({name: value for name, _, value in pairs})
    fields["command"] = command
    if args:
        fields["args"] = text_list(args.split(","), "auth.exec.args")
    if env:
        fields["env"] = env
    entry = {
        "apiVersion": properties.get("auth.exec.apiVersion") or API_VERSIONS[1],
        "command": command,
        "args": fields.get("args", []),
        "env": [{"name": key, "value": value} for key, value in env.items()],
        "provideClusterInfo": False,
        "interactiveMode": "IfAvailable",
    }
    if entry["apiVersion"] not in API_VERSIONS:
        raise RefusedError(f"auth.exec.apiVersion is not one of {', '.join(API_VERSIONS)}")
    return _offer("properties", profile.name, cluster, entry, fields)


_MOST_TO_APPROVE = 16 * 1024  # characters: nobody reads more before they approve it


def _offer(
    source: str, name: str, cluster: Mapping[str, Any], entry: Mapping[str, Any], fields: Mapping[str, Any]
) -> Offer:
    """Return an offer with its kubeconfig. fields: what the user approves. Raises RefusedError if too long."""
    if len(json.dumps(fields)) > _MOST_TO_APPROVE:
        raise RefusedError(f"there is more to approve than {_MOST_TO_APPROVE // 1024} KiB")
    # kubectl sends no credential without TLS, so the credential plugin isn't run either.
    user = {} if is_unencrypted(cluster["server"]) else {"exec": dict(entry)}
    kubeconfig = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": name,
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
        "clusters": [{"name": name, "cluster": dict(cluster)}],
        "users": [{"name": name, "user": user}],
    }
    return Offer(source, kubeconfig, {key: value for key, value in fields.items() if value})


_PROXY = re.compile(r"(https?|socks5)://[\w.\-:\[\]%]+/?", re.ASCII)  # the three schemes of a kubeconfig
_SERVER_NAME = re.compile(r"[\w.\-:]{1,253}", re.ASCII)


def _parse_cluster(profile_cluster: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a Cluster's fields (client-go tools/clientcmd/api/v1) for the kubeconfig, and those to approve.

    Raises RefusedError.

    server: see parse_server
    certificate-authority-data, tls-server-name, proxy-url: copied, and to be approved
    disable-compression: copied; it is harmless
    insecure-skip-tls-verify: never copied; the server has to prove that it is the approved one
    certificate-authority: never copied; a path from a hub would read a file of this machine
    extensions: see _offer_by_provider. Other fields, such as a token or a client certificate, are not part of the type.
    """
    server = parse_server(text_field(profile_cluster, "server")).text
    cluster: dict[str, Any] = {"server": server}
    fields: dict[str, Any] = {"server": server}
    for field, pattern in (("tls-server-name", _SERVER_NAME), ("proxy-url", _PROXY)):
        if text_field(profile_cluster, field):
            cluster[field] = fields[field] = _matching(profile_cluster, field, pattern, "not valid in a kubeconfig")
    authority = "".join(text_field(profile_cluster, "certificate-authority-data").split())
    if authority:
        fields["certificate-authority"] = _fingerprint(authority)
        cluster["certificate-authority-data"] = authority
    if profile_cluster.get("disable-compression") is True:
        cluster["disable-compression"] = True
    return cluster, fields


def _with_replacements(
    cluster: Mapping[str, Any], fields: Mapping[str, Any], profile: ClusterProfile, provider: Provider
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a kubeconfig's cluster and the fields to approve, with what the user's provider replaces in them.

    The rest stays as published: another way to the same server meets the same certificate. Raises RefusedError.
    """
    published = parse_server(cluster["server"])
    replaced, shown = dict(cluster), dict(fields)
    if provider.server:
        replaced["server"] = fill_server(provider.server, profile, published).text
        shown = {"server": replaced["server"], "published-server": published.text}
        shown |= {field: value for field, value in fields.items() if field != "server"}
    if provider.server_name:
        name = {"tls-server-name": fill_name(provider.server_name, profile, published)}
        replaced |= {"tls-server-name": _matching(name, "tls-server-name", _SERVER_NAME, "not valid in a kubeconfig")}
        shown["tls-server-name"] = replaced["tls-server-name"]
    if provider.authority:
        from base64 import b64encode

        replaced["certificate-authority-data"] = b64encode(provider.authority).decode()
        shown["certificate-authority"] = provider.authority_path
    return replaced, shown


_LONGEST_URL = 2048


def _matching(cluster: Mapping[str, Any], field: str, pattern: re.Pattern[str], problem: str) -> str:
    value = text_field(cluster, field)
    if len(value) > _LONGEST_URL or not pattern.fullmatch(value):
        raise RefusedError(f"its {field} is {problem}")
    return value


_LARGEST_AUTHORITY = 256 * 1024  # characters of base64


def _fingerprint(authority: str) -> str:
    """Return `sha256:…` of a certificate authority in base64. Raises RefusedError if it is none.

    An approval shows it because nobody can compare two bundles.
    """
    import base64
    import hashlib

    if len(authority) > _LARGEST_AUTHORITY:
        raise RefusedError(f"certificate-authority-data is longer than {_LARGEST_AUTHORITY // 1024} KiB")
    try:
        content = base64.b64decode(authority, validate=True)
    except ValueError:
        raise RefusedError("certificate-authority-data is not base64") from None
    if PEM_CERTIFICATE not in content:
        raise RefusedError("certificate-authority-data holds no certificate in PEM")
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _is_shallow(value: object, levels: int) -> bool:
    """Return whether JSON is nested at most `levels` deep, so that every writer of JSON or YAML can write it."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return levels > 0 and all(_is_shallow(item, levels - 1) for item in inner)


def _parse_extensions(cluster: Mapping[str, Any]) -> dict[str, Any]:
    """Return the extensions of a Cluster by name. Raises RefusedError for two with one name, as client-go does."""
    extensions = objects_of(cluster.get("extensions"))
    pairs = [(text_field(extension, "name"), extension.get("extension")) for extension in extensions]
    if len({name for name, _ in pairs}) < len(pairs):
        raise RefusedError("an extension is there twice")
    return dict(pairs)


_VARIABLE = re.compile(r"[A-Za-z_][\w.\-]*", re.ASCII)


def _parse_variables(value: Any) -> dict[str, str]:
    """Return environment variables from a hub, sorted by name. Raises RefusedError.

    LD_* and DYLD_*, such as LD_PRELOAD, make a program run other code than its own, so they cannot even be approved.
    """
    if not isinstance(value, dict):
        raise RefusedError("environment variables are not an object of strings")
    for name in value:
        if not _VARIABLE.fullmatch(name):
            raise RefusedError(f"{name!r} is not the name of an environment variable")
        if name.startswith(("LD_", "DYLD_")):
            raise RefusedError(f"it sets {name}, which no hub may set")
    return {name: scalar_text(value[name], name) for name in sorted(value)}
