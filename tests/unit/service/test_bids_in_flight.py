"""Frequency caps within one process: recent bids count as impressions, each once."""

import json
from datetime import datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bidder.delivery.frequency import NEW_VIEWER, Exposures, History, Impression, add
from bidder.endpoints.bid import bid
from bidder.endpoints.call import Call
from bidder.service.bids_in_flight import IN_FLIGHT_TIME, BidsInFlight
from tests.support.campaigns import NOW, campaign, compile_snapshot
from tests.support.examples import examples
from tests.support.matchable import video_request
from tests.support.service import service

SECOND = timedelta(seconds=1)
IFA = "6d92078a-8246-4ba4-ae5b-76104861e7dc"


class Store:
    """The impressions of one user, without households."""

    def __init__(self) -> None:
        self.history = History()

    def exposures(self, user: str | None, _household: str | None, _seconds: float, _now: datetime) -> Exposures:
        return Exposures(self.history if user else None)


def request_body(number: int, **changes: Any) -> bytes:
    return json.dumps(video_request(id=f"r{number}", device={"ifa": IFA}, **changes)).encode()


@examples(0.4)
@given(
    st.integers(1, 4),
    st.lists(st.tuples(st.integers(0, 20), st.sampled_from(["bid", "count", "lose"])), max_size=25),
)
def test_a_viewer_of_one_process_never_gets_more_than_the_cap_allows_in_a_minute(
    maximum: int, steps: list[tuple[int, str]]
) -> None:
    store = Store()
    capped = campaign(frequency_caps=[{"impressions": maximum, "window": "lifetime"}])
    process = service(compile_snapshot([capped]), frequency_reader=store)
    now, notice_times, bid_times = NOW, list[datetime](), list[datetime]()
    for number, (seconds, step) in enumerate(steps):
        now += seconds * SECOND
        if step == "bid":
            if bid(process, Call(request_body(number), {}, "https://bid.example", now)).status == 200:
                bid_times.append(now)
                notice_times.append(now)
        elif notice_times:
            at = notice_times.pop(0)
            if step == "count" and now - at < IN_FLIGHT_TIME:
                store.history = add(store.history, Impression(int(now.timestamp()), "plain", "spot", "shop.example"))
        count = len(store.history.recent)
        in_flight = sum(1 for at in notice_times if now - at < IN_FLIGHT_TIME)
        assert count + in_flight <= maximum or count > maximum
        assert sum(1 for at in bid_times if now - at < IN_FLIGHT_TIME) <= maximum


def test_a_bid_counts_until_its_impression_is_counted_and_no_longer_than_a_minute() -> None:
    process = service(
        compile_snapshot([campaign(frequency_caps=[{"impressions": 2, "window": "day"}])]), frequency_reader=Store()
    )

    statuses = [
        bid(process, Call(request_body(number), {}, "https://bid.example", NOW + number * SECOND)).status
        for number in range(4)
    ]
    later_time = bid(
        process, Call(request_body(9), {}, "https://bid.example", NOW + IN_FLIGHT_TIME + 10 * SECOND)
    ).status

    assert [*statuses, later_time] == [200, 200, 204, 204, 200]


def test_an_uncapped_bid_is_not_noted_and_an_unknown_viewer_stays_unknown() -> None:
    flight = BidsInFlight()

    def fail() -> tuple[None, None]:
        raise AssertionError

    flight.note([], fail, NOW)
    assert flight.add_bids_in_flight(NEW_VIEWER, ("anna", None), NOW) is NEW_VIEWER
    assert flight.add_bids_in_flight(Exposures(), ("anna", None), NOW) == Exposures()
