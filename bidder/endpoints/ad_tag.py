"""GET /vast: an ad tag in, VAST out."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from bidder.ad_tag.request import InvalidTag, Query, bid_request
from bidder.endpoints.bid import answered, whole
from bidder.endpoints.call import Call
from bidder.endpoints.reply import Reply, error
from bidder.service.no_bid_counts import AnswerKind
from bidder.service.service import Service
from bidder.vast import Version, empty
from bidder.vast.version import PROTOCOLS

FORMATS = {"vast": True, "openrtb": False}
"""What `format` may be, and whether that is markup."""


class TagCall(NamedTuple):
    """A call of the tag: `query` holds decoded values. Header names are in lower case; `address` is the caller's.

    `base_url` is where this app was reached, `unique_id` an id that no other request has. `waited_ms` is as for a bid.
    """

    query: Query
    headers: Mapping[str, str]
    address: str | None
    base_url: str
    now: datetime
    unique_id: str
    waited_ms: Callable[[], float] = lambda: 0


def vast(service: Service, tag: TagCall) -> Reply:
    """200 with VAST, empty where there is no ad; with `format=openrtb` what `POST /bid` answers.

    400 names each parameter that is wrong. Every answer has the CORS headers of `POST /bid`. `debug=1` says why there
    is no ad, to who has the operators' key.
    """
    try:
        call = call_of(service, tag)
    except InvalidTag as wrong:
        return counted_refusal(service, tag, wrong)
    if _word(tag.query, "debug") != "1":
        return answered(service, call)
    from bidder.endpoints.ad_tag_debug import debugged

    return debugged(service, call)


def call_of(service: Service, tag: TagCall) -> Call:
    """The bid that the tag asks for. Raises InvalidTag."""
    written = _word(tag.query, "format") or "vast"
    if written not in FORMATS:
        raise InvalidTag({"format": f"not {' or '.join(FORMATS)}"})
    request = bid_request(tag.query, tag.unique_id)
    return Call(
        body=json.dumps(request).encode(),
        headers={name: value for name, value in tag.headers.items() if name not in _OF_BODIES},
        base_url=tag.base_url,
        now=tag.now,
        exchange=_word(tag.query, "exchange"),
        nbr=_word(tag.query, "nbr") == "1",
        waited_ms=tag.waited_ms,
        address=tag.address,
        stitchers=service.known_stitchers,
        wants_markup=FORMATS[written],
        empty=empty(best_of(request["imp"][0]["video"]["protocols"])),
    )


_OF_BODIES = frozenset({"content-encoding", "content-type", "content-length"})
"""A GET has no body, whatever its headers say."""


def best_of(protocols: Sequence[int]) -> Version:
    """The best version among these protocols; 2.0, which every player reads, where none is known."""
    known = (version for version, both in PROTOCOLS.items() if not {*both}.isdisjoint(protocols))
    return next(known, Version.VAST_2_0)


def _word(query: Query, name: str) -> str | None:
    values = query.get(name)
    return values[0] if values else None


def counted_refusal(service: Service, tag: TagCall, wrong: InvalidTag) -> Reply:
    """400, counted among the answers as that of an invalid body is."""
    service.no_bids.answers[AnswerKind.INVALID] += 1
    service.no_bids.flush(tag.now)
    return refused_tag(tag, wrong)


def refused_tag(tag: TagCall, wrong: InvalidTag) -> Reply:
    """400, which names each wrong parameter."""
    return whole(error(400, f"invalid ad tag: {wrong}", fields=wrong.fields), tag.headers)
