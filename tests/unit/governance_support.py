"""What the tests of the governance functions share: an identity provider with real keys, a Parameter Store, events."""

from __future__ import annotations

import json
import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from joserfc import jwt
from joserfc.jwk import ECKey, Key, KeySet, RSAKey, import_key
from joserfc.jws import JWSRegistry

from governance import aws, catalogue, keys
from governance.ages import Moment
from governance.refusals import RefusedError

ISSUER = "https://idp.example.com/pool"
DISCOVERY_URL = f"{ISSUER}/.well-known/openid-configuration"
JWKS_URL = f"{ISSUER}/keys.json"
AGENTS, SUSPENDED = "/foundation/dev/agents", "/foundation/dev/suspended"

RSA = RSAKey.generate_key(2048, {"kid": "rsa", "use": "sig"})
EC = ECKey.generate_key("P-256", {"kid": "ec", "use": "sig"})
ONLY_RS256 = RSAKey.generate_key(2048, {"kid": "only-rs256", "use": "sig", "alg": "RS256"})
ENCRYPTION = RSAKey.generate_key(2048, {"kid": "encryption", "use": "enc"})
with warnings.catch_warnings(action="ignore"):  # it is weak, and that is what it is for
    SMALL = RSAKey.generate_key(1024, {"kid": "small", "use": "sig"})
FOREIGN = RSAKey.generate_key(2048, {"kid": "rsa", "use": "sig"})
"""Nobody published it, though it goes by the name of one that is."""

KEYS = (RSA, EC, ONLY_RS256, ENCRYPTION, SMALL)

ENTRY = {
    "tenant_id": "acme-corp",
    "organization_id": "org-finance",
    "agent_id": "acme-corp/finance-agent",
    "agent_type": "financial-assistant",
    "agent_version": "1.0",
    "groups": ["admin", "acme-corp/finance-analysts"],
    "permissions": ["aws-operations-v1/*", "aws-data-v1/sqs_read_operations"],
    "environment": "dev",
    "suspended": False,
}

CATALOGUE = {
    "tools": {
        "aws-data-v1___dynamodb_read_operations": {"classification": "confidential", "sensitive": ["key"]},
        "aws-operations-v1___get_time": {"classification": "public", "sensitive": []},
    },
    "targets": {"partner": {"classification": "restricted"}},
}

ENVIRONMENT = {
    "FOUNDATION_ENVIRONMENT": "dev",
    "FOUNDATION_AGENTS_PATH": AGENTS,
    "FOUNDATION_SUSPENDED_PATH": SUSPENDED,
    "FOUNDATION_AUDIT": json.dumps({"log_group": "/foundation/dev/audit", "required": False, "version": "1.0"}),
    "FOUNDATION_REDACTION": json.dumps({"confidential": ["secrets", "personal"], "restricted": ["secrets"]}),
    "FOUNDATION_LIMITS": json.dumps({"body_bytes": 20_000, "depth": 12}),
}

NAMES = (
    "tenant_id",
    "organization_id",
    "agent_id",
    "agent_type",
    "agent_version",
    "groups",
    "permissions",
    "environment",
)


def token_settings(**changes: Any) -> str:
    """FOUNDATION_TOKENS with these members."""
    claims = {name: name for name in NAMES}
    form = {
        "discovery_url": DISCOVERY_URL,
        "audience": [],
        "clients": [],
        "scopes": ["aws-operations/read"],
        "registered": True,
    }
    return json.dumps({**form, "claims": claims, **changes})


def claims_of(**changes: Any) -> dict[str, Any]:
    """The claims of a good token with these changes; None leaves a claim out."""
    now = int(time.time())
    found = {
        "iss": ISSUER,
        "sub": "client-1",
        "client_id": "client-1",
        "token_use": "access",
        "scope": "aws-operations/read other/read",
        "iat": now - 60,
        "exp": now + 840,
        **{name: ENTRY[name] for name in NAMES},
        **changes,
    }
    return {name: value for name, value in found.items() if value is not None}


def token(*, key: Key = RSA, header: Mapping[str, Any] | None = None, **changes: Any) -> str:
    """A signed token with these claims changed, under these headers; what the key is for is not asked."""
    with warnings.catch_warnings(action="ignore"):  # SMALL again
        bare = import_key(
            {name: value for name, value in key.as_dict(private=True).items() if name not in ("use", "alg")}
        )
    whole = {"alg": "RS256" if isinstance(key, RSAKey) else "ES256", "kid": key.kid, **(header or {})}
    kept = {name: value for name, value in whole.items() if value is not None}
    registry = JWSRegistry(algorithms=[str(whole["alg"])], strict_check_header=False)
    return jwt.encode(kept, claims_of(**changes), bare, registry=registry)


class Provider:
    """An identity provider that counts how often it is asked.

    Attributes:
        down: Whether it does not answer.
        keys: What it publishes.
        asked: How often its keys were fetched.
    """

    def __init__(self) -> None:
        self.down = False
        self.keys: tuple[Key, ...] = KEYS
        self.asked = 0

    def __call__(self, url: str) -> bytes:
        """The document at a URL."""
        if self.down:
            raise OSError("no answer")
        if url == DISCOVERY_URL:
            return json.dumps({"issuer": ISSUER, "jwks_uri": JWKS_URL}).encode()
        self.asked += 1
        return json.dumps(KeySet(list(self.keys)).as_dict(private=False)).encode()


class ParameterStore:
    """Parameters by name, paged as Parameter Store pages them.

    Attributes:
        values: The parameters.
        down: Whether it does not answer.
        asked: How often it was.
    """

    def __init__(self, values: Mapping[str, str] | None = None) -> None:
        self.values = dict(values or {})
        self.down = False
        self.asked = 0

    def get_parameter(self, **named: Any) -> Any:
        """One parameter."""
        name = named["Name"]
        self._count("GetParameter")
        if name not in self.values:
            raise ClientError({"Error": {"Code": "ParameterNotFound", "Message": name}}, "GetParameter")
        return {"Parameter": {"Name": name, "Value": self.values[name]}}

    def get_parameters_by_path(self, **named: Any) -> Any:
        """A page of the parameters below a path."""
        self._count("GetParametersByPath")
        assert named["Recursive"]
        found = sorted(name for name in self.values if name.startswith(f"{named['Path']}/"))
        start = int(named.get("NextToken", 0))
        end = start + named["MaxResults"]
        page = [{"Name": name, "Value": self.values[name]} for name in found[start:end]]
        return {"Parameters": page, **({"NextToken": str(end)} if end < len(found) else {})}

    def suspend(self, subject: str, *, by: str = "command") -> None:
        """Suspend a tenant or an agent."""
        self.values[f"{SUSPENDED}/by-{by}/{subject}"] = json.dumps({"subject": subject, "reason": "test"})

    def _count(self, operation: str) -> None:
        self.asked += 1
        if self.down:
            raise EndpointConnectionError(endpoint_url=operation)


class Clock:
    """Seconds that pass when a test says so.

    Attributes:
        now: The present second of the wall clock.
        steady: That of the monotonic clock, when it does not go with the other.
    """

    def __init__(self) -> None:
        self.now = 1000.0
        self.steady: float | None = None

    def __call__(self) -> Moment:
        """The present moment."""
        return Moment(self.now, self.now if self.steady is None else self.steady)


@contextmanager
def parameter_store(monkeypatch: pytest.MonkeyPatch, *, registered: bool = True) -> Iterator[ParameterStore]:
    """A Parameter Store in place of AWS's, with the one agent in it."""
    store = ParameterStore({f"{AGENTS}/client-1": json.dumps(ENTRY)} if registered else {})
    monkeypatch.setattr(aws, "ssm", lambda: store)
    yield store


@contextmanager
def made_anew(
    cached: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[tuple[ParameterStore, Provider]]:
    """What an interceptor depends on, for one that `cached` makes once: it is made anew inside and forgotten after."""
    (tmp_path / "catalogue.json").write_text(json.dumps(CATALOGUE))
    provider = Provider()
    for name, value in {**ENVIRONMENT, "FOUNDATION_TOKENS": token_settings()}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(catalogue, "FILE", tmp_path / "catalogue.json")
    monkeypatch.setattr(keys, "https", provider)
    cached.cache_clear()
    with parameter_store(monkeypatch) as store:
        yield store, provider
    cached.cache_clear()


def refused(call: Any, *given: Any, **named: Any) -> str:
    """The reason for which a call is refused, which it has to be."""
    with pytest.raises(RefusedError) as error:
        call(*given, **named)
    return error.value.reason


def request_event(
    body: Any, *, headers: Mapping[str, Any] | None = None, bearer: str | None = "", method: str = "POST"
) -> dict[str, Any]:
    """A REQUEST event.

    Args:
        body: The raw body, or a message to be written as one.
        headers: Headers beside Authorization.
        bearer: The token; a good one when empty, none when None.
        method: The HTTP method.
    """
    raw = body if isinstance(body, str) else json.dumps(body)
    authorization = {} if bearer is None else {"Authorization": f"Bearer {bearer or token()}"}
    request = {"path": "/mcp", "httpMethod": method, "headers": {**authorization, **(headers or {})}, "body": None}
    return {
        "interceptorInputVersion": "1.0",
        "mcp": {"rawGatewayRequest": {"body": raw}, "gatewayRequest": request},
    }


def call(
    tool: str = "aws-operations-v1___get_time", arguments: Mapping[str, Any] | None = None, **members: Any
) -> dict[str, Any]:
    """A tools/call message."""
    params = {"name": tool, "arguments": {} if arguments is None else arguments}
    return {"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": params, **members}


def records(printed: str) -> list[dict[str, Any]]:
    """The audit records among printed lines."""
    lines = (json.loads(line) for line in printed.splitlines() if line.startswith("{"))
    return [line for line in lines if line.get("event_type") == "mcp_request"]


def metrics_of(printed: str) -> dict[str, float]:
    """The metrics among printed lines, summed by name."""
    found: dict[str, float] = {}
    for line in (json.loads(line) for line in printed.splitlines() if line.startswith("{")):
        for directive in line.get("_aws", {}).get("CloudWatchMetrics", ()):
            for metric in directive["Metrics"]:
                found[metric["Name"]] = found.get(metric["Name"], 0) + sum(line[metric["Name"]])
    return found
