"""Encrypted prices, compared with an independent implementation and the published examples."""

from base64 import b64encode, urlsafe_b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bidder.events.price_keys import ExchangeKeys, PriceKeys, decode_base64
from tests.support.prices import KEYS, encrypted

prices = st.integers(0, 2**63 - 1)
vectors = st.binary(min_size=16, max_size=16)


@given(prices, vectors)
def test_an_encrypted_price_is_decrypted_in_each_form_of_base64(micros: int, vector: bytes) -> None:
    sent_text = encrypted(micros, vector)

    assert KEYS.decrypt(urlsafe_b64encode(sent_text).decode().rstrip("=")) == micros
    assert KEYS.decrypt(urlsafe_b64encode(sent_text).decode()) == micros
    assert KEYS.decrypt(b64encode(sent_text).decode().replace("+", " ")) == micros


@pytest.mark.parametrize(
    ("sent_text", "micros"),
    [
        ("YWJjMTIzZGVmNDU2Z2hpN7fhCuPemCce_6msaw", 100),
        ("YWJjMTIzZGVmNDU2Z2hpN7fhCuPemCAWJRxOgA", 1900),
        ("YWJjMTIzZGVmNDU2Z2hpN7fhCuPemC32prpWWw", 2700),
    ],
)
def test_the_examples_that_authorized_buyers_publishes(sent_text: str, micros: int) -> None:
    keys = ExchangeKeys.model_validate(
        {
            "encryption": "skU7Ax_NL5pPAFyKdkfZjZz2-VhIN8bjj1rVFOaJ_5o=",
            "integrity": "arO23ykdNqUQ5LEoQ0FVmPkBd7xB5CO89PDZlSjpFxo=",
        }
    )
    assert keys.decrypt(sent_text) == micros


@given(prices, vectors, st.integers(0, 27), st.integers(1, 255))
def test_an_encrypted_price_with_a_changed_byte_is_refused(
    micros: int, vector: bytes, position: int, change: int
) -> None:
    sent_text = bytearray(encrypted(micros, vector))
    sent_text[position] ^= change
    assert KEYS.decrypt(urlsafe_b64encode(sent_text).decode()) is None


@given(st.text(max_size=60) | st.binary(max_size=40).map(lambda data: urlsafe_b64encode(data).decode()))
def test_any_other_bytes_are_not_a_price(text: str) -> None:
    assert KEYS.decrypt(text) is None


def test_each_exchange_has_its_own_keys() -> None:
    keys = PriceKeys.model_validate_json(
        '{"adx": {"encryption": "AAAAAAAAAAAAAAAAAAAAAAAAAAA", "integrity": "BBBBBBBBBBBBBBBBBBBBBBBBBBB"}}'
    )
    assert keys.keys_of("adx") is not None
    assert keys.keys_of("other") is None
    assert repr(keys.keys_of("adx")) == "ExchangeKeys()"


@pytest.mark.parametrize(
    "key", ["", "short", "not base64 at all, though it is long enough", "AAAAAAAAAAAAAAAAAAAAé", 7]
)
def test_unusable_keys_are_refused(key: object) -> None:
    with pytest.raises(ValidationError):
        ExchangeKeys.model_validate({"encryption": key, "integrity": "A" * 43})


@pytest.mark.parametrize("text", ["YW!I", "YWI\n", "YW.I", "é", "YWIjY"])
def test_text_with_other_characters_or_of_another_length_is_not_base64(text: str) -> None:
    assert decode_base64(text) is None


def test_keys_of_a_process_can_not_be_changed_in_place() -> None:
    exchanges = PriceKeys.model_validate({"adx": {"encryption": "A" * 43, "integrity": "B" * 43}})

    for model, name in ((exchanges, "root"), (exchanges.root["adx"], "integrity")):
        with pytest.raises(ValidationError, match="frozen"):
            setattr(model, name, None)
