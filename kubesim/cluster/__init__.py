"""Floor 5, the cluster: one object that wires the parts together and that people, notebooks and tests talk to."""

from kubesim.cluster.cluster import Cluster
from kubesim.cluster.configuration import ClusterConfiguration

__all__ = ["Cluster", "ClusterConfiguration"]
