"""gamma and prod deploy as dev does, with other zones, NAT, endpoints, placement and protection, and a cluster."""

from __future__ import annotations

import pytest

from tests.local.other_environments import OtherAccount
from tests.templates import units


@pytest.mark.parametrize("environment", ["gamma", "prod"])
def test_every_stack_deploys(other_account: OtherAccount, environment: str) -> None:
    deployed = other_account.deploy(environment)
    assert sorted(deployed) == sorted(f"foundation-{environment}-{unit}" for unit in units(environment))
