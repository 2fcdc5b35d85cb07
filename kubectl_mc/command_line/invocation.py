"""Splits a command line into our options and kubectl's command line."""

from __future__ import annotations

from collections.abc import Sequence

from kubectl_mc import messages
from kubectl_mc.command_line import flag_tables, grammar
from kubectl_mc.command_line.grammar import CommandLine
from kubectl_mc.command_line.kubectl_flags import FLAGS
from kubectl_mc.command_line.options import OWN_FLAGS, PLUGIN_FLAGS, Options, from_flags
from kubectl_mc.command_line.own_commands import LOG_OUTPUTS
from kubectl_mc.named_tuples import NamedTuple


class Invocation(NamedTuple):
    """A command line, parsed: our options, and kubectl's command line without them.

    wants: "help" or "version" for our own help or version, else "kubectl"
    """

    options: Options
    kubectl: CommandLine
    wants: str = "kubectl"


# kubectl flags that name one API server: with them, the command of every cluster would reach the same one.
REFUSED = ("context", "cluster", "server")


def parse_invocation(argv: Sequence[str]) -> Invocation:
    """Split an argv (without the program's name) into our flags and kubectl's. `help VERB` becomes `VERB --help`.

    Raises UserError for a wrong value of one of our flags, for --context, --cluster and --server, and for an unknown
    flag whose name is nearly that of one of ours.
    """
    line = grammar.parse_line(argv, OWN_FLAGS, PLUGIN_FLAGS)
    options = from_flags([token.flags[0] for token in line.tokens if _is_own(token)])
    kubectl = line._replace(tokens=tuple(token for token in line.tokens if not _is_own(token)))
    if "output" in flag_tables.extra_flags(kubectl.verb):
        options = options._replace(output=_log_output(kubectl))
        kubectl = grammar.without(kubectl, ("output",))
    if kubectl.path == ("help",):
        return parse_invocation([*grammar.operands(kubectl), "--help"])
    if not argv:
        return Invocation(options, kubectl, "help")
    if not kubectl.path:
        if grammar.is_set(kubectl, "help"):
            return Invocation(options, kubectl, "help")
        if any(token.words[0] == "--version" for token in kubectl.tokens):
            return Invocation(options, kubectl, "version")
    _check_flags(kubectl)
    return Invocation(options, kubectl)


def _log_output(line: CommandLine) -> str:
    """Return the value of -o for a verb of kubectl's that has none there."""
    output = grammar.value(line, "output")
    if output is not None and output not in LOG_OUTPUTS:
        raise messages.bad_flag_value("output", output, f"one of {', '.join(LOG_OUTPUTS)}")
    return output or ""


def _is_own(token: grammar.Token) -> bool:
    return len(token.flags) == 1 and token.flags[0][0] in OWN_FLAGS and token.words[0].startswith("--")


def _check_flags(line: CommandLine) -> None:
    """Raise UserError for a flag that would not do what the user expects of it."""
    if line.path[:1] == ("config",):
        return  # it edits the kubeconfig: --cluster and --server are values in it
    names = [name for token in line.tokens for name, _ in token.flags]
    for name in REFUSED:
        if name in names:
            raise messages.refused_flag(name)
    if line.path and line.verb not in FLAGS:
        return  # a plugin has flags of its own
    for word in (token.words[0] for token in line.tokens if token.unknown and token.words[0].startswith("--")):
        name = flag_tables.normal_name(word[2:].partition("=")[0])
        if name not in flag_tables.all_flags() and (meant := messages.nearest(name, OWN_FLAGS, cutoff=0.8)):
            raise messages.unknown_own_flag(name, meant)
