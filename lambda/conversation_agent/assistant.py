"""The agent: a Strands agent with the gateway's tools, which goes on from any point of a conversation.

Importing this takes more than a second (Strands, the MCP SDK), so the service does it after it listens.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from typing import Any, cast

from mcp.types import Tool as McpTool
from strands import Agent, ModelRetryStrategy
from strands.agent.conversation_manager import SlidingWindowConversationManager
from strands.hooks import AfterToolCallEvent, HookProvider, HookRegistry
from strands.models import Model
from strands.tools.mcp import MCPAgentTool, MCPClient
from strands.types.agent import Limits
from strands.types.content import Messages
from strands.types.exceptions import MaxTokensReachedException
from strands.types.tools import ToolResult as ToolAnswer

from conversation_agent import failures
from conversation_agent.blocks import SIZE, answer_text, tool_result
from conversation_agent.history import ModelMessage
from conversation_agent.logs import logger
from conversation_agent.outcome import Asker, Listener, Outcome
from conversation_agent.problems import Code, ServiceError
from conversation_agent.schemas import Tool, Usage
from gateway_agent.answers import REFUSAL, within
from gateway_agent.errors import AgentError
from gateway_agent.gateway import gateway_tools
from gateway_agent.tokens import TokenSource

_LIMITS = Limits(turns=25)
"""How often the model is called for one answer at most."""
TOOL_ANSWER = 50_000
"""Characters of a tool's answer that the model gets, and that are stored."""
_WHOLE_ANSWER = 8_000_000
"""More than a gateway's answer can have: 6 MB
(https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/bedrock-agentcore-limits.html)."""
_TOOLS_SECONDS = 60.0
"""How long the list of tools is kept; what a call may do, the gateway decides at each call."""


class Assistant:
    """Answers questions. Safe for several at a time: each has an agent and a connection of its own.

    Args:
        gateway_url: the gateway's MCP endpoint.
        tokens: the agent's own tokens.
        model: the model.
        instructions: the system prompt.
        first_pause: seconds before a throttled model is asked again; it doubles, three times.
    """

    def __init__(
        self, *, gateway_url: str, tokens: TokenSource, model: Model, instructions: str, first_pause: int = 1
    ) -> None:
        self._gateway_url, self._tokens = gateway_url, tokens
        self._model, self._instructions, self._first_pause = model, instructions, first_pause
        self._listed: tuple[float, list[McpTool]] | None = None

    async def tools(self, asker: Asker) -> list[Tool]:
        """The tools that the gateway offers.

        Raises:
            ServiceError: the gateway cannot be asked.
        """
        client, tools = await asyncio.to_thread(self._connect, asker)
        await asyncio.to_thread(client.stop, None, None, None)
        specs = [tool.tool_spec for tool in tools]
        return [
            Tool(name=spec["name"], description=spec["description"], input_schema=spec["inputSchema"]["json"])
            for spec in specs
        ]

    async def answer(
        self, messages: Sequence[ModelMessage], *, asker: Asker, listener: Listener, stop: threading.Event
    ) -> Outcome:
        """Go on from the last message: the user's question, tools' answers, or calls of tools that have none.

        Args:
            messages: the conversation as models have it.
            asker: who asks.
            listener: gets the answer.
            stop: set by whoever wants the answer to end early.

        Returns:
            How it ended; a failure of model or gateway is no exception, since what came before it counts.
        """
        try:
            client, tools = await asyncio.to_thread(self._connect, asker)
        except ServiceError as failure:
            return Outcome("error", None, failure)
        try:
            agent, calls = self._agent(messages, tools, listener, stop)
            return await _run(agent, calls, listener, stop)
        finally:
            await asyncio.shield(asyncio.to_thread(client.stop, None, None, None))

    def _agent(
        self, messages: Sequence[ModelMessage], tools: list[MCPAgentTool], listener: Listener, stop: threading.Event
    ) -> tuple[Agent, _ToolCalls]:
        calls = _ToolCalls(listener, stop)
        history: Messages = [{"role": message["role"], "content": message["content"]} for message in messages]
        agent = Agent(
            model=self._model,
            messages=history,
            tools=[*tools],
            system_prompt=self._instructions,
            callback_handler=None,
            # The history comes with its window; this one acts when the model says that it is too long all the same.
            conversation_manager=SlidingWindowConversationManager(window_size=10_000),
            retry_strategy=ModelRetryStrategy(max_attempts=4, initial_delay=self._first_pause, max_delay=8),
            hooks=[calls],
        )
        return agent, calls

    def _connect(self, asker: Asker) -> tuple[MCPClient, list[MCPAgentTool]]:
        """A connection to the gateway, and its tools; blocks."""
        try:
            self._tokens.token()
        except AgentError as error:
            raise failures.of_credentials(error) from error
        client = gateway_tools(
            self._gateway_url,
            self._tokens,
            correlation_id=asker.correlation_id,
            caller=asker.principal,
            answer_limit=_WHOLE_ANSWER,
        )
        try:
            client.start()  # stops by itself when it fails
        except Exception as error:
            raise failures.of_gateway(error) from error
        try:
            return client, [MCPAgentTool(tool, client) for tool in self._tools_of(client)]
        except Exception as error:
            client.stop(None, None, None)
            raise failures.of_gateway(error) from error

    def _tools_of(self, client: MCPClient) -> list[McpTool]:
        listed = self._listed
        if listed and time.monotonic() < listed[0]:
            return listed[1]
        found: list[McpTool] = []
        page = client.list_tools_sync()
        found += [tool.mcp_tool for tool in page]
        while page.pagination_token:
            page = client.list_tools_sync(pagination_token=page.pagination_token)
            found += [tool.mcp_tool for tool in page]
        self._listed = (time.monotonic() + _TOOLS_SECONDS, found)
        return found


class _ToolCalls(HookProvider):
    """Cuts tools' answers to what a model can take, tells of them, and notices when it was the gateway that failed."""

    def __init__(self, listener: Listener, stop: threading.Event) -> None:
        self._listener, self._stop = listener, stop
        self.sizes: dict[str, int] = {}
        self.failure: ServiceError | None = None

    def register_hooks(self, registry: HookRegistry, **_: Any) -> None:
        """See `HookProvider`."""
        registry.add_callback(AfterToolCallEvent, self._answered)

    async def _answered(self, event: AfterToolCallEvent) -> None:
        if self._stop.is_set():
            return
        result = event.result
        refusal = (result.get("metadata") or {}).get(REFUSAL)  # type: ignore[attr-defined]  # MCPToolResult has it
        self.failure = self.failure or (failures.of_refusal(refusal) if refusal else None)
        call_id, size = result["toolUseId"], len(answer_text(result["content"]).encode())
        self.sizes[call_id] = size
        content, _ = within(result["content"], TOOL_ANSWER)
        cut: ToolAnswer = {"toolUseId": call_id, "status": result["status"], "content": content}
        event.result = cut
        await self._listener.tool_answered(tool_result(cut, event.tool_use["name"], size))


async def _run(agent: Agent, calls: _ToolCalls, listener: Listener, stop: threading.Event) -> Outcome:
    """Let the agent answer, and tell the listener."""
    stop_reason = ""
    events = cast("AsyncGenerator[dict[str, Any]]", agent.stream_async(None, cancel_signal=stop, limits=_LIMITS))
    try:
        async with aclosing(events):
            async for event in events:
                if stop.is_set():
                    continue  # what Strands says of having been stopped is not the agent's answer
                if "data" in event:
                    await listener.text(event["data"])
                elif "message" in event:
                    if calls.failure:
                        return Outcome("error", _usage(agent), calls.failure)
                    await listener.message(event["message"]["role"], _stored(event["message"]["content"], calls.sizes))
                elif "result" in event:
                    stop_reason = event["result"].stop_reason
    except MaxTokensReachedException:
        stop_reason = "max_tokens"  # its message came before
    except Exception as error:  # whatever a model's client raises
        logger.warning("the model failed", exc_info=error)
        return Outcome("error", _usage(agent), failures.of_model(error))
    if stop_reason.startswith("limit_"):
        return Outcome("error", _usage(agent), ServiceError(Code.STEP_LIMIT))
    return Outcome("cancelled" if stop.is_set() else stop_reason, _usage(agent))


def _usage(agent: Agent) -> Usage | None:
    """What the model took so far; None when it was not reached."""
    metrics = agent.event_loop_metrics
    used = metrics.accumulated_usage
    if not used["totalTokens"]:
        return None
    return Usage(
        input_tokens=used["inputTokens"],
        output_tokens=used["outputTokens"],
        total_tokens=used["totalTokens"],
        latency_ms=metrics.accumulated_metrics["latencyMs"],
    )


def _stored(content: Sequence[Mapping[str, Any]], sizes: Mapping[str, int]) -> list[Mapping[str, Any]]:
    """A message's blocks as they are stored: tools' answers with their true size."""
    return [
        {**block, SIZE: sizes[block["toolResult"]["toolUseId"]]}
        if "toolResult" in block and block["toolResult"]["toolUseId"] in sizes
        else block
        for block in content
        if block.get("text") != ""
    ]
