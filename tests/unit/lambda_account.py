"""An AWS account in memory that tools read as its owner."""

from collections.abc import Iterator
from contextlib import contextmanager

import boto3
import pytest
from moto import mock_aws

from tests.permissions.account import REGION, owner
from tests.scenarios import ec2, s3
from toolkit.aws import REGIONS_VARIABLE, _client


@contextmanager
def filled_account() -> Iterator[list[str]]:
    """An account with a bucket and a network, read in two regions; gives the API operations that are called."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_DEFAULT_REGION", REGION)
        patch.setenv(REGIONS_VARIABLE, f"{REGION},eu-west-1")
        patch.setenv("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")  # they take seconds
        with mock_aws():
            s3.fill(owner, "moto")
            ec2.fill(owner, "moto")
            called: list[str] = []
            boto3.setup_default_session()
            session = boto3.DEFAULT_SESSION
            assert session is not None
            session.events.register("before-call", lambda model, **_: called.append(model.name))
            _client.cache_clear()
            yield called
    _client.cache_clear()
    boto3.DEFAULT_SESSION = None
