"""Fake bidders for tests of the load test: each has one fault, or none."""

import json
from contextlib import suppress
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from threading import Event
from typing import ClassVar

from bidder.endpoints.bid import bid
from bidder.endpoints.call import Call
from bidder.openrtb.parse import InvalidRequest, parse
from tests.support.campaigns import campaign, compile_snapshot
from tests.support.service import service

BIDDING = service(compile_snapshot([campaign()], now=datetime.now(UTC)))


class NoBidder(BaseHTTPRequestHandler):
    """A fake bidder that never bids."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.answer(200)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        try:
            parse(body)
        except InvalidRequest:
            self.answer(400)
        else:
            self.answer(204)

    def answer(self, status: int) -> None:
        self.send_response(status)
        if status != 204:
            self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Logs nothing."""


class Broken(NoBidder):
    """A fake bidder that answers only health checks."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.answer(500)


class NotGzip(NoBidder):
    """A fake bidder whose body is not gzip despite its header."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", "8")
        self.end_headers()
        self.wfile.write(b"H4sIAAAA")


class Recording(NoBidder):
    """A fake bidder that never bids and stores the requests."""

    bodies: ClassVar[list[bytes]] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.bodies.append(body)
        self.answer(204 if b'"video"' in body or b'"banner"' in body else 400)


class Overloaded(NoBidder):
    """A fake bidder that answers 503."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.answer(503)


class NoticesFail(NoBidder):
    """A fake bidder that bids and refuses all notices."""

    def do_GET(self) -> None:
        self.answer(503 if self.path.startswith("/e/") else 200)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        base = f"http://{self.headers['Host']}"
        reply = bid(BIDDING, Call(body, {}, base, datetime.now(UTC)))
        content = str(reply.body).encode()
        self.send_response(reply.status)
        if content:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


class EventsVanish(NoticesFail):
    """A fake bidder that bids, accepts all notices, and publishes none."""

    def do_GET(self) -> None:
        self.answer(204 if self.path.startswith("/e/") else 200)


class BidsBelowTheFloor(NoticesFail):
    """Bids a CPM of a tenth of a cent, also below floors, on an impression that the request does not have."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        try:
            request = parse(body)
        except InvalidRequest:
            self.answer(400)
            return
        bids = [{"id": "1", "impid": "no-such-imp", "price": 0.001, "adm": "<VAST/>", "crid": "1"}]
        content = json.dumps({"id": request.id, "seatbid": [{"bid": bids}]}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


class Hangs(NoBidder):
    """A fake bidder that never answers a bid request."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.ended.wait(60)
        self.close_connection = True

    ended: ClassVar[Event] = Event()


class SendsByteByByte(Hangs):
    """A fake bidder whose answer never ends."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        with suppress(OSError):
            while not self.ended.wait(0.5):
                self.wfile.write(b" ")
