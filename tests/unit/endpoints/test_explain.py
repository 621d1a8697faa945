"""POST /explain: its key, its answer, and its agreement with /bid."""

import json
import re
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidder.campaigns.budget import Budget
from bidder.campaigns.campaign import Campaign
from bidder.endpoints.bid import bid
from bidder.endpoints.call import Call
from bidder.endpoints.explain import MAX_VERDICTS, answer
from bidder.endpoints.reply import Reply
from bidder.events.kinds import Kind
from bidder.events.token import verify
from bidder.snapshot.snapshot import Snapshot
from tests.support.campaigns import NOW, campaign, campaign_lists, compile_snapshot
from tests.support.examples import examples
from tests.support.matchable import matchable_requests, video_request
from tests.support.service import KEYS, service
from tests.unit.auction.test_pods import pod_campaigns, pod_requests

KEY = "the-key-of-the-operators"
ALLOWED = {"authorization": f"Bearer {KEY}"}
BASE = "https://bid.example"


def ask(
    request: Any, snapshot: Snapshot | None, headers: dict[str, str] = ALLOWED, only: str | None = None, **replaced: Any
) -> Reply:
    body = request if isinstance(request, bytes) else json.dumps(request).encode()
    return answer(service(snapshot, **{"admin_key": KEY, **replaced}), Call(body, headers, BASE, NOW), only)


def test_without_a_key_the_answer_is_401_with_the_required_header() -> None:
    reply = ask(video_request(), None, {})

    assert (reply.status, reply.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert "/bidder/admin-key" in json.loads(reply.body)["error"]


@pytest.mark.parametrize("given_key", ["", "wrong", KEY[:-1], KEY + "x", "ключ"])
def test_a_wrong_key_is_403_and_not_in_the_answer(given_key: str) -> None:
    reply = ask(b"not even JSON", None, {"authorization": f"Bearer {given_key}"})

    assert reply.status == 403
    assert KEY not in str(reply.body)


def test_without_a_stored_key_every_request_is_refused() -> None:
    reply = ask(video_request(), compile_snapshot([campaign()]), admin_key=None)

    assert reply.status == 403
    assert "make deploy" in json.loads(reply.body)["error"]


BUDGETS = st.sampled_from([None, 4_000, 7_000, 20_000])


@st.composite
def breaks(draw: st.DrawFn) -> dict[str, Any]:
    """Requests with one pod, several pods, or impressions outside pods."""
    request = draw(pod_requests())
    for imp in request["imp"]:
        imp["video"]["podid"] = draw(st.sampled_from(["break", "other", None]))
    return request


@st.composite
def books(draw: st.DrawFn) -> list[Campaign]:
    """Campaigns of all kinds, or campaigns for pods, some with nearly spent budgets."""
    return [
        entry.model_copy(update={"budget": Budget(total_micros=draw(BUDGETS))})
        for entry in draw(pod_campaigns() | campaign_lists())
    ]


@examples(3)
@given(st.lists(breaks() | matchable_requests(), min_size=1, max_size=3), books(), st.booleans(), st.booleans())
def test_explain_has_the_bids_of_the_bid_endpoint(
    requests: list[dict[str, Any]], campaigns: list[Campaign], as_xml: bool, test: bool
) -> None:
    """For pods, several impressions, budgets reduced by earlier bids, and players that accept only VAST."""
    bidder = service(compile_snapshot(campaigns), admin_key=KEY)
    player = {"accept": "application/xml"} if as_xml else {}

    for request in requests:
        body = json.dumps({**request, "test": int(test)}).encode()
        answer_without_key = json.loads(answer(bidder, Call(body, ALLOWED | player, BASE, NOW)).body)
        response_bid = bid(bidder, Call(body, player, BASE, NOW))

        message = Counter((b["campaign"], b["creative"]) for imp in answer_without_key["imp"] for b in imp["bids"])
        assert message == (_in_vast(response_bid) if as_xml else _in_json(response_bid))
        for imp in answer_without_key["imp"]:
            assert {
                campaign_item["campaign"] for campaign_item in imp["campaigns"] if campaign_item["rule"] == "bids"
            } == {bid_item["campaign"] for bid_item in imp["bids"]}
            assert imp["funnel"][-1]["left"] == len({entry["campaign"] for entry in imp["bids"]})


def _in_json(reply: Reply) -> Counter[tuple[str, str]]:
    bids = json.loads(reply.body)["seatbid"][0]["bid"] if reply.status == 200 else []
    return Counter((bid_item["cid"], bid_item["crid"]) for bid_item in bids)


def _in_vast(reply: Reply) -> Counter[tuple[str, str]]:
    """The bids in a VAST document, by the token of each ad's impression pixel."""
    body = reply.body.decode() if isinstance(reply.body, bytes) else reply.body
    claims = [verify(Kind.IMPRESSION, token, KEYS, NOW) for token in re.findall(r"/e/impression/([^?\]]+)", body)]
    return Counter((claim.campaign_id, claim.creative_id) for claim in claims)


ROBOT = {"device": {"ua": "Mozilla/5.0 (compatible; Googlebot/2.1)"}}


@pytest.mark.parametrize("is_stopped", [False, True])
@pytest.mark.parametrize("changes", [{}, {"tmax": 1}, {"tmax": 500}, ROBOT, {"tmax": 1, **ROBOT}])
def test_explain_gives_the_no_bid_reason_of_the_bid_endpoint(changes: dict[str, Any], is_stopped: bool) -> None:
    """Requests that get no auction although a campaign matches."""
    snapshot = compile_snapshot([campaign()])._replace(is_stopped=is_stopped)
    request = video_request(**changes)
    bid_reply = bid(service(snapshot), Call(json.dumps(request).encode(), {}, BASE, NOW, nbr=True))
    explanation = json.loads(ask(request, snapshot).body)

    no_auction = explanation["no_auction"]
    assert (no_auction and no_auction["nbr"]) == json.loads(bid_reply.body).get("nbr")
    assert explanation["imp"][0]["bids"], "the auction that there would be"


def test_an_invalid_request_is_400_as_for_a_bid() -> None:
    snapshot = compile_snapshot([campaign()])

    assert json.loads(ask({"id": "1"}, snapshot).body)["fields"] == {"imp": "required"}
    assert ask(b"{", snapshot).status == 400
    assert ask(video_request(), None).status == 503


def test_many_campaigns_are_counted_and_one_can_be_selected() -> None:
    snapshot = compile_snapshot([campaign(id=f"c{cpm}", cpm=cpm) for cpm in range(1, MAX_VERDICTS + 11)])

    [imp] = json.loads(ask(video_request(), snapshot).body)["imp"]
    assert (len(imp["campaigns"]), imp["campaigns_untold"]) == (MAX_VERDICTS, 10)
    assert imp["funnel"][0] == {"rule": "all", "left": MAX_VERDICTS + 10}
    assert imp["funnel"][-1] == {"rule": "outbid", "left": 1}

    [imp] = json.loads(ask(video_request(), snapshot, only="c1").body)["imp"]
    assert [
        (campaign_item["campaign"], campaign_item["rule"], campaign_item["cpm_micros"])
        for campaign_item in imp["campaigns"]
    ] == [("c1", "outbid", 1_000_000)]
    assert ask(video_request(), snapshot, only="nobody").status == 404
