"""cfn-lint in this process: rules are loaded once, templates come as parsed JSON, findings go as lines of text."""

from functools import cache
from typing import Any

from cfnlint.config import ConfigMixIn
from cfnlint.runner import Runner

from tests.lint.literal import Assembly, Body

IGNORED = {
    "W3005": "add_dependency, ours and that of CDK's own constructs, repeats what a reference already says.",
    "W3010": "Zones are named in the settings on purpose, and copies hold the names that Fn::GetAZs would return.",
}
"""cfn-lint rules that are off for every template, each with the reason."""


def lint(template: Body, *, region: str = "us-east-1") -> list[str]:
    """What cfn-lint finds in a template, one line each: rule, place, message; errors and warnings alike."""
    return sorted(
        f"{match.rule.id} {'/'.join(str(part) for part in match.path)}: {match.message}"
        for match in _runner(region).validate_template(template)
        if match.rule.id not in IGNORED
    )


def lint_assembly(assembly: Assembly) -> dict[str, list[str]]:
    """Findings by stack, for each template as it is and for its literal copies; stacks without any are left out."""
    findings = {stack: _both(assembly, stack) for stack in assembly.templates}
    return {stack: lines for stack, lines in findings.items() if lines}


def _both(assembly: Assembly, stack: str) -> list[str]:
    template = assembly.templates[stack]
    lines = lint(template, region=assembly.region)
    for branch in (0, 1) if _uses_if(template["Resources"]) else (0,):
        copy = assembly.literal(stack, branch=branch)
        lines += [f"(literal) {line}" for line in lint(copy, region=assembly.region)]
    return lines


def _uses_if(node: Any) -> bool:
    """Whether Fn::If stands anywhere below a node."""
    if isinstance(node, dict):
        return "Fn::If" in node or any(_uses_if(content) for content in node.values())
    return isinstance(node, list) and any(_uses_if(item) for item in node)


@cache
def _runner(region: str) -> Any:
    return Runner(ConfigMixIn(regions=[region]))
