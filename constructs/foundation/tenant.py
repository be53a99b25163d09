"""Everything that one tenant has, so that removing it removes this and touches nothing else (R19)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aws_cdk import (
    ArnFormat,
    Duration,
    Stack,
    aws_budgets as budgets,
    aws_iam as iam,
    aws_kms as kms,
    aws_sns as sns,
    aws_ssm as ssm,
)
from constructs import Construct

from foundation.directory import Directory
from foundation.directory_entry import LARGEST_PARAMETER, entry_text
from foundation.log_group import LogKeeping
from foundation.machine_identity import MachineIdentity
from foundation.policy import add_policies
from foundation.policy_text import PolicyText
from foundation.rotated_secret import AgentCredentials
from foundation.secret_rotation import SecretRotation

TAG = "tenant"
"""Tag of everything that a tenant has, by which costs are told apart. Billing has to be told once to use it
(https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/activating-tags.html)."""


@dataclass(frozen=True, kw_only=True)
class AgentPlan:
    """One agent.

    Attributes:
        name: its name within the tenant.
        entry: what the directory says of it, which its tokens carry.
        scopes: `<server>/<scope>` that its tokens may have.
        suspended: whether it is refused by the settings.
        client_id: its client at an identity provider outside the kit; None with the kit's own pool.
        reader_arns: roles from outside the kit that may read its secret.
    """

    name: str
    entry: Mapping[str, Any]
    scopes: Sequence[str]
    suspended: bool = False
    client_id: str | None = None
    reader_arns: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class OwnPool:
    """The kit's own user pool, and how the secrets of its clients are kept.

    Attributes:
        identity: the pool.
        rotation: the function that writes secrets.
        secret_prefix: what their names begin with.
        rotate_every: time between rotations, in whole days.
    """

    identity: MachineIdentity
    rotation: SecretRotation
    secret_prefix: str
    rotate_every: Duration


@dataclass(frozen=True, kw_only=True)
class Budget:
    """What a tenant should cost in a month.

    Attributes:
        name: the budget's name, unique in the account.
        usd: US dollars.
        topic: what is told when it is nearly spent, spent, or forecast to be; its policy must admit AWS Budgets.
    """

    name: str
    usd: int
    topic: sns.ITopic


_WARNINGS = (("ACTUAL", 80), ("ACTUAL", 100), ("FORECASTED", 100))
"""When a budget warns: kind of cost, and percent of the budget."""


class Tenant(Construct):
    """A tenant's agents, log group, policies and budget, all data under the tenant's key.

    Attributes:
        credentials: the secret of each agent, by the agent's name; none with an identity provider outside the kit.
        log_group: where the records of its agents' calls are copied to.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        tenant: str,
        agents: Sequence[AgentPlan],
        suspended: bool,
        pool: OwnPool | None,
        directory: Directory,
        log_keeping: LogKeeping,
        log_group_name: str,
        budget: Budget | None,
    ) -> None:
        """Make what the tenant has, but for its policies.

        Args:
            scope: the tenant's stack.
            construct_id: its id there.
            tenant: its name.
            agents: its agents.
            suspended: whether all of them are refused by the settings.
            pool: where its agents have their clients; None with an identity provider outside the kit.
            directory: where agents and suspensions stand.
            log_keeping: how its logs are kept; the key is the tenant's own and encrypts its secrets too.
            log_group_name: name of its log group.
            budget: what it should cost; None for no budget.

        Raises:
            ValueError: an agent's entry is too long for the directory, or it has no client.
        """
        super().__init__(scope, construct_id)
        self._tenant, self._directory, self._keeping = tenant, directory, log_keeping
        self.log_group = log_keeping.log_group(self, "Logs", name=log_group_name)
        if pool:
            _allow_rotation(log_keeping.key, pool, tenant)
        self.credentials: dict[str, AgentCredentials] = {}
        for agent in agents:
            self._add_agent(agent, pool)
        if suspended:
            self._suspend("Suspension", tenant)
        if budget:
            self._budget(budget)

    def add_policies(
        self, policies: Sequence[PolicyText], *, environment: str, engine_id: str, gateway_arn: str
    ) -> None:
        """Put the policies of the tenant's own groups into the engine of `environment`'s gateway."""
        add_policies(self, policies, environment=environment, engine_id=engine_id, gateway_arn=gateway_arn)

    def _add_agent(self, agent: AgentPlan, pool: OwnPool | None) -> None:
        name = f"{self._tenant}/{agent.name}"
        scope = Construct(self, f"Agent-{agent.name}")
        client_id = self._client(scope, agent, pool) if pool else agent.client_id
        if client_id is None:
            raise ValueError(f"{name} has no client: name the one that it has at the identity provider.")
        value = entry_text(agent.entry)
        if len(value) > LARGEST_PARAMETER:
            raise ValueError(
                f"The directory's entry of {name} has {len(value)} characters and a parameter {LARGEST_PARAMETER}: "
                "grant its groups whole servers, as <server>/*, or fewer tools."
            )
        entry = ssm.CfnParameter(
            scope,
            "Entry",
            type="String",
            name=self._directory.agent(client_id),
            description=f"What tokens say of {name}",
            value=value,
        )
        if credentials := self.credentials.get(agent.name):
            # The first rotation asks for a token, which only a client gets that is in the directory.
            credentials.schedule.node.add_dependency(entry)
        if agent.suspended:
            self._suspend(f"Suspension-{agent.name}", name)

    def _client(self, scope: Construct, agent: AgentPlan, pool: OwnPool) -> str:
        """The agent's client in the pool, with the secret that holds its credentials."""
        client = pool.identity.add_client(scope, "Client", name=f"{self._tenant}.{agent.name}", scopes=agent.scopes)
        client_id: str = client.attr_client_id
        name = f"{self._tenant}/{agent.name}"
        self.credentials[agent.name] = AgentCredentials(
            scope,
            "Credentials",
            name=f"{pool.secret_prefix}{name}",
            agent=name,
            client_id=client_id,
            rotation=pool.rotation,
            rotate_every=pool.rotate_every,
            key=self._keeping.key,
            reader_arns=agent.reader_arns,
            retain=self._keeping.retain,
        )
        return client_id

    def _suspend(self, construct_id: str, subject: str) -> None:
        """The parameter that makes the gateway refuse `subject` within seconds, before its tokens expire.

        It has no time: the same settings make the same template, and Parameter Store knows when it was put there.
        """
        ssm.CfnParameter(
            self,
            construct_id,
            type="String",
            name=self._directory.suspension(subject),
            description=f"Suspended by its settings: {subject}",
            value=json.dumps({"subject": subject, "reason": "suspended by its settings", "by": "settings", "at": None}),
        )

    def _budget(self, budget: Budget) -> None:
        """https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-budgets-budget-budgetdata.html."""
        budgets.CfnBudget(
            self,
            "Budget",
            budget={
                "budgetName": budget.name,
                "budgetType": "COST",
                "timeUnit": "MONTHLY",
                "budgetLimit": {"amount": budget.usd, "unit": "USD"},
                "costFilters": {"TagKeyValue": [f"user:{TAG}${self._tenant}"]},
            },
            notifications_with_subscribers=[
                {
                    "notification": {
                        "notificationType": kind,
                        "comparisonOperator": "GREATER_THAN",
                        "threshold": percent,
                        "thresholdType": "PERCENTAGE",
                    },
                    "subscribers": [{"subscriptionType": "SNS", "address": budget.topic.topic_arn}],
                }
                for kind, percent in _WARNINGS
            ],
        )


def _allow_rotation(key: kms.Key, pool: OwnPool, tenant: str) -> None:
    """Let the rotation function use a tenant's key for the tenant's secrets.

    The key says so, not the function's role: a new tenant must not change anything outside its stack.
    """
    secrets = Stack.of(key).format_arn(
        service="secretsmanager",
        resource="secret",
        resource_name=f"{pool.secret_prefix}{tenant}/*",
        arn_format=ArnFormat.COLON_RESOURCE_NAME,
    )
    key.add_to_resource_policy(
        iam.PolicyStatement(
            sid="Rotation",
            principals=[iam.ArnPrincipal(pool.rotation.role.role_arn)],
            actions=["kms:Decrypt", "kms:GenerateDataKey"],
            resources=["*"],  # a key's own policy: the key
            conditions={"StringLike": {"kms:EncryptionContext:SecretARN": secrets}},
        )
    )
