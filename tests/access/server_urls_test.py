# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_mc.access import server_urls
from kubectl_mc.access.checked_values import RefusedError
from kubectl_mc.access.server_urls import ServerUrl
from kubectl_mc.fleet.cluster_profiles import ClusterProfile

PROFILE = ClusterProfile("prod-eu", "fleet")
PROXY = "https://cluster-proxy-addon-user.ocm:9092/prod-eu"


def filled(template: str, published: str = PROXY) -> str:
    parsed = server_urls.parse_server_template(template)
    return server_urls.fill_server(parsed, PROFILE, server_urls.parse_server(published)).text


def test_the_parts_of_a_url() -> None:
    assert server_urls.parse_server("HTTPS://[::1]:6443/a/b?c#d") == ServerUrl("https", "[::1]", "6443", "/a/b", "?c#d")
    assert server_urls.parse_server("https://c1:65535").port == "65535"


@pytest.mark.parametrize("text", ["https://c1:65536", "https://c1/" + "x" * (2049 - len("https://c1/"))])
def test_what_no_api_server_stores_or_reaches_is_refused(text: str) -> None:
    with pytest.raises(RefusedError):
        server_urls.parse_server(text)
    server_urls.parse_server(text[:-1])


@pytest.mark.parametrize(
    ("template", "published", "server"),
    [
        ("https://localhost:9092/{name}", PROXY, "https://localhost:9092/prod-eu"),
        ("https://localhost:9092{path}", PROXY, "https://localhost:9092/prod-eu"),
        ("https://localhost:9092/{path}", PROXY, "https://localhost:9092/prod-eu"),
        ("https://localhost:9092/{path}", "https://c1", "https://localhost:9092"),
        ("https://p/x/{path}/y", PROXY, "https://p/x/prod-eu/y"),
        ("https://p/{namespace}/{name}?", PROXY, None),
        ("{scheme}://{host}:{port}{path}", PROXY, PROXY),
        ("{scheme}://{host}:{port}", "http://c1", "http://c1:80"),
        ("https://{host}:8443", "https://[::1]:6443", "https://[::1]:8443"),
        ("https://{name}.{namespace}.example", PROXY, "https://prod-eu.fleet.example"),
        ("https://p/{host}/{port}/{scheme}", "https://c1", "https://p/c1/443/https"),
        ("https://p{path}", "https://c1/a?b=c#d", "https://p/a"),
        ("http://localhost:8001", PROXY, "http://localhost:8001"),
    ],
)
def test_a_template_is_filled_with_the_profile_and_the_published_server(
    template: str, published: str, server: str | None
) -> None:
    if server is None:
        with pytest.raises(RefusedError):
            filled(template, published)
    else:
        assert filled(template, published) == server


@pytest.mark.parametrize(
    ("template", "problem"),
    [
        ("https://p/{cluster}", "server has no placeholder {cluster}, only {name}, {namespace}, {host}, {port}, {sch"),
        ("https://p/{}", "server has no placeholder {}"),
        ("https://p/{name!r}", "server has no placeholder {name!r}"),
        ("https://p/{name", "server has a brace without its other one: https://p/{name"),
        ("https://p/name}", "server has a brace without its other one"),
        ("https://p/{{name}}", "server has a brace without its other one"),
        ("https://{path}", "the host of server has no placeholder {path}, only {name}, {namespace}, {host}, {port}"),
        ("https://{scheme}/", "the host of server has no placeholder {scheme}"),
        ("p.example/{name}", "server is not a template of an https or http URL"),
        ("ftp://p", "server is not a template of"),
        ("{host}", "server is not a template of"),
        ("https://é/{name}", "server is not a template of"),
        ("https://p/{name}#x", "server is not a template of"),
    ],
)
def test_a_mistake_in_a_template_is_said(template: str, problem: str) -> None:
    with pytest.raises(RefusedError) as caught:
        server_urls.parse_server_template(template)
    assert problem in str(caught.value)


@pytest.mark.parametrize(("template", "problem"), [("https://a@{host}", "a@"), ("https://p:{name}", ":prod-eu")])
def test_a_template_that_makes_no_url_is_said_with_what_it_makes(template: str, problem: str) -> None:
    with pytest.raises(RefusedError, match=f"the provider's server is https://.*{problem}.*, which is not the https"):
        filled(template)


@pytest.mark.parametrize("path", ["/../c2", "/a/..", "/.", "/%2e%2E/c2", "/a%2f..%2fb", "/a\\..\\b", '/a"b', "/{name}"])
def test_a_published_path_cannot_lead_elsewhere_behind_the_users(path: str) -> None:
    assert filled("https://p/{name}", f"https://c1{path}") == "https://p/prod-eu"
    with pytest.raises(RefusedError, match="the path of its server can't be part of another server's"):
        filled("https://p/clusters{path}", f"https://c1{path}")


def test_a_name_template_has_no_brackets() -> None:
    server = server_urls.parse_server("https://[::1]:6443")
    assert server_urls.fill_name("{host}", PROFILE, server) == "::1"
    assert server_urls.fill_name("{name}.{namespace}.svc", PROFILE, server) == "prod-eu.fleet.svc"


URL_TEXT = st.text("ab0.:/?#@[]%\\{}-_ é", max_size=20)


URLS = st.builds(
    "https://{}{}{}".format,
    st.sampled_from(["c1", "[::1]", "a.b", "a@b", "é"]),
    st.sampled_from(["", ":1", ":"]),
    URL_TEXT,
)


@given(URLS | URL_TEXT)
def test_a_url_that_is_taken_has_the_host_that_others_see_in_it(text: str) -> None:
    try:
        server = server_urls.parse_server(text)
    except RefusedError:
        return
    other = urlsplit(server.text)
    assert other.netloc.partition("]")[0] == f"{server.host}{server.port and f':{server.port}'}".partition("]")[0]
    assert "@" not in other.netloc
    assert server.text.isascii()
    assert server.text.isprintable()


@given(
    st.sampled_from(["https://p/{path}", "https://p{path}/x", "https://{host}.p/{path}", "https://{name}.p:1{path}"]),
    URLS,
    st.from_regex(r"[a-z0-9]([-.a-z0-9]{0,8}[a-z0-9])?", fullmatch=True),
)
def test_no_published_server_and_no_name_changes_the_users_host(template: str, published: str, name: str) -> None:
    try:
        server = server_urls.parse_server(published)
        made = server_urls.fill_server(
            server_urls.parse_server_template(template), ClusterProfile(name, "fleet"), server
        )
    except RefusedError:
        return
    assert urlsplit(made.text).hostname in ("p", f"{server.host.lower()}.p", f"{name}.p")
