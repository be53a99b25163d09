"""What a local run does not prove, and where it is checked instead; the documentation's table is generated from it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Limit:
    """One gap between the emulated AWS and AWS.

    `subject` is a resource type, property or behaviour, `not_proved` what a local run leaves open about it, and
    `checked` where the answer comes from instead.
    """

    subject: str
    not_proved: str
    checked: str


_SYNTH = "assertions on the synthesized templates (tests/synth) and the policy packs"
_LINT = "cfn-lint on the templates"
_ACCOUNT = "the first deployment to an AWS account"

LIMITS: tuple[Limit, ...] = (
    Limit(
        subject="Network paths (AWS::EC2::Route, NatGateway, VPCEndpoint, SecurityGroup, NetworkAcl)",
        not_proved="Nothing is routed or filtered: a function in a private subnet reaches what any process of this "
        "machine reaches, and the emulator and the edge refuse everything else",
        checked=_SYNTH,
    ),
    Limit(
        subject="AWS::EC2::VPCEndpoint PolicyDocument, PrivateDnsEnabled, SecurityGroupIds",
        not_proved="Accepted, not told by DescribeVpcEndpoints; an endpoint policy allows and denies nothing",
        checked=_SYNTH,
    ),
    Limit(
        subject="AWS::EC2::NetworkAclEntry PortRange, Icmp",
        not_proved="Checked against the schema, then dropped",
        checked=_SYNTH,
    ),
    Limit(
        subject="AWS::EC2::FlowLog",
        not_proved="Recorded without its role and format; no flow is written",
        checked=_SYNTH,
    ),
    Limit(
        subject="AWS::KMS::Key and every KmsKeyId, KMSKeyArn, KmsKeyArn",
        not_proved="Keys exist and their policies decide direct calls, but services do not ask them: a missing "
        "kms:Decrypt, one whose condition (kms:ViaService, an encryption context) the service's call does not meet, or "
        "a key policy that forgets a service is not noticed, and nothing is encrypted on disk",
        checked=f"{_SYNTH}; {_ACCOUNT}",
    ),
    Limit(
        subject="The role of CloudFormation (cdk-…-cfn-exec-role)",
        not_proved="Stacks are deployed with all permissions; a permission that this role lacks is not noticed",
        checked=_ACCOUNT,
    ),
    Limit(
        subject="The account's root credentials (access key test)",
        not_proved="Root is allowed everything, also what a resource policy denies everyone; roles and users get "
        "exactly what their policies and the resource's policy allow",
        checked="the tests of the local run that act as roles",
    ),
    Limit(
        subject="IAM's eventual consistency",
        not_proved="A policy counts at once; on AWS a target that is created right after it may fail once",
        checked=f"the AgentCore policy pack (targets depend on the role's policy); {_ACCOUNT}",
    ),
    Limit(
        subject="aws:SecureTransport",
        not_proved="Every request counts as one over TLS, since the API speaks plain HTTP to this machine only",
        checked=_SYNTH,
    ),
    Limit(
        subject="AWS::Lambda::Function Architectures, Runtime, MemorySize, EphemeralStorage, VpcConfig",
        not_proved="Told by the API; the function runs on this machine's processor and Python, with its memory and "
        "network. A compiled dependency for another architecture is not loaded",
        checked="the packaging tests; " + _ACCOUNT,
    ),
    Limit(
        subject="AWS::Lambda::Function LoggingConfig log levels, TracingConfig",
        not_proved="A line of output is an event, one stream an invocation, whatever its level; with the format JSON "
        "the platform's lines are JSON, but what is logged as text stays text; no trace is recorded",
        checked=_SYNTH,
    ),
    Limit(
        subject="AWS::CodeDeploy::DeploymentGroup DeploymentConfigName",
        not_proved="All traffic goes to the new version as soon as its check has passed; nothing waits for the minutes "
        "of a canary or linear configuration, in which alarms would take it back",
        checked=f"{_SYNTH}; {_ACCOUNT}",
    ),
    Limit(
        subject="AWS::CloudWatch::Alarm on Lambda's metrics",
        not_proved="No function writes metrics, so the state changes by SetAlarmState alone. An alarm that is on stops "
        "a release",
        checked=_ACCOUNT,
    ),
    Limit(
        subject="AWS::Lambda::Alias UpdatePolicy while a stack rolls back",
        not_proved="The alias goes back at once, without a CodeDeploy deployment",
        checked=_ACCOUNT,
    ),
    Limit(
        subject="AWS::Lambda::Function DeadLetterConfig, SnapStart, Layers built for AWS",
        not_proved="Recorded only",
        checked=_SYNTH,
    ),
    Limit(
        subject="AWS::Lambda::Url with InvokeMode RESPONSE_STREAM, the layer of the AWS Lambda Web Adapter",
        not_proved="The emulator stands for both: signatures, permissions, headers, streaming, the time limit and the "
        "reserved concurrency are AWS's as documented, but the layer's own program does not run. A presigned URL, a "
        "URL without IAM and an invocation by Lambda's API are refused; the cap on a stream's bandwidth, its largest "
        "size and the wording of refusals are not AWS's",
        checked=f"the service's tests of its process; {_ACCOUNT}",
    ),
    Limit(
        subject="x-amzn-request-context, which tells an agent's service who calls",
        not_proved="The emulator writes it over what a caller sends; on AWS the layer's Web Adapter does. The whole "
        "service's tenancy hangs on it",
        checked="the first check after the first deployment: docs/guides/conversations.md, After the first deployment",
    ),
    Limit(
        subject="AWS::Lambda::Url with InvokeMode RESPONSE_STREAM of a function in a VPC (agent_service.in_vpc)",
        not_proved="Streams here as outside a VPC. AWS's page on response streaming says that function URLs do not "
        "support it within a VPC environment, which is read as being about clients there "
        "(docs/decisions/agent-service.md)",
        checked=f"{_ACCOUNT}: docs/guides/conversations.md, After the first deployment; the way out is in_vpc: false",
    ),
    Limit(
        subject="Amazon Bedrock: InvokeModel, Converse, inference profiles, guardrails",
        not_proved="Conversational agents have the scripted model, which picks tools by the words of a question",
        checked=f"tests of the model's permissions and settings with stubs; {_SYNTH}; {_ACCOUNT}",
    ),
    Limit(
        subject="The company's roles (conversation.callers)",
        not_proved="The local run makes them and attaches the callers' policies; on AWS whoever runs the company does, "
        "and IAM Identity Center names sessions after people",
        checked="the service's tests of callers; docs/guides/conversations.md",
    ),
    Limit(
        subject="AWS::Logs::DeliverySource, DeliveryDestination, Delivery; AWS::XRay::ResourcePolicy",
        not_proved="Recorded. The local gateway writes its application logs to the log group of their delivery; its "
        "traces are delivered nowhere",
        checked=f"{_SYNTH}; {_ACCOUNT}",
    ),
    Limit(
        subject="AWS::SecretsManager::RotationSchedule RotationRules",
        not_proved="A rotation runs when it is set up or asked for; none begins by the calendar. Failed rotations "
        "are tried again after seconds, not hours, and given up after seven attempts",
        checked="the unit tests of the rotation function; " + _ACCOUNT,
    ),
    Limit(
        subject="AWS::SecretsManager::RotationSchedule HostedRotationLambda",
        not_proved="Refused by name: the kit brings its own rotation function",
        checked="not used",
    ),
    Limit(
        subject="DescribeUserPoolClient after a client secret was added or deleted",
        not_proved="Tells the oldest live secret, which the API reference leaves open",
        checked="not relied upon: rotation never reads a secret from Cognito",
    ),
    Limit(
        subject="AWS::Cognito::UserPool LambdaConfig PreTokenGenerationConfig",
        not_proved="Runs for client credentials; Cognito's limit of five seconds and its repetition of a trigger that "
        "takes longer are not emulated. The text of the token endpoint's error is that of sign-ins, which AWS "
        "documents for these only",
        checked=f"the benchmark of the trigger (tests/bench/token_claims.py); {_ACCOUNT}",
    ),
    Limit(
        subject="AWS::Cognito::UserPool threat protection, e-mail, SMS, managed login",
        not_proved="Recorded only; no message is sent",
        checked=_SYNTH,
    ),
    Limit(
        subject="AWS::BedrockAgentCore::Gateway and GatewayTarget limits, statuses and error texts",
        not_proved="What the API's model and AWS's documents say is enforced; texts of errors that no document "
        "quotes are our own, and operations end within a moment",
        checked=_ACCOUNT,
    ),
    Limit(
        subject="AWS::BedrockAgentCore::Gateway GatewayUrl",
        not_proved="A loopback address without TLS that the local gateway serves",
        checked=_ACCOUNT,
    ),
    Limit(
        subject="AWS::BedrockAgentCore::GatewayTarget OpenApiSchema, SmithyModel, ApiGateway",
        not_proved="Documents are checked for what becomes a tool (operation ids, a server, shapes), a stage for its "
        "existence; the finer rules of AWS's own reader are not known here",
        checked=f"the settings' own checks when templates are made; {_ACCOUNT}",
    ),
    Limit(
        subject="AWS::BedrockAgentCore::PolicyEngine, Policy",
        not_proved="Statements are validated with Cedar itself against the gateway's tools. Findings follow a "
        "condition's logic, not what its comparisons mean: where AWS proves that a policy allows or denies everything, "
        "the local run may find nothing. A status settles at once. Temporal and guardrail statements and generated "
        "policies are refused, tools of Smithy models and REST APIs are unknown, a missing InvokeGateway is refused at "
        "once instead of failing the policy",
        checked=f"the settings' own validation when templates are made; {_ACCOUNT}",
    ),
    Limit(
        subject="AWS::BedrockAgentCore::PolicyEngine EncryptionKeyArn",
        not_proved="The key must exist; that the gateway's role may decrypt with it is not asked",
        checked=_SYNTH,
    ),
    Limit(
        subject="AWS::BedrockAgentCore::GatewayRateLimit",
        not_proved="Takes effect at once and counts exactly; on AWS a change takes up to 30 seconds, a limit without "
        "recent traffic lets a burst pass, and the gateway lets calls through when its limits cannot be asked",
        checked=f"never relied upon for security; {_ACCOUNT}",
    ),
    Limit(
        subject="AWS::WAFv2::WebACL, WebACLAssociation, LoggingConfiguration",
        not_proved="Recorded, and refused where a web ACL, gateway or log group is missing; no rule judges a request "
        "and no log is written",
        checked=f"{_SYNTH}; {_ACCOUNT}",
    ),
    Limit(
        subject="AWS::Budgets::Budget",
        not_proved="Recorded; nothing costs anything here, so no budget is reached and nobody is told",
        checked=_SYNTH,
    ),
    Limit(
        subject="AWS::BedrockAgentCore::GatewayTarget McpServer Endpoint",
        not_proved="Only servers of this machine are asked for their tools: runtimes of the local run, and hosts that "
        "hosts.json in the state folder maps to a port; another host fails the target",
        checked=_ACCOUNT,
    ),
    Limit(
        subject="AWS::BedrockAgentCore::GatewayTarget, OAuth2CredentialProvider PrivateEndpoint (VPC Lattice)",
        not_proved="Recorded; no request goes through a VPC, and no Lattice resource is made or looked for",
        checked=f"{_SYNTH}; {_ACCOUNT}",
    ),
    Limit(
        subject="AWS::BedrockAgentCore::OAuth2CredentialProvider vendors, consent of users, private keys",
        not_proved="Refused by name: the local run gets tokens for machines with a client secret, from a server that "
        "the provider describes itself",
        checked=_ACCOUNT,
    ),
    Limit(
        subject="AWS::BedrockAgentCore::Runtime sessions, lifecycle, network, platform",
        not_proved="One process of this machine's Python serves all sessions of a version until it is replaced; it "
        "listens at a loopback port instead of the contract's, finds compiled packages as this machine has them (from "
        "the project's environment, in the archive's versions), is not stopped when idle, and reaches what any process "
        "of this machine reaches. A server that binds its port past Python's socket module (uvloop) is not moved",
        checked=f"{_SYNTH}; {_ACCOUNT}",
    ),
    Limit(
        subject="AWS::BedrockAgentCore::Runtime ContainerConfiguration, NODE_22, opentelemetry-instrument",
        not_proved="Containers and Node.js servers are refused by name; a wrapper before the entry point is left out",
        checked=_ACCOUNT,
    ),
    Limit(
        subject="InvokeAgentRuntime streams",
        not_proved="An answer is passed on when it is complete; a server's events arrive together",
        checked=_ACCOUNT,
    ),
    Limit(
        subject="AWS::DynamoDB::GlobalTable Replicas in other regions, SSESpecification, point-in-time recovery",
        not_proved="Only this region's replica exists; protection settings are told by the API, nothing is encrypted "
        "or backed up, expired items go when ministack sees them; PartiQL statements name no partition key to "
        "policies; an index is up to date at once",
        checked=_SYNTH,
    ),
    Limit(
        subject="AWS::S3::Bucket encryption, lifecycle, access logs, replication",
        not_proved="Told by the API, replication dropped; nothing is encrypted, moves, expires or is logged. Locked "
        "versions cannot be deleted, but their bucket goes with its stack",
        checked=f"{_SYNTH}; {_LINT}",
    ),
    Limit(
        subject="AWS::Logs::SubscriptionFilter, Transformer",
        not_proved="Events go to Firehose and Lambda at once, with the permissions that AWS asks for; other "
        "destinations, and processors of a transformer beyond ParseJSON and DeleteKeys, are refused by name. Nothing "
        "but Lambda tries again",
        checked=_ACCOUNT,
    ),
    Limit(
        subject="AWS::KinesisFirehose::DeliveryStream",
        not_proved="Buffers by time and size, decompresses, takes out messages and writes with its role's permission; "
        "its encryption and that of its objects are recorded. Whether AWS ends an envelope's last message with a "
        "newline no document says, so the stream of the kit adds one; nor whether Firehose sends the checksum that S3 "
        "wants of whoever writes into a locked bucket",
        checked=_ACCOUNT,
    ),
    Limit(
        subject="AWS::Glue::Table, AWS::Athena::WorkGroup, NamedQuery",
        not_proved="DuckDB runs queries instead of Trino, over all objects below a table's location and with every "
        "permission; encryption, partition projection and the limit on bytes are recorded",
        checked=f"the saved queries, parsed as Athena's (tests/unit/test_audit_queries.py); {_ACCOUNT}",
    ),
    Limit(
        subject="AWS::CloudWatch::Alarm on CloudWatch Logs and Firehose, AWS::Logs::MetricFilter, AWS::SNS::Topic",
        not_proved="No metric is written, so no alarm goes off",
        checked=_SYNTH,
    ),
    Limit(
        subject="AWS::CloudWatch::Alarm on metrics of the namespace Foundation",
        not_proved="The functions print them in CloudWatch's embedded metric format and the lines are kept, but no "
        "metric is taken out of a line, so no alarm goes off",
        checked=f"the functions' unit tests, which read the lines; {_SYNTH}",
    ),
    Limit(
        subject="AWS::EKS::Cluster, Nodegroup, Addon, AccessEntry",
        not_proved="Recorded, told by the API, and refused where the emulator knows that EKS refuses (unknown add-ons, "
        "roles without trust, Auto Mode by halves, a version skipped). There is no Kubernetes API server and no node: "
        "nothing listens at the endpoint, no add-on runs, its version and configuration are not looked at, and no "
        "access entry decides",
        checked=f"{_SYNTH}; {_ACCOUNT}",
    ),
    Limit(
        subject="Custom::AWSCDK-EKS-KubernetesResource (kubectl)",
        not_proved="The provider's function is not called. Objects need apiVersion, kind, a name, and a namespace that "
        "is there by then; they are recorded in emulator/kubernetes/<cluster>.json of the state folder. No pod "
        "starts, and no network policy, quota or admission check decides",
        checked=f"the manifests' tests: schemas, kubectl itself, every pair of pods (tests/kubernetes); {_ACCOUNT}",
    ),
    Limit(
        subject="AWS::EKS::PodIdentityAssociation, eks-auth:AssumeRoleForPodIdentity",
        not_proved="A token of a service account gets a session of the associated role, with the tags that EKS sets, "
        "if the role's trust policy allows it. No API server signs such tokens: a key in the state folder does",
        checked=_ACCOUNT,
    ),
    Limit(
        subject="Termination protection, deletion protection, retention",
        not_proved="Enforced while the emulator runs; everything is gone when it ends",
        checked=_SYNTH,
    ),
    Limit(
        subject="API operations of AWS tools: Cost Explorer's forecast, dimension values and anomalies; RDS log files; "
        "SQS dead-letter sources; Route 53 DNSSEC, test answers and health checks' status; suppressed addresses of "
        "SES; EKS Fargate profiles and insights; provisioned concurrency of Lambda",
        not_proved="The tool answers with an error that names the operation; only its IAM permission is decided. Costs "
        "are empty, nothing drifts, no maintenance waits, and ECS clusters have no machines",
        checked="the tests with moto, or with the response that AWS's reference documents (tests/scenarios)",
    ),
    Limit(
        subject="Quotas of the account and throttling",
        not_proved="Only the limits that are named in this kit's tests are enforced",
        checked=_ACCOUNT,
    ),
)
