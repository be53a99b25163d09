"""Where the gateway on this machine differs from AgentCore; the documentation's table is generated from it."""

from __future__ import annotations

from local.emulator.limits import Limit

LIMITS: tuple[Limit, ...] = (
    Limit(
        subject="Semantic search",
        not_proved="x_amz_bedrock_agentcore_search ranks by shared words, not by meaning; AgentCore may find "
        "other tools",
        checked="on a deployed gateway only",
    ),
    Limit(
        subject="Sessions and streams",
        not_proved="every request stands alone: sessionConfiguration is not honoured, GET and DELETE answer 405, "
        "results of a target are never streamed piecewise",
        checked="tests/contract on a deployed gateway (the clients need neither)",
    ),
    Limit(
        subject="Temporal and guardrail policies, rate limits by header or body, custom transformations, IAM and open "
        "authorizers",
        not_proved="a gateway that has one is not served at all (503 with the reason), so none of these checks "
        "is ever skipped",
        checked="tests/unit/test_local_gateway_control_plane.py",
    ),
    Limit(
        subject="Interceptors",
        not_proved="events and answers follow AWS's documentation, and what deployed gateways took and refused where "
        "it is silent: the response interceptor gets the request as the other one left it, runs after denied and "
        "throttled calls and answers without a body too, and may set a status",
        checked="tests/contract on a deployed gateway",
    ),
    Limit(
        subject="Policy engines",
        not_proved="a denied call gets the JSON-RPC error that deployed gateways send, not the tool result of the "
        "documentation; a policy that fails on a call denies it; the built-in search is not judged, what it finds is; "
        "whether the role may use the engine is not asked",
        checked="tests/unit/test_local_gateway_policy.py; tests/contract on a deployed gateway",
    ),
    Limit(
        subject="Rate limits",
        not_proved="every request counts at once, where AgentCore counts approximately and takes up to 30 seconds to "
        "follow a change; they come after the policy, which is nowhere specified",
        checked="tests/unit/test_local_gateway_rate_limits.py; tests/contract on a deployed gateway",
    ),
    Limit(
        subject="Application logs",
        not_proved="shape and wording of processed requests are documented, the wording of failed and refused ones is "
        "not; traces are not written",
        checked="tests/unit/test_local_gateway_application_log.py; the first deployment to an AWS account",
    ),
    Limit(
        subject="Web ACL, quotas on calls",
        not_proved="not applied; request and response sizes are",
        checked="policy checks on the template",
    ),
    Limit(
        subject="Smithy, API Gateway, connector, HTTP and inference targets",
        not_proved="their tools are not listed, a call answers that the target works on AWS; the other targets of the "
        "gateway are served",
        checked="tests/unit/test_local_gateway_mcp.py; on a deployed gateway",
    ),
    Limit(
        subject="OpenAPI targets",
        not_proved="which arguments a tool has where AWS's documentation is silent: properties of a JSON body stand "
        "beside the parameters, another body is the argument `body`, a name that would stand twice is refused; no "
        "tool declares an output; the text of a service's error",
        checked="tests/contract on a deployed gateway",
    ),
    Limit(
        subject="MCP server targets",
        not_proved="prompts and resources are not passed on; no session with the server lasts longer than a call; the "
        "gateway lists the tools itself when it first reads the target and after each synchronization",
        checked="on a deployed gateway",
    ),
    Limit(
        subject="Credentials of targets",
        not_proved="only those that need no user: API key, OAuth client credentials, signatures of the gateway's "
        "role. A credential that a target sends back is blotted out here; AWS may pass it on",
        checked="tests/unit/test_local_gateway_openapi.py, tests/unit/test_local_gateway_mcp_server.py",
    ),
    Limit(
        subject="Private endpoints and certificates of targets",
        not_proved="VPC Lattice is not walked and certificateConfigurations are not read: a service is reached "
        "through the local edge, or at an address of this machine",
        checked="on a deployed gateway",
    ),
    Limit(
        subject="Wording of errors",
        not_proved="status codes, WWW-Authenticate, argument and permission errors follow AWS's documentation "
        "and published observations; the page size of tools/list, the JSON-RPC code of a 403 and the "
        "text of an unknown tool are nowhere specified",
        checked="tests/contract on a deployed gateway",
    ),
    Limit(
        subject="Permissions of the gateway's role",
        not_proved="enforced for each call, so that one taken away is missed at once; AWS may honour it for a "
        "while yet, and may refuse what the organization's policies do not allow",
        checked="tests/local/test_end_to_end_refusals.py; the first deployment to an AWS account",
    ),
)
