"""Cedar policies at the gateway: the engine that holds them and judges every call by them (R9).

What no policy permits is denied. https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/policy.html
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from enum import StrEnum

from aws_cdk import ArnFormat, Stack, aws_bedrockagentcore as agentcore, aws_kms as kms
from constructs import Construct, IDependable

from foundation.acknowledge import arn_as_printed
from foundation.policy_text import PolicyText
from foundation.targets.interface import Grant


class Enforcement(StrEnum):
    """What the gateway does with the engine's decision."""

    ENFORCE = "ENFORCE"
    LOG_ONLY = "LOG_ONLY"


class PolicyEngine(Construct):
    """An AgentCore policy engine under a key of its own.

    Attributes:
        key: the key.
        engine_id: the engine's id, which policies name.
        engine_arn: the engine, which a gateway names.
    """

    def __init__(self, scope: Construct, construct_id: str, *, name: str, description: str, key: kms.Key) -> None:
        """Make the engine, without policies yet.

        The key is for good: AgentCore never moves an engine to another one, and an engine whose key is gone denies
        everything (https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/policy-encryption.html). Its policy
        needs nothing beyond what CDK writes: the service makes its grants with the deployer's permissions.

        Args:
            scope: the stack it belongs to.
            construct_id: its id there.
            name: a letter, then letters, digits and underscores, up to 48 in all.
            description: what it is for.
            key: customer-managed key of the policies.
        """
        super().__init__(scope, construct_id)
        self.key = key
        self._engine = agentcore.CfnPolicyEngine(
            self, "Engine", name=name, description=description, encryption_key_arn=key.key_arn
        )
        self.engine_id: str = self._engine.attr_policy_engine_id
        self.engine_arn: str = self._engine.attr_policy_engine_arn

    def grants(self, gateway_name: str) -> list[Grant]:
        """What the role of the gateway `gateway_name` needs to have its calls judged here.

        https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/policy-permissions.html. The gateway waits for
        these permissions, so they cannot name its ARN; ids begin with the name, which is unique in account and region.
        """
        stack = Stack.of(self)
        gateway = stack.format_arn(
            service="bedrock-agentcore",
            resource="gateway",
            resource_name=f"{gateway_name}-*",
            arn_format=ArnFormat.SLASH_RESOURCE_NAME,
        )
        printed = arn_as_printed(self, "bedrock-agentcore", f"gateway/{gateway_name}-*")
        return [
            Grant(["bedrock-agentcore:GetPolicyEngine"], [self.engine_arn]),
            Grant(
                ["bedrock-agentcore:AuthorizeAction", "bedrock-agentcore:PartiallyAuthorizeActions"],
                [self.engine_arn, gateway],
                reasons={
                    f"AwsSolutions-IAM5[Resource::{printed}]": "The id of a gateway is its name and ten characters "
                    "that AgentCore chooses when it makes it, which waits for this permission; names are unique"
                },
            ),
            Grant(
                ["kms:Decrypt", "kms:DescribeKey"],
                [self.key.key_arn],
                conditions={"StringEquals": {"kms:ViaService": f"bedrock-agentcore.{stack.region}.amazonaws.com"}},
            ),
        ]


LONGEST_NAME = 48
"""Characters of a policy's name (https://docs.aws.amazon.com/bedrock-agentcore-control/latest/APIReference/API_CreatePolicy.html)."""


def policy_name(environment: str, name: str) -> str:
    """A policy's name, which has to be unique in the account, where other environments may have the same policies.

    Args:
        environment: `<project>-<environment>`.
        name: the policy's name within the environment. A name that would be too long ends in a hash of the whole.
    """
    whole = f"{environment.replace('-', '_')}_{name}"
    if len(whole) <= LONGEST_NAME:
        return whole
    digest = hashlib.sha256(whole.encode()).hexdigest()[:8]
    return f"{whole[: LONGEST_NAME - len(digest) - 1]}_{digest}"


def add_policies(
    scope: Construct,
    policies: Sequence[PolicyText],
    *,
    environment: str,
    engine_id: str,
    gateway_arn: str,
    after: Sequence[IDependable] = (),
) -> list[agentcore.CfnPolicy]:
    """Put policies into an engine, one after the other.

    AgentCore checks a policy against the tools of the gateway, so that engine, gateway and targets come first. It takes
    five creations a second, and five of the reads by which CloudFormation waits for each
    (https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/bedrock-agentcore-limits.html#policy-throttling-limits),
    in the whole account: a chain keeps a stack from taking them all. The semantic check is on, which refuses a policy
    that permits everything or nothing
    (https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/policy-validation-overview.html).

    Args:
        scope: the construct that they belong to.
        policies: their texts.
        environment: `<project>-<environment>`, what their names begin with.
        engine_id: the engine.
        gateway_arn: what the placeholder in the texts stands for.
        after: what has to exist before them: the gateway's targets, where they are in the same stack.

    Returns:
        The policies, in the order in which they are made.
    """
    made: list[agentcore.CfnPolicy] = []
    for text in policies:
        policy = agentcore.CfnPolicy(
            scope,
            f"Policy-{text.name}",
            name=policy_name(environment, text.name),
            description=text.description,
            policy_engine_id=engine_id,
            definition={"cedar": {"statement": text.for_gateway(gateway_arn)}},
            validation_mode="FAIL_ON_ANY_FINDINGS",
        )
        policy.node.add_dependency(*after, *made[-1:])
        made.append(policy)
    return made
