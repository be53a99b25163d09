"""What the settings refuse about the documents that describe targets: OpenAPI, Smithy and lists of tools (R6)."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from stacks.settings.targets.documents import DocumentError, compact, read_content
from stacks.settings.targets.openapi import openapi_tools
from stacks.settings.targets.smithy import smithy_tools
from stacks.settings.targets.tool_list import listed_tools
from tests.assemblies import ROOT
from tests.unit.settings_support import Config

Change = Callable[[Any], None]
EXAMPLES = ROOT / "config" / "targets"


def openapi() -> Any:
    """The OpenAPI document of the examples."""
    return yaml.safe_load((EXAMPLES / "weather.yaml").read_text(encoding="utf-8"))


def put(*path: Any, value: Any = ...) -> Change:
    """Sets (or with ... removes) what stands at a path of a document."""

    def change(document: Any) -> None:
        *above, last = path
        for key in above:
            document = document[key]
        if value is ...:
            del document[last]
        else:
            document[last] = value

    return change


OPERATION = ("paths", "/forecast/{city}", "get")
PARAMETER = (*OPERATION, "parameters", 0)
BODY = {"content": {"text/csv": {"schema": {"type": "string"}}}}

REFUSED = [
    (put("openapi", value="2.0"), "openapi is not 3.0 or 3.1, the versions that AgentCore reads: convert the document"),
    (put("info"), "is no OpenAPI: 'info' is a required property: correct it there"),
    (
        put(*OPERATION, "operationId"),
        "paths./forecast/{city}.get: operationId is missing: add it, it becomes the tool's",
    ),
    (put("servers"), "servers is missing: add one with the API's https URL, which AgentCore calls"),
    (
        put("servers", 0, "url", value="http://weather.example.com"),
        "servers: 'http://weather.example.com' is no https URL",
    ),
    (
        put("servers", 0, "url", value="https://{host}/v1"),
        "servers: 'https://{host}/v1' is no https URL with a fixed host",
    ),
    (put("servers", 0, "url", value="/v1"), "servers: '/v1' is no https URL with a fixed host"),
    (
        put(*OPERATION, "servers", value=[{"url": "http://x.example.com"}]),
        "servers: 'http://x.example.com' is no https",
    ),
    (put(*PARAMETER, "schema", value={"oneOf": [{"type": "string"}, {"type": "integer"}]}), "oneOf is not supported"),
    (put(*PARAMETER, "schema", value={"allOf": [{"type": "string"}]}), "allOf is not supported by AgentCore: write"),
    (put(*PARAMETER, "style", value="label"), "parameter 'city' has a serialization of its own"),
    (put(*OPERATION, "parameters", 1, "explode", value=False), "parameter 'days' has a serialization of its own"),
    (put("security", value=[{"key": []}]), "security is not supported: remove it, the target's credential in the"),
    (put(*OPERATION, "security", value=[{"key": []}]), "paths./forecast/{city}.get.security is not supported"),
    (put(*OPERATION, "requestBody", value=BODY), "requestBody takes text/csv: AgentCore sends application/json, offer"),
    (put(*PARAMETER, "required"), "is no OpenAPI: "),
    (put(*PARAMETER, "name", value="town"), "Path parameter 'city' for 'get' operation"),
]


@pytest.mark.parametrize(("change", "sentence"), REFUSED, ids=[sentence[:45] for _, sentence in REFUSED])
def test_an_openapi_document_that_agentcore_would_refuse(change: Change, sentence: str) -> None:
    document = openapi()
    change(document)
    with pytest.raises(DocumentError) as caught:
        openapi_tools(document)
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


def header(name: str) -> dict[str, Any]:
    """A parameter that the API takes as a header."""
    return {"name": name, "in": "header", "required": False, "schema": {"type": "string"}}


@pytest.mark.parametrize(
    "name", ["X-Tenant-ID", "x-tenant-id", "X-Client-ID", "X-ORG-ID", "x-user-context", "X_Tenant_ID"]
)
def test_no_document_lets_a_caller_say_who_it_is(name: str) -> None:
    sentence = f"parameter {name!r} would let a caller say who it is, and the gateway sets this header from the verif"
    document = openapi()
    document["paths"]["/forecast/{city}"]["get"]["parameters"].append(header(name))
    with pytest.raises(DocumentError) as caught:
        openapi_tools(document)
    assert f"paths./forecast/{{city}}.get.parameters.2: {sentence}" in str(caught.value)
    document = openapi() | {"components": {"parameters": {"who": header(name)}}}
    with pytest.raises(DocumentError) as caught:
        openapi_tools(document)
    assert f"components.parameters.who: {sentence}" in str(caught.value)


@pytest.mark.parametrize("name", ["X-Request-ID", "X-Correlation-ID", "X-Tenant", "Accept-Language"])
def test_a_document_may_name_other_headers(name: str) -> None:
    document = openapi()
    document["paths"]["/forecast/{city}"]["get"]["parameters"].append(header(name))
    assert openapi_tools(document) == ("get_forecast",)


def test_the_tools_of_an_openapi_document_are_its_operations() -> None:
    document = openapi()
    assert openapi_tools(document) == ("get_forecast",)
    document["paths"]["/alerts"] = {"get": {"operationId": "get_alerts", "responses": {"200": {"description": "ok"}}}}
    assert openapi_tools(document) == ("get_forecast", "get_alerts")


def test_openapi_3_1_is_read_as_such() -> None:
    document = openapi() | {"openapi": "3.1.0"}
    document["paths"]["/forecast/{city}"]["get"]["parameters"][1]["schema"] = {"type": ["integer", "null"]}
    assert openapi_tools(document) == ("get_forecast",)
    with pytest.raises(DocumentError, match="is no OpenAPI"):
        openapi_tools(document | {"openapi": "3.0.3"})


TOOL = {
    "name": "get_order",
    "description": "Get an order",
    "inputSchema": {"type": "object", "properties": {"id": {"type": "string"}}, "required": ["id"]},
}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (put("name", value="get order"), "tools.0.name: 'get order' is refused: write a tool's name: letters, digits"),
        (put("description"), "tools.0.description: is missing: add it"),
        (put("inputSchema", "type", value="array"), "tools.0.inputSchema: is not of type object: put the arguments"),
        (put("inputSchema", "properties", "id", "enum", value=["a"]), "tools.0.inputSchema.properties.id.enum: is an"),
        (
            put("inputSchema", "properties", "id", "type", value="date"),
            "'date' is not known: use one of string, number",
        ),
        (put("inputSchema", "required", value=["no"]), "required: names no, which properties does not have: make the"),
    ],
)
def test_a_list_of_tools_that_agentcore_would_refuse(change: Change, sentence: str) -> None:
    tool = copy.deepcopy(TOOL)
    change(tool)
    with pytest.raises(DocumentError) as caught:
        listed_tools([tool])
    assert sentence in str(caught.value)


def test_a_list_of_tools_is_a_list() -> None:
    assert listed_tools([TOOL]) == ("get_order",)
    with pytest.raises(DocumentError, match="tools: has 0 entries: write 1 or more"):
        listed_tools([])
    with pytest.raises(DocumentError, match="write a list"):
        listed_tools({"tools": [TOOL]})


def smithy() -> Any:
    """The Smithy model of the examples."""
    return json.loads((EXAMPLES / "reports.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (put("smithy"), "has no smithy and shapes: take a Smithy model in JSON"),
        (put("shapes", "example.reports#Reports"), "has 0 services: leave exactly one in the model"),
        (
            put("shapes", "example.reports#Reports", "traits", value={"aws.protocols#awsJson1_0": {}}),
            "shapes.example.reports#Reports.traits lacks aws.protocols#restJson1, the only protocol that AgentCore",
        ),
    ],
)
def test_a_smithy_model_that_agentcore_would_refuse(change: Change, sentence: str) -> None:
    model = smithy()
    change(model)
    with pytest.raises(DocumentError) as caught:
        smithy_tools(model)
    assert sentence in str(caught.value)


def test_the_tools_of_a_smithy_model_are_its_operations() -> None:
    assert smithy_tools(smithy()) == ("GetReport",)


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("api.json", "{", "'api.json' is no JSON: line 1: "),
        ("api.json", '{"a": 1, "a": 2}', "'api.json': a stands twice in one object: keep one of the two"),
        ("api.yaml", "a: [", "'api.yaml': line 1 is no YAML"),
        ("api.yaml", "a: 1\na: 2", "'api.yaml': a: stands twice (again in line 2): keep one of the two"),
    ],
)
def test_a_file_that_cannot_be_read(tmp_path: Path, name: str, text: str, sentence: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(DocumentError) as caught:
        read_content(name, tmp_path)
    assert sentence in str(caught.value)


def test_a_file_larger_than_agentcore_reads(tmp_path: Path) -> None:
    (tmp_path / "api.json").write_bytes(b'"' + b"x" * (10 * 1024 * 1024) + b'"')
    with pytest.raises(DocumentError, match="has 10485762 bytes and AgentCore reads 10485760: split the target"):
        read_content("api.json", tmp_path)


def test_what_yaml_takes_for_a_number_or_a_date_stays_what_json_can_say() -> None:
    assert compact(yaml.safe_load("{200: {day: 2026-11-20}}")) == '{"200":{"day":"2026-11-20"}}'


def test_a_mistake_in_a_document_names_settings_and_document(tmp_path: Path) -> None:
    config = Config(tmp_path)
    target = {
        "kind": "openapi",
        "description": "Weather",
        "document": "config/api.yaml",
        "credential": {"kind": "none"},
    }
    config.environment["targets"] = {"weather": target}
    (tmp_path / "config").mkdir(exist_ok=True)
    document = openapi()
    del document["servers"]
    config.write("api.yaml", document)
    sentence = "servers is missing: add one with the API's https URL, which AgentCore calls"
    assert f"config/dev.yaml: targets.weather.document: 'config/api.yaml': {sentence}" in config.mistakes()
