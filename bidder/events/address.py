"""A pseudonym of the IP address that sent a notice. The address itself is never stored."""

import hmac

from bidder.events.token import SigningKeys
from bidder.url_names import encode_bytes

_BYTES = 8


def address_name(address: str | None, bid_id: str, keys: SigningKeys) -> str | None:
    """The pseudonym of an address, 11 characters of base64url, which differs for each bid; None without an address.

    The pseudonym is an HMAC of bid id and address under the current signing key. Nobody without the key can find the
    address by trying all addresses, and the bids of one viewer have different pseudonyms.
    """
    if not address:
        return None
    key = keys.secret(keys.current)
    assert key is not None  # noqa: S101  # SigningKeys checked it
    digest = hmac.digest(key, f"address\n{bid_id}\n{address}".encode("utf-8", "surrogatepass"), "sha256")
    return encode_bytes(digest[:_BYTES])
