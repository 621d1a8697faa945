"""A publisher's page with the clients on it, and `chalice local` behind HTTPS, which pages want."""

import json
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError

from tests.integration.https import Seen, certificate, files, proxy
from tests.integration.npm_clients import Browser
from tests.integration.polling import poll
from tools.local import module
from tools.processes import LOOPBACK, free_port


@dataclass(frozen=True)
class PublisherPage:
    """The page's address; the bidder's, host and port; what went between them in the last call."""

    browser: Browser
    page: str
    bidder: str
    observed: list[Seen]

    def call(self, function: str, **argument: Any) -> Any:
        """What a function of page.js returns, run in a new browser."""
        self.observed.clear()
        return self.browser.call(self.page, function, argument)

    def statuses(self) -> set[tuple[str, int]]:
        """Method and status of what went between page and bidder in the last call."""
        return {(exchange.method, exchange.status) for exchange in self.observed}


@contextmanager
def publisher(
    browser: Browser, variables: dict[str, str], folder: Path, ready: dict[str, Any]
) -> Iterator[PublisherPage]:
    """A page and a bidder with these variables, which bids on the request `ready`. Keeps its key in `folder`."""
    port, context, observed = free_port(), certificate(folder), list[Seen]()
    with proxy(port, context, observed) as outside, files(browser.site, context) as page:
        bidder = f"{LOOPBACK}:{outside}"
        own = {"BIDDER_PUBLIC_URL": f"https://{bidder}"}
        with module("tools.serve", "--no-autoreload", "--port", str(port), variables=variables | own):
            poll(lambda: _bids(port, ready))
            # By another name than the bidder's host, so that to the browser it is another site.
            yield PublisherPage(browser, f"https://localhost:{page}/", bidder, observed)


def _bids(port: int, request: dict[str, Any]) -> bool:
    url = f"http://{LOOPBACK}:{port}/bid"
    try:
        with urllib.request.urlopen(url, json.dumps(request).encode(), timeout=10) as answer:
            return bool(answer.status == 200)
    except HTTPError:  # it is an URLError, but an answer
        raise
    except URLError:
        return False
