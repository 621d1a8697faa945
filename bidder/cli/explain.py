"""`python -m bidder explain`: decides here, on the current snapshot, and says why; nothing is bid."""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

from bidder.auction.explain import Explanation, explain
from bidder.auction.offer import Offer
from bidder.campaigns.repository import UnknownCampaign
from bidder.cli.segments import warnings
from bidder.cli.table import table
from bidder.endpoints.body import decoded
from bidder.endpoints.explained import document
from bidder.endpoints.service import Service
from bidder.money import display
from bidder.openrtb.parse import parse
from bidder.privacy.gate import permitted

MOST_SHOWN = 30
"""Campaigns in a table, the dearest."""


class NoSnapshot(RuntimeError):
    """Nothing was ever published."""


def print_explanation(service: Service, file: str, campaign_id: str | None, *, as_json: bool) -> None:
    """Raises NoSnapshot, UnknownCampaign, InvalidRequest, BadBody, BadSnapshot, OSError."""
    body = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    request = permitted(parse(decoded(body, "")))
    snapshot = service.store.load(None)
    if snapshot is None:
        msg = "no snapshot was ever published; `python -m bidder refresh` asks for one"
        raise NoSnapshot(msg)
    if campaign_id is not None and snapshot.index.position(campaign_id) is None:
        raise UnknownCampaign(campaign_id)
    now = datetime.now(UTC)
    most = None if as_json else MOST_SHOWN
    explained = explain(request, snapshot, service.settings.seat, now, most=most, campaign_id=campaign_id)
    if as_json:
        print(json.dumps(document(request.id, snapshot, explained), indent=2))
        return
    print(f"Request {request.id}, snapshot {snapshot.version} of {snapshot.as_of:%Y-%m-%d %H:%M:%S} UTC")
    print("\n\n".join(map(_page, explained)) or "No impression has video.")
    position = None if campaign_id is None else snapshot.index.position(campaign_id)
    asked = [] if position is None else [snapshot.index.campaign(position)]
    for line in warnings(service, iter(asked)):
        print(f"warning: {line}", file=sys.stderr)


def print_admin_key(service: Service) -> None:
    """Prints the key that `POST /explain` asks for."""
    key = service.parameters.admin_key
    print(key or "")
    if key is None:
        print(f"there is no {service.settings.parameters}/admin-key; `make deploy` makes one", file=sys.stderr)


def _page(its: Explanation) -> str:
    seen = "; ".join(f"{name} {', '.join(values)}" for name, values in its.values.items())
    untold = its.funnel[0][1] - len(its.campaigns)
    return "\n".join(
        [
            f"\nImpression {its.imp_id}: {seen}",
            *(f"  bids {_offered(offer)}" for offer in its.bids),
            *([] if its.bids else ["  no bid"]),
            *([f"  runner-up {_offered(its.runner_up)}"] if its.runner_up else []),
            "",
            table(("rule", "campaigns left"), ((rule, str(left)) for rule, left in its.funnel)),
            "",
            table(
                ("campaign", "rule", "CPM", "reason", "seen", "wanted"),
                (
                    (
                        one.campaign_id,
                        one.rule,
                        display(one.best.price.cpm_micros) if one.best else "",
                        one.reason,
                        one.seen,
                        one.wanted,
                    )
                    for one in its.campaigns
                ),
                left=6,
            ),
            *([f"… and {untold} campaigns more: --campaign ID, or --json"] if untold else []),
        ]
    )


def _offered(offer: Offer) -> str:
    deal = f" in deal {offer.price.deal_id}" if offer.price.deal_id else ""
    return f"{display(offer.price.cpm_micros)} for {offer.fit.creative.id} of {offer.campaign.id}{deal}"
