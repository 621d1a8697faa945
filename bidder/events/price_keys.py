"""Encrypted clearing prices: the keys of exchanges, and the scheme of Google Authorized Buyers.

A price has 28 bytes in web-safe base64: an initialization vector (16), the price (8) XORed with HMAC-SHA1(encryption
key, vector), and an integrity signature (4), the first bytes of HMAC-SHA1(integrity key, price and vector). The price
is a CPM in micros, a big-endian integer. The vector begins with the time of encryption, seconds and microseconds of 4
bytes each, so that an old price can be refused. Source: Google Authorized Buyers, "Decrypt Price Confirmations".
"""

import hmac
from base64 import b64decode
from datetime import UTC, datetime, timedelta
from typing import Annotated, NamedTuple

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, RootModel

from bidder.url_names import encode_bytes

_VECTOR, _PRICE, _SIGNATURE = 16, 8, 4
_LENGTH = _VECTOR + _PRICE + _SIGNATURE


def decode_base64(text: str) -> bytes | None:
    """The bytes of base64, web-safe or not, with or without padding, and with spaces for `+`; None for other text."""
    standard_text = text.translate(str.maketrans(" -_", "++/")).rstrip("=")
    try:
        return b64decode(standard_text + "=" * (-len(standard_text) % 4), validate=True)
    except ValueError:  # not ASCII, or not base64
        return None


def _key(text: object) -> bytes | None:
    return decode_base64(str(text))


Key = Annotated[bytes, Field(min_length=16, repr=False), BeforeValidator(_key)]


class Vector(NamedTuple):
    """The initialization vector of an encrypted price: its bytes in base64url, and the time of encryption."""

    name: str
    encrypted_at: datetime


def vector_of(text: str) -> Vector:
    """The vector of a price that `ExchangeKeys.decrypt` decrypted."""
    data = (decode_base64(text) or b"")[:_VECTOR]
    seconds, micros = int.from_bytes(data[:4]), int.from_bytes(data[4:8])
    encrypted_at = datetime.fromtimestamp(seconds, UTC) + timedelta(microseconds=micros)
    return Vector(encode_bytes(data), encrypted_at)


class ExchangeKeys(BaseModel):
    """The encryption key and the integrity key of an exchange, in base64, web-safe or not."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    encryption: Key
    integrity: Key

    def decrypt(self, text: str) -> int | None:
        """The price in micros; None for a text that these keys did not sign."""
        data = decode_base64(text)
        if data is None or len(data) != _LENGTH:
            return None
        vector, encrypted_price, signature = data[:_VECTOR], data[_VECTOR:-_SIGNATURE], data[-_SIGNATURE:]
        pad = hmac.digest(self.encryption, vector, "sha1")[:_PRICE]
        price = bytes(byte ^ pad_byte for byte, pad_byte in zip(encrypted_price, pad, strict=True))
        expected = hmac.digest(self.integrity, price + vector, "sha1")[:_SIGNATURE]
        return int.from_bytes(price) if hmac.compare_digest(signature, expected) else None


class PriceKeys(RootModel[dict[str, ExchangeKeys]]):
    """Keys by the exchange's name in `/bid?exchange=NAME`. An exchange without keys sends plain prices."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    def keys_of(self, exchange: str | None) -> ExchangeKeys | None:
        """The keys of this exchange, or None."""
        return None if exchange is None else self.root.get(exchange)
