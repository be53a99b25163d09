"""The Lambda entry point of the pre-token-generation trigger, event version V3_0.

https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-lambda-pre-token-generation.html: for a grant of
client credentials the trigger source is TokenGeneration_ClientCredentials, and `callerContext.clientId` the client. If
the function raises, Cognito answers with an error and no token; so it raises whenever it cannot vouch for a client.
Cognito waits five seconds (cognito-user-pools-working-with-lambda-triggers.html in the same guide).

Environment: FOUNDATION_ENVIRONMENT; FOUNDATION_AGENTS_PATH and FOUNDATION_SUSPENDED_PATH, paths of Parameter Store.

IAM actions of its role, and no others:

- on parameters below the path of agents: ssm:GetParameter
- on parameters below the path of suspensions: ssm:GetParametersByPath
"""

from __future__ import annotations

import time
from functools import lru_cache
from typing import Any

import boto3  # noqa: F401 - loaded with the function, so that the first client is not the one that waits for it
from aws_lambda_powertools import Logger

from governance import metrics, patience
from governance.directory import Directory, Entry, MalformedEntryError
from governance.refusals import RefusedError
from governance.settings import text
from governance.suspensions import Suspensions

SOURCE = "TokenGeneration_ClientCredentials"
KEEP_SECONDS = 30.0
"""How long an entry is used without asking again: how late a change of the directory reaches new tokens."""

logger = Logger(service="token-claims")


class ClaimsRefusedError(Exception):
    """No token is to be made; Cognito may show the text to the client, so it names a reason and nothing else."""


@lru_cache(maxsize=1)
def _directory() -> Directory:
    """The directory, made once and kept between invocations."""
    environment = text("FOUNDATION_ENVIRONMENT")
    return Directory(text("FOUNDATION_AGENTS_PATH"), environment=environment, keep_seconds=KEEP_SECONDS)


@lru_cache(maxsize=1)
def _suspensions() -> Suspensions:
    """The list of who is suspended, made once and kept between invocations."""
    return Suspensions(text("FOUNDATION_SUSPENDED_PATH"))


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Add an agent's claims to its access token.

    Args:
        event: Cognito's event.
        context: Lambda's context.

    Returns:
        The event with the claims in its response.

    Raises:
        ClaimsRefusedError: The client is unknown or suspended, its entry cannot be used, the token would be of another
            kind, or the directory or the list of suspensions cannot be read.
    """
    begin = time.perf_counter()
    patience.begin(context)
    refused = 1
    client_id = _client_id(event)
    try:
        claims = _claims(event, client_id)
        refused = 0
    except (RefusedError, MalformedEntryError) as error:
        reason = error.reason if isinstance(error, RefusedError) else "malformed_entry"
        logger.error("no token", extra={"client_id": client_id, "reason": reason, "detail": str(error)})
        raise ClaimsRefusedError(reason) from None
    except Exception as error:
        logger.exception("no token", extra={"client_id": client_id, "reason": "internal"})
        raise ClaimsRefusedError("internal") from error
    finally:
        milliseconds = {"TokenClaimsLatency": (time.perf_counter() - begin) * 1000}
        metrics.emit(
            {"TokensRefused": refused}, {"environment": text("FOUNDATION_ENVIRONMENT")}, milliseconds=milliseconds
        )
    logger.info("claims added", extra={"client_id": client_id, "agent_id": claims["agent_id"]})
    event["response"] = {"claimsAndScopeOverrideDetails": {"accessTokenGeneration": {"claimsToAddOrOverride": claims}}}
    return event


def _claims(event: Any, client_id: str | None) -> dict[str, Any]:
    if not isinstance(event, dict) or event.get("triggerSource") != SOURCE:
        raise RefusedError("event")
    if client_id is None:
        raise RefusedError("claims_missing")
    entry = _directory().entry(client_id)
    if entry is None:
        raise RefusedError("claims_missing")
    _check_active(entry)
    return entry.claims()


def _check_active(entry: Entry) -> None:
    if entry.suspended:
        raise RefusedError("suspended")
    _suspensions().check(tenant_id=entry.tenant_id, agent_id=entry.agent_id)


def _client_id(event: Any) -> str | None:
    """The client that asks, as far as the event says."""
    caller = event.get("callerContext") if isinstance(event, dict) else None
    found = caller.get("clientId") if isinstance(caller, dict) else None
    return found if isinstance(found, str) else None
