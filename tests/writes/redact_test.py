from __future__ import annotations

import pytest

from kubectl_mc import cli, grammar
from kubectl_mc.writes import redact

SECRET = "hunter2"


def written(*argv: str, about_secrets: bool = False) -> str:
    return " ".join(grammar.join(redact.line(cli.parse(argv).kubectl, about_secrets).tokens))


@pytest.mark.parametrize(
    ("argv", "kept"),
    [
        (["create", "secret", "generic", "s", f"--from-literal=key={SECRET}"], "--from-literal=key=<redacted>"),
        (["create", "secret", "generic", "s", "--from-literal", f"key={SECRET}=="], "--from-literal=key=<redacted>"),
        (["create", "cm", "s", f"--from-literal={SECRET}"], "--from-literal=<redacted>"),
        (["create", "secret", "docker-registry", "s", f"--docker-password={SECRET}", "--docker-username=joe"], "joe"),
        (["get", "pods", "--token", SECRET], "get pods --token=<redacted>"),
        (["scale", f"--password={SECRET}", "deploy/a"], "--password=<redacted> deploy/a"),
        (["patch", "secret", "s", "-p", SECRET], "patch secret s --patch=<redacted>"),
        (["patch", "secret/s", f"-p{SECRET}"], "patch secret/s --patch=<redacted>"),
        (["patch", "cm,secrets", "s", f"--patch={SECRET}"], "--patch=<redacted>"),
        (["patch", "secrets.v1.", "s", f"--patch={SECRET}"], "--patch=<redacted>"),
        (["set", "env", "deploy/a", f"PASSWORD={SECRET}", "B-"], "set env deploy/a PASSWORD=<redacted> B-"),
        (["set", "env", "deploy/a", "-e", f"PASSWORD={SECRET}"], "--env=PASSWORD=<redacted>"),
        (["run", "a", "--image=b", f"--env=PASSWORD={SECRET}"], "--env=PASSWORD=<redacted>"),
        (["run", "a", "--image=b", f"--overrides={{{SECRET}}}"], "--overrides=<redacted>"),
        (["apply", "-f", f"https://joe:{SECRET}@example.com/a.yaml"], "https://<redacted>@example.com/a.yaml"),
        (["patch", "Secret", "s", "-p", SECRET], "patch Secret s --patch=<redacted>"),
        (["patch", "Secret/s", "-p", SECRET], "patch Secret/s --patch=<redacted>"),
        (["patch", "deploy", "d", "-p", f'{{"env": "PASSWORD", "value": "{SECRET}"}}'], "d --patch=<redacted>"),
        (["annotate", "secret", "s", f"token={SECRET}"], "annotate secret s token=<redacted>"),
        (["label", "cm", "s", f"API_KEY={SECRET}"], "API_KEY=<redacted>"),
        (["apply", "-f", f"http://x/a.yaml?X-Sig={SECRET}&{SECRET}"], "http://x/a.yaml?X-Sig=<redacted>&<redacted>"),
        (
            ["apply", "-f", f"http://u:p@{SECRET}@x/a,http://v:{SECRET}@y/b"],
            "http://<redacted>@x/a,http://<redacted>@y/b",
        ),
        (["apply", "-f", "a", f"--new-token={SECRET}"], "--new-token=<redacted>"),
        (["my-plugin", "now", "--api-token", SECRET, "-p", SECRET], "my-plugin <redacted> <redacted> <redacted>"),
        (["my-plugin", "--", SECRET], "my-plugin <redacted> <redacted>"),
        (["exec", "a", "--", "mysql", f"-p{SECRET}"], "exec a -- mysql <redacted>"),
        (["exec", "a", "--", f"PASSWORD={SECRET}", "ls"], "-- <redacted> <redacted>"),
        (["run", "a", "--image=b", f"PASSWORD={SECRET}"], "run a --image=b <redacted>"),
        (["run", "a", "--image=b", "--", SECRET], "-- <redacted>"),
        (["run", "a", "--image=b", "--command", "--", "ls", SECRET], "-- ls <redacted>"),
        (["create", "job", "a", "--image=b", "--", "ls", SECRET], "-- ls <redacted>"),
    ],
)
def test_a_secret_is_not_written_down(argv: list[str], kept: str) -> None:
    text = written(*argv)
    assert SECRET not in text
    assert kept in text


def test_a_patch_is_a_secret_where_the_input_has_secrets() -> None:
    argv = ("patch", "-f", "x.yaml", "-p", SECRET)
    assert SECRET in written(*argv)
    assert SECRET not in written(*argv, about_secrets=True)


@pytest.mark.parametrize(
    "text",
    [
        "scale deploy/cart -n shop --replicas=3",
        "patch cm settings -p {}",
        "delete secret tokens -n shop",
        "exec -n shop deploy/cart -- hostname",
        "apply -k https://example.com/a?ref=v1&timeout=10s",
        "set image deploy/a auth-proxy=b",
        "annotate cm a passive=yes author=joe",
        "create secret generic s --from-file=key=./path --from-env-file=.env",
        "apply -f https://example.com/a@b.yaml",
    ],
)
def test_what_is_no_secret_stays_to_the_letter(text: str) -> None:
    assert written(*text.split()) == text


def test_words_are_known_again_without_being_kept() -> None:
    made = redact.proof(["create", SECRET])
    assert SECRET not in str(made)
    assert redact.proves(made, ["create", SECRET])
    assert not redact.proves(made, ["create", "hunter3"])
    assert not redact.proves({}, [])
    assert made != redact.proof(["create", SECRET])
