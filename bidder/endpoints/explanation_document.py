"""An explanation as JSON: of `POST /explain`, and of `bidder explain --json`."""

from collections.abc import Sequence
from typing import Any

from bidder.auction.explain import Explanation
from bidder.auction.offer import Offer
from bidder.auction.verdict import Verdict
from bidder.openrtb.bid_request import BidRequest
from bidder.snapshot.snapshot import Snapshot


def document(request: BidRequest, snapshot: Snapshot, explained: Sequence[Explanation]) -> dict[str, Any]:
    """Prices are CPMs in micros of the account currency; `funnel` counts the campaigns left after each rule."""
    return {
        "id": request.id,
        "snapshot": {
            "version": snapshot.version,
            "as_of": snapshot.as_of.isoformat(),
            "pinned": snapshot.pinned,
            "pinned_since": snapshot.pinned_since.isoformat() if snapshot.pinned_since else None,
        },
        "imp": [
            {
                "id": its.imp_id,
                "seen": its.values,
                "funnel": [{"rule": rule, "left": left} for rule, left in its.funnel],
                "bids": [_offer(offer) for offer in its.bids],
                "runner_up": _offer(its.runner_up) if its.runner_up else None,
                "campaigns": [_verdict(verdict) for verdict in its.campaigns],
                "campaigns_untold": its.funnel[0][1] - len(its.campaigns),
            }
            for its in explained
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
        "cpm_micros": verdict.best.price.cpm_micros if verdict.best else None,
    }
