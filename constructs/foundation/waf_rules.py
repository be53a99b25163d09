"""The rules of the two groups that AWS keeps and the gateway's web ACL uses, by group.

https://docs.aws.amazon.com/waf/latest/developerguide/aws-managed-rule-groups-baseline.html
"""

from __future__ import annotations

COMMON = "AWSManagedRulesCommonRuleSet"
KNOWN_BAD_INPUTS = "AWSManagedRulesKnownBadInputsRuleSet"

_COMMON_RULES = """
NoUserAgent_HEADER UserAgent_BadBots_HEADER
SizeRestrictions_QUERYSTRING SizeRestrictions_Cookie_HEADER SizeRestrictions_BODY SizeRestrictions_URIPATH
EC2MetaDataSSRF_BODY EC2MetaDataSSRF_COOKIE EC2MetaDataSSRF_URIPATH EC2MetaDataSSRF_QUERYARGUMENTS
GenericLFI_QUERYARGUMENTS GenericLFI_URIPATH GenericLFI_BODY
RestrictedExtensions_URIPATH RestrictedExtensions_QUERYARGUMENTS
GenericRFI_QUERYARGUMENTS GenericRFI_BODY GenericRFI_URIPATH
CrossSiteScripting_COOKIE CrossSiteScripting_QUERYARGUMENTS CrossSiteScripting_BODY CrossSiteScripting_URIPATH
"""

_KNOWN_BAD_INPUTS_RULES = """
JavaDeserializationRCE_HEADER JavaDeserializationRCE_BODY JavaDeserializationRCE_URIPATH
JavaDeserializationRCE_QUERYSTRING Host_localhost_HEADER PROPFIND_METHOD ExploitablePaths_URIPATH
Log4JRCE_HEADER Log4JRCE_QUERYSTRING Log4JRCE_BODY Log4JRCE_URIPATH ReactJSRCE_BODY
"""

RULES = {COMMON: frozenset(_COMMON_RULES.split()), KNOWN_BAD_INPUTS: frozenset(_KNOWN_BAD_INPUTS_RULES.split())}
"""AWS refuses to override a rule that a group does not have."""


def unknown_rules(names: tuple[str, ...]) -> list[str]:
    """Those of `names` that no group has."""
    return sorted(set(names).difference(*RULES.values()))
