"""Campaigns and snapshots for tests: campaigns with defaults, and hypothesis strategies."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from bidder.campaigns.campaign import Campaign
from bidder.campaigns.targeted_ranges import TargetedRanges
from bidder.campaigns.targeting import ATTRIBUTES
from bidder.delivery.allowance import Pace
from bidder.delivery.budget import Spend
from bidder.delivery.outcome_counts import OutcomeCounts
from bidder.delivery.shared_budgets import SharedBudget, SharedBudgets
from bidder.delivery.win_model import Shading
from bidder.snapshot.compile import compile_index
from bidder.snapshot.delivery_state import compile_delivery, load_delivery
from bidder.snapshot.index import Index
from bidder.snapshot.quality_classes import Quality
from bidder.snapshot.snapshot import Snapshot
from bidder.snapshot.tier import SIZES

EVERYTHING = TargetedRanges(ATTRIBUTES, {"segment": ["bluekai", "acme"]})
"""The known values of all attributes, as if campaigns targeted every attribute, without ranges."""

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def media(**changes: Any) -> dict[str, Any]:
    return {
        "url": "https://cdn.example/spot.mp4",
        "mime": "video/mp4",
        "width": 1280,
        "height": 720,
        "bitrate": 1200,
        **changes,
    }


def creative(**changes: Any) -> dict[str, Any]:
    return {
        "id": "spot",
        "name": "A spot",
        "duration": 15,
        "click_through": "https://shop.example/",
        "media": [media()],
        **changes,
    }


def campaign(**changes: Any) -> Campaign:
    """A campaign that bids a CPM of 5.00 on every request."""
    document = {
        "id": "plain",
        "name": "Plain",
        "advertiser": {"name": "Shop", "domain": "shop.example"},
        "cpm": 5,
        "creatives": [creative()],
    }
    return Campaign.model_validate({**document, **changes})


RATES = {"EUR": 1_100_000}


def compile_snapshot(
    campaigns: Iterable[Campaign],
    spends: Mapping[str, Spend] | None = None,
    now: datetime = NOW,
    counts: Mapping[tuple[str, str], OutcomeCounts] | None = None,
    paces: Mapping[str, Pace] | None = None,
    shading: Shading | None = None,
    shared: SharedBudgets | None = None,
    quality: Quality | None = None,
    tier_sizes: tuple[int, int] = SIZES,
) -> Snapshot:
    """The snapshot of these campaigns, written to and read from its files as by a refresh and a process."""
    campaigns = list(campaigns)
    index = Index.load([compile_index(campaigns, tier_sizes=tier_sizes)])
    if shared is None:
        shared = SharedBudgets(deals={names: SharedBudget(limits) for names, limits in index.deal_limits().items()})
    delivery = compile_delivery(
        index, spends or {}, now, RATES, counts, paces=paces, shading=shading, shared_budgets=shared, quality=quality
    )
    return Snapshot(int(now.timestamp() * 1000), index, load_delivery(delivery, index))


_VALUES = {
    "country": ["usa", "deu", "gbr"],
    "inventory": ["site", "app", "dooh"],
    "domain": ["news.example", "sport.news.example", "example", "0.2.7"],
    "category": ["iab1", "iab7-39", "iab7", "483"],
    "device_type": ["1", "2", "3", "7"],
    "language": ["en", "de"],
    "placement": ["1", "2", "4"],
    "break": ["preroll", "midroll", "postroll"],
    "playback": ["1", "2", "6"],
    "segment": ["42", "acme/42", "43"],
    "tag": ["top", "side"],
    "hour": ["mon 12", "mon 13", "tue 3"],
}


def _rules(values: list[str]) -> st.SearchStrategy[dict[str, list[str]]]:
    single, several = st.sampled_from(values).map(lambda value: [value]), st.lists(st.sampled_from(values), max_size=2)
    return st.one_of(
        st.fixed_dictionaries({"include": st.just(values) | several}, optional={"exclude": single}),
        st.fixed_dictionaries({"exclude": several}, optional={"all": single}),
    )


targetings = st.lists(st.sampled_from(sorted(_VALUES)), unique=True, max_size=2).flatmap(
    lambda names: st.fixed_dictionaries({name: _rules(_VALUES[name]) for name in names})
)
_one_rule = st.sampled_from(sorted(_VALUES)).flatmap(lambda name: st.fixed_dictionaries({name: _rules(_VALUES[name])}))
wheres = st.none() | st.recursive(
    _one_rule,
    lambda inner: (
        st.builds(lambda of: {"and": of}, st.lists(inner, min_size=1, max_size=2))
        | st.builds(lambda of: {"or": of}, st.lists(inner, min_size=1, max_size=2))
        | st.builds(lambda of: {"not": of}, inner)
    ),
    max_leaves=3,
)
amounts = st.sampled_from([0.5, 1, 2.5, 2.5, 5, 12.345])
flights = st.sampled_from(
    [
        *[{}] * 8,
        {"start": NOW - timedelta(days=1)},
        {"start": NOW + timedelta(seconds=1)},
        {"end": NOW},
        {"start": NOW, "end": NOW + timedelta(seconds=1)},
    ]
)
_links = st.sampled_from([None, "https://shop.example/more", "http://shop.example/more"])
_extras = {
    "icon": st.builds(
        lambda link: {
            "url": "https://icons.example/a.png",
            "mime": "image/png",
            "width": 20,
            "height": 20,
            "click_through": link,
        },
        _links,
    ),
    "companions": st.builds(
        lambda link: [
            {"id": "side", "url": "https://cdn.example/side.png", "mime": "image/png", "width": 300, "height": 250},
            {
                "id": "top",
                "url": "https://cdn.example/top.jpg",
                "mime": "image/jpeg",
                "width": 728,
                "height": 90,
                "click_through": link,
            },
        ],
        _links,
    ),
    "verifications": st.just([{"vendor": "v.example-omid", "url": "https://v.example/omid.js", "parameters": "a]]>b"}]),
    "universal_ad_id": st.just({"registry": "ad-id.org", "value": "ABCD0001000H"}),
    "skip_offset": st.just(5),
    "weight": st.integers(1, 5),
    "where": wheres,
}
_languages = {
    "duration": st.sampled_from([6, 15, 30, 60]),
    "language": st.sampled_from([None, "en", "de"]),
    "attributes": st.sampled_from([[], [], [13]]),
    "apis": st.sampled_from([[], [], [7]]),
}
_played = st.fixed_dictionaries(
    _languages
    | {
        "media": st.lists(
            st.builds(
                media,
                mime=st.sampled_from(["video/mp4", "video/mp4", "video/mp4", "video/webm"]),
                url=st.sampled_from(["https://cdn.example/a", "http://cdn.example/a", "http://127.0.0.1:4566/a"]),
                bitrate=st.sampled_from([300, 1200, 6000]),
            ),
            min_size=1,
            max_size=3,
        )
    },
    optional=_extras,
)
_tagged = st.fixed_dictionaries(
    _languages
    | {
        "tag": st.fixed_dictionaries(
            {"url": st.just("https://ads.example/tag?a=1&b=2")},
            optional={
                "mimes": st.sampled_from([["video/webm"], ["video/mp4", "video/webm"]]),
                "version": st.sampled_from(["2.0", "3.0", "4.0", "4.2"]),
            },
        ),
        "media": st.just([]),
        "click_through": st.none(),
    },
    optional=_extras,
)
creatives = st.builds(lambda changes: creative(**changes), _played | _played | _tagged)


multipliers = st.fixed_dictionaries(
    {},
    optional={
        name: st.dictionaries(st.sampled_from(_VALUES[name]), st.sampled_from([0.1, 0.875, 1.5, 10]), min_size=1)
        for name in ("country", "domain", "category", "device_type", "placement", "segment", "hour")
    },
)
worths = st.one_of(
    st.builds(lambda cpm: {"cpm": cpm}, amounts),
    st.builds(lambda cpm, most: {"cpm": cpm, "max_cpm": most}, amounts, amounts),
    st.builds(
        lambda goal, most: {**goal, "max_cpm": most},
        st.sampled_from([{"cpcv": 0.008}, {"cpcv": 0.000123}, {"cpc": 2.5}, {"cpc": 0.000001}, {"cpv": 0.01}]),
        amounts,
    ),
)
learned = st.dictionaries(
    st.tuples(st.sampled_from(["c0", "c1", "gone"]), st.sampled_from(["s0", "s1", "old"])),
    st.builds(OutcomeCounts, *[st.sampled_from([0, 1, 50, 1000, 10**7])] * 4),
    max_size=4,
)
"""Counts with the effects of late, missing and repeated events."""


@st.composite
def campaign_lists(draw: st.DrawFn, max_size: int = 8) -> list[Campaign]:
    """Lists of campaigns with distinct ids."""
    campaigns = []
    for number in range(draw(st.integers(0, max_size))):
        deals = draw(st.lists(st.sampled_from(["d1", "d2"]), unique=True, max_size=2))
        openly: dict[str, Any] = draw(worths if not deals else st.just({"cpm": None}) | worths)
        if any(openly.values()):
            openly["multipliers"] = draw(st.just({}) | multipliers)
        spots = draw(st.lists(creatives, min_size=1, max_size=2))
        campaigns.append(
            campaign(
                id=f"c{number}",
                status=draw(st.sampled_from([*["active"] * 9, "paused"])),
                advertiser={
                    "name": "A",
                    "domain": draw(st.sampled_from(["shop.example", "www.shop.example"])),
                    "bundle": draw(st.sampled_from([None, "com.example.shop"])),
                },
                categories=draw(st.lists(st.sampled_from(["IAB1", "IAB7-39"]), max_size=1)),
                **{"cpm": None, **openly},
                rotation=draw(st.sampled_from(["even", "weighted", "best"])),
                deals=[{"id": deal, "cpm": draw(amounts)} for deal in deals],
                flight=draw(flights),
                targeting=draw(targetings),
                where=draw(st.none() | wheres),
                time_zone=draw(st.sampled_from(["UTC", "Europe/Berlin"])),
                creatives=[{**spot, "id": f"s{n}"} for n, spot in enumerate(spots)],
            )
        )
    return campaigns
