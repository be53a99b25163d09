"""The AWS tools of a local run, and the data that their scenarios make in its account."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from tests.local.local_run import LocalRun
from tests.permissions.servers import operations, scenarios, servers, tools
from tests.scenarios.model import Call, Made, Scenario


@dataclass(frozen=True, eq=False)
class Account:
    """The emulated account of a local run, as its owner sees it.

    Attributes:
        run: The local run.
        made: What each scenario's data are called, by the tool's name.
    """

    run: LocalRun
    made: dict[str, Made] = field(default_factory=dict)

    @cache  # noqa: B019 - lives as long as the tests
    def client(self, service: str) -> Any:
        """A boto3 client of the account's owner."""
        return self.run.client(service)

    def calls(self, tool: str) -> list[Call]:
        """The calls of a tool's scenario; its data are made on demand."""
        scenario = scenarios()[tool]
        if tool not in self.made:
            self.made[tool] = scenario.fill(self.client, "emulator")
        return list(scenario.calls(self.made[tool]))

    def refusals(self, tool: str, calls: Iterable[Call], *, without: str = "") -> list[str]:
        """What the deployed function answers to the calls that IAM refuses it.

        Args:
            tool: The tool.
            calls: Calls of it.
            without: An IAM action that is taken from the function's role meanwhile.
        """
        scenario = scenarios()[tool]
        function = self.function(scenario.server)
        with self.without(function, without) if without else nullcontext():
            answers = [self.invoke(function, scenario, call) for call in calls]
        texts = [answer["content"][0]["text"] for answer in answers if answer.get("isError")]
        return [text for text in texts if text.startswith("AWS refused ")]

    @cache  # noqa: B019 - lives as long as the tests
    def function(self, server: str) -> str:
        """The ARN behind the gateway target of a tool server, its alias included."""
        control = self.client("bedrock-agentcore-control")
        (gateway,) = control.list_gateways()["items"]
        target = target_name(server)
        pages = control.get_paginator("list_gateway_targets").paginate(gatewayIdentifier=gateway["gatewayId"])
        targets = {item["name"]: item["targetId"] for page in pages for item in page["items"]}
        found = control.get_gateway_target(gatewayIdentifier=gateway["gatewayId"], targetId=targets[target])
        arn: str = found["targetConfiguration"]["mcp"]["lambda"]["lambdaArn"]
        return arn

    def invoke(self, function: str, scenario: Scenario, call: Call) -> dict[str, Any]:
        """What the deployed function answers to a call, as the gateway would send it."""
        tool = {"bedrockAgentCoreToolName": f"{target_name(scenario.server)}___{scenario.tool}"}
        answer = self.client("lambda").invoke(
            FunctionName=function,
            ClientContext=base64.b64encode(json.dumps({"custom": tool}).encode()).decode(),
            Payload=json.dumps(call.event()).encode(),
        )
        payload: dict[str, Any] = json.loads(answer["Payload"].read())
        assert "FunctionError" not in answer, payload
        return payload

    @contextmanager
    def without(self, function: str, action: str) -> Iterator[None]:
        """Take one action from the function's role."""
        iam, name = self.client("iam"), self.role(function)
        documents = {
            policy: self._document(name, policy) for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]
        }
        before = {policy: document for policy, document in documents.items() if document != _without(document, action)}
        assert before, f"{name} has no {action}"
        for policy, document in before.items():
            iam.put_role_policy(RoleName=name, PolicyName=policy, PolicyDocument=json.dumps(_without(document, action)))
        try:
            yield
        finally:
            for policy, document in before.items():
                iam.put_role_policy(RoleName=name, PolicyName=policy, PolicyDocument=json.dumps(document))

    @cache  # noqa: B019 - lives as long as the tests
    def role(self, function: str) -> str:
        """The name of the function's role."""
        role: str = self.client("lambda").get_function_configuration(FunctionName=function)["Role"]
        return role.rsplit("/", 1)[-1]

    def _document(self, role: str, policy: str) -> dict[str, Any]:
        found: Any = self.client("iam").get_role_policy(RoleName=role, PolicyName=policy)["PolicyDocument"]
        document: dict[str, Any] = json.loads(found) if isinstance(found, str) else found
        return document


def target_name(server: str) -> str:
    """The gateway target of a server's current major."""
    return f"{server}-v{servers()[server].version.partition('.')[0]}"


def implemented(call: Call) -> bool:
    """Whether the emulator has the API operations of a call."""
    return "emulator" not in call.unknown_to


def all_tools() -> list[str]:
    """Every AWS tool as the gateway lists it."""
    return sorted(
        f"{target_name(name)}___{tool.name}" for name, server in servers().items() for tool in server.describe().tools
    )


def granted(tool: str) -> dict[str, list[str]]:
    """The IAM actions of each operation of a tool."""
    return {
        operation.name: sorted({permission.action for permission in operation.actions})
        for operation in operations(tools()[tool])
    }


def check_answer(call: Call, text: str) -> None:
    """An answer has what the call finds and nothing that it hides."""
    assert call.finds in text, f"{call.operation}: {call.finds!r} is not in {text}"
    for secret in call.hides:
        assert secret not in text, f"{call.operation} shows {secret!r}"


def _without(document: dict[str, Any], action: str) -> dict[str, Any]:
    statements = []
    for statement in document["Statement"]:
        actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        if rest := [granted for granted in actions if granted != action]:
            statements.append({**statement, "Action": rest})
    return {**document, "Statement": statements}
