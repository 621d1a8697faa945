"""The state of a stack in AWS: the live version, alarms, snapshot, queues and spend."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import boto3

from bidder.aws.batches import batches_of
from bidder.campaigns.repository import CampaignRepository
from bidder.delivery.zones import local
from bidder.events.ledger import Ledger
from bidder.snapshot.store import SnapshotStore
from tools.changes import describe_stack
from tools.versions import ALIAS, versions

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_sqs import SQSClient

_MAX_ALARMS = 100
"""The most names of a DescribeAlarms call."""
_DEAD = "DeadLetterQueue"


class NoStack(LookupError):
    """The stack does not exist in the account and region."""


@dataclass(frozen=True)
class Alarm:
    """An alarm in the state ALARM, and its reason."""

    name: str
    since: datetime | None
    reason: str


@dataclass(frozen=True)
class Alarms:
    """The alarms in the state ALARM, and the number of other alarms by state."""

    ringing: tuple[Alarm, ...]
    ok: int
    without_data: int


@dataclass(frozen=True)
class Queue:
    """The number of messages in a queue, and in its dead-letter queue; `dead` is None without one."""

    name: str
    waiting: int
    in_flight: int
    dead: int | None


@dataclass(frozen=True)
class StackSnapshot:
    """The current campaign cache."""

    version: int
    at: datetime | None
    age_seconds: float | None
    campaigns: int
    bidding: int
    pinned: int | None
    stopped: bool


@dataclass(frozen=True)
class StackStatus:
    """A stack at a moment. `traffic` is the share of requests by version, `spend_micros` the spend of today."""

    stack: str
    state: str
    changed: datetime | None
    url: str | None
    version: int
    kept: tuple[int, ...]
    traffic: Mapping[int, float]
    alarms: Alarms
    snapshot: StackSnapshot | None
    queues: tuple[Queue, ...]
    campaigns: int
    spend_micros: int

    def document(self) -> dict[str, Any]:
        """The state as JSON for programs."""
        return asdict(self)


def status(session: boto3.Session, stack: str, now: datetime) -> StackStatus:
    """Reads the state of a stack. Raises NoStack, and botocore's errors."""
    cloudformation = session.client("cloudformation")
    current = describe_stack(cloudformation, stack)
    if current is None:
        msg = f"There is no stack {stack} in {session.region_name or 'this region'}"
        raise NoStack(msg)
    outputs = {output["OutputKey"]: output["OutputValue"] for output in current.get("Outputs", [])}
    pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack)
    resources = [resource for page in pages for resource in page["StackResourceSummaries"]]
    ids = {each["LogicalResourceId"]: each.get("PhysicalResourceId", "") for each in resources}
    alarms = [i for i, r in zip(ids.values(), resources, strict=True) if r["ResourceType"] == "AWS::CloudWatch::Alarm"]
    queues = {
        each["LogicalResourceId"]: each.get("PhysicalResourceId", "")
        for each in resources
        if each["ResourceType"] == "AWS::SQS::Queue"
    }
    functions = session.client("lambda")
    traffic = traffic_shares(functions, ids["APIHandler"])
    version = max(traffic, key=lambda each: traffic[each])
    campaigns, micros = _spend_today(session, outputs, now)
    return StackStatus(
        stack,
        current["StackStatus"],
        current.get("LastUpdatedTime") or current.get("CreationTime"),
        outputs.get("EndpointURL"),
        version,
        tuple(each for each in versions(functions, ids["APIHandler"]) if each != version),
        traffic,
        _alarms(session.client("cloudwatch"), alarms),
        _snapshot(session, outputs["BidderSnapshotBucket"], now),
        tuple(_queues(session.client("sqs"), queues)),
        campaigns,
        micros,
    )


def traffic_shares(functions: "LambdaClient", function: str) -> dict[int, float]:
    """The share of requests of each version by the alias."""
    alias = functions.get_alias(FunctionName=function, Name=ALIAS)
    added = alias.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})
    rest = round(1 - sum(added.values()), 6)
    return {int(alias["FunctionVersion"]): rest} | {int(version): share for version, share in added.items()}


def _alarms(cloudwatch: "CloudWatchClient", names: list[str]) -> Alarms:
    states = [
        alarm
        for batch in batches_of(names, _MAX_ALARMS)
        for alarm in cloudwatch.describe_alarms(AlarmNames=batch, MaxRecords=100)["MetricAlarms"]
    ]
    ringing = [
        Alarm(alarm["AlarmName"], alarm.get("StateUpdatedTimestamp"), alarm.get("StateReason", ""))
        for alarm in sorted(states, key=lambda each: each["AlarmName"])
        if alarm["StateValue"] == "ALARM"
    ]
    return Alarms(
        tuple(ringing),
        sum(alarm["StateValue"] == "OK" for alarm in states),
        sum(alarm["StateValue"] == "INSUFFICIENT_DATA" for alarm in states),
    )


def _snapshot(session: boto3.Session, bucket: str, now: datetime) -> StackSnapshot | None:
    manifest = SnapshotStore(session.client("s3"), bucket).current()
    if manifest is None:
        return None
    age = (now - manifest.at).total_seconds() if manifest.at else None
    return StackSnapshot(
        manifest.version, manifest.at, age, manifest.campaigns, manifest.bidding, manifest.pinned, manifest.stopped
    )


def _queues(sqs: "SQSClient", urls: Mapping[str, str]) -> Iterator[Queue]:
    for name, url in sorted(urls.items()):
        if name.endswith(_DEAD):
            continue
        waiting, in_flight = _messages(sqs, url)
        dead = urls.get(name.removesuffix("Queue") + _DEAD)
        yield Queue(url.rpartition("/")[2], waiting, in_flight, None if dead is None else _messages(sqs, dead)[0])


def _messages(sqs: "SQSClient", url: str) -> tuple[int, int]:
    attributes = sqs.get_queue_attributes(
        QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    )["Attributes"]
    return int(attributes["ApproximateNumberOfMessages"]), int(attributes["ApproximateNumberOfMessagesNotVisible"])


def _spend_today(session: boto3.Session, outputs: Mapping[str, str], now: datetime) -> tuple[int, int]:
    """The number of campaigns, and their spend of the present day in each one's time zone, in micros."""
    dynamodb = session.client("dynamodb")
    repository = CampaignRepository(
        dynamodb, outputs["BidderCampaignsTable"], outputs["BidderHistoryTable"], author="status"
    )
    zones = {campaign.id: campaign.time_zone for campaign in repository.all()}
    ledger = Ledger(dynamodb, outputs["BidderLedgerTable"])
    spends = ledger.spends({name: local(now, zone) for name, zone in zones.items()})
    return len(zones), sum(spend.today_micros for spend in spends.values())
