# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""The verb table: what is true of each kubectl verb, as data. No verb has code of its own."""

from __future__ import annotations

from kubectl_mc.named_tuples import NamedTuple
from kubectl_mc.type_hints import Literal

Mode = Literal["captured", "streamed", "terminal", "local"]

Shape = Literal["table", "text", "lines"]

PATIENCE = 30.0  # seconds that a cluster has for an answer


class Output(NamedTuple):
    """What a verb prints, and how the outputs of several clusters are merged.

    shape: a table with a header, a text (shown in sections), or lines that each stand alone
    table_by: flags with which the output is a table
    fold: clusters with the same answer are shown together, unless the user says --fold=false
    log_lines: they are what containers have written: --prefix shows of which, --timestamps when
    sorts: (a value of --sort-by, the column of the table by which kubectl then sorts)
    last_cell, ordered_by: for a table whose last cells may have several lines, the path of their values in an object,
        and the paths of what the table is sorted by, of which the first that is set counts
    row_start: the pattern of what a row of such a table starts with, for a watch, whose cells can't be asked for twice
    events_by: the flag with which kubectl's own table says in a first column what each row of a watch tells, or EVENT
    news_by: the flag with which a watch doesn't show what is there at its start
    totals_by: flags with which a row of the table is about all others
    has_wide: whether the table has more columns with -o wide
    of_versions: it says which versions run, so stderr has ours ahead of it
    """

    shape: Shape = "lines"
    table_by: tuple[str, ...] = ()
    fold: bool = False
    log_lines: bool = False
    sorts: tuple[tuple[str, str], ...] = ()
    last_cell: str = ""
    ordered_by: tuple[str, ...] = ()
    row_start: str = ""
    events_by: str = ""
    news_by: str = ""
    totals_by: tuple[str, ...] = ()
    has_wide: bool = False
    of_versions: bool = False


class Modes(NamedTuple):
    """How a verb is run, and the flags with which it is run otherwise.

    captured: all results are waited for and merged; streamed: the output is shown as it comes; terminal: kubectl needs
    the real terminal or a port, so it runs on one cluster; local: the verb is about this machine, so it runs once,
    without a cluster. alone_by: flags with which the verb makes sense on one cluster only.
    Of the flags in streamed_by, which make it a watch, the first has it begin with what is there.
    """

    usual: Mode = "captured"
    streamed_by: tuple[str, ...] = ()
    terminal_by: tuple[str, ...] = ()
    local_by: tuple[str, ...] = ()
    alone_by: tuple[str, ...] = ()


class Waiting(NamedTuple):
    """How long a cluster may take.

    patience: seconds that a cluster has by default; 0 where kubectl's own time limit, or the user, ends the process
    kubectl_timeout: the default of kubectl's --timeout ("0s" is no limit) for a verb that waits for an object, else "";
        such a verb runs on all clusters at once, because it spends its time waiting
    """

    patience: float = PATIENCE
    kubectl_timeout: str = ""


class Status(NamedTuple):
    """What kubectl's exit status means.

    answer: an exit status other than 0 that is an answer, not a failure
    needs_all: a cluster that lacks what was asked for has failed, even if other clusters have it; --if-present passes
        over it
    """

    answer: int = 0
    needs_all: bool = False


class ChangeTraits(NamedTuple):
    """What is true of a verb that changes something.

    preposition: "in" or "from" clusters, for sentences
    spoken: what it does, for the question: "set the image of {}", where {} is what it is about; "" for the verb itself
    ignoring_dry_run: flags with which kubectl makes the change in spite of --dry-run
    rehearsed, unrehearsed_by: whether a dry run shows what the change would do, and flags with which it doesn't
    dry_run: the dry run that shows it, and ends: "server", or "client" where kubectl's server dry run may not end
    counted_by, counted_unnamed, counted_types: flags, the lack of a name, and types of objects with which the change
        affects so much that the user has to type the number of clusters
    repeatable: making the change twice leaves what making it once leaves
    defines_kinds: it makes what is in its input, CRDs too. Where that input has objects of such a kind as well, it is
        given once more when the kind is there; so it must be repeatable
    revises: it can give a workload a new revision, which `rollout undo` takes back
    stops: by default, a cluster's failure stops the change in the others
    asks_by: the flag with which kubectl itself asks on stdin
    lists_by: the flag with which it shows what is there, and changes nothing if it is told nothing to set
    runs_program: it runs a program, whose arguments and output are not recorded
    silent: kubectl prints nothing of what it changes
    one_by_one: on the terminal, it goes through several clusters, one after another
    """

    preposition: str = "in"
    spoken: str = ""
    rehearsed: bool = True
    dry_run: Literal["server", "client"] = "server"
    unrehearsed_by: tuple[str, ...] = ("raw",)
    ignoring_dry_run: tuple[str, ...] = ("raw",)
    counted_by: tuple[str, ...] = ()
    counted_unnamed: bool = False
    counted_types: tuple[str, ...] = ()
    repeatable: bool = False
    defines_kinds: bool = False
    revises: bool = False
    stops: bool = True
    asks_by: str = ""
    lists_by: str = ""
    runs_program: bool = False
    silent: bool = False
    one_by_one: bool = False


# What a verb does beside reading: it changes clusters; it opens a port, behind which anything may be sent to a cluster;
# it edits files of the user's own, such as the kubeconfig; it writes its output over a file that is named; it runs
# a program, of which nobody knows what it does.
Effect = Literal["", "change", "port", "files", "output", "program"]


class VerbRow(NamedTuple):
    """A row of the table.

    path: the verb as kubectl writes it, e.g. "rollout status"; the row also holds for sub-verbs without a row
    change: None for a verb that only reads; a change's targets must be named
    effect, effect_by: what a verb that changes nothing in clusters by itself does beside reading, whatever its flags;
        flags with which it does more, and what
    group: without a sub-verb, kubectl shows the verb's help
    wildcards: object names with * ? [ are resolved on each cluster
    namespaces: whether -n takes several namespaces, and patterns (`-n a,b,'team-*'`): "" if it doesn't; "all" if all
        that the verb shows is in a namespace; "some" if it shows types, which may be cluster-scoped
    dash_is_stdin: kubectl reads stdin for an operand, or a value of --env, that is "-"
    input_as_file: kubectl gets its input (-f) as a file and not on stdin: it reads it more than once, or as a stream of
        several objects where it takes one only
    """

    path: str
    output: Output = Output()
    modes: Modes = Modes()
    waiting: Waiting = Waiting()
    status: Status = Status()
    change: ChangeTraits | None = None
    effect: Effect = ""
    effect_by: tuple[tuple[str, Effect], ...] = ()
    group: bool = False
    wildcards: bool = False
    namespaces: Literal["", "all", "some"] = ""
    dash_is_stdin: bool = False
    input_as_file: bool = False

    @property
    def as_change(self) -> ChangeTraits:
        """The traits of the verb as a change; the default ones for a verb that only reads."""
        return self.change or ChangeTraits()


_TEXT = Output("text")
_TABLE = Output("table")
# As its eventTime (k8s.io/kubectl/pkg/cmd/events/event_printer.go and events.go).
_EVENTS = Output(
    "table",
    last_cell=".message",
    ordered_by=(".series.lastObservedTime", ".lastTimestamp", ".eventTime"),
    # A row also has a KIND/NAME.
    row_start=r"(?:[a-z0-9-]+ {3,})?AGE(?: \(x[0-9]+ over AGE\))? {3,}\S.* {3,}\S*/".replace(
        "AGE",
        "(?:<unknown>|<invalid>|[0-9]+[a-z][0-9a-z]*)",  # <invalid>: the server's clock is ahead of ours
    ),
)
_USAGE = Output("table", sorts=(("cpu", "CPU(cores)"), ("memory", "MEMORY(bytes)")), totals_by=("sum",))
_STREAMED = Modes("streamed")
_LOCAL = Modes("local")
_UNLIMITED = Waiting(0.0)
_NEEDS_ALL = Status(needs_all=True)
_MINUTES = Waiting(600.0)  # for what waits by itself: finalizers, evictions
_LOCAL_BY_FLAG = Modes(local_by=("local",))
_IN_CONTAINER = Modes("streamed", terminal_by=("stdin", "tty"))
_IN_NEW_POD = Modes(terminal_by=("stdin", "tty", "attach"))
_FORCE = ("raw", "force")  # kubectl refuses a dry run with --force
_LARGE = ("namespace", "namespaces", "ns", "customresourcedefinition", "customresourcedefinitions", "crd", "crds")
_PROGRAM = ChangeTraits(runs_program=True)
_CREATING = ChangeTraits(spoken="create {}", ignoring_dry_run=("raw", "edit"))  # an object's name has its kind
_REPEATABLE = ChangeTraits(repeatable=True)
_PAIRS = ChangeTraits(repeatable=True, lists_by="list")
_REVISING = ChangeTraits(revises=True)
_SETTING = ChangeTraits(repeatable=True, revises=True)
_APPLYING = ChangeTraits(
    unrehearsed_by=_FORCE, counted_by=("prune",), repeatable=True, defines_kinds=True, revises=True
)
_LAST_APPLIED = "the last applied configuration of {}"

_ROWS = (
    VerbRow(
        "get",
        Output("table", events_by="output-watch-events", news_by="watch-only", has_wide=True),
        Modes(streamed_by=("watch", "watch-only")),
        wildcards=True,
        namespaces="some",
    ),
    VerbRow("events", _EVENTS, Modes(streamed_by=("watch",)), namespaces="all"),
    VerbRow("top", _USAGE, group=True),
    VerbRow("top pod", _USAGE, namespaces="all"),
    VerbRow("api-resources", Output("table", sorts=(("name", "NAME"), ("kind", "KIND")), has_wide=True)),
    VerbRow("api-versions", Output("text", fold=True)),
    VerbRow("explain", Output("text", fold=True)),
    VerbRow("describe", _TEXT, wildcards=True, namespaces="some"),
    VerbRow("version", Output("text", of_versions=True), Modes(local_by=("client",))),
    VerbRow("cluster-info", _TEXT),
    VerbRow(
        "cluster-info dump",
        _TEXT,
        Modes(alone_by=("output-directory",)),
        _MINUTES,
        effect_by=(("output-directory", "output"),),
    ),
    VerbRow("auth can-i", Output(table_by=("list",)), status=Status(answer=1)),
    VerbRow("auth whoami", _TABLE),
    VerbRow("diff", _TEXT, status=Status(answer=1, needs_all=True)),
    VerbRow("rollout history", _TEXT),
    VerbRow("rollout status", modes=_STREAMED, waiting=Waiting(0.0, "0s"), status=_NEEDS_ALL),
    # With --for=create, kubectl reads the input until the object is there.
    VerbRow("wait", modes=_STREAMED, waiting=Waiting(0.0, "30s"), status=_NEEDS_ALL, input_as_file=True),
    VerbRow("logs", Output(log_lines=True), _STREAMED, _UNLIMITED, wildcards=True, namespaces="all"),
    VerbRow("apply view-last-applied", _TEXT),
    VerbRow("port-forward", modes=Modes("terminal"), effect="port"),
    VerbRow("proxy", modes=Modes("terminal"), effect="port"),
    VerbRow(
        "exec",
        modes=_IN_CONTAINER,
        waiting=_UNLIMITED,
        change=_PROGRAM._replace(spoken="run a command in {}", stops=False),
        input_as_file=True,
    ),
    VerbRow(
        "attach",
        modes=_IN_CONTAINER,
        waiting=_UNLIMITED,
        change=_PROGRAM._replace(spoken="attach to {}", stops=False),
    ),
    VerbRow("run", modes=_IN_NEW_POD, change=_PROGRAM, input_as_file=True),
    VerbRow("debug", modes=_IN_NEW_POD, change=_PROGRAM, input_as_file=True),
    VerbRow(
        "cp", modes=_STREAMED, waiting=_UNLIMITED, change=ChangeTraits(spoken="copy files", stops=False, silent=True)
    ),
    VerbRow("edit", modes=Modes("terminal"), change=ChangeTraits(one_by_one=True, revises=True)),
    VerbRow(
        "apply edit-last-applied",
        modes=Modes("terminal"),
        change=ChangeTraits(spoken=f"edit {_LAST_APPLIED}", one_by_one=True),
    ),
    VerbRow("annotate", modes=_LOCAL_BY_FLAG, change=_PAIRS),
    VerbRow("apply", change=_APPLYING),
    VerbRow(
        "apply set-last-applied",
        change=_APPLYING._replace(spoken=f"set {_LAST_APPLIED}"),
    ),
    VerbRow("auth", change=ChangeTraits(rehearsed=False, repeatable=True), group=True),
    VerbRow(
        "auth reconcile",
        change=ChangeTraits(spoken="reconcile the RBAC objects of {}", rehearsed=False, repeatable=True),
    ),
    VerbRow("autoscale", change=ChangeTraits()),
    VerbRow("certificate", change=_REPEATABLE, group=True),
    *(
        VerbRow(f"certificate {verb}", change=_REPEATABLE._replace(spoken=f"{verb} certificate request {{}}"))
        for verb in ("approve", "deny")
    ),
    VerbRow("cordon", change=_REPEATABLE),
    VerbRow("create", modes=Modes(terminal_by=("edit",)), change=_CREATING),
    VerbRow("create token", change=_CREATING._replace(spoken="create a token for {}")),
    VerbRow(
        "delete",
        waiting=_MINUTES,
        change=ChangeTraits(
            "from", counted_by=("all",), counted_unnamed=True, counted_types=_LARGE, asks_by="interactive"
        ),
    ),
    # With --dry-run=server, kubectl waits for pods that its dry run has not evicted (kubectl 1.37).
    VerbRow("drain", modes=_STREAMED, waiting=_MINUTES, change=ChangeTraits(repeatable=True, dry_run="client")),
    VerbRow("expose", change=ChangeTraits()),
    VerbRow("label", modes=_LOCAL_BY_FLAG, change=_PAIRS),
    VerbRow("patch", modes=_LOCAL_BY_FLAG, change=_REVISING),
    VerbRow(
        "replace",
        waiting=_MINUTES,
        # With --force, kubectl deletes the objects that it replaces.
        change=ChangeTraits(
            unrehearsed_by=_FORCE, counted_by=("force",), repeatable=True, defines_kinds=True, revises=True
        ),
    ),
    VerbRow("rollout", change=ChangeTraits(), group=True),
    VerbRow("rollout pause", change=ChangeTraits(spoken="pause the rollout of {}")),
    VerbRow("rollout restart", change=_REVISING._replace(spoken="restart {}")),
    VerbRow("rollout resume", change=ChangeTraits(spoken="resume the rollout of {}")),
    VerbRow("rollout undo", change=_REVISING._replace(spoken="roll back {}")),
    VerbRow("scale", change=_REPEATABLE),
    VerbRow("set", modes=_LOCAL_BY_FLAG, change=_SETTING, group=True),
    *(
        VerbRow(f"set {verb}", modes=_LOCAL_BY_FLAG, change=_SETTING._replace(spoken=f"set the {field} of {{}}"))
        for verb, field in (
            ("image", "image"),
            ("resources", "resources"),
            ("selector", "selector"),
            ("serviceaccount", "service account"),
            ("subject", "subjects"),
        )
    ),
    VerbRow(
        "set env",
        modes=_LOCAL_BY_FLAG,
        change=_SETTING._replace(spoken="set the environment of {}", lists_by="list"),
        dash_is_stdin=True,
    ),
    VerbRow("taint", change=_REPEATABLE),
    VerbRow("uncordon", change=_REPEATABLE),
    *(VerbRow(path, modes=_LOCAL) for path in ("completion", "help", "options", "plugin")),
    # Its functions and helm are programs.
    VerbRow(
        "kustomize",
        modes=_LOCAL,
        effect_by=(("enable-alpha-plugins", "program"), ("enable-helm", "program"), ("output", "output")),
    ),
    # A sub-verb without a row of its own may edit a file; `kuberc view` offers to write one where there is none.
    *(
        VerbRow(path, modes=_LOCAL, effect="files", group=True)
        for path in ("alpha", "alpha kuberc", "config", "kuberc")
    ),
    *(
        VerbRow(path, modes=_LOCAL)
        for path in ("config current-context", "config get-clusters", "config get-contexts", "config get-users")
    ),
    VerbRow("config view", modes=_LOCAL),
)

TABLE = {row.path: row for row in _ROWS}

# A program that kubectl runs under this name. What it does is not known, so it counts as a change.
PLUGIN = VerbRow("", _TEXT, change=_PROGRAM)
