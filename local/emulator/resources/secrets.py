"""Secrets Manager's resource types: Ref is the ARN, and a rotation schedule really rotates."""
# ruff: noqa: ARG002 - the signatures are ResourceType's

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from local.emulator.aws import client
from local.emulator.resources.base import Place, Properties, Resource, ResourceType
from local.emulator.resources.casing import to_request
from local.emulator.resources.deletion import unless_gone


class Secret(ResourceType):
    """AWS::SecretsManager::Secret."""

    type = "AWS::SecretsManager::Secret"

    def create(self, properties: Properties, place: Place) -> Resource:
        """Create the secret with its first value, given or generated."""
        request = {
            "Name": properties.get("Name") or place.physical_name(longest=512),
            "SecretString": _value(properties),
            **{name: properties[name] for name in ("Description", "KmsKeyId") if name in properties},
        }
        if properties.get("Tags"):
            request["Tags"] = list(properties["Tags"])
        if properties.get("ReplicaRegions"):
            request["AddReplicaRegions"] = list(properties["ReplicaRegions"])
        return self._resource(client("secretsmanager").create_secret(**request)["ARN"])

    def update(self, resource_id: str, old: Properties, new: Properties, place: Place) -> Resource:
        """Change settings in place; a changed value or recipe makes a new current version."""
        api = client("secretsmanager")
        changes: dict[str, Any] = {
            name: new.get(name, "") for name in ("Description", "KmsKeyId") if old.get(name) != new.get(name)
        }
        if any(old.get(name) != new.get(name) for name in ("SecretString", "GenerateSecretString")):
            changes["SecretString"] = _value(new)
        if changes:
            api.update_secret(SecretId=resource_id, **changes)
        kept = {tag["Key"] for tag in new.get("Tags", ())}
        gone = [tag["Key"] for tag in old.get("Tags", ()) if tag["Key"] not in kept]
        if gone:
            api.untag_resource(SecretId=resource_id, TagKeys=gone)
        if new.get("Tags"):
            api.tag_resource(SecretId=resource_id, Tags=list(new["Tags"]))
        return self._resource(resource_id)

    def delete(self, resource_id: str, properties: Properties) -> None:
        """Delete without a recovery window, as CloudFormation does: the name is free again."""
        with unless_gone():
            client("secretsmanager").delete_secret(SecretId=resource_id, ForceDeleteWithoutRecovery=True)

    def _resource(self, arn: str) -> Resource:
        return Resource(id=arn, attributes={"Id": arn})


def _value(properties: Properties) -> str:
    """The given value, or one generated as GenerateSecretString says."""
    recipe: Mapping[str, Any] | None = properties.get("GenerateSecretString")
    if recipe is None:
        return str(properties.get("SecretString", ""))
    api = client("secretsmanager")
    shape = api.meta.service_model.operation_model("GetRandomPassword").input_shape
    own = ("SecretStringTemplate", "GenerateStringKey")
    request = to_request({name: value for name, value in recipe.items() if name not in own}, shape)
    password = str(api.get_random_password(**request)["RandomPassword"])
    if "SecretStringTemplate" not in recipe:
        return password
    return json.dumps({**json.loads(recipe["SecretStringTemplate"]), recipe["GenerateStringKey"]: password})


class SecretResourcePolicy(ResourceType):
    """AWS::SecretsManager::ResourcePolicy."""

    type = "AWS::SecretsManager::ResourcePolicy"

    def create(self, properties: Properties, place: Place) -> Resource:
        """Attach the policy to its secret."""
        policy = properties["ResourcePolicy"]
        answer = client("secretsmanager").put_resource_policy(
            SecretId=properties["SecretId"],
            ResourcePolicy=policy if isinstance(policy, str) else json.dumps(policy),
            BlockPublicPolicy=str(properties.get("BlockPublicPolicy", False)).lower() == "true",
        )
        return Resource(id=answer["ARN"], attributes={"Id": answer["ARN"]})

    def update(self, resource_id: str, old: Properties, new: Properties, place: Place) -> Resource:
        """Replace the policy."""
        return self.create(new, place)

    def delete(self, resource_id: str, properties: Properties) -> None:
        """Remove the policy."""
        with unless_gone():
            client("secretsmanager").delete_resource_policy(SecretId=resource_id)


class RotationSchedule(ResourceType):
    """AWS::SecretsManager::RotationSchedule: rotates at once unless RotateImmediatelyOnUpdate is false."""

    type = "AWS::SecretsManager::RotationSchedule"

    def create(self, properties: Properties, place: Place) -> Resource:
        """Configure rotation; fails when Secrets Manager may not invoke the function."""
        if "HostedRotationLambda" in properties:
            raise ValueError("HostedRotationLambda is not part of the local run: give RotationLambdaARN")
        api = client("secretsmanager")
        names = ("SecretId", "RotationLambdaARN", "RotationRules")
        request: dict[str, Any] = {name: properties[name] for name in names if name in properties}
        request["RotateImmediately"] = properties.get("RotateImmediatelyOnUpdate", True)
        shape = api.meta.service_model.operation_model("RotateSecret").input_shape
        try:
            arn = str(api.rotate_secret(**to_request(request, shape))["ARN"])
        except ClientError as error:
            if "will be reattempted" not in error.response["Error"]["Message"]:
                raise
            arn = str(properties["SecretId"])
        return Resource(id=arn, attributes={"Id": arn})

    def update(self, resource_id: str, old: Properties, new: Properties, place: Place) -> Resource:
        """Configure rotation anew."""
        return self.create(new, place)

    def delete(self, resource_id: str, properties: Properties) -> None:
        """Cancel rotation; the secret and its value stay."""
        with unless_gone():
            client("secretsmanager").cancel_rotate_secret(SecretId=resource_id)
