"""Every operation of every AWS tool needs the IAM actions that it declares, all of them and no others.

Three witnesses: the API operations that botocore sends, mapped to IAM actions by their names or by the AWS page that
the scenario cites; moto, which enforces IAM by its own idea of that mapping; and the emulator with the deployed roles
(tests/local/test_aws_tools.py), which looks at resources and conditions too.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import pytest
from policy_sentry.querying.actions import get_action_data

from foundation.permissions import ON_EVERYTHING
from tests.permissions.account import MotoAccount, action_of, moto_account
from tests.permissions.servers import operations, scenarios, servers, tools
from tests.permissions.witnesses import EMULATOR_BLIND, MOTO_BLIND
from tests.scenarios import all_scenarios
from tests.scenarios.model import Call
from toolkit import OperationSpec

OPERATIONS = [(tool, operation) for tool in scenarios() for operation in operations(tools()[tool])]
each_operation = pytest.mark.parametrize(
    ("tool", "operation"),
    OPERATIONS,
    ids=[f"{tool}-{operation.name}" for tool, operation in OPERATIONS],
    scope="module",
)


@pytest.fixture(scope="module")
def account(tool: str) -> Iterator[MotoAccount]:
    with moto_account(scenarios()[tool]) as filled:
        yield filled


def actions_of(operation: OperationSpec) -> set[str]:
    return {permission.action for permission in operation.actions}


def test_every_action_has_a_witness_that_enforces_iam() -> None:
    declared = {permission.action for tool in tools().values() for permission in tool.actions}
    assert set(MOTO_BLIND) <= declared
    assert set(EMULATOR_BLIND) <= declared
    assert set(EMULATOR_BLIND).isdisjoint({*MOTO_BLIND, *stubbed_everywhere()})


def stubbed_everywhere() -> set[str]:
    """The actions that moto is never asked for, because it lacks the API operation: a stub is no witness."""
    stubbed, asked = set(), set()
    for scenario in scenarios().values():
        for call in scenario.calls(defaultdict(str)):
            of_call = {action_of(scenario, api_call) for api_call in call.stubbed}
            stubbed |= of_call
            (operation,) = (found for found in operations(tools()[scenario.tool]) if found.name == call.operation)
            asked |= actions_of(operation) - of_call
    return stubbed - asked


def test_scenarios_are_of_tools_that_there_are() -> None:
    for scenario in all_scenarios():
        assert scenario.tool in {tool.name for tool in servers()[scenario.server].describe().tools}


@each_operation
def test_an_operation_declares_the_actions_of_the_api_operations_that_it_calls(
    tool: str, operation: OperationSpec, account: MotoAccount
) -> None:
    calls = account.calls(operation.name)
    assert calls, f"tests/scenarios has no call of {tool} {operation.name}"
    needed = {account.action_of(api_call) for call in calls for api_call in account.api_calls(call)}
    assert not needed - actions_of(operation), "calls this and does not declare it"
    assert not actions_of(operation) - needed, "declares this and does not call it"


@each_operation
def test_a_role_with_an_operations_actions_suffices(tool: str, operation: OperationSpec, account: MotoAccount) -> None:
    also = {instead for action in actions_of(operation) if (instead := MOTO_BLIND.get(action))}
    for call in account.calls(operation.name):
        answer = account.as_role(call, actions_of(operation) | also)
        assert "isError" not in answer, answer


@each_operation
def test_without_any_one_of_them_the_operation_is_refused(
    tool: str, operation: OperationSpec, account: MotoAccount
) -> None:
    also = {instead for action in actions_of(operation) if (instead := MOTO_BLIND.get(action))}
    for action in sorted(actions_of(operation) - set(MOTO_BLIND)):
        rest = (actions_of(operation) | also) - {action}
        assert any(is_refused(account, call, rest) for call in account.calls(operation.name)), (
            f"{tool} {operation.name} declares {action} and does not need it"
        )


def is_refused(account: MotoAccount, call: Call, actions: set[str]) -> bool:
    answer = account.as_role(call, actions)
    return "isError" in answer and account.denied != []


def test_actions_only_read_and_name_the_narrowest_resource_that_iam_knows() -> None:
    for tool in tools().values():
        for permission in tool.actions:
            service, _, name = permission.action.partition(":")
            rows = get_action_data(service, name)[service]
            narrower = [row["resource_arn_format"] for row in rows if row["resource_arn_format"] != "*"]
            assert all(row["access_level"] in ("Read", "List") for row in rows), permission
            if permission.action in ON_EVERYTHING:
                narrower = []
            assert bool(narrower) == bool(permission.resource_type), f"{permission}: {narrower}"
