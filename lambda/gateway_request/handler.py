"""The Lambda entry point of the gateway's REQUEST interceptor.

Environment: FOUNDATION_ENVIRONMENT; FOUNDATION_TOKENS, FOUNDATION_AUDIT and FOUNDATION_LIMITS, JSON whose members
`governance.settings` has; FOUNDATION_AGENTS_PATH and FOUNDATION_SUSPENDED_PATH, paths of Parameter Store.
`catalogue.json` lies at the bundle's root.

IAM actions of its role, and no others:

- on parameters below the path of suspensions: ssm:GetParametersByPath
- on parameters below the path of agents: ssm:GetParameter, for providers whose tokens do not say everything
- on the audit log group: logs:CreateLogStream, logs:PutLogEvents

Its log group is the audit log group, so a printed line is a record.
"""

from __future__ import annotations

import os
import uuid
from functools import lru_cache
from typing import Any

from gateway_request.judge import Judge
from governance import patience, start
from governance.audit import Acknowledged, AuditTrail, printed
from governance.caller import Callers
from governance.catalogue import Catalogue
from governance.events import Json
from governance.keys import KeySource
from governance.settings import AuditSettings, Limits, SettingsError, TokenSettings, text
from governance.suspensions import Suspensions
from governance.tokens import TokenVerifier


@lru_cache(maxsize=1)
def _judge() -> Judge:
    """The judge of this environment, made once and kept between invocations."""
    environment, tokens, audit = (
        text("FOUNDATION_ENVIRONMENT"),
        TokenSettings.from_environment(),
        AuditSettings.from_environment(),
    )
    stream = f"gateway-request/{os.environ.get('AWS_LAMBDA_FUNCTION_VERSION', '0').strip('$')}/{uuid.uuid4().hex}"
    return Judge(
        limits=Limits.from_environment(),
        tokens=TokenVerifier(tokens, KeySource(tokens.discovery_url)),
        callers=Callers(tokens, start.directory(), environment=environment),
        suspensions=Suspensions(text("FOUNDATION_SUSPENDED_PATH")),
        trail=AuditTrail(version=audit.version, environment=environment, catalogue=Catalogue.from_bundle()),
        write=Acknowledged(audit.log_group, stream) if audit.required else printed,
        environment=environment,
    )


def handler(event: Any, context: Any) -> Json:
    """Judge one call.

    Args:
        event: The gateway's event; see `governance.events`.
        context: Lambda's context.

    Returns:
        The request to pass on, with the caller's context in its headers; or the answer that refuses it.
    """
    patience.begin(context)
    try:
        judge = _judge()
    except SettingsError as error:
        return start.cannot_start("gateway_request", error)
    return judge.answer(event, context)
