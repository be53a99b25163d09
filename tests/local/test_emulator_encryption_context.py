"""Policies on KMS decide with the encryption context of a request, as AWS's do."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local.conftest import Emulator
from tests.local.emulator_stacks import ACCOUNT_TRUST

MINE = {"SecretARN": "arn:aws:secretsmanager:us-east-1:123456789012:secret:mine-abcdef"}
OTHERS = [{}, {"SecretARN": "arn:aws:secretsmanager:us-east-1:123456789012:secret:yours-abcdef"}, {"Other": "x"}]


@pytest.fixture(scope="module")
def key(emulator: Emulator) -> str:
    """A key that the account's policies govern."""
    return str(emulator.client("kms").create_key()["KeyMetadata"]["Arn"])


@pytest.fixture(scope="module")
def reader(emulator: Emulator, key: str) -> Any:
    """A client of a role that may decrypt one secret's values."""
    statement = {
        "Effect": "Allow",
        "Action": "kms:Decrypt",
        "Resource": key,
        "Condition": {"StringEquals": {"kms:EncryptionContext:SecretARN": MINE["SecretARN"]}},
    }
    iam = emulator.client("iam")
    role = iam.create_role(RoleName="decrypts-one", AssumeRolePolicyDocument=json.dumps(ACCOUNT_TRUST))["Role"]
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_role_policy(RoleName="decrypts-one", PolicyName="own", PolicyDocument=policy)
    return emulator.client_as(role["Arn"], "kms")


def sealed(emulator: Emulator, key: str, context: dict[str, str]) -> bytes:
    """Something encrypted in a context."""
    answer = emulator.client("kms").encrypt(KeyId=key, Plaintext=b"x", EncryptionContext=context)
    return bytes(answer["CiphertextBlob"])


def test_the_context_that_the_policy_names_is_decrypted(emulator: Emulator, key: str, reader: Any) -> None:
    blob = sealed(emulator, key, MINE)
    assert reader.decrypt(CiphertextBlob=blob, EncryptionContext=MINE)["Plaintext"] == b"x"


@pytest.mark.parametrize("context", OTHERS)
def test_any_other_context_is_refused(emulator: Emulator, key: str, reader: Any, context: dict[str, str]) -> None:
    blob = sealed(emulator, key, context)
    with pytest.raises(ClientError, match="AccessDenied"):
        reader.decrypt(CiphertextBlob=blob, EncryptionContext=context)
