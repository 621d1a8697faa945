"""What is read from ffmpeg's text: tracks, aspect ratio, rotation, frame rate; titles of an upload change nothing."""

from collections.abc import Sequence
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidder.creatives.ladder import frame_rate
from bidder.creatives.probe import Probe, VideoTrack, parse_probe

BANNER = """Input #0, mov,mp4,m4a,3gp,3g2,mj2, from 'source':
  Metadata:
    title           : {title}
  Duration: 00:00:02.00, start: 0.000000, bitrate: 680 kb/s
  Stream #0:0[0x1]{language}: Video: h264 (High) (avc1 / 0x31637661), yuv420p(progressive), 320x180 {aspect}
      Metadata:
        handler_name    : {title}
{side}  Stream #0:1[0x2]{language}: Audio: {audio}
Stream mapping:
  Stream #0:0 -> #0:0 (copy)
  Stream #0:1 -> #0:1 (copy)
"""
SQUARE = "[SAR 1:1 DAR 16:9], 599 kb/s, 25 fps, 25 tbr, 12800 tbn (default)"
TURNED = "      Side data:\n        displaymatrix: rotation of 90.00 degrees\n"
TIMES = [number * 40 for number in range(50)]


def probe(
    times: Sequence[int] = TIMES,
    title: str = "Ad",
    language: str = "(und)",
    aspect: str = SQUARE,
    side: str = "",
    audio: str = "aac (LC) (mp4a / 0x6134706D), 44100 Hz, mono, fltp, 69 kb/s",
    base: str = "1/1000",
) -> Probe:
    lines = [f"#tb 0: {base}", "#media_type 0: video", f"#tb 1: {base}", "#media_type 1: audio"]
    lines += [f"0, {time:10}, {time:10}, {40:8}, {9:8}, 0x00000000" for time in times]
    banner = BANNER.format(title=title, language=language, aspect=aspect, side=side, audio=audio)
    return parse_probe(banner, lines, 1000)


def video(result: Probe) -> VideoTrack:
    assert result.video is not None
    return result.video


FALSE_STREAM = "  Stream #0:0: Video: h264 (High), yuv420p, 9000x9000, 25 fps"


@pytest.mark.parametrize(
    "title",
    [
        "rotation of 90.00 degrees",
        "moov atom not found",
        *(f"x{separator}{FALSE_STREAM}" for separator in "\x1c\x1d\x1e\x85\u2028\u2029\v\f\r"),
    ],
)
def test_a_title_is_not_read_as_a_measurement(title: str) -> None:
    assert probe(title=title) == probe()


@pytest.mark.parametrize("language", ["", "(eng)", "(en us)", "((x): Audio: aac)", "(日本語)", "((()", "(): Video: x)"])
def test_a_track_has_any_language(language: str) -> None:
    result = probe(language=language)

    assert (video(result).width, video(result).codec, result.other_tracks) == (320, "h264", 0)
    assert result.audio is not None
    assert result.audio.codec == "aac"


def test_the_aspect_of_the_container_precedes_that_of_the_codec() -> None:
    assert video(probe(aspect="[SAR 1:1 DAR 16:9], 599 kb/s, SAR 3:4 DAR 4:3, 25 fps")).width == 240
    assert video(probe(aspect="[SAR 4:3 DAR 64:27], 599 kb/s, 25 fps")).width == 427
    assert video(probe(aspect="[SAR 0:1 DAR 0:1], 599 kb/s, 25 fps")).width == 320


def test_a_rotation_is_side_data() -> None:
    assert (video(probe(side=TURNED)).width, video(probe(side=TURNED)).height) == (180, 320)


@pytest.mark.parametrize(
    ("audio", "channels"),
    [
        ("pcm_s16le (sowt / 0x74776F73), 44100 Hz, 1 channels (FL), s16, 705 kb/s", 1),
        ("pcm_s16le, 48000 Hz, 16 channels, s16", 16),
        ("ac3 (ac-3 / 0x332D6361), 48000 Hz, 5.1(side), fltp, 384 kb/s", 6),
    ],
)
def test_channels_are_counted(audio: str, channels: int) -> None:
    result = probe(audio=audio)

    assert result.audio is not None
    assert result.audio.channels == channels


STANDARD = [Fraction(24), Fraction(25), Fraction(30), Fraction(50), Fraction(60)]
STANDARD += [Fraction(rate * 1000, 1001) for rate in (24, 30, 60)]


@given(st.sampled_from(STANDARD), st.integers(60, 120), st.data())
def test_held_frames_do_not_lower_the_frame_rate(rate: Fraction, count: int, data: st.DataObject) -> None:
    """Matroska rounds times to milliseconds. A frame that is held for seconds is a pause, not a slower video."""
    times = [round(number * 1000 / rate) for number in range(count)]
    at, pause = data.draw(st.integers(1, count - 1)), data.draw(st.integers(0, 20_000))
    frame_times = [time + pause * (number >= at) for number, time in enumerate(times)]

    measured, expected = video(probe(frame_times)).frame_rate, rate if rate <= 30 else rate / 2

    assert abs(measured - rate) <= rate / 100
    assert abs(frame_rate(measured) - expected) <= expected / 500


@given(st.lists(st.integers(0, 10**12), max_size=30))
def test_any_times_have_a_frame_rate(times: list[int]) -> None:
    assert video(probe(times)).frame_rate >= 0
