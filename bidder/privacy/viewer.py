"""A name for the viewer that says nothing of who it is: what frequency is counted by."""

from base64 import urlsafe_b64encode
from hashlib import blake2b

from bidder.openrtb.bid_request import BidRequest

_BYTES = 8


def viewer(request: BidRequest) -> str | None:
    """11 characters of base64url: blake2b of the device's advertising id, else of the user's id.

    None where the request names neither, as one that `permitted` restricted never does. The zeros that a device sends
    for a viewer who limits tracking are no id.
    """
    device, user = request.device, request.user
    found = (device and device.ifa, user and user.buyeruid, user and user.id)
    known = next((text for text in found if text and text.strip("0-")), None)
    if known is None:
        return None
    digest = blake2b(known.encode("utf-8", "surrogatepass"), digest_size=_BYTES).digest()
    return urlsafe_b64encode(digest).rstrip(b"=").decode()
