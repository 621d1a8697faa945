"""An upload becomes a creative that bids and plays, by the deployed functions in the local AWS."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from lxml import etree

from bidder.campaigns.repository import CampaignRepository
from bidder.creatives.job import Job, State
from bidder.creatives.job_store import JobStore
from tests.integration.npm_clients import Browser
from tests.integration.polling import poll
from tests.integration.publisher import PublisherPage, publisher
from tests.integration.runtime import api_event
from tests.support.campaigns import campaign
from tests.support.matchable import video_request
from tests.unit.creatives.conftest import H264, PICTURE, TONE, make
from tools.lambda_runtime import Functions
from tools.ministack import MiniStack

COUNTRY, SECONDS = "LIE", 2
TYPES = ["video/mp4", "video/webm"]
# The campaign's other creative has 15 seconds, so only the upload matches the request.
VIDEO = {"mimes": TYPES, "protocols": [2, 3, 7], "maxduration": 5}
REQUEST = video_request(video=VIDEO, device={"geo": {"country": COUNTRY}})


@pytest.fixture(scope="module")
def uploaded_at(local_aws: MiniStack, stack: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> float:
    """The monotonic time of the upload of a video for a campaign."""
    session = local_aws.session()
    tables = (stack["BIDDER_CAMPAIGNS_TABLE"], stack["BIDDER_HISTORY_TABLE"])
    CampaignRepository(session.client("dynamodb"), *tables).put(
        campaign(id="uploading", targeting={"country": {"include": [COUNTRY]}})
    )
    video = make(tmp_path_factory.mktemp("upload") / "a spot + é.mp4", f"{PICTURE} {TONE} -t {SECONDS} {H264}")
    upload_metadata = {"campaign": "uploading", "creative": "new", "landing-page": "https://shop.example/new"}
    begin = time.monotonic()
    session.client("s3").upload_file(
        str(video), stack["BIDDER_UPLOAD_BUCKET"], "uploads/a spot + é.mp4", ExtraArgs={"Metadata": upload_metadata}
    )
    return begin


@pytest.fixture(scope="module")
def job(uploaded_at: float, local_aws: MiniStack, stack: dict[str, str]) -> Job:  # noqa: ARG001  after the upload
    """The upload's job after all three functions have finished."""
    jobs = JobStore(local_aws.session().client("dynamodb"), stack["BIDDER_CREATIVES_TABLE"])

    def ended_job() -> Job | None:
        job = jobs.get("uploading", "new")
        return job if job and job.state.is_final and job.images and job.source else None

    return poll(ended_job, seconds=60)


def test_an_upload_becomes_a_creative_of_its_campaign(job: Job, local_aws: MiniStack, stack: dict[str, str]) -> None:
    session = local_aws.session()
    dynamodb, s3 = session.client("dynamodb"), session.client("s3")
    campaigns = CampaignRepository(dynamodb, stack["BIDDER_CAMPAIGNS_TABLE"], stack["BIDDER_HISTORY_TABLE"])

    assert (job.state, job.reason) == (State.READY, None)
    added = campaigns.get("uploading").campaign
    assert added is not None
    [_, creative] = added.creatives
    assert (creative.id, creative.duration, creative.click_through) == ("new", SECONDS, "https://shop.example/new")
    assert [medium.mime for medium in creative.media] == TYPES
    bucket, prefix = stack["BIDDER_CREATIVE_BUCKET"], stack["BIDDER_MEDIA_URL"]
    for url in (*(medium.url for medium in creative.media), *job.images):
        assert s3.head_object(Bucket=bucket, Key=url.removeprefix(prefix))["ContentLength"] > 0
    assert job.source is not None
    assert job.source["video"]["width"] == 320, json.dumps(job.source)


def test_a_bid_has_the_renditions_after_the_refresh_that_the_function_requests(
    job: Job, uploaded_at: float, runtime: Functions
) -> None:
    def bid() -> Any:
        answer = runtime.invoke("app.app", api_event("POST", "/bid", "/bid", body=json.dumps(REQUEST)))
        return json.loads(answer["body"])["seatbid"][0]["bid"][0] if answer["statusCode"] == 200 else None

    result = poll(bid)

    print(f"{time.monotonic() - uploaded_at:.1f} s from the upload to the first bid")  # visible with pytest -s
    assert (result["cid"], result["crid"], result["dur"]) == ("uploading", "new", SECONDS)
    assert job.finished is not None
    files = etree.fromstring(result["adm"]).findall(".//{*}MediaFile")
    assert sorted(
        (file.text.strip(), file.get("type"), file.get("width"), file.get("height"), file.get("codec"))
        for file in files
    ) == sorted((medium.url, medium.mime, "320", "180", medium.codec) for medium in job.finished.media)


@pytest.fixture(scope="module")
def page(
    browser: Browser,
    job: Job,  # noqa: ARG001  the page waits for a bid
    stack: dict[str, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[PublisherPage]:
    with publisher(browser, stack, tmp_path_factory.mktemp("tls"), REQUEST) as running:
        yield running


@pytest.mark.parametrize("mime", TYPES)
def test_a_browser_plays_the_renditions_to_the_end(page: PublisherPage, mime: str) -> None:
    ortb2 = {"device": {"geo": {"country": COUNTRY}}}
    [bid] = page.call("auction", bidder=page.bidder, video=VIDEO, ortb2=ortb2)["bids"]

    playback = page.call("watch", vast=bid["vastXml"], mime=mime)

    assert playback["ended"]
    assert playback["size"] == playback["said"]["size"] == [320, 180]
    assert playback["duration"] == pytest.approx(SECONDS, abs=0.1)
    assert playback["played"] == pytest.approx(playback["duration"])
