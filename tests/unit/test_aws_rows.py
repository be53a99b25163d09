"""What tools show of addresses keeps what says where, and never what says who."""

import pytest

from aws_operations.rows import without_credentials


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        (
            "https://user:secret@backend.example:8443/v1/orders?key=secret#secret",
            "https://backend.example:8443/v1/orders",
        ),
        ("https://secret@backend.example", "https://backend.example"),
        ("http://${stageVariables.host}/{proxy}?token=secret", "http://${stageVariables.host}/{proxy}"),
        (
            "arn:aws:lambda:us-east-1:123456789012:function:orders",
            "arn:aws:lambda:us-east-1:123456789012:function:orders",
        ),
        ("", ""),
        (None, None),
    ],
)
def test_addresses_are_shown_without_credentials(address: str | None, shown: str | None) -> None:
    assert without_credentials(address) == shown
