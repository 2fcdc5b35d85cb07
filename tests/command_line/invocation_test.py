# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import errno
import io
import os

import pytest

from kubectl_mc import __version__, cli, messages
from kubectl_mc.command_line import flag_tables, grammar, help_texts, invocation, other_tools
from kubectl_mc.command_line.options import OWN_FLAGS, Options, with_defaults
from kubectl_mc.messages import UserError


def options(*flags: str) -> Options:
    return invocation.parse_invocation(["get", "pods", *flags]).options


def problem(*argv: str) -> str:
    with pytest.raises(UserError) as raised:
        invocation.parse_invocation(argv)
    return str(raised.value)


def run(*argv: str) -> tuple[int, str, str]:
    stdout, stderr = io.StringIO(), io.StringIO()
    status = cli.main(argv, {}, io.StringIO(), stdout, stderr)
    return status, stdout.getvalue(), stderr.getvalue()


# --- Ours and kubectl's ------------------------------------------------------------------------------------


def test_no_flag_of_ours_is_one_of_kubectl_s() -> None:
    assert not set(OWN_FLAGS) & flag_tables.all_flags()


# Those of other verbs that `get` lacks and another tool has, and the level, which is a number.
HINTED = {"v"} | {name for name in flag_tables.all_flags() if other_tools.flag_hint("get", f"--{name}")}


@pytest.mark.parametrize("flag", sorted(flag_tables.all_flags() - {*invocation.REFUSED, *HINTED}))
def test_no_flag_of_kubectl_s_is_taken_for_one_of_ours(flag: str) -> None:
    assert grammar.typed_words(invocation.parse_invocation(["get", "pods", f"--{flag}=x"]).kubectl)[-1] == f"--{flag}=x"


@pytest.mark.parametrize("flag", sorted(OWN_FLAGS))
def test_each_flag_of_ours_is_in_the_help(flag: str) -> None:
    assert f"--{flag}" in help_texts.HELP


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("--clusters=c1 get pods", "get pods"),
        ("get --clusters c1 pods -A", "get pods -A"),
        ("get pods --verbose --exclude c1,c2 --all-clusters -o wide", "get pods -o wide"),
        ("get pods -l --clusters", "get pods -l --clusters"),
        ("get pods --selector --clusters", "get pods --selector --clusters"),
        ("exec web -- ls --clusters=c1", "exec web -- ls --clusters=c1"),
        ("get pods --clusters -- x", "get pods x"),
        ("my-plugin --clusters=c1 --own", "my-plugin --own"),
        ("get pods -- --context=x", "get pods -- --context=x"),
    ],
)
def test_what_is_left_is_kubectl_s(text: str, left: str) -> None:
    assert grammar.typed_words(invocation.parse_invocation(text.split()).kubectl) == left.split()


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("my-plugin --include=x --drop y --by-time -o json", "my-plugin --include=x --drop y --by-time -o json"),
        ("my-plugin --clusters=c1 --highlight=x", "my-plugin --highlight=x"),
        ("my-plugin --where a>1 --count-by=x --clusters=c1", "my-plugin --where a>1 --count-by=x"),
        ("get pods --where a>1 --count-by=x -A", "get pods -A"),
        ("exec web -- ls --where a>1", "exec web -- ls --where a>1"),
        ("exec web -- ls --include=x", "exec web -- ls --include=x"),
        ("logs web --include=x --drop y -f -o json", "logs web -f"),
        ("logs web -fojson", "logs web --follow"),
        ("-o raw logs web", "logs web"),
    ],
)
def test_flags_about_log_lines_and_rows_are_ours_behind_kubectl_s_verbs(text: str, left: str) -> None:
    assert grammar.typed_words(invocation.parse_invocation(text.split()).kubectl) == left.split()


@pytest.mark.parametrize("plugin", ["my-plugin", "plugin run compare"])
@pytest.mark.parametrize("flag", sorted(OWN_FLAGS))
def test_behind_a_plugin_s_name_only_flags_that_choose_clusters_or_are_of_changes_are_ours(
    plugin: str, flag: str
) -> None:
    typed = f"--{flag}={VALUES.get(flag, 'true' if not OWN_FLAGS[flag] else '1')}"
    sections = [name for name in help_texts.SECTIONS if name in ("clusters", "changes", "guard", "hub")]
    is_ours = flag in help_texts.flag_descriptions(sections).keys() - {"refresh"}
    behind = invocation.parse_invocation([*plugin.split(), "x", typed])
    assert (len(behind.options.typed) == 1) == is_ours
    assert grammar.typed_words(behind.kubectl) == [*plugin.split(), "x", *([] if is_ours else [typed])]
    ahead = invocation.parse_invocation([typed, *plugin.split(), "x"])
    assert (len(ahead.options.typed), ahead.kubectl.verb_first) == (1, True)
    verbatim = invocation.parse_invocation([*plugin.split(), "--", typed])
    assert grammar.typed_words(verbatim.kubectl) == [*plugin.split(), "--", typed]


VALUES = {"cluster-timeout": "1s", "color": "always", "wave-timeout": "1s", "where": "A=1"}


@pytest.mark.parametrize(
    ("text", "path", "verb_first"),
    [
        ("plugin run compare x", "plugin run compare", True),
        ("plugin run get pods", "plugin run get", True),
        ("plugin run -n x compare", "plugin run compare", False),
        ("-n x plugin run compare", "plugin run compare", False),
        ("--clusters c1 plugin --clusters c2 run --yes compare -n x", "plugin run compare", True),
        ("plugin run", "plugin run", True),
        ("plugin list", "plugin list", True),
        ("plugin -- run compare", "plugin", True),
        ("run compare --image=x", "run", True),
    ],
)
def test_the_name_of_a_plugin_stands_behind_plugin_run(text: str, path: str, verb_first: bool) -> None:
    line = invocation.parse_invocation(text.split()).kubectl
    assert (line.verb, line.verb_first) == (path, verb_first)


@pytest.mark.parametrize(
    ("text", "left", "output"),
    [
        ("top pod --count-by=A -o json", "top pod", "json"),
        ("top -ojson pod -A --count-by=A", "top pod -A", "json"),
        ("auth can-i --list --output=yaml --count-by A", "auth can-i --list", "yaml"),
        ("auth can-i --list --output json --count-by A", "auth can-i --list", "json"),
        ("top pod --count-by=A -o wide", "top pod -o wide", ""),
        ("top pod -o json", "top pod -o json", ""),
        ("get pods --count-by=A -o json", "get pods -o json", ""),
        ("my-plugin --count-by=A -o json", "my-plugin --count-by=A -o json", ""),
    ],
)
def test_counts_have_a_form_where_kubectl_s_verb_has_none(text: str, left: str, output: str) -> None:
    parsed = invocation.parse_invocation(text.split())
    assert (grammar.typed_words(parsed.kubectl), parsed.options.output) == (left.split(), output)


@pytest.mark.parametrize(
    ("flag", "value", "place"),
    [
        ("--include", "a(b", "missing ), unterminated subpattern at position 1"),
        ("--drop", "*", "nothing to repeat at position 0"),
        ("--highlight", "a\n[", "unterminated character set at position 2 (line 2, column 1)"),
        ("--pod-regex", "(?P<x", "missing >, unterminated name at position 4"),
        ("--container-regex", "a{99999999999999999999}", "too large"),
        ("--exclude-pod-regex", "(" * 10_000, ""),
    ],
)
def test_a_mistake_in_a_regular_expression_is_told_with_its_place(flag: str, value: str, place: str) -> None:
    text = problem("logs", "web", f"{flag}={value}")
    assert text.startswith(f"invalid argument {value!r} for {flag}: not a regular expression")
    assert place in text


def test_regular_expressions_may_be_repeated_and_hold_commas() -> None:
    flags = ("--include=a,b", "--include", ",", "--include=[[a]")
    assert options(*flags).include == ("a,b", ",", "[[a]")


@pytest.mark.parametrize("words", ["", "-o json", "-oraw", "--output=extjson"])
def test_logs_have_an_output_of_ours(words: str) -> None:
    output = words.removeprefix("--output=").removeprefix("-o").strip()
    assert invocation.parse_invocation(["logs", "web", *words.split()]).options.output == output


@pytest.mark.parametrize("output", ["yaml", "JSON", ""])
def test_logs_have_no_other_output(output: str) -> None:
    assert problem("logs", "web", "-o", output).startswith(f"invalid argument {output!r} for --output: ")


# --- Values ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("flags", "field", "value"),
    [
        (["--clusters=a"], "clusters", ("a",)),
        (["--clusters", "a,b"], "clusters", ("a", "b")),
        (["--clusters=a,", "--clusters=b"], "clusters", ("a", "b")),
        (["--clusters=prod-*"], "clusters", ("prod-*",)),
        (["--exclude=a", "--exclude", "-b"], "exclude", ("a", "-b")),
        (["--hub-context=h=1"], "hub_context", "h=1"),
        (["--hub-context", "a", "--hub-context=b"], "hub_context", "b"),
        (["--inventory", "a,b"], "inventory", ("a", "b")),
        (["--inventory=a", "--hub-namespace=b"], "inventory", ("a", "b")),
        (["--hub-namespace", "fleet"], "inventory", ("fleet",)),
        (["--all-clusters"], "all_clusters", True),
        (["--all-clusters=false"], "all_clusters", False),
        (["--verbose=true"], "verbose", True),
        (["--verbose=0"], "verbose", False),
        (["--max-parallel=1"], "max_parallel", 1),
        (["--max-parallel", "20"], "max_parallel", 20),
    ],
)
def test_a_value_is_read_in_both_spellings(flags: list[str], field: str, value: object) -> None:
    assert options(*flags)._replace(typed=()) == Options(**{**Options()._asdict(), field: value})


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("30s", 30), ("1m30s", 90), ("500ms", 0.5), ("0", 0), ("0s", 0), ("2h", 7200), ("1.5s", 1.5), ("1h1ms", 3600.001)],
)
def test_a_time_is_read_as_go_writes_it(text: str, seconds: float) -> None:
    assert options(f"--cluster-timeout={text}").cluster_timeout == pytest.approx(seconds)


@pytest.mark.parametrize(
    "flag",
    [
        "--cluster-timeout=soon", "--cluster-timeout=-1s", "--cluster-timeout=1d", "--cluster-timeout=1 s",
        "--cluster-timeout=s", "--cluster-timeout=1s2", "--max-parallel=0", "--max-parallel=-1",
        "--cluster-timeout=99999999999h", f"--cluster-timeout={'9' * 400}", "--cluster-timeout=٣s",
        f"--max-parallel={'9' * 5000}", "--max-parallel=٣",
        "--max-parallel=many", "--max-parallel=1.5", "--max-parallel=²", "--verbose=yes", "--all-clusters=no",
    ],
)  # fmt: skip
def test_a_bad_value_is_named_with_its_flag(flag: str) -> None:
    name, _, value = flag.partition("=")
    assert problem("get", "pods", flag).startswith(f"invalid argument {value!r} for {name}: ")


@pytest.mark.parametrize("name", sorted(name for name, needs_value in OWN_FLAGS.items() if needs_value))
@pytest.mark.parametrize("form", ["--{}", "--{}="])
def test_a_flag_without_its_value_is_an_error(name: str, form: str) -> None:
    assert problem("get", "pods", form.format(name)).startswith(f"flag needs an argument: --{name}.")


@pytest.mark.parametrize(
    ("words", "value"),
    [("", "auto"), ("--color", "always"), ("--color=never", "never"), ("--color=never --color", "always")],
)
def test_color_needs_no_value(words: str, value: str) -> None:
    read = invocation.parse_invocation(["get", *words.split(), "pods"])
    assert (read.options.color, grammar.operands(read.kubectl)) == (value, ["pods"])


@pytest.mark.parametrize("word", ["--color=", "--color=true", "--color=on"])
def test_color_has_three_values(word: str) -> None:
    with pytest.raises(UserError, match="--color"):
        invocation.parse_invocation(["get", "pods", word])


@pytest.mark.parametrize("flag", ["inventory", "clusters", "exclude"])
def test_a_list_of_no_names_is_an_error(flag: str) -> None:
    """`--clusters=$A,$B` with both unset must not mean all clusters."""
    assert problem("get", "pods", f"--{flag}=,").startswith(f"flag needs an argument: --{flag}.")


# --- Defaults ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "defaults", "left"),
    [
        ([], [("clusters", "a"), ("clusters", "b"), ("verbose", "true")], {"clusters": ("a", "b"), "verbose": True}),
        (["--clusters=c"], [("clusters", "a"), ("exclude", "b")], {"clusters": ("c",), "exclude": ("b",)}),
        (
            ["--all-clusters"],
            [("clusters", "a"), ("exclude", "b"), ("healthy", "true"), ("pick", "true"), ("placement", "p")],
            {"all_clusters": True},
        ),
        (["--all-clusters", "--exclude=c"], [("clusters", "a")], {"all_clusters": True, "exclude": ("c",)}),
        (["--all-clusters=false"], [("clusters", "a")], {"clusters": ("a",)}),
        # Where the fleet is, is no choice from it.
        (["--all-clusters"], [("contexts", "kind-*")], {"all_clusters": True, "contexts": ("kind-*",)}),
        (["--all-clusters"], [("hub-namespace", "x")], {"all_clusters": True, "inventory": ("x",)}),
        (["--hub-namespace=y"], [("inventory", "x")], {"inventory": ("y",)}),
        (["--inventory=y"], [("hub-namespace", "x")], {"inventory": ("y",)}),
        (["--contexts=a"], [("hub-namespace", "x")], {"contexts": ("a",)}),
        ([], [("contexts", "a"), ("inventory", "x")], {"contexts": ("a",)}),
        (["--healthy"], [("contexts", "a"), ("inventory", "x")], {"healthy": True, "inventory": ("x",)}),
        (
            ["--contexts=kind-*"],
            [("healthy", "true"), ("hub-context", "h"), ("clusters", "a"), ("exclude", "b")],
            {"contexts": ("kind-*",), "exclude": ("b",)},
        ),
        (["--placement=p"], [("contexts", "kind-*")], {"placement": "p"}),
        (["--clusters=a"], [("contexts", "kind-*")], {"clusters": ("a",), "contexts": ("kind-*",)}),
    ],
)  # fmt: skip
def test_a_default_holds_where_nothing_that_was_typed_says_otherwise(
    typed: list[str], defaults: list[tuple[str, str]], left: dict[str, object]
) -> None:
    completed = with_defaults(options(*typed), defaults)
    assert completed._replace(typed=()) == Options(**left)  # type: ignore[arg-type]
    assert completed.typed == options(*typed).typed


def test_defaults_leave_all_else_as_it_is() -> None:
    own = invocation.parse_invocation(["logs", "web", "-o", "json", "--clusters=a"]).options._replace(refresh=True)
    assert with_defaults(own, [("exclude", "b")]) == own._replace(exclude=("b",))


# --- What is refused ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("flag", "name"),
    [("--context=x", "context"), ("--cluster=x", "cluster"), ("--server x", "server"), ("-sx", "server")],
)
@pytest.mark.parametrize("template", ["get pods {}", "{} get pods", "get pods -A {}", "my-plugin {}"])
def test_flags_that_name_one_api_server_are_refused(flag: str, name: str, template: str) -> None:
    assert problem(*template.format(flag).split()).startswith(
        f"--{name} would send every cluster's command to one place"
    )


def test_config_s_own_flags_of_those_names_are_left() -> None:
    argv = ["config", "set-context", "x", "--cluster=y"]
    assert grammar.typed_words(invocation.parse_invocation(argv).kubectl) == argv


@pytest.mark.parametrize(
    ("flag", "meant"),
    [
        ("--cluters=a", "clusters"),
        ("--excludes=a", "exclude"),
        ("--all-cluster", "all-clusters"),
        ("--verbos", "verbose"),
        ("--hub-contxt=x", "hub-context"),
        ("--max-paralel=3", "max-parallel"),
    ],
)
def test_a_flag_nearly_one_of_ours_is_an_error_that_names_it(flag: str, meant: str) -> None:
    typed = flag.partition("=")[0]
    assert problem("get", "pods", flag) == f"unknown flag: {typed}. Did you mean --{meant}? See: kubectl mc --help"


@pytest.mark.parametrize(
    "argv", ["get pods --watch-only", "get pods --nope", "my-plugin --excludes=a", "get x -- --verbos"]
)
def test_other_unknown_flags_are_kubectl_s_business(argv: str) -> None:
    assert grammar.typed_words(invocation.parse_invocation(argv.split()).kubectl) == argv.split()


# --- What is wanted ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "wants"),
    [
        ("--help", "help"), ("-h", "help"), ("--verbose --help", "help"), ("--version", "version"),
        ("get --help", "kubectl"), ("get pods -h", "kubectl"), ("version", "kubectl"), ("", "brief"),
        ("help", "help"), ("help -h", "help"), ("--verbose help", "help"), ("help get", "kubectl"),
        ("--help=false", "kubectl"), ("-- --help", "kubectl"),
    ],
)  # fmt: skip
def test_help_and_version_are_ours_only_without_a_verb(text: str, wants: str) -> None:
    assert invocation.parse_invocation(text.split()).wants == wants


@pytest.mark.parametrize(
    ("text", "same"),
    [("help get", "get --help"), ("help rollout status", "rollout status --help"), ("help setup", "setup --help")],
)
def test_help_of_a_verb_is_its_help_flag(text: str, same: str) -> None:
    assert invocation.parse_invocation(text.split()) == invocation.parse_invocation(same.split())


def test_help_goes_to_stdout() -> None:
    assert run("--help") == (0, help_texts.HELP, "")
    assert run() == (0, help_texts.BRIEF, "")


def test_version_goes_to_stdout() -> None:
    assert run("--version") == (0, f"kubectl-mc {__version__}\n", "")


def test_an_error_is_one_line_on_stderr_and_status_1() -> None:
    assert run("get", "pods", "--max-parallel=x") == (
        1,
        "",
        f"Error: {messages.bad_flag_value('max-parallel', 'x', 'a whole number from 1')}\n",
    )


def test_a_command_without_a_verb_is_an_error() -> None:
    assert run("--verbose") == (1, "", f"Error: {messages.no_verb()}\n")


@pytest.mark.parametrize(
    ("typed", "meant"), [("--hlep", "--help"), ("--versoin", "--version"), ("--cluters=x", "--clusters")]
)
def test_a_mistyped_flag_without_a_verb_is_told_what_was_meant(typed: str, meant: str) -> None:
    assert (
        run(typed)[2]
        == f"Error: unknown flag: {typed.partition('=')[0]}. Did you mean {meant}? See: kubectl mc --help\n"
    )


class Failing(io.StringIO):
    """A stream whose other end makes trouble."""

    def __init__(self, trouble: BaseException) -> None:
        super().__init__()
        self.trouble = trouble

    def write(self, text: str) -> int:
        raise self.trouble

    def flush(self) -> None:
        if isinstance(self.trouble, Exception):
            raise self.trouble


@pytest.mark.parametrize(("trouble", "status"), [(BrokenPipeError(), 0), (KeyboardInterrupt(), 130)])
def test_a_closed_pipe_is_no_error_and_an_interrupt_is_130(trouble: BaseException, status: int) -> None:
    assert cli.main(["--help"], {}, io.StringIO(), Failing(trouble), io.StringIO()) == status


@pytest.mark.parametrize(
    ("trouble", "text"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "No space left on device"),
        (PermissionError(errno.EACCES, "Permission denied", "/bin/kubectl"), "/bin/kubectl: Permission denied"),
        (OSError("odd"), "odd"),
    ],
)
def test_what_the_system_refuses_is_one_line(trouble: OSError, text: str) -> None:
    stderr = io.StringIO()
    assert cli.main(["--help"], {}, io.StringIO(), Failing(trouble), stderr) == 1
    assert stderr.getvalue() == f"Error: {text}\n"
    assert cli.main(["--help"], {}, io.StringIO(), Failing(trouble), Failing(trouble)) == 1


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="a device of Linux")
def test_what_cannot_be_written_to_the_end_is_no_success() -> None:
    with open("/dev/full", "w") as stdout:
        assert cli.main(["--help"], {}, io.StringIO(), stdout, io.StringIO()) == 1
