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
from strands import Agent
from strands.agent.conversation_manager import SlidingWindowConversationManager
from strands.models import Model
from strands.tools.mcp import MCPClient
from strands.types.agent import Limits
from strands.types.content import Messages
from strands.types.exceptions import MaxTokensReachedException

from conversation_agent import failures
from conversation_agent.blocks import BLOCKED
from conversation_agent.history import ModelMessage
from conversation_agent.logs import described, logger
from conversation_agent.outcome import Asker, Listener, Outcome
from conversation_agent.problems import Code, ServiceError
from conversation_agent.schemas import Tool, Usage
from conversation_agent.watch import GatewayTool, RetryBeforeText, Watch
from gateway_agent.errors import AgentError
from gateway_agent.gateway import gateway_tools
from gateway_agent.tokens import TokenSource

_LIMITS = Limits(turns=25)
"""How often the model is called for one answer at most."""
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
        client, tools = await self._connected(asker)
        await asyncio.to_thread(client.stop, None, None, None)
        specs = [tool.tool_spec for tool in tools]
        return [
            Tool(name=spec["name"], description=spec["description"], input_schema=spec["inputSchema"]["json"])
            for spec in specs
        ]

    async def answer(
        self, messages: Sequence[ModelMessage], *, asker: Asker, listener: Listener, stop: threading.Event
    ) -> Outcome:
        """Go on from the last message: the user's question or tools' answers.

        Args:
            messages: the conversation as models have it.
            asker: who asks.
            listener: gets the answer.
            stop: set by whoever wants the answer to end early.

        Returns:
            How it ended; a failure of model or gateway is no exception, since what came before it counts.
        """
        try:
            client, tools = await self._connected(asker)
        except ServiceError as failure:
            return Outcome("error", None, failure)
        try:
            watch = Watch(listener)
            return await _run(self._agent(messages, tools, watch), watch, listener, stop)
        finally:
            await asyncio.shield(asyncio.to_thread(client.stop, None, None, None))

    def _agent(self, messages: Sequence[ModelMessage], tools: list[GatewayTool], watch: Watch) -> Agent:
        history: Messages = [{"role": message["role"], "content": message["content"]} for message in messages]
        return Agent(
            model=self._model,
            messages=history,
            tools=[*tools],
            system_prompt=self._instructions,
            callback_handler=None,
            # The history comes with its window; this one acts when the model says that it is too long all the same.
            conversation_manager=SlidingWindowConversationManager(window_size=10_000),
            retry_strategy=RetryBeforeText(watch, first_pause=self._first_pause),
            hooks=[watch],
        )

    async def _connected(self, asker: Asker) -> tuple[MCPClient, list[GatewayTool]]:
        """A connection to the gateway, and its tools; one that comes after the answer was given up is closed.

        Raises:
            ServiceError: there is none.
        """
        connecting = asyncio.create_task(asyncio.to_thread(self._connect, asker))
        try:
            return await asyncio.shield(connecting)
        except asyncio.CancelledError:
            connecting.add_done_callback(_closed_again)
            raise

    def _connect(self, asker: Asker) -> tuple[MCPClient, list[GatewayTool]]:
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
            return client, [GatewayTool(tool, client) for tool in self._tools_of(client)]
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


def _closed_again(connecting: asyncio.Task[tuple[MCPClient, list[GatewayTool]]]) -> None:
    if not connecting.cancelled() and connecting.exception() is None:
        client, _ = connecting.result()
        threading.Thread(target=client.stop, args=(None, None, None), daemon=True).start()


async def _run(agent: Agent, watch: Watch, listener: Listener, stop: threading.Event) -> Outcome:
    """Let the agent answer, and tell the listener, whose errors are no failure of the model's."""
    stop_reason = ""
    try:
        async with aclosing(_events(agent, stop)) as events:
            async for event in events:
                if watch.broken:
                    raise watch.broken
                if "message" in event and watch.failure:
                    return Outcome("error", _usage(agent), watch.failure)
                if stop.is_set():
                    continue  # what Strands says of having been stopped is not the agent's answer
                if "data" in event:
                    watch.speaking = True
                    await listener.text(event["data"])
                elif "message" in event and event["message"]["role"] == "assistant":
                    watch.speaking = False
                    await listener.message(_stored(event["message"]["content"], watch.stop_reason))
                elif "result" in event:
                    stop_reason = event["result"].stop_reason
    except _ModelError as error:
        return Outcome("error", _usage(agent), error.failure)
    if stop_reason.startswith("limit_"):
        return Outcome("error", _usage(agent), ServiceError(Code.STEP_LIMIT))
    return Outcome("cancelled" if stop.is_set() else stop_reason or watch.stop_reason, _usage(agent))


class _ModelError(Exception):
    """The model failed; `failure` is what callers are told."""

    def __init__(self, failure: ServiceError) -> None:
        super().__init__(failure.code)
        self.failure = failure


async def _events(agent: Agent, stop: threading.Event) -> AsyncGenerator[dict[str, Any]]:
    """What Strands tells while the agent answers.

    Raises:
        _ModelError: the model failed.
    """
    events = cast("AsyncGenerator[dict[str, Any]]", agent.stream_async(None, cancel_signal=stop, limits=_LIMITS))
    try:
        async with aclosing(events):
            async for event in events:
                yield event
    except MaxTokensReachedException:
        return  # its message came before
    except Exception as error:  # whatever a model's client raises
        logger.warning("the model failed", extra=described(error))
        raise _ModelError(failures.of_model(error)) from error


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


def _stored(content: Sequence[Mapping[str, Any]], stop_reason: str) -> list[Mapping[str, Any]]:
    """A message's blocks as they are stored; those of a message that a guardrail stands behind are marked."""
    blocks = [block for block in content if block.get("text") != ""]
    if stop_reason != "guardrail_intervened":
        return blocks
    return [{**block, BLOCKED: True} for block in blocks or [{"text": "[A guardrail stopped this answer.]"}]]
