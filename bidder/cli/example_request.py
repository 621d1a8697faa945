"""An example request that a campaign bids on: built from its targeting, and checked by the decision."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import product
from math import ceil
from typing import Any, NamedTuple

from bidder.auction.auction_context import AuctionContext
from bidder.auction.decide import decide
from bidder.auction.match import match
from bidder.campaigns.campaign import Campaign, Status
from bidder.campaigns.creative import Creative
from bidder.campaigns.dnf import Conjunction, Predicate, TooManyConjunctions, conjunctions
from bidder.campaigns.request_fields_used import creative_conjunctions
from bidder.money import Rate
from bidder.normal_forms import category
from bidder.openrtb.parse import parse
from bidder.snapshot.compile import compile_index
from bidder.snapshot.delivery_state import compile_delivery, load_delivery
from bidder.snapshot.index import Index
from bidder.snapshot.snapshot import Snapshot

MAX_TRIED = 200
_HOURS_TRIED = 7 * 24
_SIZES = {"small": (400, 225), "medium": (1280, 720), "large": (1920, 1080)}
_TIMED = frozenset({"hour", "user_hour"})

Request = dict[str, Any]


class Example(NamedTuple):
    """A request, its time, and its exchange. None is any exchange."""

    request: Request
    at: datetime
    exchange: str | None


def example_request(campaign: Campaign, seat: str, now: datetime, rates: Mapping[str, Rate]) -> Example | None:
    """A request on which the campaign bids if it is active, in its flight and in its budget.

    None if no example matches: a campaign may target ids of viewers, and the search cannot invent ids.
    """
    active = campaign.model_copy(update={"status": Status.ACTIVE})
    start, end = campaign.flight.start, campaign.flight.end
    moment = start if start and start > now else end - timedelta(seconds=1) if end and end <= now else now
    index = Index.load([compile_index([active])])
    for number, example in enumerate(_candidates(campaign, moment)):
        if number == MAX_TRIED:
            return None
        hours = _HOURS_TRIED if _TIMED & _attributes(campaign) else 1
        for hour in range(hours):
            at = example.at + timedelta(hours=hour)
            delivery = load_delivery(compile_delivery(index, {}, at, rates), index)
            snapshot = Snapshot(1, index, delivery)
            request = parse(json.dumps(example.request).encode())
            context = AuctionContext(request, seat, delivery, at)
            if decide(context, match(request, snapshot, at, example.exchange), snapshot):
                return example._replace(at=at)
    return None


def _candidates(campaign: Campaign, at: datetime) -> Iterator[Example]:
    """A request for each creative, each conjunction of the targeting of creative and campaign, and each deal."""
    deals: list[str | None] = [None] if campaign.bids_openly else []
    deals += [deal.id for deal in campaign.deals]
    try:
        cases = conjunctions(campaign.targeting, campaign.where)
        for creative in campaign.creatives:
            for case, other, deal in product(cases, creative_conjunctions(creative, "UTC"), deals):
                yield _example([case, other], creative, deal, at)
    except TooManyConjunctions:
        return


def _example(cases: Sequence[Conjunction], creative: Creative, deal: str | None, at: datetime) -> Example:
    types = [media.mime for media in creative.media] or list(creative.tag.mimes if creative.tag else ())
    video: Request = {
        "mimes": list(dict.fromkeys(types)),
        "protocols": [2, 3, 5, 6, 7, 8, 11, 12, 13, 14],
        "w": 1280,
        "h": 720,
        "maxduration": ceil(creative.duration),
        "linearity": 1,
        "api": list(creative.apis),
    }
    imp: Request = {"id": "1", "video": video}
    request: Request = {"id": "example", "imp": [imp], "cur": ["USD"], "device": {}, "user": {}}
    if deal is not None:
        imp["pmp"] = {"deals": [{"id": deal}]}
    values_by_name = {name: [] for case in cases for name in case}  # type: dict[str, list[str]]
    for case in cases:
        for name, predicate in case.items():
            values_by_name[name] += _values(predicate)
    channel = _channel(values_by_name)
    request[channel] = {}
    for name, values in values_by_name.items():
        if values and name in _WRITERS:
            _WRITERS[name](_Parts(request, imp, video, request[channel]), values)
    exchange = next(iter(values_by_name.get("exchange", ())), None)
    return Example(request, at, exchange)


def _values(predicate: Predicate) -> Iterator[str]:
    """A value of each set in `any_of`, without the values of `none_of`."""
    for values in predicate.any_of:
        yield from sorted(values - predicate.none_of)[:1]


def _channel(values: Mapping[str, Sequence[str]]) -> str:
    if values.get("inventory"):
        return values["inventory"][0]
    return "app" if values.get("bundle") else "site"


def _attributes(campaign: Campaign) -> set[str]:
    cases = [*conjunctions(campaign.targeting, campaign.where)]
    cases += [case for creative in campaign.creatives for case in creative_conjunctions(creative, "UTC")]
    return {name for case in cases for name in case}


class _Parts(NamedTuple):
    request: Request
    imp: Request
    video: Request
    channel: Request

    @property
    def device(self) -> Request:
        return self.request["device"]  # type: ignore[no-any-return]

    @property
    def geo(self) -> Request:
        return self.device.setdefault("geo", {})  # type: ignore[no-any-return]

    @property
    def content(self) -> Request:
        return self.channel.setdefault("content", {})  # type: ignore[no-any-return]


Writer = Callable[[_Parts, Sequence[str]], None]


def _field(of: str, name: str, read: Callable[[str], Any] = str) -> Writer:
    """Writes the first value into a field of one of the parts."""

    def write(parts: _Parts, values: Sequence[str]) -> None:
        getattr(parts, of)[name] = read(values[0])

    return write


def _list(of: str, name: str, read: Callable[[str], Any] = str) -> Writer:
    """Writes all values into a list of one of the parts."""

    def write(parts: _Parts, values: Sequence[str]) -> None:
        getattr(parts, of)[name] = [read(value) for value in values]

    return write


def _in_country(name: str) -> Writer:
    """Writes `usa-ca` as the country and, in the field `name`, the part of the country."""

    def write(parts: _Parts, values: Sequence[str]) -> None:
        country, _, rest = values[0].partition("-")
        parts.geo.update({"country": country.upper(), name: rest.upper()})

    return write


def _circle(parts: _Parts, values: Sequence[str]) -> None:
    lat, lon = values[0].partition(" ")[0].split(",")
    parts.geo.update({"lat": float(lat), "lon": float(lon), "type": 1})


def _version(parts: _Parts, values: Sequence[str]) -> None:
    os, _, versions = values[0].rpartition(" ")
    least, _, greatest = versions.partition("..")
    parts.device.update({"os": os, "osv": least or greatest})


def _browser(parts: _Parts, values: Sequence[str]) -> None:
    parts.device["sua"] = {"browsers": [{"brand": value, "version": ["1"]} for value in values]}


def _categories(parts: _Parts, values: Sequence[str]) -> None:
    ids = [value.rpartition("/") for value in values]
    numbers = [int(number) for number, _, own in ids if number.isdecimal() and not own.startswith("iab")]
    parts.channel.update({"cat": [category(own) for *_, own in ids]})
    if numbers:
        parts.channel["cattax"] = numbers[0]


def _length(parts: _Parts, values: Sequence[str]) -> None:
    seconds = int(values[0])
    parts.video["minduration"] = min(seconds, parts.video["maxduration"])
    parts.video["maxduration"] = max(seconds, parts.video["maxduration"])


def _segments(parts: _Parts, values: Sequence[str]) -> None:
    data = [value.rpartition("/") for value in values]
    parts.request["user"]["data"] = [
        {**({"name": provider} if provider else {}), "segment": [{"id": own}]} for provider, _, own in data
    ]


def _deals(parts: _Parts, values: Sequence[str]) -> None:
    deals = parts.imp.setdefault("pmp", {"deals": []})["deals"]
    deals += [{"id": value} for value in values if value not in {deal["id"] for deal in deals}]


_WRITERS: Mapping[str, Writer] = {
    "country": _field("geo", "country", str.upper),
    "region": _in_country("region"),
    "postcode": _in_country("zip"),
    "metro": _field("geo", "metro"),
    "city": _field("geo", "city"),
    "near": _circle,
    "user_hour": lambda parts, _: parts.geo.update({"utcoffset": 0}),
    "device_type": _field("device", "devicetype", int),
    "connection": _field("device", "connectiontype", int),
    "os": _field("device", "os"),
    "os_version": _version,
    "make": _field("device", "make"),
    "model": _field("device", "model"),
    "carrier": _field("device", "carrier"),
    "language": _field("device", "language"),
    "browser": _browser,
    "domain": _field("channel", "domain"),
    "bundle": _field("channel", "bundle"),
    "publisher": lambda parts, values: parts.channel.update({"publisher": {"id": values[0]}}),
    "keyword": lambda parts, values: parts.channel.update({"keywords": ",".join(values)}),
    "category": _categories,
    "genre": lambda parts, values: parts.content.update({"genre": values[0], "genres": list(values)}),
    "rating": _field("content", "contentrating"),
    "livestream": _field("content", "livestream", int),
    "series": _field("content", "series"),
    "placement": _field("video", "plcmt", int),
    "position": _field("video", "pos", int),
    "skippable": _field("video", "skip", int),
    "playback": _list("video", "playbackmethod", int),
    "break": lambda parts, values: parts.video.update(
        {"startdelay": {"preroll": 0, "midroll": 15, "postroll": -2}[values[0]]}
    ),
    "size": lambda parts, values: parts.video.update(dict(zip(("w", "h"), _SIZES[values[0]], strict=True))),
    "length": _length,
    "rewarded": _field("imp", "rwdd", int),
    "tag": _field("imp", "tagid"),
    "deal": _deals,
    "segment": _segments,
}
"""The writer of each attribute's values. `user` and `list` have none, since their values are hashes of unknown ids."""
