"""Who calls: the IAM principal that the function URL authenticated, and never what the caller writes.

A function URL with AWS_IAM puts the verified principal into the event's `requestContext`
(https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html), which the Lambda Web Adapter hands on as the header
`x-amzn-request-context` (https://aws.github.io/aws-lambda-web-adapter/features/request-context.html). The adapter
replaces a header of that name that the caller sent, so exactly one arrives; a request with none or with several did
not come through it and is refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from conversation_agent.problems import Code, ServiceError

CONTEXT_HEADER = "x-amzn-request-context"

_NAME = r"[\w+=,.@-]{1,64}"
_PRINCIPAL = re.compile(
    rf"arn:aws[a-z-]*:(?:sts::(?P<role_account>\d{{12}}):assumed-role/(?P<role>{_NAME})/(?P<session>{_NAME})"
    rf"|iam::(?P<user_account>\d{{12}}):user/(?:[\x21-\x7e]{{1,510}}/)?(?P<user>{_NAME}))",
    re.ASCII,
)
"""ARNs of role sessions and users (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html). Roles
carry no path once assumed."""
_PERSONAL_ROLE = "AWSReservedSSO_"
"""Beginning of the names of roles that IAM Identity Center makes. People share them, and it sets the session's name to
the person's: https://docs.aws.amazon.com/singlesignon/latest/userguide/using-service-linked-roles.html."""


@dataclass(frozen=True)
class Caller:
    """A principal that may use the service.

    Attributes:
        principal: `role/<name>` or `user/<name>`.
        owner: whose conversations it sees: the principal, or the person behind a role of IAM Identity Center,
            `role/<name>/<person>`. Other sessions of one role share its conversations, since whoever may assume the
            role chooses the session's name.
    """

    principal: str
    owner: str


class Callers:
    """Tells callers by a request's context.

    Args:
        account_id: the only account whose principals may call.
        allowed: `role/<name>` and `user/<name>` that may call.
    """

    def __init__(self, *, account_id: str, allowed: frozenset[str]) -> None:
        self._account_id = account_id
        self._allowed = allowed

    def of(self, contexts: Sequence[str]) -> Caller:
        """The caller of a request.

        Args:
            contexts: the values of all its headers `x-amzn-request-context`.

        Raises:
            ServiceError: there is not exactly one, it names no principal, or one that may not call.
        """
        match = _PRINCIPAL.fullmatch(_user_arn(contexts))
        if match is None:
            raise ServiceError(Code.CALLER_UNKNOWN)
        role, session, user = match["role"], match["session"], match["user"]
        principal = f"role/{role}" if role else f"user/{user}"
        account_id = match["role_account"] or match["user_account"]
        if account_id != self._account_id or principal not in self._allowed:
            raise ServiceError(Code.CALLER_REFUSED)
        personal = role is not None and role.startswith(_PERSONAL_ROLE)
        return Caller(principal, f"{principal}/{session}" if personal else principal)


def _user_arn(contexts: Sequence[str]) -> str:
    """The principal's ARN in a request's context; empty when there is none."""
    if len(contexts) != 1:
        raise ServiceError(Code.CALLER_UNKNOWN)
    try:
        value = json.loads(contexts[0])["authorizer"]["iam"]["userArn"]
    except (ValueError, KeyError, TypeError):
        return ""
    return value if isinstance(value, str) else ""
