"""`nurl` returns the markup of the bid to a player, and counts as a win notice of an exchange."""

import json
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidder.campaigns.campaign import Campaign
from bidder.endpoints.bid import bid
from bidder.endpoints.call import Call
from bidder.endpoints.markup_of_win import Fetch, is_player, win
from bidder.endpoints.reply import Reply
from bidder.endpoints.sender import sender
from bidder.events.kinds import Kind
from bidder.events.markup_form import MarkupForm, decode_form, encode_form
from bidder.service.service import Service
from bidder.snapshot.snapshot import Snapshot
from tests.support.campaigns import NOW, campaign, campaign_lists, compile_snapshot, creative
from tests.support.matchable import matchable_requests, video_request
from tests.support.service import Recorder, service
from tests.support.xsd import assert_valid

BASE = "https://bid.example/api"
CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
PAGE = {"user-agent": CHROME, "origin": "https://news.example", "sec-fetch-mode": "cors", "accept": "*/*"}
TELEVISION = {"user-agent": "Roku/DVP-12.5 (12.5.0.4178-88)"}
IMAGE = {"user-agent": CHROME, "accept": "image/avif,image/webp,*/*;q=0.8", "sec-fetch-mode": "no-cors"}
BEACON = {"user-agent": CHROME, "accept": "*/*", "sec-fetch-mode": "no-cors"}
EXCHANGE = {"user-agent": "Go-http-client/2.0"}


def bids(bidder: Service, request: dict[str, Any]) -> list[dict[str, Any]]:
    reply = bid(bidder, Call(json.dumps(request).encode(), {}, BASE, NOW))
    return [entry for seat in json.loads(reply.body)["seatbid"] for entry in seat["bid"]] if reply.body else []


def fetch(bidder: Service, url: str, headers: dict[str, str], delay: timedelta = timedelta()) -> Reply:
    parts = urlsplit(url)
    token, query = parts.path.rpartition("/")[2], dict(parse_qsl(parts.query, keep_blank_values=True))
    return win(bidder, Fetch(token, query, headers, sender(headers, None), BASE, NOW + delay))


def won(snapshot: Snapshot | None = None, **changes: Any) -> tuple[Service, Recorder, dict[str, Any]]:
    recorder = Recorder()
    bidder = service(snapshot or compile_snapshot([campaign()]), publisher=recorder)
    [result] = bids(bidder, video_request(**changes))
    return bidder, recorder, result


@given(campaign_lists(), matchable_requests())
def test_the_fetched_markup_equals_the_adm_of_the_bid(campaigns: list[Campaign], request: dict[str, Any]) -> None:
    recorder = Recorder()
    bidder = service(compile_snapshot(campaigns), publisher=recorder)
    for bid_item in bids(bidder, request):
        reply = fetch(bidder, bid_item["nurl"], PAGE)

        assert (reply.status, reply.content_type) == (200, "application/xml")
        assert reply.body == bid_item["adm"].replace("?p=${AUCTION_PRICE}", "")
        assert_valid(str(reply.body))
        assert reply.headers["Access-Control-Allow-Origin"] == PAGE["origin"]
    assert [event for event in recorder.published if event.kind is Kind.WIN] == []


@pytest.mark.parametrize("price", ["", "4.2", "AUDIT", "NC4y"])
def test_a_price_in_nurl_is_passed_on_to_the_impression_url(price: str) -> None:
    bidder, _, result = won()

    reply = fetch(bidder, result["nurl"].replace("${AUCTION_PRICE}", price), PAGE)

    assert reply.body == result["adm"].replace("?p=${AUCTION_PRICE}", f"?p={price}" if price else "")


@pytest.mark.parametrize("headers", [PAGE, TELEVISION, {"accept": "application/xml"}, {"sec-fetch-mode": "cors"}])
def test_a_players_fetch_returns_the_ad_and_counts_no_win(headers: dict[str, str]) -> None:
    bidder, recorder, result = won()

    for url in (result["nurl"], result["nurl"].replace("${AUCTION_PRICE}", ""), result["nurl"]):
        reply = fetch(bidder, url, headers)
        assert (reply.status, reply.content_type) == (200, "application/xml")
        assert "<Ad " in str(reply.body)
    assert recorder.published == []


@pytest.mark.parametrize(("headers", "status"), [(EXCHANGE, 204), (BEACON, 204), (IMAGE, 200), ({}, 204)])
def test_an_exchanges_win_notice_is_published(headers: dict[str, str], status: int) -> None:
    bidder, recorder, result = won()

    reply = fetch(bidder, result["nurl"].replace("${AUCTION_PRICE}", "4.2"), headers)

    assert (reply.status, reply.content_type) == (status, "image/gif" if status == 200 else None)
    [event] = recorder.published
    assert (event.kind, event.bid_id, event.price_micros) == (Kind.WIN, result["id"], 4_200_000)


def test_a_caller_that_leaves_the_price_macro_gets_markup_and_counts_a_win() -> None:
    bidder, recorder, result = won()

    reply = fetch(bidder, result["nurl"], EXCHANGE)

    assert "<Ad " in str(reply.body)
    assert [event.kind for event in recorder.published] == [Kind.WIN]


def test_a_stitcher_with_headers_of_the_viewers_device_is_a_player() -> None:
    assert is_player({"user-agent": "Stitcher/1.0", "x-device-user-agent": "Roku/DVP-12.5"})


@pytest.mark.parametrize("headers", [PAGE, EXCHANGE])
def test_a_url_with_an_invalid_token_is_refused(headers: dict[str, str]) -> None:
    bidder, recorder, result = won()

    forged = fetch(bidder, result["nurl"].replace("/win/k1.", "/win/k1.x"), headers)
    delay = fetch(bidder, result["nurl"], headers, delay=timedelta(days=90))

    assert (forged.status, delay.status) == (400, 400)
    assert recorder.published == []


@pytest.mark.parametrize(
    "snapshot",
    [None, compile_snapshot([]), compile_snapshot([campaign(creatives=[creative(id="another")])])],
    ids=["none", "empty", "other"],
)
def test_the_markup_of_a_removed_creative_is_an_empty_document(snapshot: Snapshot | None) -> None:
    _, _, result = won()

    reply = fetch(service(snapshot), result["nurl"], PAGE)

    assert reply.status == 200
    assert "<Ad " not in str(reply.body)


def test_a_bid_does_not_fetch_the_ads_of_another_advertiser_whose_campaign_has_the_same_id() -> None:
    _, _, result = won()
    replaced = compile_snapshot([campaign(advertiser={"name": "Cars", "domain": "cars.example"})])

    reply = fetch(service(replaced), result["nurl"], PAGE)

    assert (reply.status, reply.body) == (200, fetch(service(None), result["nurl"], PAGE).body)
    assert "<Ad " not in str(reply.body)


@pytest.mark.parametrize("word", ["", "x", "13_5_9", "999", "13", "14__0", "13__0_7", "13_5_0_" + "0." * 200])
def test_an_unreadable_markup_form_gives_all_media_files_in_vast_3(word: str) -> None:
    bidder, _, result = won()
    url = result["nurl"].partition("&m=")[0] + f"&m={word}"

    reply = fetch(bidder, url, PAGE)

    assert str(reply.body).startswith('<VAST version="3.0"><Ad ')
    assert_valid(str(reply.body))


_positions = st.lists(st.integers(0, 99), max_size=5).map(tuple)
_forms = st.builds(
    MarkupForm,
    st.integers(1, 99),
    st.none() | st.sampled_from([0.5, 5.0, 30.0]),
    _positions,
    st.lists(st.tuples(st.integers(0, 9), st.none() | st.integers(0, 9)), max_size=3).map(tuple),
    st.booleans(),
)


@given(_forms)
def test_a_markup_form_is_read_back(form: MarkupForm) -> None:
    assert decode_form(encode_form(form)) == form


@given(st.text(max_size=30) | st.text("0123456789._v", max_size=30))
def test_reading_any_text_as_a_form_raises_nothing(word: str) -> None:
    decode_form(word)
