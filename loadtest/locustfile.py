"""Exchanges and players against one bidder: bid requests, and the notices and pixels that bids bring back.

Run by `make loadtest`, or with locust's own page by
`.venv/bin/python -m locust -f loadtest/locustfile.py --host http://127.0.0.1:8000`.
"""

import json
import os
from collections import Counter
from http import HTTPStatus
from itertools import count
from random import Random
from typing import Any

from locust import FastHttpUser, constant_throughput, task
from locust.contrib.fasthttp import ResponseContextManager
from locust.exception import StopUser

from loadtest.answers import bids
from loadtest.notices import notices
from loadtest.plan import may_be_called, may_be_loaded
from loadtest.requests import RequestKind, generate

BID = "POST /bid"
NOTICE = "GET /e/{kind}"
NOTICES = "notices"
REQUESTS_PER_SECOND = 10
"""The most requests a second of one user."""

outcomes: Counter[str] = Counter()
"""How the bid requests were answered, where that was right: bid, no-bid, 400."""

unavailable: Counter[str] = Counter()
"""How many bid requests (`BID`) and notices (`NOTICES`) were answered 503; they are errors as well."""

_OUTCOMES = {200: "bid", 204: "no-bid", 400: "400"}
_HEADERS = {"Content-Type": "application/json", "x-openrtb-version": "2.6"}
_seeds = count(1)


class ExchangeUser(FastHttpUser):
    """One connection of an exchange. Every user has its own seed, so a run can be repeated."""

    wait_time = constant_throughput(REQUESTS_PER_SECOND)
    connection_timeout = 5
    network_timeout = 10

    def on_start(self) -> None:
        if not may_be_loaded(self.host or "", os.environ):
            msg = f"{self.host}: only a bidder on this machine is put under load, or a deployed one with CONFIRM=yes"
            raise StopUser(msg)
        self.rng = Random(next(_seeds))  # noqa: S311 - a repeatable draw, not a secret

    @task
    def auction(self) -> None:
        """One auction, from the request to the last pixel."""
        for kind, url in self.ask(*generate(self.rng)):
            self.call(kind, url)

    def ask(self, kind: RequestKind, request: dict[str, Any]) -> list[tuple[str, str]]:
        """Sends a bid request; the kinds and URLs of the calls that its bids bring back."""
        with self.client.post(
            "/bid",
            data=json.dumps(request),
            headers=_HEADERS,
            name=BID,
            catch_response=True,
            allow_redirects=False,
        ) as response:
            _count_unavailable(response, BID)
            try:
                returned_bids = bids(kind, request, response.status_code, _body_text(response))
                calls = [call for bid in returned_bids for call in notices(self.rng, request["id"], bid)]
            except ValueError as error:
                response.failure(str(error))
                return []
            response.success()
            outcomes[_OUTCOMES[response.status_code]] += 1
            return calls

    def call(self, kind: str, url: str) -> None:
        """Calls an event URL."""
        name = NOTICE.format(kind=kind)
        if not may_be_called(url, self.host or ""):
            refused = ValueError(f"leads to another machine, so not called: {url}")
            self.environment.events.request.fire(
                request_type="GET", name=name, response_time=0, response_length=0, exception=refused, context={}
            )
            return
        with self.client.get(url, name=name, catch_response=True, allow_redirects=False) as response:
            _count_unavailable(response, NOTICES)
            if response.status_code in {200, 204}:
                response.success()
            else:
                response.failure(f"{response.status_code}: {_body_text(response)[:200]}")


def _count_unavailable(response: ResponseContextManager, row: str) -> None:
    if response.status_code == HTTPStatus.SERVICE_UNAVAILABLE:
        unavailable[row] += 1


def _body_text(response: ResponseContextManager) -> str:
    """The body or, where nothing answered, why: only then does locust's response have an error."""
    return response.text or repr(getattr(response, "error", ""))
