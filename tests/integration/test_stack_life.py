"""A second stack in the account: created, protected, deleted, and created again with its retained tables."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from tools.changes import DeployFailed, Patience, describe_stack
from tools.deploy import deploy, environment
from tools.local import STACK
from tools.ministack import MiniStack
from tools.names import InvalidStackName, check_stack_name
from tools.package import Package

SECOND = "second"
KEPT = ("Table", "Bucket")


@pytest.fixture(scope="module")
def session(local_aws: MiniStack, stack: dict[str, str]) -> boto3.Session:
    assert stack
    return local_aws.session()


@pytest.fixture(scope="module")
def second(session: boto3.Session, built_package: Package) -> Iterator[dict[str, str]]:
    """The outputs of a second stack, which is deleted after the tests of this module."""
    yield deploy(session, built_package, SECOND, {})
    deploy(session, built_package, SECOND, {"DeletionProtection": "off"})
    delete(session, SECOND)


def delete(session: boto3.Session, stack: str) -> None:
    cloudformation = session.client("cloudformation")
    cloudformation.delete_stack(StackName=stack)
    patience = Patience(60)
    assert patience.until(lambda: True if missing(describe_stack(cloudformation, stack)) else None), (
        "not deleted in a minute"
    )


def missing(current: dict[str, Any] | None) -> bool:
    return current is None or current["StackStatus"] == "DELETE_COMPLETE"


def physical(session: boto3.Session, stack: str) -> dict[str, str]:
    pages = session.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=stack)
    return {
        summary["LogicalResourceId"]: summary["PhysicalResourceId"]
        for page in pages
        for summary in page["StackResourceSummaries"]
    }


def test_two_stacks_share_no_resource(session: boto3.Session, second: dict[str, str]) -> None:
    first = physical(session, STACK)
    common = {name for name, physical_id in physical(session, SECOND).items() if first.get(name) == physical_id}
    # names within an API or a database, which have different names
    assert {name for name in common if not name.endswith("Stage")} == {"ArchiveTable"}
    assert second["BidderParameters"] == "/second"
    keys = [session.client("ssm").get_parameter(Name=f"/{name}/signing-keys") for name in (STACK, SECOND)]
    assert keys[0]["Parameter"]["Value"] != keys[1]["Parameter"]["Value"]


def test_stacks_and_tables_are_protected_from_deletion(session: boto3.Session, second: dict[str, str]) -> None:
    with pytest.raises(ClientError, match="TerminationProtection"):
        session.client("cloudformation").delete_stack(StackName=SECOND)
    tables = [value for name, value in second.items() if name.endswith("Table")]
    assert len(tables) == 5
    for table in tables:
        with pytest.raises(ClientError, match=r"[Dd]eletion protection"):
            session.client("dynamodb").delete_table(TableName=table)


def test_names_of_an_existing_stack_cannot_be_changed(
    session: boto3.Session, built_package: Package, second: dict[str, str]
) -> None:
    before = physical(session, SECOND)
    with pytest.raises(DeployFailed, match="LedgerTableName=other: stack second exists"):
        deploy(session, built_package, SECOND, {"LedgerTableName": "other"})
    assert physical(session, SECOND) == before
    assert second


def test_a_deleted_stack_is_created_again_with_its_retained_tables(
    session: boto3.Session, built_package: Package, second: dict[str, str]
) -> None:
    item: Any = {"pk": {"S": "spend#campaign"}, "sk": {"S": "total"}, "micros": {"N": "125000"}}
    tables = session.client("dynamodb")
    tables.put_item(TableName=second["BidderLedgerTable"], Item=item)
    deploy(session, built_package, SECOND, {"DeletionProtection": "off"})
    delete(session, SECOND)
    remaining = {
        f"{name.removeprefix('Bidder')}Name": value
        for name, value in second.items()
        if name.startswith("Bidder") and name.endswith(KEPT)
    }
    assert len(remaining) == 8
    new_outputs = deploy(session, built_package, SECOND, remaining)
    assert {name: new_outputs[name] for name in second if name.endswith(KEPT)} == {
        name: value for name, value in second.items() if name.endswith(KEPT)
    }
    key: Any = {name: item[name] for name in ("pk", "sk")}
    assert tables.get_item(TableName=new_outputs["BidderLedgerTable"], Key=key)["Item"] == item
    assert environment(deploy(session, built_package, SECOND, {"Seat": "other"}))["BIDDER_SEAT"] == "other", (
        "names are kept"
    )


def test_a_failed_creation_leaves_no_table(session: boto3.Session, built_package: Package, tmp_path: Path) -> None:
    template = json.loads(built_package.template.read_text())
    broken_alarm = {"Type": "AWS::CloudWatch::Alarm", "DependsOn": "LedgerTable", "Properties": {"MetricName": "Any"}}
    bad = replace(built_package, folder=tmp_path)
    resources = {"LedgerTable": template["Resources"]["LedgerTable"], "Broken": broken_alarm}
    bad.template.write_text(json.dumps(template | {"Resources": resources, "Outputs": {}}))
    bad.archive.write_bytes(b"")
    with pytest.raises(DeployFailed):
        deploy(session, bad, "unlucky", {})
    assert [name for name in session.client("dynamodb").list_tables()["TableNames"] if "unlucky" in name] == []


@pytest.mark.parametrize("name", ["Bidder", "2nd", "a_b", "", "a" * 41])
def test_a_stack_name_that_aws_would_refuse_is_refused_at_once(name: str) -> None:
    with pytest.raises(InvalidStackName, match="bidder-staging"):
        check_stack_name(name)
