"""Service quotas of the account: the `quotas` section of `config/<environment>.yaml`.

The defaults are AWS's. Where a quota can be raised, its new value belongs here, so that a synthesis refuses what the
account would refuse in the middle of a deployment. One environment is checked at a time: environments that share an
account share the quotas that are per account.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from foundation.rate_limit_values import MOST_ENTRIES
from stacks.settings.base import SettingsModel

Quota = Annotated[int, Field(ge=1)]


class QuotaSettings(SettingsModel):
    """Service quotas of the account that an environment's tenants count against (R19)."""

    clients_per_pool: Quota = 1000
    """App clients of a Cognito user pool (https://docs.aws.amazon.com/cognito/latest/developerguide/quotas.html)."""
    secrets: Quota = 500_000
    """Secrets of account and region (https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html)."""
    policies_per_engine: Annotated[int, Field(ge=1, le=1000)] = 1000
    """Policies of an AgentCore policy engine, which AWS does not raise
    (https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/bedrock-agentcore-limits.html)."""
    policy_bytes_per_gateway: Annotated[int, Field(ge=1, le=200_000)] = 200_000
    """Size of all policies that name one gateway, which AWS does not raise (the same page)."""
    kms_keys: Quota = 100_000
    """Customer-managed keys of account and region
    (https://docs.aws.amazon.com/kms/latest/developerguide/resource-limits.html)."""
    budgets: Quota = 20_000
    """Budgets of the account (https://docs.aws.amazon.com/cost-management/latest/userguide/management-limits.html)."""
    parameters: Quota = 10_000
    """Standard parameters of account and region in Systems Manager
    (https://docs.aws.amazon.com/general/latest/gr/ssm.html)."""
    stacks: Quota = 2000
    """Stacks of account and region
    (https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html)."""
    rate_limit_entries: Annotated[int, Field(ge=1, le=MOST_ENTRIES)] = MOST_ENTRIES
    """Entries of one of the gateway's rate limits, which AWS does not raise
    (https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/gateway-rate-limits.html)."""
