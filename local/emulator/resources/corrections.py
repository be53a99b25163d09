"""Resource types that ministack has and that need a little more."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ministack.services import cloudwatch_logs, cognito, dynamodb, lambda_svc
from ministack.services.cloudformation import provisioners

from local.emulator import authorization
from local.emulator.resources import buckets, tables
from local.emulator.resources.base import run_on_worker_thread
from local.emulator.settings import ACCOUNT, REGION

Properties = Mapping[str, Any]


def install() -> None:
    """Correct the types in ministack's table of handlers."""
    _correct("AWS::EC2::VPC", attributes=_vpc_attributes)
    _correct("AWS::EC2::Subnet", attributes=_subnet_attributes)
    _correct("AWS::Cognito::UserPool", attributes=_user_pool_attributes, before_delete=_pool_protection)
    _correct("AWS::Lambda::Permission", before=_function_must_exist)
    _correct("AWS::Lambda::Function", before=_check_function, settings=_function_settings)
    buckets.install()
    run_on_worker_thread("AWS::S3::Bucket")
    _correct("AWS::S3::Bucket", settings=buckets.apply_bucket_settings)
    _correct("AWS::Logs::SubscriptionFilter", before=_log_group_must_exist)
    run_on_worker_thread("AWS::DynamoDB::GlobalTable")
    _correct(
        "AWS::DynamoDB::GlobalTable",
        settings=tables.apply_global_table_settings,
        before_delete=_table_protection,
    )


def _correct(
    kind: str,
    *,
    before: Callable[[Properties], None] = lambda _: None,
    settings: Callable[[str, Properties], None] = lambda _, __: None,
    attributes: Callable[[str, Properties], Properties] = lambda _, __: {},
    before_delete: Callable[[str], None] = lambda _: None,
) -> None:
    """Wrap a type's handler.

    `before` and `before_delete` may refuse, `settings` apply what it leaves out, `attributes` add answers.
    """
    handlers = provisioners._RESOURCE_HANDLERS[kind]
    create, update, delete = handlers["create"], handlers["update"], handlers["delete"]

    def created(logical_id: str, properties: Properties, stack: str) -> Any:
        before(properties)
        resource_id, known = create(logical_id, properties, stack)
        settings(resource_id, properties)
        return resource_id, {**known, **attributes(resource_id, properties)}

    def updated(resource_id: str, old: Properties, new: Properties, *rest: Any) -> Any:
        before(new)
        changed_id, known = update(resource_id, old, new, *rest)
        settings(changed_id, new)
        return changed_id, {**known, **attributes(changed_id, new)}

    def deleted(resource_id: str, *rest: Any) -> None:
        before_delete(resource_id)
        delete(resource_id, *rest)

    handlers |= {"create": created, "update": updated, "delete": deleted}


def _vpc_attributes(_: str, properties: Properties) -> Properties:
    return {"CidrBlock": properties["CidrBlock"]}


def _subnet_attributes(_: str, properties: Properties) -> Properties:
    return {"CidrBlock": properties["CidrBlock"], "VpcId": properties["VpcId"]}


def _user_pool_attributes(pool_id: str, _: Properties) -> Properties:
    return {"ProviderURL": f"https://cognito-idp.{REGION}.amazonaws.com/{pool_id}"}


def _pool_protection(pool_id: str) -> None:
    pool = cognito._user_pools.get(pool_id, {})
    if pool.get("DeletionProtection") == "ACTIVE":
        raise PermissionError(
            "The user pool cannot be deleted because deletion protection is activated. "
            "Deletion protection must be inactivated first."
        )


def _table_protection(name: str) -> None:
    table = dynamodb._tables.get(name, {})
    if table.get("DeletionProtectionEnabled"):
        raise PermissionError(
            "Resource cannot be deleted as it is currently protected against deletion. "
            "Disable deletion protection first."
        )


def _function_must_exist(properties: Properties) -> None:
    function = str(properties["FunctionName"])
    if not authorization.function_exists(function):
        raise LookupError(f"Function not found: {function}")


def _log_group_must_exist(properties: Properties) -> None:
    group = str(properties["LogGroupName"])
    if group not in cloudwatch_logs._log_groups:
        raise LookupError(f"The specified log group does not exist: {group}")


def _check_function(properties: Properties) -> None:
    code = properties["Code"]
    if "S3Key" in code and not lambda_svc._fetch_code_from_s3(
        code["S3Bucket"], code["S3Key"], version_id=code.get("S3ObjectVersion")
    ):
        raise LookupError(
            "Error occurred while GetObject. S3 Error Code: NoSuchKey. S3 Error Message: The specified key does not "
            f"exist: {code['S3Bucket']}/{code['S3Key']}"
        )
    role = str(properties["Role"])
    functions = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{properties.get('FunctionName', 'new')}"
    if not authorization.role_trusts(role, "lambda.amazonaws.com", source_arn=functions):
        raise PermissionError(f"The role defined for the function cannot be assumed by Lambda: {role}")


def _function_settings(name: str, properties: Properties) -> None:
    """What GetFunctionConfiguration and GetFunctionConcurrency tell of a function, and the limit itself."""
    function = lambda_svc._functions[name]
    config = function["config"]
    for member, setting in (("KMSKeyArn", "KmsKeyArn"), ("DeadLetterConfig", "DeadLetterConfig")):
        if setting in properties:
            config[member] = properties[setting]
        else:
            config.pop(member, None)
    vpc = properties.get("VpcConfig", {})
    config["VpcConfig"] = {
        "SubnetIds": list(vpc.get("SubnetIds", ())),
        "SecurityGroupIds": list(vpc.get("SecurityGroupIds", ())),
        "VpcId": "",
    }
    reserved = properties.get("ReservedConcurrentExecutions")
    function["concurrency"] = None if reserved is None else int(reserved)
