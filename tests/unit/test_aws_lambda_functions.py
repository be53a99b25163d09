"""A function that is an image, in a VPC or without an environment is shown too, and lists go on page by page."""

from typing import Any

from aws_operations.general.handler import server
from tests.unit.lambda_calls import call
from tests.unit.lambda_stubs import answers_of

TOOL = "lambda_read_operations"
ARN = "arn:aws:lambda:us-east-1:123456789012:function:resize"
IMAGE: dict[str, Any] = {"FunctionName": "resize", "FunctionArn": ARN, "PackageType": "Image"}


def test_functions_are_listed_page_by_page() -> None:
    with answers_of("lambda") as stubber:
        stubber.add_response("list_functions", {"Functions": [IMAGE], "NextMarker": "next"}, {"MaxItems": 1})
        stubber.add_response("list_functions", {"Functions": []}, {"MaxItems": 50, "Marker": "next"})
        first = call(server, TOOL, {"operation": "list_functions", "page_size": 1})
        second = call(server, TOOL, {"operation": "list_functions", "page_token": "next"})
    assert [(shown["name"], shown["runtime"]) for shown in first["functions"]] == [("resize", None)]
    assert (first["next_page_token"], second["next_page_token"]) == ("next", None)


def test_an_environment_that_cannot_be_decrypted_is_said_without_aws_words() -> None:
    environment = {"Error": {"ErrorCode": "AccessDeniedException", "Message": "key hunter2 is not for you"}}
    with answers_of("lambda") as stubber:
        stubber.add_response("get_function_configuration", {**IMAGE, "Environment": environment})
        answer = call(server, TOOL, {"operation": "get_function_configuration", "function": "resize"})
    assert answer["environment_error"] == "AccessDeniedException"
    assert answer["environment_variable_names"] == []
    assert "hunter2" not in str(answer)


def test_the_network_of_a_function_is_null_outside_a_vpc() -> None:
    inside = {"VpcId": "vpc-1", "SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}
    with answers_of("lambda") as stubber:
        for network in ({"VpcId": "", "SubnetIds": [], "SecurityGroupIds": []}, inside):
            stubber.add_response("get_function_configuration", {**IMAGE, "VpcConfig": network})
        arguments = {"operation": "get_function_configuration", "function": "resize"}
        outside, within = call(server, TOOL, arguments), call(server, TOOL, arguments)
    assert (outside["vpc_id"], outside["subnet_ids"]) == (None, [])
    assert (within["vpc_id"], within["security_group_ids"]) == ("vpc-1", ["sg-1"])
