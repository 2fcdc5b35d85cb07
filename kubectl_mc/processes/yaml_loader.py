"""PyYAML's loader that makes no Python objects: that of libyaml, which is faster, where PyYAML was built with it."""

from __future__ import annotations

from typing import Any


def safe_loader() -> Any:
    """Return the class of the loader. PyYAML is imported only now, as most commands read no YAML."""
    import yaml

    return getattr(yaml, "CSafeLoader", yaml.SafeLoader)
