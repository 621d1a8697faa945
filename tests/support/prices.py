"""Encrypts prices by an independent implementation of the published scheme."""

import hashlib
import hmac
import struct
from base64 import b64encode, urlsafe_b64encode
from datetime import datetime

from bidder.events.price_keys import ExchangeKeys
from tests.support.campaigns import NOW

ENCRYPTION, INTEGRITY = bytes(range(32)), bytes(range(100, 132))
KEYS = ExchangeKeys.model_validate(
    {"encryption": urlsafe_b64encode(ENCRYPTION).decode(), "integrity": b64encode(INTEGRITY).decode().rstrip("=")}
)


def vector(at: datetime = NOW, server: int = 0) -> bytes:
    """An initialization vector: the seconds and microseconds of a time, and the id of a server."""
    return struct.pack(">IIQ", int(at.timestamp()), at.microsecond, server)


def encrypted(micros: int, iv: bytes | None = None) -> bytes:
    """Encrypts a price: the inverse of Authorized Buyers, "Decrypt Price Confirmations"."""
    iv = vector() if iv is None else iv
    price = struct.pack(">q", micros)
    pad = hmac.new(ENCRYPTION, iv, hashlib.sha1).digest()[:8]
    hidden = (int.from_bytes(price) ^ int.from_bytes(pad)).to_bytes(8)
    return iv + hidden + hmac.new(INTEGRITY, price + iv, hashlib.sha1).digest()[:4]


def sent(micros: int, iv: bytes | None = None) -> str:
    """The encrypted price as it appears in a URL."""
    return urlsafe_b64encode(encrypted(micros, iv)).decode().rstrip("=")
