"""The Lambda entry point of the gateway's RESPONSE interceptor.

Environment: FOUNDATION_ENVIRONMENT; FOUNDATION_TOKENS, FOUNDATION_AUDIT and FOUNDATION_REDACTION, JSON whose members
`governance.settings` has; FOUNDATION_AGENTS_PATH, a path of Parameter Store. `catalogue.json` lies at the bundle's
root.

IAM actions of its role, and no others:

- on parameters below the path of agents: ssm:GetParameter, for providers whose tokens do not say everything

Its log group is the audit log group, so a printed line is a record.
"""

from __future__ import annotations

import os
from functools import lru_cache
from typing import Any

from gateway_response.redaction import unknown_rules
from gateway_response.review import Review
from governance import metrics, patience
from governance.audit import AuditTrail, printed
from governance.caller import Callers
from governance.catalogue import Catalogue
from governance.directory import Directory
from governance.events import Ids, Json, refused
from governance.keys import KeySource
from governance.refusals import RefusedError
from governance.settings import AuditSettings, Redaction, SettingsError, TokenSettings, text
from governance.tokens import TokenVerifier

DIRECTORY_SECONDS = 300.0


@lru_cache(maxsize=1)
def _review() -> Review:
    """The review of this environment, made once and kept between invocations."""
    environment, tokens = text("FOUNDATION_ENVIRONMENT"), TokenSettings.from_environment()
    directory = Directory(text("FOUNDATION_AGENTS_PATH"), environment=environment, keep_seconds=DIRECTORY_SECONDS)
    redaction, catalogue = Redaction.from_environment(), Catalogue.from_bundle()
    if unknown := [name for rules in redaction.rules.values() for name in unknown_rules(rules)]:
        raise SettingsError(f"FOUNDATION_REDACTION: {', '.join(unknown)} is no rule; there are secrets and personal")
    trail = AuditTrail(version=AuditSettings.from_environment().version, environment=environment, catalogue=catalogue)
    return Review(
        tokens=TokenVerifier(tokens, KeySource(tokens.discovery_url)),
        callers=Callers(tokens, directory, environment=environment),
        catalogue=catalogue,
        redaction=redaction,
        trail=trail,
        environment=environment,
    )


def handler(event: Any, context: Any) -> Json:
    """Review one answer.

    Args:
        event: The gateway's event; see `governance.events`.
        context: Lambda's context.

    Returns:
        The answer as the caller may see it, or the one that refuses it.
    """
    patience.begin(context)
    try:
        review = _review()
    except SettingsError as error:
        printed(f"gateway_response cannot start: {error}")
        metrics.emit({"Refused": 1, "Unavailable": 1}, {"environment": os.environ.get("FOUNDATION_ENVIRONMENT", "?")})
        return refused(RefusedError("internal"), Ids.new({}))
    return review.answer(event, context)
