from __future__ import annotations

import base64
import json
import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from pytest_subprocess import FakeProcess

from kubectl_mc.access import shared_login
from kubectl_mc.access.shared_login import LoginMember, LoginSettings, SharedLogins
from kubectl_mc.processes import event_loop
from tests.access.credential_plugins_test import V1, V1BETA1, kubeconfig, of_user
from tests.access.exec_credentials_test import CERTIFICATE, KEY

ROOT = Path(__file__).parent.parent.parent


class Plugin:
    """A real exec plugin: a script that records each run (its arguments), and what it was told."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = str(folder / "login")
        self.gives(token="secret-token")

    def gives(self, version: str = V1, **status: Any) -> None:
        answer = {"apiVersion": version, "kind": "ExecCredential", "status": status}
        self.does(f"cat <<'END'\n{json.dumps(answer)}\nEND")

    def does(self, script: str) -> None:
        record = 'echo "$*" >> "${0%/*}/runs"; echo "$KUBERNETES_EXEC_INFO" >> "${0%/*}/told"; env > "${0%/*}/env"'
        Path(self.path).write_text(f"#!/bin/sh\n{record}\n{script}\n")
        Path(self.path).chmod(0o755)

    @property
    def runs(self) -> list[str]:
        return self._lines("runs")

    @property
    def told(self) -> list[Any]:
        return [json.loads(line) for line in self._lines("told")]

    @property
    def environment(self) -> list[str]:
        return self._lines("env")

    def _lines(self, name: str) -> list[str]:
        path = self.folder / name
        return path.read_text().splitlines() if path.exists() else []

    def member(self, name: str, **fields: Any) -> LoginMember:
        return LoginMember(name, kubeconfig(f"https://{name}", command=self.path, **fields))

    def members(self, count: int, **fields: Any) -> list[LoginMember]:
        return [self.member(f"c{number}", **fields) for number in range(count)]


@pytest.fixture
def plugin(tmp_path: Path) -> Plugin:
    (tmp_path / "plugin").mkdir()
    return Plugin(tmp_path / "plugin")


@pytest.fixture
def settings(tmp_path: Path) -> LoginSettings:
    return LoginSettings({"HOME": str(tmp_path), "PATH": os.environ.get("PATH", os.defpath), "USERS": "own"}, 8, 20.0)


said: list[str] = []


@pytest.fixture(autouse=True)
def nothing_said() -> None:
    said.clear()


def share(members: Sequence[LoginMember], settings: LoginSettings) -> SharedLogins:
    return shared_login.share_logins(members, settings, said.extend)


def logins(outcome: SharedLogins) -> list[Mapping[str, Any]]:
    return [member.kubeconfig["users"][1]["user"] for member in outcome.members]


def at(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds))


# --- How often ---------------------------------------------------------------------------------------------


def test_one_entry_of_a_hundred_contexts_runs_once(plugin: Plugin, settings: LoginSettings) -> None:
    members = plugin.members(100, args=["get-token"])
    outcome = share(members, settings)
    assert plugin.runs == ["get-token"]
    assert logins(outcome) == [{"token": "secret-token"}] * 100
    assert [member.name for member in outcome.members] == [member.name for member in members]
    assert outcome.failures == {}
    assert [member.kubeconfig["clusters"] for member in outcome.members] == [
        member.kubeconfig["clusters"] for member in members
    ]


def test_a_hundred_entries_run_a_hundred_times(plugin: Plugin, settings: LoginSettings) -> None:
    plugin.does(f"""echo '{{"apiVersion": "{V1}", "kind": "ExecCredential", "status": {{"token": "'$1'"}}}}'""")
    members = [plugin.member(f"{side}{number}", args=[f"t{number}"]) for number in range(100) for side in "ab"]
    outcome = share(members, settings)
    assert sorted(plugin.runs) == sorted(f"t{number}" for number in range(100))
    assert logins(outcome) == [{"token": f"t{number}"} for number in range(100) for _ in "ab"]


def test_an_entry_of_one_context_is_left_to_kubectl(plugin: Plugin, settings: LoginSettings) -> None:
    members = [plugin.member(f"c{number}", args=[str(number)]) for number in range(100)]
    assert share(members, settings) == SharedLogins(tuple(members), {})
    assert plugin.runs == []


def test_what_a_plugin_has_given_in_this_command_is_not_asked_for_again(
    plugin: Plugin, settings: LoginSettings
) -> None:
    answers: shared_login.LoginAnswers = {}
    for members in (plugin.members(1), plugin.members(3), plugin.members(1)):
        outcome = shared_login.share_logins(members, settings._replace(alone=True), said.extend, answers)
        assert logins(outcome) == [{"token": "secret-token"}] * len(members)
    assert len(plugin.runs) == 1
    assert "secret" not in repr(answers)


def test_contexts_without_an_exec_entry_stay_as_they_are(plugin: Plugin, settings: LoginSettings) -> None:
    others = [LoginMember("t", of_user({"token": "x"})), LoginMember("n", {}), plugin.member("r", apiVersion="x")]
    outcome = share([*others, *plugin.members(2)], settings)
    assert list(outcome.members[:3]) == others
    assert len(plugin.runs) == 1


def test_cluster_info_makes_entries_different(plugin: Plugin, settings: LoginSettings) -> None:
    same = [plugin.member("c1", provideClusterInfo=True), plugin.member("c1", provideClusterInfo=True)]
    assert len(logins(share([*same, plugin.member("c2", provideClusterInfo=True)], settings))) == 3
    assert [told["spec"] for told in plugin.told] == [
        {"cluster": {"server": "https://c1", "config": None}, "interactive": False}
    ]


def test_no_more_than_max_parallel_run_at_a_time(plugin: Plugin, settings: LoginSettings) -> None:
    plugin.does('echo 1 >> "${0%/*}/steps"; ls / >/dev/null; echo -1 >> "${0%/*}/steps"')
    share(
        [plugin.member(f"{n}{side}", args=[str(n)]) for n in range(8) for side in "ab"],
        settings._replace(max_parallel=3),
    )
    steps = [int(step) for step in (plugin.folder / "steps").read_text().split()]
    assert (len(steps), max(sum(steps[:end]) for end in range(len(steps)))) <= (16, 3)


# --- With what ---------------------------------------------------------------------------------------------


def test_the_plugin_gets_the_users_environment_and_the_entrys(plugin: Plugin, settings: LoginSettings) -> None:
    env = [
        {"name": "ENTRYS", "value": "1"},
        {"name": "ENTRYS", "value": "2"},
        {"name": "KUBERNETES_EXEC_INFO", "value": ""},
    ]
    share(plugin.members(2, env=env, args=["a b", "*"]), settings)
    assert plugin.runs == ["a b *"]
    assert {"USERS=own", "ENTRYS=2", f"HOME={settings.variables['HOME']}"} <= set(plugin.environment)
    assert not any(line.startswith(("GOGC=", "LC_ALL=")) for line in plugin.environment)
    assert plugin.told == [{"apiVersion": V1, "kind": "ExecCredential", "spec": {"interactive": False}}]


def test_what_is_started_and_how(fp: FakeProcess, plugin: Plugin, settings: LoginSettings) -> None:
    answer = {"apiVersion": V1, "kind": "ExecCredential", "status": {"token": "t"}}
    recorder = fp.register([plugin.path, "get-token"], stdout=json.dumps(answer).encode())
    share(plugin.members(3, args=["get-token"]), settings)
    (call,) = recorder.calls
    assert (call.kwargs or {})["start_new_session"]
    assert not (call.kwargs or {}).get("shell")


def test_stdin_is_empty(plugin: Plugin, settings: LoginSettings) -> None:
    plugin.does(f"""echo '{{"apiVersion": "{V1}", "kind": "ExecCredential", "status": {{"token": "<'$(cat)'>"}}}}'""")
    assert logins(share(plugin.members(2), settings))[0] == {"token": "<>"}


# --- What comes back ---------------------------------------------------------------------------------------


def test_a_certificate_is_shared_too(plugin: Plugin, settings: LoginSettings) -> None:
    plugin.gives(clientCertificateData=CERTIFICATE, clientKeyData=KEY)
    encoded = {
        "client-certificate-data": base64.b64encode(CERTIFICATE.encode()).decode(),
        "client-key-data": base64.b64encode(KEY.encode()).decode(),
    }
    assert logins(share(plugin.members(2), settings)) == [encoded] * 2


@pytest.mark.parametrize(
    ("seconds", "shared"),
    [(3600, True), (90, True), (30, False), (-30, False)],
)
def test_a_credential_that_will_not_do_stays_with_the_plugin(
    plugin: Plugin, settings: LoginSettings, seconds: float, shared: bool
) -> None:
    plugin.gives(token="t", expirationTimestamp=at(seconds))
    outcome = share(plugin.members(2), settings)
    assert [("token" in user, "exec" in user) for user in logins(outcome)] == [(shared, not shared)] * 2
    assert outcome.failures == {}


def test_a_credential_that_does_not_expire_will_do_for_ever(plugin: Plugin, settings: LoginSettings) -> None:
    assert logins(share(plugin.members(2), settings)) == [{"token": "secret-token"}] * 2


# --- Failures ----------------------------------------------------------------------------------------------


def test_a_failing_plugin_fails_its_own_clusters_only(plugin: Plugin, settings: LoginSettings) -> None:
    answer = json.dumps({"apiVersion": V1, "kind": "ExecCredential", "status": {"token": "t"}})
    failing = r"echo first >&2; printf 'la\033[2Jst\n\n' >&2; exit 3"
    plugin.does(f"[ \"$1\" = good ] && exec echo '{answer}'; {failing}")
    bad, good = (
        plugin.members(2, args=["bad"]),
        [plugin.member("g1", args=["good"]), plugin.member("g2", args=["good"])],
    )
    outcome = share([*bad, *good], settings)
    assert outcome.failures == {"c0": r"login failed: la\x1b[2Jst", "c1": r"login failed: la\x1b[2Jst"}
    assert list(outcome.members[:2]) == bad
    assert logins(outcome)[2:] == [{"token": "t"}] * 2


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("exit 3", "login ended with status 3"),
        ("kill -9 $$", "login ended with status -9"),
        ("echo secret-token", "the plugin's output is not an ExecCredential"),
        (f'echo \'{{"apiVersion": "{V1BETA1}", "kind": "ExecCredential"}}\'', f"asked for API version {V1}"),
        ("yes x | tr -d '\\n' | head -c 5000 >&2; exit 1", "x" * 200 + "…"),
    ],
)
def test_what_went_wrong_is_said(plugin: Plugin, settings: LoginSettings, script: str, reason: str) -> None:
    plugin.does(script)
    failures = share(plugin.members(2), settings).failures
    assert set(failures) == {"c0", "c1"}
    assert reason in failures["c0"]
    assert failures["c0"].startswith("login failed: ")


def test_a_plugin_that_is_not_there_is_named_with_its_hint(settings: LoginSettings) -> None:
    members = [
        LoginMember(name, kubeconfig(command="no-such-plugin", installHint="get it:\n  brew\x07 install it"))
        for name in "ab"
    ]
    assert share(members, settings).failures["a"] == (
        r"login failed: executable no-such-plugin not found. get it:\n brew\x07 install it"
    )


def test_a_plugin_that_cannot_be_started_does_not_stop_the_others(
    plugin: Plugin, settings: LoginSettings, tmp_path: Path
) -> None:
    broken = tmp_path / "broken"
    broken.write_bytes(b"\x7fELF")
    broken.chmod(0o755)
    members = [*(LoginMember(name, kubeconfig(command=str(broken))) for name in "ab"), *plugin.members(2)]
    outcome = share(members, settings)
    assert outcome.failures == dict.fromkeys("ab", "login failed: the plugin can't be started: Exec format error")
    assert logins(outcome)[2:] == [{"token": "secret-token"}] * 2


def test_arguments_that_no_process_can_get_are_a_failure(plugin: Plugin, settings: LoginSettings) -> None:
    failures = share(plugin.members(2, args=["a\0b"]), settings).failures
    assert "the plugin can't be started: not a possible command line" in failures["c0"]


def test_a_plugin_that_hangs_is_ended(plugin: Plugin, settings: LoginSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_loop, "GRACE", 0.1)
    plugin.does('echo $$ > "${0%/*}/pid"; exec sleep 1000')
    outcome = share(plugin.members(2), settings._replace(patience=0.5))
    assert outcome.failures["c0"] == "login failed: timed out after 0.5s"
    with pytest.raises(ProcessLookupError):
        os.kill(int((plugin.folder / "pid").read_text()), 0)


# --- What plugins say --------------------------------------------------------------------------------------


def test_what_plugins_write_to_stderr_is_told_once_and_visibly(plugin: Plugin, settings: LoginSettings) -> None:
    plugin.does("printf 'visit https://issuer\\na\\033[2J\\nend' >&2; exit 1")
    members = [plugin.member(f"{n}{side}", args=[str(n)]) for n in range(3) for side in "ab"]
    share(members, settings)
    assert said == ["visit https://issuer", r"a\x1b[2J", "end"]


def test_it_is_told_while_the_plugin_waits(plugin: Plugin, settings: LoginSettings) -> None:
    """The plugin goes on only when it has been heard."""
    os.mkfifo(plugin.folder / "heard")
    heard = os.open(plugin.folder / "heard", os.O_RDWR)
    script = Path(plugin.path).read_text()
    waiting = 'echo "visit us" >&2; read word < "${0%/*}/heard"; cat <<'
    Path(plugin.path).write_text(script.replace("cat <<", waiting))

    def say(lines: Sequence[str]) -> None:
        said.extend(lines)
        os.write(heard, b"yes\n")

    assert logins(shared_login.share_logins(plugin.members(2), settings, say)) == [{"token": "secret-token"}] * 2
    os.close(heard)
    assert said == ["visit us"]


def test_nothing_shows_a_credential(plugin: Plugin, settings: LoginSettings) -> None:
    outcome = share(plugin.members(2), settings)
    assert "secret" not in f"{outcome} {outcome!r} {outcome.members}"
    assert said == []


def test_nothing_is_kept_on_a_disk(plugin: Plugin, settings: LoginSettings, tmp_path: Path) -> None:
    plugin.does(
        f"cat <<'END'\n{json.dumps({'apiVersion': V1, 'kind': 'ExecCredential', 'status': {'token': 't0k3n'}})}\nEND"
    )
    share(plugin.members(2), settings)
    files = [file for file in tmp_path.rglob("*") if file.is_file() and str(file) != plugin.path]
    assert files
    assert not any(b"t0k3n" in file.read_bytes() for file in files)


# --- kuberc ------------------------------------------------------------------------------------------------

POLICY = "credentialPluginPolicy: DenyAll\n"


@pytest.mark.parametrize(
    ("kuberc", "flag", "variable", "runs"),
    [
        (POLICY, None, None, 0),
        ("defaults: []\n", None, None, 1),
        (POLICY, None, "off", 1),
        (None, None, "other", 0),
        (None, "other", None, 0),
        (None, "other", "off", 0),
        (POLICY, "nope", None, 1),
    ],
)
def test_a_policy_for_plugins_is_kubectls_to_apply(
    plugin: Plugin,
    settings: LoginSettings,
    tmp_path: Path,
    kuberc: str | None,
    flag: str | None,
    variable: str | None,
    runs: int,
) -> None:
    (tmp_path / ".kube").mkdir()
    (tmp_path / "other").write_text(POLICY)
    if kuberc:
        (tmp_path / ".kube" / "kuberc").write_text(kuberc)
    named = {name: "off" if name == "off" else str(tmp_path / name) for name in ("off", "other", "nope")}
    environment = {**settings.variables, **({"KUBERC": named[variable]} if variable else {})}
    share(plugin.members(2), settings._replace(variables=environment, kuberc=named[flag] if flag else None))
    assert len(plugin.runs) == runs


# --- On the terminal ---------------------------------------------------------------------------------------


def test_one_that_has_to_ask_fails_without_a_terminal(plugin: Plugin, settings: LoginSettings) -> None:
    outcome = share(plugin.members(2, interactiveMode="Always"), settings)
    assert outcome.failures["c1"] == "login failed: the plugin has to ask, and standard input is not a terminal"
    assert plugin.runs == []


def test_one_that_may_ask_does_without_a_terminal(plugin: Plugin, settings: LoginSettings) -> None:
    share(plugin.members(2, interactiveMode="IfAvailable"), settings)
    assert [told["spec"]["interactive"] for told in plugin.told] == [False]


ON_TERMINAL = """
import json, os, sys
from kubectl_mc.access import shared_login as login
members = [login.LoginMember(name, config) for name, config in json.load(open(sys.argv[1]))]
settings = login.LoginSettings(dict(os.environ), 8, 20.0, terminal=sys.stdin.isatty())
try:
    outcome = login.share_logins(members, settings, lambda lines: print(*lines, file=sys.stderr))
except KeyboardInterrupt:
    sys.exit(130)
users = [member.kubeconfig["users"][1]["user"].get("token") for member in outcome.members]
print(json.dumps([users, outcome.failures]), file=open(sys.argv[2], "w"))
"""


def on_terminal(folder: Path, members: Sequence[LoginMember], typed: bytes, until: bytes) -> tuple[int, Any, bytes]:
    """Share logins in a process that has a terminal, and type there once it has shown `until`; what came of it."""
    (folder / "members").write_text(json.dumps(members))
    main, terminal = pty.openpty()
    arguments = [sys.executable, "-c", ON_TERMINAL, str(folder / "members"), str(folder / "outcome")]
    process = subprocess.Popen(
        arguments, cwd=ROOT, stdin=terminal, stdout=terminal, stderr=terminal, start_new_session=True,
        preexec_fn=lambda: _own_terminal(terminal),
    )  # fmt: skip
    os.close(terminal)
    seen = b""
    try:
        while until not in seen:
            seen += os.read(main, 1000)
        os.write(main, typed)
        while chunk := os.read(main, 1000):
            seen += chunk
    except OSError:  # the last one has closed it
        pass
    finally:
        os.close(main)
    status = process.wait(20)
    outcome = folder / "outcome"
    return status, json.loads(outcome.read_text()) if outcome.exists() else None, seen


def _own_terminal(terminal: int) -> None:
    import fcntl
    import termios

    fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)


ASKING = f"""printf 'Password: ' >&2; read word
echo '{{"apiVersion": "{V1}", "kind": "ExecCredential", "status": {{"token": "'$word'"}}}}'"""


@pytest.mark.parametrize(("mode", "count"), [("IfAvailable", 3), ("Always", 3), ("Always", 1)])
def test_it_asks_on_the_terminal_once_for_all(plugin: Plugin, tmp_path: Path, mode: str, count: int) -> None:
    plugin.does(ASKING)
    status, outcome, seen = on_terminal(
        tmp_path, plugin.members(count, interactiveMode=mode), b"typed\n", b"Password: "
    )
    assert (status, outcome) == (0, [["typed"] * count, {}])
    assert [told["spec"]["interactive"] for told in plugin.told] == [True]
    assert b"ExecCredential" not in seen


def test_failing_on_the_terminal_is_that_entrys_failure(plugin: Plugin, tmp_path: Path) -> None:
    plugin.does("printf 'Password: ' >&2; read word; echo wrong >&2; exit 4")
    members = plugin.members(2, interactiveMode="Always")
    _, outcome, seen = on_terminal(tmp_path, members, b"typed\n", b"Password: ")
    assert outcome[1]["c0"] == "login failed: login ended with status 4"
    assert b"wrong" in seen


def test_ctrl_c_at_the_question_ends_the_command(plugin: Plugin, tmp_path: Path) -> None:
    plugin.does(ASKING)
    members = plugin.members(2, interactiveMode="Always")
    status, outcome, _ = on_terminal(tmp_path, members, b"\x03", b"Password: ")
    assert (status, outcome) == (130, None)


def test_the_handlers_of_signals_are_as_they_were(plugin: Plugin, settings: LoginSettings) -> None:
    before = signal.getsignal(signal.SIGINT)
    share(plugin.members(2, interactiveMode="IfAvailable"), settings._replace(terminal=True))
    assert signal.getsignal(signal.SIGINT) is before
    assert len(plugin.runs) == 1
