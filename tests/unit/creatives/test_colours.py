"""The colours of renditions are BT.709, for any stated or missing colours of the upload."""

import shutil
from pathlib import Path

import av
import pytest

from bidder.creatives import commands
from bidder.creatives.colours import Colours, input_matrix, parse_colours, standard_range
from bidder.creatives.limits import Limits
from bidder.creatives.loudness import LoudnessTarget
from bidder.creatives.sandbox import Sandbox
from bidder.creatives.transcode import images, transcode
from tests.unit.creatives.conftest import FFMPEG, Video

RED = (200, 30, 30)
RED_SOURCE = "-f lavfi -i color=0xC81E1E:s=320x180:r=25,format=rgb24"
RED_HD = "-f lavfi -i color=0xC81E1E:s=720x720:r=5,format=rgb24"
TO_BT2020 = "matrix=bt2020nc:primaries=bt2020:primariesin=bt709:transfer=bt709:transferin=bt709:range=tv"


@pytest.mark.parametrize(
    ("described", "colours"),
    [
        ("hevc (Main 10) (hev1 / 0x31766568), yuv420p10le(tv, bt2020nc/bt2020/smpte2084, progressive), 320x180", "PQ"),
        ("h264 (High) (avc1 / 0x31637661), yuv420p(tv, unknown/unknown/arib-std-b67, progressive), 320x180", "HLG"),
        ("h264 (High) (avc1 / 0x31637661), yuv420p(bt709/unknown/arib-std-b67), 320x180", "HLG"),
        ("h264 (High) (avc1 / 0x31637661), yuv420p(tv, bt709, progressive), 320x180", "bt709"),
        ("h264 (High) (avc1 / 0x31637661), yuv420p(bt709), 320x180", "bt709"),
        ("png (png  / 0x20676E70), rgb24(pc, gbr/unknown/unknown, progressive), 320x180", "gbr"),
        ("prores (HQ) (apch / 0x68637061), yuv422p10le(progressive), 320x180, 6053 kb/s, SAR 1:1 DAR 16:9", "unknown"),
        ("h264 (High) (avc1 / 0x31637661), yuvj420p(pc, progressive), 320x180", "unknown"),
    ],
)
def test_colours_are_read_from_the_description_of_a_track(described: str, colours: str) -> None:
    parsed = parse_colours(described)

    assert parsed.is_hdr == (colours in {"PQ", "HLG"})
    assert parsed.is_hdr or parsed.matrix == colours


def test_a_video_without_a_matrix_has_that_of_its_size() -> None:
    assert [input_matrix(Colours(), lines) for lines in (360, 719, 720, 2160)] == ["bt601", "bt601", "bt709", "bt709"]
    assert input_matrix(Colours("smpte170m", "smpte170m", "smpte170m"), 1080) == "auto"
    assert input_matrix(Colours(transfer="smpte2084"), 360) == "bt709"
    assert standard_range(Colours("bt709", "bt709", "bt709")) == standard_range(Colours()) == []


HDR = "-c:v libx264 -pix_fmt yuv420p10le -x264-params"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("pq-alone.mp4", f"{HDR} transfer=smpte2084"),
        ("hlg-of-bt709.mp4", f"{HDR} transfer=arib-std-b67:colormatrix=bt709"),
        ("pq-constant-luminance.mp4", f"{HDR} transfer=smpte2084:colormatrix=bt2020c:colorprim=bt2020"),
        ("pq-odd-names.mp4", f"{HDR} transfer=smpte2084:colormatrix=ycgco:colorprim=film"),
        ("pq-rgb.mov", "-c:v libx264rgb -x264-params transfer=smpte2084"),
    ],
)
def test_hdr_with_missing_or_unusual_names_of_colours_is_transcoded(
    name: str, options: str, videos: Video, tmp_path: Path
) -> None:
    shutil.copy(videos(name, f"{RED_SOURCE} -t 1.2 {options}"), tmp_path / commands.SOURCE)

    result = transcode(Sandbox(FFMPEG, tmp_path), Limits(), LoudnessTarget.ATSC_A85)

    assert result.source.video is not None
    assert result.source.video.colours.is_hdr
    assert len(images(Sandbox(FFMPEG, tmp_path), Limits())) == 4


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("red-rgb.mov", f"{RED_SOURCE} -c:v png"),
        ("red-hd.mp4", f"{RED_HD} -vf scale=out_color_matrix=bt709:out_range=tv,format=yuv420p -c:v libx264"),
        ("red-sd.mp4", f"{RED_SOURCE} -vf scale=out_color_matrix=bt601:out_range=tv,format=yuv420p -c:v libx264"),
        ("red-full.mp4", f"{RED_SOURCE} -vf scale=out_color_matrix=bt601:out_range=pc,format=yuvj420p -c:v libx264"),
        ("red-wide.mp4", f"{RED_SOURCE} -vf zscale={TO_BT2020},format=yuv420p -c:v libx264"),
    ],
)
def test_a_red_picture_stays_red_and_says_that_it_is_bt709(
    name: str, options: str, videos: Video, tmp_path: Path
) -> None:
    shutil.copy(videos(name, f"{options} -t 1.2"), tmp_path / commands.SOURCE)

    result = transcode(Sandbox(FFMPEG, tmp_path), Limits(), LoudnessTarget.ATSC_A85)

    for path, _ in (result.renditions[0], result.renditions[-1]):
        with av.open(str(path)) as container:
            frame = next(container.decode(video=0))
            assert (frame.colorspace, frame.color_range) == (1, 1)  # BT.709, limited
            planes = [memoryview(plane)[0] for plane in frame.planes]
        luma, blue, red = (planes[0] - 16) * 255 / 219, (planes[1] - 128) * 255 / 224, (planes[2] - 128) * 255 / 224
        rgb = luma + 1.5748 * red, luma - 0.1873 * blue - 0.4681 * red, luma + 1.8556 * blue
        assert rgb == pytest.approx(RED, abs=6)
