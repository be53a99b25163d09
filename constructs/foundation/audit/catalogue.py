"""Records as tables: what Athena knows of them, where it works and what is saved there."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import Aws, aws_athena as athena, aws_glue as glue, aws_kms as kms, aws_s3 as s3
from constructs import Construct

from foundation.audit.queries import GATEWAY_TABLE, QUERIES, RECORDS_TABLE
from foundation.audit.record import FIELDS

_FIRST_DAY = "2026-01-01"
"""Day before any record: projection computes partitions from here on, no crawler and no DDL ever adds one."""
_MOST_BYTES_SCANNED = 10 * 1024**3
"""A query that would read more is ended: it has forgotten the day (5 US cents in most regions)."""

RECORD_COLUMNS = tuple((field.name, field.type) for field in FIELDS)
"""Columns of the records table."""
GATEWAY_COLUMNS = (
    ("resource_arn", "string"),
    ("event_timestamp", "bigint"),
    ("account_id", "string"),
    ("request_id", "string"),
    ("trace_id", "string"),
    ("span_id", "string"),
    ("body", "struct<id:string,iserror:boolean,log:string>"),
)
"""Columns of the gateway's own log
(https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/observability-gateway-metrics.html)."""


class AuditCatalogue(Construct):
    """Glue database with a table for records and one for the gateway's log, Athena workgroup and saved queries.

    Attributes:
        database: the database's name.
        workgroup: the workgroup's name.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        records: s3.IBucket,
        results: s3.IBucket,
        key: kms.IKey,
    ) -> None:
        """Make them.

        Args:
            scope: the construct they belong to.
            construct_id: its id there.
            name: name of the workgroup, and of the database with underscores.
            records: bucket with `records/` and `gateway/`, each with a folder a day.
            results: bucket for answers.
            key: key of the answers.
        """
        super().__init__(scope, construct_id)
        self.database = name.replace("-", "_")
        self.workgroup = name
        database = glue.CfnDatabase(
            self,
            "Database",
            catalog_id=Aws.ACCOUNT_ID,
            database_input=glue.CfnDatabase.DatabaseInputProperty(
                name=self.database, description="What the audit store holds"
            ),
        )
        self._table(database, RECORDS_TABLE, "Audit records, two a call", RECORD_COLUMNS, records)
        self._table(database, GATEWAY_TABLE, "What the gateway refused or failed at itself", GATEWAY_COLUMNS, records)
        workgroup = athena.CfnWorkGroup(
            self,
            "WorkGroup",
            name=self.workgroup,
            description="Questions to the audit store",
            recursive_delete_option=True,
            work_group_configuration=_configuration(results, key),
        )
        for query in QUERIES:
            named = athena.CfnNamedQuery(
                self,
                f"Query-{query.name}",
                name=query.name,
                description=f"{query.description}. Parameters: {'; '.join(query.parameters)}",
                database=self.database,
                work_group=self.workgroup,
                query_string=query.sql(database=self.database),
            )
            named.add_resource_dependency(workgroup)
            named.add_resource_dependency(database)

    def _table(
        self,
        database: glue.CfnDatabase,
        name: str,
        description: str,
        columns: Sequence[tuple[str, str]],
        bucket: s3.IBucket,
    ) -> None:
        """A table over a folder of JSON lines, with a partition a day that is computed, not registered.

        https://docs.aws.amazon.com/athena/latest/ug/partition-projection-supported-types.html. A line that is no JSON
        gives a row without values instead of ending every query.
        """
        location = f"s3://{bucket.bucket_name}/{name}/"
        table = glue.CfnTable(
            self,
            f"Table-{name}",
            catalog_id=Aws.ACCOUNT_ID,
            database_name=self.database,
            table_input=glue.CfnTable.TableInputProperty(
                name=name,
                description=description,
                table_type="EXTERNAL_TABLE",
                partition_keys=[
                    glue.CfnTable.ColumnProperty(name="day", type="string", comment="day on which it arrived, UTC")
                ],
                parameters={
                    "EXTERNAL": "TRUE",
                    "classification": "json",
                    "projection.enabled": "true",
                    "projection.day.type": "date",
                    "projection.day.format": "yyyy-MM-dd",
                    "projection.day.interval": "1",
                    "projection.day.interval.unit": "DAYS",
                    "projection.day.range": f"{_FIRST_DAY},NOW",
                    "storage.location.template": f"{location}day=${{day}}/",
                },
                storage_descriptor=glue.CfnTable.StorageDescriptorProperty(
                    location=location,
                    input_format="org.apache.hadoop.mapred.TextInputFormat",
                    output_format="org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
                    columns=[
                        glue.CfnTable.ColumnProperty(name=column, type=column_type) for column, column_type in columns
                    ],
                    serde_info=glue.CfnTable.SerdeInfoProperty(
                        serialization_library="org.openx.data.jsonserde.JsonSerDe",
                        parameters={"ignore.malformed.json": "true"},
                    ),
                ),
            ),
        )
        table.add_resource_dependency(database)


def _configuration(results: s3.IBucket, key: kms.IKey) -> athena.CfnWorkGroup.WorkGroupConfigurationProperty:
    """Settings that a client cannot set aside: where answers go, under which key, and how much a query may read."""
    return athena.CfnWorkGroup.WorkGroupConfigurationProperty(
        enforce_work_group_configuration=True,
        publish_cloud_watch_metrics_enabled=True,
        bytes_scanned_cutoff_per_query=_MOST_BYTES_SCANNED,
        engine_version=athena.CfnWorkGroup.EngineVersionProperty(selected_engine_version="Athena engine version 3"),
        result_configuration=athena.CfnWorkGroup.ResultConfigurationProperty(
            output_location=f"s3://{results.bucket_name}/",
            encryption_configuration=athena.CfnWorkGroup.EncryptionConfigurationProperty(
                encryption_option="SSE_KMS", kms_key=key.key_arn
            ),
        ),
    )
