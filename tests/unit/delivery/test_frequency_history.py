"""Histories of viewers and their caps at the bounds, with literal expected values."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidder.campaigns.campaign import Campaign
from bidder.delivery.frequency import Exposures, History, Impression, add, blocking_standing, standing, standings
from bidder.delivery.frequency_store import decode, encode, household_key, user_key
from tests.support.campaigns import campaign
from tests.support.examples import examples

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
AT = int(NOW.timestamp())
DAY = 86_400
TODAY = AT // DAY
TOMORROW = (TODAY + 1) * DAY
TOKYO = {"impressions": 1, "window": "day", "time_zone": "Asia/Tokyo"}
OF_ADVERTISER = {"impressions": 1, "window": "day", "level": "advertiser"}


def impression_at(at: int, campaign_id: str = "c") -> Impression:
    return Impression(at, campaign_id, "spot", "shop.example")


def keys(campaign_id: str = "c") -> tuple[str, str, str]:
    return f"c:{campaign_id}", f"a:{'shop.example'}", f"r:{campaign_id}/spot"


@examples(0.3)
@given(st.lists(st.integers(0, 40 * DAY), min_size=195, max_size=230))
def test_a_history_has_the_last_two_hundred_impressions_and_older_days(ago: list[int]) -> None:
    history = History()
    for seconds in sorted(ago, reverse=True):
        history = add(history, impression_at(AT - seconds))

    times = sorted(AT - seconds for seconds in ago)
    assert [impression.at for impression in history.recent] == times[-200:]
    older: dict[str, int] = {}
    for time in times[:-200]:
        older[str(time // DAY)] = older.get(str(time // DAY), 0) + 1
    assert sum(sum(days.values()) for days in history.older.values()) == 3 * max(0, len(ago) - 200)
    latest = times[-1] // DAY
    for days in history.older.values():
        assert {str(day): count for day, count in days.items() if day} == {
            day: count for day, count in older.items() if int(day) > latest - 33 and days.get(int(day))
        }


@pytest.mark.parametrize(("days", "kept_count"), [(32, TODAY - 32), (33, 0)])
def test_days_older_than_a_month_count_only_for_lifetime_caps(days: int, kept_count: int) -> None:
    history = History([impression_at(AT - days * DAY), *[impression_at(AT - 60)] * 199])
    history = add(history, impression_at(AT, "d"))

    assert history.older == {key: {kept_count: 1} for key in keys()}
    assert (len(history.recent), history.recent[-1].campaign_id) == (200, "d")
    later = add(history._replace(older={"c:c": {TODAY - 33: 4, 0: 2}}), impression_at(AT))
    assert later.older["c:c"] == {0: 6, TODAY: 1}


def test_the_age_of_a_day_is_relative_to_the_latest_impression() -> None:
    history = add(History([impression_at(AT - 33 * DAY), *[impression_at(AT - DAY)] * 199]), impression_at(AT))

    assert history.older == {key: {0: 1} for key in keys()}


def test_a_late_impression_is_inserted_by_its_time() -> None:
    history = add(History([impression_at(10), impression_at(30)]), impression_at(20))

    assert [impression.at for impression in history.recent] == [10, 20, 30]


def test_beyond_a_thousand_counts_the_oldest_are_dropped() -> None:
    older = {f"c:{number}": {TODAY - number % 20: 1} for number in range(1_000)}
    history = add(History([impression_at(AT - 3 * DAY), *[impression_at(AT)] * 199], older), impression_at(AT))

    assert sum(len(days) for days in history.older.values()) == 1_000
    lost = set(older) - set(history.older)
    assert len(lost) == 3
    assert {number for key in lost for number in older[key]} == {TODAY - 19}


def campaign_with_cap(**changes: Any) -> Campaign:
    names = ("time_zone", "on_unknown")
    cap = {name: value for name, value in changes.items() if name not in names}
    return campaign(id="c", frequency_caps=[cap], **{name: changes[name] for name in names if name in changes})


@pytest.mark.parametrize(
    ("cap", "history", "seen", "room", "free_at"),
    [
        ({"impressions": 3, "window": "day"}, History([impression_at(AT - 60)]), 1, 2, None),
        ({"impressions": 1, "window": "day"}, History([impression_at(AT - 60)]), 1, 0, TOMORROW),
        ({"impressions": 1, "window": "day"}, History([impression_at(TODAY * DAY)]), 1, 0, TOMORROW),
        ({"impressions": 1, "window": "day"}, History([impression_at(TODAY * DAY - 1)]), 0, 1, None),
        (
            {"impressions": 1, "window": "day", "time_zone": "Asia/Tokyo"},
            History([impression_at(TODAY * DAY)]),
            1,
            0,
            AT + 3 * 3_600,
        ),
        (
            {"impressions": 2, "window": "1h"},
            History([impression_at(AT - 3_600), impression_at(AT - 3_599), impression_at(AT)]),
            2,
            0,
            AT + 1,
        ),
        ({"impressions": 1, "window": "1h"}, History([impression_at(AT - 3_599), impression_at(AT)]), 2, 0, AT + 3_600),
        ({"impressions": 1, "window": "1h"}, History([impression_at(AT - 60)]), 1, 0, AT + 3_540),
        ({"impressions": 2, "window": "1h"}, History([impression_at(AT)], {"c:c": {TODAY: 1}}), 2, 0, None),
        ({"impressions": 1, "window": "lifetime"}, History([impression_at(1)]), 1, 0, None),
        ({"impressions": 5, "window": "lifetime"}, History((), {"c:c": {0: 2, TODAY: 3}}), 5, 0, None),
        ({"impressions": 5, "window": "day"}, History((), {"c:c": {0: 2, TODAY: 3, TODAY - 1: 7}}), 3, 2, None),
        ({"impressions": 3, "window": "1d"}, History((), {"c:c": {TODAY: 3}}), 3, 0, None),
        ({"min_gap": "10m"}, History([impression_at(AT - 599)]), 1, 0, AT + 1),
        ({"min_gap": "10m"}, History([impression_at(AT - 600)]), 0, 1, None),
        ({"min_gap": "10m"}, History(), 0, 1, None),
        ({"min_gap": "1d"}, History((), {"c:c": {TODAY - 1: 1, 0: 9}}), 1, 0, TOMORROW),
        ({"min_gap": "1h"}, History((), {"c:c": {TODAY - 1: 1}}), 0, 1, None),
        ({"min_gap": "1h", "impressions": 9, "window": "day"}, History([impression_at(AT - 60)]), 1, 0, AT + 3_540),
        ({"min_gap": "1h", "impressions": 9, "window": "day"}, History([impression_at(AT - 3_600)]), 1, 1, None),
        ({"min_gap": "1m", "impressions": 1, "window": "day"}, History([impression_at(AT - 30)]), 1, 0, TOMORROW),
        ({"min_gap": "1d", "impressions": 1, "window": "day"}, History([impression_at(AT)]), 1, 0, AT + DAY),
        (
            {"impressions": 1, "window": "day", "level": "advertiser"},
            History([impression_at(AT, "d")]),
            1,
            0,
            (TODAY + 1) * DAY,
        ),
        ({"impressions": 1, "window": "day"}, History([impression_at(AT, "d")]), 0, 1, None),
    ],
)
def test_the_state_of_a_cap_for_a_viewer(
    cap: dict[str, Any], history: History, seen: int, room: int, free_at: float | None
) -> None:
    item = campaign_with_cap(**cap)
    item = item.model_copy(update={"advertiser": item.advertiser.model_copy(update={"domain": "shop.example"})})

    [result] = standings(item, "spot", Exposures(history), NOW)

    assert (result.seen, result.room, result.free_at, result.is_known) == (seen, room, free_at, True)
    assert (blocking_standing(item, [result]) is None) == (room > 0)


def test_the_days_of_a_cap_are_in_the_campaigns_time_zone() -> None:
    item = campaign(
        id="c", time_zone="UTC", frequency_caps=[{"impressions": 1, "window": "day", "time_zone": "Asia/Tokyo"}]
    )
    [cap] = item.frequency_caps
    known = History([impression_at(AT)])

    assert standing(cap, item, "spot", known, NOW).free_at == AT + 3 * 3_600
    assert standing(cap, item, "spot", None, NOW)[2:] == (0, 1, None, False)


def test_an_item_of_a_viewer_expires_thirteen_months_after_the_last_impression() -> None:
    item = encode(user_key("anna"), History([impression_at(AT - 60), impression_at(AT)], {"c:c": {TODAY: 2}}), 7)

    assert item["expires_at"] == {"N": str(AT + 395 * DAY)}
    assert item["version"] == {"N": "7"}
    assert (item["pk"], item["sk"]) == ({"S": "user#anna"}, {"S": "history"})
    assert household_key("home") == {"pk": {"S": "household#home"}, "sk": {"S": "history"}}
    assert decode(item) == History([impression_at(AT - 60), impression_at(AT)], {"c:c": {TODAY: 2}})
    assert decode(None) == History()
    assert timedelta(days=395) > timedelta(days=30 * 13)
