"""--pick: the user picks clusters with fzf, as in kubectx, or from a numbered list if fzf is not installed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from kubectl_mc import messages
from kubectl_mc.fleet.clusters import Cluster
from kubectl_mc.processes import terminal


def pick_clusters(clusters: Sequence[Cluster], variables: Mapping[str, str]) -> list[Cluster]:
    """Return the clusters that the user picks on the terminal.

    variables: the environment variables for fzf
    Raises UserError without a terminal, or if no cluster is picked.
    """
    lines = [messages.visible(f"{cluster.name}  {cluster.profile.version}".rstrip()) for cluster in clusters]
    picked = terminal.pick_lines(lines, "clusters (TAB marks)> ", variables)
    indexes = parse_numbers(lines, _ask) if picked is None else [lines.index(line) for line in picked if line in lines]
    if not indexes:
        raise messages.nothing_picked()
    return [clusters[index] for index in sorted(set(indexes))]


def parse_numbers(lines: Sequence[str], ask: Callable[[str], str]) -> list[int]:
    """Ask with a numbered list, and return the indexes of the lines in the answer: `1 3-5`, or `all`.

    Raises UserError for a number that is not in the list.
    """
    width = len(str(len(lines)))
    listing = "".join(f"{number:>{width}}  {line}\n" for number, line in enumerate(lines, start=1))
    words = ask(f"{listing}Clusters (e.g. 1 3-5, or all): ").replace(",", " ").split()
    if words == ["all"]:
        return list(range(len(lines)))
    indexes: list[int] = []
    for word in words:
        first, dash, last = word.partition("-")
        last = last if dash else first
        if not (first.isdecimal() and last.isdecimal() and 1 <= int(first) <= int(last) <= len(lines)):
            raise messages.no_such_number(word, len(lines))
        indexes += range(int(first) - 1, int(last))
    return indexes


def _ask(question: str) -> str:
    """Return a line typed on the terminal, even if stdin and stdout are redirected. Raises UserError without one."""
    try:
        return terminal.ask_user(question)
    except OSError:
        raise messages.flag_needs_a_terminal("pick", "clusters=NAME,…") from None
