# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""The input of a command (-f, -k, pipes, files), read once so that every cluster gets the same bytes."""

from __future__ import annotations

import glob
import hashlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager

from kubectl_mc import messages
from kubectl_mc.changes import input_files, proofs, redaction
from kubectl_mc.changes.input_files import FileDigest, digest_files
from kubectl_mc.changes.input_texts import STDIN, InputText, give_input, join_texts
from kubectl_mc.changes.own_annotation import without_own_annotation
from kubectl_mc.command_line import grammar, local_files, verbs
from kubectl_mc.command_line.grammar import CommandLine
from kubectl_mc.command_line.local_files import INPUT_FLAGS, FileValue, LocalPath
from kubectl_mc.messages.input_names import InputName
from kubectl_mc.named_tuples import NamedTuple
from kubectl_mc.processes import event_loop, kubectl_process, pipe_files
from kubectl_mc.processes.children import Command
from kubectl_mc.processes.environment import Environment
from kubectl_mc.processes.memory_files import held_file
from kubectl_mc.processes.pipe_files import HeldFile, read_file
from kubectl_mc.processes.requests import Request
from kubectl_mc.type_hints import Any


class ChangeInput(NamedTuple):
    """The input of a command, and the command line that takes it.

    line: the command line with `-f -` in place of what was read
    content: of -f or -k, as each kubectl gets it; None without any
    digest: "sha256:…" of the content
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


_JOINED_FLAGS = ("filename", "kustomize")  # what all of them name is one text


@contextmanager
def held_input(request: Request, for_change: bool = False) -> Iterator[tuple[Request, ChangeInput]]:
    """Read all that the command reads, and yield the request whose kubectls get it, and the input.

    for_change: files that may change until a later cluster's turn are held, too, and there are digests for `resume`
    Raises UserError for what can't be read. A plugin's words are its own.
    """
    line = request.line
    if not verbs.is_kubectls(line):
        yield request, ChangeInput(line)
        return
    stdin = request.environment.streams.stdin.buffer.read
    reads_stdin, mode = verbs.reads_stdin(request.row, line), verbs.mode(request.row, line)
    paths = local_files.local_paths(line)
    if copied_pipes := list(filter(pipe_files.is_pipe, local_files.copied_paths(line))):
        raise messages.not_copied(copied_pipes[0])
    pipe_files.check_pipes(line, reads_stdin)

    def read(value: FileValue) -> bytes | None:
        """Return what takes the place of a file; None where kubectl reads it."""
        if value.flag == "filename":  # only on the terminal
            content = stdin() if value.path == "-" else pipe_files.read_pipe(value)
            return None if content is None else without_own_annotation(content)
        is_held = pipe_files.is_pipe(value.path) or (for_change and mode != "terminal" and os.path.isfile(value.path))
        return read_file(value.path) if is_held else None

    # On the terminal, kubectl reads files and folders itself: what an editor shows names them.
    flags = [name for name in INPUT_FLAGS if mode == "terminal" or name not in _JOINED_FLAGS]
    with ExitStack() as stack:
        line, held = stack.enter_context(pipe_files.held_files(line, flags, read))
        typed_paths = {file.held: file.path for file in held}
        change_input = ChangeInput(line) if mode == "terminal" else read_input(request.environment, line, stdin)
        if reads_stdin:
            held.append(HeldFile("-", stdin(), piped=True))
            request = request._replace(stdin=stack.enter_context(held_file(held[-1].content)))
        request = request._replace(line=change_input.line)
        if change_input.content is not None:
            by_path = reads_stdin or request.row.input_as_file
            request = give_input(request, change_input.line, change_input.texts, stack, by_path)
        if for_change:
            change_input = _with_files(change_input, held, paths)
        environment = request.environment.with_typed_paths(typed_paths)
        yield request._replace(environment=environment), change_input._replace(line=request.line)


def _with_files(change_input: ChangeInput, held: Sequence[HeldFile], paths: Sequence[LocalPath]) -> ChangeInput:
    """Return the input with the contents of the pipes, and the digests of the other files. paths: as they were typed"""
    pipes = [file for file in held if file.piped]
    joined = change_input.content is not None
    files = [local for local in paths if not pipe_files.is_pipe(local.path) and not (joined and local.extent == "tree")]
    return change_input._replace(
        sources=(*change_input.sources, *(file.path for file in pipes)),
        piped=tuple(file.content for file in pipes),
        files=digest_files(files, {file.path: file.content for file in held}),
    )


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
        # A kuberc's defaults for `kustomize` are not for -k, which is part of another command.
        command = Command("kustomize", (environment.kubectl, "kustomize", folder), {**lean, "KUBERC": "off"})
        (result,) = event_loop.collect_results([command], 1, 0.0)
        if result.status:
            raise messages.kubectl_said(result.stderr.decode("utf-8", "replace"))
        texts = [InputText(InputName(folder), without_own_annotation(result.stdout), is_built=True)]
    else:
        sources = tuple(value.path for value in local_files.file_values(line, ("filename",)))
        if sources.count("-") > 1:
            return ChangeInput(line)  # kubectl refuses it
        recursive = grammar.is_set(line, "recursive")
        texts = []
        for source in sources:
            texts += _read_source(source, recursive, stdin)
            if not texts:  # as kubectl, which does not mind an empty folder behind a file
                raise messages.no_manifests(_paths(source), _EXTENSIONS)
        texts = [text._replace(content=without_own_annotation(text.content)) for text in texts]
    content = join_texts([text.content for text in texts])
    line = grammar.with_flags(grammar.without(line, (*_JOINED_FLAGS, "recursive")), ("filename", "-"))
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
        paths = _paths(source)
        if not paths:
            raise messages.no_such_path(source)
        for path in paths:
            yield from _read_path(path, recursive)


def _paths(source: str) -> list[str]:
    """Return the paths that one -f names."""
    return [source] if os.path.lexists(source) else sorted(glob.glob(source))


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
            raise messages.unreadable_path(shown, str(getattr(error, "reason", error))) from None
    raise AssertionError
