"""The governance functions as they are deployed: from their bundles, under their roles, on a pool's real tokens."""

from __future__ import annotations

import base64
import json
import ssl
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from foundation.bundle import archive, bundle
from foundation.function import GOVERNANCE_PACKAGES, SOURCE_ROOT
from foundation.wheels import HOST
from tests.local.conftest import Emulator
from tests.local.emulator_stacks import (
    LAMBDA_TRUST,
    allow,
    get_att,
    machine_client,
    outputs,
    ref,
    role,
    stack,
    user_pool,
)  # fmt: skip

AGENTS, SUSPENDED = "/governed/dev/agents", "/governed/dev/suspended"
PARAMETERS = "arn:aws:ssm:us-east-1:123456789012:parameter"
CLAIMS = (
    "tenant_id", "organization_id", "agent_id", "agent_type", "agent_version", "groups", "permissions", "environment",
)  # fmt: skip
ENTRY = {
    "tenant_id": "acme-corp", "organization_id": "org-finance", "agent_id": "acme-corp/finance-agent",
    "agent_type": "assistant", "agent_version": "", "groups": ["admin"], "permissions": ["aws-operations-v1/*"],
    "environment": "dev", "suspended": False,
}  # fmt: skip
CATALOGUE = json.dumps({"tools": {}, "targets": {}})


@dataclass(frozen=True)
class Governed:
    """A pool whose trigger is token_claims, and the request interceptor."""

    emulator: Emulator
    client_id: str
    client_secret: str
    stranger: tuple[str, str]

    def token(self, client: tuple[str, str] | None = None) -> str:
        """An access token of the agent's client, or of another."""
        pair = base64.b64encode(":".join(client or (self.client_id, self.client_secret)).encode()).decode()
        request = urllib.request.Request(
            "https://governed-test.auth.us-east-1.amazoncognito.com/oauth2/token",
            data=urllib.parse.urlencode({"grant_type": "client_credentials"}).encode(),
            headers={"Authorization": f"Basic {pair}", "Content-Type": "application/x-www-form-urlencoded"},
        )
        opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({"https": self.emulator.edge_url}),
            urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=str(self.emulator.ca))),
        )
        with opener.open(request, timeout=30) as answer:
            found: str = json.load(answer)["access_token"]
        return found

    def ask(self, function: str, event: Any) -> dict[str, Any]:
        """What a function answers to an event."""
        answer = self.emulator.client("lambda").invoke(FunctionName=function, Payload=json.dumps(event))
        payload = json.load(answer["Payload"])
        assert "FunctionError" not in answer, payload
        found: dict[str, Any] = payload["mcp"]
        return found

    def call(self, bearer: str) -> dict[str, Any]:
        """The request interceptor's answer to a call."""
        request = {"path": "/mcp", "httpMethod": "POST", "headers": {"authorization": f"Bearer {bearer}"}}
        event = {"mcp": {"rawGatewayRequest": {"body": json.dumps(CALL)}, "gatewayRequest": request}}
        return self.ask("governed-gateway_request", event)


CALL = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "aws-operations-v1___get_time"}}


@pytest.fixture(scope="module")
def deployed(emulator: Emulator) -> Iterator[Mapping[str, str]]:
    readers = [
        allow("ssm:GetParameter", resource=f"{PARAMETERS}{AGENTS}/*"),
        allow("ssm:GetParametersByPath", resource=[f"{PARAMETERS}{SUSPENDED}", f"{PARAMETERS}{SUSPENDED}/*"]),
    ]
    resources = {
        "Role": role(LAMBDA_TRUST, *readers),
        **user_pool("governed-test", "read"),
        "Client": machine_client("tools/read"),
        "Stranger": machine_client("tools/read"),
    }
    values = outputs(
        Role=get_att("Role", "Arn"),
        Pool=ref("Pool"),
        Client=ref("Client"),
        Stranger=ref("Stranger"),
        Arn=get_att("Pool", "Arn"),
    )
    with stack(emulator, "governed") as made:
        yield made.create(resources, Outputs=values)


@pytest.fixture(scope="module")
def governed(emulator: Emulator, deployed: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory) -> Governed:
    ids = deployed
    pool, client_id = ids["Pool"], ids["Client"]
    issuer = f"https://cognito-idp.us-east-1.amazonaws.com/{pool}"
    tokens = {
        "discovery_url": f"{issuer}/.well-known/openid-configuration",
        "audience": [], "clients": [], "scopes": ["tools/read"], "claims": {name: name for name in CLAIMS},
    }  # fmt: skip
    variables = {
        "FOUNDATION_ENVIRONMENT": "dev",
        "FOUNDATION_AGENTS_PATH": AGENTS,
        "FOUNDATION_SUSPENDED_PATH": SUSPENDED,
        "FOUNDATION_TOKENS": json.dumps(tokens),
        "FOUNDATION_AUDIT": json.dumps({"log_group": "/audit", "required": False, "version": "1.0"}),
        "FOUNDATION_LIMITS": json.dumps({"body_bytes": 100_000, "depth": 32}),
        "FOUNDATION_REDACTION": json.dumps({"internal": ["secrets"]}),
    }
    folder = tmp_path_factory.mktemp("bundles")
    for package in ("token_claims", "gateway_request", "gateway_response"):
        _deploy(emulator, package, folder, role_arn=ids["Role"], variables=variables)
    arn = emulator.client("lambda").get_function(FunctionName="governed-token_claims")["Configuration"]["FunctionArn"]
    emulator.client("lambda").add_permission(
        FunctionName="governed-token_claims", StatementId="pool", Action="lambda:InvokeFunction",
        Principal="cognito-idp.amazonaws.com", SourceArn=ids["Arn"],
    )  # fmt: skip
    cognito = emulator.client("cognito-idp")
    cognito.update_user_pool(
        UserPoolId=pool, LambdaConfig={"PreTokenGenerationConfig": {"LambdaArn": arn, "LambdaVersion": "V3_0"}}
    )
    emulator.client("ssm").put_parameter(Name=f"{AGENTS}/{client_id}", Value=json.dumps(ENTRY), Type="String")
    clients = [
        cognito.describe_user_pool_client(UserPoolId=pool, ClientId=ids[name])["UserPoolClient"]
        for name in ("Client", "Stranger")
    ]
    agent, stranger = [(client["ClientId"], client["ClientSecret"]) for client in clients]
    return Governed(emulator, *agent, stranger)


def _deploy(emulator: Emulator, package: str, folder: Path, *, role_arn: str, variables: Mapping[str, str]) -> None:
    made = bundle(
        source_root=SOURCE_ROOT,
        packages=(package, *GOVERNANCE_PACKAGES),
        cache_folder=folder,
        generated=(("catalogue.json", CATALOGUE),),
        platform=HOST,
    )
    emulator.client("lambda").create_function(
        FunctionName=f"governed-{package}",
        Runtime="python3.14",
        Handler=f"{package}.handler.handler",
        Role=role_arn,
        Code={"ZipFile": archive(made).read_bytes()},
        Environment={"Variables": dict(variables)},
        Timeout=20,
        MemorySize=512,
    )


def test_a_token_carries_the_directorys_claims(governed: Governed) -> None:
    payload = governed.token().split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(f"{payload}==="))
    assert {name: claims[name] for name in CLAIMS} == {name: ENTRY[name] for name in CLAIMS}


def test_a_client_that_nobody_registered_gets_no_token(governed: Governed) -> None:
    with pytest.raises(urllib.error.HTTPError, match="400"):
        governed.token(governed.stranger)


def test_the_request_interceptor_takes_the_pools_token(governed: Governed) -> None:
    request = governed.call(governed.token())["transformedGatewayRequest"]
    assert request["body"] == CALL
    assert request["headers"]["X-Tenant-ID"] == "acme-corp"
    assert request["headers"]["X-Client-ID"] == governed.client_id


def test_it_refuses_a_token_that_was_changed(governed: Governed) -> None:
    head, payload, signature = governed.token().split(".")
    refused = governed.call(f"{head}.{payload}.{signature[::-1]}")["transformedGatewayResponse"]
    assert refused["statusCode"] == 401


def test_the_response_interceptor_shows_what_the_token_allows(governed: Governed) -> None:
    tools = [{"name": name} for name in ("aws-operations-v1___get_time", "aws-data-v1___dynamodb_read_operations")]
    request = {"body": {**CALL, "method": "tools/list"}, "headers": {"authorization": f"Bearer {governed.token()}"}}
    answer = {"statusCode": 200, "body": {"jsonrpc": "2.0", "id": 1, "result": {"tools": tools}}}
    event = {"mcp": {"gatewayRequest": request, "gatewayResponse": answer}}
    shown = governed.ask("governed-gateway_response", event)["transformedGatewayResponse"]["body"]
    assert shown["result"]["tools"] == tools[:1]
