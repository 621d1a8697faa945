"""The pseudonym of a viewer, by which frequency is counted."""

import hmac
from base64 import urlsafe_b64encode

from bidder.events.token import SigningKeys
from bidder.openrtb.bid_request import BidRequest
from bidder.privacy.viewer_id import viewer_id

_BYTES = 8


def viewer(request: BidRequest, keys: SigningKeys) -> str | None:
    """The viewer's pseudonym, 11 characters of base64url: a keyed hash of the advertising id, else of the user's id.

    The key is the current signing key. Without the key nobody can find an id by trying all ids, and after the key is
    rotated out, the pseudonyms can't be linked to anybody. With a new key viewers get new pseudonyms, so frequency caps
    begin anew.

    None if the request has no id of a viewer: see `bidder.privacy.viewer_id`.
    """
    known = viewer_id(request)
    if known is None:
        return None
    key = keys.secret(keys.current)
    assert key is not None  # noqa: S101  # SigningKeys checked it
    digest = hmac.digest(key, f"viewer\n{known}".encode("utf-8", "surrogatepass"), "sha256")
    return urlsafe_b64encode(digest[:_BYTES]).rstrip(b"=").decode()
