"""The network of an environment (R1)."""

from __future__ import annotations

from aws_cdk import Fn
from constructs import Construct

from foundation.acknowledge import acknowledge
from foundation.network import Network
from stacks.foundation_stack import FoundationStack
from stacks.settings import MOST_ZONES, Settings


class NetworkStack(FoundationStack):
    """VPC, endpoints, flow logs.

    Attributes:
        network: the VPC with its subnets and security groups.
    """

    def __init__(self, scope: Construct, *, settings: Settings) -> None:
        """Make the stack from the environment's `network` section."""
        super().__init__(scope, "network", settings=settings, description="VPC, endpoints and flow logs")
        network = settings.environment.network
        key = self.key("LogKey", alias="network-logs", description="VPC flow logs")
        self.network = Network(
            self,
            "Network",
            cidr=network.cidr,
            availability_zones=network.availability_zones,
            reserved_zones=MOST_ZONES - network.availability_zones,
            nat_gateways=network.nat_gateways,
            public_mask=network.subnet_masks.public,
            private_mask=network.subnet_masks.private,
            isolated_mask=network.subnet_masks.isolated,
            interface_endpoints=network.interface_endpoints,
            log_keeping=self.log_keeping(key),
        )
        if network.zones:
            acknowledge(
                self.network.vpc,
                {
                    "CloudFormation-Validate::W3010": "The settings name the zones on purpose (network.zones): "
                    "Fn::GetAZs does not promise an order, and subnets in use cannot move"
                },
            )
        self.output("VpcId", self.network.vpc.vpc_id, "The environment's VPC")

    @property
    def availability_zones(self) -> list[str]:
        """The zones that the settings name, or the first ones of whatever account the stack goes to.

        CDK would look them up in the account, which takes credentials, or stop at two zones without one.
        """
        if self.settings.environment.network.zones:
            return list(self.settings.environment.network.zones)
        return [Fn.select(index, Fn.get_azs()) for index in range(self.settings.environment.network.availability_zones)]
