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
from bidder.events.ivt_rules import MAX_ADDRESSES, MAX_PER_MINUTE, SaleHistory, broken_rule, viewer_minute
from bidder.events.kinds import Kind
from bidder.events.settlement import PriceRefusal
from bidder.log import emf

_RETENTION = timedelta(days=30)
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
            marked_events = list(map(self._mark_or_log, events.values()))
        else:
            from concurrent.futures import ThreadPoolExecutor  # imported here, since the bid function does not need it

            with ThreadPoolExecutor(self._at_once) as pool:
                marked_events = list(pool.map(self._mark_or_log, events.values()))
        return {message: event for message, event in zip(events, marked_events, strict=True) if event is not None}

    def _mark_or_log(self, event: Event) -> Event | None:
        try:
            return self._mark_event(event)
        except Exception:  # any failure of DynamoDB or of the network: the other events are judged
            log.error("ledger.unjudged", kind=event.kind)
            return None

    def _mark_event(self, event: Event) -> Event:
        if not event.is_billable:
            return event
        history = SaleHistory()
        if event.kind is Kind.IMPRESSION:
            history = SaleHistory(self._is_within_minute(event), self._is_known_address(event))
        marked_event = event.model_copy(update={"invalid": broken_rule(event, history)})
        if marked_event.price_vector is None or self._is_first_with_price(marked_event, marked_event.price_vector):
            return marked_event
        log.warning("price.refused", **emf(event.at, "PriceRefused", PriceRefusal.REPLAYED, kind=event.kind))
        return marked_event.model_copy(update={"price_micros": event.bid_price_micros})

    def _is_first_with_price(self, event: Event, vector: str) -> bool:
        price = Key(f"price#{vector}", "bid")
        return self._bounded_sets.add_member(price, "bids", event.bid_id, 1, event.at + _RETENTION)

    def _is_within_minute(self, event: Event) -> bool:
        if event.user is None:
            return True
        minute = Key(f"user#{event.user}", f"minute#{viewer_minute(event)}")
        return self._bounded_sets.add_member(minute, "bids", event.bid_id, MAX_PER_MINUTE, event.at + _RETENTION)

    def _is_known_address(self, event: Event) -> bool:
        if event.address is None:
            return True
        bid = Key(f"bid#{event.bid_id}", "addresses")
        return self._bounded_sets.add_member(bid, "addresses", event.address, MAX_ADDRESSES, event.at + _RETENTION)
