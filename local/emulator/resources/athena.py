"""Saved queries of Athena, which ministack has in its API but not as a resource type."""

from local.emulator.resources.api import ApiResource

NAMED_QUERY = ApiResource(
    type="AWS::Athena::NamedQuery",
    service="athena",
    create_operation="CreateNamedQuery",
    read_operation="GetNamedQuery",
    delete_operation="DeleteNamedQuery",
    identifier=("NamedQueryId",),
    inside="NamedQuery",
)
