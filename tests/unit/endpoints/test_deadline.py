"""How long a request has waited, and whether it can still be answered in time."""

from datetime import timedelta
from typing import Any

import pytest

from bidder.endpoints.deadline import DECISION_MS, arrival, in_time
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
def test_a_request_has_waited_since_it_reached_the_gateway(context: dict[str, Any], waited: int) -> None:
    assert NOW - arrival(context, NOW) == timedelta(milliseconds=waited)


@pytest.mark.parametrize("tmax", [None, 0, -1])
def test_without_a_tmax_there_is_time(tmax: int | None) -> None:
    assert in_time(tmax, 1e9, 20)


def test_the_way_and_the_decision_count() -> None:
    assert in_time(100, 80 - DECISION_MS, 20)
    assert not in_time(100, 80 - DECISION_MS + 0.001, 20)
