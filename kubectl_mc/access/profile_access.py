"""Access by what a ClusterProfile itself says (KEP-5339): profile, the user's providers -> a minimal kubeconfig. Pure.

What comes from a hub is not trusted: an Offer lists all of it that would be contacted or run; trust.py asks about it.
Nothing is taken over but what is named here, field by field; in particular no secret, and no path to a local file.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from kubectl_mc.access.provider_file import API_VERSIONS, Provider, RefusedError, clean_text, text_field, text_list
from kubectl_mc.fleet.cluster_profiles import ClusterProfile

# Cluster extensions: client-go's for exec plugins, and KEP-5339's (cluster-inventory-api, pkg/access/config.go).
CLUSTER_CONFIG = "client.authentication.k8s.io/exec"
EXTRA_ARGS = "clusterprofiles.multicluster.x-k8s.io/exec/additional-args"
EXTRA_ENVS = "clusterprofiles.multicluster.x-k8s.io/exec/additional-envs"

MOST_TO_APPROVE = 16 * 1024  # characters: nobody reads more before saying yes
LONGEST_URL = 2048
LONGEST_NAMES = 200
DEEPEST = 20
LARGEST_AUTHORITY = 256 * 1024  # characters of base64

_SERVER = re.compile(r"https://[\w.\-:\[\]%]+(/[!-~]*)?", re.ASCII)
_PROXY = re.compile(r"(https?|socks5)://[\w.\-:\[\]%]+/?", re.ASCII)  # kubeconfig knows these three
_SERVER_NAME = re.compile(r"[\w.\-:]{1,253}", re.ASCII)
_VARIABLE = re.compile(r"[A-Za-z_][\w.\-]*", re.ASCII)


class Offer(NamedTuple):
    """A way to reach the cluster of a profile.

    source: "provider NAME" or "properties"
    kubeconfig: of one context
    approval: what comes from the hub and must be approved: server, certificate-authority (its fingerprint),
        tls-server-name, proxy-url, provider (which of the user's logins is sent there), command, args (a list),
        env (names to values), exec-config (JSON that the plugin gets); what isn't there isn't asked for
    """

    source: str
    kubeconfig: Mapping[str, Any]
    approval: Mapping[str, Any]


class Unusable(NamedTuple):
    """Why a profile gives no access, in a few words. It may quote the profile: make it visible to show it."""

    reason: str


def find_offer(profile: ClusterProfile, providers: Sequence[Provider]) -> Offer | Unusable:
    """The way to reach a profile's cluster: the first of the user's providers that it offers, else its properties.

    The order is cluster-inventory-api's: the user's file says which provider counts, not the hub. One that can't be
    used isn't passed over for another way, which might be one that the user likes less.
    """
    offered = {each.name: each.cluster for each in profile.access_providers}
    provider = next((each for each in providers if each.name in offered), None)
    try:
        if provider:
            return _by_provider(profile.name, provider, offered[provider.name])
        if profile.properties.get("auth.exec.command"):
            return _by_properties(profile)
    except RefusedError as refused:
        return Unusable(f"its profile can't be used: {refused}")
    if not offered:
        return Unusable("its profile says no way to reach it")
    names = ", ".join(offered)
    shown = f"{names[:LONGEST_NAMES]}…" if len(names) > LONGEST_NAMES else names
    return Unusable(f"none of its access providers ({shown}) is in the provider file")


def _by_provider(name: str, provider: Provider, cluster: Mapping[str, Any]) -> Offer:
    """The user's own exec entry; the profile says where to, and adds to the entry what its policies allow."""
    reached, approval = _contact(cluster)
    extensions = _extensions(cluster)
    entry = dict(provider.exec)
    approval["provider"] = provider.name
    if provider.args_policy == "Append" and EXTRA_ARGS in extensions:
        more = text_list(extensions[EXTRA_ARGS], EXTRA_ARGS)
        entry["args"] = [*entry["args"], *more]
        approval["args"] = more
    if provider.envs_policy != "Ignore" and EXTRA_ENVS in extensions:
        extra = _variables(extensions[EXTRA_ENVS])
        own = {each["name"]: each["value"] for each in entry["env"]}
        if provider.envs_policy == "AppendIfNotExists":
            extra = {key: value for key, value in extra.items() if key not in own}
        entry["env"] = [{"name": key, "value": value} for key, value in {**own, **extra}.items()]
        approval["env"] = extra
    if entry["provideClusterInfo"] and CLUSTER_CONFIG in extensions:
        # It may say which secret or account the plugin uses, so it is approved like an argument.
        config = extensions[CLUSTER_CONFIG]
        if not isinstance(config, dict) or not _shallow(config):
            raise RefusedError(f"{CLUSTER_CONFIG} is no object, or nested deeper than {DEEPEST} levels")
        reached["extensions"] = [{"name": CLUSTER_CONFIG, "extension": config}]
        approval["exec-config"] = config
    return _offer(f"provider {provider.name}", name, reached, entry, approval)


def _by_properties(profile: ClusterProfile) -> Offer:
    """status.properties auth.exec.*: command, args (comma-separated), env (NAME=VALUE, comma-separated), apiVersion."""
    if not profile.access_providers:
        raise RefusedError("auth.exec.command without an access provider, which would name the server")
    reached, approval = _contact(profile.access_providers[0].cluster)
    given = profile.properties
    command = clean_text(given["auth.exec.command"], "auth.exec.command")
    if os.sep in command and not os.path.isabs(command):
        # Against which folder? A program that happens to lie where the user stands must not run.
        raise RefusedError("auth.exec.command is neither a name nor an absolute path")
    args = given.get("auth.exec.args", "")
    pairs = [pair.partition("=") for pair in given.get("auth.exec.env", "").split(",") if pair]
    env = _variables({name: value for name, _, value in pairs})
    approval["command"] = command
    if args:
        approval["args"] = text_list(args.split(","), "auth.exec.args")
    if env:
        approval["env"] = env
    entry = {
        "apiVersion": given.get("auth.exec.apiVersion") or API_VERSIONS[1],
        "command": command,
        "args": approval.get("args", []),
        "env": [{"name": key, "value": value} for key, value in env.items()],
        "provideClusterInfo": False,
        "interactiveMode": "IfAvailable",
    }
    if entry["apiVersion"] not in API_VERSIONS:
        raise RefusedError(f"auth.exec.apiVersion is none of {', '.join(API_VERSIONS)}")
    return _offer("properties", profile.name, reached, entry, approval)


def _offer(
    source: str, name: str, cluster: Mapping[str, Any], entry: Mapping[str, Any], approval: Mapping[str, Any]
) -> Offer:
    if len(json.dumps(approval)) > MOST_TO_APPROVE:
        raise RefusedError(f"there is more to approve than {MOST_TO_APPROVE // 1024} KiB")
    kubeconfig = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": name,
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
        "clusters": [{"name": name, "cluster": dict(cluster)}],
        "users": [{"name": name, "user": {"exec": dict(entry)}}],
    }
    return Offer(source, kubeconfig, {key: value for key, value in approval.items() if value})


def _contact(cluster: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """From a Cluster (client-go tools/clientcmd/api/v1) what is taken over, and of that what must be approved.

    server: https only (kubectl logs in nowhere else), without a user's name and password
    certificate-authority-data, tls-server-name, proxy-url: taken over, to be approved
    disable-compression: taken over; it harms nobody
    insecure-skip-tls-verify: never; the server has to prove that it is the one that was approved
    certificate-authority: never; a path from a hub would read a file of this machine
    extensions: see _by_provider. Anything else, such as a token or a client certificate, is no part of the type.
    """
    reached: dict[str, Any] = {"server": _matching(cluster, "server", _SERVER, "no https URL")}
    approval: dict[str, Any] = {"server": reached["server"]}
    for field, pattern in (("tls-server-name", _SERVER_NAME), ("proxy-url", _PROXY)):
        if text_field(cluster, field):
            reached[field] = approval[field] = _matching(cluster, field, pattern, "not as a kubeconfig has it")
    authority = "".join(text_field(cluster, "certificate-authority-data").split())
    if authority:
        approval["certificate-authority"] = _fingerprint(authority)
        reached["certificate-authority-data"] = authority
    if cluster.get("disable-compression") is True:
        reached["disable-compression"] = True
    return reached, approval


def _fingerprint(authority: str) -> str:
    """`sha256:…` of base64 text's content: what stands for a CA in an approval, for nobody can compare two by eye."""
    import base64
    import hashlib

    if len(authority) > LARGEST_AUTHORITY:
        raise RefusedError(f"certificate-authority-data is longer than {LARGEST_AUTHORITY // 1024} KiB")
    try:
        content = base64.b64decode(authority, validate=True)
    except ValueError:
        raise RefusedError("certificate-authority-data is not base64") from None
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _shallow(value: object, levels: int = DEEPEST) -> bool:
    """Is JSON nested so little that whoever writes it anywhere can?"""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return levels > 0 and all(_shallow(each, levels - 1) for each in inner)


def _extensions(cluster: Mapping[str, Any]) -> dict[str, Any]:
    """The extensions by name; as for client-go, none may be there twice."""
    listed = cluster.get("extensions")
    named = [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
    pairs = [(text_field(each, "name"), each.get("extension")) for each in named]
    if len({name for name, _ in pairs}) < len(pairs):
        raise RefusedError("an extension is there twice")
    return dict(pairs)


def _variables(value: Any) -> dict[str, str]:
    """Environment variables from a hub, by name.

    LD_* and DYLD_* (LD_PRELOAD) would make any program run other code than its own, so they can't even be approved.
    """
    if not isinstance(value, dict):
        raise RefusedError("environment variables are no object of texts")
    for name in value:
        if not _VARIABLE.fullmatch(name):
            raise RefusedError(f"{name!r} is no environment variable's name")
        if name.startswith(("LD_", "DYLD_")):
            raise RefusedError(f"it sets {name}, which no hub may")
    return {name: clean_text(value[name], name) for name in sorted(value)}


def _matching(cluster: Mapping[str, Any], field: str, pattern: re.Pattern[str], problem: str) -> str:
    value = text_field(cluster, field)
    if len(value) > LONGEST_URL or not pattern.fullmatch(value):
        raise RefusedError(f"its {field} is {problem}")
    return value
