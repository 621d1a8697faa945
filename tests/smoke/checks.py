"""The checks of the smoke suite. Each yields a sentence for each fault.

All auctions are tests (`test: 1`), so their events bill nothing.
"""

from collections.abc import Callable, Iterator
from xml.etree import ElementTree as ET

from lxml import etree

from bidder.rollout.answer_outline import VersionAnswer
from bidder.rollout.contract import breaches
from bidder.rollout.recorded_requests import RecordedRequest, recorded_requests
from tests.smoke.target import Answer, Target
from tests.support.xsd import assert_valid, assert_valid_vmap

ORIGIN = "https://smoke.example"
TAG = "page=https://news.example/&country=USA&max_dur=30"

Check = Callable[[Target], Iterator[str]]


def health(target: Target) -> Iterator[str]:
    """GET /health reports status ok: the process can bid from a recent snapshot."""
    answer = target.ask("GET", "/health")
    body = answer.json()
    status = body.get("status") if isinstance(body, dict) else None
    if answer.status != 200 or status != "ok":
        yield f"GET /health answers {answer.status}, status {status!r}; 200 and 'ok' expected: {answer.body[:120]}"


def bids(target: Target) -> Iterator[str]:
    """The answer to each recorded request follows the contract (`bidder/rollout/contract.py`)."""
    for request in recorded_requests():
        for breach in breaches(request, _version_answer(_send(target, request))):
            yield f"{request.name}: {breach}"


def bid_made(target: Target) -> Iterator[str]:
    """At least one recorded request gets a bid."""
    if _first_bid(target) is None:
        yield (
            "no campaign bids on a recorded request, so markup and events are not tried. Import campaigns, "
            "`bidder campaigns import samples/campaigns.yaml`, or set NO_BIDS=allowed"
        )


def vast(target: Target) -> Iterator[str]:
    """The markup of a bid, the XML answer and the ad tag are valid VAST of the version that they state."""
    if (bid := _first_bid(target)) is not None:
        yield from _invalid("the bid's adm", str(bid["adm"]))
    for request in recorded_requests():
        if request.takes_xml:
            yield from _invalid(f"{request.name}: the answer", _send(target, request).body)
    answer = target.ask("GET", f"/vast?{TAG}")
    if (answer.status, answer.content_type) != (200, "application/xml"):
        yield f"GET /vast answers {answer.status} {answer.content_type}; 200 application/xml expected"
    else:
        yield from _invalid("GET /vast: the answer", answer.body)


def vmap(target: Target) -> Iterator[str]:
    """The schedule of breaks is valid VMAP."""
    answer = target.ask("GET", f"/vmap?{TAG}")
    if answer.status != 200:
        yield f"GET /vmap answers {answer.status}; 200 expected"
        return
    try:
        assert_valid_vmap(answer.body)
    except (etree.LxmlError, KeyError) as error:
        yield f"GET /vmap: the answer is no valid VMAP: {error}"


def events(target: Target) -> Iterator[str]:
    """The event URLs of a test bid are accepted, and a changed URL is refused."""
    if (bid := _first_bid(target)) is None:
        return
    impression = ET.fromstring(str(bid["adm"])).findtext(".//{*}Impression")  # noqa: S314  the bidder's own answer
    if not impression:
        yield "the bid's VAST has no Impression"
        return
    billing = str(bid["burl"]).replace("${AUCTION_PRICE}", str(bid["price"]))
    for name, url in (("the Impression", impression.strip()), ("burl", billing)):
        for method in ("GET", "HEAD"):
            if (status := target.event(method, url).status) not in {200, 204}:
                yield f"{method} of {name} answers {status}; 200 or 204 expected: {url[:100]}"
    batch = target.ask("POST", "/e", [impression.strip()])
    if batch.status != 200 or batch.json() != {"accepted": 1, "refused": []}:
        yield f"POST /e with one event URL answers {batch.status}: {batch.body[:120]}"
    forged = target.event("GET", "/e/impression/k1.forged")
    yield from _wrong_error("GET of a forged event URL", forged, {400})
    yield from _wrong_error("GET of an unknown kind of event", target.event("GET", "/e/nothing/k1.forged"), {404})


def cors(target: Target) -> Iterator[str]:
    """A page of any origin may send requests, and can read answers and errors."""
    sent_headers = {"Origin": ORIGIN}
    preflight = {**sent_headers, "Access-Control-Request-Method": "POST"}
    answers = {
        "OPTIONS /bid": target.ask("OPTIONS", "/bid", headers=preflight),
        "OPTIONS /vast": target.ask("OPTIONS", "/vast", headers=preflight),
        "OPTIONS /e": target.ask("OPTIONS", "/e", headers=preflight),
        "POST /bid": target.ask("POST", "/bid", recorded_requests()[0].body, sent_headers),
        "POST /bid that is no JSON": target.ask("POST", "/bid", "{", sent_headers),
    }
    for name, answer in answers.items():
        allowed = answer.headers.get("access-control-allow-origin")
        if allowed != ORIGIN:
            yield f"{name} from {ORIGIN} answers {answer.status} with Access-Control-Allow-Origin {allowed!r}"
        if name.startswith("OPTIONS") and answer.status not in {200, 204}:
            yield f"{name} answers {answer.status}; 204 expected"


def errors(target: Target) -> Iterator[str]:
    """Error answers are JSON with a message."""
    yield from _wrong_error("POST /bid that is no JSON", target.ask("POST", "/bid", "{"), {400})
    yield from _wrong_error("POST /bid without impressions", target.ask("POST", "/bid", {"id": "1", "imp": []}), {400})
    yield from _wrong_error("POST /explain without a key", target.ask("POST", "/explain", {}), {401, 403})
    if (status := target.ask("GET", "/bid").status) not in {403, 405}:  # API Gateway says 403
        yield f"GET /bid answers {status}; 405 or 403 expected"


def player(target: Target) -> Iterator[str]:
    """The ad player is served, with an ETag."""
    answer = target.ask("GET", "/player.js")
    if answer.status != 200 or "etag" not in answer.headers:
        yield f"GET /player.js answers {answer.status}, {'with' if 'etag' in answer.headers else 'without'} an ETag"


CHECKS: tuple[Check, ...] = (health, bids, bid_made, vast, vmap, events, cors, errors, player)


def _send(target: Target, request: RecordedRequest) -> Answer:
    query = "&".join(f"{name}={value}" for name, value in request.query.items())
    return target.ask(request.method, request.resource + (f"?{query}" if query else ""), request.body, request.headers)


def _version_answer(answer: Answer) -> VersionAnswer:
    return VersionAnswer(answer.status, answer.headers.get("content-type", ""), answer.body)


def _first_bid(target: Target) -> dict[str, object] | None:
    for request in recorded_requests():
        if request.is_auction and not request.takes_xml:
            for bid in _version_answer(_send(target, request)).bids():
                return bid
    return None


def _invalid(name: str, document: str) -> Iterator[str]:
    try:
        if not len(etree.fromstring(document.encode())):  # no ad
            return
        assert_valid(document)
    except KeyError as error:
        yield f"{name} is VAST of an unknown version {error}"
    except etree.LxmlError as error:
        yield f"{name} is no valid VAST: {error}"


def _wrong_error(name: str, answer: Answer, statuses: set[int]) -> Iterator[str]:
    body = answer.json()
    if answer.status not in statuses:
        yield f"{name} answers {answer.status}; {' or '.join(map(str, sorted(statuses)))} expected"
    elif not (isinstance(body, dict) and body.get("error")):
        yield f'{name} answers {answer.status} without {{"error": …}}: {answer.body[:80]!r}'
