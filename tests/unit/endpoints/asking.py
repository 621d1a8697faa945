"""Calls of the POST /bid endpoint without Chalice."""

import json
from typing import Any
from urllib.parse import urlsplit

from bidder.endpoints.bid import bid
from bidder.endpoints.call import Call
from bidder.endpoints.reply import Reply
from bidder.events.claims import Claims
from bidder.events.kinds import Kind
from bidder.events.token import verify
from bidder.snapshot.snapshot import Snapshot
from tests.support.campaigns import NOW, campaign, compile_snapshot
from tests.support.service import KEYS, service

BASE = "https://bid.example/api"
NAMESPACE = {"v": "http://www.iab.com/VAST"}
PLAIN = compile_snapshot([campaign()])
# AdCOM 1.0, List: Creative Subtypes - Audio/Video
INLINE = {"2.0": 2, "3.0": 3, "4.0": 7, "4.1": 11, "4.2": 13, "4.3": 15}
WRAPPER = {"2.0": 5, "3.0": 6, "4.0": 8, "4.1": 12, "4.2": 14, "4.3": 16}


def ask(request: Any, snapshot: Snapshot | None = PLAIN, **headers: str) -> Reply:
    body = request if isinstance(request, bytes) else json.dumps(request).encode()
    return bid(service(snapshot), Call(body, headers, BASE, NOW))


def only_bid(reply: Reply) -> dict[str, Any]:
    assert reply.status == 200, reply
    [seat] = json.loads(reply.body)["seatbid"]
    [bid_item] = seat["bid"]
    return bid_item


def claims_of(url: str, kind: Kind) -> Claims:
    path = urlsplit(url).path
    head, _, token = path.rpartition("/")
    assert url.startswith(BASE)
    assert head.endswith(f"/e/{kind}")
    return verify(kind, token, KEYS, NOW)
