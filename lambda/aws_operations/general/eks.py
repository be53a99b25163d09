"""Reads EKS: clusters, node groups, Fargate profiles, add-ons, access entries and what upgrades would break.

It reads what EKS knows of a cluster and nothing inside it: that takes eks:AccessKubernetesApi or a token.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aws_operations.general.server import server
from toolkit import Answer, Aws, Page

Item = Mapping[str, Any]

eks = server.family(
    "eks_read_operations",
    "Read EKS without changing anything: clusters, node groups, Fargate profiles, add-ons, access entries, pod "
    "identities and upgrade insights; nothing inside a cluster.",
    self_check={"operation": "list_clusters", "page_size": 1},
)


@eks.operation(actions=["eks:ListClusters"])
def list_clusters(aws: Aws, page: Page) -> Answer:
    """List the names of the region's clusters."""
    found = aws.client("eks").list_clusters(**page.request("maxResults", "nextToken"))
    return {"clusters": found["clusters"], "next_page_token": found.get("nextToken")}


@eks.operation(actions=["eks:DescribeCluster on cluster"])
def describe_cluster(aws: Aws, cluster: str) -> Answer:
    """Describe a cluster: status, version, health, endpoint and who reaches it, network, logging, encryption, tags.

    Args:
        cluster: The cluster's name.
    """
    found = aws.client("eks").describe_cluster(name=cluster)["cluster"]
    network = found.get("resourcesVpcConfig", {})
    return {
        "name": found["name"],
        "arn": found["arn"],
        "status": found["status"],
        "kubernetes_version": found.get("version"),
        "platform_version": found.get("platformVersion"),
        "support": found.get("upgradePolicy", {}).get("supportType"),
        "created": found.get("createdAt"),
        "health_issues": _issues(found),
        "role": found.get("roleArn"),
        "endpoint": found.get("endpoint"),
        "public_access": network.get("endpointPublicAccess"),
        "public_access_cidrs": network.get("publicAccessCidrs", []),
        "private_access": network.get("endpointPrivateAccess"),
        "vpc_id": network.get("vpcId"),
        "subnet_ids": network.get("subnetIds", []),
        "security_group_ids": network.get("securityGroupIds", []),
        "cluster_security_group_id": network.get("clusterSecurityGroupId"),
        "oidc_issuer": found.get("identity", {}).get("oidc", {}).get("issuer"),
        "authentication_mode": found.get("accessConfig", {}).get("authenticationMode"),
        "logs": [
            kind
            for setup in found.get("logging", {}).get("clusterLogging", [])
            if setup.get("enabled")
            for kind in setup.get("types", [])
        ],
        "encrypted_resources": [
            {"resources": entry.get("resources"), "key": entry.get("provider", {}).get("keyArn")}
            for entry in found.get("encryptionConfig", [])
        ],
        "tags": found.get("tags", {}),
    }


@eks.operation(actions=["eks:ListNodegroups on cluster"])
def list_node_groups(aws: Aws, page: Page, cluster: str) -> Answer:
    """List the names of a cluster's node groups."""
    found = aws.client("eks").list_nodegroups(clusterName=cluster, **page.request("maxResults", "nextToken"))
    return {"node_groups": found["nodegroups"], "next_page_token": found.get("nextToken")}


@eks.operation(actions=["eks:DescribeNodegroup on nodegroup"])
def describe_node_group(aws: Aws, cluster: str, node_group: str) -> Answer:
    """Describe a node group: status, health, sizes, version, machines, labels, taints.

    Args:
        node_group: The node group's name.
    """
    found = aws.client("eks").describe_nodegroup(clusterName=cluster, nodegroupName=node_group)["nodegroup"]
    scaling = found.get("scalingConfig", {})
    return {
        "name": found["nodegroupName"],
        "arn": found["nodegroupArn"],
        "status": found["status"],
        "health_issues": _issues(found),
        "kubernetes_version": found.get("version"),
        "release_version": found.get("releaseVersion"),
        "minimum_nodes": scaling.get("minSize"),
        "desired_nodes": scaling.get("desiredSize"),
        "maximum_nodes": scaling.get("maxSize"),
        "capacity_type": found.get("capacityType"),
        "instance_types": found.get("instanceTypes", []),
        "ami_type": found.get("amiType"),
        "disk_gib": found.get("diskSize"),
        "subnet_ids": found.get("subnets", []),
        "role": found.get("nodeRole"),
        "auto_scaling_groups": [group["name"] for group in found.get("resources", {}).get("autoScalingGroups", [])],
        "labels": found.get("labels", {}),
        "taints": found.get("taints", []),
        "tags": found.get("tags", {}),
    }


@eks.operation(actions=["eks:ListFargateProfiles on cluster"])
def list_fargate_profiles(aws: Aws, page: Page, cluster: str) -> Answer:
    """List the names of a cluster's Fargate profiles."""
    found = aws.client("eks").list_fargate_profiles(clusterName=cluster, **page.request("maxResults", "nextToken"))
    return {"fargate_profiles": found["fargateProfileNames"], "next_page_token": found.get("nextToken")}


@eks.operation(actions=["eks:DescribeFargateProfile on fargateprofile"])
def describe_fargate_profile(aws: Aws, cluster: str, fargate_profile: str) -> Answer:
    """Describe a Fargate profile: status, which pods it takes, subnets, role.

    Args:
        fargate_profile: The profile's name.
    """
    found = aws.client("eks").describe_fargate_profile(clusterName=cluster, fargateProfileName=fargate_profile)
    profile = found["fargateProfile"]
    return {
        "name": profile["fargateProfileName"],
        "arn": profile["fargateProfileArn"],
        "status": profile["status"],
        "health_issues": _issues(profile),
        "selectors": profile.get("selectors", []),
        "subnet_ids": profile.get("subnets", []),
        "role": profile.get("podExecutionRoleArn"),
    }


@eks.operation(actions=["eks:ListAddons on cluster"])
def list_addons(aws: Aws, page: Page, cluster: str) -> Answer:
    """List the names of a cluster's add-ons."""
    found = aws.client("eks").list_addons(clusterName=cluster, **page.request("maxResults", "nextToken"))
    return {"addons": found["addons"], "next_page_token": found.get("nextToken")}


@eks.operation(actions=["eks:DescribeAddon on addon"])
def describe_addon(aws: Aws, cluster: str, addon: str) -> Answer:
    """Describe an add-on: version, status, health, role. Its configuration values may hold secrets and are not shown.

    Args:
        addon: The add-on's name.
    """
    found = aws.client("eks").describe_addon(clusterName=cluster, addonName=addon)["addon"]
    return {
        "name": found["addonName"],
        "arn": found["addonArn"],
        "version": found.get("addonVersion"),
        "status": found.get("status"),
        "health_issues": _issues(found),
        "role": found.get("serviceAccountRoleArn"),
        "modified": found.get("modifiedAt"),
    }


@eks.operation(actions=["eks:ListAccessEntries on cluster"])
def list_access_entries(aws: Aws, page: Page, cluster: str) -> Answer:
    """List the ARNs of the IAM users and roles that have access to a cluster's Kubernetes API."""
    found = aws.client("eks").list_access_entries(clusterName=cluster, **page.request("maxResults", "nextToken"))
    return {"principals": found["accessEntries"], "next_page_token": found.get("nextToken")}


@eks.operation(actions=["eks:DescribeAccessEntry on access-entry", "eks:ListAssociatedAccessPolicies on access-entry"])
def describe_access_entry(aws: Aws, page: Page, cluster: str, principal: str) -> Answer:
    """Describe what a user or role may do in a cluster: Kubernetes groups, and a page of its EKS access policies.

    Args:
        principal: ARN of the IAM user or role.
    """
    client, which = aws.client("eks"), {"clusterName": cluster, "principalArn": principal}
    entry = client.describe_access_entry(**which)["accessEntry"]
    found = client.list_associated_access_policies(**which, **page.request("maxResults", "nextToken"))
    return {
        "principal": entry["principalArn"],
        "type": entry.get("type"),
        "kubernetes_groups": entry.get("kubernetesGroups", []),
        "policies": [
            {"arn": item["policyArn"], **item.get("accessScope", {})} for item in found["associatedAccessPolicies"]
        ],
        "next_page_token": found.get("nextToken"),
    }


@eks.operation(actions=["eks:ListPodIdentityAssociations on cluster"])
def list_pod_identities(aws: Aws, page: Page, cluster: str) -> Answer:
    """List the service accounts of a cluster that EKS Pod Identity gives an IAM role."""
    found = aws.client("eks").list_pod_identity_associations(
        clusterName=cluster, **page.request("maxResults", "nextToken")
    )
    associations = [
        {"id": item["associationId"], "namespace": item["namespace"], "service_account": item["serviceAccount"]}
        for item in found["associations"]
    ]
    return {"pod_identities": associations, "next_page_token": found.get("nextToken")}


@eks.operation(actions=["eks:ListInsights on cluster"])
def list_insights(aws: Aws, page: Page, cluster: str) -> Answer:
    """List what EKS found that would break an upgrade or is set up wrongly."""
    found = aws.client("eks").list_insights(clusterName=cluster, **page.request("maxResults", "nextToken"))
    insights = [
        {
            "id": item["id"],
            "name": item["name"],
            "category": item.get("category"),
            "status": item.get("insightStatus", {}).get("status"),
            "reason": item.get("insightStatus", {}).get("reason"),
            "kubernetes_version": item.get("kubernetesVersion"),
            "description": item.get("description"),
        }
        for item in found["insights"]
    ]
    return {"insights": insights, "next_page_token": found.get("nextToken")}


def _issues(item: Item) -> list[dict[str, Any]]:
    return [
        {"code": issue.get("code"), "message": issue.get("message"), "resources": issue.get("resourceIds", [])}
        for issue in item.get("health", {}).get("issues", [])
    ]
