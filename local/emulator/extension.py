"""Puts everything together that this package adds to ministack."""

from __future__ import annotations

# ministack imports its services when they are first called; what is replaced must be loaded before.
import ministack.services.cloudformation  # noqa: F401

from local.emulator import (
    conditions,
    iam_conditions,
    iam_reads,
    moto_services,
    parameters,
    rotation,
    secret_versions,
    table_access,
    templates,
    web_acls,
)
from local.emulator.agentcore import service as agentcore_service
from local.emulator.codedeploy import service as codedeploy_service
from local.emulator.codedeploy.state import CodeDeploy
from local.emulator.cognito import client_rules, client_secrets, hosts, pre_token
from local.emulator.delivery_streams import delivery
from local.emulator.functions import install as functions
from local.emulator.log_delivery import function_logs, subscriptions
from local.emulator.log_delivery.transformers import Transformer
from local.emulator.queries import engine as queries
from local.emulator.resources import (
    agentcore,
    agentcore_governance,
    agentcore_identity,
    agentcore_runtime,
    athena,
    budgets,
    codedeploy,
    corrections,
    logs,
    network,
    network_acls,
    secrets,
    wafv2,
    xray,
)
from local.emulator.resources.base import let_handlers_block, register
from local.emulator.schemas import ResourceSchemas
from local.emulator.settings import Settings

_RESOURCE_TYPES = (
    network.ElasticIp(),
    network.NatGateway(),
    network.SecurityGroupRule("Ingress"),
    network.SecurityGroupRule("Egress"),
    network.FlowLog(),
    network_acls.NetworkAcl(),
    network_acls.NetworkAclEntry(),
    network_acls.SubnetNetworkAclAssociation(),
    logs.DELIVERY_SOURCE,
    logs.DELIVERY_DESTINATION,
    logs.DELIVERY,
    Transformer(),
    athena.NAMED_QUERY,
    secrets.Secret(),
    secrets.SecretResourcePolicy(),
    secrets.RotationSchedule(),
    xray.XRayResourcePolicy(),
    budgets.Budget(),
    wafv2.WebAclAssociation(),
    wafv2.LoggingConfiguration(),
    agentcore.GATEWAY,
    agentcore.GATEWAY_TARGET,
    agentcore_governance.POLICY_ENGINE,
    agentcore_governance.POLICY,
    agentcore_governance.GATEWAY_RATE_LIMIT,
    agentcore_identity.API_KEY_CREDENTIAL_PROVIDER,
    agentcore_identity.OAUTH2_CREDENTIAL_PROVIDER,
    agentcore_identity.WORKLOAD_IDENTITY,
    agentcore_runtime.RUNTIME,
    agentcore_runtime.RUNTIME_ENDPOINT,
)


def install(settings: Settings) -> None:
    """Extend ministack in this process. Raises LookupError when it is not the ministack this was written for."""
    schemas = ResourceSchemas(settings.schemas)
    let_handlers_block()
    for resource_type in _RESOURCE_TYPES:
        register(resource_type, schemas)
    deployments = CodeDeploy()
    register(codedeploy.Application(deployments), schemas)
    register(codedeploy.DeploymentGroup(deployments), schemas)
    codedeploy.move_aliases(deployments)
    codedeploy_service.install(deployments)
    iam_conditions.install()
    iam_reads.install()
    corrections.install()
    conditions.install()
    templates.install(schemas)
    functions.install()
    client_secrets.install()
    client_rules.install()
    hosts.install()
    pre_token.install()
    logs.accept_xray_destinations()
    delivery.install()
    subscriptions.install()
    function_logs.install()
    queries.install()
    secret_versions.install()
    table_access.install()
    rotation.install()
    parameters.install()
    web_acls.install(agentcore_service.install(settings).exists)
    moto_services.install()
