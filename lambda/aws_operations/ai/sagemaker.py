"""Reads SageMaker AI: endpoints and what they serve, models, training, processing and batch transform jobs, pipelines.

Environment variables, hyperparameters and container arguments can be credentials: names are shown, never values.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from aws_operations.ai.server import server
from toolkit import Answer, Aws, Page, given

Item = Mapping[str, Any]

sagemaker = server.family(
    "sagemaker_read_operations",
    "Read SageMaker AI without changing anything: endpoints, models, training, processing and batch transform jobs, "
    "pipelines. Lists begin with the newest.",
    self_check={"operation": "list_endpoints", "page_size": 1},
)


@sagemaker.operation(actions=["sagemaker:ListEndpoints"])
def list_endpoints(aws: Aws, page: Page, name_contains: str = "", status: str = "") -> Answer:
    """List the endpoints with their states.

    Args:
        name_contains: Only what has this in its name.
        status: Only what is in this state: of endpoints such as InService, Updating or Failed; of jobs InProgress,
            Completed, Failed, Stopping or Stopped.
    """
    found = aws.client("sagemaker").list_endpoints(**_request(page, name_contains, status))
    endpoints = [
        {"name": item["EndpointName"], "status": item["EndpointStatus"], **_times(item)} for item in found["Endpoints"]
    ]
    return {"endpoints": endpoints, "next_page_token": found.get("NextToken")}


@sagemaker.operation(actions=["sagemaker:DescribeEndpoint on endpoint"])
def describe_endpoint(aws: Aws, endpoint: str) -> Answer:
    """Show an endpoint: state, why it failed, its variants with images, weights and numbers of instances.

    Args:
        endpoint: The endpoint's name.
    """
    found = aws.client("sagemaker").describe_endpoint(EndpointName=endpoint)
    return {
        "name": found["EndpointName"],
        "arn": found["EndpointArn"],
        "status": found["EndpointStatus"],
        "failure_reason": found.get("FailureReason"),
        "endpoint_config": found.get("EndpointConfigName"),
        "variants": [_variant(item) for item in found.get("ProductionVariants", [])],
        "pending_endpoint_config": found.get("PendingDeploymentSummary", {}).get("EndpointConfigName"),
        "data_capture": found.get("DataCaptureConfig", {}).get("CaptureStatus"),
        **_times(found),
    }


@sagemaker.operation(actions=["sagemaker:DescribeEndpointConfig on endpoint-config"])
def describe_endpoint_config(aws: Aws, endpoint_config: str) -> Answer:
    """Show an endpoint configuration: the model, instance type, number and weight of each variant.

    Args:
        endpoint_config: The endpoint configuration's name.
    """
    found = aws.client("sagemaker").describe_endpoint_config(EndpointConfigName=endpoint_config)
    return {
        "name": found["EndpointConfigName"],
        "variants": [
            {
                "name": item["VariantName"],
                "model": item.get("ModelName"),
                "instance_type": item.get("InstanceType"),
                "initial_instances": item.get("InitialInstanceCount"),
                "initial_weight": item.get("InitialVariantWeight"),
                "serverless": _serverless(item.get("ServerlessConfig")),
            }
            for item in found["ProductionVariants"]
        ],
        "kms_key_id": found.get("KmsKeyId"),
        "async_output_uri": found.get("AsyncInferenceConfig", {}).get("OutputConfig", {}).get("S3OutputPath"),
        **_times(found),
    }


@sagemaker.operation(actions=["sagemaker:ListModels"])
def list_models(aws: Aws, page: Page, name_contains: str = "") -> Answer:
    """List the models."""
    found = aws.client("sagemaker").list_models(**_request(page, name_contains))
    models = [{"name": item["ModelName"], "arn": item["ModelArn"], **_times(item)} for item in found["Models"]]
    return {"models": models, "next_page_token": found.get("NextToken")}


@sagemaker.operation(actions=["sagemaker:DescribeModel on model"])
def describe_model(aws: Aws, model: str) -> Answer:
    """Show a model: its containers with image and data, role, network; environment variables by name only.

    Args:
        model: The model's name.
    """
    found = aws.client("sagemaker").describe_model(ModelName=model)
    primary = [found["PrimaryContainer"]] if "PrimaryContainer" in found else []
    return {
        "name": found["ModelName"],
        "arn": found["ModelArn"],
        "containers": [_container(item) for item in [*primary, *found.get("Containers", [])]],
        "role_arn": found.get("ExecutionRoleArn"),
        **_network(found.get("VpcConfig", {}), isolated=found.get("EnableNetworkIsolation", False)),
        **_times(found),
    }


@sagemaker.operation(actions=["sagemaker:ListTrainingJobs"])
def list_training_jobs(aws: Aws, page: Page, name_contains: str = "", status: str = "") -> Answer:
    """List the training jobs with their states."""
    found = aws.client("sagemaker").list_training_jobs(**_request(page, name_contains, status))
    jobs = [_job(item, "TrainingJob", ended="TrainingEndTime") for item in found["TrainingJobSummaries"]]
    return {"training_jobs": jobs, "next_page_token": found.get("NextToken")}


@sagemaker.operation(actions=["sagemaker:DescribeTrainingJob on training-job"])
def describe_training_job(aws: Aws, job: str) -> Answer:
    """Show a training job: state with its history, why it failed, instances, metrics, where the model is put.

    Args:
        job: The job's name.
    """
    found = aws.client("sagemaker").describe_training_job(TrainingJobName=job)
    resources = found.get("ResourceConfig", {})
    return {
        **_job(found, "TrainingJob", ended="TrainingEndTime"),
        "started": found.get("TrainingStartTime"),
        "billable_seconds": found.get("BillableTimeInSeconds"),
        "phases": [
            {
                "status": phase["Status"],
                "from": phase["StartTime"],
                "to": phase.get("EndTime"),
                "message": phase.get("StatusMessage"),
            }
            for phase in found.get("SecondaryStatusTransitions", [])
        ],
        "metrics": {item["MetricName"]: _metric(item["Value"]) for item in found.get("FinalMetricDataList", [])},
        "image": found.get("AlgorithmSpecification", {}).get("TrainingImage"),
        "instance_type": resources.get("InstanceType"),
        "instances": resources.get("InstanceCount"),
        "max_seconds": found.get("StoppingCondition", {}).get("MaxRuntimeInSeconds"),
        "hyperparameter_names": sorted(found.get("HyperParameters", {})),
        "environment_names": sorted(found.get("Environment", {})),
        "model_uri": found.get("ModelArtifacts", {}).get("S3ModelArtifacts"),
        "role_arn": found.get("RoleArn"),
        **_network(found.get("VpcConfig", {}), isolated=found.get("EnableNetworkIsolation", False)),
    }


@sagemaker.operation(actions=["sagemaker:ListProcessingJobs"])
def list_processing_jobs(aws: Aws, page: Page, name_contains: str = "", status: str = "") -> Answer:
    """List the processing jobs with their states."""
    found = aws.client("sagemaker").list_processing_jobs(**_request(page, name_contains, status))
    jobs = [_job(item, "ProcessingJob", ended="ProcessingEndTime") for item in found["ProcessingJobSummaries"]]
    return {"processing_jobs": jobs, "next_page_token": found.get("NextToken")}


@sagemaker.operation(actions=["sagemaker:DescribeProcessingJob on processing-job"])
def describe_processing_job(aws: Aws, job: str) -> Answer:
    """Show a processing job: state, why it failed, instances, where its outputs are put."""
    found = aws.client("sagemaker").describe_processing_job(ProcessingJobName=job)
    cluster = found.get("ProcessingResources", {}).get("ClusterConfig", {})
    network = found.get("NetworkConfig", {})
    return {
        **_job(found, "ProcessingJob", ended="ProcessingEndTime"),
        "exit_message": found.get("ExitMessage"),
        "started": found.get("ProcessingStartTime"),
        "image": found["AppSpecification"]["ImageUri"],
        "instance_type": cluster.get("InstanceType"),
        "instances": cluster.get("InstanceCount"),
        "environment_names": sorted(found.get("Environment", {})),
        "output_uris": {
            item["OutputName"]: item.get("S3Output", {}).get("S3Uri")
            for item in found.get("ProcessingOutputConfig", {}).get("Outputs", [])
        },
        "role_arn": found.get("RoleArn"),
        **_network(network.get("VpcConfig", {}), isolated=network.get("EnableNetworkIsolation", False)),
    }


@sagemaker.operation(actions=["sagemaker:ListTransformJobs"])
def list_transform_jobs(aws: Aws, page: Page, name_contains: str = "", status: str = "") -> Answer:
    """List the batch transform jobs with their states."""
    found = aws.client("sagemaker").list_transform_jobs(**_request(page, name_contains, status))
    jobs = [_job(item, "TransformJob", ended="TransformEndTime") for item in found["TransformJobSummaries"]]
    return {"transform_jobs": jobs, "next_page_token": found.get("NextToken")}


@sagemaker.operation(actions=["sagemaker:DescribeTransformJob on transform-job"])
def describe_transform_job(aws: Aws, job: str) -> Answer:
    """Show a batch transform job: state, why it failed, model, instances, input and output."""
    found = aws.client("sagemaker").describe_transform_job(TransformJobName=job)
    source = found["TransformInput"]["DataSource"]["S3DataSource"]
    return {
        **_job(found, "TransformJob", ended="TransformEndTime"),
        "started": found.get("TransformStartTime"),
        "model": found["ModelName"],
        "instance_type": found["TransformResources"]["InstanceType"],
        "instances": found["TransformResources"]["InstanceCount"],
        "environment_names": sorted(found.get("Environment", {})),
        "input_uri": source["S3Uri"],
        "output_uri": found.get("TransformOutput", {}).get("S3OutputPath"),
    }


@sagemaker.operation(actions=["sagemaker:ListPipelines"])
def list_pipelines(aws: Aws, page: Page) -> Answer:
    """List the pipelines and when each last ran."""
    found = aws.client("sagemaker").list_pipelines(**_request(page))
    pipelines = [
        {
            "name": item["PipelineName"],
            "description": item.get("PipelineDescription"),
            "last_execution": item.get("LastExecutionTime"),
            **_times(item),
        }
        for item in found["PipelineSummaries"]
    ]
    return {"pipelines": pipelines, "next_page_token": found.get("NextToken")}


@sagemaker.operation(actions=["sagemaker:ListPipelineExecutions on pipeline"])
def list_pipeline_executions(aws: Aws, page: Page, pipeline: str) -> Answer:
    """List a pipeline's executions: state, why each failed.

    Args:
        pipeline: The pipeline's name.
    """
    found = aws.client("sagemaker").list_pipeline_executions(PipelineName=pipeline, **_request(page))
    executions = [
        {
            "arn": item["PipelineExecutionArn"],
            "name": item.get("PipelineExecutionDisplayName"),
            "status": item["PipelineExecutionStatus"],
            "failure_reason": item.get("PipelineExecutionFailureReason"),
            "started": item.get("StartTime"),
        }
        for item in found["PipelineExecutionSummaries"]
    ]
    return {"executions": executions, "next_page_token": found.get("NextToken")}


def _request(page: Page, name_contains: str = "", status: str = "") -> dict[str, Any]:
    """The members that every list takes, the newest first."""
    return {
        **page.request("MaxResults", "NextToken"),
        **given(NameContains=name_contains, StatusEquals=status),
        "SortBy": "CreationTime",
        "SortOrder": "Descending",
    }


def _times(item: Item) -> dict[str, Any]:
    return {"created": item.get("CreationTime"), "last_modified": item.get("LastModifiedTime")}


def _job(item: Item, kind: str, *, ended: str) -> dict[str, Any]:
    """What the jobs of every kind have in common; `kind` begins the names of their members."""
    return {
        "name": item[f"{kind}Name"],
        "arn": item[f"{kind}Arn"],
        "status": item[f"{kind}Status"],
        "failure_reason": item.get("FailureReason"),
        "ended": item.get(ended),
        **_times(item),
    }


def _metric(value: float) -> float | str:
    """A metric's value; JSON has no number for a loss that went to infinity."""
    return value if math.isfinite(value) else str(value)


def _variant(item: Item) -> dict[str, Any]:
    return {
        "name": item["VariantName"],
        "statuses": [
            {"status": status["Status"], "message": status.get("StatusMessage")}
            for status in item.get("VariantStatus", [])
        ],
        "images": [image.get("SpecifiedImage") for image in item.get("DeployedImages", [])],
        "weight": item.get("CurrentWeight"),
        "desired_weight": item.get("DesiredWeight"),
        "instances": item.get("CurrentInstanceCount"),
        "desired_instances": item.get("DesiredInstanceCount"),
        "serverless": _serverless(item.get("CurrentServerlessConfig")),
    }


def _serverless(config: Item | None) -> dict[str, Any] | None:
    if config is None:
        return None
    return {"memory_mib": config["MemorySizeInMB"], "max_concurrency": config["MaxConcurrency"]}


def _container(item: Item) -> dict[str, Any]:
    source = item.get("ModelDataSource", {}).get("S3DataSource", {})
    return {
        "image": item.get("Image"),
        "mode": item.get("Mode"),
        "data_uri": item.get("ModelDataUrl") or source.get("S3Uri"),
        "model_package": item.get("ModelPackageName"),
        "environment_names": sorted(item.get("Environment", {})),
    }


def _network(vpc: Item, *, isolated: bool) -> dict[str, Any]:
    return {
        "subnet_ids": vpc.get("Subnets", []),
        "security_group_ids": vpc.get("SecurityGroupIds", []),
        "network_isolated": isolated,
    }
