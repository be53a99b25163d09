"""Fixtures of the tests of EKS: a stack with a cluster.

A module that needs them says `pytest_plugins = ["tests.local.eks_fixtures"]`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError

from tests.local.conftest import Emulator
from tests.local.eks_stacks import BASE
from tests.local.emulator_stacks import Stack, stack


@pytest.fixture(scope="module")
def with_cluster(emulator: Emulator) -> Iterator[Stack]:
    """A stack with a cluster for all tests of a module."""
    with stack(emulator, "eks") as made:
        made.create(BASE)
        yield made


@pytest.fixture
def plane(with_cluster: Stack) -> Iterator[Stack]:
    """That stack, which has nothing but the cluster before and after a test."""
    yield with_cluster
    with contextlib.suppress(ClientError):  # nothing is to be changed after a change that was refused
        with_cluster.update(BASE)
    assert with_cluster.status().startswith("UPDATE_")
    assert not with_cluster.status().endswith("FAILED")
