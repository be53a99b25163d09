"""How pods say which nodes they are for: the manifests of agents and the cluster's own nodes use the same names."""

from __future__ import annotations

WORKLOAD_TYPE = "workload-type"
"""Key of the label and of the taint of nodes that are kept for some pods (source 000, section 5.2)."""

COMPUTE_INTENSIVE = "compute-intensive"
"""Its value on the nodes of the compute group."""

AGENTS = "agents"
"""Its value on the nodes that Auto Mode makes for agents; also the name of their node pool and node class."""
