"""Encrypted prices, by a second writing of the published scheme."""

import hashlib
import hmac
import struct
from base64 import b64encode, urlsafe_b64encode

from bidder.events.price_keys import ExchangeKeys

ENCRYPTION, INTEGRITY = bytes(range(32)), bytes(range(100, 132))
KEYS = ExchangeKeys.model_validate(
    {"encryption": urlsafe_b64encode(ENCRYPTION).decode(), "integrity": b64encode(INTEGRITY).decode().rstrip("=")}
)


def encrypted(micros: int, vector: bytes = bytes(16)) -> bytes:
    """Authorized Buyers, "Decrypt Price Confirmations", the other way round."""
    price = struct.pack(">q", micros)
    pad = hmac.new(ENCRYPTION, vector, hashlib.sha1).digest()[:8]
    hidden = (int.from_bytes(price) ^ int.from_bytes(pad)).to_bytes(8)
    return vector + hidden + hmac.new(INTEGRITY, price + vector, hashlib.sha1).digest()[:4]
