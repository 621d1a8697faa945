"""Requests with the values that the campaigns of `tests.support.campaigns` target, so that many of them match."""

from typing import Any

from hypothesis import strategies as st


def video_request(**changes: Any) -> dict[str, Any]:
    """A plain request on which `tests.support.campaigns.campaign()` bids. `video` and `imp` change those objects."""
    video = {"mimes": ["video/mp4"], "protocols": [7, 13], **changes.pop("video", {})}
    imp = {"id": "1", "video": video, **changes.pop("imp", {})}
    return {"id": "auction", "imp": [imp], "site": {"domain": "news.example"}, **changes}


def _optional(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=fields)


# Most generated values let campaigns bid: a property test with few bids can hardly fail.
_mp4 = st.just(["video/mp4", "video/webm"])
_some_mimes = (
    _mp4 | _mp4 | st.lists(st.sampled_from(["video/mp4", "video/webm", "video/x-flv"]), min_size=1, max_size=3)
)
_floors = st.sampled_from([0, 0, 0.1, 0.5, 1, 2.5, 2.500001, 5, 6.000001, 12.345, 20])
_per_second = st.sampled_from([0, 0.05, 0.1, 0.4])
_durfloors = st.lists(
    st.builds(
        lambda bounds, floor: {"mindur": min(bounds), "maxdur": max(bounds), "bidfloor": floor},
        st.tuples(st.sampled_from([0, 6, 15]), st.sampled_from([15, 30, 60])),
        _floors,
    ),
    max_size=2,
)
_durations = st.sampled_from([5, 6, 15, 30, 60])
_lows, _highs = st.sampled_from([0, 0, 5, 6, 15]), st.sampled_from([15, 30, 60, 60])
_videos = st.builds(
    lambda mimes, rest: {"mimes": mimes, **rest},
    _some_mimes,
    _optional(
        protocols=st.sampled_from(
            [[2, 3, 5, 6, 7], [2, 7, 8], [13, 14], [3, 11, 6], [15], [], [2, 5], [3, 14], [3, 6], [1]]
        ),
        protocol=st.sampled_from([[7], [2]]),
        minduration=_lows,
        maxduration=_highs,
        rqddurs=st.just([]) | st.lists(_durations, max_size=2),
        linearity=st.sampled_from([1, 1, 1, 1, 1, 1, 2]),
        plcmt=st.sampled_from([1, 2, 4]),
        startdelay=st.sampled_from([-2, -1, 0, 15]),
        playbackmethod=st.sampled_from([[], [1], [2, 6]]),
        minbitrate=st.sampled_from([0, 500]),
        maxbitrate=st.sampled_from([0, 2000]),
        w=st.sampled_from([640, 1920]),
        h=st.sampled_from([360, 1080]),
        skip=st.sampled_from([0, 1]),
        battr=st.sampled_from([[], [13]]),
        api=st.sampled_from([[], [1, 7]]),
        delivery=st.sampled_from([[], [2], [2], [], [1], [1, 2]]),
        durfloors=_durfloors,
        mincpmpersec=_per_second,
        companionad=st.sampled_from([[{}], [{"w": 300, "h": 250, "vcm": 1}, {"w": 728, "h": 90, "vcm": 0}]]),
    ),
)
_deals = st.lists(
    st.builds(
        lambda deal_id, rest: {"id": deal_id, **rest},
        st.sampled_from(["d1", "d2"]),
        _optional(
            bidfloor=_floors,
            bidfloorcur=st.sampled_from(["USD", "EUR", "JPY"]),
            durfloors=_durfloors,
            mincpmpersec=_per_second,
            at=st.sampled_from([1, 2, 3]),
            wseat=st.sampled_from([[], ["bidder"], ["other"]]),
            wadomain=st.sampled_from([[], ["shop.example"]]),
        ),
    ),
    max_size=3,
)
_with_video = st.builds(
    lambda video, rest: {"video": video, **rest},
    _videos,
    _optional(
        bidfloor=_floors,
        bidfloorcur=st.sampled_from(["USD", "USD", "EUR", "JPY"]),
        secure=st.sampled_from([0, 1]),
        tagid=st.sampled_from(["top", "Top ", "bottom"]),
        qty=st.sampled_from([{}, {"multiplier": 1.0}, {"multiplier": 1}, {"multiplier": 1}, {"multiplier": 2.5}]),
        pmp=_optional(private_auction=st.sampled_from([0, 0, 0, 1]), deals=_deals),
    ),
)
_imps = st.integers(0, 7).flatmap(lambda n: st.just({"banner": {"w": 300, "h": 250}}) if n == 7 else _with_video)
_channels = st.one_of(
    _optional(
        site=_optional(
            domain=st.sampled_from(["news.example", "sport.news.example", "Example", "other.test", "192.0.2.7"]),
            cat=st.lists(st.sampled_from(["IAB1", "IAB7-39", "IAB9"]), max_size=2),
            content=_optional(cat=st.lists(st.sampled_from(["483", "IAB1"]), max_size=1)),
        )
    ),
    st.just({"app": {"bundle": "com.example.app", "domain": "news.example"}}),
    st.just({"dooh": {"id": "screen"}}),
)
_states = {
    "devicetype": st.sampled_from([1, 2, 3, 5]),
    "language": st.sampled_from(["en", "de-AT", "EN", "fr"]),
    "geo": st.builds(lambda country: {"country": country}, st.sampled_from(["USA", "deu", "GBR", "FRA"])),
}
_devices = st.fixed_dictionaries(_states) | st.fixed_dictionaries({}, optional=_states)


_segments = st.lists(st.builds(lambda first: {"id": first}, st.sampled_from(["42", "43", "44"])), max_size=2)
_users = st.builds(
    lambda data: {"data": data},
    st.lists(
        st.builds(lambda item, of: {**of, "segment": item}, _segments, _optional(name=st.just("Acme"))), max_size=2
    ),
)


@st.composite
def matchable_requests(draw: st.DrawFn) -> dict[str, Any]:
    """Valid video requests as JSON values, with one to three impressions."""
    imps = [{**imp, "id": str(number)} for number, imp in enumerate(draw(st.lists(_imps, min_size=1, max_size=3)))]
    rest = draw(
        _optional(
            user=_users,
            cur=st.sampled_from([[], ["USD"], ["USD"], ["EUR", "USD"], ["EUR"], ["JPY"]]),
            wseat=st.sampled_from([[], [], [], ["bidder", "x"], ["bidder"], ["x"]]),
            bseat=st.sampled_from([[], ["x"]]),
            badv=st.sampled_from([[], [], [], ["shop.example"], ["hop.example"], ["www.shop.example"], ["example"]]),
            bcat=st.sampled_from([[], [], ["IAB7"], ["IAB7-3"], ["IAB1"]]),
            acat=st.sampled_from([[], [], [], [], ["IAB7", "IAB1"]]),
            bapp=st.sampled_from([[], [], ["com.example.shop"]]),
            wlang=st.sampled_from([[], [], ["en", "de"], ["en"], ["de", "fr"]]),
        )
    )
    if draw(st.sampled_from([True, True, True, False])):
        rest["device"] = draw(_devices)
    return {"id": draw(st.sampled_from(["a", "b", "c"])), "imp": imps, **draw(_channels), **rest}
