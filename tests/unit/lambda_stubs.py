"""Answers of one AWS service to the tools, for what no emulated account shows: pages, odd cases, late states."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from botocore.stub import Stubber

from toolkit import Aws
from toolkit.aws import _client


@contextmanager
def answers_of(service: str) -> Iterator[Stubber]:
    """What the tools' client of a service is answered; fails when an answer that was given is not asked for."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        _client.cache_clear()
        with Stubber(Aws().client(service)) as stubber:
            yield stubber
            stubber.assert_no_pending_responses()
        _client.cache_clear()
