"""The schemas as an API server gives them to kubectl: an OpenAPI 2 document in protobuf.

kubectl takes no other form. The message is `openapi.v2.Document` of
https://github.com/google/gnostic/blob/main/openapiv2/OpenAPIv2.proto; field numbers below are from there. Of protobuf
only two wire types are needed, lengths and varints (https://protobuf.dev/programming-guides/encoding/).
"""

import json
from collections.abc import Iterator
from functools import cache

from tests.kubernetes.custom_resources import SCHEMAS
from tests.kubernetes.schemas import Json, definitions

MEDIA_TYPE = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"


@cache
def openapi_document() -> bytes:
    """Every type of the version, and EKS' own."""
    types = definitions(strict=False) | {_custom_name(*name): schema for name, schema in SCHEMAS.items()}
    named = b"".join(_message(1, _named(name, _schema(schema))) for name, schema in types.items())
    info = _text(1, "Kubernetes") + _text(2, "v1.36.0")
    return _text(1, "2.0") + _message(2, info) + _message(8, b"") + _message(9, named)


def _custom_name(api_version: str, kind: str) -> str:
    group, version = api_version.split("/")
    return f"{'.'.join(reversed(group.split('.')))}.{version}.{kind}"


def _schema(schema: Json) -> bytes:
    return b"".join(_fields(schema))


def _fields(schema: Json) -> Iterator[bytes]:
    if reference := schema.get("$ref"):
        yield _text(1, reference.replace("#/$defs/", "#/definitions/"))
        return
    for name in schema.get("required", []):
        yield _text(19, name)
    inside = schema.get("additionalProperties")
    if isinstance(inside, dict):
        yield _message(21, _message(1, _schema(inside)))
    if kind := _type(schema):
        yield _message(22, _text(1, kind))
    if "items" in schema:
        yield _message(23, _message(1, _schema(schema["items"])))
    if properties := schema.get("properties"):
        yield _message(25, b"".join(_message(1, _named(name, _schema(one))) for name, one in properties.items()))
    if kinds := _kinds(schema):
        # JSON is YAML, which is what this field holds.
        yield _message(31, _named("x-kubernetes-group-version-kind", _text(2, json.dumps(kinds))))


def _type(schema: Json) -> str | None:
    """The one type that OpenAPI 2 allows; Kubernetes calls what is a number or a text a text."""
    if "oneOf" in schema:
        return "string"
    kind = schema.get("type")
    return next(name for name in kind if name != "null") if isinstance(kind, list) else kind


def _kinds(schema: Json) -> list[Json]:
    for (api_version, kind), own in SCHEMAS.items():
        if schema is own:
            group, version = api_version.split("/")
            return [{"group": group, "version": version, "kind": kind}]
    found: list[Json] = schema.get("x-kubernetes-group-version-kind", [])
    return found


def _named(name: str, value: bytes) -> bytes:
    """NamedSchema and NamedAny: a name, and a message or what is in one."""
    return _text(1, name) + _message(2, value)


def _text(field: int, value: str) -> bytes:
    return _message(field, value.encode())


def _message(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(value)) + value


def _varint(number: int) -> bytes:
    encoded = bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*encoded, number])
