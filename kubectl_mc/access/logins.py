"""The logins of one command: an exec credential plugin that several clusters, or the hub, share is run once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from kubectl_mc import messages
from kubectl_mc.access import kubeconfigs
from kubectl_mc.command_line import grammar
from kubectl_mc.command_line.grammar import CommandLine
from kubectl_mc.processes import memory_files
from kubectl_mc.processes.environment import Environment
from kubectl_mc.processes.event_loop import default_parallel
from kubectl_mc.processes.standard_streams import Streams
from kubectl_mc.processes.targets import Kubeconfig, Target

if TYPE_CHECKING:
    from kubectl_mc.access.shared_login import LoginAnswers

# With one of these flags the user has said how to log in, so kubectl runs no plugin.
_LOGIN_FLAGS = ("token", "username", "password", "client-certificate", "client-key")


class Logins(NamedTuple):
    """What the logins of one command share.

    may_ask: stdin is a terminal on which a plugin may ask the user
    kuberc_flag: the value of --kuberc
    answers: what plugins have given so far in this command
    """

    may_ask: bool
    kuberc_flag: str | None
    answers: LoginAnswers

    def share(self, targets: Sequence[Target], environment: Environment, alone: bool = False) -> list[Target]:
        """The targets with a credential in place of the login that they share; a target whose login failed says why.

        alone: also log in a target that shares its login with no other
        What plugins write to stderr is shown while they run.
        """
        starting = [target for target in targets if target.kubeconfig.starts_programs and not target.problem]
        if not any(target.kubeconfig.content for target in starting):
            return list(targets)
        from kubectl_mc.access import shared_login

        members = [
            shared_login.LoginMember(target.cluster, target.kubeconfig.content)
            for target in starting
            if target.kubeconfig.content is not None
        ]
        patience = environment.hub_patience
        if self.may_ask and patience:
            patience = max(patience, shared_login.FOR_A_USER)
        parallel = environment.options.max_parallel or default_parallel()
        how = shared_login.LoginSettings(
            environment.variables, parallel, patience, self.may_ask, self.kuberc_flag, alone
        )
        outcome = shared_login.share_logins(members, how, environment.streams.say, self.answers)
        before = {member.name: member for member in members}
        shared = {
            member.name: Kubeconfig(member.kubeconfig, starts_programs=False)
            for member in outcome.members
            if member is not before[member.name]
        }
        return [
            target._replace(
                kubeconfig=shared.get(target.cluster, target.kubeconfig),
                problem=target.problem or outcome.failures.get(target.cluster, ""),
            )
            for target in targets
        ]


def logins_for(line: CommandLine, streams: Streams) -> Logins | None:
    """The logins of a command; None where the user has said how to log in, so that no plugin is run.

    A plugin may ask on the terminal, unless stdin is the command's own input.
    """
    if any(grammar.values(line, flag) for flag in _LOGIN_FLAGS):
        return None
    may_ask = streams.stdin.isatty() and "-" not in grammar.values(line, "filename")
    return Logins(may_ask, grammar.value(line, "kuberc"), {})


def hub_target(logins: Logins | None, environment: Environment, context: str | None, own: Kubeconfig) -> Target:
    """The hub as a target, the plugin of its context already run.

    The hub is asked by several kubectls, which have no stdin and whose stderr is read when they have ended, so no
    plugin could ask the user there.
    logins: None where each kubectl logs in by itself
    context: the hub's context; None for the current one
    own: the user's kubeconfig
    Raises UserError if the login fails.
    """
    plain = Target("hub", context or "", own)
    if not logins or not own.starts_programs:
        return plain
    view = kubeconfigs.view_with_credentials(environment) or {}
    name = context or str(view.get("current-context") or "")
    unsplit = Kubeconfig(None, starts_programs=True)
    before = Target("", name, kubeconfigs.split_contexts(view).get(name, unsplit))
    after = logins.share([before], environment, alone=True)
    if after[0].problem:
        raise messages.hub_login_failed(context, after[0].problem)
    (target,) = after if memory_files.available() else in_files([before], after, unsplit)
    return plain if target.kubeconfig in (unsplit, before.kubeconfig) else target


def in_files(split: Sequence[Target], logged_in: Sequence[Target], own: Kubeconfig) -> list[Target]:
    """The targets as they can be reached where kubeconfigs have to be files (see kubeconfig_files.targets)."""
    from kubectl_mc.access import kubeconfig_files

    return kubeconfig_files.targets_in_files(split, logged_in, own)
