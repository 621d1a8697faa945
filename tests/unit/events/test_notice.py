"""The parameters of notices: prices, ad quality renders, loss reasons and error codes."""

from base64 import b64encode, urlsafe_b64encode
from decimal import Decimal
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidder.events.notice import error_code, is_audit, loss_name, loss_reason, stated_price
from bidder.events.price_keys import ExchangeKeys
from tests.support.prices import KEYS, encrypted

MACRO = "${AUCTION_PRICE}"
prices = st.integers(1, 10**15)


def micros_of(text: str, keys: ExchangeKeys | None = None) -> int | None:
    price = stated_price({"p": text}, keys)
    return price and price.micros


def decimal(micros: int) -> str:
    return f"{Decimal(micros) / 1_000_000:f}"


@given(prices)
def test_a_decimal_price_is_read_exactly(micros: int) -> None:
    assert micros_of(decimal(micros)) == micros


@given(prices, st.booleans(), st.booleans())
def test_a_price_in_base64_is_read(micros: int, web_safe: bool, padded: bool) -> None:
    sent_text = (urlsafe_b64encode if web_safe else b64encode)(decimal(micros).encode()).decode()
    if not padded:
        sent_text = sent_text.rstrip("=")

    assert micros_of(sent_text) == micros_of(quote(sent_text)) == micros


@given(prices, st.binary(min_size=16, max_size=16))
def test_an_encrypted_price_is_decrypted(micros: int, vector: bytes) -> None:
    sent_text = urlsafe_b64encode(encrypted(micros, vector)).decode().rstrip("=")

    assert micros_of(sent_text, KEYS) == micros
    assert micros_of(sent_text) is None


@pytest.mark.parametrize("sent_text", ["1.5", b64encode(b"1.5").decode(), "", "AUDIT", MACRO])
def test_an_exchange_with_price_keys_must_encrypt_its_prices(sent_text: str) -> None:
    assert micros_of(sent_text, KEYS) is None


@pytest.mark.parametrize(
    "value",
    [
        *("", "AUDIT", MACRO, "0", "0.000", "-1", "-0.5", "nan", "inf", "-inf", "1e999", "1e99999999", "9" * 40, "5,0"),
        *("1_0", "1_000.5", "1__0", "0x10", "1.2.3", "²", "1e18", "0." + "1" * 31),
    ],
)
def test_any_other_text_is_not_a_price(value: str) -> None:
    for sent_text in (value, quote(value), quote(quote(value, safe=""), safe=""), b64encode(value.encode()).decode()):
        assert micros_of(sent_text) is None, sent_text
    assert stated_price({}) is None


@pytest.mark.parametrize(
    ("value", "micros"),
    [
        *(
            ("1e-999999", 1),
            ("1e-999999999999999998", 1),
            ("0.0000001", 1),
            ("2.5e0", 2_500_000),
            ("+2", 2_000_000),
            (" 2.5 ", 2_500_000),
        ),
        *(("1500000", 1_500_000_000_000), ("999999999999999999", 999_999_999_999_999_999_000_000)),
        ("0." + "1" * 30, 111_111),
    ],
)
def test_a_price_may_have_any_number_of_digits_and_is_at_least_a_micro(value: str, micros: int) -> None:
    assert micros_of(value) == micros


@pytest.mark.parametrize("text", ["AUDIT", b64encode(b"AUDIT").decode(), "QVVESVQ", "%41UDIT", " AUDIT "])
def test_a_price_of_audit_is_a_render_for_ad_quality(text: str) -> None:
    assert is_audit({"p": text})
    assert micros_of(text) is None


@pytest.mark.parametrize("text", ["", "audition", "1.5", MACRO])
def test_other_prices_are_not_a_render_for_ad_quality(text: str) -> None:
    assert not is_audit({"p": text})
    assert not is_audit({})


def test_codes_are_read_if_their_macro_was_replaced() -> None:
    assert loss_reason({"r": "102"}) == 102
    assert error_code({"c": "405"}) == 405
    for unread in ("", "${AUCTION_LOSS}", "[ERRORCODE]", "-1", "²", "1" * 9):
        assert loss_reason({"r": unread}) is None


def test_loss_reasons_have_the_names_of_openrtb() -> None:
    assert loss_name(102) == "outbid"
    assert loss_name(207) == "creative_not_secure"
    assert loss_name(1042) == "1042"
