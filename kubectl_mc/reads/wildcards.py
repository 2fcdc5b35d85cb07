"""Names with wildcards (`get pod 'nginx-*'`): each cluster is asked for its names first, and gets those that match."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from itertools import islice
from typing import NamedTuple

from kubectl_mc import messages
from kubectl_mc.command_line import grammar, verbs
from kubectl_mc.command_line.grammar import CommandLine, Token
from kubectl_mc.processes import event_loop
from kubectl_mc.processes.event_loop import Chunk, Command, Exit, Result
from kubectl_mc.processes.requests import Job, Request, job_command, same_jobs
from kubectl_mc.processes.targets import Target
from kubectl_mc.reads import name_patterns
from kubectl_mc.reads.name_patterns import _DEFAULT_TYPE

# -A of a verb that has none of its own is a flag unknown to it.
_EVERYWHERE = ("all-namespaces", "A")


class Object(NamedTuple):
    """An object of a cluster. kind: its type as it was typed; word: TYPE/NAME; namespace: "" where that goes unsaid."""

    kind: str
    word: str
    namespace: str = ""

    @property
    def name(self) -> str:
        return self.word.rpartition("/")[2]


def resolve_jobs(request: Request, targets: Sequence[Target]) -> tuple[Request, list[Job]]:
    """The command lines for the clusters; names with wildcards become each one's own.

    A cluster that isn't asked any further is in the request's `unreachable`. Raises UserError as `listings`.
    """
    asking = [listing_commands(request, target) for target in targets]
    commands = [each for theirs in asking for each in theirs]
    if not commands:
        return request, same_jobs(targets, without_listings(request))
    results = iter(event_loop.collect_results(commands, request.parallel(len(commands)), verbs.PATIENCE))
    found = [
        resolve_cluster(request, target, list(islice(results, len(each)))) for target, each in zip(targets, asking)
    ]
    aside = [result for _, results in found for result in results]
    return request._replace(unreachable=(*request.unreachable, *aside)), [job for jobs, _ in found for job in jobs]


def one_result_per_cluster(results: Sequence[Result]) -> list[Result]:
    """One result per cluster, also of a cluster that had several kubectls: the worst of theirs."""
    found: dict[str, Result] = {}
    for each in results:
        before = found.get(each.cluster)
        found[each.cluster] = _joined(before, each) if before else each
    return list(found.values())


def _joined(one: Result, other: Result) -> Result:
    return Result(
        one.cluster,
        one.stdout + other.stdout,
        one.stderr + other.stderr,
        None if None in (one.status, other.status) else one.status or other.status,
        one.timed_out or other.timed_out,
    )


class Resolver:
    """The same while it happens: each cluster's jobs as soon as they are known.

    commands: to be run, in front of any others; [] if there are no wildcards
    """

    def __init__(self, request: Request, targets: Sequence[Target]) -> None:
        """Raises UserError as `listings`."""
        self._request = request
        self._asking = [(target, each) for target in targets for each in listing_commands(request, target)]
        self.commands = [each for _, each in self._asking]
        self._gathered = event_loop.ResultCollector()

    def feed(self, event: Chunk | Exit) -> tuple[list[Job], list[Result]]:
        """What `resolve` gives for the cluster whose last listing has ended with this event; else nothing."""
        self._gathered.add(event)
        if isinstance(event, Chunk):
            return [], []
        target, _ = self._asking[event.place]
        places = [place for place, (each, _) in enumerate(self._asking) if each is target]
        results = [self._gathered.result(place, target.cluster) for place in places]
        return (
            ([], [])
            if any(each.status is None for each in results)
            else resolve_cluster(self._request, target, results)
        )


def listing_commands(request: Request, target: Target) -> list[Command]:
    """What a cluster is asked first, a command for each type of the names with wildcards; [] if there are none.

    Raises UserError for what can't be asked for by names.
    """
    line = request.line
    if not name_patterns.name_patterns(request.verb, line):
        return []
    from kubectl_mc.reads import name_filter

    if name_filter.name_filter(request):
        return []
    if _everywhere(line) and line.verb == "get" and grammar.is_set(line, "sort-by"):
        raise messages.no_sorting_of_wildcards()
    asking = [job_command(request, Job(target, _listing(line, kind), target.cluster)) for kind in _listed(request)]
    return [each._replace(patience=_patience(request)) for each in asking]


def without_listings(request: Request) -> CommandLine:
    """What is asked where no names have to be known first: as it was typed, or for all objects of its types."""
    if not name_patterns.name_patterns(request.verb, request.line):
        return request.line
    from kubectl_mc.reads import name_filter

    return name_filter.without_names(request.line)


def resolve_cluster(request: Request, target: Target, results: Sequence[Result]) -> tuple[list[Job], list[Result]]:
    """The jobs of a cluster that has given these answers to its listings.

    Or, where its names can't be had or none of them matches, what is to be said of it as if a kubectl had.
    """
    answers = dict(zip(_listed(request), results))
    failure = _failure(results, _patience(request))
    if failure:
        return [], [failure]
    found = _jobs(request, target, answers)
    if found or grammar.is_set(request.line, "ignore-not-found"):
        return found, []
    text = messages.no_match(name_patterns.name_patterns(request.verb, request.line))
    return [], [Result(target.cluster, b"", text.encode("utf-8", "replace"), 1)]


def _patience(request: Request) -> float:
    """Seconds that a listing has: also where what follows has no limit, a cluster must not hold up the others."""
    given = request.options.cluster_timeout
    return verbs.PATIENCE if given is None else given


def _everywhere(line: CommandLine) -> bool:
    return any(grammar.is_set(line, name) for name in _EVERYWHERE)


# --- What the words are -------------------------------------------------------------------------------------


def _bare_type(request: Request) -> str | None:
    """The word that says the type of names without one: `pods` of `get pods 'web-*'`."""
    if any("/" not in word for word in name_patterns.name_patterns(request.verb, request.line)):
        return _DEFAULT_TYPE.get(request.line.verb) or grammar.operands(request.line)[0]
    return None


def _names(request: Request) -> list[str]:
    """The operands that are names: ["web-*", "solo"], ["deploy/web-*", "svc/web"]."""
    if request.line.verb in _DEFAULT_TYPE:
        return name_patterns.name_patterns(request.verb, request.line)
    return grammar.operands(request.line)[1 if _bare_type(request) else 0 :]


def _listed(request: Request) -> list[str]:
    """The types of which the names have to be known."""
    words = [word for word in _names(request) if name_patterns._is_pattern(word) or _everywhere(request.line)]
    return list(dict.fromkeys(kind for word in words for kind in _kinds(word, request)))


def _kinds(word: str, request: Request) -> list[str]:
    """The types whose names this word is about. Each is listed by itself, for a cluster may lack one of them."""
    kind, slash, _ = word.rpartition("/")
    return (kind if slash else _bare_type(request) or "").split(",")


# --- Listings -----------------------------------------------------------------------------------------------

_NAMESPACE_AND_NAME = "custom-columns=NAMESPACE:.metadata.namespace,NAME:.metadata.name"


def _listing(line: CommandLine, kind: str) -> CommandLine:
    """`get KIND -o name` with the flags of the line that say where and as whom; with -A also the namespaces."""
    known = {*grammar.flag_table("").takes_value}
    output = [("output", "name")]
    if _everywhere(line):
        known |= {"selector", "field-selector"} if line.verb == "get" else set()
        output = [("output", _NAMESPACE_AND_NAME), ("no-headers", "true"), ("all-namespaces", "true")]
    flags = {name for token in line.tokens for name, _ in token.flags}
    where = tuple(token for token in grammar.without(line, flags - known).tokens if token.flags)
    words = (Token(("get",)), Token((kind,)))
    return grammar.with_flags(CommandLine(("get",), (*words, *where)), *output)


def _failure(listings: Iterable[Result], patience: float) -> Result | None:
    """Why a cluster's names can't be had, as a kubectl would say it; None if they are there.

    A type that it lacks is a reason only if it lacks them all.
    """
    absent, answered = None, False
    for listing in listings:
        if listing.timed_out:
            return listing._replace(stdout=b"", stderr=messages.timed_out(patience).encode(), status=1, timed_out=False)
        if not listing.status:
            answered = True
        elif messages.find_cause(listing.stderr.decode("utf-8", "replace"), listing.status).absent:
            absent = absent or listing._replace(stdout=b"")
        else:
            return listing._replace(stdout=b"")
    return None if answered else absent


def _objects(kind: str, listing: Result, everywhere: bool) -> list[Object]:
    """What a cluster has of a type."""
    text = listing.stdout.decode("utf-8", "replace")
    if not everywhere:
        return [Object(kind, word) for word in text.split()]
    rows = [row.split() for row in text.splitlines()]
    return [Object(kind, f"{kind}/{row[1]}", "" if row[0] == "<none>" else row[0]) for row in rows if len(row) == 2]


# --- Jobs ---------------------------------------------------------------------------------------------------


def _jobs(request: Request, target: Target, listings: Mapping[str, Result]) -> list[Job]:
    """The jobs of one cluster; none if it has nothing that matches."""
    line = request.line
    found = _found(request, listings)
    # logs takes one object, and so does a watch.
    alone = line.verb in _DEFAULT_TYPE or verbs.is_endless(request.verb, line)
    if _everywhere(line) and line.verb == "get":
        return _by_name(target, line, found, alone)
    groups: dict[Object | str, list[Object]] = {}
    for each in found:
        groups.setdefault(each if alone else each.namespace, []).append(each)
    return [_job(target, line, group, alone) for group in groups.values()]


def _found(request: Request, listings: Mapping[str, Result]) -> list[Object]:
    """The objects that the names mean on one cluster, each once; none if no name is plain and none matches.

    Else kubectl is to say what isn't there: it gets names without a match as they were typed.
    """
    words, everywhere = _names(request), _everywhere(request.line)
    found = {word: _matching(word, request, listings) for word in words}
    if not any(found.values()) and (everywhere or all(name_patterns._is_pattern(word) for word in words)):
        return []
    return list(
        dict.fromkeys(
            each for word in words for each in found[word] or ([] if everywhere else _as_typed(word, request, listings))
        )
    )


def _matching(word: str, request: Request, listings: Mapping[str, Result]) -> list[Object]:
    everywhere, name = _everywhere(request.line), word.rpartition("/")[2]
    kinds = [kind for kind in _kinds(word, request) if kind in listings]
    return [
        each for kind in kinds for each in _objects(kind, listings[kind], everywhere) if fnmatchcase(each.name, name)
    ]


def _as_typed(word: str, request: Request, listings: Mapping[str, Result]) -> list[Object]:
    """The name as it was typed, of each type that the cluster isn't known to lack."""
    kinds = [kind for kind in _kinds(word, request) if kind not in listings or not listings[kind].status]
    return [Object(kind, f"{kind}/{word.rpartition('/')[2]}") for kind in kinds]


def _job(target: Target, line: CommandLine, group: Sequence[Object], alone: bool) -> Job:
    """The job for objects of one namespace; alone: for the only one of them."""
    words = [each.word for each in group]
    if line.verb in _DEFAULT_TYPE:
        words += [word for word in grammar.operands(line) if not name_patterns._is_pattern(word)]
    namespace = group[0].namespace
    if _everywhere(line):
        line = grammar.without(line, (*_EVERYWHERE, "namespace"))
    if namespace:
        line = grammar.with_flags(line, ("namespace", namespace))
    place = f" {namespace}/" if namespace else " "
    return Job(target, _asking(line, words), f"{target.cluster}{place}{group[0].name}" if alone else target.cluster)


def _by_name(target: Target, line: CommandLine, found: Sequence[Object], alone: bool) -> list[Job]:
    """`get TYPE -A` for each name, by a selector: kubectl takes no name with -A, and without it shows no namespace."""
    kinds: dict[tuple[str, str], dict[str, None]] = {}
    for each in found:
        kinds.setdefault((each.name, each.kind if alone else ""), {})[each.kind] = None
    given = grammar.value(line, "field-selector")
    selector = f"{given},metadata.name" if given else "metadata.name"
    return [
        Job(
            target,
            grammar.with_flags(_asking(line, [",".join(types)]), ("field-selector", f"{selector}={name}")),
            f"{target.cluster} {name}" if alone else target.cluster,
        )
        for (name, _), types in kinds.items()
    ]


def _asking(line: CommandLine, words: Sequence[str]) -> CommandLine:
    """The line with these words in the place of its operands."""
    plain = [place for place, token in enumerate(line.tokens) if not token.flags and not token.verbatim]
    first, *others = plain[len(line.path) :]
    behind = [token for place, token in enumerate(line.tokens) if place > first and place not in others]
    return line._replace(tokens=(*line.tokens[:first], *(Token((word,)) for word in words), *behind))
