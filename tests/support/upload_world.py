"""moto's AWS with a campaign and the resources for processing uploads."""

import json
from datetime import UTC, datetime
from pathlib import Path

import boto3

from bidder.campaigns.repository import CampaignRepository
from bidder.creatives.announcer import Announcer
from bidder.creatives.destination import Destination
from bidder.creatives.job import Job
from bidder.creatives.job_store import JobStore
from bidder.creatives.limits import Limits
from bidder.creatives.loudness import LoudnessTarget
from bidder.creatives.process import Processor
from bidder.creatives.source import UploadSource
from bidder.creatives.upload import Upload
from tests.support.campaigns import campaign
from tests.unit.creatives.conftest import FFMPEG

METADATA = {"campaign": "shoes", "creative": "spot", "landing-page": "https://shop.example/new", "mezzanine": "yes"}


class World:
    """moto's AWS with a campaign, and the announced uploads."""

    def __init__(self) -> None:
        self.dynamodb, self.s3 = boto3.client("dynamodb"), boto3.client("s3")
        self.sns, self.sqs = boto3.client("sns"), boto3.client("sqs")
        for bucket in ("uploads", "media"):
            self.s3.create_bucket(Bucket=bucket)
        for table, keys in (("campaigns", ["id"]), ("history", ["pk", "sk"]), ("creatives", ["id"])):
            self.dynamodb.create_table(
                TableName=table,
                BillingMode="PAY_PER_REQUEST",
                AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
                KeySchema=[
                    {"AttributeName": key, "KeyType": "RANGE" if number else "HASH"} for number, key in enumerate(keys)
                ],
            )
        topics = [self.sns.create_topic(Name=name)["TopicArn"] for name in ("creatives", "refresh")]
        self.queue = self.sqs.create_queue(QueueName="announced")["QueueUrl"]
        arn = self.sqs.get_queue_attributes(QueueUrl=self.queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        for topic in topics:
            self.sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"})
        self.campaigns = CampaignRepository(self.dynamodb, "campaigns", "history")
        self.campaigns.put(campaign(id="shoes"))
        self.jobs = JobStore(self.dynamodb, "creatives")
        self.processor = Processor(
            source=UploadSource(self.s3, Limits()),
            destination=Destination(self.s3, "media", "https://media.example/"),
            jobs=self.jobs,
            campaigns=self.campaigns,
            announcer=Announcer(self.sns, *topics),
            ffmpeg=FFMPEG,
            target=LoudnessTarget.ATSC_A85,
            now=lambda: datetime.now(UTC),
        )

    def upload(self, path: Path, number: int = 1, **changes: str) -> Upload:
        """Uploads a file as the creative `spot`. The event is S3's `number`-th event of the key."""
        self.s3.upload_file(str(path), "uploads", "uploads/spot.mp4", ExtraArgs={"Metadata": METADATA | changes})
        head = self.s3.head_object(Bucket="uploads", Key="uploads/spot.mp4")
        size, etag = head["ContentLength"], head["ETag"].strip('"')
        return Upload(bucket="uploads", key="uploads/spot.mp4", size=size, etag=etag, sequencer=f"{number:064X}")

    @property
    def job(self) -> Job:
        job = self.jobs.get("shoes", "spot")
        assert job is not None
        return job

    def served(self) -> tuple[float, list[str]]:
        """The seconds and the files of the creative `spot` in its campaign."""
        stored_campaign = self.campaigns.get("shoes").campaign
        assert stored_campaign is not None
        [spot] = stored_campaign.creatives
        return spot.duration, [medium.url.rpartition("/")[2] for medium in spot.media]

    def announced(self) -> list[str]:
        """The announced states of jobs and the requested refreshes, in order of arrival."""
        messages = []
        while received := self.sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10).get("Messages"):
            messages += [json.loads(message["Body"]).get("state", "refresh") for message in received]
        return messages

    def renditions(self) -> set[str]:
        objects = self.s3.list_objects_v2(Bucket="media").get("Contents", [])
        return {entry["Key"].rpartition("/")[2] for entry in objects}
