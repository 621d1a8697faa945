"""The table of the ad tag's parameters. The reader, the error messages and the documentation all use this table.

`python -m tools.ad_tag_table` writes the table of `docs/ad-tag.md` from it.
"""

from typing import NamedTuple

from bidder.ad_tag.readers import (
    BUNDLE,
    COUNTRY,
    CURRENCY,
    DOMAIN,
    FLAG,
    LATLONG,
    PIXELS,
    SECONDS,
    SIZE,
    SIZES,
    STARTDELAY,
    TEXT,
    TEXTS,
    URL,
    Reader,
    choice,
    choices,
    decimal,
    numbers,
    whole,
)
from bidder.ad_tag.versions import DEFAULT, VERSIONS
from bidder.openrtb.bid_request import MAX_IMPS
from bidder.openrtb.pmp import MAX_DEALS


class Parameter(NamedTuple):
    """A query parameter of the ad tag, and the field of the bid request that it sets.

    `field` is a path of OpenRTB 2.6; a comma separates two paths. In it, `video` and `imp` stand for every impression,
    and `inventory` for `app` if the tag names an app, else for `site`. `macro` is the VAST 4 macro that a player
    replaces by the value. `also` holds other spellings of the name. All names are in lower case; a query may have them
    in any case.
    """

    name: str
    field: str
    reader: Reader
    macro: str = ""
    also: tuple[str, ...] = ()
    about: str = ""

    @property
    def fields(self) -> tuple[str, ...]:
        """The OpenRTB paths that hold the value; empty for a parameter that sets no field directly."""
        return () if self.name in {"slots", "cb"} else tuple(self.field.split(", "))

    @property
    def takes_minus(self) -> bool:
        """Whether -1 is a valid value. For other parameters -1 means that the player has no value."""
        return self.name in {"startdelay", "gpp_sid"}


_BREAK_POSITION = {
    "1": 0,
    "pre": 0,
    "preroll": 0,
    "2": -1,
    "mid": -1,
    "midroll": -1,
    "3": -2,
    "post": -2,
    "postroll": -2,
}

PARAMETERS = (
    Parameter("page", "site.page", URL, "[PAGEURL]", ("pageurl", "page_url", "url")),
    Parameter("ref", "site.ref", TEXT, "", ("referrer", "referer")),
    Parameter("domain", "inventory.domain", DOMAIN, "[DOMAIN]", (), "default: the domain of `page`"),
    Parameter("app_bundle", "app.bundle", BUNDLE, "[APPBUNDLE]", ("bundle", "appbundle")),
    Parameter("app_name", "app.name", TEXT, "", ("appname",)),
    Parameter("app_store_url", "app.storeurl", URL, "", ("storeurl", "app_storeurl")),
    Parameter("app_version", "app.ver", TEXT, "", ("app_ver",)),
    Parameter("publisher_id", "inventory.publisher.id", TEXT, "", ("pubid", "pub_id")),
    Parameter("cat", "inventory.cat", TEXTS),
    Parameter("keywords", "inventory.keywords", TEXT),
    Parameter("w", "video.w", PIXELS, "", ("width", "player_width")),
    Parameter("h", "video.h", PIXELS, "", ("height", "player_height")),
    Parameter("size", "video.w, video.h", SIZE, "[PLAYERSIZE]", ("sz", "playersize")),
    Parameter("min_dur", "video.minduration", SECONDS, "[BREAKMINADLENGTH]", ("minduration", "min_duration")),
    Parameter("max_dur", "video.maxduration", SECONDS, "[BREAKMAXADLENGTH]", ("maxduration", "max_duration")),
    Parameter("protocols", "video.protocols", numbers(1, 99), "[VASTVERSIONS]", ("vastversions",)),
    Parameter(
        "vast",
        "video.protocols",
        choices("the newest VAST version of the player: 2, 3, 4, or 4.0 to 4.3", VERSIONS),
        "",
        ("vast_version",),
        f"default, if `protocols` is absent too: {DEFAULT}",
    ),
    Parameter("mimes", "video.mimes", TEXTS, "[MEDIAMIME]", ("mime",), "default: video/mp4"),
    Parameter("api", "video.api", numbers(1, 99), "[APIFRAMEWORKS]", ("apis", "apiframeworks")),
    Parameter("plcmt", "video.plcmt", whole(1, 99)),
    Parameter("placement", "video.placement", whole(1, 99), "[PLACEMENTTYPE]"),
    Parameter("startdelay", "video.startdelay", STARTDELAY, "", ("start_delay",)),
    Parameter(
        "vpos",
        "video.startdelay",
        choice("preroll, midroll, postroll, or 1, 2, 3", _BREAK_POSITION),
        "[BREAKPOSITION]",
        ("breakposition",),
    ),
    Parameter("skip", "video.skip", FLAG, "", ("skippable",)),
    Parameter("skipmin", "video.skipmin", SECONDS),
    Parameter("skipafter", "video.skipafter", SECONDS),
    Parameter("playback", "video.playbackmethod", numbers(1, 99), "", ("playbackmethod",)),
    Parameter("linearity", "video.linearity", whole(1, 2)),
    Parameter("pos", "video.pos", whole(0, 99)),
    Parameter("min_bitrate", "video.minbitrate", whole(0, 1_000_000), "", ("minbitrate",)),
    Parameter("max_bitrate", "video.maxbitrate", whole(0, 1_000_000), "", ("maxbitrate",)),
    Parameter("battr", "video.battr", numbers(1, 999)),
    Parameter("companions", "video.companionad", SIZES, "", ("ciu_szs",)),
    Parameter("poddur", "video.poddur", SECONDS, "[BREAKMAXDURATION]", ("pod_duration",), "a pod of this length"),
    Parameter(
        "maxads",
        "video.maxseq",
        whole(1, 100),
        "[BREAKMAXADS]",
        ("maxseq", "max_ads"),
        "the most ads of a pod; without `poddur`, the pod has `max_dur` or 30 s for each",
    ),
    Parameter(
        "slots",
        "video.maxduration",
        numbers(1, 3600, MAX_IMPS),
        "",
        (),
        "a structured pod: the longest ad of each slot in seconds",
    ),
    Parameter("rewarded", "imp.rwdd", FLAG, "", ("rwdd",)),
    Parameter("secure", "imp.secure", FLAG),
    Parameter("ssai", "imp.ssai", whole(0, 3), "[SERVERSIDE]", ("serverside",)),
    Parameter("tagid", "imp.tagid", TEXT, "", ("tag_id", "iu")),
    Parameter("floor", "imp.bidfloor", decimal(0, 1_000_000), "", ("bidfloor",), "CPM"),
    Parameter("currency", "imp.bidfloorcur, cur", CURRENCY, "", ("cur", "bidfloorcur")),
    Parameter("deals", "imp.pmp.deals", TEXTS._replace(most=MAX_DEALS), "", ("deal", "dealid")),
    Parameter("private", "imp.pmp.private_auction", FLAG, "", ("private_auction",)),
    Parameter("ifa", "device.ifa", TEXT, "[IFA]", ("did", "idfa", "aaid", "rdid")),
    Parameter("lmt", "device.lmt", FLAG, "[LIMITADTRACKING]", ("is_lat", "limitadtracking")),
    Parameter("dnt", "device.dnt", FLAG),
    Parameter("ua", "device.ua", TEXT, "[DEVICEUA]", ("user_agent",)),
    Parameter("ip", "device.ip", TEXT, "[DEVICEIP]", ("uip",)),
    Parameter("device_type", "device.devicetype", whole(1, 99), "", ("devicetype",)),
    Parameter("make", "device.make", TEXT),
    Parameter("model", "device.model", TEXT),
    Parameter("os", "device.os", TEXT),
    Parameter("osv", "device.osv", TEXT),
    Parameter("language", "device.language", TEXT, "", ("lang", "hl")),
    Parameter("country", "device.geo.country", COUNTRY),
    Parameter("region", "device.geo.region", TEXT),
    Parameter("city", "device.geo.city", TEXT),
    Parameter("zip", "device.geo.zip", TEXT),
    Parameter("latlong", "device.geo.lat, device.geo.lon", LATLONG, "[LATLONG]"),
    Parameter("user_id", "user.id", TEXT, "", ("uid", "ppid")),
    Parameter("buyeruid", "user.buyeruid", TEXT),
    Parameter("content_id", "content.id", TEXT, "[CONTENTID]"),
    Parameter("content_title", "content.title", TEXT),
    Parameter("content_series", "content.series", TEXT),
    Parameter("content_season", "content.season", TEXT),
    Parameter("content_episode", "content.episode", whole(0, 1_000_000)),
    Parameter("content_genre", "content.genre", TEXT),
    Parameter("content_rating", "content.contentrating", TEXT),
    Parameter("content_length", "content.len", SECONDS, "", ("content_len",)),
    Parameter("content_livestream", "content.livestream", FLAG, "", ("livestream",)),
    Parameter("content_keywords", "content.keywords", TEXT),
    Parameter("content_cat", "content.cat", TEXTS, "", ("content_categories",)),
    Parameter("content_cattax", "content.cattax", whole(1, 999)),
    Parameter("content_language", "content.language", TEXT),
    Parameter("content_url", "content.url", TEXT, "[CONTENTURI]"),
    Parameter("content_channel", "content.channel.name", TEXT),
    Parameter("content_network", "content.network.name", TEXT),
    Parameter("gdpr", "regs.gdpr", FLAG),
    Parameter("gdpr_consent", "user.consent", TEXT, "[GDPRCONSENT]", ("consent", "gdprconsent")),
    Parameter("us_privacy", "regs.us_privacy", TEXT),
    Parameter("gpp", "regs.gpp", TEXT, "[GPPSTRING]"),
    Parameter("gpp_sid", "regs.gpp_sid", numbers(-1, 9999), "[GPPSECTIONID]"),
    Parameter("coppa", "regs.coppa", FLAG, "", ("tfcd",)),
    Parameter("bcat", "bcat", TEXTS, "[BLOCKEDADCATEGORIES]"),
    Parameter("badv", "badv", TEXTS),
    Parameter("tid", "source.tid", TEXT, "[TRANSACTIONID]", ("transaction_id",)),
    Parameter("tmax", "tmax", whole(0, 60_000)),
    Parameter("test", "test", FLAG),
    Parameter("id", "id", TEXT, "", ("request_id",), "default: a new unique id"),
    Parameter("cb", "—", TEXT, "[CACHEBUSTING]", ("correlator", "ord"), "only read by caches"),
)

BY_NAME = {name: parameter for parameter in PARAMETERS for name in (parameter.name, *parameter.also)}
