"""How the gateway reaches a target without a public address, through VPC Lattice.

https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/gateway-private-endpoints.html. The Lattice resources are
made with the deployer's permissions and a service-linked role, so that the gateway's role needs none for it.
"""

from __future__ import annotations

from dataclasses import dataclass

from foundation.function import VpcPlacement
from foundation.targets.interface import Properties


@dataclass(frozen=True, kw_only=True)
class ManagedEndpoint:
    """AgentCore makes the Lattice resource.

    Attributes:
        placement: VPC, subnets and security group that requests come from.
        routing_domain: public name that leads to the target in the VPC, where the URL's own does not.
    """

    placement: VpcPlacement
    routing_domain: str | None = None

    @property
    def configuration(self) -> Properties:
        """The property `PrivateEndpoint`."""
        chosen = self.placement.vpc.select_subnets(subnet_group_name=self.placement.subnets.subnet_group_name)
        resource = {
            "vpcIdentifier": self.placement.vpc.vpc_id,
            "subnetIds": chosen.subnet_ids,
            "securityGroupIds": [self.placement.security_group.security_group_id],
            "endpointIpAddressType": "IPV4",
        }
        if self.routing_domain:
            resource["routingDomain"] = self.routing_domain
        return {"managedVpcResource": resource}


@dataclass(frozen=True, kw_only=True)
class SelfManagedEndpoint:
    """A Lattice resource configuration that exists.

    Attributes:
        resource_configuration: its id or ARN.
    """

    resource_configuration: str

    @property
    def configuration(self) -> Properties:
        """The property `PrivateEndpoint`."""
        return {"selfManagedLatticeResource": {"resourceConfigurationIdentifier": self.resource_configuration}}


PrivateEndpoint = ManagedEndpoint | SelfManagedEndpoint
