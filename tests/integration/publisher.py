"""A publisher's page with the clients, and `chalice local` behind HTTPS, which pages require."""

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
    """A publisher's page: its URL, the bidder's host and port, and the requests between them in the last call."""

    browser: Browser
    page: str
    bidder: str
    observed: list[Seen]

    def call(self, function: str, **argument: Any) -> Any:
        """The result of a function of page.js in a new browser."""
        self.observed.clear()
        return self.browser.call(self.page, function, argument)

    def statuses(self) -> set[tuple[str, int]]:
        """Method and status of each request between page and bidder in the last call."""
        return {(exchange.method, exchange.status) for exchange in self.observed}


@contextmanager
def publisher(
    browser: Browser, variables: dict[str, str], folder: Path, ready: dict[str, Any]
) -> Iterator[PublisherPage]:
    """A page, and a bidder with these variables that bids on the request `ready`. Its TLS key is in `folder`."""
    port, context, observed = free_port(), certificate(folder), list[Seen]()
    with proxy(port, context, observed) as outside, files(browser.site, context) as page:
        bidder = f"{LOOPBACK}:{outside}"
        own = {"BIDDER_PUBLIC_URL": f"https://{bidder}"}
        with module("tools.serve", "--no-autoreload", "--port", str(port), variables=variables | own):
            poll(lambda: _bids(port, ready))
            # A different name than the bidder's host, so that the browser treats the page as another site.
            yield PublisherPage(browser, f"https://localhost:{page}/", bidder, observed)


def _bids(port: int, request: dict[str, Any]) -> bool:
    url = f"http://{LOOPBACK}:{port}/bid"
    try:
        with urllib.request.urlopen(url, json.dumps(request).encode(), timeout=10) as answer:
            return bool(answer.status == 200)
    except HTTPError:  # HTTPError is a URLError, but also an answer
        raise
    except URLError:
        return False
