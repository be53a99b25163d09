"""Route 53's records come page by page and by name, with names as people write them."""

from typing import Any

from aws_operations.edge.handler import server
from tests.unit.lambda_calls import call, refusal
from tests.unit.lambda_stubs import answers_of

ZONE = "Z1D633PJN98FT9"
TOOL = "route53_read_operations"


def record(name: str, **members: Any) -> dict[str, Any]:
    return {"Name": name, "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "192.0.2.1"}], **members}


def listed(*records: dict[str, Any], **next_record: str) -> dict[str, Any]:
    return {"ResourceRecordSets": list(records), "IsTruncated": bool(next_record), "MaxItems": "300", **next_record}


def records(**arguments: Any) -> Any:
    return call(server, TOOL, {"operation": "list_records", "hosted_zone_id": ZONE, **arguments})


def test_a_page_of_records_goes_on_where_the_one_before_ended() -> None:
    begins = {
        "NextRecordName": "www.acme.example.",
        "NextRecordType": "A",
        "NextRecordIdentifier": "the second of two",
    }
    asked = {
        "StartRecordName": "www.acme.example.",
        "StartRecordType": "A",
        "StartRecordIdentifier": "the second of two",
    }
    with answers_of("route53") as stubber:
        stubber.add_response(
            "list_resource_record_sets",
            listed(record("www.acme.example.", SetIdentifier="the first of two", Weight=1), **begins),
            {"HostedZoneId": ZONE, "MaxItems": "1"},
        )
        stubber.add_response("list_resource_record_sets", listed(), {"HostedZoneId": ZONE, "MaxItems": "1", **asked})
        first = records(page_size=1)
        last = records(page_size=1, page_token=first["next_page_token"])
    assert first["records"][0]["routing"] == {"set_identifier": "the first of two", "weight": 1}
    assert last == {"records": [], "next_page_token": None}


def test_records_of_one_name_end_where_the_next_name_begins() -> None:
    with answers_of("route53") as stubber:
        stubber.add_response(
            "list_resource_record_sets",
            listed(
                record("\\052.acme.example."),
                record("api.acme.example."),
                NextRecordName="www.acme.example.",
                NextRecordType="A",
            ),
            {"HostedZoneId": ZONE, "MaxItems": "100", "StartRecordName": "*.Acme.example"},
        )
        answer = records(name="*.Acme.example")
    assert [item["name"] for item in answer["records"]] == ["*.acme.example"]
    assert answer["next_page_token"] is None


def test_records_of_one_name_go_on_while_it_lasts() -> None:
    goes_on = {"NextRecordName": "www.acme.example.", "NextRecordType": "AAAA"}
    with answers_of("route53") as stubber:
        stubber.add_response("list_resource_record_sets", listed(record("www.acme.example."), **goes_on))
        answer = records(name="www.acme.example")
    assert answer["next_page_token"] == "www.acme.example. AAAA"


def test_an_alias_says_what_it_stands_for() -> None:
    alias = {"HostedZoneId": "Z2FDTNDATAQYW2", "DNSName": "d1.cloudfront.net.", "EvaluateTargetHealth": False}
    with answers_of("route53") as stubber:
        stubber.add_response(
            "list_resource_record_sets", listed({"Name": "acme.example.", "Type": "A", "AliasTarget": alias})
        )
        (answer,) = records()["records"]
    assert answer["values"] == []
    assert answer["alias"] == {
        "name": "d1.cloudfront.net",
        "hosted_zone_id": "Z2FDTNDATAQYW2",
        "evaluates_target_health": False,
    }


def test_a_private_zone_says_which_networks_see_it() -> None:
    zone = {
        "Id": f"/hostedzone/{ZONE}",
        "Name": "acme.internal.",
        "CallerReference": "x",
        "Config": {"PrivateZone": True},
    }
    with answers_of("route53") as stubber:
        stubber.add_response(
            "get_hosted_zone", {"HostedZone": zone, "VPCs": [{"VPCRegion": "eu-west-1", "VPCId": "vpc-1"}]}
        )
        stubber.add_response(
            "list_tags_for_resource",
            {"ResourceTagSet": {"ResourceType": "hostedzone", "ResourceId": ZONE}},
            {"ResourceType": "hostedzone", "ResourceId": ZONE},
        )
        answer = call(server, TOOL, {"operation": "get_hosted_zone", "hosted_zone_id": f"/hostedzone/{ZONE}"})
    assert (answer["id"], answer["private"], answer["name_servers"]) == (ZONE, True, [])
    assert answer["vpcs"] == [{"id": "vpc-1", "region": "eu-west-1"}]


def test_a_token_of_another_list_is_refused() -> None:
    with answers_of("route53"):
        assert refusal(records(page_token="17")) == "page_token '17' is none of this list's"
