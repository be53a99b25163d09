"""CDK's functions that apply manifests, held to what the kit asks of its functions: in the VPC, exact roles, kept logs.

CDK makes two: one runs kubectl, the other calls it and tells CloudFormation (its provider framework). It offers no way
to shape the second, so its resources are changed where they stand.
"""

from __future__ import annotations

from importlib import import_module
from typing import TypeVar

from aws_cdk import (
    CfnResource,
    Stack,
    aws_ec2 as ec2,
    aws_iam as iam,
    aws_lambda as lambda_,
)
from constructs import Construct, IConstruct

from foundation.acknowledge import acknowledge, arn_as_printed
from foundation.cluster.naming import cluster_arn
from foundation.cluster.versions import layer_module
from foundation.function_runtime import VpcPlacement, runtime_statements
from foundation.log_group import LogKeeping

_OLD_RUNTIME = ("AwsSolutions-L1", "Serverless-LambdaLatestVersion")
_NO_RESERVATION = ("NIST.800.53.R5-LambdaConcurrency", "HIPAA.Security-LambdaConcurrency")
_NO_DEAD_LETTERS = ("Serverless-LambdaDLQ", "NIST.800.53.R5-LambdaDLQ", "HIPAA.Security-LambdaDLQ")

Resource = TypeVar("Resource", bound=CfnResource)

_FRAMEWORK_MEMORY_MB = 128
"""Memory of the function that waits for the other, in MiB; CDK leaves it to Lambda, whose default this is."""


def kubectl_layer(scope: Construct, *, kubernetes_version: str) -> lambda_.ILayerVersion:
    """The Lambda layer with kubectl of the cluster's version, from the package that holds it."""
    module = import_module(layer_module(kubernetes_version))
    [layer] = [getattr(module, name) for name in module.__all__ if name.endswith("Layer")]
    made: lambda_.ILayerVersion = layer(scope, "KubectlLayer")
    return made


class KubectlRuntime(Construct):
    """What CDK's function that runs kubectl needs before the cluster is there: role, security group, log group.

    Attributes:
        role: its role. CDK adds nothing to it.
        security_group: its security group: nothing in, HTTPS out.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        vpc: ec2.IVpc,
        subnets: ec2.SubnetSelection,
        cluster_name: str,
        log_keeping: LogKeeping,
    ) -> None:
        """Make role, security group and log group.

        Args:
            scope: the construct they belong to.
            construct_id: its id there.
            vpc: the cluster's VPC.
            subnets: where the functions run.
            cluster_name: the cluster's name.
            log_keeping: how their logs are kept; the key encrypts their variables too.
        """
        super().__init__(scope, construct_id)
        self._log_keeping = log_keeping
        self.security_group = ec2.SecurityGroup(
            self,
            "SecurityGroup",
            vpc=vpc,
            description="Functions that apply manifests: nothing in, HTTPS out",
            allow_all_outbound=False,
        )
        # The API server, and S3, which CloudFormation hears from and which answers from public addresses.
        self.security_group.add_egress_rule(ec2.Peer.any_ipv4(), ec2.Port.tcp(443), "HTTPS to the cluster and AWS")
        self._placement = VpcPlacement(vpc=vpc, subnets=subnets, security_group=self.security_group)
        self._log_group = log_keeping.log_group(self, "Logs")
        self.role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
            description="Applies manifests to the cluster; an access entry says what it may do there",
        )
        for statement in self._statements():
            self.role.add_to_policy(statement)
        self.role.add_to_policy(
            iam.PolicyStatement(actions=["eks:DescribeCluster"], resources=[cluster_arn(self, cluster_name)])
        )
        self._acknowledge_interfaces(self.role)

    def shape(self, cluster: Construct) -> None:
        """Hold the functions that CDK made below `cluster` to this."""
        provider = cluster.node.find_child("KubectlProvider")
        handler = provider.node.find_child("Handler")
        framework = provider.node.find_child("Provider").node.find_child("framework-onEvent")
        for function in (handler, framework):
            self._shape_function(function)
        framework_role = framework.node.find_child("ServiceRole")
        assert isinstance(framework_role, iam.Role)  # noqa: S101 - for the type checker
        policy = iam.Policy(self, "FrameworkRuntime", statements=self._statements(), roles=[framework_role])
        _resource(framework_role, iam.CfnRole).managed_policy_arns = None
        _resource(framework, lambda_.CfnFunction).add_resource_dependency(_resource(policy, iam.CfnPolicy))
        # CDK's condition for a policy that the role, which takes none, did not get.
        self.node.try_remove_child("HasEcrPublic")
        self._acknowledge_interfaces(policy)
        self._acknowledge_functions(provider, handler)

    def _shape_function(self, function: IConstruct) -> None:
        """One log group for both, with retention and key, variables under the key, traces."""
        function.node.try_remove_child("LogGroup")
        resource = _resource(function, lambda_.CfnFunction)
        resource.logging_config = lambda_.CfnFunction.LoggingConfigProperty(
            log_format="JSON", log_group=self._log_group.log_group_name
        )
        resource.kms_key_arn = self._log_keeping.key.key_arn
        resource.tracing_config = lambda_.CfnFunction.TracingConfigProperty(mode="Active")
        resource.memory_size = resource.memory_size or _FRAMEWORK_MEMORY_MB

    def _acknowledge_functions(self, provider: IConstruct, handler: IConstruct) -> None:
        printed = Stack.of(self).get_logical_id(_resource(handler, lambda_.CfnFunction))
        acknowledge(
            provider,
            {
                f"AwsSolutions-IAM5[Resource::<{printed}.Arn>:*]": "The grant of CDK's provider framework: versions "
                "and aliases of the one function that it calls, which has none",
                _OLD_RUNTIME: "CDK's own code, on the Python that this release of CDK tests it with "
                "(Runtime.determineLatestPythonRuntime); a new release of aws-cdk-lib raises it",
                _NO_RESERVATION: "CloudFormation calls it, once for each manifest of a deployment; a reservation would "
                "take from the account's limit all year",
                _NO_DEAD_LETTERS: "CloudFormation waits for its answer and fails the deployment without one; a "
                "dead-letter queue keeps events whose failure nobody notices: "
                "https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html",
            },
        )

    def _statements(self) -> list[iam.PolicyStatement]:
        """What Lambda does under the role of either function: logs, network interfaces, variables, traces."""
        return [
            *runtime_statements(self, log_group=self._log_group, placement=self._placement),
            iam.PolicyStatement(actions=["kms:Decrypt"], resources=[self._log_keeping.key.key_arn]),
            iam.PolicyStatement(actions=["xray:PutTelemetryRecords", "xray:PutTraceSegments"], resources=["*"]),
        ]

    def _acknowledge_interfaces(self, construct: IConstruct) -> None:
        interfaces = arn_as_printed(self, "ec2", "network-interface/*")
        acknowledge(
            construct,
            {
                "AwsSolutions-IAM5[Resource::*]": "X-Ray's write actions and EC2's DescribeNetworkInterfaces and "
                "DescribeSubnets know no resource types (service authorization reference); the Deny is on everything",
                f"AwsSolutions-IAM5[Resource::{interfaces}]": "A network interface has no name before it is created; "
                "subnet and security group are exact, and a Deny keeps the function's own code from these actions",
            },
        )


def _resource(construct: IConstruct, kind: type[Resource]) -> Resource:
    """The CloudFormation resource of an L2, which is of the type `kind`."""
    resource = construct.node.default_child
    assert isinstance(resource, kind)  # noqa: S101 - for the type checker
    return resource
