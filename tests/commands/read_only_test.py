# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Where only reads are allowed: which kubectls are started at all. The kubectl is a script that notes its words."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import NamedTuple

import pytest

from kubectl_mc import cli
from tests.e2e.generated_lines import CONFIG_MAP, FILES, KNOWN_LINES, OURS, Line, generate_line
from tests.environments import memory_streams, written

KUBECONFIG = {
    "apiVersion": "v1",
    "kind": "Config",
    "contexts": [{"name": "c1", "context": {"cluster": "c1", "user": "admin"}}],
    "clusters": [{"name": "c1", "cluster": {"server": "https://127.0.0.1:1"}}],
    "users": [{"name": "admin", "user": {"token": "x"}}],
}

KUBECTL = """\
#!/bin/sh
printf '%s\\037' "$@" >> "$LOG"
echo >> "$LOG"
case "$1 $2" in
"config view") cat "$KUBECONFIG" ;;
"config get-contexts") echo c1 ;;
"config current-context") echo c1 ;;
"delte --help") exit 1 ;;
esac
"""

LINES = int(os.environ.get("FUZZ", "300"))
SEED = os.environ.get("FUZZ_SEED") or str(time.time_ns())


class User(NamedTuple):
    """A user with the script as kubectl, and plugins, in a folder."""

    folder: Path
    variables: dict[str, str]

    def run(self, *words: str, **variables: str) -> tuple[int, str, list[list[str]]]:
        """Run a command; return its exit status, what it says, and the words of each kubectl that it started."""
        log = self.folder / "log"
        log.write_text("")
        streams = memory_streams()
        status = cli.main(words, {**self.variables, "LOG": str(log), **variables}, *streams[:3])
        return status, written(streams.stderr), [line.split("\037")[:-1] for line in log.read_text().split("\n")[:-1]]


@pytest.fixture
def user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> User:
    for name in ("kubectl", "kubectl-hello", "kubectl-compare", "kubectl-create-thing"):
        (tmp_path / name).write_text(KUBECTL)
        (tmp_path / name).chmod(0o755)
    (tmp_path / "kubeconfig").write_text(json.dumps(KUBECONFIG))
    for name, text in {**FILES, "new.yaml": CONFIG_MAP.replace("NAME", "new"), "env": "A=B\n"}.items():
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    variables = {
        "PATH": f"{tmp_path}{os.pathsep}/usr/bin:/bin",
        "HOME": str(tmp_path),
        "KUBECONFIG": str(tmp_path / "kubeconfig"),
        "KUBECTL_MC_READ_ONLY": "1",
    }
    return User(tmp_path, variables)


# --- Lines that are written down -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("delete pod x --contexts=c1 --yes", "delete is a change; --dry-run=server only says what it would do\n"),
        ("exec web --contexts=c1 --yes -- ls", "exec is a change\n"),
        ("proxy --contexts=c1", "proxy opens a port, behind which anything may be changed\n"),
        ("config use-context c1", "config use-context edits files of yours\n"),
        ("hello --contexts=c1 --yes", "hello runs a program, of which it isn't known what it does\n"),
        (
            "plugin run compare --contexts=c1 --yes",
            "plugin run compare runs a program, of which it isn't known what it does\n",
        ),
        (
            "create thing --dry-run=server --contexts=c1 --yes",
            "create thing runs a program, of which it isn't known what it does\n",
        ),
        ("setup --contexts=c1", "setup is a change\n"),
        ("trust approve x", "trust approve is a change\n"),
        ("resume last --yes", "resume is a change\n"),
        ("create token x --contexts=c1", "create token is a change\n"),
        ("create -f x --edit --dry-run=client --contexts=c1", "create is a change\n"),
        ("drain n --contexts=c1", "drain is a change; --dry-run=client only says what it would do\n"),
        ("kuberc view", "kuberc view edits files of yours\n"),
        (
            "cluster-info dump --output-directory . --contexts=c1",
            "cluster-info dump overwrites a file with these flags\n",
        ),
        ("get pods --profile=cpu --profile-output=x", "get overwrites a file with these flags\n"),
        ("undo last --yes", "undo is a change; --dry-run=server only says what it would do\n"),
    ],
)
@pytest.mark.parametrize("flag", [[], ["--read-only=false"]])
def test_nothing_is_started_for_what_is_refused(user: User, text: str, end: str, flag: list[str]) -> None:
    status, said, started = user.run(*flag, *text.split())
    assert (status, started) == (1, [])
    assert said == f"Error: only reads are allowed here (KUBECTL_MC_READ_ONLY), and {end}"


@pytest.mark.parametrize(
    "text", ["get pods", "label pod x a=b --dry-run=server", "delete pod x --dry-run=server --yes"]
)
def test_reads_and_dry_runs_are_run(user: User, text: str) -> None:
    status, said, started = user.run(*text.split(), "--contexts=c1")
    assert (status, said) == (0, "")
    assert started[-1][0] == text.split()[0]


@pytest.mark.parametrize(
    ("value", "is_refused"),
    [
        ("1", True),
        ("true", True),
        ("no", True),
        ("maybe", True),
        (" ", True),
        ("0", False),
        ("false", False),
        ("False", False),
        ("", False),
    ],
)
def test_a_wrong_value_of_the_variable_allows_reads_only(user: User, value: str, is_refused: bool) -> None:
    said = user.run("proxy", "--contexts=c1", KUBECTL_MC_READ_ONLY=value)[1]
    assert ("only reads are allowed" in said) == is_refused


@pytest.mark.parametrize(
    ("flags", "mapping", "reason"),
    [
        ("", "", ""),
        ("--read-only", "", "--read-only"),
        ("--read-only=true", "", "--read-only"),
        ("--read-only --read-only=false", "", ""),
        ("", "true", "the mapping file's defaults"),
        ("--read-only=false", "true", ""),
        ("--read-only", "false", "--read-only"),
        ("", "false", ""),
    ],
)
def test_the_flag_and_the_default_of_the_mapping_file(user: User, flags: str, mapping: str, reason: str) -> None:
    if mapping:
        (user.folder / ".kube").mkdir()
        (user.folder / ".kube" / "kubectl-mc-clusters.yaml").write_text(f"defaults: {{read-only: {mapping}}}\n")
    said = user.run(*flags.split(), "proxy", "--contexts=c1", KUBECTL_MC_READ_ONLY="")[1]
    assert (f"only reads are allowed here ({reason})" in said) if reason else ("only reads" not in said)


@pytest.mark.parametrize("line", ["hello x --read-only --contexts=c1 --yes", "plugin run compare --read-only"])
def test_the_flag_is_ours_behind_a_plugin_s_name(user: User, line: str) -> None:
    status, said, started = user.run(*line.split(), KUBECTL_MC_READ_ONLY="")
    assert (status, started) == (1, [])
    assert "only reads are allowed here (--read-only)" in said


def test_a_verb_that_is_not_there_is_told_as_ever(user: User) -> None:
    assert user.run("delte", "pod", "x")[1].startswith("Error: unknown command 'delte'")
    assert user.run("plugin", "run", "nope")[1].startswith("Error: there is no plugin kubectl-nope on PATH")


def test_a_command_of_ours_takes_the_flag(user: User) -> None:
    assert user.run("audit", "--read-only")[0] == 0


def test_a_command_of_ours_stays_one_where_a_plugin_has_its_name(user: User) -> None:
    assert user.run("compare", "pods", "--contexts=c1")[2][-1][0] == "get"


def test_a_refusal_is_in_the_report(user: User) -> None:
    user.run("delete", "pod", "x", "--report=report.json")
    report = json.loads((user.folder / "report.json").read_text())
    assert report["exitStatus"] == 1
    assert report["error"].startswith("only reads are allowed here (KUBECTL_MC_READ_ONLY), and delete is a change")
    assert report["clusters"] == []


@pytest.mark.parametrize("words", ["nothing --report=report.json", "note x --report=report.json"])
def test_a_report_behind_what_is_no_plugin_is_written_too(user: User, words: str) -> None:
    """An alias of the kuberc that can't be used, and a verb that isn't there."""
    kuberc = {"apiVersion": "kubectl.config.k8s.io/v1beta1", "kind": "Preference"}
    (user.folder / "kuberc").write_text(json.dumps({**kuberc, "aliases": [{"name": "note", "command": "nope"}]}))
    user.run(*words.split(), KUBERC=str(user.folder / "kuberc"))
    assert json.loads((user.folder / "report.json").read_text())["exitStatus"] == 1


ERRORS = [
    f"{command} {flag}"
    for command in ("diff -f env", "auth can-i get pods", "compare pods")
    for flag in ("--max-parallel=x", "--context=c1", "-n", "--profile=cpu")
]


@pytest.mark.parametrize("words", [*ERRORS, "same --profile=cpu"])
def test_an_error_never_has_the_status_of_an_answer(user: User, words: str) -> None:
    """Neither of a command line that can't be read, nor of one that is refused; 1 would say that objects differ."""
    kuberc = {"apiVersion": "kubectl.config.k8s.io/v1beta1", "kind": "Preference"}
    (user.folder / "kuberc").write_text(json.dumps({**kuberc, "aliases": [{"name": "same", "command": "diff"}]}))
    status, said, started = user.run(*words.split(), KUBERC=str(user.folder / "kuberc"))
    assert (status, started) == (2, []), said


# --- Generated lines -----------------------------------------------------------------------------------------

READS = (
    *(
        "get",
        "describe",
        "events",
        "top",
        "api-resources",
        "api-versions",
        "explain",
        "version",
        "cluster-info",
        "wait",
    ),
    *("auth can-i", "auth whoami", "diff", "rollout history", "rollout status", "logs", "apply view-last-applied"),
    *(
        "config view",
        "config get-contexts",
        "config current-context",
        "kuberc view",
        "kustomize",
        "options",
        "completion",
        "plugin",
        "help",
    ),
)
REHEARSING = ("client", "server", "unchanged", "1", "t", "T", "TRUE", "true", "True")
FALSE = tuple(f"--local={value}" for value in ("0", "f", "F", "FALSE", "false", "False"))  # others kubectl refuses
GROUPS = ("auth", "rollout", "set", "create", "top", "config", "kuberc", "certificate", "alpha")


def changes(words: Sequence[str]) -> bool:
    """Return whether a kubectl may change something by these words, which are in the form that we give them."""
    flags = list(words[: words.index("--")] if "--" in words else words)
    line = " ".join(words)
    dry_runs = [word for word in flags if word.startswith("--dry-run=")]
    rehearses = dry_runs[-1:] and dry_runs[-1].partition("=")[2] in REHEARSING
    local = [word for word in flags if word.startswith("--local=")]
    is_sent = any(word.startswith(("--raw=", "--edit=")) for word in flags)
    only_lists = words[0] in ("label", "annotate", "set") and "--list=true" in flags
    return not (
        any(line == read or line.startswith(f"{read} ") for read in READS)
        or "--help" in flags
        or (rehearses and not is_sent)
        or (local and local[-1] not in FALSE and words[0] in ("label", "annotate", "patch", "set"))
        or (only_lists and not any("=" in word and not word.startswith("--") for word in words))
        or (words[0] in GROUPS and all(word.startswith("--") and "=" in word for word in words[1:]))
    )


@pytest.mark.fuzz
def test_no_generated_line_starts_a_kubectl_that_changes_something(user: User) -> None:
    lines = [*KNOWN_LINES, *(generate_line(Random(f"{SEED}/{number}")) for number in range(LINES))]
    refused = 0
    for line in lines:
        for path in (user.folder / ".kube" / "kuberc", user.folder / "named-kuberc"):
            path.parent.mkdir(exist_ok=True)
            path.unlink(missing_ok=True)
        status, said, started = user.run(*_words(line), **_variables(user, line))
        refused += "only reads are allowed here (KUBECTL_MC_READ_ONLY)" in said
        assert not [words for words in started if changes(words)], str(line)
        assert not status or said, str(line)
    assert len(lines) / 4 < refused < len(lines) * 0.9


def _words(line: Line) -> list[str]:
    parts = (["--contexts=c1", "--yes"] if word == OURS else [word] for word in line.words)
    return [word for part in parts for word in part]


def _variables(user: User, line: Line) -> dict[str, str]:
    name, _, value = line.environment.partition("=")
    variables = {name: value} if name else {}
    if line.kuberc:
        path = user.folder / ("named-kuberc" if line.variable else ".kube/kuberc")
        path.write_text(line.kuberc)
        variables |= {"KUBERC": str(path)} if line.variable else {}
    return variables
