# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kubectl_mc import messages
from kubectl_mc.messages import Cause, Kind
from tests.recordings import names, recording

NOT_FOUND = Cause("not-found", "not found", absent=True)
POD = "cart-5c5b7b4668-dkdw2"
NO_TYPE = Cause("no-such-type", "no such resource type", absent=True)
KINDS: dict[str, Kind] = {
    "connection refused": "refused", "DNS lookup failed": "dns", "TLS error": "tls", "connection timeout": "timeout",
    "unreachable": "unreachable", "connection lost": "lost", "unauthorized": "unauthorized", "forbidden": "forbidden",
    "login failed": "login", "no context": "no-context", "bad kubeconfig": "kubeconfig", "server error": "server",
    "too many requests": "too-many-requests", "exit status 1": "exit",
    messages.BAD_TOKEN: "login",
}  # fmt: skip


def cause_of(reason: str) -> Cause:
    """The cause that is told in these words; in kubectl's, if they are none of ours."""
    return Cause(KINDS.get(reason, "error"), reason)


@pytest.mark.parametrize(
    ("name", "cause"),
    [
        ("conn-refused", cause_of("connection refused")),
        ("create-exists", cause_of('namespaces "shop" already exists')),
        ("delete-notfound", NOT_FOUND),
        ("forbidden", cause_of("forbidden")),
        ("get-mixed-notfound", NOT_FOUND),
        ("get-notfound", NOT_FOUND),
        ("get-widgets-missing-crd", NO_TYPE),
        ("logs-badcontainer",
         cause_of(f"container nope is not valid for pod {POD} out of: app, sidecar, migrate (init)")),
        ("top", cause_of("Metrics API not available")),
        ("unauthorized", cause_of("unauthorized")),
        ("unknown-context", cause_of(messages.NO_CONTEXT)),
        ("unknown-flag", cause_of("unknown flag: --nope")),
        ("unknown-resource", NO_TYPE),
        ("wait-timeout", cause_of("timed out waiting for the condition on jobs/import")),
    ],
)  # fmt: skip
def test_the_cause_of_a_recorded_failure(name: str, cause: Cause) -> None:
    assert messages.find_cause(recording(name).stderr, recording(name).status) == cause


@pytest.mark.parametrize("name", [name for name in names() if recording(name).status == 0])
def test_nothing_that_kubectl_says_of_success_is_an_absence(name: str) -> None:
    assert messages.absences(recording(name).stderr) == []


UNABLE = "Unable to connect to the server: "
TRIES = 'E1123 04:32:24.691813   17786 memcache.go:265] "Unhandled Error" err="couldn\'t get API group list: '


@pytest.mark.parametrize(
    ("stderr", "reason"),
    [
        (UNABLE + "dial tcp: lookup api.example on 10.0.0.2:53: no such host", "DNS lookup failed"),
        (UNABLE + "dial tcp: lookup api.example: Temporary failure in name resolution", "DNS lookup failed"),
        (UNABLE + "dial tcp: lookup api.example on 127.0.0.53:53: server misbehaving", "DNS lookup failed"),
        (UNABLE + "tls: failed to verify certificate: x509: certificate signed by unknown authority", "TLS error"),
        (
            UNABLE + "tls: failed to verify certificate: x509: certificate has expired or is not yet valid: current "
            "time 2026-11-23T04:32:25Z is after 2026-01-01T00:00:00Z",
            "TLS error",
        ),
        (UNABLE + "x509: certificate is valid for kubernetes, kubernetes.default, not api.example", "TLS error"),
        (UNABLE + "remote error: tls: bad certificate", "TLS error"),
        (UNABLE + "http: server gave HTTP response to HTTPS client", "TLS error"),
        (UNABLE + "net/http: TLS handshake timeout", "connection timeout"),
        (UNABLE + "dial tcp 10.1.2.3:6443: i/o timeout", "connection timeout"),
        (UNABLE + "context deadline exceeded", "connection timeout"),
        (UNABLE + "context deadline exceeded (Client.Timeout exceeded while awaiting headers)", "connection timeout"),
        (
            UNABLE + "net/http: request canceled while waiting for connection (Client.Timeout exceeded while awaiting "
            "headers)",
            "connection timeout",
        ),
        (
            'Error from server (Timeout): Get "https://api.example/api/v1/pods?limit=500": net/http: request canceled '
            "(Client.Timeout exceeded while awaiting headers)",
            "connection timeout",
        ),
        (
            "Error from server (Timeout): the server was unable to return a response in the time allotted, but may "
            "still be processing the request (get pods)",
            "connection timeout",
        ),
        (UNABLE + "dial tcp 10.1.2.3:6443: connect: no route to host", "unreachable"),
        (UNABLE + "dial tcp 10.1.2.3:6443: connect: network is unreachable", "unreachable"),
        (UNABLE + "dial tcp 10.1.2.3:6443: connect: connection refused", "connection refused"),
        (UNABLE + "EOF", "connection lost"),
        (UNABLE + "read tcp 10.0.0.1:1->10.0.0.2:6443: read: connection reset by peer", "connection lost"),
        (UNABLE + 'net/http: invalid header field value for "Authorization"', messages.BAD_TOKEN),
        (UNABLE + "getting credentials: exec: executable aws failed with exit code 255", "login failed"),
        (
            UNABLE + "getting credentials: exec: executable gke-gcloud-auth-plugin not found\n\n"
            "It looks like you are trying to use a client-go credential plugin that is not installed.\n\n"
            "To learn more about this feature, consult the documentation available at:\n"
            "      https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins",
            "login failed",
        ),
        (
            "The SSO session associated with this profile has expired or is otherwise invalid.\n"
            + UNABLE
            + "getting credentials: exec: executable aws failed with exit code 255",
            "login failed",
        ),
        (
            UNABLE + "getting credentials: decoding stdout: couldn't get version/kind; json parse error: unexpected "
            "end of JSON input",
            "login failed",
        ),
        (
            'Error from server (InternalError): an error on the server ("") has prevented the request from succeeding',
            "server error",
        ),
        (
            'Error from server (InternalError): Internal error occurred: failed calling webhook "w.example": failed to '
            'call webhook: Post "https://w.default.svc:443/?timeout=10s": service "w" not found',
            "server error",
        ),
        (
            "Error from server (ServiceUnavailable): the server is currently unable to handle the request (get pods)",
            "server error",
        ),
        ("Error from server: etcdserver: request timed out", "server error"),
        (
            "Error from server (TooManyRequests): the server has received too many requests and has asked us to try "
            "again later (get pods)",
            "too many requests",
        ),
        (
            "error: You must be logged in to the server (the server has asked for the client to provide credentials)",
            "unauthorized",
        ),
        (
            'Error from server (Forbidden): pods "x" is forbidden: error looking up service account shop/x: '
            'serviceaccount "x" not found',
            "forbidden",
        ),
        ('error: error loading config file "/home/alice/.kube/config": yaml: line 3: oops', "bad kubeconfig"),
        (
            "error: unable to read client-cert /home/alice/c.crt for a due to open /home/alice/c.crt: no such file",
            "bad kubeconfig",
        ),
        ("error: context \"nope\" does not exist", messages.NO_CONTEXT),
        ('error: cluster "nope" does not exist', "bad kubeconfig"),
        ("Error in configuration: cluster has no server defined", "bad kubeconfig"),
        ('error: unable to upgrade connection: container not found ("app")',
         'unable to upgrade connection: container not found ("app")'),
        ('error: failed to run "nosuch": exec: "nosuch": executable file not found in $PATH',
         'failed to run "nosuch": exec: "nosuch": executable file not found in $PATH'),
        ("Warning: v1 Thing is deprecated\nError from server (Forbidden): x is forbidden: no", "forbidden"),
        (TRIES + 'Get \\"https://x/api\\": x509: …"\n' + UNABLE + "x509: certificate has expired", "TLS error"),
        (TRIES + 'Get \\"https://x/api?timeout=32s\\": dial tcp 10.1.2.3:6443: i/o timeout"', "connection timeout"),
        ('Error from server (NotFound): pods "x" not found\nError from server (Forbidden): no', "forbidden"),
        ("some\x1b[31m text\nmore", "some\\x1b[31m text"),
        ("", "exit status 1"),
        ("\n  \n", "exit status 1"),
    ],
)  # fmt: skip
def test_the_cause_in_client_go_s_words(stderr: str, reason: str) -> None:
    assert messages.find_cause(stderr, 1)._replace(words="") == cause_of(reason)


@pytest.mark.parametrize(
    ("stderr", "words"),
    [
        (
            "Error from server (InternalError): failed calling webhook \x1b: no\nmore",
            "failed calling webhook \\x1b: no",
        ),
        ("Error from server: etcdserver: leader changed", "etcdserver: leader changed"),
        ('Error from server (InternalError): an error on the server ("unknown") has prevented the request', ""),
        ("Error from server (Forbidden): pods is forbidden", ""),  # its reason says it
    ],
)
def test_the_words_of_a_server_that_failed_are_kept(stderr: str, words: str) -> None:
    cause = messages.find_cause(stderr, 1)
    assert (cause.words, cause.message) == (words, f"{cause.reason}: {words}" if words else cause.reason)


def test_a_missing_type_is_an_absence_as_explain_says_it() -> None:
    assert messages.find_cause('the server doesn\'t have a resource type "planets"\n', 1).kind == "no-such-type"


def test_every_line_an_absence_is_an_absence() -> None:
    line = recording("get-notfound").stderr
    assert messages.find_cause(line + line, 1) == NOT_FOUND


@pytest.mark.parametrize(
    "chatter",
    [
        "bash: warning: setlocale: LC_ALL: cannot change locale (xx_XX.UTF-8)",
        "Opening https://login.example/device",
        "W1123 04:32:24.691813   17786 loader.go:221] Config not found: /x",
    ],
)
def test_what_a_wrapper_or_a_plugin_says_changes_nothing(chatter: str) -> None:
    line = recording("get-notfound").stderr
    assert messages.find_cause(f"{chatter}\n{line}", 1) == messages.find_cause(f"{line}{chatter}\n", 1) == NOT_FOUND


@pytest.mark.parametrize(
    "chatter",
    ["error: the token has expired", "Error: EOF", "Post https://login: EOF", "dial tcp: i/o timeout", "x509: old"],
)
@pytest.mark.parametrize("name", ["get-notfound", "forbidden", "conn-refused", "unauthorized", "unknown-flag"])
def test_the_cause_is_kubectl_s_last_error_whatever_others_say(chatter: str, name: str) -> None:
    stderr = recording(name).stderr
    assert messages.find_cause(f"{chatter}\n{stderr}", 1) == messages.find_cause(stderr, 1)


@pytest.mark.parametrize(
    ("stderr", "cause"),
    [
        ("command terminated with exit code 3", Cause("exit", "command terminated with exit code 3")),
        ("Error from server (NotFound): x\ncommand terminated with exit code 1",
         Cause("exit", "command terminated with exit code 1")),
        ("Warning: old\nerror: 1 warning received", cause_of("1 warning received")),
        ("serializer for text/html doesn't exist", cause_of("serializer for text/html doesn't exist")),
        ("unexpected error when reading response body. Original error: unexpected EOF", cause_of("connection lost")),
        ("[a, b]\nError from server (NotFound): x", cause_of("[a, b]")),
        ("unable to decode x\nError from server (NotFound): x", cause_of("unable to decode x")),
        ("Error from server: etcdserver: leader changed", cause_of("server error")),
        ("Error from server: admission webhook said x509: no", cause_of("admission webhook said x509: no")),
        ('The Pod "a" is invalid: \n* spec.a: no\n* spec.b: no', cause_of('The Pod "a" is invalid: ')),
        ("Warning: x", cause_of("exit status 1")),
        ('gadgets.example.com "a" not found', NOT_FOUND),
        ('[configmaps "a" not found, gadgets.example.com "b, \\"c\\" not found" not found]', NOT_FOUND),
        ('Error from server (Forbidden): no\ngadgets.example.com "a" not found', cause_of("forbidden")),
        ('gadgets.example.com "a" not found\nError from server (NotFound): x', NOT_FOUND),
        ('[gadgets.example.com "a" not found, x]', cause_of('[gadgets.example.com "a" not found, x]')),
        ('profile "a" not found', cause_of('profile "a" not found')),
        ('x: "a" not found', cause_of('x: "a" not found')),
        ('the namespace from the provided object "a" does not match\nError from server (NotFound): x',
         cause_of('the namespace from the provided object "a" does not match')),
        (TRIES + "x509: old", cause_of("TLS error")),
    ],
)  # fmt: skip
def test_the_cause_of_several_lines(stderr: str, cause: Cause) -> None:
    assert messages.find_cause(stderr, 1)._replace(words="") == cause


REFUSAL = "Error from server (Forbidden): admission webhook denied the request: [rule1] no"


@pytest.mark.parametrize(
    "more",
    [
        'error: the server doesn\'t have a resource type "pods"',
        "Unable to connect to the server: lies",
        'Error from server (NotFound): pods "a" not found',
        "[rule2] no\n[rule3] dial tcp: connection refused",
        "  policy a: no\n\n  policy b: x509: no",
        'unable to decode "a"',
        "The connection to the server x was refused",
    ],
)
def test_what_follows_the_server_s_answer_is_no_other_cause(more: str) -> None:
    """The server's text may have several lines, and each may look like an error of kubectl's."""
    stderr = f"{REFUSAL}\n{more}\n"
    assert messages.find_cause(stderr, 1) == cause_of("forbidden")
    assert messages.told_errors(stderr, cause_of("forbidden")) == set()  # so all of it is shown
    unnamed = stderr.replace("Forbidden", "Conflict")
    assert messages.find_cause(unnamed, 1) == cause_of("admission webhook denied the request: [rule1] no")


def test_the_lines_of_the_server_s_answer_stay_together() -> None:
    log = "W1123 04:32:24.691813   17786 loader.go:221] Config not found: /x"
    for ahead in ("", "Warning: the token soon expires"):
        answer = f"{ahead}{REFUSAL}\n  policy a: no\n\n  policy b: no"
        assert messages.split_messages(f"{answer}\nWarning: old\n{log}\n") == [answer, "Warning: old", log]
    answer = 'The Pod "a" is invalid: \n* spec.a: no'
    assert messages.split_messages(answer) == [answer]
    assert messages.told_errors(answer, cause_of('The Pod "a" is invalid: ')) == set()


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (recording("forbidden").stderr, cause_of("forbidden")),
        (recording("get-notfound").stderr, NOT_FOUND),
        (UNABLE + "EOF", cause_of("connection lost")),
        ("error: You must be logged in to the server (Unauthorized)", cause_of("unauthorized")),
    ],
)
def test_an_error_that_stands_behind_a_warning_without_an_end_is_found(error: str, cause: Cause) -> None:
    stderr = f"Warning: the token soon expires{error}"
    assert messages.find_cause(stderr, 1) == cause
    assert messages.absences(stderr) == messages.absences(error)
    assert messages.complaints(stderr) == error.splitlines()


@pytest.mark.parametrize(
    "error",
    [
        "error parsing b2.json: json: offset 66: unexpected EOF",
        "error parsing a.yaml: error converting YAML to JSON: yaml: line 3: dial tcp 10.0.0.1: connection refused",
        "tls: failed to find any PEM data in certificate input",
        "tls: private key does not match public key",
        "failed to load secret x: x509: malformed certificate",
        "open x509: : no such file or directory",
        'error validating "a.yaml": error validating data: failed to download openapi: the server could not find the '
        "requested resource; if you choose to ignore these errors, turn validation off with --validate=false",
    ],
)
def test_an_error_that_no_server_gave_is_no_cause_of_a_cluster(error: str) -> None:
    assert messages.find_cause(f"error: {error}", 1) == cause_of(error)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (
            'error validating "a.yaml": error validating data: failed to download openapi: Get "https://x/openapi/v2": '
            "dial tcp 10.0.0.1:6443: connect: connection refused; if you choose to ignore these errors, …",
            "connection refused",
        ),
        ("error dialing backend: dial tcp 10.0.0.1:10250: i/o timeout", "connection timeout"),
        ("unable to decode an event from the watch stream: http2: client connection lost", "connection lost"),
        ("http2: client connection lost", "connection lost"),
        ("unexpected EOF", "connection lost"),
        ("client rate limiter Wait returned an error: context deadline exceeded", "connection timeout"),
        ("the server could not find the requested resource", "no such resource type"),
    ],
)
def test_an_error_in_the_words_of_the_client_s_library_is_one(error: str, reason: str) -> None:
    assert messages.find_cause(f"error: {error}", 1).reason == reason


@pytest.mark.parametrize(
    ("problem", "kind"),
    [
        ("no context", "no-context"),
        ("no context, and none of its access providers (x) is in a provider file of yours", "no-context"),
        ("login failed: Post https://login: EOF", "login"),
        ("login failed: timed out after 2s", "login"),
        ("not approved; to see what it would run", "not-approved"),
        ("error: timed out after 30s", "timeout"),
    ],
)
def test_what_we_say_of_a_cluster_is_not_searched_for_causes(problem: str, kind: Kind) -> None:
    assert messages.problem_cause(problem) == Cause(kind, problem.removeprefix("error: "))


def test_the_kinds_are_documented() -> None:
    page = (Path(__file__).parent.parent.parent / "docs" / "verbs.md").read_text()
    section = page.partition("## When a cluster fails")[2]
    assert re.findall(r"^- `([a-z-]+)`: ", section, re.MULTILINE) == list(get_args(Kind))


def test_an_absence_beside_something_unknown_is_a_failure() -> None:
    assert not messages.find_cause(recording("get-notfound").stderr + "error: something else\n", 1).absent


@example("error: ", 1)
@given(st.text(), st.integers(-64, 255))
def test_whatever_is_said_has_a_cause_of_one_visible_line(stderr: str, status: int) -> None:
    reason = messages.find_cause(stderr, status).reason
    assert reason
    assert messages.visible(reason) == reason


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain é 世 \t x", "plain é 世 \t x"),
        ("a\x1b[2Jb", "a\\x1b[2Jb"),
        ("a\nb\rc", "a\\nb\\rc"),
        ("a\u202eb", "a\\u202eb"),
        ("a\u2066b\u061cc", "a\\u2066b\\u061cc"),
        ("a\u2028b", "a\\u2028b"),
        ("\x9b31m", "\\x9b31m"),
        ("\udcff", "\\udcff"),
    ],
)
def test_what_could_steer_a_terminal_is_shown_as_an_escape(text: str, shown: str) -> None:
    assert messages.visible(text) == shown


@given(st.text())
def test_visible_text_is_one_line_without_controls(text: str) -> None:
    shown = messages.visible(text)
    assert len(shown.splitlines()) <= 1
    assert not any(ord(letter) < 32 and letter != "\t" for letter in shown)
    shown.encode()


@pytest.mark.parametrize(
    ("recorded", "part"),
    [
        ("unknown-resource", "hub context 'h' has no ClusterProfiles: "),
        ("unknown-context", "hub context 'h': no such context in the kubeconfig."),
        ("forbidden", "hub context 'h': forbidden. You need to list clusterprofiles.multicluster.x-k8s.io there;"),
        ("conn-refused", "Cannot list ClusterProfiles with hub context 'h': connection refused. kubectl said: The "),
        ("unauthorized", "Cannot list ClusterProfiles with hub context 'h': unauthorized. kubectl said: error: "),
    ],
)  # fmt: skip
def test_a_failed_hub_is_named_with_what_to_do(recorded: str, part: str) -> None:
    stderr = recording(recorded).stderr
    assert str(messages.hub_failed("h", messages.find_cause(stderr, 1), stderr)).startswith(part)


@pytest.mark.parametrize(
    ("wanted", "objects"),
    [
        ("profiles", "ClusterProfiles"),
        ("by_selector", "ClusterProfiles"),
        ("clustersets", "namespaces"),
        ("placement_decision", "PlacementDecisions"),
    ],
)
def test_a_failed_hub_is_said_with_what_it_was_asked_for(wanted: str, objects: str) -> None:
    stderr = recording("conn-refused").stderr
    said = str(messages.hub_failed("h", messages.find_cause(stderr, 1), stderr, wanted))
    assert said.startswith(f"Cannot list {objects} with hub context 'h': connection refused. ")


@pytest.mark.parametrize(
    ("wanted", "namespace", "text"),
    [
        ("profiles", None, "forbidden. You need to list clusterprofiles.multicluster.x-k8s.io there; with rights in "
         "one namespace only, name it with --inventory"),
        ("profiles", "kueue", "forbidden. You need to list clusterprofiles.multicluster.x-k8s.io in namespace kueue"),
        ("placement_decision", None, "forbidden; with rights in one namespace only, name it: "
         "--placement=NAMESPACE/NAME"),
        ("placement_decision", "kueue", "forbidden in namespace kueue"),
    ],
)  # fmt: skip
def test_a_hub_that_refuses_is_named_with_the_namespace(wanted: str, namespace: str | None, text: str) -> None:
    stderr = recording("forbidden").stderr
    said = str(messages.hub_failed("h", messages.find_cause(stderr, 1), stderr, wanted, namespace))
    assert said.endswith(f"hub context 'h': {text}")


def test_without_a_name_the_hub_is_the_current_context() -> None:
    assert str(messages.no_profiles(None, ())).startswith("the current context, used as hub, has no ClusterProfiles")
    assert str(messages.no_profiles("h", ())).startswith("hub context 'h' has no ClusterProfiles")
    of_inventories = str(messages.no_profiles("h", ("a", "b")))
    assert "has no ClusterProfiles in namespaces a, b, so" in of_inventories
    assert "clusters -o wide shows which inventories there are" in of_inventories


def test_without_a_name_and_without_a_current_context_there_is_no_hub() -> None:
    """kubectl asks localhost:8080 then; a hub that is named has no need of a current context."""
    stderr = "The connection to the server localhost:8080 was refused - did you specify the right host or port?"
    unnamed, named = (messages.hub_failed(context, messages.find_cause(stderr, 1), stderr) for context in (None, "h"))
    assert str(unnamed).startswith("no hub: none is named, and the kubeconfig has no current context ")
    assert "localhost" not in str(unnamed)
    assert str(named).startswith("Cannot list ClusterProfiles with hub context 'h': connection refused by localhost:")


@pytest.mark.parametrize(
    "stderr",
    ["error: login failed: the kubeconfig has no credentials for it", "Error from server (BadRequest): no such label"],
)
def test_what_kubectl_says_of_a_hub_is_said_once(stderr: str) -> None:
    said = str(messages.hub_failed("h", messages.find_cause(stderr, 1), stderr))
    assert said == f"Cannot list ClusterProfiles with hub context 'h'. kubectl said: {stderr}"


def test_a_hub_s_context_that_isn_t_there_is_named_with_those_that_are() -> None:
    said = str(messages.no_hub_context("fleethub", ["fleet-hub", "kind-dev"]))
    assert said.endswith(
        "Did you mean fleet-hub? The kubeconfig has: fleet-hub, kind-dev. Name the hub's with --hub-context=NAME"
    )
    assert "Did you mean" not in str(messages.no_hub_context("zzz", ["fleet-hub", "kind-dev"]))


def test_no_kubeconfig_is_said_of_the_files_that_count() -> None:
    assert "no file of KUBECONFIG=/a:/b exists" in str(messages.no_kubeconfig(None, "", "/a:/b"))
    assert "~/.kube/config doesn't exist" in str(messages.no_kubeconfig(None, ""))


@pytest.mark.parametrize(("word", "nearest"), [("prod-ue", "prod-eu"), ("zzz", None), ("prod-eu", "prod-eu")])
def test_the_nearest_known_word(word: str, nearest: str | None) -> None:
    assert messages.nearest(word, ["prod-eu", "dev"]) == nearest


@pytest.mark.parametrize(
    ("typed", "meant"), [("gte", "get"), ("lgos", "logs"), ("desribe", "describe"), ("pods", None)]
)
def test_a_mistyped_verb_is_guessed_but_not_wildly(typed: str, meant: str | None) -> None:
    text = str(messages.unknown_command(typed, ["get", "logs", "describe", "expose"]))
    assert (f"Did you mean {meant}?" in text) if meant else ("Did you mean" not in text)


def test_of_many_names_twenty_are_shown() -> None:
    shown = str(messages.unknown_context("x", [f"c{number}" for number in range(25)]))
    assert shown.endswith("c18, c19 and 5 more")


@pytest.mark.parametrize(
    "quoted", ['no matches for kind "x"', "(NotFound)", "connection refused", "x509: no", '"a" not found']
)
@pytest.mark.parametrize(
    ("reason", "cause"),
    [("Forbidden", "forbidden"), ("InternalError", "server error"), ("Timeout", "connection timeout")],
)
def test_what_the_server_answered_is_not_searched_for_other_causes(reason: str, cause: str, quoted: str) -> None:
    line = f"Error from server ({reason}): pods is forbidden: webhook: {quoted}"
    assert messages.find_cause(line, 1)._replace(words="") == cause_of(cause)


@pytest.mark.parametrize("quoted", ["(NotFound)", "c1 (connection refused)", "is forbidden: "])
def test_a_reason_without_a_name_of_ours_is_shown_as_text(quoted: str) -> None:
    cause = messages.find_cause(f"Error from server (Invalid): pods {quoted}", 1)
    assert cause == cause_of(f"pods {quoted}")
