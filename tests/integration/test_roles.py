"""Every function's handler runs under the policies of its role: they permit its calls and no others."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest

from bidder.campaigns.repository import CampaignRepository
from bidder.snapshot.id_lists import pack_list
from bidder.snapshot.list_store import ListStore
from bidder.snapshot.store import SnapshotStore
from tests.integration.policy_calls import Call
from tests.integration.policy_judge import Judge, matches
from tests.integration.policy_proxy import Record, policy_proxy
from tests.integration.runtime import api_event, sqs_event
from tests.integration.stack_functions import FUNCTIONS, HOOKS
from tests.support.campaigns import campaign
from tests.support.events import event
from tests.support.matchable import video_request
from tests.unit.creatives.conftest import H264, PICTURE, TONE, make
from tools import ROOT
from tools.creatives_stack import TEMPLATE
from tools.local import STACK
from tools.ministack import MiniStack
from tools.processes import local_environment
from tools.template import load_template

COUNTRY = "VUT"
CREATIVES = ("Transcode", "Thumbnails", "Metadata")
BY_LAMBDA = {
    "logs:CreateLogStream": "Lambda writes the log",
    "logs:PutLogEvents": "Lambda writes the log",
    "xray:PutTraceSegments": "Lambda's daemon sends the traces",
    "xray:PutTelemetryRecords": "Lambda's daemon sends the traces",
    "sqs:ReceiveMessage": "Lambda reads the queue",
    "sqs:DeleteMessage": "Lambda reads the queue",
    "sqs:GetQueueAttributes": "Lambda reads the queue",
}
"""Actions that AWS performs with the role, without code of the bidder."""
SCHEDULED = {
    "version": "0",
    "account": "000000000000",
    "region": "us-east-1",
    "detail": {},
    "detail-type": "Scheduled Event",
    "source": "aws.events",
    "time": "2026-11-26T00:00:00Z",
    "id": "event",
    "resources": [],
}
NOT_REACHED: dict[tuple[str, str], str] = {
    ("ssm:GetParametersByPath", "/*"): "the path itself is asked for; IAM's documentation has both forms",
    ("lambda:GetAlias", "-Ledger-"): "as of the API's function",
    ("lambda:GetAlias", "-APIHandler-"): "the alias is asked for; IAM's documentation has the function",
}
"""Permissions that no run of the tests uses, by action and a part of the resource."""


class Functions:
    """The deployed functions, run in processes with their environment and role, against the policy proxy."""

    def __init__(self, session: boto3.Session, url: str, record: Record) -> None:
        self.session, self.record = session, record
        self._url = url
        self._lambda = session.client("lambda")
        self._cloudformation = session.client("cloudformation")

    def configuration(self, name: str) -> Any:
        stack = f"{STACK}-creatives" if name in CREATIVES else STACK
        resource = self._cloudformation.describe_stack_resource(StackName=stack, LogicalResourceId=name)
        physical = resource["StackResourceDetail"]["PhysicalResourceId"]
        return self._lambda.get_function_configuration(FunctionName=physical)

    def role(self, name: str) -> str:
        return self.configuration(name)["Role"].rpartition("/")[2]

    def run(self, name: str, *events: Any, down: str = "", missing: str = "", **variables: str) -> list[Any]:
        """The answers to events from a new process. One service can be down, and objects with a prefix missing."""
        configuration = self.configuration(name)
        environment = local_environment() | configuration.get("Environment", {}).get("Variables", {})
        environment |= {
            "AWS_ENDPOINT_URL": self._url,
            "AWS_ACCESS_KEY_ID": configuration["Role"].rpartition("/")[2],
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_MAX_ATTEMPTS": "1",
        }
        self.record.down, self.record.missing = down, missing
        command = [sys.executable, "-m", "tests.integration.handler_process", configuration["Handler"]]
        process = subprocess.run(  # noqa: S603  our own module
            command,
            cwd=ROOT,
            env=environment | variables,
            input=json.dumps(events),
            capture_output=True,
            text=True,
            check=False,
        )
        self.record.down = self.record.missing = ""
        assert process.returncode == 0, f"{name}: {process.stdout[-2000:]} {process.stderr[-3000:]}"
        return [json.loads(line) for line in process.stdout.splitlines() if not line.startswith('{"event"')]


@pytest.fixture(scope="module")
def judge(local_aws: MiniStack, stack: dict[str, str]) -> Judge:
    assert stack
    return Judge(local_aws.session())


@pytest.fixture(scope="module")
def functions(
    judge: Judge, local_aws: MiniStack, stack: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Functions]:
    """All functions, each after a run on its events."""
    session = local_aws.session()
    sell(session, stack)
    with policy_proxy(local_aws.port, judge) as (url, record):
        all_functions = Functions(session, url, record)
        run_bidder(all_functions, session, stack)
        run_hooks(all_functions)
        alarm = {"alarmData": {"alarmName": "roles", "state": {"value": "ALARM"}}}
        try:
            all_functions.run("StopBidding", alarm)
            all_functions.run("StopBidding", alarm, missing="snapshots/")  # before the first snapshot
        finally:
            store = SnapshotStore(session.client("s3"), stack["BIDDER_SNAPSHOT_BUCKET"])
            store.stop(datetime.now(UTC), stopped=False)
        folder = tmp_path_factory.mktemp("creatives")
        make(folder / "spot.mp4", f"{PICTURE} {TONE} -t 1 {H264}")
        run_creatives(all_functions, session, stack, str(folder / "spot.mp4"))
        yield all_functions


def sell(session: boto3.Session, stack: dict[str, str], **changes: Any) -> None:
    """Stores a campaign with an id list, a frequency cap, a budget and a goal, so that every store is read."""
    tables = (stack["BIDDER_CAMPAIGNS_TABLE"], stack["BIDDER_HISTORY_TABLE"])
    ListStore(session.client("s3"), stack["BIDDER_SNAPSHOT_BUCKET"]).put("roles", pack_list([1]))
    campaign_document = {
        "id": "roles",
        "targeting": {"country": {"include": [COUNTRY]}, "list": {"exclude": ["roles"]}},
        "frequency_caps": [{"impressions": 3, "window": "day"}],
        "budget": {"daily": 100},
        **changes,
    }
    CampaignRepository(session.client("dynamodb"), *tables).put(campaign(**campaign_document))


def run_bidder(made: Functions, session: boto3.Session, stack: dict[str, str]) -> None:
    refresh = sqs_event([{"reason": "test"}], "arn:aws:sqs:us-east-1:000000000000:bidder-campaign-refresh")
    # a future time, so that no earlier refresh has served the request
    refresh["Records"][0]["attributes"]["SentTimestamp"] = str(int(time.time() * 1000) + 600_000)
    made.run("ParameterCopy", SCHEDULED)
    made.run("Refresh", refresh, missing="snapshots/index/")
    sell(session, stack, cpm=6)
    made.run("Refresh", refresh)
    request = json.dumps(
        video_request(device={"geo": {"country": COUNTRY}, "ifa": "8d2b4f6e-1f2a-4c3b-9a5d-7e6f5a4b3c2d"})
    )
    bid_event = api_event("POST", "/bid", "/bid", body=request)
    (answer,) = made.run("APIHandler", bid_event)
    assert answer["statusCode"] == 200, answer
    # a process without the copy of the parameters reads Parameter Store
    made.run("APIHandler", bid_event, missing="parameters/")
    [bid] = json.loads(answer["body"])["seatbid"][0]["bid"]
    _, _, kind, token = bid["burl"].split("/api", 1)[1].partition("?")[0].split("/")
    notice = api_event("GET", f"/e/{kind}/{token}", "/e/{kind}/{token}", {"kind": kind, "token": token})
    assert made.run("APIHandler", notice)[0]["statusCode"] == 204
    assert made.run("APIHandler", notice, down="sns")[0]["statusCode"] == 204
    now = datetime.now(UTC)
    impressions = [
        event(bid_id="roles", campaign_id="roles", user="viewer", at=now, bid_at=now).model_dump(mode="json")
    ]
    for consumer in ("Ledger", "Archive", "Learning", "Frequency", "Notices"):
        queue = f"arn:aws:sqs:us-east-1:000000000000:bidder-{consumer.lower()}"
        assert made.run(consumer, sqs_event(impressions, queue)) == [{"batchItemFailures": []}], consumer


def run_hooks(made: Functions) -> None:
    deployment = {"DeploymentId": "d-1", "LifecycleEventHookExecutionId": "e-1"}
    for hook in HOOKS:
        made.run(hook, deployment, BIDDER_ROLLOUT_SETTLING="0")


def run_creatives(made: Functions, session: boto3.Session, stack: dict[str, str], spot: str) -> None:
    s3, bucket = session.client("s3"), stack["BIDDER_UPLOAD_BUCKET"]
    upload_metadata = {"campaign": "roles", "creative": "new", "landing-page": "https://shop.example/new"}
    with without_notifications(s3, bucket):
        s3.upload_file(spot, bucket, "uploads/roles.mp4", ExtraArgs={"Metadata": upload_metadata})
    for name in CREATIVES:
        for year, key, size in (("2098", "roles", 1000), ("2099", "gone", 1000), ("2100", "roles", 10**9)):
            about_object = {"key": f"uploads/{key}.mp4", "size": size, "sequencer": "0055"}
            record = {
                "eventName": "ObjectCreated:Put",
                "eventTime": f"{year}-01-01T00:00:00.000Z",
                "s3": {"bucket": {"name": bucket}, "object": about_object},
            }
            made.run(name, sqs_event([{"Records": [record]}], f"arn:aws:sqs:us-east-1:000000000000:{name}"))


@contextmanager
def without_notifications(s3: Any, bucket: str) -> Iterator[None]:
    """A context in which uploads start none of the deployed functions.

    A deployed function that has written the creative before the recorded one leaves it nothing to write.
    """
    events = s3.get_bucket_notification_configuration(Bucket=bucket)
    del events["ResponseMetadata"]
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={})
    try:
        yield
    finally:
        s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=events)


@pytest.mark.parametrize("name", [*FUNCTIONS, *CREATIVES])
def test_no_call_of_a_function_is_denied(functions: Functions, name: str) -> None:
    role = functions.role(name)
    assert functions.record.permitted[role], "it asked AWS for nothing"
    assert functions.record.denied.get(role, set()) == set()


@pytest.mark.parametrize("name", [*FUNCTIONS, *CREATIVES])
def test_a_function_has_no_unused_permission(functions: Functions, judge: Judge, name: str) -> None:
    role = functions.role(name)
    used = functions.record.permitted[role]
    unused = [
        grant
        for grant in judge.grants(role)
        if grant.action not in BY_LAMBDA
        and not any(grant.action == action and part in grant.resource for action, part in NOT_REACHED)
        and not any(matches({"Action": grant.action, "Resource": grant.resource}, call) for call in used)
    ]
    assert unused == []


def test_every_function_of_the_creatives_stack_is_run() -> None:
    template = load_template(TEMPLATE)
    resources = template["Resources"].items()
    assert set(CREATIVES) == {name for name, each in resources if each["Type"] == "AWS::Serverless::Function"}


def test_a_role_does_not_permit_the_calls_of_another_function(functions: Functions, judge: Judge) -> None:
    ledger, bid = functions.role("Ledger"), functions.role("APIHandler")
    counted_items = {call for call in functions.record.permitted[ledger] if call.action.startswith("dynamodb:")}
    assert counted_items
    assert not any(judge.permits(bid, call) for call in counted_items)
    keys = Call("kms:Decrypt", "alias/aws/ssm", "ssm.us-east-1.amazonaws.com")
    assert not judge.permits(functions.role("Refresh"), keys)
    assert judge.permits(bid, keys)
