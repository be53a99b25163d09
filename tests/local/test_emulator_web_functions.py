"""Web functions behind Function URLs: who gets in, what the application is told, and how its answer comes back."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx2
import pytest

from local.layout import REPOSITORY
from tests.local.aws_clients import OWNER
from tests.local.conftest import Emulator
from tests.local.emulator_stacks import (
    ACCOUNT_TRUST,
    LAMBDA_TRUST,
    allow,
    get_att,
    outputs,
    ref,
    role,
    stack,
)
from tests.local.function_urls import PUBLIC_LAYER, Caller, application_zip, signed

CONCURRENCY = 2
TIMEOUT = 3


def caller_role(*statements: dict[str, Any]) -> dict[str, Any]:
    return role(ACCOUNT_TRUST, *statements)


def statements(function: Any, *left_out: str) -> list[dict[str, Any]]:
    """What a caller needs, as the kit's own policy for callers has it."""
    needed = {
        "lambda:InvokeFunctionUrl": {"StringEquals": {"lambda:FunctionUrlAuthType": "AWS_IAM"}},
        "lambda:InvokeFunction": {"Bool": {"lambda:InvokedViaFunctionUrl": "true"}},
    }
    return [
        allow(action, resource=function) | {"Condition": condition}
        for action, condition in needed.items()
        if action not in left_out
    ]


def resources(bucket: str, **variables: str) -> dict[str, Any]:
    function = get_att("Function", "Arn")
    logs = {"Fn::Sub": "arn:aws:logs:${AWS::Region}:${AWS::AccountId}:log-group:*"}
    return {
        "Role": role(LAMBDA_TRUST, allow("logs:CreateLogStream", "logs:PutLogEvents", resource=logs)),
        "Logs": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "/web-function"}},
        "Function": {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "Runtime": "python3.14",
                "Architectures": ["arm64"],
                "Handler": "run.sh",
                "Code": {"S3Bucket": bucket, "S3Key": "application.zip"},
                "Role": get_att("Role", "Arn"),
                "Layers": [PUBLIC_LAYER],
                "Timeout": TIMEOUT,
                "ReservedConcurrentExecutions": CONCURRENCY,
                "LoggingConfig": {"LogFormat": "JSON", "LogGroup": ref("Logs")},
                "Environment": {
                    "Variables": {
                        "AWS_LAMBDA_EXEC_WRAPPER": "/opt/bootstrap",
                        "AWS_LWA_READINESS_CHECK_PATH": "/ready",
                        **variables,
                    }
                },
            },
        },
        "Url": {
            "Type": "AWS::Lambda::Url",
            "Properties": {
                "TargetFunctionArn": function,
                "AuthType": "AWS_IAM",
                "InvokeMode": "RESPONSE_STREAM",
                "Cors": {"AllowOrigins": ["https://chat.example.com"], "AllowMethods": ["POST"]},
            },
        },
        "Callers": caller_role(*statements(function)),
        "UrlOnly": caller_role(*statements(function, "lambda:InvokeFunction")),
        "ApiOnly": caller_role(*statements(function, "lambda:InvokeFunctionUrl")),
        "Strangers": caller_role(allow("sts:GetCallerIdentity")),
    }


class Deployed:
    """The function of this module, and callers of its URL."""

    def __init__(self, emulator: Emulator, found: dict[str, str], words: Path) -> None:
        self.emulator, self.url, self.name, self.last_words = emulator, found["Url"], found["Name"], words
        self._roles = {name: found[name] for name in ("Callers", "UrlOnly", "ApiOnly", "Strangers")}

    def session(self, name: str) -> dict[str, str]:
        sts = self.emulator.client("sts")
        answer: dict[str, str] = sts.assume_role(RoleArn=self._roles[name], RoleSessionName="jane")["Credentials"]
        return answer

    def caller(self, name: str = "Callers") -> Caller:
        return self.caller_with(self.session(name))

    def caller_with(self, credentials: Any) -> Caller:
        return Caller(edge_url=self.emulator.edge_url, ca=self.emulator.ca, credentials=credentials)

    def tell(self, path: str = "tell", **options: Any) -> dict[str, Any]:
        response = self.caller().request("GET", self.url + path, **options)
        assert response.status_code == 200, response.text
        page: dict[str, Any] = response.json()
        return page


@pytest.fixture(scope="module")
def deployed(emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    words = tmp_path_factory.mktemp("words") / "last"
    s3 = emulator.client("s3")
    s3.create_bucket(Bucket="web-applications")
    s3.put_object(Bucket="web-applications", Key="application.zip", Body=application_zip())
    with stack(emulator, "web-function") as made:
        found = made.create(
            resources("web-applications", LAST_WORDS=str(words)),
            Outputs=outputs(
                Url=get_att("Url", "FunctionUrl"),
                UrlFunction=get_att("Url", "FunctionArn"),
                FunctionArn=get_att("Function", "Arn"),
                Name=ref("Function"),
                **{name: get_att(name, "Arn") for name in ("Callers", "UrlOnly", "ApiOnly", "Strangers")},
            ),
        )
        assert found["UrlFunction"] == found["FunctionArn"]
        yield Deployed(emulator, found, words)


def encoded(path: Path) -> str:
    """A path in a query, as Signature Version 4 wants it."""
    return quote(str(path), safe="")


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "it does not come to that"
        time.sleep(0.02)


def test_the_url_is_one_of_aws(deployed: Deployed) -> None:
    host = httpx2.URL(deployed.url).host
    identifier, rest = host.split(".", 1)
    assert (len(identifier), rest) == (32, "lambda-url.us-east-1.on.aws")


def test_the_application_gets_the_request_and_who_made_it(deployed: Deployed) -> None:
    body = b'{"say": "good day"}'
    url = f"{deployed.url}a%20path/tell?q=1%202&q=b"
    response = deployed.caller().request("POST", url, body=body, headers={"content-type": "application/json"})
    page = response.json()
    assert (page["method"], page["target"], page["body"]) == ("POST", "/a%20path/tell?q=1%202&q=b", body.decode())
    context = json.loads(page["headers"]["x-amzn-request-context"][0])
    arn = context["authorizer"]["iam"]["userArn"]
    assert arn.startswith("arn:aws:sts::123456789012:assumed-role/")
    assert arn.endswith("/jane")
    assert context["http"]["path"] == "/a%20path/tell"
    assert context["requestId"] == response.headers["x-amzn-requestid"]
    own = json.loads(page["headers"]["x-amzn-lambda-context"][0])
    assert own["env_config"]["function_name"] == deployed.name
    assert 0 < own["deadline"] - time.time() * 1000 <= TIMEOUT * 1000
    assert not {"authorization", "x-amz-security-token"} & page["headers"].keys()


def test_what_a_caller_says_of_itself_is_lost(deployed: Deployed) -> None:
    forged = {
        "x-amzn-request-context": json.dumps(
            {"authorizer": {"iam": {"userArn": "arn:aws:iam::123456789012:user/boss"}}}
        ),
        "X-Amzn-Lambda-Context": "{}",
        "x-amz-tenant-id": "globex",
        "x-forwarded-for": "10.0.0.1",
    }
    headers = deployed.tell(headers=forged)["headers"]
    assert [len(headers[name]) for name in ("x-amzn-request-context", "x-amzn-lambda-context")] == [1, 1]
    assert "boss" not in headers["x-amzn-request-context"][0]
    assert headers["x-amzn-lambda-context"] != ["{}"]
    assert "x-amz-tenant-id" not in headers
    assert headers["x-forwarded-for"] != ["10.0.0.1"]


def test_the_application_runs_under_its_role_and_sees_its_bundle_alone(deployed: Deployed) -> None:
    page = deployed.tell()
    assert page["modules"] == []
    assert not [path for path in page["path"] if "site-packages" in path]
    assert page["variables"]["AWS_LAMBDA_FUNCTION_NAME"] == deployed.name
    sts = deployed.emulator.client("sts")
    session = {name: page["variables"][name] for name in ("AWS_ACCESS_KEY_ID", "AWS_SESSION_TOKEN")}
    assert session["AWS_ACCESS_KEY_ID"].startswith("ASIA")
    assert sts.get_access_key_info(AccessKeyId=session["AWS_ACCESS_KEY_ID"])["Account"] == "123456789012"


@pytest.mark.parametrize("who", ["UrlOnly", "ApiOnly", "Strangers"])
def test_both_permissions_are_needed(deployed: Deployed, who: str) -> None:
    response = deployed.caller(who).request("GET", deployed.url + "tell")
    assert (response.status_code, response.json()) == (403, {"Message": "Forbidden"})
    assert response.headers["x-amzn-errortype"] == "AccessDeniedException"


def test_without_a_signature_nobody_gets_in(deployed: Deployed) -> None:
    response = deployed.caller().http.get(deployed.url + "tell")
    assert (response.status_code, response.json()) == (403, {"Message": "Forbidden"})


def test_the_owner_of_the_account_gets_in(deployed: Deployed) -> None:
    response = deployed.caller_with(OWNER).request("GET", deployed.url + "tell")
    arn = json.loads(response.json()["headers"]["x-amzn-request-context"][0])["authorizer"]["iam"]["userArn"]
    assert arn == "arn:aws:iam::123456789012:root"


Spoil = Callable[[dict[str, str]], None]


def another_signature(headers: dict[str, str]) -> None:
    start, _, signature = headers["Authorization"].rpartition("=")
    headers["Authorization"] = f"{start}={'0' if signature[0] != '0' else '1'}{signature[1:]}"


def without_the_session_token(headers: dict[str, str]) -> None:
    del headers["X-Amz-Security-Token"]


def another_session_token(headers: dict[str, str]) -> None:
    headers["X-Amz-Security-Token"] = "another"


def an_unknown_key(headers: dict[str, str]) -> None:
    key = headers["Authorization"].partition("Credential=")[2].partition("/")[0]
    headers["Authorization"] = headers["Authorization"].replace(key, "ASIAAAAAAAAAAAAAAAAA")


def an_unsigned_payload(headers: dict[str, str]) -> None:
    headers["x-amz-content-sha256"] = "UNSIGNED-PAYLOAD"


def the_date_unsigned(headers: dict[str, str]) -> None:
    headers["Authorization"] = headers["Authorization"].replace("x-amz-date;", "")


@pytest.mark.parametrize(
    "spoil",
    [
        another_signature,
        without_the_session_token,
        another_session_token,
        an_unknown_key,
        an_unsigned_payload,
        the_date_unsigned,
    ],
)
def test_a_spoilt_signature_is_refused(deployed: Deployed, spoil: Spoil) -> None:
    caller = deployed.caller()
    headers = signed("GET", deployed.url + "tell", caller.credentials)
    spoil(headers)
    response = caller.http.get(deployed.url + "tell", headers=headers)
    assert response.status_code == 403, response.text
    assert response.headers["x-amzn-errortype"] != "AccessDeniedException"


def test_another_body_path_or_query_is_refused(deployed: Deployed) -> None:
    caller, url = deployed.caller(), deployed.url + "tell"
    headers = signed("POST", url, caller.credentials, body=b"one")
    for sent, body in ((url, b"another"), (deployed.url + "other", b"one"), (url + "?a=1", b"one")):
        response = caller.http.post(sent, content=body, headers=headers)
        assert response.status_code == 403
        assert "does not match" in response.json()["message"]
    assert caller.http.post(url, content=b"one", headers=headers).status_code == 200


@pytest.mark.parametrize(("service", "region"), [("execute-api", "us-east-1"), ("lambda", "eu-west-1")])
def test_a_signature_for_elsewhere_is_refused(deployed: Deployed, service: str, region: str) -> None:
    response = deployed.caller().request("GET", deployed.url + "tell", service=service, region=region)
    assert response.status_code == 403
    assert "scoped to correct" in response.json()["message"]


@pytest.mark.parametrize(("minutes", "status"), [(-6, 403), (-4, 200), (4, 200), (6, 403)])
def test_a_signature_holds_for_five_minutes(
    deployed: Deployed, monkeypatch: pytest.MonkeyPatch, minutes: int, status: int
) -> None:
    then = datetime.now(UTC) + timedelta(minutes=minutes)
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda: then.replace(tzinfo=None))
    caller = deployed.caller_with(OWNER)
    assert caller.request("GET", deployed.url + "tell").status_code == status


def test_a_signature_for_a_sorted_query_holds_whatever_its_order(deployed: Deployed) -> None:
    assert deployed.tell("tell?b=2&a=1&a=0")["target"] == "/tell?b=2&a=1&a=0"


def test_an_answer_comes_in_pieces(deployed: Deployed, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    with deployed.caller().stream("GET", f"{deployed.url}pieces?gate={encoded(gate)}") as response:
        pieces = response.iter_raw()
        assert next(pieces) == b"first "
        assert not gate.with_suffix(".sent").exists()
        gate.touch()
        assert b"".join(pieces) == b"second"
    assert response.headers["content-type"] == "text/event-stream"


def test_a_caller_that_goes_away_does_not_end_the_invocation(deployed: Deployed, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    with deployed.caller().stream("GET", f"{deployed.url}pieces?gate={encoded(gate)}") as response:
        assert next(response.iter_raw()) == b"first "
    gate.touch()
    wait_for(gate.with_suffix(".sent").exists)


def test_the_time_limit_cuts_an_answer(deployed: Deployed, tmp_path: Path) -> None:
    began = time.monotonic()
    with (
        pytest.raises(httpx2.RemoteProtocolError),
        deployed.caller().stream("GET", f"{deployed.url}pieces?gate={encoded(tmp_path / 'never')}") as response,
    ):
        for _ in response.iter_raw():
            pass
    assert TIMEOUT - 0.5 < time.monotonic() - began < TIMEOUT + 5
    assert deployed.tell()["method"] == "GET", "the next invocation has an environment of its own"


def test_an_application_that_ends_is_a_bad_gateway(deployed: Deployed) -> None:
    response = deployed.caller().request("GET", deployed.url + "crash")
    assert (response.status_code, response.json()) == (502, {"Message": "Internal Server Error"})
    assert deployed.tell()["method"] == "GET"


def test_requests_at_a_time_have_environments_of_their_own_up_to_the_limit(deployed: Deployed, tmp_path: Path) -> None:
    url = f"{deployed.url}hold?folder={encoded(tmp_path)}"
    with ThreadPoolExecutor() as pool:
        held = [pool.submit(deployed.caller().request, "GET", url) for _ in range(CONCURRENCY)]
        wait_for(lambda: len(list(tmp_path.glob("held-*"))) == CONCURRENCY)
        refused = deployed.caller().request("GET", deployed.url + "tell")
        (tmp_path / "go").touch()
        processes = {answer.result().json()["process"] for answer in held}
    assert refused.status_code == 429
    assert refused.json()["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"
    assert len(processes) == CONCURRENCY


def test_an_environment_is_used_again(deployed: Deployed) -> None:
    assert deployed.tell()["started"] == deployed.tell()["started"]


def test_what_it_prints_is_in_its_log_group(deployed: Deployed) -> None:
    deployed.tell("loud-and-clear")
    logs = deployed.emulator.client("logs")
    events = logs.filter_log_events(logGroupName="/web-function", filterPattern='"loud-and-clear"')["events"]
    assert [event["message"] for event in events] == ["asked for /loud-and-clear"]


def test_web_pages_of_the_settings_may_ask(deployed: Deployed) -> None:
    for origin, allowed in (("https://chat.example.com", "https://chat.example.com"), ("https://evil.example", None)):
        response = deployed.caller().http.options(
            deployed.url, headers={"origin": origin, "access-control-request-method": "POST"}
        )
        assert response.headers.get("access-control-allow-origin") == allowed


def test_new_settings_have_new_environments_and_the_old_ones_end_in_order(deployed: Deployed) -> None:
    before = deployed.tell()
    functions = deployed.emulator.client("lambda")
    variables = functions.get_function_configuration(FunctionName=deployed.name)["Environment"]["Variables"]
    functions.update_function_configuration(
        FunctionName=deployed.name, Environment={"Variables": {**variables, "COLOUR": "blue"}}
    )
    after = deployed.tell()
    assert after["process"] != before["process"]
    assert after["variables"]["COLOUR"] == "blue"
    assert deployed.last_words.read_text() == "stopped in order"
    functions.update_function_code(FunctionName=deployed.name, ZipFile=application_zip(new="code"))
    assert deployed.tell()["process"] != after["process"]


def test_nothing_else_is_served_under_such_hosts(deployed: Deployed) -> None:
    unknown = f"https://{'a' * 32}.lambda-url.us-east-1.on.aws/"
    assert deployed.caller().request("GET", unknown).status_code in (403, 404)
    with pytest.raises(httpx2.ProxyError):
        deployed.caller().request("GET", "https://example.lambda-url.eu-west-1.on.aws/")


def test_threads_do_not_see_each_others_answers(deployed: Deployed) -> None:
    """Two callers at a time, again and again: each gets what it asked for."""
    wrong: list[str] = []

    def ask(name: str) -> None:
        caller = deployed.caller()
        for number in range(10):
            answer = caller.request("GET", f"{deployed.url}{name}-{number}").json()["target"]
            if answer != f"/{name}-{number}":
                wrong.append(answer)

    threads = [threading.Thread(target=ask, args=(name,)) for name in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_an_application_does_not_outlive_its_emulator(tmp_path: Path) -> None:
    """However the emulator ends: the pipe that it holds ends with it."""
    script = tmp_path / "run.sh"
    script.write_text("#!/bin/sh\necho begun\nexec sleep 600\n")
    script.chmod(0o755)
    launcher = REPOSITORY / "local" / "emulator" / "functions" / "web_launcher.py"
    with subprocess.Popen(
        [sys.executable, "-S", launcher, script], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stdout.readline() == b"begun\n"
        process.stdin.close()
        assert process.wait(timeout=20) == -signal.SIGKILL
