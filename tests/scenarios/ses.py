"""SES: an identity that sent a mail, and a configuration set that reports what becomes of mails."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from tests.scenarios.model import Account, Call, Clients, Made, Scenario

SENDER = "billing@acme.example"
CONFIGURATION_SET = "acme-receipts"
TOPIC = "arn:aws:sns:us-east-1:123456789012:acme-bounces"

_DESTINATION = {
    "Enabled": True,
    "MatchingEventTypes": ["BOUNCE", "COMPLAINT"],
    "SnsDestination": {"TopicArn": TOPIC},
}


def fill(client: Clients, account: Account) -> Made:
    sesv2 = client("sesv2")
    sesv2.create_email_identity(EmailIdentity=SENDER, Tags=[{"Key": "owner", "Value": "acme-billing"}])
    sesv2.create_configuration_set(
        ConfigurationSetName=CONFIGURATION_SET, Tags=[{"Key": "owner", "Value": "acme-receipts-team"}]
    )
    if account == "emulator":
        sesv2.create_configuration_set_event_destination(
            ConfigurationSetName=CONFIGURATION_SET, EventDestinationName="bounces", EventDestination=_DESTINATION
        )
    client("ses").verify_email_identity(EmailAddress=SENDER)
    text = {"Data": "Your receipt"}
    sesv2.send_email(
        FromEmailAddress=SENDER,
        Destination={"ToAddresses": ["customer@example.net"]},
        Content={"Simple": {"Subject": text, "Body": {"Text": text}}},
    )
    return {}


def calls(made: Made) -> Sequence[Call]:
    return [
        # https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_GetAccount.html
        Call(
            operation="get_account",
            finds="HEALTHY",
            unknown_to=("moto",),
            stubbed={
                "sesv2:GetAccount": {
                    "EnforcementStatus": "HEALTHY",
                    "ProductionAccessEnabled": True,
                    "SendQuota": {"Max24HourSend": 50000.0, "MaxSendRate": 14.0, "SentLast24Hours": 1.0},
                    "SendingEnabled": True,
                }
            },
        ),
        Call(operation="get_send_statistics", arguments={"hours": 1}, finds='"delivery_attempts": 1'),
        Call(operation="list_identities", finds=SENDER),
        Call(operation="get_identity", arguments={"identity": SENDER}, finds="acme-billing"),
        Call(operation="list_configuration_sets", finds=CONFIGURATION_SET),
        Call(operation="get_configuration_set", arguments={"name": CONFIGURATION_SET}, finds="acme-receipts-team"),
        # https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_GetConfigurationSetEventDestinations.html
        Call(
            operation="list_event_destinations",
            arguments={"name": CONFIGURATION_SET},
            finds=TOPIC,
            unknown_to=("moto",),
            stubbed={
                "sesv2:GetConfigurationSetEventDestinations": {
                    "EventDestinations": [{"Name": "bounces", **_DESTINATION}]
                }
            },
        ),
        # https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_GetSuppressedDestination.html
        Call(
            operation="get_suppressed_address",
            arguments={"email_address": "gone@example.net"},
            finds="BOUNCE",
            unknown_to=("moto", "emulator"),
            stubbed={
                "sesv2:GetSuppressedDestination": {
                    "SuppressedDestination": {
                        "EmailAddress": "gone@example.net",
                        "Reason": "BOUNCE",
                        "LastUpdateTime": datetime(2026, 11, 1, tzinfo=UTC),
                        "Attributes": {"MessageId": "0101018b-0000"},
                    }
                }
            },
        ),
    ]


SCENARIO = Scenario(server="aws-edge", tool="ses_read_operations", fill=fill, calls=calls)
