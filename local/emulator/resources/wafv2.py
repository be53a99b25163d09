"""What belongs to a web ACL: its association with a resource, and where its logs go."""
# ruff: noqa: ARG002 - the signatures are ResourceType's

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from botocore.exceptions import ClientError

from local.emulator.aws import client
from local.emulator.resources.base import Place, Properties, Resource, ResourceType
from local.emulator.resources.casing import to_request


@contextlib.contextmanager
def _unless_gone() -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        if error.response["Error"]["Code"] != "WAFNonexistentItemException":
            raise


class WebAclAssociation(ResourceType):
    """AWS::WAFv2::WebACLAssociation."""

    type = "AWS::WAFv2::WebACLAssociation"

    def create(self, properties: Properties, place: Place) -> Resource:
        """Associate the web ACL with the resource."""
        acl, resource = properties["WebACLArn"], properties["ResourceArn"]
        client("wafv2").associate_web_acl(WebACLArn=acl, ResourceArn=resource)
        return Resource(id=f"{resource}|{acl}")

    def delete(self, resource_id: str, properties: Properties) -> None:
        """End the association, unless the resource has another web ACL by now."""
        api = client("wafv2")
        resource, _, acl = resource_id.partition("|")
        with _unless_gone():
            if api.get_web_acl_for_resource(ResourceArn=resource)["WebACL"]["ARN"] == acl:
                api.disassociate_web_acl(ResourceArn=resource)


class LoggingConfiguration(ResourceType):
    """AWS::WAFv2::LoggingConfiguration."""

    type = "AWS::WAFv2::LoggingConfiguration"

    def create(self, properties: Properties, place: Place) -> Resource:
        """Say where the web ACL's logs go."""
        api = client("wafv2")
        shape = api.meta.service_model.shape_for("LoggingConfiguration")
        api.put_logging_configuration(LoggingConfiguration=to_request(properties, shape))
        return Resource(id=properties["ResourceArn"], attributes={"ManagedByFirewallManager": "false"})

    def update(self, resource_id: str, old: Properties, new: Properties, place: Place) -> Resource:
        """Replace the configuration."""
        return self.create(new, place)

    def delete(self, resource_id: str, properties: Properties) -> None:
        """Log no more."""
        with _unless_gone():
            client("wafv2").delete_logging_configuration(ResourceArn=resource_id)
