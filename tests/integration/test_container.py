"""The container worker in its image, on a queue of the local AWS. Unfinished messages return to the queue."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bidder.campaigns.repository import CampaignRepository
from bidder.creatives.job import Job, State
from bidder.creatives.job_store import JobStore
from tests.integration import container
from tests.integration.polling import poll
from tests.support.campaigns import campaign
from tests.unit.creatives.conftest import H264, PICTURE, TONE, make
from tools.ministack import MiniStack

BUCKET, QUEUE = "container-uploads", "container-batch"


@pytest.fixture(scope="module")
def image() -> Iterator[container.Image]:
    yield from container.build_image(container.WORKER)


class Batch:
    """A separate queue and bucket, so that no function of the stack processes the uploads."""

    def __init__(self, aws: MiniStack, stack: dict[str, str]) -> None:
        session = aws.session()
        self.s3, self.sqs, dynamodb = session.client("s3"), session.client("sqs"), session.client("dynamodb")
        self.s3.create_bucket(Bucket=BUCKET)
        self.queue = self.sqs.create_queue(QueueName=QUEUE)["QueueUrl"]
        self.jobs = JobStore(dynamodb, stack["BIDDER_CREATIVES_TABLE"])
        self.campaigns = CampaignRepository(dynamodb, stack["BIDDER_CAMPAIGNS_TABLE"], stack["BIDDER_HISTORY_TABLE"])
        self.campaigns.put(campaign(id="container", targeting={"country": {"include": ["TKL"]}}))
        expected = ("CAMPAIGNS_TABLE", "HISTORY_TABLE", "CREATIVES_TABLE", "CREATIVE_BUCKET", "CREATIVES_TOPIC")
        self.settings = {
            **aws.environment(),
            **{f"BIDDER_{name}": stack[f"BIDDER_{name}"] for name in (*expected, "REFRESH_TOPIC", "MEDIA_URL")},
            "BIDDER_BATCH_QUEUE": self.queue,
            "BIDDER_FFMPEG": "/app/ffmpeg",
        }

    def send(self, video: Path, creative: str) -> None:
        key = f"uploads/{creative}.mp4"
        upload_metadata = {"campaign": "container", "creative": creative, "landing-page": "https://shop.example/"}
        self.s3.upload_file(str(video), BUCKET, key, ExtraArgs={"Metadata": upload_metadata})
        head = self.s3.head_object(Bucket=BUCKET, Key=key)
        uploaded = {"key": key, "size": head["ContentLength"], "eTag": head["ETag"].strip('"'), "sequencer": "01"}
        record = {"eventName": "ObjectCreated:Put", "s3": {"bucket": {"name": BUCKET}, "object": uploaded}}
        self.sqs.send_message(QueueUrl=self.queue, MessageBody=json.dumps({"Records": [record]}))

    def job(self, creative: str, *states: State) -> Job:
        def ended_job() -> Job | None:
            job = self.jobs.get("container", creative)
            return job if job and job.state in states else None

        return poll(ended_job, seconds=90)

    def messages(self) -> tuple[int, int]:
        """The numbers of waiting messages and of messages in flight."""
        names: Any = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        attributes = self.sqs.get_queue_attributes(QueueUrl=self.queue, AttributeNames=names)["Attributes"]
        return int(attributes[names[0]]), int(attributes[names[1]])


@pytest.fixture(scope="module")
def batch(image: container.Image, local_aws: MiniStack, stack: dict[str, str]) -> Batch:  # noqa: ARG001  skipped with it
    return Batch(local_aws, stack)


def test_the_error_of_a_worker_without_settings_names_the_missing_variables(image: container.Image) -> None:
    process = image.start({})
    _, errors = process.communicate(timeout=60)

    assert process.returncode == 2
    assert "bad settings: BIDDER_CAMPAIGNS_TABLE: Field required; BIDDER_HISTORY_TABLE: Field required" in errors
    assert "Traceback" not in errors


def test_a_worker_makes_renditions_and_returns_unfinished_messages(
    image: container.Image, batch: Batch, tmp_path: Path
) -> None:
    batch.send(make(tmp_path / "short.mp4", f"{PICTURE} {TONE} -t 2 {H264}"), "short")
    process = image.start(batch.settings)
    try:
        assert batch.job("short", State.READY, State.REFUSED).state is State.READY
        poll(lambda: batch.messages() == (0, 0))

        long = make(tmp_path / "long.mp4", f"-f lavfi -i testsrc2=s=1280x720:r=30 {TONE} -t 60 {H264}")
        batch.send(long, "long")
        batch.job("long", State.TRANSCODING)
        image.stop(process)
        _, errors = process.communicate(timeout=60)
    finally:
        image.kill(process)

    assert process.returncode == 0, errors
    assert batch.messages() == (1, 0)
    stored_campaign = batch.campaigns.get("container").campaign
    assert stored_campaign is not None
    assert [(creative.id, len(creative.media)) for creative in stored_campaign.creatives[1:]] == [("short", 2)]
