"""SageMaker's lists begin with the newest, failures say why, and settings that may be credentials are names."""

from datetime import UTC, datetime

from aws_operations.ai.handler import server
from tests.unit.lambda_calls import call
from tests.unit.lambda_stubs import answers_of

TOOL = "sagemaker_read_operations"
NOW = datetime(2026, 11, 20, tzinfo=UTC)


def test_lists_are_filtered_and_begin_with_the_newest() -> None:
    asked = {
        "MaxResults": 10,
        "NextToken": "before",
        "NameContains": "rank",
        "StatusEquals": "Failed",
        "SortBy": "CreationTime",
        "SortOrder": "Descending",
    }
    arguments = {"name_contains": "rank", "status": "Failed", "page_size": 10, "page_token": "before"}
    with answers_of("sagemaker") as stubber:
        stubber.add_response("list_endpoints", {"Endpoints": [], "NextToken": "next"}, asked)
        answer = call(server, TOOL, {"operation": "list_endpoints", **arguments})
    assert answer == {"endpoints": [], "next_page_token": "next"}


def test_an_endpoint_that_is_rolled_out_says_how_far_it_is_and_why_it_failed() -> None:
    variant = {
        "VariantName": "blue",
        "DeployedImages": [{"SpecifiedImage": "ranker:2"}],
        "VariantStatus": [{"Status": "Baking", "StatusMessage": "waiting for alarms"}],
        "CurrentServerlessConfig": {"MemorySizeInMB": 2048, "MaxConcurrency": 5},
    }
    endpoint = {
        "EndpointName": "ranking",
        "EndpointArn": "arn:aws:sagemaker:us-east-1:123456789012:endpoint/ranking",
        "EndpointConfigName": "ranking-v1",
        "EndpointStatus": "Failed",
        "FailureReason": "The container did not pass the ping health check",
        "ProductionVariants": [variant],
        "PendingDeploymentSummary": {"EndpointConfigName": "ranking-v2"},
        "CreationTime": NOW,
        "LastModifiedTime": NOW,
    }
    with answers_of("sagemaker") as stubber:
        stubber.add_response("describe_endpoint", endpoint, {"EndpointName": "ranking"})
        answer = call(server, TOOL, {"operation": "describe_endpoint", "endpoint": "ranking"})
    assert answer["failure_reason"] == "The container did not pass the ping health check"
    assert (answer["endpoint_config"], answer["pending_endpoint_config"]) == ("ranking-v1", "ranking-v2")
    (shown,) = answer["variants"]
    assert shown["statuses"] == [{"status": "Baking", "message": "waiting for alarms"}]
    assert shown["serverless"] == {"memory_mib": 2048, "max_concurrency": 5}
    assert shown["images"] == ["ranker:2"]


def test_a_training_that_diverged_shows_its_metrics() -> None:
    job = {
        "TrainingJobName": "train",
        "TrainingJobArn": "arn:aws:sagemaker:us-east-1:123456789012:training-job/train",
        "TrainingJobStatus": "Completed",
        "SecondaryStatus": "Completed",
        "ModelArtifacts": {"S3ModelArtifacts": "s3://acme/model.tar.gz"},
        "StoppingCondition": {"MaxRuntimeInSeconds": 60},
        "FinalMetricDataList": [
            {"MetricName": "loss", "Value": float("nan"), "Timestamp": NOW},
            {"MetricName": "accuracy", "Value": 0.5, "Timestamp": NOW},
        ],
        "CreationTime": NOW,
    }
    with answers_of("sagemaker") as stubber:
        stubber.add_response("describe_training_job", job)
        answer = call(server, TOOL, {"operation": "describe_training_job", "job": "train"})
    assert answer["metrics"] == {"loss": "nan", "accuracy": 0.5}
    assert answer["model_uri"] == "s3://acme/model.tar.gz"


def test_a_processing_job_shows_names_of_its_environment_and_where_outputs_go() -> None:
    uploaded = {"S3Uri": "s3://acme/out", "S3UploadMode": "EndOfJob"}
    job = {
        "ProcessingJobName": "clean",
        "ProcessingJobArn": "arn:aws:sagemaker:us-east-1:123456789012:processing-job/clean",
        "ProcessingJobStatus": "Failed",
        "ExitMessage": "out of memory",
        "ProcessingResources": {
            "ClusterConfig": {"InstanceCount": 2, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 5}
        },
        "AppSpecification": {"ImageUri": "cleaner:1", "ContainerArguments": ["--password", "s3cret"]},
        "Environment": {"TOKEN": "s3cret"},
        "ProcessingOutputConfig": {"Outputs": [{"OutputName": "cleaned", "S3Output": uploaded}]},
        "NetworkConfig": {"EnableNetworkIsolation": True},
        "CreationTime": NOW,
    }
    with answers_of("sagemaker") as stubber:
        stubber.add_response("describe_processing_job", job, {"ProcessingJobName": "clean"})
        answer = call(server, TOOL, {"operation": "describe_processing_job", "job": "clean"})
    assert (answer["exit_message"], answer["instances"], answer["network_isolated"]) == ("out of memory", 2, True)
    assert answer["environment_names"] == ["TOKEN"]
    assert answer["output_uris"] == {"cleaned": "s3://acme/out"}
    assert "s3cret" not in str(answer)


def test_a_model_of_several_containers_shows_each() -> None:
    source = {"S3DataSource": {"S3Uri": "s3://acme/model/", "S3DataType": "S3Prefix", "CompressionType": "None"}}
    model = {
        "ModelName": "pipeline",
        "ModelArn": "arn:aws:sagemaker:us-east-1:123456789012:model/pipeline",
        "Containers": [{"Image": "prepare:1"}, {"Image": "rank:1", "ModelDataSource": source}],
        "VpcConfig": {"Subnets": ["subnet-1"], "SecurityGroupIds": ["sg-1"]},
        "CreationTime": NOW,
    }
    with answers_of("sagemaker") as stubber:
        stubber.add_response("describe_model", model)
        answer = call(server, TOOL, {"operation": "describe_model", "model": "pipeline"})
    assert [container["data_uri"] for container in answer["containers"]] == [None, "s3://acme/model/"]
    assert (answer["subnet_ids"], answer["security_group_ids"]) == (["subnet-1"], ["sg-1"])
