"""How the gateway reaches a target that has no public address: VPC Lattice.

https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/gateway-private-endpoints.html
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from stacks.settings.base import SettingsModel, text


class ManagedEndpoint(SettingsModel):
    """AgentCore makes the Lattice resource, in the private subnets of the environment's VPC."""

    kind: Literal["managed"]
    """The kind of endpoint."""
    routing_domain: (
        Annotated[
            str, text(r"^[A-Za-z0-9.-]{3,255}$", wanted="a public domain name that leads to the target in the VPC")
        ]
        | None
    ) = None
    """Name that Lattice resolves instead of the URL's, when that one is not resolvable in public: a load balancer's."""


class SelfManagedEndpoint(SettingsModel):
    """A Lattice resource configuration that exists already, perhaps shared from another account."""

    kind: Literal["self-managed"]
    """The kind of endpoint."""
    resource_configuration: Annotated[
        str,
        text(
            r"^(rcfg-[0-9a-z]{17}|arn:aws:vpc-lattice:[a-z0-9-]+:\d{12}:resourceconfiguration/rcfg-[0-9a-z]{17})$",
            wanted="the id or ARN of a VPC Lattice resource configuration, like rcfg-0123456789abcdef0",
        ),
    ]
    """Its id, or its ARN when it is another account's."""


PrivateEndpoint = Annotated[ManagedEndpoint | SelfManagedEndpoint, Field(discriminator="kind")]
