"""Exactly the permissions that using one model of Amazon Bedrock takes."""

from __future__ import annotations

from aws_cdk import Stack, aws_iam as iam
from constructs import Construct

from foundation.inference_profiles import DESTINATIONS, GLOBAL
from foundation.model import ModelAccess

__all__ = ["INVOKE", "ModelAccess", "model_statements"]

INVOKE = ("bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream")
"""What Converse and ConverseStream ask for too
(https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html)."""


def model_statements(scope: Construct, access: ModelAccess) -> list[iam.PolicyStatement]:
    """The statements that allow calling the model, and applying its guardrail, and nothing more.

    Behind a profile the model may be called by way of that profile only, which is what keeps it within the geography:
    https://docs.aws.amazon.com/bedrock/latest/userguide/geographic-cross-region-inference.html and, for the global
    one, https://docs.aws.amazon.com/bedrock/latest/userguide/global-cross-region-inference.html.
    """
    stack = Stack.of(scope)
    statements = _model(stack, access) if access.profile is None else _profile(stack, access, access.profile)
    if access.guardrail_id is not None:
        guardrail = stack.format_arn(service="bedrock", resource="guardrail", resource_name=access.guardrail_id)
        statements.append(iam.PolicyStatement(actions=["bedrock:ApplyGuardrail"], resources=[guardrail]))
    return statements


def _model(stack: Stack, access: ModelAccess) -> list[iam.PolicyStatement]:
    return [iam.PolicyStatement(actions=[*INVOKE], resources=[_model_arn(stack, access, stack.region)])]


def _profile(stack: Stack, access: ModelAccess, prefix: str) -> list[iam.PolicyStatement]:
    profile = stack.format_arn(service="bedrock", resource="inference-profile", resource_name=access.model_id)
    through_it = {"bedrock:InferenceProfileArn": profile}
    if prefix != GLOBAL:
        models = [_model_arn(stack, access, region) for region in DESTINATIONS[prefix]]
        return [
            iam.PolicyStatement(actions=[*INVOKE], resources=[profile]),
            iam.PolicyStatement(actions=[*INVOKE], resources=models, conditions={"StringEquals": through_it}),
        ]
    here = {"aws:RequestedRegion": stack.region}
    # Wherever it is answered, Bedrock asks IAM for the model in the region that was called and for the one without
    # a region, of which the request says that it is in none.
    return [
        iam.PolicyStatement(actions=[*INVOKE], resources=[profile], conditions={"StringEquals": here}),
        iam.PolicyStatement(
            actions=[*INVOKE],
            resources=[_model_arn(stack, access, stack.region)],
            conditions={"StringEquals": through_it | here},
        ),
        iam.PolicyStatement(
            actions=[*INVOKE],
            resources=[_model_arn(stack, access, "")],
            conditions={"StringEquals": through_it | {"aws:RequestedRegion": "unspecified"}},
        ),
    ]


def _model_arn(stack: Stack, access: ModelAccess, region: str) -> str:
    return stack.format_arn(
        service="bedrock", region=region, account="", resource="foundation-model", resource_name=access.model
    )
