"""What AWS WAF keeps from a gateway before any of our code sees it (R10).

https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/gateway-waf.html. A request that WAF cannot judge is
refused by the gateway: its failure mode is FAIL_CLOSE when nothing else is said.
"""

from __future__ import annotations

from typing import Any

from aws_cdk import ArnFormat, Stack, aws_logs as logs, aws_wafv2 as wafv2
from constructs import Construct, IDependable

from foundation.log_group import LogKeeping
from foundation.waf_rules import COMMON, KNOWN_BAD_INPUTS, RULES, unknown_rules

LOG_GROUP_PREFIX = "aws-waf-logs-"
"""What the names of WAF's log groups have to begin with
(https://docs.aws.amazon.com/waf/latest/developerguide/logging-cw-logs.html)."""

LONGEST_PATH = 512
LONGEST_QUERY = 512
LONGEST_HEADER = 8192
"""Bytes that a request's parts may have. MCP has one path and no query, and an access token with all our claims is the
longest header. Headers beyond what WAF reads, eight kilobytes or 200 of them, count as too long
(https://docs.aws.amazon.com/waf/latest/developerguide/waf-oversize-request-components.html)."""

Rule = dict[str, Any]


class GatewayWebAcl(Construct):
    """A regional web ACL on one gateway, with its log.

    Attributes:
        web_acl: the web ACL.
        log_group: what it blocked and counted, without bearer tokens.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        gateway_arn: str,
        requests_per_5_minutes_per_ip: int,
        counted_rules: tuple[str, ...],
        log_keeping: LogKeeping,
        after: IDependable,
    ) -> None:
        """Make the web ACL and put it on the gateway.

        Args:
            scope: the construct that holds the gateway.
            construct_id: its id there.
            name: the gateway's name, part of the web ACL's.
            gateway_arn: the gateway.
            requests_per_5_minutes_per_ip: above this an address is blocked until it slows down; 10 to 2,000,000,000.
            counted_rules: rules of AWS's groups that only count, by their names.
            log_keeping: how its log is kept; the key has to admit log delivery.
            after: what has to be done with the gateway before: it takes a web ACL only when it is READY.

        Raises:
            ValueError: no group has a rule of `counted_rules`.
        """
        if unknown := unknown_rules(counted_rules):
            raise ValueError(f"AWS WAF's groups have no rule {unknown[0]}: take one of foundation/waf_rules.py.")
        super().__init__(scope, construct_id)
        self._prefix = name
        self.web_acl = wafv2.CfnWebACL(
            self,
            "Acl",
            name=name,
            description=f"Before the gateway {name}",
            scope="REGIONAL",
            default_action={"allow": {}},
            visibility_config=_visible(name),
            rules=[
                self._rate(requests_per_5_minutes_per_ip),
                self._sizes(),
                _managed(COMMON, priority=2, counted=counted_rules),
                _managed(KNOWN_BAD_INPUTS, priority=3, counted=counted_rules),
            ],
        )
        association = wafv2.CfnWebACLAssociation(
            self, "Association", resource_arn=gateway_arn, web_acl_arn=self.web_acl.attr_arn
        )
        association.node.add_dependency(after)
        self.log_group = self._log(log_keeping)

    def _rate(self, limit: int) -> Rule:
        return {
            "name": "requests-per-address",
            "priority": 0,
            "action": {"block": {}},
            "statement": {
                "rateBasedStatement": {"limit": limit, "aggregateKeyType": "IP", "evaluationWindowSec": 300},
            },
            "visibilityConfig": _visible("requests-per-address"),
        }

    def _sizes(self) -> Rule:
        parts = [
            ({"uriPath": {}}, LONGEST_PATH),
            ({"queryString": {}}, LONGEST_QUERY),
            (
                {"headers": {"matchPattern": {"all": {}}, "matchScope": "ALL", "oversizeHandling": "MATCH"}},
                LONGEST_HEADER,
            ),
        ]
        return {
            "name": "sizes",
            "priority": 1,
            "action": {"block": {}},
            "statement": {
                "orStatement": {
                    "statements": [
                        {
                            "sizeConstraintStatement": {
                                "fieldToMatch": part,
                                "comparisonOperator": "GT",
                                "size": longest,
                                "textTransformations": [{"priority": 0, "type": "NONE"}],
                            }
                        }
                        for part, longest in parts
                    ]
                }
            },
            "visibilityConfig": _visible("sizes"),
        }

    def _log(self, log_keeping: LogKeeping) -> logs.LogGroup:
        """What is kept: requests that a rule blocked or counted; never the Authorization header."""
        group = log_keeping.log_group(self, "Logs", name=f"{LOG_GROUP_PREFIX}{self._prefix}")
        # WAF takes the ARN of a log group without the `:*` at its end that the L2's has.
        arn = Stack.of(self).format_arn(
            service="logs",
            resource="log-group",
            resource_name=group.log_group_name,
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )
        wafv2.CfnLoggingConfiguration(
            self,
            "Logging",
            resource_arn=self.web_acl.attr_arn,
            log_destination_configs=[arn],
            redacted_fields=[{"singleHeader": {"Name": "authorization"}}],
            logging_filter={
                "DefaultBehavior": "DROP",
                "Filters": [
                    {
                        "Behavior": "KEEP",
                        "Requirement": "MEETS_ANY",
                        "Conditions": [
                            {"ActionCondition": {"Action": action}}
                            for action in ("BLOCK", "COUNT", "EXCLUDED_AS_COUNT")
                        ],
                    }
                ],
            },
        )
        return group


def _managed(group: str, *, priority: int, counted: tuple[str, ...]) -> Rule:
    """A rule group that AWS keeps; each of its rules does what AWS says, but for those that only count."""
    statement: Rule = {"vendorName": "AWS", "name": group}
    if own := [rule for rule in counted if rule in RULES[group]]:
        statement["ruleActionOverrides"] = [{"name": rule, "actionToUse": {"count": {}}} for rule in own]
    return {
        "name": group,
        "priority": priority,
        "overrideAction": {"none": {}},
        "statement": {"managedRuleGroupStatement": statement},
        "visibilityConfig": _visible(group),
    }


def _visible(metric: str) -> Rule:
    """A metric for each rule, and no samples: those show whole requests, bearer tokens included."""
    return {"sampledRequestsEnabled": False, "cloudWatchMetricsEnabled": True, "metricName": metric}
