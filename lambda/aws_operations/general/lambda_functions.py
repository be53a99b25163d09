"""Reads Lambda: functions, their configuration, versions, aliases, triggers, concurrency and who may invoke them.

GetFunction also hands out a link to the code (https://docs.aws.amazon.com/lambda/latest/api/API_GetFunction.html), so
the tool takes GetFunctionConfiguration. That answers with the values of environment variables; they often are secrets,
so only the names are shown.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from aws_operations.general.server import server
from toolkit import Answer, Aws, Page, given

if TYPE_CHECKING:
    from types_boto3_lambda import LambdaClient

Item = Mapping[str, Any]

functions = server.family(
    "lambda_read_operations",
    "Read Lambda without changing anything: functions, their configuration, versions, aliases, event source mappings, "
    "concurrency, function URLs and resource policies. Values of environment variables and code are never shown.",
    self_check={"operation": "list_functions", "page_size": 1},
)


@functions.operation(actions=["lambda:ListFunctions"])
def list_functions(aws: Aws, page: Page) -> Answer:
    """List the functions of the region with runtime, memory and time limit."""
    client: LambdaClient = aws.client("lambda")
    found = client.list_functions(**page.request("MaxItems", "Marker", most=50))
    return {
        "functions": [_function(item) for item in found["Functions"]],
        "next_page_token": found.get("NextMarker"),
    }


@functions.operation(actions=["lambda:GetFunctionConfiguration on function"])
def get_function_configuration(aws: Aws, function: str, qualifier: str = "") -> Answer:
    """Show a function's state, role, network, layers, logging, tracing and the names of its environment variables.

    Args:
        function: The function's name or ARN.
        qualifier: A version or an alias; the unpublished version when left out.
    """
    client: LambdaClient = aws.client("lambda")
    found = client.get_function_configuration(FunctionName=function, **given(Qualifier=qualifier))
    environment: Mapping[str, Any] = found.get("Environment", {})
    network: Mapping[str, Any] = found.get("VpcConfig", {})
    return {
        **_function(found),
        "state": found.get("State"),
        "state_reason": found.get("StateReason"),
        "last_update": found.get("LastUpdateStatus"),
        "last_update_reason": found.get("LastUpdateStatusReason"),
        "role": found.get("Role"),
        "architectures": found.get("Architectures", []),
        "ephemeral_storage_mb": found.get("EphemeralStorage", {}).get("Size"),
        "code_sha256": found.get("CodeSha256"),
        "code_size_bytes": found.get("CodeSize"),
        "environment_variable_names": sorted(environment.get("Variables", {})),
        "environment_error": environment.get("Error", {}).get("ErrorCode"),
        "environment_kms_key": found.get("KMSKeyArn"),
        "layers": [layer["Arn"] for layer in found.get("Layers", [])],
        "vpc_id": network.get("VpcId") or None,
        "subnet_ids": network.get("SubnetIds", []),
        "security_group_ids": network.get("SecurityGroupIds", []),
        "dead_letter_target": found.get("DeadLetterConfig", {}).get("TargetArn"),
        "tracing": found.get("TracingConfig", {}).get("Mode"),
        "log_group": found.get("LoggingConfig", {}).get("LogGroup"),
        "log_format": found.get("LoggingConfig", {}).get("LogFormat"),
    }


@functions.operation(actions=["lambda:ListVersionsByFunction on function"])
def list_versions(aws: Aws, page: Page, function: str) -> Answer:
    """List a function's published versions, and the unpublished one as $LATEST."""
    client: LambdaClient = aws.client("lambda")
    found = client.list_versions_by_function(FunctionName=function, **page.request("MaxItems", "Marker", most=50))
    versions = [
        {**_function(item), "version": item.get("Version"), "code_sha256": item.get("CodeSha256")}
        for item in found["Versions"]
    ]
    return {"versions": versions, "next_page_token": found.get("NextMarker")}


@functions.operation(actions=["lambda:ListAliases on function"])
def list_aliases(aws: Aws, page: Page, function: str) -> Answer:
    """List a function's aliases: the version each points at, and the share of calls that goes to a second one."""
    client: LambdaClient = aws.client("lambda")
    found = client.list_aliases(FunctionName=function, **page.request("MaxItems", "Marker"))
    aliases = [
        {
            "name": item["Name"],
            "version": item["FunctionVersion"],
            "share_by_other_version": item.get("RoutingConfig", {}).get("AdditionalVersionWeights", {}),
            "description": item.get("Description"),
            "arn": item["AliasArn"],
        }
        for item in found["Aliases"]
    ]
    return {"aliases": aliases, "next_page_token": found.get("NextMarker")}


@functions.operation(actions=["lambda:ListEventSourceMappings"])
def list_event_source_mappings(aws: Aws, page: Page, function: str = "", event_source_arn: str = "") -> Answer:
    """List what Lambda reads queues, streams and the like with: source, function, state, batches, last result.

    Args:
        event_source_arn: Only the mappings from this source.
    """
    client: LambdaClient = aws.client("lambda")
    found = client.list_event_source_mappings(
        **page.request("MaxItems", "Marker"), **given(FunctionName=function, EventSourceArn=event_source_arn)
    )
    return {
        "event_source_mappings": [_mapping(item) for item in found["EventSourceMappings"]],
        "next_page_token": found.get("NextMarker"),
    }


@functions.operation(actions=["lambda:GetFunctionConcurrency on function"])
def get_reserved_concurrency(aws: Aws, function: str) -> Answer:
    """Show how many calls of a function may run at once; null when it shares what the account has left."""
    client: LambdaClient = aws.client("lambda")
    found = client.get_function_concurrency(FunctionName=function)
    return {"function": function, "reserved_concurrency": found.get("ReservedConcurrentExecutions")}


@functions.operation(actions=["lambda:ListProvisionedConcurrencyConfigs on function"])
def list_provisioned_concurrency(aws: Aws, page: Page, function: str) -> Answer:
    """List the versions and aliases of a function that have environments kept ready: wanted, ready, in what state."""
    client: LambdaClient = aws.client("lambda")
    found = client.list_provisioned_concurrency_configs(
        FunctionName=function, **page.request("MaxItems", "Marker", most=50)
    )
    configurations = [
        {
            "arn": item["FunctionArn"],
            "requested": item["RequestedProvisionedConcurrentExecutions"],
            "allocated": item["AllocatedProvisionedConcurrentExecutions"],
            "available": item["AvailableProvisionedConcurrentExecutions"],
            "status": item["Status"],
            "status_reason": item.get("StatusReason"),
        }
        for item in found["ProvisionedConcurrencyConfigs"]
    ]
    return {"provisioned_concurrency": configurations, "next_page_token": found.get("NextMarker")}


@functions.operation(actions=["lambda:GetAccountSettings"])
def get_account_limits(aws: Aws) -> Answer:
    """Show the region's limits of concurrency and code size, and what is used of them."""
    client: LambdaClient = aws.client("lambda")
    found = client.get_account_settings()
    limit, usage = found["AccountLimit"], found["AccountUsage"]
    return {
        "concurrent_executions": limit["ConcurrentExecutions"],
        "unreserved_concurrent_executions": limit["UnreservedConcurrentExecutions"],
        "code_size_limit_bytes": limit["TotalCodeSize"],
        "code_size_used_bytes": usage["TotalCodeSize"],
        "function_count": usage["FunctionCount"],
    }


@functions.operation(actions=["lambda:GetFunctionEventInvokeConfig on function"])
def get_asynchronous_invocation(aws: Aws, function: str, qualifier: str = "") -> Answer:
    """Show how asynchronous calls of a function are retried and where their results go."""
    client: LambdaClient = aws.client("lambda")
    found = client.get_function_event_invoke_config(FunctionName=function, **given(Qualifier=qualifier))
    destinations: Mapping[str, Any] = found.get("DestinationConfig", {})
    return {
        "arn": found["FunctionArn"],
        "maximum_retries": found.get("MaximumRetryAttempts"),
        "maximum_age_seconds": found.get("MaximumEventAgeInSeconds"),
        "on_success": destinations.get("OnSuccess", {}).get("Destination"),
        "on_failure": destinations.get("OnFailure", {}).get("Destination"),
    }


@functions.operation(actions=["lambda:ListFunctionUrlConfigs on function"])
def list_function_urls(aws: Aws, page: Page, function: str) -> Answer:
    """List a function's URLs: who may call them, from which web pages, and whether they stream."""
    client: LambdaClient = aws.client("lambda")
    found = client.list_function_url_configs(FunctionName=function, **page.request("MaxItems", "Marker", most=50))
    urls = [
        {
            "url": item["FunctionUrl"],
            "arn": item["FunctionArn"],
            "authorization": item["AuthType"],
            "invoke_mode": item.get("InvokeMode"),
            "cors": item.get("Cors"),
        }
        for item in found["FunctionUrlConfigs"]
    ]
    return {"function_urls": urls, "next_page_token": found.get("NextMarker")}


@functions.operation(actions=["lambda:GetPolicy on function"])
def get_resource_policy(aws: Aws, function: str, qualifier: str = "") -> Answer:
    """Show a function's resource policy: which services and accounts may invoke it."""
    client: LambdaClient = aws.client("lambda")
    found = client.get_policy(FunctionName=function, **given(Qualifier=qualifier))
    return {"function": function, "policy": json.loads(found["Policy"])}


def _function(item: Item) -> dict[str, Any]:
    return {
        "name": item["FunctionName"],
        "arn": item["FunctionArn"],
        "description": item.get("Description"),
        "package_type": item.get("PackageType"),
        "runtime": item.get("Runtime"),
        "handler": item.get("Handler"),
        "memory_mb": item.get("MemorySize"),
        "timeout_seconds": item.get("Timeout"),
        "last_modified": item.get("LastModified"),
    }


def _mapping(item: Item) -> dict[str, Any]:
    return {
        "id": item["UUID"],
        "event_source_arn": item.get("EventSourceArn"),
        "function_arn": item.get("FunctionArn"),
        "state": item.get("State"),
        "state_reason": item.get("StateTransitionReason"),
        "last_result": item.get("LastProcessingResult"),
        "batch_size": item.get("BatchSize"),
        "batching_window_seconds": item.get("MaximumBatchingWindowInSeconds"),
        "maximum_retries": item.get("MaximumRetryAttempts"),
        "maximum_concurrency": item.get("ScalingConfig", {}).get("MaximumConcurrency"),
        "on_failure": item.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination"),
        "filters": [entry["Pattern"] for entry in item.get("FilterCriteria", {}).get("Filters", [])],
    }
