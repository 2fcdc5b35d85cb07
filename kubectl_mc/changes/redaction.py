"""What of a command line is written down: no secret. Pure.

What a program or a plugin is told means what only it knows. Of that a word is kept if it is plain, and nothing ahead
of it says that it may be a secret.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice

from kubectl_mc.command_line import grammar, verbs
from kubectl_mc.command_line.grammar import CommandLine, Token

GONE = "<redacted>"

# Flags whose value is a secret, or may hold one; of key=value the key stays.
_VALUES = ("token", "password", "docker-password", "overrides")
_PAIRS = ("from-literal", "env", "auth-provider-arg", "exec-env")
_PATHS = ("from-file",)  # key=value whose value is no secret, whatever the key
_CONDITIONS = ("selector", "field-selector", "pod-selector", "rule")
_LOOKS_SECRET = re.compile(
    r"token|pass(?:w|phrase|code|[-_]|\b)|pwd|secret|cred(?:ential|s)|(?:api|access|private|signing|encryption)[-_]?key"
    r"|auth(?!or(?!ization))|bearer|cookie",
    re.IGNORECASE,
)
_SECRET_TYPE = re.compile(r"secrets?(\.|/|,|$)|.*,secrets?(,|/|$)", re.IGNORECASE)
_URL = re.compile(r"://([^/\s]*@)?(.*?)([?#].*?)?(?=,\w+://|[\"']|$)", re.DOTALL)
_KEPT_OF_QUERIES = ("ref", "timeout", "version", "submodules")  # kustomize's
_PROGRAM = re.compile(r"[\w./][\w./-]*")

# Words that a program or a plugin is told.
_LEADS = re.compile(f"{_LOOKS_SECRET.pattern}|login", re.IGNORECASE)  # to a secret
_PLAIN = re.compile(r"[\w./@%+,~-]+", re.ASCII)
_NAME = re.compile(r"(?:--)?[A-Za-z_][\w./-]*", re.ASCII)  # of a flag, or a key
_CLUSTER = re.compile(r"-[A-Za-z]{1,3}")
_USUAL = "nlcof"  # short flags that mean with nearly everybody what they mean with kubectl: no secret
_PLACE = ("/", "./", "http://", "https://")  # so begins no password
_RANDOM = re.compile(r"(?=[A-Za-z]*\d)(?=\d*[A-Za-z])[A-Za-z\d]{16}|[\da-fA-F]{32}")
_PLAIN_URL = re.compile(r"(\w+://)([^/\s]*@)?([\w.-]+(?::\d+)?(?:/[\w./%+,~-]*)?)([?#][^@]*)?", re.ASCII)


def redact_line(command: CommandLine, about_secrets: bool) -> CommandLine:
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


def redact_text(word: str) -> str:
    """Without what URLs in it say of a login: user and password, and the values of a query."""
    return _URL.sub(_url, word)


def make_proof(words: Sequence[str]) -> dict[str, str]:
    """By which the same words can be known again, but not found out: {salt, scrypt}, in hex."""
    salt = secrets.token_hex(16)
    return {"salt": salt, "scrypt": _scrypt(words, salt)}


def matches_proof(found: Mapping[str, str], words: Sequence[str]) -> bool:
    """Are these the words that the proof was made of?"""
    return bool(found) and hmac.compare_digest(found["scrypt"], _scrypt(words, found["salt"]))


def _scrypt(words: Sequence[str], salt: str) -> str:
    told = "\0".join(words).encode("utf-8", "surrogateescape")
    return hashlib.scrypt(told, salt=bytes.fromhex(salt), n=1 << 14, r=8, p=1).hex()


def _of_plugin(command: CommandLine) -> Iterator[Token]:
    """The plugin's name and what it is told."""
    words = [place for place, token in enumerate(command.tokens) if not token.flags and not token.verbatim]
    named = words[: len(command.path)]
    told = _told(
        grammar.join_tokens(each for place, each in enumerate(command.tokens) if place not in named), command.verb
    )
    takes_value = grammar.flag_table(command.verb).takes_value
    for place, token in enumerate(command.tokens):
        again = token if place in named else _again(token, told)
        name, value = token.flags[-1] if token.flags else ("", None)
        # A last `-n` would take with it the flags that are written behind it.
        yield Token((GONE,)) if value is None and takes_value.get(name) else again


def _ahead(command: CommandLine, tokens: Sequence[Token], secret: bool) -> Iterator[Token]:
    """What stands ahead of a `--`. With `run` and `exec`, words behind the pod's name are the program's."""
    words = [place for place, token in enumerate(tokens) if not token.flags]
    programs = words[len(command.path) + 1 :] if verbs.find_row(command).program else []
    told = _told(tokens[place].words[0] for place in programs)
    for place, token in enumerate(tokens):
        if token.flags:
            yield _flags(token, command, secret)
        else:
            yield _again(token, told) if place in programs else _operand(token, command)


def _behind(command: CommandLine, tokens: Sequence[Token]) -> Iterator[Token]:
    """A `--` and what stands behind it: a program, whose name is kept, and what it is told."""
    only_arguments = command.path == ("run",) and not grammar.is_set(command, "command")
    named = len(tokens) > 1 and not only_arguments and bool(_PROGRAM.fullmatch(tokens[1].words[0]))
    yield from tokens[: 1 + named]
    told = _told(grammar.join_tokens(tokens[1 + named :]), tokens[1].words[0] if named else "")
    for token in tokens[1 + named :]:
        yield _again(token, told)


def _again(token: Token, told: Iterator[str]) -> Token:
    """The token with the words that come next."""
    words = tuple(islice(told, len(token.words)))
    flags = tuple((name, None if value is None else GONE) for name, value in token.flags)
    return token if words == token.words else Token(words, flags, token.verbatim)


def _told(words: Iterable[str], name: str = "") -> Iterator[str]:
    """What a program or a plugin is told, word by word; name: its own."""
    flag = ""  # or `key=`, which may take the next word
    guarded = bool(_LEADS.search(name))  # `login`, `auth`: all words that follow may be what it takes
    for word in words:
        if word == "--":
            yield word
            continue
        if _asks(flag):
            yield GONE
        elif word.startswith("-") and word != "-":
            yield _told_flag(word)
        else:
            yield _told_word(word) if _may_stand(word, flag, guarded) else GONE
            guarded = guarded or _asks(word)
        flag = word if word.startswith("-") or word.endswith(("=", ":")) else ""


def _asks(word: str) -> bool:
    """Does it look as if a secret came next?"""
    name, _, value = word.partition("=")
    return not value and bool(_LEADS.search(name))


def _may_stand(word: str, flag: str, guarded: bool) -> bool:
    """Is it surely no secret, standing behind the flag ("" for none)? Of `-xw` the last letter takes it."""
    if _CLUSTER.fullmatch(flag):
        return flag[-1] in _USUAL or (word.startswith(_PLACE) and not guarded)
    return not guarded


def _told_flag(word: str) -> str:
    """`--name`, `--name=value`, `-l`, `-la`; not `-psecret`."""
    if "=" in word:
        return _told_pair(word)
    known = _CLUSTER.fullmatch(word) or (word.startswith("--") and _NAME.fullmatch(word) and not _RANDOM.search(word))
    return word if known else GONE


def _told_word(word: str) -> str:
    """A plain word, a URL without its login and query, key=value."""
    if match := _PLAIN_URL.fullmatch(word):
        scheme, login, place, query = match.groups()
        url = f"{scheme}{GONE + '@' if login else ''}{place}{query[0] + GONE if query else ''}"
        return GONE if _LOOKS_SECRET.search(place) or _RANDOM.search(place) else url
    if "=" in word:
        return _told_pair(word)
    plain = _PLAIN.fullmatch(word) and not _LOOKS_SECRET.search(word) and not _RANDOM.search(word)
    return word if plain else GONE


def _told_pair(word: str) -> str:
    """`key=value`, `--name=value`; without a value it may be base64."""
    name, _, value = word.partition("=")
    if not _NAME.fullmatch(name) or _RANDOM.search(name) or not value.strip("="):
        return GONE
    return f"{name}={GONE if _LEADS.search(name) else _told_word(value)}"


def _operand(token: Token, command: CommandLine) -> Token:
    """`set env deploy/x KEY=value`: the values are often secrets."""
    name, equals, _ = token.words[0].partition("=")
    looks = command.path != ("set", "image") and _LOOKS_SECRET.search(name)
    if equals and (command.path == ("set", "env") or looks):
        return token._replace(words=(f"{name}={GONE}",))
    return token._replace(words=(redact_text(token.words[0]),))


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
    if name == "raw":
        return _query(value)
    return redact_text(value) if name in (*_PATHS, *_CONDITIONS) else _pairs(redact_text(value))


def _pairs(value: str) -> str:
    """`a=b,token=c`. What follows a secret may be more of it: some flags know no commas."""
    pieces = value.split(",")
    for place, piece in enumerate(pieces):
        key, equals, _ = piece.partition("=")
        if equals and "://" not in key and _LOOKS_SECRET.search(key):
            return ",".join([*pieces[:place], f"{key}={GONE}"])
    return value


def _url(match: re.Match[str]) -> str:
    login, rest, query = match.groups()
    return f"://{GONE + '@' if login else ''}{rest}{_query(query or '')}"


def _query(path: str) -> str:
    """The path without the values of its query, nor those of a fragment."""
    start = len(re.split("[?#]", path, maxsplit=1)[0])
    return path[:start] + re.sub(r"[^?#&]+", lambda match: _argument(match[0]), path[start:])


def _argument(pair: str) -> str:
    name, equals, _ = pair.partition("=")
    return pair if name in _KEPT_OF_QUERIES else f"{name}={GONE}" if equals else GONE
