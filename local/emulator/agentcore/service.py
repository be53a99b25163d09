"""Answers the requests to AgentCore that ministack does not know, and leaves the rest to it."""

from __future__ import annotations

import atexit
from collections.abc import Mapping

from ministack import app
from ministack.core.concurrency import run_reentrant
from ministack.services import bedrock_agentcore

from local.emulator.agentcore import execution_role
from local.emulator.agentcore.errors import ApiError
from local.emulator.agentcore.gateways import Gateways
from local.emulator.agentcore.iam_actions import Permissions
from local.emulator.agentcore.identities import WorkloadIdentities
from local.emulator.agentcore.operations import (
    Operation,
    gateway_operations,
    governance_operations,
    identity_operations,
    runtime_operations,
    vault_operations,
)
from local.emulator.agentcore.outbound import Outbound
from local.emulator.agentcore.policies import Policies
from local.emulator.agentcore.policy_engines import PolicyEngines
from local.emulator.agentcore.rate_limits import RateLimits
from local.emulator.agentcore.runtime_invocation import Invocations, is_signed
from local.emulator.agentcore.runtime_servers import RuntimeServers
from local.emulator.agentcore.runtimes import Runtimes
from local.emulator.agentcore.tagging import Tagging
from local.emulator.agentcore.targets import Targets
from local.emulator.agentcore.token_vault import TokenVault
from local.emulator.agentcore.wire import Route, error_response, routes
from local.emulator.patching import replace
from local.emulator.responses import Response
from local.emulator.settings import Settings


def install(settings: Settings) -> Gateways:
    """Put the operations in front of ministack's AgentCore service; the gateways, for services that they work with."""
    outbound = Outbound(settings)
    identities = WorkloadIdentities()
    vault = TokenVault(identities, outbound)
    engines = PolicyEngines()
    gateways = Gateways(identities, engines, first_port=settings.gateway_port)
    servers = RuntimeServers(settings.state / "tmp" / "runtimes", host_packages=settings.host_packages)
    atexit.register(servers.stop)
    runtimes = Runtimes(identities, retire=servers.retire)
    execution_role.install(gateways.with_role)
    targets = Targets(gateways, vault=vault, outbound=outbound)
    tagging = Tagging(
        {
            ":gateway/": gateways.by_arn,
            ":policy-engine/": engines.by_arn,
            "/apikeycredentialprovider/": vault.api_keys.by_arn,
            "/oauth2credentialprovider/": vault.oauth2.by_arn,
            "/workload-identity/": identities.by_arn,
            "/runtime-endpoint/": runtimes.endpoint_by_arn,
            ":runtime/": runtimes.by_arn,
        }
    )
    operations = {
        **gateway_operations(gateways, targets),
        **governance_operations(engines, Policies(engines, gateways), RateLimits(gateways)),
        **vault_operations(vault),
        **identity_operations(identities),
        **runtime_operations(runtimes),
        "TagResource": tagging.tag,
        "UntagResource": tagging.untag,
        "ListTagsForResource": tagging.list,
    }
    table = routes(operations)
    permissions = Permissions(table, holder=identities.holder, secret_arn=vault.secret_arn)
    permissions.install()
    _answer_first(table, operations, permissions, tagging)
    _answer_invocations(Invocations(runtimes, servers, outbound))
    return gateways


def _answer_invocations(invocations: Invocations) -> None:
    """Invocations of runtimes: signed ones after ministack's checks, others before it takes them for S3's."""
    signed, dispatch = bedrock_agentcore.handle_request, app._dispatch_service_request

    async def handle_request(
        method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, list[str]]
    ) -> Response:
        if invocations.meant(path):
            return await run_reentrant(  # type: ignore[no-any-return]
                invocations.answer, method, path, headers, body, query
            )
        response: Response = await signed(method, path, headers, body, query)
        return response

    async def dispatch_service_request(
        method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, list[str]], request_id: str
    ) -> Response:
        if invocations.meant(path) and not is_signed(headers.get("authorization", "")):
            return await handle_request(method, path, headers, body, query)
        response: Response = await dispatch(method, path, headers, body, query, request_id)
        return response

    replace(signed, handle_request)
    replace(dispatch, dispatch_service_request)


def _answer_first(
    table: list[Route], operations: Mapping[str, Operation], permissions: Permissions, tagging: Tagging
) -> None:
    original = bedrock_agentcore.handle_request

    async def handle_request(
        method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, list[str]]
    ) -> Response:
        for route in table:
            labels = route.labels(method, path)
            if labels is not None and tagging.knows(labels):
                try:
                    permissions.check_rest(route, route.members(labels, body), headers, query)
                except ApiError as error:
                    return error_response(error)
                return await run_reentrant(  # type: ignore[no-any-return]
                    _answer, route, operations[route.operation.name], labels, query, body
                )
        response: Response = await original(method, path, headers, body, query)
        return response

    replace(original, handle_request)


def _answer(
    route: Route, operation: Operation, labels: Mapping[str, str], query: Mapping[str, list[str]], body: bytes
) -> Response:
    try:
        return route.write(operation(route.read(labels, query, body)))
    except ApiError as error:
        return error_response(error)
