"""The Lambda entry point of the router: a subscription of the audit log group.

Environment: FOUNDATION_ENVIRONMENT; FOUNDATION_TENANT_LOGS, what the names of the tenants' log groups begin with
(`/<project>/<environment>/tenants`).

IAM actions of its role, and no others:

- on the tenants' log groups and their streams: logs:CreateLogStream, logs:PutLogEvents

CloudWatch Logs invokes it without waiting for an answer, and Lambda tries again twice when it raises
(https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html). A tenant's record is in the audit
log group in any case; its copy is for the tenant.
"""

from __future__ import annotations

import uuid
from functools import lru_cache
from typing import Any

import boto3
from aws_lambda_powertools import Logger
from botocore.config import Config

from audit_router.records import log_events
from audit_router.router import Router
from governance import metrics
from governance.settings import text

logger = Logger(service="audit-router")


class NotRoutedError(Exception):
    """Some records could not be written; trying again writes them and no others."""


@lru_cache(maxsize=1)
def _router() -> Router:
    """The router of this execution environment, made once and kept between invocations."""
    config = Config(connect_timeout=3, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 4})
    client = boto3.client("logs", config=config)
    return Router(client, text("FOUNDATION_TENANT_LOGS"), f"audit-router/{uuid.uuid4().hex}")


def handler(event: Any, context: object) -> None:  # noqa: ARG001 - Lambda passes it
    """Copy the records of an event to their tenants.

    Raises:
        NotRoutedError: Some could not be written.
        BadEventError: The event is none of a subscription.
    """
    routed = _router().route(log_events(event))
    counts = {
        "Routed": routed.written,
        "Unroutable": routed.unroutable,
        "MissingTenantLogGroup": routed.without_group,
        "Rejected": routed.rejected,
    }
    metrics.emit(counts, {"environment": text("FOUNDATION_ENVIRONMENT")})
    complete = routed.without_group == routed.rejected == routed.failed == 0
    (logger.info if complete else logger.warning)("records routed", extra=vars(routed))
    if routed.failed:
        raise NotRoutedError(f"{routed.failed} records were not written to their tenant's log group")
