"""The Kubernetes cluster that agents run on: an Amazon EKS cluster in Auto Mode with two managed node groups (R17)."""
