# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Splits a command line into our options and kubectl's command line."""

from __future__ import annotations

from collections.abc import Sequence

from kubectl_mc import messages
from kubectl_mc.command_line import flag_tables, grammar
from kubectl_mc.command_line.grammar import CommandLine
from kubectl_mc.command_line.kubectl_flags import FLAGS
from kubectl_mc.command_line.options import OWN_FLAGS, PLUGIN_FLAGS, Options, from_flags
from kubectl_mc.command_line.own_commands import COUNT_OUTPUTS, LOG_OUTPUTS
from kubectl_mc.named_tuples import NamedTuple


class Invocation(NamedTuple):
    """A command line, parsed: our options, and kubectl's command line without them.

    wants: "brief", "help" or "version" for what is shown without a word, our own help or version, else "kubectl"
    """

    options: Options
    kubectl: CommandLine
    wants: str = "kubectl"


# kubectl flags that name one API server: with them, the command of every cluster would reach the same one.
REFUSED = ("context", "cluster", "server")


def parse_invocation(argv: Sequence[str]) -> Invocation:
    """Split an argv (without the program's name) into our flags and kubectl's. `help VERB` becomes `VERB --help`.

    Raises UserError for a wrong value of one of our flags, for --context, --cluster and --server, and for an unknown
    flag that another tool has, or whose name is nearly that of one of ours.
    """
    line = grammar.parse_line(argv, OWN_FLAGS, PLUGIN_FLAGS)
    options = from_flags([token.flags[0] for token in line.tokens if _is_own(token)])
    kubectl = line._replace(tokens=tuple(token for token in line.tokens if not _is_own(token)))
    if "output" in flag_tables.extra_flags(kubectl.verb):
        options = options._replace(output=_log_output(kubectl))
        kubectl = grammar.without(kubectl, ("output",))
    elif options.count_by:
        options, kubectl = _with_count_output(options, kubectl)
    if kubectl.path == ("help",):
        return parse_invocation([*grammar.operands(kubectl), "--help"])
    if not argv:
        return Invocation(options, kubectl, "brief")
    if not kubectl.path:
        if grammar.is_set(kubectl, "help"):
            return Invocation(options, kubectl, "help")
        if any(token.words[0] == "--version" for token in kubectl.tokens):
            return Invocation(options, kubectl, "version")
    _check_flags(kubectl)
    return Invocation(options, kubectl)


def _log_output(line: CommandLine) -> str:
    """Return the value of -o for a verb of kubectl's that has none there. Raises UserError for a wrong one."""
    output = grammar.value(line, "output")
    if output is not None and output not in LOG_OUTPUTS:
        raise messages.bad_flag_value("output", output, f"one of {', '.join(LOG_OUTPUTS)}")
    return output or ""


def _with_count_output(options: Options, line: CommandLine) -> tuple[Options, CommandLine]:
    """Return the options with the -o of counts, and the command line without it, where kubectl's verb has no -o.

    `top` and `auth can-i` have none, or not yet: so it isn't among the verb's flags, and any other value is kubectl's.
    """
    ways = ("-o {}", "-o{}", "-o={}", "--output {}", "--output={}")
    forms = {way.format(form): form for form in COUNT_OUTPUTS for way in ways}
    outputs = [token for token in line.tokens if token.unknown and " ".join(token.words) in forms]
    if not outputs:
        return options, line
    rest = tuple(token for token in line.tokens if token not in outputs)
    return options._replace(output=forms[" ".join(outputs[-1].words)]), line._replace(tokens=rest)


def _is_own(token: grammar.Token) -> bool:
    return len(token.flags) == 1 and token.flags[0][0] in OWN_FLAGS and token.words[0].startswith("--")


def _check_flags(line: CommandLine) -> None:
    """Raise UserError for a flag that would not do what the user expects of it."""
    if line.path[:1] == ("config",):
        return  # it edits the kubeconfig: --cluster and --server are values in it
    for token in line.tokens:
        for name, _ in token.flags:
            if name in REFUSED:
                raise messages.refused_flag(name, _hint(line.verb, token.words[0]))
    is_plugins = bool(line.path) and line.verb not in FLAGS  # then it has flags of its own
    may_be_plugins = (is_plugins or line.path == ("create",)) and line.verb_first  # kubectl-create-WORD
    level = grammar.value(line, "v")
    if level is not None and not level.lstrip("+-").isdecimal() and not may_be_plugins:
        raise messages.flag_needs_value("v", _hint(line.verb, "-v"))  # it has taken what isn't a level
    if is_plugins:
        return
    for word in (token.words[0] for token in line.tokens if token.unknown):
        from kubectl_mc.command_line import other_tools

        if not may_be_plugins and (error := other_tools.unknown_flag(line.verb, word)):
            raise error
        name = flag_tables.normal_name(word[2:].partition("=")[0])
        is_long = word.startswith("--") and name not in flag_tables.all_flags()
        own = OWN_FLAGS if line.path else (*OWN_FLAGS, "help", "version")
        if is_long and (meant := messages.nearest(name, own, cutoff=0.8 if line.path else 0.7)):
            raise messages.unknown_own_flag(name, meant)


def _hint(verb: str, word: str) -> str:
    from kubectl_mc.command_line import other_tools

    return other_tools.flag_hint(verb, word)
