"""GET /vmap: ad breaks at the requested times, with ad tags or with their ads, as valid VMAP."""

import json
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from bidder.ad_tag.parameters import BY_NAME
from bidder.ad_tag.schedule import MAX_BREAKS
from bidder.endpoints.ad_tag import vast
from bidder.endpoints.reply import Reply
from bidder.endpoints.tag_call import TagCall
from bidder.endpoints.vmap import schedule
from bidder.snapshot.snapshot import Snapshot
from tests.support.campaigns import NOW, campaign, compile_snapshot, creative
from tests.support.service import service
from tests.support.xsd import assert_valid, assert_valid_vmap

BASE = "https://bid.example/api"
SNAPSHOT = compile_snapshot(
    campaign(id=name, advertiser={"name": name, "domain": f"{name}.example"}, creatives=[creative(id=name, name=name)])
    for name in ("a", "b", "c")
)


def call(query: dict[str, list[str]], snapshot: Snapshot | None = SNAPSHOT, **headers: str) -> Reply:
    return schedule(service(snapshot), TagCall(query, headers, "203.0.113.7", BASE, NOW, "content"))


def ask(snapshot: Snapshot | None = SNAPSHOT, **query: str) -> Reply:
    return call({name: [value] for name, value in query.items()}, snapshot)


def breaks(reply: Reply) -> list[etree._Element]:
    assert (reply.status, reply.content_type) == (200, "application/xml"), reply.body
    assert_valid_vmap(str(reply.body))
    return list(etree.fromstring(str(reply.body)))


def queries(reply: Reply) -> list[dict[str, list[str]]]:
    links = [each.findtext(".//{*}AdTagURI") or "" for each in breaks(reply)]
    assert all(link.startswith(f"{BASE}/vast?") for link in links)
    return [parse_qs(urlsplit(link).query) for link in links]


def test_breaks_have_the_requested_time_offsets() -> None:
    results = breaks(ask(breaks="pre,mid@600,mid@01:20:00,mid@50%,post"))

    assert [(each.get("breakId"), each.get("timeOffset"), each.get("breakType")) for each in results] == [
        ("pre-1", "start", "linear"),
        ("mid-2", "00:10:00", "linear"),
        ("mid-3", "01:20:00", "linear"),
        ("mid-4", "50%", "linear"),
        ("post-5", "end", "linear"),
    ]


def test_each_break_has_an_ad_tag_with_the_parameters_of_the_schedule() -> None:
    results = queries(ask(breaks="preroll,mid@600,post", page="https://news.example/?a=1&b=2", w="640"))

    assert results == [
        {"page": ["https://news.example/?a=1&b=2"], "w": ["640"], "startdelay": [delay]} for delay in ("0", "600", "-2")
    ]


def test_a_kind_of_break_can_have_its_own_parameters() -> None:
    results = queries(ask(breaks="pre,mid@5,mid@9", maxads="1", mid_poddur="90", mid_maxads="3", pre_skip="1"))

    assert results == [
        {"maxads": ["1"], "skip": ["1"], "startdelay": ["0"]},
        {"maxads": ["3"], "poddur": ["90"], "startdelay": ["5"]},
        {"maxads": ["3"], "poddur": ["90"], "startdelay": ["9"]},
    ]


@pytest.mark.parametrize("macro", ["[PAGEURL]", "%%PAGE%%", "${PAGE}", "{{page}}", "__PAGE__"])
def test_macros_stay_in_ad_tags_for_the_player(macro: str) -> None:
    reply = ask(page=macro, cb="[CACHEBUSTING]")

    assert f"page={macro}&cb=[CACHEBUSTING]&" in str(reply.body)


def test_the_ad_tag_of_a_break_returns_its_ads() -> None:
    [_, midroll] = queries(ask(breaks="pre,mid@600", mid_poddur="45", mid_maxads="3"))

    reply = vast(service(SNAPSHOT), TagCall(midroll, {}, "203.0.113.7", BASE, NOW, "break"))

    assert_valid(str(reply.body))
    assert [ad.get("sequence") for ad in etree.fromstring(str(reply.body))] == ["1", "2", "3"]


def test_with_inline_ads_every_break_is_a_separate_auction() -> None:
    reply = ask(breaks="pre,mid@600,post", inline="1", mid_poddur="45", mid_maxads="3", post_floor="100")

    documents = assert_valid_vmap(str(reply.body))

    ads = [list(etree.fromstring(document)) for document in documents]
    assert [len(item) for item in ads] == [1, 3, 0]
    ids = [ad.get("id") for entry in ads for ad in entry]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize(("version", "template"), [("2", "vast2"), ("3", "vast3"), ("4", "vast3")])
def test_an_ad_tag_states_its_vast_version_if_vmap_has_a_value_for_it(version: str, template: str) -> None:
    [only] = breaks(ask(vast=version))

    assert [link.get("templateType") for link in only.iter("{*}AdTagURI")] == [template]


@pytest.mark.parametrize(
    ("query", "mistakes"),
    [
        ({"breaks": "pre,lunch"}, {"breaks"}),
        ({"breaks": "mid"}, {"breaks"}),
        ({"breaks": "mid@90000"}, {"breaks"}),
        ({"breaks": "mid@101%"}, {"breaks"}),
        ({"breaks": "pre@5"}, {"breaks"}),
        ({"breaks": "pre," * (MAX_BREAKS + 1)}, {"breaks"}),
        ({"w": "x", "gdpr": "?"}, {"w", "gdpr"}),
        ({"mid_w": "x", "breaks": "mid@5"}, {"w"}),
        ({"inline": "1", "w": "x"}, {"w"}),
    ],
)
def test_an_invalid_schedule_is_a_400_with_the_parameter_and_cors_headers(
    query: dict[str, str], mistakes: set[str]
) -> None:
    reply = call({name: [value] for name, value in query.items()}, origin="https://news.example")

    assert reply.status == 400
    assert json.loads(reply.body)["fields"].keys() == mistakes
    assert reply.headers["Access-Control-Allow-Origin"] == "https://news.example"


def test_without_a_snapshot_breaks_are_empty() -> None:
    assert [list(etree.fromstring(document)) for document in assert_valid_vmap(str(ask(None, inline="1").body))] == [[]]


def test_no_ad_tag_parameter_has_the_prefix_of_a_kind_of_break() -> None:
    assert not [name for name in BY_NAME if name.startswith(("pre_", "mid_", "post_"))]


_values = st.text(max_size=12) | st.sampled_from(
    ["pre", "pre,mid@5", "mid@1:2:3", "1", "[X]", "a]]>b", "<&\"'>", "15,30"]
)


@given(
    st.dictionaries(
        st.sampled_from(["breaks", "inline", "w", "page", "slots", "mid_poddur", "pre_slots", "cb"])
        | st.text(max_size=9),
        st.lists(_values, min_size=1, max_size=2),
        max_size=5,
    )
)
def test_any_query_gets_a_valid_document_or_is_refused(query: dict[str, list[str]]) -> None:
    reply = call(query)

    assert reply.status in {200, 400}
    if reply.status == 200:
        assert_valid_vmap(str(reply.body))
