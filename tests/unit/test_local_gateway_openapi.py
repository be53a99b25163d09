"""OpenAPI targets on the local gateway: from a document to tools, from a call to an HTTP request, and back."""

from __future__ import annotations

import asyncio
import json
import logging
from copy import deepcopy
from typing import Any

import pytest
import yaml
from mcp_types import CallToolResult
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response

from local.gateway.answers import INTERNAL_ERROR_TEXT
from local.gateway.configuration import InterceptorRecord, TargetRecord
from local.gateway.targets import openapi
from local.gateway.targets.interface import MAX_PAYLOAD_BYTES, UnusableTargetError
from local.gateway.targets.openapi_document import Operation, UnsupportedDocumentError, read_document
from tests.unit.local_gateway_services import Received, RestService, serving
from tests.unit.local_gateway_support import FakeAws, Running, bearer, post, running_gateway, target_context

PROVIDER = "arn:aws:bedrock-agentcore:us-east-1:123456789012:token-vault/default"
ORDER: dict[str, Any] = {
    "type": "object",
    "required": ["item"],
    "properties": {
        "item": {"type": "string", "example": "tea"},
        "count": {"type": "integer", "minimum": 0, "exclusiveMinimum": True},
        "note": {"type": "string", "nullable": True},
    },
}


def document(server: str = "https://orders.example.com/v1/", **operations: Any) -> dict[str, Any]:
    """An OpenAPI document; a keyword is an operationId with changes to its operation."""
    get = {
        "operationId": "getOrder",
        "summary": "Read an order.",
        "parameters": [
            {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}},
            {"name": "tag", "in": "query", "schema": {"type": "array", "items": {"type": "string"}}},
            {"name": "full", "in": "query", "schema": {"type": "boolean"}, "description": "With its history."},
            {"name": "X-Region", "in": "header", "schema": {"type": "string"}},
        ],
        "responses": {"200": {"description": "The order."}},
    } | operations.get("getOrder", {})
    create = {
        "operationId": "createOrder",
        "description": "Place an order.",
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Order"}}},
        },
        "responses": {"201": {"description": "The order."}},
    } | operations.get("createOrder", {})
    return {
        "openapi": "3.0.3",
        "info": {"title": "Orders", "version": "1"},
        "servers": [{"url": server}],
        "paths": {"/orders/{id}": {"get": get}, "/orders": {"post": create}},
        "components": {"schemas": {"Order": deepcopy(ORDER)}},
    }


def record(text: dict[str, Any], **changes: Any) -> TargetRecord:
    values: dict[str, Any] = {
        "target_id": "TARGET0009",
        "name": "orders",
        "kind": "mcp.openApiSchema",
        "configuration": {"inlinePayload": json.dumps(text)},
        "version": "1",
    }
    return TargetRecord(**(values | changes))


def api_key(**changes: Any) -> dict[str, Any]:
    provider = {"providerArn": f"{PROVIDER}/apikeycredentialprovider/orders-key"} | changes
    return {"credentialProviderType": "API_KEY", "credentialProvider": {"apiKeyCredentialProvider": provider}}


def oauth(**changes: Any) -> dict[str, Any]:
    provider = {"providerArn": f"{PROVIDER}/oauth2credentialprovider/orders-login", "scopes": ["orders/read"]} | changes
    return {"credentialProviderType": "OAUTH", "credentialProvider": {"oauthCredentialProvider": provider}}


async def call(gateway: Running, tool: str, arguments: dict[str, Any], **headers: str) -> CallToolResult:
    """Call a tool with one plain HTTP request."""
    answer = await post(
        gateway.url,
        "tools/call",
        params={"name": f"orders___{tool}", "arguments": arguments},
        Accept="application/json, text/event-stream",
        MCP_Protocol_Version="2025-11-25",
        **bearer(),
        **headers,
    )
    return CallToolResult.model_validate(answer.json()["result"])


def text_of(result: CallToolResult) -> str:
    (content,) = result.content
    return str(content.text)  # type: ignore[union-attr]


def _operations(text: dict[str, Any]) -> dict[str, Operation]:
    return {operation.tool.name: operation for operation in read_document(json.dumps(text))}


def test_each_operation_is_a_tool_with_its_parameters_and_body_as_arguments() -> None:
    operations = _operations(document())
    get, create = operations["getOrder"].tool, operations["createOrder"].tool
    assert (get.description, create.description) == ("Read an order.", "Place an order.")
    assert get.input_schema == {
        "type": "object",
        "properties": {
            "id": {"type": "string"},
            "tag": {"type": "array", "items": {"type": "string"}},
            "full": {"type": "boolean", "description": "With its history."},
            "X-Region": {"type": "string"},
        },
        "required": ["id"],
    }
    assert create.input_schema == {
        "type": "object",
        "properties": {
            "item": {"type": "string"},
            "count": {"type": "integer", "exclusiveMinimum": 0},
            "note": {"type": ["string", "null"]},
        },
        "required": ["item"],
    }
    assert operations["getOrder"].server == "https://orders.example.com/v1"


def test_a_body_that_is_no_object_is_one_argument() -> None:
    body = {"required": True, "content": {"application/json": {"schema": {"type": "array", "items": ORDER}}}}
    tool = _operations(document(createOrder={"requestBody": body}))["createOrder"].tool
    assert tool.input_schema["required"] == ["body"]
    assert tool.input_schema["properties"]["body"]["items"]["properties"]["item"] == {"type": "string"}


def test_a_parameter_of_the_operation_takes_the_place_of_its_paths() -> None:
    text = document()
    text["paths"]["/orders"]["parameters"] = [{"name": "dry", "in": "query", "schema": {"type": "string"}}]
    text["paths"]["/orders"]["post"]["parameters"] = [{"name": "dry", "in": "query", "schema": {"type": "boolean"}}]
    assert _operations(text)["createOrder"].tool.input_schema["properties"]["dry"] == {"type": "boolean"}


def _with(path: list[str], value: Any) -> dict[str, Any]:
    text = document()
    node = text
    for step in path[:-1]:
        node = node[step]
    node[path[-1]] = value
    return text


GET = ["paths", "/orders/{id}", "get"]
ANY = {"schema": {"type": "string"}}
ID = {"name": "id", "in": "path", **ANY}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (_with(["openapi"], "2.0"), "openapi is not 3.0 or 3.1"),
        (_with([*GET, "operationId"], ""), "GET /orders/{id} has no operationId"),
        (_with([*GET, "operationId"], "createOrder"), "operationId createOrder stands in it more than once"),
        (_with(["servers"], []), "its address '' is not of the form https"),
        (_with(["servers"], [{"url": "http://orders.example.com"}]), "is not of the form https"),
        (_with(["servers"], [{"url": "https://{region}.example.com"}]), "has variables; write the address out"),
        (_with(["servers"], [{"url": "https://me:pw@orders.example.com"}]), "holds a user name or a password"),
        (_with([*GET, "parameters"], [ID, {"name": "s", "in": "cookie", **ANY}]), "goes into a cookie"),
        (
            _with([*GET, "parameters"], [ID, {"name": "s", "in": "query", "style": "deepObject", **ANY}]),
            "serialization",
        ),
        (_with([*GET, "parameters"], [ID, {"name": "s", "in": "query", "schema": ORDER}]), "which only a body can be"),
        (
            _with([*GET, "parameters"], [{"name": "id", "in": place, **ANY} for place in ("path", "query")]),
            "two places",
        ),
        (_with(["components", "schemas", "Order"], {"oneOf": [ORDER]}), "uses oneOf, which is not supported"),
        (
            _with(["components", "schemas", "Order", "properties"], {"of": {"$ref": "#/components/schemas/Order"}}),
            "#/components/schemas/Order, which contains itself",
        ),
        (_with(["components", "schemas"], {}), "which is not in the document"),
        (_with(["paths", "/orders", "post", "requestBody"], {"content": {"text/xml": {}}}), "is no application/json"),
        (_with(["paths"], {"/orders": ["get"]}), "is no valid OpenAPI"),
        (_with([*GET, "parameters"], [ID, {"in": "query"}]), "is no valid OpenAPI"),
        (_with([*GET, "parameters"], []), "GET /orders/{id} has no path parameter id"),
        (_with(["paths", "/orders"], {"$ref": "#/x"}), "/orders is a reference; write its operations out"),
    ],
)
def test_a_document_that_agentcore_does_not_take_is_refused_with_its_place(text: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UnsupportedDocumentError) as error:
        read_document(json.dumps(text))
    assert sentence in str(error.value)


def test_a_document_may_be_yaml_or_json_that_is_indented_by_tabs() -> None:
    (get, create) = read_document(json.dumps(document(), indent="\t"))
    assert (get.tool.name, create.tool.name) == ("getOrder", "createOrder")
    day = {"name": "day", "in": "query", "schema": {}}
    text = yaml.safe_dump(_with([*GET, "parameters"], [ID, day]))
    text = text.replace("schema: {}", "schema: {type: string, enum: [2026-11-20]}")
    (_, get) = read_document(text)
    assert get.tool.input_schema["properties"]["day"]["enum"] == ["2026-11-20"]


def test_a_text_that_is_neither_is_refused() -> None:
    with pytest.raises(UnsupportedDocumentError, match="it is neither JSON nor YAML"):
        read_document("openapi: [3.0")


async def test_a_reference_to_another_place_is_not_fetched() -> None:
    service = RestService()
    async with serving(service.app) as origin:
        text = _with(["paths", "/orders", "post", "requestBody"], {"$ref": f"{origin}/body.json"})
        with pytest.raises(UnsupportedDocumentError, match="which is not in the document"):
            read_document(json.dumps(text))
    assert service.received == []


async def test_a_document_is_read_from_yaml_in_s3() -> None:
    aws = FakeAws()
    aws.objects["schemas/orders.yaml"] = b"openapi: 3.1.0\npaths: {}\n"
    in_s3 = record({}, configuration={"s3": {"uri": "s3://schemas/orders.yaml"}})
    assert (await openapi.build(target_context(in_s3, aws))).tools == ()
    aws.objects.clear()
    with pytest.raises(UnusableTargetError, match=r"target orders: its schema s3://schemas/orders.yaml cannot be read"):
        await openapi.build(target_context(in_s3, aws))


async def test_a_call_is_the_request_that_the_document_describes() -> None:
    service = RestService()
    async with serving(service.app) as origin, running_gateway(targets=(record(document(f"{origin}/v1")),)) as gateway:
        arguments = {"id": "a/b ?#%2F", "tag": ["x", "y&z"], "full": True, "X-Region": "eu"}
        result = await call(gateway, "getOrder", arguments)
        assert not result.is_error
        assert json.loads(text_of(result)) == {"fine": True}
        await call(gateway, "createOrder", {"item": "tea", "count": 2})
    get, create = service.received
    assert (get.method, get.path, get.body) == ("GET", "/v1/orders/a%2Fb%20%3F%23%252F", b"")
    assert get.query == [("tag", "x"), ("tag", "y&z"), ("full", "true")]
    assert get.headers["x-region"] == "eu"
    assert (create.method, create.path, create.query) == ("POST", "/v1/orders", [])
    assert create.headers["content-type"] == "application/json"
    assert json.loads(create.body) == {"item": "tea", "count": 2}


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"id": ".."}, "Argument 'id' must not be empty, '.' or '..', as it is part of the address."),
        ({"id": ""}, "Argument 'id' must not be empty, '.' or '..', as it is part of the address."),
        (
            {"id": "1", "X-Region": "eu\r\nX-Admin: 1"},
            "Argument 'X-Region' goes into a header: it must be printable ASCII.",
        ),
    ],
)
async def test_an_argument_cannot_leave_its_place(arguments: dict[str, Any], sentence: str) -> None:
    service = RestService()
    async with serving(service.app) as origin, running_gateway(targets=(record(document(origin)),)) as gateway:
        result = await call(gateway, "getOrder", arguments)
        assert result.is_error
        assert text_of(result) == sentence
    assert service.received == []


@pytest.mark.parametrize(
    ("provider", "place"),
    [
        ({"credentialParameterName": "X-API-Key"}, ("x-api-key", "vault-secret-1")),
        ({"credentialPrefix": "Bearer "}, ("authorization", "Bearer vault-secret-1")),
    ],
)
async def test_an_api_key_goes_into_its_header(provider: dict[str, Any], place: tuple[str, str]) -> None:
    service = RestService()
    async with serving(service.app) as origin:
        target = record(document(origin), credentials=api_key(**provider))
        async with running_gateway(targets=(target,)) as gateway:
            # What a caller sends under the same name does not reach the service.
            await call(gateway, "getOrder", {"id": "1"}, X_API_Key="of-the-caller")
            assert gateway.aws.asked_of_vault == [
                {
                    "workloadIdentityToken": f"identity of {gateway.record.workload}",
                    "resourceCredentialProviderName": "orders-key",
                }
            ]
    assert service.received[0].headers[place[0]] == place[1]


async def test_an_api_key_goes_into_the_query_beside_arguments() -> None:
    service = RestService()
    provider = {"credentialLocation": "QUERY_PARAMETER", "credentialParameterName": "key"}
    async with serving(service.app) as origin:
        target = record(document(origin), credentials=api_key(**provider), query_parameters=("key",))
        async with running_gateway(targets=(target,)) as gateway:
            await call(gateway, "getOrder", {"id": "1", "full": False})
    assert service.received[0].query == [("full", "false"), ("key", "vault-secret-1")]


async def test_a_refused_token_is_fetched_anew_once() -> None:
    def answer(received: Received) -> Response:
        fresh = received.headers["authorization"] == "Bearer vault-secret-2"
        return JSONResponse({}, status_code=200 if fresh else 401)

    service = RestService(answer)
    async with serving(service.app) as origin:
        target = record(document(origin), credentials=oauth(customParameters={"audience": "orders"}))
        async with running_gateway(targets=(target,)) as gateway:
            assert not (await call(gateway, "createOrder", {"item": "tea"})).is_error
            first, second = gateway.aws.asked_of_vault
            assert (first["scopes"], first["oauth2Flow"]) == (["orders/read"], "M2M")
            assert first["customParameters"] == {"audience": "orders"}
            assert "forceAuthentication" not in first
            assert second == first | {"forceAuthentication": True}
    assert [json.loads(received.body) for received in service.received] == [{"item": "tea"}] * 2


async def test_a_service_that_goes_on_refusing_is_asked_twice() -> None:
    service = RestService(lambda _received: JSONResponse({"why": "expired"}, status_code=401))
    async with (
        serving(service.app) as origin,
        running_gateway(targets=(record(document(origin), credentials=oauth()),)) as gateway,
    ):
        result = await call(gateway, "getOrder", {"id": "1"})
    assert text_of(result) == 'GET /orders/{id} of target orders answered 401 Unauthorized: {"why":"expired"}'
    assert len(service.received) == 2


async def test_an_authorization_header_of_an_interceptor_takes_the_credentials_place() -> None:
    def ask(event: dict[str, Any]) -> dict[str, Any]:
        new = {
            "body": event["mcp"]["gatewayRequest"]["body"],
            "headers": {"Authorization": "Bearer of-the-interceptor"},
        }
        return {"interceptorOutputVersion": "1.0", "mcp": {"transformedGatewayRequest": new}}

    service = RestService(answer=lambda received: JSONResponse(received.headers))
    interceptor = InterceptorRecord(function_arn="arn:interceptor")
    async with serving(service.app) as origin:
        for credentials in (oauth(), api_key(credentialParameterName="X-Key"), None):
            target = record(document(origin), credentials=credentials)
            async with running_gateway(targets=(target,), request_interceptor=interceptor) as gateway:
                gateway.aws.functions = {"arn:interceptor": ask}
                result = await call(gateway, "getOrder", {"id": "1"})
            assert "of-the-interceptor" not in text_of(result)
    assert [received.headers["authorization"] for received in service.received] == ["Bearer of-the-interceptor"] * 3
    assert [received.headers.get("x-key") for received in service.received] == [None, "vault-secret-1", None]


async def test_the_gateways_role_signs_for_the_service_that_the_target_names() -> None:
    service = RestService()
    signed = {
        "credentialProviderType": "GATEWAY_IAM_ROLE",
        "credentialProvider": {"iamCredentialProvider": {"service": "execute-api", "region": "eu-west-1"}},
    }
    async with (
        serving(service.app) as origin,
        running_gateway(targets=(record(document(origin), credentials=signed),)) as gateway,
    ):
        await call(gateway, "createOrder", {"item": "tea"})
        (received,) = service.received
        assert received.headers["x-amz-security-token"] == gateway.record.role_arn
    authorization = received.headers["authorization"]
    assert authorization.startswith("AWS4-HMAC-SHA256 Credential=ASIA/")
    assert "/eu-west-1/execute-api/aws4_request" in authorization
    assert "content-type;host;x-amz-date;x-amz-security-token" in authorization


@pytest.mark.parametrize(
    "credentials",
    [
        {"credentialProviderType": "GATEWAY_IAM_ROLE"},
        {"credentialProviderType": "JWT_PASSTHROUGH"},
        {"credentialProviderType": "CALLER_IAM_CREDENTIALS"},
        oauth(grantType="AUTHORIZATION_CODE"),
    ],
)
async def test_a_credential_that_needs_the_caller_is_refused(credentials: dict[str, Any]) -> None:
    with pytest.raises(UnusableTargetError, match=r"target orders .* the local run cannot call it, AWS can"):
        await openapi.build(target_context(record(document(), credentials=credentials), FakeAws()))


@pytest.mark.parametrize("debug", [True, False])
async def test_a_role_that_may_not_ask_the_vault_calls_nothing(debug: bool, caplog: pytest.LogCaptureFixture) -> None:
    service = RestService()
    async with serving(service.app) as origin:
        target = record(document(origin), credentials=api_key())
        async with running_gateway(targets=(target,), debug=debug) as gateway:
            gateway.aws.vault_denied = True
            result = await call(gateway, "getOrder", {"id": "1"})
    assert result.is_error
    sentence = "Check the permissions of the Gateway execution role and the credential provider."
    assert (sentence in text_of(result)) is debug
    assert (text_of(result) == INTERNAL_ERROR_TEXT) is not debug
    assert sentence in caplog.text
    assert service.received == []


@pytest.mark.parametrize("status", [200, 403])
@pytest.mark.parametrize("credentials", [api_key(credentialPrefix="Key "), oauth()])
async def test_a_credential_that_comes_back_is_blotted_out(
    status: int, credentials: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    def echo(received: Received) -> Response:
        sent = received.headers["authorization"]
        return JSONResponse({"sent": sent}, status_code=status, headers={"X-Sent": sent})

    caplog.set_level(logging.INFO, logger="local.gateway")
    async with serving(RestService(echo).app) as origin:
        target = record(document(origin), credentials=credentials, response_headers=("X-Sent",))
        async with running_gateway(targets=(target,), debug=True) as gateway:
            answer = await post(
                gateway.url,
                "tools/call",
                params={"name": "orders___getOrder", "arguments": {"id": "1"}},
                Accept="application/json, text/event-stream",
                **bearer(),
            )
    assert "[credential]" in answer.text
    assert "[credential]" in answer.headers["X-Sent"]
    assert "vault-secret" not in f"{answer.text} {answer.headers} {caplog.text}"


async def test_only_named_headers_and_query_parameters_pass() -> None:
    service = RestService(lambda _received: JSONResponse({}, headers={"X-Trace": "t1", "X-Internal": "no"}))
    async with serving(service.app) as origin:
        target = record(
            document(origin),
            request_headers=("X-Tenant-ID", "X-Region"),
            query_parameters=("trace",),
            response_headers=("X-Trace",),
        )
        async with running_gateway(targets=(target,)) as gateway:
            answer = await post(
                f"{gateway.url}?trace=on&full=false&other=1",
                "tools/call",
                params={"name": "orders___getOrder", "arguments": {"id": "1", "X-Region": "eu"}},
                Accept="application/json, text/event-stream",
                X_Tenant_ID="acme",
                X_Region="of-the-caller",
                X_Other="no",
                **bearer(),
            )
    (received,) = service.received
    assert received.query == [("trace", "on")]
    assert (received.headers["x-tenant-id"], received.headers["x-region"]) == ("acme", "eu")
    assert {"x-other", "authorization", "mcp-protocol-version"}.isdisjoint(received.headers)
    assert answer.headers["X-Trace"] == "t1"
    assert "X-Internal" not in answer.headers


async def test_an_error_of_the_service_is_for_the_model_to_read() -> None:
    service = RestService(lambda _received: PlainTextResponse("no such order", status_code=404))
    async with serving(service.app) as origin, running_gateway(targets=(record(document(origin)),)) as gateway:
        result = await call(gateway, "getOrder", {"id": "1"})
    assert result.is_error
    assert text_of(result) == "GET /orders/{id} of target orders answered 404 Not Found: no such order"


async def test_a_redirect_is_not_followed() -> None:
    other = RestService()
    async with serving(other.app) as elsewhere:
        service = RestService(lambda _received: RedirectResponse(f"{elsewhere}/stolen"))
        async with serving(service.app) as origin:
            target = record(document(origin), credentials=api_key())
            async with running_gateway(targets=(target,)) as gateway:
                result = await call(gateway, "getOrder", {"id": "1"})
    assert text_of(result) == "GET /orders/{id} of target orders answered 307 Temporary Redirect"
    assert other.received == []


async def _too_slow(_received: Received) -> Response:
    await asyncio.sleep(3)
    return JSONResponse({})


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (_too_slow, "GET /orders/{id} of target orders did not answer: ReadTimeout"),
        (lambda _received: Response(b"x" * (MAX_PAYLOAD_BYTES + 1)), "The answer has more than 6291456 bytes"),
        (lambda _received: Response(b"\xff\xfe\x00", media_type="image/png"), "did not answer with text"),
    ],
)
async def test_what_a_gateway_cannot_carry_is_an_error(
    answer: Any, sentence: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with (
        serving(RestService(answer).app) as origin,
        running_gateway(targets=(record(document(origin)),), debug=True) as gateway,
    ):
        result = await call(gateway, "getOrder", {"id": "an-argument"})
    assert result.is_error
    assert sentence in text_of(result)
    assert "an-argument" not in caplog.text


async def test_a_service_that_was_stopped_is_an_error_until_it_is_back() -> None:
    service = RestService()
    async with serving(service.app) as origin:
        port = int(origin.rpartition(":")[2])
    async with running_gateway(targets=(record(document(origin)),), debug=True) as gateway:
        result = await call(gateway, "getOrder", {"id": "1"})
        assert text_of(result) == "GET /orders/{id} of target orders did not answer: ConnectError"
        async with serving(service.app, port=port):
            assert not (await call(gateway, "getOrder", {"id": "1"})).is_error


async def test_a_public_host_is_reached_through_the_edge_alone() -> None:
    """The edge of this gateway is an address at which nothing listens."""
    async with running_gateway(targets=(record(document("https://localhost.example.com")),), debug=True) as gateway:
        result = await call(gateway, "getOrder", {"id": "1"})
    assert text_of(result) == "GET /orders/{id} of target orders did not answer: ConnectError"
