"""What a tool gets beside its arguments, by annotating a parameter: the caller's tenant, AWS clients, a page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from toolkit.aws import Aws
from toolkit.hints import shape_of
from toolkit.invocation import Invocation
from toolkit.pages import Page
from toolkit.parameters import Parameter
from toolkit.tenant import TenantContext

_WHERE = "the toolkit's own parameters"


@dataclass(frozen=True)
class Injection:
    """A parameter that the toolkit fills in.

    Attributes:
        parameters: The arguments that it stands for in the tool's schema.
        make: Gives its value, from those arguments as they were given and the call.
    """

    parameters: Mapping[str, Parameter]
    make: Callable[[Mapping[str, Any], Invocation], Any]


def _optional(hint: Any, description: str) -> Parameter:
    return Parameter(shape_of(hint, where=_WHERE), description, required=False)


INJECTIONS: Mapping[Any, Injection] = {
    TenantContext: Injection({}, lambda _, invocation: invocation.tenant()),
    Aws: Injection(
        {
            "region": _optional(str, "The AWS region to read, such as eu-west-1; the platform's own when left out."),
            "account": _optional(
                str,
                "The twelve digits of the AWS account to read, one that the platform may read; its own when left out.",
            ),
        },
        lambda given, _: Aws.chosen(region=given.get("region"), account=given.get("account")),
    ),
    Page: Injection(
        {
            "page_size": _optional(int, "How many items to list at most; up to 100 when left out."),
            "page_token": _optional(str, "next_page_token of the page before; the first page when left out."),
        },
        lambda given, _: Page(size=given.get("page_size"), token=given.get("page_token")),
    ),
}
"""By the type that annotates the parameter."""
