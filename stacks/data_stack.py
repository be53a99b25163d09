"""What must outlive every deployment: the conversation store (R14)."""

from __future__ import annotations

from constructs import Construct

from foundation.conversation_table import ConversationTable
from stacks.foundation_stack import FoundationStack
from stacks.settings import Settings


class DataStack(FoundationStack):
    """Conversation table and its key.

    Attributes:
        conversations: the table.
    """

    def __init__(self, scope: Construct, *, settings: Settings) -> None:
        """Make the stack from the environment's `data` section."""
        super().__init__(scope, "data", settings=settings, description="Conversation store")
        key = self.key("DataKey", alias="data", description="Conversations")
        self.conversations = ConversationTable(
            self,
            "Conversations",
            key=key,
            retention_days=settings.environment.data.conversation_days,
            retain=self.retain,
        )
        self.output("ConversationTableName", self.conversations.table.table_name, "Where conversations are kept")
