import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidder.vast import clock


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "00:00:00"),
        (15, "00:00:15"),
        (15.02, "00:00:15.020"),
        (59.9999, "00:01:00"),
        (3599.5, "00:59:59.500"),
        (3661, "01:01:01"),
        (86_399.999, "23:59:59.999"),
    ],
)
def test_a_duration_is_formatted_as_hh_mm_ss(seconds: float, text: str) -> None:
    assert clock(seconds) == text


@pytest.mark.parametrize("seconds", [-1, 86_400, 1e12])
def test_an_invalid_duration_is_refused(seconds: float) -> None:
    with pytest.raises(ValueError, match="less than 24 hours"):
        clock(seconds)


@given(st.integers(0, 86_399_999))
def test_a_formatted_duration_is_parsed_back(milliseconds: int) -> None:
    hours, minutes, rest = clock(milliseconds / 1000).split(":")
    assert int(hours) * 3_600_000 + int(minutes) * 60_000 + round(float(rest) * 1000) == milliseconds
