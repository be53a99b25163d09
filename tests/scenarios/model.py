"""One tool's scenario: the data that it reads, and a call of each of its operations."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Account = Literal["moto", "emulator"]
Clients = Callable[[str], Any]
"""Gives a boto3 client of the account's owner by the service's name."""

Made = Mapping[str, Any]
"""Names and ids of what was made, for the calls' arguments."""


@dataclass(frozen=True, kw_only=True)
class Call:
    """A call of one operation.

    Attributes:
        operation: Its name; empty for a tool that is no family.
        arguments: What it gets beside the operation.
        finds: A text that has to be in the answer's JSON: the name of something that was made.
        hides: Texts that must not be in it, such as the value of a secret that was made.
        stubbed: API operations that moto does not know, by botocore's `service:OperationName`, to the response that
            AWS's page documents; it is checked against botocore's model.
        unknown_to: Where an API operation of this call is not implemented. In moto it has to be stubbed; in the
            emulator the call is tried only for whether IAM allows it, which is decided before.
    """

    operation: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    finds: str = ""
    hides: Sequence[str] = ()
    stubbed: Mapping[str, Any] = field(default_factory=dict)
    unknown_to: tuple[Account, ...] = ()

    def event(self) -> dict[str, Any]:
        """The arguments of the call, the operation among them."""
        return {**({"operation": self.operation} if self.operation else {}), **self.arguments}


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """Data and calls of one tool.

    Attributes:
        server: The tool server's name.
        tool: The tool's name.
        fill: Makes the data in an empty account and gives what the calls need to know of it. `account` says where it
            is, for what one of them does not know.
        calls: The calls, at least one of every operation; two where an operation reads different things.
        actions: The IAM action of an API operation where its name differs (`"s3:ListBuckets"` to
            `"s3:ListAllMyBuckets"`; key: boto3's service name and API operation), with the AWS page in a comment.
    """

    server: str
    tool: str
    fill: Callable[[Clients, Account], Made]
    calls: Callable[[Made], Sequence[Call]]
    actions: Mapping[str, str] = field(default_factory=dict)
