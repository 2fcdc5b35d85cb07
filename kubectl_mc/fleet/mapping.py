"""The mapping file: which of the user's own kubeconfig contexts reaches the cluster of which ClusterProfile."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from kubectl_mc import messages
from kubectl_mc.fleet import cache

API_VERSION = "kubectl-mc.k8s.io/v1alpha1"
FILES = ("kubectl-mc-clusters.yaml", "kubectl-mc.yaml")

_KEYS = ("apiVersion", "kind", "metadata", "hubContext", "clusters", "defaults", "protected")
_ENTRY_KEYS = ("name", "profile", "context", "namespace", "protected")

_PATH_FLAGS = ("clusterprofile-provider-file",)  # what it names says which programs are run


class MappingEntry(NamedTuple):
    """profile: the ClusterProfile's name; namespace: its namespace on the hub, None if it doesn't matter.

    protected: a change needs the cluster's exact name
    """

    profile: str
    context: str
    namespace: str | None = None
    protected: bool = False


class ClusterMapping(NamedTuple):
    """defaults: (flag, value) of our flags, as they would be typed; a list is several of them.

    protected: globs of clusters that a change has to name exactly
    """

    hub_context: str | None = None
    entries: tuple[MappingEntry, ...] = ()
    defaults: tuple[tuple[str, str], ...] = ()
    protected: tuple[str, ...] = ()

    def context_for(self, profile: str, namespace: str) -> str | None:
        """The context mapped to a profile; an entry that names its namespace counts before one that doesn't."""
        named = {entry.namespace: entry.context for entry in reversed(self.entries) if entry.profile == profile}
        return named.get(namespace, named.get(None))

    def protects(self, cluster: str, profile: str, namespace: str, context: str) -> bool:
        """Is the cluster protected, by its entry, by that of another name for the same context, or by a glob?"""
        from fnmatch import fnmatchcase

        return any(
            entry.protected
            and (entry.context == context or (entry.profile == profile and entry.namespace in (None, namespace)))
            for entry in self.entries
        ) or any(fnmatchcase(name, glob) for glob in self.protected for name in (cluster, profile, context))


def read_mapping(kube_directory: str) -> ClusterMapping:
    """The mapping in ~/.kube: kubectl-mc-clusters.yaml, then kubectl-mc.yaml (what the first says counts).

    What was read is kept, as long as the files stay as they are: reading YAML takes longer than anything else here.
    Raises UserError with file and line for one that is not YAML or no mapping.
    """
    paths = [path for path in (os.path.join(kube_directory, name) for name in FILES) if os.path.exists(path)]
    if not paths:
        return ClusterMapping()
    directory, key = cache.cache_directory(kube_directory), cache.cache_key(["mapping", *paths])
    rests_on, kept = cache.file_states(paths), cache.read_entry(directory, key)
    known = _restored(kept.value) if kept and kept.rests_on == rests_on else None
    if known:
        return known
    mapping = _joined([_load(path) for path in paths])
    cache.write_entry(directory, key, mapping._asdict(), rests_on)
    return mapping


def _restored(value: Any) -> ClusterMapping | None:
    """None if what is kept can't be read."""
    try:
        entries = tuple(MappingEntry(*entry) for entry in value["entries"])
        defaults = tuple((flag, given) for flag, given in value["defaults"])
        return ClusterMapping(value["hub_context"], entries, defaults, tuple(value["protected"]))
    except (KeyError, TypeError, ValueError):
        return None


def _joined(found: Sequence[ClusterMapping]) -> ClusterMapping:
    return ClusterMapping(
        next((mapping.hub_context for mapping in found if mapping.hub_context), None),
        tuple(entry for mapping in found for entry in mapping.entries),
        next((mapping.defaults for mapping in found if mapping.defaults), ()),
        tuple(glob for mapping in found for glob in mapping.protected),
    )


def _load(path: str) -> ClusterMapping:
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read()
    except (OSError, UnicodeDecodeError) as error:
        raise messages.mapping_file(path, None, f"can't be read: {error}") from None
    return parse_mapping(text, path)


def parse_mapping(text: str, path: str) -> ClusterMapping:
    """A mapping file's text as a value; `path` is for the errors.

    Unknown keys are allowed, but not those that look like a slip: a mapping or a protection would be gone unseen.
    Both forms: {apiVersion, kind: ClusterMapping, hubContext, clusters: [{name, context, namespace}]} and the
    shorter {clusters: [{profile, context}]}.
    """
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        root = yaml.compose(text, Loader=loader)
        document = yaml.load(text, Loader=loader)
    except (yaml.YAMLError, ValueError, IndexError, RecursionError) as error:  # of 2026-13-45, of an empty !!int
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or str(error)
        raise messages.mapping_file(path, mark.line + 1 if mark else None, f"not YAML: {problem}") from None
    if document is None:
        return ClusterMapping()
    if not isinstance(document, dict):
        raise messages.mapping_file(path, 1, "not a mapping of keys to values")
    kind, version = document.get("kind", "ClusterMapping"), document.get("apiVersion", API_VERSION)
    if kind != "ClusterMapping" or version != API_VERSION:
        raise messages.mapping_file(path, _line(root, "kind"), f"{version} {kind} is not {API_VERSION} ClusterMapping")
    hub = document.get("hubContext")
    if hub is not None and not isinstance(hub, str):
        raise messages.mapping_file(path, _line(root, "hubContext"), "hubContext is no string")
    clusters = document.get("clusters") or []
    if not isinstance(clusters, list):
        raise messages.mapping_file(path, _line(root, "clusters"), "clusters is no list")
    _no_misplaced_flag(document, path, root)
    slip = _slip(document, _KEYS)
    if slip:
        raise messages.mapping_key(path, _line(root, slip[0]), *slip)
    entries, defaults = tuple(_entries(clusters, path, root)), _defaults(document, path, root)
    return ClusterMapping(hub, entries, defaults, _protected(document, path, root))


def _slip(fields: Mapping[object, object], known: Sequence[str]) -> tuple[str, str] | None:
    """The first key that is nearly a known one, and that one."""
    for key in fields:
        meant = messages.nearest(key, known, cutoff=0.8) if isinstance(key, str) and key not in known else None
        if meant:
            return str(key), meant
    return None


def _no_misplaced_flag(document: Mapping[object, object], path: str, root: object) -> None:
    """Raises UserError for a flag of ours (`hubNamespace`, `healthy`) beside the defaults, where it does nothing."""
    from kubectl_mc.command_line.options import OWN_FLAGS

    for key in document:
        flag = re.sub(r"_|(?=[A-Z])", "-", key).lower() if isinstance(key, str) and key not in _KEYS else ""
        if flag in OWN_FLAGS:
            raise messages.mapping_key(path, _line(root, str(key)), str(key), f"defaults: {{{flag}: …}}")


def _protected(document: Mapping[object, object], path: str, root: object) -> tuple[str, ...]:
    globs = document.get("protected") or []
    if not isinstance(globs, list) or not all(isinstance(glob, str) and glob for glob in globs):
        raise messages.mapping_file(path, _line(root, "protected"), "protected is no list of names or globs")
    return tuple(globs)


def _defaults(document: Mapping[object, object], path: str, root: object) -> tuple[tuple[str, str], ...]:
    """`defaults: {exclude: [dev], cluster-timeout: 10s}`: our flags by name, with a value or a list of them."""
    from kubectl_mc.command_line.options import OWN_FLAGS, from_flags

    given = document.get("defaults") or {}
    line = _line(root, "defaults")
    if not isinstance(given, dict):
        raise messages.default_bad(path, line, "no mapping of flags to values")
    flags = {_flag(name, root): value for name, value in given.items()}
    unknown = [name for name in flags if name not in OWN_FLAGS]
    if unknown:
        raise messages.default_unknown(path, line, unknown[0], tuple(OWN_FLAGS))
    values = [
        (name, value)
        for name, several in flags.items()
        for value in (several if isinstance(several, list) else [several])
        if value is not None
    ]
    for name, value in values:
        if not isinstance(value, (str, int, float)):
            raise messages.default_bad(path, line, f"{name} is no text, number, or list of them")
    found = tuple((name, _default(name, value, path)) for name, value in values)
    try:
        from_flags(found)
    except messages.UserError as error:
        raise messages.default_bad(path, line, str(error)) from None
    return found


def _flag(name: object, root: object) -> str:
    """A flag's name as it is written: YAML takes a plain `yes` for a truth value, as it does `on`."""
    spelled = {
        key.value for node, value in getattr(root, "value", ()) if node.value == "defaults" for key, _ in value.value
    }
    return "yes" if name is True and "yes" in spelled else str(name)


def _default(flag: str, value: str | float, path: str) -> str:
    """A default as it would be typed; a file's path is relative to the mapping file's folder, not to where one is."""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if flag in _PATH_FLAGS and text:
        return os.path.join(os.path.dirname(os.path.abspath(path)), os.path.expanduser(text))
    return text


def _entries(clusters: Sequence[object], path: str, root: object) -> list[MappingEntry]:
    entries: list[MappingEntry] = []
    contexts: dict[tuple[str, str | None], str] = {}
    for index, item in enumerate(clusters):
        line = _line(root, "clusters", index)
        fields = item if isinstance(item, Mapping) else {}
        slip = _slip(fields, _ENTRY_KEYS)
        if slip:
            raise messages.mapping_key(path, line, *slip)
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
    """The line (from 1) where `key`, or the index-th item of its list, stands in a composed YAML document."""
    for key_node, value_node in reversed(getattr(root, "value", ())):  # of two equal keys the last one counts
        if key_node.value == key:
            node = key_node if index is None else value_node.value[index]
            return int(node.start_mark.line) + 1
    return 1
