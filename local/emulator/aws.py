"""AWS clients that call this emulator itself over the loopback.

Resource handlers act through the public API as CloudFormation's own do: what a handler creates is validated and
stored by the service, and visible to every other caller. Never call these on the event loop, which answers them.
"""

from __future__ import annotations

import os
from functools import cache
from typing import Any

import boto3
from botocore.config import Config

from local.emulator.settings import REGION


@cache
def client(service: str) -> Any:
    """The emulator's own client of `service`, for example "ec2"."""
    session = boto3.session.Session(region_name=REGION)
    config = Config(retries={"total_max_attempts": 1}, max_pool_connections=32, connect_timeout=5, read_timeout=900)
    return session.client(service, endpoint_url=os.environ["AWS_ENDPOINT_URL"], config=config)  # type: ignore[call-overload]
