"""A tool server: the tools of one Lambda function."""

import importlib
import pkgutil
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, TypeVar

from aws_lambda_powertools import Logger

from toolkit import answers, aws, self_checks
from toolkit.classification import DEFAULT
from toolkit.deadline import deadline
from toolkit.declaration import Tool, declare
from toolkit.deprecation import Deprecation
from toolkit.errors import DeclarationError, InternalToolError, ToolError
from toolkit.family import Family
from toolkit.invocation import Invocation, LambdaContext
from toolkit.records import CallRecord
from toolkit.spec import ServerSpec

# A gateway target's name takes letters, digits and hyphens:
# https://docs.aws.amazon.com/bedrock-agentcore-control/latest/APIReference/API_CreateGatewayTarget.html
_NAME = re.compile(r"[a-zA-Z0-9]+(-[a-zA-Z0-9]+)*")
# https://semver.org/#is-there-a-suggested-regular-expression-regex-to-check-a-semver-string, without suffixes
_VERSION = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)")

Function = TypeVar("Function", bound=Callable[..., Any])


class ToolServer:
    """Collects tools by decorator, describes them, and answers the gateway's calls.

    Args:
        name: The server's name; the gateway target takes it, so tools appear as `name___tool`.
        version: Its semantic version (requirement R11).

    Raises:
        DeclarationError: The name or version has another form.
    """

    def __init__(self, name: str, *, version: str) -> None:
        if not _NAME.fullmatch(name) or len(name) > 100:
            raise DeclarationError(
                f"tool server {name!r}: a name has letters, digits and single hyphens, and at most 100 of them"
            )
        if not _VERSION.fullmatch(version):
            raise DeclarationError(f"tool server {name}: version {version!r} is not of the form 1.2.3")
        self.name = name
        self.version = version
        self._declared: dict[str, Tool | Family] = {}

    def tool(
        self,
        *,
        actions: Sequence[str],
        self_check: Mapping[str, Any] | None = None,
        classification: str = DEFAULT,
        sensitive: Sequence[str] = (),
    ) -> Callable[[Function], Function]:
        """Declare a function as a tool; the function itself stays as it is.

        Args:
            actions: Exactly the IAM actions that it calls (`"s3:ListBucket on bucket"`); they become its role.
            self_check: Arguments of a call that has to succeed wherever the tool is deployed; needed when the tool
                has a required argument.
            classification: How much its answers give away: public, internal, confidential or restricted. The gateway
                redacts its answers accordingly.
            sensitive: Names of arguments that no record may hold.

        Raises:
            DeclarationError: See `toolkit.declaration.declare`; or the name is taken.
        """

        def register(function: Function) -> Function:
            declared = declare(
                function, actions=actions, self_check=self_check, classification=classification, sensitive=sensitive
            )
            self._add(declared.spec.name, declared, function.__module__)
            return function

        return register

    def family(
        self,
        name: str,
        description: str,
        *,
        self_check: str | Mapping[str, Any],
        classification: str = DEFAULT,
        sensitive: Sequence[str] = (),
    ) -> Family:
        """Declare a tool that is a family of read operations; see `toolkit.family`.

        Args:
            name: The tool's name.
            description: What it is for.
            self_check: The operation that has to succeed, without arguments, wherever the tool is deployed; or the
                arguments of such a call.
            classification: How much its operations' answers give away; see `tool`.
            sensitive: Names of arguments that no record may hold.

        Raises:
            DeclarationError: The name or the classification is none, or the name is taken.
        """
        family = Family(name, description, self_check=self_check, classification=classification, sensitive=sensitive)
        self._add(name, family, f"{self.name}'s family {name}")
        return family

    def _add(self, name: str, declared: Tool | Family, module: str) -> None:
        if name in self._declared:
            other = self._declared[name].module
            raise DeclarationError(f"tool {name}: {module} and {other} both have one; rename one of them")
        self._declared[name] = declared

    def discover(self, package: str) -> None:
        """Import every module of a package, so that a tool is there because its file is.

        Args:
            package: The package's import name.
        """
        root = importlib.import_module(package)
        for module in pkgutil.walk_packages(root.__path__, prefix=f"{package}."):
            importlib.import_module(module.name)

    def describe(self) -> ServerSpec:
        """Everything the server offers, as plain data; needs no AWS environment."""
        specs = [tool.spec for name in sorted(self._declared) if (tool := self._tool(name))]
        return ServerSpec(self.name, self.version, tuple(specs))

    def handler(self, event: Mapping[str, Any] | None, context: LambdaContext) -> dict[str, Any]:
        """Answer one call of the gateway; this is the Lambda handler.

        Args:
            event: The tool's arguments.
            context: Lambda's context, with the gateway's client context.

        Returns:
            The tool's answer, or an expected failure (see the package docstring).

        Raises:
            InternalToolError: The tool failed unexpectedly; the log record has the traceback.
        """
        if self_checks.asked(context):
            return self_checks.answer(self.describe())
        record = CallRecord(self._logger, server=f"{self.name} {self.version}")
        correlation_id = context.aws_request_id
        try:
            invocation = Invocation.read(context)
            record.about(invocation)
            correlation_id = invocation.correlation_id
            with deadline(context):
                answer = self._call(invocation, event or {})
        except Exception as error:
            refusal = error if isinstance(error, ToolError) else aws.explained(error)
            if refusal is None:
                record.failed(error)
                # `from None`: Lambda would send the cause's traceback along.
                message = f"the tool failed inside {self.name}; its log has the details under {correlation_id}"
                raise InternalToolError(message) from None
            record.refused(refusal)
            return answers.failure(str(refusal))
        record.succeeded()
        return answer

    def _call(self, invocation: Invocation, given: Mapping[str, Any]) -> dict[str, Any]:
        tool = self._tool(invocation.tool)
        if tool is None:
            known = ", ".join(sorted(self._declared))
            message = f"{self.name} has no tool {invocation.tool!r}; it has {known}"
            raise ToolError(message, code="unknown_tool")
        if self._deprecation:
            self._deprecation.count(server=self.name, version=self.version, tool=tool.spec.name)
        answer = answers.success(tool.call(given, invocation), tool=tool.spec.name)
        return self._deprecation.mark(answer) if self._deprecation else answer

    def _tool(self, name: str) -> Tool | None:
        """The tool of that name; a family is one when all of its operations are there."""
        declared = self._declared.get(name)
        return declared.tool if isinstance(declared, Family) else declared

    @cached_property
    def _deprecation(self) -> Deprecation | None:
        return Deprecation.from_environment()

    @cached_property
    def _logger(self) -> Logger:
        return Logger(service=self.name, location=None)  # every record comes from the same line
