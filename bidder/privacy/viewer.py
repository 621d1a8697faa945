"""The pseudonym of a viewer, by which frequency caps count exposures."""

import hmac

from bidder.events.token import SigningKeys
from bidder.openrtb.bid_request import BidRequest
from bidder.privacy.viewer_id import viewer_id
from bidder.url_names import packed

_BYTES = 8


def viewer(request: BidRequest, keys: SigningKeys) -> str | None:
    """The viewer's pseudonym, 11 characters of base64url: a keyed hash of the advertising id, else of the user's id.

    The key is secret, so that nobody who has our events can try all ids. The key is not the one that signs: names
    outlive its rotation (`bidder.events.key_rotation`), so a read needs one name, and not one for each earlier key.

    None if the request has no id of a viewer: see `bidder.privacy.viewer_id`.
    """
    known = viewer_id(request)
    if known is None:
        return None
    digest = hmac.digest(keys.viewer_secret, f"viewer\n{known}".encode(), "sha256")
    return packed(digest[:_BYTES])
