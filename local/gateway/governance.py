"""Read what a gateway enforces besides its authorizer: interceptors, policy engine, rate limits.

What cannot be enforced on this machine becomes a sentence; a gateway with such a sentence is not served.
Sources: bedrock-agentcore-control API (GetGateway, ListPolicies, ListGatewayRateLimits), devguide
gateway-interceptors-configuration, policy-enforcement-modes, gateway-rate-limits.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal

from local.gateway.cedar import CedarError, cedar_policies
from local.gateway.configuration import (
    InterceptorRecord,
    PolicyEngineRecord,
    PolicyRecord,
    Rate,
    RateLimitEntry,
    RateLimitRecord,
)

if TYPE_CHECKING:
    from types_boto3_bedrock_agentcore_control import BedrockAgentCoreControlClient

_NEVER_ACTIVE = frozenset({"CREATING", "CREATE_FAILED"})
"""States of a policy that has not been enforced yet; in every other one its text is."""

_LIMIT_ENFORCED = frozenset({"ACTIVE", "UPDATING", "DELETING"})
_METRICS: tuple[Literal["requests", "connections"], ...] = ("requests", "connections")
_RESOLVED_KEY = re.compile(r"targetName|toolName|\$\.context\.jwt\..+")
_NEVER_RESOLVED_KEY = re.compile(r"qualifiedModelId|\$\.context\.iam\.(principal|sourceIdentity)")
"""Keys of inference targets and of callers that sign with IAM: AgentCore skips such a limit on an MCP gateway."""


def interceptor_at(answer: Mapping[str, Any], point: Literal["REQUEST", "RESPONSE"]) -> InterceptorRecord | None:
    """Return the interceptor of a GetGateway answer at one interception point; there is at most one."""
    for configuration in answer.get("interceptorConfigurations", ()):
        if point in configuration["interceptionPoints"]:
            return InterceptorRecord(
                function_arn=configuration["interceptor"]["lambda"]["arn"],
                pass_headers=configuration.get("inputConfiguration", {}).get("passRequestHeaders", False),
            )
    return None


def read_policy_engine(client: BedrockAgentCoreControlClient, answer: Mapping[str, Any]) -> PolicyEngineRecord | None:
    """Return the policy engine of a GetGateway answer with the policies that are in force, None without one.

    Raises botocore's ClientError, also when the engine does not exist.
    """
    configuration = answer.get("policyEngineConfiguration")
    if not configuration:
        return None
    engine_id = configuration["arn"].rpartition("/")[2]
    policies = []
    for page in client.get_paginator("list_policies").paginate(policyEngineId=engine_id):
        policies += [_policy(policy) for policy in page["policies"] if policy["status"] not in _NEVER_ACTIVE]
    return PolicyEngineRecord(
        arn=configuration["arn"],
        mode=configuration["mode"],
        policies=tuple(sorted(policies, key=lambda policy: policy.policy_id)),
    )


def _policy(policy: Mapping[str, Any]) -> PolicyRecord:
    definition = policy["definition"]
    source = definition.get("cedar") or definition.get("policy") or {}
    return PolicyRecord(
        policy_id=policy["policyId"],
        statement=source.get("statement", ""),
        enforced=policy.get("enforcementMode", "ACTIVE") == "ACTIVE",
    )


def read_rate_limits(client: BedrockAgentCoreControlClient, gateway_id: str) -> tuple[RateLimitRecord, ...]:
    """Return the gateway's rate limits that are in force; raises botocore's ClientError."""
    limits = []
    for page in client.get_paginator("list_gateway_rate_limits").paginate(gatewayIdentifier=gateway_id):
        limits += [_rate_limit(limit) for limit in page["rateLimits"] if limit["status"] in _LIMIT_ENFORCED]
    return tuple(sorted(limits, key=lambda limit: limit.rate_limit_id))


def _rate_limit(limit: Mapping[str, Any]) -> RateLimitRecord:
    keys = tuple(limit["dimensionKeys"])
    return RateLimitRecord(
        rate_limit_id=limit["rateLimitId"],
        keys=keys,
        entries=tuple(
            RateLimitEntry(values=tuple(entry["dimensions"][key] for key in keys), rates=tuple(_rates(entry)))
            for entry in limit["entries"]
        ),
    )


def _rates(entry: Mapping[str, Any]) -> Iterator[Rate]:
    """The rates that MCP requests use; tokens are counted for inference targets alone."""
    for metric in _METRICS:
        for rate in entry.get(metric, ()):
            yield Rate(metric=metric, rate=float(rate["rate"]), period=rate["period"])


def governance_refusals(
    answer: Mapping[str, Any], engine: PolicyEngineRecord | None, limits: tuple[RateLimitRecord, ...]
) -> list[str]:
    """Say what of these cannot be enforced here, a sentence each."""
    found = []
    for configuration in answer.get("interceptorConfigurations", ()):
        if "lambda" not in configuration["interceptor"]:
            found.append("it has an interceptor that is no Lambda function, which is not run here")
    for policy in engine.policies if engine else ():
        if policy.enforced:
            found += _cedar_problem(policy)
    for limit in limits:
        unknown = [
            key for key in limit.keys if not (_RESOLVED_KEY.fullmatch(key) or _NEVER_RESOLVED_KEY.fullmatch(key))
        ]
        if unknown:
            keys = ", ".join(unknown)
            found.append(f"its rate limit {limit.rate_limit_id} counts by {keys}, which is not enforced here")
    return found


def _cedar_problem(policy: PolicyRecord) -> list[str]:
    try:
        cedar_policies(policy.statement)
    except CedarError as error:
        return [
            f"its policy {policy.policy_id} is not plain Cedar, and temporal and guardrail conditions are not "
            f"evaluated here ({error})"
        ]
    return []
