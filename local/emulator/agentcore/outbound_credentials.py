"""The credentials that a gateway adds to a request to a target, got as its execution role.

docs.aws.amazon.com/bedrock-agentcore/latest/devguide/gateway-building-adding-targets-authorization.html. Every step is
a request to the emulated AWS with the role's own credentials, so that a permission that the role lacks is missed here.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials

from local.emulator.agentcore.collection import Record
from local.emulator.aws import client
from local.emulator.settings import REGION

Request = tuple[str, dict[str, str]]
Authorize = Callable[[str, Mapping[str, str], bytes], Request]
"""Gives URL and headers for a request of this URL, these headers and this body (POST)."""


class GatewayCredentials:
    """One gateway's role."""

    def __init__(self, gateway: Record) -> None:
        """`gateway` names the role and the workload identity."""
        self._gateway = gateway

    def authorization(self, configurations: Sequence[Mapping[str, Any]]) -> Authorize:
        """What authorizes requests to a target with these credential providers. Raises ClientError."""
        if not configurations:
            return _unchanged
        configuration = configurations[0]
        provider = configuration.get("credentialProvider", {})
        match configuration["credentialProviderType"]:
            case "OAUTH":
                return _bearer(self._access_token(provider["oauthCredentialProvider"]))
            case "API_KEY":
                settings = provider["apiKeyCredentialProvider"]
                return _api_key(settings, self._api_key(settings))
            case _:
                return _signed(self._credentials(), provider["iamCredentialProvider"])

    def _access_token(self, provider: Mapping[str, Any]) -> str:
        api = self._data_plane()
        answer = api.get_resource_oauth2_token(
            workloadIdentityToken=self._workload_token(api),
            resourceCredentialProviderName=_name(provider),
            scopes=list(provider["scopes"]),
            oauth2Flow="M2M",
            customParameters=dict(provider.get("customParameters", {})),
        )
        return str(answer["accessToken"])

    def _api_key(self, provider: Mapping[str, Any]) -> str:
        api = self._data_plane()
        answer = api.get_resource_api_key(
            workloadIdentityToken=self._workload_token(api), resourceCredentialProviderName=_name(provider)
        )
        return str(answer["apiKey"])

    def _workload_token(self, api: Any) -> str:
        return str(api.get_workload_access_token(workloadName=self._gateway["gatewayId"])["workloadAccessToken"])

    def _credentials(self) -> Credentials:
        answer = client("sts").assume_role(RoleArn=self._gateway["roleArn"], RoleSessionName="gateway-synchronization")
        found = answer["Credentials"]
        return Credentials(found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"])

    def _data_plane(self) -> Any:
        credentials = self._credentials()
        return boto3.session.Session(region_name=REGION).client(
            "bedrock-agentcore",
            endpoint_url=os.environ["AWS_ENDPOINT_URL"],
            aws_access_key_id=credentials.access_key,
            aws_secret_access_key=credentials.secret_key,
            aws_session_token=credentials.token,
            config=Config(retries={"total_max_attempts": 1}),
        )


def _unchanged(url: str, headers: Mapping[str, str], _: bytes) -> Request:
    return url, dict(headers)


def _bearer(token: str) -> Authorize:
    return lambda url, headers, _: (url, {**headers, "Authorization": f"Bearer {token}"})


def _api_key(settings: Mapping[str, Any], key: str) -> Authorize:
    name = settings.get("credentialParameterName", "Authorization")
    prefix = settings.get("credentialPrefix", "")
    value = f"{prefix} {key}" if prefix else key
    if settings.get("credentialLocation", "HEADER") == "HEADER":
        return lambda url, headers, _: (url, {**headers, name: value})
    return lambda url, headers, _: (f"{url}{'&' if '?' in url else '?'}{urlencode({name: value})}", dict(headers))


def _signed(credentials: Credentials, provider: Mapping[str, Any]) -> Authorize:
    def authorize(url: str, headers: Mapping[str, str], body: bytes) -> Request:
        request = AWSRequest("POST", url, headers=dict(headers), data=body)
        SigV4Auth(credentials, provider["service"], provider.get("region", REGION)).add_auth(request)
        return url, dict(request.headers.items())

    return authorize


def _name(provider: Mapping[str, Any]) -> str:
    return str(provider["providerArn"]).rpartition("/")[2]
