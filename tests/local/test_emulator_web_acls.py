"""Web ACLs of gateways and budgets: recorded, and refused where AWS refuses them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.local.conftest import Emulator
from tests.local.emulator_stacks import (
    GATEWAY_TRUST,
    Stack,
    StackFailedError,
    get_att,
    outputs,
    ref,
    role,
    stack,
)

GATEWAYS = "arn:aws:bedrock-agentcore:us-east-1:123456789012:gateway"
VISIBILITY = {"CloudWatchMetricsEnabled": True, "MetricName": "acl", "SampledRequestsEnabled": False}
LOGS = "aws-waf-logs-gateway"


def protected(**changes: Any) -> dict[str, Any]:
    """A gateway behind a web ACL with a rate-based rule, whose logs go to a log group."""
    rate = {"RateBasedStatement": {"Limit": 2000, "AggregateKeyType": "IP"}}
    rule = {"Name": "rate", "Priority": 0, "Action": {"Block": {}}, "Statement": rate, "VisibilityConfig": VISIBILITY}
    settings = {"Name": "protected", "ProtocolType": "MCP", "AuthorizerType": "NONE", "RoleArn": get_att("Role", "Arn")}
    acl = {"Scope": "REGIONAL", "DefaultAction": {"Allow": {}}, "VisibilityConfig": VISIBILITY, "Rules": [rule]}
    made: dict[str, Any] = {
        "Role": role(GATEWAY_TRUST),
        "Gateway": {"Type": "AWS::BedrockAgentCore::Gateway", "Properties": settings},
        "Acl": {"Type": "AWS::WAFv2::WebACL", "Properties": acl},
        "Logs": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": LOGS}},
        "Association": {
            "Type": "AWS::WAFv2::WebACLAssociation",
            "Properties": {"ResourceArn": get_att("Gateway", "GatewayArn"), "WebACLArn": get_att("Acl", "Arn")},
        },
        "Logging": {
            "Type": "AWS::WAFv2::LoggingConfiguration",
            "Properties": {
                "ResourceArn": get_att("Acl", "Arn"),
                "LogDestinationConfigs": [
                    {"Fn::Sub": "arn:aws:logs:${AWS::Region}:${AWS::AccountId}:log-group:${Logs}"}
                ],
                "RedactedFields": [{"SingleHeader": {"Name": "authorization"}}],
            },
        },
    }
    for name, properties in changes.items():
        made[name]["Properties"] |= properties
    return made


@pytest.fixture
def waf(emulator: Emulator) -> Any:
    return emulator.client("wafv2")


@pytest.fixture
def made(emulator: Emulator) -> Iterator[Stack]:
    with stack(emulator, "protected") as one:
        yield one


def test_a_gateway_behind_a_web_acl(emulator: Emulator, waf: Any, made: Stack) -> None:
    told = made.create(
        protected(), Outputs=outputs(Acl=get_att("Acl", "Arn"), Gateway=get_att("Gateway", "GatewayArn"))
    )
    control = emulator.client("bedrock-agentcore-control")
    assert control.get_gateway(gatewayIdentifier=made.id_of("Gateway"))["webAclArn"] == told["Acl"]
    assert waf.get_web_acl_for_resource(ResourceArn=told["Gateway"])["WebACL"]["ARN"] == told["Acl"]
    logging = waf.get_logging_configuration(ResourceArn=told["Acl"])["LoggingConfiguration"]
    assert logging["LogDestinationConfigs"][0].endswith(f":log-group:{LOGS}")
    assert logging["RedactedFields"] == [{"SingleHeader": {"Name": "authorization"}}]
    assert (made.id_of("Association"), made.id_of("Logging")) == (f"{told['Gateway']}|{told['Acl']}", told["Acl"])
    name, acl_id, scope = made.id_of("Acl").split("|")
    token = waf.get_web_acl(Name=name, Id=acl_id, Scope=scope)["LockToken"]
    with pytest.raises(waf.exceptions.WAFAssociatedItemException):
        waf.delete_web_acl(Name=name, Id=acl_id, Scope=scope, LockToken=token)

    open_again = protected()
    del open_again["Association"], open_again["Logging"]
    made.update(open_again)
    assert "webAclArn" not in control.get_gateway(gatewayIdentifier=made.id_of("Gateway"))
    with pytest.raises(waf.exceptions.WAFNonexistentItemException):
        waf.get_logging_configuration(ResourceArn=told["Acl"])
    with pytest.raises(waf.exceptions.WAFNonexistentItemException):
        waf.get_web_acl_for_resource(ResourceArn=told["Gateway"])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"Association": {"ResourceArn": f"{GATEWAYS}/none-0123456789"}}, "none-0123456789 does not exist"),
        (
            {
                "Association": {
                    "WebACLArn": "arn:aws:wafv2:us-east-1:123456789012:regional/webacl/a/"
                    "00000000-0000-0000-0000-000000000000"
                }
            },
            "WAFNonexistentItemException",
        ),
        (
            {"Logging": {"LogDestinationConfigs": ["arn:aws:logs:us-east-1:123456789012:log-group:other"]}},
            "name begins with aws-waf-logs-",
        ),
        (
            {"Logging": {"LogDestinationConfigs": ["arn:aws:logs:us-east-1:123456789012:log-group:aws-waf-logs-none"]}},
            "log group aws-waf-logs-none does not exist",
        ),
    ],
)
def test_what_aws_waf_refuses(made: Stack, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(StackFailedError, match=message):
        made.create(protected(**changes))
    made.wait()


def test_an_association_ends_with_its_gateway(emulator: Emulator, waf: Any, made: Stack) -> None:
    told = made.create({"Role": role(GATEWAY_TRUST)}, Outputs=outputs(Role=get_att("Role", "Arn")))
    control = emulator.client("bedrock-agentcore-control")
    gateway = control.create_gateway(name="short", roleArn=told["Role"], protocolType="MCP", authorizerType="NONE")
    settings = {"DefaultAction": {"Allow": {}}, "VisibilityConfig": VISIBILITY}
    acl = waf.create_web_acl(Name="acl", Scope="REGIONAL", **settings)["Summary"]
    edge = waf.create_web_acl(Name="edge", Scope="CLOUDFRONT", **settings)["Summary"]
    with pytest.raises(waf.exceptions.WAFInvalidParameterException, match="Only a regional web ACL"):
        waf.associate_web_acl(WebACLArn=edge["ARN"], ResourceArn=gateway["gatewayArn"])
    waf.associate_web_acl(WebACLArn=acl["ARN"], ResourceArn=gateway["gatewayArn"])
    control.delete_gateway(gatewayIdentifier=gateway["gatewayId"])
    for summary, scope in ((acl, "REGIONAL"), (edge, "CLOUDFRONT")):
        waf.delete_web_acl(Name=summary["Name"], Id=summary["Id"], Scope=scope, LockToken=summary["LockToken"])


def budget(limit: float, **changes: Any) -> dict[str, Any]:
    """A monthly budget that tells somebody at 80 %."""
    notification = {"ComparisonOperator": "GREATER_THAN", "NotificationType": "ACTUAL", "Threshold": 80}
    return {
        "Budget": {
            "Type": "AWS::Budgets::Budget",
            "Properties": {
                "Budget": {
                    "BudgetType": "COST",
                    "TimeUnit": "MONTHLY",
                    "BudgetLimit": {"Amount": limit, "Unit": "USD"},
                    "CostFilters": {"TagKeyValue": ["user:tenant$acme-corp"]},
                    **changes,
                },
                "NotificationsWithSubscribers": [
                    {
                        "Notification": notification,
                        "Subscribers": [{"SubscriptionType": "EMAIL", "Address": "owner@example.com"}],
                    }
                ],
            },
        }
    }


def test_a_budget_of_a_stack(emulator: Emulator) -> None:
    api = emulator.client("budgets")
    with stack(emulator, "budget") as made:
        told = made.create(budget(200, BudgetName="acme-corp"), Outputs=outputs(Name=ref("Budget")))
        assert told["Name"] == "acme-corp"
        found = api.describe_budget(AccountId="123456789012", BudgetName="acme-corp")["Budget"]
        assert (float(found["BudgetLimit"]["Amount"]), found["TimeUnit"]) == (200, "MONTHLY")
        told_of = api.describe_notifications_for_budget(AccountId="123456789012", BudgetName="acme-corp")
        assert told_of["Notifications"][0]["Threshold"] == 80
        made.update(budget(300, BudgetName="acme-corp"))
        found = api.describe_budget(AccountId="123456789012", BudgetName="acme-corp")["Budget"]
        assert float(found["BudgetLimit"]["Amount"]) == 300
        made.update(budget(300, BudgetName="globex"))
        (only,) = api.describe_budgets(AccountId="123456789012")["Budgets"]
        assert only["BudgetName"] == "globex"
    assert api.describe_budgets(AccountId="123456789012")["Budgets"] == []
