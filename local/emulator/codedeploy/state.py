"""What CodeDeploy knows: applications, deployment groups, deployments. In memory, as all of the emulated AWS."""

from __future__ import annotations

import secrets
import string
import threading
import time
import uuid
from dataclasses import dataclass, field

from local.emulator.settings import ACCOUNT, REGION

_ID = string.ascii_uppercase + string.digits


@dataclass(frozen=True, kw_only=True)
class Group:
    """A deployment group: how a deployment goes.

    `role_arn` is what CodeDeploy acts as, `configuration` the name of its traffic configuration, `alarms` the names of
    the alarms that stop it.
    """

    application: str
    name: str
    role_arn: str
    configuration: str
    alarms: tuple[str, ...]

    @property
    def arn(self) -> str:
        """The group's ARN."""
        return f"arn:aws:codedeploy:{REGION}:{ACCOUNT}:deploymentgroup:{self.application}/{self.name}"


def _deployment_id() -> str:
    return "d-" + "".join(secrets.choice(_ID) for _ in range(9))


@dataclass(kw_only=True)
class Deployment:
    """One deployment of a group.

    `hook_status` is what the hook reported about `hook_execution`, and `reported` is set once it did; `error` is the
    code and the sentence of a failure.
    """

    group: Group
    id: str = field(default_factory=_deployment_id)
    hook_execution: str = field(default_factory=lambda: str(uuid.uuid4()))
    status: str = "InProgress"
    hook_status: str | None = None
    reported: threading.Event = field(default_factory=threading.Event)
    error: tuple[str, str] | None = None
    created: float = field(default_factory=time.time)
    completed: float | None = None

    def end(self, error: tuple[str, str] | None = None) -> None:
        """Close it, failed when there is an error."""
        self.error = error
        self.status = "Failed" if error else "Succeeded"
        self.completed = time.time()


@dataclass(frozen=True)
class CodeDeploy:
    """All of it, by name and id."""

    applications: set[str] = field(default_factory=set)
    groups: dict[tuple[str, str], Group] = field(default_factory=dict)
    deployments: dict[str, Deployment] = field(default_factory=dict)
