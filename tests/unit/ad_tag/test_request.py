"""The bid request of a query, compared with an independent table of the OpenRTB field of each parameter."""

import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidder.ad_tag.parameters import BY_NAME, PARAMETERS
from bidder.ad_tag.request import InvalidTag, bid_request
from bidder.openrtb.bid_request import BidRequest
from bidder.openrtb.parse import parse

ID = "only-one"
V3 = [2, 3, 5, 6]


def request_of(**query: str) -> dict[str, Any]:
    return bid_request({name: [value] for name, value in query.items()}, ID)


def faults(**query: str) -> dict[str, str]:
    with pytest.raises(InvalidTag) as error:
        request_of(**query)
    return error.value.fields


def at(document: Any, path: str) -> Any:
    """The value at a path such as `imp.0.video.w`."""
    for step in path.split("."):
        document = document[int(step)] if step.isdigit() else document[step]
    return document


def test_an_empty_query_requests_one_mp4_in_the_default_vast_version() -> None:
    assert request_of() == {"id": ID, "imp": [{"id": "1", "video": {"mimes": ["video/mp4"], "protocols": V3}}]}


@pytest.mark.parametrize(
    ("name", "text", "path", "value"),
    [
        ("page", "https://news.example/a?b=1", "site.page", "https://news.example/a?b=1"),
        ("ref", "https://search.example/", "site.ref", "https://search.example/"),
        ("domain", "News.example", "site.domain", "news.example"),
        ("app_bundle", "com.tv.app", "app.bundle", "com.tv.app"),
        ("app_name", "TV", "app.name", "TV"),
        ("app_store_url", "https://store.example/1", "app.storeurl", "https://store.example/1"),
        ("w", "640", "imp.0.video.w", 640),
        ("h", "360", "imp.0.video.h", 360),
        ("size", "640x360", "imp.0.video.h", 360),
        ("playersize", "640,360", "imp.0.video.w", 640),
        ("sz", "640x480|400x300", "imp.0.video.h", 480),
        ("min_dur", "5", "imp.0.video.minduration", 5),
        ("max_dur", "30", "imp.0.video.maxduration", 30),
        ("protocols", "3,6,7", "imp.0.video.protocols", [3, 6, 7]),
        ("vast", "2", "imp.0.video.protocols", [2, 5]),
        ("vast", "3", "imp.0.video.protocols", V3),
        ("vast", "4", "imp.0.video.protocols", [2, 3, 5, 6, 7, 8, 11, 12, 13, 14]),
        ("vast", "4.0", "imp.0.video.protocols", [2, 3, 5, 6, 7, 8]),
        ("vast", "2,3", "imp.0.video.protocols", V3),
        ("mimes", "video/mp4,video/webm", "imp.0.video.mimes", ["video/mp4", "video/webm"]),
        ("api", "7", "imp.0.video.api", [7]),
        ("plcmt", "1", "imp.0.video.plcmt", 1),
        ("startdelay", "0", "imp.0.video.startdelay", 0),
        ("startdelay", "pre", "imp.0.video.startdelay", 0),
        ("startdelay", "-1", "imp.0.video.startdelay", -1),
        ("startdelay", "postroll", "imp.0.video.startdelay", -2),
        ("startdelay", "600", "imp.0.video.startdelay", 600),
        ("vpos", "midroll", "imp.0.video.startdelay", -1),
        ("breakposition", "3", "imp.0.video.startdelay", -2),
        ("skip", "true", "imp.0.video.skip", 1),
        ("skip", "0", "imp.0.video.skip", 0),
        ("playback", "2,6", "imp.0.video.playbackmethod", [2, 6]),
        ("secure", "1", "imp.0.secure", 1),
        ("tagid", "home", "imp.0.tagid", "home"),
        ("floor", "2.50", "imp.0.bidfloor", 2.5),
        ("currency", "eur", "imp.0.bidfloorcur", "EUR"),
        ("currency", "eur", "cur", ["EUR"]),
        ("deals", "a,b,a", "imp.0.pmp.deals", [{"id": "a"}, {"id": "b"}]),
        ("companions", "300x250,728x90", "imp.0.video.companionad", [{"w": 300, "h": 250}, {"w": 728, "h": 90}]),
        ("ifa", "38400000-8cf0", "device.ifa", "38400000-8cf0"),
        ("lmt", "1", "device.lmt", 1),
        ("user_id", "u7", "user.id", "u7"),
        ("language", "de", "device.language", "de"),
        ("latlong", "52.5,-13.25", "device.geo.lon", -13.25),
        ("content_id", "ep1", "site.content.id", "ep1"),
        ("content_title", "Title, the", "site.content.title", "Title, the"),
        ("content_series", "S", "site.content.series", "S"),
        ("content_genre", "drama", "site.content.genre", "drama"),
        ("content_rating", "TV-14", "site.content.contentrating", "TV-14"),
        ("content_length", "1800", "site.content.len", 1800),
        ("content_livestream", "yes", "site.content.livestream", 1),
        ("content_keywords", "a,b", "site.content.keywords", "a,b"),
        ("content_cat", "IAB1,IAB2", "site.content.cat", ["IAB1", "IAB2"]),
        ("gdpr", "1", "regs.gdpr", 1),
        ("gdpr_consent", "CPxyz", "user.consent", "CPxyz"),
        ("us_privacy", "1YNN", "regs.us_privacy", "1YNN"),
        ("gpp", "DBABMA~1YNN", "regs.gpp", "DBABMA~1YNN"),
        ("gpp_sid", "7,8", "regs.gpp_sid", [7, 8]),
        ("coppa", "1", "regs.coppa", 1),
        ("tid", "t", "source.tid", "t"),
        ("maxads", "3", "imp.0.video.maxseq", 3),
        ("poddur", "90", "imp.0.video.poddur", 90),
        ("poddur", "90", "imp.0.video.podid", "1"),
        ("id", "mine", "id", "mine"),
        ("W", "640", "imp.0.video.w", 640),
    ],
)
def test_a_parameter_sets_its_openrtb_field(name: str, text: str, path: str, value: Any) -> None:
    assert at(request_of(**{name: text}), path) == value


def test_in_app_requests_content_and_publisher_belong_to_the_app() -> None:
    document = request_of(app_bundle="com.tv", content_id="ep1", publisher_id="p", page="https://news.example/")

    assert document["app"] == {"bundle": "com.tv", "content": {"id": "ep1"}, "publisher": {"id": "p"}}
    assert "site" not in document


def test_each_slot_is_an_impression_of_one_pod() -> None:
    document = request_of(slots="15,30", w="640", tagid="break")

    assert [(imp["id"], imp["tagid"], imp["video"]["maxduration"]) for imp in document["imp"]] == [
        ("1", "break", 15),
        ("2", "break", 30),
    ]
    assert {(imp["video"]["podid"], imp["video"]["w"]) for imp in document["imp"]} == {("1", 640)}


UNRESOLVED = ("[W]", "%%WIDTH%%", "${WIDTH}", "{{width}}", "__WIDTH__", "{w}", "%5BW%5D", "%7Bw%7D", " [W] ", "", " ")


@pytest.mark.parametrize(
    "parameter",
    [parameter_item for parameter_item in PARAMETERS if parameter_item.name != "id"],
    ids=lambda parameter_item: parameter_item.name,
)
def test_an_unresolved_macro_counts_as_absent_in_each_parameter(parameter: Any) -> None:
    for text in UNRESOLVED:
        assert request_of(**{parameter.name: text}) == request_of()


@pytest.mark.parametrize("text", ["-1", "-2"])
def test_a_macro_that_the_player_has_no_value_for_counts_as_absent(text: str) -> None:
    assert (
        request_of(max_dur=text, latlong=text, app_bundle=text, page=text, mimes=text, gdpr_consent=text)
        == request_of()
    )


def test_only_the_unresolved_items_of_a_list_are_dropped() -> None:
    assert request_of(deals="a,[DEAL],b")["imp"][0]["pmp"]["deals"] == [{"id": "a"}, {"id": "b"}]


def test_a_repeated_parameter_extends_a_list_and_otherwise_the_first_value_counts() -> None:
    document = bid_request({"mimes": ["video/mp4", "video/webm"], "w": ["[W]", "640", "320"]}, ID)

    assert document["imp"][0]["video"] == {"mimes": ["video/mp4", "video/webm"], "protocols": V3, "w": 640}


def test_the_main_spelling_of_a_parameter_precedes_its_alias() -> None:
    assert request_of(width="1", w="2")["imp"][0]["video"]["w"] == 2
    assert request_of(w="2", width="1")["imp"][0]["video"]["w"] == 2


def test_unknown_parameters_are_ignored() -> None:
    assert request_of(utm_source="x", cb="123", w2="abc") == request_of()


def test_an_error_names_the_parameter_as_the_caller_wrote_it() -> None:
    mistakes = faults(Width="64x", gdpr="maybe", page="news", floor="1e9", slots="0", vast="5", currency="EURO")

    assert mistakes.keys() == {"Width", "gdpr", "page", "floor", "slots", "vast", "currency"}
    assert mistakes["Width"] == "'64x' is not a whole number of pixels, 0 to 100000"


@pytest.mark.parametrize("name", ["poddur", "maxads"])
def test_a_pod_has_slots_or_a_length(name: str) -> None:
    assert faults(slots="15", **{name: "30"}).keys() == {"slots"}


def test_no_two_parameters_share_a_spelling() -> None:
    spellings = [name for parameter in PARAMETERS for name in (parameter.name, *parameter.also)]

    assert len(spellings) == len(BY_NAME) == len(set(spellings))
    assert all(name == name.lower() for name in spellings)


_texts = st.text(max_size=20) | st.sampled_from(
    [
        "0",
        "1",
        "2",
        "-1",
        "640",
        "1.5",
        "pre",
        "300x250",
        "15,30",
        "https://a.example/",
        "USA",
        "EUR",
        "[X]",
        "a,b",
        "3,4",
    ]
)
_queries = st.dictionaries(
    st.sampled_from(sorted(BY_NAME)) | st.text(max_size=8), st.lists(_texts, min_size=1, max_size=3), max_size=8
)


@given(_queries)
def test_any_query_is_a_valid_request_or_is_refused_with_the_parameter(query: dict[str, Sequence[str]]) -> None:
    mistakes: set[str] | None = None
    document: dict[str, Any] = {}
    try:
        document = bid_request(query, ID)
    except InvalidTag as refused:
        mistakes = set(refused.fields)
    if mistakes is not None:
        assert mistakes
        assert mistakes <= set(query)
        return
    request = parse(json.dumps(document).encode())
    assert request == BidRequest.model_validate(document)  # no value needed a repair
