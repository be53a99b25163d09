"""gamma and prod deploy as dev does: their templates differ in zones, NAT, endpoints, placement and protection."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from local.platform import Platform
from tests.assemblies import assembly
from tests.local.local_run import LocalRun
from tests.templates import units


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """An emulated account of its own, bootstrapped and otherwise empty."""
    platform = LocalRun.beside_others(tmp_path_factory.mktemp("other-environments") / "state").platform
    platform.layout.create()
    platform.aws.start()
    try:
        platform.deployment.bootstrap()
        yield platform
    finally:
        platform.aws.daemon.stop()


@pytest.mark.parametrize("environment", ["gamma", "prod"])
def test_every_stack_deploys(account: Platform, environment: str) -> None:
    shutil.rmtree(account.layout.assembly, ignore_errors=True)
    shutil.copytree(assembly(environment), account.layout.assembly)
    deployed: list[str] = []
    account.deployment.deploy(deployed.append)
    assert sorted(deployed) == sorted(f"foundation-{environment}-{unit}" for unit in units(environment))
