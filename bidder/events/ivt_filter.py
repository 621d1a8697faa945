"""The invalid traffic filter of the ledger: compares a sale with earlier events of the same viewer and of the same bid.

Items of the ledger's table, by `pk` and `sk`:
- `user#<user>`, `minute#<YYYY-MM-DDTHH:MM>`: `bids`, the first bids that a viewer was shown in a minute.
- `bid#<bid id>`, `addresses`: `addresses`, the pseudonyms of the first addresses that reported a bid's impression.
- `price#<vector>`, `bid`: `bids`, the first bid with this encrypted price. Other bids are settled at their own price.

The first events are valid. So a token that many senders replay is billed once, and later events are invalid traffic.
"""

from collections.abc import Mapping
from datetime import timedelta

from bidder import log
from bidder.events.bounded_sets import BoundedSets
from bidder.events.counted_once import Key
from bidder.events.event import Event
from bidder.events.ivt_rules import MOST_A_MINUTE, MOST_ADDRESSES, SaleHistory, broken_rule, viewer_minute
from bidder.events.kinds import Kind
from bidder.events.settlement import PriceRefusal
from bidder.log import emf

_KEPT = timedelta(days=30)
"""Longer than an event can wait in the queue and its dead-letter queue, so that a repeated event is judged equally."""


class IvtFilter:
    """Marks invalid events. The result for an event does not change with repetition."""

    def __init__(self, bounded_sets: BoundedSets, at_once: int = 1) -> None:
        """`at_once` is the number of events judged in parallel; each takes up to two writes."""
        self._bounded_sets = bounded_sets
        self._at_once = at_once

    def mark_invalid(self, events: Mapping[str, Event]) -> dict[str, Event]:
        """The events by message id, with `invalid` set to the broken rule. Only billable events are judged.

        An event that cannot be judged because DynamoDB fails is logged and left out; the caller tries it again later.
        """
        if self._at_once == 1:
            judged = list(map(self._tried, events.values()))
        else:
            from concurrent.futures import ThreadPoolExecutor  # imported here, since the bid function does not need it

            with ThreadPoolExecutor(self._at_once) as pool:
                judged = list(pool.map(self._tried, events.values()))
        return {message: event for message, event in zip(events, judged, strict=True) if event is not None}

    def _tried(self, event: Event) -> Event | None:
        try:
            return self._judged(event)
        except Exception:  # any failure of DynamoDB or of the network: the other events are judged
            log.error("ledger.unjudged", kind=event.kind)
            return None

    def _judged(self, event: Event) -> Event:
        if not event.billable:
            return event
        history = SaleHistory()
        if event.kind is Kind.IMPRESSION:
            history = SaleHistory(self._is_within_minute(event), self._is_known_address(event))
        judged = event.model_copy(update={"invalid": broken_rule(event, history)})
        if judged.price_vector is None or self._is_first_with_price(judged, judged.price_vector):
            return judged
        log.warning("price.refused", **emf(event.at, "PriceRefused", PriceRefusal.REPLAYED, kind=event.kind))
        return judged.model_copy(update={"price_micros": event.bid_price_micros})

    def _is_first_with_price(self, event: Event, vector: str) -> bool:
        return self._bounded_sets.take(Key(f"price#{vector}", "bid"), "bids", event.bid_id, 1, event.at + _KEPT)

    def _is_within_minute(self, event: Event) -> bool:
        if event.user is None:
            return True
        minute = Key(f"user#{event.user}", f"minute#{viewer_minute(event)}")
        return self._bounded_sets.take(minute, "bids", event.bid_id, MOST_A_MINUTE, event.at + _KEPT)

    def _is_known_address(self, event: Event) -> bool:
        if event.address is None:
            return True
        bid = Key(f"bid#{event.bid_id}", "addresses")
        return self._bounded_sets.take(bid, "addresses", event.address, MOST_ADDRESSES, event.at + _KEPT)
