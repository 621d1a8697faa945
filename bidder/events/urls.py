"""The URLs that a bid hands out, one for each kind of event."""

from urllib.parse import quote

from bidder.events.claims import Claims, encode
from bidder.events.kinds import Kind
from bidder.events.token import SigningKeys, Tokens, sign
from bidder.normal_forms import ascii_url
from bidder.url_names import LONGEST_BASE, LONGEST_URL

PRICE = "p"
TO_WIN = "w"
LOSS_REASON = "r"
ERROR_CODE = "c"
TARGET = "u"


class EventUrls:
    """Makes the event URLs of one bid: `<base>/e/<kind>/<token>`, with a query where a macro is to be filled in.

    Raises ValueError for a base that would make them too long.
    """

    def __init__(self, base: str, claims: Claims, keys: SigningKeys) -> None:
        if len(base) > LONGEST_BASE:
            msg = f"{base} is longer than {LONGEST_BASE} letters: set BIDDER_PUBLIC_URL to a shorter address"
            raise ValueError(msg)
        self.bid_id = claims.bid_id
        self.base = base
        self.issued_at = claims.issued_at
        self.seconds = claims.minutes * 60
        """How long the bid, and so its markup, may be shown."""
        self._claims = encode(claims)
        self._keys = keys
        self.by_kind = Tokens(self._claims, keys).urls(base)
        """The URL of each kind. All but the base is of letters that stand for themselves in URLs and in XML."""

    def url(self, kind: Kind, **macros: str) -> str:
        """The URL of a kind; `macros` are query parameters that somebody else fills in, so left as they are."""
        return f"{self.by_kind[kind]}?{query(**macros)}" if macros else self.by_kind[kind]

    def click_through(self, landing_page: str) -> str:
        """The URL that counts a click and leads on to the landing page, which its signature covers.

        Where that would be too long, the landing page by itself: better a click that isn't counted than one that fails.
        """
        landing_page = ascii_url(landing_page)
        token = sign(Kind.CLICK, self._claims, self._keys, landing_page)
        url = f"{self.base}/e/{Kind.CLICK}/{token}?{TARGET}={quote(landing_page, safe='/:')}"
        return url if len(url) <= LONGEST_URL else landing_page


def query(**macros: str) -> str:
    """A query of parameters that somebody else fills in, so left as they are."""
    return "&".join(f"{name}={macro}" for name, macro in macros.items())
