"""Who calls an event URL, as far as a notice is judged by it."""

from collections.abc import Mapping
from typing import Any, NamedTuple


class Sender(NamedTuple):
    """`origin` is the page's, `user_agent` and `address` are the viewer's, where they are known.

    `takes_images`: it is the `<img>` of a page, which calls an answer without an image an error.
    """

    origin: str | None = None
    user_agent: str | None = None
    address: str | None = None
    takes_images: bool = False


def sender(headers: Mapping[str, str], context: Mapping[str, Any]) -> Sender:
    """Read off a request's headers, names in lower case, and API Gateway's requestContext.

    A server that inserts ads reports for its viewers and names them in `X-Device-User-Agent` and `X-Device-IP` (VAST
    4.2, section 1.2.5).
    """
    return Sender(
        origin=headers.get("origin"),
        user_agent=headers.get("x-device-user-agent") or headers.get("user-agent"),
        address=headers.get("x-device-ip") or (context.get("identity") or {}).get("sourceIp"),
        takes_images=headers.get("accept", "").startswith("image/"),
    )
