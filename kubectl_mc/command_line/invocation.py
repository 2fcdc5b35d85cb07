"""TODO."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from kubectl_mc import messages
from kubectl_mc.command_line import grammar
from kubectl_mc.command_line.grammar import CommandLine
from kubectl_mc.command_line.kubectl_flags import FLAGS
from kubectl_mc.command_line.options import OWN_FLAGS, Options, from_flags


class Invocation(NamedTuple):
    """What a command line asks for: our options, and kubectl's command line without them.

    wants: "help" or "version" of our own, or "kubectl"
    """

    options: Options
    kubectl: CommandLine
    wants: str = "kubectl"


# Flags of kubectl's that name one API server: with them every cluster's command would reach the same one.
REFUSED = ("context", "cluster", "server")


def parse_invocation(argv: Sequence[str]) -> Invocation:
    """Split `argv` (without the program's name) into our flags and kubectl's; `help VERB` is `VERB --help`.

    Raises UserError for a value of ours that is none, for --context, --cluster and --server, and for a flag that
    is nearly one of ours and none of kubectl's.
    """
    line = grammar.parse_line(argv, OWN_FLAGS)
    ours = [token.flags[0] for token in line.tokens if _is_own(token)]
    theirs = line._replace(tokens=tuple(token for token in line.tokens if not _is_own(token)))
    options = from_flags(ours)
    if theirs.path == ("help",):
        return parse_invocation([*grammar.operands(theirs), "--help"])
    if not argv:
        return Invocation(options, theirs, "help")
    if not theirs.path:
        for wish in ("help", "version"):
            if grammar.is_set(theirs, wish):
                return Invocation(options, theirs, wish)
    _refuse(theirs)
    return Invocation(options, theirs)


def _is_own(token: grammar.Token) -> bool:
    return len(token.flags) == 1 and token.flags[0][0] in OWN_FLAGS and token.words[0].startswith("--")


def _refuse(line: CommandLine) -> None:
    """Refuse what can't mean what was typed; `config` is about the kubeconfig itself, so there all is kubectl's."""
    if line.path[:1] == ("config",):
        return
    given = [name for token in line.tokens for name, _ in token.flags]
    for name in REFUSED:
        if name in given:
            raise messages.refused_flag(name)
    if line.path and line.path[0] not in FLAGS:
        return  # a plugin: its flags are its own
    for name in given:
        if len(name) > 1 and name not in grammar.all_flags():
            meant = messages.nearest(name, OWN_FLAGS, cutoff=0.8)
            if meant:
                raise messages.unknown_own_flag(name, meant)
