"""The weekly traffic curve of each campaign, learned from its opportunities.

Pacing forecasts traffic from the curve.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from bidder.delivery.budget_holders import is_campaign, is_part
from bidder.delivery.curve import HOUR, HOURS, Curve, hour_of_week
from bidder.delivery.estimates import MINUTE, Report
from bidder.delivery.pacing import Forecast

_OLD_WEIGHT = 0.7
"""The weight of the old count when an hour of the week is counted again; the new count has the rest."""
_FULL_EVIDENCE = 168 * 30.0
"""The opportunities in a week at which a campaign's own curve weighs as much as the account's."""
_MAX_CAMPAIGNS = 20_000
"""The most campaigns with a curve of their own."""


@dataclass(slots=True)
class WeekCounts:
    """Opportunities by hour of the week in UTC; -1 for an hour without counts.

    `hour` is the hour that is being counted, in hours since 1970.
    """

    counts: list[float] = field(default_factory=lambda: [-1.0] * HOURS)
    hour: int = -1
    so_far: int = 0
    minutes: int = 0

    def add(self, minute: int, opportunities: int) -> None:
        """Counts a complete minute, by its start in seconds since 1970. Minutes must come in order."""
        hour = int(minute // HOUR)
        if hour != self.hour:
            self._close()
            self.hour, self.so_far, self.minutes = hour, 0, 0
        self.so_far += opportunities
        self.minutes += 1

    def _close(self) -> None:
        if self.minutes < 30:  # too few minutes of the hour were counted
            return
        hour = hour_of_week(self.hour * HOUR, "UTC")
        hourly_count = self.so_far * 60 / self.minutes
        old_count = self.counts[hour]
        self.counts[hour] = (
            hourly_count if old_count < 0 else _OLD_WEIGHT * old_count + (1 - _OLD_WEIGHT) * hourly_count
        )


@dataclass(slots=True)
class LearnedTraffic:
    """The counts of the account and of its campaigns. `until` is the start of the last counted minute."""

    account: WeekCounts = field(default_factory=WeekCounts)
    campaigns: dict[str, WeekCounts] = field(default_factory=dict)
    until: int = 0

    def take(self, reports: Mapping[str, Mapping[int, Report]], complete_before: float) -> None:
        """Counts the complete minutes that are not counted yet.

        Minutes that end after `complete_before` are not complete.
        """
        last_minute = complete_before - MINUTE
        minutes = {
            minute for by_minute in reports.values() for minute in by_minute if self.until < minute <= last_minute
        }
        for minute in sorted(minutes):
            self.until = minute
            total = 0
            for campaign_id, by_minute in reports.items():
                report = by_minute.get(minute)
                if report is None or is_part(campaign_id):
                    continue
                total += report.opportunities if is_campaign(campaign_id) else 0
                counts = self.campaigns.get(campaign_id)
                if counts is None and len(self.campaigns) < _MAX_CAMPAIGNS:
                    counts = self.campaigns[campaign_id] = WeekCounts()
                if counts is not None:
                    counts.add(minute, report.opportunities)
            self.account.add(minute, total)

    def forget(self, campaign_ids: Iterable[str]) -> None:
        """Drops the counts of all campaigns that are not in `campaign_ids`."""
        kept_ids = set(campaign_ids)
        self.campaigns = {name: counts for name, counts in self.campaigns.items() if name in kept_ids}

    def forecast(self, campaign_id: str, zone: str, now: float) -> Forecast:
        """The forecast of a campaign's traffic: its own curve for hours with counts, the account's for the others.

        Without any counts, the forecast is a flat curve of an unknown amount.
        """
        shape = _shape([1.0] * HOURS, self.account.counts)
        week_counts = self.campaigns.get(campaign_id)
        if week_counts is None:
            return Forecast(_shift_to_zone(shape, zone, now), None)
        reported_hours = [(hour, count) for hour, count in enumerate(week_counts.counts) if count >= 0]
        weight = sum(shape[hour] for hour, _ in reported_hours)
        if not weight:
            return Forecast(_shift_to_zone(shape, zone, now), None)
        weekly_count = sum(count for _, count in reported_hours) * HOURS / weight
        average = weekly_count / HOURS
        if not average:
            return Forecast(_shift_to_zone(shape, zone, now), 0.0)
        trust = weekly_count / (weekly_count + _FULL_EVIDENCE)
        weights = list(shape)
        for hour, count in reported_hours:
            weights[hour] = trust * count / average + (1 - trust) * shape[hour]
        return Forecast(_shift_to_zone(weights, zone, now), average / 60)


def _shape(base: list[float], counts: list[float]) -> list[float]:
    """The counted hours relative to their mean; the other hours as in `base`."""
    reported_hours = [(hour, count) for hour, count in enumerate(counts) if count >= 0]
    total = sum(count for _, count in reported_hours)
    if not total:
        return base
    shape = list(base)
    for hour, count in reported_hours:
        shape[hour] = count * len(reported_hours) / total
    return shape


def _shift_to_zone(shape: list[float], zone: str, now: float) -> Curve:
    """A curve by the hours of UTC, shifted to the hours of a zone by its present offset."""
    if not any(shape):
        shape = [1.0] * HOURS
    shift = hour_of_week(now, zone) - hour_of_week(now, "UTC")
    return Curve([shape[(hour - shift) % HOURS] for hour in range(HOURS)])
