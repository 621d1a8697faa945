"""Traffic on a drill's API: bids and their billing notices, in threads, until it is stopped."""

import json
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.integration.drill import EXCHANGE, Drill
from tests.integration.polling import poll
from tests.smoke.target import Answer
from tests.support.matchable import video_request


@dataclass
class Traffic:
    """The statuses of an exchange's bid requests and of its billing notices, by which it bills."""

    drill: Drill
    country: str
    bids: Counter[int] = field(default_factory=Counter)
    notices: Counter[int] = field(default_factory=Counter)
    ended: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def run(self) -> None:
        while not self.ended.is_set():
            self.sell()

    def bid(self) -> Answer:
        """The answer to one bid request."""
        request = video_request(device={"geo": {"country": self.country}})
        return self.drill.target.ask("POST", f"/bid?exchange={EXCHANGE}", json.dumps(request))

    def sell_one(self) -> None:
        """Makes one billed bid, in several auctions if a process has a snapshot without the campaign."""
        poll(self.sell)

    def sell(self) -> bool:
        """Makes an auction and, if the country's campaign bids, sends its billing notice. Returns whether it bid.

        A process whose snapshot lacks the campaign answers with another campaign's bid, or none.
        """
        answer = self.bid()
        with self._lock:
            self.bids[answer.status] += 1
        bid = self.own_bid(answer)
        if bid:
            status = self.drill.target.event("GET", bid["burl"].replace("${AUCTION_PRICE}", str(bid["price"]))).status
            with self._lock:
                self.notices[status] += 1
        return bid is not None

    def own_bid(self, answer: Answer) -> dict[str, Any] | None:
        """The bid of the country's campaign in an answer."""
        if answer.status != 200:
            return None
        bid: dict[str, Any] = answer.json()["seatbid"][0]["bid"][0]
        return bid if bid["cid"] == f"in-{self.country}" else None


@contextmanager
def traffic(drill: Drill, country: str, threads: int = 2) -> Iterator[Traffic]:
    """Traffic for a country during the context."""
    new_traffic = Traffic(drill, country)
    runners = [threading.Thread(target=new_traffic.run, daemon=True) for _ in range(threads)]
    for runner in runners:
        runner.start()
    try:
        yield new_traffic
    finally:
        new_traffic.ended.set()
        for runner in runners:
            runner.join(timeout=60)
