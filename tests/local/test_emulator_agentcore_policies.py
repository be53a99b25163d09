"""AgentCore's policy engines and policies as an API: they live, change and end as AWS says."""

from __future__ import annotations

from typing import Any

import pytest

from tests.local.governed_gateways import (
    PREFIX,
    put,
    statement,
)

pytest_plugins = ["tests.local.governed_gateway_fixtures"]


def test_an_engine_and_its_policy_live_and_end(control: Any, gateway: dict[str, Any]) -> None:
    made = control.create_policy_engine(name="engine", description="first", tags={"team": "one"})
    engine_id, arn = made["policyEngineId"], made["policyEngineArn"]
    assert (made["status"], arn) == ("CREATING", f"{PREFIX}:policy-engine/{engine_id}")
    found = control.get_policy_engine(policyEngineId=engine_id)
    assert (found["status"], found["name"], found["description"]) == ("ACTIVE", "engine", "first")
    assert control.list_tags_for_resource(resourceArn=arn)["tags"] == {"team": "one"}
    control.update_policy_engine(policyEngineId=engine_id, description={"optionalValue": "second"})
    assert control.list_policy_engines()["policyEngines"][0]["description"] == "second"
    assert "description" not in control.list_policy_engine_summaries()["policyEngines"][0]
    assert control.get_policy_engine_summary(policyEngineId=engine_id)["status"] == "ACTIVE"

    policy = put(control, engine_id, statement(gateway), name="desk", description="the desk")
    assert (policy["status"], policy["enforcementMode"], policy["statusReasons"]) == ("ACTIVE", "ACTIVE", [])
    assert policy["policyArn"] == f"{arn}/policy/{policy['policyId']}"
    names = {"policyEngineId": engine_id, "policyId": policy["policyId"]}
    assert "definition" not in control.get_policy_summary(**names)
    assert control.list_policy_summaries(policyEngineId=engine_id)["policies"][0]["name"] == "desk"
    control.update_policy(**names, description={}, enforcementMode="LOG_ONLY")
    changed = control.get_policy(**names)
    assert "description" not in changed
    assert (changed["enforcementMode"], changed["definition"]) == ("LOG_ONLY", policy["definition"])

    with pytest.raises(control.exceptions.ConflictException, match="has 1 policies"):
        control.delete_policy_engine(policyEngineId=engine_id)
    assert control.delete_policy(**names)["status"] == "DELETING"
    assert control.delete_policy_engine(policyEngineId=engine_id)["status"] == "DELETING"
    with pytest.raises(control.exceptions.ResourceNotFoundException):
        control.get_policy_engine(policyEngineId=engine_id)


@pytest.mark.parametrize("name", ["with-hyphen", "1st", "x" * 49])
def test_names_that_aws_refuses(control: Any, engine: str, gateway: dict[str, Any], name: str) -> None:
    with pytest.raises(control.exceptions.ValidationException):
        control.create_policy_engine(name=name)
    with pytest.raises(control.exceptions.ValidationException):
        put(control, engine, statement(gateway), name=name)


def test_a_key_that_does_not_exist(control: Any) -> None:
    key = "arn:aws:kms:us-east-1:123456789012:key/00000000-0000-0000-0000-000000000000"
    with pytest.raises(control.exceptions.ValidationException, match="does not exist or is not enabled"):
        control.create_policy_engine(name="engine", encryptionKeyArn=key)


def test_names_are_taken_once(control: Any, engine: str, gateway: dict[str, Any]) -> None:
    with pytest.raises(control.exceptions.ConflictException):
        control.create_policy_engine(name="engine")
    put(control, engine, statement(gateway), name="desk")
    other = control.create_policy_engine(name="other")["policyEngineId"]
    for each in (engine, other):
        with pytest.raises(control.exceptions.ConflictException, match="already exists in this account"):
            put(control, each, statement(gateway), name="desk")


def test_an_update_validates_and_a_failed_one_changes_nothing(
    control: Any, engine: str, gateway: dict[str, Any]
) -> None:
    policy = put(control, engine, statement(gateway))
    names = {"policyEngineId": engine, "policyId": policy["policyId"]}
    wide = {"policy": {"statement": statement(gateway, when=None)}}
    assert control.update_policy(**names, definition=wide)["status"] == "UPDATING"
    failed = control.get_policy(**names)
    assert (failed["status"], failed["definition"]) == ("UPDATE_FAILED", policy["definition"])
    assert "Overly Permissive" in failed["statusReasons"][0]
    control.update_policy(**names, definition=wide, validationMode="IGNORE_ALL_FINDINGS")
    assert control.get_policy(**names)["status"] == "ACTIVE"
    control.update_policy(**names, enforcementMode="LOG_ONLY")
    again = control.get_policy(**names)
    assert (again["status"], again["enforcementMode"]) == ("UPDATE_FAILED", "ACTIVE"), "the old text is validated again"


def test_policies_of_one_gateway_are_at_most_200_kilobytes(control: Any, engine: str, gateway: dict[str, Any]) -> None:
    values = " || ".join(f'context.input.reason == "{number:030}"' for number in range(140))
    text = statement(gateway, when=f"context.input has reason && ({values})")
    for _ in range(204800 // len(text)):
        put(control, engine, text)
    with pytest.raises(control.exceptions.ServiceQuotaExceededException, match="204800 are allowed for one resource"):
        put(control, engine, text)
    (first, *_) = control.list_policies(policyEngineId=engine)["policies"]
    control.update_policy(
        policyEngineId=engine, policyId=first["policyId"], definition={"cedar": {"statement": statement(gateway)}}
    )


def test_policies_come_in_pages_and_by_gateway(control: Any, engine: str, gateway: dict[str, Any]) -> None:
    for _ in range(11):
        put(control, engine, statement(gateway))
    pages = list(control.get_paginator("list_policies").paginate(policyEngineId=engine))
    assert [len(page["policies"]) for page in pages] == [10, 1]
    other = control.list_policies(policyEngineId=engine, targetResourceScope=f"{PREFIX}:gateway/other-0123456789")
    assert other["policies"] == []
    own = control.list_policies(policyEngineId=engine, targetResourceScope=gateway["gatewayArn"], maxResults=100)
    assert len(own["policies"]) == 11
