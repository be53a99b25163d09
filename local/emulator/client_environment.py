"""What makes an unmodified AWS SDK or HTTPS client use the emulated AWS and trust nothing else."""

from __future__ import annotations

import os
from pathlib import Path

from local.emulator.settings import HOST, REGION


def client_environment(*, endpoint_url: str, edge_url: str, ca_file: Path) -> dict[str, str]:
    """The variables for a client of the AWS API at `endpoint_url` that reaches other hosts through `edge_url` alone.

    `ca_file` is the only authority that its HTTPS trusts.
    """
    ca = str(ca_file)
    return {
        "AWS_ENDPOINT_URL": endpoint_url,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "HTTPS_PROXY": edge_url,
        "NO_PROXY": f"{HOST},localhost",
        "SSL_CERT_FILE": ca,
        "REQUESTS_CA_BUNDLE": ca,
        "AWS_CA_BUNDLE": ca,
        "NODE_EXTRA_CA_CERTS": ca,
    }
