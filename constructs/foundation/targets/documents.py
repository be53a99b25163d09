"""The documents that describe targets: inside the template while they are small, in S3 otherwise."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from aws_cdk import ArnFormat, Stack, aws_s3_assets as s3_assets

from foundation.targets.interface import Grant, Properties, Surroundings

STAGING = Path(__file__).parents[3] / ".cache" / "documents"


@dataclass(frozen=True, kw_only=True)
class PlacedDocument:
    """A document where AgentCore finds it.

    Attributes:
        s3: the property `S3`, None while the document is in the template.
        grants: what the gateway's role needs to read it.
    """

    s3: Properties | None = None
    grants: tuple[Grant, ...] = ()


def in_bucket(at: Surroundings, uri: str) -> PlacedDocument:
    """The object `uri`, `s3://<bucket>/<key>`, that somebody else put there."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    arn = Stack.of(at.scope).format_arn(
        service="s3",
        region="",
        account="",
        resource=bucket,
        resource_name=key,
        arn_format=ArnFormat.SLASH_RESOURCE_NAME,
    )
    return PlacedDocument(s3={"uri": uri}, grants=(_read(arn),))


def placed(at: Surroundings, text: str) -> PlacedDocument:
    """The document `text`, JSON: for the caller to put into the template, or as an asset in S3 when it is too large."""
    data = text.encode()
    if at.room.takes(len(data)):
        return PlacedDocument()
    STAGING.mkdir(parents=True, exist_ok=True)
    file = STAGING / f"{hashlib.sha256(data).hexdigest()[:16]}.json"
    file.write_bytes(data)
    asset = s3_assets.Asset(at.scope, "Document", path=str(file))
    return PlacedDocument(
        s3={"uri": asset.s3_object_url, "bucketOwnerAccountId": Stack.of(at.scope).account},
        grants=(_read(asset.bucket.arn_for_objects(asset.s3_object_key)),),
    )


def _read(arn: str) -> Grant:
    return Grant(["s3:GetObject"], [arn])
