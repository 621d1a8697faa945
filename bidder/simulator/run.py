"""A run of a scenario: minute by minute the refresh, the requests, the auctions and the notices."""

import heapq
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from math import exp, sqrt
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, NamedTuple

from bidder.auction.auction_context import AuctionContext
from bidder.auction.offer import Offer
from bidder.auction.shading import segment_of
from bidder.delivery.budget import BudgetLimits, Spend, budget_limits
from bidder.delivery.curve import Curve
from bidder.delivery.estimates import Report
from bidder.delivery.pacers import Traffic
from bidder.delivery.participation import WHOLE
from bidder.events.event import Event
from bidder.events.kinds import Kind
from bidder.money import floor_micros
from bidder.openrtb.bid_request import BidRequest
from bidder.parameters import DEFAULTS
from bidder.simulator.arms import Arm
from bidder.simulator.books import Books
from bidder.simulator.campaigns import campaign, documents
from bidder.simulator.environment import SEAT, Environment, Shader
from bidder.simulator.market import Auction, SimulatedMarket, delays
from bidder.simulator.prices import LearnedPrices
from bidder.simulator.record import Tally
from bidder.simulator.reference import ReferencePlan
from bidder.simulator.scenario import Event as Happening
from bidder.simulator.scenario import Scenario
from bidder.simulator.traffic import SimulatedTraffic, in_zone
from bidder.snapshot.compile import compile_index
from bidder.snapshot.delivery_state import compile_delivery, load_delivery
from bidder.snapshot.index import Index
from bidder.snapshot.snapshot import Snapshot

if TYPE_CHECKING:
    from bidder.campaigns.campaign import Campaign

_MINUTE = 60
_HARD_AGE = DEFAULTS.snapshot_hard_age
_REPORTED = 8 * _MINUTE
"""Seconds for which counts are given to the refresh again, as they may still grow."""


class _Counts(NamedTuple):
    """What a process counted in a minute, on its way to the refresh."""

    minute: int
    opportunities: dict[str, int]
    bids: dict[str, int]
    requests: int


@dataclass(slots=True)
class _Published:
    at: float
    snapshot: Snapshot


class Run:
    """One arm of a scenario. `progress` is told the share that is done."""

    def __init__(
        self,
        scenario: Scenario,
        folder: Path,
        arm: Callable[["Run"], Arm],
        progress: Callable[[float], None],
        shader: Callable[["Run"], Shader] = lambda _: lambda _context, offers: offers,
    ) -> None:
        self.scenario = scenario
        self.begin = scenario.start.timestamp()
        self.end = self.begin + scenario.hours * 3600
        self.traffic = SimulatedTraffic(scenario, folder)
        self.market = SimulatedMarket(scenario)
        self._documents = documents(scenario)
        self.campaigns = {name: campaign(name, its, scenario.scale) for name, its in self._documents.items()}
        self.terms: dict[str, BudgetLimits] = {name: budget_limits(its) for name, its in self.campaigns.items()}
        self.plans = {
            name: ReferencePlan(its, self.curve_of(its), self.begin, self.end) for name, its in self.terms.items()
        }
        self.tallies = {name: Tally(plan) for name, plan in self.plans.items()}
        self.books = Books()
        self._progress = progress
        self._rng = Random(f"{scenario.seed} requests")  # noqa: S311  repeatable draws, here and below, not secrets
        self._others = Random(f"{scenario.seed} market")  # noqa: S311
        self._fates = Random(f"{scenario.seed} notices")  # noqa: S311
        self._environments = [
            Environment((number + 0.5) / scenario.environments.count) for number in range(scenario.environments.count)
        ]
        self._minutes = [-1] * scenario.environments.count
        self._notices: list[tuple[float, int, Event]] = []
        self._counts: list[tuple[float, int, _Counts]] = []
        self._arrived: dict[int, list[_Counts]] = {}
        self._numbers = count()
        self._index = Index.load([compile_index(self.campaigns.values())])
        self._published: list[_Published] = []
        self._spends: dict[str, Spend] = {}
        self._shares: dict[str, float] = {}
        self._prices = LearnedPrices(scenario.explored)
        self.arm = arm(self)
        self._shader = shader(self)

    @property
    def index(self) -> Index:
        """The compiled campaigns of the moment."""
        return self._index

    def curve_of(self, its: BudgetLimits) -> Curve:
        """The traffic's curve in the hours of a campaign's time zone."""
        return in_zone(self.traffic.curve, self.scenario.traffic.time_zone, its.zone, self.begin)

    def run(self) -> None:
        """Runs the scenario to its end, and lets the last notices come."""
        minutes = round((self.end - self.begin) / _MINUTE)
        next_refresh = self.begin
        for number in range(minutes):
            start = self.begin + number * _MINUTE
            self._take_edits(start)
            while next_refresh < start + _MINUTE:
                if not self._during("refresh_stuck", next_refresh):
                    self._refresh(next_refresh)
                next_refresh += self.scenario.refresh_seconds
                if next_refresh < start + _MINUTE:
                    self._requests(max(start, next_refresh - self.scenario.refresh_seconds), next_refresh)
            self._requests(max(start, next_refresh - self.scenario.refresh_seconds), start + _MINUTE)
            for name, tally in self.tallies.items():
                noticed = self._spends.get(name, Spend()).total_micros
                tally.close_minute(start + _MINUTE, noticed, self._shares.get(name, 1.0))
            self._progress((number + 1) / minutes)
        while self._notices:
            self._settle(self._notices[0][0])

    def _refresh(self, now: float) -> None:
        self._settle(now)
        at = datetime.fromtimestamp(now, UTC)
        zones = {name: its.zone for name, its in self.terms.items()}
        self._spends = self.books.spends(zones, at)
        paces, reserved = self.arm.paces(self.terms, self._spends, self._traffic(now), now, self.books.confirmed)
        self._shares = {name: pace.share / WHOLE for name, pace in paces.items()}
        shading = self._prices.shading(now)
        data = compile_delivery(self._index, self._spends, at, paces=paces, reserved=reserved, shading=shading)
        snapshot = Snapshot(int(now * 1000), self._index, load_delivery(data, self._index))
        self._published = [*self._published[-3:], _Published(now, snapshot)]

    def _settle(self, now: float) -> None:
        """Takes the notices and counts that have come by now."""
        due: list[Event] = []
        while self._notices and self._notices[0][0] <= now:
            due.append(heapq.heappop(self._notices)[2])
        self.books.record(due)
        while self._counts and self._counts[0][0] <= now:
            counts = heapq.heappop(self._counts)[2]
            self._arrived.setdefault(counts.minute, []).append(counts)

    def _traffic(self, now: float) -> Traffic:
        """What processes reported of the last minutes, as the refresh reads it."""
        for minute in [minute for minute in self._arrived if minute < now - _REPORTED]:
            del self._arrived[minute]
        reports: dict[str, dict[int, Report]] = {}
        loads: dict[int, int] = {}
        for minute, its in self._arrived.items():
            names = {name for counts in its for name in (*counts.opportunities, *counts.bids)}
            for name in sorted(names):
                opportunities = sum(counts.opportunities.get(name, 0) for counts in its)
                bids = sum(counts.bids.get(name, 0) for counts in its)
                reports.setdefault(name, {})[minute] = Report(opportunities, bids)
            # of the minutes that are whole: how many processes of equal load there are
            if minute + _MINUTE + 30 <= now:
                total, squares = sum(c.requests for c in its), sum(c.requests**2 for c in its)
                loads[minute] = round(total * total / squares) if squares else 1
        return Traffic(reports, float(loads[max(loads)]) if loads else 1.0)

    def _requests(self, start: float, end: float) -> None:
        if end <= start or self._during("outage", start):
            return
        expected = self.traffic.per_minute(start) * (end - start) / _MINUTE
        for happening in self._happening("spike", start):
            expected *= happening.factor
        self.market.factor = 1.0
        for happening in self._happening("prices", start):
            self.market.factor *= happening.factor
        moments = sorted(start + (end - start) * self._rng.random() for _ in range(_poisson(expected, self._rng)))
        for moment in moments:
            self._request(moment)

    def _request(self, at: float) -> None:
        request = self.traffic.request(self._rng)
        number = self._rng.randrange(len(self._environments))
        best = self.market.best((at - self.begin) / 3600, self._others)
        environment = self._alive(number, at)
        minute = int(at) // _MINUTE * _MINUTE
        if self._minutes[number] not in {-1, minute}:
            self._flush(environment, self._minutes[number], at)
        self._minutes[number] = minute
        published = self._seen(environment, at)
        if published is None:
            return
        now = datetime.fromtimestamp(at, UTC)
        for offer in environment.decide(request, published, now, self._shader):
            self._auction(offer, request, best, at)

    def _auction(self, offer: Offer, request: BidRequest, best: int, at: float) -> None:
        tally, bid = self.tallies[offer.campaign.id], offer.price.cpm_micros
        tally.bids += 1
        tally.bid_micros += bid
        floor = floor_micros(offer.slot.imp.bidfloor) if offer.slot.imp.bidfloor else 0
        won = self.market.auction(bid, best, floor)
        shown, viewed = self._fates.random(), self._fates.random()
        bid_id = f"{request.id}-{offer.slot.imp.id}-{offer.campaign.id}"
        if self.scenario.explored:
            self._learn(offer, request, won, at)
        if not won.is_won:
            return
        tally.wins += 1
        tally.paid_micros += won.price_micros
        self._notify(Kind.WIN, offer, bid_id, won.price_micros, at, 0.2)
        if shown >= self.scenario.market.shown:
            return
        tally.show(won.price_micros)
        value = bid if offer.price.value_micros is None else offer.price.value_micros
        tally.value_micros += value
        tally.surplus_micros += (value - won.price_micros) // 1000
        median = self.scenario.notices.delay_seconds
        for happening in self._happening("notice_delay", at):
            median = happening.seconds
        self._notify(Kind.IMPRESSION, offer, bid_id, won.price_micros, at, median)
        if viewed < self.scenario.market.viewed:
            tally.views += 1
            self._notify(Kind.FIRST_QUARTILE, offer, bid_id, won.price_micros, at, median + 4)

    def _learn(self, offer: Offer, request: BidRequest, won: Auction, at: float) -> None:
        """What the notice of the win or the loss says of prices; it comes before the next refresh."""
        delivery = self._published[-1].snapshot.delivery
        context = AuctionContext(request, SEAT, delivery, datetime.fromtimestamp(at, UTC))
        if self._fates.random() < self.scenario.notices.lost:
            return
        is_told = self._fates.random() < self.scenario.market.tells_min_to_win
        self._prices.learn(
            segment_of(context, offer.slot, None),
            at,
            offer.price.cpm_micros,
            is_won=won.is_won,
            to_win_micros=won.to_win_micros if is_told else None,
        )

    def _notify(
        self,
        kind: Kind,
        offer: Offer,
        bid_id: str,
        price_micros: int,
        at: float,
        median: float,
    ) -> None:
        notices, lost = self.scenario.notices, self.scenario.notices.lost
        for happening in self._happening("notices_lost", at):
            lost = happening.share
        its: Campaign = offer.campaign
        for delay in delays(median, notices.delay_sigma, lost, notices.duplicated, self._fates):
            event = Event.model_construct(
                kind=kind,
                bid_id=bid_id,
                campaign_id=its.id,
                creative_id=offer.fit.creative.id,
                bid_price_micros=offer.price.cpm_micros,
                price_micros=price_micros,
                bid_at=datetime.fromtimestamp(at, UTC),
                at=datetime.fromtimestamp(at + delay, UTC),
                deal_id=offer.price.deal_id,
                advertiser=its.advertiser.domain,
                zone=its.time_zone,
                billed_by=Kind.IMPRESSION,
            )
            heapq.heappush(self._notices, (at + delay, next(self._numbers), event))

    def _alive(self, number: int, at: float) -> Environment:
        """The process of this number; a new one where its life is over."""
        lifetime = self.scenario.environments.replaced_every_minutes * 60
        environment = self._environments[number]
        if lifetime and (at - self.begin) // lifetime != environment.life:
            environment = self._environments[number] = Environment(environment.phase)
            environment.life = int((at - self.begin) // lifetime)
            self._minutes[number] = -1
        return environment

    def _flush(self, environment: Environment, minute: int, at: float) -> None:
        """The counts of a minute that is over leave the process with its next request."""
        counts = _Counts(minute, environment.opportunities.take().counts(), environment.bids, environment.requests)
        environment.bids, environment.requests = {}, 0
        arrival = at + self.scenario.environments.report_seconds
        heapq.heappush(self._counts, (arrival, next(self._numbers), counts))

    def _seen(self, environment: Environment, at: float) -> Snapshot | None:
        late = environment.phase * self.scenario.environments.check_seconds
        for published in reversed(self._published):
            if published.at + late <= at or published is self._published[0]:
                is_too_old = at - published.at > _HARD_AGE
                return None if is_too_old else published.snapshot
        return None

    def _take_edits(self, start: float) -> None:
        changed = False
        for happening in self.scenario.events:
            at = self.begin + happening.at_hour * 3600
            if happening.kind != "edit" or not start <= at < start + _MINUTE:
                continue
            name = happening.campaign or ""
            document = self._documents[name]
            merged = {**document, **happening.change}
            if isinstance(happening.change.get("budget"), dict):
                merged["budget"] = {**document.get("budget", {}), **happening.change["budget"]}
            self._documents[name] = merged
            self.campaigns[name] = campaign(name, merged, self.scenario.scale)
            self.terms[name] = budget_limits(self.campaigns[name])
            tally = self.tallies[name]
            self.plans[name].take(self.terms[name], start, tally.micros, tally.impressions)
            changed = True
        if changed:
            self._index = Index.load([compile_index(self.campaigns.values())])

    def _happening(self, kind: str, at: float) -> list[Happening]:
        return [
            event
            for event in self.scenario.events
            if event.kind == kind
            and (start := self.begin + event.at_hour * 3600) <= at
            and (event.minutes is None or at < start + event.minutes * 60)
        ]

    def _during(self, kind: str, at: float) -> bool:
        return bool(self._happening(kind, at))


def _poisson(expected: float, rng: Random) -> int:
    """A number of requests where so many are expected, each independent of the others."""
    if expected > 60:
        return max(0, round(rng.gauss(expected, sqrt(expected))))
    limit, number, product = exp(-expected), 0, rng.random()
    while product > limit:
        number += 1
        product *= rng.random()
    return number
