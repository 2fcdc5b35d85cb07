# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Command lines for the property that the gate can't be passed, generated from the table of kubectl's flags."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import NamedTuple

from kubectl_mc.command_line.kubectl_flags import ALIASES, FLAGS

OURS = "@"  # the place of our own flags in a line
OUTSIDE = "outside"  # a context, cluster and kubeconfig user that the fleet doesn't have
SECRET = "5ecret-3f9a1c"  # stands where the record must not hold it


class Line(NamedTuple):
    """A command line with what it depends on.

    words: without `kubectl mc`; one of them is OURS
    kuberc: the text of the user's kuberc; "" for none
    variable: the kuberc is named by KUBERC, and not in its default place
    environment: one more environment variable, as NAME=VALUE; "" for none
    """

    words: tuple[str, ...]
    kuberc: str = ""
    variable: bool = False
    environment: str = ""

    def __str__(self) -> str:
        kuberc = f"   with {'KUBERC' if self.variable else 'kuberc'}: {self.kuberc}" if self.kuberc else ""
        environment = f"{self.environment} " if self.environment else ""
        return environment + shlex.join(self.words) + kuberc


CONFIG_MAP = "---\n{apiVersion: v1, kind: ConfigMap, metadata: {name: NAME, namespace: shop}, data: {a: b}}\n"

DEPLOYMENT = "---\n{apiVersion: apps/v1, kind: Deployment, metadata: {name: cart, namespace: shop}}\n"

# Files with names that could be verbs, sub-verbs, operands or values of flags, and what is in them.
FILES: Mapping[str, str] = {
    **{
        name: CONFIG_MAP.replace("NAME", name)
        for name in ("get", "delete", "apply", "create", "status", "view", "server", "none", "settings", "cm")
    },
    **dict.fromkeys(("restart", "undo", "image"), DEPLOYMENT),
}

# What each verb is tried with: its operands and flags, a "~" stands between the words of one flag.
BASES = f"""
get cm
get cm settings
get cm,deploy
get pods -A
get -f~settings
get --raw=/api/v1/namespaces/shop/configmaps
describe cm settings
events
top pods
api-resources
api-versions
explain cm
version
cluster-info
auth can-i create cm
auth whoami
auth reconcile -f~role.yaml
diff -f~settings
rollout history deploy/cart
rollout status deploy/cart --timeout=1s
rollout restart deploy/cart
rollout restart -f~restart
rollout undo deploy/cart
rollout pause deploy cart
rollout resume deploy cart
wait cm/settings --for=jsonpath={{.data}} --timeout=1s
logs deploy/cart
apply view-last-applied cm/settings
apply set-last-applied -f~settings --create-annotation
apply edit-last-applied cm/settings
apply -f~settings
apply -f~new.yaml --server-side
apply -f~new.yaml --prune -l~a=b
exec deploy/cart -- ls
exec -it deploy/cart -- ls
attach deploy/cart
run new --image=web
debug pod/solo --image=web
cp settings solo:/tmp/x
cp solo:/etc/hostname copied
edit cm settings
annotate cm settings a=b
annotate cm settings a=c --overwrite
autoscale deploy cart --max=2
certificate approve joe
cordon c2-node
uncordon c2-node
drain c2-node --force --ignore-daemonsets
taint no c2-node a=b:NoSchedule
create -f~new.yaml
create -f~get
create -f~new.yaml --edit
create -f~new.yaml --edit --dry-run=client
create cm new --from-literal=a=b
create cm get --from-file~get
create secret generic new --from-literal~password={SECRET}
create secret docker-registry new --docker-server=a --docker-username=b --docker-password={SECRET}
create ns new
create sa new
create role new --verb=get --resource=pods
create deploy new --image=web
create svc clusterip new --tcp=80
create quota new --hard=pods=1
create job new --image=web
create token deployer
create thing
create thing new
create --raw=/api/v1/namespaces/shop/configmaps -f~new.yaml
delete cm settings
delete cm server none
delete -f~get
delete -f~settings --wait=false
delete cm --all
delete deploy/cart --cascade=orphan
delete --raw=/api/v1/namespaces/shop/configmaps/settings
expose deploy cart --port=80 --name=new
label cm settings a=b
label cm settings a=b --local
patch cm settings -p~{{}}
patch cm settings --patch={{"data":{{"a":"c"}}}}
replace -f~settings
replace --force -f~settings
scale deploy cart --replicas=3
set image deploy/cart app=new
set image -f~image app=new
set env deploy/cart A=B
set sa deploy cart deployer
set resources deploy cart --limits=cpu=1
config view
config get-contexts
config use-context c1
config set-context c1 --namespace=default
kustomize .
kuberc view
options
completion bash
plugin list
help delete
__complete get cm
hello
hello world
hello-there x
port-forward pod/solo :80
proxy --port=0
"""

# Values that a flag understands, so that a line gets as far as a server.
VALUES: Mapping[str, Sequence[str]] = {
    "dry-run": ("none", "client", "server", "server", "true", "false", "0", "1", "T", "unchanged", "x", ""),
    "cascade": ("background", "orphan", "foreground", "true", "x"),
    "validate": ("true", "false", "strict", "warn", "ignore"),
    "output": ("json", "yaml", "name", "wide", "jsonpath={.kind}", "JSON", ""),
    "namespace": ("shop", "default", "get", "--help"),
    "filename": ("settings", "get", "delete", "new.yaml", "restart,image", "missing", "-"),
    "kustomize": (".", "get"),
    "from-literal": ("k=v", f"password={SECRET}", "--help", "--dry-run=server"),
    "from-file": ("get", "k=get,settings"),
    "from-env-file": ("env",),
    "selector": ("app=cart", "a"),
    "context": (OUTSIDE, "c1"),
    "cluster": (OUTSIDE,),
    "server": ("https://127.0.0.1:1", "SERVER"),
    "kubeconfig": ("other-kubeconfig", "missing"),
    "user": ("admin",),
    "token": ("admin",),
    "as": ("admin", "--help"),
    "kuberc": ("other-kuberc", "missing"),
    "request-timeout": ("5s", "0"),
    "timeout": ("1s",),
    "field-manager": ("me", "--help", "-h", "--dry-run=none", "--dry-run"),
    "type": ("merge", "json"),
    "patch": ("{}", "-x"),
    "replicas": ("1", "2"),
    "raw": ("/api/v1/namespaces/shop/configmaps", "/version"),
    "for": ("delete",),
    "v": ("0", "1"),
    "tail": ("1",),
    "profile": ("none",),
}
TRUTHS = ("true", "false", "0", "1", "t", "F", "TRUE", "no", "")
WORDS = (*FILES, "settings", "cm", "a=b", "new", "x", "-", "", "client", "shop", "hello", "help", "rollout", "-x")

# They would wait for somebody, write files or start a profile.
_LEFT_OUT = {
    *("watch", "watch-only", "follow", "cache-dir", "profile", "profile-output", "output-directory", "vmodule"),
    *("log-flush-frequency", "template", "warnings-as-errors", "windows-line-endings", "pod-running-timeout"),
}


# Variables that client-go and kubectl read.
_ENVIRONMENTS = (
    *("KUBERNETES_MASTER=SERVER", "KUBERNETES_SERVICE_HOST=127.0.0.1", "KUBERNETES_SERVICE_PORT=1", "POD_NAMESPACE=x"),
    *("KUBECTL_KUBERC=false", "KUBERC=off", "KUBECTL_APPLYSET=true", "KUBECTL_ENABLE_CMD_SHADOW=false"),
    *("KUBECTL_INTERACTIVE_DELETE=true", "KUBECTL_COMMAND_HEADERS=1", "KUBECTL_EXTERNAL_DIFF=kubectl delete cm x"),
    *("KUBECTL_REMOTE_COMMAND_WEBSOCKETS=false", "KUBE_EDITOR=kubectl delete cm x", "KUBECTL_KYAML=true"),
)
_HARMLESS = ("namespace", "user", "as", "request-timeout", "v", "kubeconfig", "token", "match-server-version")


class Flag(NamedTuple):
    """A flag of the table: its names, and how it takes a value, as kubectl_flags.py writes it."""

    name: str
    short: str
    kind: str

    @property
    def takes_value(self) -> bool:
        """Whether the next word is its value."""
        return self.kind.startswith("=")


def flags_of(path: str) -> list[Flag]:
    """Return the flags that the table has for a command itself, for "" the global ones."""
    entries = [re.fullmatch(r"(?:(.),)?([a-z0-9-]+)(.*)", entry) for entry in FLAGS[path].split()]
    flags = [Flag(entry[2], entry[1] or "", entry[3].rstrip("~")) for entry in entries if entry]
    return [flag for flag in flags if flag.name not in _LEFT_OUT]


GLOBAL = flags_of("")


def generate_line(random: Random) -> Line:
    """Return a line: one of the BASES with more flags, spelled and placed in any way, and sometimes a kuberc."""
    base = shlex.split(random.choice(BASES.strip().splitlines()), posix=False)
    path = _path(base)
    chunks = [chunk.split("~") for chunk in base[len(path) :]]
    for _ in range(random.choice((0, 0, 1, 1, 2, 3))):
        chunks.insert(random.randint(0, _end(chunks)), _flag_words(random, path))
    if "dry-run" in FLAGS.get(_canonical(path), "") and random.random() < 0.4:
        for _ in range(random.choice((1, 2, 2, 3))):  # they may contradict each other
            name = random.choice(("dry-run", "dry_run"))
            value = random.choice(("=none", "=server", "=client", "=false", ""))
            chunks.insert(random.randint(0, _end(chunks)), [f"--{name}{value}"])
    verb = [[word] for word in _spelled_path(random, path)]
    kuberc, variable = "", random.random() < 0.3
    if random.random() < 0.2:
        kuberc, verb = _kuberc(random, verb)
    chunks = _placed(random, verb, chunks)
    for change in random.sample(_CHANGES, random.choice((0, 0, 0, 1, 1, 2))):
        change(random, chunks)
    chunks.insert(0 if random.random() < 0.7 else random.randint(0, _end(chunks)), [OURS])
    environment = random.choice(_ENVIRONMENTS) if random.random() < 0.1 else ""
    return Line(tuple(word for chunk in chunks for word in chunk), kuberc, variable, environment)


def _path(words: Sequence[str]) -> list[str]:
    """Return the words that are the verb."""
    for length in (3, 2):
        typed = " ".join(words[:length])
        if ALIASES.get(typed, typed) in FLAGS and length <= len(words):
            return list(words[:length])
    return list(words[:1])


def _canonical(path: Sequence[str]) -> str:
    """Return the verb under kubectl's own name for it."""
    return ALIASES.get(" ".join(path), " ".join(path))


def _spelled_path(random: Random, path: Sequence[str]) -> list[str]:
    """Return the verb, sometimes by the alias of its sub-verb."""
    names = [other for other, name in ALIASES.items() if name == " ".join(path)]
    return random.choice(names).split() if names and random.random() < 0.3 else list(path)


def _end(chunks: Sequence[Sequence[str]]) -> int:
    """Return how many chunks are ahead of a "--"."""
    return next((index for index, chunk in enumerate(chunks) if "--" in chunk), len(chunks))


def _flag_words(random: Random, path: Sequence[str]) -> list[str]:
    """Return the words of a flag, mostly one of the command's own."""
    own = flags_of(_canonical(path)) if _canonical(path) in FLAGS else []
    if random.random() < 0.1:
        return _grouped(random, [*own, *GLOBAL])
    others = GLOBAL if random.random() < 0.3 else [flag for flag in GLOBAL if flag.name in _HARMLESS]
    return _spelled(random, random.choice(own if own and random.random() < 0.75 else others))


def _spelled(random: Random, flag: Flag) -> list[str]:
    """Return the words of a flag in any spelling."""
    name = "".join("_" if letter == "-" and random.random() < 0.35 else letter for letter in flag.name)
    value = _value(random, flag)
    typed = f"-{flag.short}" if flag.short and random.random() < 0.5 else f"--{name}"
    if flag.takes_value:
        glued = typed + value if len(typed) == 2 and value else f"{typed}={value}"
        return random.choice(([typed, value], [f"{typed}={value}"], [glued]))
    if flag.kind.startswith("?"):
        return random.choice(([typed], [f"{typed}={value}"], [f"{typed}={value}"], [typed, value]))
    return random.choice(([typed], [typed], [f"{typed}={value}"], [typed, value]))


def _grouped(random: Random, flags: Sequence[Flag]) -> list[str]:
    """Return shorthands in one word, the last of them perhaps with a value."""
    plain = [flag.short for flag in flags if flag.short and not flag.takes_value]
    valued = [flag for flag in flags if flag.short and flag.takes_value]
    group = "-" + "".join(random.sample(plain, random.randint(1, min(2, len(plain)))))
    last = random.choice(valued)
    value = _value(random, last)
    return random.choice(([group], [group + last.short, value], [f"{group}{last.short}{value}"], [f"{group}={value}"]))


def _value(random: Random, flag: Flag) -> str:
    """Return a value for a flag, mostly one that it understands."""
    if flag.name in VALUES and random.random() < 0.9:
        return random.choice(VALUES[flag.name])
    return random.choice(WORDS if flag.takes_value else TRUTHS)


def _placed(random: Random, verb: list[list[str]], chunks: list[list[str]]) -> list[list[str]]:
    """Return the line's chunks: mostly the verb, then the others; else with flags ahead of it or among its words."""
    if random.random() < 0.6:
        return [*verb, *chunks]
    flags = [chunk for chunk in chunks[: _end(chunks)] if chunk[0].startswith("-")]
    ahead = [chunk for chunk in flags if random.random() < 0.6]
    line = [*verb, *(chunk for chunk in chunks if not any(chunk is other for other in ahead))]
    for chunk in reversed(ahead):
        line.insert(random.randint(0, len(verb) - 1) if random.random() < 0.3 else 0, chunk)
    return line


def _insert_help(random: Random, chunks: list[list[str]]) -> None:
    chunk = [random.choice(("--help", "-h", "--help=false", "-h=true", "--help=true"))]
    chunks.insert(random.randint(0, len(chunks)), chunk)


def _insert_unknown(random: Random, chunks: list[list[str]]) -> None:
    """Insert a flag that no kubectl has, one that only some have, or one that is there without a value."""
    words = "--unknown -Z --unknown=x --record --delete-local-data -test.x ---x --=x --local --recursive -R --dry-run"
    word = random.choice(f"{words} --force --no-such-flag -Zf --field-manager".split())
    chunks.insert(random.randint(0, _end(chunks)), [word])


def _insert_word(random: Random, chunks: list[list[str]]) -> None:
    chunks.insert(random.randint(0, len(chunks)), [random.choice(WORDS)])


def _insert_end(random: Random, chunks: list[list[str]]) -> None:
    chunks.insert(random.randint(0, len(chunks)), ["--"])


def _insert_context(random: Random, chunks: list[list[str]]) -> None:
    flag = random.choice([flag for flag in GLOBAL if flag.name in ("context", "cluster", "server", "kubeconfig")])
    chunks.insert(random.randint(0, len(chunks)), _spelled(random, flag))


def _swap(random: Random, chunks: list[list[str]]) -> None:
    first, second = random.randrange(len(chunks)), random.randrange(len(chunks))
    chunks[first], chunks[second] = chunks[second], chunks[first]


def _drop(random: Random, chunks: list[list[str]]) -> None:
    if len(chunks) > 1:
        del chunks[random.randrange(len(chunks))]


def _hide_verb(random: Random, chunks: list[list[str]]) -> None:
    """Make it a line whose verb, or the word in front of it, may be taken for the value of a flag or for an operand."""
    *path, extra = random.choice(_HIDDEN)
    flag = random.choice([flag for flag in flags_of(_canonical(path)) if not flag.takes_value])
    chunk = [*_spelled(random, flag), random.choice(("-f", "-f", "--filename", "-n", "--unknown", "-R"))]
    rest = [[word] for word in (random.choice(list(FILES)), *extra.split())]
    rest += [chunk for chunk in chunks if chunk[0].startswith("--dry") and random.random() < 0.5]
    index = random.randint(0, len(path) - 1)
    chunks[:] = [[word] for word in path[:index]] + [chunk] + [[word] for word in path[index:]] + rest


_HIDDEN = (
    *(("delete", ""), ("create", ""), ("apply", ""), ("replace", ""), ("label", "a=b"), ("annotate", "a=b")),
    *(("rollout", "restart", ""), ("rollout", "undo", ""), ("set", "image", "app=new"), ("set", "env", "A=B")),
    *(
        ("get", ""),
        ("scale", "--replicas=2"),
        ("patch", "-p={}"),
        ("rollout", "history", ""),
        ("auth", "reconcile", ""),
    ),
)

_CHANGES: Sequence[Callable[[Random, list[list[str]]], None]] = (
    *(_insert_help, _insert_unknown, _insert_word, _insert_end, _insert_context, _swap, _drop, _hide_verb, _hide_verb),
)

_ARGUMENTS: Sequence[list[str]] = (
    *([], [], [], ["cm"], ["settings"], ["cm", "settings"], ["--help"], ["--"], ["a=b"], ["delete"], ["restart"]),
    *(["--context=outside"], ["--context", OUTSIDE], ["--server=SERVER"], ["--dry-run=none"], ["--dry_run=server"]),
    *(["--overwrite"], ["--all"], ["-f", "settings"], ["--kubeconfig=other-kubeconfig"], ["-n", "shop"]),
)
_OPTIONS = (
    *(("dry-run", "none"), ("dry-run", "server"), ("dry_run", "client"), ("output", "json"), ("output", "name")),
    *(("context", OUTSIDE), ("cluster", OUTSIDE), ("server", "SERVER"), ("as", "admin"), ("namespace", "default")),
    *(("local", "true"), ("edit", "true"), ("raw", "/version"), ("interactive", "true"), ("overwrite", "true")),
    *(("help", "true"), ("all", "true"), ("filename", "settings"), ("kubeconfig", "other-kubeconfig"), ("force", "1")),
    *(("recursive", "true"), ("server-side", "true"), ("field-manager", "--help"), ("token", "viewer")),
)
_NAMES = ("note", "zap", "gp", "get", "list", "help", "hello", "create", "clusters")


def _kuberc(random: Random, verb: list[list[str]]) -> tuple[str, list[list[str]]]:
    """Return a kuberc with an alias or a default for the verb, and the verb as it is typed with it."""
    words = [word for chunk in verb for word in chunk]
    if random.random() < 0.4:
        return _preference(defaults=[{"command": _canonical(words), "options": _options(random, words)}]), verb
    command = words if random.random() < 0.7 else random.choice((words[:1], ["get"], ["annotate"], ["delete"]))
    name = random.choice(_NAMES)
    alias = {
        "name": name,
        "command": " ".join(command),
        "prependArgs": random.choice(_ARGUMENTS) if random.random() < 0.3 else [],
        "appendArgs": random.choice(_ARGUMENTS) if random.random() < 0.5 else [],
        "options": _options(random, command) if random.random() < 0.5 else [],
    }
    return _preference(aliases=[alias]), [[name]] if random.random() < 0.9 else verb


def _options(random: Random, command: Sequence[str]) -> list[dict[str, str]]:
    """Return options of a kuberc, mostly for flags that the command has."""
    names = {flag.name for flag in (*flags_of(_canonical(command)), *GLOBAL)} if _canonical(command) in FLAGS else ()
    fitting = [pair for pair in _OPTIONS if pair[0] in names] if random.random() < 0.9 else []
    pairs = random.sample(fitting or _OPTIONS, random.choice((1, 1, 2)))
    return [{"name": name, "default": value} for name, value in pairs]


def _preference(**fields: object) -> str:
    return json.dumps({"apiVersion": "kubectl.config.k8s.io/v1beta1", "kind": "Preference", **fields})


def _alias(command: str, *more: str) -> str:
    return _preference(aliases=[{"name": "note", "command": command, "appendArgs": list(more)}])


def _default(command: str, name: str, value: str) -> str:
    return _preference(defaults=[{"command": command, "options": [{"name": name, "default": value}]}])


# Lines that have passed the gate, or could have. They are tried ahead of the generated ones.
KNOWN_LINES = (
    *(
        Line(tuple(words.split()))
        for words in f"""
@ delete cm settings --dry-run=server --dry_run=none
@ label cm settings --list
@ label cm settings --list k=v
@ annotate cm settings k- --list
@ annotate cm settings --list --overwrite -- k=v
@ set env deploy/cart --list --resolve
@ set env deploy/cart --list --env=A=b
@ set env deploy/cart --list --from=cm/settings
@ delete cm --dry-run server settings
@ delete cm settings --dry-run=0
@ create secret generic new --from_literal=pin={SECRET}
@ create secret generic new --from_literal pin={SECRET}
@ --recursive -f delete get
@ rollout --recursive -f restart restart
@ set --recursive -f image image app=new
@ rollout --help restart deploy/cart
@ -h get cm
@ create -f new.yaml --edit --dry-run=client
@ create thing --help
@ create thing new
@ hello
@ hello --help
@ hello --context=outside
@ hello --user=admin
@ annotate cm settings a=b --field-manager --help
@ annotate cm settings a=b --field-manager --dry-run
@ delete cm settings --raw=/api/v1/namespaces/shop/configmaps/settings --dry-run=server
@ delete cm settings -test.x
@ exec deploy/cart --help=false -- ls --help
@ delete cm settings -- --help
@ delete cm settings -- --dry-run=server
@ patch cm settings -p={{}} --dry-run=server --dry-run
""".strip().splitlines()
    ),
    Line((OURS, "note", "cm", "settings", "a=b", "--field-manager", "--help"), _alias("annotate")),
    Line((OURS, "note", "cm", "settings", "a=b"), _alias("annotate", "--context=outside")),
    Line((OURS, "note", "cm", "settings"), _alias("get", "--context=outside")),
    Line((OURS, "note", "cm", "settings"), _alias("delete", "--kubeconfig=other-kubeconfig")),
    Line((OURS, "note", "cm", "settings"), _alias("get", "-o", "name"), variable=True),
    Line((OURS, "delete", "cm", "settings", "--dry-run=server"), _default("delete", "dry-run", "none")),
    Line((OURS, "delete", "cm", "settings", "--dry_run=server"), _default("delete", "dry-run", "none")),
    Line((OURS, "delete", "cm", "settings"), _default("delete", "dry-run", "server")),
    Line((OURS, "delete", "cm", "settings"), _default("delete", "context", OUTSIDE), variable=True),
    Line((OURS, "get", "cm"), _default("get", "server", "SERVER")),
    Line((OURS, "get", "cm"), _default("get", "output", "json")),
    Line((OURS, "annotate", "cm", "settings", "a=b", "--kuberc=other-kuberc")),
    Line((OURS, "zap", "cm", "settings", "--kuberc", "other-kuberc")),
    Line((OURS, "annotate", "cm", "settings", "note=--kuberc=other-kuberc")),
)
