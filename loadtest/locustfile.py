"""Exchanges and players against one bidder: bid requests, and the notices and pixels that bids bring back.

Run by `make loadtest`, or with locust's own page: `locust -f loadtest/locustfile.py --host http://127.0.0.1:8000`.
"""

import json
from collections import Counter
from itertools import count
from random import Random
from typing import Any

from locust import FastHttpUser, constant_throughput, task
from locust.exception import StopUser

from loadtest.notices import is_loopback, notices
from loadtest.requests import Kind, generate

BID = "POST /bid"
NOTICE = "GET /e/{kind}"
REQUESTS_PER_SECOND = 10
"""What one user sends at most."""

outcomes: Counter[str] = Counter()
"""How the bid requests were answered: bid, no-bid, 400."""

_seeds = count(1)
_ALLOWED = {Kind.VIDEO: {200, 204}, Kind.BANNER: {204}, Kind.MALFORMED: {400}}


class Exchange(FastHttpUser):
    """One connection of an exchange. Every user has its own seed, so a run can be repeated."""

    wait_time = constant_throughput(REQUESTS_PER_SECOND)
    connection_timeout = 5
    network_timeout = 10

    def on_start(self) -> None:
        if not is_loopback(self.host or ""):
            msg = f"{self.host}: only a bidder on this machine is put under load"
            raise StopUser(msg)
        self.rng = Random(next(_seeds))  # noqa: S311 - a repeatable draw, not a secret

    @task
    def auction(self) -> None:
        kind, request = generate(self.rng)
        for bid in self.bids(kind, request):
            for notice, url in notices(self.rng, request["id"], bid):
                self.call(notice, url)

    def bids(self, kind: Kind, request: dict[str, Any]) -> list[dict[str, Any]]:
        """Sends the request and checks the answer; its bids, none if it was wrong."""
        with self.client.post(
            "/bid",
            data=json.dumps(request),
            headers={"Content-Type": "application/json", "x-openrtb-version": "2.6"},
            name=BID,
            catch_response=True,
        ) as response:
            if response.status_code not in _ALLOWED[kind]:
                response.failure(f"{response.status_code} to a {kind} request: {(response.text or '')[:200]}")
                return []
            response.success()
            outcomes[{200: "bid", 204: "no-bid", 400: "400"}[response.status_code]] += 1
            if response.status_code != 200:
                return []
            try:
                return _checked_bids(request, response.json())
            except (KeyError, TypeError, ValueError) as error:
                response.failure(f"200 with a bad BidResponse: {error!r}")
                return []

    def call(self, kind: str, url: str) -> None:
        """Calls an event URL."""
        name = NOTICE.format(kind=kind)
        if not is_loopback(url):
            self.environment.events.request.fire(
                request_type="GET",
                name=name,
                response_time=0,
                response_length=0,
                exception=ValueError(f"leads to another machine, so not called: {url}"),
                context={},
            )
            return
        with self.client.get(url, name=name, catch_response=True) as response:
            if response.status_code in {200, 204}:
                response.success()
            else:
                response.failure(f"{response.status_code}: {(response.text or '')[:200]}")


def _checked_bids(request: dict[str, Any], answer: dict[str, Any]) -> list[dict[str, Any]]:
    """The bids of a BidResponse. Raises KeyError, TypeError or ValueError where it is no answer to the request."""
    bids = [bid for seat in answer["seatbid"] for bid in seat["bid"]]
    offered = {imp["id"]: imp.get("bidfloor", 0) for imp in request["imp"]}
    if answer["id"] != request["id"] or not bids:
        msg = "another auction's id, or no bids"
        raise ValueError(msg)
    for bid in bids:
        if "dealid" not in bid and bid["price"] < offered[bid["impid"]]:
            msg = f"price {bid['price']} is below the floor of imp {bid['impid']}"
            raise ValueError(msg)
    return bids
