"""RDS: a DB instance and a DB cluster, each with a snapshot."""

from __future__ import annotations

from collections.abc import Sequence

from tests.scenarios.model import Account, Call, Clients, Made, Scenario

INSTANCE = "acme-orders-db"
CLUSTER = "acme-ledger"
USER = "orders_owner"
PASSWORD = "hunter2-of-orders-db"


def fill(client: Clients, account: Account) -> Made:
    rds = client("rds")
    owner = {"MasterUsername": USER, "MasterUserPassword": PASSWORD}
    rds.create_db_instance(
        DBInstanceIdentifier=INSTANCE,
        Engine="postgres",
        DBInstanceClass="db.t4g.micro",
        AllocatedStorage=20,
        Tags=[{"Key": "owner", "Value": "orders"}],
        **owner,
    )
    rds.create_db_cluster(DBClusterIdentifier=CLUSTER, Engine="aurora-postgresql", **owner)
    rds.create_db_snapshot(DBInstanceIdentifier=INSTANCE, DBSnapshotIdentifier="before-migration")
    rds.create_db_cluster_snapshot(DBClusterIdentifier=CLUSTER, DBClusterSnapshotIdentifier="year-end")
    rds.reboot_db_instance(DBInstanceIdentifier=INSTANCE)
    # In the emulator nothing ever waits.
    return {"waiting": "system-update" if account == "moto" else "pending_maintenance"}


def calls(made: Made) -> Sequence[Call]:
    instance, cluster, hidden = {"db_instance": INSTANCE}, {"db_cluster": CLUSTER}, [USER, PASSWORD]
    return [
        Call(operation="describe_db_instances", arguments=instance, finds='"owner": "orders"', hides=hidden),
        Call(operation="describe_db_instances", finds=INSTANCE, hides=hidden),
        Call(operation="describe_db_clusters", arguments=cluster, finds="aurora-postgresql", hides=hidden),
        Call(operation="describe_db_snapshots", arguments=instance, finds="before-migration", hides=hidden),
        Call(operation="describe_db_cluster_snapshots", arguments=cluster, finds="year-end", hides=hidden),
        Call(operation="describe_events", arguments={"source_type": "db-instance", "source": INSTANCE}, finds=INSTANCE),
        # moto knows it without pages: https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DescribeDBLogFiles.html
        Call(
            operation="list_db_log_files",
            arguments=instance,
            finds="2026-11-20T10:00:00+00:00",
            unknown_to=("moto", "emulator"),
            stubbed={
                "rds:DescribeDBLogFiles": {
                    "DescribeDBLogFiles": [
                        {"LogFileName": "error/postgresql.log", "LastWritten": 1795168800000, "Size": 123}
                    ]
                }
            },
        ),
        # https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DescribePendingMaintenanceActions.html
        Call(
            operation="describe_pending_maintenance",
            finds=made["waiting"],
            unknown_to=("moto",),
            stubbed={
                "rds:DescribePendingMaintenanceActions": {
                    "PendingMaintenanceActions": [
                        {
                            "ResourceIdentifier": f"arn:aws:rds:us-east-1:123456789012:db:{INSTANCE}",
                            "PendingMaintenanceActionDetails": [
                                {"Action": "system-update", "Description": "New Operating System update is available"}
                            ],
                        }
                    ]
                }
            },
        ),
    ]


SCENARIO = Scenario(server="aws-data", tool="rds_read_operations", fill=fill, calls=calls)
