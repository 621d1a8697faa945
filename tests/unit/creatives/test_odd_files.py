"""Unusual file structures and names: each is transcoded or refused with its reason, and only the file is read."""

import json
import struct
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote_plus

import pytest

from bidder.creatives import commands
from bidder.creatives.job import State
from bidder.creatives.limits import Limits, Refusal, RefusedUpload
from bidder.creatives.loudness import LoudnessTarget
from bidder.creatives.sandbox import Sandbox
from bidder.creatives.transcode import Transcoded, transcode
from bidder.creatives.upload import uploads
from tests.support.upload_world import METADATA, World
from tests.unit.creatives.conftest import FFMPEG, H264, PICTURE, TONE, Video

pytestmark = pytest.mark.slow

NOISE = "-f lavfi -i anoisesrc=a=0.2:c=pink"
COVER = "-f lavfi -i color=red:s=64x64:d=0.04"

READY = {
    "fragmented.mp4": f"{PICTURE} {TONE} -t 3 {H264} -movflags frag_keyframe+empty_moov+default_base_moof",
    "side-surround.mov": f"{PICTURE} {NOISE},aformat=channel_layouts=5.1(side) -t 2 -c:v libx264 -c:a ac3",
    "seven-one.mp4": f"{PICTURE} {NOISE},aformat=channel_layouts=7.1 -t 2 {H264}",
    "quad.mov": f"{PICTURE} {NOISE},aformat=channel_layouts=quad -t 2 -c:v libx264 -c:a pcm_s16le",
    "mono-low-rate.mp4": f"{PICTURE} -f lavfi -i sine=440:r=16000 -t 2 {H264} -ar 16000",
    "two-pictures.mp4": f"{PICTURE} -f lavfi -i testsrc=s=640x360:r=25 {TONE} -t 2 -map 0 -map 1 -map 2 {H264}",
    "two-sounds.mp4": f"{PICTURE} {TONE} {NOISE} -t 2 -map 0 -map 1 -map 2 {H264}",
    "with-cover.mp4": f"{PICTURE} {TONE} {COVER} -t 2 -map 0:v -map 1:a -map 2:v {H264} -c:v:1 mjpeg "
    "-disposition:v:1 attached_pic",
    "cover-first.mp4": f"{PICTURE} {TONE} {COVER} -t 2 -map 2:v -map 0:v -map 1:a {H264} -c:v:0 mjpeg "
    "-disposition:v:0 attached_pic",
    "sound-ends-first.mp4": f"{PICTURE} -f lavfi -i sine=440:d=1.2 -t 3 {H264}",
    "picture-ends-first.mp4": f"-f lavfi -i testsrc2=s=320x180:r=25:d=2 {TONE} -t 5 {H264}",
    "late-sound.mp4": f"{PICTURE} -itsoffset 0.4 {TONE} -t 2 {H264}",
}
REFUSED = {
    "avi.mp4": (f"{PICTURE} {TONE} -t 2 -c:v mpeg4 -c:a mp3 -f avi", Refusal.NOT_A_VIDEO),
    "flv.mp4": (f"{PICTURE} {TONE} -t 2 -c:v flv -c:a aac -f flv", Refusal.NOT_A_VIDEO),
    "ts.mp4": (f"{PICTURE} {TONE} -t 2 {H264} -f mpegts", Refusal.NOT_A_VIDEO),
    "wave.mp4": (f"{TONE} -t 2 -f wav", Refusal.NOT_A_VIDEO),
    "picture.mp4": (f"{PICTURE} -frames:v 1 -c:v mjpeg -f mjpeg", Refusal.NOT_A_VIDEO),
    "song-with-cover.mp4": (
        f"{TONE} {COVER} -t 2 -map 0 -map 1 -c:a aac -c:v mjpeg -disposition:v:0 attached_pic",
        Refusal.NO_VIDEO,
    ),
    "still-with-sound.mp4": (f"-f lavfi -i color=red:s=320x180:r=1:d=1 {TONE} -t 4 {H264}", Refusal.FRAME_RATE),
    "encrypted.mp4": (
        f"{PICTURE} {TONE} -t 2 {H264} -encryption_scheme cenc-aes-ctr "
        f"-encryption_key {'a1' * 16} -encryption_kid {'b2' * 16}",
        Refusal.PROTECTED,
    ),
}


def result(source: bytes, folder: Path) -> Transcoded:
    (folder / commands.SOURCE).write_bytes(source)
    return transcode(Sandbox(FFMPEG, folder), Limits(), LoudnessTarget.ATSC_A85)


@pytest.mark.parametrize("name", READY)
def test_an_unusual_structure_is_transcoded(name: str, videos: Video, tmp_path: Path) -> None:
    result_value = result(videos(name, READY[name]).read_bytes(), tmp_path)

    assert [
        (rendition_item.mime, rendition_item.width, rendition_item.height)
        for _, rendition_item in result_value.renditions
    ] == [
        ("video/mp4", 320, 180),
        ("video/webm", 320, 180),
    ]
    assert result_value.source.video is not None
    for _, rendition in result_value.renditions:
        assert rendition.seconds == pytest.approx(result_value.source.video.seconds, abs=0.1)


@pytest.mark.parametrize("name", REFUSED)
def test_an_unusable_structure_is_refused_with_its_reason(name: str, videos: Video, tmp_path: Path) -> None:
    options, reason = REFUSED[name]

    with pytest.raises(RefusedUpload) as refused:
        result(videos(name, options).read_bytes(), tmp_path)

    assert refused.value.reason is reason


def test_an_edit_list_shortens_the_length(videos: Video, whole: Path, tmp_path: Path) -> None:
    result_value = result(videos("edited.mp4", f"-ss 1.2 -i {whole} -c copy -t 2").read_bytes(), tmp_path)

    assert result_value.source.seconds == pytest.approx(2, abs=0.1)


def _moov_claims(size: int) -> Callable[[bytes], bytes]:
    def damage(data: bytes) -> bytes:
        at = data.index(b"moov") - 4
        return data[:at] + struct.pack(">I", size) + data[at + 4 :]

    return damage


def _samples_claimed(data: bytes) -> bytes:
    at = data.index(b"stsz") + 12
    return data[:at] + struct.pack(">I", 2**32 - 1) + data[at + 4 :]


def _nested(data: bytes) -> bytes:
    inner = b""
    for _ in range(5000):
        inner = struct.pack(">I4s", len(inner) + 8, b"moov") + inner
    at = data.index(b"moov") - 4
    return data[:at] + inner


DAMAGED: dict[str, Callable[[bytes], bytes]] = {
    "moov of 4 GB": _moov_claims(2**32 - 1),
    "moov of 7 bytes": _moov_claims(7),
    "moov of 2^63 bytes": lambda data: (
        data[: data.index(b"moov") - 4] + struct.pack(">I4sQ", 1, b"moov", 2**63 - 1) + data[data.index(b"moov") + 4 :]
    ),
    "4 billion samples": _samples_claimed,
    "5,000 boxes, one in another": _nested,
    "only ftyp": lambda data: data[:32],
}


LIES = {Refusal.NOT_A_VIDEO, Refusal.CUT_OFF, Refusal.DAMAGED, Refusal.UNREADABLE, Refusal.TOO_SHORT}


@pytest.mark.parametrize("damage", DAMAGED.values(), ids=DAMAGED)
def test_boxes_with_false_sizes_are_refused_or_read_within_the_limits(
    damage: Callable[[bytes], bytes], whole: Path, tmp_path: Path
) -> None:
    reason, seconds = None, 0.0
    try:
        seconds = result(damage(whole.read_bytes()), tmp_path).source.seconds
    except RefusedUpload as refused:
        reason = refused.reason

    assert reason in LIES if reason else seconds == pytest.approx(4, abs=0.1)


NAMES = [
    "two words.mp4",
    "a+b.mp4",
    "é.mp4",
    "%2e%2e.mp4",
    "../../../etc/passwd",
    "a/../b.mp4",
    "-i.mp4",
    "..",
    "日本.mov",
]


@pytest.mark.parametrize("name", NAMES)
def test_an_unusual_object_key_reaches_only_its_object(name: str, world: World, whole: Path) -> None:
    key = f"uploads/{name}"
    about = {field: value for field, value in METADATA.items() if field != "creative"}
    world.s3.put_object(Bucket="uploads", Key=key, Body=whole.read_bytes(), Metadata=about)
    head = world.s3.head_object(Bucket="uploads", Key=key)
    uploaded = {"key": quote_plus(key, safe="/"), "size": head["ContentLength"], "eTag": head["ETag"].strip('"')}
    record = {"eventName": "ObjectCreated:Put", "s3": {"bucket": {"name": "uploads"}, "object": uploaded}}

    [upload] = uploads(json.dumps({"Records": [record]}))

    assert upload.key == key
    assert world.processor.process(upload) is State.READY
    keys = [entry["Key"] for entry in world.s3.list_objects_v2(Bucket="media")["Contents"]]
    assert all(key_item.startswith("renditions/") and ".." not in key_item for key_item in keys)
    assert len(keys) == 3
