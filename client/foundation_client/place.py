"""Where an agent's service is, and how it is reached: its URL, region, credentials, proxy and trust.

The URL is in the SSM parameter that the agent's stack writes, `/foundation/<env>/agent-service/<tenant>/<agent>/url`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

from botocore.exceptions import BotoCoreError, ClientError
from botocore.session import Session

from foundation_client.credentials import credentials_failure, usable_credentials
from foundation_client.failure import CommandError, Exit
from foundation_client.local_platform import LocalPlatform
from foundation_client.settings import LOCAL, Settings

if TYPE_CHECKING:
    from botocore.credentials import Credentials
    from types_boto3_ssm import SSMClient

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True, kw_only=True)
class Place:
    """An agent's service and the caller's way to it."""

    url: str
    """Without a slash at its end."""
    region: str
    credentials: Credentials
    as_whom: str
    """The credentials in words, for messages: `profile acme-prod`."""
    title: str
    """Whom one talks to, in words: `acme-corp/finance-agent in dev`."""
    policy: str
    """The managed policy that lets a role call this agent, in words."""
    proxy: str | None = None
    ca_file: Path | None = None
    """The only authority to trust, in place of the system's."""
    local: LocalPlatform | None = None


def find_place(settings: Settings, variables: Mapping[str, str] = os.environ) -> Place:
    """Work out where to go. Raises CommandError with the way out when something is missing or refused."""
    local = LocalPlatform.find(variables) if settings.env == LOCAL else None
    session = _session(settings, local)
    region = _region(settings, session, local, variables)
    credentials = usable_credentials(session, settings.profile)
    env = local.environment if local else settings.env
    agent = settings.agent or (local.agent if local else None)
    url = settings.url or _published(session, env, agent, region, local)
    return Place(
        url=_checked(url),
        region=region,
        credentials=credentials,
        as_whom=_as_whom(session, variables),
        title=url if settings.url or not (agent and env) else f"{agent} in {settings.env}",
        policy=_policy(env or "<env>", agent or "<tenant>/<agent>"),
        proxy=local.proxy if local else None,
        ca_file=local.ca_file if local else _company_authority(variables),
        local=local,
    )


def _session(settings: Settings, local: LocalPlatform | None) -> Session:
    session = Session(profile=settings.profile or (local.profile if local else None))
    if local:
        session.set_config_variable("config_file", os.devnull)
        session.set_config_variable("credentials_file", str(local.credentials_file))
    return session


def _region(settings: Settings, session: Session, local: LocalPlatform | None, variables: Mapping[str, str]) -> str:
    """The region: of the platform here, of the settings, by variable (AWS_REGION is what Lambda and other SDKs set;
    botocore itself knows only AWS_DEFAULT_REGION), or of the profile.
    """
    try:
        found = (
            (local.region if local else None)
            or settings.region
            or variables.get("AWS_REGION")
            or session.get_config_variable("region")
        )
    except BotoCoreError as error:
        raise credentials_failure(error, settings.profile) from error
    if not found:
        raise CommandError("No region is given: add --region, or set AWS_REGION or the profile's region.", Exit.USAGE)
    return str(found)


def _as_whom(session: Session, variables: Mapping[str, str]) -> str:
    if profile := session.profile:
        return f"profile {profile}"
    return "the keys in AWS_ACCESS_KEY_ID" if "AWS_ACCESS_KEY_ID" in variables else "the default credentials"


def _published(session: Session, env: str | None, agent: str | None, region: str, local: LocalPlatform | None) -> str:
    if not env:
        raise CommandError("No environment is given: add --env, or set FOUNDATION_ENV.", Exit.USAGE)
    if not agent:
        raise CommandError("No agent is given: add --agent <tenant>/<agent>, or set FOUNDATION_AGENT.", Exit.USAGE)
    name = f"/foundation/{env}/agent-service/{agent}/url"
    try:
        client = session.create_client("ssm", region_name=region, endpoint_url=local.endpoint_url if local else None)
        return cast("SSMClient", client).get_parameter(Name=name)["Parameter"]["Value"]
    except ClientError as error:
        raise _not_published(error, name, agent=agent, env=env, region=region) from error
    except BotoCoreError as error:
        raise credentials_failure(error, session.profile) from error


def _not_published(error: ClientError, name: str, *, agent: str, env: str, region: str) -> CommandError:
    code = error.response["Error"].get("Code", "")
    if code == "ParameterNotFound":
        return CommandError(
            f"Environment {env} has no conversational agent {agent} in {region}: check --env, --agent and --region; "
            "an agent is one when its tenant's file has `conversation:` for it.",
            Exit.USAGE,
        )
    if code == "AccessDeniedException":
        return CommandError(
            f"AWS does not let you read {name}: have the managed policy {_policy(env, agent)} attached to your role, "
            "or check --env, --agent and --profile.",
            Exit.CREDENTIALS,
        )
    return credentials_failure(error, None)


def _policy(env: str, agent: str) -> str:
    """The managed policy that the agent's stack makes for its callers."""
    return f"foundation-{env}-{agent.replace('/', '-')}-caller"


def _checked(url: str) -> str:
    """The URL when a signed request may go there: https, or http on this machine."""
    parts = urlsplit(url)
    if not parts.hostname or parts.scheme not in ("https", "http") or parts.query or parts.fragment:
        raise CommandError(
            f"{url!r} is no address of a service: it looks like https://<id>.lambda-url.<region>.on.aws/.", Exit.USAGE
        )
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        raise CommandError(f"{url} would send your messages unencrypted: use https.", Exit.USAGE)
    return url.rstrip("/")


def _company_authority(variables: Mapping[str, str]) -> Path | None:
    """AWS_CA_BUNDLE, which every AWS SDK reads where a company's proxy signs anew; None leaves the system's trust."""
    return Path(variables["AWS_CA_BUNDLE"]) if variables.get("AWS_CA_BUNDLE") else None
