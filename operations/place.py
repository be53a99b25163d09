"""Where an operation is done: the AWS account of the current credentials, or the platform on this machine."""

from __future__ import annotations

import os
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

from local.deployment import ENVIRONMENT
from local.failure import LocalRunError
from local.layout import Layout
from local.record import Record
from local.surroundings import client_environment
from operations.failure import OperationError
from stacks.settings.environment import EnvironmentSettings
from stacks.settings.loader import PROJECT, ROOT, available_environments
from stacks.settings.yaml_file import YamlError, read_yaml

if TYPE_CHECKING:
    from types_boto3_cloudformation import CloudFormationClient
    from types_boto3_logs import CloudWatchLogsClient
    from types_boto3_ssm import SSMClient

LOCAL = "local"
"""The name by which commands call the platform on this machine."""

_PATIENT = Config(retries={"mode": "standard", "total_max_attempts": 8})
"""The directory is read ten entries at a time, which AWS throttles."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """One deployed environment.

    Attributes:
        environment: its name.
        ssm: its parameters.
        logs: its logs.
        cloudformation: its stacks.
        caller: the ARN of the principal whose credentials are used.
    """

    environment: str
    ssm: SSMClient
    logs: CloudWatchLogsClient
    cloudformation: CloudFormationClient
    caller: str

    @property
    def path(self) -> str:
        """First part of the names of its parameters, without a slash at the end."""
        return f"/{PROJECT}/{self.environment}"


def find_place(name: str, *, root: Path = ROOT) -> Place:
    """The environment `name`, or what runs on this machine for `local`.

    Args:
        name: the environment.
        root: the folder that holds `config/`.

    Raises:
        OperationError: there is no such environment, nothing runs here, or the credentials are of another account.
        botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError: AWS cannot be asked.
    """
    if name == LOCAL:
        _use_this_machine()
        return _place(ENVIRONMENT, region=None, account=None)
    environments = available_environments(root / "config")
    if name not in environments:
        choice = ", ".join([*environments, LOCAL])
        near = get_close_matches(name, [*environments, LOCAL], n=1, cutoff=0.5)
        hint = f" (did you mean {near[0]}?)" if near else ""
        raise OperationError(f"There is no environment {name!r}{hint}: choose with ENV=<name>, one of {choice}.")
    try:
        settings = read_yaml(root / "config" / f"{name}.yaml")
    except YamlError as error:
        raise OperationError(f"config/{name}.yaml: {error}") from None
    region = settings.get("region", EnvironmentSettings.model_fields["region"].default)
    return _place(name, region=str(region), account=settings.get("account"))


def _place(environment: str, *, region: str | None, account: object) -> Place:
    session = boto3.Session(region_name=region)
    identity = session.client("sts").get_caller_identity()
    if account is not None and identity["Account"] != account:
        raise OperationError(
            f"The credentials are of account {identity['Account']}, and config/{environment}.yaml names {account}: "
            "choose the credentials of that account."
        )
    return Place(
        environment=environment,
        ssm=session.client("ssm", config=_PATIENT),
        logs=session.client("logs"),
        cloudformation=session.client("cloudformation"),
        caller=identity["Arn"],
    )


def _use_this_machine() -> None:
    """Point this process's AWS clients at the emulated AWS, whatever profile or account the shell has chosen."""
    layout = Layout.from_environment(os.environ)
    record = Record.read(layout)
    if record is None:
        raise OperationError("The platform does not run on this machine: start it with `make local`.")
    try:
        emulated = client_environment(layout, record.ports)
    except LocalRunError as error:
        raise OperationError(str(error)) from None
    for variable in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[variable]
    os.environ.update(emulated)
