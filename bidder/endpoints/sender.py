"""The sender of a notice: the data of the caller that invalid-traffic rules use."""

from collections.abc import Mapping
from typing import NamedTuple


class Sender(NamedTuple):
    """The sender of a notice: the origin of the page, and the user agent and the IP address of the viewer.

    `takes_images` is whether the sender is an `<img>` of a page, which treats an answer without an image as an error.
    """

    origin: str | None = None
    user_agent: str | None = None
    address: str | None = None
    takes_images: bool = False


def sender(headers: Mapping[str, str], address: str | None) -> Sender:
    """The sender of a request, by its headers (names in lower case) and the caller's IP address.

    An ad-insertion server reports on behalf of viewers. It states the viewer in `X-Device-User-Agent` and `X-Device-IP`
    (VAST 4.2, section 1.2.5).
    """
    return Sender(
        origin=headers.get("origin"),
        user_agent=headers.get("x-device-user-agent") or headers.get("user-agent"),
        address=headers.get("x-device-ip") or address,
        takes_images=headers.get("accept", "").startswith("image/"),
    )
