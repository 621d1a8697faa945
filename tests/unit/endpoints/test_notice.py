import json
import logging
from datetime import timedelta
from typing import Any, cast
from urllib.parse import parse_qsl, urlsplit

import pytest

from bidder.endpoints.notice import notice
from bidder.endpoints.reply import Reply
from bidder.endpoints.sender import Sender, sender
from bidder.events.claims import Claims, encode
from bidder.events.ivt_rules import SaleHistory
from bidder.events.ivt_rules import broken_rule as by_time
from bidder.events.kinds import NOTICES, BilledBy, Kind
from bidder.events.price_keys import PriceKeys
from bidder.events.token import sign
from bidder.events.urls import EventUrls
from tests.support import prices
from tests.support.campaigns import NOW
from tests.support.service import KEYS, Recorder, service

PAGE = Sender(origin="https://page.example")
CLAIMS = Claims("bid", "c1", "spot", 5_000_000, int(NOW.timestamp()), False, "d1", "USA")


def call(
    recorder: Recorder, kind: str = "impression", token: str | None = None, delay: timedelta = timedelta(), **query: str
) -> Reply:
    token = token or sign(Kind(kind), encode(CLAIMS), KEYS)
    return notice(service(None, publisher=recorder), kind, token, query, PAGE, NOW + delay)


def test_a_signed_notice_is_published_with_the_data_of_its_bid() -> None:
    recorder = Recorder()

    reply = call(recorder, "bill", p="4.2", delay=timedelta(seconds=9))

    assert reply.status == 204
    [event] = recorder.published
    assert (event.kind, event.bid_id, event.campaign_id, event.deal_id) == (Kind.BILL, "bid", "c1", "d1")
    assert (event.bid_price_micros, event.price_micros) == (5_000_000, 4_200_000)
    assert event.at - event.bid_at == timedelta(seconds=9)
    assert {name: value["StringValue"] for name, value in event.attributes().items()} == {
        "kind": "bill",
        "campaign": "c1",
        "test": "false",
        "deal": "d1",
        "country": "USA",
    }


@pytest.mark.parametrize("billed_by", [Kind.IMPRESSION, Kind.BILL])
def test_a_bid_is_billed_by_the_kind_of_its_exchange_and_never_by_the_win(billed_by: BilledBy) -> None:
    recorder = Recorder()
    for kind in NOTICES:
        token = sign(kind, encode(CLAIMS._replace(billed_by=billed_by)), KEYS)
        assert call(recorder, kind, token).status == 204

    assert [event.kind for event in recorder.published if event.is_billable] == [billed_by]


def test_a_loss_notice_has_its_reason_as_a_word_for_filter_policies() -> None:
    recorder = Recorder()

    call(recorder, "loss", p="", r="102")

    [event] = recorder.published
    assert event.loss_reason == 102
    assert event.attributes()["loss"]["StringValue"] == "outbid"


def test_the_price_of_an_exchange_with_keys_is_decrypted() -> None:
    recorder = Recorder()
    keys = PriceKeys({"adx": prices.KEYS})
    sent_text = prices.sent(4_200_000)
    for exchange in ("adx", "other"):
        token = sign(Kind.IMPRESSION, encode(CLAIMS._replace(exchange=exchange)), KEYS)
        with_keys = service(None, publisher=recorder, price_keys=keys)
        assert notice(with_keys, "impression", token, {"p": sent_text}, Sender(), NOW).status == 204

    of_adx, of_other = recorder.published
    assert (of_adx.price_micros, of_other.price_micros) == (4_200_000, 5_000_000)
    assert (of_adx.exchange, of_adx.attributes()["exchange"]["StringValue"]) == ("adx", "adx")


def test_a_notice_with_a_price_gets_503_while_price_keys_cannot_be_read() -> None:
    class Unreachable:
        def keys_of(self, _exchange: str) -> None:
            raise OSError

    recorder = Recorder()
    token = sign(Kind.BILL, encode(CLAIMS._replace(exchange="adx")), KEYS)
    without = service(None, publisher=recorder, price_keys=Unreachable())

    assert notice(without, "bill", token, {"p": "x"}, Sender(), NOW).status == 503
    assert recorder.published == []


def test_a_notice_that_cannot_be_published_gets_503() -> None:
    reply = call(Recorder(failure=OSError("no way to SNS")))

    assert reply.status == 503
    assert int(reply.headers["Retry-After"]) > 0


@pytest.mark.parametrize(
    ("kind", "token", "delay", "status"),
    [
        ("impression", "k1.nonsense.nonsense", timedelta(), 400),
        ("impression", sign(Kind.START, encode(CLAIMS), KEYS), timedelta(), 400),
        ("impression", None, timedelta(days=31), 400),
        ("applause", "k1.x.y", timedelta(), 404),
    ],
)
def test_a_notice_with_a_token_of_another_kind_bidder_or_time_is_refused(
    kind: str, token: str | None, delay: timedelta, status: int
) -> None:
    recorder = Recorder()

    reply = call(recorder, kind, token, delay)

    assert reply.status == status
    assert recorder.published == []


def test_a_pixel_may_be_called_from_any_page_and_is_never_cached() -> None:
    headers = call(Recorder()).headers

    assert headers["Access-Control-Allow-Origin"] == "https://page.example"
    assert headers["Cache-Control"] == "no-store"


CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0 Safari/537.36"
LANDING = "https://shop.example/sale?a=1&b=%20"


def click(url: str, recorder: Recorder, delay: timedelta = timedelta()) -> Reply:
    parts = urlsplit(url)
    return notice(
        service(None, publisher=recorder),
        "click",
        parts.path.rpartition("/")[2],
        dict(parse_qsl(parts.query)),
        Sender(),
        NOW + delay,
    )


def landing_url() -> str:
    return EventUrls("https://bidder.example", CLAIMS, KEYS).click_through(LANDING)


@pytest.mark.parametrize("failure", [None, OSError("no way to SNS")])
def test_a_click_redirects_to_the_landing_page_even_if_it_cannot_be_counted(failure: Exception | None) -> None:
    recorder = Recorder(failure)

    reply = click(landing_url(), recorder)

    assert (reply.status, reply.headers["Location"]) == (302, LANDING)
    assert [event.kind for event in recorder.published] == ([] if failure else [Kind.CLICK])


def test_a_late_click_still_redirects_and_is_archived_as_late() -> None:
    recorder = Recorder()

    assert click(landing_url(), recorder, timedelta(hours=3)).headers["Location"] == LANDING
    assert [event.invalid for event in recorder.published] == ["too-late"]
    assert click(landing_url(), recorder, timedelta(days=40)).headers["Location"] == LANDING
    assert len(recorder.published) == 1


@pytest.mark.parametrize("kind", NOTICES)
def test_a_late_notice_is_archived_as_late_and_bills_nothing(kind: Kind) -> None:
    recorder = Recorder()
    for delay in (timedelta(hours=1, minutes=15), timedelta(hours=1, minutes=15, seconds=1), timedelta(days=30)):
        assert call(recorder, kind, delay=delay).status == 204

    assert [event.invalid for event in recorder.published] == [None, "too-late", "too-late"]
    assert [event.is_billable for event in recorder.published[1:]] == [False, False]


def test_a_bid_with_an_exp_of_six_hours_is_billable_for_six_hours() -> None:
    recorder = Recorder()
    token = sign(Kind.IMPRESSION, encode(CLAIMS._replace(minutes=360)), KEYS)
    for delay in (timedelta(hours=3), timedelta(hours=6, minutes=15), timedelta(hours=6, minutes=16)):
        call(recorder, "impression", token, delay)

    assert [event.is_billable for event in recorder.published] == [True, True, False]
    assert [by_time(event, SaleHistory()) for event in recorder.published] == [None, None, "too-late"]


def test_head_gets_the_same_answer_and_counts_nothing() -> None:
    recorder = Recorder()
    token = sign(Kind.IMPRESSION, encode(CLAIMS), KEYS)
    with_recorder = service(None, publisher=recorder)
    for sent, status in ((token, 204), (token[:-1], 400)):
        reply = notice(with_recorder, "impression", sent, {}, PAGE, NOW, is_counted=False)
        assert reply.status == status
        assert reply.headers["Access-Control-Allow-Origin"] == PAGE.origin
    assert recorder.published == []


def metrics(caplog: pytest.LogCaptureFixture, name: str) -> list[str]:
    lines = [json.loads(record.getMessage()) for record in caplog.records if record.name == "bidder"]
    return [line["Reason"] for line in lines if line.get(name) == 1]


@pytest.fixture
def logged_lines(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    monkeypatch.setattr(logging.getLogger("bidder"), "propagate", True)
    caplog.set_level(logging.INFO, "bidder")
    return caplog


def test_an_incredible_price_is_counted_as_refused_and_the_bid_is_due_at_its_price(
    logged_lines: pytest.LogCaptureFixture,
) -> None:
    recorder = Recorder()
    token = sign(Kind.IMPRESSION, encode(CLAIMS._replace(least_micros=2_000_000)), KEYS)

    call(recorder, "impression", token, p="0.000001")

    assert [event.price_micros for event in recorder.published] == [5_000_000]
    assert metrics(logged_lines, "PriceRefused") == ["too-low"]


def test_an_old_encrypted_price_is_counted_as_refused_and_the_bid_is_due_at_its_price(
    logged_lines: pytest.LogCaptureFixture,
) -> None:
    recorder = Recorder()
    old = prices.sent(10_000, prices.vector(NOW - timedelta(days=2)))
    token = sign(Kind.IMPRESSION, encode(CLAIMS._replace(exchange="adx")), KEYS)
    with_keys = service(None, publisher=recorder, price_keys=PriceKeys({"adx": prices.KEYS}))

    notice(with_keys, "impression", token, {"p": old}, Sender(), NOW)

    assert [event.price_micros for event in recorder.published] == [5_000_000]
    assert metrics(logged_lines, "PriceRefused") == ["out-of-time"]


def test_a_render_for_ad_quality_is_counted_separately(logged_lines: pytest.LogCaptureFixture) -> None:
    recorder = Recorder()

    call(recorder, p="AUDIT")

    assert [(event.test, event.is_billable) for event in recorder.published] == [(True, False)]
    assert metrics(logged_lines, "AuditRender") == ["impression"]


@pytest.mark.parametrize("delay", [timedelta(), timedelta(hours=3)])
def test_a_click_redirects_only_to_a_signed_url(delay: timedelta) -> None:
    recorder = Recorder()
    elsewhere = landing_url().replace("shop.example", "evil.example")

    reply = click(elsewhere, recorder, delay)

    assert (reply.status, "Location" in reply.headers, recorder.published) == (400, False, [])


def test_without_keys_a_click_does_not_redirect() -> None:
    class NoKeys:
        def secret(self, _key_id: str) -> None:
            raise OSError

    parts = urlsplit(landing_url())
    reply = notice(
        service(None, signing_keys=NoKeys()), "click", parts.path.rpartition("/")[2], {"u": LANDING}, Sender(), NOW
    )

    assert (reply.status, "Location" in reply.headers) == (503, False)


def test_an_img_element_gets_a_gif() -> None:
    token = sign(Kind.START, encode(CLAIMS), KEYS)
    observed = sender({"accept": "image/avif,image/webp,*/*;q=0.8"}, None)

    reply = notice(service(None), "start", token, {}, observed, NOW)

    assert (reply.status, reply.content_type) == (200, "image/gif")
    assert isinstance(reply.body, bytes)
    assert reply.body.startswith(b"GIF89a")
    assert reply.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("kind", "headers", "invalid"),
    [
        ("impression", {"user-agent": "Googlebot/2.1 (+http://www.google.com/bot.html)"}, "crawler"),
        ("impression", {"user-agent": CHROME}, None),
        ("impression", {}, None),
        ("impression", {"user-agent": "Go-http-client/2.0", "x-device-user-agent": CHROME}, None),
        ("impression", {"user-agent": "Go-http-client/2.0", "x-device-user-agent": "bingbot/2.0"}, "crawler"),
        ("impression", {"user-agent": "curl/8.5.0"}, None),
        ("bill", {"user-agent": "Googlebot/2.1"}, None),
    ],
)
def test_a_crawlers_notice_is_marked_as_invalid_and_not_billable(
    kind: str, headers: dict[str, str], invalid: str | None
) -> None:
    recorder = Recorder()
    token = sign(Kind(kind), encode(CLAIMS._replace(billed_by=cast("Any", Kind(kind)))), KEYS)

    reply = notice(service(None, publisher=recorder), kind, token, {}, sender(headers, None), NOW)

    [event] = recorder.published
    assert (reply.status, event.invalid, event.is_billable) == (204, invalid, invalid is None)


def test_addresses_are_distinguished_by_pseudonyms_and_never_published() -> None:
    recorder = Recorder()
    token = sign(Kind.START, encode(CLAIMS), KEYS)
    for address in ("203.0.113.7", "203.0.113.7", "203.0.113.8"):
        notice(service(None, publisher=recorder), "start", token, {}, sender({}, address), NOW)

    first, again, other = (event.address for event in recorder.published)
    assert first == again != other
    assert "203" not in recorder.published[0].model_dump_json()
