"""What every settings model shares: strictness, and names that every service involved accepts."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints


class SettingsModel(BaseModel):
    """A section of a settings file: immutable, without unknown keys, without silent conversions."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, use_attribute_docstrings=True)


Slug = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=32)]
"""A name used in resource names everywhere: lower-case letters, digits and single hyphens, 32 at most.

AgentCore accepts no underscore in target names and 48 characters in gateway names
(https://docs.aws.amazon.com/bedrock-agentcore-control/latest/APIReference/API_CreateGatewayTarget.html); Kubernetes
names and Cognito domains are as strict, so one rule serves for all.
"""

RoleArn = Annotated[str, StringConstraints(pattern=r"^arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]+$")]
"""The ARN of an IAM role."""
