"""The waiting time of a request, and whether it can be answered before tmax."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidder.endpoints.call import DECISION_MS, LONGEST_MS, arrival, is_in_time, patience
from tests.support.campaigns import NOW

EPOCH = int(NOW.timestamp() * 1000)


@pytest.mark.parametrize(
    ("context", "waited"),
    [
        ({}, 0),
        ({"requestTimeEpoch": None}, 0),
        ({"requestTimeEpoch": "soon"}, 0),
        ({"requestTimeEpoch": EPOCH}, 0),
        ({"requestTimeEpoch": EPOCH - 250}, 250),
        ({"requestTimeEpoch": EPOCH + 40}, 0),
        ({"requestTimeEpoch": EPOCH - 31_000}, 0),
        ({"requestTimeEpoch": 0}, 0),
    ],
)
def test_the_waiting_time_starts_at_the_gateway(context: dict[str, Any], waited: int) -> None:
    assert NOW - arrival(context, NOW) == timedelta(milliseconds=waited)


@pytest.mark.parametrize("tmax", [None, 0, -1])
def test_a_request_without_tmax_is_in_time(tmax: int | None) -> None:
    assert is_in_time(tmax, 1e9, 20)


def test_network_and_decision_time_count_against_tmax() -> None:
    assert is_in_time(100, 80 - DECISION_MS, 20)
    assert not is_in_time(100, 80 - DECISION_MS + 0.001, 20)


@given(
    st.none() | st.integers(-5, 5000),
    st.floats(0, 5000, allow_nan=False),
    st.floats(0, 1000, allow_nan=False),
)
def test_a_request_that_waits_for_its_whole_patience_is_in_time(
    tmax: int | None, waited_ms: float, allowance_ms: float
) -> None:
    seconds = patience(tmax, waited_ms, allowance_ms)
    end = waited_ms + seconds * 1000

    assert seconds >= 0
    if seconds:
        assert is_in_time(tmax, end - 0.001, allowance_ms)
        assert end + allowance_ms + DECISION_MS <= LONGEST_MS + 0.001


def test_the_patience_is_the_rest_of_tmax_and_at_most_of_one_second() -> None:
    assert patience(300, 0, 20) == (300 - 20 - DECISION_MS) / 1000
    assert patience(300, 100, 20) == (200 - 20 - DECISION_MS) / 1000
    assert patience(None, 0, 20) == patience(0, 0, 20) == patience(5000, 0, 20) == (1000 - 20 - DECISION_MS) / 1000
    assert patience(100, 3000, 20) == 0
