"""Transcoding of ordinary and unusual videos, checked with PyAV, which shares no code with the bidder."""

import shutil
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import pytest

from bidder.creatives import commands
from bidder.creatives.boxes import boxes
from bidder.creatives.limits import Limits
from bidder.creatives.loudness import LoudnessTarget, parse_loudness
from bidder.creatives.sandbox import Sandbox
from bidder.creatives.transcode import Transcoded, transcode
from tests.unit.creatives.conftest import FFMPEG, H264, PICTURE, TONE, Video

pytestmark = pytest.mark.slow

ODD = {
    "moov-at-the-end.mp4": f"{PICTURE} {TONE} -t 2 {H264}",
    "matroska-called-mp4.mp4": f"{PICTURE} {TONE} -t 2 {H264} -f matroska",
    "webm.webm": f"{PICTURE} {TONE} -t 2 -c:v libvpx-vp9 -deadline realtime -cpu-used 8 -c:a libopus",
    "without-sound.mp4": f"{PICTURE} -t 2 -c:v libx264 -preset ultrafast",
    "digital-silence.mp4": f"{PICTURE} -f lavfi -i anullsrc=cl=stereo -t 2 {H264}",
    "surround.mp4": f"{PICTURE} -f lavfi -i anoisesrc=a=0.2:c=pink,aformat=channel_layouts=5.1 -t 3 {H264}",
    "variable-frame-rate.mp4": f"-f lavfi -i testsrc2=s=320x180:r=25,select=lt(n\\,20)+not(mod(n\\,3)) {TONE} -t 3 "
    f"-fps_mode vfr {H264}",
    "interlaced.mp4": f"-f lavfi -i testsrc2=s=320x180:r=50,tinterlace=interleave_top,fieldorder=tff {TONE} -t 2 "
    "-flags +ilme+ildct -c:v libx264 -x264-params tff=1 -c:a aac",
    "odd-sizes.mp4": f"-f lavfi -i testsrc2=s=321x181:r=25 {TONE} -t 2 -c:v libx264 -pix_fmt yuv444p -c:a aac",
    "ten-bit.mp4": f"{PICTURE} {TONE} -t 2 -c:v libx265 -pix_fmt yuv420p10le -x265-params log-level=error -c:a aac",
    "hdr.mp4": f"{PICTURE} {TONE} -t 2 -c:v libx265 -pix_fmt yuv420p10le -x265-params "
    "log-level=error:colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc -color_primaries bt2020 "
    "-color_trc smpte2084 -colorspace bt2020nc -c:a aac",
    "timecode.mov": f"{PICTURE} {TONE} -t 2 {H264} -timecode 01:00:00:00",
    "sound-first.mp4": f"{PICTURE} {TONE} -t 2 -map 1 -map 0 {H264}",
    "sixty-frames.mp4": f"-f lavfi -i testsrc2=s=320x180:r=60 {TONE} -t 2 {H264}",
    "narrow-pixels.mp4": f"-f lavfi -i testsrc2=s=240x180:r=25,setsar=4/3 {TONE} -t 2 {H264}",
}


def transcoded(source: Path, folder: Path, target: LoudnessTarget = LoudnessTarget.ATSC_A85) -> Transcoded:
    shutil.copy(source, folder / commands.SOURCE)
    return transcode(Sandbox(FFMPEG, folder), Limits(), target)


@pytest.mark.parametrize("name", ODD)
def test_the_renditions_of_an_unusual_video_play(name: str, videos: Video, tmp_path: Path) -> None:
    result = transcoded(videos(name, ODD[name]), tmp_path)

    assert [rendition.measured.mime for rendition in result.renditions] == ["video/mp4", "video/webm"]
    for path, measured in result.renditions:
        with av.open(str(path)) as container:
            [video], [audio] = container.streams.video, container.streams.audio
            assert (video.width, video.height) == (measured.width, measured.height) == (320, 180)
            assert video.codec_context.pix_fmt == "yuv420p"
            assert video.average_rate is not None
            assert video.average_rate <= 30
            assert audio.codec_context.sample_rate == 48000
            assert audio.codec_context.layout.name == "stereo"
            seconds = sum(1 for _ in container.decode(video=0)) / float(video.average_rate)
        assert seconds == pytest.approx(result.source.seconds, abs=0.1)
        assert measured.seconds == pytest.approx(result.source.seconds, abs=0.1)
        assert measured.kbits == pytest.approx(path.stat().st_size * 8 / measured.seconds / 1000, rel=0.01)


@pytest.mark.parametrize(("target", "lufs"), [(LoudnessTarget.ATSC_A85, -24.0), (LoudnessTarget.EBU_R128, -23.0)])
def test_audio_has_the_loudness_of_its_market(
    target: LoudnessTarget, lufs: float, videos: Video, tmp_path: Path
) -> None:
    source = videos("surround.mp4", ODD["surround.mp4"])

    result = transcoded(source, tmp_path, target)

    for path, _ in result.renditions:
        process = Sandbox(FFMPEG, tmp_path).run(["-i", path.name, "-af", "ebur128=peak=true", "-f", "null", "-"])
        loudness = parse_loudness(process.errors)
        assert loudness is not None
        assert loudness.integrated == pytest.approx(lufs, abs=1)
        assert loudness.peak <= 0


def test_a_1080p_source_has_all_renditions_of_the_ladder(videos: Video, tmp_path: Path) -> None:
    source = videos("full-hd.mp4", f"-f lavfi -i testsrc2=s=1920x1080:r=30 {TONE} -t 5 {H264} -b:v 8M")

    result = transcoded(source, tmp_path)

    sizes = [(path.name, measured.width, measured.height) for path, measured in result.renditions]
    assert sizes == [
        ("1080p-high.mp4", 1920, 1080),
        ("1080p.mp4", 1920, 1080),
        ("720p.mp4", 1280, 720),
        ("480p.mp4", 854, 480),
        ("360p.mp4", 640, 360),
        ("720p-vp9.webm", 1280, 720),
    ]
    assert 8000 <= result.renditions[0].measured.kbits <= 10_500
    for path, measured in result.renditions[:-1]:
        assert measured.codecs.startswith("avc1.6400")  # High profile
        kinds = [kind for kind, _ in boxes(path.read_bytes())]
        assert kinds.index(b"moov") < kinds.index(b"mdat")
        with av.open(str(path)) as container:
            keyframes = [p.pts * p.time_base for p in container.demux(video=0) if p.is_keyframe and p.pts is not None]
        gaps = {after - before for before, after in pairwise(keyframes)}
        assert gaps == {Fraction(2)}


def test_the_rotation_of_a_phone_video_is_applied(videos: Video, clip: Path, tmp_path: Path) -> None:
    turned = videos("turned.mp4", f"-display_rotation 90 -i {clip} -c copy")

    result = transcoded(turned, tmp_path)

    assert {(measured.width, measured.height) for _, measured in result.renditions} == {(180, 320)}
