from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_mc import selection
from kubectl_mc.errors import UserError
from kubectl_mc.hub import ClusterProfile
from kubectl_mc.selection import Cluster


def fleet(*names: str) -> list[Cluster]:
    """Clusters of `name` (in namespace "fleet") or `namespace/name`."""
    split = [name.rpartition("/") for name in names]
    return selection.fleet(ClusterProfile(name, namespace or "fleet") for namespace, _, name in split)


def chosen(clusters: list[Cluster], include: list[str], exclude: list[str]) -> list[str]:
    return [cluster.name for cluster in selection.select(clusters, include, exclude)]


@pytest.mark.parametrize(
    "ordered",
    [["c1", "c2", "c10"], ["a", "a1", "a1b2", "a1b10", "b"], ["1", "2", "10"], ["prod-2-eu", "prod-10-eu"]],
)
def test_names_are_in_natural_order(ordered: list[str]) -> None:
    assert [cluster.name for cluster in fleet(*reversed(ordered))] == ordered


@given(st.lists(st.text()))
def test_any_names_have_an_order(names: list[str]) -> None:
    assert sorted(sorted(names, key=selection.natural)) == sorted(names)


def test_a_name_that_is_there_twice_is_shown_with_its_namespace() -> None:
    assert [cluster.name for cluster in fleet("a/eu", "b/eu", "us")] == ["a/eu", "b/eu", "us"]


FLEET = fleet("prod-eu", "prod-us", "dev", "a/twin", "b/twin")


@pytest.mark.parametrize(
    ("include", "exclude", "names"),
    [
        ([], [], ["a/twin", "b/twin", "dev", "prod-eu", "prod-us"]),
        (["dev"], [], ["dev"]),
        (["prod-*"], [], ["prod-eu", "prod-us"]),
        (["prod-*"], ["*-us"], ["prod-eu"]),
        (["prod-us", "dev"], [], ["dev", "prod-us"]),
        (["dev", "dev", "d*"], [], ["dev"]),
        (["prod-[ae]*"], [], ["prod-eu"]),
        (["twin"], [], ["a/twin", "b/twin"]),
        (["a/twin"], [], ["a/twin"]),
        (["fleet/*"], [], ["dev", "prod-eu", "prod-us"]),
        (["fleet/dev"], [], ["dev"]),
        ([], ["prod-*", "twin"], ["dev"]),
        (["*"], ["nothing-like-it"], ["a/twin", "b/twin", "dev", "prod-eu", "prod-us"]),
    ],
)
def test_clusters_are_chosen_by_globs(include: list[str], exclude: list[str], names: list[str]) -> None:
    assert chosen(FLEET, include, exclude) == names


@pytest.mark.parametrize(
    ("include", "exclude", "problem"),
    [
        (["prodeu"], [], "no cluster matches 'prodeu'. Did you mean prod-eu? The hub knows: a/twin, b/twin, dev, "),
        (["dev", "zzz"], [], "no cluster matches 'zzz'. The hub knows: a/twin, b/twin, dev, prod-eu, prod-us"),
        (["DEV"], [], "no cluster matches 'DEV'"),
        (["dev"], ["d*"], "no cluster left after --clusters and --exclude. The hub knows: a/twin, "),
        ([], ["*"], "no cluster left after --clusters and --exclude. The hub knows: a/twin, "),
    ],
)
def test_a_choice_of_nothing_names_what_there_is(include: list[str], exclude: list[str], problem: str) -> None:
    with pytest.raises(UserError) as raised:
        selection.select(FLEET, include, exclude)
    assert str(raised.value).startswith(problem)
