"""The Lambda entry point of the gateway's RESPONSE interceptor.

Environment: FOUNDATION_ENVIRONMENT; FOUNDATION_TOKENS, FOUNDATION_AUDIT and FOUNDATION_REDACTION, JSON whose members
`governance.settings` has; FOUNDATION_AGENTS_PATH, a path of Parameter Store. `catalogue.json` lies at the bundle's
root.

IAM actions of its role, and no others:

- on parameters below the path of agents: ssm:GetParameter, for providers whose tokens do not say everything

Its log group is the audit log group, so a printed line is a record.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from gateway_response.redaction import unknown_rules
from gateway_response.review import Review
from governance import patience, start
from governance.audit import AuditTrail
from governance.caller import Callers
from governance.catalogue import Catalogue
from governance.events import Json
from governance.keys import KeySource
from governance.settings import AuditSettings, Redaction, SettingsError, TokenSettings, text
from governance.tokens import TokenVerifier


@lru_cache(maxsize=1)
def _review() -> Review:
    """The review of this environment, made once and kept between invocations."""
    environment, tokens = text("FOUNDATION_ENVIRONMENT"), TokenSettings.from_environment()
    redaction, catalogue = Redaction.from_environment(), Catalogue.from_bundle()
    if unknown := [name for rules in redaction.rules.values() for name in unknown_rules(rules)]:
        raise SettingsError(f"FOUNDATION_REDACTION: {', '.join(unknown)} is no rule; there are secrets and personal")
    trail = AuditTrail(version=AuditSettings.from_environment().version, environment=environment, catalogue=catalogue)
    return Review(
        tokens=TokenVerifier(tokens, KeySource(tokens.discovery_url)),
        callers=Callers(tokens, start.directory(), environment=environment),
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
        return start.cannot_start("gateway_response", error)
    return review.answer(event, context)
