"""Uploads whose campaign's id stands for another campaign before they are ready."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidder.campaigns.merged import merge_with_stored
from bidder.campaigns.repository import CampaignRepository
from bidder.creatives import process as under_test
from bidder.creatives.job import State
from bidder.creatives.measure import Measured
from bidder.creatives.probe import Probe
from bidder.creatives.transcode import Rendition, Transcoded
from bidder.creatives.upload import Upload, sequencer_of
from tests.support.campaigns import campaign, creative
from tests.support.dynamodb import FaultyDynamoDB
from tests.support.examples import examples
from tests.support.upload_world import World

pytestmark = pytest.mark.slow

OTHER = {"name": "Other", "domain": "other.example"}
PROBE = Probe("mp4", 9, 2.0, 2.0, 2.0, None, None, is_encrypted=False, other_tracks=0)
MEASURED = Measured("video/mp4", "avc1.64001f", 320, 180, 500, 2.0, 9)


def deleted(world: World) -> None:
    list(world.campaigns.delete_each([campaign(id="shoes")]))
    world.campaigns.put(campaign(id="shoes"))


def of_another_advertiser(world: World) -> None:
    world.campaigns.put(campaign(id="shoes", advertiser=OTHER))


def deleted_and_of_another_advertiser(world: World) -> None:
    list(world.campaigns.delete_each([campaign(id="shoes")]))
    of_another_advertiser(world)


def edited(world: World) -> None:
    world.campaigns.put(campaign(id="shoes", cpm=7, name="Other shoes"))


REUSES = (deleted, of_another_advertiser, deleted_and_of_another_advertiser)


@pytest.fixture
def while_transcoding(monkeypatch: pytest.MonkeyPatch) -> list[Callable[[], None]]:
    """The calls that happen while an upload is transcoded. ffmpeg does not run."""
    happenings: list[Callable[[], None]] = []

    def transcoded(sandbox: Any, *_: Any, **__: Any) -> Transcoded:
        for happening in happenings:
            happening()
        path = sandbox.folder / "180p.mp4"
        path.write_bytes(b"rendition")
        return Transcoded(PROBE, None, [Rendition(path, MEASURED)])

    monkeypatch.setattr(under_test, "probe_source", lambda *_: PROBE)
    monkeypatch.setattr(under_test, "check", lambda *_: None)
    monkeypatch.setattr(under_test, "transcode", transcoded)
    return happenings


def upload(world: World, folder: Path, seconds: float, **metadata: str) -> Upload:
    """An upload whose event is `seconds` later than now."""
    (folder / "spot.mp4").write_bytes(b"a video")
    made = world.upload(folder / "spot.mp4", 1, mezzanine="no", **metadata)
    at = datetime.now(UTC) + timedelta(seconds=seconds)
    return made.model_copy(update={"sequencer": sequencer_of(at, "1")})


def media(world: World) -> list[str]:
    return world.served()[1]


@pytest.mark.parametrize("reuse", REUSES)
@pytest.mark.parametrize("metadata", [{}, {"campaign-creation": "1"}], ids=["by-time", "by-version"])
@pytest.mark.parametrize("is_waiting", [True, False], ids=["waiting", "transcoding"])
def test_an_upload_of_an_earlier_campaign_is_refused(
    reuse: Callable[[World], None],
    metadata: dict[str, str],
    is_waiting: bool,
    world: World,
    tmp_path: Path,
    while_transcoding: list[Callable[[], None]],
) -> None:
    event = upload(world, tmp_path, -1, **metadata)
    before = media(world)
    if is_waiting:
        reuse(world)
        while_transcoding.append(lambda: pytest.fail("a refused upload was transcoded"))
    else:
        while_transcoding.append(lambda: reuse(world))

    assert world.processor.process(event) is State.REFUSED

    assert media(world) == before
    assert world.job.reason is not None
    assert world.job.reason.startswith("campaign shoes is another campaign than at the time of the upload")
    assert world.announced()[-1] == "refused"


@pytest.mark.parametrize("metadata", [{}, {"campaign-creation": "1"}], ids=["by-time", "by-version"])
def test_an_upload_is_used_after_an_edit_of_its_campaign(
    metadata: dict[str, str], world: World, tmp_path: Path, while_transcoding: list[Callable[[], None]]
) -> None:
    while_transcoding.append(lambda: edited(world))

    assert world.processor.process(upload(world, tmp_path, -1, **metadata)) is State.READY

    assert media(world) == ["180p.mp4"]


@pytest.mark.usefixtures("while_transcoding")
@pytest.mark.parametrize("reuse", REUSES)
@pytest.mark.parametrize("is_stamped", [False, True])
def test_an_upload_for_the_later_campaign_is_used(
    reuse: Callable[[World], None],
    is_stamped: bool,
    world: World,
    tmp_path: Path,
) -> None:
    reuse(world)
    creation = str(world.campaigns.get("shoes").creation.version)
    edited_later = world.campaigns.get("shoes").campaign
    assert edited_later is not None
    world.campaigns.put(edited_later.model_copy(update={"name": "Renamed"}))

    event = upload(world, tmp_path, 1, **({"campaign-creation": creation} if is_stamped else {}))
    assert world.processor.process(event) is State.READY

    assert media(world) == ["180p.mp4"]


@pytest.mark.usefixtures("while_transcoding")
def test_an_event_without_a_time_belongs_to_the_stored_campaign(world: World, tmp_path: Path) -> None:
    deleted(world)
    event = upload(world, tmp_path, 0)
    event = event.model_copy(update={"sequencer": sequencer_of(datetime.fromtimestamp(0, UTC), "1")})

    assert world.processor.process(event) is State.READY


@examples(0.5)
@given(st.lists(st.sampled_from([None, "a.example", "b.example"]), max_size=8))
def test_a_campaign_begins_with_its_creation_and_with_another_advertiser(steps: list[str | None]) -> None:
    fake = FaultyDynamoDB("campaigns", "history")
    store = CampaignRepository(fake.client, "campaigns", "history")
    expected, version, stored = 1, 0, None
    for number, domain in enumerate(steps):
        if domain is None:
            list(store.delete_each([campaign(id="c")]))
            version += stored is not None
        else:
            store.put(campaign(id="c", cpm=number + 1, advertiser={"name": "A", "domain": domain}))
            version += 1
            if domain != stored:
                expected = version
        stored = domain
        if stored is not None:
            assert store.get("c").version == version
            assert store.get("c").creation.version == expected


def test_media_of_another_advertisers_creative_are_not_kept() -> None:
    named = {**creative(), "media": [], "upload": "spot.mp4"}
    stored = campaign(id="shoes")

    same = merge_with_stored(campaign(id="shoes", creatives=[named]), stored)
    other = merge_with_stored(campaign(id="shoes", advertiser=OTHER, creatives=[named]), stored)

    assert same.creatives[0].media == stored.creatives[0].media
    assert other.creatives[0].media == ()
    assert json.loads(other.model_dump_json())["creatives"][0]["upload"] == "spot.mp4"
