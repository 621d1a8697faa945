"""The delivery state: the small part of a snapshot that changes every minute."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from bidder.campaigns.campaign import Campaign
from bidder.delivery.budget import Spend, withheld
from bidder.snapshot import envelope
from bidder.snapshot.index import in_order

KIND = "delivery"


@dataclass(frozen=True, slots=True)
class Delivery:
    """Who may bid. `eligible` has a bit for each position of the index; `withheld` says why the others may not."""

    index_id: str
    as_of: datetime
    eligible: int
    withheld: Mapping[str, str]


def compile_delivery(
    campaigns: Iterable[Campaign], spends: Mapping[str, Spend], index_id: str, as_of: datetime
) -> bytes:
    """The delivery object for these campaigns and what they had spent at `as_of`."""
    eligible = 0
    reasons: dict[str, str] = {}
    for position, campaign in enumerate(in_order(campaigns)):
        reason = withheld(campaign, spends.get(campaign.id, Spend()))
        if reason is None:
            eligible |= 1 << position
        else:
            reasons[campaign.id] = reason
    return envelope.pack(
        KIND, {"index": index_id, "as_of": as_of.isoformat(), "eligible": hex(eligible), "withheld": reasons}
    )


def load_delivery(data: bytes) -> Delivery:
    """A delivery object, read back. Raises BadSnapshot."""
    body = envelope.unpack(KIND, data)
    return Delivery(
        index_id=body["index"],
        as_of=datetime.fromisoformat(body["as_of"]),
        eligible=int(body["eligible"], 16),
        withheld=body["withheld"],
    )
