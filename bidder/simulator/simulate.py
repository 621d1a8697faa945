"""Runs a scenario with all its arms. The result depends only on the scenario and its files."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from bidder.auction.auction_context import AuctionContext
from bidder.auction.decide import decide
from bidder.auction.match import match
from bidder.auction.offer import Offer
from bidder.auction.shading import shade_offers
from bidder.delivery.estimates import Flow
from bidder.delivery.notice_delay import MINUTES
from bidder.delivery.pacers import Account
from bidder.delivery.pacing import Forecast, Memory
from bidder.money import floor_micros
from bidder.simulator.arms import Arm, Asap, Ours, Pid, Throttle
from bidder.simulator.environment import SEAT, Shader
from bidder.simulator.market import delays
from bidder.simulator.record import Tally, figures
from bidder.simulator.run import Run
from bidder.simulator.scenario import Scenario
from bidder.snapshot.delivery_state import compile_delivery, load_delivery
from bidder.snapshot.snapshot import Snapshot

_SAMPLE = 2_000
"""The auctions by which the learned state of a week is estimated, if a scenario starts with it."""
_BIDS_KNOWN = 300.0


class SimulationOutcome(NamedTuple):
    """The figures of the report, and the tallies of campaigns by arm, `ours` first."""

    figures: dict[str, Any]
    tallies: dict[str, Mapping[str, Tally]]


def simulate(scenario: Scenario, folder: Path, progress: Callable[[float], None] = lambda _: None) -> SimulationOutcome:
    """Runs the arm `ours` and each arm of `scenario.beside`. `progress` gets the finished share.

    Raises InvalidScenario.
    """
    arms: dict[str, Callable[[Run], Arm]] = {"ours": _controller_arm}
    known: dict[str, Callable[[Run], Arm]] = {
        "asap": lambda _: Asap(),
        "linkedin": lambda run: Throttle(run.plans),
        "pid": lambda run: Pid(run.plans),
    }
    arms |= {name: known.get(name, _controller_arm) for name in scenario.beside}
    shaders: dict[str, Callable[[Run], Shader]] = {
        "ours": lambda _: lambda context, offers: shade_offers(context, offers, None),
        "fixed_70": lambda _: lambda _context, offers: [_at(offer, 0.7) for offer in offers],
        "oracle": _oracle,
    }
    tallies: dict[str, Mapping[str, Tally]] = {}
    for number, (name, arm) in enumerate(arms.items()):
        report_progress = partial(_tell, progress, number, len(arms))
        run = Run(scenario, folder, arm, report_progress, shaders.get(name, lambda _: lambda _context, offers: offers))
        run.run()
        tallies[name] = run.tallies
    results = {"scenario": scenario.name, "seed": scenario.seed, **figures(tallies["ours"], scenario.scale)}
    if scenario.beside:
        results["beside"] = {name: figures(tallies[name], scenario.scale) for name in scenario.beside}
    return SimulationOutcome(results, tallies)


def _tell(progress: Callable[[float], None], number: int, arms: int, share: float) -> None:
    progress((number + share) / arms)


def _at(offer: Offer, share: float) -> Offer:
    """The offer with a bid of this share of its value."""
    value = offer.price.cpm_micros
    return offer._replace(price=offer.price._replace(cpm_micros=max(1, int(value * share)), value_micros=value))


def _oracle(run: Run) -> Shader:
    """A shader with the best bid given the distribution of competing bids."""
    known: dict[tuple[float, int, float], float] = {}

    def shares(context: AuctionContext, offers: list[Offer]) -> list[Offer]:
        hours = (context.now.timestamp() - run.begin) / 3600
        factor = run.traffic.price_factor
        shaded = []
        for offer in offers:
            value = offer.price.cpm_micros
            key = (value / factor, int(hours * 4), run.market.factor)
            if key not in known:
                known[key] = run.market.best_bid(value / 1e6 / factor, hours) / (value / 1e6 / factor)
            shaded.append(_at(offer, known[key]))
        return shaded

    return shares


def _controller_arm(run: Run) -> Arm:
    """The bidder's controller, in the state that it would have after a week of this traffic."""
    scenario, account = run.scenario, Account()
    opportunities_per_request, shown = _sample(run)
    forecasts: dict[str, Forecast] = {}
    average = scenario.traffic.requests_per_day * scenario.scale / 1440
    for name, terms in run.terms.items():
        if scenario.knows_traffic:
            forecasts[name] = Forecast(run.curve_of(terms), average * opportunities_per_request[name])
        if scenario.knows_rates:
            bids, impressions, micros = shown[name]
            flow, weight = Flow(), min(1.0, _BIDS_KNOWN / max(bids, 1))
            flow.impressions_per_bid.add(impressions * weight, bids * weight)
            flow.micros_per_impression.add(micros * weight, impressions * weight)
            account.memories[name] = Memory(flow=flow)
    if scenario.knows_rates:
        rng, notices = Random(f"{scenario.seed} delays"), scenario.notices  # noqa: S311  a repeatable draw
        for _ in range(_SAMPLE):
            for delay in delays(notices.delay_seconds, notices.delay_sigma, 0, 0, rng):
                account.delays[min(MINUTES - 1, int(delay // 60))] += 1
    return Ours(account, forecasts)


def _sample(run: Run) -> tuple[dict[str, float], dict[str, tuple[int, float, float]]]:
    """For each unpaced campaign: its opportunities per request; its bids, impressions and cost in micros."""
    rng = Random(f"{run.scenario.seed} sample")  # noqa: S311  as above
    now = datetime.fromtimestamp(run.begin, UTC)
    delivery = load_delivery(compile_delivery(run.index, {}, now), run.index)
    snapshot = Snapshot(0, run.index, delivery)
    opportunities = dict.fromkeys(run.terms, 0)
    shown = dict.fromkeys(run.terms, (0, 0.0, 0.0))
    for _ in range(_SAMPLE):
        request = run.traffic.request(rng)
        slots = match(request, snapshot, now)
        for slot in slots:
            for position in slot.candidates.all():
                opportunities[snapshot.index.campaign_id(position)] += 1
        best = round(run.market.best(0, rng) * run.traffic.price_factor)
        for offer in decide(AuctionContext(request, SEAT, delivery, now), slots, snapshot):
            bids, impressions, micros = shown[offer.campaign.id]
            floor = floor_micros(offer.slot.imp.bidfloor) if offer.slot.imp.bidfloor else 0
            auction = run.market.auction(offer.price.cpm_micros, best, floor)
            share = run.scenario.market.shown if auction.is_won else 0
            shown[offer.campaign.id] = (bids + 1, impressions + share, micros + share * auction.price_micros / 1000)
    return {name: number / _SAMPLE for name, number in opportunities.items()}, shown
