"""The settings of one environment, `config/<environment>.yaml`.

Validators look at one field and at those above it, so that a file with several mistakes reports all of them
at once. Their messages end with the way out; `loader` adds file, key and value.
"""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator

from stacks.settings.agent_service import AgentServiceSettings
from stacks.settings.base import PackageName, SettingsModel, Slug, each_once, text
from stacks.settings.cluster import ClusterSettings
from stacks.settings.governance import AccessSettings, AuditSettings, ClassificationSettings, WafSettings
from stacks.settings.identity import IdentitySettings
from stacks.settings.limits import LimitSettings
from stacks.settings.models import ModelSettings
from stacks.settings.quotas import QuotaSettings
from stacks.settings.targets import TargetSettings

LogRetentionDays = Literal[1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 3653]
"""Retention that CloudWatch Logs accepts, in days
(https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html)."""

InterfaceEndpoint = Literal[
    "apigateway", "autoscaling", "bedrock", "bedrock-agentcore", "bedrock-agentcore-control",
    "bedrock-agentcore.gateway", "bedrock-runtime", "cloudformation", "cognito-idp", "dynamodb", "ec2", "ecr.api",
    "ecr.dkr", "ecs", "eks", "eks-auth", "elasticloadbalancing", "email", "events", "execute-api", "kms", "lambda",
    "logs", "monitoring", "rds", "rds-data", "sagemaker.api", "secretsmanager", "sns", "sqs", "ssm", "states", "sts",
    "xray",
]  # fmt: skip
"""Interface endpoints the kit knows, by the last part of `com.amazonaws.<region>.<service>`
(https://docs.aws.amazon.com/vpc/latest/privatelink/aws-services-privatelink-support.html)."""

PRIVATE = tuple(IPv4Network(block) for block in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))
"""RFC 1918."""

OWN_TAGS = ("project", "environment")
"""Tags that the kit sets on every resource."""

MOST_ZONES = 6
"""Zones that subnets are given addresses for, so that zones can be added later without moving any."""

Region = Annotated[
    str,
    text(
        r"^(af|ap|ca|eu|il|me|mx|sa|us)-(central|north|south|east|west|northeast|northwest|southeast|southwest)-\d$",
        wanted="a region of the commercial partition, like eu-west-1",
    ),
]
"""Token endpoints and AgentCore have other host names in AWS's government and China partitions, or are not there."""

Zone = Annotated[str, text(r"^[a-z]+-[a-z]+-\d[a-z]$", wanted="an availability zone, like us-east-1a")]

PolicyPack = Literal["AwsSolutions", "Serverless", "NIST80053R5", "PCIDSS321", "HIPAASecurity"]

ReleaseStrategy = Literal[
    "all-at-once", "canary-10-percent-5-minutes", "canary-10-percent-10-minutes", "canary-10-percent-15-minutes",
    "canary-10-percent-30-minutes", "linear-10-percent-every-1-minute", "linear-10-percent-every-2-minutes",
    "linear-10-percent-every-3-minutes", "linear-10-percent-every-10-minutes",
]  # fmt: skip
"""CodeDeploy's own deployment configurations for Lambda
(https://docs.aws.amazon.com/codedeploy/latest/userguide/deployment-configurations.html)."""

SubnetMask = Annotated[int, Field(ge=16, le=28)]


class SubnetMasks(SettingsModel):
    """Prefix length of each kind of subnet; there is one of each in every availability zone."""

    public: SubnetMask = 24
    """For NAT gateways and load balancers."""
    private: SubnetMask = 20
    """For functions and pods; large, since every pod takes an address."""
    isolated: SubnetMask = 24
    """For data stores: no route out of the VPC."""


class NetworkSettings(SettingsModel):
    """The VPC (R1)."""

    cidr: str = "10.0.0.0/16"
    """Address range of the VPC."""
    availability_zones: Annotated[int, Field(ge=2, le=MOST_ZONES)]
    """How many availability zones the subnets spread over."""
    zones: tuple[Zone, ...] | None = Field(default=None, strict=False)
    """Which ones, by name. Left out, the account's first ones are taken, whose order AWS does not promise to keep: name
    them where the network is to last, and where an endpoint's service is not in every zone."""
    nat_gateways: Annotated[int, Field(ge=0)]
    """0 (private subnets reach AWS through endpoints only), 1, or up to one per availability zone."""
    # The default must fit as well as what a file says.
    subnet_masks: Annotated[SubnetMasks, Field(validate_default=True)] = SubnetMasks()
    """Sizes of the subnets. They and cidr are for good: subnets in use cannot be replaced."""
    interface_endpoints: Annotated[tuple[InterfaceEndpoint, ...], Field(strict=False), each_once("service")] = ()
    """AWS services reached without leaving the VPC; each costs per hour and availability zone.
    S3 and DynamoDB always have their free gateway endpoints."""

    @field_validator("cidr")
    @classmethod
    def _is_a_private_network(cls, value: str) -> str:
        try:
            network = IPv4Network(value)
        except ValueError as error:
            raise ValueError(f"is no IPv4 network ({error}): write it like 10.0.0.0/16") from None
        if not any(network.subnet_of(private) for private in PRIVATE) or not 16 <= network.prefixlen <= 28:
            raise ValueError(
                "is no private range between /16 and /28: take one of "
                f"{', '.join(str(private) for private in PRIVATE)}, like 10.0.0.0/16"
            )
        return value

    @field_validator("zones")
    @classmethod
    def _as_many_as_said(cls, value: tuple[str, ...] | None, info: ValidationInfo) -> tuple[str, ...] | None:
        zones = info.data.get("availability_zones")
        if value is not None and zones is not None and len(set(value)) != zones:
            raise ValueError(f"names {len(set(value))} and availability_zones is {zones}: make the two agree")
        return value

    @field_validator("nat_gateways")
    @classmethod
    def _at_most_one_per_zone(cls, value: int, info: ValidationInfo) -> int:
        zones = info.data.get("availability_zones")
        if zones is not None and value > zones:
            raise ValueError(f"is more than one per availability zone: use 0 to {zones}, or raise availability_zones")
        return value

    @field_validator("subnet_masks")
    @classmethod
    def _subnets_fit(cls, masks: SubnetMasks, info: ValidationInfo) -> SubnetMasks:
        cidr = info.data.get("cidr")
        if cidr is None:
            return masks
        needed = MOST_ZONES * sum(2 ** (32 - mask) for mask in (masks.public, masks.private, masks.isolated))
        available = IPv4Network(cidr).num_addresses
        if needed > available:
            raise ValueError(
                f"needs {needed} addresses, with room for {MOST_ZONES} availability zones to come, and {cidr} has "
                f"{available}: widen cidr, or use longer masks"
            )
        return masks


class DataSettings(SettingsModel):
    """The conversation store (R14)."""

    conversation_days: Annotated[int, Field(ge=1, le=3650)] = 30
    """Days after its last use at which a conversation expires."""


class ToolServerSettings(SettingsModel):
    """One tool server: a Lambda package under `lambda/`, a resource server with scopes, a target of the gateway."""

    package: PackageName
    """Package below `lambda/` that holds the server."""
    in_vpc: bool
    """Run in the private subnets. The services its tools call must be reachable from there."""
    reserved_concurrency: Annotated[int, Field(ge=1, le=1000)]
    """Upper bound of parallel calls, taken from the account's limit."""
    memory_mb: Annotated[int, Field(ge=128, le=10240)] = 512
    """Memory of the function, in MiB; its share of a processor grows with it."""
    timeout_seconds: Annotated[int, Field(ge=1, le=900)] = 30
    """Seconds after which Lambda ends a call."""


class ToolAccessSettings(SettingsModel):
    """What the tools may read beside the environment's own account and region (R12)."""

    regions: tuple[Region, ...] = Field(default=(), strict=False)
    """Regions that tools may read beside the environment's own."""
    accounts: dict[
        Annotated[str, text(r"^\d{12}$", wanted="the twelve digits of an AWS account, quoted")],
        Annotated[str, text(r"^[\w+=,.@-]{1,64}$", wanted="the name of a role in that account, without its path")],
    ] = {}
    """Role to assume in each account that tools may read, by the account's twelve digits, quoted. The role there has to
    trust the tool servers' roles and allow what their tools call; IAM decides there."""


class ReleaseSettings(SettingsModel):
    """How new code of a tool server comes to answer calls (R11)."""

    strategy: ReleaseStrategy = "canary-10-percent-5-minutes"
    """How CodeDeploy moves traffic to a version that has passed its self-checks: at once, a tenth first and the rest
    some minutes later, or another tenth every few minutes."""
    errors_per_minute: Annotated[int, Field(ge=1)] = 1
    """Calls that fail inside a tool server within a minute at which a release is taken back."""
    latency_percent: Annotated[int, Field(ge=1, le=100)] = 80
    """Share of timeout_seconds, in percent: a release is taken back when the slowest hundredth of a minute's calls
    takes that long."""


class GatewaySettings(SettingsModel):
    """The AgentCore gateway (R5)."""

    debug: bool = False
    """Return the cause of internal errors to callers. Only for development."""
    traces: bool = True
    """Deliver traces to X-Ray. AWS refuses that until CloudWatch Transaction Search is on in account and region."""


class ProtectionSettings(SettingsModel):
    """What keeps data and stacks from being deleted."""

    terminate: bool
    """CloudFormation termination protection on every stack."""
    retain_data: bool
    """Keep tables, keys, secrets, the user pool and log groups when their stack is deleted, with deletion
    protection where the service has it."""


class ChecksSettings(SettingsModel):
    """Policy packs that every synthesis must pass (R31)."""

    packs: tuple[PolicyPack, ...] = Field(strict=False)
    """Public packs by name. The kit's own pack for AgentCore always runs."""


class EnvironmentSettings(SettingsModel):
    """Everything that differs between environments."""

    account: Annotated[str, text(r"^\d{12}$", wanted="the twelve digits of an AWS account, quoted")] | None = None
    """AWS account to bind to, quoted. Without it the templates fit any account."""
    region: Region = "us-east-1"
    """AWS region that everything is in."""
    development: bool = False
    """A place to try things: the checks allow here what they refuse elsewhere (debug output)."""
    network: NetworkSettings
    identity: IdentitySettings = IdentitySettings()
    data: DataSettings = DataSettings()
    tool_servers: dict[Slug, ToolServerSettings] = Field(min_length=1)
    """Tool servers by name, which is the name that their code gives them."""
    tool_access: ToolAccessSettings = ToolAccessSettings()
    targets: dict[Slug, TargetSettings] = {}
    """Further targets of the gateway by name: what exists elsewhere and is offered here without code."""
    release: ReleaseSettings = ReleaseSettings()
    gateway: GatewaySettings = GatewaySettings()
    access: AccessSettings = AccessSettings()
    limits: LimitSettings = LimitSettings()
    waf: WafSettings = WafSettings()
    audit: AuditSettings = AuditSettings()
    classification: ClassificationSettings = ClassificationSettings()
    quotas: QuotaSettings = QuotaSettings()
    models: dict[Slug, ModelSettings] = {}
    """Foundation models that agents may use, by the names that tenants' files use."""
    agent_service: AgentServiceSettings | None = None
    """How agents are served that people talk to; needed once a tenant has one."""
    cluster: ClusterSettings | None = None
    """The Kubernetes cluster that agents run on; none when left out."""
    log_retention_days: LogRetentionDays
    """Days that every log group keeps its events."""
    protection: ProtectionSettings
    checks: ChecksSettings
    tags: dict[str, str] = {}
    """Tags on every resource, beside `project` and `environment`."""

    @field_validator("tags")
    @classmethod
    def _tags_that_aws_takes(cls, value: dict[str, str]) -> dict[str, str]:
        """https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html."""
        for key, tag in value.items():
            if key in OWN_TAGS or key.lower().startswith("aws:"):
                raise ValueError(
                    f"{key!r} is not free: the kit sets {' and '.join(OWN_TAGS)}, and AWS keeps aws: to itself"
                )
            if not 1 <= len(key) <= 128 or len(tag) > 256:
                raise ValueError(f"{key!r} is too long: a tag's key has 1 to 128 characters and its value up to 256")
        return value

    @field_validator("network")
    @classmethod
    def _zones_of_the_region(cls, value: NetworkSettings, info: ValidationInfo) -> NetworkSettings:
        region = info.data.get("region")
        strange = [zone for zone in value.zones or () if region is not None and zone[:-1] != region]
        if strange:
            raise ValueError(f"zones: {', '.join(strange)} is not in {region}: name zones of the region")
        return value

    @field_validator("gateway")
    @classmethod
    def _debug_in_development_only(cls, value: GatewaySettings, info: ValidationInfo) -> GatewaySettings:
        if value.debug and not info.data.get("development", True):
            raise ValueError("debug shows internal errors to callers: set it false, or development true")
        return value

    @field_validator("access")
    @classmethod
    def _enforced_outside_development(cls, value: AccessSettings, info: ValidationInfo) -> AccessSettings:
        if value.mode == "log-only" and not info.data.get("development"):
            raise ValueError("mode log-only lets every call through: use enforce, or set development to true")
        return value
