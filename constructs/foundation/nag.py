"""The policy packs: which checks run over an app, and that none of their findings slips through.

Public packs come from cdk-nag 3; rules about AgentCore, which those lack, from `foundation.checks.agentcore`. Findings
are accepted beside their resource with `foundation.acknowledge`; the only ones accepted for the whole app stand here.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Protocol, cast

import cdk_nag
import jsii
from aws_cdk import (
    App,
    IPolicyValidationContext,
    IPolicyValidationPlugin,
    PolicyValidationPluginReport,
    PolicyViolatingResource,
    PolicyViolation,
    Validations,
)
from aws_cdk.cx_api import CloudAssembly

from foundation.acknowledge import RuleIds, acknowledge
from foundation.checks import agentcore
from foundation.checks.template import Template

PACKS: dict[str, type[cdk_nag.NagPack]] = {
    "AwsSolutions": cdk_nag.AwsSolutionsChecks,
    "Serverless": cdk_nag.ServerlessChecks,
    "NIST80053R5": cdk_nag.NIST80053R5Checks,
    "PCIDSS321": cdk_nag.PCIDSS321Checks,
    "HIPAASecurity": cdk_nag.HIPAASecurityChecks,
}
"""Public packs by the name that settings use; the AgentCore pack is always on and has no name here."""

CONTRADICTS_CDK: dict[RuleIds, str] = {
    (
        "NIST.800.53.R5-IAMNoInlinePolicy",
        "PCI.DSS.321-IAMNoInlinePolicy",
        "HIPAA.Security-IAMNoInlinePolicy",
    ): (
        "Every grant of the CDK becomes an AWS::IAM::Policy, which is inline by CloudFormation's definition; "
        "each belongs to one role, is written by the template alone and is reviewed in its snapshot."
    ),
}
"""The one exception for the whole app: a rule which no app that uses grants can satisfy."""


class _Report(Protocol):
    """What this module reads of a report, whether a pack or a plugin of ours wrote it."""

    success: bool
    violations: list[PolicyViolation]


def add_policy_packs(app: App, *, packs: Sequence[str], debug_allowed: bool) -> None:
    """Run `packs` (keys of `PACKS`) and the AgentCore rules over the app's templates at the end of synthesis.

    Every finding that is not acknowledged fails the synthesis. `debug_allowed` permits gateways whose errors show
    their inside. Raises ValueError for an unknown pack.
    """
    unknown = sorted(set(packs) - PACKS.keys())
    if unknown:
        raise ValueError(f"Unknown policy packs {', '.join(unknown)}; there are {', '.join(PACKS)}.")
    plugins = [_Strict(PACKS[name](app)) for name in packs]
    Validations.of(app).add_plugins(*plugins, _AgentCore(debug_allowed=debug_allowed))
    acknowledge(app, CONTRADICTS_CDK)


def synthesize(app: App) -> CloudAssembly:
    """Write the app's templates; when findings are open, end the process with them instead of a stack trace.

    CDK has printed the findings by then, or they are in the exception's message when it runs inside a test.
    Raises SystemExit when a policy check failed, and whatever else `App.synth` raises.
    """
    try:
        return app.synth()
    except RuntimeError as error:
        if not str(error).startswith("ValidationFailed:"):
            raise
        raise SystemExit(str(error)) from None


@jsii.implements(IPolicyValidationPlugin)
class _Strict:
    """A pack of cdk-nag whose warnings count as much as its errors.

    CDK decides anew whether a pack has passed once it has taken out acknowledged findings, and then looks at errors
    only: one acknowledgement would let all warnings of its pack pass.
    """

    def __init__(self, pack: cdk_nag.NagPack) -> None:
        self._pack = pack

    @property
    def name(self) -> str:
        """The pack's name, which acknowledgements begin with."""
        return self._pack.name

    @property
    def rule_ids(self) -> list[str] | None:
        """Not told: cdk-nag does not list its rules."""
        return None

    @property
    def version(self) -> str | None:
        """The version of the pack, when it has one."""
        return self._pack.version

    def validate(self, context: IPolicyValidationContext) -> PolicyValidationPluginReport:
        """The pack's report with every finding raised to an error."""
        report = cast(_Report, self._pack.validate(context))
        return _report(
            PolicyViolation(
                rule_name=violation.rule_name,
                description=violation.description,
                severity="error",
                violating_resources=violation.violating_resources,
            )
            for violation in report.violations
        )


@jsii.implements(IPolicyValidationPlugin)
class _AgentCore:
    """The rules of `foundation.checks.agentcore` as a pack."""

    def __init__(self, *, debug_allowed: bool) -> None:
        self._debug_allowed = debug_allowed

    @property
    def name(self) -> str:
        """The pack's name, which acknowledgements begin with."""
        return "AgentCore"

    @property
    def rule_ids(self) -> list[str] | None:
        """Not told: the rules report by finding."""
        return None

    @property
    def version(self) -> str | None:
        """None: the rules are as old as the app they check."""
        return None

    def validate(self, context: IPolicyValidationContext) -> PolicyValidationPluginReport:
        """Every breach in the templates that were just written, located by logical id."""
        templates = [Template.read(path) for path in context.template_paths]
        return _report(
            PolicyViolation(
                rule_name=finding.rule,
                description=finding.message,
                severity="error",
                violating_resources=[
                    PolicyViolatingResource(
                        resource_logical_id=finding.logical_id,
                        template_path=template.path,
                        locations=[f"Properties.{finding.location}"],
                    )
                ],
            )
            for template in templates
            for finding in agentcore.findings(template, debug_allowed=self._debug_allowed)
        )


def _report(violations: Iterable[Any]) -> PolicyValidationPluginReport:
    found = list(violations)
    return PolicyValidationPluginReport(success=not found, violations=found)
