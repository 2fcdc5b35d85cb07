from __future__ import annotations

import pytest

from kubectl_mc.changes import addresses
from kubectl_mc.processes.targets import Kubeconfig, Target
from tests.environments import request

CONFIG = {
    "current-context": "c1",
    "contexts": [{"name": "c1", "context": {"cluster": "one", "user": "admin", "namespace": "shop"}}],
    "clusters": [{"name": "one", "cluster": {"server": "https://one"}}],
}


def address_of(flags: str, config: object = CONFIG) -> dict[str, str]:
    target = Target("c1", "c1", Kubeconfig(config, starts_programs=False))  # type: ignore[arg-type]
    (address,) = addresses.addresses_of(request(f"scale deploy/a {flags}"), {"c1": target}, ["c1"])
    return address


@pytest.mark.parametrize(
    ("flags", "user"),
    [
        ("", "admin"),
        ("--user=viewer", "viewer"),
        ("--user viewer --as=bob", "viewer as bob"),
        ("--as=bob", "admin as bob"),
        ("--token=hunter2", "--token"),
        ("--token=hunter2 --as bob", "--token as bob"),
        ("--username=joe --password=hunter2", "joe"),
        ("--client-certificate=joe.crt", "--client-certificate"),
    ],
)
def test_the_user_is_whom_the_flags_name(flags: str, user: str) -> None:
    address = address_of(flags)
    assert address == {"cluster": "c1", "context": "c1", "server": "https://one", "user": user, "namespace": "shop"}


def test_a_context_without_a_namespace_looks_in_default() -> None:
    bare = {**CONFIG, "contexts": [{"name": "c1", "context": {"cluster": "one"}}]}
    assert address_of("", bare)["namespace"] == "default"
    assert address_of("", {"kind": "Config"})["namespace"] == ""


def test_what_has_moved_is_what_is_known_to_be_another() -> None:
    before = [{"cluster": name, "server": server} for name, server in (("a", "1"), ("b", "2"), ("c", ""), ("d", "4"))]
    now = [{"cluster": name, "server": server} for name, server in (("a", "1"), ("b", "3"), ("c", "5"), ("d", ""))]
    assert addresses.moves(before, now, "server") == ["b: the server was 2 and is 3"]
    assert addresses.moves(before, [{"cluster": "b", "namespace": "shop"}], "namespace") == []
