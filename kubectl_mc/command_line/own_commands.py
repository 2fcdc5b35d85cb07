# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Our own commands: their names, flags and operands, as data."""

from __future__ import annotations

# What -o may be for `logs`.
LOG_OUTPUTS = ("json", "extjson", "raw")

# What -o may be for --count-by, beside those of tables.
COUNT_OUTPUTS = ("json", "yaml")

# Command path -> the command's own flags, written as in kubectl_flags.FLAGS.
# The command `NAME` is the module kubectl_mc.commands.NAME.
COMMANDS: dict[str, str] = {
    "clusters": "o,output= check no-headers",
    "compare": "A,all-namespaces against= field-selector= f,filename=* ignore=* k,kustomize= o,output= R,recursive"
    " l,selector= with-status",
    "setup": "check provider= yes",
    "audit": "o,output=",
    "audit list": "o,output=",
    "audit show": "o,output=",
    "resume": "clusters= clusterprofile-provider-file= repeat-unknown",
    "undo": "clusters= clusterprofile-provider-file= dry-run?unchanged",
    "trust": "o,output=",
    "trust list": "o,output=",
    "trust approve": "yes",
    "trust revoke": "",
    "trust export": "",
    "use": "none cluster-timeout=",
}

# Commands whose exit status 1 is an answer, so that that of an error is another one.
ANSWERING = ("compare",)

# Commands that ask as a verb of kubectl's does, with its operands and those of its flags that they have.
ASKING_AS = {"compare": "get"}

# Ahead of a plugin's name, where a command of ours has that name.
PLUGIN_RUN = ("plugin", "run")

# Commands that change nothing but files of ours that make answers quicker, or say which clusters reads are for. Under
# --read-only, all others are refused, but for their dry runs.
READING = ("clusters", "compare", "audit", "audit list", "audit show", "trust", "trust list", "trust export", "use")

# Commands without operands.
WITHOUT_OPERANDS = ("setup", "trust export")

# Commands that take a command line of kubectl's behind `--`.
RETYPED = ("resume",)

# Commands that run kubectl on clusters, so that --report is for them.
REPORTED = ("compare", "resume", "undo")

# Command -> the sections of help_texts.SECTIONS with the flags that it takes.
FLAG_SECTIONS: dict[str, tuple[str, ...]] = {
    "clusters": ("clusters", "hub", "asking", "colours"),
    "compare": ("clusters", "hub", "asking", "reporting", "colours"),
    "setup": ("clusters", "hub", "asking", "colours"),
    "trust": ("clusters", "hub", "asking", "colours"),
    "audit": ("colours",),
    "resume": ("changes", "hub", "asking", "showing", "reporting", "colours"),
    "undo": ("changes", "hub", "asking", "showing", "reporting", "colours"),
    "use": ("clusters", "hub", "colours"),
}

# (command, its flag) -> the values that it may have: they are completed, and others refused. `logs` is kubectl's, but
# the flag is ours (EXTRA_FLAGS).
FLAG_VALUES: dict[tuple[str, str], tuple[str, ...]] = {
    ("clusters", "output"): ("wide", "json", "yaml", "name"),
    ("compare", "output"): ("json", "name"),
    ("audit", "output"): ("json", "yaml"),
    ("trust", "output"): ("json", "yaml"),
    ("logs", "output"): LOG_OUTPUTS,
    ("setup", "provider"): ("aws", "gcp", "azure", "ali"),
}

# Verb of kubectl's -> flags that it lacks and has here. They don't go to kubectl.
EXTRA_FLAGS: dict[str, str] = {"logs": "A,all-namespaces o,output="}
