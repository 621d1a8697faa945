"""Events for tests."""

from bidder.events.event import Event
from bidder.events.kinds import Kind
from tests.support.campaigns import NOW


def event(number: int | str = 0, kind: Kind = Kind.IMPRESSION, *, campaign_id: str = "c1", **changes: object) -> Event:
    document = {
        "kind": kind,
        "bid_id": f"bid-{number}",
        "campaign_id": campaign_id,
        "creative_id": "spot",
        "bid_price_micros": 5_000_000,
        "price_micros": 5_000_000,
        "bid_at": NOW,
        "at": NOW,
    }
    return Event.model_validate({**document, **changes})
