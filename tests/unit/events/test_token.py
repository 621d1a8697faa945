import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import timedelta
from decimal import Decimal
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bidder.events.claims import Claims, encode
from bidder.events.kinds import NOTICES, Kind
from bidder.events.token import LIFETIME, ExpiredToken, InvalidToken, SigningKeys, Tokens, sign, verify
from tests.support.campaigns import NOW

OLD, NEW = ("A" * 43, "B" * 43)
KEYS = SigningKeys(current="k2", keys={"k1": OLD, "k2": NEW})

ids = st.text(st.characters(codec="utf-8"), min_size=1, max_size=30)
all_claims = st.builds(
    Claims,
    bid_id=ids,
    campaign_id=ids,
    creative_id=ids,
    price_micros=st.integers(0, 10**9),
    issued=st.just(int(NOW.timestamp())),
    test=st.booleans(),
    deal_id=st.none() | ids,
    country=st.none() | st.just("USA"),
    exchange=st.none() | st.just("adx"),
    rate=st.sampled_from([1_000_000, 1_084_200, 0, Decimal("61.3425"), Decimal("0.000001")]),
    advertiser=st.none() | ids,
    zone=st.sampled_from(["UTC", "Europe/Berlin", "Etc/GMT+5"]),
    user=st.none() | st.just("AbC-_0123xy"),
    household=st.none() | st.just("AbC-_0123xy"),
    billed_by=st.sampled_from([Kind.IMPRESSION, Kind.BILL]),
    least_micros=st.integers(0, 2**30 - 1),
    minutes=st.integers(1, 720),
    device=st.none() | st.integers(1, 8),
    placement=st.none(),
    value_micros=st.none(),
).map(lambda claims: claims._replace(device=None) if claims.test else claims)
all_claims = st.builds(
    lambda claims, placement, above: (
        claims if placement is None else claims._replace(placement=placement, value_micros=claims.price_micros + above)
    ),
    all_claims,
    st.none() | st.integers(0, 31),
    st.just(0) | st.integers(0, 2**28),
)
kinds = st.sampled_from(NOTICES)


def token_for(claims: Claims, kind: Kind = Kind.IMPRESSION, keys: SigningKeys = KEYS) -> str:
    return sign(kind, encode(claims), keys)


@given(all_claims, kinds)
def test_a_token_has_the_signed_claims(claims: Claims, kind: Kind) -> None:
    assert verify(kind, token_for(claims, kind), KEYS, NOW) == claims


@given(all_claims, kinds, kinds)
def test_a_token_of_one_kind_is_invalid_for_another_kind(claims: Claims, signed: Kind, kind: Kind) -> None:
    if signed is not kind:
        with pytest.raises(InvalidToken, match="not signed for"):
            verify(kind, token_for(claims, signed), KEYS, NOW)


@given(all_claims, st.data())
def test_a_token_with_any_character_changed_is_refused(claims: Claims, data: st.DataObject) -> None:
    token = token_for(claims)
    position = data.draw(st.integers(0, len(token) - 1))
    letter = data.draw(st.sampled_from("ABCxyz019-_.")).replace(token[position], "")
    changed_token = token[:position] + letter + token[position + 1 :]

    with pytest.raises(InvalidToken):
        verify(Kind.IMPRESSION, changed_token, KEYS, NOW)


@given(st.text(max_size=60))
def test_any_other_text_is_refused_without_another_error(text: str) -> None:
    with pytest.raises(InvalidToken):
        verify(Kind.IMPRESSION, text, KEYS, NOW)


PLAIN = Claims("bid", "campaign", "creative", 5_000_000, int(NOW.timestamp()), False, None, None)


@pytest.mark.parametrize("kind", NOTICES)
def test_tokens_with_json_claims_are_still_read(kind: Kind) -> None:
    before = b'["bid","campaign","creative",5000000,%d,false,null,null]' % PLAIN.issued
    signed = f"k2.{urlsafe_b64encode(before).rstrip(b'=').decode()}"
    digest = hmac.digest(urlsafe_b64decode(NEW + "="), f"{kind}.{signed}".encode(), "sha256")
    token = f"{signed}.{urlsafe_b64encode(digest[:16]).rstrip(b'=').decode()}"

    assert verify(kind, token, KEYS, NOW) == PLAIN
    for other in set(NOTICES) - {kind}:
        with pytest.raises(InvalidToken, match="not signed for"):
            verify(other, token, KEYS, NOW)


def test_the_kinds_of_a_bid_have_signatures_with_different_prefixes() -> None:
    tokens = Tokens(encode(PLAIN), KEYS)

    assert len({tokens.token_of(kind).rpartition(".")[2][:8] for kind in NOTICES}) == len(NOTICES)
    assert all(verify(kind, tokens.token_of(kind), KEYS, NOW) == PLAIN for kind in NOTICES)


def test_unknown_claims_of_later_code_are_ignored() -> None:
    full = PLAIN._replace(
        user="AbC-_0123xy",
        billed_by=Kind.BILL,
        least_micros=2_000_000,
        minutes=360,
        household="home",
        placement=1,
        value_micros=6_000_000,
    )

    assert verify(Kind.START, sign(Kind.START, encode(full) + "~more~!bW9yZQ", KEYS), KEYS, NOW) == full


def test_the_previous_key_still_verifies_and_a_dropped_key_does_not() -> None:
    before = SigningKeys(current="k1", keys={"k1": OLD})
    dropped = SigningKeys(current="k2", keys={"k2": NEW})

    assert verify(Kind.IMPRESSION, token_for(PLAIN, keys=before), KEYS, NOW) == PLAIN
    with pytest.raises(InvalidToken, match="signed with an unknown key"):
        verify(Kind.IMPRESSION, token_for(PLAIN, keys=before), dropped, NOW)


def test_a_token_of_older_code_has_no_prices_and_lasts_an_hour_and_the_grace_period() -> None:
    before = f"bid~campaign~creative~4c4b40~{PLAIN.issued:x}~~~~adx~108b28~shop.example~UTC~AbC-_0123xy~b"

    claims = verify(Kind.BILL, sign(Kind.BILL, before, KEYS), KEYS, NOW)

    assert (claims.price_micros, claims.rate, claims.billed_by) == (5_000_000, 1_084_200, Kind.BILL)
    assert (claims.least_micros, claims.counts_until) == (0, NOW + timedelta(hours=1, minutes=15))


@pytest.mark.parametrize("minutes", [1, 59, 60, 360, 720])
def test_a_token_lasts_as_long_as_its_bid_and_the_grace_period(minutes: int) -> None:
    long_lived = PLAIN._replace(minutes=minutes)
    ends = NOW + timedelta(minutes=minutes + 15)

    assert verify(Kind.IMPRESSION, token_for(long_lived), KEYS, ends) == long_lived
    with pytest.raises(ExpiredToken) as error:
        verify(Kind.IMPRESSION, token_for(long_lived), KEYS, ends + timedelta(seconds=1))
    assert error.value.claims == long_lived


def test_a_token_is_valid_until_the_end_of_its_lifetime() -> None:
    token = token_for(PLAIN)

    assert verify(Kind.IMPRESSION, token, KEYS, NOW + LIFETIME) == PLAIN
    with pytest.raises(InvalidToken, match="expired"):
        verify(Kind.IMPRESSION, token, KEYS, NOW + LIFETIME + timedelta(seconds=1))


@pytest.mark.parametrize("keys", [{"k1": "short"}, {"other": "A" * 43}, {}])
def test_unusable_keys_are_refused(keys: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        SigningKeys(current="k1", keys=keys)


@pytest.mark.parametrize("times", [0, 1, 2, 3])
def test_a_token_is_read_after_proxies_percent_encoded_it(times: int) -> None:
    token = token_for(PLAIN)
    encoded = "".join(f"%{ord(letter):02X}" for letter in token) if times else token
    for _ in range(times - 1):
        encoded = quote(encoded, safe="")

    assert verify(Kind.IMPRESSION, encoded, KEYS, NOW) == PLAIN


@pytest.mark.parametrize("device", [1, 30, 31])
def test_a_token_has_each_type_of_device_that_fits(device: int) -> None:
    assert verify(Kind.IMPRESSION, token_for(PLAIN._replace(device=device)), KEYS, NOW).device == device


@pytest.mark.parametrize("device", [-1, 0, 32])
def test_a_token_has_no_other_type_of_device(device: int) -> None:
    assert verify(Kind.IMPRESSION, token_for(PLAIN._replace(device=device)), KEYS, NOW).device is None
