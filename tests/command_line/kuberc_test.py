# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

from typing import Any

import pytest

from kubectl_mc.command_line import kuberc
from kubectl_mc.command_line.kuberc import Alias, Defaults, Kuberc
from kubectl_mc.command_line.kuberc_text import UnclearError
from kubectl_mc.messages import UserError

BETA, ALPHA = "kubectl.config.k8s.io/v1beta1", "kubectl.config.k8s.io/v1alpha1"


def document(**fields: Any) -> dict[str, Any]:
    return {"apiVersion": BETA, "kind": "Preference", **fields}


@pytest.mark.parametrize(
    ("documents", "expected"),
    [
        ([], None),
        ([{"kind": "Preference", "apiVersion": "example.com/v1"}, None, "text", []], None),
        ([document(aliases="")], None),
        ([document(defaults={}), document(aliases=[None])], Kuberc((Alias("", ""),))),
        ([{"kind": "Config", "apiVersion": BETA}, document()], Kuberc()),
        (
            [document(defaults=[{"command": "get", "options": [{"name": "output", "default": True}]}]), document()],
            Kuberc(),
        ),
        (
            [document(aliases=[{"name": "gp", "command": "get", "appendArgs": ["pods"], "more": 1}], defualts=[])],
            Kuberc((Alias("gp", "get", (), ("pods",)),), unknown=("defualts", "more")),
        ),
        (
            [
                {
                    "apiVersion": ALPHA,
                    "kind": "Preference",
                    "overrides": [{"command": "get", "flags": [{"name": "output", "default": "wide"}]}],
                }
            ],
            Kuberc((), (Defaults("get", (("output", "wide"),)),)),
        ),
        ([document(credentialPluginPolicy="DenyAll")], Kuberc(policy={"credentialPluginPolicy": "DenyAll"})),
        (
            [document(credentialPluginPolicy="", credentialPluginAllowlist=[])],
            Kuberc(policy={"credentialPluginAllowlist": []}),
        ),
        ([document(credentialPluginPolicy=None, credentialPluginAllowlist=None)], Kuberc()),
        (
            [{**document(credentialPluginPolicy="DenyAll"), "apiVersion": ALPHA}],
            Kuberc(unknown=("credentialPluginPolicy",)),
        ),
    ],
)
def test_which_document_is_used(documents: list[Any], expected: Kuberc | None) -> None:
    assert kuberc.parse_documents(documents) == expected


@pytest.mark.parametrize(
    "document",
    [
        {"kind": "Preference", "apiVersion": "kubectl.config.k8s.io/v9"},
        {"kind": "Preference", "apiVersion": "kubectl.config.k8s.io/__internal"},
        document(credentialPluginPolicy=0.0),
        document(credentialPluginAllowlist=[{"command": 0.0}]),
        document(credentialPluginAllowlist=["helper"]),
    ],
)
def test_what_only_some_kubectls_use_is_unclear(document: dict[str, Any]) -> None:
    with pytest.raises(UnclearError):
        kuberc.parse_documents([document])


ALIASES = Kuberc(
    (
        Alias("gp", "get pods", ("pods",), (), (("output", "wide"),)),
        Alias("note", "annotate"),
        Alias("mk", "create"),
        Alias("mkcm", "create cm", (), ("--from-literal=a=b",)),
        Alias("other", "get", (), ("--context=other",)),
        Alias("half", "get", (), ("other",)),
        Alias("who", "get", (), (), (("as", "root"),)),
        Alias("strange", "get", ("--new-flag",), ()),
    ),
    (
        Defaults("get", (("output", "json"), ("show_labels", "true"))),
        Defaults("delete", (("interactive", "true"),)),
        Defaults("apply", (("server", "https://x"),)),
        Defaults("config view", (("minify", "true"),)),
        Defaults("create rolebinding", (("user", "joe"),)),
    ),
)


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        ("gp -n x", "get --output=wide pods -n x"),
        ("gp -oyaml", "get pods -oyaml"),
        ("--namespace=x gp", "--namespace=x get --output=wide pods"),
        ("note victim k=1 --field-manager --help", "annotate victim k=1 --field-manager --help"),
        ("mk configmap x", "create configmap x"),
        ("mkcm x", "create configmap x --from-literal=a=b"),
        ("get pods", "--output=json --show-labels=true get pods"),
        ("get pods -o wide", "--show-labels=true get pods -o wide"),
        ("get pods --show_labels=false -o wide", "--show-labels=true get pods --show_labels=false -o wide"),
        ("get pods -- -o", "--show-labels=true get pods -- -o"),
        ("delete cm x", "--interactive=true delete cm x"),
        ("delete cm x --interactive=false", "delete cm x --interactive=false"),
        ("config view", "--minify=true config view"),
        ("create rolebinding x", "--user=joe create rolebinding x"),  # the verb's own --user, who is bound
        ("rollout status x", "rollout status x"),
        ("someplugin gp", "someplugin gp"),
        ("plugin run gp x", "plugin run gp x"),
        ("mkcm x --cluster-timeout 5s --fold", "create configmap x --cluster-timeout 5s --fold --from-literal=a=b"),
        ("apply -f x --server=https://y", "apply -f x --server=https://y"),
    ],
)
def test_the_command_is_what_kubectl_would_run(argv: str, words: str) -> None:
    assert kuberc.resolve(ALIASES, argv.split()) == words.split()


@pytest.mark.parametrize(
    ("argv", "error"),
    [
        ("other pods", "alias other.* sets --context"),
        ("half pods --context", "alias half.* sets --context"),
        ("who pods", "alias who.* sets --as"),
        ("apply -f x", "defaults of apply.* sets --server"),
        ("strange pods", "alias strange: the flag --new-flag is unknown"),
    ],
)
def test_a_kuberc_may_not_say_where_a_command_goes_or_as_whom(argv: str, error: str) -> None:
    with pytest.raises(UserError, match=error):
        kuberc.resolve(ALIASES, argv.split())


@pytest.mark.parametrize(
    ("preferences", "argv", "error"),
    [
        (Kuberc((Alias("g-p", "get"),)), "get pods", "the alias name 'g-p'"),
        (Kuberc((Alias("gp", "get"), Alias("gp", "get"))), "get pods", "the alias gp is there twice"),
        (Kuberc((Alias("gp", "nope"),)), "gp", "kubectl has no command 'nope'"),
        (
            Kuberc((Alias("gp", "get", (), ("--all-clusters",)),)),
            "gp pods",
            "alias gp: kubectl has no flag --all-clusters",
        ),
        (Kuberc((Alias("gp", "get"),), (Defaults("gp"),)), "gp", "alias gp can't have defaults"),
        (Kuberc((), (Defaults("get", (("nope", "1"),)),)), "get pods", "has no flag --nope"),
        (Kuberc((), (Defaults("get", (("--output", "1"),)),)), "get pods", "has dashes in front"),
    ],
)
def test_what_kubectl_refuses_is_refused(preferences: Kuberc, argv: str, error: str) -> None:
    with pytest.raises(UserError, match=error):
        kuberc.resolve(preferences, argv.split())
