"""The process environment of the emulator, which is also that of the Lambda functions it runs."""

from __future__ import annotations

from collections.abc import Mapping

from local.emulator.client_environment import client_environment
from local.emulator.settings import ACCOUNT, HOST, REGION, Settings

# Everything else of the caller's environment stays out: a function must not find a developer's tokens or
# Python paths that it would not have on AWS.
_KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TZ")


def process_environment(settings: Settings, inherited: Mapping[str, str]) -> dict[str, str]:
    """The complete environment for ministack and for the functions that it starts."""
    kept = {name: inherited[name] for name in _KEPT if name in inherited}
    client = client_environment(
        endpoint_url=settings.endpoint_url, edge_url=settings.edge_url, ca_file=settings.ca_file
    )
    return kept | _ministack(settings) | client


def _ministack(settings: Settings) -> dict[str, str]:
    """Ministack's own switches: loopback only, no MQTT or SFTP listener, every file below the state folder."""
    return {
        "GATEWAY_PORT": str(settings.port),
        "BIND_HOST": HOST,
        "MINISTACK_HOST": HOST,
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "MINISTACK_REGION": REGION,
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "LAMBDA_EXECUTOR": "local",
        "NODE_PATH": str(settings.node_modules),
        "S3_DATA_DIR": str(settings.state / "s3"),
        "STATE_DIR": str(settings.state / "ministack"),
        "TMPDIR": str(settings.state / "tmp"),
        "LOG_LEVEL": "INFO",
        "AUTH": "true",
    }
