"""A name for the viewer that says nothing of who it is: what frequency is counted by."""

import hmac
from base64 import urlsafe_b64encode

from bidder.events.token import SigningKeys
from bidder.openrtb.bid_request import BidRequest
from bidder.privacy.viewer_id import viewer_id

_BYTES = 8


def viewer(request: BidRequest, keys: SigningKeys) -> str | None:
    """11 characters of base64url: a keyed hash of the device's advertising id, else of the user's id.

    The key is the one that signs: who has our events can't try all ids without it, and once a key is rotated out, what
    was named by it can't be linked to anybody any more. With a new key viewers get new names, so caps begin anew.

    None where the request names no viewer: see `bidder.privacy.viewer_id`.
    """
    known = viewer_id(request)
    if known is None:
        return None
    key = keys.secret(keys.current)
    assert key is not None  # noqa: S101  # SigningKeys checked it
    digest = hmac.digest(key, f"viewer\n{known}".encode("utf-8", "surrogatepass"), "sha256")
    return urlsafe_b64encode(digest[:_BYTES]).rstrip(b"=").decode()
