"""The targetable attributes of a request and of each video impression, as `docs/targeting.md` lists them."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import lru_cache

from bidder.campaigns.targeted_ranges import TargetedRanges
from bidder.campaigns.targeting_values import DAYS
from bidder.normal_forms import (
    LONGEST_DOMAIN,
    bundle,
    category,
    domain,
    identifier,
    language,
    taxonomy_of,
    with_parent_domains,
)
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
from bidder.snapshot.id_lists import IdList, find_lists, id_number

Values = dict[str, tuple[str, ...]]
"""The values of each attribute, in lower case. An attribute that the request does not state is missing."""

POST_ROLL = -2
LENGTHS = (6, 10, 15, 20, 30, 45, 60, 90, 120)
"""The slot lengths that campaigns can target, in seconds."""

MAX_SMALL_WIDTH, MAX_MEDIUM_WIDTH = 400, 1280
"""The greatest widths of small and of medium players, in pixels. OpenRTB 2.6 defines no classes of player size."""

IMPRESSION_ATTRIBUTES = frozenset(
    {"placement", "break", "playback", "position", "skippable", "size", "length", "rewarded", "tag", "deal"}
)
"""The attributes of an impression. All other attributes belong to the request."""

MAX_KEYWORDS = 100

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

_VIEWER_ATTRIBUTES = frozenset({"segment", "user", "list"})


def request_attributes(
    request: BidRequest,
    targeted: TargetedRanges,
    now: datetime,
    offsets: Offsets,
    exchange: str | None = None,
    lists: Lists | None = None,
) -> Values:
    """The attributes of the request that any campaign targets.

    `targeted` has the attributes and ranges that campaigns target. `now` is aware, `exchange` is the name of the
    caller, and `lists` has the lists of user ids by name.
    """
    channel = request.site or request.app or request.dooh
    device, user = request.device, request.user
    geo = request.location
    values = _lower_texts(
        targeted,
        inventory=channel and type(channel).__name__,
        exchange=exchange,
        publisher=channel and channel.publisher and channel.publisher.id,
        bundle=bundle(channel.bundle) if isinstance(channel, App) and channel.bundle else None,
    )
    targeted_names = targeted.attributes
    if device:
        values |= _device_values(device, targeted)
    if geo:
        values |= _geo_values(geo, targeted, now)
    if isinstance(channel, Site | App) and "domain" in targeted_names:
        host = domain(channel.domain or "") or domain((isinstance(channel, Site) and channel.page) or "")
        if host:
            values["domain"] = with_parent_domains(host[-LONGEST_DOMAIN:])  # of a longer text, the end
    if channel:
        values |= _channel_values(channel, targeted)
    if (user or device) and targeted_names & _VIEWER_ATTRIBUTES:
        values |= _viewer_values(user, device, targeted, lists or {})
    if targeted.zones:
        values["hour"] = tuple(
            f"{zone} {hour_of_week(now + offsets[zone])}" for zone in targeted.zones if zone in offsets
        )
    return values


def video_attributes(imp: Imp, video: Video, targeted: TargetedRanges) -> Values:
    """The attributes of one impression that any campaign targets."""
    targeted_names = targeted.attributes
    values = _field_values(video, _VIDEO, targeted)
    if "rewarded" in targeted_names:
        values["rewarded"] = (str(imp.rwdd),)
    if imp.tagid and "tag" in targeted_names:
        values["tag"] = (identifier(imp.tagid),)
    if "break" in targeted_names and video.startdelay is not None:
        values["break"] = (_break_kind(video.startdelay),)
    if "playback" in targeted_names and video.playbackmethod:
        values["playback"] = tuple(map(str, video.playbackmethod))
    if "size" in targeted_names and (width := video.w or 0) > 0:
        values["size"] = ("small" if width <= MAX_SMALL_WIDTH else "medium" if width <= MAX_MEDIUM_WIDTH else "large",)
    if "length" in targeted_names:
        values["length"] = tuple(str(seconds) for seconds in LENGTHS if video.accepts_duration(seconds))
    if "deal" in targeted_names and imp.pmp:
        values["deal"] = tuple(dict.fromkeys(identifier(deal.id) for deal in imp.pmp.deals))
    return values


def hour_of_week(local: datetime) -> str:
    """The hour of the week of a local time, such as `tue 14`."""
    return f"{DAYS[local.weekday()]} {local.hour}"


def _lower_texts(targeted: TargetedRanges, **values_by_name: object) -> Values:
    return {
        name: (text,)
        for name, value in values_by_name.items()
        if value is not None and name in targeted.attributes and (text := str(value).strip().lower())
    }


def _field_values(source: object, fields: Iterable[tuple[str, str]], targeted: TargetedRanges) -> Values:
    targeted_names = targeted.attributes
    values: Values = {}
    for name, field in fields:
        if name in targeted_names:
            value = getattr(source, field)
            if value is not None and (text := str(value).strip().lower()):
                values[name] = (text,)
    return values


def _device_values(device: Device, targeted: TargetedRanges) -> Values:
    values = _field_values(device, _DEVICE, targeted)
    if device.sua:
        values = {**_client_hint_values(device.sua, targeted), **values}
    if "language" in targeted.attributes and (language_code := language(device.language or device.langb or "")):
        values["language"] = (language_code,)
    if "browser" in targeted.attributes:
        browsers = tuple(_browsers(device))
        if browsers:
            values["browser"] = browsers
    if "os_version" in targeted.attributes:
        platform = device.sua and device.sua.platform
        os = device.os or (platform and platform.brand)
        version = device.osv or (platform and ".".join(platform.version))
        if os and version:
            values["os_version"] = tuple(targeted.versions(os.strip().lower(), version))
    return values


def _client_hint_values(hints: UserAgent, targeted: TargetedRanges) -> Values:
    return _lower_texts(targeted, os=hints.platform and hints.platform.brand, model=hints.model)


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


def _geo_values(geo: Geo, targeted: TargetedRanges, now: datetime) -> Values:
    # Some senders write ISO 3166-2 in full, with the country before the dash.
    region = geo.region and geo.region.strip().rpartition("-")[2]
    values: Values = {}
    if geo.country and "country" in targeted.attributes:
        values["country"] = (geo.country.lower(),)
    values |= _lower_texts(
        targeted,
        region=geo.country and region and f"{geo.country}-{region}",
        metro=geo.metro,
        city=geo.city,
        postcode=geo.country and geo.zip and f"{geo.country}-{geo.zip.strip()}",
    )
    if "near" in targeted.attributes and geo.lat is not None and geo.lon is not None:
        values["near"] = tuple(targeted.circles(geo.lat, geo.lon))
    if "user_hour" in targeted.attributes and geo.utcoffset is not None and abs(geo.utcoffset) <= 14 * 60:
        values["user_hour"] = (hour_of_week(now + timedelta(minutes=geo.utcoffset)),)
    return values


def _channel_values(channel: Site | App | Dooh, targeted: TargetedRanges) -> Values:
    content = channel.content
    values: Values = {}
    if content:
        values = _field_values(content, _CONTENT, targeted)
        if "genre" in targeted.attributes:
            genres = [content.genre, *content.genres]
            values |= _sorted_values(genre=[genre.strip().lower() for genre in genres if genre and genre.strip()])
    if "keyword" in targeted.attributes:
        values |= _sorted_values(keyword=_keywords(channel, content))
    if "category" in targeted.attributes:
        categories = _categories(channel)
        if targeted.ancestors:
            categories += [ancestor for category in categories for ancestor in targeted.ancestors.get(category, ())]
        values |= _sorted_values(category=categories)
    return values


def _sorted_values(**texts_by_attribute: Iterable[str]) -> Values:
    return {name: tuple(sorted(set(texts))) for name, texts in texts_by_attribute.items() if texts}


def _keywords(channel: Site | App | Dooh, content: Content | None) -> list[str]:
    keywords: list[str] = []
    for source in (channel, content) if content else (channel,):
        keywords += source.keywords.split(",") if source.keywords else ()
        if not isinstance(source, Dooh):
            keywords += source.kwarray
    return [word.strip().lower() for word in keywords[:MAX_KEYWORDS] if word.strip()]


def _categories(channel: Site | App | Dooh) -> list[str]:
    """The categories with their ancestors, each with and without its taxonomy: `iab1-3`, `iab1`, `1/iab1-3`."""
    categories: list[str] = []
    if not isinstance(channel, Dooh):
        for raw_id in (*channel.cat, *channel.sectioncat, *channel.pagecat):
            categories += _spellings(raw_id, channel.cattax)
    if channel.content:
        for raw_id in channel.content.cat:
            categories += _spellings(raw_id, channel.content.cattax)
    return categories


@lru_cache(maxsize=4096)
def _spellings(raw_id: str, taxonomy: int) -> tuple[str, ...]:
    category_id = category(raw_id)
    # An id like IAB8-5 contains the id of its parent.
    parent, dash, _ = category_id.partition("-")
    ids = (category_id, parent) if category_id.startswith("IAB") and dash else (category_id,)
    lower_ids = [name.lower() for name in ids]
    return (*lower_ids, *(f"{taxonomy_of(category_id, taxonomy)}/{name}" for name in lower_ids))


def _viewer_values(user: User | None, device: Device | None, targeted: TargetedRanges, lists: Lists) -> Values:
    values: Values = {}
    if user and "segment" in targeted.attributes:
        segments: list[str] = []
        for data in user.data:
            ids = [identifier(segment.id) for segment in data.segment if segment.id]
            segments += ids
            if targeted.providers:
                for provider in {name.strip().lower() for name in (data.id, data.name) if name} & targeted.providers:
                    segments += [f"{provider}/{segment}" for segment in ids]
        if segments:
            values["segment"] = tuple(segments)
    if not targeted.attributes.isdisjoint(("user", "list")):
        numbers = {id_number(user_id) for user_id in _user_ids(user, device) if user_id}
        values |= _sorted_values(
            user=[f"{number:016x}" for number in numbers] if "user" in targeted.attributes else (),
            list=find_lists(lists, numbers),
        )
    return values


def _user_ids(user: User | None, device: Device | None) -> Iterator[str | None]:
    if device:
        yield device.ifa
    if user:
        yield from (user.id, user.buyeruid)
        yield from (uid.id for eid in user.eids for uid in eid.uids)


def _break_kind(startdelay: int) -> str:
    """The kind of ad break by `startdelay` (AdCOM List: Start Delay Modes).

    A positive value and -1 are mid-roll, 0 is pre-roll and -2 is post-roll.
    """
    if startdelay == 0:
        return "preroll"
    return "postroll" if startdelay == POST_ROLL else "midroll"
