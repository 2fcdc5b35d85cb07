# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""What a shell offers after Tab: kubectl's own completion script, in bash and zsh, with `kubectl_complete-mc`.

Bash 3.2 (macOS) has no compopt, so it is taken from this bash; a bash of that version runs the same test. The parts of
the shells that draw a menu are replaced, so that nothing is left but what they would show.
"""

from __future__ import annotations

import shutil
import subprocess

import pytest

from tests.e2e.conftest import Shell

BASH = r"""
eval "$(kubectl completion bash)"
_get_comp_words_by_ref() { words=("${COMP_WORDS[@]}"); cword=$COMP_CWORD; cur=${words[cword]}; prev=${words[cword-1]}; }
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_TYPE=9; COLUMNS=80
__start_kubectl
for reply in "${COMPREPLY[@]}"; do echo "${reply%% *}"; done
"""
ZSH = r"""
compdef() { : }
_arguments() { : }
_describe() {
    local prefix=""
    [[ $3 = -P ]] && prefix=$4
    for each in $completions; do
        each=${each%%:*}
        [[ $prefix$each = ${words[CURRENT]}* ]] && echo $each
    done
}
eval "$(kubectl completion zsh)"
words=("$@"); CURRENT=$#
_kubectl
"""
SHELLS = {
    "bash": ["bash", "--norc", "-c", BASH, "bash"],
    "bash 3.2": ["bash", "--norc", "-c", f"enable -n compopt 2> /dev/null\n{BASH}", "bash"],
    "zsh": ["zsh", "-f", "-c", ZSH, "zsh"],
}


@pytest.mark.parametrize("name", SHELLS)
def test_what_a_shell_offers(members: Shell, name: str) -> None:
    program, *arguments = SHELLS[name]
    path = shutil.which(program)
    if not path:
        pytest.skip(f"no {program} here")
    for line, offered in (
        ("get pods --clusters ", ["c1", "c2", "c3"]),
        ("get pods --clusters=", ["c1", "c2", "c3"]),
        ("get pods --clusters=c1,", ["c1,c2", "c1,c3"]),
        ("get pods --color=a", ["auto", "always"]),
        ("get pods --excl", ["--exclude"]),
        ("compare deploy --against=c", ["c1", "c2", "c3"]),
        ("clusters -o ", ["wide", "json", "yaml", "name"]),
        ("clusters --output=", ["wide", "json", "yaml", "name"]),
        ("logs x --output=", ["json", "extjson", "raw"]),
        ("trust ", ["list", "approve", "revoke", "export"]),
        ("get --namespace=sh", ["shop"]),
        ("get --namespace=shop,def", ["shop,default"]),
    ):
        done = subprocess.run(
            [path, *arguments, "kubectl", "mc", *line.split(" ")],
            env=members.environment, capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        shown = done.stdout.replace("\\", "").split()  # bash escapes a lone one
        assert sorted(shown) == sorted(offered), (line, done)
