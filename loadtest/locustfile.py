"""Exchanges and players as locust users: bid requests, and the notices and pixels of the bids.

Run by `make loadtest`, or with locust's own page by
`.venv/bin/python -m locust -f loadtest/locustfile.py --host http://127.0.0.1:8000`.
"""

import json
import os
import ssl
import time
import zlib
from collections import Counter
from functools import cache
from http import HTTPStatus
from itertools import count
from random import Random
from typing import Any, NamedTuple

import gevent
from gevent.pool import Pool
from locust import FastHttpUser, constant_throughput, events, task
from locust.contrib.fasthttp import ResponseContextManager
from locust.exception import StopUser

from loadtest.answers import bids
from loadtest.curve import share_at
from loadtest.local_api_gateway import accepted_encoding, event_url
from loadtest.notices import notices
from loadtest.pending import Pending, PendingCalls
from loadtest.plan import Plan, may_be_called, may_be_loaded, plan
from loadtest.replay import recorded
from loadtest.requests import Generated
from loadtest.scenario import generate_realistic
from loadtest.standards import check_standards
from loadtest.tls import tls_context

BID = "POST /bid"
NOTICE = "GET /e/{kind}"
NOTICES = "notices"
REQUESTS_PER_SECOND = 10
"""The most requests a second of one user."""

outcomes: Counter[str] = Counter()
"""The number of correctly answered bid requests by outcome: bid, no-bid, 400."""

unavailable: Counter[str] = Counter()
"""The number of bid requests (`BID`) and notices (`NOTICES`) answered with 503. They also count as errors."""

lost: Counter[str] = Counter()
"""The number of lost notices by kind, after all attempts."""

accepted_events: set[tuple[str, str]] = set()
"""The notices that the bidder accepted: kind and bid id."""

late: Counter[str] = Counter()
"""The number of bids (`BID`) that came after the `tmax` of their requests. They are no errors."""

_OUTCOMES = {200: "bid", 204: "no-bid", 400: "400"}
_HEADERS = {"Content-Type": "application/json", "x-openrtb-version": "2.6"}
_RETRY_SECONDS = 1.0
"""Seconds that a caller waits after the first 503; more after further ones.

Retry-After is 5, which is too long here.
"""
ANSWER_SECONDS = 10.0
"""The most seconds from a bid request to the last byte of its answer. The client's own time-out starts again with each
byte, so a server that sends byte by byte would never fail."""
_TOO_LATE = f"no complete answer within {ANSWER_SECONDS:g} s"
_CALLS_AT_ONCE = 2
"""The most concurrent notices of a user. More would block the single process of the local AWS."""


class _Progress:
    """The state of a run: the number of the next user, of the next checked answer, and the time of the start."""

    def __init__(self) -> None:
        self.users = count(1)
        self.answers = count()
        self.started_at = time.monotonic()
        replay = _plan().replay
        self.replayed = recorded(replay) if replay else None


@cache
def _plan() -> Plan:
    return plan(os.environ)


@cache
def _context(**_: object) -> ssl.SSLContext:
    """The TLS context of all users. Without it, locust's client would trust the authorities of its own bundle."""
    return tls_context(_plan().ca)


_run: _Progress


def _begin(**_: object) -> None:
    """Resets the state, so that each run of locust's page sends the same requests."""
    global _run
    _run = _Progress()
    for counts in (outcomes, unavailable, lost, late, accepted_events):
        counts.clear()


events.test_start.add_listener(_begin)  # type: ignore[no-untyped-call]


class BidCalls(NamedTuple):
    """The kind and the URL of each call that a bid causes."""

    bid_id: str
    calls: list[tuple[str, str]]


class ExchangeUser(FastHttpUser):
    """An exchange and its players. Each user has its own seed, so SEED and the user's number repeat its requests.

    Answers and their calls use a second seed, so they do not change the requests.
    """

    connection_timeout = 5
    network_timeout = 10
    insecure = False  # locust's default is to trust any certificate
    ssl_context_factory = staticmethod(_context)

    def on_start(self) -> None:
        if not may_be_loaded(self.host or "", os.environ):
            msg = f"{self.host}: a load test needs a bidder on this machine, or CONFIRM=yes for a deployed bidder"
            raise StopUser(msg)
        number = next(_run.users)
        self.requests_rng = _random_of(f"{_plan().seed} requests {number}")
        self.calls_rng = _random_of(f"{_plan().seed} calls {number}")
        self.headers = _HEADERS | {"Accept-Encoding": accepted_encoding(self.host or "")}
        self.pending = PendingCalls()
        self.players = Pool(_CALLS_AT_ONCE)

    def on_stop(self) -> None:
        """Makes all remaining calls and repeats failed ones, so that no call is missing at the end."""
        self.players.join()
        while self.pending:
            for call in self.pending.rest():
                self.players.spawn(self.call, call)
            self.players.join()
            if self.pending:
                gevent.sleep(_RETRY_SECONDS)

    def wait_time(self) -> float:
        """The seconds until the next request."""
        share = share_at(time.monotonic() - _run.started_at, _plan().duration) if _plan().is_weekly else 1.0
        seconds: float = constant_throughput(max(0.05, REQUESTS_PER_SECOND * share))(self)
        return seconds

    @task
    def auction(self) -> None:
        """Starts the due calls, and sends one bid request, whose calls are due later."""
        for call in self.pending.due(time.monotonic()):
            self.players.spawn(self.call, call)
        request = generate_realistic(self.requests_rng) if _run.replayed is None else next(_run.replayed)
        user_agent = _user_agent(request.document)
        for bid_id, calls in self.ask_in_time(request):
            self.pending.add(self.calls_rng, calls, time.monotonic(), bid_id, user_agent)

    def ask_in_time(self, request: Generated) -> list[BidCalls]:
        """Sends a bid request as `ask` does, and gives up after `ANSWER_SECONDS`."""
        try:
            with gevent.Timeout(ANSWER_SECONDS):
                return self.ask(request)
        except gevent.Timeout:
            self.fail(BID, _TOO_LATE, "POST")
            return []

    def ask(self, request: Generated) -> list[BidCalls]:
        """Sends a bid request. Returns the calls of each bid in the answer."""
        started_at = time.monotonic()
        with self.client.post(
            "/bid",
            data=request.body,  # type: ignore[arg-type] # locust passes bytes on
            headers=self.headers,
            name=BID,
            catch_response=True,
            allow_redirects=False,
        ) as response:
            seconds = time.monotonic() - started_at
            if seconds >= ANSWER_SECONDS:  # locust ends the answer at the time-out of `ask_in_time`
                response.failure(_TOO_LATE)
                return []
            _count_unavailable(response, BID)
            try:
                body = _body_text(response)
                returned_bids = bids(request.kind, request.document, response.status_code, body)
                if returned_bids and next(_run.answers) % _plan().check_every == 0:
                    check_standards(json.loads(body))
                auction_id = str(request.document.get("id", ""))
                calls = [BidCalls(bid["id"], notices(self.calls_rng, auction_id, bid)) for bid in returned_bids]
            except ValueError as error:
                response.failure(str(error))
                return []
            response.success()
            outcomes[_OUTCOMES[response.status_code]] += 1
            late[BID] += bool(calls) and _is_after_tmax(request.document, seconds)
            return calls

    def call(self, call: Pending) -> None:
        """Calls an event URL.

        After a 5xx or without an answer, the call is repeated later. After the last attempt it counts as lost.
        """
        name, url = NOTICE.format(kind=call.kind), event_url(call.url, self.host or "")
        if not may_be_called(url, self.host or ""):
            self.fail(name, f"the event URL leads to another machine, so the load test does not call it: {url}")
            return
        headers = {} if call.user_agent is None else {"User-Agent": call.user_agent}
        with self.client.get(url, headers=headers, name=name, catch_response=True, allow_redirects=False) as response:
            _count_unavailable(response, NOTICES)
            status = response.status_code
            if status in {200, 204}:
                response.success()
                accepted_events.add((call.kind, call.bid_id))
                return
            response.failure(f"{status}: {_display_body(response)}")
        is_final = status and status < HTTPStatus.INTERNAL_SERVER_ERROR
        if is_final or not self.pending.again(call, time.monotonic(), _RETRY_SECONDS * call.attempt):
            lost[call.kind] += 1

    def fail(self, name: str, message: str, method: str = "GET") -> None:
        """Counts a failure that does not belong to an answer."""
        nothing = {"response_time": 0, "response_length": 0, "context": {}}
        self.environment.events.request.fire(request_type=method, name=name, exception=ValueError(message), **nothing)


def _random_of(seed: str) -> Random:
    return Random(seed)  # noqa: S311 - a repeatable draw, not a secret


def _is_after_tmax(request: dict[str, Any], seconds: float) -> bool:
    tmax = request.get("tmax")
    return isinstance(tmax, int | float) and 0 < tmax < seconds * 1000


def _user_agent(request: dict[str, Any]) -> str | None:
    device = request.get("device")
    user_agent = device.get("ua") if isinstance(device, dict) else None
    return user_agent if isinstance(user_agent, str) and user_agent.isascii() and user_agent.isprintable() else None


def _count_unavailable(response: ResponseContextManager, row: str) -> None:
    if response.status_code == HTTPStatus.SERVICE_UNAVAILABLE:
        unavailable[row] += 1


def _body_text(response: ResponseContextManager) -> str:
    """The body of the response. If no server answered, the error of locust's response.

    Raises ValueError for a body that cannot be decoded as its headers say.
    """
    try:
        if response.text:
            return response.text
        error = getattr(response, "error", "")
        return repr(getattr(error, "original", error))  # without the URL, so that equal errors are counted together
    except (zlib.error, OSError, UnicodeError) as error:
        msg = f"{response.status_code} with a body that its headers do not describe: {error}"
        raise ValueError(msg) from None


def _display_body(response: ResponseContextManager) -> str:
    try:
        return _body_text(response)[:200]
    except ValueError as error:
        return str(error)
