"""Commands of our own, one file each: `HELP`, and `run(line, options, environment, streams)` -> the exit status."""

from __future__ import annotations

# Command path -> its own flags, written as flags.py writes kubectl's; flags that every command has are cli.OWN_FLAGS.
# The command `NAME` is the module kubectl_mc.commands.NAME.
COMMANDS: dict[str, str] = {
    "clusters": "o,output= check no-headers",
    "setup": "check provider=",
    "audit": "",
    "audit list": "o,output=",
    "audit show": "o,output=",
    "resume": "repeat-unknown",
    "undo": "",
    "trust": "",
    "trust list": "o,output=",
    "trust approve": "",
    "trust revoke": "",
}

# Commands whose only words are flags.
WITHOUT_OPERANDS = ("clusters", "setup")
