"""Targets that are added by settings alone: deployed by the local run's own commands, called as an agent does.

The targets are the shipped examples of config/targets/every-kind.yaml; the services behind them are real ones of this
machine, which the edge serves under the examples' https names.
"""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
import yaml
from mcp.shared.exceptions import MCPError
from mcp_types import CallToolResult, TextContent

from local.demonstration import connected
from local.record import Record
from tests.local.checkouts import checkout
from tests.local.local_run import AGENT, LocalRun
from tests.local.services_elsewhere import API_KEY, CLIENT, TOKEN_PREFIX, WEATHER, Elsewhere, services_elsewhere

KINDS = ("weather", "tickets", "converter", "reports", "pets")
"""An OpenAPI service with a key, a foreign MCP server with a login, a server on AgentCore Runtime, and two kinds that
only AWS calls: Smithy and API Gateway."""
WEATHER_SECRET, TICKETS_SECRET = "foundation/prod/targets/weather", "foundation/prod/targets/tickets"
FORECAST, TICKET, CONVERT = "weather___get_forecast", "tickets___find_ticket", "converter___convert_units"
WRONG_KEY, WRONG_SECRET = "key-of-another-service", "secret-of-another-client"
IN_A_HEADER = [base64.b64encode(f"{CLIENT[0]}:{secret}".encode()).decode() for secret in (CLIENT[1], WRONG_SECRET)]
CREDENTIALS = [API_KEY, CLIENT[1], TOKEN_PREFIX, WRONG_KEY, WRONG_SECRET, *IN_A_HEADER]


@dataclass
class Deployed:
    """A platform whose dev environment has the targets, what is behind them, and what callers were answered."""

    run: LocalRun
    elsewhere: Elsewhere
    token: str = ""
    answers: list[str] = field(default_factory=list)

    def add_targets(self) -> None:
        """Write the examples into the settings of dev, beside its tool servers."""
        examples = yaml.safe_load((self.run.repository / "config" / "targets" / "every-kind.yaml").read_text())
        with self._settings() as settings:
            settings["targets"] = {name: examples["targets"][name] for name in KINDS}

    def remove_target(self, name: str) -> None:
        """Take one target out of the settings."""
        with self._settings() as settings:
            del settings["targets"][name]

    @contextmanager
    def _settings(self) -> Iterator[dict[str, Any]]:
        """The settings of dev, to be changed; the agent's group may call all of what they come to."""
        file = self.run.repository / "config" / "dev.yaml"
        settings = yaml.safe_load(file.read_text())
        yield settings
        file.write_text(yaml.safe_dump(settings))
        policies = self.run.repository / "config" / "policies" / "groups.yaml"
        groups = yaml.safe_load(policies.read_text())
        groups["groups"]["admin"]["tools"] = [f"{name}/*" for name in (*settings["tool_servers"], *settings["targets"])]
        policies.write_text(yaml.safe_dump(groups))

    async def tools(self) -> set[str]:
        """The tools that an agent is shown."""
        async with connected(self.run.platform.account.gateway_url(), self.token) as client:
            return {tool.name for tool in (await client.list_tools()).tools}

    async def call(self, tool: str, **arguments: Any) -> CallToolResult:
        """Call a tool as an agent does."""
        async with connected(self.run.platform.account.gateway_url(), self.token) as client:
            result = await client.call_tool(tool, arguments)
        self.answers.append(result.model_dump_json())
        return result

    @contextmanager
    def secret(self, name: str, **content: str) -> Iterator[None]:
        """Another content of a secret, for a while."""
        secrets = self.run.client("secretsmanager")
        right = secrets.get_secret_value(SecretId=name)["SecretString"]
        secrets.put_secret_value(SecretId=name, SecretString=json.dumps(content))
        try:
            yield
        finally:
            secrets.put_secret_value(SecretId=name, SecretString=right)


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    folder = tmp_path_factory.mktemp("targets")
    run = LocalRun.beside_others(folder / "state", checkout(folder / "checkout"))
    with services_elsewhere() as elsewhere:
        deployed = Deployed(run, elsewhere)
        platform = run.platform
        platform.layout.create()
        platform.layout.stand_ins.write_text(
            yaml.safe_dump(
                {
                    "hosts": elsewhere.hosts,
                    "secrets": {
                        WEATHER_SECRET: {"api_key": API_KEY},
                        TICKETS_SECRET: {"client_secret": CLIENT[1]},
                    },
                }
            )
        )
        try:
            platform.aws.start()
            Record(ports=run.ports).write(platform.layout)
            make_rest_api(run.client("apigateway"))
            deployed.add_targets()
            run.up()
            deployed.token = platform.account.token(AGENT).value
            yield deployed
        finally:
            down = run.command("down")
    assert down.returncode == 0, down.stderr


def make_rest_api(apigateway: Any) -> None:
    """The REST API of the example of an API Gateway target, with its stage."""
    # The emulator's own ids are shorter than those of AWS; this tag of it names one.
    api = apigateway.create_rest_api(name="pets", tags={"ms-custom-id": "a1b2c3d4e5"})["id"]
    [root] = apigateway.get_resources(restApiId=api)["items"]
    pets = apigateway.create_resource(restApiId=api, parentId=root["id"], pathPart="pets")["id"]
    apigateway.put_method(restApiId=api, resourceId=pets, httpMethod="GET", authorizationType="AWS_IAM")
    apigateway.put_integration(restApiId=api, resourceId=pets, httpMethod="GET", type="MOCK")
    apigateway.create_deployment(restApiId=api, stageName="prod")


def text_of(result: CallToolResult) -> str:
    return "".join(block.text for block in result.content if isinstance(block, TextContent))


async def test_an_agent_is_shown_the_tools_of_every_target_that_this_machine_can_call(deployed: Deployed) -> None:
    tools = await deployed.tools()
    assert {FORECAST, TICKET, CONVERT, "aws-operations-v1___get_time"} <= tools
    assert {tool.partition("___")[0] for tool in tools} & {"reports", "pets"} == set()


async def test_an_openapi_service_is_called_with_its_key_and_nothing_of_the_caller(deployed: Deployed) -> None:
    result = await deployed.call(FORECAST, city="Riga", days=2)
    assert json.loads(text_of(result)) == {"path": "/v1/forecast/Riga?days=2", "forecast": "sun"}
    path, headers = deployed.elsewhere.weather.asked[-1]
    assert (path, headers["x-api-key"], headers["host"]) == ("/v1/forecast/Riga?days=2", API_KEY, WEATHER)
    assert deployed.token not in str(headers)


async def test_a_foreign_mcp_server_is_called_with_a_token_of_its_own_login(deployed: Deployed) -> None:
    assert text_of(await deployed.call(TICKET, number=7)) == "ticket 7 is open"
    login, seen = deployed.elsewhere.login, deployed.elsewhere.tickets
    assert login.asked[-1] == {"grant_type": "client_credentials", "scope": "tickets/read"}
    assert seen[-1]["authorization"] == f"Bearer {login.given[-1]}"
    assert deployed.token not in str(seen)


async def test_a_server_on_agentcore_runtime_is_called(deployed: Deployed) -> None:
    result = await deployed.call(CONVERT, value=2, source="km", target="m")
    assert json.loads(text_of(result)) == {"value": 2000.0, "unit": "m"}


@pytest.mark.parametrize(
    ("tool", "sentence"),
    [
        (
            "reports___GetReport",
            "target reports is a Smithy target, which the local run cannot call; it works on AWS",
        ),
        (
            "pets___list_pets",
            "target pets is an API Gateway target, which the local run cannot call; it works on AWS",
        ),
    ],
)
async def test_a_kind_that_only_aws_calls_says_so(deployed: Deployed, tool: str, sentence: str) -> None:
    result = await deployed.call(tool)
    assert (result.is_error, text_of(result)) == (True, sentence)


async def test_a_service_that_refuses_its_key_is_a_tool_error_without_the_key(deployed: Deployed) -> None:
    with deployed.secret(WEATHER_SECRET, api_key=WRONG_KEY):
        result = await deployed.call(FORECAST, city="Riga")
    assert deployed.elsewhere.weather.asked[-1][1]["x-api-key"] == WRONG_KEY
    assert result.is_error
    assert "403" in text_of(result)
    assert WRONG_KEY not in text_of(result), "the service repeats the key, the gateway does not"
    assert not (await deployed.call(FORECAST, city="Riga")).is_error, "the right key is read for the next call"


async def test_a_host_that_nothing_stands_for_is_a_tool_error_that_says_what_to_do(deployed: Deployed) -> None:
    hosts = deployed.run.platform.layout.hosts_file
    known = hosts.read_text()
    hosts.write_text("{}")
    try:
        result = await deployed.call(FORECAST, city="Riga")
    finally:
        hosts.write_text(known)
    assert result.is_error
    assert "its host is not part of the local run" in text_of(result)
    assert "docs/guides/targets.md" in text_of(result)


async def test_a_login_that_refuses_the_gateway_is_a_tool_error_without_the_secret(deployed: Deployed) -> None:
    login = deployed.elsewhere.login
    deployed.elsewhere.revoked.update(login.given)
    asked = len(login.asked)
    with deployed.secret(TICKETS_SECRET, client_secret=WRONG_SECRET):
        result = await deployed.call(TICKET, number=7)
    assert len(login.asked) > asked, "the gateway asks for another token when the server takes the old one no more"
    assert result.is_error
    assert [word for word in CREDENTIALS if word in text_of(result)] == []
    assert text_of(await deployed.call(TICKET, number=7)) == "ticket 7 is open", "the right secret gets a new token"


async def test_no_credential_is_in_answers_logs_templates_or_stacks(deployed: Deployed) -> None:
    """Reads all that the tests before it left, and what two calls of its own leave."""
    for tool, arguments in ((FORECAST, {"city": "Riga"}), (TICKET, {"number": 7})):
        assert not (await deployed.call(tool, **arguments)).is_error
    told = [*deployed.answers, *logged(deployed.run.client("logs")), *of_stacks(deployed.run.client("cloudformation"))]
    assert [text for text in told if any(word in text for word in CREDENTIALS)] == []
    state = deployed.run.state
    files = [file for file in state.rglob("*") if file.is_file() and file.name != "stand-ins.yaml"]
    assert {state / "logs" / "gateway.log", state / "cdk.out" / "foundation-dev-gateway.template.json"} <= set(files)
    secrets = [word.encode() for word in CREDENTIALS]
    assert [file for file in files if any(word in file.read_bytes() for word in secrets)] == []


def logged(logs: Any) -> Iterator[str]:
    """All that the functions and servers logged."""
    for page in logs.get_paginator("describe_log_groups").paginate():
        for group in page["logGroups"]:
            for events in logs.get_paginator("filter_log_events").paginate(logGroupName=group["logGroupName"]):
                yield from (event["message"] for event in events["events"])


def of_stacks(cloudformation: Any) -> Iterator[str]:
    """All that CloudFormation tells of the stacks: outputs, resources, events, templates."""
    for stack in cloudformation.describe_stacks()["Stacks"]:
        named = {"StackName": stack["StackName"]}
        yield str(stack)
        yield str(cloudformation.describe_stack_resources(**named)["StackResources"])
        yield str(cloudformation.describe_stack_events(**named)["StackEvents"])
        yield str(cloudformation.get_template(**named)["TemplateBody"])


async def test_a_target_that_is_taken_out_of_the_settings_takes_its_tools_along(deployed: Deployed) -> None:
    deployed.remove_target("weather")
    deployed.run.up()
    deadline = time.monotonic() + 10
    while FORECAST in (tools := await deployed.tools()) and time.monotonic() < deadline:
        await asyncio.sleep(0.2)  # the gateway reads the control plane once a second
    assert FORECAST not in tools
    assert {TICKET, CONVERT} <= tools
    asked = len(deployed.elsewhere.weather.asked)
    with pytest.RaisesGroup(pytest.RaisesExc(MCPError, match=f"Unknown tool: {FORECAST}"), flatten_subgroups=True):
        await deployed.call(FORECAST, city="Riga")
    assert len(deployed.elsewhere.weather.asked) == asked
    providers = deployed.run.client("bedrock-agentcore-control").list_api_key_credential_providers()
    assert providers["credentialProviders"] == [], "the key's provider is gone with it"
