"""The tool servers under test, by their name."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

import aws_operations
from toolkit import ToolServer, ToolSpec


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
