"""The process environment of the emulator, which is also that of the Lambda functions it runs."""

from __future__ import annotations

from collections.abc import Mapping

from local.emulator.settings import ACCOUNT, HOST, REGION, Settings

# Everything else of the caller's environment stays out: a function must not find a developer's tokens or
# Python paths that it would not have on AWS.
_KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TZ")


def process_environment(settings: Settings, inherited: Mapping[str, str]) -> dict[str, str]:
    """The complete environment for ministack and for the functions that it starts."""
    kept = {name: inherited[name] for name in _KEPT if name in inherited}
    return kept | _ministack(settings) | _aws_client(settings) | _trust(settings)


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


def _aws_client(settings: Settings) -> dict[str, str]:
    """What makes an unmodified AWS SDK talk to this emulator and to nothing else."""
    return {
        "AWS_ENDPOINT_URL": settings.endpoint_url,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def _trust(settings: Settings) -> dict[str, str]:
    """HTTPS goes through the edge, whose authority is the only one trusted."""
    ca = str(settings.ca_file)
    return {
        "HTTPS_PROXY": settings.edge_url,
        "NO_PROXY": f"{HOST},localhost",
        "SSL_CERT_FILE": ca,
        "REQUESTS_CA_BUNDLE": ca,
        "AWS_CA_BUNDLE": ca,
        "NODE_EXTRA_CA_CERTS": ca,
    }
