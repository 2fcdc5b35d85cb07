# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""What each cluster's own kubectl answers to a line, and what kubectl mc does."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from threading import Lock
from typing import NamedTuple

from tests.e2e.conftest import MC, Done
from tests.e2e.oracle.command_lines import Chunk, Line

MOST_KEPT = 300  # answers; a line is for several clusters first, then for one, and few lines come again
PATIENCE = 120.0  # seconds, after which a command has failed

# What differs between two runs of the same kubectl: klog's times and process ids, temporary names, times of files,
# ages (with their length, since a table's layout depends on it), durations of requests.
_UNSTEADY = (
    (re.compile(r"^((?:\[[^]]*\] )?[IWEF])\d{4} \d\d:\d\d:\d\d\.\d+ +\d+ ", re.MULTILINE), r"\1 "),
    (
        re.compile(r"^(?:\[[^]]*\] )?I (?:loader|envvar)\.go:.*\n", re.MULTILINE),
        "",
    ),  # in any order; the name of the kubeconfig
    (re.compile(r"/tmp/(LIVE|MERGED)-\d+"), r"/tmp/\1"),
    (re.compile(r"^(---|\+\+\+) (/tmp/\S+)\t.*$", re.MULTILINE), r"\1 \2"),
    (re.compile(r"(?<![\w.-])(?:\d+[smhdy]){1,2}(?![\w.-])"), lambda match: "~" * len(match[0])),
    (re.compile(r"\b\d+ milliseconds\b|\bmilliseconds=\d+"), "~"),
    (re.compile(r"^(\+ +(?:creationTimestamp|uid): ).*$", re.MULTILINE), r"\1~"),  # of a dry run that creates
)

_NO_TYPE = re.compile(r'the server doesn\'t have a resource type "([^".]+)[^"]*"(?: in group "([^"]+)")?')


class Plain(NamedTuple):
    """The answer of a cluster's own kubectl to a line.

    with_headers: its answer without --no-headers; "" for a line without that flag
    kept: patterns of the names whose objects are the answer; () for all
    is_empty: no name matches a wildcard, so kubectl wasn't asked
    is_unsortable: no object has the field of --sort-by, for which kubectl prints an error or a table without rows
    """

    status: int
    stdout: str
    stderr: str
    with_headers: str = ""
    kept: tuple[str, ...] = ()
    is_empty: bool = False
    is_unsortable: bool = False

    def keeps(self, name: str) -> bool:
        """Return whether an object of this name is in the answer. name: perhaps with its type"""
        return not self.kept or matches(name.rpartition("/")[2], self.kept)


def matches(name: str, patterns: Sequence[str]) -> bool:
    """Return whether a name matches one of the patterns; a pattern may have a type ahead of it."""
    return any(fnmatchcase(name, pattern.rpartition("/")[2]) for pattern in patterns)


def steady(text: str) -> str:
    """Return the text without what differs between two runs."""
    for pattern, replacement in _UNSTEADY:
        text = pattern.sub(replacement, text)
    return text


class Kubectls:
    """Runs kubectl and kubectl mc in a folder. keeps: what kubectl answered is kept"""

    def __init__(self, environment: Mapping[str, str], folder: Path, keeps: bool = False) -> None:
        self._environment = environment
        self._folder = folder
        self._keeps = keeps
        self._answers: dict[tuple[str, ...], Done] = {}
        self._locks: dict[tuple[str, ...], Lock] = {}
        self.runs = 0

    def mc(self, words: Sequence[str], home: Path) -> Done:
        """Run kubectl mc for the user with this home directory."""
        return self._run([*MC, *words], {"HOME": str(home)})

    def kubectl(self, context: str, words: Sequence[str]) -> Done:
        """Run kubectl, or return what it answered before."""
        key = (context, *words)
        with self._locks.setdefault(key, Lock()):
            answer = self._answers.get(key)
            if answer is None:
                answer = self._run(["kubectl", "--context", context, *words], {"GOGC": "off"})
            if len(self._answers) > MOST_KEPT:
                self._answers.clear()
            if self._keeps:
                self._answers[key] = answer
            return answer

    def _run(self, command: Sequence[str], variables: Mapping[str, str]) -> Done:
        self.runs += 1
        done = subprocess.run(
            command,
            env={**self._environment, **variables},
            cwd=self._folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=PATIENCE,
            start_new_session=True,
        )
        texts = (steady(output.decode("utf-8", "surrogateescape")) for output in (done.stdout, done.stderr))
        return Done(done.returncode, *texts)

    def plain(self, line: Line, context: str, lone: bool = True) -> Plain:
        """Return the answer of a cluster's own kubectl; names with wildcards are those that match there.

        lone: it is the only cluster; of several, one that lacks a type is asked for the others
        """
        if not line.patterns:
            return self._plain(line, context) if lone else self._plain_of_types(line, context)
        listed = self._listed(line, context)
        if listed.status:
            return Plain(listed.status, "", listed.stderr)
        is_sorted_table = line.is_sorted and line.shape == "table"  # kubectl can't sort a table of several names
        if line.has("-A") or line.has("--all-namespaces") or is_sorted_table:
            everything = line.replaced(("type", "name"), Chunk((",".join(line.types),), "type"))
            return self._plain(everything, context)._replace(kept=line.names)
        # In the order of the listing, whatever the order of the names is.
        objects = [word for word in listed.stdout.split() if matches(word.rpartition("/")[2], line.names)]
        found = {word.rpartition("/")[2] for word in objects}
        missing = [name for name in line.names if name not in line.patterns and name.rpartition("/")[2] not in found]
        if not objects and not missing:
            return Plain(0 if line.has("--ignore-not-found") else 1, "", "", is_empty=True)
        return self._plain(self._resolved(line, objects, missing), context)

    def _listed(self, line: Line, context: str) -> Done:
        """Return the objects among which names with wildcards are looked up, one `type/name` a line."""
        namespace = [word for chunk in line.chunks if chunk.kind == "namespace" for word in chunk.words]
        return self.kubectl(context, ["get", ",".join(line.types), *namespace, "-o", "name"])

    def _resolved(self, line: Line, objects: Sequence[str], missing: Sequence[str]) -> Line:
        """Return a line that asks for a List of the objects. objects: `type/name`; missing: names as typed"""
        if line.verb == "describe":
            names = [*(word.rpartition("/")[2] for word in objects), *missing]
            return line.replaced(("name",), *(Chunk((name,), "name") for name in names))
        shows_type = [Chunk(("--show-kind=true",))] if line.has_several_types and line.shape == "table" else []
        if len(objects) == 1 and not missing:  # by its name, kubectl would print the object alone
            type_, _, name = objects[0].rpartition("/")
            chunks = [Chunk((type_,), "type"), Chunk((f"--field-selector=metadata.name={name}",)), *shows_type]
            return line.replaced(("type", "name"), *chunks)
        names = [*objects, *(name if "/" in name else f"{line.types[0]}/{name}" for name in missing)]
        return line.replaced(("type", "name"), *(Chunk((name,), "name") for name in names), *shows_type)

    def _plain(self, line: Line, context: str) -> Plain:
        done = self.kubectl(context, line.words)
        with_headers = ""
        if line.has("--no-headers") and line.shape == "table":
            # The flag stays: what is a flag's value depends on the flags ahead of the verb's end (cobra's stripFlags).
            with_headers = self.kubectl(context, line.with_headers.words).stdout
        return Plain(*done, with_headers, is_unsortable=line.is_sorted and self._is_unsortable(line, done, context))

    def _plain_of_types(self, line: Line, context: str) -> Plain:
        """Return the answer about those types that the cluster has; what kubectl says of the others stays."""
        plain = self._plain(line, context)
        lacking = _NO_TYPE.search(plain.stderr)
        rest = [
            type_
            for name, _, group in (type_.partition(".") for type_ in line.types)
            for type_ in [f"{name}.{group}" if group else name]
            if not lacking or name != lacking[1] or (lacking[2] or group) != group
        ]
        typed = any(chunk.kind == "type" and "," in chunk.words[0] for chunk in line.chunks)
        if line.verb != "get" or not typed or not rest or len(rest) == len(line.types):
            return plain
        shows_type = [Chunk(("--show-kind=true",))] if line.shape == "table" else []
        fewer = self._plain_of_types(line.replaced(("type",), Chunk((",".join(rest),), "type"), *shows_type), context)
        return fewer._replace(status=fewer.status or plain.status, stderr=plain.stderr + fewer.stderr)

    def _is_unsortable(self, line: Line, done: Done, context: str) -> bool:
        """Return whether kubectl fails, or leaves rows out, because no object has the field of --sort-by.

        It also can't sort by what is no jsonpath, which it reads only where it has found something.
        """
        if done.status:
            return "couldn't find any field" in done.stderr
        if not done.stdout and line.form not in ("json", "yaml", "kyaml"):
            error = self.kubectl(context, ["get", "ns", f"--sort-by={line.sort_expression}", "-o", "name"]).stderr
            if error.startswith("error: ") and "couldn't find any field" not in error:
                return True
        few = done.stdout.count("\n") < 2 and line.form in ("", "wide")
        return few and self.kubectl(context, line.unsorted.words).stdout.count("\n") > done.stdout.count("\n")
