"""An emulated account that takes the stacks of other environments than dev, one environment after the other."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field

from tests.assemblies import assembly
from tests.local.local_run import LocalRun


@dataclass
class OtherAccount:
    """A bootstrapped account without a local gateway.

    Attributes:
        run: the platform in it.
        deployed: the names of each environment's stacks, once it is deployed.
    """

    run: LocalRun
    deployed: dict[str, list[str]] = field(default_factory=dict)

    def deploy(self, environment: str) -> list[str]:
        """Deploy every stack of an environment, unless that was done, and give their names."""
        if environment not in self.deployed:
            platform = self.run.platform
            shutil.rmtree(platform.layout.assembly, ignore_errors=True)
            shutil.copytree(assembly(environment), platform.layout.assembly)
            stacks: list[str] = []
            platform.deployment.deploy(stacks.append)
            self.deployed[environment] = stacks
        return self.deployed[environment]

    def output(self, unit: str, name: str, *, environment: str = "prod") -> str:
        """An output of one of its stacks."""
        api = self.run.client("cloudformation")
        [stack] = api.describe_stacks(StackName=f"foundation-{environment}-{unit}")["Stacks"]
        return str(next(one["OutputValue"] for one in stack["Outputs"] if one["OutputKey"] == name))
