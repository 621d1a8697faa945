"""Hostile uploads: each is refused with its reason, and only the file is read."""

import random
import shutil
import struct
from pathlib import Path

import pytest

from bidder.creatives import commands
from bidder.creatives.limits import Limits, Refusal, RefusedUpload
from bidder.creatives.loudness import LoudnessTarget
from bidder.creatives.sandbox import Resources, Sandbox
from bidder.creatives.transcode import transcode
from tests.unit.creatives.conftest import FFMPEG, H264, PICTURE, TONE, Video

pytestmark = pytest.mark.slow

TEXTS = {
    "ffconcat": "ffconcat version 1.0\nfile other.mp4\n",
    "m3u8": "#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\nfile:///etc/hostname\n#EXT-X-ENDLIST\n",
    "m3u8 of a server": "#EXTM3U\n#EXTINF:5,\nhttp://127.0.0.1:9/segment.ts\n#EXT-X-ENDLIST\n",
    "dash": '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"><Period/></MPD>',
    "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\n",
    "svg": '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><image href="file:///etc/hostname"/></svg>',
    "text": "hello",
    "html": "<!doctype html><video src=x.mp4>",
    "zip": "PK\x03\x04" + "\0" * 60,
}


def refusal(source: Path | bytes, folder: Path, resources: Resources = Resources()) -> Refusal:  # noqa: B008  frozen
    target = folder / commands.SOURCE
    target.write_bytes(source) if isinstance(source, bytes) else shutil.copy(source, target)
    with pytest.raises(RefusedUpload) as error:
        transcode(Sandbox(FFMPEG, folder, resources), Limits(), LoudnessTarget.ATSC_A85)
    assert "{" not in str(error.value)
    return error.value.reason


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_file_that_is_not_a_video_is_refused_without_reading_other_files(
    text: str, clip: Path, tmp_path: Path
) -> None:
    shutil.copy(clip, tmp_path / "other.mp4")
    (tmp_path / commands.SOURCE).write_text(text)

    with pytest.raises(RefusedUpload) as error:
        transcode(Sandbox(FFMPEG, tmp_path), Limits(), LoudnessTarget.ATSC_A85)

    assert error.value.reason is Refusal.NOT_A_VIDEO


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    assert refusal(b"", tmp_path) is Refusal.EMPTY


def test_a_truncated_file_is_refused(clip: Path, tmp_path: Path) -> None:
    data = clip.read_bytes()

    assert refusal(data[: len(data) * 45 // 100], tmp_path) is Refusal.DAMAGED


def test_a_file_truncated_before_its_index_is_refused(videos: Video, tmp_path: Path) -> None:
    data = videos("moov-last.mp4", f"{PICTURE} {TONE} -t 4 {H264}").read_bytes()

    assert refusal(data[: len(data) * 60 // 100], tmp_path) is Refusal.CUT_OFF


def test_a_video_with_damaged_frames_is_refused(clip: Path, tmp_path: Path) -> None:
    data, draw = bytearray(clip.read_bytes()), random.Random(1)  # noqa: S311  a test's
    begin = data.index(b"mdat") + 20_000
    for _ in range(400):
        data[draw.randrange(begin, len(data))] = draw.randrange(256)

    assert refusal(bytes(data), tmp_path) is Refusal.UNREADABLE


def test_a_video_of_a_hundred_hours_is_refused_without_decoding(videos: Video, tmp_path: Path) -> None:
    path = videos("hours.mp4", "-f lavfi -i color=black:s=160x160:r=1 -t 4000 -c:v libx264 -preset ultrafast")

    assert refusal(path, tmp_path) is Refusal.TOO_LONG


def test_a_declared_length_of_a_hundred_hours_is_not_trusted(clip: Path, tmp_path: Path) -> None:
    data = bytearray(clip.read_bytes())
    for box in (b"mvhd", b"tkhd", b"mdhd"):
        at = data.index(box) + (24 if box == b"tkhd" else 20)
        struct.pack_into(">I", data, at, 2**32 - 1)

    (tmp_path / commands.SOURCE).write_bytes(bytes(data))
    try:
        result = transcode(Sandbox(FFMPEG, tmp_path), Limits(), LoudnessTarget.ATSC_A85)
    except RefusedUpload as refused:
        assert refused.reason in {Refusal.DAMAGED, Refusal.UNREADABLE}  # noqa: PT017  either is right
    else:
        assert result.source.seconds == pytest.approx(4, abs=0.1)


def test_an_8k_video_is_refused(videos: Video, tmp_path: Path) -> None:
    path = videos("8k.mp4", "-f lavfi -i color=black:s=7680x4320:r=25 -t 0.2 -c:v libx264 -preset ultrafast")

    assert refusal(path, tmp_path) is Refusal.TOO_MANY_PIXELS


@pytest.mark.parametrize(
    ("name", "options", "reason"),
    [
        ("one-frame.mp4", f"{PICTURE} -frames:v 1 -c:v libx264", Refusal.TOO_SHORT),
        ("audio-only.mp4", f"{TONE} -t 2 -c:a aac", Refusal.NO_VIDEO),
        ("tiny.mp4", "-f lavfi -i testsrc2=s=96x54:r=25 -t 2 -c:v libx264", Refusal.TOO_SMALL),
        ("slow.mp4", "-f lavfi -i testsrc2=s=320x180:r=2 -t 4 -c:v libx264", Refusal.FRAME_RATE),
    ],
)
def test_a_video_outside_the_limits_is_refused(
    name: str, options: str, reason: Refusal, videos: Video, tmp_path: Path
) -> None:
    assert refusal(videos(name, options), tmp_path) is reason


def test_ffmpeg_is_stopped_at_its_time_limit(videos: Video, tmp_path: Path) -> None:
    path = videos("work.mp4", f"-f lavfi -i testsrc2=s=1280x720:r=30 -t 20 {H264}")

    assert refusal(path, tmp_path, Resources(cpu_seconds=1)) is Refusal.TOO_MUCH_WORK


def test_ffmpeg_gets_no_environment_variables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    printer = tmp_path / "env"
    printer.write_text("#!/bin/sh\n/usr/bin/env\n")
    printer.chmod(0o755)

    assert "secret" not in Sandbox(printer, tmp_path).run([]).output
