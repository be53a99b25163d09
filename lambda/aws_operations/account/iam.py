"""Reads IAM: roles, users, groups and policies, with what is attached to them; `iam_access` adds who may do what.

The role may read the account's roles, users, groups and policies, and the policies that AWS keeps: what an identity may
do is mostly said by those. The List actions of whole kinds take no resource in IAM:
https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal

from aws_operations.account.server import server
from aws_operations.rows import tags
from toolkit import Answer, Aws, Page, given

if TYPE_CHECKING:
    from types_boto3_iam import IAMClient

Item = Mapping[str, Any]

iam = server.family(
    "iam_read_operations",
    "Read IAM without changing anything: roles, users, groups, policies, and what they allow. Credentials and ids of "
    "access keys are never shown.",
    self_check="get_account_summary",
    classification="confidential",
)


@iam.operation(actions=["iam:ListRoles"])
def list_roles(aws: Aws, page: Page, path_prefix: str = "") -> Answer:
    """List roles.

    Args:
        path_prefix: Only what has a path that begins with this, such as /service-role/.
    """
    client: IAMClient = aws.client("iam")
    found = client.list_roles(**_request(page), **given(PathPrefix=path_prefix))
    return {"roles": [_role(item) for item in found["Roles"]], "next_page_token": found.get("Marker")}


@iam.operation(
    actions=[
        "iam:GetRole on role",
        "iam:ListAttachedRolePolicies on role",
        "iam:ListRolePolicies on role",
        "iam:GetRolePolicy on role",
    ]
)
def get_role(aws: Aws, role: str) -> Answer:
    """Show who may assume a role, its attached and inline policies, its boundary and when it was last used.

    Args:
        role: The role's name.
    """
    client: IAMClient = aws.client("iam")
    found = client.get_role(RoleName=role)["Role"]
    return {
        **_role(found),
        "trust_policy": found.get("AssumeRolePolicyDocument"),
        "last_used": found.get("RoleLastUsed", {}).get("LastUsedDate"),
        "last_used_region": found.get("RoleLastUsed", {}).get("Region"),
        "attached_policies": _attached(client.list_attached_role_policies(RoleName=role)),
        "inline_policies": _inline(
            client.list_role_policies(RoleName=role)["PolicyNames"],
            lambda name: client.get_role_policy(RoleName=role, PolicyName=name),
        ),
        "tags": tags(found.get("Tags")),
    }


@iam.operation(actions=["iam:ListUsers"])
def list_users(aws: Aws, page: Page, path_prefix: str = "") -> Answer:
    """List users and when each last signed in with a password."""
    client: IAMClient = aws.client("iam")
    found = client.list_users(**_request(page), **given(PathPrefix=path_prefix))
    return {"users": [_user(item) for item in found["Users"]], "next_page_token": found.get("Marker")}


@iam.operation(
    actions=[
        "iam:GetUser on user",
        "iam:ListAttachedUserPolicies on user",
        "iam:ListUserPolicies on user",
        "iam:GetUserPolicy on user",
        "iam:ListGroupsForUser on user",
        "iam:ListMFADevices on user",
        "iam:ListAccessKeys on user",
        "iam:GetAccessKeyLastUsed on user",
    ]
)
def get_user(aws: Aws, user: str) -> Answer:
    """Show a user's groups, attached and inline policies, MFA devices, and the age and last use of access keys.

    Args:
        user: The user's name.
    """
    client: IAMClient = aws.client("iam")
    found = client.get_user(UserName=user)["User"]
    # A user has two access keys at most: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
    keys = client.list_access_keys(UserName=user)["AccessKeyMetadata"]
    return {
        **_user(found),
        "groups": [group["GroupName"] for group in client.list_groups_for_user(UserName=user)["Groups"]],
        "attached_policies": _attached(client.list_attached_user_policies(UserName=user)),
        "inline_policies": _inline(
            client.list_user_policies(UserName=user)["PolicyNames"],
            lambda name: client.get_user_policy(UserName=user, PolicyName=name),
        ),
        "mfa_devices": [
            {"serial_number": device["SerialNumber"], "enabled": device["EnableDate"]}
            for device in client.list_mfa_devices(UserName=user)["MFADevices"]
        ],
        "access_keys": [_access_key(client, key) for key in keys],
        "tags": tags(found.get("Tags")),
    }


@iam.operation(actions=["iam:ListGroups"])
def list_groups(aws: Aws, page: Page, path_prefix: str = "") -> Answer:
    """List groups."""
    client: IAMClient = aws.client("iam")
    found = client.list_groups(**_request(page), **given(PathPrefix=path_prefix))
    return {"groups": [_named(item, "Group") for item in found["Groups"]], "next_page_token": found.get("Marker")}


@iam.operation(
    actions=[
        "iam:GetGroup on group",
        "iam:ListAttachedGroupPolicies on group",
        "iam:ListGroupPolicies on group",
        "iam:GetGroupPolicy on group",
    ]
)
def get_group(aws: Aws, page: Page, group: str) -> Answer:
    """Show a group's users, a page at a time, and its attached and inline policies.

    Args:
        group: The group's name.
    """
    client: IAMClient = aws.client("iam")
    found = client.get_group(GroupName=group, **_request(page))
    return {
        **_named(found["Group"], "Group"),
        "users": [user["UserName"] for user in found["Users"]],
        "attached_policies": _attached(client.list_attached_group_policies(GroupName=group)),
        "inline_policies": _inline(
            client.list_group_policies(GroupName=group)["PolicyNames"],
            lambda name: client.get_group_policy(GroupName=group, PolicyName=name),
        ),
        "next_page_token": found.get("Marker"),
    }


@iam.operation(actions=["iam:ListPolicies"])
def list_policies(
    aws: Aws, page: Page, path_prefix: str = "", kept_by: Literal["account", "aws"] = "account", used: bool = False
) -> Answer:
    """List managed policies and how many identities each is attached to.

    Args:
        kept_by: Whose policies: the account's own, or AWS's.
        used: Only policies that are attached to something.
    """
    client: IAMClient = aws.client("iam")
    scope: Literal["Local", "AWS"] = "Local" if kept_by == "account" else "AWS"
    found = client.list_policies(Scope=scope, OnlyAttached=used, **_request(page), **given(PathPrefix=path_prefix))
    return {"policies": [_policy(item) for item in found["Policies"]], "next_page_token": found.get("Marker")}


@iam.operation(actions=["iam:GetPolicy on policy", "iam:GetPolicyVersion on policy"])
def get_policy(aws: Aws, policy_arn: str) -> Answer:
    """Show what a managed policy, the account's or AWS's, allows and denies: the document of its default version.

    Args:
        policy_arn: The policy's ARN, such as arn:aws:iam::aws:policy/ReadOnlyAccess.
    """
    client: IAMClient = aws.client("iam")
    found = client.get_policy(PolicyArn=policy_arn)["Policy"]
    version = client.get_policy_version(PolicyArn=policy_arn, VersionId=found["DefaultVersionId"])["PolicyVersion"]
    return {**_policy(found), "document": version["Document"], "tags": tags(found.get("Tags"))}


@iam.operation(actions=["iam:ListEntitiesForPolicy on policy"])
def list_policy_uses(aws: Aws, page: Page, policy_arn: str) -> Answer:
    """List the account's roles, users and groups that a managed policy is attached to."""
    client: IAMClient = aws.client("iam")
    found = client.list_entities_for_policy(PolicyArn=policy_arn, **_request(page))
    return {
        "roles": [role["RoleName"] for role in found["PolicyRoles"]],
        "users": [user["UserName"] for user in found["PolicyUsers"]],
        "groups": [group["GroupName"] for group in found["PolicyGroups"]],
        "next_page_token": found.get("Marker"),
    }


def _request(page: Page) -> dict[str, Any]:
    return page.request("MaxItems", "Marker", most=1000)


def _attached(found: Item) -> list[dict[str, str]]:
    """Attached policies; an identity has fewer than a page of them."""
    return [{"name": item["PolicyName"], "arn": item["PolicyArn"]} for item in found["AttachedPolicies"]]


def _inline(names: Iterable[str], read: Callable[[str], Any]) -> dict[str, Any]:
    """The documents of inline policies by name, read one by one: together they have 10,240 characters at most.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
    """
    return {name: read(name)["PolicyDocument"] for name in names}


def _access_key(client: IAMClient, key: Item) -> dict[str, Any]:
    """An access key without its id, which is half of a credential."""
    used: Item = client.get_access_key_last_used(AccessKeyId=key["AccessKeyId"])["AccessKeyLastUsed"]
    return {
        "state": key["Status"],
        "created": key["CreateDate"],
        "last_used": used.get("LastUsedDate"),
        "last_used_service": used.get("ServiceName"),
        "last_used_region": used.get("Region"),
    }


def _named(item: Item, kind: str) -> dict[str, Any]:
    return {
        "name": item[f"{kind}Name"],
        "arn": item["Arn"],
        "path": item.get("Path"),
        "created": item.get("CreateDate"),
    }


def _role(item: Item) -> dict[str, Any]:
    return {
        **_named(item, "Role"),
        "description": item.get("Description"),
        "maximum_session_seconds": item.get("MaxSessionDuration"),
        "permissions_boundary": item.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn"),
    }


def _user(item: Item) -> dict[str, Any]:
    return {
        **_named(item, "User"),
        "password_last_used": item.get("PasswordLastUsed"),
        "permissions_boundary": item.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn"),
    }


def _policy(item: Item) -> dict[str, Any]:
    return {
        **_named(item, "Policy"),
        "description": item.get("Description"),
        "default_version": item.get("DefaultVersionId"),
        "updated": item.get("UpdateDate"),
        "attached_to": item.get("AttachmentCount"),
        "boundary_of": item.get("PermissionsBoundaryUsageCount"),
    }
