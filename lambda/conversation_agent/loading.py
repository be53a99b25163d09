"""Makes what takes long: the store's client, and the agent with all that it imports."""

from __future__ import annotations

from collections.abc import Mapping

from conversation_agent.settings import INSTRUCTIONS, Settings
from conversation_agent.turns import Backend


def load(settings: Settings, variables: Mapping[str, str]) -> Backend:
    """Store and agent by the settings.

    Args:
        settings: The service's.
        variables: The process's environment, in which the model is chosen (`gateway_agent.models`).

    Raises:
        ModelSettingsError: No model can be made of the variables.
    """
    from conversation_agent.assistant import Assistant  # noqa: PLC0415 - two seconds of imports
    from conversations import Conversations, conversations_client  # noqa: PLC0415
    from gateway_agent.aws import token_source  # noqa: PLC0415
    from gateway_agent.models import model_from  # noqa: PLC0415

    return Backend(
        conversations=Conversations(
            settings.table,
            tenant=settings.tenant,
            agent=settings.agent,
            retention_days=settings.retention_days,
            client=conversations_client(region_name=variables.get("AWS_REGION")),
        ),
        assistant=Assistant(
            gateway_url=settings.gateway_url,
            tokens=token_source(settings.secret_id),
            model=model_from(variables),
            instructions=INSTRUCTIONS,
        ),
    )
