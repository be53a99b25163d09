"""Reads SES: the account's sending, its identities and configuration sets, whether an address is suppressed.

There is no operation that lists suppressed addresses or contacts: they are the addresses of the company's customers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from aws_operations.edge.server import server
from aws_operations.rows import tags
from toolkit import Answer, Aws, Page, ToolError

Item = Mapping[str, Any]

_TWO_WEEKS = 14 * 24
_COUNTS = {
    "DeliveryAttempts": "delivery_attempts",
    "Bounces": "bounces",
    "Complaints": "complaints",
    "Rejects": "rejects",
}

ses = server.family(
    "ses_read_operations",
    "Read SES without changing anything: whether and how much mail is sent, identities, configuration sets.",
    self_check={"operation": "list_identities", "page_size": 1},
    classification="internal",
    sensitive=["email_address"],
)


@ses.operation(actions=["ses:GetAccount"])
def get_account(aws: Aws) -> Answer:
    """Show whether the account may send, its quota, what it sent in the last 24 hours, and its reputation's state."""
    found = aws.client("sesv2").get_account()
    quota = found.get("SendQuota", {})
    return {
        "sending_enabled": found.get("SendingEnabled"),
        "production_access": found.get("ProductionAccessEnabled"),
        "enforcement_status": found.get("EnforcementStatus"),
        "review_status": found.get("Details", {}).get("ReviewDetails", {}).get("Status"),
        "quota_24_hours": quota.get("Max24HourSend"),
        "quota_per_second": quota.get("MaxSendRate"),
        "sent_last_24_hours": quota.get("SentLast24Hours"),
        "suppressed_reasons": found.get("SuppressionAttributes", {}).get("SuppressedReasons", []),
    }


@ses.operation(actions=["ses:GetSendStatistics"])
def get_send_statistics(aws: Aws, page: Page, hours: int = 24) -> Answer:
    """Show how many mails were tried, bounced, complained of and rejected, in total and every 15 minutes.

    Args:
        hours: How far back, at most two weeks.
    """
    if not 1 <= hours <= _TWO_WEEKS:
        raise ToolError(f"hours must be from 1 to {_TWO_WEEKS}, not {hours}", code="invalid_arguments")
    since = datetime.now(UTC) - timedelta(hours=hours)
    found = aws.client("ses").get_send_statistics()
    points = sorted(
        (point for point in found.get("SendDataPoints", []) if point["Timestamp"] >= since),
        key=lambda point: point["Timestamp"],
        reverse=True,
    )
    totals: Counter[str] = Counter()
    for point in points:
        totals.update(_counts(point))
    shown = page.slice([{"from": point["Timestamp"], **_counts(point)} for point in points])
    return {
        "totals": {name: totals[name] for name in _COUNTS.values()},
        "newest_first": shown["items"],
        "next_page_token": shown["next_page_token"],
    }


@ses.operation(actions=["ses:ListEmailIdentities"])
def list_identities(aws: Aws, page: Page) -> Answer:
    """List the domains and addresses that mail may be sent from, and whether each is verified."""
    found = aws.client("sesv2").list_email_identities(**page.request("PageSize", "NextToken", most=1000))
    identities = [
        {
            "identity": item["IdentityName"],
            "type": item.get("IdentityType"),
            "verification_status": item.get("VerificationStatus"),
            "sending_enabled": item.get("SendingEnabled"),
        }
        for item in found.get("EmailIdentities", [])
    ]
    return {"identities": identities, "next_page_token": found.get("NextToken")}


@ses.operation(actions=["ses:GetEmailIdentity on identity"])
def get_identity(aws: Aws, identity: str) -> Answer:
    """Show a domain's or address's verification, DKIM, MAIL FROM domain, configuration set and tags.

    Args:
        identity: The domain or the email address.
    """
    found = aws.client("sesv2").get_email_identity(EmailIdentity=identity)
    dkim, mail_from = found.get("DkimAttributes", {}), found.get("MailFromAttributes", {})
    verification = found.get("VerificationInfo", {})
    return {
        "identity": identity,
        "type": found.get("IdentityType"),
        "verified_for_sending": found.get("VerifiedForSendingStatus"),
        "verification_status": found.get("VerificationStatus"),
        "verification_error": verification.get("ErrorType"),
        "verification_last_checked": verification.get("LastCheckedTimestamp"),
        "dkim_status": dkim.get("Status"),
        "dkim_signing_enabled": dkim.get("SigningEnabled"),
        # The names of the public CNAME records that have to be there, no secrets:
        # https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_DkimAttributes.html
        "dkim_record_names": dkim.get("Tokens", []),
        "mail_from_domain": mail_from.get("MailFromDomain"),
        "mail_from_status": mail_from.get("MailFromDomainStatus"),
        "configuration_set": found.get("ConfigurationSetName"),
        "feedback_forwarded": found.get("FeedbackForwardingStatus"),
        "policies": found.get("Policies", {}),
        "tags": tags(found.get("Tags")),
    }


@ses.operation(actions=["ses:ListConfigurationSets"])
def list_configuration_sets(aws: Aws, page: Page) -> Answer:
    """List the names of the configuration sets."""
    found = aws.client("sesv2").list_configuration_sets(**page.request("PageSize", "NextToken", most=1000))
    return {
        "configuration_sets": found.get("ConfigurationSets", []),
        "next_page_token": found.get("NextToken"),
    }


@ses.operation(actions=["ses:GetConfigurationSet on configuration-set"])
def get_configuration_set(aws: Aws, name: str) -> Answer:
    """Show whether a configuration set may send, over which IP pool, with which TLS policy and tracking.

    Args:
        name: The configuration set's name.
    """
    found = aws.client("sesv2").get_configuration_set(ConfigurationSetName=name)
    delivery = found.get("DeliveryOptions", {})
    return {
        "name": name,
        "sending_enabled": found.get("SendingOptions", {}).get("SendingEnabled"),
        "reputation_metrics_enabled": found.get("ReputationOptions", {}).get("ReputationMetricsEnabled"),
        "ip_pool": delivery.get("SendingPoolName"),
        "tls_policy": delivery.get("TlsPolicy"),
        "tracking_domain": found.get("TrackingOptions", {}).get("CustomRedirectDomain"),
        "suppressed_reasons": found.get("SuppressionOptions", {}).get("SuppressedReasons"),
        "tags": tags(found.get("Tags")),
    }


@ses.operation(actions=["ses:GetConfigurationSetEventDestinations on configuration-set"])
def list_event_destinations(aws: Aws, page: Page, name: str) -> Answer:
    """List where a configuration set reports sends, bounces, complaints and the like."""
    found = aws.client("sesv2").get_configuration_set_event_destinations(ConfigurationSetName=name)
    shown = page.slice([_destination(item) for item in found.get("EventDestinations", [])])
    return {"event_destinations": shown["items"], "next_page_token": shown["next_page_token"]}


@ses.operation(actions=["ses:GetSuppressedDestination"])
def get_suppressed_address(aws: Aws, email_address: str) -> Answer:
    """Show whether the account sends nothing to an address because of a bounce or complaint, and since when.

    Args:
        email_address: The recipient's address.
    """
    client = aws.client("sesv2")
    try:
        found = client.get_suppressed_destination(EmailAddress=email_address)["SuppressedDestination"]
    except client.exceptions.NotFoundException:
        return {"email_address": email_address, "suppressed": False}
    return {
        "email_address": found["EmailAddress"],
        "suppressed": True,
        "reason": found["Reason"],
        "since": found["LastUpdateTime"],
        "message_id": found.get("Attributes", {}).get("MessageId"),
    }


def _counts(point: Item) -> dict[str, int]:
    return {name: point.get(member, 0) for member, name in _COUNTS.items()}


def _destination(item: Item) -> dict[str, Any]:
    kinds = {
        "event_bus_arn": item.get("EventBridgeDestination", {}).get("EventBusArn"),
        "topic_arn": item.get("SnsDestination", {}).get("TopicArn"),
        "delivery_stream_arn": item.get("KinesisFirehoseDestination", {}).get("DeliveryStreamArn"),
        "metric_dimensions": [
            dimension["DimensionName"]
            for dimension in item.get("CloudWatchDestination", {}).get("DimensionConfigurations", [])
        ],
    }
    return {
        "name": item["Name"],
        "enabled": item.get("Enabled", False),
        "events": item["MatchingEventTypes"],
        **{name: value for name, value in kinds.items() if value},
    }
