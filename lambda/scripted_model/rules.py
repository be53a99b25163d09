"""Which tools a question asks for, by its words."""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

_PARTS = re.compile(r"[?!;\n]+|\.(?:\s|$)|,?\s+(?:and then|then|and|also)\s+", re.IGNORECASE)
_BUCKET = r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"
_INSIDE = r"\b(?:objects?|files?|contents?)\b.*?\b(?:in|of)\b"


@dataclass(frozen=True)
class Call:
    """A tool that is to be called.

    Attributes:
        tool: Its name as the gateway lists it.
        arguments: What it is given.
    """

    tool: str
    arguments: dict[str, Any]


Arguments = Callable[[re.Match[str]], dict[str, Any]]


def _reads(operation: str, **arguments: Any) -> Arguments:
    return lambda _: {"operation": operation, **arguments}


def _objects(found: re.Match[str]) -> dict[str, Any]:
    return {"operation": "list_objects", "bucket": found["bucket"]}


def _greets(found: re.Match[str]) -> dict[str, Any]:
    return {"name": found["name"]} if found["name"] else {}


def _tells_time(found: re.Match[str]) -> dict[str, Any]:
    zone = _zone(found["place"] or "")
    return {"timezone": zone} if zone else {}


_RULES: tuple[tuple[str, str, Arguments], ...] = (
    (rf"{_INSIDE}.*?\bbucket\s+(?P<bucket>{_BUCKET})", "s3_read_operations", _objects),
    (rf"{_INSIDE}\s+(?:the\s+)?(?P<bucket>{_BUCKET})(?:\s+bucket)?$", "s3_read_operations", _objects),
    (r"\bbuckets?\b", "s3_read_operations", _reads("list_buckets")),
    (r"\btime\b(?:.*?\b(?:in|at)\s+(?P<place>[\w /'-]+))?", "get_time", _tells_time),
    (r"\b(?:hello|hi|greet)\b(?:\s+(?:to\s+)?(?P<name>[A-Z]\w+))?", "hello_world", _greets),
    (r"\blambda\b|\bfunctions?\b", "lambda_read_operations", _reads("list_functions")),
    (r"\btables?\b|\bdynamodb\b", "dynamodb_read_operations", _reads("list_tables")),
    (r"\bqueues?\b|\bsqs\b", "sqs_read_operations", _reads("list_queues")),
    (r"\btopics?\b|\bsns\b", "sns_read_operations", _reads("list_topics")),
    (r"\bvpcs?\b|\bnetworks?\b", "ec2_read_operations", _reads("describe_vpcs")),
    (r"\binstances?\b|\bec2\b", "ec2_read_operations", _reads("describe_instances")),
    (r"\bstacks?\b|\bcloudformation\b", "cloudformation_read_operations", _reads("list_stacks")),
    (r"\broles?\b", "iam_read_operations", _reads("list_roles")),
    (r"\balarms?\b", "cloudwatch_read_operations", _reads("describe_alarms")),
    (r"\bcosts?\b|\bspen[dt]\b", "cost_explorer_read_operations", _reads("get_cost_and_usage")),
    (r"\bmodels?\b", "bedrock_read_operations", _reads("list_foundation_models")),
    (r"\bclusters?\b", "eks_read_operations", _reads("list_clusters")),
)  # fmt: skip


def wanted(question: str) -> list[tuple[str, dict[str, Any]]]:
    """What a question asks for, in its order and each thing once: tools' own names, and arguments."""
    found: list[tuple[str, dict[str, Any]]] = []
    for part in filter(None, map(str.strip, _PARTS.split(question))):
        for pattern, tool, arguments in _RULES:
            match = re.search(pattern, part, re.IGNORECASE)
            if match:
                call = (tool, arguments(match))
                found += [] if call in found else [call]
                break
    return found


def resolved(calls: Iterable[tuple[str, dict[str, Any]]], listed: Iterable[str]) -> tuple[list[Call], list[str]]:
    """The calls under the names that the gateway lists, and the names of those tools that it does not list."""
    names = list(listed)
    possible, missing = [], []
    for tool, arguments in calls:
        name = full_name(tool, names)
        if name is None:
            missing.append(tool)
        else:
            possible.append(Call(name, arguments))
    return possible, missing


def full_name(tool: str, listed: Iterable[str]) -> str | None:
    """The name under which the gateway lists a tool: of several majors the highest; None when it lists none."""
    found = [name for name in listed if name == tool or name.rpartition("___")[2] == tool]
    return max(found, key=_major, default=None)


def _major(name: str) -> tuple[int, str]:
    found = re.search(r"-v(\d+)___", name)
    return (int(found[1]) if found else 0, name)


def _zone(place: str) -> str | None:
    """The IANA name of a place's time zone, `America/Sao_Paulo` of "Sao Paulo"; None when it is not known."""
    words = place.strip().split()
    for count in range(len(words), 0, -1):
        found = _zones().get("_".join(words[:count]).casefold())
        if found:
            return found
    return None


@cache
def _zones() -> dict[str, str]:
    """Time zones by their place and by their whole name, both in lower case."""
    names = sorted(zoneinfo.available_timezones())
    return {
        **{name.rpartition("/")[2].casefold(): name for name in names if "/" in name},
        **{name.casefold(): name for name in names},
    }
