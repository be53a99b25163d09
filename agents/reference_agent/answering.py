"""Answers a question: a Strands agent with the model of the settings and the tools that the gateway lists."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import anyio
import anyio.to_thread
from strands import Agent
from strands.agent.conversation_manager import NullConversationManager
from strands.models import Model
from strands.tools.mcp import MCPClient

from gateway_agent.aws import GatewayAddress
from gateway_agent.gateway import gateway_tools
from gateway_agent.tokens import TokenSource
from reference_agent.settings import Settings


@dataclass(frozen=True)
class ToolCall:
    """A call that the model made.

    Attributes:
        name: The tool, as the gateway lists it.
        status: How it ended: `success` or `error`.
    """

    name: str
    status: str


@dataclass(frozen=True)
class Answer:
    """What came of a question.

    Attributes:
        text: The answer.
        tool_calls: The calls in their order.
        stop_reason: Why the model stopped, `end_turn` when it had said all.
        tokens: Tokens that the model read and wrote.
    """

    text: str
    tool_calls: tuple[ToolCall, ...]
    stop_reason: str
    tokens: int


class Answerer:
    """Answers questions, each on its own: nothing is kept between two.

    Args:
        settings: Of this process.
        tokens: The agent's tokens.
        address: Where the gateway is.
        model: What answers.
    """

    def __init__(self, settings: Settings, *, tokens: TokenSource, address: GatewayAddress, model: Model) -> None:
        self._settings, self._tokens, self._address, self._model = settings, tokens, address, model

    async def answer(self, question: str, *, correlation_id: str) -> Answer:
        """Answer a question.

        Args:
            question: What is asked.
            correlation_id: Goes with every call of a tool into its audit record.

        Raises:
            AgentError: Secret, token or the gateway's address cannot be had.
            ToolProviderException: The gateway does not list its tools.
            TimeoutError: It takes longer than the settings allow.
        """
        with anyio.fail_after(self._settings.answer_seconds):
            agent = await anyio.to_thread.run_sync(partial(self._agent, correlation_id), abandon_on_cancel=True)
            try:
                result = await agent.invoke_async(question)
            finally:
                with anyio.CancelScope(shield=True):  # ends the session's thread, which waits for itself
                    await anyio.to_thread.run_sync(agent.cleanup)
        return Answer(
            text=_text(result.message),
            tool_calls=tuple(_calls(agent.messages)),
            stop_reason=result.stop_reason,
            tokens=result.metrics.accumulated_usage["totalTokens"],
        )

    def list_tools(self, correlation_id: str) -> None:
        """Do what a question needs before the model is asked.

        Raises:
            AgentError: Secret, token or the gateway's address cannot be had.
            MCPClientInitializationError: The gateway does not answer.
        """
        self._tokens.token()  # alone, so that its errors arrive as they are
        with self._tools(correlation_id) as tools:
            tools.list_tools_sync()

    def _agent(self, correlation_id: str) -> Agent:
        self._tokens.token()  # alone, so that its errors arrive as they are
        tools = self._tools(correlation_id)
        try:
            asyncio.run(tools.load_tools())  # here, since Agent makes a ValueError of whatever goes wrong
            return self._agent_with(tools, correlation_id)
        except BaseException:
            tools.stop(None, None, None)
            raise

    def _agent_with(self, tools: MCPClient, correlation_id: str) -> Agent:
        return Agent(
            model=self._model,
            name=self._settings.agent,
            tools=[tools],
            system_prompt=self._settings.instructions,
            conversation_manager=NullConversationManager(),
            callback_handler=None,
            trace_attributes={"foundation.correlation_id": correlation_id, "foundation.tenant": self._settings.tenant},
        )

    def _tools(self, correlation_id: str) -> MCPClient:
        return gateway_tools(self._address.url(), self._tokens, correlation_id=correlation_id)


def _text(message: Mapping[str, Any]) -> str:
    return "".join(block["text"] for block in message["content"] if "text" in block)


def _calls(messages: Iterable[Mapping[str, Any]]) -> list[ToolCall]:
    blocks = [block for message in messages for block in message["content"]]
    ended = {
        block["toolResult"]["toolUseId"]: block["toolResult"]["status"] for block in blocks if "toolResult" in block
    }
    return [
        ToolCall(use["name"], ended.get(use["toolUseId"], "error")) for block in blocks if (use := block.get("toolUse"))
    ]
