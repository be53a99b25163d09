"""The conversation table as its construct makes it, deployed to an emulator, and roles that act for tenants."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from aws_cdk import App, CfnOutput, Environment, Stack, aws_iam as iam
from aws_cdk.assertions import Template

from foundation.conversation_table import ConversationTable
from foundation.encryption import EncryptionKey
from tests.local.conftest import Emulator
from tests.local.emulator_stacks import stack

AGENTS = {"acme-corp": "finance-agent", "globex": "support-agent"}
"""An agent of each tenant."""


@contextmanager
def deployed_table(emulator: Emulator) -> Iterator[dict[str, str]]:
    """The stack of table_template() in an emulator; gives its outputs: Table, and RoleOf<tenant> of each agent."""
    with stack(emulator, "conversations") as made:
        template = table_template()
        yield made.create(template.pop("Resources"), Outputs=template["Outputs"])


def table_template() -> dict[str, Any]:
    """A stack with the table, a role of each of AGENTS granted its conversations, and their names as outputs."""
    stack = Stack(App(), "Conversations", env=Environment(region="us-east-1", account="123456789012"))
    key = EncryptionKey(stack, "Key", alias="data", description="Conversations", retain=False)
    made = ConversationTable(stack, "Conversations", key=key, retention_days=30, retain=False)
    CfnOutput(stack, "Table", value=made.table.table_name)
    for tenant, agent in AGENTS.items():
        role = iam.Role(stack, f"Role{tenant}", assumed_by=iam.AccountRootPrincipal())
        made.grant_agent(role, tenant=tenant, agent=agent)
        CfnOutput(stack, "RoleOf" + tenant.replace("-", ""), value=role.role_arn)
    template: dict[str, Any] = json.loads(json.dumps(Template.from_stack(stack).to_json()))
    return template
