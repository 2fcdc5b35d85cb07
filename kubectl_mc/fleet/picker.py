"""--pick: choosing clusters by hand, as kubectx does it: with fzf where it is installed, else from a numbered list."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from kubectl_mc import messages
from kubectl_mc.fleet.clusters import Cluster


def pick_clusters(clusters: Sequence[Cluster], environment: Mapping[str, str]) -> list[Cluster]:
    """The clusters that the user picks on the terminal. Raises UserError without a terminal, or if none is picked."""
    lines = [messages.visible(f"{cluster.name}  {cluster.profile.version}".rstrip()) for cluster in clusters]
    chosen = _fzf(lines, environment)
    places = parse_numbers(lines, _ask) if chosen is None else [lines.index(line) for line in chosen if line in lines]
    if not places:
        raise messages.nothing_picked()
    return [clusters[place] for place in sorted(set(places))]


def _fzf(lines: Sequence[str], environment: Mapping[str, str]) -> list[str] | None:
    """The lines picked with fzf; None where it isn't installed, or can't run. It draws on the terminal itself."""
    from plumbum import CommandNotFound, local

    with local.env(**environment):
        try:
            fzf = local["fzf"]["--multi", "--no-sort", "--prompt", "clusters (TAB marks)> "]
        except CommandNotFound:
            return None
        status, picked, _ = (fzf << "\n".join(lines)).run(retcode=None, stderr=None)
    if status in (1, 130):  # no match; left with Esc or Ctrl-C
        return []
    return str(picked).splitlines() if status == 0 else None


def parse_numbers(lines: Sequence[str], ask: Callable[[str], str]) -> list[int]:
    """The places of the lines whose numbers the answer to a numbered list names: `1 3-5`, `all`."""
    width = len(str(len(lines)))
    listing = "".join(f"{number:>{width}}  {line}\n" for number, line in enumerate(lines, start=1))
    answer = ask(f"{listing}Clusters (e.g. 1 3-5, or all): ").replace(",", " ").split()
    if answer == ["all"]:
        return list(range(len(lines)))
    places: list[int] = []
    for word in answer:
        first, dash, last = word.partition("-")
        last = last if dash else first
        if not (first.isdecimal() and last.isdecimal() and 1 <= int(first) <= int(last) <= len(lines)):
            raise messages.no_such_number(word, len(lines))
        places += range(int(first) - 1, int(last))
    return places


def _ask(question: str) -> str:
    """A line from the terminal, whatever stdin and stdout are. Raises UserError without one."""
    from kubectl_mc.processes import terminal

    try:
        return terminal.ask_user(question)
    except OSError:
        raise messages.pick_needs_a_terminal() from None
