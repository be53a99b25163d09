"""A runtime with a JWT authorizer: tokens of the right client are served, everything else is refused."""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable, Iterator
from urllib.parse import quote

import httpx2
import pytest
from botocore.exceptions import ClientError

from tests.local.conftest import Emulator
from tests.local.emulator_stacks import GATEWAY_TRUST, get_att, machine_client, outputs, ref, role, stack, user_pool
from tests.local.runtime_archives import REPORTER, archive, artifact

ISSUER = "https://cognito-idp.us-east-1.amazonaws.com"
SCOPES = ("tools/read", "tools/write")


IDENTITY = {
    **user_pool("runtime-tokens", "read", "write"),
    "Allowed": machine_client(*SCOPES),
    "Other": machine_client(*SCOPES),
    "Role": role(GATEWAY_TRUST),
}

Token = Callable[..., str]


@pytest.fixture(scope="module")
def identity(emulator: Emulator) -> Iterator[dict[str, str]]:
    """A pool with two clients, and a runtime's role; the archive of a server."""
    s3 = emulator.client("s3")
    s3.create_bucket(Bucket="archives")
    s3.put_object(Bucket="archives", Key="reporter.zip", Body=archive(REPORTER))
    shown = {name: ref(name) for name in ("Pool", "Allowed", "Other")}
    with stack(emulator, "runtime-tokens") as made:
        yield made.create(IDENTITY, Outputs=outputs(**shown, Role=get_att("Role", "Arn")))
    s3.delete_object(Bucket="archives", Key="reporter.zip")
    s3.delete_bucket(Bucket="archives")


@pytest.fixture
def token(emulator: Emulator, identity: dict[str, str]) -> Iterator[Token]:
    """A token of one of the clients, from the token vault, which asks Cognito for it."""
    control, data = emulator.client("bedrock-agentcore-control"), emulator.client("bedrock-agentcore")
    control.create_workload_identity(name="caller")
    made: list[str] = []

    def get(name: str, *scopes: str) -> str:
        described = emulator.client("cognito-idp").describe_user_pool_client(
            UserPoolId=identity["Pool"], ClientId=identity[name]
        )
        config = {
            "oauthDiscovery": {"discoveryUrl": discovery_url(identity)},
            "clientId": identity[name],
            "clientSecret": described["UserPoolClient"]["ClientSecret"],
        }
        control.create_oauth2_credential_provider(
            name=name,
            credentialProviderVendor="CustomOauth2",
            oauth2ProviderConfigInput={"customOauth2ProviderConfig": config},
        )
        made.append(name)
        workload = data.get_workload_access_token(workloadName="caller")["workloadAccessToken"]
        answer = data.get_resource_oauth2_token(
            workloadIdentityToken=workload,
            resourceCredentialProviderName=name,
            scopes=list(scopes),
            oauth2Flow="M2M",
        )
        return str(answer["accessToken"])

    yield get
    for name in made:
        control.delete_oauth2_credential_provider(name=name)
    control.delete_workload_identity(name="caller")


def discovery_url(identity: dict[str, str]) -> str:
    return f"{ISSUER}/{identity['Pool']}/.well-known/openid-configuration"


@pytest.fixture
def arn(emulator: Emulator, identity: dict[str, str]) -> Iterator[str]:
    """A runtime that serves one client with one scope."""
    control = emulator.client("bedrock-agentcore-control")
    rules = {
        "discoveryUrl": discovery_url(identity),
        "allowedClients": [identity["Allowed"]],
        "allowedScopes": ["tools/write"],
    }
    made = control.create_agent_runtime(
        agentRuntimeName="guarded",
        agentRuntimeArtifact=artifact(),
        roleArn=identity["Role"],
        protocolConfiguration={"serverProtocol": "MCP"},
        authorizerConfiguration={"customJWTAuthorizer": rules},
    )
    yield made["agentRuntimeArn"]
    control.delete_agent_runtime(agentRuntimeId=made["agentRuntimeId"])


def call(emulator: Emulator, arn: str, authorization: str | None, method: str = "POST") -> httpx2.Response:
    """An invocation at AWS's own host name, through the edge."""
    url = f"https://bedrock-agentcore.us-east-1.amazonaws.com/runtimes/{quote(arn, safe='')}/invocations"
    trust = ssl.create_default_context(cafile=str(emulator.ca))
    with httpx2.Client(proxy=emulator.edge_url, verify=trust, trust_env=False, timeout=60) as http:
        headers = {"Authorization": authorization} if authorization else {}
        return http.request(method, url, params={"qualifier": "DEFAULT"}, headers=headers, json={"a": 1})


def test_a_token_of_the_right_client_is_served(emulator: Emulator, arn: str, token: Token) -> None:
    answer = call(emulator, arn, f"Bearer {token('Allowed', *SCOPES)}")
    assert answer.status_code == 200, answer.text
    report = json.loads(answer.content)
    assert json.loads(report["body"]) == {"a": 1}
    assert "authorization" not in report["headers"], "the token stays at the runtime's door"
    assert answer.headers["mcp-session-id"] == report["headers"]["mcp-session-id"]


@pytest.mark.parametrize(("name", "scopes"), [("Other", SCOPES), ("Allowed", ("tools/read",))])
def test_another_client_or_scope_is_refused(
    emulator: Emulator, arn: str, token: Token, name: str, scopes: tuple[str, ...]
) -> None:
    answer = call(emulator, arn, f"Bearer {token(name, *scopes)}")
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")


def test_a_tampered_token_is_refused(emulator: Emulator, arn: str, token: Token) -> None:
    header, claims, signature = token("Allowed", *SCOPES).split(".")
    other = "A" if signature[10] != "A" else "B"
    forged = f"{header}.{claims}.{signature[:10]}{other}{signature[11:]}"
    assert call(emulator, arn, f"Bearer {forged}").status_code == 401
    assert call(emulator, arn, "Bearer nonsense").status_code == 401


def test_a_signature_does_not_replace_the_token(emulator: Emulator, arn: str) -> None:
    with pytest.raises(ClientError, match="Authorization method mismatch"):
        emulator.client("bedrock-agentcore").invoke_agent_runtime(agentRuntimeArn=arn, payload=b"{}")


def test_a_request_without_token_is_asked_for_one(emulator: Emulator, arn: str) -> None:
    answer = call(emulator, arn, None)
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")


def test_a_token_does_not_replace_the_signature(emulator: Emulator, identity: dict[str, str], token: Token) -> None:
    control = emulator.client("bedrock-agentcore-control")
    made = control.create_agent_runtime(
        agentRuntimeName="signed", agentRuntimeArtifact=artifact(), roleArn=identity["Role"]
    )
    answer = call(emulator, made["agentRuntimeArn"], f"Bearer {token('Allowed', *SCOPES)}")
    assert (answer.status_code, "method mismatch" in answer.text) == (403, True)
    assert call(emulator, made["agentRuntimeArn"], None).status_code == 403
    control.delete_agent_runtime(agentRuntimeId=made["agentRuntimeId"])


def test_only_post_is_served(emulator: Emulator, arn: str, token: Token) -> None:
    assert call(emulator, arn, f"Bearer {token('Allowed', *SCOPES)}", method="GET").status_code == 405
