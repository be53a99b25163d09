"""Pods of the emulated cluster as AWS sees them: tokens of service accounts, and what EKS Auth gives for them."""

from __future__ import annotations

import time
import uuid
from pathlib import Path
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey

from tests.local.aws_clients import aws_client
from tests.local.local_run import LocalRun

AUDIENCE = "pods.eks.amazonaws.com"


def service_account_token(key: Path, *, subject: str, audience: str = AUDIENCE) -> str:
    """A token of a service account as the cluster's API server signs them for a pod.

    Args:
        key: the file with the cluster's signing key.
        subject: `system:serviceaccount:<namespace>:<name>`.
        audience: whom it is for.
    """
    pod = {"name": "agent-1", "uid": str(uuid.uuid4())}
    claims = {"sub": subject, "aud": [audience], "exp": int(time.time()) + 600, "kubernetes.io": {"pod": pod}}
    return jwt.encode({"alg": "ES256"}, claims, ECKey.import_key(key.read_text()), algorithms=["ES256"])


def pod_credentials(run: LocalRun, *, cluster: str, namespace: str, account: str) -> dict[str, Any]:
    """The credentials that the Pod Identity agent gets for pods of a service account. Raises ClientError."""
    token = service_account_token(
        run.platform.layout.emulator_state / "service-accounts.pem",
        subject=f"system:serviceaccount:{namespace}:{account}",
    )
    eks_auth = aws_client("eks-auth", run.ports.endpoint_url)
    given = eks_auth.assume_role_for_pod_identity(clusterName=cluster, token=token)["credentials"]
    return {name[:1].upper() + name[1:]: given[name] for name in given}
