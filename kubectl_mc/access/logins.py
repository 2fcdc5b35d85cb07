# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""The logins of one command: each credential plugin that its clusters or the hub name is run once, by us.

Otherwise each kubectl would run it: a prompt could not be seen, nor answered, below our kubectls, what a plugin says
about its failure would be lost, and as many browser tabs would open as there are clusters. What can't be run by us (a
legacy auth-provider, an entry that kubectl itself refuses) stays with kubectl. No credential is stored, or shown.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext

from kubectl_mc import messages
from kubectl_mc.access import kubeconfigs
from kubectl_mc.command_line import grammar, verb_rows, verbs
from kubectl_mc.command_line.grammar import CommandLine
from kubectl_mc.command_line.own_commands import COMMANDS
from kubectl_mc.fleet.mapping import read_mapping
from kubectl_mc.processes import memory_files, pipe_files
from kubectl_mc.processes.environment import HUB_PATIENCE, Environment
from kubectl_mc.processes.event_loop import raise_file_limit
from kubectl_mc.processes.standard_streams import Streams
from kubectl_mc.processes.targets import Kubeconfig, Target
from kubectl_mc.type_hints import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kubectl_mc.access.credential_plugins import CredentialPlugin
    from kubectl_mc.access.exec_credentials import Credential, LoginFailure
    from kubectl_mc.access.plugin_runs import LoginAnswers, PluginLogin, RunSettings
    from kubectl_mc.access.plugin_voices import Voices
    from kubectl_mc.access.renewals import Renewals

INTERACTIVE_PATIENCE = 300.0  # seconds at least for a credential plugin that may wait for the user at a browser

# A certificate can't be renewed for a kubectl that runs. If it expires sooner than this, in seconds, a kubectl that
# lasts runs the plugin itself.
_LASTING_CERTIFICATE = 3600.0


class Logins:
    """The logins of one command, and the credentials that they have given."""

    def __init__(
        self, may_ask: bool, lasts: bool, is_endless: bool = False, for_members: bool = True, only_judges: bool = False
    ) -> None:
        """Begin without a credential.

        may_ask: stdin is a terminal on which a credential plugin may ask the user
        lasts: kubectls of the command may run, or start, when a credential has expired
        is_endless: they run until the user ends them
        for_members: not only for the hub, as the command's flags don't say how to log in to the others
        only_judges: runs no plugin, but refuses those that the user's policy forbids, which a kubectl to 1.34 would run
        """
        self.may_ask = may_ask
        self.lasts = lasts
        self.is_endless = is_endless
        self.for_members = for_members
        self.only_judges = only_judges
        self._answers: LoginAnswers = {}
        self._clusters: dict[CredentialPlugin, list[str]] = {}
        self._turns: dict[str, threading.Semaphore] = {}
        self._voices: Voices | None = None
        self._renewals: Renewals | None = None
        self._next_runs: dict[CredentialPlugin, float] = {}  # when a refused one may run again (time.monotonic)

    def begin(self, targets: Sequence[Target], environment: Environment, own: Kubeconfig | None = None) -> list[Target]:
        """Return the targets with the logins that they need and that haven't ended: those run in the event loop.

        own: what the credentials of these logins are kept off the disk with (see `keep_credentials_off_disk`); None:
            they may be in kubeconfigs
        Raises UserError for a mapping file that can't be read.
        """
        starting = [
            target for target in targets
            if target.kubeconfig.starts_programs and target.kubeconfig.content and not target.problem
        ]  # fmt: skip
        if not starting:
            return list(targets)
        from kubectl_mc.access import credential_plugins, plugin_policy, plugin_runs, plugin_voices

        plugins = {
            id(target): plugin
            for target in starting
            if (plugin := credential_plugins.find_credential_plugin(_content(target), environment.variables))
        }
        denials: dict[CredentialPlugin, str] = {}
        clusters: dict[CredentialPlugin, list[str]] = {}
        for target in starting:
            plugin = plugins.get(id(target))
            if not plugin or plugin in self._answers:
                continue
            denials[plugin] = plugin_policy.denial(environment.plugin_policy, plugin, environment.variables)
            if not denials[plugin]:
                clusters.setdefault(plugin, []).append(target.cluster)
        if self.only_judges:
            denied = {key: denials[plugin] for key, plugin in plugins.items() if denials[plugin]}
            return [
                target._replace(problem=f"login failed: {denied[id(target)]}") if id(target) in denied else target
                for target in targets
            ]
        self._clusters |= clusters
        settings = self._settings(environment)
        if self.lasts:  # a token that is renewed has an open file of its own
            raise_file_limit(2 * len(clusters))
        voices = self._voices = self._voices or plugin_voices.Voices(environment.streams.say)
        plugin_runs.begin_logins(clusters, settings, voices, self._answers)

        def login(plugin: CredentialPlugin) -> PluginLogin:
            def logged_in(target: Target) -> Target:
                after = self._logged_in(target, plugin, {}, environment)
                return keep_credentials_off_disk([target], [after], own)[0] if own else after

            return plugin_runs.PluginLogin(plugin, settings, voices, self._answers, logged_in)

        logins = {plugin: login(plugin) for plugin in clusters if plugin not in self._answers}
        begun = []
        for target in targets:
            plugin = plugins.get(id(target))
            if plugin in logins:
                begun.append(target._replace(login=logins[plugin]))
            else:
                begun.append(self._logged_in(target, plugin, denials, environment) if plugin else target)
        return begun

    def _settings(self, environment: Environment) -> RunSettings:
        """Return how credential plugins are run. Raises UserError for a mapping file that can't be read."""
        from kubectl_mc.access import plugin_runs

        patience = environment.hub_patience
        is_typed = any(flag == "cluster-timeout" for flag, _ in environment.options.typed)
        if self.may_ask and patience and not is_typed:
            patience = max(patience, INTERACTIVE_PATIENCE)
        return plugin_runs.RunSettings(
            environment.variables,
            environment.options.max_parallel or max(1, len(self._clusters)),
            patience,
            self.may_ask,
            read_mapping(environment, may_be_missing=True).login_limits,
            says_waits=self.is_endless,
        )

    def _logged_in(
        self,
        target: Target,
        plugin: CredentialPlugin,
        denials: Mapping[CredentialPlugin, str],
        environment: Environment,
    ) -> Target:
        """Return a target after the login of its plugin."""
        target = target._replace(login=None)
        from kubectl_mc.access import credential_plugins, exec_credentials
        from kubectl_mc.access.exec_credentials import LoginFailure

        answer = self._answers.get(plugin)
        if answer is None or isinstance(answer, LoginFailure):
            reason = denials.get(plugin) or (answer.reason if answer else "")
            return target._replace(problem=f"login failed: {reason}")
        user = credential_plugins.current_entry(_content(target), "user")
        login = exec_credentials.with_credential(user, answer)
        if self.lasts and answer.expires is not None:
            if not answer.certificate and memory_files.available():
                path = self._renewed(environment).token_file(plugin, answer.token, answer.expires)
                login = {**{name: value for name, value in login.items() if name != "token"}, "tokenFile": path}
            elif self._is_left_to_kubectl(plugin, answer.expires, environment):
                # Its kubectl runs the plugin whenever it has to: with the user's own KUBECONFIG, if there is one.
                own = Kubeconfig(None, starts_programs=True)
                return target._replace(kubeconfig=own) if target.context else target
        content = credential_plugins.with_login(_content(target), login)
        kubeconfig = Kubeconfig(content, starts_programs=False, exec_entry=user.get("exec"))
        return target._replace(kubeconfig=kubeconfig)

    def _is_left_to_kubectl(self, plugin: CredentialPlugin, expires: float, environment: Environment) -> bool:
        """Return whether a kubectl is to run a plugin by itself, as its credential may not last as long as the kubectl.

        Not one that asks or speaks, which nobody could hear then, nor one of those that can't run side by side.
        """
        from kubectl_mc.access import plugin_runs

        can_run_alone = plugin.interactive_mode != "Always" and self._voices and not self._voices.has_spoken(plugin)
        limit = plugin_runs.program_limit(plugin, self._settings(environment).limits)
        ends_soon = expires - time.time() < _LASTING_CERTIFICATE
        return bool(self.is_endless and ends_soon and can_run_alone and limit is None)

    def _renewed(self, environment: Environment) -> Renewals:
        """Return what renews the tokens of this command."""
        if not self._renewals:
            from kubectl_mc.access import renewals

            self._renewals = renewals.Renewals(
                lambda plugin: self._run_in_background(plugin, environment),
                lambda plugin, problem: self._report_failure(plugin, problem, environment),
            )
        return self._renewals

    def _run_in_background(self, plugin: CredentialPlugin, environment: Environment) -> Credential | LoginFailure:
        from kubectl_mc.access import plugin_runs, plugin_voices

        patience = environment.hub_patience or HUB_PATIENCE
        settings = self._settings(environment)._replace(terminal=False, patience=patience)
        voices = plugin_voices.Voices(environment.streams.say)
        voices.introduce(plugin, self._clusters[plugin])
        with self._turn(plugin, settings):
            return plugin_runs.run_in_background(plugin, settings, voices)

    def _report_failure(self, plugin: CredentialPlugin, problem: str, environment: Environment) -> None:
        from kubectl_mc.access import plugin_runs, plugin_voices

        label = plugin_voices.short_names(self._clusters[plugin])
        environment.streams.say([messages.login_not_renewed(label, plugin_runs.program_name(plugin), problem)])

    def newest(self, environment: Environment, target: Target, is_refused: bool) -> Target:
        """Return a target with the newest credential that its plugin has given.

        is_refused: the cluster refuses the one that it has, so the plugin runs once more, in the background
        """
        if target.login:
            target = target.login.logged_in(target)
        entry, content = target.kubeconfig.exec_entry, _content(target)
        if entry is None or not content or not memory_files.available():
            return target
        from kubectl_mc.access import credential_plugins, exec_credentials

        user = exec_credentials.user_before_login(credential_plugins.current_entry(content, "user"), entry)
        before = Kubeconfig(credential_plugins.with_login(content, user), True, target.kubeconfig.variables)
        plugin = credential_plugins.find_credential_plugin(before.content or {}, environment.variables)
        if not plugin or not isinstance(self._answers.get(plugin), exec_credentials.Credential):
            return target
        if is_refused and not (self._renewals and self._renewals.hasten(plugin)):
            self._run_again(plugin, environment)
        return self._logged_in(target._replace(kubeconfig=before), plugin, {}, environment)

    def _run_again(self, plugin: CredentialPlugin, environment: Environment) -> None:
        """Run a plugin once more, in the background, but not again and again."""
        from kubectl_mc.access.exec_credentials import Credential, LoginFailure
        from kubectl_mc.access.renewals import RETRY

        def run() -> None:
            answer = self._run_in_background(plugin, environment)
            if isinstance(answer, Credential):
                self._answers[plugin] = answer
            elif isinstance(answer, LoginFailure) and plugin not in reported:
                self._report_failure(plugin, answer.reason, environment)
            self._next_runs[plugin] = time.monotonic() + RETRY

        reported = {*self._next_runs}
        if time.monotonic() >= self._next_runs.get(plugin, 0.0):
            self._next_runs[plugin] = float("inf")
            threading.Thread(target=run, name="login", daemon=True).start()

    def _turn(self, plugin: CredentialPlugin, settings: RunSettings) -> AbstractContextManager[object]:
        """Return what holds back a plugin in the background while as many of its program run as may."""
        from kubectl_mc.access import plugin_runs

        limit = plugin_runs.program_limit(plugin, settings.limits)
        if limit is None:
            return nullcontext()
        return self._turns.setdefault(plugin_runs.program_name(plugin), threading.Semaphore(limit))


def _content(target: Target) -> Mapping[str, Any]:
    return target.kubeconfig.content or {}


# With one of these flags the user has said how to log in, so kubectl runs no credential plugin (client-go,
# transport/config.go: HasTokenAuth, HasBasicAuth, HasCertAuth). An empty value counts for nothing.
_LOGIN_FLAGS = ("token", "username", "client-certificate")


def logins_for(line: CommandLine, streams: Streams) -> Logins:
    """Return the logins of a command. If its flags say how to log in to its clusters, they are for the hub only.

    A credential plugin may ask on the terminal, unless stdin is the input of the command.
    """
    row = verbs.find_row(line)
    reads_stdin = pipe_files.names_stdin(line) or verbs.reads_stdin(row, line)
    mode = verbs.mode(row, line)
    # What waits for the cluster no longer than most commands do ends before a credential expires.
    is_short = mode == "captured" and not verbs.is_change(row, line)
    is_own = line.path[0] in COMMANDS
    needs_terminal = mode == "terminal" and not row.as_change.one_by_one
    return Logins(
        may_ask=streams.stdin.isatty() and not reads_stdin,
        lasts=not is_own and not (is_short and row.waiting == verb_rows.Waiting()),
        is_endless=not is_own and (verbs.is_endless(row, line) or needs_terminal),
        for_members=not any(grammar.value(line, flag) for flag in _LOGIN_FLAGS),
    )


def hub_target(logins: Logins | None, environment: Environment, context: str | None, own: Kubeconfig) -> Target:
    """Return the hub as a target that is already logged in.

    Several kubectls ask the hub. They have no stdin, and their stderr is read when they have ended, so a credential
    plugin that they start could not ask the user.
    logins: None if each kubectl logs in by itself
    context: the hub's context; None for the current one
    own: the user's kubeconfig
    Raises UserError if the login fails.
    """
    hub = Target("hub", context or "", own)
    if not logins or not own.starts_programs:
        return hub
    view = kubeconfigs.view_with_credentials(environment) or {}
    name = context or str(view.get("current-context") or "")
    unsplit = Kubeconfig(None, starts_programs=True)
    before = Target("hub", name, kubeconfigs.split_contexts(view).get(name, unsplit))
    begun = keep_credentials_off_disk([before], logins.begin([before], environment, unsplit), unsplit)
    (target,) = complete_logins(begun, environment.streams)
    if target.problem:
        raise messages.hub_login_failed(context, target.problem)
    return target if target.kubeconfig.content and not target.kubeconfig.starts_programs else hub


def complete_logins(targets: Sequence[Target], streams: Streams) -> list[Target]:
    """Run the logins of targets to their ends, and return the targets after them. Raises KeyboardInterrupt."""
    logins = dict.fromkeys(target.login for target in targets if target.login)
    if logins:
        from kubectl_mc.access import plugin_runs

        plugin_runs.complete_logins([*logins], streams)
    return [target.login.logged_in(target) if target.login else target for target in targets]


def keep_credentials_off_disk(split: Sequence[Target], logged_in: list[Target], own: Kubeconfig) -> list[Target]:
    """Return the logged-in targets; where kubeconfigs have to be files, without credentials in their kubeconfigs.

    The arguments are those of `kubeconfig_files.targets_in_files`. A login that hasn't ended has given none yet.
    """
    if memory_files.available():
        return logged_in
    from kubectl_mc.access import kubeconfig_files

    return kubeconfig_files.targets_in_files(split, logged_in, own)
