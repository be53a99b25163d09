"""An API described by an OpenAPI document or by a Smithy model, as a target."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from foundation.targets.context_headers import REQUEST_HEADERS, VERIFIED_HEADERS
from foundation.targets.documents import in_bucket, placed
from foundation.targets.interface import BoundKind, Properties, Surroundings


@dataclass(frozen=True, kw_only=True)
class ApiSchema:
    """An API with its description.

    Attributes:
        language: what the description is written in.
        document: the description as JSON text, or its URI in S3.
    """

    language: Literal["openApiSchema", "smithyModel"]
    document: str

    def bind(self, at: Surroundings, /) -> BoundKind:
        """Place the description."""
        elsewhere = self.document.startswith("s3://")
        document = in_bucket(at, self.document) if elsewhere else placed(at, self.document)
        schema: Properties = {"s3": document.s3} if document.s3 else {"inlinePayload": self.document}
        return BoundKind(configuration={self.language: schema}, to_read=document.grants, headers=self._headers())

    def _headers(self) -> list[str]:
        """What the API can be told of the caller.

        A Smithy model is that of an AWS service, which is told nothing of ours. A header that the description names is
        an argument of its tools and cannot be propagated
        (https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/gateway-headers.html): ids of the request are
        left to the argument then. What says who calls never is, whatever the description names, so that no caller
        writes it.
        """
        if self.language == "smithyModel":
            return []
        described = self.document.lower()
        return [*VERIFIED_HEADERS, *(name for name in REQUEST_HEADERS if f'"{name.lower()}"' not in described)]
