"""What of a command line is written down: no secret. Pure."""

from __future__ import annotations

import re

from kubectl_mc import verbs
from kubectl_mc.grammar import CommandLine, Token

GONE = "<redacted>"

# Flags whose value is a secret, or may hold one; of key=value the key stays.
_VALUES = ("token", "password", "docker-password", "overrides")
_PAIRS = ("from-literal", "env", "auth-provider-arg", "exec-env")
# For a plugin, whose flags nobody knows.
_LOOKS_SECRET = re.compile(r"token|passw|secret|credential|api-?key", re.IGNORECASE)
_SECRET_TYPE = re.compile(r"secrets?(\.|/|,|$)|.*,secrets?(,|/|$)")
_USER_INFO = re.compile(r"(?<=://)[^/@\s]+@")


def line(command: CommandLine, about_secrets: bool) -> CommandLine:
    """The command line without its secrets; what has none stays to the letter.

    about_secrets: it changes Secrets, as far as its input tells; what its words tell is seen here
    """
    secret = about_secrets or names_secrets(command)
    before = (Token(()), *command.tokens)
    tokens = tuple(_token(token, last, command, secret) for last, token in zip(before, command.tokens))
    return command._replace(tokens=tokens)


def names_secrets(command: CommandLine) -> bool:
    """Is a Secret among the objects that the words name?"""
    return any(_SECRET_TYPE.match(token.words[0]) for token in command.tokens if not token.flags and not token.verbatim)


def _token(token: Token, last: Token, command: CommandLine, secret: bool) -> Token:
    """last: the token before it; behind a flag that isn't kubectl's may stand its value."""
    if token.verbatim or not token.flags:
        free = token.verbatim or not verbs.is_kubectls(command)
        if free and last.words and re.match("--?[a-z]", last.words[-1]) and _LOOKS_SECRET.search(last.words[-1]):
            return token if "=" in last.words[-1] else token._replace(words=(GONE,))
        return token._replace(words=(_word(token.words[0], command, free),))
    flags = tuple((name, _value(name, value, command, secret)) for name, value in token.flags)
    if flags == token.flags:
        return token
    dashes = ["--" if len(name) > 1 else "-" for name, _ in flags]
    words = (f"{dash}{name}" + ("" if value is None else f"={value}") for dash, (name, value) in zip(dashes, flags))
    return Token(tuple(words), flags)


def _word(word: str, command: CommandLine, free: bool) -> str:
    """`set env deploy/x KEY=value`: the values are often secrets.

    free: what it means isn't known, so its own name has to tell
    """
    name, equals, _ = word.partition("=")
    if equals and (command.path == ("set", "env") or (free and _LOOKS_SECRET.search(name))):
        return f"{name}={GONE}"
    return _USER_INFO.sub(f"{GONE}@", word)


def _value(name: str, value: str | None, command: CommandLine, secret: bool) -> str | None:
    if not value:
        return value
    if name in _PAIRS:
        key, equals, _ = value.partition("=")
        return f"{key}={GONE}" if equals else GONE
    if name in _VALUES or (name == "patch" and secret):
        return GONE
    if not verbs.is_kubectls(command) and _LOOKS_SECRET.search(name):
        return GONE
    return _USER_INFO.sub(f"{GONE}@", value)
