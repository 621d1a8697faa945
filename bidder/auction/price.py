"""What a campaign bids on an impression: in the open market, or in a deal."""

from collections.abc import Sequence
from typing import NamedTuple

from bidder.auction.refusal import Refusal
from bidder.campaigns.campaign import Campaign
from bidder.money import ACCOUNT_CURRENCY, floor_micros
from bidder.openrtb.auction_type import AuctionType
from bidder.openrtb.deal import Deal
from bidder.openrtb.imp import Imp


class Price(NamedTuple):
    """A bid's CPM in micros, and the deal that it is made in."""

    cpm_micros: int
    deal_id: str | None


def price(campaign: Campaign, imp: Imp, seat: str) -> Price | Refusal:
    """The campaign's best bid that reaches its floor, or the rule that none of its bids passes.

    A deal's floor is its own, in its own currency (OpenRTB 2.6 section 3.2.12); where it states none, the impression's
    holds. A fixed-price deal is bid at its price. Between equal prices the deal goes first.
    """
    deals = open_to(imp.pmp.deals if imp.pmp else (), seat, campaign.advertiser.domain)
    terms = {deal.id: deal.cpm_micros for deal in campaign.deals}
    bids: list[Price] = []
    refusals: list[Refusal] = []
    for deal in deals:
        if deal.id in terms:
            _sort_in(_deal_price(deal, terms[deal.id], imp), bids, refusals)
    if campaign.cpm_micros is not None and not (imp.pmp and imp.pmp.private_auction):
        _sort_in(_reaching(Price(campaign.cpm_micros, None), imp.bidfloor, imp.bidfloorcur), bids, refusals)
    if bids:
        return max(bids, key=lambda bid: (bid.cpm_micros, bid.deal_id is not None))
    return refusals[0] if refusals else Refusal.DEAL


def open_to(deals: Sequence[Deal], seat: str, advertiser_domain: str) -> list[Deal]:
    """The deals that this seat may buy for this advertiser."""
    return [
        deal
        for deal in deals
        if (not deal.wseat or seat in deal.wseat) and (not deal.wadomain or advertiser_domain in deal.wadomain)
    ]


def lowest_floor(imp: Imp) -> int:
    """A CPM in micros below which no bid reaches any floor of the impression; 0 where that can't be said."""
    floors = [(imp.bidfloor, imp.bidfloorcur)]
    floors += [(deal.bidfloor, deal.bidfloorcur) for deal in (imp.pmp.deals if imp.pmp else ()) if deal.bidfloor]
    if any(currency != ACCOUNT_CURRENCY or not bidfloor or bidfloor < 0 for bidfloor, currency in floors):
        return 0
    return min(floor_micros(bidfloor) for bidfloor, _ in floors if bidfloor)


def _deal_price(deal: Deal, most_micros: int, imp: Imp) -> Price | Refusal:
    if deal.bidfloor is None:
        return _reaching(Price(most_micros, deal.id), imp.bidfloor, imp.bidfloorcur)
    reached = _reaching(Price(most_micros, deal.id), deal.bidfloor, deal.bidfloorcur)
    if deal.at == AuctionType.FIXED_PRICE and deal.bidfloor > 0 and isinstance(reached, Price):
        return Price(floor_micros(deal.bidfloor), deal.id)
    return reached


def _reaching(bid: Price, bidfloor: float | None, currency: str) -> Price | Refusal:
    if not bidfloor or bidfloor < 0:
        return bid
    if currency != ACCOUNT_CURRENCY:
        return Refusal.FLOOR_CURRENCY
    return bid if bid.cpm_micros >= floor_micros(bidfloor) else Refusal.FLOOR


def _sort_in(outcome: Price | Refusal, bids: list[Price], refusals: list[Refusal]) -> None:
    if isinstance(outcome, Refusal):
        refusals.append(outcome)
    else:
        bids.append(outcome)
