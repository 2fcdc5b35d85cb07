from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_mc.command_line import grammar, invocation, options
from kubectl_mc.command_line.kubectl_flags import FLAGS


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


@given(st.lists(st.one_of(THEIRS, OURS), max_size=8), AFTER)
def test_joining_what_was_read_gives_the_very_argv(parts: list[list[str]], after: list[list[str]]) -> None:
    argv = flat(parts + after)
    assert grammar.join_tokens(grammar.parse_line(argv).tokens) == argv
    assert grammar.join_tokens(grammar.parse_line(argv, options.OWN_FLAGS).tokens) == argv


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
    assert grammar.join_tokens(invocation.parse_invocation(mixed).kubectl.tokens) == theirs


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
        ("--unknown value get pods", "get"),
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
        (["rollout status", "x"], "rollout status", ["x"]),
        (["create", "secret tls", "x"], "create", ["secret tls", "x"]),
        (["get", "", "x"], "get", ["", "x"]),
        (["get", "-"], "get", ["-"]),
    ],
)
def test_odd_words_are_one_word_each(argv: list[str], verb: str, operands: list[str]) -> None:
    line = grammar.parse_line(argv)
    assert (line.verb, grammar.operands(line)) == (verb, operands)
    assert len(line.path) == len(argv) - len(operands)


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
        ("get pods -n", "namespace", [None]),
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
        ("get pods --unknown x", "unknown", [None]),
        ("--unknown x get", "unknown", ["x"]),
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
        ("get pods -wZ", ["watch"], "get pods -Z"),
    ],
)
def test_flags_can_be_left_out(argv: str, without: list[str], left: str) -> None:
    assert grammar.join_tokens(grammar.without(parse(argv), without).tokens) == left.split()


@pytest.mark.parametrize(
    ("argv", "result"),
    [
        ("get pods", "get pods --output=json --watch=false"),
        ("exec x -- ls -o", "exec x --output=json --watch=false -- ls -o"),
    ],
)
def test_flags_are_added_in_front_of_two_dashes(argv: str, result: str) -> None:
    line = grammar.with_flags(parse(argv), ("output", "json"), ("watch", "false"))
    assert grammar.join_tokens(line.tokens) == result.split()
    assert grammar.value(line, "output") == "json"


@pytest.mark.parametrize("path", sorted(FLAGS))
def test_no_two_flags_of_a_command_share_a_letter(path: str) -> None:
    entries = (FLAGS[""] + " " + FLAGS[path]).split()
    letters = [entry.split(",")[0] for entry in set(entries) if "," in entry]
    assert len(letters) == len(set(letters))
