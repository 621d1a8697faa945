"""The price of a bid under the floors of an impression: in the open auction, or in a private marketplace (PMP) deal.

`docs/pricing.md` has the formulae.
"""

import math
from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from bidder.auction.auction_context import AuctionContext
from bidder.auction.deal_budget_rule import DEAL_BUDGET
from bidder.auction.match import Slot
from bidder.auction.rule import Rule, first_broken_rule
from bidder.auction.rules import DEAL, PRICE_RULES, BidAtFloor
from bidder.campaigns.campaign import Campaign
from bidder.campaigns.creative import Creative
from bidder.campaigns.deal import CampaignDeal
from bidder.campaigns.goal import Rotation
from bidder.campaigns.multipliers import factor
from bidder.money import MICROS, Rate, expected_cpm, floor_micros
from bidder.normal_forms import identifier, with_and_without_www
from bidder.openrtb.auction_type import AuctionType
from bidder.openrtb.bid_request import BidRequest
from bidder.openrtb.deal import Deal
from bidder.openrtb.dur_floors import DurFloors
from bidder.openrtb.imp import Imp
from bidder.openrtb.video import Video
from bidder.snapshot.index import Index

Rates = Mapping[str, Rate]
"""Micros of the account currency for one unit of a currency, by ISO-4217 code."""

FOREIGN_FLOOR_SHARE = Fraction(95, 100)
"""The share of a floor in a foreign currency that a price surely reaches: the exchange converts by rates of its own."""

_CHARGE_THE_BID = frozenset({AuctionType.FIRST_PRICE, AuctionType.FIXED_PRICE})


class Price(NamedTuple):
    """A bid's CPM in micros of the account currency, and the deal of the bid, as the campaign names the deal.

    `sent_deal_id` is the id of the same deal as the request spells it. The answer repeats this spelling.
    """

    cpm_micros: int
    deal_id: str | None
    sent_deal_id: str | None = None
    value_micros: int | None = None
    """The CPM that the campaign would have bid, where shading was asked (`bidder.auction.shading`)."""


class _Floor(NamedTuple):
    amount: float | Decimal
    currency: str


def price(
    context: AuctionContext, slot: Slot, campaign: Campaign, open_cpm: int | None, seconds: int
) -> Price | Rule[BidAtFloor]:
    """The campaign's best bid that reaches its floors, or the rule that none of its bids passes.

    `open_cpm` is its bid outside deals, in micros; None if it bids in deals only. A fixed-price deal is bid at its
    price. The entries of `imp.pmp.deals` are alternatives, also if they have the same id. Between equal prices the deal
    goes first.
    """
    imp, video, rates = slot.imp, slot.video, context.delivery.rates
    bids: list[Price] = []
    broken_rules: list[Rule[BidAtFloor]] = []
    if campaign.deals and imp.pmp:
        campaign_deals = _deals_by_id(campaign)
        offered_deals = [deal for deal in imp.pmp.deals if identifier(deal.id) in campaign_deals]
        for deal in deals_open_to(offered_deals, context.seat, campaign.advertiser.domain):
            campaign_deal = campaign_deals[identifier(deal.id)]
            outcome = _deal_price(deal, campaign_deal, slot, seconds, rates)
            if (
                campaign_deal.budget is not None
                and not isinstance(outcome, Rule)
                and not _is_in_budget(context, slot, campaign, campaign_deal)
            ):
                outcome = DEAL_BUDGET
            _sort_outcome(outcome, bids, broken_rules)
    if open_cpm is not None and not (imp.pmp and imp.pmp.private_auction):
        floors = _open_floors(imp, video, seconds)
        _sort_outcome(_check_floors(Price(open_cpm, None), floors, rates), bids, broken_rules)
    if len(bids) == 1:
        return bids[0]
    if bids:
        return max(bids, key=lambda bid: (bid.cpm_micros, bid.deal_id is not None))
    return broken_rules[0] if broken_rules else DEAL


def _deals_by_id(campaign: Campaign) -> dict[str, CampaignDeal]:
    """The deals of a campaign by their ids in the normal form."""
    return {identifier(deal.id): deal for deal in campaign.deals}


def _is_in_budget(context: AuctionContext, slot: Slot, campaign: Campaign, deal: CampaignDeal) -> bool:
    """Whether the deal's budget and the pace of that budget let the campaign bid in the deal."""
    budget = context.delivery.deal_budget(campaign.id, identifier(deal.id))
    if budget is None:  # the delivery state is of older code
        return True
    if context.deal_opportunities is not None:
        context.deal_opportunities.add((slot.imp.id, budget.holder))
    return context.delivery.takes_part_in_deal(budget, slot.candidates.draw)


def deals_open_to(deals: Sequence[Deal], seat: str, advertiser_domain: str) -> list[Deal]:
    """The deals that this seat may buy for this advertiser; the seat is in its normal form."""
    names = with_and_without_www(advertiser_domain)
    return [
        deal
        for deal in deals
        if (not deal.wseat or seat in deal.wseat) and (not deal.wadomain or not names.isdisjoint(deal.wadomain))
    ]


def is_first_price(request: BidRequest, slot: Slot, bid: Price) -> bool:
    """Whether the auction is first price. The type of a deal precedes the type of the request (OpenRTB 2.6, 3.2.12).

    Of several entries with the id of the deal, the exchange may apply any, so all of them must be first price.
    """
    types = [request.at if deal.at is None else deal.at for deal in _deal_entries(slot, bid)]
    return _CHARGE_THE_BID.issuperset(types or [request.at])


def lowest_charge(slot: Slot, bid: Price, seconds: int, rates: Rates, currency: str) -> int:
    """The lowest CPM, in micros, that the exchange charges for a bid in this currency: the highest of the bid's floors.

    The exchange may apply any of several entries with the id of the deal, so the entry with the lowest floors counts.
    """
    entries = _deal_entries(slot, bid)
    alternatives = [_deal_floors(deal, slot, seconds) for deal in entries] or [
        _open_floors(slot.imp, slot.video, seconds)
    ]
    return min(bid.cpm_micros, *(_lowest_reaching_cpm(floors, rates, currency) for floors in alternatives))


def _lowest_reaching_cpm(floors: Sequence[_Floor], rates: Rates, currency: str) -> int:
    """The lowest CPM, in micros, of a bid in this currency that reaches all floors."""
    bounds = [0]
    for floor in floors:
        floor_cpm = _account_micros(floor, rates) or 0
        is_same_currency = floor.currency == currency
        # A price may have been rounded down by a micro of its currency and a micro of the account currency.
        slack = math.floor(Fraction(rates[currency]) / MICROS) + 1 if rates[currency] != MICROS else 0
        bounds.append(floor_cpm - slack if is_same_currency else math.floor(floor_cpm * FOREIGN_FLOOR_SHARE) - slack)
    return max(bounds)


def open_floor(slot: Slot, seconds: int, rates: Rates) -> int:
    """The CPM in micros that a bid outside deals has to reach, for an ad of this length."""
    return max((_account_micros(floor, rates) or 0 for floor in _open_floors(slot.imp, slot.video, seconds)), default=0)


def _deal_entries(slot: Slot, bid: Price) -> list[Deal]:
    """The entries of the request with the id of the bid's deal; none for a bid outside deals."""
    deals = slot.imp.pmp.deals if slot.imp.pmp and bid.sent_deal_id is not None else ()
    return [deal for deal in deals if deal.id == bid.sent_deal_id]


def lowest_floor(imp: Imp, video: Video, rates: Rates) -> int:
    """A CPM in micros below which no bid reaches any floor of the impression; 0 if floors depend on the ad's length."""
    if not imp.bidfloor or video.durfloors:
        return 0
    lowest_cpm = _account_micros(_Floor(imp.bidfloor, imp.bidfloorcur), rates) or 0
    for deal in imp.pmp.deals if imp.pmp else ():
        if deal.durfloors or deal.mincpmpersec:
            return 0
        if deal.bidfloor is not None:
            lowest_cpm = min(lowest_cpm, _account_micros(_Floor(deal.bidfloor, deal.bidfloorcur), rates) or 0)
    return lowest_cpm


def fixed_prices(imp: Imp, rates: Rates) -> list[tuple[int, list[str]]] | None:
    """The prices of an impression that sells in fixed-price deals alone, CPM in micros of the account, highest first.

    Each price comes with the ids of its deals in their normal form. None if a bid may have another price.
    """
    if not imp.pmp or not imp.pmp.private_auction:
        return None
    by_price: dict[int, list[str]] = {}
    for deal in imp.pmp.deals:
        cpm_micros = _fixed_price(deal, rates)
        if not cpm_micros:
            return None
        by_price.setdefault(cpm_micros, []).append(identifier(deal.id))
    return sorted(by_price.items(), reverse=True)


def _fixed_price(deal: Deal, rates: Rates) -> int | None:
    """The CPM in micros of all bids in a fixed-price deal; None or 0 if bids may differ."""
    if deal.at != AuctionType.FIXED_PRICE or deal.bidfloor is None or deal.durfloors:
        return None
    return _account_micros(_Floor(deal.bidfloor, deal.bidfloorcur), rates)


def highest_bid(imp: Imp, index: Index, position: int, rates: Rates) -> int:
    """A CPM in micros that no bid of the campaign at a position on the impression exceeds."""
    if not imp.pmp:
        return index.open_top(position)
    campaign = index.campaign(position)
    highest_cpm = 0 if imp.pmp.private_auction else campaign.top_open_cpm_micros
    if campaign.deals:
        campaign_deals = _deals_by_id(campaign)
        for deal in imp.pmp.deals:
            campaign_deal = campaign_deals.get(identifier(deal.id))
            if campaign_deal is not None:
                highest_cpm = max(
                    highest_cpm, min(campaign_deal.cpm_micros, _fixed_price(deal, rates) or campaign_deal.cpm_micros)
                )
    return highest_cpm


def _account_micros(floor: _Floor, rates: Rates) -> int | None:
    """A floor in micros of the account currency; None if the rate of the floor's currency is not known."""
    if floor.amount <= 0:
        return 0
    rate = rates.get(floor.currency)
    return None if rate is None else floor_micros(floor.amount, rate)


def _deal_price(
    deal: Deal, campaign_deal: CampaignDeal, slot: Slot, seconds: int, rates: Rates
) -> Price | Rule[BidAtFloor]:
    outcome = _check_floors(
        Price(campaign_deal.cpm_micros, campaign_deal.id, deal.id), _deal_floors(deal, slot, seconds), rates
    )
    stated_floor = _stated_deal_floor(deal, seconds)
    if deal.at != AuctionType.FIXED_PRICE or stated_floor is None or isinstance(outcome, Rule):
        return outcome
    return outcome._replace(cpm_micros=_account_micros(stated_floor, rates) or campaign_deal.cpm_micros)


def _deal_floors(deal: Deal, slot: Slot, seconds: int) -> list[_Floor]:
    """The floors of a deal, in its own currency. A deal without floors has those of the open auction.

    OpenRTB 2.6 implementation guide, section 7.11.2.
    """
    stated_floor = _stated_deal_floor(deal, seconds)
    floors = [*([stated_floor] if stated_floor else ()), *_per_second(deal.mincpmpersec, deal.bidfloorcur, seconds)]
    return floors or _open_floors(slot.imp, slot.video, seconds)


def _stated_deal_floor(deal: Deal, seconds: int) -> _Floor | None:
    """The floor that the deal states for ads of this length, apart from its floor by the second."""
    amount_by_duration = _by_duration(deal.durfloors, seconds)
    amount = amount_by_duration if amount_by_duration is not None else deal.bidfloor
    return None if amount is None else _Floor(amount, deal.bidfloorcur)


def _open_floors(imp: Imp, video: Video, seconds: int) -> list[_Floor]:
    return _stated_floors(imp, video, seconds) + _per_second(video.mincpmpersec, imp.bidfloorcur, seconds)


def _stated_floors(imp: Imp, video: Video, seconds: int) -> list[_Floor]:
    """The floor of the open auction: that for ads of this length if stated, else the impression's."""
    amount_by_duration = _by_duration(video.durfloors, seconds) if video.durfloors else None
    amount = amount_by_duration if amount_by_duration is not None else imp.bidfloor
    return [] if amount is None else [_Floor(amount, imp.bidfloorcur)]


def _by_duration(floors: Sequence[DurFloors], seconds: int) -> float | None:
    """OpenRTB 2.6, 3.2.35; where ranges overlap, the highest floor holds."""
    amounts = [
        floor.bidfloor
        for floor in floors
        if floor.bidfloor is not None
        and (floor.mindur is None or floor.mindur <= seconds)
        and (not floor.maxdur or seconds <= floor.maxdur)
    ]
    return max(amounts, default=None)


def _per_second(minimum: float | None, currency: str, seconds: int) -> list[_Floor]:
    """The floor of `mincpmpersec`, in proportion to the ad's length. It applies in addition to the other floors."""
    return [_Floor(Decimal(str(minimum)) * seconds, currency)] if minimum else []


def _check_floors(bid: Price, floors: Sequence[_Floor], rates: Rates) -> Price | Rule[BidAtFloor]:
    """The bid, or the rule that it breaks at the first floor that it does not reach."""
    for floor_cpm in [_account_micros(floor, rates) for floor in floors] or [0]:
        broken_rule = first_broken_rule(PRICE_RULES, BidAtFloor(bid.cpm_micros, floor_cpm))
        if broken_rule:
            return broken_rule
    return bid


def _sort_outcome(outcome: Price | Rule[BidAtFloor], bids: list[Price], broken_rules: list[Rule[BidAtFloor]]) -> None:
    if isinstance(outcome, Rule):
        broken_rules.append(outcome)
    else:
        bids.append(outcome)


def open_bid_cpm(context: AuctionContext, slot: Slot, campaign: Campaign, creatives: Sequence[Creative]) -> int | None:
    """The CPM in micros, equal for all creatives that fit; None if the campaign bids in deals only.

    The CPM is 0 for an impression that is worth less than a micro.
    """
    cpm: int | Fraction | None = campaign.cpm_micros
    goal = campaign.goal if cpm is None else None
    if goal:
        predictions = context.delivery.predictions
        rates = [predictions.predict_creative(campaign.id, creative.id, goal.outcome).rate for creative in creatives]
        rate = expected_rate(campaign.rotation, [creative.weight for creative in creatives], rates)
        cpm = expected_cpm(goal.micros, rate)
    if cpm is None:
        return None
    if campaign.multipliers:
        cpm *= factor(campaign.multipliers, _in_campaign_hours(slot.values, campaign))
    max_cpm = campaign.max_cpm_micros
    return math.floor(cpm) if max_cpm is None else min(math.floor(cpm), max_cpm)


def _in_campaign_hours(values: Mapping[str, Sequence[str]], campaign: Campaign) -> Mapping[str, Sequence[str]]:
    """The values with the hour of the campaign's own time zone alone, as its multipliers name it."""
    if "hour" not in campaign.multipliers:
        return values
    zone = f"{campaign.time_zone} "
    return {**values, "hour": [hour.removeprefix(zone) for hour in values.get("hour", ()) if hour.startswith(zone)]}


def expected_rate(rotation: Rotation, weights: Sequence[int], rates: Sequence[int]) -> int:
    """The expected rate of the creatives under the rotation, in millionths, rounded down."""
    if rotation is Rotation.BEST:
        return max(rates)
    if rotation is Rotation.EVEN:
        return sum(rates) // len(rates)
    return sum(weight * rate for weight, rate in zip(weights, rates, strict=True)) // sum(weights)
