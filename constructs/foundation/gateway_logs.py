"""Delivery of a gateway's application logs to CloudWatch Logs and of its traces to X-Ray (R5, R22).

https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/observability-configure.html. CDK has no L2 for vended
log delivery to these destinations, hence the L1s. Traces can be searched once the account has CloudWatch Transaction
Search turned on, which is one setting per account and region and so not part of an environment's stacks.
"""

from __future__ import annotations

from aws_cdk import aws_logs as logs
from constructs import Construct

from foundation.log_group import LogKeeping


def deliver_gateway_logs(scope: Construct, *, name: str, gateway_arn: str, log_keeping: LogKeeping) -> logs.LogGroup:
    """Deliver what the gateway logs and traces.

    Args:
        scope: the construct that holds the gateway.
        name: the gateway's name, first part of the names of sources and destinations.
        gateway_arn: the gateway.
        log_keeping: how the logs are kept.

    Returns:
        The log group. Its name begins with /aws/vendedlogs/, for which Logs keeps one resource policy for all sources
        (https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-and-resource-policy.html).
    """
    group = log_keeping.log_group(scope, "Logs", name=f"/aws/vendedlogs/bedrock-agentcore/gateway/{name}")
    _deliver(scope, "Logs", name=f"{name}-logs", gateway_arn=gateway_arn, log_type="APPLICATION_LOGS", group=group)
    return group


def deliver_gateway_traces(scope: Construct, *, name: str, gateway_arn: str) -> None:
    """Deliver the gateway's traces to X-Ray.

    AWS refuses the delivery until CloudWatch Transaction Search is on, which is one setting per account and region and
    so not part of an environment's stacks
    (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch-Transaction-Search-getting-started.html).

    Args:
        scope: the construct that holds the gateway.
        name: the gateway's name, first part of the names of source and destination.
        gateway_arn: the gateway.
    """
    _deliver(scope, "Traces", name=f"{name}-traces", gateway_arn=gateway_arn, log_type="TRACES", group=None)


def _deliver(
    scope: Construct, kind: str, *, name: str, gateway_arn: str, log_type: str, group: logs.LogGroup | None
) -> None:
    """One source → destination pair; without a log group the destination is X-Ray."""
    source = logs.CfnDeliverySource(scope, f"{kind}Source", name=name, resource_arn=gateway_arn, log_type=log_type)
    destination = logs.CfnDeliveryDestination(
        scope,
        f"{kind}Destination",
        name=name,
        delivery_destination_type="CWL" if group else "XRAY",
        destination_resource_arn=group.log_group_arn if group else None,
    )
    delivery = logs.CfnDelivery(
        scope, f"{kind}Delivery", delivery_source_name=source.name, delivery_destination_arn=destination.attr_arn
    )
    delivery.add_resource_dependency(source)
