"""What the AWS tools are tried against: data in an account, and calls of every operation that find it."""

import importlib
import pkgutil

from tests.scenarios.model import Scenario


def all_scenarios() -> list[Scenario]:
    """The scenario of every module of this package, by the tool's name."""
    modules = [importlib.import_module(f"{__name__}.{module.name}") for module in pkgutil.iter_modules(__path__)]
    found: list[Scenario] = [module.SCENARIO for module in modules if hasattr(module, "SCENARIO")]
    return sorted(found, key=lambda scenario: scenario.tool)
