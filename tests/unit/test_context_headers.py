"""Which headers a target is told who calls by: what an API's description names never takes the verified ones away."""

from __future__ import annotations

import json

import pytest
from aws_cdk import Stack

from foundation.targets.api_schema import ApiSchema
from foundation.targets.interface import CONTEXT_HEADERS, Surroundings, TemplateRoom


def headers(document: str) -> list[str]:
    """What a target with this description is told."""
    at = Surroundings(scope=Stack(), name="weather", gateway_name="foundation-dev", room=TemplateRoom())
    return list(ApiSchema(language="openApiSchema", document=document).bind(at).headers)


def described(*names: str) -> str:
    """A description that names headers."""
    return json.dumps({"paths": {"/": {"get": {"parameters": [{"in": "header", "name": name} for name in names]}}}})


@pytest.mark.parametrize("name", CONTEXT_HEADERS[:4])
def test_a_description_never_takes_away_who_calls(name: str) -> None:
    assert headers(described(name, name.lower())) == list(CONTEXT_HEADERS)


def test_an_api_may_take_ids_of_the_request_as_arguments() -> None:
    assert headers(described("x-request-id", "X-Correlation-ID")) == list(CONTEXT_HEADERS[:4])


def test_a_description_elsewhere_gets_all() -> None:
    assert headers("s3://schemas/x-tenant-id.json") == list(CONTEXT_HEADERS)
