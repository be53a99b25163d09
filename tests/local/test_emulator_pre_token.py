"""The pre token generation trigger for machines: claims of every kind, and no token when it refuses."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.local.conftest import Emulator
from tests.local.emulated_pools import Pool
from tests.local.emulator_stacks import (
    LAMBDA_TRUST,
    Stack,
    function,
    get_att,
    machine_client,
    outputs,
    ref,
    role,
    stack,
    user_pool,
)

TRIGGER = """
def handler(event, context):
    client = event["callerContext"]["clientId"]
    if event["request"]["clientMetadata"].get("suspended") == "yes":
        raise ValueError("the agent is suspended")
    claims = {
        "tenant_id": "acme-corp",
        "groups": ["acme-corp/desk", "admin"],
        "nested": {"numbers": [1, 2.5], "on": True},
        "for": [client, event["triggerSource"], event["version"], event["userName"], *event["request"]["scopes"]],
        "sub": "somebody else",
        "client_id": "somebody else",
        "cognito:groups": ["admin"],
    }
    generation = {"claimsToAddOrOverride": claims, "claimsToSuppress": ["iss"], "scopesToAdd": ["tools/write"]}
    event["response"] = {"claimsAndScopeOverrideDetails": {"accessTokenGeneration": generation}}
    return event
"""


def resources(*, version: str = "V3_0", permitted: str | None = "pool", code: str = TRIGGER) -> dict[str, Any]:
    """A pool with the trigger and, for `permitted`, a permission for this pool or for another one."""
    made = {**user_pool("trigger-test", "read", "write"), "Client": machine_client("tools/read")}
    trigger = {"LambdaArn": get_att("Trigger", "Arn"), "LambdaVersion": version}
    made["Pool"]["Properties"] = {"UserPoolTier": "ESSENTIALS", "LambdaConfig": {"PreTokenGenerationConfig": trigger}}
    made |= {"Role": role(LAMBDA_TRUST), "Trigger": function(code)}
    if permitted:
        other = "arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_other"
        made["Permission"] = {
            "Type": "AWS::Lambda::Permission",
            "Properties": {
                "Action": "lambda:InvokeFunction",
                "FunctionName": get_att("Trigger", "Arn"),
                "Principal": "cognito-idp.amazonaws.com",
                "SourceArn": get_att("Pool", "Arn") if permitted == "pool" else other,
            },
        }
    return made


@pytest.fixture
def made(emulator: Emulator) -> Iterator[Stack]:
    with stack(emulator, "trigger") as one:
        yield one


def created(emulator: Emulator, made: Stack, **changes: Any) -> Pool:
    told = made.create(
        resources(**changes),
        Outputs=outputs(Pool=ref("Pool"), Client=ref("Client"), Issuer=get_att("Pool", "ProviderURL")),
    )
    return Pool(emulator=emulator, id=told["Pool"], client_id=told["Client"], issuer=told["Issuer"], stack=made)


def ask(pool: Pool, **metadata: str) -> tuple[int, Any]:
    form = {"aws_client_metadata": json.dumps({"asked": "yes", **metadata})}
    return pool.token(pool.describe()["ClientSecret"], host="trigger-test", form=form)


def claims(answer: Any) -> dict[str, Any]:
    payload = answer["access_token"].split(".")[1]
    decoded: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return decoded


def test_the_trigger_writes_claims_of_every_kind(emulator: Emulator, made: Stack) -> None:
    pool = created(emulator, made)
    status, answer = ask(pool)
    assert status == 200
    found = claims(answer)
    assert found["tenant_id"] == "acme-corp"
    assert found["groups"] == ["acme-corp/desk", "admin"]
    assert found["nested"] == {"numbers": [1, 2.5], "on": True}
    assert found["for"] == [pool.client_id, "TokenGeneration_ClientCredentials", "3", "ClientCredentials", "tools/read"]
    assert found["scope"] == "tools/read tools/write"
    assert (found["sub"], found["client_id"], found["iss"]) == (pool.client_id, pool.client_id, pool.issuer)
    assert "cognito:groups" not in found


def test_a_trigger_that_raises_gives_no_token(emulator: Emulator, made: Stack) -> None:
    pool = created(emulator, made)
    assert ask(pool, suspended="yes") == (
        400,
        {
            "error": "invalid_request",
            "error_description": "PreTokenGeneration failed with error the agent is suspended.",
        },
    )
    assert ask(pool)[0] == 200


@pytest.mark.parametrize("permitted", [None, "other"])
def test_cognito_needs_permission_to_invoke_the_trigger(emulator: Emulator, made: Stack, permitted: str | None) -> None:
    status, answer = ask(created(emulator, made, permitted=permitted))
    assert (status, answer["error"]) == (400, "invalid_request")
    assert "AccessDeniedException" in answer["error_description"]


def test_a_trigger_that_answers_something_else(emulator: Emulator, made: Stack) -> None:
    pool = created(emulator, made, code="def handler(event, context): return ['no', 'event']")
    assert ask(pool) == (400, {"error": "invalid_request", "error_description": "Unrecognizable lambda output"})


def test_only_version_three_runs_for_machines(emulator: Emulator, made: Stack) -> None:
    status, answer = ask(created(emulator, made, version="V2_0"))
    assert status == 200
    assert "tenant_id" not in claims(answer)
