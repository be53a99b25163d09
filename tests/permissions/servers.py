"""The tool servers under test, and what each of their tools is tried with."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

import aws_operations
from tests.scenarios import all_scenarios
from tests.scenarios.model import Call, Scenario
from toolkit import OperationSpec, ServerSpec, ToolServer, ToolSpec


@cache
def servers() -> dict[str, ToolServer]:
    """The server of every package inside `aws_operations` that has tools."""
    packages = [module.name for module in pkgutil.iter_modules(aws_operations.__path__) if module.ispkg]
    found = [importlib.import_module(f"aws_operations.{package}.handler").server for package in packages]
    return {server.name: server for server in found if server.describe().tools}


@cache
def tools() -> dict[str, ToolSpec]:
    """Every tool of these servers by its name."""
    return {tool.name: tool for server in servers().values() for tool in server.describe().tools}


@cache
def scenarios() -> dict[str, Scenario]:
    """The scenario of every tool that calls AWS, by the tool's name.

    A tool without one of its own in tests/scenarios is tried on an empty account: with its self-check, and each
    further operation without arguments.
    """
    written = {scenario.tool: scenario for scenario in all_scenarios()}
    specs = [server.describe() for server in servers().values()]
    return {
        tool.name: written.get(tool.name) or _on_an_empty_account(spec, tool)
        for spec in specs
        for tool in spec.tools
        if tool.actions
    }


def operations(tool: ToolSpec) -> tuple[OperationSpec, ...]:
    """A tool's operations; one that is no family is its only operation, without a name."""
    return tool.operations or (OperationSpec("", tool.description, tool.actions),)


def _on_an_empty_account(server: ServerSpec, tool: ToolSpec) -> Scenario:
    checked = dict(tool.self_check)
    first = checked.pop("operation", "")
    calls = [
        Call(operation=operation.name, arguments=checked if operation.name == first else {})
        for operation in operations(tool)
    ]
    return Scenario(server=server.name, tool=tool.name, fill=lambda *_: {}, calls=lambda _: calls)
