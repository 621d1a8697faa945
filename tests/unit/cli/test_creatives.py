"""The command `bidder creatives` in an account of moto."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unicodedata import normalize

import boto3
import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from bidder import aws
from bidder.cli.main import main
from bidder.cli.multipart import upload_in_parts
from bidder.cli.session import Session
from bidder.creatives.job import Finished, State
from bidder.creatives.upload import Upload, creative_id, decoded, encoded, metadata, sequencer_of, uploads
from bidder.service.current_parameters import CurrentParameters
from bidder.service.service import Service
from bidder.settings import Settings
from tests.support.campaigns import NOW, campaign, creative
from tests.support.service import SETTINGS, service
from tests.support.upload_world import World

MEGABYTE = 1024 * 1024


@pytest.fixture
def cli(world: World, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    monkeypatch.setattr(aws, "client", boto3.client)
    topic = world.sns.create_topic(Name="uploaded")["TopicArn"]
    arn = world.sqs.get_queue_attributes(QueueUrl=world.queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    world.sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"})
    settings = SETTINGS.model_copy(
        update={
            "upload_bucket": "uploads",
            "upload_topic": topic,
            "creatives_table": "creatives",
            "refresh_topic": world.sns.create_topic(Name="refresh")["TopicArn"],
        }
    )
    bidder_service = service(None, campaigns=world.campaigns)
    bidder_service.settings = Settings.model_validate(settings.model_dump())

    def call(*arguments: str) -> int:
        return main(arguments, Session(lambda: bidder_service))

    return call


def test_an_upload_has_the_metadata_that_the_functions_read(
    cli: Any,
    world: World,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = tmp_path / "a spot.mp4"
    file.write_bytes(b"x" * 1000)

    status = cli(
        "creatives", "upload", str(file), "--campaign", "shoes", "--landing-page", "https://a.example/", "--json"
    )

    document = json.loads(capsys.readouterr().out)
    assert status == 0
    assert document["creative"] == "a-spot"
    head = world.s3.head_object(Bucket="uploads", Key=document["key"])
    upload_metadata = metadata(document["key"], head["Metadata"])
    assert (upload_metadata.campaign, upload_metadata.creative, upload_metadata.landing_page) == (
        "shoes",
        "a-spot",
        "https://a.example/",
    )


@pytest.mark.parametrize("name", ["Größe 日本", "two\nlines", "=?utf-8?q?x?=", " ", "a\tb", "quotes \"and\" 'more'"])
def test_a_name_has_any_characters(name: str, cli: Any, world: World, tmp_path: Path) -> None:
    (tmp_path / "spot.mp4").write_bytes(b"x")

    assert (
        cli("creatives", "upload", str(tmp_path / "spot.mp4"), "--campaign", "shoes", "--id", "spot", "--name", name)
        == 0
    )

    [entry] = world.s3.list_objects_v2(Bucket="uploads")["Contents"]
    head = world.s3.head_object(Bucket="uploads", Key=entry["Key"])
    assert all(value.isascii() for value in head["Metadata"].values())
    assert metadata(entry["Key"], head["Metadata"]).name == name


def test_metadata_past_the_limit_of_s3_are_refused_before_the_upload(
    cli: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "spot.mp4").write_bytes(b"x")
    page = f"https://a.example/{'x' * 2000}"

    status = cli("creatives", "upload", str(tmp_path / "spot.mp4"), "--campaign", "shoes", "--landing-page", page)

    assert status == 1
    assert "2,048" in capsys.readouterr().err


@given(st.text())
def test_encoded_metadata_are_ascii_and_decode_to_the_text(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        return  # no UTF-8 text
    assert encoded(text).isascii()
    assert "\n" not in encoded(text)
    assert decoded(encoded(text)) == text


@given(st.lists(st.text(st.characters(exclude_characters="/.", exclude_categories=["Cs"]), min_size=1, max_size=90)))
def test_names_of_files_that_are_long_or_not_ascii_have_ids_of_their_own(stems: list[str]) -> None:
    names = {normalize("NFC", stem) for stem in stems if not stem.isascii() or (len(stem) > 80 and stem.isalnum())}

    ids = {creative_id(f"uploads/{name}.mp4") for name in names}

    assert len(ids) == len(names)
    for text in ids:
        assert metadata("x", {"campaign": "shoes", "creative": text}).creative == text


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--campaign", "unknown"], "there is no campaign unknown"),
        (["--campaign", "shoes", "--id", "new"], "new is a new creative of shoes: give its --landing-page"),
        (["--campaign", "shoes", "--id", "a b"], "--creative"),
        (["--campaign", "shoes", "--id", "spot", "--landing-page", "example.com"], "--landing-page"),
    ],
)
def test_an_unusable_video_is_refused_before_the_upload(
    arguments: list[str],
    reason: str,
    cli: Any,
    world: World,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = tmp_path / "spot.mp4"
    file.write_bytes(b"x")

    assert cli("creatives", "upload", str(file), *arguments) == 1

    assert reason in capsys.readouterr().err
    assert "Contents" not in world.s3.list_objects_v2(Bucket="uploads")


def test_an_empty_video_is_refused_before_the_upload(
    cli: Any, world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "spot.mp4"
    file.touch()

    assert cli("creatives", "upload", str(file), "--campaign", "shoes", "--id", "spot") == 1

    assert capsys.readouterr().err == f"error: {file} is empty\n"
    assert "Contents" not in world.s3.list_objects_v2(Bucket="uploads")


def test_an_interrupted_upload_continues_at_its_last_part(world: World, tmp_path: Path) -> None:
    file, sent = tmp_path / "long.mp4", []
    file.write_bytes(bytes(range(256)) * (17 * MEGABYTE // 256))
    s3 = boto3.client("s3")
    original = s3.upload_part

    def cut(**call: Any) -> Any:
        sent.append(call["PartNumber"])
        if sent == [1, 2]:
            raise ClientError({"Error": {"Code": "SlowDown"}}, "UploadPart")
        return original(**call)

    s3.upload_part = cut  # type: ignore[method-assign]
    with pytest.raises(ClientError):
        upload_in_parts(s3, "uploads", "uploads/long.mp4", file, {"campaign": "shoes"}, lambda _: None)
    heard: list[int] = []
    upload_in_parts(s3, "uploads", "uploads/long.mp4", file, {"campaign": "shoes"}, heard.append)

    assert sent == [1, 2, 2, 3]
    assert heard[-1] == file.stat().st_size
    assert world.s3.get_object(Bucket="uploads", Key="uploads/long.mp4")["Body"].read() == file.read_bytes()


def test_a_form_uploads_without_credentials_up_to_a_limit(cli: Any, capsys: pytest.CaptureFixture[str]) -> None:
    status = cli("creatives", "upload-form", "spot.mp4", "--campaign", "shoes", "--id", "spot")

    form = json.loads(capsys.readouterr().out)
    assert status == 0
    assert form["fields"]["x-amz-meta-campaign"] == "shoes"
    assert "policy" in form["fields"]


def job_of(world: World, state: State, reason: str | None = None, key: str = "uploads/spot.mp4") -> Upload:
    world.s3.put_object(Bucket="uploads", Key=key, Body=b"x")
    order = sequencer_of(NOW, "0A")
    upload = Upload(bucket="uploads", key=key, size=1, etag="", sequencer=order)
    upload_metadata = metadata("spot.mp4", {"campaign": "shoes"})
    world.jobs.begin(upload, upload_metadata, datetime.now(UTC))
    world.jobs.finish(upload_metadata, Finished(sequencer=upload.sequencer, seconds=15, media=()))
    world.jobs.move(upload, upload_metadata, state, datetime.now(UTC), reason)
    return upload


def test_listings_have_state_and_reason(cli: Any, world: World, capsys: pytest.CaptureFixture[str]) -> None:
    job_of(world, State.REFUSED, "the file is empty")

    assert cli("creatives", "list") == 0
    assert "refused" in (output := capsys.readouterr().out)
    assert "the file is empty" in output
    assert cli("creatives", "list", "--state", "ready", "--json") == 0
    assert json.loads(capsys.readouterr().out) == []
    assert cli("creatives", "show", "shoes", "spot", "--json") == 0
    assert json.loads(capsys.readouterr().out)["finished"]["seconds"] == 15
    assert cli("creatives", "show", "shoes", "nothing") == 1
    assert cli("creatives", "show", "shoes", "") == 1
    assert "no upload of '' of shoes has arrived" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["spot.mp4", "a+b.mp4", "100%25 off.mp4", "é &?=#.mp4", "日本\n.mov"])
def test_a_retry_sends_the_event_of_s3_again(name: str, cli: Any, world: World) -> None:
    before = job_of(world, State.REFUSED, "the file is empty", f"uploads/{name}")

    assert cli("creatives", "retry", "shoes", "spot") == 0

    [message] = world.sqs.receive_message(QueueUrl=world.queue, MaxNumberOfMessages=10)["Messages"]
    [upload] = uploads(message["Body"])
    assert (upload.key, upload.sequencer) == (before.key, before.sequencer)
    assert world.jobs.begin(upload, metadata("spot.mp4", {"campaign": "shoes"}), datetime.now(UTC))


def test_a_creative_is_deleted_from_its_campaign_unless_it_is_the_last(
    cli: Any,
    world: World,
    capsys: pytest.CaptureFixture[str],
) -> None:
    job_of(world, State.READY)
    assert cli("creatives", "delete", "shoes", "spot") == 1
    assert "only creative" in capsys.readouterr().err
    world.campaigns.put(campaign(id="shoes", creatives=[creative(), creative(id="other")]))

    assert cli("creatives", "delete", "shoes", "spot") == 0

    stored_campaign = world.campaigns.get("shoes").campaign
    assert stored_campaign is not None
    assert [creative_item.id for creative_item in stored_campaign.creatives] == ["other"]
    assert world.jobs.get("shoes", "spot") is None
    assert "Contents" not in world.s3.list_objects_v2(Bucket="uploads")


FILE = """
campaigns:
  - id: shoes
    name: Shoes
    advertiser: {name: Shop, domain: shop.example}
    cpm: 5
    creatives:
      - {id: spot, name: A spot, click_through: 'https://shop.example/', upload: spot.mp4}
"""


def test_each_video_in_a_campaign_file_is_uploaded_once(
    cli: Any, world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Service, "taxonomies", SimpleNamespace(all=dict))
    monkeypatch.setattr(CurrentParameters, "read_without_secrets", lambda _: SimpleNamespace(import_warn_cpm=100))
    monkeypatch.setattr("bidder.cli.campaign_import.warn_of_switches", lambda _: None)
    file, video = tmp_path / "campaigns.yaml", tmp_path / "spot.mp4"
    file.write_text(FILE)
    assert cli("campaigns", "import", str(file)) == 1
    assert f"shoes: creatives[spot].upload: there is no file {video}" in capsys.readouterr().err
    before = world.campaigns.get("shoes").version

    video.write_bytes(b"x" * 1000)
    assert cli("campaigns", "import", str(file)) == 0
    [uploaded] = world.s3.list_objects_v2(Bucket="uploads")["Contents"]
    stored = world.campaigns.get("shoes")
    assert stored.version == before + 1
    assert stored.campaign is not None
    assert stored.campaign.creatives[0].media == campaign().creatives[0].media  # before the renditions exist
    upload = Upload(bucket="uploads", key=uploaded["Key"], size=1000, etag="", sequencer="1")
    world.jobs.begin(upload, metadata(upload.key, {"campaign": "shoes", "creative": "spot"}), datetime.now(UTC))
    capsys.readouterr()

    assert cli("campaigns", "import", str(file)) == 0
    assert "uploaded before" in capsys.readouterr().out
    assert len(world.s3.list_objects_v2(Bucket="uploads")["Contents"]) == 1


def test_an_upload_names_the_campaign_that_an_id_stands_for(
    cli: Any, world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "spot.mp4").write_bytes(b"x" * 1000)
    uploaded = []
    for _ in range(2):
        assert cli("creatives", "upload", str(tmp_path / "spot.mp4"), "--campaign", "shoes", "--json") == 0
        assert cli("creatives", "upload-form", "spot.mp4", "--campaign", "shoes") == 0
        printed, _, form = capsys.readouterr().out.partition("\n}\n")
        key = json.loads(printed + "}")["key"]
        head = world.s3.head_object(Bucket="uploads", Key=key)
        stamps = [head["Metadata"], json.loads(form)["fields"]]
        uploaded.append((key, stamps[0]["campaign-creation"], stamps[1]["x-amz-meta-campaign-creation"]))
        list(world.campaigns.delete_each([campaign(id="shoes")]))
        world.campaigns.put(campaign(id="shoes"))

    assert [creation for _, *creation in uploaded] == [["1", "1"], ["3", "3"]]
    assert uploaded[0][0] != uploaded[1][0], "the video is not taken for one that was uploaded before"
