"""The URLs that a bid hands out, one for each kind of event."""

from urllib.parse import quote

from bidder.events.claims import Claims, encode
from bidder.events.kinds import Kind
from bidder.events.token import SigningKeys, Tokens, sign

PRICE = "p"
LOSS_REASON = "r"
ERROR_CODE = "c"
TARGET = "u"


class EventUrls:
    """Makes the event URLs of one bid: `<base>/e/<kind>/<token>`, with a query where a macro is to be filled in."""

    def __init__(self, base: str, claims: Claims, keys: SigningKeys) -> None:
        self.bid_id = claims.bid_id
        self._base = base
        self._claims = encode(claims)
        self._keys = keys
        self._tokens = Tokens(self._claims, keys)

    def url(self, kind: Kind, **macros: str) -> str:
        """The URL of a kind; `macros` are query parameters that somebody else fills in, so left as they are."""
        url = f"{self._base}/e/{kind}/{self._tokens.of(kind)}"
        return url + "?" + "&".join(f"{name}={macro}" for name, macro in macros.items()) if macros else url

    def click_through(self, landing_page: str) -> str:
        """The URL that counts a click and leads on to the landing page, which its signature covers."""
        token = sign(Kind.CLICK, self._claims, self._keys, landing_page)
        return f"{self._base}/e/{Kind.CLICK}/{token}?{TARGET}={quote(landing_page, safe='')}"
