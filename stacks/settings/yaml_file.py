"""YAML without its surprises: a key written twice is a mistake, and so is a file that is no mapping."""

from __future__ import annotations

from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml


class YamlError(Exception):
    """The file cannot be read as one mapping; the message says where and what to do."""


class _UniqueKeys(yaml.SafeLoader):
    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[object] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                line = key_node.start_mark.line + 1
                raise YamlError(f"{key}: stands twice (again in line {line}): keep one of the two")
            seen.add(key)
        return super().construct_mapping(node, deep=deep)


def read_yaml(file: Path) -> dict[str, Any]:
    """The mapping that `file` holds.

    Raises:
        YamlError: the text is no YAML, has a key twice, or is no mapping.
    """
    try:
        content = parse_yaml(file.read_text(encoding="utf-8"))
    except UnicodeDecodeError:
        raise YamlError("is no UTF-8 text: save it as UTF-8") from None
    if not isinstance(content, dict):
        raise YamlError("holds no mapping: write keys and values as in the other files beside it")
    return content


def parse_yaml(text: str) -> Any:
    """The plain data that `text` holds.

    Raises:
        YamlError: the text is no YAML, or has a key twice.
    """
    try:
        # _UniqueKeys is a SafeLoader: it builds plain data only.
        return yaml.load(text, Loader=_UniqueKeys)  # noqa: S506
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise YamlError(f"line {line} is no YAML ({error.problem}): correct it there") from None
