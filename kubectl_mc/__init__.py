"""kubectl for a fleet of clusters: `kubectl mc VERB …` runs kubectl once per cluster and shows one answer."""

__version__ = "0.1.0"
