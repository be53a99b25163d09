"""Route 53: a zone with a signed record or two, and a health check."""

from __future__ import annotations

from collections.abc import Sequence

from tests.scenarios.model import Account, Call, Clients, Made, Scenario

TOKEN = "token-of-the-checked-server"


def fill(client: Clients, account: Account) -> Made:
    route53 = client("route53")
    zone = route53.create_hosted_zone(Name="acme.example.", CallerReference="zone")["HostedZone"]["Id"]
    route53.change_tags_for_resource(
        ResourceType="hostedzone", ResourceId=zone.rpartition("/")[2], AddTags=[{"Key": "owner", "Value": "acme-web"}]
    )
    records = [
        {"Name": name, "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": address}]}
        for name, address in (("api.acme.example.", "192.0.2.7"), ("www.acme.example.", "192.0.2.8"))
    ]
    changes = [{"Action": "CREATE", "ResourceRecordSet": record} for record in records]
    route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": changes})
    checked = {
        "Type": "HTTPS",
        "FullyQualifiedDomainName": "health.acme.example",
        "ResourcePath": f"/health?token={TOKEN}",
        "RequestInterval": 30,
        "FailureThreshold": 3,
    }
    check = route53.create_health_check(CallerReference="check", HealthCheckConfig=checked)["HealthCheck"]["Id"]
    return {"zone": zone, "check": check}


def calls(made: Made) -> Sequence[Call]:
    zone = {"hosted_zone_id": made["zone"]}
    return [
        Call(operation="list_hosted_zones", finds="acme.example"),
        Call(operation="get_hosted_zone", arguments=zone, finds="acme-web"),
        Call(operation="list_records", arguments=zone, finds="192.0.2.7"),
        Call(
            operation="list_records",
            arguments=zone | {"name": "www.acme.example"},
            finds="192.0.2.8",
            hides=["192.0.2.7"],
        ),
        # ministack 1.5.33 does not sign zones.
        Call(operation="get_dnssec", arguments=zone, finds="NOT_SIGNING", unknown_to=("emulator",)),
        Call(
            operation="resolve_record",
            arguments=zone | {"record_name": "www.acme.example", "record_type": "A"},
            finds="192.0.2.8",
            unknown_to=("moto", "emulator"),
            # https://docs.aws.amazon.com/Route53/latest/APIReference/API_TestDNSAnswer.html
            stubbed={
                "route53:TestDNSAnswer": {
                    "Nameserver": "ns-2048.awsdns-64.com",
                    "RecordName": "www.acme.example.",
                    "RecordType": "A",
                    "RecordData": ["192.0.2.8"],
                    "ResponseCode": "NOERROR",
                    "Protocol": "UDP",
                }
            },
        ),
        Call(operation="list_health_checks", finds="health.acme.example", hides=[TOKEN]),
        # ministack 1.5.33 keeps health checks and checks nothing.
        Call(
            operation="get_health_check_status",
            arguments={"health_check_id": made["check"]},
            finds="Success",
            unknown_to=("emulator",),
        ),
    ]


SCENARIO = Scenario(server="aws-edge", tool="route53_read_operations", fill=fill, calls=calls)
