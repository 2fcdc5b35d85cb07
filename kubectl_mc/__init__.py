"""kubectl for a fleet of clusters: `kubectl mc VERB …` runs kubectl once per cluster and shows one answer."""

__version__ = "0.1.0"

OWN_VERSION = f"kubectl-mc {__version__}"  # as it is shown

# The group of our own documents and annotations: the mapping file, reports, results. A SIG may want another one.
API_GROUP = "kubectl-mc.k8s.io"

API_VERSION = f"{API_GROUP}/v1alpha1"  # of those documents


def is_other_version(version: object) -> bool:
    """Return whether a document is one of ours in another version, older or newer."""
    return isinstance(version, str) and version.startswith(f"{API_GROUP}/") and version != API_VERSION
