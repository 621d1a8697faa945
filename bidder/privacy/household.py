"""The pseudonym of a household: a keyed hash of the IP address of a request."""

import hmac
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

from bidder.events.token import SigningKeys
from bidder.openrtb.bid_request import BidRequest
from bidder.url_names import encode_bytes

_BYTES = 8
_CELLULAR = frozenset({3, 4, 5, 6, 7})
"""AdCOM List: Connection Types. The addresses of a mobile network are shared by many households."""
_PREFIX = 64
"""Bits of an IPv6 address that a household shares: providers assign /64 or more (RFC 6177)."""


def household(request: BidRequest, keys: SigningKeys) -> str | None:
    """11 characters of base64url: a keyed hash of the IPv4 address, else of the first 64 bits of the IPv6 address.

    None without an address, as in a restricted request (`restrict_request`), and for an address that is not public, is
    truncated at its last byte, or belongs to a mobile network.
    """
    device = request.device
    if device is None or device.connectiontype in _CELLULAR:
        return None
    network = _network(device.ip) or _network(device.ipv6)
    if network is None:
        return None
    digest = hmac.digest(keys.viewer_secret, f"household\n{network}".encode(), "sha256")
    return encode_bytes(digest[:_BYTES])


def _network(text: str | None) -> str | None:
    try:
        address: IPv4Address | IPv6Address = ip_address((text or "").strip())
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    if not address.is_global:
        return None
    if isinstance(address, IPv4Address):
        return str(address) if int(address) & 0xFF else None
    return str(IPv6Network((address, _PREFIX), strict=False))
