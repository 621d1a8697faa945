"""The event URLs of a bid, one for each kind of event."""

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
    """The event URLs of one bid: `<base>/e/<kind>/<token>`, with a query for macros.

    Raises ValueError for a base that makes the URLs too long.
    """

    def __init__(self, base: str, claims: Claims, keys: SigningKeys) -> None:
        if len(base) > LONGEST_BASE:
            msg = f"{base} is longer than {LONGEST_BASE} letters: set BIDDER_PUBLIC_URL to a shorter address"
            raise ValueError(msg)
        self.bid_id = claims.bid_id
        self.base = base
        self.issued_at = claims.issued_at
        self.seconds = claims.minutes * 60
        """The time in which the bid, and so its markup, may be shown."""
        self._claims = encode(claims)
        self._keys = keys
        self.by_kind = Tokens(self._claims, keys).urls(base)
        """The URL of each kind. All letters after the base need no escape in URLs and in XML."""

    def url(self, kind: Kind, **macros: str) -> str:
        """The URL of a kind. `macros` are unescaped query parameters, which exchange or player replace."""
        return f"{self.by_kind[kind]}?{query(**macros)}" if macros else self.by_kind[kind]

    def click_through(self, landing_page: str) -> str:
        """The URL that counts a click and redirects to the landing page, which the signature covers.

        If that URL is too long, the landing page itself: an uncounted click is better than a failed click.
        """
        landing_page = ascii_url(landing_page)
        token = sign(Kind.CLICK, self._claims, self._keys, landing_page)
        url = f"{self.base}/e/{Kind.CLICK}/{token}?{TARGET}={quote(landing_page, safe='/:')}"
        return url if len(url) <= LONGEST_URL else landing_page


def query(**macros: str) -> str:
    """A query of unescaped macros, which exchange or player replace."""
    return "&".join(f"{name}={macro}" for name, macro in macros.items())
