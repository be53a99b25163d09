"""The settings of an agent that runs in the environment's cluster, and whether they fit the environment (R17, R19)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import Field, ValidationInfo, field_validator

from foundation.kubernetes.images import check_image
from foundation.kubernetes.quantities import cpu, memory
from stacks.settings.base import SettingsModel, Slug
from stacks.settings.identity import OidcProvider
from stacks.settings.suggestions import did_you_mean

if TYPE_CHECKING:
    from stacks.settings.environment import EnvironmentSettings
    from stacks.settings.tenant import TenantSettings

CPU = ("10m", "16")
MEMORY = ("16Mi", "64Gi")
"""The least and the most of one pod: below the first nothing starts, above the second few machines have room."""

Replicas = Annotated[int, Field(ge=1, le=100)]


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
        if not cpu(CPU[0]) <= cpu(value) <= cpu(CPU[1]):
            raise ValueError(f"is no size of a pod: write {CPU[0]} to {CPU[1]}")
        return value

    @field_validator("memory")
    @classmethod
    def _sensible_memory(cls, value: str) -> str:
        if not memory(MEMORY[0]) <= memory(value) <= memory(MEMORY[1]):
            raise ValueError(f"is no size of a pod: write {MEMORY[0]} to {MEMORY[1]}")
        return value


def full_image(image: str, *, registry: str | None) -> str:
    """`image` with its registry: its own, where it begins with a host, or `registry`.

    A host is told as container tools tell it: by a dot or a port, or as localhost
    (https://pkg.go.dev/github.com/distribution/reference).
    """
    first, slash, _ = image.partition("/")
    own = bool(slash) and ("." in first or ":" in first or first == "localhost")
    return image if own or registry is None else f"{registry}/{image}"


def workload_mistakes(name: str, environment: EnvironmentSettings, tenants: Mapping[Path, TenantSettings]) -> list[str]:
    """Where workloads of the tenants in the environment `name`, its cluster and its models disagree."""
    if environment.cluster is None:
        return []
    label = f"config/{name}.yaml"
    return [
        mistake
        for file, tenant in tenants.items()
        for mistake in _of_tenant(f"config/tenants/{file.name}", tenant, environment, label)
    ]


def _of_tenant(file: str, tenant: TenantSettings, environment: EnvironmentSettings, label: str) -> Iterator[str]:
    for name, workload in tenant.workloads.items():
        place = f"{file}: agents.{name}.workload"
        if isinstance(environment.identity.provider, OidcProvider):
            yield (
                f"{place}: needs a secret that the kit keeps, and {label} has identity.provider of the kind oidc: "
                "use the kit's own pool there, or remove it"
            )
        if workload.model not in environment.models:
            known = f"use one of {', '.join(environment.models)}, or add it" if environment.models else "add it"
            hint = did_you_mean(workload.model, environment.models)
            yield f"{place}.model: {workload.model!r} is no model: {hint}{known} to models of {label}"
