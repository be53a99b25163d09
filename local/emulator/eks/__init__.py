"""The EKS API where ministack's leaves something out or takes what EKS refuses; there is no Kubernetes API server."""
