# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kubectl_mc.command_line import flag_tables, grammar, invocation
from kubectl_mc.command_line.kubectl_flags import FLAGS
from kubectl_mc.messages import UserError


def parse(text: str) -> grammar.CommandLine:
    return grammar.parse_line(text.split())


# --- Nothing is lost ---------------------------------------------------------------------------------------

SPELLINGS = [
    ["-nshop"], ["-n", "shop"], ["-n=shop"], ["--namespace=shop"], ["--namespace", "shop"], ["-it"], ["-Aowide"],
    ["-A", "-o", "wide"], ["-wA"], ["--watch=false"], ["--dry-run"], ["--dry-run=client"], ["-l", "--clusters"],
    ["-l", "a in (b,c)"], ["--unknown"], ["--unknown=x"], ["--unknown", "x"], ["-Z"], ["-Zx"], ["-Z=x"], ["-f", "-"],
    ["-"], [""], ["--namespace="], ["-n", ""], ["--=x"], ["---"], ["-é"], ["--é=世"], ["pod/a"], ["世 界"], ["get"],
    ["rollout"], ["status"], ["rollout status"], ["create"], ["cm"], ["config"], ["-n"], ["--namespace"],
]  # fmt: skip
THEIRS = st.one_of(st.sampled_from(SPELLINGS), st.text(max_size=5).map(lambda word: [word]))
OURS = st.sampled_from(
    [
        ["--clusters=c1"],
        ["--clusters", "c1"],
        ["--exclude", "-x"],
        ["--all-clusters"],
        ["--verbose=false"],
        ["--max-parallel", "3"],
    ]
)
AFTER: st.SearchStrategy[list[list[str]]] = st.one_of(
    st.just([]), st.lists(st.one_of(THEIRS, OURS), max_size=4).map(lambda parts: [["--"], *parts])
)


def flat(parts: list[list[str]]) -> list[str]:
    return [word for part in parts for word in part]


def parsed(argv: list[str]) -> grammar.CommandLine | None:
    """The command line; None for one that is refused."""
    try:
        return grammar.parse_line(argv)
    except UserError:
        return None


@given(st.lists(THEIRS, max_size=8), AFTER)
def test_no_word_is_lost(parts: list[list[str]], after: list[list[str]]) -> None:
    line = parsed(flat(parts + after))
    if line:
        aliases = dict(zip(("cm", "cj"), ("configmap", "cronjob")))
        assert sorted(grammar.typed_words(line)) == sorted(
            aliases.get(word, word) if word in aliases and aliases[word] in line.path else word
            for word in flat(parts + after)
        )


def understood(line: grammar.CommandLine) -> tuple[object, ...]:
    """What counts of a command line: verb, values, operands, and what stands behind a `--`."""
    table = flag_tables.flag_table(line.verb).flags
    names = dict.fromkeys(sorted(name for token in line.tokens for name, _ in token.flags))
    values = {name: grammar.values(line, name) for name in names}
    counting = {
        name: ["true" if value is None else value for value in found] if table[name].kind == "list" else found[-1:]
        for name, found in values.items()
    }
    bare = {name: [table[name].bare if value is None else value for value in found] for name, found in counting.items()}
    rest = [token.words for token in line.tokens if token.is_operand or token.unknown]
    rest.sort(key=lambda words: words[0].startswith("-") and words[0] != "-" and len(words) == 1)
    rest += [token.words for token in line.tokens if token.verbatim]
    return line.path, bare, rest


@given(st.lists(THEIRS, min_size=1, max_size=8), AFTER)
@example([["get"], ["-é"], ["-nshop"], [""]], [])
@example([["get"], ["--new"], ["-nshop"], ["pods"]], [])
@example([["-f", "-"]], [["--"], ["-A"], ["-o"], ["wide"]])
def test_what_is_said_back_is_read_as_the_same(parts: list[list[str]], after: list[list[str]]) -> None:
    line = parsed(flat(parts + after))
    if not line or line.verb not in FLAGS or grammar.is_set(line, "help"):
        return
    words = grammar.canonical_words(line)
    assert understood(grammar.parse_line(words)) == understood(line)
    assert tuple(words[: len(line.path)]) == line.path
    assert grammar.canonical_words(grammar.parse_line(words)) == words


@pytest.mark.parametrize(
    ("argv", "canonical"),
    [
        ("-n shop get pods -A -owide", "get --namespace=shop --all-namespaces=true --output=wide pods"),
        ("delete cm x --dry-run=server --dry_run=none", "delete --dry-run=none cm x"),
        ("delete cm --dry-run server s9", "delete --dry-run=unchanged cm server s9"),
        (
            "create cm x --from_literal=a=1 --from-literal b=2",
            "create configmap --from-literal=a=1 --from-literal=b=2 x",
        ),
        ("--recursive -f delete get", "delete --recursive=true --filename=get"),
        ("rollout --recursive -f restart x.yaml", "rollout restart --recursive=true --filename=x.yaml"),
        ("apply -f a -f b,c --dry-run", "apply --filename=a --filename=b,c --dry-run=unchanged"),
        ("get pods -o json --sort-by=.x -o=", "get --sort-by=.x --output== pods"),
        ("scale --replicas=x --replicas=2 deploy/a", "scale --replicas=x --replicas=2 deploy/a"),
        ("get pods --new x -w", "get --watch=true pods --new x"),
        ("get pods --new -w", "get --watch=true pods --new"),
        ("exec -it web -- sh -c ls", "exec --stdin=true --tty=true web -- sh -c ls"),
        ("rollout --help restart", "rollout --help=true restart"),
    ],
)
def test_a_command_line_is_said_back(argv: str, canonical: str) -> None:
    assert grammar.canonical_words(parse(argv)) == canonical.split()


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("get pods -n", "flag needs an argument: --namespace"),
        ("--new get delete x", "it isn't known whether --new takes the next word"),
        ("get pods -wZ", "unknown shorthand flag 'Z' in -wZ"),
        # Said back without the flag that --all skips, it would be `set image`.
        ("set --all --cache-dir x image deploy/a c=i", "it isn't known whether --all takes the next word"),
        ("rollout -f - -- restart", "it isn't known whether -f takes the next word"),
    ],
)
def test_what_has_no_certain_reading_is_refused(text: str, error: str) -> None:
    with pytest.raises(UserError, match=re.escape(error)):
        parse(text)


# Verbs and flags that take all they need, so that what follows is no value.
WHOLE = st.sampled_from(
    [part for part in SPELLINGS if part not in (["-n"], ["--namespace"])]
    + [["logs"], ["deploy/web", "-l", "--verbose"]]
).filter(lambda part: part != ["-Z"])


@given(st.lists(st.tuples(WHOLE, st.lists(OURS, max_size=2)), max_size=6), AFTER)
def test_without_our_flags_kubectl_s_words_are_left_in_order(
    parts: list[tuple[list[str], list[list[str]]]], after: list[list[str]]
) -> None:
    theirs = ["get", "pods", *flat([part for part, _ in parts]), *flat(after)]
    mixed = ["get", "pods", *flat([flat([part, *ours]) for part, ours in parts]), *flat(after)]
    assert grammar.typed_words(invocation.parse_invocation(mixed).kubectl) == theirs


# --- Which verb --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "verb"),
    [
        ("", ""),
        ("get pods", "get"),
        ("-n shop get pods", "get"),
        ("--namespace=shop get pods", "get"),
        ("--namespace shop get pods", "get"),
        ("-nshop get pods", "get"),
        ("-Anshop get pods", "get"),
        ("-owide get pods", "get"),
        ("-A get pods", "pods"),
        ("--timeout 5s rollout status x", "rollout status"),
        ("rollout --timeout 5s status x", "rollout status"),
        ("rollout -w status x", "rollout"),
        ("--unknown=value get pods", "get"),
        ("rollout status deploy/web", "rollout status"),
        ("rollout -n shop status deploy/web", "rollout status"),
        ("rollout deploy/web status", "rollout"),
        ("rollout", "rollout"),
        ("get rollout status", "get"),
        ("top pod", "top pod"),
        ("top pods -A", "top pod"),
        ("top no", "top node"),
        ("create cm x", "create configmap"),
        ("create secret tls x", "create secret tls"),
        ("create secret x tls", "create secret"),
        ("config use c1", "config use-context"),
        ("apply -f x", "apply"),
        ("apply view-last-applied deploy/x", "apply view-last-applied"),
        ("auth can-i get pods", "auth can-i"),
        ("whoami get pods", "whoami"),
        ("my-plugin --flag status", "my-plugin"),
        ("-- get pods", ""),
        ("rollout -- status", "rollout"),
    ],
)
def test_the_verb_is_found_as_cobra_finds_it(text: str, verb: str) -> None:
    assert parse(text).verb == verb


@pytest.mark.parametrize(
    ("argv", "verb", "operands"),
    [
        (["create", "secret tls", "x"], "create", ["secret tls", "x"]),
        (["get", "", "x"], "get", ["", "x"]),
        (["get", "-"], "get", ["-"]),
    ],
)
def test_odd_words_are_one_word_each(argv: list[str], verb: str, operands: list[str]) -> None:
    line = grammar.parse_line(argv)
    assert (line.verb, grammar.operands(line)) == (verb, operands)


def test_an_empty_word_is_no_verb() -> None:
    assert grammar.parse_line(["", "get", "", "pods"]).verb == "get"


@pytest.mark.parametrize(
    ("text", "operands"),
    [
        ("get pods web-1", ["pods", "web-1"]),
        ("-n shop get -l a=b pods -o wide web-1", ["pods", "web-1"]),
        ("rollout -n shop status deploy/web", ["deploy/web"]),
        ("exec web-1 -it -- sh -c ls", ["web-1"]),
        ("top pods web-1", ["web-1"]),
        ("get", []),
        ("", []),
    ],
)
def test_operands_are_the_words_behind_the_verb_up_to_two_dashes(text: str, operands: list[str]) -> None:
    assert grammar.operands(parse(text)) == operands


# --- Which flags -------------------------------------------------------------------------------------------


SHOP = ["-nshop", "-n shop", "-n=shop", "--namespace=shop", "--namespace shop", "-Anshop", "-An=shop"]


@pytest.mark.parametrize("spelling", SHOP)
@pytest.mark.parametrize("template", ["get {} pods", "get pods {}", "{} get pods", "get pods {} -- x"])
def test_a_value_is_read_in_every_spelling(spelling: str, template: str) -> None:
    assert grammar.value(parse(template.format(spelling)), "namespace") == "shop"


@pytest.mark.parametrize(
    ("text", "name", "values"),
    [
        ("get pods -n a -nb", "namespace", ["a", "b"]),
        ("get pods -An a", "namespace", ["a"]),
        ("get pods --namespace=", "namespace", [""]),
        ("exec -it x", "stdin", [None]),
        ("exec -it x", "tty", [None]),
        ("get pods -- -n a", "namespace", []),
        ("get pods -l -n", "namespace", []),
        ("get pods -l -n", "selector", ["-n"]),
        ("get pods -Aowide", "output", ["wide"]),
        ("get pods -l a=b=c", "selector", ["a=b=c"]),
        ("get pods --selector=a=b", "selector", ["a=b"]),
        ("logs x -f", "follow", [None]),
        ("apply -f x", "filename", ["x"]),
        ("apply --dry-run client", "dry-run", [None]),
        ("apply --dry-run=client", "dry-run", ["client"]),
    ],
)
def test_what_was_given_for_a_flag(text: str, name: str, values: list[str | None]) -> None:
    assert grammar.values(parse(text), name) == values


def test_the_last_value_counts() -> None:
    assert grammar.value(parse("get pods -n a --namespace=b"), "namespace") == "b"
    assert grammar.value(parse("get pods"), "namespace") is None


@pytest.mark.parametrize(
    ("flag", "on"),
    [
        ("--watch", True), ("-w", True), ("-Aw", True), ("--watch=true", True), ("--watch=1", True), ("-w=t", True),
        ("--watch=false", False), ("--watch=False", False), ("--watch=FALSE", False), ("--watch=0", False),
        ("--watch=f", False), ("--watch=F", False), ("-w=false", False), ("-w=0", False), ("-l w", False),
        ("--watch --watch=false", False), ("--watch=false -w", True), ("-- -w", False),
    ],
)  # fmt: skip
def test_a_boolean_flag_is_on_by_strconv_parsebool(flag: str, on: bool) -> None:
    assert grammar.is_set(parse(f"get pods {flag}"), "watch") is on


@pytest.mark.parametrize(
    ("flags", "form"),
    [
        ("", ("", "")),
        ("-o json", ("json", "")),
        ("-ojson", ("json", "")),
        ("-o=wide", ("wide", "")),
        ("-o yaml -o json", ("json", "")),
        ("--output=custom-columns=N:.metadata.name", ("custom-columns", "N:.metadata.name")),
        ("-o jsonpath={.a}={.b}", ("jsonpath", "{.a}={.b}")),
        ("-o=jsonpath={.a}", ("jsonpath", "{.a}")),
        ("-o go-template --template=x", ("go-template", "x")),
        ("-o go-template-file=f", ("go-template-file", "f")),
        ("--template x", ("go-template", "x")),
        ("-o=", ("", "")),
        ("-- -o json", ("", "")),
    ],
)
def test_the_output_format_is_read_in_every_form(flags: str, form: tuple[str, str]) -> None:
    assert grammar.output_format(parse(f"get pods {flags}")) == form


@pytest.mark.parametrize("verb", ["rollout status", "auth can-i", "auth can_i", "audit show", " get"])
def test_a_verb_with_a_blank_is_no_verb(verb: str) -> None:
    with pytest.raises(UserError, match="one word with a blank"):
        grammar.parse_line(["--cluster", "c1", verb, "deploy/cart"])


# --- Changing a command line -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("argv", "without", "left"),
    [
        ("get pods -w -n a", ["watch"], "get pods -n a"),
        ("get pods -wA", ["watch"], "get pods --all-namespaces"),
        ("get pods -Aowide", ["output"], "get pods --all-namespaces"),
        ("get pods -n a -l x", ["namespace", "selector"], "get pods"),
        ("get pods --no-headers=true", ["no-headers"], "get pods"),
        ("get pods -- -w", ["watch"], "get pods -- -w"),
        ("get -n a pods", [], "get -n a pods"),
    ],
)
def test_flags_can_be_left_out(argv: str, without: list[str], left: str) -> None:
    assert grammar.typed_words(grammar.without(parse(argv), without)) == left.split()


@pytest.mark.parametrize(
    ("argv", "result"),
    [
        ("get pods", "get pods --output=json --watch=false"),
        ("exec x -- ls -o", "exec x --output=json --watch=false -- ls -o"),
    ],
)
def test_flags_are_added_in_front_of_two_dashes(argv: str, result: str) -> None:
    line = grammar.with_flags(parse(argv), ("output", "json"), ("watch", "false"))
    assert grammar.typed_words(line) == result.split()
    assert grammar.value(line, "output") == "json"
