"""The package's functions under the real Lambda runtime: HTTP requests of every kind, and events of other functions."""

import gzip
import json
from base64 import b64decode, b64encode
from typing import Any

from bidder.aws.parameter_copy import KEY
from tests.integration.loop import Loop, bids
from tests.integration.polling import poll
from tests.integration.runtime import api_event, sns_event, sqs_event
from tests.support.matchable import video_request
from tools.ministack import MiniStack


def test_the_runtime_answers_no_bid_bad_requests_players_and_browsers(loop: Loop) -> None:
    loop.sell("NLD")
    loop.refresh()
    poll(bids(loop, "NLD"))
    request = json.dumps(video_request(device={"geo": {"country": "NLD"}}))

    assert loop.bid("ATA") is None
    bad = loop.post('{"id": "1"}')
    assert (bad["statusCode"], json.loads(bad["body"])["fields"]) == (400, {"imp": "required"})
    player = loop.post(request, Accept="application/xml")
    assert player["body"].startswith('<VAST version="4.2"')
    browser = loop.post(request, Origin="https://page.example", **{"Content-Type": "text/plain"})
    assert browser["statusCode"] == 200
    assert browser["headers"]["Access-Control-Allow-Origin"] == "https://page.example"


def test_with_the_admin_key_explain_gives_the_reason_for_no_bid(loop: Loop, local_aws: MiniStack) -> None:
    loop.sell("FIN")
    loop.refresh()
    poll(bids(loop, "FIN"))
    ssm = local_aws.session().client("ssm")
    key = ssm.get_parameter(Name="/bidder/admin-key", WithDecryption=True)["Parameter"]["Value"]
    request = json.dumps(video_request(device={"geo": {"country": "ATA"}}))

    def explain(**headers: str) -> Any:
        event = api_event("POST", "/explain?campaign=in-FIN", "/explain", headers=headers, body=request)
        return loop.runtime.invoke("app.app", event)

    assert explain()["statusCode"] == 401
    assert explain(Authorization="Bearer guessed")["statusCode"] == 403
    # campaigns of other tests bid on any country, so a bid does not show that this campaign is in the snapshot
    poll(lambda: explain(Authorization=f"Bearer {key}")["statusCode"] == 200)
    [imp] = json.loads(explain(Authorization=f"Bearer {key}")["body"])["imp"]
    [loser] = imp["campaigns"]
    assert "in-FIN" not in {bid["campaign"] for bid in imp["bids"]}
    assert (loser["rule"], loser["seen"], loser["wanted"]) == ("targeting.country", "ata", "fin")


def test_gzip_requests_and_answers_under_the_runtime(loop: Loop) -> None:
    loop.sell("DNK")
    loop.refresh()
    poll(bids(loop, "DNK"))
    body = json.dumps(video_request(device={"geo": {"country": "DK"}})).encode()
    event = api_event("POST", "/bid", "/bid", headers={"Content-Type": "text/plain", "Accept-Encoding": "gzip"})

    answer = loop.runtime.invoke("app.app", event | {"body": gzip_base64(gzip.compress(body)), "isBase64Encoded": True})

    assert (answer["statusCode"], answer["headers"]["Content-Encoding"]) == (200, "gzip")
    assert answer["isBase64Encoded"] is True
    assert json.loads(gzip.decompress(b64decode(answer["body"])))["seatbid"]

    bomb = gzip_base64(gzip.compress(b" " * 10_000_000))
    assert loop.runtime.invoke("app.app", event | {"body": bomb, "isBase64Encoded": True})["statusCode"] == 413


def gzip_base64(body: bytes) -> str:
    """A body as in an event of API Gateway with all media types as binary."""
    return b64encode(body).decode()


def test_the_refresh_function_accepts_refresh_requests_of_any_form(loop: Loop, stack: dict[str, str]) -> None:
    loop.sell("BEL")

    answer = loop.runtime.invoke("app.refresh", sns_event("{}", stack["BIDDER_REFRESH_TOPIC"]))

    health = api_event("GET", "/health", "/health")
    poll(lambda: json.loads(loop.runtime.invoke("app.app", health)["body"])["snapshot"]["version"] >= answer["version"])
    assert loop.bid("BEL")


def test_the_ledger_function_counts_a_batch_and_returns_only_the_unreadable_message(loop: Loop) -> None:
    event = {
        "version": 1,
        "kind": "impression",
        "campaign_id": "straight-to-the-ledger",
        "creative_id": "spot",
        "bid_price_micros": 3_000_000,
        "price_micros": 3_000_000,
        "bid_at": "2026-11-23T12:00:00Z",
        "at": "2026-11-23T12:00:01Z",
    }
    bodies = [event | {"bid_id": "one"}, "poison", event | {"bid_id": "two"}, event | {"bid_id": "one"}]

    answer = loop.runtime.invoke("app.ledger", sqs_event(bodies, "arn:aws:sqs:us-east-1:000000000000:bidder-ledger"))

    assert answer == {"batchItemFailures": [{"itemIdentifier": "message-1"}]}
    assert loop.spent("straight-to-the-ledger").total_micros == 6_000


def test_forty_concurrent_edits_leave_no_dead_letter_and_the_last_is_in_the_next_snapshot(loop: Loop) -> None:
    for cpm in range(1, 41):
        loop.sell("NRU", cpm=cpm)
        loop.refresh()

    poll(lambda: (loop.bid("NRU") or {}).get("price") == 40)
    poll(lambda: loop.messages("bidder-campaign-refresh") == 0)
    assert loop.messages("bidder-campaign-refresh-dead") == 0


def test_the_parameters_are_copied_to_one_object_that_new_environments_read(loop: Loop, stack: dict[str, str]) -> None:
    s3 = loop.aws.session().client("s3")
    bucket = stack["BIDDER_SNAPSHOT_BUCKET"]
    copies = lambda: s3.list_objects_v2(Bucket=bucket, Prefix=KEY).get("Contents", [])  # noqa: E731
    poll(copies, seconds=90)

    copy = s3.get_object(Bucket=bucket, Key=KEY)

    assert copy["ServerSideEncryption"] == "aws:kms"
    assert "signing-keys" in json.loads(copy["Body"].read())["values"]
