# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import pytest

from kubectl_mc import messages
from kubectl_mc.changes.unclear_failures import leaves_open
from kubectl_mc.processes.event_loop import Result

# What kubectl 1.27 to 1.37 said where a write was answered with success, and a body that is no object.
UNREADABLE = """\
error: unexpected end of JSON input
error: failed to create configmap: 0-length response with status code: 204 and content type: application/json
error: failed to patch: couldn't get version/kind; json parse error: unexpected end of JSON input
error: invalid character 'o' looking for beginning of value
error: json: cannot unmarshal array into Go value of type unstructured.detector
error: Object 'Kind' is missing in '{}'
error: no kind "Foo" is registered for version "foo/v9" in scheme "k8s.io/client-go/scale/util.go:146"
error: failed to create configmap: serializer for text/html doesn't exist
"""

CLEAR = """\
Error from server (Conflict): Operation cannot be fulfilled on configmaps "x": the object has been modified
Error from server (BadRequest): unrecognized: json: cannot unmarshal array into Go value of type x
Error from server (Forbidden): configmaps "x" is forbidden: serializer for text/html doesn't exist
error: failed to create configmap: configmaps "x" already exists
error: error parsing a.json: error converting YAML to JSON: yaml: line 2: did not find expected node content
error parsing a.json: json: cannot unmarshal array into Go value of type unstructured.detector
error: unable to decode "a.yaml": Object 'Kind' is missing in '{}'
error: unknown flag: --dry-run
The connection to the server 127.0.0.1:1 was refused - did you specify the right host or port?
"""


def is_open(stderr: str, status: int = 1, timed_out: bool = False, of_program: bool = False) -> bool:
    result = Result("c1", b"", f"{stderr}\n".encode(), status, timed_out=timed_out)
    return leaves_open(result, messages.find_cause(stderr, status), of_program)


@pytest.mark.parametrize("stderr", UNREADABLE.splitlines())
def test_an_answer_that_kubectl_cannot_read_may_be_that_of_a_change(stderr: str) -> None:
    assert is_open(stderr)
    assert is_open(f"Warning: x\n{stderr}")


@pytest.mark.parametrize("stderr", CLEAR.splitlines())
def test_a_refusal_and_an_error_of_the_input_are_clear(stderr: str) -> None:
    assert not is_open(stderr)


@pytest.mark.parametrize(
    ("stderr", "status", "timed_out"),
    [
        ("Unable to connect to the server: EOF", 1, False),
        ("Error from server (InternalError): x", 1, False),
        ("Error from server (Timeout): x", 1, False),
        ("", 1, True),
        ("", -9, False),
    ],
)
def test_a_failure_on_the_way_leaves_it_open(stderr: str, status: int, timed_out: bool) -> None:
    assert is_open(stderr, status, timed_out)


def test_a_kubectl_that_ends_without_a_word_leaves_it_open() -> None:
    """As a wrapper of it ends when it is killed. Of a program in a container the status is the answer."""
    assert is_open("", 137)
    assert not is_open("", 137, of_program=True)
    assert not is_open("command terminated with exit code 137", 137, of_program=True)
