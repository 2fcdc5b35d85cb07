"""The logins of one command: a credential plugin that several clusters or the hub share runs once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from kubectl_mc import messages
from kubectl_mc.access import kubeconfigs
from kubectl_mc.command_line import grammar, verbs
from kubectl_mc.command_line.grammar import CommandLine
from kubectl_mc.processes import memory_files, pipe_files
from kubectl_mc.processes.environment import Environment
from kubectl_mc.processes.event_loop import default_parallel
from kubectl_mc.processes.standard_streams import Streams
from kubectl_mc.processes.targets import Kubeconfig, Target

if TYPE_CHECKING:
    from kubectl_mc.access.shared_login import LoginAnswers


class Logins(NamedTuple):
    """What the logins of one command share.

    may_ask: stdin is a terminal on which a credential plugin may ask the user
    kuberc_flag: the value of --kuberc
    answers: what credential plugins have returned so far in this command
    """

    may_ask: bool
    kuberc_flag: str | None
    answers: LoginAnswers

    def share(self, targets: Sequence[Target], environment: Environment, alone: bool = False) -> list[Target]:
        """Log in once for targets with the same login; return the targets with their credentials or their problems.

        alone: also log in a target that shares its login with no other target
        What credential plugins write to stderr is shown while they run.
        """
        starting = [target for target in targets if target.kubeconfig.starts_programs and not target.problem]
        if not any(target.kubeconfig.content for target in starting):
            return list(targets)
        from kubectl_mc.access import credential_plugins, shared_login

        members = [
            shared_login.LoginMember(target.cluster, target.kubeconfig.content)
            for target in starting
            if target.kubeconfig.content is not None
        ]
        patience = environment.hub_patience
        if self.may_ask and patience:
            patience = max(patience, shared_login.INTERACTIVE_PATIENCE)
        parallel = environment.options.max_parallel or default_parallel()
        settings = shared_login.LoginSettings(
            environment.variables, parallel, patience, self.may_ask, self.kuberc_flag, alone
        )
        logins = shared_login.share_logins(members, settings, environment.streams.say, self.answers)
        shared = {
            after.name: Kubeconfig(
                after.kubeconfig,
                starts_programs=False,
                exec_entry=credential_plugins.current_entry(before.kubeconfig, "user").get("exec"),
            )
            for before, after in zip(members, logins.members)
            if after is not before
        }
        return [
            target._replace(
                kubeconfig=shared.get(target.cluster, target.kubeconfig),
                problem=target.problem or logins.failures.get(target.cluster, ""),
            )
            for target in targets
        ]


# With one of these flags the user has said how to log in, so kubectl runs no credential plugin.
_LOGIN_FLAGS = ("token", "username", "password", "client-certificate", "client-key")


def logins_for(line: CommandLine, streams: Streams) -> Logins | None:
    """Return the logins of a command; None if its flags say how to log in, so that no credential plugin runs.

    A credential plugin may ask on the terminal, unless stdin is the input of the command.
    """
    if any(grammar.values(line, flag) for flag in _LOGIN_FLAGS):
        return None
    reads_stdin = pipe_files.names_stdin(line) or verbs.reads_stdin(verbs.find_row(line), line)
    may_ask = streams.stdin.isatty() and not reads_stdin
    return Logins(may_ask, grammar.value(line, "kuberc"), {})


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
    before = Target("", name, kubeconfigs.split_contexts(view).get(name, unsplit))
    logged_in = logins.share([before], environment, alone=True)
    if logged_in[0].problem:
        raise messages.hub_login_failed(context, logged_in[0].problem)
    (target,) = keep_credentials_off_disk([before], logged_in, unsplit)
    return hub if target.kubeconfig in (unsplit, before.kubeconfig) else target


def keep_credentials_off_disk(split: Sequence[Target], logged_in: list[Target], own: Kubeconfig) -> list[Target]:
    """Return the logged-in targets; where kubeconfigs have to be files, without credentials in their kubeconfigs.

    The arguments are those of `kubeconfig_files.targets_in_files`.
    """
    if memory_files.available():
        return logged_in
    from kubectl_mc.access import kubeconfig_files

    return kubeconfig_files.targets_in_files(split, logged_in, own)
