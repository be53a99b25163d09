"""Reads API Gateway: REST APIs, HTTP and WebSocket APIs, their stages and routes, custom domain names.

Every read is the one IAM action apigateway:GET, narrowed by the path in the resource's ARN
(https://docs.aws.amazon.com/apigateway/latest/developerguide/security_iam_service-with-iam.html). The role has none of
the paths of API keys, so it cannot read them. Stage variables can be credentials: their names are shown, never their
values, and nothing of what integrations add to requests.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aws_operations.edge.server import server
from aws_operations.rows import without_credentials
from toolkit import Answer, Aws, Page

Item = Mapping[str, Any]

apigateway = server.family(
    "apigateway_read_operations",
    "Read API Gateway without changing anything: APIs, stages, routes, authorizers, custom domain names. "
    "REST APIs have operations of their own; the http operations are for HTTP and WebSocket APIs.",
    self_check={"operation": "list_http_apis", "page_size": 1},
)


@apigateway.operation(actions=["apigateway:GET on RestApis"])
def list_rest_apis(aws: Aws, page: Page) -> Answer:
    """List the REST APIs: ids, names, endpoint types, tags."""
    found = aws.client("apigateway").get_rest_apis(**page.request("limit", "position", most=500))
    return {"apis": [_rest_api(api) for api in found.get("items", [])], "next_page_token": found.get("position")}


# A REST API's stages and authorizers have no resource types of their own, only those of an HTTP API do; so this is all
# of a REST API's settings.
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonapigatewaymanagement.html
@apigateway.operation(actions=["apigateway:GET on RestApi"])
def list_rest_api_stages(aws: Aws, page: Page, api_id: str) -> Answer:
    """List a REST API's stages: deployment, throttling, cache, logs, canary; stage variables by name only.

    Args:
        api_id: The API's id, such as a1b2c3d4e5.
    """
    found = aws.client("apigateway").get_stages(restApiId=api_id)
    stages = page.slice([_rest_stage(stage) for stage in found.get("item", [])])
    return {"stages": stages["items"], "next_page_token": stages["next_page_token"]}


@apigateway.operation(actions=["apigateway:GET on Resources"])
def list_rest_api_routes(aws: Aws, page: Page, api_id: str) -> Answer:
    """List a REST API's paths with their methods: authorization, API key needed, what each is forwarded to."""
    found = aws.client("apigateway").get_resources(
        restApiId=api_id, embed=["methods"], **page.request("limit", "position", most=500)
    )
    routes = [
        _rest_route(resource["path"], method, settings)
        for resource in found.get("items", [])
        for method, settings in sorted(resource.get("resourceMethods", {}).items())
    ]
    return {"routes": routes, "next_page_token": found.get("position")}


@apigateway.operation(actions=["apigateway:GET on RestApi"])
def list_rest_api_authorizers(aws: Aws, page: Page, api_id: str) -> Answer:
    """List a REST API's authorizers: user pools, or the function that decides; where each finds the token."""
    found = aws.client("apigateway").get_authorizers(restApiId=api_id, **page.request("limit", "position", most=500))
    authorizers = [
        {
            "id": item["id"],
            "name": item["name"],
            "type": item.get("type"),
            "identity_source": item.get("identitySource"),
            "user_pool_arns": item.get("providerARNs", []),
            "function_uri": item.get("authorizerUri"),
            "cache_seconds": item.get("authorizerResultTtlInSeconds"),
        }
        for item in found.get("items", [])
    ]
    return {"authorizers": authorizers, "next_page_token": found.get("position")}


@apigateway.operation(actions=["apigateway:GET on Apis"])
def list_http_apis(aws: Aws, page: Page) -> Answer:
    """List the HTTP and WebSocket APIs: ids, names, endpoints, CORS, tags."""
    found = aws.client("apigatewayv2").get_apis(**_request(page))
    return {"apis": [_http_api(api) for api in found.get("Items", [])], "next_page_token": found.get("NextToken")}


@apigateway.operation(actions=["apigateway:GET on Stages"])
def list_http_api_stages(aws: Aws, page: Page, api_id: str) -> Answer:
    """List an HTTP or WebSocket API's stages: deployment, throttling, logs; stage variables by name only."""
    found = aws.client("apigatewayv2").get_stages(ApiId=api_id, **_request(page))
    return {"stages": [_http_stage(item) for item in found.get("Items", [])], "next_page_token": found.get("NextToken")}


@apigateway.operation(actions=["apigateway:GET on Routes"])
def list_http_api_routes(aws: Aws, page: Page, api_id: str) -> Answer:
    """List an HTTP or WebSocket API's routes: authorization and the id of the integration that each goes to."""
    found = aws.client("apigatewayv2").get_routes(ApiId=api_id, **_request(page))
    return {"routes": [_http_route(item) for item in found.get("Items", [])], "next_page_token": found.get("NextToken")}


@apigateway.operation(actions=["apigateway:GET on Integrations"])
def list_http_api_integrations(aws: Aws, page: Page, api_id: str) -> Answer:
    """List an HTTP or WebSocket API's integrations: what requests are forwarded to, and the timeout."""
    found = aws.client("apigatewayv2").get_integrations(ApiId=api_id, **_request(page))
    integrations = [
        {
            "id": item["IntegrationId"],
            "type": item.get("IntegrationType"),
            "subtype": item.get("IntegrationSubtype"),
            "uri": without_credentials(item.get("IntegrationUri")),
            "method": item.get("IntegrationMethod"),
            "connection_type": item.get("ConnectionType"),
            "vpc_link_id": item.get("ConnectionId"),
            "timeout_milliseconds": item.get("TimeoutInMillis"),
        }
        for item in found.get("Items", [])
    ]
    return {"integrations": integrations, "next_page_token": found.get("NextToken")}


@apigateway.operation(actions=["apigateway:GET on Authorizers"])
def list_http_api_authorizers(aws: Aws, page: Page, api_id: str) -> Answer:
    """List an HTTP or WebSocket API's authorizers: token issuer and audiences, or the function that decides."""
    found = aws.client("apigatewayv2").get_authorizers(ApiId=api_id, **_request(page))
    authorizers = [
        {
            "id": item["AuthorizerId"],
            "name": item["Name"],
            "type": item.get("AuthorizerType"),
            "identity_sources": item.get("IdentitySource", []),
            "issuer": item.get("JwtConfiguration", {}).get("Issuer"),
            "audiences": item.get("JwtConfiguration", {}).get("Audience", []),
            "function_uri": item.get("AuthorizerUri"),
            "cache_seconds": item.get("AuthorizerResultTtlInSeconds"),
        }
        for item in found.get("Items", [])
    ]
    return {"authorizers": authorizers, "next_page_token": found.get("NextToken")}


@apigateway.operation(actions=["apigateway:GET on DomainNames"])
def list_domain_names(aws: Aws, page: Page) -> Answer:
    """List the custom domain names of APIs of every kind: state, certificate, TLS policy, DNS target."""
    found = aws.client("apigatewayv2").get_domain_names(**_request(page))
    names = [
        {
            "name": item["DomainName"],
            "routing_mode": item.get("RoutingMode"),
            "endpoints": [_endpoint(endpoint) for endpoint in item.get("DomainNameConfigurations", [])],
            "tags": item.get("Tags", {}),
        }
        for item in found.get("Items", [])
    ]
    return {"domain_names": names, "next_page_token": found.get("NextToken")}


@apigateway.operation(actions=["apigateway:GET on ApiMappings"])
def list_domain_name_mappings(aws: Aws, page: Page, domain_name: str) -> Answer:
    """List which API and stage each path of a custom domain name goes to.

    Args:
        domain_name: The custom domain name, such as api.example.com.
    """
    found = aws.client("apigatewayv2").get_api_mappings(DomainName=domain_name, **_request(page))
    mappings = [
        {"path": item.get("ApiMappingKey", ""), "api_id": item["ApiId"], "stage": item["Stage"]}
        for item in found.get("Items", [])
    ]
    return {"mappings": mappings, "next_page_token": found.get("NextToken")}


def _request(page: Page) -> dict[str, str]:
    """A page of the API for HTTP APIs, which takes its number as a text."""
    return {name: str(value) for name, value in page.request("MaxResults", "NextToken").items()}


def _rest_api(item: Item) -> dict[str, Any]:
    endpoint = item.get("endpointConfiguration", {})
    return {
        "id": item["id"],
        "name": item["name"],
        "description": item.get("description"),
        "status": item.get("apiStatus"),
        "status_message": item.get("apiStatusMessage"),
        "created": item.get("createdDate"),
        "endpoint_types": endpoint.get("types", []),
        "vpc_endpoint_ids": endpoint.get("vpcEndpointIds", []),
        "default_endpoint_disabled": item.get("disableExecuteApiEndpoint", False),
        "tags": item.get("tags", {}),
    }


def _rest_stage(item: Item) -> dict[str, Any]:
    canary = item.get("canarySettings")
    return {
        "name": item["stageName"],
        "deployment_id": item.get("deploymentId"),
        "created": item.get("createdDate"),
        "last_updated": item.get("lastUpdatedDate"),
        "variable_names": sorted(item.get("variables", {})),
        # Keys are "path/METHOD", and "*/*" for every method.
        "method_settings": {
            method: {
                "logging_level": settings.get("loggingLevel"),
                "metrics_enabled": settings.get("metricsEnabled"),
                "throttling_burst_limit": settings.get("throttlingBurstLimit"),
                "throttling_rate_limit": settings.get("throttlingRateLimit"),
                "caching_enabled": settings.get("cachingEnabled"),
            }
            for method, settings in item.get("methodSettings", {}).items()
        },
        "cache_status": item.get("cacheClusterStatus"),
        "access_log_arn": item.get("accessLogSettings", {}).get("destinationArn"),
        "tracing_enabled": item.get("tracingEnabled", False),
        "web_acl_arn": item.get("webAclArn"),
        "canary": canary and {"deployment_id": canary.get("deploymentId"), "percent": canary.get("percentTraffic")},
    }


def _rest_route(path: str, method: str, settings: Item) -> dict[str, Any]:
    integration = settings.get("methodIntegration", {})
    return {
        "path": path,
        "method": method,
        "authorization": settings.get("authorizationType"),
        "authorizer_id": settings.get("authorizerId"),
        "authorization_scopes": settings.get("authorizationScopes", []),
        "api_key_required": settings.get("apiKeyRequired", False),
        "integration_type": integration.get("type"),
        "integration_uri": without_credentials(integration.get("uri")),
        "vpc_link_id": integration.get("connectionId"),
        "timeout_milliseconds": integration.get("timeoutInMillis"),
    }


def _http_api(item: Item) -> dict[str, Any]:
    return {
        "id": item["ApiId"],
        "name": item["Name"],
        "description": item.get("Description"),
        "protocol": item["ProtocolType"],
        "endpoint": item.get("ApiEndpoint"),
        "default_endpoint_disabled": item.get("DisableExecuteApiEndpoint", False),
        "created": item.get("CreatedDate"),
        "cors_origins": item.get("CorsConfiguration", {}).get("AllowOrigins", []),
        "warnings": item.get("Warnings", []),
        "tags": item.get("Tags", {}),
    }


def _http_stage(item: Item) -> dict[str, Any]:
    routes = {"*": item.get("DefaultRouteSettings", {}), **item.get("RouteSettings", {})}
    return {
        "name": item["StageName"],
        "deployment_id": item.get("DeploymentId"),
        "auto_deploy": item.get("AutoDeploy", False),
        "last_deployment_message": item.get("LastDeploymentStatusMessage"),
        "created": item.get("CreatedDate"),
        "last_updated": item.get("LastUpdatedDate"),
        "variable_names": sorted(item.get("StageVariables", {})),
        # Keys are route keys, and "*" for every route.
        "route_settings": {
            route: {
                "logging_level": settings.get("LoggingLevel"),
                "detailed_metrics_enabled": settings.get("DetailedMetricsEnabled"),
                "throttling_burst_limit": settings.get("ThrottlingBurstLimit"),
                "throttling_rate_limit": settings.get("ThrottlingRateLimit"),
            }
            for route, settings in routes.items()
        },
        "access_log_arn": item.get("AccessLogSettings", {}).get("DestinationArn"),
    }


def _http_route(item: Item) -> dict[str, Any]:
    return {
        "id": item["RouteId"],
        "route": item["RouteKey"],
        "authorization": item.get("AuthorizationType"),
        "authorizer_id": item.get("AuthorizerId"),
        "authorization_scopes": item.get("AuthorizationScopes", []),
        "api_key_required": item.get("ApiKeyRequired", False),
        "integration_id": item.get("Target", "").removeprefix("integrations/") or None,
    }


def _endpoint(item: Item) -> dict[str, Any]:
    return {
        "type": item.get("EndpointType"),
        "status": item.get("DomainNameStatus"),
        "status_message": item.get("DomainNameStatusMessage"),
        "target": item.get("ApiGatewayDomainName"),
        "target_hosted_zone_id": item.get("HostedZoneId"),
        "certificate_arn": item.get("CertificateArn"),
        "tls_policy": item.get("SecurityPolicy"),
    }
