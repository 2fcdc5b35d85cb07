"""The input of a change (-f, -k, pipes), read once so that every cluster gets the same bytes."""

from __future__ import annotations

import csv
import glob
import hashlib
import os
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from kubectl_mc import messages
from kubectl_mc.changes import input_files, proofs, redaction
from kubectl_mc.changes.input_files import FileDigest
from kubectl_mc.changes.input_texts import STDIN, InputText, join_texts
from kubectl_mc.changes.own_annotation import without_own_annotation
from kubectl_mc.command_line import grammar
from kubectl_mc.command_line.grammar import CommandLine
from kubectl_mc.messages.input_names import InputName
from kubectl_mc.processes import event_loop, kubectl_process
from kubectl_mc.processes.environment import Environment
from kubectl_mc.processes.event_loop import Command
from kubectl_mc.processes.pipe_files import read_file


class ChangeInput(NamedTuple):
    """The input of a change, and the command line that takes it.

    line: the command line with `-f -` in place of what was read
    content: what each kubectl reads from its stdin; None for nothing
    digest: "sha256:…" of the content, as each kubectl gets it
    sources: the files, folders and URLs as they were typed
    piped: the contents of pipes on the command line that are not its -f, such as `--from-file=<(…)`
    files: what other files and folders on the command line hold
    texts: what the content is made of
    """

    line: CommandLine
    content: bytes | None = None
    digest: str = ""
    sources: tuple[str, ...] = ()
    piped: tuple[bytes, ...] = ()
    files: tuple[FileDigest, ...] = ()
    texts: tuple[InputText, ...] = ()


_REPLACED_FLAGS = ("filename", "kustomize", "recursive")


def read_input(environment: Environment, line: CommandLine, stdin: Callable[[], bytes]) -> ChangeInput:
    """Read the command's -f or -k, and its patch, without the annotation of ours that `get` gives an object.

    Raises UserError for what can't be read.
    """
    line = _without_patched_annotation(line)
    folder, names = grammar.value(line, "kustomize"), grammar.values(line, "filename")
    if (folder is None) == (not names) or None in names:
        return ChangeInput(line)  # there is nothing to read, or kubectl itself refuses the flags
    if folder is not None:
        sources: tuple[str, ...] = (folder,)
        lean = kubectl_process.lean_variables(environment.kubectl, environment.variables, starts_programs=True)
        command = Command("kustomize", (environment.kubectl, "kustomize", folder), lean)
        (result,) = event_loop.collect_results([command], 1, 0.0)
        if result.status:
            raise messages.kubectl_said(result.stderr.decode("utf-8", "replace"))
        texts = [InputText(InputName(folder), without_own_annotation(result.stdout), is_built=True)]
    else:
        # The flag's value is a list in CSV.
        sources = tuple(source for name in names for source in next(csv.reader([name or ""]), []))
        recursive = grammar.is_set(line, "recursive")
        texts = [
            text._replace(content=without_own_annotation(text.content))
            for source in dict.fromkeys(sources)
            for text in _read_source(source, recursive, stdin)
        ]
    content = join_texts([text.content for text in texts])
    line = grammar.with_flags(grammar.without(line, _REPLACED_FLAGS), ("filename", "-"))
    digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
    return ChangeInput(line, content, digest, sources, texts=tuple(texts))


def _without_patched_annotation(line: CommandLine) -> CommandLine:
    """Return a command whose patch doesn't set the annotation of ours; a --patch-file that does becomes a --patch.

    Raises UserError for a --patch-file that can't be read.
    """
    path = grammar.value(line, "patch-file")
    # --overrides patches what `run` and `expose` create.
    texts = {name: text for name in ("patch", "overrides") if (text := grammar.value(line, name)) is not None}
    patches = {name: text.encode("utf-8", "surrogateescape") for name, text in texts.items()}
    if path is not None:  # with --patch, kubectl refuses it
        patches = {"patch": read_file(path)} if line.path == ("patch",) and not patches else {}
    for name, patch in patches.items():
        changed = without_own_annotation(patch)
        if changed != patch:
            text = changed.decode("utf-8", "surrogateescape")
            line = grammar.with_flags(grammar.without(line, (name, "patch-file")), (name, text))
    return line


def written_input(change_input: ChangeInput) -> dict[str, object]:
    """Return what the record has of an input: {sources, digest, proof, files}, {} if there is none.

    The content of a pipe may be nothing but a secret, which a digest would give away to whoever guesses it.
    """
    sources = [redaction.redact_text(source) for source in change_input.sources]
    return {
        **({"sources": sources} if sources else {}),
        **({"digest": change_input.digest} if change_input.digest else {}),
        **({"proof": proofs.make_proof(_piped_texts(change_input))} if change_input.piped else {}),
        **({"files": input_files.written_files(change_input.files)} if change_input.files else {}),
    }


def is_same_input(change_input: ChangeInput, recorded: Mapping[str, Any]) -> bool:
    """Return whether the record (see `written_input`) is of this input."""
    proof = recorded.get("proof") or {}
    proven = proofs.matches_proof(proof, _piped_texts(change_input)) if change_input.piped else not proof
    return proven and change_input.digest == str(recorded.get("digest") or "")


def _piped_texts(change_input: ChangeInput) -> list[str]:
    return [content.decode("utf-8", "surrogateescape") for content in change_input.piped]


def _read_source(source: str, recursive: bool, stdin: Callable[[], bytes]) -> Iterator[InputText]:
    """Read the texts of one -f, in kubectl's order. Raises UserError for a path or URL that can't be read."""
    if source == "-":
        yield InputText(InputName(STDIN), stdin())
    elif source.startswith(("http://", "https://")):
        yield InputText(InputName(redaction.redact_text(source)), _fetch(source))
    else:
        paths = [source] if os.path.lexists(source) else sorted(glob.glob(source))
        if not paths:
            raise messages.no_such_path(source)
        for path in paths:
            yield from _read_path(path, recursive)


# The files that kubectl reads in a folder (k8s.io/cli-runtime/pkg/resource, FileExtensions).
_EXTENSIONS = (".json", ".yaml", ".yml")


def _read_path(path: str, recursive: bool) -> Iterator[InputText]:
    """Read a file, or the files of a folder by name. Raises UserError for what can't be read.

    Links to folders in it are not followed (Go's filepath.Walk).
    """
    if not os.path.isdir(path):
        yield InputText(InputName(path), read_file(path))
        return
    try:
        names = sorted(os.listdir(path), key=os.fsencode)
    except OSError as error:
        raise messages.unreadable_path(path, error.strerror or str(error)) from None
    for name in names:
        inner = os.path.normpath(os.path.join(path, name))
        if os.path.isdir(inner) and not os.path.islink(inner):
            if recursive:
                yield from _read_path(inner, recursive)
        elif name.endswith(_EXTENSIONS):
            yield InputText(InputName(inner), read_file(inner))


_TRIES = 3  # as kubectl fetches a URL


def _fetch(url: str) -> bytes:
    """Return what a server answers for a URL. Raises UserError if it doesn't, without a secret of the URL."""
    from base64 import b64encode
    from http.client import HTTPException, InvalidURL
    from urllib.error import HTTPError
    from urllib.parse import unquote_to_bytes, urlsplit
    from urllib.request import Request, urlopen

    shown = redaction.redact_text(url)
    for attempt in range(1, _TRIES + 1):
        try:
            parts = urlsplit(url)
            login, at, host = parts.netloc.rpartition("@")
            request = Request(parts._replace(netloc=host).geturl())
            if at:
                user, _, password = login.partition(":")
                credentials = unquote_to_bytes(user) + b":" + unquote_to_bytes(password)
                # Not sent again to another server, to which this one redirects.
                request.add_unredirected_header("Authorization", f"Basic {b64encode(credentials).decode()}")
            with urlopen(request, timeout=30) as response:
                return bytes(response.read())
        except HTTPError as error:
            if error.code < 500 or attempt == _TRIES:
                raise messages.unreadable_path(shown, f"the server answered {error.code}") from None
        except (ValueError, InvalidURL):  # whose text may have a secret of the URL
            raise messages.unreadable_path(shown, "it is not a URL") from None
        except (OSError, HTTPException) as error:
            raise messages.unreadable_path(shown, str(error)) from None
    raise AssertionError
