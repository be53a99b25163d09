"""What Strands does is watched by its hooks: answers of tools as they come, and how each call of the model ended."""

from __future__ import annotations

from typing import Any

from strands import ModelRetryStrategy
from strands.hooks import AfterModelCallEvent, AfterToolCallEvent, HookProvider, HookRegistry
from strands.tools.mcp import MCPAgentTool
from strands.types.tools import ToolGenerator, ToolResult as ToolAnswer, ToolUse

from conversation_agent import failures
from conversation_agent.blocks import SIZE, answer_text
from conversation_agent.calls import told
from conversation_agent.outcome import Listener
from conversation_agent.problems import ServiceError
from gateway_agent.answers import REFUSAL, within

TOOL_ANSWER = 50_000
"""Characters of a tool's answer that the model gets, and that are stored."""


class GatewayTool(MCPAgentTool):
    """A tool whose call goes on when the answer is told to end: its own answer may still come in time to be stored."""

    async def stream(self, tool_use: ToolUse, invocation_state: dict[str, Any], **kwargs: Any) -> ToolGenerator:
        """See `MCPAgentTool`, which gives the call up as soon as the agent of `invocation_state` is to stop."""
        without_signal = {key: value for key, value in invocation_state.items() if key != "agent"}
        async for event in super().stream(tool_use, without_signal, **kwargs):
            yield event


class Watch(HookProvider):
    """Cuts tools' answers to what a model can take, has each stored, and notices what ends the answer.

    Args:
        listener: gets the answers.

    Attributes:
        failure: why the answer is to end: the gateway let a call not through that would run later.
        broken: what the listener raised; Strands would take it for a tool's failure.
        speaking: whether text of the model's present message was passed on.
        stop_reason: why the model's last message ended.
    """

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self.failure: ServiceError | None = None
        self.broken: Exception | None = None
        self.speaking = False
        self.stop_reason = ""

    def register_hooks(self, registry: HookRegistry, **_: Any) -> None:
        """See `HookProvider`."""
        registry.add_callback(AfterToolCallEvent, self._answered)
        registry.add_callback(AfterModelCallEvent, self._stopped)

    def _stopped(self, event: AfterModelCallEvent) -> None:
        self.stop_reason = event.stop_response.stop_reason if event.stop_response else ""

    async def _answered(self, event: AfterToolCallEvent[Any]) -> None:
        result = event.result
        refusal = (result.get("metadata") or {}).get(REFUSAL)  # type: ignore[attr-defined]  # MCPToolResult has it
        self.failure = self.failure or (failures.of_refusal(refusal) if refusal else None)
        instead = told(refusal) if refusal else None
        size = len(answer_text(result["content"]).encode())
        content, _ = within([{"text": instead}] if instead else result["content"], TOOL_ANSWER)
        event.result = ToolAnswer(toolUseId=result["toolUseId"], status=result["status"], content=content)
        try:
            await self._listener.tool_answered({"toolResult": event.result, SIZE: size}, event.tool_use["name"])
        except Exception as error:
            self.broken = self.broken or error


class RetryBeforeText(ModelRetryStrategy):
    """Asks a throttled model again, unless it has said something: that would be said twice.

    Args:
        watch: knows whether it has.
        first_pause: seconds before the second attempt; it doubles.
    """

    def __init__(self, watch: Watch, *, first_pause: int) -> None:
        super().__init__(max_attempts=4, initial_delay=first_pause, max_delay=8)
        self._watch = watch

    def is_retryable(self, exception: Exception) -> bool:
        """See `ModelRetryStrategy`."""
        return super().is_retryable(exception) and not self._watch.speaking
