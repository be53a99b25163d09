"""What the gateway proves itself with to a target; the caller of a tool never sees it.

A target has at most one credential provider. Its credential is fetched for each call, put into the requests of that
call alone, and blotted out of what the target says.
Source: https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/gateway-building-adding-targets-authorization.html
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Mapping
from typing import Any, Protocol

import anyio
import httpx2
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import BotoCoreError, ClientError

from local.gateway.aws import ExecutionRole
from local.gateway.configuration import TargetRecord
from local.gateway.targets.interface import TargetError, UnusableTargetError
from local.gateway.vault import Vault, VaultError

BLOTTED = "[credential]"
_NO_USER = "which needs a user at a browser or the caller's own credential; the local run cannot call it, AWS can"


class CallAuth(httpx2.Auth):
    """The credential of one call, for the requests of its HTTP client. This one adds none."""

    def blotted(self, text: str) -> str:
        """Return a target's words without the credential that it was sent."""
        return text


class CredentialSource(Protocol):
    """Where a target's credential comes from."""

    async def for_call(self) -> CallAuth:
        """Fetch the credential for one call; raises TargetError."""


def overridden(auth: CallAuth, authorization: str | None) -> CallAuth:
    """Return the credential with another Authorization header, the credential itself when that is None.

    An interceptor's header takes the place of what the credential puts there (devguide, gateway-headers).
    """
    return auth if authorization is None else _Overridden(auth, authorization)


def credential_source(record: TargetRecord, *, region: str, role: ExecutionRole, vault: Vault) -> CredentialSource:
    """Return where the credential of an OpenAPI or MCP server target comes from.

    `region` is the one to sign for when the target names none. Raises UnusableTargetError for a kind of credential
    that cannot be had without the caller.
    """
    if record.credentials is None:
        return _Nothing()
    kind = record.credentials["credentialProviderType"]
    provider = record.credentials.get("credentialProvider", {})
    if kind == "API_KEY" and "apiKeyCredentialProvider" in provider:
        return _ApiKey(provider["apiKeyCredentialProvider"], vault)
    if kind == "OAUTH" and "oauthCredentialProvider" in provider:
        configuration = provider["oauthCredentialProvider"]
        if (grant := configuration.get("grantType", "CLIENT_CREDENTIALS")) != "CLIENT_CREDENTIALS":
            raise UnusableTargetError(f"target {record.name} gets its OAuth token by {grant}, {_NO_USER}")
        return _OAuth(configuration, vault)
    if kind == "GATEWAY_IAM_ROLE" and "iamCredentialProvider" in provider:
        configuration = provider["iamCredentialProvider"]
        return _RoleSignature(role, configuration["service"], configuration.get("region", region))
    raise UnusableTargetError(f"target {record.name} has the credential {kind}, {_NO_USER}")


class _Overridden(CallAuth):
    def __init__(self, auth: CallAuth, authorization: str) -> None:
        self._auth = auth
        self._authorization = authorization
        self.requires_request_body = auth.requires_request_body

    async def async_auth_flow(self, request: httpx2.Request) -> AsyncGenerator[httpx2.Request, httpx2.Response]:
        async with contextlib.aclosing(self._auth.async_auth_flow(request)) as flow:
            outgoing = await anext(flow)
            while True:
                outgoing.headers["Authorization"] = self._authorization
                response = yield outgoing
                try:
                    outgoing = await flow.asend(response)
                except StopAsyncIteration:
                    return

    def blotted(self, text: str) -> str:
        secret = self._authorization.rpartition(" ")[2]
        return self._auth.blotted(text).replace(secret, BLOTTED) if secret else self._auth.blotted(text)


class _Nothing:
    async def for_call(self) -> CallAuth:
        return CallAuth()


class _Secret(CallAuth):
    """One secret, placed into each request; fetched anew once when the target answers 401."""

    def __init__(
        self,
        secret: str,
        place: Callable[[httpx2.Request, str], None],
        renew: Callable[[], Awaitable[str]] | None = None,
    ) -> None:
        self._secrets = [secret]
        self._place = place
        self._renew = renew

    async def async_auth_flow(self, request: httpx2.Request) -> AsyncGenerator[httpx2.Request, httpx2.Response]:
        self._place(request, self._secrets[-1])
        response = yield request
        if response.status_code != 401 or self._renew is None or len(self._secrets) > 1:
            return
        try:
            self._secrets.append(await self._renew())
        except VaultError:
            return  # what the target said stands
        self._place(request, self._secrets[-1])
        yield request

    def blotted(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, BLOTTED)
        return text


class _ApiKey:
    """An API key in a header or in the query."""

    def __init__(self, configuration: Mapping[str, Any], vault: Vault) -> None:
        self._arn: str = configuration["providerArn"]
        self._in_query = configuration.get("credentialLocation", "HEADER") == "QUERY_PARAMETER"
        # The API names no defaults; these are the ones of the CDK's ApiKeyCredentialLocation.
        default = "api_key" if self._in_query else "Authorization"
        self._name: str = configuration.get("credentialParameterName", default)
        self._prefix: str = configuration.get("credentialPrefix", "")
        self._vault = vault

    async def for_call(self) -> CallAuth:
        return _Secret(await _fetched(self._vault.api_key(self._arn)), self._place)

    def _place(self, request: httpx2.Request, key: str) -> None:
        value = f"{self._prefix}{key}"
        if self._in_query:
            request.url = request.url.copy_set_param(self._name, value)
        else:
            request.headers[self._name] = value


class _OAuth:
    """A bearer token (RFC 6750 §2.1) by client credentials."""

    def __init__(self, configuration: Mapping[str, Any], vault: Vault) -> None:
        self._arn: str = configuration["providerArn"]
        self._scopes: list[str] = configuration["scopes"]
        self._parameters: Mapping[str, str] = configuration.get("customParameters", {})
        self._vault = vault

    async def for_call(self) -> CallAuth:
        return _Secret(await _fetched(self._token(renew=False)), self._place, lambda: self._token(renew=True))

    def _token(self, *, renew: bool) -> Awaitable[str]:
        return self._vault.oauth_token(self._arn, scopes=self._scopes, parameters=self._parameters, renew=renew)

    @staticmethod
    def _place(request: httpx2.Request, token: str) -> None:
        request.headers["Authorization"] = f"Bearer {token}"


class _RoleSignature:
    """Signatures of the gateway's execution role (SigV4)."""

    def __init__(self, role: ExecutionRole, service: str, region: str) -> None:
        self._role = role
        self._service = service
        self._region = region

    async def for_call(self) -> CallAuth:
        try:
            credentials = await anyio.to_thread.run_sync(self._role.credentials)
        except (ClientError, BotoCoreError) as error:
            raise TargetError(f"The gateway's execution role cannot be assumed: {error}") from error
        frozen = Credentials(
            credentials["AccessKeyId"], credentials["SecretAccessKey"], credentials["SessionToken"]
        ).get_frozen_credentials()
        return _Signature(SigV4Auth(frozen, self._service, self._region))


class _Signature(CallAuth):
    """Signs each request anew, body included."""

    requires_request_body = True

    def __init__(self, signer: SigV4Auth) -> None:
        self._signer = signer

    def auth_flow(self, request: httpx2.Request) -> Generator[httpx2.Request, httpx2.Response, None]:
        signed = AWSRequest(
            method=request.method,
            url=str(request.url),
            data=request.content,
            headers={name: request.headers[name] for name in ("host", "content-type") if name in request.headers},
        )
        self._signer.add_auth(signed)
        request.headers.update(dict(signed.headers.items()))
        yield request


async def _fetched(secret: Awaitable[str]) -> str:
    try:
        return await secret
    except VaultError as error:
        raise TargetError(str(error)) from error
