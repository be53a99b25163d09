"""AWS clients for tools, and AWS errors in words that a model can act on.

boto3 is imported on the first use, so that declaring and describing tools needs neither boto3 nor a region.
"""

import re
import sys
from functools import lru_cache
from typing import Any

from toolkit.errors import ToolError

_REGION = re.compile(r"[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}")
_DENIED = frozenset(
    {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError", "Forbidden", "403"}
)
_DENIED_ACTION = re.compile(r"perform: ([a-z0-9-]+:[A-Za-z0-9]+)")
_THROTTLED = frozenset(
    {"Throttling", "ThrottlingException", "RequestLimitExceeded", "SlowDown", "TooManyRequestsException"}
)


def client(service: str, region: str | None = None) -> Any:
    """A boto3 client, made once per service and region and kept between invocations.

    Args:
        service: The service as boto3 names it.
        region: The region to ask, or None for the function's own.

    Raises:
        ToolError: The region has not the form of one (it would become part of a host name).
    """
    if region is not None and not _REGION.fullmatch(region):
        raise ToolError(f"{region!r} is not an AWS region; give one such as eu-west-1", code="invalid_arguments")
    return _client(service, region)


@lru_cache(maxsize=64)
def _client(service: str, region: str | None) -> Any:
    import boto3  # noqa: PLC0415 - see the module docstring
    from botocore.config import Config  # noqa: PLC0415

    # A region that does not answer must fail before the function's own timeout, while a sentence can still be sent.
    config = Config(connect_timeout=3, read_timeout=8, retries={"mode": "standard", "total_max_attempts": 2})
    return boto3.client(service, region_name=region, config=config)  # type: ignore[call-overload]


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
