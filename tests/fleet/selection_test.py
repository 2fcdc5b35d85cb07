# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import re
from contextlib import nullcontext
from fnmatch import fnmatchcase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_mc.command_line import invocation, name_sets
from kubectl_mc.command_line.options import with_defaults
from kubectl_mc.fleet import clusters, selection
from kubectl_mc.fleet.cluster_profiles import CLUSTERSET_LABEL, CLUSTERSET_PROPERTY, MEMBER_ID_LABEL, ClusterProfile
from kubectl_mc.fleet.clusters import Cluster
from kubectl_mc.fleet.inventory import Inventory
from kubectl_mc.fleet.placements import ClusterDecision
from kubectl_mc.messages import UserError, natural_order
from tests.fleet.profiles import conditions


def fleet(*names: str) -> list[Cluster]:
    """Clusters of `name` (in namespace "fleet") or `namespace/name`."""
    split = [name.rpartition("/") for name in names]
    return clusters.named_clusters(ClusterProfile(name, namespace or "fleet") for namespace, _, name in split)


def profiles(*names: str) -> tuple[ClusterProfile, ...]:
    return tuple(cluster.profile for cluster in fleet(*names))


def chosen(inventory: Inventory, *flags: str) -> list[str]:
    options = invocation.parse_invocation(flags).options
    return [cluster.name for cluster in selection.select_clusters(inventory, options)]


def by_name(include: list[str], exclude: list[str]) -> list[str]:
    return [*(f"--clusters={name}" for name in include), *(f"--exclude={name}" for name in exclude)]


@pytest.mark.parametrize(
    "ordered",
    [
        ["c1", "c2", "c10"],
        ["a", "a1", "a1b2", "a1b10", "b"],
        ["1", "2", "10"],
        ["prod-2-eu", "prod-10-eu"],
        ["a0", "a1", "a09"],
        ["a", "a0"],
        ["1" * 5000, "2" * 5000],
    ],
)
def test_names_are_in_natural_order(ordered: list[str]) -> None:
    assert [cluster.name for cluster in fleet(*reversed(ordered))] == ordered


@given(st.lists(st.text()))
def test_any_names_have_an_order(names: list[str]) -> None:
    assert sorted(sorted(names, key=natural_order.natural_key)) == sorted(names)


def test_a_name_that_is_there_twice_is_shown_with_its_namespace() -> None:
    assert [cluster.name for cluster in fleet("a/eu", "b/eu", "us")] == ["a/eu", "b/eu", "us"]


FLEET = Inventory(profiles("prod-eu", "prod-us", "dev", "a/twin", "b/twin"))


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
        (["*"], ["nothing-like-it*"], ["a/twin", "b/twin", "dev", "prod-eu", "prod-us"]),
    ],
)
def test_clusters_are_chosen_by_globs(include: list[str], exclude: list[str], names: list[str]) -> None:
    assert chosen(FLEET, *by_name(include, exclude)) == names


@pytest.mark.parametrize(
    ("include", "exclude", "problem"),
    [
        (["prodeu"], [], "no cluster matches 'prodeu'. Did you mean prod-eu? Known clusters: a/twin, b/twin, dev, "),
        (["dev", "zzz"], [], "no cluster matches 'zzz'. Known clusters: a/twin, b/twin, dev, prod-eu, prod-us"),
        (["DEV"], [], "no cluster matches 'DEV'"),
        ([], ["prod-uk"], "no cluster matches 'prod-uk'. Did you mean prod-us?"),
        (["dev"], ["d*"], "no cluster is left: --clusters=dev chooses 1 of 5, --exclude='d*' leaves 0"),
        ([], ["*"], "no cluster is left: --exclude='*' leaves 0 of 5"),
    ],
)
def test_a_choice_of_nothing_names_what_there_is(include: list[str], exclude: list[str], problem: str) -> None:
    with pytest.raises(UserError) as raised:
        chosen(FLEET, *by_name(include, exclude))
    assert str(raised.value).startswith(problem)


@pytest.mark.parametrize(
    ("include", "exclude", "names"),
    [
        (["prod-{eu,us}"], [], ["prod-eu", "prod-us"]),
        (["{prod,dev}*"], [], ["dev", "prod-eu", "prod-us"]),
        (["{a,b}/twin,dev"], [], ["a/twin", "b/twin", "dev"]),
        (["{dev,prod-{eu,us}}"], ["{prod-eu,dev}"], ["prod-us"]),
        (["prod-*,!prod-eu"], [], ["prod-us"]),
        (["!prod-eu", "prod-*"], [], ["prod-us"]),
        (["!prod-*"], [], ["a/twin", "b/twin", "dev"]),
        (["!prod-{eu,us},!twin"], [], ["dev"]),
        (["*,!/^prod-/"], [], ["a/twin", "b/twin", "dev"]),
        (["*,!nothing-like-it*"], ["t*"], ["dev", "prod-eu", "prod-us"]),
        (["/eu|us$/"], [], ["prod-eu", "prod-us"]),
        (["/-[a-z]{2,3}$/"], [], ["prod-eu", "prod-us"]),
        (["/twi/"], [], ["a/twin", "b/twin"]),
        (["/^a/"], [], None),  # a regular expression of names isn't one of namespaces
        (["/^a/t/"], [], ["a/twin"]),
        ([r"/^a\/t/"], [], ["a/twin"]),
        (["/(?i)DEV/"], [], ["dev"]),
        ([], ["!dev"], ["dev"]),
        ([], ["prod-*,!prod-eu"], ["a/twin", "b/twin", "dev", "prod-eu"]),
        # Of several sets, not each combination has to be there.
        (["{prod,a/}{-eu,twin}"], [], ["a/twin", "prod-eu"]),
        (["dev{,-2}"], [], None),
    ],
)
def test_clusters_are_chosen_by_sets_expressions_and_what_is_not_meant(
    include: list[str], exclude: list[str], names: list[str] | None
) -> None:
    if names is None:
        with pytest.raises(UserError, match="no cluster matches"):
            chosen(FLEET, *by_name(include, exclude))
    else:
        assert chosen(FLEET, *by_name(include, exclude)) == names


@pytest.mark.parametrize(
    ("include", "exclude", "problem"),
    [
        (["prod"], [], "no cluster is named 'prod'; 'prod-*' matches 2 clusters. Known clusters: a/twin, "),
        (["eu"], [], "no cluster is named 'eu'; '*-eu' matches 1 cluster. "),
        (["fleet"], [], "no cluster is named 'fleet'; 'fleet/*' matches 3 clusters. "),
        (["wi"], [], "no cluster is named 'wi'; '*wi*' matches 2 clusters. "),
        (["prod-eu", "{dev,prod}"], [], "no cluster is named 'prod'; 'prod-*' matches 2 clusters. "),
        (["*"], ["prod"], "no cluster is named 'prod'; 'prod-*' matches 2 clusters. "),
        (["*,!prod"], [], "no cluster is named 'prod'; 'prod-*' matches 2 clusters. "),
        (["{dev,prd}-*"], [], "no cluster matches 'dev-*'."),
        (["{prod,prd}-*"], [], "no cluster matches 'prd-*'."),
        (["{prod,prd}-{eu,us}"], [], "no cluster matches 'prd-eu'. Did you mean prod-eu?"),
        (["/uk/"], [], "no cluster matches '/uk/'. Known"),
        (["/uk"], [], "no cluster matches '/uk'. Known"),
        (["!"], [], "no cluster matches '!'. Known"),
        (["{,}"], [], "no cluster matches '{,}'. Known"),
        (["!*"], [], "no cluster is left: --clusters='!*' chooses 0 of 5"),
        (["prod-*,!/-/"], [], "no cluster is left: --clusters='prod-*,!/-/' chooses 0 of 5"),
    ],
)
def test_what_is_no_cluster_is_said_with_what_may_be_meant(
    include: list[str], exclude: list[str], problem: str
) -> None:
    with pytest.raises(UserError) as raised:
        chosen(FLEET, *by_name(include, exclude))
    assert str(raised.value).startswith(problem)


PARTS = st.sampled_from(["a", "b", "prod-", "*", "?", "/a", "{a,b}", "{prod-,}", "{*a,b}", "!a"])
PATTERNS = st.lists(PARTS, min_size=1, max_size=3).map("".join) | st.sampled_from(["/a|b/", "!/^p/", "/a,b/", "!{a,b}"])


@given(
    st.lists(st.sampled_from(["a", "b", "ab", "prod-a", "prod-b", "x"]), unique=True, min_size=1),
    st.lists(PATTERNS, min_size=1, max_size=3),
)
def test_patterns_choose_what_their_parts_choose(names: list[str], patterns: list[str]) -> None:
    fleet = Inventory(profiles(*names))
    try:
        options = invocation.parse_invocation([f"--clusters={','.join(patterns)}"]).options
    except UserError:  # /a**,/, which two of them may make together, is no regular expression
        return
    if "" in options.clusters or any(pattern.startswith("!!") for pattern in options.clusters):
        return

    def plain(pattern: str) -> set[str]:
        """The clusters that a pattern without a `!` means, by bash's words and fnmatch alone."""
        if pattern.startswith("/") and pattern.endswith("/") and len(pattern) > 2:
            return {name for name in names if re.search(pattern[1:-1], name)}
        words = [text for text, _ in name_sets.alternatives(pattern)]
        return {name for word in words for name in names if fnmatchcase(f"fleet/{name}" if "/" in word else name, word)}

    wanted = [plain(pattern) for pattern in options.clusters if not pattern.startswith("!")]
    unwanted = [plain(pattern[1:]) for pattern in options.clusters if pattern.startswith("!")]
    expected = (set().union(*wanted) if wanted else {*names}) - set().union(*unwanted)
    try:
        actual = set(chosen(fleet, f"--clusters={','.join(patterns)}"))
    except UserError as error:  # something in a pattern means no cluster
        actual = expected if str(error).startswith(("no cluster matches", "no cluster is named")) else set()
    assert actual == expected


DESCRIBED = Inventory(
    (
        ClusterProfile(
            "eu",
            "fleet",
            cluster_manager="acme",
            conditions=conditions(True),
            properties={"location": "eu-west", "tags": "a,b"},
        ),
        ClusterProfile(
            "us", "fleet", cluster_manager="acme", conditions=conditions(False), properties={"location": "us-east"}
        ),
        ClusterProfile("ap", "other", cluster_manager="apex", conditions=conditions(None, False)),
        ClusterProfile("dev", "other", cluster_manager="apex", conditions=conditions(True, False)),
    ),
    clustersets={"fleet": "prod"},
    placement_decision=None,
)


@pytest.mark.parametrize(
    ("flags", "names"),
    [
        (["--healthy"], ["eu"]),
        (["--clusterset=prod"], ["eu", "us"]),
        (["--cluster-manager=ap*"], ["ap", "dev"]),
        (["--property=location"], ["eu", "us"]),
        (["--property=location=eu-*"], ["eu"]),
        (["--property=tags=a,b"], ["eu"]),
        (["--property=location=*", "--property=tags=*"], ["eu"]),
        (["--clusterset=prod", "--clusters=*", "--exclude=eu"], ["us"]),
        (["--all-clusters"], ["ap", "dev", "eu", "us"]),
    ],
)
def test_every_flag_has_to_agree(flags: list[str], names: list[str]) -> None:
    assert chosen(DESCRIBED, *flags) == names


def test_a_placement_gives_the_order() -> None:
    order = (("fleet", "us"), ("gone", "x"), ("other", "ap"), ("fleet", "eu"))
    inventory = DESCRIBED._replace(placement_decision=tuple(ClusterDecision(*reference) for reference in order))
    assert chosen(inventory, "--placement=p") == ["us", "ap", "eu"]
    assert chosen(inventory, "--placement=p", "--clusterset=prod") == ["us", "eu"]


@pytest.mark.parametrize(
    ("inventories", "notes"),
    [
        ("", ["Note: the hub has no ClusterProfile of what placement 'p' chose: fleet/lost, gone/x"]),
        (
            "fleet",
            [
                "Note: the hub has no ClusterProfile of what placement 'p' chose: fleet/lost",
                "Note: placement 'p' also chose, outside the chosen inventories: gone/x, other/ap",
            ],
        ),
        ("fleet,gone,other", ["Note: the hub has no ClusterProfile of what placement 'p' chose: fleet/lost, gone/x"]),
    ],
)
def test_what_a_placement_chose_and_is_not_there_is_noted(inventories: str, notes: list[str]) -> None:
    order = (("fleet", "us"), ("fleet", "lost"), ("gone", "x"), ("other", "ap"))
    read = [profile for profile in DESCRIBED.profiles if profile.namespace in (inventories or "fleet,other")]
    inventory = Inventory(tuple(read), placement_decision=tuple(ClusterDecision(*reference) for reference in order))
    flags = ["--placement=p", *([f"--inventory={inventories}"] if inventories else [])]
    assert selection.placement_notes(inventory, invocation.parse_invocation(flags).options) == notes


def test_a_selector_chooses_among_clusters_whose_names_are_those_of_the_whole_fleet() -> None:
    selected = FLEET._replace(by_selector=(("a", "twin"), ("fleet", "dev"), ("fleet", "gone")))
    assert chosen(selected, "--cluster-selector=x") == ["a/twin", "dev"]
    assert chosen(selected, "--cluster-selector=x", "--clusters=twin,prod-eu") == ["a/twin"]
    assert chosen(selected, "--cluster-selector=x", "--exclude=prod-eu,dev") == ["a/twin"]
    for flags, problem in (
        (["--clusters=prod-eu"], "--clusters=prod-eu chooses 1 of 5, --cluster-selector=x leaves 0"),
        (["--clusters=prod-ap"], "no cluster matches 'prod-ap'. Did you mean"),
        (["--exclude=prod-ap"], "no cluster matches 'prod-ap'. Did you mean"),
    ):
        with pytest.raises(UserError, match=problem):
            chosen(selected, "--cluster-selector=x", *flags)
    with pytest.raises(UserError, match=r"no cluster in namespace fleet has labels tier=x \(--cluster-selector\)"):
        chosen(FLEET._replace(by_selector=()), "--cluster-selector=tier=x", "--inventory=fleet")
    by_default = with_defaults(invocation.parse_invocation([]).options, [("cluster-selector", "tier=x")])
    with pytest.raises(UserError, match=r"no cluster has labels tier=x \(--cluster-selector, not typed\)"):
        selection.select_clusters(FLEET._replace(by_selector=()), by_default)


@pytest.mark.parametrize("flag", ["--clusters", "--exclude"])
def test_a_typo_is_an_error_in_a_chosen_inventory_too(flag: str) -> None:
    with pytest.raises(UserError, match=r"no cluster matches 'prod-ap' among those in namespace fleet\. "):
        chosen(FLEET, "--inventory=fleet", f"{flag}=prod-ap")


NAMESPACED = Inventory(profiles("prod-fleet/dev", "prod-fleet/prod-eu", "test/prod-eu", "test/dev", "test/qa"))


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("prod-*", ["prod-fleet/prod-eu", "test/prod-eu"]),
        ("*fleet*", []),
        ("t*", []),
        ("[pt]*", ["prod-fleet/prod-eu", "test/prod-eu"]),
        ("test?qa", []),
        ("qa", ["qa"]),
        ("prod-*/*", ["prod-fleet/dev", "prod-fleet/prod-eu"]),
        ("*/dev", ["prod-fleet/dev", "test/dev"]),
        ("test/[!p]*", ["qa", "test/dev"]),
        ("*", ["prod-fleet/dev", "prod-fleet/prod-eu", "qa", "test/dev", "test/prod-eu"]),
    ],
)
def test_a_glob_of_names_is_not_one_of_namespaces(pattern: str, names: list[str]) -> None:
    everything = chosen(NAMESPACED)
    left = [name for name in everything if name not in names]
    if left:
        assert chosen(NAMESPACED, f"--exclude={pattern}") == left
    if names:
        assert chosen(NAMESPACED, f"--clusters={pattern}") == names
    else:
        with pytest.raises(UserError, match="no cluster matches"):
            chosen(NAMESPACED, f"--clusters={pattern}")


REFERENCES = st.lists(
    st.tuples(st.sampled_from(["a", "ab", "prod-b"]), st.sampled_from(["a", "b", "prod-a", "prod-b"])),
    unique=True,
    min_size=1,
)


@given(REFERENCES, st.lists(st.sampled_from(["a", "b", "prod-", "*", "?", "[ap]"]), min_size=1, max_size=3))
def test_what_a_glob_of_names_chooses_does_not_depend_on_namespaces(
    references: list[tuple[str, str]], parts: list[str]
) -> None:
    pattern = "".join(parts)
    fleet = Inventory(tuple(ClusterProfile(name, namespace) for namespace, name in references))
    expected = {(namespace, name) for namespace, name in references if fnmatchcase(name, pattern)}
    options = invocation.parse_invocation([f"--clusters={pattern}"]).options
    try:
        found = {cluster.profile.reference for cluster in selection.select_clusters(fleet, options)}
    except UserError:
        found = set()
    assert found == expected


@given(REFERENCES, st.data())
def test_a_selector_takes_clusters_away_and_changes_nothing_else(
    references: list[tuple[str, str]], data: st.DataObject
) -> None:
    fleet = Inventory(tuple(ClusterProfile(name, namespace) for namespace, name in references))
    by_selector = data.draw(st.lists(st.sampled_from(references), unique=True, min_size=1))
    options = invocation.parse_invocation(["--cluster-selector=x"]).options
    whole = selection.select_clusters(fleet, options)
    part = selection.select_clusters(fleet._replace(by_selector=tuple(by_selector)), options)
    assert part == [cluster for cluster in whole if cluster.profile.reference in by_selector]


def test_a_context_s_name_is_matched_as_a_whole() -> None:
    contexts = tuple(ClusterProfile(name, "") for name in ("arn:aws:cluster/prod", "arn:aws:cluster/dev", "prod"))
    assert chosen_contexts(contexts, "--contexts=arn*", "--exclude=*/dev") == ["arn:aws:cluster/prod"]
    assert chosen_contexts(contexts, "--contexts=*prod") == ["arn:aws:cluster/prod", "prod"]
    assert chosen_contexts(contexts, "--contexts=*", "--clusters=prod") == ["prod"]


ID = "cluster.clusterset.k8s.io"
CALLED = Inventory(
    (
        ClusterProfile("a", "fleet", display_name="Frankfurt", properties={ID: "id-a"}),
        # Its display name is the name of another cluster.
        ClusterProfile("b", "fleet", display_name="a", properties={"clusterset.k8s.io/cluster-id": "id-b"}),
        ClusterProfile("c", "fleet", display_name="twins", properties={ID: "id-a*"}),
        ClusterProfile("d", "fleet", display_name="twins", properties={ID: "Frankfurt2"}),
        ClusterProfile("e", "fleet", display_name="Frankfurt2", labels={MEMBER_ID_LABEL: ""}),
        ClusterProfile("f", "one", display_name="Paris", labels={MEMBER_ID_LABEL: "m"}),
        ClusterProfile("f", "two", display_name="Paris", labels={MEMBER_ID_LABEL: "m"}),
    )
)


@pytest.mark.parametrize(
    ("include", "exclude", "names"),
    [
        (["Frankfurt"], [], ["a"]),
        (["id-a"], [], ["a"]),
        (["id-b", "Frankfurt"], [], ["a", "b"]),
        (["a"], [], ["a"]),
        (["?"], ["a"], ["b", "c", "d", "e", "one/f", "two/f"]),
        (["?"], ["Frankfurt", "id-b"], ["c", "d", "e", "one/f", "two/f"]),
        (["Paris"], [], ["one/f", "two/f"]),
    ],
)
def test_an_id_or_a_display_name_means_a_cluster_where_no_name_does(
    include: list[str], exclude: list[str], names: list[str]
) -> None:
    assert chosen(CALLED, *by_name(include, exclude)) == names


@pytest.mark.parametrize(
    ("include", "exclude", "problem"),
    [
        (["Frank*"], [], "no cluster matches 'Frank"),
        (["id-a*"], [], "no cluster matches 'id-a"),
        (["frankfurt"], [], "no cluster matches 'frankfurt'"),
        (["twins"], [], "'twins' is the id or display name of several clusters: say which of c, d"),
        ([], ["twins"], "'twins' is the id or display name of several clusters: say which of c, d"),
        (["Frankfurt2"], [], "'Frankfurt2' is the id or display name of several clusters: say which of d, e"),
    ],
)
def test_an_id_or_a_display_name_has_to_be_exact_and_of_one_cluster(
    include: list[str], exclude: list[str], problem: str
) -> None:
    with pytest.raises(UserError) as raised:
        chosen(CALLED, *by_name(include, exclude))
    assert str(raised.value).startswith(problem)


def test_a_display_name_does_not_replace_a_cluster_that_is_not_there() -> None:
    """The name may be that of a cluster that the hub has lost."""
    for flag in ("--clusters", "--exclude"):
        options = invocation.parse_invocation([f"{flag}=Frankfurt"]).options
        with pytest.raises(UserError, match="no cluster matches 'Frankfurt'"):
            selection.select_clusters(CALLED, options, is_known=lambda name: name == "Frankfurt")
    # To leave out by a default of the mapping file too much does no harm.
    left = selection.select_clusters(CALLED, options._replace(typed=()), is_known=lambda name: True)
    assert "a" not in [cluster.name for cluster in left]


def test_a_display_name_with_a_slash_does_not_replace_a_name() -> None:
    (profile, *others) = CALLED.profiles
    hostile = CALLED._replace(profiles=(profile._replace(display_name="kueue/prod", properties={ID: "x/y"}), *others))
    for name in ("kueue/prod", "x/y"):
        for flag in ("--clusters", "--exclude"):
            with pytest.raises(UserError, match=f"no cluster matches '{name}'"):
                chosen(hostile, f"{flag}={name}")
    options = invocation.parse_invocation([]).options._replace(exclude=("kueue/prod",))
    assert "a" not in [cluster.name for cluster in selection.select_clusters(hostile, options)]


NAMES = st.lists(st.sampled_from(["a", "b", "c"]), unique=True, min_size=1)


@given(NAMES, st.lists(st.sampled_from(["a", "b", "c", "d", ""]), min_size=3, max_size=3), st.sampled_from("abcd"))
def test_what_is_a_name_never_means_another_cluster(names: list[str], others: list[str], typed: str) -> None:
    fleet = Inventory(
        tuple(
            ClusterProfile(name, "fleet", display_name=other, properties={ID: others[0]})
            for name, other in zip(names, others)
        )
    )
    try:
        clusters = chosen(fleet, f"--clusters={typed}")
    except UserError:
        assert typed not in names
        return
    assert clusters == [typed] if typed in names else len(clusters) == 1


def notes(inventory: Inventory, *flags: str) -> list[str]:
    options = invocation.parse_invocation(flags).options
    return selection.selection_notes(inventory, options, selection.select_clusters(inventory, options))


def test_what_an_id_or_a_display_name_has_chosen_is_said() -> None:
    assert notes(CALLED, "--clusters=Frankfurt,b") == ["Note: 'Frankfurt' is the id or display name of a"]
    assert notes(CALLED, "--clusters=a,b") == []


@pytest.mark.parametrize(
    ("flags", "named"),
    [
        (["--clusters=a,b"], ["b"]),
        (["--clusters=fleet/b,a"], ["b"]),
        (["--clusters=a,/b/"], []),
        (["--clusters=*"], []),
        (["--all-clusters"], []),
        (["--clusters=a,b", "--property=x=a"], []),
        (["--clusters=a,b,!b"], []),
    ],
)
def test_what_is_named_and_left_out_by_defaults_is_said(flags: list[str], named: list[str]) -> None:
    fleet = Inventory(tuple(ClusterProfile(name, "fleet", properties={"x": name}) for name in "abc"))
    options = with_defaults(invocation.parse_invocation(flags).options, [("exclude", "b")])
    said = selection.selection_notes(fleet, options, selection.select_clusters(fleet, options))
    assert said == [f"Note: left out by the defaults of the mapping file, though named: {name}" for name in named]


@pytest.mark.parametrize(
    ("flags", "named"),
    [
        (["--clusters=kind-a,eks-b"], "eks-b"),
        (["--clusters=kind-a,eks-*"], ""),
        (["--clusters=kind-a"], ""),
        (["--all-clusters"], ""),
        (["--contexts=kind-a", "--clusters=kind-a,eks-b"], ""),
        (["--clusters=kind-a,eks-b", "--exclude=eks-b"], ""),
    ],
)
def test_what_is_named_and_is_none_of_the_contexts_by_default_is_said(flags: list[str], named: str) -> None:
    contexts = [ClusterProfile(name, "") for name in ("kind-a", "kind-c", "eks-b")]
    options = with_defaults(invocation.parse_invocation(flags).options, [("contexts", "kind-*")])
    said = selection.context_notes(contexts, options, selection.clusters_of_contexts(contexts, options))
    assert said == ([f"Note: left out by the defaults of the mapping file, though named: {named}"] if named else [])


def in_clusterset(name: str, label: str = "", prop: str = "", namespace: str = "fleet") -> ClusterProfile:
    return ClusterProfile(name, namespace, labels={CLUSTERSET_LABEL: label}, properties={CLUSTERSET_PROPERTY: prop})


SETS = Inventory(
    (
        in_clusterset("bare"),
        in_clusterset("label", label="prod", namespace="none"),
        in_clusterset("prop", prop="prod", namespace="none"),
        in_clusterset("claims", prop="prod"),
        in_clusterset("two", label="dev", prop="prod", namespace="none"),
        in_clusterset("none", namespace="none"),
    ),
    clustersets={"fleet": "base"},
)


@pytest.mark.parametrize(
    ("clusterset", "names"),
    [
        ("prod", ["label", "prop"]),
        ("base", ["bare", "claims"]),
        ("dev", ["two"]),
        ("*", ["bare", "claims", "label", "prop", "two"]),
    ],
)
def test_a_clusterset_is_the_same_wherever_it_is_said(clusterset: str, names: list[str]) -> None:
    assert chosen(SETS, f"--clusterset={clusterset}") == names


def test_who_is_said_to_be_in_several_clustersets_is_noted() -> None:
    note = "Note: the hub says several ClusterSets, of which the first counts: "
    assert notes(SETS, "--clusterset=base") == [f"{note}claims (namespace: base, property: prod)"]
    assert notes(SETS, "--clusterset=prod", "--clusters=label,two") == [f"{note}two (label: dev, property: prod)"]
    assert notes(SETS, "--clusterset=base", "--clusters=bare") == []


@pytest.mark.parametrize(
    ("clusterset", "problem"),
    [
        ("prd", "no cluster is in ClusterSet 'prd'. Did you mean prod? ClusterSets: base, dev, prod"),
        ("x*", "no cluster is in ClusterSet 'x*'. ClusterSets: base, dev, prod"),
    ],
)
def test_a_clusterset_that_no_cluster_is_in_is_said(clusterset: str, problem: str) -> None:
    with pytest.raises(UserError) as raised:
        chosen(SETS, f"--clusterset={clusterset}")
    assert str(raised.value) == problem


def test_without_the_namespaces_the_profiles_say_their_clustersets() -> None:
    unread = SETS._replace(clustersets=None)
    assert chosen(unread, "--clusterset=prod") == ["claims", "label", "prop"]
    left_out = (
        "Note: left out, as you may not list the hub's namespaces and so their ClusterSet is not known: bare, none"
    )
    assert notes(unread, "--clusterset=prod")[0] == left_out
    assert notes(unread, "--clusterset=prod", "--clusters=l*") == []
    with pytest.raises(UserError, match=r"ClusterSets: dev, prod\. That of bare, none is not known, .*--inventory"):
        chosen(unread, "--clusterset=base")
    with pytest.raises(UserError, match=r"The hub says of none that it is in a ClusterSet"):
        chosen(FLEET._replace(clustersets={}), "--clusterset=*")


def test_a_context_s_name_is_any_text_and_its_cluster_s_is_safe_to_show() -> None:
    (cluster,) = selection.clusters_of_contexts(
        (ClusterProfile("a\x1b[2J\tb", ""),), invocation.parse_invocation(["--contexts=a*"]).options
    )
    assert (cluster.name, cluster.default_context) == ("a\\x1b[2J\\tb", "a\x1b[2J\tb")


def chosen_contexts(contexts: tuple[ClusterProfile, ...], *flags: str) -> list[str]:
    options = invocation.parse_invocation(flags).options
    return [cluster.name for cluster in selection.clusters_of_contexts(contexts, options)]


CONTEXTS = profiles("kind-a", "kind-b", "other")


def test_a_context_that_contexts_leaves_out_is_no_typo() -> None:
    assert chosen_contexts(CONTEXTS, "--contexts=kind-*", "--exclude=other,kind-b") == ["kind-a"]
    with pytest.raises(UserError, match="no cluster matches 'kind-c'"):
        chosen_contexts(profiles("kind-a"), "--contexts=*", "--exclude=kind-c")


def test_contexts_are_a_fleet_without_a_hub() -> None:
    assert chosen_contexts(CONTEXTS, "--contexts=kind-*") == ["kind-a", "kind-b"]
    for flags, problem in (
        (["--contexts=kind*", "--healthy"], "without a hub"),
        (["--contexts=k3d-*"], "no context matches 'k3d-"),
        (["--contexts=ind"], r"no context matches 'ind', but '\*ind\*' does\. The kubeconfig has: "),
        (["--contexts=kndi-a"], "no context matches 'kndi-a'. Did you mean kind-a[?] The kubeconfig has: "),
        (["--contexts=kind-*", "--exclude=*"], "--contexts='kind-.' chooses 2 of 3, --exclude='.' leaves 0"),
    ):
        with pytest.raises(UserError, match=problem):
            chosen_contexts(CONTEXTS, *flags)
    with pytest.raises(UserError, match=r"^no context matches '\*': the kubeconfig has none$"):
        chosen_contexts((), "--contexts=*")


ODD = tuple(
    ClusterProfile(name, "")
    for name in (
        "arn:aws:eks:eu-1:1:cluster/x",
        "arn:aws:eks:eu-1:1:cluster/y",
        "!x",
        "x",
        "{x,y}",
        "y",
        "/x/",
        "a[x]",
        "ax",
    )
)


@pytest.mark.parametrize(
    ("flags", "names"),
    [
        (["--contexts=arn:aws:eks:eu-1:1:cluster/x"], ["arn:aws:eks:eu-1:1:cluster/x"]),
        (["--contexts=arn:aws:eks:*:cluster/{x,y}"], ["arn:aws:eks:eu-1:1:cluster/x", "arn:aws:eks:eu-1:1:cluster/y"]),
        (["--contexts=/cluster/y$/"], ["arn:aws:eks:eu-1:1:cluster/y"]),
        (["--contexts=arn*,!*/y"], ["arn:aws:eks:eu-1:1:cluster/x"]),
        # A name is that name, whatever is in it.
        (["--contexts=!x"], ["!x"]),
        (["--contexts={x,y}"], ["{x,y}"]),
        (["--contexts=/x/"], ["/x/"]),
        (["--contexts=a[x]"], ["a[x]"]),
        (["--contexts=x,!x"], ["!x", "x"]),
        (["--contexts={,a}x"], ["ax", "x"]),
        (["--contexts=*", "--clusters=!x"], ["!x"]),
        (["--contexts=?,??,!y"], ["!x", "ax", "x"]),
        (["--contexts=!arn*,!/[^a-y]/"], ["ax", "x", "y"]),
        (["--contexts=*", "--exclude={x,y},/aws|a/"], ["!x", "/x/", "x", "y"]),
    ],
)
def test_a_context_s_name_is_never_taken_for_a_pattern(flags: list[str], names: list[str]) -> None:
    assert sorted(chosen_contexts(ODD, *flags)) == names


@pytest.mark.parametrize("pattern", ["z", "!z", "{x,z}", "/z/"])
def test_a_pattern_of_contexts_that_means_none_is_an_error(pattern: str) -> None:
    with pytest.raises(UserError, match=r"no context matches '/?z/?'"):
        chosen_contexts(ODD, f"--contexts={pattern}")


def test_a_default_is_named_as_such_where_no_cluster_is_left() -> None:
    typed = invocation.parse_invocation(["--clusters=dev"]).options
    options = with_defaults(typed, [("exclude", "dev"), ("healthy", "true")])
    problem = r"no cluster is left: --clusters=dev chooses 1 of 5, --exclude=dev \(not typed\) leaves 0$"
    with pytest.raises(UserError, match=problem):
        selection.select_clusters(FLEET, options)


@pytest.mark.parametrize(
    ("flags", "idle"),
    [
        (["--exclude=prod-*"], ""),
        (["--exclude=x*,prod-eu", "--exclude=*/nope"], "x*"),
        (["--exclude=dev", "--exclude=*/nope"], "*/nope"),
        (["--exclude=dev"], ""),
        (["--clusters=*,!prod-*,!/nope/"], "/nope/"),
        (["--clusters=*", "--exclude=!{prod,test}-*"], "test-*"),
        (["--contexts=*,!prd-*"], "prd-*"),
        (["--contexts=*,!prod-*", "--exclude=d?v"], ""),
    ],
)
def test_what_a_change_leaves_out_has_to_be_a_cluster(flags: list[str], idle: str) -> None:
    inventory, options = Inventory(profiles("prod-eu", "prod-us", "dev")), invocation.parse_invocation(flags).options
    expected = (
        pytest.raises(UserError, match=f"no cluster matches '{re.escape(idle)}', which") if idle else nullcontext()
    )
    with expected:
        selection.check_exclusions(inventory, options)
