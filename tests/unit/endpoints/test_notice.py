from base64 import urlsafe_b64encode
from datetime import timedelta

import pytest

from bidder.endpoints.notice import notice
from bidder.endpoints.reply import Reply
from bidder.events.claims import Claims, encode
from bidder.events.kinds import Kind
from bidder.events.price_keys import PriceKeys
from bidder.events.token import sign
from tests import prices
from tests.campaigns import NOW
from tests.service import KEYS, Recorder, service

CLAIMS = Claims("bid", "c1", "spot", 5_000_000, int(NOW.timestamp()), False, "d1", "USA")


def call(
    recorder: Recorder, kind: str = "impression", token: str | None = None, late: timedelta = timedelta(), **query: str
) -> Reply:
    token = token or sign(Kind(kind), encode(CLAIMS), KEYS)
    return notice(service(None, publisher=recorder), kind, token, query, "https://page.example", NOW + late)


def test_a_signed_notice_is_published_with_all_that_its_bid_said() -> None:
    recorder = Recorder()

    reply = call(recorder, "bill", p="4.2", late=timedelta(seconds=9))

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


def test_a_lost_bid_says_why_in_words_for_filter_policies() -> None:
    recorder = Recorder()

    call(recorder, "loss", p="", r="102")

    [event] = recorder.published
    assert event.loss_reason == 102
    assert event.attributes()["loss"]["StringValue"] == "outbid"


def test_the_price_of_an_exchange_with_keys_is_decrypted() -> None:
    recorder = Recorder()
    keys = PriceKeys({"adx": prices.KEYS})
    sent = urlsafe_b64encode(prices.encrypted(4_200_000)).decode()
    for exchange in ("adx", "other"):
        token = sign(Kind.IMPRESSION, encode(CLAIMS._replace(exchange=exchange)), KEYS)
        with_keys = service(None, publisher=recorder, price_keys=keys)
        assert notice(with_keys, "impression", token, {"p": sent}, None, NOW).status == 204

    of_adx, of_other = recorder.published
    assert (of_adx.price_micros, of_other.price_micros) == (4_200_000, 5_000_000)
    assert (of_adx.exchange, of_adx.attributes()["exchange"]["StringValue"]) == ("adx", "adx")


def test_while_keys_cannot_be_read_a_priced_notice_is_asked_for_again() -> None:
    class Unreachable:
        def of(self, _exchange: str) -> None:
            raise OSError

    recorder = Recorder()
    token = sign(Kind.BILL, encode(CLAIMS._replace(exchange="adx")), KEYS)
    without = service(None, publisher=recorder, price_keys=Unreachable())

    assert notice(without, "bill", token, {"p": "x"}, None, NOW).status == 503
    assert recorder.published == []


def test_a_notice_that_could_not_be_published_is_asked_for_again() -> None:
    reply = call(Recorder(failure=OSError("no way to SNS")))

    assert reply.status == 503
    assert int(reply.headers["Retry-After"]) > 0


@pytest.mark.parametrize(
    ("kind", "token", "late", "status"),
    [
        ("impression", "k1.nonsense.nonsense", timedelta(), 400),
        ("impression", sign(Kind.START, encode(CLAIMS), KEYS), timedelta(), 400),
        ("impression", None, timedelta(hours=2), 400),
        ("applause", "k1.x.y", timedelta(), 404),
    ],
)
def test_what_was_not_signed_for_this_here_and_now_is_refused_and_never_published(
    kind: str, token: str | None, late: timedelta, status: int
) -> None:
    recorder = Recorder()

    reply = call(recorder, kind, token, late)

    assert reply.status == status
    assert recorder.published == []


def test_a_pixel_may_be_called_from_any_page_and_is_never_cached() -> None:
    headers = call(Recorder()).headers

    assert headers["Access-Control-Allow-Origin"] == "https://page.example"
    assert headers["Cache-Control"] == "no-store"
