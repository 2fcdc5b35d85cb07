# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""The mapping file: which of the user's own kubeconfig contexts reaches the cluster of which ClusterProfile."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from kubectl_mc import API_VERSION, PROGRAM, is_other_version, messages
from kubectl_mc.fleet.name_globs import is_glob, matches, matches_profile
from kubectl_mc.named_tuples import NamedTuple
from kubectl_mc.processes import cache
from kubectl_mc.processes.environment import Environment
from kubectl_mc.type_hints import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kubectl_mc.fleet.clusters import Cluster

FILES = ("kubectl-mc-clusters.yaml", "kubectl-mc.yaml")

CONFIG = "KUBECTL_MC_CONFIG"  # the variable that names another mapping file, which then is the only one

_KEYS = ("apiVersion", "kind", "metadata", "hubContext", "inventory", "clusters", "defaults", "protected", "login")

INVENTORY_FLAGS = ("inventory", "hub-namespace")

_ENTRY_KEYS = ("name", "profile", "context", "namespace", "protected")


class MappingEntry(NamedTuple):
    """The context that reaches the cluster of a ClusterProfile.

    profile: the name of the ClusterProfile
    namespace: the namespace of the ClusterProfile; None if it may be in any namespace
    protected: whether a change has to name the cluster exactly
    """

    profile: str
    context: str
    namespace: str | None = None
    protected: bool = False


class ClusterMapping(NamedTuple):
    """The contents of the mapping file.

    defaults: options as (flag, value), as they would be typed; a flag with several values is repeated
    protected: globs of clusters that a change has to name exactly
    inventory: the namespaces of the hub whose ClusterProfiles are read, also if `defaults` says it; none if the file
        doesn't
    login_limits: a credential plugin's program -> how many of it may run at a time
    """

    hub_context: str | None = None
    entries: tuple[MappingEntry, ...] = ()
    defaults: tuple[tuple[str, str], ...] = ()
    protected: tuple[str, ...] = ()
    inventory: tuple[str, ...] = ()
    login_limits: Mapping[str, int] = {}

    @property
    def option_defaults(self) -> tuple[tuple[str, str], ...]:
        """The defaults of all options; `inventory` counts as the flag of that name."""
        defaults = [(flag, text) for flag, text in self.defaults if flag not in INVENTORY_FLAGS]
        return (*defaults, *(("inventory", namespace) for namespace in self.inventory))

    def context_for(self, profile: str, namespace: str) -> str | None:
        """Return the context mapped to a profile; an entry with its namespace has precedence over one without."""
        # Reversed, because the first of two equal entries counts.
        contexts = {entry.namespace: entry.context for entry in reversed(self.entries) if entry.profile == profile}
        return contexts.get(namespace, contexts.get(None))

    @property
    def protects_some(self) -> bool:
        """Whether anything is protected."""
        return bool(self.protected) or any(entry.protected for entry in self.entries)

    def protects_context(self, name: str) -> bool:
        """Return whether what a context reaches is protected: by the context's name, or by an entry that has it."""
        return self.protects(name, name, "", name) or any(
            self.protects(entry.profile, entry.profile, entry.namespace or "", name)
            for entry in self.entries
            if entry.context == name
        )

    def idle_protections(self, profiles: Iterable[tuple[str, str]], contexts: Iterable[str]) -> list[str]:
        """Return what is protected, and is the name of none of these profiles (namespace, name) and contexts."""
        profiles, contexts = list(profiles), list(contexts)
        return [
            glob
            for glob in self.protected
            if not any(matches_profile(*profile, glob) for profile in profiles)
            and not any(matches(context, glob) for context in contexts)
        ]

    def is_protected(self, cluster: Cluster, context: str) -> bool:
        """Return whether a change has to name a cluster exactly: it is protected by any profile of the same member."""
        profiles = cluster.siblings or (cluster.profile,)
        return any(self.protects(cluster.name, profile.name, profile.namespace, context) for profile in profiles)

    def protects(self, cluster: str, profile: str, namespace: str, context: str) -> bool:
        """Return whether the cluster is protected: by its entry, by any entry with its context, or by a glob."""
        return any(
            entry.protected
            and (entry.context == context or (entry.profile == profile and entry.namespace in (None, namespace)))
            for entry in self.entries
        ) or any(
            # Whatever the chosen inventories are: with one of them, a cluster's name is without its namespace.
            matches_profile(namespace, profile, glob)
            or matches(context, glob)
            or (not namespace and matches(cluster, glob))
            for glob in self.protected
        )


def mapping_files(environment: Environment) -> list[str]:
    """Return the paths of the mapping files, whether or not they exist; the first is the one that `setup` writes.

    They are the file that KUBECTL_MC_CONFIG names, else those in ~/.kube.
    """
    path = environment.variables.get(CONFIG)
    return [os.path.abspath(path)] if path else [os.path.join(environment.kube_directory, name) for name in FILES]


def read_mapping(environment: Environment, may_be_missing: bool = False) -> ClusterMapping:
    """Read the mapping files and join them; kubectl-mc-clusters.yaml has precedence over kubectl-mc.yaml.

    The mapping is cached until the files change, because PyYAML is slow to import and to run.
    may_be_missing: the file that KUBECTL_MC_CONFIG names, or that a link leads to, need not exist. Else that is an
        error, as are a pipe and a device for KUBECTL_MC_CONFIG, which could not be read again: a mapping that isn't
        read protects nothing
    Raises UserError with file and line if a file is not YAML, or not a valid mapping, and where it can't be known what
    is there, as in a folder that can't be entered.
    """
    kube_directory = environment.kube_directory
    config = environment.variables.get(CONFIG)
    looks_up = os.stat if may_be_missing or config else os.lstat
    paths = [path for path in mapping_files(environment) if _is_there(path, looks_up)]
    if config and not os.path.isfile(config) and (paths or not may_be_missing):
        raise messages.no_mapping_file(CONFIG, config, exists=bool(paths))
    if not paths:
        return ClusterMapping()
    directory, key = cache.cache_directory(kube_directory), cache.cache_key(["mapping", *paths])
    file_states, cache_entry = cache.file_states(paths), cache.read_entry(directory, key)
    cached = _from_cache(cache_entry.value) if cache_entry and cache_entry.file_states == file_states else None
    if cached:
        return cached
    mappings = [_read_file(path) for path in paths]
    joined = ClusterMapping(
        next((mapping.hub_context for mapping in mappings if mapping.hub_context), None),
        tuple(entry for mapping in mappings for entry in mapping.entries),
        next((mapping.defaults for mapping in mappings if mapping.defaults), ()),
        tuple(glob for mapping in mappings for glob in mapping.protected),
        next((mapping.inventory for mapping in mappings if mapping.inventory), ()),
        {name: limit for mapping in reversed(mappings) for name, limit in mapping.login_limits.items()},
    )
    cache.write_entry(directory, key, joined._asdict(), file_states)
    return joined


# What looking up a path says of one that nothing has.
_NOTHING_THERE = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP)


def _is_there(path: str, looks_up: Callable[[str], object]) -> bool:
    """Return whether a file is there.

    Raises UserError where that can't be known: in a folder that can't be entered, or is a link that leads nowhere.

    looks_up: os.stat, which follows a link, or os.lstat
    """
    try:
        looks_up(path)
    except OSError as error:
        folder = os.path.dirname(path)
        is_unmounted = looks_up is os.lstat and os.path.islink(folder) and not os.path.exists(folder)
        if error.errno in _NOTHING_THERE and not is_unmounted:
            return False
        raise messages.unreadable_mapping(path, error.strerror or str(error), CONFIG) from None
    return True


def _from_cache(value: Any) -> ClusterMapping | None:
    """Return the cached mapping; None if it cannot be read."""
    try:
        entries = tuple(MappingEntry(*fields) for fields in value["entries"])
        defaults = tuple((flag, text) for flag, text in value["defaults"])
        protected, inventory = tuple(value["protected"]), tuple(value["inventory"])
        limits = dict(value["login_limits"])
        return ClusterMapping(value["hub_context"], entries, defaults, protected, inventory, limits)
    except (KeyError, TypeError, ValueError):
        return None


def _read_file(path: str) -> ClusterMapping:
    from kubectl_mc.processes import regular_files

    try:
        with open(path, encoding="utf-8", opener=regular_files.opener) as file:
            text = file.read()
    except OSError as error:
        raise messages.unreadable_mapping(path, error.strerror or str(error), CONFIG) from None
    except UnicodeDecodeError as error:
        raise messages.mapping_file(path, None, f"can't be read: {error}") from None
    return parse_mapping(text, path)


def parse_mapping(text: str, path: str) -> ClusterMapping:
    """Parse the text of a mapping file; `path` is for the errors.

    Two forms are accepted: {apiVersion, kind: ClusterMapping, hubContext, inventory, clusters: [{name, context,
    namespace}]} and the shorter {clusters: [{profile, context}]}.
    Unknown keys are allowed, unless they look like a typing error, which would silently drop a mapping or a protection.
    Raises UserError with the line.
    """
    import yaml

    from kubectl_mc.command_line.options import OWN_FLAGS
    from kubectl_mc.processes.yaml_loader import safe_loader

    loader = safe_loader()
    try:
        root = yaml.compose(text, Loader=loader)
        document = yaml.load(text, Loader=loader)
    except (yaml.YAMLError, ValueError, IndexError, RecursionError) as error:  # e.g. 2026-13-45, or an empty !!int
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or str(error)
        raise messages.mapping_file(path, mark.line + 1 if mark else None, f"not YAML: {problem}") from None
    if document is None:
        return ClusterMapping()
    if not isinstance(document, dict):
        raise messages.mapping_file(path, 1, "not a mapping of keys to values")
    kind, version = document.get("kind", "ClusterMapping"), document.get("apiVersion", API_VERSION)
    if kind == "ClusterMapping" and is_other_version(version):
        raise messages.other_version(path, _line(root, "apiVersion"), version, API_VERSION, f"{PROGRAM} setup")
    if kind != "ClusterMapping" or version != API_VERSION:
        raise messages.mapping_file(path, _line(root, "kind"), f"{version} {kind} is not {API_VERSION} ClusterMapping")
    hub = document.get("hubContext")
    if hub is not None and not isinstance(hub, str):
        raise messages.mapping_file(path, _line(root, "hubContext"), "hubContext is not a string")
    inventory = document.get("inventory") or []
    inventory = [inventory] if isinstance(inventory, str) else inventory
    if not isinstance(inventory, list) or not all(isinstance(item, str) and item for item in inventory):
        problem = "inventory is neither a namespace of the hub nor a list of them"
        raise messages.mapping_file(path, _line(root, "inventory"), problem)
    clusters = document.get("clusters") or []
    if not isinstance(clusters, list):
        raise messages.mapping_file(path, _line(root, "clusters"), "clusters is not a list")
    for key in document:  # an option such as `hubNamespace` or `healthy` has an effect only among the defaults
        flag = re.sub(r"_|(?=[A-Z])", "-", key).lower() if isinstance(key, str) and key not in _KEYS else ""
        if flag in OWN_FLAGS:
            raise messages.mapping_key(path, _line(root, str(key)), str(key), f"defaults: {{{flag}: …}}")
    misspelled = _misspelled_key(document, _KEYS)
    if misspelled:
        raise messages.mapping_key(path, _line(root, misspelled[0]), *misspelled)
    entries, defaults = _entries(clusters, path, root), _defaults(document, path, root)
    protected = document.get("protected") or []
    if not isinstance(protected, list) or not all(isinstance(glob, str) and glob for glob in protected):
        raise messages.mapping_file(path, _line(root, "protected"), "protected is not a list of names or globs")
    if wrong := [glob for glob in protected if not is_glob(glob)]:
        problem = f"protected takes names and globs, but no sets, regular expressions or !: {wrong[0]}"
        raise messages.mapping_file(path, _line(root, "protected"), problem)
    limits = _login_limits(document, path, root)
    inventory = inventory or [text for flag, text in defaults if flag in INVENTORY_FLAGS]
    return ClusterMapping(hub, tuple(entries), defaults, tuple(protected), tuple(inventory), limits)


def _login_limits(document: Mapping[object, object], path: str, root: object) -> dict[str, int]:
    """Return the limits in `login: {PROGRAM: {parallel: NUMBER}}`. Raises UserError."""
    programs, line = document.get("login") or {}, _line(root, "login")
    if not isinstance(programs, dict):
        raise messages.mapping_file(path, line, "login is not a mapping of programs to {parallel: NUMBER}")
    limits = {}
    for program, fields in programs.items():
        limit = fields.get("parallel") if isinstance(fields, dict) else None
        if not isinstance(program, str) or type(limit) is not int or limit < 1:
            raise messages.mapping_file(path, line, f"login of {program} is not {{parallel: NUMBER}}, from 1")
        limits[program] = limit
    return limits


def _misspelled_key(fields: Mapping[object, object], keys: Sequence[str]) -> tuple[str, str] | None:
    """Return the first key that is nearly one of `keys`, with that one; None if there is none."""
    for key in fields:
        meant = messages.nearest(key, keys, cutoff=0.8) if isinstance(key, str) and key not in keys else None
        if meant:
            return str(key), meant
    return None


def _defaults(document: Mapping[object, object], path: str, root: object) -> tuple[tuple[str, str], ...]:
    """Return the (flag, value) pairs of the defaults: `{exclude: [dev], cluster-timeout: 10s}`. Raises UserError."""
    from kubectl_mc.command_line.options import OWN_FLAGS, from_flags

    defaults = document.get("defaults") or {}
    line = _line(root, "defaults")
    if not isinstance(defaults, dict):
        raise messages.default_bad(path, line, "no mapping of flags to values")
    flags = {_flag(name, root): value for name, value in defaults.items()}
    unknown = [flag for flag in flags if flag not in OWN_FLAGS]
    if unknown:
        raise messages.default_unknown(path, line, unknown[0], tuple(OWN_FLAGS))
    if "report" in flags:
        raise messages.default_bad(path, line, "report is for one command; for all of them: KUBECTL_MC_REPORT")
    pairs = [
        (flag, item)
        for flag, value in flags.items()
        for item in (value if isinstance(value, list) else [value])
        if item is not None
    ]
    for flag, value in pairs:
        if not isinstance(value, (str, int, float)):
            raise messages.default_bad(path, line, f"{flag} is not a string, a number, or a list of them")
    typed = tuple((flag, _typed(flag, value, path)) for flag, value in pairs)
    try:
        from_flags(typed)
    except messages.UserError as error:
        raise messages.default_bad(path, line, str(error)) from None
    return typed


def _flag(name: object, root: object) -> str:
    """Return a flag's name as it is written in the file: YAML reads a plain `yes` as true, as it reads `on`."""
    names = {
        key.value for node, value in getattr(root, "value", ()) if node.value == "defaults" for key, _ in value.value
    }
    return "yes" if name is True and "yes" in names else str(name)


def _typed(flag: str, value: str | float, path: str) -> str:
    """Return a default as it would be typed; the path of a file is relative to the folder of the mapping file."""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if flag == "clusterprofile-provider-file" and text:
        # Not relative to the current folder, because this file decides which programs are run.
        return os.path.join(os.path.dirname(os.path.abspath(path)), os.path.expanduser(text))
    return text


def _entries(clusters: Sequence[object], path: str, root: object) -> list[MappingEntry]:
    entries: list[MappingEntry] = []
    contexts: dict[tuple[str, str | None], str] = {}
    for index, item in enumerate(clusters):
        line = _line(root, "clusters", index)
        fields = item if isinstance(item, Mapping) else {}
        misspelled = _misspelled_key(fields, _ENTRY_KEYS)
        if misspelled:
            raise messages.mapping_key(path, line, *misspelled)
        profile = fields.get("name", fields.get("profile"))
        context, namespace = fields.get("context"), fields.get("namespace")
        protected = fields.get("protected", False)
        if not (isinstance(profile, str) and isinstance(context, str) and isinstance(namespace, str | None)):
            raise messages.mapping_file(path, line, f"entry {index + 1} of clusters needs name and context as strings")
        if not isinstance(protected, bool):
            problem = f"protected of entry {index + 1} of clusters is neither true nor false"
            raise messages.mapping_file(path, line, problem)
        if namespace is None and "/" in profile:
            namespace, _, profile = profile.partition("/")
        other = contexts.setdefault((profile, namespace), context)
        if other != context:
            raise messages.mapping_file(path, line, f"a second context for {profile}: {other}, {context}")
        entries.append(MappingEntry(profile, context, namespace, protected))
    return entries


def _line(root: object, key: str, index: int | None = None) -> int:
    """Return the line (from 1) of a key, or of the item with this index in its list, in a composed YAML document."""
    for key_node, value_node in reversed(getattr(root, "value", ())):  # of two equal keys, the last one counts
        if key_node.value == key:
            node = key_node if index is None else value_node.value[index]
            return int(node.start_mark.line) + 1
    return 1
