# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""What the printers of a watch show, type by type and after a break."""

from __future__ import annotations

import pytest

from kubectl_mc.processes.requests import Job
from kubectl_mc.processes.targets import Kubeconfig, Target
from kubectl_mc.reads import watch_lines, watch_printers
from kubectl_mc.reads.watch_printers import WatchPrinter
from tests.environments import request


def printers(text: str, *clusters: str) -> list[WatchPrinter]:
    """The printers of each cluster's jobs, cluster by cluster."""
    asked = request(text)
    targets = [Target(cluster, "", Kubeconfig(None, starts_programs=False)) for cluster in clusters]
    jobs = watch_lines.jobs_by_type([Job(target, asked.line, target.cluster) for target in targets])
    make = watch_printers.watch_printer_factory(asked)
    return [make(job, f"[{job.label}] ") for job in jobs]


MAPS, SERVICES = (
    b"EVENT      NAME   DATA\nADDED      a      1\n",
    b"EVENT      NAME   TYPE\nADDED      s      ClusterIP\n",
)


@pytest.mark.parametrize("headers", [True, False])
def test_rows_of_a_type_stand_together_below_their_header(headers: bool) -> None:
    maps1, services1, maps2, _ = printers(f"get cm,svc -w{'' if headers else ' --no-headers'}", "c1", "c2")
    assert [printer(text) for printer, text in ((maps1, MAPS), (services1, SERVICES), (maps2, MAPS))] == [b""] * 3
    first = services1.due().decode()
    assert services1.due() == b""
    services1(b"ADDED      t      ClusterIP\n")
    maps1(b"ADDED      b      2\n")
    second = maps1.due().decode()
    lines = [line.split() for line in first.splitlines() + second.splitlines()]
    maps, services = ["NAME", "CLUSTER", "DATA"], ["NAME", "CLUSTER", "TYPE"]
    expected = [
        maps, ["a", "c1", "1"], ["a", "c2", "1"], [],
        services, ["s", "c1", "ClusterIP"],
        ["t", "c1", "ClusterIP"], [],
        maps, ["b", "c1", "2"],
    ]  # fmt: skip
    assert lines == [line for line in expected if headers or line not in (maps, services)]


def test_one_type_is_shown_at_once() -> None:
    (printer,) = printers("get cm -w", "c1")
    assert printer(MAPS).decode().split() == ["NAME", "CLUSTER", "DATA", "a", "c1", "1"]
    assert printer.due() == b""


def test_a_header_comes_with_a_row() -> None:
    maps, services = printers("get cm,svc b* -w", "c1")
    services(SERVICES)
    assert maps(MAPS) + services.due() == b""
    maps(b"ADDED      b      1\n")
    assert services.due().split() == [b"NAME", b"CLUSTER", b"DATA", b"b", b"c1", b"1"]


@pytest.mark.parametrize(
    ("text", "lines", "again", "shown"),
    [
        ("get cm -w -o name", "cm/a cm/b", "cm/a status/<unknown> cm/c", "c1\tcm/c\n"),
        ("get cm -w -o jsonpath={.x}", "1 1 2", "1 1 1 3", "c1\t1\nc1\t3\n"),
    ],
)
def test_lines_are_not_repeated(text: str, lines: str, again: str, shown: str) -> None:
    (printer,) = printers(text, "c1")
    assert printer(f"{lines} ".replace(" ", "\n").encode()).count(b"\n") == lines.count(" ") + 1
    printer.restart()
    assert printer(f"{again} ".replace(" ", "\n").encode()).decode() == shown
    assert not printer.has_unseen


def test_the_status_that_ends_a_watch_is_no_row() -> None:
    (printer,) = printers("get cm -w", "c1")
    printer(MAPS)
    error = b"EVENT      STATUS    REASON    MESSAGE\nERROR      Failure   Expired   too old resource version: 1 (2)\n"
    assert printer(error) + printer(None) == b""
    printer.restart()
    assert printer(MAPS) == b""
    assert printer(b"ADDED      b      2\n").split() == [b"b", b"c1", b"2"]


@pytest.mark.parametrize("flags", ["", " --no-headers"])
def test_the_status_that_ends_a_watch_is_no_row_of_custom_columns(flags: str) -> None:
    (printer,) = printers(f"get cm -w -o custom-columns=K:.kind,N:.metadata.name{flags}", "c1")
    uid = "1b0d7d9c-0000-0000-0000-000000000000"
    header = "   ".join(word.ljust(len(uid)) for word in "-----").rstrip() + "\n"
    row = f"{uid}   ConfigMap   {uid}   a   {uid}\n".encode()
    assert printer(header.encode() + row).split()[-3:] == [b"c1", b"ConfigMap", b"a"]
    assert printer(f"{header}<none>   Status   <none>   <none>   <none>\n".encode()) + printer(None) == b""
    printer.restart()
    assert printer(header.encode() + row) == b""
    assert printer(row.replace(b"   a  ", b"   b  ")).split() == [b"c1", b"ConfigMap", b"b"]


def test_an_event_without_a_uid_is_a_row_of_custom_columns() -> None:
    (printer,) = printers("get cm -w --output-watch-events -o custom-columns=T:.type,N:.object.metadata.name", "c1")
    printer(b"-        -       -        -   -\n<none>   ADDED   <none>   a   <none>\n")
    assert printer(b"<none>   ADDED   <none>   <none>   <none>\n").split() == [b"c1", b"ADDED", b"<none>"]


OBJECT = "apiVersion: v1\ndata:\n  a: b\nkind: ConfigMap\nmetadata:\n  name: {name}\n"
EVENT = "object:\n  apiVersion: v1\n  kind: ConfigMap\n  metadata:\n    name: {name}\ntype: ADDED\n"


@pytest.mark.parametrize(("flags", "document"), [("", OBJECT), (" --output-watch-events", EVENT)])
def test_the_last_document_in_yaml_waits_for_no_other(flags: str, document: str) -> None:
    (printer,) = printers(f"get cm -w -o yaml{flags}", "c1")
    first, second = (document.format(name=name) for name in ("one", "two"))
    half = first.index("b\n") + 2 if not flags else first.index("kind")
    assert [printer(first[:half].encode()), printer.due(), printer.due()] == [b""] * 3
    assert [printer(first[half:].encode()), printer.due()] == [b""] * 2
    shown = printer.due()
    assert (shown.count(b"---\n"), b"name: one\n" in shown, printer.due()) == (1, True, b"")
    printer(b"---\n")
    assert b"one" not in printer(second.encode()) + printer.due()
    shown = printer.due()
    assert (shown.startswith(b"---\n"), b"name: two\n" in shown) == (True, True)
    assert printer(None) == b""
