# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""kuberc: the user's aliases and defaults for kubectl (KEP-3104), resolved as kubectl resolves them.

What follows sees the real command: kubectl gets no kuberc but one with the user's policy for credential plugins. The
rules are those of k8s.io/kubectl/pkg/kuberc (kuberc.go, marshal.go), the same from 1.33 to 1.37.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from kubectl_mc import messages
from kubectl_mc.command_line import flag_tables, grammar
from kubectl_mc.command_line.grammar import CommandLine
from kubectl_mc.command_line.kubectl_flags import FLAGS
from kubectl_mc.command_line.kuberc_text import UnclearError
from kubectl_mc.command_line.options import OWN_FLAGS
from kubectl_mc.messages import UserError
from kubectl_mc.named_tuples import NamedTuple
from kubectl_mc.type_hints import Any

# Flags that change where a command goes, or as whom. A kuberc may not set one: a command for one cluster would reach
# another cluster.
IDENTITY_FLAGS = (
    "context", "cluster", "server", "tls-server-name", "proxy-url", "certificate-authority",
    "insecure-skip-tls-verify", "user", "token", "client-certificate", "client-key", "username", "password", "as",
    "as-group", "as-uid", "as-user-extra", "kubeconfig",
)  # fmt: skip

_GROUP = "kubectl.config.k8s.io/"
_POLICY, _ALLOWLIST = "credentialPluginPolicy", "credentialPluginAllowlist"
# apiVersion -> the names of a default's list and of an option's list, and the fields of a policy for credential plugins
# (pkg/config/v1alpha1 and v1beta1, types.go)
_FIELDS: dict[str, tuple[str, str, tuple[str, ...]]] = {
    f"{_GROUP}v1alpha1": ("overrides", "flags", ()),
    f"{_GROUP}v1beta1": ("defaults", "options", (_POLICY, _ALLOWLIST)),
}

Option = tuple[str, str]  # a flag's name and its value


class Alias(NamedTuple):
    """A name for a command, with words and flags that are added to it."""

    name: str
    command: str
    prepend: tuple[str, ...] = ()
    append: tuple[str, ...] = ()
    options: tuple[Option, ...] = ()


class Defaults(NamedTuple):
    """Flags that count for a command where they are not typed."""

    command: str
    options: tuple[Option, ...] = ()


class Kuberc(NamedTuple):
    """A kuberc file.

    policy: the fields about credential plugins, as they stand in the file; {} without any
    unknown: the names of the fields that kubectl passes over
    """

    aliases: tuple[Alias, ...] = ()
    defaults: tuple[Defaults, ...] = ()
    policy: Mapping[str, Any] = {}
    unknown: tuple[str, ...] = ()


def parse_documents(documents: Iterable[object]) -> Kuberc | None:
    """Return the first document that kubectl can use; None if there is none (marshal.go, decodePreference).

    Unknown fields count for nothing. A value of another type, as `default: true`, makes a document unusable. Raises
    UnclearError for a document that some kubectls use and others don't.
    """
    for document in documents:
        if not isinstance(document, Mapping) or document.get("kind") != "Preference":
            continue
        version = str(document.get("apiVersion"))
        if version in _FIELDS:
            try:
                return _parse_document(document, *_FIELDS[version])
            except TypeError:
                continue
        if version.startswith(_GROUP):  # a newer kubectl may use it
            raise UnclearError(f"its apiVersion {version} is not known")
    return None


def _parse_document(document: Mapping[str, Any], defaults: str, options: str, policy: tuple[str, ...]) -> Kuberc:
    """Return what a document says. defaults, options, policy: the names of fields in its version. Raises TypeError."""
    unknown = [name for name in document if name not in ("apiVersion", "kind", "aliases", defaults, *policy)]

    def entries_of(mapping: Mapping[str, Any], field: str, *fields: str) -> list[Mapping[str, Any]]:
        entries = _entries(mapping, field)
        unknown.extend(name for entry in entries for name in entry if name not in fields)
        return entries

    def options_of(entry: Mapping[str, Any]) -> tuple[Option, ...]:
        entries = entries_of(entry, options, "name", "default")
        return tuple((_text(option.get("name")), _text(option.get("default"))) for option in entries)

    return Kuberc(
        tuple(
            Alias(
                _text(entry.get("name")),
                _text(entry.get("command")),
                _texts(entry.get("prependArgs")),
                _texts(entry.get("appendArgs")),
                options_of(entry),
            )
            for entry in entries_of(document, "aliases", "name", "command", "prependArgs", "appendArgs", options)
        ),
        tuple(
            Defaults(_text(entry.get("command")), options_of(entry))
            for entry in entries_of(document, defaults, "command", options)
        ),
        _policy(document) if policy else {},
        tuple(unknown),
    )


def _policy(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields about credential plugins; a list without entries is one, as kubectl refuses it."""
    policy: dict[str, Any] = {}
    try:
        if kind := _text(document.get(_POLICY)):
            policy[_POLICY] = kind
        if document.get(_ALLOWLIST) is not None:
            entries = _entries(document, _ALLOWLIST)
            policy[_ALLOWLIST] = [{name: _text(value) for name, value in entry.items()} for entry in entries]
    except TypeError:  # kubectl 1.34, which doesn't know these fields, uses the document
        raise UnclearError("its policy for credential plugins has a value of a wrong type") from None
    return policy


def _text(value: object) -> str:
    if value is not None and not isinstance(value, str):
        raise TypeError("not a text")
    return value or ""


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list | None):
        raise TypeError("not a list")
    return tuple(_text(item) for item in value or ())


def _entries(mapping: Mapping[str, Any], field: str) -> list[Mapping[str, Any]]:
    entries = mapping.get(field)
    if not isinstance(entries, list | None) or not all(isinstance(entry, Mapping | None) for entry in entries or ()):
        raise TypeError("not a list of objects")
    return [entry or {} for entry in entries or ()]


def resolve(kuberc: Kuberc, argv: Sequence[str]) -> list[str]:
    """Return the words that kubectl runs for `argv` with this kuberc (kuberc.go, Apply): aliases, then defaults.

    Raises UserError for what kubectl refuses, and for a kuberc that would change where a command goes or as whom.
    """
    _validate(kuberc)
    line = grammar.parse_line(argv)
    alias = None if not line.path or line.path[0] in FLAGS else _alias(kuberc, argv)
    if alias:
        return _expanded(alias, kuberc, argv)
    options: list[Option] = []
    for defaults in kuberc.defaults:
        path = grammar.parse_line(defaults.command.split()).path
        # A default is for a command by its last word alone: `config view` is also `kuberc view`.
        if line.verb in FLAGS and path and " ".join(path) in FLAGS and path[-1:] == line.path[-1:]:
            options += _counting(defaults.options, f"defaults of {defaults.command}", line.path, argv)
    return [*(f"--{name}={value}" for name, value in options), *argv]


def _validate(kuberc: Kuberc) -> None:
    """Raise UserError for what makes kubectl refuse every command (kuberc.go, validate)."""
    names = [alias.name for alias in kuberc.aliases]
    for name in names:
        if not re.fullmatch("[a-zA-Z]+", name):
            raise messages.bad_kuberc(f"the alias name {name!r} has other characters than letters")
        if names.count(name) > 1:
            raise messages.bad_kuberc(f"the alias {name} is there twice")
    options = [option for alias in kuberc.aliases for option in alias.options]
    for name, _ in (*options, *(option for defaults in kuberc.defaults for option in defaults.options)):
        if name.startswith("-"):
            raise messages.bad_kuberc(f"the flag name {name} has dashes in front")


def _alias(kuberc: Kuberc, argv: Sequence[str]) -> Alias | None:
    """Return the alias that the first raw word without a dash names."""
    name = next((word for word in argv if not word.startswith("-")), "")
    return next((alias for alias in kuberc.aliases if alias.name == name), None)


def _expanded(alias: Alias, kuberc: Kuberc, argv: Sequence[str]) -> list[str]:
    """Return the words with the alias's command, flags and words. prependArgs go behind the alias, appendArgs last."""
    where = f"alias {alias.name}"
    path = grammar.parse_line(alias.command.split()).path  # words behind the command are dropped
    if " ".join(path) not in FLAGS:
        raise messages.bad_kuberc(f"{where}: kubectl has no command {alias.command!r}")
    if any(defaults.command.split()[:1] == [alias.name] for defaults in kuberc.defaults):
        raise messages.bad_kuberc(f"{where} can't have defaults")
    index = list(argv).index(alias.name)
    options = [f"--{name}={value}" for name, value in _counting(alias.options, where, path, argv)]
    ahead, behind = [*argv[:index], *path, *options], argv[index + 1 :]
    words = [*ahead, *alias.prepend, *behind, *alias.append]
    if alias.prepend or alias.append:
        _check_added_words(where, grammar.parse_line(words, OWN_FLAGS), [*ahead, *behind])
    return words


def _check_added_words(where: str, line: CommandLine, typed: Sequence[str]) -> None:
    """Raise UserError if the words that an alias adds bring a flag, or a flag's value, that may not come from it."""
    try:
        typed_flags = {flag for token in grammar.parse_line(typed, OWN_FLAGS).tokens for flag in token.flags}
    except UserError:  # a value is missing, which the alias brings
        typed_flags = set()
    for token in line.tokens:
        for flag in token.flags:
            if _changes_identity(line.path, flag[0]) and flag not in typed_flags:
                raise messages.kuberc_identity(where, flag[0])
            if flag[0] in OWN_FLAGS and flag not in typed_flags:
                raise messages.bad_kuberc(f"{where}: kubectl has no flag --{flag[0]}")
        if token.unknown:
            raise messages.bad_kuberc(f"{where}: the flag {token.words[0]} is unknown, so its words can't be judged")


def _changes_identity(path: tuple[str, ...], name: str) -> bool:
    return name in IDENTITY_FLAGS and not flag_tables.hides_global(" ".join(path), name)


def _counting(options: Sequence[Option], where: str, path: tuple[str, ...], argv: Sequence[str]) -> list[Option]:
    """Return the options that count: those whose flag is not typed."""
    table = flag_tables.flag_table(" ".join(path))
    counting: list[Option] = []
    for option, value in options:
        name = flag_tables.normal_name(option)
        if name not in table.flags or name == "help":
            raise messages.bad_kuberc(f"{where}: kubectl {' '.join(path)} has no flag --{option}")
        letter = next((letter for letter, long in table.shorthand.items() if long == name), "")
        if name == "kuberc" or _is_typed(name, letter, argv):
            continue
        if _changes_identity(path, name):
            raise messages.kuberc_identity(where, name)
        counting.append((name, value))
    return counting


def _is_typed(name: str, letter: str, argv: Sequence[str]) -> bool:
    """Return whether kubectl takes a flag for typed (kuberc.go, searchInArgs), by a scan of the raw words.

    Every word counts, also a value and those behind a `--`; a spelling with `_` does not.
    """
    return any(
        word == f"--{name}"
        or word.startswith(f"--{name}=")
        or bool(letter and (word.startswith(f"-{letter}") or (re.fullmatch("-[a-zA-Z]+", word) and letter in word)))
        for word in argv
    )
