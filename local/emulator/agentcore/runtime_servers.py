"""The servers of all runtimes: one process per version and endpoint, acting as the runtime's role."""

from __future__ import annotations

import os
import secrets
import shutil
import threading
from pathlib import Path
from typing import Any

import boto3
from ministack.services import sts

from local.emulator.agentcore import runtime_code
from local.emulator.agentcore.collection import Record
from local.emulator.agentcore.runtime_logs import RuntimeLog
from local.emulator.agentcore.runtime_packages import lay_over
from local.emulator.agentcore.runtime_process import CONTRACTS, RuntimeProcess
from local.emulator.settings import ACCOUNT, REGION

_Key = tuple[str, str, str]


class RuntimeServers:
    """Makes servers when they are first asked for; safe to use from several threads."""

    def __init__(self, folder: Path, *, host_packages: Path) -> None:
        """Code and logs go below `folder`; `host_packages` are compiled for this machine."""
        self._folder = folder
        self._host_packages = host_packages
        self._servers: dict[_Key, RuntimeProcess] = {}
        self._lock = threading.Lock()

    def of(self, version: Record, qualifier: str) -> RuntimeProcess:
        """The server of a runtime's version behind an endpoint. Raises ValidationException when its code is gone."""
        key = (version["agentRuntimeId"], version["agentRuntimeVersion"], qualifier)
        with self._lock:
            if key not in self._servers:
                self._servers[key] = self._made(version, qualifier)
            return self._servers[key]

    def retire(self, version: Record) -> None:
        """End the servers of a version."""
        wanted = (version["agentRuntimeId"], version["agentRuntimeVersion"])
        with self._lock:
            ended = [self._servers.pop(key) for key in list(self._servers) if key[:2] == wanted]
        for server in ended:
            server.stop()

    def stop(self) -> None:
        """End every server."""
        with self._lock:
            ended, self._servers = list(self._servers.values()), {}
        for server in ended:
            server.stop()

    def _made(self, version: Record, qualifier: str) -> RuntimeProcess:
        runtime_id = version["agentRuntimeId"]
        place = self._folder / runtime_id / version["agentRuntimeVersion"] / qualifier
        shutil.rmtree(place, ignore_errors=True)  # of a server that was retired before
        code, overlay = place / "code", place / "overlay"
        code.mkdir(parents=True)
        runtime_code.unpack(version["agentRuntimeArtifact"], code)
        lay_over(code, self._host_packages, overlay)
        role = _session(version)
        log = RuntimeLog(
            file=place / "output.log",
            group=f"/aws/bedrock-agentcore/runtimes/{runtime_id}-{qualifier}",
            client=_logs_client(role),
        )
        return RuntimeProcess(
            code=code,
            overlay=overlay,
            entry_point=runtime_code.entry_point(version["agentRuntimeArtifact"]["codeConfiguration"]),
            contract=CONTRACTS[version["protocolConfiguration"]["serverProtocol"]],
            environment={**version.get("environmentVariables", {}), **role},
            log=log,
        )


def _session(version: Record) -> dict[str, str]:
    """Credentials of the runtime's role that last as long as the emulator, as its functions have them."""
    role_name = version["roleArn"].rpartition("/")[2]
    text = secrets.token_hex(40)
    credentials = {
        "AWS_ACCESS_KEY_ID": f"ASIA{text[:16].upper()}",
        "AWS_SECRET_ACCESS_KEY": text[16:48],
        "AWS_SESSION_TOKEN": text[48:],
    }
    session_name = version["agentRuntimeId"][:64]
    sts.register_session(
        credentials["AWS_ACCESS_KEY_ID"],
        {
            "Arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/{role_name}/{session_name}",
            "UserId": f"{role_name}:{session_name}",
            "SecretAccessKey": credentials["AWS_SECRET_ACCESS_KEY"],
            "SessionToken": credentials["AWS_SESSION_TOKEN"],
        },
    )
    return credentials


def _logs_client(role: dict[str, str]) -> Any:
    return boto3.session.Session(region_name=REGION).client(
        "logs",
        endpoint_url=os.environ["AWS_ENDPOINT_URL"],
        aws_access_key_id=role["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=role["AWS_SECRET_ACCESS_KEY"],
        aws_session_token=role["AWS_SESSION_TOKEN"],
    )
