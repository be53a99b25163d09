"""Releases on this machine: two majors side by side, new code that its own self-check refuses, and code that passes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mcp_types as types
import pytest
import yaml

from foundation.wheels import HOST, PLATFORM_CONTEXT
from local.demonstration import connected
from local.failure import LocalRunError
from tests.assemblies import ROOT, copy_of_the_app, run_app
from tests.local.local_run import AGENT, LocalRun

FIXTURES = ROOT / "tests" / "fixtures"
STACK = "foundation-dev-tools"


@dataclass(frozen=True)
class Shop:
    """A platform with a tool server `orders` of two majors, and the checkout that it is deployed from."""

    checkout: Path
    run: LocalRun

    def deploy(self) -> None:
        """Synthesize the checkout, policy checks included, and deploy it."""
        context = json.dumps({"env": "dev", PLATFORM_CONTEXT: HOST})
        made = run_app(root=self.checkout, outdir=self.run.platform.layout.assembly, context=context)
        assert made.returncode == 0, made.stdout + made.stderr
        self.run.platform.deployment.deploy(on_stack=lambda stack: None)

    def edit(self, old: str, new: str) -> None:
        """Change the code of the current major."""
        tools = self.checkout / "lambda" / "orders" / "tools.py"
        text = tools.read_text()
        assert old in text
        tools.write_text(text.replace(old, new))

    def status(self) -> str:
        """Status of the stack that holds the tool servers."""
        [stack] = self.run.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"]
        return str(stack["StackStatus"])

    def last_deployment(self) -> dict[str, Any]:
        """CodeDeploy's newest deployment."""
        codedeploy = self.run.client("codedeploy")
        newest = codedeploy.list_deployments()["deployments"][0]
        described: dict[str, Any] = codedeploy.get_deployment(deploymentId=newest)["deploymentInfo"]
        return described

    def check_logs(self) -> str:
        """What the checks of releases have logged."""
        logs = self.run.client("logs")
        groups = [group["logGroupName"] for group in logs.describe_log_groups()["logGroups"]]
        checks = [group for group in groups if "ordersv2ReleaseCheck" in group]
        return "\n".join(
            event["message"] for group in checks for event in logs.filter_log_events(logGroupName=group)["events"]
        )

    async def call(self, tool: str, **arguments: Any) -> types.CallToolResult:
        """Call a tool through the local gateway as an agent does."""
        account = self.run.platform.account
        async with connected(account.gateway_url(), account.token(AGENT).value) as client:
            return await client.call_tool(tool, arguments)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    folder = tmp_path_factory.mktemp("shop")
    run = LocalRun.beside_others(folder / "state")
    shop = Shop(checkout_with_orders(folder / "checkout"), run)
    platform = run.platform
    platform.layout.create()
    platform.aws.start()
    try:
        platform.deployment.bootstrap()
        shop.deploy()
        platform.account.wait_for_credentials([AGENT])
        platform.gateway.start(platform.account.gateway_url())
        yield shop
    finally:
        down = run.command("down")
    assert down.returncode == 0, down.stderr


def checkout_with_orders(folder: Path) -> Path:
    """A copy of the app whose dev environment serves `orders`, with a check that gives up sooner than AWS needs."""
    copy_of_the_app(folder)
    for source in (*(FIXTURES / "lambda").iterdir(), *(FIXTURES / "versions").iterdir()):
        target = folder / source.parent.name / source.name
        target.mkdir(parents=True)
        for file in source.iterdir():
            if file.is_file():
                (target / file.name).write_bytes(file.read_bytes())
    dev = folder / "config" / "dev.yaml"
    settings = yaml.safe_load(dev.read_text())
    settings["tool_servers"]["orders"] = {"package": "orders", "in_vpc": False, "reserved_concurrency": 5}
    dev.write_text(yaml.safe_dump(settings))
    policies = folder / "config" / "policies" / "groups.yaml"
    groups = yaml.safe_load(policies.read_text())
    groups["groups"]["admin"]["tools"].append("orders/*")
    policies.write_text(yaml.safe_dump(groups))
    acme = folder / "config" / "tenants" / "acme-corp.yaml"
    tenant = yaml.safe_load(acme.read_text())
    tenant["agents"]["finance-agent"]["scopes"].append("orders/read")
    acme.write_text(yaml.safe_dump(tenant))
    check = folder / "lambda" / "release_check" / "handler.py"
    patience = "PATIENCE_SECONDS = 60.0"
    assert patience in check.read_text()
    check.write_text(check.read_text().replace(patience, "PATIENCE_SECONDS = 1.0"))
    return folder


def told(result: types.CallToolResult) -> Any:
    """The JSON of an answer."""
    assert not result.is_error, result
    (content,) = result.content
    assert isinstance(content, types.TextContent)
    return json.loads(content.text)


async def test_two_majors_answer_side_by_side_and_the_deprecated_one_says_so(shop: Shop) -> None:
    assert told(await shop.call("orders-v2___get_order", number=7)) == {"number": 7, "state": "shipped"}
    answer = told(await shop.call("orders-v1___get_order", order="A-7"))
    assert answer.pop("deprecation") == {"ends": "2099-12-31", "successor": "orders-v2"}
    assert answer == {"order": "A-7", "state": "shipped"}


async def test_the_descriptions_of_a_deprecated_majors_tools_say_when_it_ends(shop: Shop) -> None:
    account = shop.run.platform.account
    async with connected(account.gateway_url(), account.token(AGENT).value) as client:
        described = {tool.name: tool.description or "" for tool in (await client.list_tools()).tools}
    assert described["orders-v1___get_order"].startswith("Deprecated: ends 2099-12-31; use orders-v2.")
    assert "Deprecated" not in described["orders-v2___get_order"]


async def test_code_whose_self_check_fails_answers_no_call(shop: Shop) -> None:
    shop.edit('"state": "shipped"', '"state": {}["missing"]')
    try:
        with pytest.raises(LocalRunError, match=r"CodeDeploy deployment d-\w+ failed"):
            shop.deploy()
        assert shop.status() == "UPDATE_ROLLBACK_COMPLETE"
        assert shop.last_deployment()["status"] == "Failed"
        assert shop.last_deployment()["errorInformation"]["code"] == "HOOK_EXECUTION_FAILURE"
        assert '"tool":"get_order"' in shop.check_logs()
        assert told(await shop.call("orders-v2___get_order", number=7)) == {"number": 7, "state": "shipped"}
    finally:
        shop.edit('"state": {}["missing"]', '"state": "shipped"')


async def test_code_that_passes_its_self_check_answers_from_then_on(shop: Shop) -> None:
    shop.edit('"state": "shipped"', '"state": "on its way"')
    shop.deploy()
    assert shop.status() == "UPDATE_COMPLETE"
    assert shop.last_deployment()["status"] == "Succeeded"
    assert told(await shop.call("orders-v2___get_order", number=7)) == {"number": 7, "state": "on its way"}
    assert told(await shop.call("orders-v1___get_order", order="A-7"))["state"] == "shipped"
