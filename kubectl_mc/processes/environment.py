# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""The environment that every command runs with. It is made once, when the process starts, and handed in."""

from __future__ import annotations

import os
from collections.abc import Mapping

from kubectl_mc.command_line import grammar
from kubectl_mc.command_line.invocation import Invocation
from kubectl_mc.command_line.options import Options
from kubectl_mc.named_tuples import NamedTuple
from kubectl_mc.processes.standard_streams import SteadyStreams, Streams
from kubectl_mc.type_hints import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from kubectl_mc.processes.report_file import ReportFile

HUB_PATIENCE = 30.0  # the seconds that the hub has for an answer by default

SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"  # client-go, rest/config.go


_ACCESS_FLAGS = ("hub-context", "inventory", "clusterprofile-provider-file", "kubeconfig")


class Environment(NamedTuple):
    """What a command, and the kubectls that it starts, run with.

    variables: the user's environment variables
    streams: where the command reads and writes
    options: the options (our own flags) of the command line
    kubectl: the path of the user's kubectl; "" for a command that starts none
    kubeconfig_flag: the value of --kubeconfig; None where the flag is not given
    kuberc: the KUBERC of the kubectls that we start: the user's is resolved by us
    plugin_policy: the fields of the user's kuberc that say which credential plugins may run; {} without any
    typed_paths: path of a file in memory that kubectl reads -> the path that the user typed
    service_account: the folder with the token of the service account, in a pod
    report: the report for programs, if one is wanted
    """

    variables: Mapping[str, str]
    streams: Streams
    options: Options = Options()
    kubectl: str = ""
    kubeconfig_flag: str | None = None
    kuberc: str = "off"
    plugin_policy: Mapping[str, Any] = {}
    typed_paths: Mapping[str, str] = {}
    service_account: str = SERVICE_ACCOUNT
    report: ReportFile | None = None

    @property
    def home(self) -> str:
        """The user's home directory: "/", as in a container, for a user without HOME and without a passwd entry."""
        home = self.variables.get("HOME") or os.path.expanduser("~")
        return "/" if home == "~" else home

    @property
    def kube_directory(self) -> str:
        """The directory ~/.kube, which holds kubectl's files and ours."""
        return os.path.join(self.home, ".kube")

    @property
    def choice_directory(self) -> str:
        """The directory with what `kubectl mc use` has chosen. It doesn't exist before that is used."""
        return os.path.join(self.kube_directory, "kubectl-mc", "choices")

    @property
    def kubeconfig_files(self) -> list[str]:
        """The kubeconfig files that kubectl reads, whether or not they exist.

        These are the file of --kubeconfig, else those in KUBECONFIG, else $HOME/.kube/config (client-go, clientcmd
        loader.go). Without HOME, the last one is in the current directory (client-go, util/homedir).
        """
        if self.kubeconfig_flag:
            return [self.kubeconfig_flag]
        paths = [path for path in self.variables.get("KUBECONFIG", "").split(os.pathsep) if path]
        return paths or [os.path.join(self.variables.get("HOME", ""), ".kube", "config")]

    @property
    def hub_patience(self) -> float:
        """The seconds that the hub has for an answer; 0 for no limit."""
        timeout = self.options.cluster_timeout
        return HUB_PATIENCE if timeout is None else timeout

    @property
    def access_flags(self) -> str:
        """The flags that another command about the same clusters needs as well, as they were typed, to be copied.

        They say which hub is meant, which of its inventories, and how its clusters are reached.
        """
        from shlex import quote

        kubeconfig = self.typed_paths.get(self.kubeconfig_flag or "", self.kubeconfig_flag)
        typed = [*self.options.typed, *([("kubeconfig", kubeconfig)] if kubeconfig else [])]
        flags = [f"--{name}={quote(value or '')}" for name, value in typed if name in _ACCESS_FLAGS]
        return " ".join(dict.fromkeys(flags))

    @property
    def reports_on_terminal(self) -> bool:
        """Whether an answer and what is said about it are both read on a terminal."""
        return self.streams.stdout.isatty() and self.streams.stderr.isatty()

    @property
    def columns(self) -> int:
        """The width of the terminal that stdout is, 0 if it isn't known. COLUMNS says it otherwise, as elsewhere."""
        columns = self.variables.get("COLUMNS", "")
        if columns.isdecimal():
            return int(columns)
        try:
            return os.get_terminal_size(self.streams.stdout.fileno()).columns
        except (OSError, ValueError):
            return 0

    def show_help(self, text: str) -> None:
        """Write a help text of ours to stdout; to a terminal, in lines that fit it."""
        from kubectl_mc.command_line import help_texts

        stdout, text = self.streams.stdout, help_texts.named(text)
        stdout.write(help_texts.fitted(text, self.columns) if stdout.isatty() else text)

    def for_invocation(self, invocation: Invocation) -> Environment:
        """Return the environment with the options and the --kubeconfig of this invocation."""
        environment = self._replace(kubeconfig_flag=grammar.value(invocation.kubectl, "kubeconfig"))
        return environment.with_options(invocation.options)

    def with_options(self, options: Options) -> Environment:
        """Return the environment with other options, which also say whether what is said on stderr has colours."""
        environment = self._replace(options=options)
        has_colours = environment.has_colours(self.streams.stderr)
        return environment._replace(streams=self.streams._replace(has_colours=has_colours))

    def has_colours(self, stream: TextIO) -> bool:
        """Return whether what is written to stdout, or to stderr, has colours (`colours.wants_colour`)."""
        on_terminal = stream.isatty()
        if not (on_terminal or self.options.color == "always" or "CLICOLOR_FORCE" in self.variables):
            return False  # `get pods` in a pipe imports nothing for it
        from kubectl_mc.messages.colours import wants_colour

        return wants_colour(on_terminal, self.variables, self.options.color)

    def for_change(self) -> Environment:
        """Return the environment of a change, which must not stop because something can't be shown."""
        return self._replace(streams=SteadyStreams(*self.streams))

    def with_typed_paths(self, paths: Mapping[str, str]) -> Environment:
        """Return the environment with more `typed_paths`."""
        return self._replace(typed_paths={**self.typed_paths, **paths})

    def with_default_timeout(self, timeout: float) -> Environment:
        """Return the environment with a default for --cluster-timeout, in seconds."""
        if self.options.cluster_timeout is not None:
            return self
        return self._replace(options=self.options._replace(cluster_timeout=timeout))
