"""The processing of uploads on moto's S3, DynamoDB, SNS and SQS: repeated, late, replaced, interrupted."""

import itertools
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bidder.campaigns.repository import CampaignRepository
from bidder.creatives import process as under_test
from bidder.creatives.announcer import Announcer
from bidder.creatives.job import State
from bidder.creatives.job_store import JobStore
from bidder.creatives.limits import Limits
from bidder.creatives.process import TooLongForFunction
from bidder.creatives.sandbox import Resources
from bidder.creatives.upload import NotAnUpload, Upload, uploads
from tests.support.campaigns import campaign
from tests.support.upload_world import World
from tests.unit.creatives.conftest import H264, PICTURE, TONE, Video
from workers.transcode.worker import Stopped, Worker

pytestmark = pytest.mark.slow


@pytest.fixture
def short_clip(videos: Video) -> Path:
    return videos("two-seconds.mp4", f"{PICTURE} {TONE} -t 2 {H264}")


@pytest.fixture
def longer_clip(videos: Video) -> Path:
    return videos("three-seconds.mp4", f"{PICTURE} {TONE} -t 3 {H264}")


def test_an_upload_replaces_the_files_of_its_creative_and_requests_a_refresh(world: World, short_clip: Path) -> None:
    assert world.processor.process(world.upload(short_clip)) is State.READY

    assert world.served() == (2.0, ["180p.mp4", "180p-vp9.webm"])
    stored_campaign = world.campaigns.get("shoes").campaign
    assert stored_campaign is not None
    [spot] = stored_campaign.creatives
    assert spot.click_through == "https://shop.example/new"
    assert spot.name == "A spot"
    assert spot.mezzanine is not None
    assert spot.mezzanine.file_size == short_clip.stat().st_size
    assert all(medium.file_size and medium.codec for medium in spot.media)
    assert world.announced() == ["uploaded", "probing", "transcoding", "ready", "refresh"]
    assert world.renditions() == {"180p.mp4", "180p-vp9.webm", "mezzanine.mp4"}


def test_repeated_events_process_an_upload_once(world: World, short_clip: Path) -> None:
    event = world.upload(short_clip)

    assert [world.processor.process(event) for _ in range(3)] == [State.READY, None, None]

    assert world.campaigns.get("shoes").version == 2


@pytest.mark.parametrize("order", sorted(set(itertools.permutations([0, 1, 1]))))
def test_the_newest_upload_is_served_for_any_order_of_events(
    order: tuple[int, ...], world: World, short_clip: Path, longer_clip: Path
) -> None:
    events = [world.upload(short_clip, 1), world.upload(longer_clip, 2)]

    for number in order:
        world.processor.process(events[number])

    assert world.served()[0] == 3.0
    assert (world.job.state, world.job.sequencer) == (State.READY, events[1].sequencer)


def test_a_replaced_creative_serves_its_old_files_until_the_new_ones_are_ready(
    world: World, short_clip: Path, tmp_path: Path
) -> None:
    world.processor.process(world.upload(short_clip, 1))
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"nothing")

    assert world.processor.process(world.upload(broken, 2)) is State.REFUSED

    assert world.served()[0] == 2.0
    assert world.job.reason == "the file is not an MP4, MOV, M4V, WebM or Matroska video"
    assert world.job.finished is not None
    assert world.announced()[-1] == "refused"


def test_an_upload_that_is_deleted_before_processing_causes_no_error(world: World, short_clip: Path) -> None:
    event = world.upload(short_clip)
    world.s3.delete_object(Bucket="uploads", Key="uploads/spot.mp4")

    assert world.processor.process(event) is None
    assert world.jobs.get("shoes", "spot") is None


@pytest.mark.parametrize("step", ["begin", "finish", "move", "tell"])
def test_the_next_process_finishes_an_upload_after_a_crash_at_any_call(
    step: str, world: World, short_clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = world.upload(short_clip)
    holder = Announcer if step == "tell" else JobStore
    original: Callable[..., Any] = getattr(holder, step)
    deaths = iter([True, False])

    def dies_after(*arguments: Any, **more: Any) -> Any:
        result = original(*arguments, **more)
        if next(deaths, False):
            raise KeyboardInterrupt
        return result

    monkeypatch.setattr(holder, step, dies_after)
    with pytest.raises(KeyboardInterrupt):
        world.processor.process(event)
    world.processor.process(event)

    assert world.job.state is State.READY
    assert world.served()[0] == 2.0
    assert world.renditions() == {"180p.mp4", "180p-vp9.webm", "mezzanine.mp4"}


def test_a_slower_process_of_an_older_upload_does_not_overwrite_newer_files(
    world: World, short_clip: Path, longer_clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = world.upload(short_clip, 1)
    second: list[Upload] = []
    original = under_test.transcode

    def slow(*arguments: Any, **more: Any) -> Any:
        result = original(*arguments, **more)
        if not second:
            second.append(world.upload(longer_clip, 2))
            world.processor.process(second[0])
        return result

    monkeypatch.setattr(under_test, "transcode", slow)
    world.processor.process(first)

    assert world.served()[0] == 3.0
    assert world.job.sequencer == second[0].sequencer


def test_a_concurrent_edit_of_the_campaign_is_kept(
    world: World, short_clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = CampaignRepository.get
    edits = iter([True])

    def edited_after(self: CampaignRepository, campaign_id: str) -> Any:
        results = original(self, campaign_id)
        if next(edits, False):
            self.put(campaign(id="shoes", name="Edited"))
        return results

    monkeypatch.setattr(CampaignRepository, "get", edited_after)
    world.processor.process(world.upload(short_clip))

    stored_campaign = original(world.campaigns, "shoes").campaign
    assert stored_campaign is not None
    assert (stored_campaign.name, stored_campaign.creatives[0].duration) == ("Edited", 2.0)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"campaign": "unknown"}, "campaign unknown does not exist: import the campaign, then upload the video again"),
        (
            {"creative": "new", "landing-page": ""},
            "creative new has no landing page: upload the video again with a landing page",
        ),
    ],
)
def test_an_upload_that_makes_its_campaign_invalid_is_refused(
    changes: dict[str, Any], reason: str, world: World, short_clip: Path
) -> None:
    assert world.processor.process(world.upload(short_clip, **changes)) is State.REFUSED

    [job] = world.jobs.all()
    assert job.reason == reason


def test_an_upload_without_a_campaign_in_its_metadata_is_refused(world: World, short_clip: Path) -> None:
    with pytest.raises(NotAnUpload, match="x-amz-meta-campaign"):
        world.processor.process(world.upload(short_clip, campaign="no campaign!"))


def test_a_long_video_goes_to_the_worker(world: World, short_clip: Path) -> None:
    event = world.upload(short_clip)
    function = under_test.Processor(**{**vars(world.processor), "limits": Limits(function_seconds=1)})
    with pytest.raises(TooLongForFunction):
        function.process(event)
    body = {
        "Records": [
            {
                "eventName": "ObjectCreated:Put",
                "s3": {
                    "bucket": {"name": event.bucket},
                    "object": {"key": "uploads%2Fspot.mp4", "size": event.size, "eTag": event.etag, "sequencer": "1"},
                },
            }
        ]
    }
    queue = world.sqs.create_queue(QueueName="batch")["QueueUrl"]
    world.sqs.send_message(QueueUrl=queue, MessageBody=json.dumps(body))
    of_container = under_test.Processor(**{**vars(function), "is_function": False})

    assert Worker(world.sqs, queue, of_container, wait_seconds=0).work_once()

    assert world.job.state is State.READY
    counts = world.sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]
    assert counts["ApproximateNumberOfMessages"] == counts["ApproximateNumberOfMessagesNotVisible"] == "0"


def test_too_much_work_for_a_function_goes_to_the_worker_which_refuses_it(world: World, short_clip: Path) -> None:
    event, little = world.upload(short_clip), Resources(text=100)
    function = under_test.Processor(**{**vars(world.processor), "resources": little})

    with pytest.raises(TooLongForFunction):
        function.process(event)
    assert under_test.Processor(**{**vars(function), "is_function": False}).process(event) is State.REFUSED

    assert "time or memory" in (world.job.reason or "")


@pytest.mark.parametrize(
    ("name", "options", "mime"),
    [
        ("original.mov", f"{PICTURE} -t 1.2 -c:v prores_ks -f mov", "video/quicktime"),
        ("original.webm", f"{PICTURE} -t 1.2 -c:v libvpx -deadline realtime -cpu-used 8", "video/webm"),
        ("original.mkv", f"{PICTURE} -t 1.2 {H264}", "video/x-matroska"),
    ],
)
def test_a_mezzanine_has_the_type_of_its_file(
    name: str, options: str, mime: str, world: World, videos: Video, tmp_path: Path
) -> None:
    path = tmp_path / "spot.mp4"  # the type is that of the content, not of the name
    path.write_bytes(videos(name, options).read_bytes())

    assert world.processor.process(world.upload(path)) is State.READY

    stored_campaign = world.campaigns.get("shoes").campaign
    assert stored_campaign is not None
    original = stored_campaign.creatives[0].mezzanine
    assert original is not None
    assert (original.mime, original.url.rpartition("/")[2]) == (mime, f"mezzanine{Path(name).suffix}")


def test_a_stopped_worker_returns_its_message_to_the_queue(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    queue = world.sqs.create_queue(QueueName="batch")["QueueUrl"]
    world.sqs.send_message(QueueUrl=queue, MessageBody='{"Records": []}')
    beats = threading.Event()

    def stops(_: str) -> Iterator[Upload]:
        beats.wait(5)
        raise Stopped

    worker = Worker(world.sqs, queue, world.processor, wait_seconds=0, heartbeat_seconds=0.01)
    hide = worker._hide
    monkeypatch.setattr(worker, "_hide", lambda receipt, seconds: (hide(receipt, seconds), beats.set()))
    monkeypatch.setattr("workers.transcode.worker.uploads", stops)
    with pytest.raises(Stopped):
        worker.work_once()

    assert world.sqs.receive_message(QueueUrl=queue)["Messages"]


def test_events_in_the_form_of_s3_are_read() -> None:
    record = {"eventName": "ObjectCreated:CompleteMultipartUpload", "eventVersion": "2.1"}
    position = {"bucket": {"name": "b"}, "object": {"key": "uploads/a+%C3%A9+%2B.mp4", "size": 5, "eTag": "e"}}
    body = {"Records": [record | {"s3": position}, record | {"eventName": "ObjectRemoved:Delete", "s3": position}]}

    [upload] = uploads(json.dumps(body))

    assert upload.key == "uploads/a é +.mp4"
    assert list(uploads('{"Service": "Amazon S3", "Event": "s3:TestEvent"}')) == []
    with pytest.raises(NotAnUpload):
        list(uploads("[]"))
