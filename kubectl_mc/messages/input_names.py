# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""The names of an input in kubectl's errors: the file that the user typed, in place of what kubectl was given."""

from __future__ import annotations

import re
from collections.abc import Mapping

from kubectl_mc.named_tuples import NamedTuple


class InputName(NamedTuple):
    """How an error is to speak of a text of the input.

    name: of its file, as kubectl says it
    place: where in the file the text is, as it stands in a sentence; "" for all of it
    malformed: where the file is no YAML; "" if that is `place`
    """

    name: str
    place: str = ""
    malformed: str = ""


def with_input_names(stderr: bytes, names: Mapping[str, InputName]) -> bytes:
    """Return stderr with the names of the user's files.

    names: by what kubectl was given
    kubectl writes `error when creating "cm.yaml": …` and `error parsing cm.yaml: …` (cli-runtime/pkg/resource).
    """
    if not any(path.encode() in stderr for path in names):
        return stderr
    paths = "|".join(map(re.escape, sorted(names, key=len, reverse=True)))
    pattern = re.compile(rf'"(?P<quoted>{paths})"|(?<=error parsing )(?P<plain>{paths})(?=: )')

    def named(match: re.Match[str]) -> str:
        is_quoted = match["plain"] is None
        name = names[match["quoted"] if is_quoted else match["plain"]]
        place = name.place if is_quoted else name.malformed or name.place
        return (f'"{name.name}"' if is_quoted else name.name) + (f" ({place})" if place else "")

    return pattern.sub(named, stderr.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")
