"""Names with wildcards (`get pod 'nginx-*'`): each cluster is asked for its names first, and gets those that match."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

from kubectl_mc import dispatch, errors, grammar
from kubectl_mc.access import Target
from kubectl_mc.grammar import CommandLine, Token
from kubectl_mc.request import Job, Request, command, same_everywhere
from kubectl_mc.verbs import Verb

# What `kubectl logs NAME` means by a bare name.
_DEFAULT_TYPE = {"logs": "pod"}

# A command that takes one object runs once per object.
_ONE_OBJECT = ("logs",)


def patterns(verb: Verb, line: CommandLine) -> list[str]:
    """The operands that have a wildcard in their name, e.g. ["nginx-*"], ["deploy/web-*"]."""
    return [word for word in grammar.operands(line) if _is_pattern(word)] if verb.wildcards else []


def _is_pattern(word: str) -> bool:
    return any(letter in word.rpartition("/")[2] for letter in "*?[")


def jobs(request: Request, targets: Sequence[Target]) -> list[Job]:
    """The command line for each cluster; names with wildcards become its own. Raises UserError for no match."""
    wanted = patterns(request.verb, request.line)
    if not wanted:
        return same_everywhere(targets, request.line)
    found = resolve(request, targets)
    if not found:
        raise errors.nothing_matches(", ".join(wanted), len(targets))
    return found


def resolve(request: Request, targets: Sequence[Target]) -> list[Job]:
    """The jobs of the clusters that have matching objects, with the objects' names in the patterns' place.

    A cluster that can't be asked keeps the patterns, so that its failure is told like any other.
    """
    line = request.line
    default = _DEFAULT_TYPE.get(request.verb.path)
    types = sorted({_type(word, line, default) for word in patterns(request.verb, line)})
    asking = [Job(target, _listing(line, kind), target.cluster) for target in targets for kind in types]
    results = dispatch.collect(
        [command(request, job) for job in asking], request.parallel(len(asking)), request.patience
    )
    found: list[Job] = []
    for place, target in enumerate(targets):
        answers = results[place * len(types) : (place + 1) * len(types)]
        names = {kind: answer.stdout.decode("utf-8", "replace").split() for kind, answer in zip(types, answers)}
        if any(
            answer.status and not errors.cause(answer.stderr.decode("utf-8", "replace"), 1).absent for answer in answers
        ):
            found.append(Job(target, line, target.cluster))
            continue
        found += _jobs(request, target, names, default)
    return found


def _type(word: str, line: CommandLine, default: str | None) -> str:
    """The resource type whose names the operand is about: of `deploy/web-*`, or the first operand (`pods 'web-*'`)."""
    kind, slash, _ = word.rpartition("/")
    return kind if slash else default or grammar.operands(line)[0]


def _listing(line: CommandLine, kind: str) -> CommandLine:
    """`get KIND -o name` in the same place: with the flags of the line that say where and as whom."""
    known = grammar.flag_table("").takes_value
    where = tuple(token for token in line.tokens if token.flags and all(name in known for name, _ in token.flags))
    words = (Token(("get",)), Token((kind,)))
    return grammar.with_flags(CommandLine(("get",), (*words, *where)), ("output", "name"))


def _jobs(request: Request, target: Target, names: dict[str, list[str]], default: str | None) -> list[Job]:
    """The jobs of one cluster: one with all the names, or one per name for a command that takes one object."""
    line = request.line
    found = {
        word: [
            name
            for name in names[_type(word, line, default)]
            if fnmatchcase(name.rpartition("/")[2], word.rpartition("/")[2])
        ]
        for word in patterns(request.verb, line)
    }
    if not any(found.values()):
        return []
    if request.verb.path in _ONE_OBJECT:
        each = [(word, name) for word, matches in found.items() for name in matches]
        return [
            Job(target, _replaced(line, {word: [name]}, None), f"{target.cluster} {name.rpartition('/')[2]}")
            for word, name in each
        ]
    bare = default or (grammar.operands(line)[0] if any("/" not in word for word in found) else None)
    return [Job(target, _replaced(line, found, bare), target.cluster)]


def _replaced(line: CommandLine, found: dict[str, list[str]], bare: str | None) -> CommandLine:
    """The line with objects as TYPE/NAME for the patterns; the type in front (`bare`) goes and joins other names."""
    tokens: list[Token] = []
    position = -len(line.path)
    for token in line.tokens:
        word = token.words[0]
        if token.flags or token.verbatim:
            tokens.append(token)
            continue
        position += 1
        if position <= 0 or (position == 1 and word == bare):
            tokens += [token] if position <= 0 else []
        elif word in found:
            tokens += [Token((name,)) for name in found[word]]
        else:
            tokens.append(Token((f"{bare}/{word}",)) if bare and "/" not in word else token)
    return line._replace(tokens=tuple(tokens))
