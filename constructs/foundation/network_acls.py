"""Network ACLs of the three subnet tiers: what each tier needs, nothing else (R1).

ACLs are stateless, so the answers to an allowed connection come back to ephemeral ports
(https://docs.aws.amazon.com/vpc/latest/userguide/custom-network-acl.html#nacl-ephemeral-ports). Traffic within the VPC
is left to security groups; the ACLs keep the outside at HTTPS.
"""

from __future__ import annotations

from aws_cdk import aws_ec2 as ec2
from constructs import Construct

from foundation.acknowledge import acknowledge

_EPHEMERAL = ec2.AclTraffic.tcp_port_range(1024, 65535)
_HTTPS = ec2.AclTraffic.tcp_port(443)
_ALL = ec2.AclTraffic.all_traffic()
_INBOUND = ec2.TrafficDirection.INGRESS
_OUTBOUND = ec2.TrafficDirection.EGRESS


def add_network_acls(scope: Construct, *, vpc: ec2.Vpc) -> None:
    """Put an ACL on each subnet tier of `vpc`, whose groups are named Public, Private and Isolated."""
    inside = ec2.AclCidr.ipv4(vpc.vpc_cidr_block)
    anywhere = ec2.AclCidr.any_ipv4()
    for tier in ("Public", "Private", "Isolated"):
        acl = ec2.NetworkAcl(scope, f"{tier}Acl", vpc=vpc, subnet_selection=ec2.SubnetSelection(subnet_group_name=tier))
        acknowledge(acl, {"AwsSolutions-VPC3": "R1 asks for ACLs; these admit the VPC, HTTPS and its answers only"})
        acl.add_entry("FromVpc", cidr=inside, traffic=_ALL, direction=_INBOUND, rule_number=100)
        acl.add_entry("ToVpc", cidr=inside, traffic=_ALL, direction=_OUTBOUND, rule_number=100)
        # Answers from outside: AWS services, by NAT or by the S3 and DynamoDB gateway endpoints.
        acl.add_entry("Answers", cidr=anywhere, traffic=_EPHEMERAL, direction=_INBOUND, rule_number=200)
        acl.add_entry("HttpsOut", cidr=anywhere, traffic=_HTTPS, direction=_OUTBOUND, rule_number=200)
        if tier == "Public":
            # A load balancer's clients, and the answers to them.
            acl.add_entry("HttpsIn", cidr=anywhere, traffic=_HTTPS, direction=_INBOUND, rule_number=300)
            acl.add_entry("AnswersOut", cidr=anywhere, traffic=_EPHEMERAL, direction=_OUTBOUND, rule_number=300)
