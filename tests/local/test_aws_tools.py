"""Every AWS tool answers an authenticated MCP client with data of the emulated account, as the deployed role (R12)."""

from __future__ import annotations

import pytest
from mcp_types import TextContent

from local.demonstration import connected
from tests.local.aws_tools import Account, all_tools, check_answer, granted, implemented, target_name
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
    platform, name = account.run.platform, f"{target_name(scenarios()[tool].server)}___{tool}"
    calls = [call for call in account.calls(tool) if implemented(call)]
    assert calls
    async with connected(platform.account.gateway_url(), platform.account.token(AGENT).value) as client:
        results = [await client.call_tool(name, call.event()) for call in calls]
    for call, result in zip(calls, results, strict=True):
        (block,) = result.content
        assert isinstance(block, TextContent)
        assert not result.is_error, f"{call.operation}: {block.text}"
        check_answer(call, block.text)


@each_tool
def test_no_operation_lacks_a_permission(tool: str, account: Account) -> None:
    """IAM decides before the API does, so that calls of API operations that the emulator lacks tell too."""
    assert account.refusals(tool, account.calls(tool)) == []


@each_tool
def test_without_any_one_action_the_deployed_role_is_refused(tool: str, account: Account) -> None:
    """An action that is listed as one that the emulator does not ask for has to be one."""
    missed: set[str] = set()
    unneeded: list[str] = []
    for operation, actions in granted(tool).items():
        calls = [call for call in account.calls(tool) if call.operation == operation]
        for action in actions:
            if account.refusals(tool, calls, without=action):
                missed.add(action)
            elif action not in EMULATOR_BLIND:
                unneeded.append(f"{operation}: {action}")
    assert unneeded == []
    assert missed.isdisjoint(EMULATOR_BLIND)
