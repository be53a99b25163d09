"""The VPC: subnets in three tiers, endpoints, flow logs, closed defaults (R1)."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import ArnFormat, Fn, Stack, aws_ec2 as ec2, aws_iam as iam
from constructs import Construct

from foundation.acknowledge import acknowledge, compliance
from foundation.default_security_group import keep_restrictor_logs
from foundation.function_runtime import VpcPlacement
from foundation.log_group import LogKeeping
from foundation.network_acls import add_network_acls

DATA_SERVICES = frozenset({"dynamodb", "s3", "secretsmanager", "sns", "sqs"})
"""Services through which data could be carried to somebody else's account."""
GATEWAY_ENDPOINT_SERVICE = "bedrock-agentcore.gateway"


class Network(Construct):
    """A VPC with public, private and isolated subnets in every zone.

    Attributes:
        vpc: the VPC.
        private_subnets: where functions and pods run: with a route out through NAT, or to endpoints alone.
        workloads: security group of what runs in the private subnets: no way in, HTTPS out.
        placement: the private subnets behind that group, as functions take it.
        endpoint_cidrs: address ranges of the isolated subnets, as text: the interface endpoints are there and no pod
            is, so that a rule can admit the endpoints by address.
        endpoints: security group of the interface endpoints, which admit `workloads` and whatever else is added; None
            where there are none.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        cidr: str,
        availability_zones: int,
        reserved_zones: int,
        nat_gateways: int,
        public_mask: int,
        private_mask: int,
        isolated_mask: int,
        interface_endpoints: Sequence[str],
        log_keeping: LogKeeping,
    ) -> None:
        """Make the VPC.

        Args:
            scope: the stack it belongs to.
            construct_id: its id there.
            cidr: address range.
            availability_zones: how many zones the stack spreads over.
            reserved_zones: how many more addresses are set aside for. Without them, one zone more would move the
                addresses of every subnet, which CloudFormation refuses to do under running workloads.
            nat_gateways: how many; 0 leaves the private subnets with endpoints alone.
            public_mask: prefix length of each public subnet; likewise the next two.
            private_mask: of each private subnet.
            isolated_mask: of each isolated subnet.
            interface_endpoints: last parts of `com.amazonaws.<region>.<service>`.
            log_keeping: how the flow logs are kept.
        """
        super().__init__(scope, construct_id)
        private_type = ec2.SubnetType.PRIVATE_WITH_EGRESS if nat_gateways else ec2.SubnetType.PRIVATE_ISOLATED
        tiers = [
            ("Public", ec2.SubnetType.PUBLIC, public_mask),
            ("Private", private_type, private_mask),
            ("Isolated", ec2.SubnetType.PRIVATE_ISOLATED, isolated_mask),
        ]
        self.vpc = ec2.Vpc(
            self,
            "Vpc",
            ip_addresses=ec2.IpAddresses.cidr(cidr),
            max_azs=availability_zones,
            reserved_azs=reserved_zones,
            nat_gateways=nat_gateways,
            # Largest first: blocks of powers of two then fill the range without gaps.
            subnet_configuration=[
                ec2.SubnetConfiguration(
                    name=name,
                    subnet_type=subnet_type,
                    cidr_mask=mask,
                    map_public_ip_on_launch=False if subnet_type == ec2.SubnetType.PUBLIC else None,
                )
                for name, subnet_type, mask in sorted(tiers, key=lambda tier: tier[2])
            ],
            restrict_default_security_group=True,
        )
        for subnet in self.vpc.public_subnets:
            acknowledge(
                subnet,
                {
                    compliance("VPCNoUnrestrictedRouteToIGW"): "A public subnet is one with this route; it holds "
                    "NAT gateways and load balancers only, and MapPublicIpOnLaunch is false"
                },
            )
        self.private_subnets = ec2.SubnetSelection(subnet_group_name="Private")
        self._isolated_subnets = ec2.SubnetSelection(subnet_group_name="Isolated")
        self.endpoint_cidrs = [
            subnet.ipv4_cidr_block for subnet in self.vpc.select_subnets(subnet_group_name="Isolated").subnets
        ]
        self.workloads = self._workload_security_group()
        self.placement = VpcPlacement(vpc=self.vpc, subnets=self.private_subnets, security_group=self.workloads)
        group = log_keeping.log_group(self, "FlowLogGroup")
        self.vpc.add_flow_log("FlowLog", destination=ec2.FlowLogDestination.to_cloud_watch_logs(group))
        keep_restrictor_logs(self, vpc=self.vpc, log_keeping=log_keeping)
        self._add_gateway_endpoints()
        self._add_interface_endpoints(interface_endpoints)
        add_network_acls(self, vpc=self.vpc)

    def _workload_security_group(self) -> ec2.SecurityGroup:
        group = ec2.SecurityGroup(
            self,
            "Workloads",
            vpc=self.vpc,
            description="Functions and pods: nothing in, HTTPS out",
            allow_all_outbound=False,
        )
        # S3 and DynamoDB answer from public addresses even through gateway endpoints, so the range cannot be narrower;
        # without NAT there is no route to anything else.
        group.add_egress_rule(ec2.Peer.any_ipv4(), ec2.Port.tcp(443), "HTTPS to AWS services")
        return group

    def _add_gateway_endpoints(self) -> None:
        s3 = self.vpc.add_gateway_endpoint("S3", service=ec2.GatewayVpcEndpointAwsService.S3)
        s3.add_to_policy(_endpoint_statement(self, "s3"))
        # Image layers come from a bucket of ECR's, by URLs that ECR signed:
        # https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html#ecr-minimum-s3-perms
        region = Stack.of(self).region
        s3.add_to_policy(
            iam.PolicyStatement(
                principals=[iam.AnyPrincipal()],
                actions=["s3:GetObject"],
                resources=[f"arn:{Stack.of(self).partition}:s3:::prod-{region}-starport-layer-bucket/*"],
            )
        )
        # Custom resources in the VPC answer with a URL that CloudFormation signed, into a bucket of AWS's:
        # https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cfn-vpce-bucketnames.html
        without_dashes = Fn.join("", Fn.split("-", region))
        s3.add_to_policy(
            iam.PolicyStatement(
                principals=[iam.AnyPrincipal()],
                actions=["s3:PutObject"],
                resources=[
                    f"arn:{Stack.of(self).partition}:s3:::cloudformation-custom-resource-response-{without_dashes}/*"
                ],
            )
        )
        dynamodb = self.vpc.add_gateway_endpoint("DynamoDb", service=ec2.GatewayVpcEndpointAwsService.DYNAMODB)
        dynamodb.add_to_policy(_endpoint_statement(self, "dynamodb"))

    def _add_interface_endpoints(self, services: Sequence[str]) -> None:
        self.endpoints: ec2.SecurityGroup | None = None
        if not services:
            return
        group = self.endpoints = ec2.SecurityGroup(
            self,
            "Endpoints",
            vpc=self.vpc,
            description="Interface endpoints: HTTPS from workloads",
            allow_all_outbound=False,
        )
        group.add_ingress_rule(self.workloads, ec2.Port.tcp(443), "HTTPS from workloads")
        for service in services:
            endpoint = self.vpc.add_interface_endpoint(
                "".join(part.capitalize() for part in service.replace(".", "-").split("-")),
                service=ec2.InterfaceVpcEndpointAwsService(service),
                subnets=self._isolated_subnets,
                security_groups=[group],
                open=False,
            )
            endpoint.add_to_policy(_endpoint_statement(self, service))


def _endpoint_statement(scope: Construct, service: str) -> iam.PolicyStatement:
    """Who may use an endpoint, and to reach what: principals of this account, and where data is kept, its data alone.

    The gateway's endpoint is the exception: its callers carry OAuth tokens and are no IAM principals, so a condition on
    the principal would refuse them all (https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/vpc-interface-endpoints.html).
    There the resources are this account's gateways, and their authorizer decides.
    """
    stack = Stack.of(scope)
    if service == GATEWAY_ENDPOINT_SERVICE:
        gateways = stack.format_arn(
            service="bedrock-agentcore", resource="gateway", resource_name="*", arn_format=ArnFormat.SLASH_RESOURCE_NAME
        )
        return iam.PolicyStatement(principals=[iam.AnyPrincipal()], actions=["*"], resources=[gateways])
    of_this_account = {"aws:PrincipalAccount": stack.account}
    if service in DATA_SERVICES:
        of_this_account["aws:ResourceAccount"] = stack.account
    return iam.PolicyStatement(
        principals=[iam.AnyPrincipal()], actions=["*"], resources=["*"], conditions={"StringEquals": of_this_account}
    )
