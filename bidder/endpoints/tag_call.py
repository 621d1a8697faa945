"""The call of an ad tag, which GET /vast, /vmap and /explain share: the auction that it stands for, and refusals."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from bidder.ad_tag.request import InvalidTag, Query, bid_request
from bidder.endpoints.bid import finish_reply
from bidder.endpoints.call import Call
from bidder.endpoints.reply import Reply, error
from bidder.service.no_bid_counts import AnswerKind
from bidder.service.service import Service
from bidder.vast import Version, empty
from bidder.vast.version import PROTOCOLS

FORMATS = {"vast": True, "openrtb": False}
"""The values of the parameter `format`, and whether each asks for VAST."""

_BODY_HEADERS = frozenset({"content-encoding", "content-type", "content-length"})
"""Headers of a request body. A GET has no body, so they are ignored."""


class TagCall(NamedTuple):
    """A call of an ad tag. `query` holds decoded values, header names are in lower case.

    `address` is the caller's IP address, `base_url` the URL of this app, `unique_id` a unique id of this request.
    `waited_ms` returns the milliseconds since the request arrived.
    """

    query: Query
    headers: Mapping[str, str]
    address: str | None
    base_url: str
    now: datetime
    unique_id: str
    waited_ms: Callable[[], float] = lambda: 0


def call_of(tag: TagCall) -> Call:
    """The call of the auction that an ad tag stands for. Raises InvalidTag."""
    format_name = first_value(tag.query, "format") or "vast"
    if format_name not in FORMATS:
        raise InvalidTag({"format": f"not {' or '.join(FORMATS)}"})
    request = bid_request(tag.query, tag.unique_id)
    return Call(
        body=json.dumps(request).encode(),
        headers={name: value for name, value in tag.headers.items() if name not in _BODY_HEADERS},
        base_url=tag.base_url,
        now=tag.now,
        exchange=first_value(tag.query, "exchange"),
        nbr=first_value(tag.query, "nbr") == "1",
        waited_ms=tag.waited_ms,
        address=tag.address,
        wants_markup=FORMATS[format_name],
        empty=empty(best_version_of(request["imp"][0]["video"]["protocols"])),
    )


def best_version_of(protocols: Sequence[int]) -> Version:
    """The best VAST version among these AdCOM protocols. Without a known protocol, 2.0, which every player reads."""
    versions = (version for version, pair in PROTOCOLS.items() if not {*pair}.isdisjoint(protocols))
    return next(versions, Version.VAST_2_0)


def first_value(query: Query, name: str) -> str | None:
    """The first value of a parameter, or None."""
    values = query.get(name)
    return values[0] if values else None


def refuse_and_count(service: Service, tag: TagCall, invalid_tag: InvalidTag) -> Reply:
    """400 for an invalid ad tag, counted like an invalid body of `POST /bid`."""
    service.no_bids.answers[AnswerKind.INVALID] += 1
    service.no_bids.flush(tag.now)
    return refuse_tag(tag, invalid_tag)


def refuse_tag(tag: TagCall, invalid_tag: InvalidTag) -> Reply:
    """400, naming each invalid parameter of the tag."""
    return finish_reply(error(400, f"invalid ad tag: {invalid_tag}", fields=invalid_tag.fields), tag.headers)
