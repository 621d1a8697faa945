"""Deployments that take long, fail, or find a bucket of another account."""

import json
import re
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ConnectTimeoutError, TokenRetrievalError

from tests.support.fake_cloudformation import Clock, FakeArtifacts, FakeCloudFormation, client_error
from tools import ROOT
from tools.artifacts import ForeignBucket
from tools.changes import DeployFailed, Patience, StillRunning
from tools.deploy import architecture_of, deploy, have_resources_made_by
from tools.package import Package

ACCOUNT = "123456789012"


class FakeParameters:
    class exceptions:  # noqa: N801
        class ParameterAlreadyExists(Exception):
            pass

    def __init__(self) -> None:
        self.values: dict[str, str] = {}

    def put_parameter(self, Name: str, Value: str, Type: str, *, Overwrite: bool) -> None:  # noqa: N803
        assert Type == "SecureString"
        assert not Overwrite
        if Name in self.values:
            raise self.exceptions.ParameterAlreadyExists
        self.values[Name] = Value


class FakeIdentity:
    def get_caller_identity(self) -> dict[str, str]:
        return {"Account": ACCOUNT}


class FakeSession:
    region_name = "eu-west-1"

    def __init__(self, cloudformation: FakeCloudFormation, s3: FakeArtifacts | None = None) -> None:
        self.s3, self.ssm = s3 or FakeArtifacts(), FakeParameters()
        self._clients = {"cloudformation": cloudformation, "s3": self.s3, "ssm": self.ssm, "sts": FakeIdentity()}

    def client(self, name: str) -> Any:
        return self._clients[name]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def package(tmp_path: Path) -> Package:
    result = Package(tmp_path)
    parameters = {"ParameterPrefix": {"Type": "String", "Default": "/bidder"}}
    result.template.write_text(json.dumps({"Parameters": parameters, "Resources": {}, "Outputs": {}}))
    result.archive.write_bytes(b"zip")
    return result


def deployed(session: FakeSession, package: Package, clock: Clock, seconds: float = 3600) -> dict[str, str]:
    return deploy(session, package, "bidder", {}, patience=Patience(seconds, clock.now, clock.sleep))  # type: ignore[arg-type]


@pytest.mark.parametrize("minutes", [0, 3, 30, 59])
def test_a_deployment_waits_for_a_long_creation(package: Package, clock: Clock, minutes: int) -> None:
    session = FakeSession(FakeCloudFormation(clock, takes=minutes * 60))
    assert deployed(session, package, clock) == {"BidderParameters": "/bidder"}
    assert minutes * 60 <= clock.now() < minutes * 60 + 6


def test_the_message_of_a_time_out_says_that_the_creation_continues_and_how_to_watch_it(
    package: Package, clock: Clock
) -> None:
    session = FakeSession(FakeCloudFormation(clock, takes=7200))
    with pytest.raises(StillRunning) as error:
        deployed(session, package, clock)
    assert "after 60 minutes" in str(error.value)
    assert "continues" in str(error.value)
    assert "aws cloudformation describe-stack-events --stack-name bidder" in str(error.value)
    assert clock.now() == 3600


@pytest.mark.parametrize("takes", [0, 7200])
def test_keys_are_created_even_if_the_wait_times_out(package: Package, clock: Clock, takes: float) -> None:
    session = FakeSession(FakeCloudFormation(clock, takes))
    try:
        deployed(session, package, clock)
    except StillRunning:
        assert takes > 3600
    assert session.ssm.values.keys() == {"/bidder/signing-keys", "/bidder/admin-key"}


def test_existing_keys_are_kept(package: Package, clock: Clock) -> None:
    session = FakeSession(FakeCloudFormation(clock))
    session.ssm.values["/bidder/signing-keys"] = "ours"
    deployed(session, package, clock)
    assert session.ssm.values["/bidder/signing-keys"] == "ours"


@pytest.mark.parametrize(
    "fault",
    [
        client_error("Throttling"),
        client_error("RequestLimitExceeded"),
        client_error("Odd", status=503),
        ConnectTimeoutError(endpoint_url="https://cloudformation"),
    ],
    ids=str,
)
def test_a_temporary_error_does_not_end_the_wait(package: Package, clock: Clock, fault: Exception) -> None:
    cloudformation = FakeCloudFormation(clock, takes=60)
    cloudformation.faults = [fault] * 3
    assert deployed(FakeSession(cloudformation), package, clock)


@pytest.mark.parametrize(
    "fault", [client_error("ExpiredToken"), TokenRetrievalError(provider="sso", error_msg="expired")], ids=str
)
def test_expired_credentials_are_not_reported_as_a_failed_stack(
    package: Package, clock: Clock, fault: Exception
) -> None:
    cloudformation = FakeCloudFormation(clock, takes=60)
    cloudformation.faults = [fault]
    with pytest.raises(StillRunning, match="continues without this command"):
        deployed(FakeSession(cloudformation), package, clock)
    assert clock.now() < 60


def test_a_failed_creation_reports_only_the_reasons_of_this_change(package: Package, clock: Clock) -> None:
    cloudformation = FakeCloudFormation(clock, takes=600, ends="ROLLBACK_COMPLETE")

    def event(name: str, status: str, reason: str = "", resource: str = "r") -> dict[str, str]:
        about = {"LogicalResourceId": name, "ResourceStatus": status, "PhysicalResourceId": resource, "StackId": "s"}
        return about | ({"ResourceStatusReason": reason} if reason else {})

    cloudformation.events = [
        event("bidder", "ROLLBACK_COMPLETE", resource="s"),
        event("Other", "CREATE_FAILED", "Resource creation cancelled"),
        event("Second", "CREATE_FAILED", "quota"),
        event("First", "CREATE_FAILED", "no such role"),
        event("bidder", "CREATE_IN_PROGRESS", resource="s"),
        event("Old", "CREATE_FAILED", "of another change"),
    ]
    with pytest.raises(DeployFailed) as error:
        deployed(FakeSession(cloudformation), package, clock)
    assert str(error.value) == "Stack bidder failed:\n  First: no such role\n  Second: quota"


def test_the_template_is_uploaded_to_s3(package: Package, clock: Clock) -> None:
    template = json.loads(package.template.read_text())
    template["Description"] = "x" * 60_000  # CloudFormation accepts 51,200 bytes inline
    package.template.write_text(json.dumps(template))
    cloudformation = FakeCloudFormation(clock)
    session = FakeSession(cloudformation)
    deployed(session, package, clock)
    assert "TemplateBody" not in cloudformation.made
    assert json.loads(session.s3.at(cloudformation.made["TemplateURL"]))["Description"] == template["Description"]


def test_every_s3_call_has_the_expected_bucket_owner(package: Package, clock: Clock) -> None:
    session = FakeSession(FakeCloudFormation(clock), FakeArtifacts(refusal=client_error("404", status=404)))
    deployed(session, package, clock)
    unowned = [name for name, request in session.s3.calls if request.get("ExpectedBucketOwner") != ACCOUNT]
    assert unowned == ["create_bucket"]


def test_no_object_is_written_to_a_bucket_of_another_account(package: Package, clock: Clock) -> None:
    session = FakeSession(FakeCloudFormation(clock), FakeArtifacts(refusal=client_error("403", "Forbidden", 403)))
    with pytest.raises(ForeignBucket, match=f"bidder-artifacts-{ACCOUNT}-eu-west-1.*make deploy BUCKET="):
        deployed(session, package, clock)
    assert session.s3.objects == {}
    assert session.ssm.values == {}


@pytest.mark.parametrize(
    ("options", "current", "expected"),
    [
        ({}, None, "x86_64"),
        ({"Architecture": "arm64"}, None, "arm64"),
        ({}, "arm64", "arm64"),
        ({"Architecture": "x86_64"}, "arm64", "x86_64"),
    ],
)
def test_the_package_is_built_for_the_architecture_of_the_stack(
    options: dict[str, str], current: str | None, expected: str
) -> None:
    stack = current and {"Parameters": [{"ParameterKey": "Architecture", "ParameterValue": current}]}
    assert architecture_of(options, stack or None) == expected


def test_cloudformation_uses_the_given_role() -> None:
    session = boto3.Session("key", "secret", region_name="us-east-1")
    have_resources_made_by(session, "arn:aws:iam::123456789012:role/makes")
    client, requests = session.client("cloudformation"), []

    def answer(params: dict[str, Any], **_: Any) -> Any:
        requests.append(params["body"])
        return type("Answer", (), {"status_code": 200})(), {}

    client.meta.events.register("before-call.cloudformation.CreateChangeSet", answer)
    client.create_change_set(StackName="bidder", ChangeSetName="one")
    assert requests[0]["RoleARN"] == "arn:aws:iam::123456789012:role/makes"


def test_a_deployment_needs_no_packages_of_the_tests() -> None:
    """cfn-lint is one of the packages of the tests."""
    assert re.search(r"^deploy: \$\(READY\)", (ROOT / "Makefile").read_text(), re.MULTILINE)
