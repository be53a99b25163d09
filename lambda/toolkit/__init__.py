"""What every tool server shares: declare tools, describe them, answer AgentCore Gateway.

    server = ToolServer("aws-operations", version="1.0.0")

    @server.tool(actions=[])
    def get_time(timezone: str = "UTC") -> dict[str, Any]:
        ...

From that come the tool's schema (types and docstring, in AgentCore's subset), the role's statements and the
handler. A parameter annotated `TenantContext` is filled in by the toolkit and is no part of the schema; `Aws` and
`Page` stand for the arguments region and account, page_size and page_token. `server.family` makes one tool of several
operations (see `toolkit.family`).

How a call ends, as the gateway sees it:

- The tool answers: the function returns the answer, a JSON object that never has both `isError` and `content`.
- An expected failure (`ToolError`, or an AWS error the caller can act on): the function returns
  `{"isError": true, "content": [{"type": "text", "text": "<one sentence>"}]}`, the shape of an MCP tool result.
  It is returned and not raised because the gateway replaces the text of a Lambda function error by "An internal
  error occurred. Please retry later." unless its exceptionLevel is DEBUG
  (https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/gateway-debug-messages.html), and a model must be
  able to read what to do better. AWS does not document whether the gateway marks such a result as an error of the
  call or passes it on as text; the sentence reaches the model either way.
- An unexpected failure: the function raises `InternalToolError`, whose text has the correlation id and nothing from
  the inside; the gateway turns that into an error of the call.
"""

from toolkit.aws import Aws, given
from toolkit.errors import DeclarationError, InternalToolError, ToolError
from toolkit.family import Answer, Family
from toolkit.pages import Page
from toolkit.permissions import Permission
from toolkit.server import ToolServer
from toolkit.spec import OperationSpec, ServerSpec, ToolSpec
from toolkit.tenant import TenantContext

__all__ = [
    "Answer",
    "Aws",
    "DeclarationError",
    "Family",
    "InternalToolError",
    "OperationSpec",
    "Page",
    "Permission",
    "ServerSpec",
    "TenantContext",
    "ToolError",
    "ToolServer",
    "ToolSpec",
    "given",
]
