"""The IAM actions that a tool declares."""

import re
from dataclasses import dataclass
from typing import Self

from toolkit.errors import DeclarationError

_FORM = re.compile(r"(?P<action>[a-z0-9-]+:[A-Za-z0-9]+)(?: on (?P<resource_type>[A-Za-z0-9-]+))?")


@dataclass(frozen=True, order=True)
class Permission:
    """One IAM action, on every resource or on one type of resource.

    Attributes:
        action: `service:Action`, exact; a wildcard is refused.
        resource_type: A resource type of that service as the service authorization reference names it
            (`bucket`, `object`, …), or the empty string for an action that takes no narrower resource than `*`.
            https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
    """

    action: str
    resource_type: str = ""

    @classmethod
    def parse(cls, text: str, *, tool: str) -> Self:
        """Read `service:Action` or `service:Action on resource-type`.

        Args:
            text: What the tool's declaration says.
            tool: The tool's name, for the error.

        Raises:
            DeclarationError: The text has another form. Whether action and resource type exist is checked at synth.
        """
        match = _FORM.fullmatch(text)
        if match is None:
            raise DeclarationError(
                f"tool {tool}: action {text!r} is not of the form 'service:Action' or "
                "'service:Action on resource-type', without wildcards (such as 's3:ListBucket on bucket')"
            )
        return cls(match["action"], match["resource_type"] or "")

    def __str__(self) -> str:
        return f"{self.action} on {self.resource_type}" if self.resource_type else self.action
