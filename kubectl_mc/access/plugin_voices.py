# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""What credential plugins say on stderr, shown with the clusters that they log in to."""

from __future__ import annotations

import codecs
import time
from collections.abc import Callable, Container, Sequence

from kubectl_mc.access.credential_plugins import CredentialPlugin
from kubectl_mc.messages import visible
from kubectl_mc.messages.name_folding import fold_names

Say = Callable[[Sequence[str]], None]

_LONG_WAIT = 1.0  # seconds that a plugin runs on behind its words, if it waits for what they ask for
_LONGEST_TAIL = 64 * 1024  # characters
_LONGEST_LABEL = 40  # characters


class Voices:
    """Shows what plugins say while they run, and at their ends what no notice quotes.

    A line that several of them say is shown once, unless the one that said it first has ended, and another waits.
    """

    def __init__(self, say: Say) -> None:
        """Begin. say: gets whole lines"""
        self._say = say
        self._voices: dict[CredentialPlugin, _Voice] = {}
        self._speakers: dict[str, _Voice] = {}  # line -> who said it last

    def introduce(self, plugin: CredentialPlugin, clusters: Sequence[str]) -> None:
        """Name the clusters that a plugin logs in to."""
        self._voices[plugin] = _Voice(clusters)

    def label(self, plugin: CredentialPlugin) -> str:
        """Return the names of the clusters that a plugin logs in to, made visible."""
        return self._voices[plugin].label

    def hear(self, plugin: CredentialPlugin, text: bytes) -> None:
        """Take what a plugin has written."""
        voice = self._voices[plugin]
        voice.hear(text)
        if voice.has_much_to_say():
            self.show()

    def show(self) -> None:
        """Show what hasn't been shown, an unfinished line too: it may be a question."""
        now = time.monotonic()
        for voice in [voice for voice in self._voices.values() if not voice.has_ended]:
            lines = [line for line, is_whole in voice.take_lines() if not is_whole or self._is_news(line, voice, now)]
            for line, heard in list(voice.repeated.items()):
                if now - heard > _LONG_WAIT and self._speakers[line].has_ended:
                    del voice.repeated[line]
                    self._speakers[line] = voice
                    lines.append(line)
            self._show(voice, [*lines, *voice.take_fragment()])

    def _is_news(self, line: str, voice: _Voice, now: float) -> bool:
        if self._speakers.get(line, voice) is not voice:
            voice.repeated[line] = now
            return False
        self._speakers[line] = voice
        return True

    def end(self, plugin: CredentialPlugin, quoted: Container[str] = ()) -> None:
        """Show what hasn't been shown of a plugin that has ended, but for the lines that its failure quotes."""
        voice = self._voices[plugin]
        voice.has_ended = True
        new: list[str] = []
        voice.hear(b"\n")
        for line, is_whole in voice.take_lines():
            if not is_whole:
                new.append(line)
            elif line not in self._speakers and line.strip() not in quoted:
                new.append(line)
                self._speakers[line] = voice
        self._show(voice, new)

    def stop(self, plugin: CredentialPlugin) -> None:
        """Note that a plugin has ended, which is tried again on the terminal: what it has said isn't shown any more."""
        self._voices[plugin].has_ended = True

    def last_words(self, plugin: CredentialPlugin) -> list[str]:
        """Return the last line that a plugin has written, and the one before it that isn't indented."""
        return last_words(self._voices[plugin].tail)

    def has_spoken(self, plugin: CredentialPlugin) -> bool:
        """Return whether a plugin has written anything but white space, or had the terminal."""
        voice = self._voices[plugin]
        return bool(voice.tail.strip()) or voice.had_terminal

    def announce(self, plugin: CredentialPlugin, program: str) -> None:
        """Say whose login is next on the terminal."""
        voice = self._voices[plugin]
        voice.has_ended = voice.had_terminal = True
        self._say([f"[{voice.label}] login with {visible(program)}"])

    def tell_wait(self, plugins: Sequence[CredentialPlugin], program: str, seconds: float, patience: float) -> None:
        """Say that plugins, of one program, have run for so many seconds. patience: what each has, 0 for no limit"""
        names = short_names([name for plugin in plugins for name in self._voices[plugin].clusters])
        limit = f" of {patience:g}s" if patience else ""
        self._say([f"[{names}] waiting for login with {visible(program)} ({int(seconds)}s{limit})"])

    def _show(self, voice: _Voice, lines: Sequence[str]) -> None:
        if lines:
            self._say([f"[{voice.label}] {line}" for line in lines])


class _Voice:
    """What one plugin says.

    tail: the end of all it has said
    repeated: lines that another plugin has said before -> when this one did
    has_ended, had_terminal: whether its run has ended, or had the terminal
    """

    def __init__(self, clusters: Sequence[str]) -> None:
        self.clusters = clusters
        self.label = short_names(clusters)
        self.tail = ""
        self.repeated: dict[str, float] = {}
        self.has_ended = False
        self.had_terminal = False
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._lines: list[tuple[str, bool]] = []
        self._fragment = ""  # of the last line, what isn't shown yet
        self._goes_on = False  # its beginning is shown

    def hear(self, text: bytes) -> None:
        words = self._decoder.decode(text)
        self.tail = (self.tail + words)[-_LONGEST_TAIL:]
        *lines, rest = words.split("\n")
        for line in lines:
            self._lines.append((self._fragment + line, not self._goes_on))
            self._fragment, self._goes_on = "", False
        self._fragment += rest

    def has_much_to_say(self) -> bool:
        return sum(len(line) for line, _ in self._lines) + len(self._fragment) > _LONGEST_TAIL

    def take_lines(self) -> list[tuple[str, bool]]:
        """Return lines that aren't shown, and whether they are whole: the rest of one may be what others say, too."""
        lines, self._lines = self._lines, []
        return [(text, is_whole) for line, is_whole in lines for text in _shown([line])]

    def take_fragment(self) -> list[str]:
        """Return what isn't shown of the unfinished line; whatever follows is the rest of it."""
        fragment, self._fragment = self._fragment, ""
        self._goes_on = self._goes_on or bool(fragment)
        return _shown([fragment])


def _shown(lines: Sequence[str]) -> list[str]:
    """Return lines as they are shown: of what a carriage return overwrites, the last state; no empty ones."""
    texts = [visible(line.rstrip().rpartition("\r")[2]) for line in lines]
    return [text for text in texts if text]


def last_words(text: str) -> list[str]:
    """Return the last line of a text, and the one before it that isn't indented, which is part of something longer."""
    *before, last = _shown(text.split("\n")) or [""]
    unindented = [line for line in before if not line.startswith((" ", "\t"))]
    return [line.strip() for line in (*unindented[-1:], last) if line]


def short_names(clusters: Sequence[str]) -> str:
    """Return the names of clusters, made visible, or the first of them if they are many."""
    names = fold_names(clusters)
    return names if len(names) <= _LONGEST_LABEL else f"{visible(clusters[0])} and {len(clusters) - 1} more"
