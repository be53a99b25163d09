"""`make contract ENV=dev`: the contract tests against a deployed gateway, as one of its agents.

What is not in the environment is read from the account of the current credentials: the gateway's URL from Parameter
Store, the agent's credentials from its secret, which admits the agent's own roles alone (R4). Without such a role, set
the variables that `tests/contract/conftest.py` names.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Mapping

import boto3
import pytest
from botocore.exceptions import BotoCoreError, ClientError

from stacks.settings import SettingsError, load_settings


def main() -> int:
    """Run the tests; the exit code."""
    parser = argparse.ArgumentParser(prog="make contract", description=__doc__)
    parser.add_argument("--env", required=True, help="the environment, as dev")
    parser.add_argument("--agent", required=True, help="<tenant>/<agent>")
    chosen = parser.parse_args()
    try:
        found = _discover(chosen.env, chosen.agent)
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 1
    except (BotoCoreError, ClientError) as error:
        print(
            f"The gateway of {chosen.env} or the secret of {chosen.agent} cannot be read ({error}): use credentials of "
            "a role that the agent's `principals` name, or set FOUNDATION_GATEWAY_URL, FOUNDATION_TOKEN_ENDPOINT, "
            "FOUNDATION_CLIENT_ID, FOUNDATION_CLIENT_SECRET and FOUNDATION_SCOPE.",
            file=sys.stderr,
        )
        return 1
    os.environ.update(found)
    return int(pytest.main(["-q", "-p", "no:cacheprovider", "tests/contract"]))


def _discover(environment: str, agent: str) -> Mapping[str, str]:
    """The variables that are not set yet."""
    settings = load_settings(environment)
    region = settings.environment.region
    found: dict[str, str] = {}
    if "FOUNDATION_GATEWAY_URL" not in os.environ:
        parameter = settings.gateway_parameter
        answer = boto3.client("ssm", region_name=region).get_parameter(Name=parameter)
        found["FOUNDATION_GATEWAY_URL"] = answer["Parameter"]["Value"]
    if "FOUNDATION_CLIENT_SECRET" not in os.environ:
        secrets = boto3.client("secretsmanager", region_name=region)
        name = f"{settings.agent_secrets}{agent}"
        secret = json.loads(secrets.get_secret_value(SecretId=name)["SecretString"])
        found |= {
            "FOUNDATION_TOKEN_ENDPOINT": secret["token_endpoint"],
            "FOUNDATION_CLIENT_ID": secret["client_id"],
            "FOUNDATION_CLIENT_SECRET": secret["client_secret"],
            "FOUNDATION_SCOPE": " ".join(secret["scopes"]),
        }
    return found


if __name__ == "__main__":
    sys.exit(main())
