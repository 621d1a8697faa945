"""The targetable attributes of a request and of each video impression, as `docs/targeting.md` lists them."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import lru_cache

from bidder.campaigns.targeted_ranges import TargetedRanges
from bidder.campaigns.targeting_values import DAYS
from bidder.normal_forms import LONGEST_DOMAIN, bundle, category, domain, identifier, language, taxonomy_of
from bidder.openrtb.app import App
from bidder.openrtb.bid_request import BidRequest
from bidder.openrtb.content import Content
from bidder.openrtb.device import Device
from bidder.openrtb.dooh import Dooh
from bidder.openrtb.geo import Geo
from bidder.openrtb.imp import Imp
from bidder.openrtb.site import Site
from bidder.openrtb.user import User
from bidder.openrtb.user_agent import UserAgent
from bidder.openrtb.video import Video
from bidder.snapshot.id_lists import IdList, containing, id_number

Values = dict[str, tuple[str, ...]]
"""The values of each attribute, in lower case. An attribute that the request does not state is missing."""

POST_ROLL = -2
LENGTHS = (6, 10, 15, 20, 30, 45, 60, 90, 120)
"""The slot lengths that campaigns can target, in seconds."""

SMALL, MEDIUM = 400, 1280
"""The greatest widths of small and of medium players, in pixels. OpenRTB 2.6 defines no classes of player size."""

IMPRESSION_ATTRIBUTES = frozenset(
    {"placement", "break", "playback", "position", "skippable", "size", "length", "rewarded", "tag", "deal"}
)
"""The attributes of an impression. All other attributes belong to the request."""

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
"""Attributes whose value is one field of an object, by attribute and field name."""

DistributionChannel = Site | App | Dooh | None
Offsets = Mapping[str, timedelta]
"""The offset of each time zone from UTC."""

Lists = Mapping[str, IdList]

_OF_VIEWER = frozenset({"segment", "user", "list"})


def request_attributes(
    request: BidRequest,
    known: TargetedRanges,
    now: datetime,
    offsets: Offsets,
    exchange: str | None = None,
    lists: Lists | None = None,
) -> Values:
    """The attributes of the request that any campaign targets.

    `known` has the attributes and ranges that campaigns target, `now` is aware, `exchange` is the name of the caller,
    and `lists` are the lists of user ids by name.
    """
    channel = request.site or request.app or request.dooh
    device, user = request.device, request.user
    geo = request.location
    values = _lower_texts(
        known,
        inventory=channel and type(channel).__name__,
        exchange=exchange,
        publisher=channel and channel.publisher and channel.publisher.id,
        bundle=bundle(channel.bundle) if isinstance(channel, App) and channel.bundle else None,
    )
    wanted = known.attributes
    if device:
        values |= _of_device(device, known)
    if geo:
        values |= _of_geo(geo, known, now)
    if isinstance(channel, Site | App) and "domain" in wanted:
        host = domain(channel.domain or "") or domain((isinstance(channel, Site) and channel.page) or "")
        if host:
            values["domain"] = tuple(_with_parents(host))
    if channel:
        values |= _of_channel(channel, known)
    if (user or device) and wanted & _OF_VIEWER:
        values |= _of_viewer(user, device, known, lists or {})
    if known.zones:
        values["hour"] = tuple(f"{zone} {hour_of_week(now + offsets[zone])}" for zone in known.zones if zone in offsets)
    return values


def video_attributes(imp: Imp, video: Video, known: TargetedRanges) -> Values:
    """The attributes of one impression that any campaign targets."""
    wanted = known.attributes
    values = _fields(video, _VIDEO, known)
    if "rewarded" in wanted:
        values["rewarded"] = (str(imp.rwdd),)
    if imp.tagid and "tag" in wanted:
        values["tag"] = (identifier(imp.tagid),)
    if "break" in wanted and video.startdelay is not None:
        values["break"] = (_break(video.startdelay),)
    if "playback" in wanted and video.playbackmethod:
        values["playback"] = tuple(map(str, video.playbackmethod))
    if "size" in wanted and (width := video.w or 0) > 0:
        values["size"] = ("small" if width <= SMALL else "medium" if width <= MEDIUM else "large",)
    if "length" in wanted:
        values["length"] = tuple(str(seconds) for seconds in LENGTHS if video.accepts_duration(seconds))
    if "deal" in wanted and imp.pmp:
        values["deal"] = tuple(dict.fromkeys(identifier(deal.id) for deal in imp.pmp.deals))
    return values


def hour_of_week(local: datetime) -> str:
    """The hour of the week of a local time, such as `tue 14`."""
    return f"{DAYS[local.weekday()]} {local.hour}"


def _lower_texts(known: TargetedRanges, **stated: object) -> Values:
    return {
        name: (text,)
        for name, value in stated.items()
        if value is not None and name in known.attributes and (text := str(value).strip().lower())
    }


def _fields(holder: object, fields: Iterable[tuple[str, str]], known: TargetedRanges) -> Values:
    wanted = known.attributes
    values: Values = {}
    for name, field in fields:
        if name in wanted:
            value = getattr(holder, field)
            if value is not None and (text := str(value).strip().lower()):
                values[name] = (text,)
    return values


def _of_device(device: Device, known: TargetedRanges) -> Values:
    values = _fields(device, _DEVICE, known)
    if device.sua:
        values = {**_of_hints(device.sua, known), **values}
    if "language" in known.attributes and (spoken := language(device.language or device.langb or "")):
        values["language"] = (spoken,)
    if "browser" in known.attributes:
        browsers = tuple(_browsers(device))
        if browsers:
            values["browser"] = browsers
    if "os_version" in known.attributes:
        platform = device.sua and device.sua.platform
        os = device.os or (platform and platform.brand)
        version = device.osv or (platform and ".".join(platform.version))
        if os and version:
            values["os_version"] = tuple(known.versions(os.strip().lower(), version))
    return values


def _of_hints(hints: UserAgent, known: TargetedRanges) -> Values:
    return _lower_texts(known, os=hints.platform and hints.platform.brand, model=hints.model)


def _browsers(device: Device) -> Iterator[str]:
    """The browsers that the client hints name; without hints, the first known browser in the user agent string."""
    if device.sua and device.sua.browsers:
        for browser in device.sua.browsers:
            if browser.brand:
                yield browser.brand.strip().lower()
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


def _of_geo(geo: Geo, known: TargetedRanges, now: datetime) -> Values:
    # Some senders write ISO 3166-2 in full, with the country before the dash.
    region = geo.region and geo.region.strip().rpartition("-")[2]
    values: Values = {}
    if geo.country and "country" in known.attributes:
        values["country"] = (geo.country.lower(),)
    values |= _lower_texts(
        known,
        region=geo.country and region and f"{geo.country}-{region}",
        metro=geo.metro,
        city=geo.city,
        postcode=geo.country and geo.zip and f"{geo.country}-{geo.zip.strip()}",
    )
    if "near" in known.attributes and geo.lat is not None and geo.lon is not None:
        values["near"] = tuple(known.circles(geo.lat, geo.lon))
    if "user_hour" in known.attributes and geo.utcoffset is not None and abs(geo.utcoffset) <= 14 * 60:
        values["user_hour"] = (hour_of_week(now + timedelta(minutes=geo.utcoffset)),)
    return values


def _of_channel(channel: Site | App | Dooh, known: TargetedRanges) -> Values:
    content = channel.content
    values: Values = {}
    if content:
        values = _fields(content, _CONTENT, known)
        if "genre" in known.attributes:
            genres = [content.genre, *content.genres]
            values |= _several(genre=[genre.strip().lower() for genre in genres if genre and genre.strip()])
    if "keyword" in known.attributes:
        values |= _several(keyword=_keywords(channel, content))
    if "category" in known.attributes:
        categories = _categories(channel)
        if known.ancestors:
            categories += [above for category in categories for above in known.ancestors.get(category, ())]
        values |= _several(category=categories)
    return values


def _several(**texts_by_attribute: Iterable[str]) -> Values:
    return {name: tuple(sorted(set(texts))) for name, texts in texts_by_attribute.items() if texts}


def _keywords(channel: Site | App | Dooh, content: Content | None) -> list[str]:
    keywords: list[str] = []
    for holder in (channel, content) if content else (channel,):
        keywords += holder.keywords.split(",") if holder.keywords else ()
        if not isinstance(holder, Dooh):
            keywords += holder.kwarray
    return [word.strip().lower() for word in keywords[:MOST_KEYWORDS] if word.strip()]


def _categories(channel: Site | App | Dooh) -> list[str]:
    """The categories with their ancestors, each with and without its taxonomy: `iab1-3`, `iab1`, `1/iab1-3`."""
    categories: list[str] = []
    if not isinstance(channel, Dooh):
        for stated in (*channel.cat, *channel.sectioncat, *channel.pagecat):
            categories += _spellings(stated, channel.cattax)
    if channel.content:
        for stated in channel.content.cat:
            categories += _spellings(stated, channel.content.cattax)
    return categories


@lru_cache(maxsize=4096)
def _spellings(stated: str, taxonomy: int) -> tuple[str, ...]:
    own = category(stated)
    # An id like IAB8-5 contains the id of its parent.
    ids = (own, own.partition("-")[0]) if own.startswith("IAB") and "-" in own else (own,)
    spelled = [category_id.lower() for category_id in ids]
    return (*spelled, *(f"{taxonomy_of(own, taxonomy)}/{category_id}" for category_id in spelled))


def _of_viewer(user: User | None, device: Device | None, known: TargetedRanges, lists: Lists) -> Values:
    values: Values = {}
    if user and "segment" in known.attributes:
        segments: list[str] = []
        for data in user.data:
            ids = [identifier(segment.id) for segment in data.segment if segment.id]
            segments += ids
            if known.providers:
                for provider in {name.strip().lower() for name in (data.id, data.name) if name} & known.providers:
                    segments += [f"{provider}/{segment}" for segment in ids]
        if segments:
            values["segment"] = tuple(segments)
    if not known.attributes.isdisjoint(("user", "list")):
        numbers = {id_number(user_id) for user_id in _ids(user, device) if user_id}
        values |= _several(
            user=[f"{number:016x}" for number in numbers] if "user" in known.attributes else (),
            list=containing(lists, numbers),
        )
    return values


def _ids(user: User | None, device: Device | None) -> Iterator[str | None]:
    if device:
        yield device.ifa
    if user:
        yield from (user.id, user.buyeruid)
        yield from (uid.id for eid in user.eids for uid in eid.uids)


def _break(startdelay: int) -> str:
    """The kind of ad break by `startdelay` (AdCOM List: Start Delay Modes).

    A positive value and -1 are mid-roll, 0 is pre-roll and -2 is post-roll.
    """
    if startdelay == 0:
        return "preroll"
    return "postroll" if startdelay == POST_ROLL else "midroll"


def _with_parents(host: str) -> Iterator[str]:
    """The domain and its parent domains, up to the top-level domain. Of a text longer than any domain, the end."""
    labels = host[-LONGEST_DOMAIN:].split(".")
    for start in range(len(labels)):
        yield ".".join(labels[start:])
