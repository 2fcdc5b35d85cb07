"""What of a command line is written down: no secret. Pure.

What is said to a program or a plugin means what only it knows, so of that nothing is kept but the program's name.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterator, Mapping, Sequence

from kubectl_mc import grammar, verbs
from kubectl_mc.grammar import CommandLine, Token

GONE = "<redacted>"

# Flags whose value is a secret, or may hold one; of key=value the key stays.
_VALUES = ("token", "password", "docker-password", "overrides")
_PAIRS = ("from-literal", "env", "auth-provider-arg", "exec-env")
_LOOKS_SECRET = re.compile(
    r"token|pass(?:w|phrase|code|[-_]|\b)|pwd|secret|credential|(?:api|access|private|signing|encryption)[-_]?key"
    r"|auth(?!or)|bearer|cookie",
    re.IGNORECASE,
)
_SECRET_TYPE = re.compile(r"secrets?(\.|/|,|$)|.*,secrets?(,|/|$)", re.IGNORECASE)
_URL = re.compile(r"://([^/\s]*@)?(.*?)(\?.*?)?(?=,\w+://|[\"']|$)", re.DOTALL)
_KEPT_OF_QUERIES = ("ref", "timeout", "version", "submodules")  # kustomize's
_PROGRAM = re.compile(r"[\w./][\w./-]*")


def line(command: CommandLine, about_secrets: bool) -> CommandLine:
    """The command line without its secrets; what has none stays to the letter.

    about_secrets: it changes Secrets, as far as its input tells; what its words tell is seen here
    """
    if not verbs.is_kubectls(command):
        return command._replace(tokens=tuple(_of_plugin(command)))
    end = next((index for index, token in enumerate(command.tokens) if token.verbatim), len(command.tokens))
    ahead = _ahead(command, command.tokens[:end], about_secrets or names_secrets(command))
    return command._replace(tokens=(*ahead, *_behind(command, command.tokens[end:])))


def names_secrets(command: CommandLine) -> bool:
    """Is a Secret among the objects that the words name?"""
    return any(_SECRET_TYPE.match(token.words[0]) for token in command.tokens if not token.flags and not token.verbatim)


def text(word: str) -> str:
    """Without what URLs in it say of a login: user and password, and the values of a query."""
    return _URL.sub(_url, word)


def proof(words: Sequence[str]) -> dict[str, str]:
    """By which the same words can be known again, but not found out: {salt, scrypt}, in hex."""
    salt = secrets.token_hex(16)
    return {"salt": salt, "scrypt": _scrypt(words, salt)}


def proves(found: Mapping[str, str], words: Sequence[str]) -> bool:
    """Are these the words that the proof was made of?"""
    return bool(found) and hmac.compare_digest(found["scrypt"], _scrypt(words, found["salt"]))


def _scrypt(words: Sequence[str], salt: str) -> str:
    told = "\0".join(words).encode("utf-8", "surrogateescape")
    return hashlib.scrypt(told, salt=bytes.fromhex(salt), n=1 << 14, r=8, p=1).hex()


def _of_plugin(command: CommandLine) -> Iterator[Token]:
    """The plugin's name."""
    left = len(command.path)
    for token in command.tokens:
        named = left > 0 and not token.flags and not token.verbatim
        left -= named
        yield token if named else _gone(token)


def _ahead(command: CommandLine, tokens: Sequence[Token], secret: bool) -> Iterator[Token]:
    """What stands ahead of a `--`. With `run` and `exec`, words behind the pod's name are the program's."""
    kept = len(command.path) + (1 if verbs.find(command).program else len(tokens))
    for token in tokens:
        if token.flags:
            yield _flags(token, command, secret)
        else:
            yield _operand(token, command) if kept > 0 else _gone(token)
            kept -= 1


def _behind(command: CommandLine, tokens: Sequence[Token]) -> Iterator[Token]:
    """A `--` and what stands behind it: a program, whose name is kept, and what it is told."""
    only_arguments = command.path == ("run",) and not grammar.is_set(command, "command")
    for place, token in enumerate(tokens):
        named = place == 1 and not only_arguments and _PROGRAM.fullmatch(token.words[0])
        yield token if place == 0 or named else _gone(token)


def _gone(token: Token) -> Token:
    return Token((GONE,), verbatim=token.verbatim)


def _operand(token: Token, command: CommandLine) -> Token:
    """`set env deploy/x KEY=value`: the values are often secrets."""
    name, equals, _ = token.words[0].partition("=")
    looks = command.path != ("set", "image") and _LOOKS_SECRET.search(name)
    if equals and (command.path == ("set", "env") or looks):
        return token._replace(words=(f"{name}={GONE}",))
    return token._replace(words=(text(token.words[0]),))


def _flags(token: Token, command: CommandLine, secret: bool) -> Token:
    flags = tuple((name, _value(name, value, command, secret)) for name, value in token.flags)
    if flags == token.flags:
        return token
    dashes = ["--" if len(name) > 1 else "-" for name, _ in flags]
    words = (f"{dash}{name}" + ("" if value is None else f"={value}") for dash, (name, value) in zip(dashes, flags))
    return Token(tuple(words), flags)


def _value(name: str, value: str | None, command: CommandLine, secret: bool) -> str | None:
    if not value:
        return value
    if name in _PAIRS:
        key, equals, _ = value.partition("=")
        return f"{key}={GONE}" if equals else GONE
    known = name in grammar.flag_table(command.verb).takes_value
    patched = name == "patch" and (secret or _LOOKS_SECRET.search(value))
    if name in _VALUES or patched or (not known and _LOOKS_SECRET.search(name)):
        return GONE
    return text(value)


def _url(match: re.Match[str]) -> str:
    login, rest, query = match.groups()
    said = [_argument(each) for each in (query or "?")[1:].split("&") if each]
    return f"://{GONE + '@' if login else ''}{rest}{'?' if query else ''}{'&'.join(said)}"


def _argument(pair: str) -> str:
    name, equals, _ = pair.partition("=")
    return pair if name in _KEPT_OF_QUERIES else f"{name}={GONE}" if equals else GONE
