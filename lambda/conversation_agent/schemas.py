"""What callers send and get, as the OpenAPI document says it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from conversation_agent.problems import Code

LONGEST_MESSAGE = 100_000
"""Characters of a question."""


class Request(BaseModel):
    """A body of a request; a key that it does not know is refused."""

    model_config = ConfigDict(extra="forbid")


class Question(Request):
    """A question to the agent."""

    message: Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_MESSAGE, pattern=r"\S")] = Field(
        description="What the agent is asked."
    )
    request_id: UUID = Field(
        description="Made by the client for this question. A retry sends the same one, and nothing is stored twice."
    )
    conversation_id: UUID | None = Field(
        default=None, description="The conversation to go on with; a new one when left out."
    )


class NewConversation(Request):
    """A conversation to begin without a question."""

    request_id: UUID = Field(description="Made by the client; the same one again gives the same conversation.")
    title: Annotated[str, StringConstraints(max_length=200)] = Field(default="", description="For lists.")


class StopRequest(Request):
    """An answer to stop."""

    request_id: UUID = Field(description="Of the question that is being answered.")


class Stopping(BaseModel):
    """An answer that ends within seconds; what was said of it is stored as interrupted."""

    conversation_id: UUID
    request_id: UUID
    status: Literal["stopping"] = "stopping"


class TextBlock(BaseModel):
    """Text of the person or the agent."""

    type: Literal["text"] = "text"
    text: str


class ToolCall(BaseModel):
    """A call of a tool that the agent made."""

    tool_call_id: str
    name: str = Field(description="Target and tool, joined by three underscores.")
    input: dict[str, Any]


class ToolResult(BaseModel):
    """What a tool answered."""

    tool_call_id: str
    name: str
    status: Literal["success", "error"]
    preview: str = Field(description="The answer's beginning.")
    bytes: int = Field(description="Size of the tool's whole answer in UTF-8.")
    truncated: bool = Field(description="Whether the preview leaves something out.")


class ToolCallBlock(ToolCall):
    """A tool call in a message."""

    type: Literal["tool_call"] = "tool_call"


class ToolResultBlock(ToolResult):
    """A tool's answer in a message."""

    type: Literal["tool_result"] = "tool_result"


Block = Annotated[TextBlock | ToolCallBlock | ToolResultBlock, Field(discriminator="type")]


class Usage(BaseModel):
    """What a turn took of the model, over all its calls."""

    input_tokens: int
    output_tokens: int
    total_tokens: int
    latency_ms: int = Field(description="Milliseconds that the model worked.")


class Answer(BaseModel):
    """The agent's whole answer to a question."""

    conversation_id: str
    request_id: UUID
    correlation_id: str
    replayed: bool = Field(description="The question was answered before; this is the stored answer.")
    resumed: bool = Field(description="An earlier try was cut; this answer goes on from what it had stored.")
    status: Literal["complete", "interrupted"]
    stop_reason: str = Field(description="Why the model stopped, e.g. end_turn.")
    text: str = Field(description="All text of the answer.")
    content: list[Block] = Field(description="Text, tool calls and tool results in order.")
    usage: Usage | None


class Conversation(BaseModel):
    """A conversation, without its messages."""

    conversation_id: str
    title: str
    created_at: datetime
    used_at: datetime = Field(description="Lists are ordered by it.")
    expires_at: datetime = Field(description="When it is deleted, unless it is used before.")
    messages: int = Field(description="How many messages its ended answers have, with their questions.")


class Message(BaseModel):
    """A message of a conversation."""

    number: int = Field(description="From 0, in the order in which it was said.")
    request_id: UUID = Field(description="Of the question that it belongs to.")
    role: Literal["user", "assistant"] = Field(description="A tool's answers come as the user's, as models see them.")
    status: Literal["complete", "interrupted", "in_progress"] = Field(description="Interrupted: the answer was cut.")
    created_at: datetime
    content: list[Block]


class ConversationPage(BaseModel):
    """Some of the caller's conversations, the last used first."""

    conversations: list[Conversation]
    next_cursor: str | None = Field(description="For the next page; null on the last.")


class ConversationDetail(BaseModel):
    """A conversation and some of its messages, the oldest first."""

    conversation: Conversation
    messages: list[Message]
    next_cursor: str | None = Field(description="For the next page; null on the last.")


class Tool(BaseModel):
    """A tool that the agent may call."""

    name: str
    description: str
    input_schema: dict[str, Any] = Field(description="JSON Schema of its arguments.")


class ToolList(BaseModel):
    """The tools that the gateway offers this agent."""

    tools: list[Tool]


class Health(BaseModel):
    """The service answers."""

    status: Literal["ok"] = "ok"


class FieldError(BaseModel):
    """What is wrong with one part of a request."""

    field: str = Field(description="Where, e.g. body.message.")
    message: str


class Problem(BaseModel):
    """Problem details (RFC 9457)."""

    type: Literal["about:blank"] = "about:blank"
    title: str = Field(description="The status in words.")
    status: int
    detail: str = Field(description="One sentence for people.")
    code: Code
    correlation_id: str
    retryable: bool = Field(description="Whether the same request, with the same request_id, may succeed later.")
    retry_after_seconds: float | None = Field(default=None, description="When, if that is known.")
    conversation_id: str | None = Field(default=None, description="The conversation that the question belongs to.")
    errors: list[FieldError] = Field(default=[], description="With invalid_request: what is wrong.")


class Start(BaseModel):
    """Event `start`, the first."""

    conversation_id: str
    request_id: UUID
    correlation_id: str
    replayed: bool
    resumed: bool


class Text(BaseModel):
    """Event `text`: a piece of the answer."""

    text: str


class Failure(BaseModel):
    """Event `error`: why the answer ends early."""

    code: Code
    message: str
    retryable: bool
    retry_after_seconds: float | None
    correlation_id: str


class Done(BaseModel):
    """Event `done`, the last: a stream that ends without it was cut."""

    conversation_id: str
    request_id: UUID
    status: Literal["complete", "interrupted"]
    stop_reason: str
