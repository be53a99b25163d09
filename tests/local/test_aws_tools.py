"""Every AWS tool answers an authenticated MCP client with data of the emulated account, as the deployed role (R12)."""

from __future__ import annotations

import pytest
from mcp_types import TextContent

from local.demonstration import connected
from tests.local.aws_tools import Account, all_tools, check_answer, granted, target_name
from tests.local.local_run import AGENT, LocalRun
from tests.permissions.servers import scenarios
from tests.permissions.witnesses import EMULATOR_BLIND

each_tool = pytest.mark.parametrize("tool", scenarios())


@pytest.fixture(scope="module")
def account(local_run: LocalRun) -> Account:
    return Account(local_run)


async def test_all_twenty_tools_are_listed(account: Account) -> None:
    platform = account.run.platform
    async with connected(platform.account.gateway_url(), platform.account.token(AGENT).value) as client:
        listed = {tool.name for tool in (await client.list_tools()).tools}
    assert len(all_tools()) == 20
    assert listed >= set(all_tools())


@each_tool
async def test_every_operation_answers_through_the_gateway(tool: str, account: Account) -> None:
    scenario, platform = scenarios()[tool], account.run.platform
    calls = account.calls(tool)
    assert calls
    async with connected(platform.account.gateway_url(), platform.account.token(AGENT).value) as client:
        for call in calls:
            result = await client.call_tool(f"{target_name(scenario.server)}___{tool}", call.event())
            (block,) = result.content
            assert isinstance(block, TextContent)
            assert not result.is_error, f"{call.operation}: {block.text}"
            check_answer(call, block.text)


@each_tool
def test_without_any_one_action_the_deployed_role_is_refused(tool: str, account: Account) -> None:
    scenario, calls = scenarios()[tool], account.calls(tool)
    function = account.function(scenario)
    unneeded: list[str] = []
    for operation, actions in granted(tool).items():
        tried = [call for call in calls if call.operation == operation]
        for action in actions:
            if not tried or action in EMULATOR_BLIND:
                continue
            with account.without(function, action):
                answers = [account.invoke(function, scenario, call) for call in tried]
            refusals = [answer["content"][0]["text"] for answer in answers if "isError" in answer]
            if not any(text.startswith("AWS refused ") for text in refusals):
                unneeded.append(f"{operation}: {action} ({refusals})")
    assert unneeded == []
