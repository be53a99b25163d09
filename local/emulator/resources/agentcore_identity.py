"""The resource types of AgentCore Identity: credential providers and workload identities."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from local.emulator.resources.agentcore import ControlPlaneResource
from local.emulator.resources.base import Resource


@dataclass(frozen=True, kw_only=True)
class IdentityResource(ControlPlaneResource):
    """A type that the API finds by its name; `ref` names the attribute that Ref answers, which ends with the name."""

    identifier: tuple[str, ...] = ("Name",)
    drop_on_update: tuple[str, ...] = ("Tags",)
    ref: str

    def _read(self, identity: Mapping[str, str]) -> Resource:
        attributes = super()._read(identity).attributes
        return Resource(id=attributes[self.ref], attributes=attributes)

    def _identity(self, resource_id: str) -> dict[str, str]:
        return {"Name": resource_id.rpartition("/")[2]}


API_KEY_CREDENTIAL_PROVIDER = IdentityResource(
    type="AWS::BedrockAgentCore::ApiKeyCredentialProvider",
    create_operation="CreateApiKeyCredentialProvider",
    read_operation="GetApiKeyCredentialProvider",
    update_operation="UpdateApiKeyCredentialProvider",
    delete_operation="DeleteApiKeyCredentialProvider",
    ref="CredentialProviderArn",
    tagged_arn="CredentialProviderArn",
)

OAUTH2_CREDENTIAL_PROVIDER = IdentityResource(
    type="AWS::BedrockAgentCore::OAuth2CredentialProvider",
    create_operation="CreateOauth2CredentialProvider",
    read_operation="GetOauth2CredentialProvider",
    update_operation="UpdateOauth2CredentialProvider",
    delete_operation="DeleteOauth2CredentialProvider",
    ref="CredentialProviderArn",
    tagged_arn="CredentialProviderArn",
)

WORKLOAD_IDENTITY = IdentityResource(
    type="AWS::BedrockAgentCore::WorkloadIdentity",
    create_operation="CreateWorkloadIdentity",
    read_operation="GetWorkloadIdentity",
    update_operation="UpdateWorkloadIdentity",
    delete_operation="DeleteWorkloadIdentity",
    ref="Name",
    tagged_arn="WorkloadIdentityArn",
)
