"""What every settings model shares: strictness, and names that every service involved accepts."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints


class SettingsModel(BaseModel):
    """A section of a settings file: immutable, without unknown keys, without silent conversions."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, use_attribute_docstrings=True)


IN_WORDS: dict[str, str] = {}
"""What each pattern asks for, in words, for messages and the reference."""


def text(pattern: str, *, wanted: str, longest: int | None = None) -> StringConstraints:
    """The constraint of a text that matches `pattern`, which is `wanted` in words, up to `longest` characters."""
    if IN_WORDS.setdefault(pattern, wanted) != wanted:
        raise ValueError(f"{pattern} has two meanings: {IN_WORDS[pattern]}; {wanted}")
    return StringConstraints(pattern=pattern, max_length=longest)


def each_once(what: str) -> AfterValidator:
    """The check that a list of names has each `what` once."""

    def check(names: tuple[str, ...]) -> tuple[str, ...]:
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"lists {', '.join(twice)} twice: name each {what} once")
        return names

    return AfterValidator(check)


Slug = Annotated[
    str,
    text(
        r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$",
        wanted="lower-case letters, digits and single hyphens, a letter first, like acme-corp",
        longest=32,
    ),
]
"""A name used in resource names everywhere.

AgentCore accepts no underscore in target names and 48 characters in gateway names
(https://docs.aws.amazon.com/bedrock-agentcore-control/latest/APIReference/API_CreateGatewayTarget.html); Kubernetes
names and Cognito domains are as strict, so one rule serves for all.
"""

PackageName = Annotated[
    str,
    text(
        r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*$",
        wanted="a Python package in lambda/, like aws_operations.general: lower-case letters, digits, _ and dots",
    ),
]
"""The dotted name of a Lambda package."""

RoleArn = Annotated[
    str,
    text(
        r"^arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]+$",
        wanted="the ARN of an IAM role, like arn:aws:iam::123456789012:role/finance-agent",
    ),
]
"""The ARN of an IAM role."""
