"""AWS clients for tools, and AWS errors in words that a model can act on.

boto3 is imported on the first use, so that declaring and describing tools needs neither boto3 nor a region.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from toolkit.errors import ToolError

if TYPE_CHECKING:
    import boto3

REGIONS_VARIABLE = "FOUNDATION_REGIONS"
"""Regions that the tools may read, comma-separated; the function's own when unset."""

ACCOUNTS_VARIABLE = "FOUNDATION_ACCOUNTS"
"""Accounts that the tools may read beside their own: a JSON object of account to the ARN of the role to assume."""

_DENIED = frozenset(
    {
        "AccessDenied", "AccessDeniedException", "AuthorizationError", "AuthorizationErrorException", "Forbidden",
        "UnauthorizedOperation", "403",
    }
)  # fmt: skip
_DENIED_ACTION = re.compile(r"perform: ([a-z0-9-]+:[A-Za-z0-9]+)")
_THROTTLED = frozenset(
    {
        "LimitExceededException", "RequestLimitExceeded", "SlowDown", "Throttling", "ThrottlingException",
        "TooManyRequestsException", "ProvisionedThroughputExceededException", "RequestThrottled",
    }
)  # fmt: skip


@dataclass(frozen=True)
class Aws:
    """The AWS account and region that a call reads; a tool gets it by annotating a parameter with it.

    Attributes:
        region: The region, or None for the function's own.
        account: The twelve digits of an account to read through a role there, or None for the function's own.
    """

    region: str | None = None
    account: str | None = None

    @classmethod
    def chosen(cls, *, region: str | None, account: str | None) -> Aws:
        """What a caller chose, when the platform's settings allow it.

        Raises:
            ToolError: The settings do not list the region or account.
        """
        if region is not None and region not in (allowed := _allowed_regions()):
            raise ToolError(
                f"{region!r} is not an AWS region that this platform reads; give one of {', '.join(allowed)}",
                code="invalid_arguments",
            )
        if account is not None and account not in (accounts := _accounts()):
            known = f"give one of {', '.join(accounts)}" if accounts else "leave account out to read the platform's own"
            raise ToolError(
                f"{account!r} is no AWS account that this platform reads; {known}", code="invalid_arguments"
            )
        return cls(region, account)

    def client(self, service: str) -> Any:
        """A boto3 client for the account and region, made once and kept between invocations.

        Args:
            service: The service as boto3 names it.
        """
        return _client(service, self.region, self.account)


def given(**members: Any) -> dict[str, Any]:
    """The members of a request that have a value: AWS refuses null, and often what is empty."""
    return {name: value for name, value in members.items() if value not in (None, "", [], {})}


def _allowed_regions() -> list[str]:
    own = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION", "")
    return [region for region in os.environ.get(REGIONS_VARIABLE, own).split(",") if region]


def _accounts() -> Mapping[str, str]:
    accounts: Mapping[str, str] = json.loads(os.environ.get(ACCOUNTS_VARIABLE, "{}"))
    return accounts


@lru_cache(maxsize=128)
def _client(service: str, region: str | None, account: str | None) -> Any:
    import boto3  # noqa: PLC0415 - see the module docstring
    from botocore.config import Config  # noqa: PLC0415

    # Retries wait longer each time (https://boto3.amazonaws.com/v1/documentation/api/latest/guide/retries.html);
    # toolkit.deadline ends them with the function's time.
    config = Config(connect_timeout=3, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 5})
    make = boto3.client if account is None else _session_in(account).client
    return make(service, region_name=region, config=config)  # type: ignore[call-overload]


@lru_cache(maxsize=32)
def _session_in(account: str) -> boto3.Session:
    """A session that acts as the role in another account and renews its credentials before they expire."""
    import boto3  # noqa: PLC0415 - see the module docstring
    from botocore.credentials import AssumeRoleCredentialFetcher, DeferredRefreshableCredentials  # noqa: PLC0415
    from botocore.session import get_session  # noqa: PLC0415

    own, assumed = get_session(), get_session()
    fetcher = AssumeRoleCredentialFetcher(
        client_creator=own.create_client,
        source_credentials=own.get_credentials(),
        role_arn=_accounts()[account],
        extra_args={"RoleSessionName": os.environ.get("AWS_LAMBDA_FUNCTION_NAME", "foundation-tools")[:64]},
    )
    # botocore has no public way to give a session credentials that renew themselves.
    assumed._credentials = DeferredRefreshableCredentials(  # type: ignore[attr-defined]
        refresh_using=fetcher.fetch_credentials, method="assume-role"
    )
    return boto3.Session(botocore_session=assumed)


def explained(error: Exception) -> ToolError | None:
    """The error of an AWS call as a tool error, or None when it is none or the caller cannot help it.

    AWS's own words are passed on, except where access is denied: that text names the role and account.
    """
    if "botocore.exceptions" not in sys.modules:  # no client was made, so it cannot be AWS's
        return None
    from botocore import exceptions  # noqa: PLC0415

    if isinstance(error, exceptions.ClientError):
        return _explained_response(error.operation_name, error.response)
    if isinstance(error, exceptions.ParamValidationError):
        return ToolError(f"AWS does not take these parameters: {error}", code="invalid_arguments")
    if isinstance(error, exceptions.ConnectionError | exceptions.HTTPClientError):
        return ToolError(
            "AWS did not answer; check that the region exists and is reachable from the tool's network",
            code="unreachable",
            cause=type(error).__name__,
        )
    return None


def _explained_response(operation: str, response: Any) -> ToolError:
    error = response.get("Error", {})
    code, text = str(error.get("Code", "unknown")), str(error.get("Message", "")).strip()
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    cause = f"{operation} {code}"
    if code in _DENIED:
        action = _DENIED_ACTION.search(text)
        why = f"the permission {action[1]} is missing" if action else "a permission is missing or a policy denies it"
        return ToolError(f"AWS refused {operation} ({code}): {why}", code="access_denied", cause=cause)
    if code in _THROTTLED:
        message = f"AWS limits the rate of {operation} ({code}); try again in a few seconds"
        return ToolError(message, code="throttled", cause=cause)
    if status >= 500:
        return ToolError(f"AWS failed at {operation} ({code}); try again later", code="aws_failed", cause=cause)
    return ToolError(f"AWS could not do {operation} ({code}): {text}", code="aws_refused", cause=cause)
