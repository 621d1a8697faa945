"""The bids of an archive that the ledger may have judged as invalid traffic. Pure: events in, bid ids out.

The ledger judges events in the order of their arrival, which the archive does not store. So these functions only select
the bids whose markers a report must read from the ledger.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC

from bidder.events.event import Event
from bidder.events.ivt_rules import MOST_A_MINUTE, MOST_ADDRESSES
from bidder.events.kinds import Kind


def in_crowded_minutes(events: Iterable[Event]) -> frozenset[str]:
    """The bids in the minutes of viewers with too many impressions: some are billed, the others are invalid."""
    minutes: dict[tuple[str, str], set[str]] = defaultdict(set)
    for event in events:
        if event.kind is Kind.IMPRESSION and event.billable and event.user is not None:
            minutes[event.user, f"{event.at.astimezone(UTC):%Y-%m-%dT%H:%M}"].add(event.bid_id)
    return frozenset(bid_id for bids in minutes.values() if len(bids) > MOST_A_MINUTE for bid_id in bids)


def sharing_a_price(events: Iterable[Event]) -> frozenset[str]:
    """The bids that share an encrypted price: one bid is settled at that price, the others at their own prices."""
    bids: dict[str, set[str]] = defaultdict(set)
    for event in events:
        if event.billable and event.price_vector is not None:
            bids[event.price_vector].add(event.bid_id)
    return frozenset(bid_id for bid_ids in bids.values() if len(bid_ids) > 1 for bid_id in bid_ids)


def reported_from_many_addresses(events: Iterable[Event]) -> frozenset[str]:
    """The bids whose impression has too many addresses: billed once, with further events counted as invalid."""
    addresses: dict[str, set[str]] = defaultdict(set)
    for event in events:
        if event.kind is Kind.IMPRESSION and event.billable and event.address is not None:
            addresses[event.bid_id].add(event.address)
    return frozenset(bid_id for bid_id, names in addresses.items() if len(names) > MOST_ADDRESSES)
