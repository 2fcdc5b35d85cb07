"""kubectl for a fleet of clusters: `kubectl mc VERB …` runs kubectl once per cluster and shows one answer."""

__version__ = "0.1.0"

OWN_VERSION = f"kubectl-mc {__version__}"  # as it is shown

# The group of our own documents and annotations: the mapping file, reports, results. A SIG may want another one.
API_GROUP = "kubectl-mc.k8s.io"
