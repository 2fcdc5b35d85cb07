"""The verb table: what is true of each kubectl verb, as data. No verb has code of its own."""

from __future__ import annotations

from typing import Literal, NamedTuple

from kubectl_mc.command_line import grammar
from kubectl_mc.command_line.grammar import CommandLine
from kubectl_mc.command_line.kubectl_flags import FLAGS

Mode = Literal["captured", "streamed", "terminal", "local"]

Shape = Literal["table", "text", "lines"]

PATIENCE = 30.0  # seconds that a cluster has for an answer


class VerbRow(NamedTuple):
    """A row of the table.

    path: the verb as kubectl writes it, e.g. "rollout status"; a row is also for its sub-verbs that have none
    mode: captured: all answers are waited for and merged; streamed: shown as they come; terminal: it needs the real
        terminal or a port, so it runs on one cluster; local: it is about this machine, so it runs once, without cluster
    shape: what its plain output is: a table with a header, a text (shown in sections), or lines that each stand alone
    changes: it changes something on a cluster (as far as is known), so its targets must be named
    fold: clusters with the same answer are shown together, unless --fold=false
    each: a terminal verb that goes through several clusters, one after another
    patience: seconds that a cluster has by default; 0 where kubectl's own time limit, or the user, ends it
    waits: it waits for an object as long as its --timeout says, by default so long ("0s" is for ever); all clusters at
        once, for it is time that this takes
    streamed_by, terminal_by, local_by, alone_by: boolean or valued flags with which it goes that way, or needs a
        single cluster
    table_by: flags with which the output is a table
    group: without a sub-verb kubectl shows its help
    answer: an exit status other than 0 that is an answer, no failure
    needs_all: what a cluster lacks is its failure, even if others have it
    wildcards: names with * ? [ are resolved on each cluster
    by_time: each of its lines has a time, which --timestamps shows
    sorts: (a value of --sort-by, the column of the answer by which that sorts)

    Of changes:
    preposition: "in" or "from" clusters, for sentences
    rehearsed, unrehearsed_by: whether --dry-run=server does what it says, and flags with which it doesn't
    counted_by, counted_unnamed, counted_types: flags, the lack of a name, and types of objects with which so much goes
        that one has to type the number of clusters
    repeatable: done twice, it leaves what it left the first time
    revises: it can give a workload a new revision, which `rollout undo` takes back
    stops: a cluster's failure stops the others by default
    asks_by: a flag with which kubectl itself would ask on stdin
    program: it runs a program: what that is told, and what it prints, isn't written down
    """

    path: str
    mode: Mode = "captured"
    shape: Shape = "lines"
    changes: bool = False
    fold: bool = False
    each: bool = False
    patience: float = PATIENCE
    waits: str = ""
    streamed_by: tuple[str, ...] = ()
    terminal_by: tuple[str, ...] = ()
    local_by: tuple[str, ...] = ()
    alone_by: tuple[str, ...] = ()
    table_by: tuple[str, ...] = ()
    group: bool = False
    answer: int = 0
    needs_all: bool = False
    wildcards: bool = False
    by_time: bool = False
    sorts: tuple[tuple[str, str], ...] = ()
    preposition: str = "in"
    rehearsed: bool = True
    unrehearsed_by: tuple[str, ...] = ("raw",)  # a request by hand is sent, dry run or not
    counted_by: tuple[str, ...] = ()
    counted_unnamed: bool = False
    counted_types: tuple[str, ...] = ()
    repeatable: bool = False
    revises: bool = False
    stops: bool = True
    asks_by: str = ""
    program: bool = False


_MINUTES = 600.0  # for what waits by itself: finalizers, evictions
_TERMINAL = ("stdin", "tty")
_FORCE = ("raw", "force")  # kubectl refuses a dry run of it
# GetDryRunStrategy (k8s.io/kubectl/pkg/cmd/util/helpers.go): the strategies, and what strconv.ParseBool takes for true.
_DRY_RUNS = (None, "client", "server", "1", "t", "T", "true", "TRUE", "True")
_LARGE = ("namespace", "namespaces", "ns", "customresourcedefinition", "customresourcedefinitions", "crd", "crds")


def _read(path: str, shape: Shape, **rest: object) -> VerbRow:
    return VerbRow(path, shape=shape)._replace(**rest)  # type: ignore[arg-type]


def _change(path: str, **rest: object) -> VerbRow:
    return VerbRow(path, changes=True)._replace(**rest)  # type: ignore[arg-type]


_ROWS = (
    _read("get", "table", streamed_by=("watch", "watch-only"), wildcards=True),
    _read("events", "table", streamed_by=("watch",)),
    _read("top", "table", group=True, sorts=(("cpu", "CPU(cores)"), ("memory", "MEMORY(bytes)"))),
    _read("api-resources", "table", sorts=(("name", "NAME"), ("kind", "KIND"))),
    _read("api-versions", "text", fold=True),
    _read("explain", "text", fold=True),
    _read("describe", "text", wildcards=True),
    _read("version", "text", local_by=("client",)),
    _read("cluster-info", "text"),
    _read("cluster-info dump", "text", alone_by=("output-directory",), patience=_MINUTES),
    _read("auth can-i", "lines", table_by=("list",), answer=1),
    _read("auth whoami", "table"),
    _read("diff", "text", answer=1, needs_all=True),
    _read("rollout history", "text"),
    _read("rollout status", "lines", mode="streamed", patience=0.0, waits="0s"),
    _read("wait", "lines", mode="streamed", patience=0.0, waits="30s"),
    _read("logs", "lines", mode="streamed", patience=0.0, wildcards=True, by_time=True),
    _read("apply view-last-applied", "text"),
    _read("port-forward", "lines", mode="terminal"),
    _read("proxy", "lines", mode="terminal"),
    _change("exec", mode="streamed", patience=0.0, terminal_by=_TERMINAL, stops=False, program=True),
    _change("attach", mode="streamed", patience=0.0, terminal_by=_TERMINAL, stops=False, program=True),
    _change("run", terminal_by=(*_TERMINAL, "attach"), program=True),
    _change("debug", terminal_by=(*_TERMINAL, "attach"), program=True),
    _change("cp", mode="streamed", patience=0.0, stops=False),
    _change("edit", mode="terminal", each=True, revises=True),
    _change("apply edit-last-applied", mode="terminal", each=True),
    _change("annotate", local_by=("local",), repeatable=True),
    _change("apply", unrehearsed_by=_FORCE, counted_by=("prune",), repeatable=True, revises=True),
    _change("auth", group=True, rehearsed=False, repeatable=True),
    _change("autoscale"),
    _change("certificate", group=True, repeatable=True),
    _change("cordon", repeatable=True),
    _change("create", terminal_by=("edit",)),
    _change(
        "delete",
        patience=_MINUTES,
        preposition="from",
        counted_by=("all",),
        counted_unnamed=True,
        counted_types=_LARGE,
        asks_by="interactive",
    ),
    _change("drain", mode="streamed", patience=_MINUTES, repeatable=True),
    _change("expose"),
    _change("label", local_by=("local",), repeatable=True),
    _change("patch", local_by=("local",), revises=True),
    _change(
        "replace",
        patience=_MINUTES,
        unrehearsed_by=_FORCE,
        counted_by=("force",),  # it deletes what it replaces
        repeatable=True,
        revises=True,
    ),
    _change("rollout", group=True),
    _change("rollout restart", revises=True),
    _change("rollout undo", revises=True),
    _change("scale", repeatable=True),
    _change("set", group=True, local_by=("local",), repeatable=True, revises=True),
    _change("taint", repeatable=True),
    _change("uncordon", repeatable=True),
    *(
        VerbRow(path, mode="local")
        for path in ("alpha", "completion", "config", "help", "kuberc", "kustomize", "options", "plugin")
    ),
)

TABLE = {row.path: row for row in _ROWS}

# A program that kubectl runs under this name. What it does is not known, so it counts as a change.
PLUGIN = VerbRow("", shape="text", changes=True, program=True)


def find_row(line: CommandLine) -> VerbRow:
    """The row for a command line: the verb's, or its parent verb's; PLUGIN for no verb of kubectl's."""
    if not is_kubectls(line):
        return PLUGIN
    paths = (" ".join(line.path[:length]) for length in range(len(line.path), 0, -1))
    return next((TABLE[path] for path in paths if path in TABLE), PLUGIN)


def is_kubectls(line: CommandLine) -> bool:
    """Is the verb one of kubectl's own, not the name of a plugin?"""
    return bool(line.path) and line.verb in FLAGS


def mode(verb: VerbRow, line: CommandLine) -> Mode:
    """How this command line is run; its flags count."""
    if verb.mode == "local" or _asks_for_help(line) or _any(line, verb.local_by):
        return "local"
    if verb.group and line.verb == verb.path:
        return "local"
    if verb.mode == "terminal" or _any(line, verb.terminal_by):
        return "terminal"
    if _any(line, verb.streamed_by):
        return "streamed"
    if verb.mode == "streamed" and not is_dry_run(verb, line) and not _one_document(line):
        return "streamed"
    return "captured"


def _asks_for_help(line: CommandLine) -> bool:
    """-h of a plugin may be anything, such as a host."""
    asked = [token for token in line.tokens if is_kubectls(line) or token.words[0].startswith("--")]
    return grammar.is_set(line._replace(tokens=tuple(asked)), "help")


def _one_document(line: CommandLine) -> bool:
    """`wait -o json`: one document of all clusters has to wait for all of them."""
    return grammar.output_format(line)[0] in ("json", "yaml")


def output_shape(verb: VerbRow, line: CommandLine) -> Shape:
    return "table" if _any(line, verb.table_by) else verb.shape


def is_change(verb: VerbRow, line: CommandLine) -> bool:
    """Does it change something? Not with a dry run."""
    return verb.changes and not _is_dry_run(line)


def _is_dry_run(line: CommandLine) -> bool:
    """Only what kubectl takes for one: `--dry-run=false` is none, and --raw is sent all the same."""
    given = grammar.values(line, "dry-run")
    known = is_kubectls(line) and "dry-run" in grammar.flag_table(line.verb).takes_value
    return known and bool(given) and given[-1] in _DRY_RUNS and not grammar.values(line, "raw")


def is_dry_run(verb: VerbRow, line: CommandLine) -> bool:
    """Is it a change's dry run, by the user's own --dry-run?"""
    return verb.changes and not is_change(verb, line)


def sorted_by(verb: VerbRow, line: CommandLine) -> str:
    """The column by which the rows of all clusters are to be sorted, "" for none.

    Not where rows belong together: a pod's containers, a sum below the others.
    """
    wanted = grammar.value(line, "sort-by")
    return "" if _any(line, ("containers", "sum")) else dict(verb.sorts).get(wanted or "", "")


def can_rehearse(verb: VerbRow, line: CommandLine) -> bool:
    """Can kubectl say beforehand, with --dry-run=server, what it would do?"""
    known = "dry-run" in grammar.flag_table(line.verb).takes_value
    return known and verb.rehearsed and is_kubectls(line) and not _any(line, verb.unrehearsed_by)


def compares_states(verb: VerbRow, line: CommandLine) -> bool:
    """Is it seen beforehand, and afterwards, what its objects are, for want of a dry run? Not if they come on stdin."""
    return verb.each and "-" not in grammar.values(line, "filename")


def needs_count(verb: VerbRow, line: CommandLine) -> bool:
    """Is it so much that a yes is not enough? As far as the command line tells."""
    words = grammar.operands(line)
    types = words[0].partition("/")[0].split(",") if words else []
    named = len(words) > 1 or any("/" in word for word in words) or _any(line, ("filename", "kustomize"))
    return (
        _any(line, verb.counted_by)
        or (verb.counted_unnamed and not named)
        or any(is_counted_type(verb, each) for each in types)
    )


def is_counted_type(verb: VerbRow, kind: str) -> bool:
    """kind: as the user or kubectl writes it: "ns", "customresourcedefinition.apiextensions.k8s.io"."""
    return kind.partition(".")[0].lower() in verb.counted_types


def needs_one_cluster(verb: VerbRow, line: CommandLine) -> bool:
    """Does it make sense on one cluster only? A download (`cp POD:/path here`) has one place to go, too."""
    if verb.path == "cp":
        return any(":" in source for source in grammar.operands(line)[:-1])
    return (mode(verb, line) == "terminal" and not verb.each) or _any(line, verb.alone_by)


def is_endless(verb: VerbRow, line: CommandLine) -> bool:
    """Will it go on until the user ends it? Then all clusters are asked at once."""
    return mode(verb, line) == "streamed" and _any(line, (*verb.streamed_by, "follow"))


def kubectl_time_limit(verb: VerbRow, line: CommandLine) -> str:
    """The time after which kubectl itself stops waiting, "" for none: of several objects, each may take it."""
    kind, *names = grammar.operands(line) or [""]
    one = len(names) == 1 and not any(mark in kind for mark in ",/") if names else "/" in kind
    return (grammar.value(line, "timeout") or verb.waits) if verb.waits and one else ""


def sorts_by_time(verb: VerbRow, line: CommandLine) -> bool:
    """Can the lines of all clusters be put in the order of their times? Only what has an end."""
    return verb.by_time and not is_endless(verb, line)


def _any(line: CommandLine, names: tuple[str, ...]) -> bool:
    return any(grammar.is_set(line, name) for name in names)
