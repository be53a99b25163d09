"""API Gateway's two APIs take pages each in its own way, and stages say how they are throttled."""

from aws_operations.edge.handler import server
from tests.unit.lambda_calls import call
from tests.unit.lambda_stubs import answers_of

TOOL = "apigateway_read_operations"


def test_pages_of_rest_apis_go_on_at_a_position() -> None:
    with answers_of("apigateway") as stubber:
        stubber.add_response(
            "get_rest_apis", {"items": [{"id": "a1", "name": "billing"}], "position": "next"}, {"limit": 1}
        )
        stubber.add_response("get_rest_apis", {"items": []}, {"limit": 100, "position": "next"})
        first = call(server, TOOL, {"operation": "list_rest_apis", "page_size": 1})
        last = call(server, TOOL, {"operation": "list_rest_apis", "page_token": first["next_page_token"]})
    assert [api["name"] for api in first["apis"]] == ["billing"]
    assert last == {"apis": [], "next_page_token": None}


def test_pages_of_http_apis_are_asked_for_with_a_text() -> None:
    with answers_of("apigatewayv2") as stubber:
        stubber.add_response("get_apis", {"Items": [], "NextToken": "next"}, {"MaxResults": "5", "NextToken": "before"})
        answer = call(server, TOOL, {"operation": "list_http_apis", "page_size": 5, "page_token": "before"})
    assert answer == {"apis": [], "next_page_token": "next"}


def test_a_rest_stage_shows_its_throttling_and_its_canary_without_overrides() -> None:
    stage = {
        "stageName": "prod",
        "deploymentId": "d1",
        "methodSettings": {"*/*": {"throttlingBurstLimit": 100, "throttlingRateLimit": 50.0, "loggingLevel": "ERROR"}},
        "canarySettings": {
            "percentTraffic": 10.0,
            "deploymentId": "d2",
            "stageVariableOverrides": {"password": "s3cret"},
        },
    }
    with answers_of("apigateway") as stubber:
        stubber.add_response("get_stages", {"item": [stage]}, {"restApiId": "a1"})
        answer = call(server, TOOL, {"operation": "list_rest_api_stages", "api_id": "a1"})
    (shown,) = answer["stages"]
    assert shown["method_settings"]["*/*"]["throttling_burst_limit"] == 100
    assert shown["canary"] == {"deployment_id": "d2", "percent": 10.0}
    assert "s3cret" not in str(answer)


def test_an_http_stage_shows_settings_of_every_route_and_of_one() -> None:
    stage = {
        "StageName": "live",
        "DefaultRouteSettings": {"ThrottlingRateLimit": 50.0},
        "RouteSettings": {"GET /orders": {"ThrottlingRateLimit": 5.0}},
        "LastDeploymentStatusMessage": "Deployment failed",
    }
    with answers_of("apigatewayv2") as stubber:
        stubber.add_response("get_stages", {"Items": [stage]})
        (shown,) = call(server, TOOL, {"operation": "list_http_api_stages", "api_id": "a1"})["stages"]
    limits = {route: settings["throttling_rate_limit"] for route, settings in shown["route_settings"].items()}
    assert limits == {"*": 50.0, "GET /orders": 5.0}
    assert shown["last_deployment_message"] == "Deployment failed"
