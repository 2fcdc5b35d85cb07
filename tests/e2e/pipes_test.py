# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Files that can be read once only, as a shell names them: a command does with a pipe what it does with a file."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

import pytest

from kubectl_mc.processes import memory_files
from tests.e2e.changing import everywhere, runs
from tests.e2e.conftest import MC, Done, Shell
from tests.e2e.running import Running
from tests.e2e.verbs_test import MANIFESTS, Place

IN_MEMORY = memory_files.available()
SETTINGS = MANIFESTS["settings.yaml"]

# Commands that read a FILE -> what is in it. KUBECONFIG is the user's own.
COMMANDS = {
    "get -o name -f FILE": SETTINGS,
    "get -o yaml -f FILE": SETTINGS,
    "describe -f FILE": SETTINGS,
    "diff -f FILE": SETTINGS,
    "wait --for=jsonpath={.metadata.name}=settings -f FILE": SETTINGS,
    "get cm settings -n shop -o go-template-file=FILE": "{{.kind}} {{.data}}",
    "get cm settings -n shop -o jsonpath-file --template=FILE": "{.kind}",
    "get cm -n shop -ocustom-columns-file=FILE": "A B\n.kind .metadata.name\n",
    "get cm settings -n shop -o name --kubeconfig=FILE": "KUBECONFIG",
    "clusters -o name --kubeconfig=FILE": "KUBECONFIG",
    "apply --dry-run=server -f FILE": SETTINGS,
    "apply --dry-run=server -f DIR/settings.yaml -o templatefile=FILE": "{{.kind}}",
    "delete --dry-run=server -o name -f FILE": SETTINGS,
    "create cm x -n shop --dry-run=server -o jsonpath={.data} --from-file=key=FILE": "value",
    "create cm x -n shop --dry-run=server -o jsonpath={.data} --from-env-file=FILE": "A=1\nB=2\n",
    "patch cm settings -n shop --dry-run=server -o jsonpath={.data} --patch-file=FILE": '{"data": {"a": "b"}}',
    "label --local -f FILE a=b -o yaml": SETTINGS,
    "config view --kubeconfig=FILE -o jsonpath={.contexts}": "KUBECONFIG",
    "config view -o jsonpath-file=FILE": "{.contexts}",
}
# What stands for FILE in a script, and what the command reads as stdin.
SPELLINGS = {"a shell's <(…)": ("<(cat file)", "/dev/null"), "stdin": ("/dev/stdin", "<(cat file)")}


def bash(shell: Shell, folder: Path, script: str) -> Done:
    """Run a script in which `mc` is kubectl-mc."""
    return shell._run(["bash", "-c", f'cd {folder}; mc() {{ {shlex.join(MC)} "$@"; }}; {script}'], None, {})


@pytest.mark.parametrize("command", COMMANDS)
def test_a_pipe_is_read_as_a_file_is(members: Shell, tmp_path: Path, command: str) -> None:
    if "kubeconfig" in command and not command.startswith("config") and not IN_MEMORY:
        pytest.skip("what logs somebody in is in no file")
    (tmp_path / "settings.yaml").write_text(SETTINGS)
    (tmp_path / "file").write_text(COMMANDS[command].replace("KUBECONFIG", members.fleet.kubeconfig.read_text()))
    script = f"mc {command.replace('DIR', '.')} < STDIN"
    expected = bash(members, tmp_path, script.replace("FILE", "file").replace("STDIN", "/dev/null"))
    assert expected.stdout, expected
    assert expected.status == ("diff" in command), expected
    for file, stdin in SPELLINGS.values():
        done = bash(members, tmp_path, script.replace("FILE", file).replace("STDIN", stdin))
        assert settled(done) == settled(expected)


def settled(done: Done) -> Done:
    """Without the lines of `diff` that name temporary files, and in one order: `wait` shows lines as they come."""
    lines = [line for line in done.stdout.splitlines() if not line.startswith(("diff -u", "--- /", "+++ /"))]
    return done._replace(stdout="\n".join(sorted(lines)))


def test_other_spellings_of_pipes(members: Shell, tmp_path: Path) -> None:
    (tmp_path / "file").write_text(SETTINGS)
    (tmp_path / "link").symlink_to("/dev/stdin")
    os.mkfifo(tmp_path / "fifo")
    names = "c1\tconfigmap/settings\nc2\tconfigmap/settings\nc3\tconfigmap/settings\n"
    for script in (
        "mc get -o name -f - < file",
        "cat file | mc get -o name -f link",
        "mc get -o name -f /proc/self/fd/0 < file",
        "mc get -o name -f /dev/fd/7 7< <(cat file)",
        "mc get -o name -f /proc/self/fd/7 7< file",
        "cat file > fifo & mc get -o name -f fifo",
        "mc get -o name -f <(cat file) <&-",
        'K=$KUBECONFIG; KUBECONFIG=<(cat "$K") mc get cm settings -n shop -o name',
    ):
        if ("/proc" in script and not os.path.isdir("/proc")) or ("KUBECONFIG" in script and not IN_MEMORY):
            continue  # what logs somebody in is in no file
        assert bash(members, tmp_path, script) == Done(0, names, ""), script


def test_what_can_be_read_only_once_is_read_by_one(members: Shell, tmp_path: Path) -> None:
    (tmp_path / "file").write_text(SETTINGS)
    twice = bash(members, tmp_path, "echo | mc create secret tls x --cert=/dev/stdin --key=/dev/stdin --dry-run=server")
    assert twice == Done(1, "", "Error: /dev/stdin can be read only once, but --cert and --key read it\n")
    refused = bash(members, tmp_path, "mc get -f - -f - < file; kubectl --context=c1 get -f - -f - < file")
    assert refused.stderr == "error: standard input cannot be used for multiple arguments\n" * 2
    empty = "mc create secret generic x --from-file=a=/dev/stdin --from-file=b=/dev/stdin --dry-run=client"
    refused = bash(members, tmp_path, f"echo 1 | {empty}")
    assert refused == Done(1, "", "Error: /dev/stdin can be read only once, but --from-file reads it twice\n")
    missing = bash(members, tmp_path, "mc get cm -o jsonpath-file=/dev/fd/9")
    assert missing == Done(1, "", "Error: /dev/fd/9 can't be read: No such file or directory\n")


@pytest.mark.parametrize(
    ("words", "error"),
    [
        ("get cm --kubeconfig=<(echo 'a: [')", 'loading config file "/dev/fd/63": yaml'),
        ("get cm --kubeconfig=/dev/stdin < <(echo 'a: [')", 'loading config file "/dev/stdin": yaml'),
        ("wait --for=delete -f <(echo 'a: [')", "error parsing /dev/fd/63: "),
        ("rollout status -f nope", 'the path "nope" does not exist'),
    ],
)
def test_an_error_names_the_file_that_was_typed(members: Shell, tmp_path: Path, words: str, error: str) -> None:
    done = bash(members, tmp_path, f"mc {words}")
    assert (done.status, error in done.stderr, "/proc/" in done.stderr) == (1, True, False), done


@pytest.mark.parametrize("words", ["-f <(cat file)", "cm settings -n shop -o jsonpath-file=<(cat template)"])
def test_a_watch_reads_a_pipe(members: Shell, tmp_path: Path, words: str) -> None:
    (tmp_path / "file").write_text(SETTINGS)
    (tmp_path / "template").write_text('{.metadata.name}{"\\n"}')
    script = f"cd {tmp_path}; {shlex.join(MC)} get -w {words}"
    with Running(["bash", "-c", script], members.environment) as watch:
        for cluster in ("c1", "c2", "c3"):
            watch.until(rf"settings +{cluster}|{cluster}\tsettings")


def test_config_reads_certificates(members: Shell, tmp_path: Path) -> None:
    script = "mc config --kubeconfig=new set-credentials u --embed-certs --client-certificate=<(echo c) --client-key="
    assert bash(members, tmp_path, f"{script}/dev/stdin < <(echo k)") == Done(0, 'User "u" set.\n', "")
    assert "client-certificate-data: Ywo=\n    client-key-data: awo=\n" in (tmp_path / "new").read_text()


# Changes that read a FILE -> what is in it, what to look at afterwards, and what is there.
CHANGES = {
    "apply -f FILE": (SETTINGS, "get cm settings -n shop -o jsonpath={.data.a}", "b"),
    "create secret generic new -n shop --from-file=key=FILE": (
        "x",
        "get secret new -n shop -o jsonpath={.data}",
        "eA==",
    ),
    "patch cm settings -n shop --patch-file=FILE": (
        '{"data": {"a": "b"}}',
        "get cm settings -n shop -o jsonpath={.data.a}",
        "b",
    ),
    "auth reconcile -f FILE": (MANIFESTS["role.yaml"], "get clusterrole extra -o name", "/extra"),
    "apply -f DIR/new.yaml -o go-template-file=FILE": ("{{.kind}}", "get cm new -n shop -o name", "configmap/new"),
}


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("command", CHANGES)
def test_a_change_reads_a_pipe(place: Place, command: str, spelling: str) -> None:
    content, look, expected = CHANGES[command]
    (place.folder / "file").write_text(content)
    file, stdin = SPELLINGS[spelling]
    words = command.replace("FILE", file).replace("DIR", ".")
    done = bash(place.shell, place.folder, f"mc {words} --clusters=c1,c3 --yes < {stdin}")
    assert done.status == 0, done
    assert [expected in text for text in everywhere(place, look).values()] == [True, False, True]
    recorded = runs(place)[0].start["argv"]
    assert any(word.endswith(("/dev/fd/63", "/dev/stdin")) for word in recorded), recorded


def test_variables_come_from_stdin(place: Place) -> None:
    look = "get deploy cart -n shop -o jsonpath={.spec.template.spec.containers[0].env}"
    script = "echo A={} | mc set env deploy/cart -n shop --clusters=c1,c3 {}"
    for number, dash in enumerate(("-e -", "-", "-- -")):
        rehearsal = f"--dry-run=server {look.split()[-2]} {look.split()[-1]} {dash}"
        rehearsed = bash(place.shell, place.folder, script.format(number, rehearsal))
        assert rehearsed.stdout.count(f'"value":"{number}"') == 2, rehearsed
        done = bash(place.shell, place.folder, script.format(number, f"--yes {dash}"))
        assert (done.status, done.stdout.count("deployment.apps/cart env updated")) == (0, 2), done
        assert [f'"value":"{number}"' in text for text in everywhere(place, look).values()] == [True, False, True]
    start = runs(place)[-1].start
    assert (start["input"]["sources"], list(start["input"]["proof"])) == (["-"], ["salt", "scrypt"])


def test_a_run_goes_on_with_the_same_variables(place: Place) -> None:
    place.kubectl("c3", "delete deploy cart -n shop")
    command = "set env deploy/cart -n shop -e - --continue-on-preflight-error --clusters=c1,c3 --yes"
    assert place.shell.mc(*place.words(command), stdin="A=1").status == 3
    place.shell.fleet.reset("c3")
    look = "get deploy cart -n shop -o jsonpath={.spec.template.spec.containers[0].env}"
    assert "the input is not what run" in place.shell.mc("resume", "last", "--yes", stdin="A=2").stderr
    assert '"name":"A"' not in everywhere(place, look)["c3"]
    assert place.shell.mc("resume", "last", "--yes", stdin="A=1").status == 0
    assert '"name":"A","value":"1"' in everywhere(place, look)["c3"]


def test_an_editor_gets_what_was_piped(place: Place) -> None:
    look = "get cm new -n shop -o jsonpath={.data.level}"
    script = "mc create --edit -f - -n shop --clusters={} --yes < new.yaml"
    for cluster in ("c1", "c3"):
        assert bash(place.shell, place.folder, script.format(cluster)).status == 0
    assert everywhere(place, look) == {"c1": "debug", "c2": "", "c3": "debug"}
    (place.folder / "editor").write_text('#!/bin/sh\nsed s/debug/trace/ "$1" > "$1.new" && cat "$1.new" > "$1"\n')
    done = bash(place.shell, place.folder, "mc edit -f <(cat new.yaml) -n shop --clusters=c1,c3 --yes")
    assert ": changed in 2 clusters: c1, c3" in done.stderr
    assert everywhere(place, look) == {"c1": "trace", "c2": "", "c3": "trace"}


def test_a_pipe_can_t_be_copied(place: Place) -> None:
    done = bash(place.shell, place.folder, "mc cp <(echo) shop/web-1:/x --clusters=c1 --yes")
    text = "Error: /dev/fd/63 can't be copied: kubectl cp copies files and folders, and it is a pipe\n"
    assert done == Done(1, "", f"{text}So nothing was changed\n")
