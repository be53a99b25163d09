"""Where the gateway on this machine differs from AgentCore: what a green local run does not prove."""

from __future__ import annotations

from typing import NamedTuple


class Limit(NamedTuple):
    """A difference, what follows from it, and where the point is checked instead."""

    subject: str
    difference: str
    checked: str


LIMITS = (
    Limit(
        "Semantic search",
        "x_amz_bedrock_agentcore_search ranks by shared words, not by meaning; AgentCore may find other tools",
        "on a deployed gateway only",
    ),
    Limit(
        "Sessions and streams",
        "every request stands alone: sessionConfiguration is not honoured, GET and DELETE answer 405, results of a "
        "target are never streamed piecewise",
        "tests/contract on a deployed gateway (the clients need neither)",
    ),
    Limit(
        "Interceptors, policy engines, custom transformations, IAM and open authorizers",
        "a gateway that has one is not served at all (503 with the reason), so none of these checks is ever skipped",
        "tests/unit/test_local_gateway_control_plane.py",
    ),
    Limit(
        "Web ACL, rate limits, quotas on calls",
        "not applied; request and response sizes are",
        "policy checks on the template",
    ),
    Limit(
        "Target kinds other than Lambda",
        "their tools are not listed, and a call names the target's kind",
        "tests/unit/test_local_gateway_mcp.py",
    ),
    Limit(
        "Wording of errors",
        "status codes, WWW-Authenticate, argument and permission errors follow AWS's documentation and published "
        "observations; the page size of tools/list, the JSON-RPC code of a 403 and the text of an unknown tool are "
        "nowhere specified",
        "tests/contract on a deployed gateway",
    ),
    Limit(
        "Permissions of the gateway's role",
        "enforced for each call, so that one taken away is missed at once; AWS may honour it for a while yet, and "
        "may refuse what the organization's policies do not allow",
        "tests/local/test_end_to_end_refusals.py; the first deployment to an AWS account",
    ),
)
