# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""`kubectl mc setup` on the fleet: what it proposes, asks, checks and writes; and the clouds' CLIs, as fakes."""

from __future__ import annotations

import re
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fixtures.fleet import fleet
from tests.e2e.conftest import ADMIN, Shell
from tests.e2e.conftest import shell as new_shell
from tests.e2e.dialogue import FILE, PROMPT, home, kubeconfig, talk, with_fzf, written

MakeShell = Callable[..., Shell]


# --- Proposals, checks, writing -------------------------------------------------------------------------------


def test_yes_takes_what_is_certain_and_a_second_run_changes_nothing(fresh_home: MakeShell, members: Shell) -> None:
    shell = fresh_home(kubeconfig=kubeconfig(members, c1="c1", eks_two="c2", kind_c3="c1"))
    done = shell.mc("setup", "--yes", "--hub-context=hub")
    user, nobody = (word.ljust(max(len(ADMIN), len("<none>"))) for word in ("USER", "<none>"))
    assert done.stdout == (
        f"CLUSTER   CONTEXT   HOW           SERVER ANSWERS   {user}   PROBLEM\n"
        f"c1        c1        same name     yes              {ADMIN}\n"
        f"c2        eks-two   same server   yes              {ADMIN}\n"
        f"c3        <none>    open          <none>           {nobody}   close name: kind-c3\n"
    )
    path = home(shell) / FILE
    assert done.stderr == f"Wrote the context of 2 clusters and hubContext hub to {path}\n"
    assert done.status == 3
    assert path.read_text() == (
        "apiVersion: kubectl-mc.k8s.io/v1alpha1\nkind: ClusterMapping\nhubContext: hub\nclusters:\n"
        "- name: c1\n  context: c1\n- name: c2\n  context: eks-two\n"
    )
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    before = path.stat()
    again = shell.mc("setup", "--yes", "--hub-context=hub")
    assert [row[2] for row in again.rows[1:]] == ["mapped", "mapped", "open"]
    assert again.stderr == f"Nothing to change in {path}\n"
    assert (path.stat().st_mtime_ns, path.stat().st_ino) == (before.st_mtime_ns, before.st_ino)
    assert shell.mc("get", "ns", "only-c2", "--clusters=c2", "-o", "name").stdout == "c2\tnamespace/only-c2\n"


def test_all_mapped_is_status_0(fresh_home: MakeShell) -> None:
    shell = fresh_home()
    assert shell.mc("setup", "--yes").status == 0
    assert written(shell) == {"c1": "c1", "c2": "c2", "c3": "c3"}


@pytest.mark.parametrize("flag", ["--check", ""])
def test_check_and_no_terminal_change_nothing(fresh_home: MakeShell, members: Shell, flag: str) -> None:
    shell = fresh_home(kubeconfig=kubeconfig(members, c1="c1", c2="c2"))
    done = shell.mc("setup", *filter(None, [flag]), stdin="1\n1\n1\n")
    assert done.status == 3
    assert done.rows[3] == ["c3", "<none>", "open", "<none>", "<none>", "no", "context"]
    *first, last = done.stderr.splitlines()
    assert last == f"Would write the context of 2 clusters to {home(shell) / FILE}"
    assert bool(first) == (not flag)
    assert all("stdin is not a terminal" in line for line in first)
    assert not (home(shell) / FILE).exists()


def test_check_of_a_good_fleet_is_status_0(members: Shell) -> None:
    done = members.mc("setup", "--check")
    assert (done.status, {row[2] for row in done.rows[1:]}) == (0, {"mapped"})


def test_selection_says_which_clusters_it_is_for(fresh_home: MakeShell) -> None:
    shell = fresh_home()
    assert [row[0] for row in shell.mc("setup", "--yes", "--clusters=c*", "--exclude=c2").rows[1:]] == ["c1", "c3"]
    assert written(shell) == {"c1": "c1", "c3": "c3"}


def test_the_user_s_file_is_kept_with_a_backup_and_the_short_one_is_not_touched(fresh_home: MakeShell) -> None:
    text = "# of team a\r\nclusters:\r\n- {name: c1, context: gone, team: a} # ours\r\nmine: [1, 2]\r\n"
    shell = fresh_home()
    path, short = home(shell) / FILE, home(shell) / ".kube" / "kubectl-mc.yaml"
    path.write_bytes(text.encode())
    short.write_text("clusters: [{profile: c2, context: viewer-c2}] # short\n")
    done = shell.mc("setup", "--yes")
    assert [row[1:3] for row in done.rows[1:]] == [["c1", "same"], ["viewer-c2", "mapped"], ["c3", "same"]]
    assert path.read_bytes().decode() == (
        "# of team a\r\nclusters:\r\n- {name: c1, context: c1, team: a} # ours\r\n- {name: c3, context: c3}\r\n"
        "mine: [1, 2]\r\n"
    )
    assert (home(shell) / f"{FILE}.bak").read_bytes().decode() == text
    assert short.read_text() == "clusters: [{profile: c2, context: viewer-c2}] # short\n"


def test_a_file_that_cant_be_edited_safely_is_left_and_the_change_is_shown(fresh_home: MakeShell) -> None:
    text = "base: &b {name: c1, context: gone}\nclusters: [*b]\n"
    shell = fresh_home(text)
    done = shell.mc("setup", "--yes", "--clusters=c1")
    assert done.status == 1
    assert (home(shell) / FILE).read_text() == text
    assert "is left as it is: the context to change isn't written where it is used" in done.stderr
    assert done.stderr.endswith("clusters:\n- name: c1\n  context: c1\n")


@pytest.mark.parametrize(
    ("fault", "cells"),
    [
        ("refuse", ["no", "<none>", "connection", "refused"]),
        ("unauthorized", ["yes", "<none>", "unauthorized"]),
        ("tls", ["no", "<none>", "TLS", "error"]),
        ("500", ["yes", "<none>", "server", "error"]),
    ],
)
def test_a_cluster_that_fails_is_said_and_mapped_all_the_same(
    fresh_home: MakeShell, fault: str, cells: list[str]
) -> None:
    shell = fresh_home()
    with shell.fault("c2", fault):
        done = shell.mc("setup", "--yes")
    assert done.status == 3
    assert [row[4:] for row in done.rows[1:]] == [["yes", ADMIN], cells, ["yes", ADMIN]]
    assert written(shell)["c2"] == "c2"


def test_a_server_that_hangs_is_given_up(fresh_home: MakeShell) -> None:
    shell = fresh_home()
    with shell.fault("c2", "hang"):
        done = shell.mc("setup", "--check", "--cluster-timeout=2s")
    assert done.rows[2][4:] == ["no", "<none>", "timed", "out", "after", "2s"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--provider=ibm"], "--provider: it must be one of aws, gcp"),
        (["c1"], "kubectl mc setup takes no 'c1'"),
        (["--chek"], "kubectl mc setup takes no '--chek'"),
        (["--contexts=c*"], "maps a hub's clusters"),
    ],
)
def test_wrong_arguments(members: Shell, arguments: list[str], message: str) -> None:
    done = members.mc("setup", *arguments)
    assert (done.status, done.stdout) == (1, "")
    assert message in done.stderr


def test_help(members: Shell) -> None:
    done = members.mc("setup", "--help")
    assert (done.status, done.stderr) == (0, "")
    assert all(f"--{flag}" in done.stdout for flag in ("check", "yes", "provider"))


# --- Questions ------------------------------------------------------------------------------------------------


def test_only_what_is_open_is_asked(fresh_home: MakeShell, members: Shell) -> None:
    shell = fresh_home(kubeconfig=kubeconfig(members, c1="c1", kind_c2="c3", kind_c3="c3"))
    turns = [(PROMPT, "9\n"), (PROMPT, "4\n"), (PROMPT, "kind-c3\n")]
    done = talk(shell, ["setup"], turns)
    third = members.kubectl("config", "view", "-o", 'jsonpath={.clusters[?(@.name=="c3")].cluster.server}').stdout
    listed = re.findall(r"^ +(\d)   (\S+) +(\S+)$", done.screen, re.MULTILINE)
    names = [name for _, name, _ in listed]
    assert (names[:4], names[4:6]) == (["kind-c2", "c1", "hub", "kind-c3"], ["kind-c3", "kind-c2"])
    assert listed[0][2] == third
    assert "Which context reaches c2? (close name: kind-c2)" in done.screen
    assert "Which context reaches c3? (its server is that of kind-c2, kind-c3)" in done.screen
    assert "'9' is neither a context nor a number of the list" in done.screen
    assert [line.split()[1:4] for line in done.stdout.splitlines()[1:]] == [
        ["c1", "same", "name"],
        ["kind-c3", "chosen", "yes"],
        ["kind-c3", "chosen", "yes"],
    ]
    assert done.status == 0
    assert written(shell) == {"c1": "c1", "c2": "kind-c3", "c3": "kind-c3"}


def test_a_skip_leaves_it_open(fresh_home: MakeShell, members: Shell) -> None:
    shell = fresh_home(kubeconfig=kubeconfig(members, c1="c1"))
    done = talk(shell, ["setup"], [(PROMPT, "\n"), (PROMPT, "1\n")])
    assert [line.split()[2] for line in done.stdout.splitlines()[1:]] == ["same", "open", "chosen"]
    assert done.status == 3
    assert written(shell) == {"c1": "c1", "c3": "c1"}


def test_the_end_of_the_input_skips_the_rest(fresh_home: MakeShell, members: Shell) -> None:
    shell = fresh_home(kubeconfig=kubeconfig(members, c1="c1"))
    done = talk(shell, ["setup"], [(PROMPT, "\x04")])
    assert (done.status, done.screen.count(PROMPT)) == (3, 1)
    assert written(shell) == {"c1": "c1"}


def test_ctrl_c_writes_nothing(fresh_home: MakeShell, members: Shell) -> None:
    shell = fresh_home(kubeconfig=kubeconfig(members, c1="c1"))
    done = talk(shell, ["setup"], [(PROMPT, "1\n"), (PROMPT, "\x03"), ("Keep the answer? [Y/n] ", "\x03")])
    assert (done.status, done.stdout) == (130, "")
    assert done.screen.endswith("interrupted: nothing is written\n")
    assert not (home(shell) / FILE).exists()


def test_ctrl_c_keeps_the_answers_if_wanted(fresh_home: MakeShell, members: Shell) -> None:
    shell = fresh_home(kubeconfig=kubeconfig(members, c1="c1", kind_c2="c3", kind_c3="c3"))
    done = talk(shell, ["setup"], [(PROMPT, "1\n"), (PROMPT, "\x03"), ("Keep the answer? [Y/n] ", "\n")])
    assert [line.split()[2] for line in done.stdout.splitlines()[1:]] == ["same", "chosen", "open"]
    assert (done.status, written(shell)) == (3, {"c1": "c1", "c2": "kind-c2"})


def test_ctrl_c_while_contexts_are_tried_keeps_the_answers_too(fresh_home: MakeShell, members: Shell) -> None:
    shell = fresh_home(kubeconfig=kubeconfig(members, c1="c1", c2="c2"))
    shell.environment["TERM"] = "xterm"  # for the progress line
    with members.fault("c1", "hang"):
        turns = [(PROMPT, "c2\n"), ("waiting for ", "\x03"), ("Keep the answer? [Y/n] ", "y\n")]
        done = talk(shell, ["setup"], turns)
    assert [line.split()[-1] for line in done.stdout.splitlines()[1:]] == ["interrupted"] * 3
    assert (done.status, written(shell)) == (130, {"c1": "c1", "c2": "c2", "c3": "c2"})
    assert "Warning: reached in the same way, so the same cluster, of which a change acts on one at most: (c2, c3)" in (
        done.screen
    )


# --- Many clusters --------------------------------------------------------------------------------------------

MANY = ("dev-1", "dev-2", "prod-ap", "prod-eu", "prod-us", "test")
PATTERN = "6 open. A pattern for all ({name}), or one by one (empty): "


@pytest.fixture(scope="module")
def large_fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    with fleet(MANY, tmp_path_factory.mktemp("large-fleet")) as running:
        yield new_shell(running)


@pytest.fixture
def large(large_fleet: Shell, tmp_path: Path) -> Shell:
    """A user whose contexts all have the same server, so that none is certain."""
    (tmp_path / ".kube").mkdir()
    contexts = {f"{name.replace('-', '_')}_admin": "dev-1" for name in (*MANY[:2], "prod-eu")}
    (tmp_path / ".kube" / "config").write_text(kubeconfig(large_fleet, **contexts))
    user = with_fzf(large_fleet, tmp_path)
    return user._replace(environment={**user.environment, "HOME": str(tmp_path), "KUBECONFIG": ""})


def test_a_pattern_for_many_and_the_rest_one_by_one(large: Shell) -> None:
    turns = [
        (PATTERN, "kind-{name}\n"),
        (PATTERN, "{name}-admin\n"),
        ("Take these 3? [y/N] ", "y\n"),
        ("Which context reaches prod-ap? ", "prod-eu-admin\n"),
        (PROMPT, "\n"),
        (PROMPT, "\x04"),
    ]
    done = talk(large, ["setup"], turns)
    assert "  no context like kind-dev-1 for 6 clusters: dev-1, dev-2, prod-ap, prod-eu, prod-us, test\n" in done.screen
    assert "It gives a context to no cluster\n" in done.screen
    assert re.search(r"^  prod-eu   prod-eu-admin   https://\S+$", done.screen, re.MULTILINE)
    assert "Note: prod-eu-admin is the context of prod-eu, too\n" in done.screen
    expected = {name: f"{name}-admin" for name in ("dev-1", "dev-2", "prod-eu")}
    assert (done.status, written(large)) == (3, {**expected, "prod-ap": "prod-eu-admin"})
    assert [line.split()[2] for line in done.stdout.splitlines()[1:]].count("by") == 3


def test_one_by_one_with_fzf_and_an_answer_that_is_carried_over(large: Shell) -> None:
    script = f"""printf '%s\\n' "$@" >> {home(large)}/flags
case "$*" in *dev-2:*) grep dev-2-admin ;; *dev-1:*) exit 1 ;; *) exit 130 ;; esac"""
    user = with_fzf(large, home(large), script)
    turns = [
        (PATTERN, "\n"),
        ("The same for the other 4 ({name}-admin matches 1)? [y/N] ", "y\n"),
        ("Keep the 2 answers? [Y/n] ", "\n"),
    ]
    done = talk(user, ["setup"], turns)
    assert "[1/6] dev-1: context? (none: skip this cluster)\n[2/6] dev-2: context? dev-2-admin\n" in done.screen
    assert (done.status, written(large)) == (3, {"dev-2": "dev-2-admin", "prod-eu": "prod-eu-admin"})
    flags = (home(large) / "flags").read_text().splitlines()
    assert {"--no-multi", "--layout=reverse", "[4/6] prod-ap: context? "} <= {*flags}
