"""Exchanges and players against one bidder: bid requests, and the notices and pixels that bids bring back.

Run by `make loadtest`, or with locust's own page by
`.venv/bin/python -m locust -f loadtest/locustfile.py --host http://127.0.0.1:8000`.
"""

import json
import os
import time
from collections import Counter
from collections.abc import Iterator
from functools import cache
from http import HTTPStatus
from itertools import count
from random import Random
from typing import Any

from locust import FastHttpUser, constant_throughput, task
from locust.contrib.fasthttp import ResponseContextManager
from locust.exception import StopUser

from loadtest.answers import bids
from loadtest.curve import share_at
from loadtest.notices import notices
from loadtest.pending import MOST_ATTEMPTS, Pending, PendingCalls
from loadtest.plan import Plan, may_be_called, may_be_loaded, plan
from loadtest.replay import recorded
from loadtest.requests import Generated, RequestKind
from loadtest.scenario import realistic
from loadtest.standards import check_standards

BID = "POST /bid"
NOTICE = "GET /e/{kind}"
NOTICES = "notices"
REQUESTS_PER_SECOND = 10
"""The most requests a second of one user."""

outcomes: Counter[str] = Counter()
"""How the bid requests were answered, where that was right: bid, no-bid, 400."""

unavailable: Counter[str] = Counter()
"""How many bid requests (`BID`) and notices (`NOTICES`) were answered 503; they are errors as well."""

lost: Counter[str] = Counter()
"""Notices by kind that were not taken, however often they were sent."""

_OUTCOMES = {200: "bid", 204: "no-bid", 400: "400"}
_HEADERS = {"Content-Type": "application/json", "x-openrtb-version": "2.6"}
_seeds = count(1)
_checked = count()
_RETRY_SECONDS = 1.0
"""How long a caller waits after a 503. Retry-After says 5; a load test has not the time."""


@cache
def _plan() -> Plan:
    return plan(os.environ)


@cache
def _began() -> float:
    """The clock when the first user was there."""
    return time.monotonic()


@cache
def _replayed() -> Iterator[Generated] | None:
    """The requests of the file that is replayed, for all users together; None without a file."""
    path = _plan().replay
    return None if path is None else recorded(path)


class ExchangeUser(FastHttpUser):
    """One connection of an exchange. Every user has its own seed, so a run can be repeated."""

    connection_timeout = 5
    network_timeout = 10

    def on_start(self) -> None:
        if not may_be_loaded(self.host or "", os.environ):
            msg = f"{self.host}: only a bidder on this machine is put under load, or a deployed one with CONFIRM=yes"
            raise StopUser(msg)
        self.rng = Random(next(_seeds))  # noqa: S311 - a repeatable draw, not a secret
        self.pending = PendingCalls()
        _began()

    def on_stop(self) -> None:
        """Makes the calls that are not due yet, so that none is missing at the end."""
        for call in self.pending.rest():
            self.call(call)
        for call in self.pending.rest():  # those that are to be tried again
            self.call(call._replace(attempt=MOST_ATTEMPTS))

    def wait_time(self) -> float:
        """The seconds until the next request."""
        share = share_at(time.monotonic() - _began(), _plan().duration) if _plan().is_weekly else 1.0
        seconds: float = constant_throughput(max(0.05, REQUESTS_PER_SECOND * share))(self)
        return seconds

    @task
    def auction(self) -> None:
        """The calls that are due, and one auction; its calls are due later."""
        for call in self.pending.due(time.monotonic()):
            self.call(call)
        replayed = _replayed()
        generated = realistic(self.rng) if replayed is None else next(replayed)
        self.pending.add(self.rng, self.ask(*generated), time.monotonic())

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
                if returned_bids and next(_checked) % _plan().check_every == 0:
                    check_standards(json.loads(_body_text(response)))
                calls = [call for bid in returned_bids for call in notices(self.rng, request["id"], bid)]
            except ValueError as error:
                response.failure(str(error))
                return []
            response.success()
            outcomes[_OUTCOMES[response.status_code]] += 1
            return calls

    def call(self, call: Pending) -> None:
        """Calls an event URL. After a 5xx or no answer it is called again; without tries left it is lost."""
        name, url = NOTICE.format(kind=call.kind), call.url
        if not may_be_called(url, self.host or ""):
            self.fail(name, f"leads to another machine, so not called: {url}")
            return
        with self.client.get(url, name=name, catch_response=True, allow_redirects=False) as response:
            _count_unavailable(response, NOTICES)
            status = response.status_code
            if status in {200, 204}:
                response.success()
                return
            response.failure(f"{status}: {_body_text(response)[:200]}")
        is_final = status and status < HTTPStatus.INTERNAL_SERVER_ERROR
        if is_final or not self.pending.again(call, time.monotonic(), _RETRY_SECONDS):
            lost[call.kind] += 1

    def fail(self, name: str, message: str) -> None:
        """Counts a failure that is no request."""
        self.environment.events.request.fire(
            request_type="GET", name=name, response_time=0, response_length=0, exception=ValueError(message), context={}
        )


def _count_unavailable(response: ResponseContextManager, row: str) -> None:
    if response.status_code == HTTPStatus.SERVICE_UNAVAILABLE:
        unavailable[row] += 1


def _body_text(response: ResponseContextManager) -> str:
    """The body or, where nothing answered, why: only then does locust's response have an error."""
    return response.text or repr(getattr(response, "error", ""))
