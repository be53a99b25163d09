"""Acknowledging a policy finding beside the resource it is about."""

import re
from collections.abc import Mapping

from aws_cdk import Acknowledgment, Stack, Token, Validations
from constructs import IConstruct

SHORTEST_REASON = 30
"""Characters below which a reason cannot hold a fact that a reviewer could check."""

_QUALIFIED = re.compile(r"[^\[]+::")
_RULE = re.compile(r"(?P<pack>[A-Za-z0-9.]+)-\S")

RuleIds = str | tuple[str, ...]


def acknowledge(construct: IConstruct, findings: Mapping[RuleIds, str]) -> None:
    """Accept findings of the policy packs on `construct` and everything below it, each with its reason.

    Keys are ids as the packs print them, e.g. ``AwsSolutions-IAM5[Resource::*]``, or a tuple of ids which
    share one reason; values are facts that can be checked. An id counts exactly: no prefixes, no wildcards.

    The id is recorded as ``<pack>::<id>``. In that form CDK itself matches it and lists it with reason and place
    in the assembly's ``validation-report.json``, from which unused acknowledgements can be told; the bare form
    would be swallowed by cdk-nag without a trace
    (https://docs.aws.amazon.com/cdk/v2/guide/policy-validation-synthesis.html).

    Raises ValueError for an id without a pack and for a reason that is too short to be one.
    """
    for ids, reason in findings.items():
        for rule in (ids,) if isinstance(ids, str) else ids:
            if len(reason.strip()) < SHORTEST_REASON:
                raise ValueError(
                    f"{construct.node.path}: the reason {reason!r} for {rule} is shorter than {SHORTEST_REASON} "
                    "characters; name the fact that a reviewer can check."
                )
            Validations.of(construct).acknowledge(Acknowledgment(id=qualified(rule), reason=reason))


def qualified(rule: str) -> str:
    """``<pack>::<rule>`` for a rule id as its pack prints it; an id that has its pack already stays as it is.

    Raises ValueError when the id does not begin with a pack's name and a hyphen.
    """
    if _QUALIFIED.match(rule):
        return rule
    match = _RULE.match(rule)
    if match is None:
        raise ValueError(
            f"{rule!r} is no id of a policy rule: write it as the pack prints it, e.g. AwsSolutions-IAM5[Resource::*]."
        )
    return f"{match['pack']}::{rule}"


def compliance(rule: str) -> tuple[str, ...]:
    """The ids under which the three compliance packs (NIST 800-53, PCI DSS, HIPAA) print the rule they share."""
    return tuple(f"{pack}-{rule}" for pack in ("NIST.800.53.R5", "PCI.DSS.321", "HIPAA.Security"))


def arn_as_printed(construct: IConstruct, service: str, resource: str) -> str:
    """An ARN of the construct's partition, region and account, as the packs print it in the ids of findings."""
    stack = Stack.of(construct)
    return f"arn:{stack.partition}:{service}:{stack.region}:{account_as_printed(construct)}:{resource}"


def account_as_printed(construct: IConstruct) -> str:
    """The account of the construct's stack as the packs print it in the ids of findings."""
    account = Stack.of(construct).account
    return "<AWS::AccountId>" if Token.is_unresolved(account) else account


def managed_policy_as_printed(name: str) -> str:
    """The id of the finding that a role has the AWS managed policy `name`, as AwsSolutions prints it."""
    return f"AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/{name}]"
