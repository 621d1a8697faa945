"""The URLs that a bid hands out, one for each kind of event."""

from bidder.events.kinds import Kind
from bidder.events.token import Claims, SigningKeys, encode, sign

PRICE = "p"
LOSS_REASON = "r"
ERROR_CODE = "c"


class EventUrls:
    """Makes the event URLs of one bid: `<base>/e/<kind>/<token>`, with a query where a macro is to be filled in."""

    def __init__(self, base: str, claims: Claims, keys: SigningKeys) -> None:
        self.bid_id = claims.bid_id
        self._base = base
        self._claims = encode(claims)
        self._keys = keys

    def url(self, kind: Kind, **macros: str) -> str:
        """The URL of a kind; `macros` are query parameters that somebody else fills in, so left as they are."""
        url = f"{self._base}/e/{kind}/{sign(kind, self._claims, self._keys)}"
        return url + "?" + "&".join(f"{name}={macro}" for name, macro in macros.items()) if macros else url
