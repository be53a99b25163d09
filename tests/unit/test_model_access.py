"""What using a model of Bedrock takes: these actions on these resources, and no wildcard."""

from typing import Any

import pytest
from aws_cdk import App, Environment, Stack

from app import feature_flags
from foundation.inference_profiles import DESTINATIONS, begins_in
from foundation.model_access import ModelAccess, model_statements

MODEL = "anthropic.claude-sonnet-4-6"
HERE = "arn:aws:bedrock:us-east-1:111122223333"
INVOKE = ["bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"]


def statements(**access: Any) -> list[dict[str, Any]]:
    stack = Stack(App(context=feature_flags()), "Probe", env=Environment(account="111122223333", region="us-east-1"))
    made = model_statements(stack, ModelAccess(model=MODEL, **access))
    return [stack.resolve(statement.to_json()) for statement in made]


def test_a_model_of_the_region() -> None:
    [statement] = statements()
    assert statement["Action"] == INVOKE
    assert statement["Resource"] == f"arn:aws:bedrock:us-east-1::foundation-model/{MODEL}"
    assert "Condition" not in statement


@pytest.mark.parametrize("profile", sorted(DESTINATIONS))
def test_a_profile_of_a_geography_and_the_model_behind_it_alone(profile: str) -> None:
    by_profile, by_model = statements(profile=profile)
    arn = f"{HERE}:inference-profile/{profile}.{MODEL}"
    assert (by_profile["Resource"], by_profile["Action"], by_model["Action"]) == (arn, INVOKE, INVOKE)
    assert sorted(by_model["Resource"]) == sorted(
        f"arn:aws:bedrock:{region}::foundation-model/{MODEL}" for region in DESTINATIONS[profile]
    )
    assert by_model["Condition"] == {"StringEquals": {"bedrock:InferenceProfileArn": arn}}


def test_the_global_profile_takes_a_model_without_a_region() -> None:
    by_profile, in_region, anywhere = statements(profile="global")
    arn = f"{HERE}:inference-profile/global.{MODEL}"
    assert by_profile["Resource"] == arn
    assert in_region["Resource"] == f"arn:aws:bedrock:us-east-1::foundation-model/{MODEL}"
    assert anywhere["Resource"] == f"arn:aws:bedrock:::foundation-model/{MODEL}"
    assert anywhere["Condition"] == {
        "StringEquals": {"bedrock:InferenceProfileArn": arn, "aws:RequestedRegion": "unspecified"}
    }
    assert in_region["Condition"]["StringEquals"]["aws:RequestedRegion"] == "us-east-1"


@pytest.mark.parametrize("profile", [None, "us", "global"])
def test_a_guardrail_is_named(profile: str | None) -> None:
    *_, guardrail = statements(profile=profile, guardrail_id="gr1", guardrail_version="2")
    assert guardrail["Action"] == "bedrock:ApplyGuardrail"
    assert guardrail["Resource"] == f"{HERE}:guardrail/gr1"


@pytest.mark.parametrize("profile", [None, *DESTINATIONS, "global"])
def test_no_resource_has_a_wildcard(profile: str | None) -> None:
    assert "*" not in str(statements(profile=profile, guardrail_id="gr1", guardrail_version="2"))


def test_what_the_agent_is_told() -> None:
    access = ModelAccess(model=MODEL, profile="eu", guardrail_id="gr1", guardrail_version="2")
    assert access.variables() == {
        "FOUNDATION_MODEL_ID": f"eu.{MODEL}",
        "FOUNDATION_GUARDRAIL_ID": "gr1",
        "FOUNDATION_GUARDRAIL_VERSION": "2",
    }
    assert ModelAccess(model=MODEL).variables() == {"FOUNDATION_MODEL_ID": MODEL}


@pytest.mark.parametrize(
    ("profile", "region", "begins"),
    [
        ("us", "us-east-1", True),
        ("us", "eu-west-1", False),
        ("jp", "ap-northeast-1", True),
        ("global", "sa-east-1", True),
    ],
)
def test_where_a_profile_can_be_called(profile: str, region: str, begins: bool) -> None:
    assert begins_in(profile, region) is begins
