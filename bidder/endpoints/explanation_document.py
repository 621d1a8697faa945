"""An explanation as a JSON document, for `POST /explain` and `bidder explain --json`."""

from collections.abc import Sequence
from typing import Any

from bidder.auction.explain import Explanation
from bidder.auction.offer import Offer
from bidder.auction.shading import ShadedBid, in_words
from bidder.auction.verdict import Verdict
from bidder.endpoints.bid import NoAuction
from bidder.openrtb.bid_request import BidRequest
from bidder.snapshot.snapshot import Snapshot


def document(
    request: BidRequest, snapshot: Snapshot, no_auction: NoAuction | None, explanations: Sequence[Explanation]
) -> dict[str, Any]:
    """The explanations of a request as a JSON document.

    `no_auction` is the reason why the request gets no auction. The explanations then are of the auction that it would
    get. Prices are CPMs in micros of the account currency. `funnel` counts the campaigns left after each rule.
    """
    return {
        "id": request.id,
        "snapshot": {
            "version": snapshot.version,
            "as_of": snapshot.as_of.isoformat(),
            "pinned": snapshot.pinned,
            "pinned_since": snapshot.pinned_since.isoformat() if snapshot.pinned_since else None,
        },
        "no_auction": {"nbr": no_auction.nbr, "reason": no_auction.words} if no_auction else None,
        "imp": [
            {
                "id": imp.imp_id,
                "seen": imp.values,
                "funnel": [{"rule": rule, "left": count} for rule, count in imp.funnel],
                "bids": [_offer(offer) for offer in imp.bids],
                "runner_up": _offer(imp.runner_up) if imp.runner_up else None,
                "campaigns": [_verdict(verdict) for verdict in imp.campaigns],
                "campaigns_untold": imp.funnel[0][1] - len(imp.campaigns),
            }
            for imp in explanations
        ],
        "without_video": [imp.id for imp in request.imp if imp.video is None],
    }


def _offer(offer: Offer) -> dict[str, Any]:
    return {
        "campaign": offer.campaign.id,
        "creative": offer.fit.creative.id,
        "cpm_micros": offer.price.cpm_micros,
        "deal": offer.price.deal_id,
    }


def _verdict(verdict: Verdict) -> dict[str, Any]:
    return {
        "campaign": verdict.campaign_id,
        "rule": verdict.rule,
        "reason": verdict.reason,
        "seen": verdict.seen,
        "wanted": verdict.wanted,
        "cpm_micros": verdict.best_offer.price.cpm_micros if verdict.best_offer else None,
        "shading": _shading(verdict.shaded_bid) if verdict.shaded_bid else None,
    }


def _shading(bid: ShadedBid) -> dict[str, Any]:
    return {
        "value_micros": bid.value_micros,
        "bid_micros": bid.cpm_micros,
        "why": bid.why,
        "segment": bid.segment,
        "win_rate": None if bid.win_rate is None else round(bid.win_rate, 6),
        "words": in_words(bid),
    }
