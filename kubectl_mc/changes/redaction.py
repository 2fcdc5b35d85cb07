# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Redaction: leaving secrets out of a command line that is recorded. Pure.

What the arguments of a program or a plugin mean is not known. So an argument is kept only if it is plain, and nothing
ahead of it suggests that it is a secret.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice

from kubectl_mc.command_line import flag_tables, grammar, verbs
from kubectl_mc.command_line.grammar import CommandLine, Token
from kubectl_mc.type_hints import Any

REDACTED = "<redacted>"

_LOOKS_SECRET = re.compile(
    r"token|pass(?:w|phrase|code|[-_]|\b)|pwd|secret|cred(?:ential|s)|(?:api|access|private|signing|encryption)[-_]?key"
    r"|auth(?!or(?!ization))|bearer|cookie",
    re.IGNORECASE,
)
_SECRET_TYPE = re.compile(r"secrets?(\.|/|,|$)|.*,secrets?(,|/|$)", re.IGNORECASE)
_PROGRAM = re.compile(r"[\w./][\w./-]*")


def redact_line(line: CommandLine, about_secrets: bool) -> CommandLine:
    """Return the command line without its secrets. Without secrets, it is returned unchanged.

    about_secrets: the input contains Secrets; operands that name Secrets are detected here
    """
    if not verbs.is_kubectls(line):
        return line._replace(tokens=tuple(_redact_plugin(line)))
    tokens, behind_dashes = grammar.split_tokens(line)
    about_secrets = about_secrets or any(_SECRET_TYPE.match(operand) for operand in grammar.operands(line))
    ahead = _redact_kubectl(line, tokens, about_secrets)
    behind = _redact_program(line, behind_dashes)
    if not verbs.find_row(line).as_change.runs_program:  # then they may be operands, too: `set env x -- KEY=value`
        behind = (_redact_operand(token, line) for token in behind)
    return line._replace(tokens=(*ahead, *behind))


def looks_secret(name: str) -> bool:
    """Return whether what has this name, such as a flag or a variable, is probably a secret."""
    return bool(_LOOKS_SECRET.search(name))


def hidden_texts(line: CommandLine, redacted: CommandLine) -> tuple[str, ...]:
    """Return what `redact_line` has left out, the longest first."""
    pairs: list[tuple[str, str]] = []
    for token, safe in zip(line.tokens, redacted.tokens):
        if token == safe:
            continue
        values = [(value or "", kept or "") for (_, value), (_, kept) in zip(token.flags, safe.flags)]
        pairs += values or list(zip(token.words, safe.words))
    return tuple(sorted({text for pair in pairs for text in _left_out(*pair) if text}, key=len, reverse=True))


def credentials(kubeconfig: Mapping[str, Any] | None) -> set[str]:
    """Return the tokens and passwords of a kubeconfig, which a server may quote."""
    users = [entry.get("user") or {} for entry in (kubeconfig or {}).get("users") or ()]
    values = {str(user.get(field) or "") for user in users for field in ("token", "password")}
    return {value for value in values if len(value) >= _SHORTEST_CREDENTIAL}


def _left_out(typed: str, kept: str) -> Sequence[str]:
    pattern = "(.*)".join(re.escape(part) for part in kept.split(REDACTED))
    match = re.fullmatch(pattern, typed, re.DOTALL)
    return match.groups() if match else (typed,)


# What an error quotes: a name, a value, or a whole object.
_QUOTE = re.compile(r"""['"`{\[]|value: """)


# NAME=VALUE, as a credential plugin may print it
_SECRET_PAIR = re.compile(r"""([\w.-]+=)[^\s"']+""")

# What a server may echo of the request: the value of its Authorization, a JWT, a token of OpenShift.
_CREDENTIAL = re.compile(
    r"\b((?:bearer|basic)\s+(?=\S*[\d=])|authorization[\"']?:\s*[\"']?(?:bearer|basic)\s+)[\w.~+/=-]{8,}"
    r"|\beyJ[\w-]{8,}(?:\.[\w-]+)*|\bsha256~[\w-]{16,}",
    re.IGNORECASE,
)
_SHORTEST_CREDENTIAL = 8  # characters; a shorter one may be a part of any text


def redact_quotes(text: str, hidden: Iterable[str], of_input: bool, files: Iterable[str] = ()) -> str:
    """Redact what a text, such as kubectl's error, quotes of the command line and of the input, and what looks secret.

    hidden: what is left out of the command line
    of_input: the command has an input, which the text may quote as well; then it ends where it quotes anything but
        the names of its files
    """
    text = _SECRET_PAIR.sub(lambda pair: pair[1] + REDACTED if looks_secret(pair[1]) else pair[0], redact_text(text))
    text = _CREDENTIAL.sub(lambda match: (match[1] or "") + REDACTED, text)
    names = "|".join(re.escape(f'"{file}"') for file in files if file)
    unquoted = re.sub(names, lambda name: "x" * len(name[0]), text) if names else text
    if of_input and (quote := _QUOTE.search(unquoted)):
        text = text[: quote.start()] + REDACTED
    for secret in hidden if text else ():
        # As Go's %q writes it, nearly, and as the objects of Secrets hold it.
        encoded = b64encode(secret.encode("utf-8", "surrogateescape")).decode()
        for form in (secret, json.dumps(secret, ensure_ascii=False)[1:-1], encoded):
            if form in text:  # of hundreds of clusters, few are quoted
                # A short one may be part of any word.
                text = re.sub(rf"(?<!\w){re.escape(form)}(?!\w)" if len(form) < 4 else re.escape(form), REDACTED, text)
    return text


def _redact_plugin(line: CommandLine) -> Iterator[Token]:
    """Redact the arguments of a plugin. Its name is kept."""
    arguments = _redact_arguments(grammar.join_tokens(line.tokens), line.verb)
    return (_take_words(token, arguments) for token in line.tokens)


def _redact_kubectl(line: CommandLine, tokens: Sequence[Token], about_secrets: bool) -> Iterator[Token]:
    """Redact what is ahead of a `--`. With `run` and `exec`, the words behind the pod's name are a program's."""
    words = [index for index, token in enumerate(tokens) if not token.flags]
    of_program = words[1:] if verbs.find_row(line).as_change.runs_program else []
    arguments = _redact_arguments(word for index in of_program for word in tokens[index].words)
    for index, token in enumerate(tokens):
        if token.flags:
            yield _redact_flags(token, line, about_secrets)
        elif index in of_program or token.unknown:
            yield _take_words(token, arguments if index in of_program else _redact_arguments(token.words))
        else:
            yield _redact_operand(token, line)


def _redact_program(line: CommandLine, tokens: Sequence[Token]) -> Iterator[Token]:
    """Redact what is behind a `--`: a program, whose name is kept, and its arguments."""
    only_arguments = line.path == ("run",) and not grammar.is_set(line, "command")
    has_name = len(tokens) > 1 and not only_arguments and bool(_PROGRAM.fullmatch(tokens[1].words[0]))
    yield from tokens[: 1 + has_name]
    arguments = _redact_arguments(grammar.join_tokens(tokens[1 + has_name :]), tokens[1].words[0] if has_name else "")
    for token in tokens[1 + has_name :]:
        yield _take_words(token, arguments)


def _take_words(token: Token, redacted: Iterator[str]) -> Token:
    """Return the token with as many redacted words as it has."""
    words = tuple(islice(redacted, len(token.words)))
    flags = tuple((name, None if value is None else REDACTED) for name, value in token.flags)
    return token if words == token.words else token._replace(words=words, flags=flags)


# --- The arguments of programs and plugins -----------------------------------------------------------------

# Of a flag, a key or a word: a secret may follow.
_ANNOUNCES_SECRET = re.compile(f"{_LOOKS_SECRET.pattern}|login", re.IGNORECASE)
_PLAIN = re.compile(r"[\w./@%+,~-]+", re.ASCII)
_NAME = re.compile(r"(?:--)?[A-Za-z_][\w./-]*", re.ASCII)  # of a flag, or a key
_SHORT_FLAGS = re.compile(r"-[A-Za-z]{1,3}")
_USUAL = "nlcof"  # short flags that nearly every program uses as kubectl does, so not for a secret
_LOCATION = ("/", "./", "http://", "https://")  # no password begins so
_RANDOM = re.compile(r"(?=[A-Za-z]*\d)(?=\d*[A-Za-z])[A-Za-z\d]{16}|[\da-fA-F]{32}")
_PLAIN_URL = re.compile(r"(\w+://)([^/\s]*@)?([\w.-]+(?::\d+)?(?:/[\w./%+,~-]*)?)([?#][^@]*)?", re.ASCII)


def _redact_arguments(words: Iterable[str], name: str = "") -> Iterator[str]:
    """Redact the arguments of a program or a plugin, word by word. name: the program's"""
    flag = ""  # the word before, if it is a flag or `key=` that may take this one
    guarded = bool(_ANNOUNCES_SECRET.search(name))  # behind `login` or `auth`, any word may be the secret
    for word in words:
        if word == "--":
            yield word
            continue
        if _takes_secret(flag):
            yield REDACTED
        elif word.startswith("-") and word != "-":
            yield _redact_flag(word)
        else:
            kept = not guarded
            if _SHORT_FLAGS.fullmatch(flag):  # the last letter of `-xw` takes the word
                kept = flag[-1] in _USUAL or (word.startswith(_LOCATION) and not guarded)
            yield _redact_word(word) if kept else REDACTED
            guarded = guarded or _takes_secret(word)
        flag = word if word.startswith("-") or word.endswith(("=", ":")) else ""


def _takes_secret(word: str) -> bool:
    """Return whether the word looks as if a secret followed it."""
    name, _, value = word.partition("=")
    return not value and bool(_ANNOUNCES_SECRET.search(name))


def _redact_flag(word: str) -> str:
    """Keep `--name`, `-l`, `-la` and what `_redact_pair` keeps of `--name=value`, but not `-psecret`."""
    if "=" in word:
        return _redact_pair(word)
    kept = _SHORT_FLAGS.fullmatch(word) or (
        word.startswith("--") and _NAME.fullmatch(word) and not _RANDOM.search(word)
    )
    return word if kept else REDACTED


def _redact_word(word: str) -> str:
    """Keep a plain word, a URL without its login and query, and what `_redact_pair` keeps of `key=value`."""
    if match := _PLAIN_URL.fullmatch(word):
        scheme, login, address, query = match.groups()
        url = f"{scheme}{REDACTED + '@' if login else ''}{address}{query[0] + REDACTED if query else ''}"
        return REDACTED if _LOOKS_SECRET.search(address) or _RANDOM.search(address) else url
    if "=" in word:
        return _redact_pair(word)
    plain = _PLAIN.fullmatch(word) and not _LOOKS_SECRET.search(word) and not _RANDOM.search(word)
    return word if plain else REDACTED


def _redact_pair(word: str) -> str:
    """Keep the key of `key=value`, and a value that is not a secret. Without a value, the word may be base64."""
    name, _, value = word.partition("=")
    if not _NAME.fullmatch(name) or _RANDOM.search(name) or not value.strip("="):
        return REDACTED
    return f"{name}={REDACTED if _ANNOUNCES_SECRET.search(name) else _redact_word(value)}"


# --- kubectl's own operands and flags ----------------------------------------------------------------------

# A key inside a value (`conn=Server=h;Password=x`, `{"password": "x"}`), and the one of a container's variables, whose
# values are as secret as those of `set env`.
_SECRET_KEY = re.compile(rf"(?:{_LOOKS_SECRET.pattern})[\w-]*[\"']?\s*[=:]", re.IGNORECASE)
_ENV_KEY = re.compile(r"\benv[\"']?\s*:")

# Flags whose value is a secret, or may hold one. Of key=value, the key is kept.
_SECRET_FLAGS = ("token", "password", "docker-password", "overrides")
_SECRET_PAIR_FLAGS = ("from-literal", "env", "auth-provider-arg", "exec-env")
# Flags whose value may be key=value but is not a secret, whatever the key: paths and conditions.
_HARMLESS_PAIR_FLAGS = ("from-file", "selector", "field-selector", "pod-selector", "rule")


def _redact_operand(token: Token, line: CommandLine) -> Token:
    """Redact a value such as the one in `set env deploy/x KEY=value`."""
    name, equals, _ = token.words[0].partition("=")
    looks_secret = line.path != ("set", "image") and (
        _LOOKS_SECRET.search(name) or _SECRET_KEY.search(token.words[0], len(name) + 1)
    )
    if equals and (line.path == ("set", "env") or looks_secret):
        return token._replace(words=(f"{name}={REDACTED}",))
    return token._replace(words=(redact_text(token.words[0]),))


def _redact_flags(token: Token, line: CommandLine, about_secrets: bool) -> Token:
    flags = tuple((name, value and _redact_value(name, value, line, about_secrets)) for name, value in token.flags)
    if flags == token.flags:
        return token
    return Token(tuple(f"--{name}" + ("" if value is None else f"={value}") for name, value in flags), flags)


def _redact_value(name: str, value: str, line: CommandLine, about_secrets: bool) -> str:
    """Return the value of a flag of kubectl's without what is, or may be, a secret."""
    if name in _SECRET_PAIR_FLAGS and value != "-":  # that is stdin
        key, equals, _ = value.partition("=")
        return f"{key}={REDACTED}" if equals else REDACTED
    patches_secret = name == "patch" and (about_secrets or _LOOKS_SECRET.search(value) or _ENV_KEY.search(value))
    unfamiliar = name not in flag_tables.flag_table(line.verb).flags
    if name in _SECRET_FLAGS or patches_secret or (unfamiliar and _LOOKS_SECRET.search(name)):
        return REDACTED
    if name == "raw":
        return _redact_query(value)
    value = redact_text(value)
    pairs = value.split(",") if name not in _HARMLESS_PAIR_FLAGS else []
    for index, pair in enumerate(pairs):
        key, equals, _ = pair.partition("=")
        if equals and "://" not in key and _LOOKS_SECRET.search(key):
            # What follows may be more of the secret, as some flags know no commas.
            return ",".join([*pairs[:index], f"{key}={REDACTED}"])
    return value


# --- Texts -------------------------------------------------------------------------------------------------

_URL = re.compile(r"://([^/\s]*@)?(.*?)([?#].*?)?(?=,\w+://|[\"']|$)", re.DOTALL)
_KEPT_QUERY_KEYS = ("ref", "timeout", "version", "submodules")  # kustomize's


def redact_text(text: str) -> str:
    """Redact the URLs in a text: their user and password, and the values of their queries."""
    return _URL.sub(_redact_url, text)


def _redact_url(match: re.Match[str]) -> str:
    login, address, query = match.groups()
    return f"://{REDACTED + '@' if login else ''}{address}{_redact_query(query or '')}"


def _redact_query(path: str) -> str:
    """Redact the values of a path's query, and of its fragment."""
    start = len(re.split("[?#]", path, maxsplit=1)[0])
    return path[:start] + re.sub(r"[^?#&]+", lambda match: _redact_query_pair(match[0]), path[start:])


def _redact_query_pair(pair: str) -> str:
    name, equals, _ = pair.partition("=")
    return pair if name in _KEPT_QUERY_KEYS else f"{name}={REDACTED}" if equals else REDACTED
