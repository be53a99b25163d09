"""What the files of `config/` must agree on: names, scopes, and the limits of the services they end up in."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from stacks.settings.base import IN_WORDS, Slug
from stacks.settings.cluster import network_mistakes
from stacks.settings.environment import EnvironmentSettings
from stacks.settings.identity import OidcProvider
from stacks.settings.tenant import AgentSettings, TenantSettings

COGNITO_RESERVED = ("amazon", "aws", "cognito")
"""Words that a user pool's domain may not contain, and the environment's name becomes a part of it
(https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-assign-domain-prefix.html)."""

RESOURCE_SERVERS_PER_POOL = 25
"""Default quota (https://docs.aws.amazon.com/cognito/latest/developerguide/quotas.html)."""

AGENTS_PER_TENANT = 70
"""An agent is six resources of its tenant's stack at most, a stack is to stay below 450, and CloudFormation takes 500
(https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html)."""

PROVIDER_BYTES = 3000
"""Bytes of what the interceptors are told of an identity provider. Lambda takes 4,096 of environment variables in all,
as JSON (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html), and the others need some 700."""


def name_mistakes(name: str) -> list[str]:
    """Why the environment cannot be called `name`, if it cannot."""
    label = f"config/{name}.yaml"
    try:
        TypeAdapter(Slug).validate_python(name)
    except ValidationError:
        words = IN_WORDS[TypeAdapter(Slug).json_schema()["pattern"]]
        return [f"{label}: {name!r} cannot be an environment's name: rename the file, with {words}, 32 at most"]
    if taken := [word for word in COGNITO_RESERVED if word in name]:
        return [f"{label}: {name!r} contains {taken[0]!r}, which Cognito refuses in a domain: rename the file"]
    return []


def ignored_files(config: Path) -> list[str]:
    """A sentence for each file that looks like settings and would not be read."""
    return [
        f"{file.relative_to(config.parent)}: is not read: call it {file.stem}.yaml"
        for folder in (config, config / "tenants", config / "policies")
        for file in sorted(folder.glob("*.yml"))
    ] + [
        f"{file.relative_to(config.parent)}: is not read: groups are in groups.yaml, and rules by hand in .cedar files"
        for file in sorted((config / "policies").glob("*.yaml"))
        if file.name != "groups.yaml"
    ]


def tenant_mistakes(
    file: Path, tenant: TenantSettings, *, environment: EnvironmentSettings, environments: Sequence[str]
) -> list[str]:
    """Where `tenant`, read from `file`, disagrees with the environment to synthesize and the names of all."""
    label = f"config/tenants/{file.name}"
    choice = ", ".join(environments)
    found = []
    if tenant.tenant != file.stem:
        found.append(f"{label}: tenant: {tenant.tenant!r} is not the file's name: call the file {tenant.tenant}.yaml")
    for name in tenant.environments or ():
        if name not in environments:
            found.append(f"{label}: environments: {name!r} does not exist: use {choice}")
    for name, agent in tenant.agents.items():
        found += [f"{label}: agents.{name}.{mistake}" for mistake in _agent_mistakes(agent, environment, environments)]
    return found


def _agent_mistakes(agent: AgentSettings, environment: EnvironmentSettings, environments: Sequence[str]) -> list[str]:
    known = ", ".join(f"{server}/read, {server}/write" for server in environment.tool_servers)
    scopes = [
        f"scopes: {scope!r} belongs to no tool server: use {known}, or add {scope.split('/')[0]} to tool_servers"
        for scope in agent.scopes
        if scope.split("/")[0] not in environment.tool_servers
    ]
    principals = [
        f"principals: {name!r} is no environment: use {', '.join(environments)}"
        for name in agent.principals
        if name not in environments
    ]
    return scopes + principals


def quota_mistakes(name: str, environment: EnvironmentSettings, tenants: Mapping[Path, TenantSettings]) -> list[str]:
    """What is too much, or too little, for the user pool and the gateway of the environment `name`."""
    found = []
    servers = len(environment.tool_servers)
    if servers > RESOURCE_SERVERS_PER_POOL:
        found.append(
            f"config/{name}.yaml: tool_servers: {servers} need as many resource servers and a Cognito user pool has "
            f"{RESOURCE_SERVERS_PER_POOL}: put tools of one kind into one server"
        )
    for file, tenant in tenants.items():
        if len(tenant.agents) > AGENTS_PER_TENANT:
            found.append(
                f"config/tenants/{file.name}: agents: {len(tenant.agents)} are more than the {AGENTS_PER_TENANT} that "
                "fit into the tenant's stack: make a second tenant of some"
            )
    if not tenants:
        # Nobody could call, and the gateway's policies would be for nobody.
        found.append(f"config/tenants: no tenant is in {name}: add config/tenants/<tenant>.yaml with an agent")
    return [*found, *_provider_mistakes(name, environment)]


def cluster_mistakes(name: str, environment: EnvironmentSettings) -> list[str]:
    """What the network of the environment `name` lacks for its cluster, if it has one."""
    if environment.cluster is None:
        return []
    network = environment.network
    lacking = network_mistakes(
        environment.cluster,
        cidr=network.cidr,
        zones=network.availability_zones,
        nat_gateways=network.nat_gateways,
        endpoints=network.interface_endpoints,
    )
    return [f"config/{name}.yaml: {mistake}" for mistake in lacking]


def cluster_notices(name: str, environment: EnvironmentSettings) -> list[str]:
    """What is in order for the cluster of the environment `name`, and asks for something all the same."""
    if environment.cluster is None or environment.account is not None:
        return []
    return [
        f"config/{name}.yaml: account: is left out, so that the network policies of agents in the cluster admit every "
        f"Cognito domain of {environment.region} instead of this environment's token endpoint, whose host has the "
        'account in it: write account: "<twelve digits>"'
    ]


def _provider_mistakes(name: str, environment: EnvironmentSettings) -> Iterator[str]:
    """Whether what is said of another identity provider fits into the interceptors' environment variables."""
    provider = environment.identity.provider
    if not isinstance(provider, OidcProvider):
        return
    # A variable is JSON in JSON: its quotes are escaped.
    sizes = {key: len(json.dumps(json.dumps(value)).encode()) for key, value in provider.model_dump().items()}
    if sum(sizes.values()) > PROVIDER_BYTES:
        longest = max(sizes, key=lambda key: sizes[key])
        yield (
            f"config/{name}.yaml: identity.provider: has {sum(sizes.values())} bytes as the interceptors' environment "
            f"variable and Lambda leaves {PROVIDER_BYTES}: shorten {longest}, which has {sizes[longest]} of them"
        )
