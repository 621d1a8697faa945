"""A run of a scenario: the refreshes, requests, auctions and notices of each minute."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from random import Random

from bidder.auction.auction_context import AuctionContext
from bidder.auction.offer import Offer
from bidder.auction.price import open_floor
from bidder.auction.shading import is_learned, segment_of, value_micros
from bidder.delivery.budget import BudgetLimits, Spend, budget_limits
from bidder.delivery.curve import Curve
from bidder.delivery.participation import WHOLE
from bidder.openrtb.bid_request import BidRequest
from bidder.simulator.arms import Arm
from bidder.simulator.books import Books
from bidder.simulator.campaigns import campaign, documents, edit_document
from bidder.simulator.environment import SEAT, Shader
from bidder.simulator.fleet import Fleet, Published
from bidder.simulator.happenings import Happenings
from bidder.simulator.market import Auction, SimulatedMarket
from bidder.simulator.notices import NoticeQueue
from bidder.simulator.prices import LearnedPrices
from bidder.simulator.record import Tally
from bidder.simulator.reference import ReferencePlan
from bidder.simulator.scenario import Scenario
from bidder.simulator.traffic import SimulatedTraffic, in_zone, poisson
from bidder.simulator.viewers import Viewers
from bidder.snapshot.compile import compile_index
from bidder.snapshot.delivery_state import compile_delivery, load_delivery
from bidder.snapshot.index import Index
from bidder.snapshot.snapshot import Snapshot

_MINUTE = 60
_SNAPSHOTS_HELD = 4
"""The published snapshots that a process may still hold, or see next."""


class Run:
    """The run of one arm of a scenario. `progress` is called with the finished share of the run, from 0 to 1."""

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
        self._happenings = Happenings(scenario.events, self.begin)
        self._documents = documents(scenario)
        self.campaigns = {name: campaign(name, document, scenario.scale) for name, document in self._documents.items()}
        self.terms: dict[str, BudgetLimits] = {name: budget_limits(each) for name, each in self.campaigns.items()}
        self.plans = {
            name: ReferencePlan(limits, self.curve_of(limits), self.begin, self.end)
            for name, limits in self.terms.items()
        }
        self.tallies = {name: Tally(plan) for name, plan in self.plans.items()}
        self.books = Books()
        self._viewers = Viewers()
        self._progress = progress
        self._rng = Random(f"{scenario.seed} requests")  # noqa: S311  repeatable draws, here and below, not secrets
        self._others = Random(f"{scenario.seed} market")  # noqa: S311
        self._notices = NoticeQueue(scenario, self._happenings)
        self._fleet = Fleet(scenario.environments, self.begin)
        self._prices = LearnedPrices(scenario.explored)
        self._index = Index.load([compile_index(self.campaigns.values())])
        self._published: list[Published] = []
        self._spends: dict[str, Spend] = {}
        self._shares: dict[str, float] = {}
        self.arm = arm(self)
        self._shader = shader(self)

    @property
    def index(self) -> Index:
        """The present index of the campaigns."""
        return self._index

    def curve_of(self, limits: BudgetLimits) -> Curve:
        """The traffic's curve in the hours of a campaign's time zone."""
        return in_zone(self.traffic.curve, self.scenario.traffic.time_zone, limits.zone, self.begin)

    def run(self) -> None:
        """Runs the scenario to its end, and then delivers all remaining notices."""
        refreshes = self._refreshes()
        next_refresh = next(refreshes)
        at = self.begin
        while at < self.end:
            minute_end = min(at + _MINUTE, self.end)
            self._take_edits(at, minute_end)
            while at < minute_end:
                if next_refresh <= at:
                    if not self._happenings.is_under_way("refresh_stuck", at):
                        self._refresh(at)
                    next_refresh = next(refreshes)
                end = min(next_refresh, minute_end)
                self._requests(at, end)
                at = end
            for name, tally in self.tallies.items():
                noticed = self._spends.get(name, Spend()).total_micros
                tally.close_minute(at, noticed, self._shares.get(name, 1.0))
            self._progress((at - self.begin) / (self.end - self.begin))
        self._settle(float("inf"))

    def _refreshes(self) -> Iterator[float]:
        number = 0
        while True:
            yield self.begin + number * self.scenario.refresh_seconds
            number += 1

    def _refresh(self, now: float) -> None:
        self._settle(now)
        at = datetime.fromtimestamp(now, UTC)
        zones = {name: limits.zone for name, limits in self.terms.items()}
        self._spends = self.books.spends(zones, at)
        traffic = self._fleet.traffic(now)
        paces, reserved = self.arm.paces(self.terms, self._spends, traffic, now, self.books.confirmed)
        self._shares = {name: pace.share / WHOLE for name, pace in paces.items()}
        shading = self._prices.shading(now)
        data = compile_delivery(self._index, self._spends, at, paces=paces, reserved_micros=reserved, shading=shading)
        snapshot = Snapshot(int(now * 1000), self._index, load_delivery(data, self._index))
        self._published = [*self._published[1 - _SNAPSHOTS_HELD :], Published(now, snapshot)]

    def _settle(self, now: float) -> None:
        """Records the notices that have arrived by now."""
        events = self._notices.due(now)
        self.books.record(events)
        self._viewers.record(events)

    def _requests(self, start: float, end: float) -> None:
        if self._happenings.is_under_way("outage", start):
            return
        expected = self.traffic.per_minute(start) * (end - start) / _MINUTE * self._happenings.factor("spike", start)
        self.market.factor = self._happenings.factor("prices", start)
        moments = sorted(start + (end - start) * self._rng.random() for _ in range(poisson(expected, self._rng)))
        for moment in moments:
            self._request(moment)

    def _request(self, at: float) -> None:
        self._settle(at)
        request = self.traffic.request(self._rng)
        environment = self._fleet.process(self._rng.randrange(len(self._fleet)), at)
        best = round(self.market.best((at - self.begin) / 3600, self._others) * self.traffic.price_factor)
        published = self._fleet.snapshot(environment, self._published, at)
        if published is None:
            return
        now = datetime.fromtimestamp(at, UTC)
        for offer in environment.decide(request, published, now, self._shader, self._viewers.exposures):
            self._auction(offer, request, best, at)

    def _auction(self, offer: Offer, request: BidRequest, best: int, at: float) -> None:
        tally, bid = self.tallies[offer.campaign.id], offer.price.cpm_micros
        tally.bids += 1
        tally.bid_micros += bid
        delivery = self._published[-1].snapshot.delivery
        floor = open_floor(offer.slot, round(offer.fit.creative.duration), delivery.rates)
        auction = self.market.auction(bid, best, 0 if offer.price.deal_id else floor)
        is_shown, is_viewed = self._notices.draw_fate()
        if self.scenario.explored and is_learned(request, offer.slot, offer.price):
            context = AuctionContext(request, SEAT, delivery, datetime.fromtimestamp(at, UTC))
            self._learn(context, offer, auction, at)
        if not auction.is_won:
            return
        tally.wins += 1
        tally.paid_micros += auction.price_micros
        self._notices.send_win(offer, request, auction.price_micros, at)
        if not is_shown:
            return
        tally.show(auction.price_micros)
        value = value_micros(offer.price)
        tally.value_micros += value
        tally.surplus_micros += (value - auction.price_micros) // 1000
        tally.views += is_viewed
        self._notices.send_impression(offer, request, auction.price_micros, at, is_viewed=is_viewed)

    def _learn(self, context: AuctionContext, offer: Offer, auction: Auction, at: float) -> None:
        """Learns from the win or loss notice of a bid, unless it is lost.

        The notice arrives before the next refresh.
        """
        if self._notices.is_lost():
            return
        self._prices.learn(
            segment_of(context, offer.slot, None),
            at,
            offer.price.cpm_micros,
            is_won=auction.is_won,
            to_win_micros=auction.to_win_micros if self._notices.tells_price() else None,
        )

    def _take_edits(self, start: float, end: float) -> None:
        edits = self._happenings.edits(start, end)
        for edit in edits:
            name = edit.campaign or ""
            self._documents[name] = edit_document(self._documents[name], edit.change)
            self.campaigns[name] = campaign(name, self._documents[name], self.scenario.scale)
            self.terms[name] = budget_limits(self.campaigns[name])
            tally = self.tallies[name]
            self.plans[name].take(self.terms[name], start, tally.micros, tally.impressions)
        if edits:
            self._index = Index.load([compile_index(self.campaigns.values())])
