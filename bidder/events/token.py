"""Signed tokens of event URLs: the claims of a bid, and the signature that proves their origin.

A token is `<key id>.<claims>.<signature>`. The tokens of a bid share their claims, and each kind has its own signature,
so the token of one kind is not valid for another kind: see `_signatures`. The signature of a URL that
redirects is the first 16 bytes of HMAC-SHA256 over kind, key id, claims and target. Tokens of earlier versions have the
same signature without a target, and are still valid.
"""

import hmac
from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from hashlib import shake_256
from urllib.parse import unquote

from pydantic import BaseModel, ConfigDict, Field, model_validator

from bidder.events.claims import CLOCK_SKEW, DEFAULT_EXP, GRACE, Claims, decode
from bidder.events.kinds import NOTICES, Kind
from bidder.normal_forms import ascii_url
from bidder.url_names import decode_bytes, encode_bytes

LIFETIME = DEFAULT_EXP + GRACE
"""The time after the bid in which an event counts, for an impression without `exp`."""

_SIGNATURE_BYTES = 16
_MAX_ENCODINGS = 3
"""The most times that proxies percent-encode a token again."""

_BASE64URL_LETTERS = str.maketrans({"+": "-", " ": "-", "/": "_", "=": None})
"""Plain base64 to base64url. No token has these letters; form encoding turns a plus into a blank."""

_SIGNATURE_LETTERS = 20
"""The letters of base64url in a signature: 120 bits."""

_SIGNATURES_BYTES = _SIGNATURE_LETTERS * 6 // 8 * len(NOTICES)
"""The bytes of the signatures of all kinds."""
_LETTERS_BY_KIND = {
    kind: slice(number * _SIGNATURE_LETTERS, (number + 1) * _SIGNATURE_LETTERS) for number, kind in enumerate(NOTICES)
}
"""The letters of each kind in the signatures of a bid."""


class TokenError(StrEnum):
    """The reasons why a token is refused, by their names in metrics."""

    KIND = "unknown-kind"
    MALFORMED = "malformed"
    UNKNOWN_KEY = "unknown-key"
    SIGNATURE = "signature"
    CLAIMS = "claims"
    EARLY = "early"
    EXPIRED = "expired"


class InvalidToken(ValueError):
    """The token is not signed by this bidder for this kind, or is outside its lifetime; the message has the reason."""

    def __init__(self, reason: TokenError, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class ExpiredToken(InvalidToken):
    """The token is signed by this bidder, but its event is too late to count. `claims` are the token's claims."""

    def __init__(self, claims: Claims, message: str) -> None:
        super().__init__(TokenError.EXPIRED, message)
        self.claims = claims


class SigningKeys(BaseModel):
    """The signing keys by id, base64url. `current` signs and all keys verify, so that keys rotate with an overlap.

    `viewers` is the key of the viewers' pseudonyms; None is the current key. The first rotation sets `viewers` to the
    key that signed before, and later rotations keep it, so that pseudonyms do not change.
    """

    model_config = ConfigDict(frozen=True, defer_build=True)

    current: str
    keys: dict[str, str] = Field(repr=False)
    viewers: str | None = Field(default=None, repr=False)

    @model_validator(mode="after")
    def _check_keys(self) -> "SigningKeys":
        if self.current not in self.keys:
            msg = f"current names the key {self.current!r}, which is not among keys"
            raise ValueError(msg)
        for key_id in self.keys:
            if not (key_id.isascii() and key_id.isalnum() and len(key_id) <= 8):
                msg = f"{key_id!r} is not a name of a key: use 1 to 8 letters and digits"
                raise ValueError(msg)
            if len(self.secret(key_id) or b"") < 16:
                msg = f"key {key_id!r} is shorter than 16 bytes"
                raise ValueError(msg)
        if self.viewers is not None and len(_decode_key(self.viewers)) < 16:
            msg = "viewers, the key of viewers' names, is shorter than 16 bytes"
            raise ValueError(msg)
        return self

    @property
    def viewer_secret(self) -> bytes:
        """The key of the pseudonyms of viewers and households."""
        return _decode_key(self.keys[self.current] if self.viewers is None else self.viewers)

    def secret(self, key_id: str) -> bytes | None:
        """The key with this id, or None."""
        text = self.keys.get(key_id)
        return None if text is None else _decode_key(text)


@lru_cache(maxsize=16)  # measured: without the cache, decoding the key took a quarter of the time of a bid's tokens
def _decode_key(key: str) -> bytes:
    return decode_bytes(key)


class Tokens:
    """The tokens of one bid. `claims` is the result of `bidder.events.claims.encode`."""

    __slots__ = ("_signatures", "_signed_text")

    def __init__(self, claims: str, keys: SigningKeys) -> None:
        self._signed_text = f"{keys.current}.{claims}"
        self._signatures = _signatures(_current_key(keys), self._signed_text)

    def token_of(self, kind: Kind) -> str:
        """The token of one kind."""
        return f"{self._signed_text}.{self._signatures[_LETTERS_BY_KIND[kind]]}"

    def urls(self, base: str) -> dict[str, str]:
        """The event URL of each kind, `<base>/e/<kind>/<token>`."""
        signed_text, signatures = self._signed_text, self._signatures
        return {kind: f"{start}{signed_text}.{signatures[letters]}" for kind, start, letters in _kinds(base)}


@lru_cache(maxsize=64)
def _kinds(base: str) -> list[tuple[Kind, str, slice]]:
    """The kinds, each with the start of its URLs and with the letters of its signature."""
    return [(kind, f"{base}/e/{kind}/", letters) for kind, letters in _LETTERS_BY_KIND.items()]


def sign(kind: Kind, claims: str, keys: SigningKeys, target: str = "") -> str:
    """The token of one kind. `target` is the URL to which the token may redirect."""
    if not target:
        return Tokens(claims, keys).token_of(kind)
    return f"{keys.current}.{claims}.{_sign_single(kind, keys.current, claims, _current_key(keys), target)}"


def undo_escapes(token: str) -> str:
    """The token without the changes of proxies and clients: percent-encoding, and the letters of plain base64."""
    for _ in range(_MAX_ENCODINGS):
        if "%" not in token:
            break
        token = unquote(token)
    return token.strip().translate(_BASE64URL_LETTERS)


def key_id_of(token: str) -> str:
    """The id of the key that signed a token, in any encoding of proxies; other text for a text that is no token."""
    return undo_escapes(token).partition(".")[0]


def signed_target(kind: Kind, token: str, keys: SigningKeys, target: str) -> str:
    """The spelling of the target that was signed, out of the spellings of proxies; `target` if none was signed."""
    key_id, encoded_claims, signature = _parts(undo_escapes(token))
    key = keys.secret(key_id)
    if key is not None:
        for spelling in _spellings(target):
            if hmac.compare_digest(
                signature.encode("utf-8", "surrogatepass"),
                _sign_single(kind, key_id, encoded_claims, key, spelling).encode(),
            ):
                return spelling
    return target


def _spellings(target: str) -> Iterator[str]:
    for _ in range(_MAX_ENCODINGS):
        yield target
        yield target.replace(" ", "+")
        yield ascii_url(target)
        yield ascii_url(target.replace("+", " "))
        if "%" not in target:
            return
        target = unquote(target)


def _parts(token: str) -> tuple[str, str, str]:
    """Key id, claims and signature of a token. Raises InvalidToken."""
    key_id, _, rest = token.partition(".")
    encoded_claims, dot, signature = rest.rpartition(".")
    if not dot:
        raise InvalidToken(TokenError.MALFORMED, "not a token")
    return key_id, encoded_claims, signature


def verify(kind: Kind, token: str, keys: SigningKeys, now: datetime, target: str = "") -> Claims:
    """The claims of a token, in any encoding of proxies.

    Raises ExpiredToken if only the time is wrong, else InvalidToken.
    """
    key_id, encoded_claims, signature = _parts(undo_escapes(token))
    key = keys.secret(key_id)
    if key is None:
        raise InvalidToken(TokenError.UNKNOWN_KEY, "signed with an unknown key")
    if len(signature) == _SIGNATURE_LETTERS and not target:
        expected_signature = _signatures(key, f"{key_id}.{encoded_claims}")[_LETTERS_BY_KIND[kind]]
    else:
        expected_signature = _sign_single(kind, key_id, encoded_claims, key, target)
    if not hmac.compare_digest(signature.encode("utf-8", "surrogatepass"), expected_signature.encode()):
        raise InvalidToken(TokenError.SIGNATURE, f"not signed for {kind}{' and this target' if target else ''}")
    try:
        claims = decode(encoded_claims)
    except ValueError:  # pydantic's and base64's too
        raise InvalidToken(TokenError.CLAIMS, "claims can't be read") from None
    bid_time = f"its bid was made at {claims.issued_at.isoformat()}"
    if now < claims.issued_at - CLOCK_SKEW:
        raise InvalidToken(TokenError.EARLY, f"too early: {bid_time}")
    if now > claims.counts_until:
        raise ExpiredToken(claims, f"expired: {bid_time}")
    return claims


def _current_key(keys: SigningKeys) -> bytes:
    key = keys.secret(keys.current)
    assert key is not None  # noqa: S101  # SigningKeys checked it
    return key


def _sign_single(kind: Kind, key_id: str, claims: str, key: bytes, target: str) -> str:
    # A line break separates claims and target, since kind, key id and claims never contain a line break.
    signed_text = f"{kind}.{key_id}.{claims}\n{target}" if target else f"{kind}.{key_id}.{claims}"
    digest = hmac.digest(key, signed_text.encode("utf-8", "surrogatepass"), "sha256")
    return encode_bytes(digest[:_SIGNATURE_BYTES])


def _signatures(key: bytes, signed_text: str) -> str:
    """The signatures of all kinds for one bid, from one computation. `signed_text` is the key id and the claims.

    HMAC-SHA256 of the claims gives a digest that only owners of the key can compute. SHAKE-256 (FIPS 202) extends the
    digest to 15 bytes for each kind, in the order of `Kind`. The parts of SHAKE's output reveal nothing about each
    other, so the signature of one kind does not verify another kind. Measured: all signatures of a bid take 9 us; an
    HMAC for each of the fifteen tokens took 55 us.
    """
    mac = _make_hmac(key).copy()
    mac.update(b"bid\n" + signed_text.encode("utf-8", "surrogatepass"))
    return encode_bytes(shake_256(mac.digest()).digest(_SIGNATURES_BYTES))


@lru_cache(maxsize=16)  # measured: a copy of a keyed HMAC signs in three quarters of the time
def _make_hmac(key: bytes) -> hmac.HMAC:
    return hmac.new(key, digestmod="sha256")
