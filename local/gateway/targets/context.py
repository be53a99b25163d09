"""What a target is built from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import anyio
from botocore.exceptions import BotoCoreError, ClientError

from local.gateway.aws import EmulatedAws, ExecutionRole
from local.gateway.configuration import TargetRecord
from local.gateway.outbound import Outbound
from local.gateway.targets.interface import UnusableTargetError
from local.gateway.vault import Vault


@dataclass(frozen=True, kw_only=True)
class TargetContext:
    """One target's record, and what its gateway gives it: role, vault, ways out."""

    record: TargetRecord
    gateway_id: str
    aws: EmulatedAws
    role: ExecutionRole
    vault: Vault
    outbound: Outbound


async def read_s3(context: TargetContext, uri: str) -> str:
    """Return the text at an `s3://bucket/key`; raises UnusableTargetError."""
    parts = urlsplit(uri)

    def read() -> str:
        answer = context.aws.s3.get_object(Bucket=parts.netloc, Key=parts.path.lstrip("/"))
        return answer["Body"].read().decode()

    try:
        return await anyio.to_thread.run_sync(read)
    except (ClientError, BotoCoreError, ValueError) as error:
        sentence = f"target {context.record.name}: its schema {uri} cannot be read: {error}"
        raise UnusableTargetError(sentence) from error


async def read_schema(context: TargetContext, source: Mapping[str, Any]) -> str:
    """Return the text of a schema that is inline or in S3 (ApiSchemaConfiguration); raises UnusableTargetError."""
    if "inlinePayload" in source:
        return str(source["inlinePayload"])
    return await read_s3(context, source["s3"]["uri"])
