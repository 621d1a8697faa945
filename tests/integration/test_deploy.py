"""Deploying, into the local AWS as into any."""

import json
from dataclasses import replace
from pathlib import Path

import boto3
import pytest

from tools.deploy import DeployFailed, Unsettled, deploy
from tools.local import STACK
from tools.ministack import MiniStack
from tools.package import Package


def signing_keys(session: boto3.Session) -> str:
    found = session.client("ssm").get_parameter(Name="/bidder/signing-keys", WithDecryption=True)
    return found["Parameter"]["Value"]


def events(session: boto3.Session) -> list[str]:
    found = session.client("cloudformation").describe_stack_events(StackName=STACK)
    return [event["EventId"] for event in found["StackEvents"]]


@pytest.fixture
def session(local_aws: MiniStack, stack: dict[str, str]) -> boto3.Session:
    assert stack
    return local_aws.session()


def test_the_same_again_changes_nothing(session: boto3.Session, built: Package) -> None:
    before, keys = events(session), signing_keys(session)
    outputs = deploy(session, built, STACK, {})
    assert outputs["BidderParameters"] == "/bidder"
    assert (events(session), signing_keys(session)) == (before, keys)


def test_a_changed_parameter_is_taken_and_then_kept(session: boto3.Session, built: Package) -> None:
    deploy(session, built, STACK, {"LogRetentionDays": "7"})
    deploy(session, built, STACK, {"RefreshConcurrency": "1"})
    groups = session.client("logs").describe_log_groups(logGroupNamePrefix=f"/{STACK}/")["logGroups"]
    assert {group["retentionInDays"] for group in groups} == {7}
    deploy(session, built, STACK, {"LogRetentionDays": "30"})


def test_the_keys_that_sign_are_as_the_bidder_reads_them(session: boto3.Session) -> None:
    value = json.loads(signing_keys(session))
    assert value["current"] in value["keys"]
    assert len(value["keys"][value["current"]]) == 43


def test_a_failure_names_the_resource_and_the_reason(session: boto3.Session, built: Package, tmp_path: Path) -> None:
    template = json.loads(built.template.read_text())
    metric = {"Namespace": "AWS/SQS", "MetricName": "Any", "ComparisonOperator": "GreaterThanThreshold"}
    alarm = {"Type": "AWS::CloudWatch::Alarm", "Properties": metric | {"EvaluationPeriods": 1}}
    bad = replace(built, folder=tmp_path)
    bad.template.write_text(json.dumps(template | {"Resources": {"Odd": alarm}, "Outputs": {}}))
    bad.archive.write_bytes(b"")
    with pytest.raises(DeployFailed, match=r"(?s)Stack odd failed:.*Odd: .*Threshold"):
        deploy(session, bad, "odd", {})
    with pytest.raises(Unsettled, match="delete-stack --stack-name odd"):
        deploy(session, bad, "odd", {})
