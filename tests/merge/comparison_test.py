# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import copy
import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_mc.merge.comparable_objects import ObjectKey, Unreadable, read_objects
from kubectl_mc.merge.comparison import ComparedObject, Comparison, without_duplicates
from kubectl_mc.merge.comparison_answers import alike_text, difference_text, document
from kubectl_mc.merge.declared_objects import declared_by_key
from kubectl_mc.merge.field_paths import parse_path
from kubectl_mc.merge.owned_fields import MISSING

Obj = dict[str, Any]


def entry(fields: Obj, subresource: str = "", manager: str = "kubectl") -> Obj:
    shown = {"manager": manager, "operation": "Update", "time": "2026-01-01T00:00:00Z", "fieldsV1": fields}
    return {**shown, **({"subresource": subresource} if subresource else {})}


def service(spec: Obj, *owners: Obj, name: str = "web", **metadata: Any) -> Obj:
    own = {"name": name, "namespace": "shop", **metadata, **({"managedFields": [*owners]} if owners else {})}
    return {"apiVersion": "v1", "kind": "Service", "metadata": own, "spec": spec}


def printed(*objects: Obj) -> bytes:
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": [*objects]}, indent=4).encode()


def compared(
    *clusters: Obj | None,
    ignored: tuple[str, ...] = (),
    with_status: bool = False,
    against: str = "",
    declared: dict[ObjectKey, Obj] | None = None,
) -> list[ComparedObject]:
    """The comparison of what clusters c1, c2, … have."""
    comparison = Comparison([parse_path(path) for path in ignored], against, declared)
    for number, obj in enumerate(clusters, 1):
        text = printed(*([copy.deepcopy(obj)] if obj else []))
        comparison.add(f"c{number}", without_duplicates(read_objects(text, with_status)))
    return [*comparison.compared()]


def groups(*clusters: Obj | None, **settings: Any) -> list[tuple[str, ...]]:
    (each,) = compared(*clusters, **settings)
    return [group.clusters for group in each.groups]


IPS: Obj = {"f:spec": {"f:type": {}}}
PORTS: Obj = {
    "f:spec": {
        "f:ports": {".": {}, 'k:{"port":80,"protocol":"TCP"}': {".": {}, "f:port": {}, "f:name": {}}},
        "f:type": {},
    }
}
REPLICAS: Obj = {"f:spec": {"f:replicas": {}, "f:type": {}}}
TYPE: Obj = {"f:spec": {"f:type": {}}}
ITEMS: Obj = {f'k:{{"name":"{name}"}}': {".": {}, "f:name": {}} for name in "ab"}
SCALED = entry({"f:spec": {"f:replicas": {}}}, "scale")


def with_ip(ip: str, fields: Obj = IPS) -> Obj:
    return service({"type": "ClusterIP", "clusterIP": ip}, entry(fields))


def replicas(count: int, *owners: Obj) -> Obj:
    return service({"type": "x", "replicas": count}, *owners)


ALIKE = [
    pytest.param([service({"a": 1}), service({"a": 1})], id="equal, without managedFields"),
    pytest.param(
        [service({}, uid="1", resourceVersion="5", generation=1), service({}, uid="2", creationTimestamp="x")],
        id="what the server sets",
    ),
    pytest.param(
        [service({}, annotations={"kubectl.kubernetes.io/last-applied-configuration": "{}"}), service({})],
        id="the last-applied annotation",
    ),
    pytest.param([with_ip("10.0.0.1"), with_ip("10.0.0.2")], id="a field that nobody owns"),
    pytest.param(
        [
            service({"ports": [{"port": 80, "protocol": "TCP", "name": "a", "nodePort": n}], "type": "x"}, entry(PORTS))
            for n in (30001, 30002)
        ],
        id="nobody owns it, in an item",
    ),
    pytest.param(
        [
            service({"ports": [{"port": 80, "protocol": "TCP", "name": "a"}, *more], "type": "x"}, entry(PORTS))
            for more in ([], [{"port": 81, "protocol": "TCP"}])
        ],
        id="an item that nobody owns",
    ),
    pytest.param(
        [replicas(1, entry(REPLICAS)), replicas(1, entry(TYPE, manager="argo"))], id="a default that one side applied"
    ),
    pytest.param(
        [replicas(3, entry(REPLICAS)), replicas(5, entry(TYPE), SCALED), replicas(4, entry(TYPE), SCALED)],
        id="what an autoscaler sets, in some clusters",
    ),
    pytest.param(
        [replicas(3, entry(TYPE), SCALED), replicas(5, entry(TYPE), SCALED)], id="what an autoscaler sets, in all"
    ),
    pytest.param(
        [replicas(3, entry(TYPE), entry(REPLICAS, manager="b")), replicas(3, entry(REPLICAS))],
        id="one manager or two",
    ),
    pytest.param(
        [
            service({}, entry({"f:metadata": {"f:finalizers": {".": {}, 'v:"a"': {}, 'v:"b"': {}}}}), finalizers=names)
            for names in (["a", "b"], ["b", "a"])
        ],
        id="the order of a set",
    ),
    pytest.param(
        [
            service(
                {},
                entry({"f:metadata": {"f:ownerReferences": {".": {}, f'k:{{"uid":"{uid}"}}': {}}}}),
                ownerReferences=[{"kind": "Deployment", "name": "web", "uid": uid}],
            )
            for uid in ("1", "2")
        ],
        id="the uid of an owner",
    ),
    pytest.param(
        [
            service({"type": "x"}, entry(TYPE), annotations=annotations)
            for annotations in ({"deployment.kubernetes.io/revision": "3"}, {"deployment.kubernetes.io/revision": "5"})
        ],
        id="an annotation that nobody owns",
    ),
    pytest.param(
        [
            service({"type": "x"}, entry({**TYPE, "f:metadata": {"f:annotations": {".": {}, "f:a": {}}}})),
            service({"type": "x"}, entry(TYPE), annotations={"b": "1"}),
        ],
        id="empty annotations",
    ),
    pytest.param([{**service({}), "status": {"a": n}} for n in (1, 2)], id="the status"),
    pytest.param([{**service({}), "apiVersion": "v1"}, dict(reversed(service({}).items()))], id="the order of keys"),
]

DIFFERENT = [
    pytest.param([service({"a": 1}), service({"a": 2})], id="values, without managedFields"),
    pytest.param([service({"a": 1}), service({"a": True})], id="1 and true"),
    pytest.param([service({"a": 1}), service({"a": 1.0})], id="1 and 1.0"),
    pytest.param([service({"a": {}}), service({})], id="an empty map and none"),
    pytest.param([service({"a": [1, 2]}), service({"a": [2, 1]})], id="the order of a list"),
    pytest.param([service({}), None], id="absent"),
    pytest.param([replicas(1, entry(REPLICAS)), replicas(2, entry(REPLICAS))], id="owned values"),
    pytest.param([replicas(1, entry(REPLICAS)), replicas(2, entry(TYPE))], id="a value that only one side owns"),
    pytest.param([with_ip("None", {"f:spec": {"f:clusterIP": {}}}), with_ip("10.0.0.1")], id="an address that is set"),
    pytest.param([service({}, labels={"a": "b"}), service({})], id="labels"),
    pytest.param(
        [
            service({"selector": {"a": "1"}}, entry({"f:spec": {"f:selector": {}}})),
            service({"selector": {"a": "1", "b": "2"}}, entry({"f:spec": {"f:selector": {}}})),
        ],
        id="a map that is owned as a whole",
    ),
    pytest.param(
        [
            service({"selector": {"a": "1", "b": "2"}}, entry({"f:spec": {"f:selector": {}}})),
            service({"selector": {"a": "1", "c": "2"}}, entry({"f:spec": {"f:selector": {"f:a": {}}}})),
        ],
        id="owned as a whole, or in parts",
    ),
    pytest.param(
        [
            service({"list": [{"name": "a"}]}, entry({"f:spec": {"f:list": {}}})),
            service(
                {"list": [{"name": "a"}, {"name": "b"}]},
                entry({"f:spec": {"f:list": {'k:{"name":"a"}': {}, 'k:{"name":"b"}': {}}}}),
            ),
        ],
        id="a list that is owned as a whole, or by items",
    ),
    pytest.param(
        [
            service({"init": [{"name": n} for n in names]}, entry({"f:spec": {"f:init": ITEMS}}))
            for names in (("a", "b"), ("b", "a"))
        ],
        id="the order of items",
    ),
]


@pytest.mark.parametrize("clusters", ALIKE)
def test_what_is_alike(clusters: list[Obj]) -> None:
    names = tuple(f"c{number}" for number in range(1, len(clusters) + 1))
    assert groups(*clusters) == [names]


@pytest.mark.parametrize("clusters", DIFFERENT)
def test_what_differs(clusters: list[Obj]) -> None:
    assert groups(*clusters) == [("c1",), ("c2",)]


def test_the_largest_group_is_first_and_the_reference() -> None:
    (each,) = compared(service({"a": 1}), service({"a": 2}), service({"a": 2}), None)
    assert [group.clusters for group in each.groups] == [("c2", "c3"), ("c1",), ("c4",)]
    assert each.reference is each.groups[0]


def test_a_group_without_the_object_is_no_reference() -> None:
    (each,) = compared(None, None, service({}))
    assert [group.clusters for group in each.groups] == [("c1", "c2"), ("c3",)]
    assert each.reference is each.groups[1]


@pytest.mark.parametrize(("against", "reference"), [("c1", ("c1",)), ("c3", ("c2", "c3")), ("c4", None)])
def test_the_reference_is_what_is_typed(against: str, reference: tuple[str, ...] | None) -> None:
    (each,) = compared(service({"a": 1}), service({"a": 2}), service({"a": 2}), None, against=against)
    assert (each.reference and each.reference.clusters) == reference


def test_addresses_are_left_out_where_one_cluster_has_its_own() -> None:
    own = with_ip("None", {"f:spec": {"f:type": {}, "f:clusterIP": {}}})
    assert groups(with_ip("10.0.0.1"), with_ip("10.0.0.2"), own) == [("c1", "c2"), ("c3",)]


def test_what_is_not_compared_is_told_if_it_differs() -> None:
    scaled = [replicas(count, entry(TYPE), SCALED) for count in (3, 5)]
    (each,) = compared(*scaled)
    assert each.is_alike
    assert each.not_compared == (".spec.replicas",)
    (equal,) = compared(scaled[0], scaled[0])
    assert equal.not_compared == ()
    text = "  not compared, as a subresource sets it: .spec.replicas\n"
    assert alike_text(each, "all 2 clusters") == f"service/web -n shop: alike in all 2 clusters\n{text}"


def test_a_cluster_does_not_hide_the_labels_of_others() -> None:
    """Its managedFields may say that a subresource sets them; what controllers note in annotations is not told."""
    label: Obj = {"f:metadata": {"f:labels": {"f:a": {}}}}
    objects = [service({}, entry(label), labels={"a": n}) for n in "12"]
    (each,) = compared(*objects, service({}, entry(label, "status"), labels={"a": "1"}))
    assert (each.is_alike, each.not_compared) == (True, (".metadata.labels.a",))
    revision: Obj = {"f:metadata": {"f:annotations": {"f:r": {}}}}
    (each,) = compared(*(service({}, entry(revision, "status"), annotations={"r": n}) for n in "12"))
    assert (each.is_alike, each.not_compared) == (True, ())


def test_what_is_compared_is_not_told_as_left_out() -> None:
    objects = [replicas(n, entry(REPLICAS)) for n in (1, 2)]
    (each,) = compared(*objects, replicas(1, entry({"f:spec": {}}, "status")))
    assert (len(each.groups), each.not_compared) == (2, ())


def test_the_status_counts_if_it_is_wanted() -> None:
    objects = [
        {**service({}, entry({"f:metadata": {}}), entry({"f:status": {"f:a": {}}}, "status")), "status": {"a": n}}
        for n in (1, 2)
    ]
    assert len(groups(*objects)) == 1
    assert len(groups(*objects, with_status=True)) == 2


def test_fields_can_be_ignored() -> None:
    objects = [service({"list": [{"name": "a", "x": n}, {"name": "b", "x": n + 1}]}) for n in (1, 2)]
    assert len(groups(*objects, ignored=(".spec.list[*].x",))) == 1
    assert len(groups(*objects, ignored=(".spec.list[0].x",))) == 2


def test_an_ignored_field_that_is_the_only_one_of_a_map() -> None:
    objects = [service({"type": "x"}, labels={"a": "b"}), service({"type": "x"})]
    assert len(groups(*objects, ignored=(".metadata.labels.a",))) == 1
    assert len(groups(*objects, ignored=(".metadata.labels.b",))) == 2


# --- Files -------------------------------------------------------------------------------------------------------

FILE = """
apiVersion: v1
kind: Service
metadata: {name: web, creationTimestamp: null}
spec: {type: x, ports: [{port: 80, name: a}], list: [{a: 1}]}
"""


def test_of_a_file_only_what_it_sets_is_compared() -> None:
    declared = declared_by_key(FILE.encode(), "shop", with_status=False)
    live = {"type": "x", "ports": [{"port": 80, "protocol": "TCP", "name": "a"}], "list": [{"a": 1, "b": 2}], "ip": "1"}
    owner = entry({**PORTS, "f:spec": {**PORTS["f:spec"], "f:list": {}}})
    longer = {**live, "list": [{"a": 1}, {"a": 1}]}
    other = {**live, "type": "y"}
    (each,) = compared(*(service(spec, owner) for spec in (live, longer, other)), None, declared=dict(declared))
    assert [(group.clusters, group.has_file) for group in each.groups] == [
        (("c1",), True), (("c2",), False), (("c3",), False), (("c4",), False),
    ]  # fmt: skip
    assert each.reference is each.groups[0]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *((text, text) for text in ("2024-01-01", "2024-01-01T00:00:00Z", "13:30", "1:30.5", "0x", "1e", ".")),
        ("0o17", 15), ("017", 15), ("0x1F", 31), ("1_000", 1000), ("1e3", 1000.0), ("1.5", 1.5), ("-.5", -0.5),
        ("on", True), ("~", None), ("7", 7),
    ],
)  # fmt: skip
def test_a_value_of_a_file_is_what_kubectl_reads(text: str, value: Any) -> None:
    (own,) = declared_by_key(f"{FILE.strip()[:-1]}, x: [{text}]}}".encode(), "", with_status=False).values()
    (read,) = own["spec"]["x"]
    assert (type(read), read) == (type(value), value)


@pytest.mark.parametrize("text", ["&a [*a]", "!!binary aGk=", "!!set {a}", ".nan", ".inf"])
def test_a_file_with_what_is_not_json(text: str) -> None:
    with pytest.raises(Unreadable):
        declared_by_key(f"{FILE.strip()[:-1]}, x: {text}}}".encode(), "", with_status=False)


@pytest.mark.parametrize("metadata", ["{name: web}", "{name: web, namespace: shop}"])
def test_an_object_of_a_file_that_has_no_namespace_in_clusters(metadata: str) -> None:
    text = f"{{apiVersion: v1, kind: Node, metadata: {metadata}, spec: {{a: 1}}}}"
    node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "web"}, "spec": {"a": 1}}
    (each,) = compared(node, None, declared=dict(declared_by_key(text.encode(), "shop", with_status=False)))
    assert each.key.namespace == ""
    assert [(group.clusters, group.has_file) for group in each.groups] == [(("c1",), True), (("c2",), False)]


EMPTY = "{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {strategy: {}, podSelector: {}}}"


def test_an_empty_map_of_a_file() -> None:
    """It sets nothing where fields are owned one by one, as `strategy` in what `kubectl create -o yaml` prints."""
    declared = declared_by_key(EMPTY.encode(), "shop", with_status=False)
    owner = entry({"f:spec": {"f:strategy": {"f:type": {}}, "f:podSelector": {}}})
    strategies: list[Obj] = [{"strategy": {"type": "x"}}, {"strategy": {}}, {}, {"strategy": "x"}]
    specs: list[Obj] = [{"podSelector": {}, **strategy} for strategy in strategies]
    specs.append({"podSelector": {"matchLabels": {"a": "b"}}, "strategy": {}})
    (each,) = compared(*(service(spec, owner) for spec in specs), declared=dict(declared))
    assert [(group.clusters, group.has_file) for group in each.groups] == [
        (("c1", "c2"), True), (("c3", "c4"), False), (("c5",), False),
    ]  # fmt: skip


def test_an_object_that_only_the_file_has() -> None:
    (each,) = compared(None, declared=dict(declared_by_key(FILE.encode(), "shop", with_status=False)))
    assert [(group.clusters, group.has_file) for group in each.groups] == [(("c1",), False), ((), True)]
    assert "THE FILE" in difference_text(each, (), coloured=False)


# --- Secrets -----------------------------------------------------------------------------------------------------


def secret(text: str, **more: Any) -> Obj:
    metadata = {"name": "s", "namespace": "shop", "annotations": {"copy": text}, "labels": {"a": "b"}}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": "Opaque", "data": {"p": text}, **more}


@pytest.mark.parametrize("field", ["stringData", "spec", "other"])
def test_the_values_of_secrets_are_never_shown(field: str) -> None:
    (each,) = compared(*(secret(text, **{field: {"q": [text]}}) for text in ("c2VjcmV0MQ==", "c2VjcmV0MjI=")))
    text = difference_text(each, (), coloured=False) + json.dumps(document(each))
    assert "c2Vjc" not in text
    assert '-  p: "<hidden, value 1>"\n+  p: "<hidden, value 2>"' in text
    assert "a: b" in text


def test_equal_values_of_secrets_are_told_as_such() -> None:
    (each,) = compared(secret("x", immutable=True), secret("x"))
    text = difference_text(each, (), coloured=False)
    assert "value 1" not in text
    assert "-immutable: true" in text


# --- What is foreign ---------------------------------------------------------------------------------------------


def items(*objects: Any) -> bytes:
    return printed(*objects)


@pytest.mark.parametrize(
    "text",
    [
        b"{", b"[]", b"7", b"null", b'{"kind": "List"', b"\xff", b'{"a": NaN',
        items(7), items({}), items({"apiVersion": "v1", "kind": "A"}),
        items({"apiVersion": "v1", "kind": "A", "metadata": []}),
        items({"apiVersion": 1, "kind": "A", "metadata": {"name": "a"}}),
        items({"apiVersion": "v1", "kind": "A", "metadata": {"name": 3}}),
        items({"apiVersion": "v1", "kind": "A", "metadata": {"name": "a", "namespace": ["b"]}}),
        items({"apiVersion": "v1", "kind": "A", "metadata": {"name": "a", "managedFields": 3}}),
        items({"apiVersion": "v1", "kind": "A", "metadata": {"name": "a", "managedFields": ["x"]}}),
        items({"apiVersion": "v1", "kind": "A", "metadata": {"name": "a", "managedFields": [{"fieldsV1": [1]}]}}),
        b'{"apiVersion":"v1","kind":"A","metadata":{"name":"a"},"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"apiVersion":"v1","kind":"A","metadata":{"name":"a"},"x":' + b"9" * 100_000 + b"}",
        printed(service({"a": 1}), service({"a": 2})),
    ],
)  # fmt: skip
def test_what_is_no_list_of_objects(text: bytes) -> None:
    with pytest.raises(Unreadable):
        without_duplicates(read_objects(text, with_status=False))


@pytest.mark.parametrize("text", [b"", b"\n", b'{"apiVersion": "v1", "kind": "List", "items": null}', printed()])
def test_no_objects(text: bytes) -> None:
    assert without_duplicates(read_objects(text, with_status=False)) == []


def test_what_is_deep_is_refused_ahead_of_what_would_walk_through_it() -> None:
    value: Any = 1
    for _ in range(150):
        value = {"a": value}
    with pytest.raises(Unreadable, match="deep"):
        without_duplicates(read_objects(printed(service(value)), with_status=False))


def test_control_characters_are_escaped() -> None:
    objects = [service({"a": f"\x1b[31m\nred\u202e\ud800{n}", "b\x1bc": n}, name="w\x1b[2J") for n in (1, 2)]
    (each,) = compared(*objects)
    text = difference_text(each, (), coloured=False)
    assert all(line.isprintable() for line in text.splitlines())


@pytest.mark.parametrize(
    "fields",
    [
        {"f:spec": 3}, {"f:spec": {"k:{": {}}}, {"f:spec": {"k:[1]": {}}}, {"f:spec": {"v:": {}}}, {"": {}}, {".": 1},
        {"f:spec": {"i:x": {}}}, {"f:metadata": {"f:name": {"f:x": {}}}}, {"f:spec": {'k:{"a":{"b":1}}': {}}},
        {"f:spec": {"f:list": {'k:{}': {}, 'v:{"a":1}': {}, "i:-1": {}}}},
    ],
)  # fmt: skip
def test_absurd_managed_fields_are_no_crash(fields: Obj) -> None:
    spec = {"list": [1, {"a": {"b": 1}}, [2]], "a": {"b": 3}}
    for each in compared(service(spec, entry(fields)), service(spec, entry(TYPE)), service(spec)):
        difference_text(each, (), coloured=False)
        document(each)


# --- Properties --------------------------------------------------------------------------------------------------

SCALARS = st.one_of(st.integers(0, 3), st.booleans(), st.sampled_from(["a", "b", ""]), st.none())
NAMED = st.lists(
    st.fixed_dictionaries({"name": st.sampled_from("abc")}, optional={"x": SCALARS}),
    max_size=3,
    unique_by=lambda i: i["name"],
)
VALUES = st.recursive(
    st.one_of(SCALARS, NAMED, st.lists(st.sampled_from("abc"), max_size=3, unique=True)),
    lambda inner: st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)
SPECS = st.dictionaries(st.sampled_from("abcd"), VALUES, max_size=4)


@st.composite
def fields_of(draw: st.DrawFn, value: Any, step: str = "") -> Obj:
    """Some of the fields of a value, as a manager may own them."""
    if isinstance(value, dict) and value and draw(st.booleans()):
        names = draw(st.lists(st.sampled_from(sorted(value)), unique=True))
        return {f"f:{name}": draw(fields_of(value[name])) for name in names}
    if isinstance(value, list) and value and draw(st.booleans()):
        if isinstance(value[0], dict):
            return {f'k:{{"name":"{item["name"]}"}}': draw(fields_of(item)) for item in value}
        return {f"v:{json.dumps(item)}": {} for item in value}
    return {}


@st.composite
def live(draw: st.DrawFn) -> Obj | None:
    spec = draw(SPECS)
    kind = draw(st.integers(0, 5))
    if kind == 0:
        return None
    if kind == 1:
        return service(spec)
    return service(
        spec,
        entry({"f:spec": draw(fields_of(spec))}),
        entry({"f:spec": draw(fields_of(spec))}, draw(st.sampled_from(["", "scale"]))),
    )


CLUSTERS = st.lists(live(), min_size=1, max_size=5)


@given(CLUSTERS)
def test_the_groups_are_a_partition(clusters: list[Obj | None]) -> None:
    for each in compared(*clusters):
        names = sorted(cluster for group in each.groups for cluster in group.clusters)
        assert names == [f"c{number}" for number in range(1, len(clusters) + 1)]
        sizes = [len(group.clusters) for group in each.groups]
        assert sizes == sorted(sizes, reverse=True)


@given(CLUSTERS, st.randoms())
def test_neither_the_order_of_clusters_nor_that_of_keys_matters(clusters: list[Obj | None], random: Any) -> None:
    order = [*range(len(clusters))]
    random.shuffle(order)

    def shuffled(value: Any) -> Any:
        if isinstance(value, dict):
            pairs = [(name, shuffled(inner)) for name, inner in value.items()]
            random.shuffle(pairs)
            return dict(pairs)
        return [shuffled(item) for item in value] if isinstance(value, list) else value

    def partition(each: ComparedObject, names: list[int]) -> set[frozenset[int]]:
        return {frozenset(names[int(cluster[1:]) - 1] for cluster in group.clusters) for group in each.groups}

    usual = [partition(each, [*range(len(clusters))]) for each in compared(*clusters)]
    assert usual == [partition(each, order) for each in compared(*(shuffled(clusters[index]) for index in order))]


@given(CLUSTERS)
def test_equal_objects_are_in_one_group(clusters: list[Obj | None]) -> None:
    for each in compared(*clusters, *copy.deepcopy(clusters)):
        for number in range(1, len(clusters) + 1):
            twins = {f"c{number}", f"c{number + len(clusters)}"}
            assert any(twins <= {*group.clusters} for group in each.groups)


@given(CLUSTERS, st.lists(SCALARS, min_size=5, max_size=5))
def test_what_nobody_owns_never_matters(clusters: list[Obj | None], values: list[Any]) -> None:
    managed = [obj for obj in clusters if obj and "managedFields" in obj["metadata"]]
    extended = copy.deepcopy(managed)
    for obj, value in zip(extended, values):
        obj["spec"]["unowned"] = value
        obj["metadata"]["managedFields"].append(entry({"f:metadata": {"f:labels": {}}}))
    plain = copy.deepcopy(managed)
    for obj in plain:
        obj["metadata"]["managedFields"].append(entry({"f:metadata": {"f:labels": {}}}))
    # Of an object that is owned as a whole, each field counts.
    if any(owner["fieldsV1"] == {"f:spec": {}} for obj in managed for owner in obj["metadata"]["managedFields"]):
        return
    assert [each.groups for each in compared(*extended)] == [each.groups for each in compared(*plain)]


@given(CLUSTERS)
def test_each_difference_is_shown(clusters: list[Obj | None]) -> None:
    for each in compared(*clusters):
        text = difference_text(each, (), coloured=False)
        with_object = [group for group in each.groups if group.value is not MISSING]
        assert text.count("\n--- ") == max(0, len(with_object) - 1)
        assert text.count("\n@@ ") >= max(0, len(with_object) - 1)


def owned_value(obj: Obj, name: str) -> Any:
    """The value of a field of the spec that somebody owns as a whole; MISSING for one that nobody owns so."""
    for owner in obj["metadata"]["managedFields"]:
        if "subresource" not in owner and owner["fieldsV1"].get("f:spec", {}).get(f"f:{name}") == {}:
            return obj["spec"][name]
    return MISSING


def is_scaled(obj: Obj) -> bool:
    return any("subresource" in owner for owner in obj["metadata"]["managedFields"])


@given(CLUSTERS)
def test_clusters_of_a_group_have_the_same_where_it_is_owned(clusters: list[Obj | None]) -> None:
    managed = [obj for obj in clusters if obj and "managedFields" in obj["metadata"] and not is_scaled(obj)]
    for each in compared(*managed):
        for group in each.groups:
            for name in "abcd":
                values = [owned_value(managed[int(cluster[1:]) - 1], name) for cluster in group.clusters]
                owned = [json.dumps(value, sort_keys=True) for value in values if value is not MISSING]
                assert len({*owned}) <= 1


ANY_KEYS = st.sampled_from(
    (
        *(
            "apiVersion",
            "kind",
            "metadata",
            "name",
            "namespace",
            "managedFields",
            "fieldsV1",
            "subresource",
            "annotations",
        ),
        *("ownerReferences", "finalizers", "data", "spec", "f:spec", "f:metadata", "f:name", ".", "v:1", "a", "status"),
        *('k:{"name":"a"}', "f:ownerReferences", "f:status", "i:0", "", "f:", "items"),
    )
)
ANYTHING = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-2, 2), st.floats(allow_nan=True), st.text(max_size=3), ANY_KEYS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(ANY_KEYS, inner, max_size=4)),
    max_leaves=12,
)


@st.composite
def absurd(draw: st.DrawFn) -> Any:
    """An object that is right so far that it is read, and anything else."""
    obj = {"apiVersion": "v1", "kind": draw(st.sampled_from(["Secret", "Service"])), "metadata": {"name": "a"}}
    metadata = draw(st.dictionaries(ANY_KEYS, ANYTHING, max_size=3))
    if draw(st.booleans()):
        metadata["managedFields"] = [{"fieldsV1": draw(ANYTHING), "subresource": draw(ANYTHING)}]
    more = draw(st.dictionaries(ANY_KEYS, ANYTHING, max_size=3))
    return {**more, **obj, "metadata": {**metadata, "name": "a"}}


@given(st.lists(st.one_of(absurd(), ANYTHING), min_size=1, max_size=3), st.booleans())
def test_whatever_clusters_answer_is_compared_or_refused(answers: list[Any], with_status: bool) -> None:
    comparison = Comparison([parse_path(".spec[*].name")], "", {})
    for number, answer in enumerate(answers):
        with suppress(Unreadable):
            text = json.dumps(answer, indent=4).encode()
            comparison.add(f"c{number}", without_duplicates(read_objects(text, with_status)))
    for each in comparison.compared():
        assert difference_text(each, (), coloured=False)
        assert json.dumps(document(each))
        assert alike_text(each, "all")
