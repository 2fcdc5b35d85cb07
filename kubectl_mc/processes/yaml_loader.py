# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""PyYAML's loader that makes no Python objects: that of libyaml, which is faster, where PyYAML was built with it."""

from __future__ import annotations

import re
from functools import lru_cache

from kubectl_mc.type_hints import Any

# Numbers as kubectl reads them (go.yaml.in/yaml/v2, resolve.go): `13:30` is none, nor is a date anything but a text.
_INT = r"[-+]?(?:0b[01_]+|0o?[0-7_]+|0x[\da-fA-F_]+|0|[1-9][\d_]*)"
_FLOAT = (
    r"[-+]?(?:\d[\d_]*\.[\d_]*|\.\d[\d_]*|\d[\d_]*(?=[eE]))(?:[eE][-+]?\d+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
)
_OTHERWISE = ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float", "tag:yaml.org,2002:timestamp")


@lru_cache(maxsize=1)
def manifest_loader() -> Any:
    """Return the class of a loader that reads the values of manifests as kubectl does."""

    class Loader(safe_loader()):  # type: ignore[misc]
        pass

    Loader.yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if tag not in _OTHERWISE]
        for first, resolvers in Loader.yaml_implicit_resolvers.items()
    }
    Loader.add_implicit_resolver(_OTHERWISE[1], re.compile(rf"(?:{_FLOAT})$", re.ASCII), [*"-+.0123456789"])
    Loader.add_implicit_resolver(_OTHERWISE[0], re.compile(rf"(?:{_INT})$", re.ASCII), [*"-+0123456789"])
    return Loader


def safe_loader() -> Any:
    """Return the class of the loader. PyYAML is imported only now, as most commands read no YAML."""
    import yaml

    return getattr(yaml, "CSafeLoader", yaml.SafeLoader)
