# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""The URL of a server, and the proxy of the environment, by the rules of Go's httpproxy: its own cases, properties."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_mc.access.proxies import environment_proxy, normal_server

PROXY = "http://proxy:3128"


@pytest.mark.parametrize(
    ("server", "normal"),
    [
        ("https://Host", "https://host:443"),
        ("https://host.:443/", "https://host:443"),
        ("http://host", "http://host:80"),
        ("host", "https://host:443"),
        ("HOST:6443/", "https://host:6443"),
        ("https://host/k8s/clusters/C-1/", "https://host:443/k8s/clusters/C-1"),
        ("https://host?a=b#c", "https://host:443"),
        ("https://host/k8s/%2e%2e/c-2", "https://host:443/c-2"),
        ("https://host/a%2Fb", "https://host:443/a/b"),
        ("https://[2001:DB8:0:0:0:0:0:1]:6443", "https://[2001:db8::1]:6443"),
        ("https://[::ffff:10.0.0.1]:6443", "https://10.0.0.1:6443"),
        ("https://[::FFFF:a00:1]:6443", "https://10.0.0.1:6443"),
        ("https://[fe80::1%25eth0]:6443", "https://[fe80::1%25eth0]:6443"),
        ("https://M\u00fcnchen.example", "https://xn--mnchen-3ya.example:443"),
        ("https://\uff11\uff10.0.0.1", "https://10.0.0.1:443"),
        ("https://" + "\u00fc" * 64, "https://" + "\u00fc" * 64 + ":443"),
        ("https://k8s.localhost:6443", "https://k8s.localhost:6443"),  # a router tells such names apart
        ("https://127.0.0.2:6443", "https://127.0.0.2:6443"),  # a listener of its own
        ("https://host:x", "https://host:x"),
        ("https://", "https://"),
        ("", ""),
    ],
)
def test_a_server_has_one_spelling(server: str, normal: str) -> None:
    assert normal_server(server) == normal


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST.", "127.0.0.1", "0.0.0.0", "[::1]", "[::]", "[::ffff:127.0.0.1]"]
)
def test_this_machine_has_one_spelling(host: str) -> None:
    """kind writes 127.0.0.1 into a kubeconfig, k3d 0.0.0.0; what is typed by hand is often localhost."""
    assert normal_server(f"https://{host}:6443") == "https://127.0.0.1:6443"


@pytest.mark.parametrize(
    ("variables", "proxy"),
    [
        ({}, ""),
        ({"HTTPS_PROXY": PROXY}, PROXY),
        ({"https_proxy": PROXY}, PROXY),
        ({"HTTPS_PROXY": PROXY, "https_proxy": "http://other"}, PROXY),
        ({"HTTPS_PROXY": "", "https_proxy": PROXY}, PROXY),
        ({"HTTP_PROXY": PROXY}, ""),
        ({"HTTPS_PROXY": "proxy:3128"}, PROXY),
        ({"HTTPS_PROXY": "socks5://proxy"}, "socks5://proxy"),
    ],
)
def test_the_variable_is_that_of_the_scheme(variables: dict[str, str], proxy: str) -> None:
    assert environment_proxy("https://c1.example:6443", variables) == proxy


# Servers and entries of NO_PROXY from x/net/http/httpproxy's proxy_test.go.
@pytest.mark.parametrize(
    ("server", "no_proxy", "is_excluded"),
    [
        ("https://localhost", "", True),
        ("https://127.0.0.1:6443", "", True),
        ("https://127.8.1.2", "", True),
        ("https://[::1]:6443", "", True),
        ("https://[::2]", "", False),
        ("https://192.168.1.1", "192.168.1.1", True),
        ("https://192.168.1.2:81", "192.168.1.2:81", True),
        ("https://192.168.1.2", "192.168.1.2:81", False),
        ("https://192.168.1.5", "192.168.1.3/24", True),
        ("https://10.0.0.2", "10.0.0.0/30", True),
        ("https://10.0.0.99", "10.0.0.0/30", False),
        ("https://[2001:db8::52:0:1]", "2001:db8::52:0:1", True),
        ("https://[2001:db8::52:0:3]:81", "[2001:db8::52:0:3]:81", True),
        ("https://[2002:db8:a::123]", "2002:db8:a::45/64", True),
        ("https://[fe80::424b:c8be:1643:a1b6]", "fe80::/10,*.foo", True),
        ("https://barbaz.net", "barbaz.net", True),
        ("https://www.barbaz.net", "barbaz.net", True),
        ("https://foobar.com", ".foobar.com", False),
        ("https://www.foobar.com", ".foobar.com", True),
        ("https://foofoobar.com", "foobar.com", False),
        ("https://baz.com", "*.baz.com", False),
        ("https://www.baz.com", "*.baz.com", True),
        ("https://c1.example:6443", "example:6443", True),
        ("https://c1.example:6443", "example:443", False),
        ("https://c1.example", "example:443", True),
        ("https://C1.EXAMPLE", " c1.Example , other", True),
        ("https://c1.example", "*", True),
        ("https://c1.example", "other,*", True),
        ("https://c1.example", ",:80,/", False),
    ],
)
def test_what_no_proxy_names_is_reached_without(server: str, no_proxy: str, is_excluded: bool) -> None:
    assert environment_proxy(server, {"HTTPS_PROXY": PROXY, "NO_PROXY": no_proxy}) == ("" if is_excluded else PROXY)


@given(st.text(), st.text(), st.text(max_size=20))
def test_whatever_stands_there_is_an_answer(server: str, no_proxy: str, proxy: str) -> None:
    variables = {"HTTPS_PROXY": proxy, "NO_PROXY": no_proxy}
    for url in (server, f"https://{server}"):
        answer = environment_proxy(url, variables)
        assert not answer or answer.endswith(proxy)


@given(st.ip_addresses(v=4), st.integers(0, 32))
def test_an_address_is_in_its_own_networks(address: object, length: int) -> None:
    variables = {"HTTPS_PROXY": PROXY, "NO_PROXY": f"{address}/{length}"}
    assert environment_proxy(f"https://{address}:6443", variables) == ""
