"""Reads off a request what campaigns can target."""

from collections.abc import Iterator
from typing import get_args

from bidder.campaigns.targeting import Attribute
from bidder.openrtb.app import App
from bidder.openrtb.bid_request import BidRequest
from bidder.openrtb.dooh import Dooh
from bidder.openrtb.site import Site
from bidder.openrtb.video import Video

Values = dict[str, tuple[str, ...]]
"""The values of each attribute, in lower case; an attribute that the request does not state is missing."""

POST_ROLL = -2

VIDEO_ATTRIBUTES: frozenset[Attribute] = frozenset({"placement", "break", "playback"})
"""What is read off each impression; the rest is the whole request's."""

MAX_DOMAIN = 253
"""Characters of a domain that can exist (RFC 1035, section 2.3.4); of a longer text the end is read."""

REQUEST_ATTRIBUTES: frozenset[Attribute] = frozenset(get_args(Attribute)) - VIDEO_ATTRIBUTES


def request_attributes(request: BidRequest) -> Values:
    """What all impressions of the request share. `Attribute` says what each one means."""
    place = request.site or request.app or request.dooh
    geo = request.device.geo if request.device and request.device.geo else request.user and request.user.geo
    found: list[tuple[Attribute, object]] = [("inventory", place and type(place).__name__)]
    if geo:
        # Some senders write ISO 3166-2 in full, with the country before the dash.
        region = geo.region and geo.region.rpartition("-")[2]
        found += [("country", geo.country), ("region", geo.country and region and f"{geo.country}-{region}")]
    if request.device:
        found += [
            ("device_type", request.device.devicetype),
            ("os", request.device.os),
            ("language", request.device.language and request.device.language[:2]),
        ]
    if isinstance(place, App):
        found.append(("bundle", place.bundle))
    if isinstance(place, Site | App | Dooh) and place.publisher:
        found.append(("publisher", place.publisher.id))
    values: Values = {name: (str(value).lower(),) for name, value in found if value is not None and value != ""}
    if isinstance(place, Site | App) and place.domain:
        values["domain"] = tuple(_with_parents(place.domain))
    categories = {c.lower() for c in _categories(place)}
    if categories:
        values["category"] = tuple(sorted(categories))
    return values


def video_attributes(video: Video) -> Values:
    """What belongs to one impression."""
    values: Values = {}
    if video.plcmt is not None:
        values["placement"] = (str(video.plcmt),)
    if video.startdelay is not None:
        values["break"] = (_break(video.startdelay),)
    if video.playbackmethod:
        values["playback"] = tuple(map(str, video.playbackmethod))
    return values


def _break(startdelay: int) -> str:
    """AdCOM List: Start Delay Modes: above 0 a second within the content, 0 before it, -1 within it, -2 after it."""
    if startdelay == 0:
        return "preroll"
    return "postroll" if startdelay == POST_ROLL else "midroll"


def _with_parents(domain: str) -> Iterator[str]:
    """The domain and each domain it is a subdomain of, up to the top-level one."""
    labels = domain[-MAX_DOMAIN:].strip(".").split(".")
    for start in range(len(labels)):
        yield ".".join(labels[start:])


def _categories(place: Site | App | Dooh | None) -> Iterator[str]:
    if place is None:
        return
    if not isinstance(place, Dooh):
        yield from place.cat
        yield from place.sectioncat
        yield from place.pagecat
    if place.content:
        yield from place.content.cat
