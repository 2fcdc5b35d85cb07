# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Whether a command may only read."""

from __future__ import annotations

from kubectl_mc.fleet.mapping import read_mapping
from kubectl_mc.processes.environment import Environment

VARIABLE = "KUBECTL_MC_READ_ONLY"

# Values of the variable with which it says nothing. With any other, also a misspelled one, it counts.
_OFF = ("", "0", "false")


def reason(environment: Environment) -> str:
    """Return what says that the command may only read: the variable, the flag or the mapping file; "" if nothing does.

    No flag stands against the variable. A typed --read-only=false does against the default of the mapping file, as any
    typed flag does. Raises UserError if that file can't be used.
    """
    if environment.variables.get(VARIABLE, "").lower() not in _OFF:
        return VARIABLE
    if "read-only" in dict(environment.options.typed):
        return "--read-only" if environment.options.read_only else ""
    defaults = dict(read_mapping(environment, may_be_missing=True).defaults)
    return "the mapping file's defaults" if defaults.get("read-only", "false") not in ("false", "0") else ""
