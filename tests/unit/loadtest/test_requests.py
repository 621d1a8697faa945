from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from bidder.openrtb.bid_request import BidRequest
from bidder.openrtb.parse import InvalidRequest, parse
from loadtest.requests import MALFORMED, RequestKind
from tests.unit.loadtest.drawn import encoded, generate_requests

MANY = generate_requests(3000)


def test_the_same_seed_gives_the_same_requests() -> None:
    assert generate_requests(50) == MANY[:50]
    assert generate_requests(50, seed=2) != MANY[:50]


def test_kinds_have_their_shares() -> None:
    kinds = Counter(kind for kind, *_ in MANY)
    assert kinds[RequestKind.VIDEO] / len(MANY) == pytest.approx(0.91, abs=0.03)
    assert kinds[RequestKind.BANNER] / len(MANY) == pytest.approx(0.08, abs=0.03)
    assert kinds[RequestKind.MALFORMED] / len(MANY) == pytest.approx(0.01, abs=0.006)


def test_well_formed_requests_need_no_repair_and_have_the_fields_of_their_kind() -> None:
    for kind, document, _ in MANY:
        if kind is not RequestKind.MALFORMED:
            request = BidRequest.model_validate_json(encoded(document))
            assert {imp.video is not None for imp in request.imp} == {kind is RequestKind.VIDEO}


@pytest.mark.parametrize("mutation", MALFORMED)
def test_each_mutation_makes_a_request_invalid(mutation: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    valid_request = next(document for kind, document, _ in MANY if kind is RequestKind.VIDEO)
    parse(encoded(valid_request))
    with pytest.raises(InvalidRequest):
        parse(encoded(mutation(valid_request)))


def test_malformed_requests_are_invalid() -> None:
    for kind, document, _ in MANY:
        if kind is RequestKind.MALFORMED:
            with pytest.raises(InvalidRequest):
                parse(encoded(document))


def test_traffic_is_mixed() -> None:
    requests = [document for kind, document, _ in MANY if kind is RequestKind.VIDEO]
    countries = Counter(request["device"]["geo"]["country"] for request in requests)
    imps = [imp for request in requests for imp in request["imp"]]
    videos = [imp["video"] for imp in imps]

    assert [country for country, _ in countries.most_common(2)] == ["USA", "GBR"]
    assert len(countries) == 20
    assert {request["device"]["devicetype"] for request in requests} == {2, 3, 4, 5, 7}
    assert {"site" in request for request in requests} == {True, False}
    assert {max(video["protocols"]) for video in videos if "protocols" in video} == {5, 6, 8, 13, 14}
    for optional in ("protocols", "plcmt", "rqddurs", "skip", "maxbitrate"):
        assert {optional in video for video in videos} == {True, False}
    for optional in ("bidfloor", "pmp", "rwdd"):
        assert {optional in imp for imp in imps} == {True, False}
