"""A separate local AWS for drills: tests that break resources of a stack or deploy versions, and restore them."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import boto3

from bidder.campaigns.files import read_campaigns
from bidder.campaigns.repository import CampaignRepository
from bidder.delivery.budget import Spend
from bidder.events.archive import Archive
from bidder.events.ledger import Ledger
from bidder.snapshot.manifest import Manifest
from bidder.snapshot.store import SnapshotStore
from tests.integration.polling import poll
from tests.smoke.target import Target
from tests.support.campaigns import campaign
from tools import ROOT
from tools.local import STACK, deploy_package
from tools.ministack import MiniStack
from tools.package import Package
from tools.processes import free_port

EXCHANGE = "drill"
"""An exchange that bills by billing notices, of which one address may send any number."""

PARAMETERS = {
    "snapshot-check-interval": "0.3",
    "parameter-lifetime": "1",
    "exchanges": json.dumps({EXCHANGE: {"billed_by": "bill"}}),
}

SAMPLES = ROOT / "samples" / "campaigns.yaml"


@dataclass
class Drill:
    """The stack in its local AWS. `variables` are the environment variables of a bidder that uses it."""

    aws: MiniStack
    variables: dict[str, str]

    @cached_property
    def session(self) -> boto3.Session:
        return self.aws.session()

    @cached_property
    def ids(self) -> dict[str, str]:
        """The physical ids of the stack's resources by their logical ids."""
        pages = self.session.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=STACK)
        resources = [resource for page in pages for resource in page["StackResourceSummaries"]]
        return {each["LogicalResourceId"]: each["PhysicalResourceId"] for each in resources}

    @cached_property
    def target(self) -> Target:
        """The deployed API: API Gateway, the alias `live` and the function behind it."""
        return Target(f"{self.aws.url}/restapis/{self.ids['RestAPI']}/api/_user_request_", seconds=60)

    @cached_property
    def campaigns(self) -> CampaignRepository:
        tables = (self.variables["BIDDER_CAMPAIGNS_TABLE"], self.variables["BIDDER_HISTORY_TABLE"])
        return CampaignRepository(self.session.client("dynamodb"), *tables)

    @cached_property
    def ledger(self) -> Ledger:
        return Ledger(self.session.client("dynamodb"), self.variables["BIDDER_LEDGER_TABLE"])

    @cached_property
    def archive(self) -> Archive:
        return Archive(self.session.client("s3"), self.variables["BIDDER_ARCHIVE_BUCKET"])

    @cached_property
    def store(self) -> SnapshotStore:
        return SnapshotStore(self.session.client("s3"), self.variables["BIDDER_SNAPSHOT_BUCKET"])

    def refresh(self) -> Manifest:
        """Requests a refresh and waits for its snapshot."""
        before = self.store.current()
        version = before.version if before else 0
        self.session.client("sns").publish(TopicArn=self.variables["BIDDER_REFRESH_TOPIC"], Message="{}")

        def newer() -> Manifest | None:
            current = self.store.current()
            return current if current is not None and current.version > version else None

        manifest: Manifest = poll(newer)
        return manifest

    def spent(self, campaign_id: str) -> Spend:
        return self.ledger.spends({campaign_id: datetime.now(UTC)}).get(campaign_id, Spend())

    def messages(self, queue: str) -> int:
        """The number of messages of a queue, including those in flight. `queue` is its logical id."""
        attributes: Any = self.session.client("sqs").get_queue_attributes(
            QueueUrl=self.ids[queue], AttributeNames=["All"]
        )["Attributes"]
        return sum(int(attributes[f"ApproximateNumberOfMessages{kind}"]) for kind in ("", "NotVisible"))

    def sell(self, country: str) -> str:
        """Stores a campaign for a country without budgets at a CPM of 5 USD. Returns its id. Needs a refresh."""
        sold_campaign = campaign(id=f"in-{country}", targeting={"country": {"include": [country]}})
        self.campaigns.put(sold_campaign)
        return sold_campaign.id

    def import_samples(self) -> None:
        for sample in read_campaigns(SAMPLES.read_text(), self.variables["BIDDER_MEDIA_URL"]):
            self.campaigns.put(sample)


@contextmanager
def drill(folder: Path, built_package: Package) -> Iterator[Drill]:
    """A local AWS with the stack and the sample campaigns. Processes check snapshots and parameters often."""
    aws = MiniStack(folder, free_port())
    aws.start()
    try:
        for (
            name,
            value,
        ) in PARAMETERS.items():  # before the stack starts, since processes keep parameters for a lifetime
            aws.session().client("ssm").put_parameter(Name=f"/{STACK}/{name}", Type="String", Value=value)
        new_drill = Drill(aws, deploy_package(aws, built_package))
        new_drill.import_samples()
        new_drill.refresh()
        poll(lambda: new_drill.target.ask("GET", "/health").status == 200)
        yield new_drill
    finally:
        aws.stop()
