"""Fixtures of the tests of governed gateways: roles, a client that leaves nothing behind, a gateway and an engine.

A module that needs them says `pytest_plugins = ["tests.local.governed_gateway_fixtures"]`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.local.conftest import Emulator
from tests.local.governed_gateways import clean_control, gateway_of_bank, roles_of_governance


@pytest.fixture(scope="module")
def base(emulator: Emulator) -> Iterator[dict[str, str]]:
    """The ARNs of `roles_of_governance`."""
    with roles_of_governance(emulator) as arns:
        yield arns


@pytest.fixture
def control(emulator: Emulator) -> Iterator[Any]:
    """A client of the control plane, whose gateways and engines are deleted afterwards."""
    with clean_control(emulator) as client:
        yield client


@pytest.fixture
def gateway(control: Any, base: dict[str, str]) -> dict[str, Any]:
    """The bank's gateway."""
    return gateway_of_bank(control, base)


@pytest.fixture
def engine(control: Any) -> str:
    """The id of a policy engine without policies."""
    return str(control.create_policy_engine(name="engine")["policyEngineId"])
