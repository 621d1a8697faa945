"""Unusual file structures and names: each is transcoded or refused with its reason, and only the file is read."""

import json
import re
import struct
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote_plus

import av
import pytest

from bidder.creatives import commands
from bidder.creatives.job import State
from bidder.creatives.limits import Limits, Refusal, RefusedUpload
from bidder.creatives.loudness import LoudnessTarget, parse_loudness
from bidder.creatives.sandbox import Resources, Sandbox
from bidder.creatives.transcode import Transcoded, images, transcode
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
    "unmarked-cover-first.mov": f"{PICTURE} {TONE} {COVER} -t 2 -map 2:v -map 0:v -map 1:a {H264} -c:v:0 png",
    "unmarked-cover-last.mp4": f"{PICTURE} {TONE} {COVER} -t 2 -map 0:v -map 1:a -map 2:v {H264} -c:v:1 mjpeg",
    "sound-ends-first.mp4": f"{PICTURE} -f lavfi -i sine=440:d=1.2 -t 3 {H264}",
    "picture-ends-first.mp4": f"-f lavfi -i testsrc2=s=320x180:r=25:d=2 {TONE} -t 5 {H264}",
    "late-picture.mp4": f"-itsoffset 0.8 {PICTURE} {TONE} -t 2 {H264}",
    "second-sound-ends-last.mp4": f"{PICTURE} {TONE} {NOISE} -t 6 -map 0 -map 1 -map 2 {H264} -filter:v trim=end=2 "
    "-filter:a:0 atrim=end=2",
    "moves-and-stops.mp4": f"-f lavfi -i testsrc2=s=320x180:r=25,select=lt(n\\,30)+gt(n\\,90) {TONE} -t 4 "
    f"-fps_mode vfr {H264}",
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
    "two-stills.mov": (
        f"{PICTURE} {TONE} -t 2 -map 0:v -map 0:v -map 1:a -c:v png -frames:v 1 -c:a aac",
        Refusal.TOO_SHORT,
    ),
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
    for path, rendition in result_value.renditions:
        assert rendition.seconds == pytest.approx(result_value.source.video.seconds, abs=0.1)
        with av.open(str(path)) as container:
            times = [frame.time for frame in container.decode(video=0)]
        assert times[0] == pytest.approx(0, abs=0.01)
        assert len(times) == pytest.approx(25 * rendition.seconds, abs=2)


@pytest.mark.parametrize("name", REFUSED)
def test_an_unusable_structure_is_refused_with_its_reason(name: str, videos: Video, tmp_path: Path) -> None:
    options, reason = REFUSED[name]

    with pytest.raises(RefusedUpload) as error:
        result(videos(name, options).read_bytes(), tmp_path)

    assert error.value.reason is reason
    assert not re.search(r"\.0\b", str(error.value))  # no "5.0 frames"


def test_subtitles_that_end_after_the_picture_are_no_damage(videos: Video, clip: Path, tmp_path: Path) -> None:
    (clip.parent / "late.srt").write_text("1\n00:00:05,000 --> 00:00:09,000\nLate\n")
    source = videos("subtitles.mkv", f"-i {clip} -i late.srt -map 0 -map 1 -c copy -c:s srt -metadata:s:v language=x:y")

    probe = result(source.read_bytes(), tmp_path).source

    assert (probe.last_packet_seconds, probe.other_tracks) == (pytest.approx(9, abs=0.1), 1)
    assert probe.seconds == pytest.approx(4, abs=0.1)


@pytest.mark.parametrize("aspect", ["4:3", "21:9", "1:1"])
def test_renditions_and_images_have_the_aspect_of_the_container(
    aspect: str, videos: Video, clip: Path, tmp_path: Path
) -> None:
    across, down = (int(number) for number in aspect.split(":"))
    source = videos(f"{across}-{down}.mp4", f"-i {clip} -c copy -t 1.2 -aspect {aspect}")

    result_value = result(source.read_bytes(), tmp_path)

    for _, rendition in result_value.renditions:
        assert rendition.width / rendition.height == pytest.approx(across / down, rel=0.02)
    for path in images(Sandbox(FFMPEG, tmp_path), Limits()):
        with av.open(str(path)) as container:
            [picture] = container.streams.video
            assert picture.width / picture.height == pytest.approx(across / down, rel=0.02)


def test_loudness_is_that_of_the_sound_which_is_kept(videos: Video, tmp_path: Path) -> None:
    loud_end = "-f lavfi -i aevalsrc=sin(2764*t)*if(lt(t\\,2)\\,0.02\\,0.9)"
    source = videos("loud-end.mp4", f"-f lavfi -i testsrc2=s=320x180:r=25:d=2 {loud_end} -t 5 {H264}")

    for path, _ in result(source.read_bytes(), tmp_path).renditions:
        process = Sandbox(FFMPEG, tmp_path).run(["-i", path.name, "-af", "ebur128=peak=true", "-f", "null", "-"])
        loudness = parse_loudness(process.errors)
        assert loudness is not None
        assert loudness.integrated == pytest.approx(-24, abs=1)


def test_a_small_file_of_a_million_packets_is_refused(tmp_path: Path) -> None:
    """Laced frames of one byte print 55 times the bytes of the file."""
    (tmp_path / commands.SOURCE).write_bytes(_laced(200))

    with pytest.raises(RefusedUpload) as error:
        transcode(Sandbox(FFMPEG, tmp_path, Resources(text=1_000_000)), Limits(), LoudnessTarget.ATSC_A85)

    assert error.value.reason is Refusal.TOO_MUCH_WORK


def _laced(blocks: int) -> bytes:
    """A Matroska file with an audio track, and 255 frames of one byte in each block (fixed-size lacing)."""

    def element(name: str, content: bytes) -> bytes:
        return bytes.fromhex(name) + (1 << 56 | len(content)).to_bytes(8, "big") + content

    head = element("1A45DFA3", element("4282", b"matroska") + element("4287", b"\4") + element("4285", b"\2"))
    audio = element("E1", element("B5", struct.pack(">d", 8000)) + element("9F", b"\1") + element("6264", b"\x08"))
    track = element("AE", element("D7", b"\1") + element("83", b"\2") + element("86", b"A_PCM/INT/LIT") + audio)
    block = element("A3", b"\x81\0\0\x84\xfe" + bytes(255))
    cluster = element("1F43B675", element("E7", b"\0") + block * blocks)
    info = element("1549A966", element("2AD7B1", (1_000_000).to_bytes(3, "big")))
    return head + element("18538067", info + element("1654AE6B", track) + cluster)


def test_an_edit_list_shortens_the_length(videos: Video, clip: Path, tmp_path: Path) -> None:
    result_value = result(videos("edited.mp4", f"-ss 1.2 -i {clip} -c copy -t 2").read_bytes(), tmp_path)

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
    damage: Callable[[bytes], bytes], clip: Path, tmp_path: Path
) -> None:
    reason, seconds = None, 0.0
    try:
        seconds = result(damage(clip.read_bytes()), tmp_path).source.seconds
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
def test_an_unusual_object_key_reaches_only_its_object(name: str, world: World, clip: Path) -> None:
    key = f"uploads/{name}"
    about = {field: value for field, value in METADATA.items() if field != "creative"}
    world.s3.put_object(Bucket="uploads", Key=key, Body=clip.read_bytes(), Metadata=about)
    head = world.s3.head_object(Bucket="uploads", Key=key)
    uploaded = {"key": quote_plus(key, safe="/"), "size": head["ContentLength"], "eTag": head["ETag"].strip('"')}
    record = {"eventName": "ObjectCreated:Put", "s3": {"bucket": {"name": "uploads"}, "object": uploaded}}

    [upload] = uploads(json.dumps({"Records": [record]}))

    assert upload.key == key
    assert world.processor.process(upload) is State.READY
    keys = [entry["Key"] for entry in world.s3.list_objects_v2(Bucket="media")["Contents"]]
    assert all(key_item.startswith("renditions/") and ".." not in key_item for key_item in keys)
    assert len(keys) == 3
