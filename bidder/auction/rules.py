"""The table of rules by which a campaign may not bid on an impression, in the order in which the decision checks them.

Rules stand in groups by their subject: the request, the player, the campaign, a creative (`creative_fit.py`), a price.
The decision stops at the first broken rule of a subject. Explain, metrics and the counts of rejections use the rules'
names.
"""

from collections.abc import Collection, Iterator
from typing import NamedTuple

from bidder.auction.auction_context import AuctionContext
from bidder.auction.creative_fit import CREATIVE_RULES, protocol_rule
from bidder.auction.deal_budget_rule import DEAL_BUDGET
from bidder.auction.match import Slot
from bidder.auction.rule import AnyRule, Case, Rule
from bidder.campaigns.campaign import Campaign
from bidder.money import bidding_currency, display
from bidder.normal_forms import identifier
from bidder.openrtb.deal import Deal
from bidder.openrtb.delivery_method import DeliveryMethod
from bidder.openrtb.dsa import PublisherRenders
from bidder.openrtb.linearity import Linearity
from bidder.openrtb.video import Video
from bidder.vast.version import best_version


class CampaignInAuction(NamedTuple):
    """The subject of the campaign rules."""

    context: AuctionContext
    campaign: Campaign


class BidAtFloor(NamedTuple):
    """The subject of the price rules: a bid and one floor that the bid must reach, CPM in micros.

    `cpm_micros` is None if the campaign has no bid here. `floor_micros` is None if the rate of the floor's currency is
    unknown.
    """

    cpm_micros: int | None
    floor_micros: int | None


def _is_seat_excluded(context: AuctionContext) -> bool:
    request = context.request
    return bool(request.wseat and context.seat not in request.wseat) or context.seat in request.bseat


def _must_ad_render_dsa(context: AuctionContext) -> bool:
    dsa = context.request.regs.dsa if context.request.regs else None
    return dsa is not None and dsa.is_required() and dsa.pubrender == PublisherRenders.NO


REQUEST_RULES: tuple[Rule[AuctionContext], ...] = (
    Rule(
        "currency",
        "the request accepts no bids in the account's currency",
        rejects=lambda context: bidding_currency(context.request.cur, context.delivery.rates) is None,
        seen=lambda case: case.context.request.cur,
        wanted=lambda case: sorted(case.context.delivery.rates),
    ),
    Rule(
        "seat",
        "the request accepts no bids from this buyer seat",
        rejects=_is_seat_excluded,
        seen=lambda case: [*case.context.request.wseat, *(f"not {seat}" for seat in case.context.request.bseat)],
        wanted=lambda case: [case.context.seat],
    ),
    Rule(
        "transparency",
        "the ad must render the data that the Digital Services Act requires, and no ad here does (regs.ext.dsa)",
        rejects=_must_ad_render_dsa,
        seen=lambda _: ["pubrender 0"],
        wanted=lambda _: ["a publisher that renders the data"],
    ),
)
"""Rules that reject a whole request."""


def _accepts_no_vast(video: Video) -> bool:
    protocols = video.accepted_protocols()
    return not best_version(protocols, wrapper=False) and not best_version(protocols, wrapper=True)


PLAYER_RULES: tuple[Rule[Slot], ...] = (
    Rule(
        "quantity",
        "the impression is billed as several events or as none (qty)",
        rejects=lambda slot: not slot.imp.is_one_event(),
        seen=lambda case: [case.slot.imp.qty and case.slot.imp.qty.multiplier],
        wanted=lambda _: [1],
    ),
    Rule(
        "linearity",
        "the player accepts only non-linear ads",
        rejects=lambda slot: slot.video.linearity == Linearity.NON_LINEAR,
        seen=lambda case: [case.slot.video.linearity],
        wanted=lambda _: ["linear"],
    ),
    Rule(
        "delivery",
        "the player accepts only streamed video",
        rejects=lambda slot: bool(slot.video.delivery) and set(slot.video.delivery) == {DeliveryMethod.STREAMING},
        seen=lambda case: case.slot.video.delivery,
        wanted=lambda _: ["progressive or download"],
    ),
    protocol_rule(lambda slot: _accepts_no_vast(slot.video)),
)
"""Rules that reject an impression or its player, and so all bids on the impression."""


CAMPAIGN_RULES: tuple[Rule[CampaignInAuction], ...] = (
    Rule(
        "flight",
        "outside its flight dates",
        rejects=lambda subject: not subject.campaign.flight.covers(subject.context.now),
        seen=lambda case: [case.context.now.isoformat()],
        wanted=lambda case: [f"{case.campaign.flight.start or 'any time'} to {case.campaign.flight.end or 'any time'}"],
    ),
    Rule(
        "advertiser",
        "its advertiser's domain is blocked (badv)",
        rejects=lambda subject: subject.context.blocks.is_advertiser_blocked(subject.campaign.advertiser),
        seen=lambda case: case.context.request.badv,
        wanted=lambda case: [case.campaign.advertiser.domain],
    ),
    Rule(
        "app",
        "the app it advertises is blocked (bapp)",
        rejects=lambda subject: subject.context.blocks.is_app_blocked(subject.campaign.advertiser),
        seen=lambda case: case.context.request.bapp,
        wanted=lambda case: [case.campaign.advertiser.bundle],
    ),
    Rule(
        "category",
        "one of its categories is blocked (bcat), or not among those allowed (acat)",
        rejects=lambda subject: subject.context.blocks.are_categories_blocked(subject.campaign),
        seen=lambda case: [
            *(f"not {name}" for name in case.context.request.bcat),
            *(f"allowed {name}" for name in case.context.request.acat),
        ],
        wanted=lambda case: case.campaign.categories,
    ),
)
"""Rules that reject a campaign on all impressions of a request."""


def _deals(case: Case) -> tuple[Deal, ...]:
    return tuple(case.slot.imp.pmp.deals) if case.slot.imp.pmp else ()


def _floors(case: Case) -> Iterator[str]:
    imp = case.slot.imp
    yield from _floors_of(imp.bidfloor or 0, imp.bidfloorcur, case.slot.video)
    for deal in _deals(case):
        for floor in _floors_of(deal.bidfloor, deal.bidfloorcur, deal):
            yield f"{floor} in deal {deal.id}"


def _floors_of(floor: float | None, currency: str, source: Deal | Video) -> Iterator[str]:
    """The stated floors in words: the plain floor, the floors for lengths of ads, and the floor for each second."""
    if floor is not None:
        yield f"{floor} {currency}"
    for duration_floor in source.durfloors:
        if duration_floor.bidfloor is not None:
            lengths = f"{duration_floor.mindur or 0} to {duration_floor.maxdur or 'any'} s"
            yield f"{duration_floor.bidfloor} {currency} for {lengths}"
    if source.mincpmpersec:
        yield f"{source.mincpmpersec} {currency} a second"


def _bids(case: Case) -> Iterator[str]:
    """The campaign's bid in the open market and in each deal of the impression."""
    open_cpm = case.open_bid()
    if open_cpm is not None:
        yield f"bids {display(open_cpm)}"
    offered_ids = {identifier(deal.id) for deal in _deals(case)}
    for deal in case.campaign.deals:
        if identifier(deal.id) in offered_ids:
            yield f"bids {display(deal.cpm_micros)} in deal {deal.id}"


DEAL: Rule[BidAtFloor] = Rule(
    "deal",
    "buys none of the impression's deals, and the impression accepts no other bids from it",
    rejects=lambda bid: bid.cpm_micros is None,
    seen=lambda case: [deal.id for deal in _deals(case)],
    wanted=lambda case: [deal.id for deal in case.campaign.deals],
)

PRICE_RULES: tuple[Rule[BidAtFloor], ...] = (
    DEAL,
    Rule(
        "worth",
        "the value of an impression is below a micro",
        rejects=lambda bid: bid.cpm_micros == 0,
        wanted=lambda case: [f"{display(case.campaign.top_cpm_micros)} at most"],
    ),
    Rule(
        "floor_currency",
        "the floor is in a currency that can't be compared",
        rejects=lambda bid: bid.floor_micros is None,
        seen=_floors,
        wanted=lambda case: sorted(case.context.delivery.rates),
    ),
    Rule(
        "floor",
        "its price is below the floor",
        rejects=lambda bid: (bid.cpm_micros or 0) < (bid.floor_micros or 0),
        seen=_floors,
        wanted=_bids,
    ),
)
"""Rules that reject a bid of a creative at one floor. For a campaign without a price, explain shows the first one."""


def _seen_impressions(case: Case) -> list[str]:
    from bidder.auction.frequency_rule import frequency_details  # a bid without caps does not wait for the import

    return [frequency_details(case.context, case.campaign)[0]]


def _wanted_impressions(case: Case) -> list[str]:
    from bidder.auction.frequency_rule import frequency_details  # as in `_seen_impressions`

    return [frequency_details(case.context, case.campaign)[1]]


FREQUENCY: Rule[Collection[str]] = Rule(
    "frequency",
    "the viewer has reached a frequency cap, or the viewer's exposures are unknown",
    rejects=lambda allowed: not allowed,
    seen=_seen_impressions,
    wanted=_wanted_impressions,
)
"""Rejects a campaign of whose creatives frequency caps allow none. Checked last, since the counts have to be read."""

DECISION_RULES: tuple[AnyRule, ...] = (
    *REQUEST_RULES,
    *PLAYER_RULES,
    *CAMPAIGN_RULES,
    *CREATIVE_RULES,
    *PRICE_RULES,
    DEAL_BUDGET,
    FREQUENCY,
)
"""The rules that the decision checks. `bidder.auction.rule_table` has them among all rules."""
