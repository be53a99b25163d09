"""Whether IAM lets somebody call a Function URL, asked of ministack's evaluator.

A URL with AWS_IAM takes two permissions of its caller on the function, each by the caller's own policies or, within the
account, by the function's (https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html).
"""

from __future__ import annotations

from ministack.core import iam_evaluator
from ministack.services import lambda_svc

from local.emulator.settings import ACCOUNT, REGION

_NEEDED = (
    ("lambda:InvokeFunctionUrl", {"lambda:functionurlauthtype": "AWS_IAM"}),
    ("lambda:InvokeFunction", {"lambda:invokedviafunctionurl": "true"}),
)


def may_call(credential: iam_evaluator.ResolvedCredential, function_arn: str) -> bool:
    """Whether the function's URL may be called with these credentials."""
    principal = iam_evaluator.resolve_principal(credential.access_key_id, ACCOUNT, credential)
    if isinstance(principal, iam_evaluator.AuthError):
        return False
    if principal.policies is None:  # the account's root
        return True
    return all(_may(principal, function_arn, action, keys) for action, keys in _NEEDED)


def _may(principal: iam_evaluator.PrincipalInfo, function_arn: str, action: str, keys: dict[str, str]) -> bool:
    assert principal.policies is not None  # noqa: S101 - asked by the caller
    context = iam_evaluator.EvalContext(
        principal_arn=principal.arn,
        principal_type=principal.type,
        principal_account=principal.account,
        action=action,
        resource_arn=function_arn,
        region=REGION,
        service_context=dict(keys),
        principal_keys=principal.keys,
    )
    decision = iam_evaluator.evaluate(context, principal.policies, *principal.limits)
    found = lambda_svc.function_policy_for_arn(function_arn)
    if found is not None:
        decision = iam_evaluator.combine_resource_policy(decision, context, *found, limits=principal.limits)
    return bool(decision.decision == "Allow")
