"""Questions to IAM that AWS services ask before they act for a customer, answered by ministack's evaluator."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ministack.core import iam_evaluator
from ministack.services import iam, lambda_svc

from local.emulator.settings import ACCOUNT, REGION

# A caller that no policy names, so that only the service principal decides.
_NOBODY = "arn:aws:iam::000000000000:user/nobody"


def role_trusts(
    role_arn: str,
    service: str,
    *,
    source_arn: str,
    external_id: str | None = None,
    action: str = "sts:AssumeRole",
    request_tags: Mapping[str, str] | None = None,
) -> bool:
    """Whether the role's trust policy lets `service` ("lambda.amazonaws.com") assume it for `source_arn`.

    `external_id` is what a service that sends one sends as sts:ExternalId, `request_tags` are the tags of the session,
    for which the trust policy must allow sts:TagSession as `action` too.
    """
    role = iam._roles.get(_role_name(role_arn))
    if role is None:
        return False
    keys = {"aws:sourcearn": source_arn, "aws:sourceaccount": ACCOUNT}
    if external_id is not None:
        keys["sts:externalid"] = external_id
    context = _context(
        principal=_NOBODY, action=action, resource=role_arn, service_keys=keys, request_tags=request_tags
    )
    return _allows(role["AssumeRolePolicyDocument"], context, service)


def role_may(role_arn: str, action: str, resource_arn: str) -> bool:
    """Whether the role's own policies allow `action` on `resource_arn`."""
    context = _context(
        principal=f"arn:aws:sts::{ACCOUNT}:assumed-role/{_role_name(role_arn)}/check",
        action=action,
        resource=resource_arn,
    )
    policies = iam_evaluator._gather_role_policies(_role_name(role_arn), ACCOUNT)
    return bool(iam_evaluator.evaluate(context, policies).decision == "Allow")


def service_may_invoke(service: str, function_arn: str, *, source_arn: str) -> bool:
    """Whether the function's resource policy lets `service` invoke it on behalf of `source_arn`."""
    function = lambda_svc._functions.get(function_name(function_arn))
    if function is None:
        return False
    keys = {"aws:sourcearn": source_arn, "aws:sourceaccount": ACCOUNT}
    context = _context(
        principal=_NOBODY,
        action="lambda:InvokeFunction",
        resource=function_arn,
        service_keys=keys,
    )
    return _allows(function["policy"], context, service)


def function_exists(function_arn: str) -> bool:
    """Whether `function_arn` names a function of this account."""
    return function_name(function_arn) in lambda_svc._functions


def function_name(function_arn: str) -> str:
    """The function's name in an ARN with or without a qualifier; any other text is taken as the name."""
    parts = function_arn.split(":")
    return parts[6] if len(parts) > 6 else function_arn


def _allows(document: Any, context: iam_evaluator.EvalContext, service: str) -> bool:
    """The document's decision for a service principal alone: what it grants to accounts does not count."""
    parsed = json.loads(document) if isinstance(document, str) else document
    statements = parsed.get("Statement", [])
    statements = [statements] if isinstance(statements, dict) else statements
    # A trust policy names no resource: it is the role's own.
    complete = {"Statement": [{"Resource": "*", **statement} for statement in statements]}
    decision = iam_evaluator.evaluate_resource_policy(complete, context, service=service).decision
    return bool(decision == "Allow")


def _context(
    *,
    principal: str,
    action: str,
    resource: str,
    service_keys: Mapping[str, str] | None = None,
    request_tags: Mapping[str, str] | None = None,
) -> iam_evaluator.EvalContext:
    return iam_evaluator.EvalContext(
        principal_arn=principal,
        principal_type="AssumedRole",
        principal_account=ACCOUNT,
        action=action,
        resource_arn=resource,
        region=REGION,
        service_context=dict(service_keys or {}),
        request_tags=dict(request_tags or {}),
        tag_keys=list(request_tags or ()),
    )


def _role_name(role_arn: str) -> str:
    return role_arn.rsplit("/", 1)[-1]
