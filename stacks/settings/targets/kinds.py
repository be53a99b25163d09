"""The kinds of targets that settings can add to the gateway (R6).

Kinds and credentials: https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/gateway-outbound-auth.html.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, field_validator

from stacks.settings.base import SettingsModel, text
from stacks.settings.targets.credentials import Credential, HttpsUrl, IamCredential
from stacks.settings.targets.private_endpoint import PrivateEndpoint
from toolkit.classification import Classification

LambdaArn = Annotated[
    str,
    text(
        r"^arn:aws:lambda:[a-z]{2}-[a-z]+-\d:\d{12}:function:[A-Za-z0-9_-]+(:[A-Za-z0-9_-]+)?$",
        wanted="the ARN of a function, a version or an alias, like "
        "arn:aws:lambda:us-east-1:123456789012:function:orders:live",
    ),
]

SchemaFile = Annotated[
    str,
    text(
        r"^([A-Za-z0-9_./-]+\.(json|yaml|yml)|s3://[a-z0-9][a-z0-9.-]+/[^\s]+)$",
        wanted="a .json or .yaml file of this repository, or s3://<bucket>/<key>",
        longest=1024,
    ),
]
"""A file below the repository's root, or an object in S3."""

Method = Literal["GET", "DELETE", "HEAD", "OPTIONS", "PATCH", "PUT", "POST"]


class _Target(SettingsModel):
    """What all kinds share."""

    takes: ClassVar[tuple[str, ...]]
    """Credential kinds, by AWS's table."""
    signs_for_any_service: ClassVar[bool] = False
    """Whether `iam` has to say which service the signature is for."""
    needs_permissions: ClassVar[bool] = False
    """Whether `iam` has to say what the gateway's role may do."""

    description: Annotated[str, Field(min_length=1, max_length=200)]
    """What it offers, for the people who look after the gateway."""
    classification: Classification = "internal"
    """How sensitive its answers are; `classification.redact` says what is taken out of them."""

    @field_validator("credential", check_fields=False)
    @classmethod
    def _credential_of_the_kind(cls, value: Credential) -> Credential:
        if value.kind not in cls.takes:
            raise ValueError(f"{value.kind} is not supported by this kind of target: use {' or '.join(cls.takes)}")
        if isinstance(value, IamCredential):
            _check_iam(value, service=cls.signs_for_any_service, permissions=cls.needs_permissions)
        return value


def _check_iam(credential: IamCredential, *, service: bool, permissions: bool) -> None:
    if service and credential.service is None:
        raise ValueError("iam does not say for which service to sign: add service, like execute-api")
    if not service and (credential.service or credential.region):
        raise ValueError("iam takes no service or region here, since AgentCore knows them: remove them")
    if permissions and not credential.permissions:
        raise ValueError("iam lets the gateway's role do nothing: add permissions, each an action and its resources")
    if not permissions and credential.permissions:
        raise ValueError("iam takes no permissions here, since the kit knows them: remove them")


class LambdaTarget(_Target):
    """A Lambda function that exists already and answers as AgentCore's Lambda targets do."""

    takes = ("iam",)

    kind: Literal["lambda"]
    """The kind of target."""
    function: LambdaArn
    """ARN of the function, with version or alias if it is to stay put."""
    tools: SchemaFile
    """The tools it answers: a list of AgentCore's ToolDefinition, each with name, description, inputSchema and perhaps
    outputSchema."""
    credential: Credential = IamCredential(kind="iam")
    """`iam` is the only one."""


class OpenApiTarget(_Target):
    """A REST API described by an OpenAPI 3 document; each operation is a tool."""

    takes = ("none", "iam", "api-key", "oauth")
    signs_for_any_service = True
    needs_permissions = True

    kind: Literal["openapi"]
    """The kind of target."""
    document: SchemaFile
    """The document."""
    credential: Credential
    """How the gateway proves who it is."""
    private_endpoint: PrivateEndpoint | None = None
    """How to reach it when it has no public address."""


class SmithyTarget(_Target):
    """A service described by a Smithy model in JSON, such as AWS publishes for its own services.

    https://github.com/aws/api-models-aws
    """

    takes = ("iam", "oauth")
    needs_permissions = True

    kind: Literal["smithy"]
    """The kind of target."""
    model: SchemaFile
    """The model."""
    credential: Credential
    """How the gateway proves who it is."""


class McpTarget(_Target):
    """An MCP server somewhere else, by its URL."""

    takes = ("none", "iam", "api-key", "oauth")
    signs_for_any_service = True
    needs_permissions = True

    kind: Literal["mcp"]
    """The kind of target."""
    url: HttpsUrl
    """Where it speaks MCP (streamable HTTP)."""
    credential: Credential
    """How the gateway proves who it is."""
    listing: Literal["default", "dynamic"] = "default"
    """`default` keeps the list of its tools and renews it when told to; `dynamic` asks the server each time."""
    private_endpoint: PrivateEndpoint | None = None
    """How to reach it when it has no public address."""


class RuntimeTarget(_Target):
    """An MCP server that the kit deploys on AgentCore Runtime, from a package without a container image."""

    takes = ("iam", "oauth")

    kind: Literal["runtime"]
    """The kind of target."""
    package: Annotated[
        str, text(r"^[a-z][a-z0-9_]*$", wanted="the name of a folder in lambda/: lower-case letters, digits and _")
    ]
    """Folder below `lambda/` with `main.py`, which serves MCP on port 8000 under /mcp."""
    in_vpc: bool
    """Run in the private subnets instead of AWS's own network."""
    credential: Credential = IamCredential(kind="iam")
    """`iam`, or `oauth` with a token that the runtime then checks."""
    environment: dict[str, str] = {}
    """Variables of its process; no secrets."""


class ToolFilter(SettingsModel):
    """Operations of a REST API that become tools."""

    path: Annotated[str, text(r"^/[^\s]*$", wanted="a path of the API, like /pets/{petId}, or a prefix like /pets/*")]
    """Path, or prefix that ends in `*`."""
    methods: Annotated[tuple[Method, ...], Field(min_length=1, strict=False)]
    """HTTP methods."""


class ToolOverride(SettingsModel):
    """A better name or description for one operation of a REST API."""

    path: Annotated[str, text(r"^/[^\s*]*$", wanted="a whole path of the API, like /pets/{petId}")]
    """Path."""
    method: Method
    """HTTP method."""
    name: Annotated[str, text(r"^[A-Za-z0-9_-]{1,64}$", wanted="a tool's name: letters, digits, _ and -")]
    """Name of the tool."""
    description: Annotated[str, Field(min_length=1)] | None = None
    """What it does."""


class ApiGatewayTarget(_Target):
    """A stage of a REST API of API Gateway in the same account and region."""

    takes = ("none", "iam", "api-key")

    kind: Literal["api-gateway"]
    """The kind of target."""
    rest_api: Annotated[str, text(r"^[a-z0-9]{10}$", wanted="the id of a REST API, like a1b2c3d4e5")]
    """Id of the REST API."""
    stage: Annotated[str, text(r"^[A-Za-z0-9_-]{1,128}$", wanted="the name of a stage, like prod")]
    """Name of its stage."""
    filters: Annotated[tuple[ToolFilter, ...], Field(min_length=1, strict=False)]
    """Operations that become tools; nothing else does."""
    overrides: Annotated[tuple[ToolOverride, ...], Field(strict=False)] = ()
    """Names and descriptions."""
    credential: Credential
    """How the gateway proves who it is."""


TargetSettings = Annotated[
    LambdaTarget | OpenApiTarget | SmithyTarget | McpTarget | RuntimeTarget | ApiGatewayTarget,
    Field(discriminator="kind"),
]
"""One target."""
