"""The company's people on this machine: the roles that conversational agents answer, and credentials for them.

On AWS a company has these roles, and whoever runs it attaches the policy that the kit makes for an agent's callers.
Here the local run does both, and leaves what the client `foundation` needs in the state folder.
"""

from __future__ import annotations

import configparser
import contextlib
import io
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from local.agent import Account
from local.deployment import ENVIRONMENT
from local.emulator.settings import ACCOUNT, REGION
from local.layout import Layout, Ports
from local.private_files import write_private

HOURS = 12
"""How long a session of a role lasts, the longest that IAM allows. Every `make local` begins another."""

_TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "sts:AssumeRole"}
    ],
}


def admit(account: Account, layout: Layout, ports: Ports) -> str | None:
    """Make the roles that agents answer, with the policies of these agents, and write the client's files.

    Users among an agent's callers are left alone: a role is enough to talk to it.

    Returns:
        The agent that the client talks to unless told otherwise; None when people talk to none.
    """
    agents = {agent: roles for agent, callers in account.conversations().items() if (roles := _roles(callers))}
    agents_of: dict[str, list[str]] = defaultdict(list)
    for agent, roles in agents.items():
        for role in roles:
            agents_of[role].append(agent)
    sessions = {role: _session(account, role, talks_to) for role, talks_to in agents_of.items()}
    _write_credentials(layout, sessions)
    if not agents:
        layout.client_file.unlink(missing_ok=True)
        return None
    agent = min(agents)
    _write_client(layout, ports, agent=agent, profile=agents[agent][0])
    return agent


def _roles(callers: Sequence[str]) -> list[str]:
    return [caller.removeprefix("role/") for caller in callers if caller.startswith("role/")]


def _session(account: Account, role: str, agents: Sequence[str]) -> Mapping[str, Any]:
    """Credentials of a role that may talk to these agents."""
    iam = account.iam
    with contextlib.suppress(iam.exceptions.EntityAlreadyExistsException):  # an earlier `make local` made it
        iam.create_role(RoleName=role, AssumeRolePolicyDocument=json.dumps(_TRUST), MaxSessionDuration=HOURS * 3600)
    for agent in agents:
        policy = f"foundation-{ENVIRONMENT}-{agent.replace('/', '-')}-caller"
        iam.attach_role_policy(RoleName=role, PolicyArn=f"arn:aws:iam::{ACCOUNT}:policy/{policy}")
    answer = account.sts.assume_role(
        RoleArn=f"arn:aws:iam::{ACCOUNT}:role/{role}", RoleSessionName="local-run", DurationSeconds=HOURS * 3600
    )
    credentials: Mapping[str, Any] = answer["Credentials"]
    return credentials


def _write_credentials(layout: Layout, sessions: Mapping[str, Mapping[str, Any]]) -> None:
    """A shared credentials file with a profile for each role, which its owner alone may read.

    https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html
    """
    profiles = configparser.RawConfigParser()
    for role, credentials in sessions.items():
        profiles[role] = {
            "aws_access_key_id": credentials["AccessKeyId"],
            "aws_secret_access_key": credentials["SecretAccessKey"],
            "aws_session_token": credentials["SessionToken"],
        }
    text = io.StringIO()
    profiles.write(text)
    write_private(layout.credentials_file, text.getvalue().encode())


def _write_client(layout: Layout, ports: Ports, *, agent: str, profile: str) -> None:
    """Where this platform is and whom it trusts, for `foundation --env local`. No secret is in it."""
    page = {
        "environment": ENVIRONMENT,
        "region": REGION,
        "endpoint_url": ports.endpoint_url,
        "proxy": ports.edge_url,
        "ca_file": str(layout.ca_file),
        "credentials_file": str(layout.credentials_file),
        "profile": profile,
        "agent": agent,
    }
    layout.client_file.write_text(json.dumps(page, indent=2), encoding="utf-8")
