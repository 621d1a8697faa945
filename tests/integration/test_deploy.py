"""Deployments into the local AWS."""

import json
import sys
from dataclasses import replace
from pathlib import Path

import boto3
import pytest
from botocore.exceptions import ClientError

from tools.changes import DeployFailed, Unsettled
from tools.deploy import deploy
from tools.local import STACK
from tools.ministack import MiniStack
from tools.package import HAS_SNAP_START, Package


def signing_keys(session: boto3.Session) -> str:
    results = session.client("ssm").get_parameter(Name="/bidder/signing-keys", WithDecryption=True)
    return results["Parameter"]["Value"]


def events(session: boto3.Session) -> list[str]:
    results = session.client("cloudformation").describe_stack_events(StackName=STACK)
    return [event["EventId"] for event in results["StackEvents"]]


@pytest.fixture
def session(local_aws: MiniStack, stack: dict[str, str]) -> boto3.Session:
    assert stack
    return local_aws.session()


def test_a_repeated_deployment_changes_nothing(session: boto3.Session, built_package: Package) -> None:
    before, keys = events(session), signing_keys(session)
    outputs = deploy(session, built_package, STACK, {})
    assert outputs["BidderParameters"] == "/bidder"
    assert (events(session), signing_keys(session)) == (before, keys)


def test_a_changed_parameter_is_applied_and_then_kept(session: boto3.Session, built_package: Package) -> None:
    deploy(session, built_package, STACK, {"LogRetentionDays": "7"})
    deploy(session, built_package, STACK, {"RefreshConcurrency": "1"})
    groups = session.client("logs").describe_log_groups(logGroupNamePrefix=f"/{STACK}/")["logGroups"]
    assert {group["retentionInDays"] for group in groups} == {7}
    deploy(session, built_package, STACK, {"LogRetentionDays": "30"})


def live(session: boto3.Session) -> tuple[str, str]:
    """The version of the API's alias, and its description."""
    resources = session.client("cloudformation").list_stack_resources(StackName=STACK)["StackResourceSummaries"]
    ids = {resource["LogicalResourceId"]: resource["PhysicalResourceId"] for resource in resources}
    functions = session.client("lambda")
    alias = functions.get_alias(FunctionName=ids["APIHandler"], Name="live")
    version = alias["FunctionVersion"]
    return version, functions.get_function_configuration(FunctionName=ids["APIHandler"], Qualifier=version)[
        "Description"
    ]


def test_the_alias_gets_a_new_version_only_if_code_or_configuration_changes(
    session: boto3.Session, built_package: Package
) -> None:
    before, _ = live(session)
    deploy(session, built_package, STACK, {"ProvisionedConcurrency": "1", "LogRetentionDays": "14"})
    assert live(session)[0] == before
    deploy(session, built_package, STACK, {"ParameterPrefix": "/elsewhere", "ProvisionedConcurrency": "0"})
    after, description = live(session)
    assert after != before
    assert "ParameterPrefix=/elsewhere" in description
    deploy(session, built_package, STACK, {"ParameterPrefix": "/bidder", "LogRetentionDays": "30"})


def test_snap_start_and_provisioned_concurrency_are_refused_together(
    session: boto3.Session, built_package: Package, tmp_path: Path
) -> None:
    template = json.loads(built_package.template.read_text())
    template["Parameters"]["SnapStart"]["AllowedValues"] = [
        "None",
        "PublishedVersions",
    ]  # independent of the Python version
    topic = {"Type": "AWS::SNS::Topic", "Condition": "Provisions"}
    smaller = replace(built_package, folder=tmp_path)
    smaller.template.write_text(json.dumps(template | {"Resources": {"Topic": topic}, "Outputs": {}}))
    smaller.archive.write_bytes(b"")
    both = {"SnapStart": "PublishedVersions", "ProvisionedConcurrency": "1"}
    with pytest.raises((DeployFailed, ClientError), match="either SnapStart or provisioned concurrency"):
        deploy(session, smaller, "both", both)


@pytest.mark.skipif(sys.version_info >= HAS_SNAP_START, reason="this Python's runtime has SnapStart")
def test_snap_start_is_refused_for_a_runtime_without_it(session: boto3.Session, built_package: Package) -> None:
    before = live(session)
    with pytest.raises((DeployFailed, ClientError), match="SnapStart"):
        deploy(session, built_package, STACK, {"SnapStart": "PublishedVersions"})
    assert live(session) == before


def test_deployed_signing_keys_are_valid_for_the_bidder(session: boto3.Session) -> None:
    value = json.loads(signing_keys(session))
    assert value["current"] in value["keys"]
    assert len(value["keys"][value["current"]]) == 43


def test_a_failed_deployment_reports_the_resource_and_the_reason(
    session: boto3.Session, built_package: Package, tmp_path: Path
) -> None:
    template = json.loads(built_package.template.read_text())
    metric = {"Namespace": "AWS/SQS", "MetricName": "Any", "ComparisonOperator": "GreaterThanThreshold"}
    alarm = {"Type": "AWS::CloudWatch::Alarm", "Properties": metric | {"EvaluationPeriods": 1}}
    bad = replace(built_package, folder=tmp_path)
    bad.template.write_text(json.dumps(template | {"Resources": {"Odd": alarm}, "Outputs": {}}))
    bad.archive.write_bytes(b"")
    with pytest.raises(DeployFailed, match=r"(?s)Stack odd failed:.*Odd: .*Threshold"):
        deploy(session, bad, "odd", {})
    with pytest.raises(Unsettled, match="delete-stack --stack-name odd"):
        deploy(session, bad, "odd", {})
