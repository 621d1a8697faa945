"""Hypothesis strategies of campaigns and advertisers' limits whose documents have every field of the models."""

from datetime import UTC, timedelta, timezone
from typing import Any

from hypothesis import strategies as st

from bidder.campaigns.advertiser_limits import AdvertiserLimits
from bidder.campaigns.campaign import Campaign
from bidder.campaigns.categories import with_taxonomies
from tests.support.campaigns import NOW

_texts = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=5) | st.sampled_from(
    ["yes", "null", "1e3", "0x1F", "2026-11-01", "~", "- a", "a: b", "#1", '"', "''", "a|b", "{a}", "Línea ☕", "1_000"]
)
names = _texts.map(str.strip).filter(bool)
_micros = st.integers(1, 10**18) | st.sampled_from([1, 10, 12_345_678, 10**18 - 1])
_counts = st.integers(1, 10**12)
_ids = st.text("aZ09._-", max_size=10).map(lambda text: f"a{text}")
_seconds = st.floats(1, 3600) | st.integers(1, 3600)
_moments = st.datetimes(
    min_value=NOW.replace(tzinfo=None), timezones=st.sampled_from([UTC, timezone(timedelta(hours=2))])
)
_urls = st.sampled_from(
    ["https://shop.example/a?b=1&c=%20#d", "https://shop.example/[CACHEBUSTING]", "http://127.0.0.1/a"]
)
_domains = st.sampled_from(["shop.example", "www.shop.example", "a.b.co.uk", "shop.github.io", "co.uk"])
_zones = st.sampled_from(["UTC", "Asia/Tokyo", "America/New_York"])
_words = st.sampled_from(["iab1", "483", "6/483", "url", "tag", "a_micros", "yes", "1"])
_categories = st.sampled_from(["IAB1", "IAB7-39", "483", "K7WXQ2"])


_targetings = st.sampled_from(
    [
        {"country": {"include": ["us", "DEU"]}},
        {
            "tag": {"exclude": ["a_micros"], "all": ["url"]},
            "category": {"include": ["iab1", "483", "6/483"]},
            "hour": {"include": "mon 12"},
        },
    ]
)
_wheres = st.sampled_from(
    [
        {"not": {"os": {"include": ["ios"]}}},
        {"or": [{"tag": {"include": ["url"]}}, {"and": [{"language": {"exclude": "de"}}]}]},
    ]
)


def _fields(
    required: dict[str, st.SearchStrategy[Any]], optional: dict[str, st.SearchStrategy[Any]] | None = None
) -> st.SearchStrategy[dict[str, Any]]:
    """Documents with the required fields, and with all or some of the optional fields."""
    optional = optional or {}
    return st.fixed_dictionaries(required | optional) | st.fixed_dictionaries(required, optional=optional)


_flights = st.lists(_moments, max_size=2, unique=True).map(
    lambda moments: dict(zip(("start", "end"), sorted(moments), strict=False))
)
_caps = _fields(
    {},
    {
        "min_gap": st.sampled_from(["90s", "30m"]),
        "per": st.sampled_from(["user", "household"]),
        "time_zone": _zones,
    },
).flatmap(
    lambda cap: st.builds(
        lambda impressions, window: {**cap, "impressions": impressions, "window": window},
        st.integers(1, 1000),
        st.sampled_from(["hour", "lifetime", "7d"]),
    )
)
_leveled = st.builds(
    lambda cap, level: {**cap, "level": level}, _caps, st.sampled_from(["campaign", "advertiser", "creative"])
)
_budgets = _fields(
    {},
    {
        **dict.fromkeys(("total_micros", "daily_micros", "hourly_micros"), _micros),
        **dict.fromkeys(("total_impressions", "daily_impressions"), _counts),
        "pacing": st.sampled_from(["even", "front_loaded", "asap"]),
    },
)
_owned_domains = st.tuples(_domains, st.integers(0, 3)).map(
    lambda drawn_pair: (
        {"domain": drawn_pair[0]}
        if drawn_pair[1] < 2
        else {"domain": drawn_pair[0], "owner": ".".join(drawn_pair[0].split(".")[-drawn_pair[1] :])}
    )
)
_advertisers = st.builds(
    lambda domain, name, more: {**domain, "name": name, **more},
    _owned_domains,
    names,
    _fields(
        {}, {"bundle": st.sampled_from(["com.example.shop", "123456789"]), "on_behalf_of": names, "paid_by": names}
    ),
)
_media = _fields(
    {
        "url": _urls,
        "mime": st.just("video/mp4"),
        "width": st.integers(1, 16384),
        "height": st.integers(1, 16384),
        "bitrate": st.integers(1, 90_000),
    },
    {"codec": st.sampled_from(["avc1.64001F,mp4a.40.2", "1e3"]), "file_size": st.integers(1, 10**12)},
)
_picture = {"url": _urls, "mime": st.just("image/png"), "width": st.integers(1, 999), "height": st.integers(1, 999)}
_creative = {"id": _ids, "name": names, "duration": _seconds}
_more_of_creative = {
    "skip_offset": st.floats(0.001, 0.999),
    "language": st.sampled_from(["en", "no"]),
    "attributes": st.lists(st.integers(1, 17)),
    "apis": st.lists(st.integers(1, 9)),
    "targeting": _targetings,
    "where": _wheres,
    "weight": st.integers(1, 1000),
    "universal_ad_id": _fields({"registry": names, "value": names}),
    "verifications": st.lists(
        _fields(
            {"vendor": names, "url": _urls.filter(lambda url: url.startswith("https"))},
            {"parameters": names, "browser_optional": st.booleans(), "not_executed": _urls},
        ),
        max_size=1,
    ),
    "icon": _fields(
        _picture,
        {
            "program": names,
            "x": st.sampled_from(["left", "12"]),
            "y": st.sampled_from(["bottom", "012"]),
            "click_through": _urls,
            "view_tracking": _urls,
        },
    ),
    "companions": st.lists(_fields({"id": _ids, **_picture}, {"click_through": _urls, "alt_text": names}), max_size=1),
}
creatives = st.one_of(
    _fields(
        {**_creative, "click_through": _urls, "media": st.lists(_media, min_size=1, max_size=2)},
        {**_more_of_creative, "mezzanine": _media},
    ),
    _fields(
        {**_creative, "click_through": _urls, "upload": st.sampled_from(["spot.mp4", "a b/ü.mov"])},
        {**_more_of_creative, "media": st.lists(_media, max_size=1)},
    ),
    _fields(
        {
            **_creative,
            "tag": _fields(
                {"url": st.just("https://ads.example/tag?a=[X]")},
                {
                    "mimes": st.sampled_from([["video/webm"], ["video/mp4", "video/webm"]]),
                    "version": st.sampled_from(["2.0", "4.2"]),
                },
            ),
        },
        _more_of_creative,
    ),
)
_factors = st.sampled_from(["0.1", "0.875", "1.500", "10"])
_bids = st.one_of(
    _fields({"cpm_micros": _micros}, {"max_cpm_micros": _micros}),
    *(_fields({name: _micros, "max_cpm_micros": _micros}) for name in ("cpcv_micros", "cpc_micros", "cpv_micros")),
).flatmap(
    lambda bid: st.builds(
        lambda factors: {**bid, "multipliers": factors},
        st.dictionaries(
            st.sampled_from(["tag", "exchange"]), st.dictionaries(_words, _factors, min_size=1), min_size=1
        ),
    )
)
_deals = st.lists(
    _fields({"id": names, "cpm_micros": _micros}, {"budget": _budgets}),
    min_size=1,
    max_size=2,
    unique_by=lambda deal: deal["id"],
)
_more = _fields(
    {},
    {
        "status": st.sampled_from(["active", "paused"]),
        "categories_above": st.dictionaries(_categories, st.lists(_categories, min_size=1)),
        "categories_below": st.dictionaries(st.sampled_from(["iab1", "483", "6/483"]), st.lists(_words, min_size=1)),
        "deals": _deals,
        "budget": _budgets,
        "flight": _flights,
        "discloses_price": st.booleans(),
        "shading": st.booleans(),
        "frequency_caps": st.lists(_leveled, max_size=2),
        "on_unknown": st.sampled_from(["bid", "skip"]),
        "targeting": _targetings,
        "where": _wheres,
        "time_zone": _zones,
        "rotation": st.sampled_from(["even", "weighted", "best"]),
        "competes_in": st.lists(_words, max_size=2),
        "once_a_request": st.booleans(),
    },
)
documents = st.builds(
    lambda needed, terms, more, categories: {**needed, **more, **terms, **categories},
    _fields(
        {
            "id": _ids,
            "name": names,
            "advertiser": _advertisers,
            "creatives": st.lists(creatives, min_size=1, max_size=2, unique_by=lambda creative: creative["id"]),
        }
    ),
    _bids | _deals.map(lambda deals: {"deals": deals}),
    _more,
    st.sampled_from([{}, *({"cattax": n, "categories": [c]} for n, c in [(1, "IAB7-39"), (6, "483"), (9, "K7WXQ2")])]),
)
"""Campaigns' documents with the names of the models."""

limits = _fields(
    {"domain": _domains},
    {
        "time_zone": _zones,
        "budget": _budgets,
        "flight": _flights,
        "frequency_caps": st.lists(_caps, max_size=2),
    },
).map(AdvertiserLimits.model_validate)


def _imported(document: dict[str, Any]) -> Campaign:
    """A campaign as an import leaves it: with the ancestors and descendants of the categories that it names alone."""
    return with_taxonomies(Campaign.model_validate(document), {})


campaigns = documents.map(_imported)
