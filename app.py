"""Synthesizes one environment: `cdk synth -c env=dev`, or `CDK_CONTEXT_JSON='{"env":"dev"}' python app.py`."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path

from foundation.node import prefer_bundled_node

prefer_bundled_node()

from aws_cdk import App  # noqa: E402 - starts Node, which is found only now

from foundation.kubernetes import HardeningError, Manifest, PlanError, write_manifests  # noqa: E402
from foundation.nag import add_policy_packs, synthesize  # noqa: E402
from foundation.network import Network  # noqa: E402
from foundation.variables import VariablesError  # noqa: E402
from foundation.wheels import BundleError  # noqa: E402
from stacks.agent_service_stack import AgentServiceStack  # noqa: E402
from stacks.audit_stack import AuditStack  # noqa: E402
from stacks.data_stack import DataStack  # noqa: E402
from stacks.gateway_stack import GatewayStack  # noqa: E402
from stacks.identity_stack import own_pool  # noqa: E402
from stacks.network_stack import NetworkStack  # noqa: E402
from stacks.settings import Settings, SettingsError, load_settings  # noqa: E402
from stacks.tenant_stack import TenantStack  # noqa: E402
from stacks.tools_stack import ToolsStack  # noqa: E402
from toolkit import DeclarationError  # noqa: E402


def feature_flags() -> dict[str, object]:
    """CDK's feature flags as cdk.json has them: the CLI passes them on, a plain `python app.py` does not."""
    flags: dict[str, object] = json.loads(Path(__file__).with_name("cdk.json").read_text(encoding="utf-8"))["context"]
    return flags


def add_stacks(app: App, settings: Settings) -> dict[str, list[Manifest]]:
    """The environment's stacks, split by lifetime, each given what it builds on.

    Returns the Kubernetes objects of each tenant that has some, in the order in which kubectl has to apply them.
    """
    network = NetworkStack(app, settings=settings)
    audit = AuditStack(app, settings=settings)
    pool = own_pool(app, settings=settings, warnings=audit.audit.topic)
    data = DataStack(app, settings=settings)
    tools = ToolsStack(app, settings=settings, network=network.network)
    gateway = GatewayStack(
        app,
        settings=settings,
        network=network.network,
        identity=pool.identity if pool else None,
        audit=audit.audit,
        servers=tools.servers,
    )
    tenants: dict[str, TenantStack] = {}
    for tenant in settings.tenants:
        own = TenantStack(app, settings=settings, tenant=tenant, pool=pool, gateway=gateway, warnings=audit.audit.topic)
        tenants[tenant.tenant] = own
        if tenant.conversations:
            AgentServiceStack(
                app,
                settings=settings,
                tenant=tenant,
                tenant_stack=own,
                network=network.network,
                data=data,
                gateway=gateway,
                warnings=audit.audit.topic,
            )
    return add_cluster(app, settings, network=network.network, data=data, tenants=tenants)


def add_cluster(
    app: App, settings: Settings, *, network: Network, data: DataStack, tenants: Mapping[str, TenantStack]
) -> dict[str, list[Manifest]]:
    """The cluster, if the environment has one, and what tenants have in it: their Kubernetes objects by tenant."""
    if settings.environment.cluster is None:
        return {}
    # Only here: where there is no cluster, EKS's module need not be loaded.
    from stacks.cluster_stack import ClusterStack  # noqa: PLC0415
    from stacks.workloads_stack import WorkloadsStack  # noqa: PLC0415

    cluster = ClusterStack(app, settings=settings, cluster=settings.environment.cluster, network=network)
    return {
        tenant.tenant: WorkloadsStack(
            app,
            settings=settings,
            tenant=tenant,
            tenant_stack=tenants[tenant.tenant],
            cluster=cluster,
            network=network,
            data=data,
        ).manifests
        for tenant in settings.tenants
        if tenant.workloads
    }


def main() -> None:
    """Read the settings, add the stacks, check and write the templates."""
    app = App(context=feature_flags())
    try:
        settings = load_settings(app.node.try_get_context("env"))
        manifests = add_stacks(app, settings)
    except (SettingsError, DeclarationError, BundleError, VariablesError, PlanError, HardeningError) as error:
        sys.exit(str(error))
    for notice in settings.notices:
        print(notice, file=sys.stderr)
    environment = settings.environment
    add_policy_packs(app, packs=environment.checks.packs, debug_allowed=environment.development)
    synthesize(app)
    write_manifests(Path(app.outdir), manifests, made_by=f"make manifests ENV={settings.name}")


if __name__ == "__main__":
    main()
