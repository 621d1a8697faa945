"""Frequency caps: the impressions that a viewer has seen, and how many more a campaign may show the viewer.

A history lists the latest impressions individually, and counts older ones by UTC day. A day counts in full in each
window that overlaps it, so a shortened history never exceeds a cap. All functions are pure.
"""

from bisect import insort
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from bidder.campaigns.campaign import LONGEST_SECONDS, Campaign, CapLevel, CapSubject, FrequencyCap, OnUnknown
from bidder.campaigns.campaign import duration_seconds as seconds_of
from bidder.delivery.periods import period

MAX_RECENT = 200
"""The most impressions that a history lists individually."""
MAX_OLDER = 1_000
"""The most counts of older impressions in a history. Beyond it the oldest counts are dropped."""
_DAY = 86_400
_NO_START = float("-inf")
_LIFETIME_DAY = 0
"""The day under which impressions are counted that only a lifetime cap needs."""
_DAYS_APART = LONGEST_SECONDS // _DAY + 3
"""The days for which older impressions are counted by day: the longest window in any time zone."""


class Impression(NamedTuple):
    """An impression that a viewer has seen. `at` is in seconds since 1970."""

    at: int
    campaign_id: str
    creative_id: str
    advertiser: str

    def key(self, level: CapLevel) -> str:
        """The key under which a cap of this level counts the impression."""
        return key_of(level, self.campaign_id, self.creative_id, self.advertiser)


class History(NamedTuple):
    """The impressions of a user or a household: the latest by time, and counts of older ones by key and UTC day."""

    recent: Sequence[Impression] = ()
    older: Mapping[str, Mapping[int, int]] = {}


class Exposures(NamedTuple):
    """The histories of the user and the household of a request. None means that the history is unknown."""

    user: History | None = None
    household: History | None = None


NEW_VIEWER = Exposures(History(), History())


class Standing(NamedTuple):
    """The state of a cap for a viewer: `seen` impressions in the window, and `room` for more.

    `free_at` is the moment, in seconds since 1970, from which the cap allows one more impression. It is None if the cap
    allows one now, or never again. `is_known` is False if the viewer's history is unknown.
    """

    cap: FrequencyCap
    key: str
    seen: int
    room: int
    free_at: float | None
    is_known: bool


def key_of(level: CapLevel, campaign_id: str, creative_id: str, advertiser: str) -> str:
    """The key of impressions: `c:` and campaign, `a:` and the advertiser's domain, or `r:`, campaign and creative."""
    if level is CapLevel.CAMPAIGN:
        return f"c:{campaign_id}"
    return f"a:{advertiser}" if level is CapLevel.ADVERTISER else f"r:{campaign_id}/{creative_id}"


def add(history: History, impression: Impression) -> History:
    """The history with one more impression, shortened to its largest size."""
    recent = list(history.recent)
    insort(recent, impression)
    if len(recent) <= MAX_RECENT:
        return history._replace(recent=recent)
    oldest, today = recent.pop(0), recent[-1].at // _DAY
    older: dict[str, dict[int, int]] = {}
    days = [(key, day, count) for key, days in history.older.items() for day, count in days.items()]
    for key, day, count in [*days, *((oldest.key(level), oldest.at // _DAY, 1) for level in CapLevel)]:
        counts = older.setdefault(key, {})
        day_counted = day if day > today - _DAYS_APART else _LIFETIME_DAY
        counts[day_counted] = counts.get(day_counted, 0) + count
    return History(recent, _drop_oldest(older))


def standing(
    cap: FrequencyCap, campaign: Campaign, creative_id: str, history: History | None, now: datetime
) -> Standing:
    """The state of a campaign's cap for the viewer of a history. An unknown history (None) counts as empty."""
    key = key_of(cap.level, campaign.id, creative_id, campaign.advertiser.domain)
    known_history = History() if history is None else history
    times = [impression.at for impression in known_history.recent if impression.key(cap.level) == key]
    days = known_history.older.get(key, {})
    at, seen, room, free_at = now.timestamp(), 0, 1, None
    if cap.window is not None and cap.impressions is not None:
        start, end, rolling_seconds = _window(cap.window, cap.time_zone or campaign.time_zone, now)
        seen = sum(time > start if rolling_seconds else time >= start for time in times) + sum(
            count for day, count in days.items() if (day + 1) * _DAY > start
        )
        room = cap.impressions - seen
        if room <= 0:
            free_at = _free_time(times, cap.impressions, rolling_seconds) if rolling_seconds else end
    if cap.min_gap is not None:
        gap = seconds_of(cap.min_gap)
        last_time = max([*times, *((day + 1) * _DAY for day in days if day != _LIFETIME_DAY)], default=_NO_START)
        room = min(room, 1)
        if at < last_time + gap:
            free_at, room = max(free_at or at, last_time + gap), 0
            seen = max(seen, 1)
    return Standing(cap, key, seen, max(0, room), free_at, history is not None)


def standings(campaign: Campaign, creative_id: str, exposures: Exposures, now: datetime) -> list[Standing]:
    """The state of each cap of a campaign for a viewer and one creative."""
    return [
        standing(cap, campaign, creative_id, exposures.user if cap.per is CapSubject.USER else exposures.household, now)
        for cap in campaign.frequency_caps
    ]


def blocking_standing(campaign: Campaign, standings: Iterable[Standing]) -> Standing | None:
    """The first state that forbids the campaign to bid, or None."""
    skips_unknown = campaign.on_unknown is OnUnknown.SKIP
    for cap_standing in standings:
        if cap_standing.room <= 0 or (skips_unknown and not cap_standing.is_known):
            return cap_standing
    return None


def _window(window: str, zone: str, now: datetime) -> tuple[float, float | None, int]:
    """The start and end of a window in seconds since 1970, and the length in seconds of a rolling window, else 0."""
    if window == "lifetime":
        return _NO_START, None, 0
    if window[0].isdigit():
        seconds = seconds_of(window)
        return now.timestamp() - seconds, None, seconds
    start, end = period(window, zone, now)
    return start.timestamp(), end.timestamp(), 0


def _free_time(times: Sequence[int], max_impressions: int, rolling_seconds: int) -> float | None:
    """The moment from which the rolling window has fewer impressions than the maximum, or None if times are unknown."""
    return float(times[-max_impressions] + rolling_seconds) if len(times) >= max_impressions else None


def _drop_oldest(older: Mapping[str, Mapping[int, int]]) -> dict[str, dict[int, int]]:
    counts = sorted(((day, key, count) for key, days in older.items() for day, count in days.items()), reverse=True)
    kept_counts: dict[str, dict[int, int]] = {}
    for day, key, count in counts[:MAX_OLDER]:
        kept_counts.setdefault(key, {})[day] = count
    return kept_counts
