"""Rules for functions behind a Function URL, which no public policy pack has.

Such a function learns from the request's context who calls. The URL writes that; whoever invokes the function by
Lambda's API writes it himself (docs/decisions/agent-service.md).
"""

from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from re import sub

from foundation.checks.finding import Finding
from foundation.checks.statements import PRINCIPAL_TYPES, Statement, allow_statements
from foundation.checks.template import Template, as_list, as_text

RULE = "AgentCore-InvokedPastItsUrl"
INVOKE = "lambda:InvokeFunction"
VIA_URL = "lambda:InvokedViaFunctionUrl"
"""Condition key that tells a request to the URL from one to Lambda's API
(https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html)."""


def permissions(template: Template) -> Iterator[Finding]:
    """Nobody may invoke a function that has a URL by other ways; a permission that names none might mean one."""
    behind_urls = _behind_urls(template)
    for statement in allow_statements(template):
        if not statement.may(INVOKE) or _by_url(statement):
            continue
        for resource in statement.resources:
            if _any_function(resource) or resource.removesuffix(":*") in behind_urls:
                yield Finding(
                    RULE,
                    statement.carrier.logical_id,
                    "Policies" if statement.carrier.type in PRINCIPAL_TYPES else "PolicyDocument",
                    f"{INVOKE} is allowed on {resource}, so that a caller could tell a function with a URL who calls; "
                    f"name functions without a URL, or add the condition Bool {VIA_URL} true.",
                )


def resource_policies(template: Template) -> Iterator[Finding]:
    """A function's own policy lets nobody past its URL either."""
    behind_urls = _behind_urls(template)
    for permission in template.of_type("AWS::Lambda::Permission"):
        named, actions = as_text(permission.get("FunctionName")), as_text(permission.get("Action"))
        by_url = permission.get("InvokedViaFunctionUrl") is True
        if named in behind_urls and fnmatchcase(INVOKE, actions) and not by_url:
            yield Finding(
                RULE,
                permission.logical_id,
                "InvokedViaFunctionUrl",
                f"{INVOKE} is allowed on {named}, which has a URL, by Lambda's API too; "
                "set InvokedViaFunctionUrl to true.",
            )


RULES: tuple[Callable[[Template], Iterator[Finding]], ...] = (permissions, resource_policies)


def _behind_urls(template: Template) -> frozenset[str]:
    """The functions of a template that have a URL, as text: their ARNs and their names."""
    targets = [url.get("TargetFunctionArn") for url in template.of_type("AWS::Lambda::Url")]
    functions = [function for target in targets if (function := template.referred(target))]
    return frozenset(map(as_text, targets)) | {f"<{function.logical_id}>" for function in functions}


def _by_url(statement: Statement) -> bool:
    """Whether a statement counts for requests to a URL alone."""
    values = as_list(((statement.body.get("Condition") or {}).get("Bool") or {}).get(VIA_URL))
    return bool(values) and all(str(value).lower() == "true" for value in values)


def _any_function(resource: str) -> bool:
    """Whether a pattern leaves the name of the function open, in part or altogether."""
    pattern = sub(r"<[^<>]*>", "x", resource)
    if pattern.count(":") < 6:
        return fnmatchcase("arn:aws:lambda:us-east-1:123456789012:function:alpha", pattern)
    _, _, service, _, _, kind, name = pattern.split(":", 6)
    return (
        fnmatchcase("lambda", service)
        and fnmatchcase("function", kind)
        and any(c in name.partition(":")[0] for c in "*?")
    )
