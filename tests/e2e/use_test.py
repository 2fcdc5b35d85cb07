# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Choices that last: `kubectl mc use`, KUBECTL_MC_SESSION, KUBECTL_MC_CLUSTERS; and KUBECTL_MC_CONFIG."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from kubectl_mc.commands.completion import NO_FILES, complete
from tests.e2e.conftest import MEMBERS, Done, Shell
from tests.e2e.dialogue import home, talk, with_fzf

SESSION = {"KUBECTL_MC_SESSION": "../17"}
HUB = "hubContext: hub\n"
STREAM = ["logs", "-l", "app=cart", "-c", "app", "-n", "shop", "--tail=1"]
NOT_NAMED = "Error: Use --all-clusters to label in all clusters, or --clusters to specify targets"


@pytest.fixture
def user(fresh_home: Callable[..., Shell]) -> Shell:
    return fresh_home(mapping=HUB)


@pytest.fixture
def session(user: Shell) -> Shell:
    """A user in a session of its own."""
    return user._replace(environment={**user.environment, **SESSION})


def clusters(done: Done) -> list[str]:
    assert done.status == 0, done.stderr
    return [row[1] for row in done.rows[1:]]


def choices(shell: Shell) -> Path:
    return home(shell) / ".kube" / "kubectl-mc" / "choices"


def test_a_choice_is_for_the_commands_of_its_session_and_each_answer_says_so(user: Shell, session: Shell) -> None:
    made = session.mc("use", "c*", "--exclude=c3")
    note = "Note: for this session (KUBECTL_MC_SESSION)\n"
    assert made == (0, "2 of 3 clusters: c1, c2\n", note)
    said = "2 of 3 clusters (chosen by kubectl mc use 'c*' --exclude=c3)\n"
    for words in (
        ["get", "nodes"],
        ["get", "nodes", "-o", "name"],
        ["clusters"],
        ["get", "nodes", "-o", "json"],
        STREAM,
    ):
        assert session.mc(*words).stderr == said
    assert clusters(session.mc("get", "nodes")) == ["c1", "c2"]
    assert session.mc("use") == (0, f"kubectl mc use 'c*' --exclude=c3\n{made.stdout}", note)
    for other in ({"KUBECTL_MC_SESSION": "17"}, {"KUBECTL_MC_SESSION": ""}):
        assert clusters(session.mc("get", "nodes", env=other)) == list(MEMBERS)
    assert [file.name.startswith("session-") for file in choices(user).iterdir()] == [True]
    assert stat.S_IMODE(choices(user).stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in choices(user).iterdir()} == {0o600}


def test_back_to_the_choice_before_and_to_none(session: Shell) -> None:
    assert "no clusters were chosen before" in session.mc("use", "-").stderr
    assert session.mc("use").stdout == "no choice: commands that name no clusters are for all of them\n"
    session.mc("use", "c1")
    session.mc("use", "c2", "c3")
    assert session.mc("use", "-").stdout == "1 of 3 clusters: c1\n"
    assert session.mc("use", "-").stdout == "2 of 3 clusters: c2, c3\n"
    assert session.mc("use", "--none").stdout == session.mc("use").stdout
    assert (done := session.mc("get", "nodes")).stderr == ""
    assert clusters(done) == list(MEMBERS)
    assert session.mc("use", "-").stdout == "2 of 3 clusters: c2, c3\n"


def test_the_user_s_own_counts_where_stderr_is_a_terminal(user: Shell) -> None:
    said = user.mc("use", "c2").stderr
    assert said.startswith(
        "Note: for all your terminals, but not here, where stderr is no terminal; for what runs here, first:"
    )
    assert said.endswith(": export KUBECTL_MC_SESSION=$$\n")
    assert (done := user.mc("get", "nodes")).stderr == ""
    assert clusters(done) == list(MEMBERS)
    for words in (("get", "nodes"), ("compare", "cm", "-n", "shop")):
        with user.fault("c2", "refuse"), user.running(*words, terminal=True) as running:
            running.end()
        # Behind the answer, as all that is said about it there.
        last = running.stdout.replace("\r\n", "\n").splitlines()[-1]
        assert last == "1 of 3 clusters (chosen by kubectl mc use c2)"
    dialogue = talk(user, ["get", "nodes", "-o", "name"], [])  # stdout is a pipe
    assert dialogue == (0, "c2\tnode/c2-node\n", "1 of 3 clusters (chosen by kubectl mc use c2)\n")
    dialogue = talk(user, ["get", "nodes", "-o", "name", "--all-clusters"], [])
    assert (len(dialogue.stdout.splitlines()), dialogue.screen) == (3, "")


def test_what_is_typed_narrows_the_choice_or_is_used_instead(session: Shell) -> None:
    session.mc("use", "--cluster-selector=tier=prod")
    everything = clusters(session.mc("get", "nodes"))
    assert clusters(session.mc("get", "nodes", "--exclude=c2")) == [name for name in everything if name != "c2"]
    done = session.mc("get", "nodes", "--clusters=c1", env={"KUBECTL_MC_CLUSTERS": "c2"})
    assert (clusters(done), done.stderr) == (["c1"], "")
    done = session.mc("get", "nodes", "--contexts=c1")
    assert (clusters(done), done.stderr) == (["c1"], "")
    done = session.mc("get", "nodes", env={"KUBECTL_MC_CLUSTERS": "c2,c3"})
    assert clusters(done) == ["c2", "c3"]
    assert done.stderr == "2 of 3 clusters (chosen by KUBECTL_MC_CLUSTERS)\n"
    assert (
        "Note: KUBECTL_MC_CLUSTERS is set, and has precedence"
        in session.mc("use", env={"KUBECTL_MC_CLUSTERS": "c2"}).stderr
    )
    wrong = session.mc("get", "nodes", env={"KUBECTL_MC_CLUSTERS": ","})
    assert (wrong.status, wrong.stderr.partition(".")[0]) == (
        1, "Error: KUBECTL_MC_CLUSTERS: flag needs an argument: --clusters"
    )  # fmt: skip


@pytest.mark.parametrize("more", [[], ["--exclude=c2"], ["--healthy"]])
def test_no_choice_is_enough_for_a_change_nor_does_it_narrow_one(session: Shell, more: list[str]) -> None:
    session.mc("use", "c1")
    change = ["label", "cm", "settings", "-n", "shop", "x=y"]
    for env in ({}, {"KUBECTL_MC_CLUSTERS": "c1"}):
        done = session.mc(*change, "--yes", *more, env=env)
        assert (done.status, done.stderr.splitlines()[0]) == (1, NOT_NAMED)
        alone = session.mc("exec", "-it", "-n", "shop", "solo", *more, "--", "id", env=env)
        assert (alone.status, "exec is for a cluster that the command line names: --clusters=" in alone.stderr) == (
            1,
            True,
        )
        rehearsal = session.mc(*change, "--dry-run=server", "-o", "name", "--clusters=c2,c3", env=env)
        assert [line.split("\t")[0] for line in rehearsal.stdout.splitlines()] == ["c2", "c3"]
        assert "chosen by" not in rehearsal.stderr


def test_commands_about_the_fleet_itself_are_not_narrowed(session: Shell) -> None:
    session.mc("use", "c1")
    env = {"KUBECTL_MC_CLUSTERS": "c2"}
    assert [row[0] for row in session.mc("setup", "--check", env=env).rows[1:]] == list(MEMBERS)
    done = session.mc("trust", "approve", "c3", "--yes", env=env)
    assert "chosen by" not in done.stderr
    variables = {**session.environment, **env}
    assert complete(["get", "nodes", "--clusters="], variables) == ([*MEMBERS], NO_FILES)
    assert complete(["use", ""], variables) == ([*MEMBERS, "-"], NO_FILES)
    assert complete(["use", "c1", "c"], variables) == (["c2", "c3"], NO_FILES)


def test_objects_are_completed_from_the_clusters_that_are_chosen(user: Shell) -> None:
    user.mc("use", "c3")
    assert complete(["get", "nodes", ""], user.environment) == (["c3-node"], NO_FILES)
    assert complete(["get", "nodes", "--clusters=c2", ""], user.environment) == (["c2-node"], NO_FILES)


def test_a_choice_of_nothing_names_the_way_out(session: Shell) -> None:
    none = session.mc("use", "nope*")
    assert (none.status, "no cluster matches 'nope*'" in none.stderr) == (1, True)
    assert not choices(session).exists()
    session.mc("use", "--placement=canary")
    for flag in ("--exclude=c1", "--inventory=other"):
        done = session.mc("get", "nodes", flag)
        assert (done.status, done.stdout) == (1, "")
        assert done.stderr.splitlines()[-1] == (
            "The clusters are chosen by kubectl mc use --placement=canary. To lift that: kubectl mc use --none"
        )
    done = session.mc("get", "nodes", env={"KUBECTL_MC_CLUSTERS": "gone"})
    assert done.stderr.splitlines()[-1] == (
        "The clusters are chosen by KUBECTL_MC_CLUSTERS. To lift that: unset KUBECTL_MC_CLUSTERS"
    )


def test_a_choice_that_can_t_be_read_is_not_taken_for_all(session: Shell) -> None:
    session.mc("use", "c1")
    (file,) = choices(session).iterdir()
    later = json.dumps({**json.loads(file.read_text()), "apiVersion": "kubectl-mc.k8s.io/v7"})
    for text in ("", "\xff", "[]", later, later.replace("v7", "v1alpha1").replace('"clusters"', '"yes"')):
        file.write_text(text, "latin-1")
        done = session.mc("get", "nodes")
        assert (done.status, done.stdout) == (1, "")
        assert done.stderr.startswith("Error: it isn't known which clusters are chosen, as /")
        assert "kubectl mc use --none" in done.stderr
        assert session.mc("use", "c2").status == 1
    assert clusters(session.mc("get", "nodes", "--all-clusters")) == list(MEMBERS)
    assert session.mc("use", "--none").status == 0
    assert session.mc("get", "nodes").status == 0


def test_what_is_picked_is_kept_by_name(session: Shell, tmp_path: Path) -> None:
    user = with_fzf(session, tmp_path, "grep -E '\tc[13] '")
    assert user.mc("use", "--pick", "--hub-context=hub").stderr.endswith(
        "Note: changes, and other commands that name clusters themselves, need --hub-context=hub themselves\n"
    )
    assert session.mc("use").stdout == "kubectl mc use --hub-context=hub c1 c3\n2 of 3 clusters: c1, c3\n"


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["-", "c1"], "kubectl mc use - takes nothing else"),
        (["--none", "--healthy"], "kubectl mc use --none takes nothing else"),
        (["--none", "-"], "kubectl mc use --none takes nothing else"),
        (["c1", "--clusterprofile-provider-file=x"], "kubectl mc use doesn't keep it"),
        (["c1", "--yes"], "kubectl mc use takes no '--yes'"),
        (["c1", "-n", "shop"], "kubectl mc use takes no namespace: leave out --namespace (-n)"),
        (["--", "c1"], "kubectl mc use takes no '--'."),
        ([""], "flag needs an argument: --clusters"),
    ],
)
def test_what_makes_no_choice_is_an_error(session: Shell, words: list[str], problem: str) -> None:
    done = session.mc("use", *words)
    assert (done.status, done.stdout) == (1, "")
    assert problem in done.stderr


def test_the_report_says_who_has_chosen(session: Shell, tmp_path: Path) -> None:
    for env, chosen_by in (({"KUBECTL_MC_CLUSTERS": "c1"}, "KUBECTL_MC_CLUSTERS"), ({}, "")):
        session.mc("get", "nodes", f"--report={tmp_path}/r.json", env=env)
        assert json.loads((tmp_path / "r.json").read_text())["chosenBy"] == chosen_by


def test_another_mapping_file(user: Shell, tmp_path: Path) -> None:
    config = {"KUBECTL_MC_CONFIG": str(tmp_path / "team" / "fleet.yaml")}
    done = user.mc("get", "nodes", env=config)
    assert (done.status, "there is no file" in done.stderr) == (1, True)
    assert user.mc("setup", "--yes", "--hub-context=hub", env=config).status == 0
    assert (tmp_path / "team" / "fleet.yaml").read_text().startswith("apiVersion: kubectl-mc.k8s.io/v1alpha1\n")
    assert (home(user) / ".kube" / "kubectl-mc-clusters.yaml").read_text() == HUB
    assert clusters(user.mc("get", "nodes", env=config)) == list(MEMBERS)


def test_the_defaults_of_a_mapping_file_are_not_passed_over_in_silence(user: Shell, tmp_path: Path) -> None:
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text(f"{HUB}defaults: {{exclude: [c2]}}\n")
    config = {"KUBECTL_MC_CONFIG": str(mapping)}
    none = "no choice: commands that name no clusters are for those of the mapping file's defaults, --exclude=c2\n"
    assert user.mc("use", "--none", env=config).stdout == none
    done = user.mc("get", "nodes", "--clusters=c1,c2", env=config)
    assert (clusters(done), done.stderr) == (
        ["c1"], "Note: left out by the defaults of the mapping file, though named: c2\n"
    )  # fmt: skip
    mapping.write_text("protectd: [c1]\n")
    done = user.mc("label", "cm", "settings", "-n", "shop", "x=y", "--clusters=c1", "--yes", env=config)
    assert done.stderr.endswith("Did you mean protected?\nSo nothing was changed\n")
