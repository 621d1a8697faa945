"""A name for the address that a notice came from, which is never stored itself."""

import hmac
from base64 import urlsafe_b64encode

from bidder.events.token import SigningKeys

_BYTES = 8


def address_name(address: str | None, bid_id: str, keys: SigningKeys) -> str | None:
    """11 characters of base64url that tell apart the addresses that report one bid; None where none is known.

    The bid is part of what is hashed, under the current signing key: nobody else can try all addresses, and one
    viewer's bids have nothing in common.
    """
    if not address:
        return None
    key = keys.secret(keys.current)
    assert key is not None  # noqa: S101  # SigningKeys checked it
    digest = hmac.digest(key, f"address\n{bid_id}\n{address}".encode("utf-8", "surrogatepass"), "sha256")
    return urlsafe_b64encode(digest[:_BYTES]).rstrip(b"=").decode()
