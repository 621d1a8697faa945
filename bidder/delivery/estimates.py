"""What pacing learns of a campaign from one refresh to the next: rates, traffic, and what is in flight.

All of it is plain numbers, so that it can be kept as JSON between two refreshes.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import sqrt
from typing import NamedTuple

from bidder.delivery.notice_delay import NoticeDelay

MINUTE = 60
UNREPORTED = 180
"""Seconds after its end by which a minute's counts are in; one that has none by then had no requests."""
COMPLETE = 30
"""Seconds after its end by which a minute's counts are whole: bidders flush them with their next request."""

_EVIDENCE = 300
"""Opportunities that say enough of the traffic of the moment: their number is then known to 6 %."""
_MOST_EVIDENCE = 3_000
"""Opportunities after which no earlier minute is asked, though traffic has stayed the same: known to 2 %."""
_LEAST_EVIDENCE = 30
"""Opportunities that say whether an earlier minute had other traffic altogether."""
_SAME, _OTHER = 2.5, 4.0
"""Standard deviations by which a minute may differ from those after it and still be of the same traffic; and by which
it may where those say too little."""
_LONGEST_WINDOW = 64
_OUTAGE = 5
_OUTCOMES, _OUTCOMES_MINUTES = 200.0, 5
"""Impressions, and refreshes, after which older ones count for less, so that a market that changes is followed."""


_PRICES = 50.0
"""Impressions after which the price of older ones counts for less. Their prices are known one by one, and shading
changes them from one refresh to the next."""
_GUESS_OUTCOMES = 5.0
"""Impressions that the rates of another price count as much as."""


class Report(NamedTuple):
    """What bidders counted of a campaign in a minute: requests that it could have bid on, and bids."""

    opportunities: int
    bids: int


@dataclass(slots=True)
class Minute:
    """A minute of the past, from `start` on: the campaign's participation in it, and its counts once reported.

    `matured` are those of its bids whose notices were expected by the last refresh, of `assumed` bids. `learned` is
    what the sums of the rates still have of them.
    """

    start: int
    participation: float
    opportunities: int | None = None
    bids: int | None = None
    matured: float = 0.0
    assumed: float = 0.0
    learned: float = 0.0

    def mature(self, bids: float, by_now: float) -> float:
        """What the sums of the rates gain where so many bids were made, and the notices of `by_now` were to come.

        Counts come later than notices. Where the counts say other than was assumed, what the sums have of the minute is
        scaled, though older outcomes count for less by now: an outage leaves no bids in them.
        """
        before = self.learned
        if self.assumed:
            self.learned *= bids / self.assumed
            self.matured *= bids / self.assumed
        self.learned += by_now - self.matured
        self.matured, self.assumed = by_now, bids
        return self.learned - before


@dataclass(slots=True)
class Ratio:
    """A ratio of two sums, of which old parts count for less."""

    above: float = 0.0
    below: float = 0.0

    def add(self, above: float, below: float) -> None:
        """Adds to both sums."""
        self.above += above
        self.below += below

    def fade(self, weight: float) -> None:
        """Lets what is in the sums count for less."""
        self.above *= weight
        self.below *= weight

    def value(self, prior: float, strength: float) -> float:
        """The ratio, drawn towards `prior` as if by `strength` more below."""
        return (max(0.0, self.above) + prior * strength) / (max(0.0, self.below) + strength)


@dataclass(slots=True)
class Flow:
    """A campaign's recent minutes and the rates learned from them."""

    minutes: list[Minute] = field(default_factory=list)
    micros_per_impression: Ratio = field(default_factory=Ratio)
    impressions_per_bid: Ratio = field(default_factory=Ratio)
    bids_per_opportunity: Ratio = field(default_factory=Ratio)
    counted_until: int = 0
    """Minutes that began before this are in `bids_per_opportunity`."""

    def begin(self, now: float, participation: float, horizon: int) -> None:
        """Adds the minutes since the last refresh, in which this participation held, and drops those long past."""
        first = self.minutes[-1].start + MINUTE if self.minutes else int(now) // MINUTE * MINUTE - MINUTE
        for start in range(max(first, int(now) - 120 * MINUTE), int(now) // MINUTE * MINUTE, MINUTE):
            self.minutes.append(Minute(start, participation))
        kept, seen = horizon + 2 + UNREPORTED // MINUTE, 0
        for minute in reversed(self.minutes[-_LONGEST_WINDOW:-kept]):  # as many as it takes to know the traffic
            if seen >= _MOST_EVIDENCE:
                break
            seen += minute.opportunities or 0
            kept += 1
        del self.minutes[: max(0, len(self.minutes) - kept)]

    def take(self, reports: Mapping[int, Report], now: float) -> None:
        """Takes the counts of minutes, by the start of each; later ones of the same minute replace earlier ones."""
        for minute in reversed(self.minutes):
            report = reports.get(minute.start)
            if report is not None:
                minute.opportunities, minute.bids = report
            elif minute.bids is None and now - minute.start > MINUTE + UNREPORTED:
                minute.opportunities = minute.bids = 0
            elif minute.start < now - 10 * MINUTE:
                break
        for minute in self.minutes:
            whole = minute.start + MINUTE + UNREPORTED < now
            if whole and minute.start >= self.counted_until and minute.bids is not None:
                opportunities = minute.participation * (minute.opportunities or 0)
                self.bids_per_opportunity.add(minute.bids, opportunities)
                self.counted_until = minute.start + MINUTE
        if self.bids_per_opportunity.above > 2 * _EVIDENCE:
            self.bids_per_opportunity.fade(0.9)

    def learn(self, micros: float, impressions: float, matured: float) -> None:
        """Takes what was noticed since the last refresh, and the bids whose notices were expected in that time."""
        self.impressions_per_bid.add(impressions, matured)
        self.micros_per_impression.add(micros, impressions)
        if self.micros_per_impression.below > _PRICES:
            self.micros_per_impression.fade(_PRICES / self.micros_per_impression.below)
        most = max(_OUTCOMES, _OUTCOMES_MINUTES * impressions)
        if impressions and self.impressions_per_bid.above > most:
            self._fade(most / self.impressions_per_bid.above)

    def reprice(self, factor: float) -> None:
        """The campaign's price was edited by this factor: what was learned at the old one is a guess at the new one."""
        self.micros_per_impression.above *= factor
        self._fade(min(1.0, _GUESS_OUTCOMES / max(self.impressions_per_bid.above, 1e-9)))

    def _fade(self, weight: float) -> None:
        self.impressions_per_bid.fade(weight)
        for minute in self.minutes:
            minute.learned *= weight

    def window(self, now: float, expected: Callable[[Minute], float]) -> list[Minute]:
        """The latest minutes with whole counts that together say enough of the traffic of the moment.

        Earlier minutes are added as long as their traffic is that of the later ones, for a closer estimate. `expected`
        says how many opportunities were expected in a minute. A minute without requests where five or more were
        expected is an outage: it says nothing of the minutes after it, and is left out.
        """
        window: list[Minute] = []
        seen, wanted = 0, 0.0
        for minute in reversed(self.minutes):
            if minute.opportunities is None or minute.start + MINUTE + COMPLETE > now:
                continue
            usual = expected(minute)
            if minute.opportunities == 0 and usual >= _OUTAGE:
                continue
            if seen >= _MOST_EVIDENCE:
                break
            if seen >= _LEAST_EVIDENCE and wanted:
                alike = usual * seen / wanted
                most_apart = (_SAME if seen >= _EVIDENCE else _OTHER) * sqrt(alike + alike * alike / seen)
                if abs(minute.opportunities - alike) > most_apart:
                    break
            window.append(minute)
            seen += minute.opportunities
            wanted += usual
        return window

    def matured(self, now: float, delay: NoticeDelay, expected: float) -> float:
        """The bids whose notices were to come since this was last asked; what was wrongly assumed is taken back.

        The latest minute has no counts yet: in it there were `expected` bids at full participation, unless there was no
        request in the minute before. An older minute without counts is an outage until its counts come.
        """
        total, latest, had_requests = 0.0, self.minutes[-1] if self.minutes else None, True
        for minute in self.minutes:
            is_assumed = minute.bids is None and minute is latest and had_requests
            bids = minute.participation * expected if is_assumed else float(minute.bids or 0)
            by_now = bids * delay.noticed_of_minute(minute.start, now) if bids else 0.0
            total += minute.mature(bids, by_now)
            had_requests = bool(minute.opportunities)
        return total

    def bids_in_flight(self, now: float, delay: NoticeDelay, expected: float) -> float:
        """The bids whose impressions, if they win, are still to be noticed; `expected` as above."""
        total = 0.0
        for minute in reversed(self.minutes):
            bids = minute.participation * expected if minute.bids is None else minute.bids
            if bids:
                total += bids * (1 - delay.noticed_of_minute(minute.start, now))
        return total
