"""What a change is fed: read once, so that every cluster gets the same bytes."""

from __future__ import annotations

import csv
import glob
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from kubectl_mc import messages
from kubectl_mc.changes import redaction
from kubectl_mc.command_line import grammar
from kubectl_mc.command_line.grammar import CommandLine
from kubectl_mc.processes import event_loop, kubectl_process
from kubectl_mc.processes.environment import Environment
from kubectl_mc.processes.event_loop import Command

if TYPE_CHECKING:
    from urllib.request import Request

# What kubectl reads of a folder (k8s.io/cli-runtime/pkg/resource, FileExtensions).
EXTENSIONS = (".json", ".yaml", ".yml")
_REPLACED = ("filename", "kustomize", "recursive")
_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_TRIES = 3  # as kubectl fetches a URL


class ChangeInput(NamedTuple):
    """line: the command with `-f -` in place of what was read; content: what each kubectl gets there, None for nothing.

    digest: "sha256:…" of the content; piped: what was in pipes of ours (see `piped`), which no -f names
    sources: as they were typed
    """

    line: CommandLine
    content: bytes | None = None
    digest: str = ""
    sources: tuple[str, ...] = ()
    piped: tuple[bytes, ...] = ()


def read_input(environment: Environment, line: CommandLine, stdin: Callable[[], bytes]) -> ChangeInput:
    """Read the command's -f or -k. Raises UserError for what can't be read."""
    folder, names = grammar.value(line, "kustomize"), grammar.values(line, "filename")
    if (folder is None) == (not names) or None in names:
        return ChangeInput(line)  # nothing to read, or what kubectl itself will refuse
    sources: tuple[str, ...] = (folder or "",)
    if folder is not None:
        content = _built(environment, folder)
    else:
        # The flag is a list, as CSV.
        sources = tuple(word for name in names for word in next(csv.reader([name or ""]), []))
        recursive = grammar.is_set(line, "recursive")
        content = join_texts([text for source in dict.fromkeys(sources) for text in _texts(source, recursive, stdin)])
    replaced = grammar.with_flags(grammar.without(line, _REPLACED), ("filename", "-"))
    return ChangeInput(replaced, content, input_digest(content), sources)


def input_digest(content: bytes) -> str:
    import hashlib

    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def written_input(given: ChangeInput) -> dict[str, object]:
    """What is written down of an input, by which it is known again: {sources, digest, proof}; {} of none.

    What is in a pipe may be a secret and nothing else, which a digest would give away to whoever guesses it.
    """
    return {
        **({"sources": [redaction.redact_text(source) for source in given.sources]} if given.sources else {}),
        **({"digest": given.digest} if given.digest else {}),
        **({"proof": redaction.make_proof(_words(given.piped))} if given.piped else {}),
    }


def is_same_input(given: ChangeInput, found: Mapping[str, Any]) -> bool:
    """Is it the input of which this was written down?"""
    proof = found.get("proof") or {}
    proven = redaction.matches_proof(proof, _words(given.piped)) if given.piped else not proof
    return proven and given.digest == str(found.get("digest") or "")


def _words(contents: Sequence[bytes]) -> list[str]:
    return [content.decode("utf-8", "surrogateescape") for content in contents]


def _built(environment: Environment, folder: str) -> bytes:
    lean = kubectl_process.lean_variables(environment.kubectl, environment.variables, starts_programs=True)
    building = Command("kustomize", (environment.kubectl, "kustomize", folder), lean)
    (result,) = event_loop.collect_results([building], 1, 0.0)
    if result.status:
        raise messages.kubectl_said(result.stderr.decode("utf-8", "replace"))
    return result.stdout


def _texts(source: str, recursive: bool, stdin: Callable[[], bytes]) -> Iterator[bytes]:
    """The texts of one -f, in kubectl's order."""
    if source == "-":
        yield stdin()
    elif source.startswith(("http://", "https://")):
        yield _fetched(source)
    else:
        paths = [source] if os.path.lexists(source) else sorted(glob.glob(source))
        if not paths:
            raise messages.no_such_path(source)
        for path in paths:
            yield from _files(path, recursive)


def _files(path: str, recursive: bool) -> Iterator[bytes]:
    """A file, or those of a folder by name; a link to a folder in it is no folder (Go's filepath.Walk)."""
    if not os.path.isdir(path):
        yield _file(path)
        return
    try:
        names = sorted(os.listdir(path), key=os.fsencode)
    except OSError as error:
        raise messages.unreadable_path(path, error.strerror or str(error)) from None
    for name in names:
        inner = os.path.join(path, name)
        if os.path.isdir(inner) and not os.path.islink(inner):
            if recursive:
                yield from _files(inner, recursive)
        elif name.endswith(EXTENSIONS):
            yield _file(inner)


def _file(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        raise messages.unreadable_path(path, error.strerror or str(error)) from None


def _fetched(url: str) -> bytes:
    from http.client import HTTPException, InvalidURL
    from urllib.error import HTTPError
    from urllib.request import urlopen

    safe = redaction.redact_text(url)
    for turn in range(_TRIES):
        try:
            with urlopen(_asking(url), timeout=30) as answer:
                return bytes(answer.read())
        except HTTPError as error:
            if error.code < 500 or turn == _TRIES - 1:
                raise messages.unreadable_path(safe, f"the server answered {error.code}") from None
        except (ValueError, InvalidURL):  # whose text may quote what is secret in it
            raise messages.unreadable_path(safe, "it is no URL") from None
        except (OSError, HTTPException) as error:
            raise messages.unreadable_path(safe, str(error)) from None
    raise AssertionError


def _asking(url: str) -> Request:
    """The request for a URL; user and password in it go into a header, and nowhere else if it leads elsewhere."""
    from base64 import b64encode
    from urllib.parse import unquote_to_bytes, urlsplit
    from urllib.request import Request

    parts = urlsplit(url)
    login, at, host = parts.netloc.rpartition("@")
    request = Request(parts._replace(netloc=host).geturl())
    if at:
        user, _, password = login.partition(":")
        told = unquote_to_bytes(user) + b":" + unquote_to_bytes(password)
        request.add_unredirected_header("Authorization", f"Basic {b64encode(told).decode()}")
    return request


def join_texts(texts: list[bytes]) -> bytes:
    """Texts as one stream of YAML documents; a lone one stays to the byte.

    JSON is YAML, but for objects one after another, which are set apart.
    """
    if len(texts) == 1:
        return texts[0]
    documents = [document for text in texts for document in _documents(_utf8(text))]
    return b"".join(b"---\n" + document + (b"" if document.endswith(b"\n") else b"\n") for document in documents)


def _utf8(text: bytes) -> bytes:
    for mark, encoding in _BOMS:
        if text.startswith(mark):
            return text[len(mark) :].decode(encoding, "replace").encode()
    return text


def _documents(text: bytes) -> list[bytes]:
    """The JSON objects of a text; a text that isn't JSON is left whole."""
    decoder, rest, found = json.JSONDecoder(), text.decode("utf-8", "surrogateescape"), list[bytes]()
    try:
        while rest := rest.lstrip():
            _, end = decoder.raw_decode(rest)
            found.append(rest[:end].encode("utf-8", "surrogateescape"))
            rest = rest[end:]
    except (ValueError, RecursionError):
        return [text]
    return found
