"""API Gateway: a REST API and an HTTP API with secrets where people put them, and a custom domain name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.scenarios.model import Account, Call, Clients, Made, Scenario

SECRET = "s3cret-of-the-backend"
DOMAIN = "api.acme.example"


def fill(client: Clients, account: Account) -> Made:
    rest, http = _rest_api(client("apigateway")), _http_api(client("apigatewayv2"))
    endpoint = {
        "CertificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/0a1b2c3d-0000-0000-0000-000000000000",
        "EndpointType": "REGIONAL",
        "SecurityPolicy": "TLS_1_2",
    }
    names = client("apigatewayv2")
    names.create_domain_name(DomainName=DOMAIN, DomainNameConfigurations=[endpoint])
    names.create_api_mapping(DomainName=DOMAIN, ApiId=http, Stage="live", ApiMappingKey="orders")
    return {"rest": rest, "http": http}


def _rest_api(client: Any) -> str:
    api: str = client.create_rest_api(name="acme-billing", endpointConfiguration={"types": ["REGIONAL"]})["id"]
    root = client.get_resources(restApiId=api)["items"][0]["id"]
    path = client.create_resource(restApiId=api, parentId=root, pathPart="invoices")["id"]
    method = {"restApiId": api, "resourceId": path, "httpMethod": "GET"}
    client.put_method(**method, authorizationType="AWS_IAM", apiKeyRequired=True)
    client.put_integration(
        **method,
        type="HTTP",
        integrationHttpMethod="GET",
        uri=f"https://gateway:{SECRET}@billing.acme.example/v1/invoices?key={SECRET}",
        requestParameters={"integration.request.header.X-Api-Key": f"'{SECRET}'"},
    )
    client.put_method_response(**method, statusCode="200")
    client.put_integration_response(**method, statusCode="200", selectionPattern="")
    client.create_authorizer(
        restApiId=api,
        name="acme-billing-users",
        type="COGNITO_USER_POOLS",
        providerARNs=["arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_AbCdEfGhI"],
        identitySource="method.request.header.Authorization",
    )
    client.create_deployment(restApiId=api, stageName="prod", variables={"backend_password": SECRET})
    return api


def _http_api(client: Any) -> str:
    api: str = client.create_api(Name="acme-orders", ProtocolType="HTTP")["ApiId"]
    integration = client.create_integration(
        ApiId=api,
        IntegrationType="HTTP_PROXY",
        IntegrationMethod="GET",
        IntegrationUri=f"https://orders.acme.example/v2?token={SECRET}",
        PayloadFormatVersion="1.0",
    )["IntegrationId"]
    authorizer = client.create_authorizer(
        ApiId=api,
        Name="acme-tokens",
        AuthorizerType="JWT",
        IdentitySource=["$request.header.Authorization"],
        JwtConfiguration={"Issuer": "https://tokens.acme.example", "Audience": ["orders"]},
    )["AuthorizerId"]
    client.create_route(
        ApiId=api,
        RouteKey="GET /orders",
        Target=f"integrations/{integration}",
        AuthorizationType="JWT",
        AuthorizerId=authorizer,
    )
    client.create_stage(ApiId=api, StageName="live", AutoDeploy=True, StageVariables={"backend_password": SECRET})
    return api


def calls(made: Made) -> Sequence[Call]:
    rest, http = {"api_id": made["rest"]}, {"api_id": made["http"]}
    hides = [SECRET]
    return [
        Call(operation="list_rest_apis", finds="acme-billing"),
        Call(operation="list_rest_api_stages", arguments=rest, finds="backend_password", hides=hides),
        Call(operation="list_rest_api_routes", arguments=rest, finds="billing.acme.example/v1/invoices", hides=hides),
        Call(operation="list_rest_api_authorizers", arguments=rest, finds="acme-billing-users"),
        Call(operation="list_http_apis", finds="acme-orders"),
        Call(operation="list_http_api_stages", arguments=http, finds="backend_password", hides=hides),
        Call(operation="list_http_api_routes", arguments=http, finds="GET /orders"),
        Call(operation="list_http_api_integrations", arguments=http, finds="orders.acme.example/v2", hides=hides),
        # moto 5.2.5 gives one authorizer and no list.
        Call(
            operation="list_http_api_authorizers",
            arguments=http,
            finds="tokens.acme.example",
            unknown_to=("moto",),
            # https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-authorizers.html
            stubbed={
                "apigatewayv2:GetAuthorizers": {
                    "Items": [
                        {
                            "AuthorizerId": "a1b2c3",
                            "Name": "acme-tokens",
                            "AuthorizerType": "JWT",
                            "IdentitySource": ["$request.header.Authorization"],
                            "JwtConfiguration": {"Issuer": "https://tokens.acme.example", "Audience": ["orders"]},
                        }
                    ]
                }
            },
        ),
        Call(operation="list_domain_names", finds=DOMAIN),
        Call(operation="list_domain_name_mappings", arguments={"domain_name": DOMAIN}, finds=made["http"]),
    ]


# https://docs.aws.amazon.com/apigateway/latest/developerguide/security_iam_service-with-iam.html
SCENARIO = Scenario(
    server="aws-edge",
    tool="apigateway_read_operations",
    fill=fill,
    calls=calls,
    actions=dict.fromkeys(
        (
            *(
                f"apigateway:{operation}"
                for operation in ("GetRestApis", "GetStages", "GetResources", "GetAuthorizers")
            ),
            *(f"apigatewayv2:Get{things}" for things in ("Apis", "Stages", "Routes", "Integrations", "Authorizers")),
            *(f"apigatewayv2:Get{things}" for things in ("DomainNames", "ApiMappings")),
        ),
        "apigateway:GET",
    ),
)
