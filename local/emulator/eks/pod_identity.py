"""EKS Auth: a pod's token for the credentials of the role that is associated with its service account.

docs.aws.amazon.com/eks/latest/APIReference/API_auth_AssumeRoleForPodIdentity.html; the session's tags from
docs.aws.amazon.com/eks/latest/userguide/pod-id-abac.html. On AWS the cluster's API server signs tokens, and publishes
its key. Here the key lies in the state folder, readable by its owner: who may read it speaks for every pod.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from ministack import app
from ministack.core import iam_actions, router
from ministack.services import eks, sts

from local.emulator import authorization
from local.emulator.eks.answers import EksError, found_cluster
from local.emulator.responses import Response
from local.emulator.settings import ACCOUNT
from local.private_files import write_private

AUDIENCE = "pods.eks.amazonaws.com"
KEY_FILE = "service-accounts.pem"
"""The private key in the state folder that signs tokens of service accounts: ES256."""
_SERVICE = "eks-auth"
_SECONDS = 6 * 3600
_PATH = re.compile(r"/clusters/([A-Za-z0-9_-]+)/assume-role-for-pod-identity")
_SUBJECT = re.compile(r"system:serviceaccount:([a-z0-9-]+):([a-z0-9.-]+)")


def install(state: Path) -> None:
    """Answer for EKS Auth from now on; tokens are signed with the key in `state`, which is made."""
    key = _key(state / KEY_FILE)

    async def handle_request(method: str, path: str, _: Any, body: bytes, __: Any) -> Response:
        match = _PATH.fullmatch(path) if method == "POST" else None
        try:
            if match is None:
                raise EksError("InvalidRequestException", f"No route for {method} {path}")
            return _assume(match[1], json.loads(body)["token"], key)
        except EksError as refusal:
            return refusal.response

    router.SERVICE_PATTERNS[_SERVICE] = {"credential_scope": _SERVICE}
    app.SERVICE_HANDLERS[_SERVICE] = handle_request
    iam_actions.SERVICE_TO_IAM_NAMESPACE[_SERVICE] = _SERVICE


def _key(file: Path) -> ec.EllipticCurvePublicKey:
    private = ec.generate_private_key(ec.SECP256R1())
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    write_private(file, pem)
    return private.public_key()


def _assume(cluster_name: str, token: str, key: ec.EllipticCurvePublicKey) -> Response:
    cluster = found_cluster(cluster_name)
    claims = _claims(token, key)
    subject = _SUBJECT.fullmatch(claims["sub"])
    if subject is None:
        raise EksError("InvalidTokenException", "The token's subject is no service account.")
    association = _association(cluster_name, *subject.groups())
    tags = _session_tags(cluster, association, claims.get("kubernetes.io", {}).get("pod", {}))
    for action in ("sts:AssumeRole", "sts:TagSession"):
        if not authorization.role_trusts(
            association["roleArn"], AUDIENCE, source_arn=cluster["arn"], action=action, request_tags=tags
        ):
            raise EksError("AccessDeniedException", f"{association['roleArn']} does not allow {AUDIENCE} {action}.")
    response: Response = eks._json_resp(200, _session(association, tags))
    return response


def _claims(token: str, key: ec.EllipticCurvePublicKey) -> Mapping[str, Any]:
    try:
        claims: Mapping[str, Any] = jwt.decode(
            token, key, algorithms=["ES256"], audience=AUDIENCE, options={"require": ["exp", "sub", "aud"]}
        )
    except jwt.ExpiredSignatureError:
        raise EksError("ExpiredTokenException", "The token has expired.") from None
    except jwt.PyJWTError as error:
        raise EksError("InvalidTokenException", f"The token is not valid: {error}") from None
    return claims


def _association(cluster_name: str, namespace: str, service_account: str) -> Mapping[str, Any]:
    for key, one in eks._pod_identity_associations.items():
        wanted = (one["namespace"], one["serviceAccount"]) == (namespace, service_account)
        if wanted and key.startswith(f"{cluster_name}\x00"):
            found: Mapping[str, Any] = one
            return found
    raise EksError(
        "ResourceNotFoundException",
        f"No association found for service account {service_account} in namespace {namespace}.",
        404,
    )


def _session_tags(cluster: Mapping[str, Any], association: Mapping[str, Any], pod: Mapping[str, str]) -> dict[str, str]:
    if association["disableSessionTags"]:
        return {}
    return {
        "eks-cluster-arn": cluster["arn"],
        "eks-cluster-name": cluster["name"],
        "kubernetes-namespace": association["namespace"],
        "kubernetes-service-account": association["serviceAccount"],
        "kubernetes-pod-name": pod.get("name", ""),
        "kubernetes-pod-uid": pod.get("uid", ""),
    }


def _session(association: Mapping[str, Any], tags: Mapping[str, str]) -> dict[str, Any]:
    """Open a session of the associated role as STS does for AssumeRole."""
    role_arn, expiration = association["roleArn"], int(time.time()) + _SECONDS
    session_name = f"eks-{association['clusterName']}-{eks.new_uuid()}"[:64]
    role_id = sts._role_id(role_arn)
    arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/{role_arn.rpartition('/')[2]}/{session_name}"
    credentials = {
        "accessKeyId": sts._gen_session_access_key(),
        "secretAccessKey": sts._gen_secret(),
        "sessionToken": sts._gen_session_token(),
        "expiration": expiration,
    }
    sts.register_session(
        credentials["accessKeyId"],
        {
            "Arn": arn,
            "UserId": f"{role_id}:{session_name}",
            "SecretAccessKey": credentials["secretAccessKey"],
            "SessionToken": credentials["sessionToken"],
            "Expiration": expiration,
            "AccountId": ACCOUNT,
            "PrincipalType": "AssumedRole",
            "SourceAccessKeyId": None,
            "SourcePrincipalArn": AUDIENCE,
            "SessionTags": [{"Key": key, "Value": value} for key, value in tags.items()],
            "SessionPolicies": None,
        },
    )
    return {
        "subject": {"namespace": association["namespace"], "serviceAccount": association["serviceAccount"]},
        "audience": AUDIENCE,
        "podIdentityAssociation": {name: association[name] for name in ("associationArn", "associationId")},
        "assumedRoleUser": {"arn": arn, "assumeRoleId": f"{role_id}:{session_name}"},
        "credentials": credentials,
    }
