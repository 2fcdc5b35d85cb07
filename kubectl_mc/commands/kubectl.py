# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""`kubectl mc VERB`: runs a command of kubectl, or of one of its plugins, on the fleet."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from functools import partial
from os.path import exists

from kubectl_mc import OWN_VERSION, messages
from kubectl_mc.access.cluster_access import choose_clusters, reach_clusters, refuse_unapproved_contexts
from kubectl_mc.access.logins import Logins, logins_for
from kubectl_mc.command_line import grammar, local_files, verbs
from kubectl_mc.command_line.grammar import CommandLine
from kubectl_mc.command_line.options import LOG_FLAGS, Options, exact_names, flags_set, names_targets, without_log_flags
from kubectl_mc.command_line.verb_rows import TABLE, Mode, VerbRow
from kubectl_mc.fleet.choice import Choice
from kubectl_mc.processes import cache, pipe_files, programs
from kubectl_mc.processes.environment import Environment
from kubectl_mc.processes.requests import Request, make_request
from kubectl_mc.processes.targets import Target
from kubectl_mc.reads.name_patterns import lists_namespaces, namespace_patterns


def run(line: CommandLine, environment: Environment) -> int:
    """Run a kubectl command line on the fleet, show the answer and return the exit status. Raises UserError."""
    line = programs.resolve_plugin(line, environment)
    row = verbs.find_row(line)
    try:
        with messages.unchanged_on_error() if verbs.is_change(row, line) else nullcontext():
            return run_resolved(line, environment)
    except messages.UserError as error:
        error.status = max(error.status, verbs.error_status(line))
        raise


# What shows the answers of a request's clusters, those that can be reached, and returns the exit status.
Show = Callable[[Request, Sequence[Target]], int]


def run_resolved(line: CommandLine, environment: Environment, show: Show | None = None) -> int:
    """Run a command line whose plugin is resolved; otherwise as `run`. show: instead of what its mode says"""
    environment = programs.with_kubectl(environment)
    row = verbs.find_row(line)
    mode = verbs.mode(row, line)
    if verbs.stores_words(line) and not verbs.asks_for_help(line):
        raise messages.stores_words()
    if verbs.is_change(row, line):
        environment = environment.for_change()
    if row.output.of_versions and not verbs.asks_for_help(line):
        environment.streams.say([OWN_VERSION])
    if mode == "local":
        return _run_locally(line, environment)
    programs.check_subverb(line, environment)
    programs.check_flags(line, environment)
    if lists_namespaces(line) and verbs.is_kubectls(line):
        _check_namespaces(line, row)
    with pipe_files.held_access(line, environment) as (line, environment):
        return _run_on_clusters(line, environment, row, mode, show)


def _check_namespaces(line: CommandLine, row: VerbRow) -> None:
    """Raise UserError for a list of namespaces in which the command can't be asked."""
    typed = grammar.value(line, "namespace") or ""
    if not row.namespaces:
        raise messages.one_namespace(line.verb, typed, [path for path, other in TABLE.items() if other.namespaces])
    if namespace_patterns(line) and any(grammar.values(line, flag) for flag in ("filename", "kustomize")):
        raise messages.namespaces_of_files(typed)


def _check_flags(line: CommandLine, options: Options, row: VerbRow, mode: Mode) -> None:
    """Raise UserError for a flag of ours that isn't for the command. As a default, --fold is then passed over."""
    for flag in () if row.output.log_lines else flags_set(options, LOG_FLAGS):
        raise messages.flag_is_not_for(flag, line.verb, "logs")
    if options.where or options.count_by:
        from kubectl_mc.merge import table_flags

        if refusal := table_flags.refusal(row, line, options):
            raise refusal
    if options.if_present and not row.status.needs_all:
        raise messages.flag_is_not_for("if-present", line.verb, "wait, rollout status and diff")
    if options.no_reconnect and not verbs.is_endless(row, line):
        raise messages.flag_is_not_for("no-reconnect", line.verb, "what goes on without end (-f, -w)")
    if options.fold and "fold" in dict(options.typed):
        from kubectl_mc.merge.output_forms import DOCUMENTS

        form, _ = grammar.output_format(line)
        if mode == "streamed":
            raise messages.streams_are_not_folded(line.verb)
        if form in DOCUMENTS:
            raise messages.documents_are_not_folded(form)


def _run_on_clusters(
    line: CommandLine, environment: Environment, row: VerbRow, mode: Mode, show: Show | None = None
) -> int:
    """Choose the clusters, reach them, run the command line there, and return the exit status. Raises UserError."""
    is_change, is_dry_run = verbs.is_change(row, line), verbs.is_dry_run(row, line)
    needs_one = verbs.needs_one_cluster(row, line)
    unnamed = is_change and not names_targets(environment.options)
    if unnamed and not needs_one:
        exclusions = (*environment.options.clusters, *environment.options.contexts)
        raise messages.no_targets_for_change(verbs.spoken_verb(line), row.as_change.preposition, exclusions)
    _check_flags(line, environment.options, row, mode)
    logins = logins_for(line, environment.streams)
    wants_pick = needs_one and environment.options.pick  # of what is left of the clusters, see _with_one_cluster
    environment = environment._replace(options=environment.options._replace(pick=False)) if wants_pick else environment
    choice = choose_clusters(
        environment,
        logins,
        purpose="change" if is_change or is_dry_run else "read",
        notice_behind=mode == "captured" and environment.reports_on_terminal,
    )
    if needs_one and (unnamed or wants_pick or len(choice.clusters) > 1):
        choice = _with_one_cluster(choice, line.verb, wants_pick)
    if is_change:
        refuse_unapproved_contexts(choice, environment.options.typed)
    # All logins of a change have ended before it is made, at the latest in its preflight.
    waits = mode == "terminal" or (is_change and not verbs.can_rehearse(row, line))
    targets = reach_clusters(choice, line, logins, waits)
    if environment.report and not is_change:  # a change may leave clusters out, and says so itself
        environment.report.choose(
            (cluster.name, cluster.profile.namespace, target.context)
            for cluster, target in zip(choice.clusters, targets)
        )
        environment.report.chosen_by = choice.chosen_by
    profiles = [(cluster.name, cluster.profile) for cluster in choice.clusters]
    unhealthy = [(name, profile.health_reason) for name, profile in profiles if profile.healthy is False]
    unjoined = [(name, profile.joined_reason) for name, profile in profiles if profile.joined is False]
    for what, clusters in (("unhealthy", unhealthy), ("not joined", unjoined)):
        if clusters:
            environment.streams.say([messages.hub_reports(what, clusters)])
    request = _without_unfit_options(make_request(choice.environment, line, targets)._replace(notice=choice.notice))
    if is_change:
        from kubectl_mc.changes import gate

        return gate.make_change(request, choice.clusters, targets)
    if is_dry_run:
        row = row._replace(status=row.status._replace(needs_all=True))  # as for the change itself
        request = request._replace(row=row, line=verbs.without_question(row, line))
    elif exists(cache.silence_path(environment.kube_directory)):
        from kubectl_mc.processes import silence

        names = exact_names(request.options.typed)
        named = [cluster.name for cluster in choice.clusters if cluster.is_named(names)]
        request = request._replace(short_times=silence.short_times(request.environment, row, line, targets, named))
    with _held_input(request) as request:
        return (show or partial(_show, mode, logins))(request, [target for target in targets if not target.problem])


def _without_unfit_options(request: Request) -> Request:
    """Return the request without the options that are not for its verb, which are defaults of the mapping file."""
    row, options = request.row, request.options
    if not row.output.log_lines:
        request = request.with_options(without_log_flags(options))
    if options.where or options.count_by:
        from kubectl_mc.merge import table_flags

        request = table_flags.applied(request)
    if options.if_present and not row.status.needs_all:
        request = request.with_options(request.options._replace(if_present=False))
    return request


def _show(mode: Mode, logins: Logins, request: Request, targets: Sequence[Target]) -> int:
    """Run the request on the targets as its mode says, show the answers, and return the exit status."""
    if mode == "terminal":
        from kubectl_mc.reads import on_terminal

        return on_terminal.show_on_terminal(request, targets)
    if mode == "streamed":
        from kubectl_mc.reads import streamed

        return streamed.show_streamed(request._replace(newest=partial(logins.newest, request.environment)), targets)
    from kubectl_mc.reads import captured

    return captured.show_captured(request, targets)


def _with_one_cluster(choice: Choice, verb: str, wants_pick: bool) -> Choice:
    """Return the choice with the one cluster that the user picks. wants_pick: because of --pick

    Without the flag it is offered where the user has the terminal, and hasn't said that nothing is to be asked. Else,
    and if none is picked, UserError is raised.
    """
    from kubectl_mc.processes import terminal

    streams, options = choice.environment.streams, choice.options
    may_ask = not options.yes and streams.stdin.isatty() and streams.stderr.isatty() and terminal.has_foreground()
    if not (wants_pick or may_ask):
        raise messages.needs_one_cluster(verb, [cluster.name for cluster in choice.clusters])
    from kubectl_mc.fleet import picker

    picked = picker.pick_one(verb, choice.clusters, choice.mapping, choice.environment.variables)
    streams.say([messages.picked_cluster(verb, picked.name)])  # fzf has cleared its screen
    return choice._replace(clusters=(picked,))


def _run_locally(line: CommandLine, environment: Environment) -> int:
    """Run kubectl once, as if the user had called it. Below the help of one of its verbs, our flags are listed."""
    from kubectl_mc.command_line import verb_help
    from kubectl_mc.processes import terminal

    shows_help = verbs.asks_for_help(line)
    words = [*line.path, "--help"] if shows_help else grammar.canonical_words(line)
    # `config` and `kuberc` are about the user's own files; everything else is resolved already.
    is_about_files = line.path[0] in ("config", "kuberc", "alpha")
    variables = {**environment.variables, **({} if is_about_files else {"KUBERC": environment.kuberc})}
    status = terminal.run_in_foreground([environment.kubectl, *words], variables)
    if shows_help and (text := verb_help.verb_help(line)):
        environment.show_help(f"\n{text}")
    return status


@contextmanager
def _held_input(request: Request) -> Iterator[Request]:
    """Yield the request whose kubectls get what the command reads, as those of a change do."""
    row, line = request.row, request.line
    if not (verbs.is_dry_run(row, line) or verbs.reads_stdin(row, line) or local_files.names_files(line)):
        yield request  # `get pods` reads nothing, so it imports nothing for it
        return
    from kubectl_mc.changes.change_input import held_input

    with held_input(request) as (request, change_input):
        yield request._replace(content=change_input.content)
