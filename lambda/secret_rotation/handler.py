"""The Lambda entry point of the rotation function.

Environment: USER_POOL_ID, the pool of the agents' clients; TOKEN_ENDPOINT, the pool's token endpoint.

IAM actions of its role, and no others:

- on the agents' secrets: secretsmanager:DescribeSecret, secretsmanager:GetSecretValue, secretsmanager:PutSecretValue,
  secretsmanager:UpdateSecretVersionStage
- on the secrets' keys: kms:Decrypt, kms:GenerateDataKey
- on the user pool: cognito-idp:AddUserPoolClientSecret, cognito-idp:ListUserPoolClientSecrets,
  cognito-idp:DeleteUserPoolClientSecret, cognito-idp:DescribeUserPoolClient

The bundle brings boto3 along (requirements.txt says why). A step takes at most about a minute and a half (testSecret
with every attempt timing out); the function's timeout is above that.
"""

import os
import time
from functools import lru_cache
from typing import TypedDict

import boto3
from aws_lambda_powertools import Logger
from botocore.config import Config

from secret_rotation.adapters import CognitoClientSecrets, OAuthTokenEndpoint, SecretsManager
from secret_rotation.rotation import Rotation

logger = Logger(service="secret-rotation")


class RotationEvent(TypedDict):
    """What Secrets Manager sends.

    https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda.html
    """

    Step: str
    SecretId: str
    ClientRequestToken: str


@lru_cache(maxsize=1)
def _rotation() -> Rotation:
    """The rotation on AWS, made once and kept between invocations."""
    config = Config(connect_timeout=3, read_timeout=8, retries={"mode": "standard", "total_max_attempts": 3})
    cognito = boto3.client("cognito-idp", config=config)
    return Rotation(
        store=SecretsManager(boto3.client("secretsmanager", config=config)),
        clients=CognitoClientSecrets(cognito, os.environ["USER_POOL_ID"]),
        tokens=OAuthTokenEndpoint(os.environ["TOKEN_ENDPOINT"]),
        sleep=time.sleep,
    )


def handler(event: RotationEvent, context: object) -> None:  # noqa: ARG001 - Lambda passes it
    """Run one rotation step; an exception makes Secrets Manager try the rotation again.

    Raises:
        RotationError: The secret is in no state to be rotated.
        TokenRefusedError: The new client secret does not work.
        botocore.exceptions.ClientError: AWS refused a call.
    """
    step, secret_id, version = event["Step"], event["SecretId"], event["ClientRequestToken"]
    record = {"step": step, "secret": secret_id, "version": version}
    try:
        _rotation().run(step=step, secret_id=secret_id, version=version)
    except Exception:
        logger.exception("rotation step failed", extra=record)
        raise
    logger.info("rotation step done", extra=record)
