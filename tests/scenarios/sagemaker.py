"""SageMaker AI: an endpoint that serves a model, a job of each kind, a pipeline that ran; secrets in their settings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.scenarios.model import Account, Call, Clients, Made, Scenario

SECRET = "hf_s3cret-token"
ROLE = "arn:aws:iam::123456789012:role/acme-sagemaker"
IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/acme-model:1"
BUCKET = "s3://acme-models"
ENVIRONMENT = {"HF_TOKEN": SECRET}


def fill(client: Clients, account: Account) -> Made:
    sagemaker = client("sagemaker")
    _serve(sagemaker)
    _run_jobs(sagemaker)
    sagemaker.create_pipeline(
        PipelineName="acme-pipeline",
        RoleArn=ROLE,
        ClientRequestToken="0" * 32,
        PipelineDefinition='{"Version": "2020-12-01"}',
    )
    run = sagemaker.start_pipeline_execution(PipelineName="acme-pipeline", ClientRequestToken="0" * 32)
    return {"execution": run["PipelineExecutionArn"]}


def _serve(sagemaker: Any) -> None:
    container = {"Image": IMAGE, "ModelDataUrl": f"{BUCKET}/model.tar.gz", "Environment": ENVIRONMENT}
    sagemaker.create_model(ModelName="acme-ranker", PrimaryContainer=container, ExecutionRoleArn=ROLE)
    variant = {
        "VariantName": "blue",
        "ModelName": "acme-ranker",
        "InstanceType": "ml.m5.large",
        "InitialInstanceCount": 1,
        "InitialVariantWeight": 1.0,
    }
    sagemaker.create_endpoint_config(EndpointConfigName="acme-ranking-v1", ProductionVariants=[variant])
    sagemaker.create_endpoint(EndpointName="acme-ranking", EndpointConfigName="acme-ranking-v1")


def _run_jobs(sagemaker: Any) -> None:
    instances = {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 5}
    sagemaker.create_training_job(
        TrainingJobName="acme-training",
        AlgorithmSpecification={"TrainingImage": IMAGE, "TrainingInputMode": "File"},
        RoleArn=ROLE,
        OutputDataConfig={"S3OutputPath": f"{BUCKET}/trained"},
        ResourceConfig=instances,
        StoppingCondition={"MaxRuntimeInSeconds": 3600},
        HyperParameters={"registry_password": SECRET},
        Environment=ENVIRONMENT,
    )
    sagemaker.create_processing_job(
        ProcessingJobName="acme-processing",
        ProcessingResources={"ClusterConfig": instances},
        AppSpecification={"ImageUri": IMAGE, "ContainerArguments": ["--token", SECRET]},
        Environment=ENVIRONMENT,
        RoleArn=ROLE,
    )
    sagemaker.create_transform_job(
        TransformJobName="acme-scoring",
        ModelName="acme-ranker",
        TransformInput={"DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"{BUCKET}/in"}}},
        TransformOutput={"S3OutputPath": f"{BUCKET}/scores"},
        TransformResources={"InstanceType": "ml.m5.large", "InstanceCount": 1},
        Environment=ENVIRONMENT,
    )


def calls(made: Made) -> Sequence[Call]:
    return [
        _call("list_endpoints", "acme-ranking", name_contains="rank"),
        _call("list_models", "acme-ranker"),
        _call("list_training_jobs", "acme-training", name_contains="acme"),
        _call("list_processing_jobs", "acme-processing"),
        _call("list_transform_jobs", "acme-scoring"),
        _call("list_pipelines", "acme-pipeline"),
        _call("describe_endpoint", "acme-ranking-v1", endpoint="acme-ranking"),
        _call("describe_endpoint_config", "acme-ranker", endpoint_config="acme-ranking-v1"),
        _call("describe_model", "HF_TOKEN", model="acme-ranker"),
        _call("describe_training_job", "registry_password", job="acme-training"),
        _call("describe_processing_job", IMAGE, job="acme-processing"),
        _call("describe_transform_job", f"{BUCKET}/scores", job="acme-scoring"),
        _call("list_pipeline_executions", made["execution"], pipeline="acme-pipeline"),
    ]


def _call(operation: str, finds: str, **arguments: str) -> Call:
    return Call(operation=operation, arguments=arguments, finds=finds, hides=[SECRET])


SCENARIO = Scenario(server="aws-ai", tool="sagemaker_read_operations", fill=fill, calls=calls)
