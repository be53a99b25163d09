"""Reads RDS: DB instances and clusters, snapshots, events, log files' names and pending maintenance.

The name of the master user and the contents of logs, which hold statements with their values, are not shown; the role
cannot download logs. An action that lists what belongs to something else is on both resource types, because RDS asks
for either: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonrds.html
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal

from aws_operations.data.server import server
from aws_operations.rows import tags
from toolkit import Answer, Aws, Page, ToolError, given

Item = Mapping[str, Any]
SourceType = Literal[
    "db-instance", "db-cluster", "db-snapshot", "db-cluster-snapshot", "db-parameter-group", "db-security-group",
    "custom-engine-version", "db-proxy", "blue-green-deployment",
]  # fmt: skip

rds = server.family(
    "rds_read_operations",
    "Read RDS without changing anything: DB instances and clusters, snapshots, events, names of log files, pending "
    "maintenance; no data, log contents or credentials.",
    self_check={"operation": "describe_events", "page_size": 20},
)


@rds.operation(actions=["rds:DescribeDBInstances on db"])
def describe_db_instances(aws: Aws, page: Page, db_instance: str = "") -> Answer:
    """Describe DB instances: status, engine, size, endpoint, network, backups, encryption, protection, tags.

    Args:
        db_instance: Only the DB instance with this identifier.
    """
    found = aws.client("rds").describe_db_instances(**_page(page), **given(DBInstanceIdentifier=db_instance))
    return {"db_instances": [_instance(item) for item in found["DBInstances"]], "next_page_token": found.get("Marker")}


@rds.operation(actions=["rds:DescribeDBClusters on cluster"])
def describe_db_clusters(aws: Aws, page: Page, db_cluster: str = "") -> Answer:
    """Describe DB clusters: status, engine, endpoints, members and which of them writes, backups, encryption, tags.

    Args:
        db_cluster: Only the DB cluster with this identifier.
    """
    found = aws.client("rds").describe_db_clusters(**_page(page), **given(DBClusterIdentifier=db_cluster))
    return {"db_clusters": [_cluster(item) for item in found["DBClusters"]], "next_page_token": found.get("Marker")}


@rds.operation(actions=["rds:DescribeDBSnapshots on db", "rds:DescribeDBSnapshots on snapshot"])
def describe_db_snapshots(aws: Aws, page: Page, db_instance: str = "") -> Answer:
    """Describe snapshots of DB instances: status, progress, time, size, encryption."""
    found = aws.client("rds").describe_db_snapshots(**_page(page), **given(DBInstanceIdentifier=db_instance))
    snapshots = [
        {**_snapshot(item), "name": item["DBSnapshotIdentifier"], "db_instance": item.get("DBInstanceIdentifier")}
        for item in found["DBSnapshots"]
    ]
    return {"snapshots": snapshots, "next_page_token": found.get("Marker")}


@rds.operation(
    actions=["rds:DescribeDBClusterSnapshots on cluster", "rds:DescribeDBClusterSnapshots on cluster-snapshot"]
)
def describe_db_cluster_snapshots(aws: Aws, page: Page, db_cluster: str = "") -> Answer:
    """Describe snapshots of DB clusters: status, progress, time, size, encryption."""
    found = aws.client("rds").describe_db_cluster_snapshots(**_page(page), **given(DBClusterIdentifier=db_cluster))
    snapshots = [
        {**_snapshot(item), "name": item["DBClusterSnapshotIdentifier"], "db_cluster": item.get("DBClusterIdentifier")}
        for item in found["DBClusterSnapshots"]
    ]
    return {"snapshots": snapshots, "next_page_token": found.get("Marker")}


@rds.operation(actions=["rds:DescribeEvents"])
def describe_events(
    aws: Aws, page: Page, source_type: SourceType | None = None, source: str = "", hours: int = 24
) -> Answer:
    """List what happened: fail-overs, restarts, backups, full storage, maintenance.

    Args:
        source_type: Only events of this kind of resource.
        source: Only events of the resource with this identifier; needs source_type.
        hours: How far back, up to the 336 hours (14 days) that RDS keeps.
    """
    if not 1 <= hours <= 336:
        raise ToolError(f"hours must be from 1 to 336, not {hours}", code="invalid_arguments")
    if source and not source_type:
        raise ToolError("source needs source_type, which says what it is", code="invalid_arguments")
    found = aws.client("rds").describe_events(
        Duration=hours * 60, **_page(page), **given(SourceType=source_type, SourceIdentifier=source)
    )
    events = [
        {
            "time": item.get("Date"),
            "source_type": item.get("SourceType"),
            "source": item.get("SourceIdentifier"),
            "categories": item.get("EventCategories", []),
            "message": item.get("Message"),
        }
        for item in found["Events"]
    ]
    return {"events": events, "next_page_token": found.get("Marker")}


@rds.operation(actions=["rds:DescribeDBLogFiles on db"])
def list_db_log_files(aws: Aws, page: Page, db_instance: str) -> Answer:
    """List a DB instance's log files: names, sizes, times; not their contents."""
    found = aws.client("rds").describe_db_log_files(DBInstanceIdentifier=db_instance, **_page(page))
    files = [
        {
            "name": item["LogFileName"],
            "size_bytes": item.get("Size"),
            # In milliseconds, as https://docs.aws.amazon.com/cli/latest/reference/rds/describe-db-log-files.html shows.
            "last_written": datetime.fromtimestamp(item["LastWritten"] / 1000, UTC),
        }
        for item in found["DescribeDBLogFiles"]
    ]
    return {"log_files": files, "next_page_token": found.get("Marker")}


@rds.operation(
    actions=["rds:DescribePendingMaintenanceActions on cluster", "rds:DescribePendingMaintenanceActions on db"]
)
def describe_pending_maintenance(aws: Aws, page: Page) -> Answer:
    """List the maintenance that waits for DB instances and clusters, and when it will be done."""
    found = aws.client("rds").describe_pending_maintenance_actions(**_page(page))
    actions = [
        {
            "resource": entry["ResourceIdentifier"],
            "action": action.get("Action"),
            "description": action.get("Description"),
            "applied_after": action.get("AutoAppliedAfterDate"),
            "forced": action.get("ForcedApplyDate"),
            "due": action.get("CurrentApplyDate"),
        }
        for entry in found["PendingMaintenanceActions"]
        for action in entry.get("PendingMaintenanceActionDetails", [])
    ]
    return {"pending_maintenance": actions, "next_page_token": found.get("Marker")}


def _page(page: Page) -> dict[str, Any]:
    return page.request("MaxRecords", "Marker", least=20)


def _instance(item: Item) -> dict[str, Any]:
    endpoint = item.get("Endpoint", {})
    return {
        **_database(item),
        "id": item["DBInstanceIdentifier"],
        "arn": item["DBInstanceArn"],
        "status": item.get("DBInstanceStatus"),
        "class": item.get("DBInstanceClass"),
        "cluster": item.get("DBClusterIdentifier"),
        "endpoint": endpoint.get("Address"),
        "port": endpoint.get("Port"),
        "publicly_accessible": item.get("PubliclyAccessible"),
        "availability_zone": item.get("AvailabilityZone"),
        "vpc_id": item.get("DBSubnetGroup", {}).get("VpcId"),
        "storage_type": item.get("StorageType"),
        "storage_gib": item.get("AllocatedStorage"),
        "maximum_storage_gib": item.get("MaxAllocatedStorage"),
        "replica_of": item.get("ReadReplicaSourceDBInstanceIdentifier"),
        "replicas": item.get("ReadReplicaDBInstanceIdentifiers", []),
        "certificate_authority": item.get("CACertificateIdentifier"),
        "parameter_groups": [group["DBParameterGroupName"] for group in item.get("DBParameterGroups", [])],
        # Names only: one of them may be the new password.
        "pending_changes": sorted(item.get("PendingModifiedValues", {})),
    }


def _cluster(item: Item) -> dict[str, Any]:
    return {
        **_database(item),
        "id": item["DBClusterIdentifier"],
        "arn": item["DBClusterArn"],
        "status": item.get("Status"),
        "endpoint": item.get("Endpoint"),
        "reader_endpoint": item.get("ReaderEndpoint"),
        "port": item.get("Port"),
        "members": [
            {"id": member["DBInstanceIdentifier"], "writes": member.get("IsClusterWriter")}
            for member in item.get("DBClusterMembers", [])
        ],
        "data_api": item.get("HttpEndpointEnabled"),
        "serverless_capacity": item.get("ServerlessV2ScalingConfiguration"),
    }


def _database(item: Item) -> dict[str, Any]:
    """What instances and clusters have in common."""
    return {
        "engine": item.get("Engine"),
        "engine_version": item.get("EngineVersion"),
        "multi_az": item.get("MultiAZ"),
        "encrypted": item.get("StorageEncrypted"),
        "backup_retention_days": item.get("BackupRetentionPeriod"),
        "backup_window": item.get("PreferredBackupWindow"),
        "maintenance_window": item.get("PreferredMaintenanceWindow"),
        "restorable_until": item.get("LatestRestorableTime"),
        "deletion_protection": item.get("DeletionProtection"),
        "iam_authentication": item.get("IAMDatabaseAuthenticationEnabled"),
        "password_in_secrets_manager": "MasterUserSecret" in item,
        "security_group_ids": [group["VpcSecurityGroupId"] for group in item.get("VpcSecurityGroups", [])],
        "tags": tags(item.get("TagList")),
    }


def _snapshot(item: Item) -> dict[str, Any]:
    return {
        "status": item.get("Status"),
        "type": item.get("SnapshotType"),
        "progress_percent": item.get("PercentProgress"),
        "created": item.get("SnapshotCreateTime"),
        "engine": item.get("Engine"),
        "engine_version": item.get("EngineVersion"),
        "size_gib": item.get("AllocatedStorage"),
        "encrypted": item.get("Encrypted", item.get("StorageEncrypted")),
        "tags": tags(item.get("TagList")),
    }
