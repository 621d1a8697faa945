"""Frequency caps: what a viewer was shown, and what of a campaign the viewer may still be shown. Pure.

A history has each of the latest impressions by itself, and older ones by UTC day. A day counts in full in each window
that it reaches into, so a history that was shortened never lets a cap be exceeded.
"""

from bisect import insort
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from bidder.campaigns.campaign import LONGEST_SECONDS, Campaign, CapLevel, CapSubject, FrequencyCap, OnUnknown
from bidder.campaigns.campaign import duration_seconds as seconds_of
from bidder.delivery.periods import period

MOST_RECENT = 200
"""Impressions that a history has one by one."""
MOST_OLDER = 1_000
"""Counts of older impressions that a history has; past it the counts of the longest ago are dropped."""
_DAY = 86_400
_ALWAYS = float("-inf")
_EVER = 0
"""The day of impressions that only a lifetime cap counts."""
_DAYS_APART = LONGEST_SECONDS // _DAY + 3
"""Days for which older impressions are counted by the day: a month of any time zone, and a day more."""


class Impression(NamedTuple):
    """An impression of a viewer; `at` in seconds since 1970."""

    at: int
    campaign_id: str
    creative_id: str
    advertiser: str

    def key(self, level: CapLevel) -> str:
        """What a cap of this level counts the impression by."""
        return key_of(level, self.campaign_id, self.creative_id, self.advertiser)


class History(NamedTuple):
    """The impressions of one user or household: the latest, in the order of time, and older ones by key and UTC day."""

    recent: Sequence[Impression] = ()
    older: Mapping[str, Mapping[int, int]] = {}


class Exposures(NamedTuple):
    """What the user and the household of a request were shown. None where it is unknown."""

    user: History | None = None
    household: History | None = None


NEW_VIEWER = Exposures(History(), History())


class Standing(NamedTuple):
    """Where a viewer stands with one cap: impressions seen, how many more there may be, and the last one.

    `free_at`, in seconds since 1970, is when there may be one more; None where there may be one now, or never will be.
    """

    cap: FrequencyCap
    key: str
    seen: int
    room: int
    free_at: float | None
    is_known: bool = True


def key_of(level: CapLevel, campaign_id: str, creative_id: str, advertiser: str) -> str:
    """What impressions are counted by: `c:` campaign, `a:` the advertiser's domain, `r:` creative of the campaign."""
    if level is CapLevel.CAMPAIGN:
        return f"c:{campaign_id}"
    return f"a:{advertiser}" if level is CapLevel.ADVERTISER else f"r:{campaign_id}/{creative_id}"


def add(history: History, impression: Impression) -> History:
    """The history with one more impression, within the bounds of its size."""
    recent = list(history.recent)
    insort(recent, impression)
    if len(recent) <= MOST_RECENT:
        return history._replace(recent=recent)
    oldest, today = recent.pop(0), recent[-1].at // _DAY
    older: dict[str, dict[int, int]] = {}
    days = [(key, day, count) for key, days in history.older.items() for day, count in days.items()]
    for key, day, count in [*days, *((oldest.key(level), oldest.at // _DAY, 1) for level in CapLevel)]:
        counts = older.setdefault(key, {})
        kept = day if day > today - _DAYS_APART else _EVER
        counts[kept] = counts.get(kept, 0) + count
    return History(recent, _bounded(older))


def standing(
    cap: FrequencyCap, campaign: Campaign, creative_id: str, history: History | None, now: datetime
) -> Standing:
    """Where the viewer of a history stands with a cap of a campaign. Without a history nothing counts as seen."""
    key = key_of(cap.level, campaign.id, creative_id, campaign.advertiser.domain)
    known = History() if history is None else history
    times = [impression.at for impression in known.recent if impression.key(cap.level) == key]
    days = known.older.get(key, {})
    at, seen, room, free_at = now.timestamp(), 0, 1, None
    if cap.window is not None and cap.impressions is not None:
        start, end, rolling = _window(cap.window, cap.time_zone or campaign.time_zone, now)
        seen = sum(time > start if rolling else time >= start for time in times) + sum(
            count for day, count in days.items() if (day + 1) * _DAY > start
        )
        room = cap.impressions - seen
        if room <= 0:
            free_at = _free_again(times, cap.impressions, rolling) if rolling else end
    if cap.min_gap is not None:
        gap = seconds_of(cap.min_gap)
        last = max([*times, *((day + 1) * _DAY for day in days if day != _EVER)], default=_ALWAYS)
        room = min(room, 1)
        if at < last + gap:
            free_at, room = max(free_at or 0, last + gap), 0
            seen = max(seen, 1)
    return Standing(cap, key, seen, max(0, room), free_at, history is not None)


def standings(campaign: Campaign, creative_id: str, exposures: Exposures, now: datetime) -> list[Standing]:
    """Where the viewer stands with each cap of a campaign, for one of its creatives."""
    return [
        standing(cap, campaign, creative_id, exposures.user if cap.per is CapSubject.USER else exposures.household, now)
        for cap in campaign.frequency_caps
    ]


def hindrance(campaign: Campaign, of_caps: Iterable[Standing]) -> Standing | None:
    """The first standing that keeps the campaign from bidding, or None."""
    skips = campaign.on_unknown is OnUnknown.SKIP
    return next((each for each in of_caps if each.room <= 0 or (skips and not each.is_known)), None)


def _window(window: str, zone: str, now: datetime) -> tuple[float, float | None, int]:
    """The start and the end of a window in seconds since 1970, and the seconds of a rolling one, else 0."""
    if window == "lifetime":
        return _ALWAYS, None, 0
    if window[0].isdigit():
        seconds = seconds_of(window)
        return now.timestamp() - seconds, None, seconds
    start, end = period(window, zone, now)
    return start.timestamp(), end.timestamp(), 0


def _free_again(times: Sequence[int], most: int, rolling: int) -> float | None:
    """When fewer than `most` impressions are left in the rolling window; None where the exact times are not kept."""
    return float(times[-most] + rolling) if len(times) >= most else None


def _bounded(older: Mapping[str, Mapping[int, int]]) -> dict[str, dict[int, int]]:
    counts = sorted(((day, key, count) for key, days in older.items() for day, count in days.items()), reverse=True)
    bounded: dict[str, dict[int, int]] = {}
    for day, key, count in counts[:MOST_OLDER]:
        bounded.setdefault(key, {})[day] = count
    return bounded
