"""Where an agent's facts and a tenant's suspension stand: SSM parameters that change without any function's deployment.

One parameter an agent, named by its client, holds what its tokens say of it; one a suspended tenant or agent says so.
Both are made by the tenant's stack; a suspension by command is put beside them, which no template touches.
"""

from __future__ import annotations

from dataclasses import dataclass

from aws_cdk import aws_iam as iam
from constructs import Construct, IConstruct

from foundation.parameters import acknowledge_paths, read_all, read_each


@dataclass(frozen=True, kw_only=True)
class Directory:
    """The paths of one environment.

    Attributes:
        agents: what the names of agents' parameters begin with, like `/foundation/dev/agents`.
        suspended: what those of suspensions begin with, like `/foundation/dev/suspended`.
    """

    agents: str
    suspended: str

    def agent(self, client_id: str) -> str:
        """The name of an agent's parameter."""
        return f"{self.agents}/{client_id}"

    def suspension(self, subject: str) -> str:
        """The name of the parameter by which the settings suspend `<tenant>` or `<tenant>/<agent>`."""
        return f"{self.suspended}/by-setting/{subject}"

    def read_agents(self, scope: Construct) -> iam.PolicyStatement:
        """A statement that allows looking an agent up."""
        return read_each(scope, self.agents)

    def read_suspensions(self, scope: Construct) -> iam.PolicyStatement:
        """A statement that allows reading who is suspended."""
        return read_all(scope, self.suspended)

    def acknowledge_agents(self, construct: IConstruct) -> None:
        """Accept that a role reads every agent's parameter."""
        acknowledge_paths(
            construct,
            {
                self.agents: "It looks up whichever agent calls, and a new agent must not change its role; the path "
                "holds agents' parameters alone (stacks/tenant_stack.py)"
            },
        )

    def acknowledge_suspensions(self, construct: IConstruct) -> None:
        """Accept that a role reads every suspension."""
        acknowledge_paths(
            construct,
            {
                self.suspended: "It has to know everyone who is suspended; the path holds suspensions alone "
                "(stacks/tenant_stack.py, and the suspension by command)"
            },
        )
