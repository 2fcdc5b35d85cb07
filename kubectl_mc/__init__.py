# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""kubectl for a fleet of clusters: `kubectl mc VERB …` runs kubectl once per cluster and shows one answer."""

__version__ = "0.1.0"

OWN_VERSION = f"kubectl-mc {__version__}"  # as it is shown

# The name by which the user called us, as our texts say it. `__main__` sets it, ahead of all that has texts.
PROGRAM = "kubectl mc"

# The group of our own documents and annotations: the mapping file, reports, results. A SIG may want another one.
API_GROUP = "kubectl-mc.k8s.io"

API_VERSION = f"{API_GROUP}/v1alpha1"  # of those documents


def is_other_version(version: object) -> bool:
    """Return whether a document is one of ours in another version, older or newer."""
    return isinstance(version, str) and version.startswith(f"{API_GROUP}/") and version != API_VERSION


def program_name(path: str) -> str:
    """Return how a user calls the program of this path: `kubectl multicluster` for a kubectl-multicluster.

    As kubectl looks for plugins, a dash stands between words, and `_` for a dash within a word. Any other name, such as
    `kubectl-mc.pyz` or `__main__.py`, is no plugin's, and stands for `kubectl mc`.
    """
    kind, _, name = path.rpartition("/")[2].partition("-")
    words = name.split("-")
    is_plugin = kind in ("kubectl", "kubectl_complete") and name.isascii()
    if not is_plugin or not all(word.replace("_", "").isalnum() for word in words):
        return "kubectl mc"
    return f"kubectl {' '.join(words).replace('_', '-')}"
