"""TODO."""

from __future__ import annotations

# Command path -> the flags that its help is about, written as flags.py writes kubectl's.
# The command `NAME` is the module kubectl_mc.commands.NAME.
COMMANDS: dict[str, str] = {
    "clusters": "o,output= check no-headers",
    "setup": "check provider= yes",
    "audit": "o,output=",
    "audit list": "o,output=",
    "audit show": "o,output=",
    "resume": "clusters= repeat-unknown",
    "undo": "clusters= dry-run",
    "trust": "o,output=",
    "trust list": "o,output=",
    "trust approve": "yes",
    "trust revoke": "",
}

# Commands whose only words are flags.
WITHOUT_OPERANDS = ("clusters", "setup")

# Command -> what the flags of cli.OWN_FLAGS are about (usage.SECTIONS) that it makes use of.
SECTIONS: dict[str, tuple[str, ...]] = {
    "clusters": ("clusters", "hub", "asking"),
    "setup": ("clusters", "hub", "asking"),
    "trust": ("clusters", "hub"),
    "audit": (),
    "resume": ("changes", "hub", "asking", "showing"),
    "undo": ("changes", "hub", "asking", "showing"),
}
