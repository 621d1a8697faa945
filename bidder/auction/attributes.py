"""Reads off a request what campaigns can target: `docs/targeting.md` lists the attributes."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from hashlib import sha256

from bidder.campaigns.known import Known
from bidder.campaigns.spelling import DAYS
from bidder.openrtb.app import App
from bidder.openrtb.bid_request import BidRequest
from bidder.openrtb.content import Content
from bidder.openrtb.device import Device
from bidder.openrtb.dooh import Dooh
from bidder.openrtb.geo import Geo
from bidder.openrtb.imp import Imp
from bidder.openrtb.site import Site
from bidder.openrtb.user import User
from bidder.openrtb.video import Video

Values = dict[str, tuple[str, ...]]
"""The values of each attribute, in lower case; an attribute that the request does not state is missing."""

POST_ROLL = -2
LENGTHS = (6, 10, 15, 20, 30, 45, 60, 90, 120)
"""The lengths of slots that campaigns tell apart, in seconds."""

SMALL, MEDIUM = 400, 1280
"""Players up to so many pixels wide are small, and medium; wider ones are large (OpenRTB 2.6 has no classes)."""

IMPRESSION_ATTRIBUTES = frozenset(
    {"placement", "break", "playback", "position", "skippable", "size", "length", "rewarded", "tag", "deal"}
)
"""What is read off each impression; the rest is the whole request's."""

MAX_DOMAIN = 253
"""Characters of a domain that can exist (RFC 1035, section 2.3.4); of a longer text the end is read."""

MOST_KEYWORDS = 100

_DEVICE = (
    ("device_type", "devicetype"),
    ("os", "os"),
    ("make", "make"),
    ("model", "model"),
    ("connection", "connectiontype"),
    ("carrier", "carrier"),
)
_VIDEO = (("placement", "plcmt"), ("position", "pos"), ("skippable", "skip"))
_CONTENT = (("rating", "contentrating"), ("livestream", "livestream"), ("series", "series"))
"""Attributes that are a field of an object as it stands."""

Place = Site | App | Dooh | None
Offsets = Mapping[str, timedelta]
"""How far the time of each zone is ahead of UTC."""


def request_attributes(
    request: BidRequest, known: Known, now: datetime, offsets: Offsets, exchange: str | None = None
) -> Values:
    """What all impressions of the request share, of what any campaign targets.

    `exchange` is what the caller goes by.
    """
    place = request.site or request.app or request.dooh
    device, user = request.device, request.user
    geo = device.geo if device and device.geo else user and user.geo
    values = _stated(
        known,
        inventory=place and type(place).__name__,
        exchange=exchange,
        publisher=place and place.publisher and place.publisher.id,
        bundle=place.bundle if isinstance(place, App) else None,
    )
    wanted = known.attributes
    if device:
        values |= _of_device(device, known)
    if geo:
        values |= _of_geo(geo, known, now)
    if isinstance(place, Site | App) and place.domain and "domain" in wanted:
        values["domain"] = tuple(_with_parents(place.domain))
    if place:
        values |= _of_place(place, known)
    if user and wanted & {"segment", "user"}:
        values |= _of_user(user, device, known)
    if known.zones:
        values["hour"] = tuple(f"{zone} {hour_of_week(now + offsets[zone])}" for zone in known.zones if zone in offsets)
    return values


def video_attributes(imp: Imp, video: Video, known: Known) -> Values:
    """What belongs to one impression, of what any campaign targets."""
    wanted = known.attributes
    values = _fields(video, _VIDEO, known)
    if "rewarded" in wanted:
        values |= _stated(known, rewarded=imp.rwdd)
    if imp.tagid and "tag" in wanted:
        values["tag"] = (imp.tagid.lower(),)
    if "break" in wanted and video.startdelay is not None:
        values["break"] = (_break(video.startdelay),)
    if "playback" in wanted and video.playbackmethod:
        values["playback"] = tuple(map(str, video.playbackmethod))
    if "size" in wanted and video.w and video.w > 0:
        values["size"] = ("small" if video.w <= SMALL else "medium" if video.w <= MEDIUM else "large",)
    if "length" in wanted:
        values["length"] = tuple(str(seconds) for seconds in LENGTHS if video.accepts_duration(seconds))
    if "deal" in wanted and imp.pmp:
        values["deal"] = tuple(dict.fromkeys(deal.id.lower() for deal in imp.pmp.deals))
    return values


def hour_of_week(local: datetime) -> str:
    """`tue 14`: the hour of the week that a local time is in."""
    return f"{DAYS[local.weekday()]} {local.hour}"


def _stated(known: Known, **found: object) -> Values:
    return {
        name: (str(value).lower(),)
        for name, value in found.items()
        if value is not None and value != "" and name in known.attributes
    }


def _fields(holder: object, fields: Iterable[tuple[str, str]], known: Known) -> Values:
    wanted = known.attributes
    values: Values = {}
    for name, field in fields:
        if name in wanted:
            value = getattr(holder, field)
            if value is not None and value != "":
                values[name] = (str(value).lower(),)
    return values


def _of_device(device: Device, known: Known) -> Values:
    values = _fields(device, _DEVICE, known)
    if "language" in known.attributes:
        values |= _stated(known, language=(device.language or device.langb or "")[:2])
    if "browser" in known.attributes:
        browsers = tuple(_browsers(device))
        if browsers:
            values["browser"] = browsers
    if "os_version" in known.attributes and device.os and device.osv:
        values["os_version"] = tuple(known.versions(device.os.lower(), device.osv))
    return values


def _browsers(device: Device) -> Iterator[str]:
    """As the client hints name them, else by the user agent's own words, of which the first that fits is meant."""
    if device.sua and device.sua.browsers:
        for browser in device.sua.browsers:
            if browser.brand:
                yield browser.brand.lower()
        return
    for word, name in (
        ("Edg", "edge"),
        ("OPR/", "opera"),
        ("Firefox/", "firefox"),
        ("Chrome/", "chrome"),
        ("Safari/", "safari"),
    ):
        if device.ua and word in device.ua:
            yield name
            return


def _of_geo(geo: Geo, known: Known, now: datetime) -> Values:
    # Some senders write ISO 3166-2 in full, with the country before the dash.
    region = geo.region and geo.region.rpartition("-")[2]
    values: Values = {}
    if geo.country and "country" in known.attributes:
        values["country"] = (geo.country.lower(),)
    values |= _stated(
        known,
        region=geo.country and region and f"{geo.country}-{region}",
        metro=geo.metro,
        city=geo.city,
        postcode=geo.country and geo.zip and f"{geo.country}-{geo.zip}",
    )
    if "near" in known.attributes and geo.lat is not None and geo.lon is not None:
        values["near"] = tuple(known.circles(geo.lat, geo.lon))
    if "user_hour" in known.attributes and geo.utcoffset is not None and abs(geo.utcoffset) <= 14 * 60:
        values["user_hour"] = (hour_of_week(now + timedelta(minutes=geo.utcoffset)),)
    return values


def _of_place(place: Site | App | Dooh, known: Known) -> Values:
    content = place.content
    values: Values = {}
    if content:
        values = _fields(content, _CONTENT, known)
        if "genre" in known.attributes:
            genres = [content.genre, *content.genres]
            values |= _several(genre=[genre.lower() for genre in genres if genre])
    if "keyword" in known.attributes:
        values |= _several(keyword=_keywords(place, content))
    if "category" in known.attributes:
        categories = _categories(place)
        if known.above:
            categories += [above for category in categories for above in known.above.get(category, ())]
        values |= _several(category=categories)
    return values


def _several(**found: Iterable[str]) -> Values:
    return {name: tuple(sorted(set(its))) for name, its in found.items() if its}


def _keywords(place: Site | App | Dooh, content: Content | None) -> list[str]:
    found: list[str] = []
    for holder in (place, content) if content else (place,):
        found += holder.keywords.split(",") if holder.keywords else ()
        if not isinstance(holder, Dooh):
            found += holder.kwarray
    return [word.strip().lower() for word in found[:MOST_KEYWORDS] if word.strip()]


def _categories(place: Site | App | Dooh) -> list[str]:
    """Each by itself, with those above it, and by its taxonomy: `iab1-3`, `iab1`, `1/iab1-3`, `1/iab1`."""
    found: list[str] = []
    if not isinstance(place, Dooh):
        for category in (*place.cat, *place.sectioncat, *place.pagecat):
            found += _spellings(category, place.cattax)
    if place.content:
        for category in place.content.cat:
            found += _spellings(category, place.content.cattax)
    return found


@lru_cache(maxsize=4096)
def _spellings(category: str, taxonomy: int) -> tuple[str, ...]:
    own = category.lower()
    # Ids like IAB8-5 are Content Taxonomy 1.0's whatever is declared: senders mix them in. Their parents are in them.
    its = (own, own.partition("-")[0]) if own.startswith("iab") and "-" in own else (own,)
    return (*its, *(f"{1 if own.startswith('iab') else taxonomy}/{one}" for one in its))


def _of_user(user: User, device: Device | None, known: Known) -> Values:
    values: Values = {}
    if "segment" in known.attributes:
        found: list[str] = []
        for data in user.data:
            ids = [segment.id.lower() for segment in data.segment if segment.id]
            found += ids
            if known.providers:
                for provider in {str(name).lower() for name in (data.id, data.name) if name} & known.providers:
                    found += [f"{provider}/{segment}" for segment in ids]
        if found:
            values["segment"] = tuple(found)
    if "user" in known.attributes:
        own = [user.id, user.buyeruid, device.ifa if device else None]
        values |= _several(user=[id_hash(one) for one in (*own, *(u.id for eid in user.eids for u in eid.uids)) if one])
    return values


def id_hash(text: str) -> str:
    """An id as lists of ids have it: the first 16 digits of its SHA-256, so that no list tells ids."""
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


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
