# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""The texts about command lines."""

from __future__ import annotations

from collections.abc import Sequence

from kubectl_mc import PROGRAM
from kubectl_mc.messages.words import UserError, did_you_mean, name_list, visible


def no_kubectl() -> UserError:
    """Say that there is no kubectl."""
    return UserError(
        "kubectl was not found on PATH. Install it (https://kubernetes.io/docs/tasks/tools/), "
        "or let pip bring it: pip install 'kubectl-mc[kubectl]'"
    )


def unknown_command(name: str, commands: Sequence[str], hint: str = "") -> UserError:
    """Say that the verb is unknown.

    commands: the verbs of kubectl and our own commands; hint: a sentence of what it is here
    """
    # With a lower cutoff, `pods` would be `expose`.
    hint = f" {hint}." if hint else did_you_mean(name, commands, cutoff=0.65)
    shown = visible(name)
    return UserError(
        f"unknown command '{shown}': no verb of kubectl's, and no plugin kubectl-{shown} on PATH.{hint} "
        f"See: {PROGRAM} --help"
    )


def unknown_subverb(group: str, word: str, subverbs: Sequence[str]) -> UserError:
    """Say that a group of kubectl's verbs, such as `rollout`, has no such verb."""
    hint = did_you_mean(word, subverbs)
    return UserError(f"kubectl {group} has no command '{visible(word)}'.{hint} See: {PROGRAM} {group} --help")


def unknown_flag(text: str) -> UserError:
    """Say that kubectl doesn't have a flag. text: kubectl's own, of several lines"""
    error = UserError("\n".join(map(visible, text.splitlines())))
    error.prefix = "error"
    return error


def read_only(verb: str, effect: str, reason: str, rehearsal: str) -> UserError:
    """Say that a command is refused because only reads are allowed.

    effect: what it does (verb_rows.Effect); reason: what says that only reads are allowed
    rehearsal: the value of --dry-run with which it would say what it does, "" if it has none
    """
    does = {
        "change": "is a change",
        "port": "opens a port, behind which anything may be changed",
        "files": "edits files of yours",
        "output": "overwrites a file with these flags",
        "program": "runs a program, of which it isn't known what it does",
    }[effect]
    instead = f"; --dry-run={rehearsal} only says what it would do" if rehearsal and effect == "change" else ""
    return UserError(f"only reads are allowed here ({reason}), and {visible(verb)} {does}{instead}")


def no_plugin(name: Sequence[str], verbs: Sequence[str]) -> UserError:
    """Say that `plugin run` names no plugin. name: the word behind it, if any; verbs: those of kubectl"""
    if not name:
        return UserError(f"plugin run: which plugin? As in {PROGRAM} plugin run NAME. See: {PROGRAM} plugin list")
    shown = visible(name[0])
    if name[0] in verbs:
        return UserError(f"{shown} is a verb of kubectl's, which it never runs a plugin for: {PROGRAM} {shown}")
    return UserError(f"there is no plugin kubectl-{shown} on PATH. See: {PROGRAM} plugin list")


def blank_in_verb(word: str) -> UserError:
    """Say that a word of the command has a blank, so that it looks like several words."""
    return UserError(f"unknown command '{visible(word)}', as one word with a blank. Write its words without quotes")


def ambiguous_verb(verb: str, plugin: str, remedy: str) -> UserError:
    """Say that some kubectls run a plugin for their own verb. remedy: what to do against it"""
    return UserError(
        f"depending on its version, kubectl runs the plugin {visible(plugin)} for its own command {visible(verb)}. "
        f"Rename the plugin, or {remedy}"
    )


def no_verb(hint: str = "") -> UserError:
    """Say that the command line has no verb. hint: a sentence of what its flags are here"""
    hint = f" {hint}." if hint else ""
    return UserError(f"no kubectl command given, e.g. {PROGRAM} get pods.{hint} See: {PROGRAM} --help")


def unknown_own_flag(flag: str, meant: str) -> UserError:
    """Say that a flag is unknown, but similar to one of ours."""
    return UserError(f"unknown flag: --{flag}. Did you mean --{meant}? See: {PROGRAM} --help")


def flag_of_another_tool(flag: str, hint: str) -> UserError:
    """Say that a flag is not kubectl's with this verb, but another tool's. hint: a sentence of what it is here"""
    return UserError(f"unknown flag: {visible(flag)}. {hint}. See: {PROGRAM} --help")


def flag_needs_value(flag: str, hint: str = "") -> UserError:
    """Say that a flag has no value. hint: what is meant where another tool has it without one"""
    hint = f" {hint}." if hint else ""
    dashes = "--" if len(flag) > 1 else "-"
    return UserError(f"flag needs an argument: {dashes}{flag}.{hint} See: {PROGRAM} --help")


def bad_flag_value(flag: str, value: str, wanted: str) -> UserError:
    """Say that a flag of ours has a value that is not valid."""
    return UserError(f"invalid argument {value!r} for --{flag}: it must be {wanted}")


def bad_pattern(flag: str, text: str, problem: str) -> UserError:
    """Say that the value of a flag of ours is no regular expression. problem: says what is wrong, and where"""
    return UserError(f"invalid argument {text!r} for --{flag}: not a regular expression (Python's): {visible(problem)}")


def refused_flag(flag: str, hint: str = "") -> UserError:
    """Say that a flag of kubectl's cannot be used, because it chooses a server. hint: what it is of another tool"""
    advice = {
        "context": "; for the hub's context, --hub-context=NAME",
        "cluster": "",
        "server": "; the kubeconfig says where a cluster is reached",
    }[flag]
    advice = f"To choose clusters use --clusters=NAME, or without a hub --contexts=NAME{advice}."
    advice = f"{advice} {hint}" if hint else advice
    return UserError(f"--{flag} would send every cluster's command to one place, so it can't be used here. {advice}")


def needs_one_cluster(verb: str, names: Sequence[str]) -> UserError:
    """Say that the verb runs on one cluster, and several are chosen, or a change is for one that isn't named."""
    if len(names) == 1:
        return UserError(f"{verb} is for a cluster that the command line names: --clusters={visible(names[0])}")
    return UserError(
        f"{verb} needs exactly one cluster here; choose it with --clusters=NAME. Candidates: {name_list(names)}"
    )


def one_namespace(verb: str, namespaces: str, several: Sequence[str]) -> UserError:
    """Say that the verb takes one namespace. namespaces: what was typed; several: the verbs that take more"""
    return UserError(
        f"{visible(verb)} takes one namespace, and no namespace can be called '{visible(namespaces)}'. "
        f"Several, and patterns, are for {', '.join(several[:-1])} and {several[-1]}"
    )


def empty_namespace(namespaces: str) -> UserError:
    """Say that a list of namespaces has an empty part."""
    return UserError(f"--namespace: a name is missing in '{visible(namespaces)}'")


def namespaces_of_files(namespaces: str) -> UserError:
    """Say that what is in a file is asked for in several namespaces."""
    return UserError(
        f"-f and -k name objects with their namespaces, so these can't be '{visible(namespaces)}'. Leave out -n, or "
        "name one namespace"
    )


def takes_no_namespace(command: str, by_inventory: bool) -> UserError:
    """Say that a command of ours is about no namespace. by_inventory: it takes --inventory, which may be meant"""
    meant = ". For the ClusterProfiles of a namespace of the hub: --inventory=NAMESPACE" if by_inventory else ""
    return UserError(f"{PROGRAM} {command} takes no namespace: leave out --namespace (-n){meant}")


def flag_is_not_for(flag: str, verb: str, only: str) -> UserError:
    """Say that a flag of ours is used for a verb that it is not for."""
    return UserError(f"--{flag} is for {only}, and not for {visible(verb)}")


def documents_are_not_folded(form: str) -> UserError:
    """Say that --fold is not for documents. form: the output form that was asked for"""
    return UserError(
        f"--fold is for tables, names and texts, and not for -o {visible(form)}, which is for programs. Which clusters "
        f"have the same objects: {PROGRAM} compare"
    )


def streams_are_not_folded(verb: str) -> UserError:
    """Say that --fold is not for what is shown as it comes."""
    return UserError(f"--fold needs whole answers, and {visible(verb)} shows its lines here as they come. Leave it out")


def report_not_written(path: str, problem: str) -> UserError:
    """Say that the file of the report for programs can't be written."""
    return UserError(f"--report (or KUBECTL_MC_REPORT): {visible(path)} can't be written: {visible(problem)}")


def flag_needs_a_terminal(flag: str, instead: str) -> UserError:
    """Say that a flag of ours asks on the terminal, and there is none."""
    return UserError(f"--{flag} asks on the terminal, and there is none. Use --{instead}")


def no_subcommand(command: str, word: str, subcommands: Sequence[str]) -> UserError:
    """Say that a command of ours has no such subcommand."""
    hint = did_you_mean(word, subcommands)
    return UserError(f"{PROGRAM} {command} has no command '{visible(word)}'.{hint} There are: {', '.join(subcommands)}")


def unclear_verb(flag: str) -> UserError:
    """Say that the verb depends on a flag that we don't know."""
    return UserError(
        f"it isn't known whether {visible(flag)} takes the next word as its value, and the verb depends on it: "
        f"put the verb first, or write {visible(flag)}=VALUE"
    )


def unknown_letter(letter: str, word: str) -> UserError:
    """Say that a group of shorthand flags has an unknown one."""
    return UserError(f"unknown shorthand flag '{visible(letter)}' in {visible(word)}: write each flag by itself")


def flags_before_plugin(plugin: str) -> UserError:
    """Say that kubectl's flags stand ahead of a plugin's name, as kubectl says it."""
    return UserError(f"flags cannot be placed before plugin name: {visible(plugin)}. Put the name first")


def bad_kuberc(problem: str) -> UserError:
    """Say that kubectl can't use the user's kuberc."""
    return UserError(f"the kuberc file can't be used: {visible(problem)}. KUBERC=off leaves it out")


def spent_kuberc(path: str) -> UserError:
    """Say that a kuberc is a pipe without content: the kubectl that starts us as a plugin reads its kuberc, too."""
    return bad_kuberc(f"{path}: it is a pipe in which nothing is left, as kubectl itself reads it first. Name a file")


def unclear_kuberc(path: str, problem: str) -> UserError:
    """Say that it isn't certain what kubectl makes of the user's kuberc."""
    return UserError(
        f"it isn't certain how kubectl reads the kuberc file {visible(path)}: {visible(problem)}. Correct the file, or "
        "leave it out: KUBERC=off"
    )


def kuberc_identity(where: str, flag: str) -> UserError:
    """Say that a kuberc changes where a command goes, or as whom."""
    return UserError(
        f"the kuberc file ({visible(where)}) sets --{flag}, which changes where a command goes or as whom, so it can't "
        f"be used for several clusters. Type --{flag} itself if it is meant, or leave the kuberc out: KUBERC=off"
    )


def kuberc_in_value(word: str) -> UserError:
    """Say that kubectl would take a part of a word for --kuberc."""
    return UserError(
        f"kubectl would take --kuberc= in {visible(word)} for the name of a kuberc file. Put it into a file"
    )


def kuberc_unknown_fields(path: str, names: Sequence[str]) -> str:
    """Say that kubectl passes over fields of the kuberc, similar to kubectl."""
    shown = ", ".join(f'unknown field "{visible(name)}"' for name in names)
    return f"kuberc: ignoring strict decoding error in {visible(path)}: {shown}"


def kuberc_passed_over(path: str, problem: str) -> str:
    """Say that the kuberc is not used, as kubectl says it."""
    return f"kuberc: no preferences loaded from {visible(path)}: {visible(problem)}"
