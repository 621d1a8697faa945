"""The bitrate ladder for sources of any size and frame rate."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from bidder.creatives.colours import Colours
from bidder.creatives.ladder import MP4, frame_rate, ladder
from bidder.creatives.probe import VideoTrack


def track(width: int, height: int, rate: Fraction = Fraction(25)) -> VideoTrack:
    return VideoTrack(0, "h264", width, height, 4.0, 100, rate, 0, is_interlaced=False, colours=Colours(), bit_depth=8)


@given(st.integers(144, 4096), st.integers(144, 4096), st.integers(5, 120))
def test_no_rendition_is_upscaled_distorted_or_of_odd_size(width: int, height: int, rate: int) -> None:
    rungs = ladder(track(width, height, Fraction(rate)))

    assert len({rung.name for rung in rungs}) == len(rungs) >= 2
    assert [rung.mime for rung in rungs[:-1]] == [MP4] * (len(rungs) - 1)
    assert rungs[-1].mime == "video/webm"
    for rung in rungs:
        assert rung.width <= width + 1
        assert rung.height <= height + 1
        assert rung.width % 2 == rung.height % 2 == 0
        assert abs(rung.width / rung.height - width / height) <= 2 * max(width / height, 1) / min(
            rung.width, rung.height
        )
        assert rung.frame_rate <= 30
        assert rung.frame_rate > Fraction(rate, 5)


def test_broadcast_frame_rates_are_not_changed() -> None:
    assert frame_rate(Fraction(30000, 1001)) == Fraction(30000, 1001)
    assert frame_rate(Fraction(24000, 1001)) == Fraction(24000, 1001)
    assert frame_rate(Fraction(2997, 50)) == Fraction(30000, 1001)
    assert frame_rate(Fraction(50)) == 25
    assert frame_rate(Fraction(13)) == 13


def test_a_rendition_of_a_portrait_video_is_named_by_its_shorter_side() -> None:
    assert [(rung.name, rung.width, rung.height) for rung in ladder(track(1080, 1920))][:2] == [
        ("1080p-high", 1080, 1920),
        ("1080p", 1080, 1920),
    ]
