"""Signed tokens: what an event URL says about its bid, and proof that this bidder said it.

A token is `<key id>.<claims>.<signature>`: claims are a JSON array in base64url, the signature is the first 16 bytes of
HMAC-SHA256 over kind, key id and claims, in base64url. One bid has one set of claims; each kind signs them anew, so the
token of one kind is worth nothing for another.
"""

import binascii
import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from bidder.events.kinds import Kind
from bidder.money import MICROS

LIFETIME = timedelta(hours=1)
"""How long after the bid an event still counts: `Bid.exp` promises the exchange no more."""

_NO_DEFAULT = object()
_CLOCK_SKEW = timedelta(minutes=1)
_SIGNATURE_BYTES = 16


class InvalidToken(ValueError):
    """Not a token that this bidder signed for this kind, or one past its time; the message says which."""


class SigningKeys(BaseModel):
    """Keys by id, base64url; `current` signs, all verify, so that keys rotate with an overlap."""

    model_config = ConfigDict(frozen=True)

    current: str
    keys: dict[str, str] = Field(repr=False)

    @model_validator(mode="after")
    def _usable(self) -> "SigningKeys":
        if self.current not in self.keys:
            msg = f"current names the key {self.current!r}, which is not among keys"
            raise ValueError(msg)
        for key_id in self.keys:
            if len(self.secret(key_id) or b"") < 16:
                msg = f"key {key_id!r} is shorter than 16 bytes"
                raise ValueError(msg)
        return self

    def secret(self, key_id: str) -> bytes | None:
        """The key of this id."""
        text = self.keys.get(key_id)
        return None if text is None else _decoded(text)


@lru_cache(maxsize=16)  # measured: a dozen tokens a bid spent a quarter of their time on decoding their key
def _decoded(key: str) -> bytes:
    return urlsafe_b64decode(key + "=" * (-len(key) % 4))


class Claims(NamedTuple):
    """What a bid's tokens carry. Price is the bid's CPM in micros; `issued` is in seconds since 1970.

    `rate` is what one unit of the bid's currency, in which notices state prices, is worth in micros of the account's.

    Only ever appended to, with a default: tokens of the code before a deployment, and of the code after it, are read by
    both while it runs.
    """

    bid_id: str
    campaign_id: str
    creative_id: str
    price_micros: int
    issued: int
    test: bool
    deal_id: str | None
    country: str | None
    exchange: str | None = None
    rate: int = MICROS

    @property
    def issued_at(self) -> datetime:
        """When the bid was made."""
        return datetime.fromtimestamp(self.issued, UTC)


_CLAIMS = TypeAdapter(Claims)


def encode(claims: Claims) -> str:
    """The claims part of a bid's tokens; what stands at its default at the end is left out, to keep URLs short."""
    said = list(claims)
    while Claims._field_defaults.get(Claims._fields[len(said) - 1], _NO_DEFAULT) == said[-1]:
        said.pop()
    return _base64(json.dumps(said, separators=(",", ":")).encode())


def sign(kind: Kind, claims: str, keys: SigningKeys) -> str:
    """The token of one kind for claims that `encode` made."""
    key = keys.secret(keys.current)
    assert key is not None  # noqa: S101  # SigningKeys checked it
    return f"{keys.current}.{claims}.{_signature(kind, keys.current, claims, key)}"


def verify(kind: Kind, token: str, keys: SigningKeys, now: datetime) -> Claims:
    """The claims of a token. Raises InvalidToken."""
    parts = token.split(".")
    if len(parts) != 3:
        msg = "not a token"
        raise InvalidToken(msg)
    key_id, encoded, signature = parts
    key = keys.secret(key_id)
    if key is None:
        msg = "signed with a key that is not known here"
        raise InvalidToken(msg)
    if not hmac.compare_digest(signature.encode(), _signature(kind, key_id, encoded, key).encode()):
        msg = f"not signed for {kind}"
        raise InvalidToken(msg)
    try:
        claims = _CLAIMS.validate_json(urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)))
    except (ValidationError, binascii.Error):
        msg = "claims can't be read"
        raise InvalidToken(msg) from None
    if not claims.issued_at - _CLOCK_SKEW <= now <= claims.issued_at + LIFETIME:
        msg = f"expired: its bid was made at {claims.issued_at.isoformat()}"
        raise InvalidToken(msg)
    return claims


def _signature(kind: Kind, key_id: str, claims: str, key: bytes) -> str:
    return _base64(hmac.digest(key, f"{kind}.{key_id}.{claims}".encode(), "sha256")[:_SIGNATURE_BYTES])


def _base64(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()
