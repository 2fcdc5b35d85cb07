# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Tokens that outlive a kubectl's patience: each is held in a file in memory, and renewed before it expires.

client-go reads a `tokenFile` again some 50 seconds after it has read it (client-go, transport/token_source.go). So what
lasts (a watch, `proxy`, the waves of a change) goes on with a new token. A credential plugin that renews one has no
terminal.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable

from kubectl_mc.access.credential_plugins import CredentialPlugin
from kubectl_mc.access.exec_credentials import Credential, LoginFailure
from kubectl_mc.named_tuples import NamedTuple
from kubectl_mc.processes import memory_files

# client-go may read the file a minute late.
_AHEAD = 75.0
_SHORTEST_DELAY = 1.0
RETRY = 15.0
_LONGEST_WAIT = 3600.0  # Python's own limit is higher than any sensible one, but not than infinity

# (the plugin) -> its answer, without a terminal
Renew = Callable[[CredentialPlugin], Credential | LoginFailure]


def renewal_delay(expires: float, now: float) -> float:
    """Return the seconds after which a token is renewed: well before it expires, but not again and again.

    expires, now: seconds since the epoch
    """
    remaining = expires - now
    if remaining <= 0:  # the clocks differ, and the next one may seem to have expired, too
        return RETRY
    return max(_SHORTEST_DELAY, remaining - min(_AHEAD, remaining / 2))


class _HeldToken(NamedTuple):
    """A token in memory. length: of the longest text that the file has held, in bytes"""

    held: memory_files.HeldContent
    path: str
    length: int
    due: float  # seconds since the epoch; infinite while it is being renewed
    tried: float = 0.0  # when it was to be renewed last


class Renewals:
    """The tokens of one command, and the threads that renew them: one that waits, and one for each that is due.

    The files stay open until this process ends, as kubectls may read them until then.
    """

    def __init__(self, renew: Renew, report_failure: Callable[[CredentialPlugin, str], None]) -> None:
        """Take what gets a new credential, and what is told of the first failure of a plugin in a row."""
        self._renew = renew
        self._report_failure = report_failure
        self._tokens: dict[CredentialPlugin, _HeldToken] = {}
        self._failing: set[CredentialPlugin] = set()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def token_file(self, plugin: CredentialPlugin, token: str, expires: float) -> str:
        """Return the path of the file that holds the plugin's token, for processes that run while this one does.

        Raises OSError if there is no room for it.
        """
        with self._changed:
            if plugin not in self._tokens:
                held = memory_files.hold(token.encode())
                path = f"/proc/{os.getpid()}/fd/{held.inherited[0]}"
                due = time.time() + renewal_delay(expires, time.time())
                self._tokens[plugin] = _HeldToken(held, path, len(token.encode()), due)
                self._changed.notify()
            if not self._thread:
                self._thread = threading.Thread(target=self._run, name="renewals", daemon=True)
                self._thread.start()
            return self._tokens[plugin].path

    def hasten(self, plugin: CredentialPlugin) -> bool:
        """Renew a token soon, which a cluster refuses before its time. Return whether it is one of these."""
        with self._changed:
            token = self._tokens.get(plugin)
            if token and token.due != float("inf") and token.tried + RETRY < time.time():
                self._tokens[plugin] = token._replace(due=0.0)
                self._changed.notify()
            return token is not None

    def _run(self) -> None:
        while True:
            with self._changed:
                plugin = min(self._tokens, key=lambda plugin: self._tokens[plugin].due)
                wait = self._tokens[plugin].due - time.time()
                if wait > 0:
                    self._changed.wait(min(wait, _LONGEST_WAIT))
                    continue
                self._tokens[plugin] = self._tokens[plugin]._replace(due=float("inf"))
            threading.Thread(target=self._renew_token, args=(plugin,), daemon=True).start()

    def _renew_token(self, plugin: CredentialPlugin) -> None:
        """Run the plugin, and write its token to the file; report a failure once, and try again later."""
        answer = self._renew(plugin)
        problem = answer.reason if isinstance(answer, LoginFailure) else "" if answer.token else "it gave no token"
        delay = float("inf")  # of a token that doesn't expire
        if problem:
            delay = RETRY
            if plugin not in self._failing:
                self._failing.add(plugin)
                self._report_failure(plugin, problem)
        elif isinstance(answer, Credential):
            self._failing.discard(plugin)
            self._write(plugin, answer.token)
            if answer.expires is not None:
                delay = renewal_delay(answer.expires, time.time())
        with self._changed:
            self._tokens[plugin] = self._tokens[plugin]._replace(due=time.time() + delay, tried=time.time())
            self._changed.notify()

    def _write(self, plugin: CredentialPlugin, token: str) -> None:
        """Replace the token in one write: padded, so that no reader sees the end of a longer one behind it.

        client-go strips white space (transport/token_source.go, fileTokenSource).
        """
        text, held = token.encode(), self._tokens[plugin]
        os.pwrite(held.held.inherited[0], text.ljust(held.length), 0)
        with self._changed:
            self._tokens[plugin] = self._tokens[plugin]._replace(length=max(held.length, len(text)))
