# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_mc.changes import redaction
from kubectl_mc.command_line import grammar, invocation

SECRET = "hunter2"
ENCODED = base64.b64encode(SECRET.encode()).decode()


def written(*argv: str, about_secrets: bool = False) -> str:
    return " ".join(
        grammar.typed_words(redaction.redact_line(invocation.parse_invocation(argv).kubectl, about_secrets))
    )


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
        (
            ["my-plugin", "now", "--api-token", SECRET, "-p", SECRET],
            "my-plugin now --api-token <redacted> -p <redacted>",
        ),
        (["my-plugin", "--token", "--", SECRET, "x"], "my-plugin --token -- <redacted> x"),
        (
            ["danger", "login", "bob", f"PASSWORD={SECRET}", "--my-token", SECRET],
            "danger login <redacted> <redacted> -",
        ),
        (["danger", "x", f"PASSWORD={SECRET}", f"--my-token={SECRET}"], "x PASSWORD=<redacted> --my-token=<redacted>"),
        (["oidc-login", SECRET], "oidc-login <redacted>"),
        (["exec", "a", "--", "mysql", f"-p{SECRET}"], "exec a -- mysql <redacted>"),
        (["exec", "a", "--", "mysql", "-pabcd", "-pw"], "exec a -- mysql <redacted> -pw"),
        (["exec", "a", "--", "ldapsearch", "-xw", SECRET], "-- ldapsearch -xw <redacted>"),
        (["exec", "a", "--", "sh", "-c", f"mysql --password {SECRET}"], "-- sh -c <redacted>"),
        (["exec", "a", "--", "sh", "-c", f"echo a=b; export DB_PASSWORD={SECRET}"], "-- sh -c <redacted>"),
        (["exec", "a", "--", "curl", "-u", f"user:{SECRET}"], "-- curl -u <redacted>"),
        (["exec", "a", "--", "curl", "--user", f"user:{SECRET}"], "-- curl --user <redacted>"),
        (["exec", "a", "--", "curl", "-H", f"Authorization: Bearer {SECRET}"], "-- curl -H <redacted>"),
        (["exec", "a", "--", "echo", "Authorization:", "Bearer", SECRET], "-- echo <redacted> <redacted> <redacted>"),
        (["exec", "a", "--", "psql", f"postgres://u:p@{SECRET}@h/db"], "-- psql postgres://<redacted>@h/db"),
        (["exec", "a", "--", "psql", f"postgres://u:/{SECRET}@h/db"], "-- psql <redacted>"),
        (["exec", "a", "--", "curl", f"http://h:80/a?sig={SECRET}"], "-- curl http://h:80/a?<redacted>"),
        (["exec", "a", "--", "vault", "login", SECRET], "-- vault login <redacted>"),
        (["exec", "a", "--", "redis-cli", "auth", "joe", SECRET], "-- redis-cli <redacted> <redacted> <redacted>"),
        (["exec", "a", "--", "passwd", SECRET], "-- passwd <redacted>"),
        (["exec", "a", "--", "app", "PASSWORD=", SECRET], "-- app <redacted> <redacted>"),
        (["exec", "a", "--", "app", "--password", f"-{SECRET}"], "-- app --password <redacted>"),
        (["exec", "a", "--", "app", "--password", "-v", SECRET], "-- app --password <redacted> <redacted>"),
        (["exec", "a", "--", "app", f"--set=a=b,password={SECRET}"], "-- app --set=a=<redacted>"),
        (["exec", "a", "--", "app", f"{SECRET}=="], "-- app <redacted>"),
        (["exec", "a", "--", f"PASSWORD={SECRET}", "ls"], "-- PASSWORD=<redacted> ls"),
        (["run", "a", "--image=b", f"PASSWORD={SECRET}"], "run a --image=b PASSWORD=<redacted>"),
        (["run", "a", "--image=b", "--", "--token", SECRET], "-- --token <redacted>"),
        (["run", "a", "--image=b", "--command", "--", "ls", "-p", SECRET], "-- ls -p <redacted>"),
        (["create", "job", "a", "--image=b", "--", "ls", f"PWD={SECRET}"], "-- ls PWD=<redacted>"),
        (["run", "a", "--image=b", f"--labels=a=b,token={SECRET},c"], "--labels=a=b,token=<redacted>"),
        (["run", "a", "--image=b", f"--annotations=password=x,{SECRET}"], "--annotations=password=<redacted>"),
        (["create", "ingress", "a", f"--annotation=auth-token={SECRET}"], "--annotation=auth-token=<redacted>"),
        (["scale", "deploy/a", f"--as-user-extra=token={SECRET}"], "--as-user-extra=token=<redacted>"),
        (["delete", f"--raw=/api/v1/x?token={SECRET}'{SECRET}"], "--raw=/api/v1/x?token=<redacted>"),
        (["apply", "-f", f"https://h/a#access_token={SECRET}"], "https://h/a#access_token=<redacted>"),
        (["apply", "-f", f"https://h/a?ref=v1#{SECRET}"], "https://h/a?ref=v1#<redacted>"),
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
        "exec deploy/cart -- ls -la /var/log ./a",
        "exec deploy/cart -- tar -xf a.tar --strip-components=1 LANG=C a,b joe@host 50%",
        "exec deploy/cart -- curl -s http://localhost:8080/healthz -",
        "exec deploy/cart -- cat /etc/os-release -- x",
        "argo rollouts promote cart-5d4f8b7c9d-x2x4z -n shop -c app -o wide --full",
        "run a --image=b echo --command -- x",
        "apply -k https://example.com/a?ref=v1&timeout=10s",
        "set image deploy/a auth-proxy=b",
        "annotate cm a passive=yes author=joe",
        "create secret generic s --from-file=key=./path --from-env-file=.env",
        "create secret generic s --from-file=token=./path",
        "delete pods -l token=a,app=b",
        "delete --raw=/api/v1/namespaces/x",
        "apply -k https://example.com/auth-service?ref=v1",
        "apply -f https://example.com/a@b.yaml",
    ],
)
def test_what_is_no_secret_stays_to_the_letter(text: str) -> None:
    assert written(*text.split()) == text


@pytest.mark.parametrize(
    "word",
    [
        "a b",
        "",
        "user:pw",
        "it's",
        "my-secret",
        "AKIAIOSFODNN7EXAMPLE",
        "d41d8cd98f00b204e9800998ecf8427e",
        "eyJhbGciOiJIUzI1NiJ9.e30.x",
        "https://hooks.example.com/T0/AKIAIOSFODNN7EXAMPLE",
        "https://a/b?c@d",
        "-20",
        "-Dpwd",
        "--a b",
        "AKIAIOSFODNN7EXAMPLE=x",
    ],
)
def test_a_word_that_may_be_a_secret_is_not_kept(word: str) -> None:
    assert written("exec", "a", "--", "app", word) == "exec a -- app <redacted>"


def test_a_plugins_last_flag_does_not_take_what_is_written_behind_it() -> None:
    assert written("danger", "x", "-n") == "danger x -n"


ASKS = ("--password", "--api-token", "-password", "--db.pass", "PASSWORD", "auth", "login", "passwd", "my-secret")
ODD = st.text("-=:/@?#&,. '\"aZ9", max_size=4)
HARMLESS = st.lists(st.sampled_from(["-v", "--all", "x", "a=b", "-n", "shop", "-la", "/tmp", "--", "http://h/a"]))


@given(
    start=st.sampled_from([("my-plugin",), ("exec", "a", "--"), ("exec", "a", "--", "app"), ("run", "a", "--")]),
    ahead=HARMLESS,
    asks=st.sampled_from(ASKS),
    equals=st.sampled_from(["=", "= ", " "]),
    odd=st.tuples(ODD, ODD),
    behind=HARMLESS,
)
def test_what_stands_behind_a_flag_or_key_that_looks_secret_is_never_written(
    start: tuple[str, ...], ahead: list[str], asks: str, equals: str, odd: tuple[str, str], behind: list[str]
) -> None:
    asked = f"{asks}{equals}".split(" ")
    before, after = odd
    if equals == " " and not asks.startswith("-"):
        before = before.lstrip("-")  # behind a word, that is a flag
    words = [*asked[:-1], f"{asked[-1]}{before}{SECRET}{after}"]
    line = grammar.parse_line([*start, *ahead, *words, *behind])
    assert SECRET not in " ".join(grammar.typed_words(redaction.redact_line(line, False)))


@given(st.sampled_from(["labels", "annotations", "as-user-extra"]), st.sampled_from(["a=b,", ""]), st.tuples(ODD, ODD))
def test_what_stands_behind_a_key_in_a_flag_of_kubectl_is_never_written(
    flag: str, ahead: str, odd: tuple[str, str]
) -> None:
    assert SECRET not in written("run", "a", "--image=b", f"--{flag}={ahead}token={SECRET.join(odd)}")


@pytest.mark.parametrize(
    ("argv", "reason", "recorded"),
    [
        (["create", "secret", "--", f"--docker-password={SECRET}"], 'unknown command "--docker-password={}"', None),
        (["create", "secret", "generic", "s", f"--from-literal=a={SECRET}"], "invalid {}", None),
        (["exec", "a", "--", "login", "a"], 'a: a pod has no "a"', '{0}: {0} pod has no "{0}"'),
        (["exec", "a", "--", "login", "abc"], "abcd abc", "abcd {}"),
        (["patch", "secret", "s", "-p", '{"a": "b"}'], r'cannot parse "{\"a\": \"b\"}"', 'cannot parse "{}"'),
        (["get", "pods"], "{}", SECRET),
        (["create", "secret", "generic", "s", f"--from-literal=a={SECRET}"], f"{ENCODED} is weak", "{} is weak"),
    ],
)
def test_a_reason_does_not_quote_what_is_left_out(argv: list[str], reason: str, recorded: str | None) -> None:
    line = invocation.parse_invocation(argv).kubectl
    hidden = redaction.hidden_texts(line, redaction.redact_line(line, False))
    quoted = reason.replace("{}", SECRET)
    assert redaction.redact_quotes(quoted, hidden, of_input=False) == (recorded or reason).replace("{0}", "{}").replace(
        "{}", redaction.REDACTED
    )


@pytest.mark.parametrize(
    ("reason", "recorded"),
    [
        ('unable to decode "STDIN": Object \'Kind\' is missing in \'{"q":"hunter2"}\'', "unable to decode <redacted>"),
        (
            "The Pod is invalid: spec.x: Invalid value: 1234567: too large",
            "The Pod is invalid: spec.x: Invalid <redacted>",
        ),
        ("value map[q:hunter2]", "value map<redacted>"),
        ("connection refused", "connection refused"),
    ],
)
def test_a_reason_does_not_quote_the_input(reason: str, recorded: str) -> None:
    assert redaction.redact_quotes(reason, (), of_input=True) == recorded
    assert redaction.redact_quotes(reason, (), of_input=False) == reason


def test_a_reason_names_the_files_of_the_input() -> None:
    reason = 'error when creating "a.yaml" (document 2): "b.yaml" and "hunter2"'
    recorded = 'error when creating "a.yaml" (document 2): "b.yaml" and <redacted>'
    assert redaction.redact_quotes(reason, (), True, ("", "b.yaml", "a.yaml")) == recorded
    assert redaction.redact_quotes(reason, ("a.yaml",), True, ("a.yaml",)).startswith(
        'error when creating "<redacted>"'
    )


@pytest.mark.parametrize(
    ("argv", "kept"),
    [
        (["set", "env", "deploy/x", "--", f"DB={SECRET}"], "set env deploy/x -- DB=<redacted>"),
        (["label", "cm", "x", "--", f"password={SECRET}", "a=b"], "label cm x -- password=<redacted> a=b"),
        (["annotate", "cm", "x", f"conn=Server=h;Password={SECRET}"], "annotate cm x conn=<redacted>"),
        (["annotate", "cm", "x", 'cfg={"password":"' + SECRET + '"}'], "annotate cm x cfg=<redacted>"),
        (["annotate", "cm", "x", f"cause=helm --set password={SECRET}"], "annotate cm x cause=<redacted>"),
        (
            ["patch", "deploy", "x", "-p", "env: [{name: A, value: " + SECRET + "}]"],
            "patch deploy x --patch=<redacted>",
        ),
        (["patch", "deploy", "x", "-p", '{"env":[{"value":"' + SECRET + '"}]}'], "patch deploy x --patch=<redacted>"),
        (["label", "deploy", "x", "app=auth-service"], "label deploy x app=auth-service"),
    ],
)
def test_a_secret_is_left_out_wherever_it_stands(argv: list[str], kept: str) -> None:
    assert written(*argv) == kept


@pytest.mark.parametrize(
    ("reason", "safe"),
    [
        ("login failed: refresh_token=S3CR3T expired", "login failed: refresh_token=<redacted> expired"),
        ("cannot reach https://joe:S3CR3T@sso.example/x?code=S3CR3T", "cannot reach https://<redacted>@sso.example/x"),
        ('parse "ftp://u:S3CR3T@127.0.0.1:bad": invalid port', "ftp://<redacted>@127.0.0.1:bad"),
        ("timed out after 30s; retries=3", "timed out after 30s; retries=3"),
    ],
)
def test_a_reason_has_no_secret_of_a_plugin_or_an_address(reason: str, safe: str) -> None:
    shown = redaction.redact_quotes(reason, (), of_input=False)
    assert safe in shown
    assert "S3CR3T" not in shown


@pytest.mark.parametrize(
    ("echoed", "safe"),
    [
        ("no: Authorization: Bearer abcdef-S3CR3T-1", "no: Authorization: Bearer <redacted>"),
        ("header bearer  eyJhbGciOi.eyJS3CR3T.x_-y, bad", "header bearer  <redacted>, bad"),
        ("token eyJhbGciOiJSUzI1.eyJS3CR3TpcHQ.Zm9v is over", "token <redacted> is over"),
        ("sha256~S3CR3T_abcdefghijklmnopqrstuvw", "<redacted>"),
        ("Basic dXNlcjpTM0NSM1Q=", "Basic <redacted>"),
        ("basic authentication is off", "basic authentication is off"),
        ("Authorization: Bearer lettersonly of a user", "Authorization: Bearer <redacted> of a user"),
        ("'authorization': 'Bearer lettersonly'", "'authorization': 'Bearer <redacted>'"),
        ("authorization: bearer token is expired", "authorization: bearer token is expired"),
        ("the bearer of this is unknown", "the bearer of this is unknown"),
        ("image x@sha256:0123456789abcdef0123456789abcdef", "image x@sha256:0123456789abcdef0123456789abcdef"),
    ],
)
def test_a_reason_has_no_credential_that_a_server_echoes(echoed: str, safe: str) -> None:
    assert redaction.redact_quotes(echoed, (), of_input=False) == safe


def test_the_credentials_of_a_kubeconfig_are_hidden() -> None:
    users = [
        {"name": "a", "user": {"token": "long-enough-1", "username": "joe", "password": "hunter2hunter2"}},
        {"name": "b", "user": {"token": "admin", "exec": {"command": "x"}}},  # a part of any text
        {"name": "c", "user": None},
    ]
    assert redaction.credentials({"users": users}) == {"long-enough-1", "hunter2hunter2"}
    assert redaction.credentials(None) == redaction.credentials({}) == set()
