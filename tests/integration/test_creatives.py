"""An upload becomes a creative that bids: the deployed functions on the events of the local AWS."""

import json
from pathlib import Path

from bidder.campaigns.repository import CampaignRepository
from bidder.creatives.job import Job, State
from bidder.creatives.job_store import JobStore
from tests.integration.polling import poll
from tests.support.campaigns import campaign
from tests.unit.creatives.conftest import H264, PICTURE, TONE, make
from tools.ministack import MiniStack


def test_an_upload_becomes_a_creative_of_its_campaign(
    local_aws: MiniStack, stack: dict[str, str], tmp_path: Path
) -> None:
    session = local_aws.session()
    dynamodb, s3 = session.client("dynamodb"), session.client("s3")
    campaigns = CampaignRepository(dynamodb, stack["BIDDER_CAMPAIGNS_TABLE"], stack["BIDDER_HISTORY_TABLE"])
    campaigns.put(campaign(id="uploading"))
    jobs = JobStore(dynamodb, stack["BIDDER_CREATIVES_TABLE"])
    video = make(tmp_path / "a spot + é.mp4", f"{PICTURE} {TONE} -t 2 {H264}")

    s3.upload_file(
        str(video),
        stack["BIDDER_UPLOAD_BUCKET"],
        "uploads/a spot + é.mp4",
        ExtraArgs={
            "Metadata": {"campaign": "uploading", "creative": "new", "landing-page": "https://shop.example/new"}
        },
    )

    def done() -> Job | None:
        job = jobs.get("uploading", "new")
        return job if job and job.state.is_final and job.images and job.source else None

    job = poll(done, seconds=60)
    assert (job.state, job.reason) == (State.READY, None)
    added = campaigns.get("uploading").campaign
    assert added is not None
    [_, creative] = added.creatives
    assert (creative.id, creative.duration, creative.click_through) == ("new", 2.0, "https://shop.example/new")
    assert [medium.mime for medium in creative.media] == ["video/mp4", "video/webm"]
    bucket, prefix = stack["BIDDER_CREATIVE_BUCKET"], stack["BIDDER_MEDIA_URL"]
    for url in (*(medium.url for medium in creative.media), *job.images):
        assert s3.head_object(Bucket=bucket, Key=url.removeprefix(prefix))["ContentLength"] > 0
    assert job.source is not None
    assert job.source["video"]["width"] == 320, json.dumps(job.source)
