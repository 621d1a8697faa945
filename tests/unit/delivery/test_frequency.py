"""Frequency caps compared with exact counts: never exceeded, and free again at the explained time."""

import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bidder.campaigns.campaign import Campaign, FrequencyCap, duration_seconds
from bidder.delivery.frequency import (
    MAX_OLDER,
    MAX_RECENT,
    Exposures,
    History,
    Impression,
    add,
    blocking_standing,
    standing,
    standings,
)
from bidder.delivery.frequency_store import decode, encode, user_key
from tests.support.campaigns import campaign

ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Asia/Beirut", "America/Havana", "Africa/Cairo"]
CHANGES = [  # near clock changes of these zones, and the end of a year
    *(datetime(2026, 3, 29, 1, tzinfo=UTC), datetime(2026, 10, 25, 1, tzinfo=UTC), datetime(2026, 3, 8, 7, tzinfo=UTC)),
    *(
        datetime(2026, 11, 1, 5, tzinfo=UTC),
        datetime(2026, 4, 23, 22, tzinfo=UTC),
        datetime(2026, 3, 28, 22, tzinfo=UTC),
    ),
    datetime(2027, 1, 1, tzinfo=UTC),
]
moments = st.builds(
    lambda at, seconds: at + timedelta(seconds=seconds), st.sampled_from(CHANGES), st.integers(-200_000, 200_000)
)
windows = st.sampled_from(["hour", "day", "week", "month", "lifetime", "90s", "30m", "6h", "7d", "30d"])


def campaign_with_cap(zone: str = "UTC", on_unknown: str = "bid", **cap: Any) -> Campaign:
    return campaign(id="c", time_zone=zone, frequency_caps=[cap], on_unknown=on_unknown)


def history_of(times: list[int], campaign_id: str = "c") -> History:
    history = History()
    for time in times:
        history = add(history, Impression(time, campaign_id, "spot", "shop.example"))
    return history


def label(window: str, zone: str, at: datetime) -> Any:
    """The calendar period at a local time. A repeated hour counts as two periods."""
    here = at.astimezone(ZoneInfo(zone))
    return {
        "hour": (here.date(), here.hour, here.utcoffset()),
        "day": here.date(),
        "week": here.isocalendar()[:2],
        "month": (here.year, here.month),
        "lifetime": 0,
    }[window]


def naive_count(window: str, zone: str, times: list[int], now: datetime) -> int:
    if window[0].isdigit():
        return sum(now.timestamp() - time < duration_seconds(window) for time in times)
    return sum(label(window, zone, datetime.fromtimestamp(t, UTC)) == label(window, zone, now) for t in times)


@given(moments, st.sampled_from(ZONES), windows, st.lists(st.integers(0, 3_000_000), max_size=20))
def test_the_counted_impressions_are_those_of_the_calendar_period(
    now: datetime, zone: str, window: str, ago: list[int]
) -> None:
    times = [int(now.timestamp()) - seconds for seconds in ago]
    item = campaign_with_cap(zone, impressions=1000, window=window)

    assert standing(item.frequency_caps[0], item, "spot", history_of(times), now).seen == naive_count(
        window, zone, times, now
    )


@given(
    moments,
    st.sampled_from(ZONES),
    windows,
    st.integers(1, 4),
    st.sampled_from([None, "10s", "30m", "1d"]),
    st.lists(st.integers(0, 40_000), max_size=80),
)
def test_caps_are_never_exceeded(
    now: datetime, zone: str, window: str, maximum: int, gap: str | None, waits: list[int]
) -> None:
    item = campaign_with_cap(zone, impressions=maximum, window=window, **({"min_gap": gap} if gap else {}))
    times: list[int] = []
    history = History()
    for wait in waits:
        now += timedelta(seconds=wait)
        where = standings(item, "spot", Exposures(history), now)
        if blocking_standing(item, where) is None:
            times.append(int(now.timestamp()))
            history = add(history, Impression(times[-1], "c", "spot", "shop.example"))
            assert naive_count(window, zone, times, now) <= maximum
        else:
            blocked = naive_count(window, zone, times, now) >= maximum
            assert blocked or (gap and times and now.timestamp() - times[-1] < duration_seconds(gap))
            free_at = where[0].free_at
            assert (free_at is None) == (window == "lifetime" and blocked and not gap) or gap
            if free_at is not None and not gap:
                later = datetime.fromtimestamp(free_at, UTC)
                assert blocking_standing(item, standings(item, "spot", Exposures(history), later)) is None
                earlier = later - timedelta(seconds=1)
                assert blocking_standing(item, standings(item, "spot", Exposures(history), earlier)) is not None
    if gap:
        assert all(after - before >= duration_seconds(gap) for before, after in pairwise(times))


@pytest.mark.slow
def test_a_shortened_history_stays_small_and_never_counts_fewer_impressions() -> None:
    now = datetime(2026, 11, 23, 12, tzinfo=UTC)
    history, times = History(), [int(now.timestamp()) - 600 * n for n in range(3 * MAX_RECENT)][::-1]
    for number, time in enumerate(times):
        history = add(history, Impression(time, "c" if number % 2 else "d", "x" * 64, "shop.example"))
    own = [time for number, time in enumerate(times) if number % 2]

    for window in ("day", "week", "month", "lifetime", "6h", "30d"):
        item = campaign_with_cap(impressions=1000, window=window)
        observed = standing(item.frequency_caps[0], item, "spot", history, now).seen
        assert naive_count(window, "UTC", own, now) <= observed
    assert observed == len(own)
    many = History()
    for number in range(3 * MAX_OLDER):
        many = add(many, Impression(number * 9_000, f"{number:064}", f"{number:064}", f"{number:064}.example"))
    assert len(json.dumps(encode(user_key("anna"), many, 1))) < 400_000
    for each in (history, many, History([Impression(1, "c", "s", "")])):
        written = decode(encode(user_key("anna"), each, 1))
        assert (list(written.recent), written.older) == (list(each.recent), each.older)


def test_each_level_counts_its_campaign_creative_or_advertiser() -> None:
    now = datetime(2026, 11, 23, 12, tzinfo=UTC)
    at = int(now.timestamp()) - 60
    history = History()
    for impression in (
        Impression(at, "c", "spot", "shop.example"),
        Impression(at, "c", "other", "shop.example"),
        Impression(at, "d", "spot", "shop.example"),
        Impression(at, "e", "spot", "rival.example"),
    ):
        history = add(history, impression)

    for level, entry in (("creative", 1), ("campaign", 2), ("advertiser", 3)):
        item = campaign_with_cap(impressions=9, window="day", level=level)
        assert standing(item.frequency_caps[0], item, "spot", history, now).seen == entry


def test_the_campaign_decides_on_unknown_viewers_by_user_or_household() -> None:
    now = datetime(2026, 11, 23, 12, tzinfo=UTC)
    full = history_of([int(now.timestamp())])
    for per, known, unknown in (
        ("user", Exposures(full, None), Exposures(None, full)),
        ("household", Exposures(None, full), Exposures(full, None)),
    ):
        for on_unknown in ("bid", "skip"):
            item = campaign_with_cap(on_unknown=on_unknown, impressions=1, window="day", per=per)
            assert blocking_standing(item, standings(item, "spot", known, now)) is not None
            assert (blocking_standing(item, standings(item, "spot", unknown, now)) is None) == (on_unknown == "bid")


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"impressions": 3},
        {"window": "day"},
        {"impressions": 0, "window": "day"},
        {"impressions": 3, "window": "year"},
        {"impressions": 3, "window": "31d"},
        {"min_gap": "day"},
        {"min_gap": "721h"},
        {"impressions": 3, "window": "day", "level": "line"},
        {"impressions": 3, "window": "day", "per": "device"},
    ],
)
def test_a_cap_without_a_limit_or_beyond_the_bounds_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        FrequencyCap.model_validate(wrong)
