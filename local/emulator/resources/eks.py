"""The resource types of EKS, on its API."""
# ruff: noqa: ARG002 - the signatures are ResourceType's

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from local.emulator.aws import client
from local.emulator.resources.api import ApiResource
from local.emulator.resources.base import Place, Properties, Resource
from local.emulator.resources.deletion import unless_gone

_LOG_TYPES = ("api", "audit", "authenticator", "controllerManager", "scheduler")


@dataclass(frozen=True, kw_only=True)
class EksResource(ApiResource):
    """A type whose tags change by operations of their own; `tagged` is the attribute with its ARN."""

    service: str = "eks"
    tagged: str

    def update(self, resource_id: str, old: Properties, new: Properties, place: Place) -> Resource:
        """Update the resource, then its tags."""
        resource = super().update(resource_id, old, new, place)
        self.retag(str(resource.attributes[self.tagged]), old, new)
        return resource

    def retag(self, arn: str, old: Properties, new: Properties) -> None:
        """Make the tags those of the new properties."""
        before, after = _tags(old), _tags(new)
        if gone := sorted(before.keys() - after.keys()):
            client("eks").untag_resource(resourceArn=arn, tagKeys=gone)
        if changed := {key: value for key, value in after.items() if before.get(key) != value}:
            client("eks").tag_resource(resourceArn=arn, tags=changed)


@dataclass(frozen=True, kw_only=True)
class Cluster(EksResource):
    """AWS::EKS::Cluster: Ref is its name. Its version and its other settings change by one operation each."""

    def update(self, resource_id: str, old: Properties, new: Properties, place: Place) -> Resource:
        """Change what differs."""
        if new.get("Version") != old.get("Version"):
            self._call("UpdateClusterVersion", {"Name": resource_id, "Version": new["Version"]})
        changed = {name: value for name, value in new.items() if value != old.get(name)}
        settings = self.reshape({name: value for name, value in changed.items() if name not in self.drop_on_update})
        if settings:
            self._call("UpdateClusterConfig", {"Name": resource_id, **settings})
        resource = self._read({"Name": resource_id})
        self.retag(str(resource.attributes["Arn"]), old, new)
        return resource

    def _read(self, identity: Mapping[str, str]) -> Resource:
        resource = super()._read(identity)
        told = self._unwrap(self._call(self.read_operation, identity))
        attributes = {
            "Id": resource.attributes["Name"],
            "CertificateAuthorityData": told["certificateAuthority"]["data"],
            "ClusterSecurityGroupId": told["resourcesVpcConfig"]["clusterSecurityGroupId"],
            "OpenIdConnectIssuerUrl": told["identity"]["oidc"]["issuer"],
            "EncryptionConfigKeyArn": "".join(one["provider"]["keyArn"] for one in told["encryptionConfig"]),
        }
        return Resource(id=resource.id, attributes={**resource.attributes, **attributes})


@dataclass(frozen=True, kw_only=True)
class NodeGroup(EksResource):
    """AWS::EKS::Nodegroup: Ref is `<cluster>/<node group>`."""

    def create(self, properties: Properties, place: Place) -> Resource:
        """Create it, under a name of CloudFormation's making when it has none."""
        return super().create({"NodegroupName": place.physical_name(longest=63), **properties}, place)

    def update(self, resource_id: str, old: Properties, new: Properties, place: Place) -> Resource:
        """Change scaling, labels, taints and update settings, then the version, as far as they differ."""
        identity = self._identity(resource_id)
        changes = {
            name: new[name] for name in ("ScalingConfig", "UpdateConfig", "NodeRepairConfig", "WarmPoolConfig")
            if name in new and new[name] != old.get(name)
        }  # fmt: skip
        changes |= _changed_marks(old, new)
        if changes:
            self._call("UpdateNodegroupConfig", {**identity, **changes})
        version = {name: new[name] for name in ("Version", "ReleaseVersion", "LaunchTemplate") if name in new}
        if any(value != old.get(name) for name, value in version.items()):
            self._call("UpdateNodegroupVersion", {**identity, **version})
        resource = self._read(identity)
        self.retag(str(resource.attributes["Arn"]), old, new)
        return resource

    def _read(self, identity: Mapping[str, str]) -> Resource:
        resource = super()._read(identity)
        name = "/".join(identity.values())
        return Resource(id=name, attributes={**resource.attributes, "Id": name})

    def _identity(self, resource_id: str) -> dict[str, str]:
        return dict(zip(self.identifier, resource_id.split("/"), strict=True))


@dataclass(frozen=True, kw_only=True)
class PodIdentityAssociation(EksResource):
    """AWS::EKS::PodIdentityAssociation: Ref is its ARN, which ends with cluster and id."""

    def _read(self, identity: Mapping[str, str]) -> Resource:
        attributes = super()._read(identity).attributes
        return Resource(id=str(attributes["AssociationArn"]), attributes=attributes)

    def _identity(self, resource_id: str) -> dict[str, str]:
        return dict(zip(self.identifier, resource_id.split("/")[-2:], strict=True))


@dataclass(frozen=True, kw_only=True)
class AccessEntry(EksResource):
    """AWS::EKS::AccessEntry with the access policies that are associated with it."""

    def create(self, properties: Properties, place: Place) -> Resource:
        """Create the entry and associate its policies; without them it is removed again."""
        resource = super().create(properties, place)
        try:
            self._associate(resource.id, {}, properties)
        except Exception:
            self.delete(resource.id, properties)
            raise
        return resource

    def update(self, resource_id: str, old: Properties, new: Properties, place: Place) -> Resource:
        """Change the entry, its tags and its policies."""
        resource = super().update(resource_id, old, new, place)
        self._associate(resource_id, old, new)
        return resource

    def _associate(self, resource_id: str, old: Properties, new: Properties) -> None:
        identity = self._identity(resource_id)
        before, after = ({one["PolicyArn"]: one for one in p.get("AccessPolicies", [])} for p in (old, new))
        for arn in before.keys() - after.keys():
            with unless_gone():
                self._call("DisassociateAccessPolicy", {**identity, "PolicyArn": arn})
        for policy in after.values():
            self._call("AssociateAccessPolicy", {**identity, **policy})


def _tags(properties: Properties) -> Mapping[str, str]:
    """Node groups write tags as an object, other types as a list."""
    given = properties.get("Tags", {})
    return given if isinstance(given, Mapping) else {tag["Key"]: tag["Value"] for tag in given}


def _cluster_request(properties: Properties) -> Properties:
    """CloudFormation names the logs that are on, the API each kind with whether it is on; some settings differ."""
    request = {name: value for name, value in properties.items() if name not in ("Force", "RollbackConfig")}
    if "Logging" in request:
        wanted = request["Logging"].get("ClusterLogging", {}).get("EnabledTypes", [])
        on = [one["Type"] for one in wanted]
        off = [kind for kind in _LOG_TYPES if kind not in on]
        request["Logging"] = {
            "ClusterLogging": [
                {"Types": types, "Enabled": enabled} for types, enabled in ((on, True), (off, False)) if types
            ]
        }
    return request


def _changed_marks(old: Properties, new: Properties) -> dict[str, Any]:
    """Labels and taints, which the API changes one by one."""
    changes: dict[str, Any] = {}
    before, after = old.get("Labels", {}), new.get("Labels", {})
    if before != after:
        removed = sorted(before.keys() - after.keys())
        changes["Labels"] = {"AddOrUpdateLabels": dict(after), "RemoveLabels": removed}
    old_taints, new_taints = old.get("Taints", []), new.get("Taints", [])
    if old_taints != new_taints:
        kept = [(taint.get("Key"), taint.get("Effect")) for taint in new_taints]
        gone = [taint for taint in old_taints if (taint.get("Key"), taint.get("Effect")) not in kept]
        changes["Taints"] = {"AddOrUpdateTaints": list(new_taints), "RemoveTaints": gone}
    return changes


CLUSTER = Cluster(
    type="AWS::EKS::Cluster",
    create_operation="CreateCluster",
    read_operation="DescribeCluster",
    delete_operation="DeleteCluster",
    identifier=("Name",),
    default_name="Name",
    inside="cluster",
    reshape=_cluster_request,
    drop_on_update=("Version", "Tags", "Name", "Force", "RollbackConfig"),
    tagged="Arn",
)

NODE_GROUP = NodeGroup(
    type="AWS::EKS::Nodegroup",
    create_operation="CreateNodegroup",
    read_operation="DescribeNodegroup",
    delete_operation="DeleteNodegroup",
    identifier=("ClusterName", "NodegroupName"),
    inside="nodegroup",
    renamed={"nodegroupArn": "Arn"},
    reshape=lambda properties: {name: value for name, value in properties.items() if name != "ForceUpdateEnabled"},
    tagged="Arn",
)

ADDON = EksResource(
    type="AWS::EKS::Addon",
    create_operation="CreateAddon",
    read_operation="DescribeAddon",
    update_operation="UpdateAddon",
    delete_operation="DeleteAddon",
    identifier=("ClusterName", "AddonName"),
    inside="addon",
    renamed={"addonArn": "Arn"},
    reshape=lambda properties: {name: value for name, value in properties.items() if name != "PreserveOnDelete"},
    drop_on_update=("Tags", "NamespaceConfig"),
    tagged="Arn",
)

POD_IDENTITY_ASSOCIATION = PodIdentityAssociation(
    type="AWS::EKS::PodIdentityAssociation",
    create_operation="CreatePodIdentityAssociation",
    read_operation="DescribePodIdentityAssociation",
    update_operation="UpdatePodIdentityAssociation",
    delete_operation="DeletePodIdentityAssociation",
    identifier=("ClusterName", "AssociationId"),
    inside="association",
    drop_on_update=("Tags", "Namespace", "ServiceAccount"),
    tagged="AssociationArn",
)

ACCESS_ENTRY = AccessEntry(
    type="AWS::EKS::AccessEntry",
    create_operation="CreateAccessEntry",
    read_operation="DescribeAccessEntry",
    update_operation="UpdateAccessEntry",
    delete_operation="DeleteAccessEntry",
    identifier=("PrincipalArn", "ClusterName"),
    inside="accessEntry",
    reshape=lambda properties: {name: value for name, value in properties.items() if name != "AccessPolicies"},
    drop_on_update=("Tags", "Type"),
    tagged="AccessEntryArn",
)
