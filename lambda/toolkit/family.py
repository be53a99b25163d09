"""A tool that is a family of read operations behind one `operation` argument.

    ec2 = server.family("ec2_read_operations", "Read EC2 without changing anything.", self_check="describe_vpcs")

    @ec2.operation(actions=["ec2:DescribeVpcs"])
    def describe_vpcs(aws: Aws, page: Page, ids: list[str] | None = None) -> Answer:
        ...

Each operation is a function with its own parameters and its own IAM actions; the tool's schema is what they take
together. A parameter that several operations take is described where it appears first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeVar

from toolkit import docstrings
from toolkit.classification import DEFAULT, checked_classification, checked_sensitive, highest, listed
from toolkit.contract import Contract
from toolkit.declaration import Signature, Tool, check_name, checked_self_check, permissions, read_signature
from toolkit.errors import DeclarationError, ToolError
from toolkit.invocation import Invocation
from toolkit.parameters import Parameter, input_schema
from toolkit.shapes import Choice, Nullable
from toolkit.spec import OperationSpec, ToolSpec

Answer = dict[str, Any]
Function = TypeVar("Function", bound=Callable[..., Answer])


@dataclass(frozen=True)
class _Operation:
    spec: OperationSpec
    signature: Signature
    sensitive: tuple[str, ...]

    def problems(self, given: Mapping[str, Any]) -> list[str]:
        """A sentence for each argument that is missing or not taken."""
        parameters = self.signature.all_parameters
        name = self.spec.name
        missing = [needed for needed, parameter in parameters.items() if parameter.required and needed not in given]
        return [f"{name} needs {needed}" for needed in missing] + [
            f"{name} does not take {extra}" for extra in given if extra not in parameters
        ]


class Family:
    """The operations of one tool; made by `ToolServer.family`.

    Args:
        name: The tool's name.
        description: What it is for; the operations are listed below it.
        self_check: The operation that has to succeed, without arguments, wherever the tool is deployed; or the
            arguments of such a call.
        classification: How much the operations' answers give away, where they do not say more.
        sensitive: Names of arguments that no record may hold, of all operations.

    Raises:
        DeclarationError: The name or the classification is none, or `sensitive` is a text.
    """

    def __init__(
        self,
        name: str,
        description: str,
        *,
        self_check: str | Mapping[str, Any],
        classification: str = DEFAULT,
        sensitive: Sequence[str] = (),
    ) -> None:
        check_name(name)
        self.name = name
        self.module = ""
        self._description = description
        self._self_check = {"operation": self_check} if isinstance(self_check, str) else self_check
        self._classification = checked_classification(classification, tool=name)
        self._sensitive = listed(sensitive, tool=name)
        self._operations: dict[str, _Operation] = {}

    def operation(
        self, *, actions: Sequence[str], classification: str | None = None, sensitive: Sequence[str] = ()
    ) -> Callable[[Function], Function]:
        """Add a function as an operation; the function itself stays as it is.

        Args:
            actions: Exactly the IAM actions that it calls (`"s3:ListBucket on bucket"`); they become the role's.
            classification: How much its answers give away, where that differs from the family.
            sensitive: Names of its arguments that no record may hold.

        Raises:
            DeclarationError: The name is taken, there is no docstring, a parameter cannot be in a schema or means
                something else in another operation, an action has another form, or the classification or a sensitive
                argument is none.
        """

        def register(function: Function) -> Function:
            name = function.__name__
            where = f"{self.name}, operation {name}"
            if name in self._operations or "tool" in self.__dict__:
                raise DeclarationError(f"tool {where}: it is there already, or the server was described before it")
            described = {
                known: parameter.description
                for other in self._operations.values()
                for known, parameter in other.signature.parameters.items()
            }
            documentation = docstrings.read(function)
            signature = read_signature(function, tool=where, described=described)
            if not documentation.description:
                raise DeclarationError(f"tool {where}: it has no docstring; a model chooses it by its description")
            self._check_agreement(where, signature)
            granted = permissions(actions, tool=where)
            level = checked_classification(classification or self._classification, tool=where)
            hidden = checked_sensitive(sensitive, signature.all_parameters, tool=where)
            spec = OperationSpec(name, documentation.description, granted, level)
            self._operations[name] = _Operation(spec, signature, hidden)
            self.module = function.__module__
            return function

        return register

    @cached_property
    def tool(self) -> Tool:
        """The tool of all operations.

        Raises:
            DeclarationError: There are none, the self-check is none of them, or a sensitive argument is none.
        """
        if not self._operations:
            raise DeclarationError(f"tool {self.name}: it has no operation; decorate a function with .operation")
        parameters = self._parameters()
        operations = tuple(operation.spec for operation in self._operations.values())
        lines = [f"- {operation.name}: {operation.description}" for operation in operations]
        spec = ToolSpec(
            name=self.name,
            description="\n".join([self._description, "", "Operations:", *lines]),
            input_schema=input_schema(parameters),
            output_schema=None,
            actions=tuple(sorted({action for operation in operations for action in operation.actions})),
            self_check=checked_self_check(parameters, self._self_check, tool=self.name),
            operations=operations,
            contract=Contract.of(
                parameters,
                answer=None,
                operations={name: taken.signature.all_parameters for name, taken in self._operations.items()},
            ),
            classification=highest(operation.classification for operation in operations),
            sensitive=checked_sensitive(
                {*self._sensitive, *(name for taken in self._operations.values() for name in taken.sensitive)},
                parameters,
                tool=self.name,
            ),
        )
        return Tool(spec, parameters, self._run, self.module)

    def _run(self, given: Mapping[str, Any], invocation: Invocation) -> Any:
        """Call the operation with what was given; null stands for what was not."""
        arguments = {name: value for name, value in given.items() if value is not None and name != "operation"}
        operation = self._operations[given["operation"]]
        if problems := operation.problems(arguments):
            raise ToolError("; ".join(problems), code="invalid_arguments")
        return operation.signature.call(arguments, invocation)

    def _check_agreement(self, where: str, signature: Signature) -> None:
        """The same parameter is the same thing in every operation: callers see it once."""
        for name, parameter in signature.parameters.items():
            for other in self._operations.values():
                known = other.signature.parameters.get(name)
                if known is None:
                    continue
                if known.shape != parameter.shape or known.description != parameter.description:
                    raise DeclarationError(
                        f"tool {where}, parameter {name}: its type or description differs from that in "
                        f"{other.spec.name}; make them agree (the description may be left out), or rename it"
                    )

    def _parameters(self) -> dict[str, Parameter]:
        """`operation`, then what any operation takes, each saying which ones need or take it."""
        choice = Parameter(Choice(tuple(self._operations)), "What to read.", required=True)
        found: dict[str, Parameter] = {"operation": choice}
        for operation in self._operations.values():
            for name, parameter in operation.signature.all_parameters.items():
                if name not in found:
                    merged = self._merged(name, parameter)
                    # Models send null for what they leave out.
                    found[name] = merged if merged.required else replace(merged, shape=Nullable(merged.shape))
        return found

    def _merged(self, name: str, parameter: Parameter) -> Parameter:
        taking = {
            operation.spec.name: taken
            for operation in self._operations.values()
            if (taken := operation.signature.all_parameters.get(name)) is not None
        }
        needed = [operation for operation, taken in taking.items() if taken.required]
        optional = [operation for operation in taking if operation not in needed]
        everywhere = len(taking) == len(self._operations)
        if everywhere and not (needed and optional):
            return replace(parameter, default=_common_default(taking.values()))
        text = parameter.description
        if needed:
            text += f" Needed by {', '.join(needed)}."
        if optional:
            text += f" {'Optional' if needed else 'Only'} for {', '.join(optional)}."
        return replace(parameter, description=text, required=False, default=_common_default(taking.values()))


def _common_default(parameters: Iterable[Parameter]) -> Any:
    """The default that all of them have, or None."""
    defaults = {repr(parameter.default): parameter.default for parameter in parameters if not parameter.required}
    return next(iter(defaults.values())) if len(defaults) == 1 else None
