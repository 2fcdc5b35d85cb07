# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""`kubectl mc compare`: which clusters have the same object, and how the others differ."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from kubectl_mc import messages
from kubectl_mc.command_line import grammar
from kubectl_mc.command_line.grammar import CommandLine
from kubectl_mc.command_line.own_commands import ASKING_AS
from kubectl_mc.commands import kubectl
from kubectl_mc.merge import comparison_answers
from kubectl_mc.merge.comparable_objects import ObjectKey, Unreadable, shown_key
from kubectl_mc.merge.comparison import ComparedObject, Comparison
from kubectl_mc.merge.declared_objects import declared_by_key, identities
from kubectl_mc.merge.field_paths import FieldPath, WrongPath, parse_path
from kubectl_mc.merge.report import NOTHING
from kubectl_mc.messages.own_tables import render_document
from kubectl_mc.named_tuples import NamedTuple
from kubectl_mc.processes.environment import Environment
from kubectl_mc.processes.requests import Request
from kubectl_mc.processes.targets import Target
from kubectl_mc.reads import compared
from kubectl_mc.type_hints import Any

HELP = """\
Show which clusters have the same objects, and how those of the others differ.

  kubectl mc compare TYPE[/NAME] [NAME…] [-n NAMESPACE | -A] [-l LABELS] [--field-selector=FIELDS]
  kubectl mc compare -f FILE | -k FOLDER

Examples:
  kubectl mc compare deploy/web -n shop
  kubectl mc compare configmaps,deployments -A -l team=web --against=prod-eu
  kubectl mc compare deploy -n shop --ignore=.spec.replicas --ignore='.metadata.annotations.example\\.com/x'
  kubectl mc compare -f app.yaml

Compared is what somebody has set, and defaults: not the status, nor what the server keeps in metadata, nor fields
that nobody owns or that are set through a subresource, as by an autoscaler. Of a file, only what it sets counts.
Of Secrets, only whether values are equal is shown.
Exit status: 0 all alike, 1 some differ, 2 nothing could be compared, 3 some clusters could not be.

      --against=CLUSTER     show how the others differ from this cluster, instead of from the largest group
      --ignore=PATH         leave a field out: .spec.replicas, .spec.template.spec.containers[*].image; repeatable
      --with-status         compare the status, too
  -o, --output=FORM         json: an item for each object; name: the names of the objects that differ
  -A, --all-namespaces; -l, --selector; --field-selector; -f, --filename; -R, --recursive; -k, --kustomize: as for get
"""

_OWN = ("against", "ignore", "output", "with-status")
_MOST_ALIKE = 10  # objects that are alike everywhere and are told one by one


class Settings(NamedTuple):
    """What is compared, and how it is shown. form: "", "json" or "name"; against: a cluster, "" for none."""

    form: str
    against: str
    ignored: tuple[FieldPath, ...]
    with_status: bool


def run(line: CommandLine, environment: Environment) -> int:
    """Compare the objects, show how they differ and return the exit status. Raises UserError."""
    settings = _settings(line)
    has_file = any(grammar.values(line, name) for name in ("filename", "kustomize"))
    if not (grammar.operands(line) or has_file):
        raise messages.nothing_to_compare()
    for name in ("selector", "field-selector") if has_file else ():
        if grammar.value(line, name):  # what it doesn't choose would seem to be absent
            raise messages.choice_from_file(name)
    asking = grammar.without(line, _OWN)._replace(path=(ASKING_AS["compare"],))
    asking = grammar.with_flags(asking, ("show-managed-fields", "true"), ("output", "json"))
    return kubectl.run_resolved(asking, environment, partial(_show, settings))


def _settings(line: CommandLine) -> Settings:
    ignored = []
    for text in grammar.values(line, "ignore"):
        try:
            ignored.append(parse_path(text or ""))
        except WrongPath as problem:
            raise messages.wrong_path(text or "", problem.position, problem.reason) from None
    form, against = grammar.value(line, "output") or "", grammar.value(line, "against") or ""
    return Settings(form, against, tuple(ignored), grammar.is_set(line, "with-status"))


def _show(settings: Settings, request: Request, targets: Sequence[Target]) -> int:
    """Compare the objects of the targets, show the answer and return the exit status. Raises UserError."""
    declared = _declared(request, settings)
    names = [target.cluster for target in targets] + [result.cluster for result in request.unreachable]
    if settings.against and settings.against not in names:
        raise messages.not_among_chosen(settings.against, names)
    if settings.against and declared is not None:
        raise messages.one_reference()
    comparison = Comparison(settings.ignored, settings.against, declared)
    asked = None if declared is None else identities(declared.values())
    comparable = compared.read_clusters(
        request, targets, comparison, settings.with_status, _renaming(request.line, declared), asked
    )
    if settings.against and settings.against in comparable.outside and not comparable.interrupts:
        request.environment.streams.say(comparable.report.lines, comparable.report.stderr)
        raise messages.reference_failed(settings.against)
    everywhere = _everywhere(len(comparison.clusters), bool(comparable.outside), declared is not None)
    if comparison.clusters and comparison.is_empty and not comparable.report.lines and settings.form != "json":
        request.environment.streams.say([NOTHING])
    answer = _Answer(settings.form, comparable.outside, everywhere, request.shows_colours, request.options.verbose)
    for compared_object in comparison.compared() if comparison.clusters else ():
        answer.add(compared_object)
    return compared.show(request, comparable, answer.text() if comparison.clusters else "", answer.differs)


def _declared(request: Request, settings: Settings) -> Mapping[ObjectKey, dict[str, Any]] | None:
    """Return the objects of -f or -k; None without any. Raises UserError for a text without objects."""
    if request.content is None:
        return None
    namespace = grammar.value(request.line, "namespace") or ""
    try:
        declared = declared_by_key(request.content, namespace, settings.with_status)
    except Unreadable as problem:
        raise messages.unreadable_objects(str(problem)) from None
    if not declared:
        raise messages.no_objects_in_file()
    return declared


def _renaming(
    line: CommandLine, declared: Mapping[ObjectKey, dict[str, Any]] | None
) -> Callable[[ObjectKey], ObjectKey]:
    """Return what gives the key by which an object is compared.

    Where no namespace is typed, each cluster's context says in which one the object is: there it is the same object.
    """
    places_differ = not (grammar.value(line, "namespace") or grammar.is_set(line, "all-namespaces"))

    def renamed(key: ObjectKey) -> ObjectKey:
        own = key._replace(namespace="")
        return own if places_differ and (declared is None or own in declared) else key

    return renamed


def _everywhere(count: int, some_failed: bool, with_file: bool) -> str:
    clusters = messages.cluster_count(count)
    text = f"the {clusters} that answered" if some_failed else f"all {clusters}" if count > 1 else "the only cluster"
    return f"the file and {text}" if with_file else text


class _Answer:
    """The answer, to which objects are added one by one. differs: whether one of them differs"""

    def __init__(self, form: str, outside: Sequence[str], everywhere: str, coloured: bool, verbose: bool) -> None:
        self._form, self._outside, self._everywhere = form, outside, everywhere
        self._coloured, self._verbose = coloured, verbose
        self._texts: list[str] = []
        self._alike: list[str] = []
        self._noted: list[str] = []  # alike but for what is not compared, which has to be said
        self._documents: list[dict[str, Any]] = []
        self.differs = False

    def add(self, compared_object: ComparedObject) -> None:
        """Add an object."""
        self.differs = self.differs or not compared_object.is_alike
        if self._form == "json":
            self._documents.append(comparison_answers.document(compared_object))
        elif self._form == "name":
            self._texts += [] if compared_object.is_alike else [f"{shown_key(compared_object.key)}\n"]
        elif compared_object.is_alike:
            alike = comparison_answers.alike_text(compared_object, self._everywhere)
            (self._noted if compared_object.not_compared else self._alike).append(alike)
        else:
            self._texts.append(comparison_answers.difference_text(compared_object, self._outside, self._coloured))

    def text(self) -> str:
        """Return the answer: what differs first."""
        if self._form == "json":
            return render_document("ComparisonList", {"items": self._documents}, "json")
        if self._form == "name":
            return "".join(self._texts)
        alike = "".join(self._alike)
        if len(self._alike) > _MOST_ALIKE and not self._verbose:
            others = "other " if self._texts or self._noted else ""
            alike = f"{len(self._alike)} {others}objects are alike in {self._everywhere}\n"
        return "\n".join([*self._texts, *filter(None, ["".join([*self._noted, alike])])])
