"""The settings of an agent that runs in the environment's cluster (R17, R19)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator

from foundation.kubernetes.images import check_image
from foundation.kubernetes.plans import MOST_REPLICAS, SMALLEST_CPU, SMALLEST_MEMORY
from foundation.kubernetes.quantities import cpu, memory
from stacks.settings.base import SettingsModel, Slug

LARGEST_CPU = "16"
LARGEST_MEMORY = "64Gi"
"""The most of one pod: few machines have room for more."""

Replicas = Annotated[int, Field(ge=1, le=MOST_REPLICAS)]


class ReplicaSettings(SettingsModel):
    """How many pods of an agent there are; the autoscaler chooses between the two."""

    min: Replicas = 2
    """Pods at least; with 2 or more, one survives the loss of a zone."""
    max: Replicas = 6
    """Pods at most; the tenant's quota is made for them."""

    @field_validator("max")
    @classmethod
    def _not_below_min(cls, value: int, info: ValidationInfo) -> int:
        least = info.data.get("min")
        if least is not None and value < least:
            raise ValueError(f"is less than min, {least}: raise max or lower min")
        return value


class WorkloadSettings(SettingsModel):
    """Pods that run an agent, in every environment with a cluster; elsewhere nothing comes of it.

    They run on nodes of EKS Auto Mode, since only there network policies can name the token endpoint's host
    (https://docs.aws.amazon.com/eks/latest/userguide/auto-net-pol.html). A suspended agent's pods go on running without
    tokens, so that it is back as soon as it is no longer suspended.
    """

    image: str
    """Its container image with a version: `<repository>:<version>` in the environment's `cluster.registry`, or with
    another registry's host before it."""
    replicas: ReplicaSettings = ReplicaSettings()
    cpu: str = "250m"
    """CPU of one pod, as request and as limit."""
    memory: str = "512Mi"
    """Memory of one pod, as request and as limit."""
    model: Slug = "default"
    """Which of the environment's `models` it uses."""

    @field_validator("image")
    @classmethod
    def _names_a_version(cls, value: str) -> str:
        check_image(full_image(value, registry="registry.example"))
        return value

    @field_validator("cpu")
    @classmethod
    def _sensible_cpu(cls, value: str) -> str:
        if not cpu(SMALLEST_CPU) <= cpu(value) <= cpu(LARGEST_CPU):
            raise ValueError(f"is no size of a pod: write {SMALLEST_CPU} to {LARGEST_CPU}")
        return value

    @field_validator("memory")
    @classmethod
    def _sensible_memory(cls, value: str) -> str:
        if not memory(SMALLEST_MEMORY) <= memory(value) <= memory(LARGEST_MEMORY):
            raise ValueError(f"is no size of a pod: write {SMALLEST_MEMORY} to {LARGEST_MEMORY}")
        return value


def full_image(image: str, *, registry: str | None) -> str:
    """`image` with its registry: its own, where it begins with a host, or `registry`.

    A host is told as container tools tell it: by a dot or a port, or as localhost
    (https://pkg.go.dev/github.com/distribution/reference).
    """
    first, slash, _ = image.partition("/")
    own = bool(slash) and ("." in first or ":" in first or first == "localhost")
    return image if own or registry is None else f"{registry}/{image}"
