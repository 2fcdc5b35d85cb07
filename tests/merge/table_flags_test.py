# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import pytest

from kubectl_mc.command_line import grammar
from kubectl_mc.command_line.invocation import parse_invocation
from kubectl_mc.command_line.options import with_defaults
from kubectl_mc.merge import table_flags
from kubectl_mc.messages import UserError
from tests.environments import request

ABOUT_TABLES = "is for tables, such as those of get, events and top, and not for"


@pytest.mark.parametrize("flag", ["--where=NAME=a", "--count-by=NAME"])
@pytest.mark.parametrize(
    "text",
    [
        "get pods", "get pods -o wide", "get pods -A --no-headers -o custom-columns=N:.a", "get po,svc -l a=b",
        "events", "top pods", "top nodes", "api-resources", "auth can-i --list", "auth whoami",
    ],
)  # fmt: skip
def test_what_is_a_table_has_rows(text: str, flag: str) -> None:
    made = request(f"{text} {flag}")
    assert table_flags.refusal(made.row, made.line, made.options) is None


WHERE, COUNT = "--where=NAME=a", "--count-by=NAME"
ABOUT_COLUMNS = "--{} is about the columns of a table, and"
INSTEAD = "Choose objects with -l or --field-selector, or with jq behind -o json"


@pytest.mark.parametrize(
    ("text", "flags", "problem"),
    [
        *(
            (
                f"get pods -o {form}",
                WHERE,
                f"--where is about the columns of a table, and -o {form} has none. {INSTEAD}",
            )
            for form in ("json", "yaml", "kyaml", "name")
        ),
        ("get po -o jsonpath={.x}", WHERE, f"{ABOUT_COLUMNS.format('where')} -o jsonpath has none. "),
        ("get po --template={{.x}}", WHERE, f"{ABOUT_COLUMNS.format('where')} -o go-template has none. "),
        (
            "get po -o name",
            COUNT,
            f"{ABOUT_COLUMNS.format('count-by')} -o name has none. With ",
        ),
        (
            "get po -o kyaml",
            COUNT,
            f"{ABOUT_COLUMNS.format('count-by')} -o kyaml has none. With ",
        ),
        ("get po -o json", f"{WHERE} {COUNT}", ""),
        ("get --raw /api", WHERE, f"--where {ABOUT_TABLES} get --raw"),
        *(
            (text, WHERE, f"--where {ABOUT_TABLES} {text.partition(' -')[0]}")
            for text in ("describe", "logs", "version")
        ),
        ("auth can-i get pods", COUNT, f"--count-by {ABOUT_TABLES} auth can-i"),
        ("apply -f x --dry-run=server", WHERE, f"--where {ABOUT_TABLES} apply"),
        ("top pods --sum", WHERE, "--where and --sum exclude each other: a row with a sum is no object's"),
        (
            "get po -w",
            COUNT,
            "--count-by and --watch exclude each other: the counts of what changes are never complete",
        ),
        ("get po --watch-only", COUNT, "--count-by and --watch exclude each other: "),
        ("get po --fold", COUNT, "--count-by and --fold exclude each other: there are no rows to fold"),
        ("get po --fold", WHERE, ""),
        ("get po -w", WHERE, ""),
        ("events -w", WHERE, ""),
    ],
)
def test_where_they_are_refused_and_why(text: str, flags: str, problem: str) -> None:
    made = request(f"{text} {flags}")
    refusal = table_flags.refusal(made.row, made.line, made.options)
    assert str(refusal or "").startswith(problem)
    assert bool(refusal) == bool(problem)


@pytest.mark.parametrize(
    ("text", "defaults", "where", "count_by", "fold"),
    [
        ("get pods", {"where": "A=b", "count-by": "A"}, ("A=b",), ("A",), None),
        ("get pods -o json", {"where": "A=b", "count-by": "A"}, (), (), None),
        ("get pods -w", {"where": "A=b"}, ("A=b",), (), None),
        ("get pods -w --where C=d", {"count-by": "A"}, ("C=d",), (), None),
        ("logs a", {"where": "A=b"}, (), (), None),
        ("delete pod a", {"where": "A=b"}, (), (), None),
        ("get pods --count-by A", {"fold": "true"}, (), ("A",), None),
        ("get pods --fold", {"count-by": "A"}, (), (), True),
        ("get pods -o json --count-by A", {"where": "A=b"}, ("A=b",), ("A",), None),
    ],
)
def test_as_defaults_they_give_way(
    text: str, defaults: dict[str, str], where: tuple[str, ...], count_by: tuple[str, ...], fold: bool | None
) -> None:
    made = request(text)
    options = table_flags.applied(made.with_options(with_defaults(made.options, [*defaults.items()]))).options
    assert (options.where, options.count_by, options.fold) == (where, count_by, fold)


def test_what_was_typed_is_never_passed_over() -> None:
    made = request("get pods -w --where A=b --count-by A")
    with pytest.raises(UserError):
        table_flags.applied(made)


@pytest.mark.parametrize(
    ("text", "output", "form"),
    [
        ("get pods -o json --count-by NODE", "wide", "json"),
        ("get pods -o YAML --count-by NODE", "wide", "yaml"),
        ("get pods -o wide --count-by NODE", "wide", ""),
        ("events -o json --count-by REASON", None, "json"),
        ("get pods --count-by STATUS", None, ""),
    ],
)
def test_for_a_document_of_counts_kubectl_is_asked_for_a_table(text: str, output: str | None, form: str) -> None:
    made = table_flags.applied(request(text))
    assert grammar.value(made.line, "output") == output
    assert made.options.output == form


@pytest.mark.parametrize("default", [("cluster-timeout", "10s"), ("exclude", "dev")])
def test_the_form_of_logs_is_kept_beside_defaults(default: tuple[str, str]) -> None:
    options = parse_invocation(["logs", "a", "-o", "json"]).options
    assert with_defaults(options, [default]).output == "json"
