"""What every stack of an environment shares."""

from __future__ import annotations

from aws_cdk import CfnOutput, Environment, Stack, Tags, aws_logs as logs
from constructs import Construct

from foundation.directory import Directory
from foundation.encryption import EncryptionKey
from foundation.log_group import LogKeeping
from stacks.settings import Settings


class FoundationStack(Stack):
    """A deploy unit of one environment, named `<project>-<environment>-<unit>`.

    Attributes:
        settings: the environment's settings.
        retain: whether its data outlives it.
    """

    def __init__(self, scope: Construct, unit: str, *, settings: Settings, description: str) -> None:
        """Make the stack.

        Args:
            scope: the app.
            unit: what it holds, e.g. `network`.
            settings: the environment's settings.
            description: for whoever meets the stack in the console.
        """
        environment = settings.environment
        super().__init__(
            scope,
            f"{settings.prefix}-{unit}",
            description=description,
            env=Environment(account=environment.account, region=environment.region),
            termination_protection=environment.protection.terminate,
        )
        self.settings = settings
        self.retain = environment.protection.retain_data
        for key, value in {"project": settings.project, "environment": settings.name, **environment.tags}.items():
            Tags.of(self).add(key, value)

    @property
    def path(self) -> str:
        """`/<project>/<environment>`, what the names of parameters and log groups begin with."""
        return self.settings.path

    @property
    def directory(self) -> Directory:
        """Where agents and suspensions of this environment stand."""
        return Directory(agents=f"{self.path}/agents", suspended=f"{self.path}/suspended")

    def key(self, construct_id: str, *, alias: str, description: str) -> EncryptionKey:
        """A customer-managed key of this environment, kept as its data is."""
        return EncryptionKey(
            self, construct_id, alias=f"{self.settings.prefix}-{alias}", description=description, retain=self.retain
        )

    def log_keeping(self, key: EncryptionKey, *, delivered: bool = False) -> LogKeeping:
        """How this environment keeps logs, encrypted under `key`; `delivered` where a service delivers them."""
        key.allow_logs()
        if delivered:
            key.allow_log_delivery()
        return LogKeeping(
            key=key, retention=retention(self.settings.environment.log_retention_days), retain=self.retain
        )

    def output(self, name: str, value: str, description: str) -> None:
        """An output that people and programs outside the kit read."""
        CfnOutput(self, name, value=value, description=description)


def retention(days: int) -> logs.RetentionDays:
    """The member of CDK's enum for `days`, one of the values that the settings allow."""
    names = {
        1: "ONE_DAY",
        3: "THREE_DAYS",
        5: "FIVE_DAYS",
        7: "ONE_WEEK",
        14: "TWO_WEEKS",
        30: "ONE_MONTH",
        60: "TWO_MONTHS",
        90: "THREE_MONTHS",
        120: "FOUR_MONTHS",
        150: "FIVE_MONTHS",
        180: "SIX_MONTHS",
        365: "ONE_YEAR",
        400: "THIRTEEN_MONTHS",
        545: "EIGHTEEN_MONTHS",
        731: "TWO_YEARS",
        1096: "THREE_YEARS",
        1827: "FIVE_YEARS",
        3653: "TEN_YEARS",
    }
    return logs.RetentionDays[names[days]]
