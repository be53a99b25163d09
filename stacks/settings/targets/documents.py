"""Reads the documents that describe targets: OpenAPI, Smithy, and lists of tools, as files of this repository."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stacks.settings.yaml_file import YamlError, parse_yaml

LARGEST = 10 * 1024 * 1024
"""Bytes of a document in S3 that AgentCore reads, 10 MB
(https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/bedrock-agentcore-limits.html)."""


class DocumentError(Exception):
    """The document cannot be used; the message names the place in it and the way out."""


@dataclass(frozen=True, kw_only=True)
class Document:
    """A target's description.

    Attributes:
        uri: where it is in S3, None for a file of this repository.
        text: it as compact JSON, empty when it is in S3.
        content: it as plain data, None when it is in S3.
        tools: names of the tools it describes, without the target's; none when it is in S3.
    """

    uri: str | None = None
    text: str = ""
    content: Any = None
    tools: tuple[str, ...] = ()


def read_content(name: str, root: Path) -> Any:
    """The plain data in the file `name` below `root`.

    Raises:
        DocumentError: there is no such file, it is outside of `root`, too large, or neither JSON nor YAML.
    """
    file = (root / name).resolve()
    if not file.is_relative_to(root.resolve()):
        raise DocumentError(f"{name!r} is outside of the repository: copy the file into it, or name an object in S3")
    if not file.is_file():
        raise DocumentError(f"{name!r} does not exist: create it, or name an existing file")
    if file.stat().st_size > LARGEST:
        raise DocumentError(f"{name!r} has {file.stat().st_size} bytes and AgentCore reads {LARGEST}: split the target")
    try:
        text = file.read_text(encoding="utf-8")
        return _parse_json(text) if file.suffix == ".json" else parse_yaml(text)
    except UnicodeDecodeError:
        raise DocumentError(f"{name!r} is no UTF-8 text: save it as UTF-8") from None
    except json.JSONDecodeError as error:
        raise DocumentError(f"{name!r} is no JSON: line {error.lineno}: {error.msg}: correct it there") from None
    except YamlError as error:
        raise DocumentError(f"{name!r}: {error}") from None


def _parse_json(text: str) -> Any:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        keys = [key for key, _ in pairs]
        if twice := sorted({key for key in keys if keys.count(key) > 1}):
            raise YamlError(f"{twice[0]} stands twice in one object: keep one of the two")
        return dict(pairs)

    return json.loads(text, object_pairs_hook=once)


def compact(content: Any) -> str:
    """`content` as JSON without a blank too many; what YAML took for a date is text again."""
    return json.dumps(content, separators=(",", ":"), default=str, ensure_ascii=False)


def walk(node: Any, place: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every object in `node` with its place in it, like `paths./pets.get`."""
    if isinstance(node, dict):
        yield place, node
        for key, value in node.items():
            yield from walk(value, f"{place}.{key}" if place else str(key))
    elif isinstance(node, list):
        for number, value in enumerate(node):
            yield from walk(value, f"{place}.{number}")
