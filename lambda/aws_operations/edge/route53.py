"""Reads Route 53: hosted zones, their records and signing, health checks, and what Route 53 answers to a query.

Names are shown as people write them: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DomainNameFormat.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aws_operations.edge.server import server
from aws_operations.rows import tags
from toolkit import Answer, Aws, Page, ToolError, given

Item = Mapping[str, Any]

route53 = server.family(
    "route53_read_operations",
    "Read Route 53 without changing anything: hosted zones, records, DNSSEC, health checks.",
    self_check={"operation": "list_hosted_zones", "page_size": 1},
)


@route53.operation(actions=["route53:ListHostedZones"])
def list_hosted_zones(aws: Aws, page: Page) -> Answer:
    """List the hosted zones: names, ids, public or private, numbers of records."""
    found = aws.client("route53").list_hosted_zones(**_texts(page.request("MaxItems", "Marker")))
    return {"hosted_zones": [_zone(zone) for zone in found["HostedZones"]], "next_page_token": found.get("NextMarker")}


@route53.operation(actions=["route53:GetHostedZone on hostedzone", "route53:ListTagsForResource on hostedzone"])
def get_hosted_zone(aws: Aws, hosted_zone_id: str) -> Answer:
    """Show a hosted zone with its name servers, or the VPCs of a private one, and its tags.

    Args:
        hosted_zone_id: The zone's id, such as Z1D633PJN98FT9.
    """
    client = aws.client("route53")
    found = client.get_hosted_zone(Id=hosted_zone_id)
    tagged = client.list_tags_for_resource(ResourceType="hostedzone", ResourceId=_plain_id(hosted_zone_id))
    return {
        **_zone(found["HostedZone"]),
        "name_servers": found.get("DelegationSet", {}).get("NameServers", []),
        "vpcs": [{"id": vpc["VPCId"], "region": vpc["VPCRegion"]} for vpc in found.get("VPCs", [])],
        "tags": tags(tagged["ResourceTagSet"].get("Tags")),
    }


@route53.operation(actions=["route53:ListResourceRecordSets on hostedzone"])
def list_records(aws: Aws, page: Page, hosted_zone_id: str, name: str = "") -> Answer:
    """List a zone's records: values or alias, time to live, routing policy, health check.

    Args:
        name: Only the records with this name, such as www.example.com.
    """
    start = _start(page.token) if page.token else given(StartRecordName=name)
    found = aws.client("route53").list_resource_record_sets(
        HostedZoneId=hosted_zone_id, MaxItems=str(page.within(most=300)), **start
    )
    records = [_record(item) for item in found["ResourceRecordSets"]]
    goes_on = found["IsTruncated"]
    if name:  # the service begins at a name and goes on with those after it
        records = [record for record in records if record["name"] == _plain_name(name)]
        goes_on = goes_on and _plain_name(found["NextRecordName"]) == _plain_name(name)
    return {
        "records": records,
        "next_page_token": _token(found) if goes_on else None,
    }


@route53.operation(actions=["route53:GetDNSSEC on hostedzone"])
def get_dnssec(aws: Aws, hosted_zone_id: str) -> Answer:
    """Show whether a public zone is signed (DNSSEC), with the state of its key-signing keys."""
    found = aws.client("route53").get_dnssec(HostedZoneId=hosted_zone_id)
    return {
        "status": found["Status"].get("ServeSignature"),
        "status_message": found["Status"].get("StatusMessage"),
        "key_signing_keys": [
            {
                "name": key["Name"],
                "status": key.get("Status"),
                "status_message": key.get("StatusMessage"),
                "kms_key_arn": key.get("KmsArn"),
                "ds_record": key.get("DSRecord"),
            }
            for key in found.get("KeySigningKeys", [])
        ],
    }


@route53.operation(actions=["route53:TestDNSAnswer"])
def resolve_record(aws: Aws, hosted_zone_id: str, record_name: str, record_type: str, resolver_ip: str = "") -> Answer:
    """Ask Route 53 what it answers to a DNS query for a record of a public zone.

    Args:
        record_name: The name to ask for, such as www.example.com.
        record_type: The type to ask for, such as A, AAAA, CNAME, MX, TXT.
        resolver_ip: Answer as to a resolver with this address, for routing by place or latency.
    """
    found = aws.client("route53").test_dns_answer(
        HostedZoneId=hosted_zone_id,
        RecordName=record_name,
        RecordType=record_type,
        **given(ResolverIP=resolver_ip),
    )
    return {
        "name": _plain_name(found["RecordName"]),
        "type": found["RecordType"],
        "response_code": found["ResponseCode"],
        "values": found["RecordData"],
        "name_server": found["Nameserver"],
        "protocol": found["Protocol"],
    }


@route53.operation(actions=["route53:ListHealthChecks"])
def list_health_checks(aws: Aws, page: Page) -> Answer:
    """List the health checks: what they check, how often, when they give up."""
    found = aws.client("route53").list_health_checks(**_texts(page.request("MaxItems", "Marker")))
    return {
        "health_checks": [_health_check(item) for item in found["HealthChecks"]],
        "next_page_token": found.get("NextMarker"),
    }


@route53.operation(actions=["route53:GetHealthCheckStatus on healthcheck"])
def get_health_check_status(aws: Aws, health_check_id: str) -> Answer:
    """Show what each of Route 53's checkers last saw of a health check.

    Args:
        health_check_id: The health check's id, a UUID.
    """
    found = aws.client("route53").get_health_check_status(HealthCheckId=health_check_id)
    return {
        "observations": [
            {
                "region": seen.get("Region"),
                "checker_ip": seen.get("IPAddress"),
                "status": seen.get("StatusReport", {}).get("Status"),
                "checked": seen.get("StatusReport", {}).get("CheckedTime"),
            }
            for seen in found["HealthCheckObservations"]
        ]
    }


def _texts(members: Mapping[str, Any]) -> dict[str, str]:
    """The members of a request as texts: this service takes its numbers so."""
    return {name: str(value) for name, value in members.items()}


def _token(found: Item) -> str:
    """Where the next page of records begins; only the last part, the identifier, may have spaces."""
    parts = (found["NextRecordName"], found["NextRecordType"], found.get("NextRecordIdentifier", ""))
    return " ".join(parts).strip()


def _start(token: str) -> dict[str, str]:
    """The members of a request that begin where `_token` says."""
    name, *rest = token.split(" ", 2)
    if not rest:
        raise ToolError(f"page_token {token!r} is none of this list's", code="invalid_arguments")
    return dict(zip(("StartRecordName", "StartRecordType", "StartRecordIdentifier"), (name, *rest), strict=False))


def _plain_id(zone: str) -> str:
    return zone.rpartition("/")[2]


def _plain_name(name: str) -> str:
    """A name as people write it: lower case, without the last dot, and `*` instead of its code."""
    return name.lower().removesuffix(".").replace("\\052", "*")


def _zone(item: Item) -> dict[str, Any]:
    return {
        "id": _plain_id(item["Id"]),
        "name": _plain_name(item["Name"]),
        "private": item.get("Config", {}).get("PrivateZone", False),
        "comment": item.get("Config", {}).get("Comment"),
        "records": item.get("ResourceRecordSetCount"),
    }


def _record(item: Item) -> dict[str, Any]:
    alias = item.get("AliasTarget")
    routing = given(
        set_identifier=item.get("SetIdentifier"),
        weight=item.get("Weight"),
        latency_region=item.get("Region"),
        failover=item.get("Failover"),
        geo_location=item.get("GeoLocation"),
        geo_proximity=item.get("GeoProximityLocation"),
        cidr_routing=item.get("CidrRoutingConfig"),
        multivalue=item.get("MultiValueAnswer"),
    )
    return {
        "name": _plain_name(item["Name"]),
        "type": item["Type"],
        "ttl_seconds": item.get("TTL"),
        "values": [record["Value"] for record in item.get("ResourceRecords", [])],
        "alias": alias
        and {
            "name": _plain_name(alias["DNSName"]),
            "hosted_zone_id": alias["HostedZoneId"],
            "evaluates_target_health": alias["EvaluateTargetHealth"],
        },
        "routing": routing,
        "health_check_id": item.get("HealthCheckId"),
    }


def _health_check(item: Item) -> dict[str, Any]:
    config = item["HealthCheckConfig"]
    return {
        "id": item["Id"],
        "type": config["Type"],
        "domain_name": config.get("FullyQualifiedDomainName"),
        "ip_address": config.get("IPAddress"),
        "port": config.get("Port"),
        # A query can carry a token that the checked server asks for.
        "path": config.get("ResourcePath", "").partition("?")[0] or None,
        "interval_seconds": config.get("RequestInterval"),
        "failure_threshold": config.get("FailureThreshold"),
        "inverted": config.get("Inverted", False),
        "disabled": config.get("Disabled", False),
        "children": config.get("ChildHealthChecks", []),
        "healthy_children_needed": config.get("HealthThreshold"),
        "alarm": config.get("AlarmIdentifier"),
        "alarm_insufficient_data_status": config.get("InsufficientDataHealthStatus"),
    }
