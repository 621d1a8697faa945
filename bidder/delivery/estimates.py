"""The estimates of pacing for a campaign: its rates, its traffic, and its bids in flight.

All estimates are plain numbers, since they are stored as JSON between two refreshes.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import sqrt
from typing import NamedTuple

from bidder.delivery.notice_delay import NoticeDelay

MINUTE = 60
UNREPORTED = 180
"""Seconds after the end of a minute by which its counts arrive. A minute without counts by then had no requests."""
COMPLETE = 30
"""Seconds after the end of a minute by which its counts are complete: a process reports them with its next request."""

_EVIDENCE = 300
"""The opportunities that suffice to estimate the current traffic: the standard error is then 6 %."""
_MAX_EVIDENCE = 3_000
"""The opportunities after which no earlier minute is added: the standard error is then 2 %."""
_MIN_EVIDENCE = 30
"""The fewest opportunities with which an earlier minute is compared."""
_MAX_DEVIATIONS, _MAX_EARLY_DEVIATIONS = 2.5, 4.0
"""The standard deviations by which a minute may differ from the later minutes and still count as the same traffic.

The second value holds while the later minutes have fewer opportunities than `_EVIDENCE`.
"""
_MAX_WINDOW = 64
_OUTAGE = 5
_OUTCOMES, _OUTCOMES_MINUTES = 200.0, 5
"""The impressions, and the refreshes, after which older outcomes count less, so that estimates follow the market."""


_PRICES = 50.0
"""The impressions after which older prices count less. Few suffice: each price is exact, and shading changes it."""
_GUESS_OUTCOMES = 5.0
"""The weight, in impressions, of rates that were learned at another price of the campaign."""


class Report(NamedTuple):
    """The counts of a campaign in a minute: opportunities (impressions on which the campaign could bid), and bids."""

    opportunities: int
    bids: int


@dataclass(slots=True)
class Minute:
    """A past minute that began at `start`: the participation of the campaign, and its counts after their report.

    `assumed` is the number of its bids as estimated at the last refresh. `matured` is the number of these bids with
    notices that were due by then. `learned` is their present share in the sums of the rates.
    """

    start: int
    participation: float
    opportunities: int | None = None
    bids: int | None = None
    matured: float = 0.0
    assumed: float = 0.0
    learned: float = 0.0

    def mature(self, bids: float, due_bids: float) -> float:
        """The change of the sums of the rates, given the bids of the minute and `due_bids`, whose notices are due.

        Counts arrive later than notices. If the counts differ from the assumed bids, the share of this minute in the
        sums is scaled to the counts, so that an outage leaves no bids in the sums.
        """
        learned_before = self.learned
        if self.assumed:
            self.learned *= bids / self.assumed
            self.matured *= bids / self.assumed
        self.learned += due_bids - self.matured
        self.matured, self.assumed = due_bids, bids
        return self.learned - learned_before


@dataclass(slots=True)
class Ratio:
    """A ratio of two sums, in which older values count less."""

    above: float = 0.0
    below: float = 0.0

    def add(self, above: float, below: float) -> None:
        """Adds values to the two sums."""
        self.above += above
        self.below += below

    def fade(self, weight: float) -> None:
        """Multiplies both sums by a weight of at most 1."""
        self.above *= weight
        self.below *= weight

    def value(self, prior: float, strength: float) -> float:
        """The ratio with a prior: `prior` counts as much as `strength` in the denominator."""
        return (max(0.0, self.above) + prior * strength) / (max(0.0, self.below) + strength)


@dataclass(slots=True)
class Flow:
    """The recent minutes of a campaign, and the rates learned from them."""

    minutes: list[Minute] = field(default_factory=list)
    micros_per_impression: Ratio = field(default_factory=Ratio)
    impressions_per_bid: Ratio = field(default_factory=Ratio)
    bids_per_opportunity: Ratio = field(default_factory=Ratio)
    counted_until: int = 0
    """All minutes that began before this moment are counted in `bids_per_opportunity`."""

    def begin(self, now: float, participation: float, horizon: int) -> None:
        """Adds the minutes since the last refresh with their participation, and drops minutes that are not needed."""
        first_start = self.minutes[-1].start + MINUTE if self.minutes else int(now) // MINUTE * MINUTE - MINUTE
        for start in range(max(first_start, int(now) - 120 * MINUTE), int(now) // MINUTE * MINUTE, MINUTE):
            self.minutes.append(Minute(start, participation))
        minutes_kept, opportunities = horizon + 2 + UNREPORTED // MINUTE, 0
        for minute in reversed(self.minutes[-_MAX_WINDOW:-minutes_kept]):  # enough minutes to estimate traffic
            if opportunities >= _MAX_EVIDENCE:
                break
            opportunities += minute.opportunities or 0
            minutes_kept += 1
        del self.minutes[: max(0, len(self.minutes) - minutes_kept)]

    def take(self, reports: Mapping[int, Report], now: float) -> None:
        """Reads the counts of minutes by the start of each. Newer counts of a minute replace older ones."""
        for minute in reversed(self.minutes):
            report = reports.get(minute.start)
            if report is not None:
                minute.opportunities, minute.bids = report
            elif minute.bids is None and now - minute.start > MINUTE + UNREPORTED:
                minute.opportunities = minute.bids = 0
            elif minute.start < now - 10 * MINUTE:
                break
        for minute in self.minutes:
            is_complete = minute.start + MINUTE + UNREPORTED < now
            if is_complete and minute.start >= self.counted_until and minute.bids is not None:
                opportunities = minute.participation * (minute.opportunities or 0)
                self.bids_per_opportunity.add(minute.bids, opportunities)
                self.counted_until = minute.start + MINUTE
        if self.bids_per_opportunity.above > 2 * _EVIDENCE:
            self.bids_per_opportunity.fade(0.9)

    def learn(self, micros: float, impressions: float, matured: float) -> None:
        """Adds the micros and impressions noticed since the last refresh, and the bids whose notices became due."""
        self.impressions_per_bid.add(impressions, matured)
        self.micros_per_impression.add(micros, impressions)
        self.micros_per_impression.fade(_PRICES / max(_PRICES, self.micros_per_impression.below))
        if impressions:
            max_weight = max(_OUTCOMES, _OUTCOMES_MINUTES * impressions)
            self._fade(max_weight / max(max_weight, self.impressions_per_bid.above))

    def reprice(self, factor: float) -> None:
        """Adapts the estimates to a price edited by a factor: they become a weak prior at the new price."""
        self.micros_per_impression.above *= factor
        self._fade(_GUESS_OUTCOMES / max(_GUESS_OUTCOMES, self.impressions_per_bid.above))

    def _fade(self, weight: float) -> None:
        self.impressions_per_bid.fade(weight)
        for minute in self.minutes:
            minute.learned *= weight

    def window(self, now: float, expected: Callable[[Minute], float]) -> list[Minute]:
        """The latest minutes with complete counts from which the current traffic is estimated.

        An earlier minute is added while its traffic agrees with that of the later minutes. `expected` returns the
        expected opportunities of a minute. A minute without requests, in which at least `_OUTAGE` were expected, is an
        outage and is left out.
        """
        window: list[Minute] = []
        opportunities, window_bids = 0, 0.0
        for minute in reversed(self.minutes):
            if minute.opportunities is None or minute.start + MINUTE + COMPLETE > now:
                continue
            expected_count = expected(minute)
            if minute.opportunities == 0 and expected_count >= _OUTAGE:
                continue
            if opportunities >= _MAX_EVIDENCE:
                break
            if opportunities >= _MIN_EVIDENCE and window_bids:
                comparable_count = expected_count * opportunities / window_bids
                deviations = _MAX_DEVIATIONS if opportunities >= _EVIDENCE else _MAX_EARLY_DEVIATIONS
                variance = comparable_count + comparable_count * comparable_count / opportunities
                if abs(minute.opportunities - comparable_count) > deviations * sqrt(variance):
                    break
            window.append(minute)
            opportunities += minute.opportunities
            window_bids += expected_count
        return window

    def take_matured(self, now: float, delay: NoticeDelay, expected: float) -> float:
        """The bids whose notices became due since the last call, less the bids that were wrongly assumed before.

        The latest minute has no counts yet. It is assumed to have `expected` bids at full participation, unless the
        minute before had no request. An older minute without counts counts as an outage until its counts arrive.
        """
        total, latest_minute, had_requests = 0.0, self.minutes[-1] if self.minutes else None, True
        for minute in self.minutes:
            is_assumed = minute.bids is None and minute is latest_minute and had_requests
            bids = minute.participation * expected if is_assumed else float(minute.bids or 0)
            due_bids = bids * delay.noticed_share(minute.start, now) if bids else 0.0
            total += minute.mature(bids, due_bids)
            had_requests = bool(minute.opportunities)
        return total

    def bids_in_flight(self, now: float, delay: NoticeDelay, expected: float) -> float:
        """The bids whose notices are not due yet.

        `expected` is the number of bids in the latest minute, as in `take_matured`.
        """
        total = 0.0
        for minute in reversed(self.minutes):
            bids = minute.participation * expected if minute.bids is None else minute.bids
            if bids:
                total += bids * (1 - delay.noticed_share(minute.start, now))
        return total
