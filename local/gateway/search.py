"""The built-in search tool of a gateway with searchType SEMANTIC.

On AWS a model ranks the tools by meaning. Here they are ranked by the words that a query shares with a tool's name,
description and parameters: a rarer word counts more, a word in the name counts more. Synonyms are not found.
Source: https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/gateway-using-mcp-semantic-search.html
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence

from mcp_types import Tool

SEARCH_TOOL = Tool(
    name="x_amz_bedrock_agentcore_search",
    description=(
        "A special tool that returns a trimmed down list of tools given a context. Use this tool only when there are "
        "many tools available and you want to get a subset that matches the provided context."
    ),
    input_schema={
        "type": "object",
        "properties": {"query": {"type": "string", "description": "search query to use for finding tools"}},
        "required": ["query"],
    },
)

RESULTS = 10
_NAME_WEIGHT = 3.0
_WORD = re.compile(r"[a-z0-9]+")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def rank(tools: Sequence[Tool], query: str) -> list[Tool]:
    """Return the tools that share a word with `query`, best first, at most RESULTS of them."""
    documents = [_weights(tool) for tool in tools]
    spread = Counter(word for document in documents for word in document)
    wanted = set(_words(query))

    def score(document: dict[str, float]) -> float:
        return sum(
            weight * math.log(1 + len(tools) / spread[word]) for word, weight in document.items() if word in wanted
        )

    scored = sorted(zip(map(score, documents), tools, strict=True), key=lambda pair: pair[0], reverse=True)
    return [tool for points, tool in scored[:RESULTS] if points > 0]


def _weights(tool: Tool) -> dict[str, float]:
    """The words of a tool with what each counts."""
    described = [tool.description or ""]
    for name, schema in tool.input_schema.get("properties", {}).items():
        described += [name, schema.get("description", "")]
    weights = {word: 1.0 for text in described for word in _words(text)}
    return weights | dict.fromkeys(_words(tool.name), _NAME_WEIGHT)


def _words(text: str) -> list[str]:
    """Lower-case words, without a plural's s so that `bucket` finds `buckets`."""
    words = _WORD.findall(_CAMEL.sub(" ", text).lower())
    return [word.removesuffix("s") if len(word) > 3 else word for word in words]
