"""The hook before a new version gets traffic. The live and the new version must answer recorded requests alike."""

from collections.abc import Iterable, Iterator

from bidder.rollout.answer_outline import VersionAnswer, differences
from bidder.rollout.contract import breaches
from bidder.rollout.recorded_requests import RecordedRequest
from bidder.rollout.versions import Versions

TRIES = 3
"""The most comparisons of one request. The versions may differ at first, while one has a newer snapshot."""


def objections(
    versions: Versions, old: str, new: str, requests: Iterable[RecordedRequest], expected: frozenset[str]
) -> list[str]:
    """The reasons to refuse the new version, each with the name of its request; empty if the version may get traffic.

    `expected` names the fields of answers that this deployment changes on purpose.
    """
    reasons: list[str] = []
    bid_urls: dict[str, str] = {}
    for request in requests:
        after = versions.answer(new, request)
        broken = list(breaches(request, after))
        reasons += [f"{request.name}: {breach}" for breach in broken]
        if not broken:
            same = (after, list[str]())
            before, different = same if old == new else _compare(versions, (old, new), request, after, expected)
            reasons += [f"{request.name}: {each}" for each in different]
            if not bid_urls:
                urls = {old: _event_url(before), new: _event_url(after)}
                bid_urls = {version: url for version, url in urls.items() if url}
    reasons += _unread_events(versions, bid_urls, old, new)
    return reasons


def _compare(
    versions: Versions,
    pair: tuple[str, str],
    request: RecordedRequest,
    after: VersionAnswer,
    expected: frozenset[str],
) -> tuple[VersionAnswer, list[str]]:
    """The old version's answer, and the differences of the new version's. `after` is the new version's first answer."""
    old, new = pair
    for _ in range(TRIES):
        before = versions.answer(old, request)
        different = [str(difference) for difference in differences(before, after, expected)]
        if not different:
            break
        after = versions.answer(new, request)
    return before, different


def _event_url(answer: VersionAnswer) -> str | None:
    """The `burl` of an answer's first bid with `${AUCTION_PRICE}` replaced, or None without a bid."""
    for bid in answer.bids():
        return str(bid["burl"]).replace("${AUCTION_PRICE}", str(bid["price"]))
    return None


def _unread_events(versions: Versions, urls: dict[str, str], old: str, new: str) -> Iterator[str]:
    """The event URLs of one version that the other cannot read. While traffic shifts, each gets the other's notices."""
    for made_by, url in sorted(urls.items()):
        for read_by in sorted({old, new}):
            answer = versions.report(read_by, url)
            if answer.error is not None or answer.status not in {200, 204}:
                reply = answer.error or f"{answer.status} {answer.body[:80]}"
                yield f"event of a bid by version {made_by}, reported to version {read_by}: {reply}"
