"""The whole loop: the package under the real Lambda runtime bids, and the local AWS carries events and refreshes."""

import gzip
import json
from base64 import b64decode, b64encode, urlsafe_b64encode
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import pytest
from lxml import etree

from bidder.aws.parameter_copy import KEY
from bidder.campaigns.campaign import Campaign, Status
from bidder.campaigns.repository import CampaignRepository
from bidder.delivery.budget import Spend
from bidder.delivery.outcome_counts import OutcomeCounts
from bidder.events.archive import Archive
from bidder.events.fallback_queue import FallbackQueue
from bidder.events.frequency import Frequency
from bidder.events.kinds import Kind
from bidder.events.learning import Learning
from bidder.events.ledger import Ledger
from bidder.events.publisher import EventPublisher
from tests.integration.polling import poll
from tests.integration.runtime import api_event, sns_event, sqs_event
from tests.support import prices
from tests.support.campaigns import campaign
from tests.support.events import event
from tests.support.matchable import video_request
from tools.lambda_runtime import Functions
from tools.ministack import MiniStack


class Loop:
    """The bidder as its users see it. Each test has a country of its own, so that none meets another's campaigns."""

    def __init__(self, runtime: Functions, aws: MiniStack, stack: dict[str, str]) -> None:
        self.runtime = runtime
        self.stack = stack
        self.aws = aws
        session = aws.session()
        self.sns = session.client("sns")
        self.sqs = session.client("sqs")
        tables = (stack["BIDDER_CAMPAIGNS_TABLE"], stack["BIDDER_HISTORY_TABLE"])
        self.campaigns = CampaignRepository(session.client("dynamodb"), *tables)
        self.dynamodb = session.client("dynamodb")
        self.publisher = EventPublisher(self.sns, stack["BIDDER_EVENTS_TOPIC"])
        self.archive = Archive(session.client("s3"), stack["BIDDER_ARCHIVE_BUCKET"])
        self.ledger = Ledger(session.client("dynamodb"), stack["BIDDER_LEDGER_TABLE"])

    def sell(self, country: str, **changes: Any) -> Campaign:
        own_campaign = campaign(id=f"in-{country}", targeting={"country": {"include": [country]}}, **changes)
        self.campaigns.put(own_campaign)
        return own_campaign

    def refresh(self) -> None:
        """By the topic, as the schedule does it: the deployed function does the work."""
        self.sns.publish(TopicArn=self.stack["BIDDER_REFRESH_TOPIC"], Message="{}")

    def messages(self, queue: str) -> int:
        """How many messages are in a queue, those that are being worked on too."""
        url = self.sqs.get_queue_url(QueueName=queue)["QueueUrl"]
        attributes: Any = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        return sum(int(attributes[f"ApproximateNumberOfMessages{kind}"]) for kind in ("", "NotVisible"))

    def bid(self, country: str, query: str = "", **changes: Any) -> dict[str, Any] | None:
        request = video_request(device={"geo": {"country": country}}, **changes)
        answer = self.post(json.dumps(request), query)
        assert answer["statusCode"] in {200, 204}, answer
        if answer["statusCode"] == 204:
            return None
        [answered_bid] = json.loads(answer["body"])["seatbid"][0]["bid"]
        return answered_bid

    def post(self, body: str, query: str = "", **headers: str) -> Any:
        return self.runtime.invoke("app.app", api_event("POST", f"/bid{query}", "/bid", headers=headers, body=body))

    def call(self, url: str, caller: str = "203.0.113.7") -> int:
        """Calls an event URL, at the address that it was given out for."""
        parts = urlsplit(url)
        assert parts.path.startswith("/api/e/"), url
        path = parts.path.removeprefix("/api")
        _, _, kind, token = path.split("/")
        event = api_event("GET", f"{path}?{parts.query}", "/e/{kind}/{token}", {"kind": kind, "token": token})
        event["requestContext"]["identity"]["sourceIp"] = caller
        return self.runtime.invoke("app.app", event)["statusCode"]

    def spent(self, name: str) -> Spend:
        return self.ledger.spends({name: datetime.now(UTC)}).get(name, Spend())

    def waiting(self, queue: str = "bidder-ledger") -> int:
        url = self.sqs.get_queue_url(QueueName=queue)["QueueUrl"]
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        attributes = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]  # type: ignore[arg-type]
        return sum(map(int, attributes.values()))


@pytest.fixture
def loop(runtime: Functions, local_aws: MiniStack, stack: dict[str, str]) -> Loop:
    return Loop(runtime, local_aws, stack)


def bids(loop: Loop, country: str) -> Callable[[], bool]:
    return lambda: loop.bid(country) is not None


def impression(result: dict[str, Any]) -> str:
    url = etree.fromstring(result["adm"]).findtext(".//{*}Impression")
    assert url
    return url


def test_an_impression_is_billed_once_however_often_its_url_is_called(loop: Loop) -> None:
    loop.sell("ITA", cpm=12.5)
    loop.refresh()
    poll(bids(loop, "ITA"))

    first, second = loop.bid("ITA"), loop.bid("ITA")
    assert first
    assert second
    assert [loop.call(url) for url in (impression(first), impression(first), first["burl"])] == [204] * 3
    assert loop.call(first["nurl"]) == 200  # nobody filled the price in: it may be a player, so it brings the markup
    assert loop.call(impression(second)) == 204

    poll(lambda: loop.spent("in-ITA").total_micros >= 25_000)
    poll(lambda: loop.waiting() == 0)
    assert loop.spent("in-ITA")[:2] == (25_000, 25_000)


def test_what_sns_did_not_take_is_billed_once_when_it_takes_it_again(loop: Loop) -> None:
    url = loop.stack["BIDDER_NOTICES_QUEUE"]
    without_sns = EventPublisher(
        loop.sns, "arn:aws:sns:us-east-1:000000000000:no-such-topic", FallbackQueue(lambda: loop.sqs, url)
    )
    now = datetime.now(UTC)
    sent_event = event(campaign_id="put-aside-by-sns", bid_id=f"aside-{now.timestamp()}", at=now, bid_at=now)

    without_sns.publish(sent_event)
    without_sns.publish_all([sent_event, sent_event])

    poll(lambda: loop.spent("put-aside-by-sns").total_micros > 0)
    poll(lambda: loop.waiting() == 0 and loop.waiting("bidder-notices") == 0)
    assert loop.spent("put-aside-by-sns")[:2] == (5000, 5000)


def test_several_notices_in_one_request_bill_once_and_a_crawlers_not_at_all(loop: Loop) -> None:
    loop.sell("MLT", cpm=10)
    loop.refresh()
    poll(bids(loop, "MLT"))
    first, second = loop.bid("MLT"), loop.bid("MLT")
    assert first
    assert second
    crawler = {"User-Agent": "Googlebot/2.1"}

    body = json.dumps([impression(first), first["burl"], impression(first).replace("/impression/", "/bill/")])
    answer = loop.runtime.invoke("app.app", api_event("POST", "/e", "/e", body=body))
    parts = urlsplit(impression(second)).path.removeprefix("/api")
    _, _, kind, token = parts.split("/")
    by_crawler = api_event("GET", parts, "/e/{kind}/{token}", {"kind": kind, "token": token}, headers=crawler)
    assert loop.runtime.invoke("app.app", by_crawler)["statusCode"] == 204

    assert answer["statusCode"] == 200
    assert json.loads(answer["body"])["accepted"] == 2
    assert [wrong["why"].split(":")[0] for wrong in json.loads(answer["body"])["refused"]] == ["not signed for bill"]
    poll(lambda: loop.spent("in-MLT").total_micros > 0)
    poll(lambda: loop.waiting() == 0)
    assert loop.spent("in-MLT")[:2] == (10_000, 10_000)


def test_a_paused_campaign_stops_and_a_resumed_one_starts_with_the_next_refresh(loop: Loop) -> None:
    loop.sell("ESP")
    loop.refresh()
    poll(bids(loop, "ESP"))

    loop.campaigns.set_status("in-ESP", Status.PAUSED)
    loop.refresh()
    poll(lambda: loop.bid("ESP") is None)

    loop.campaigns.set_status("in-ESP", Status.ACTIVE)
    loop.refresh()
    poll(bids(loop, "ESP"))


def test_a_campaign_that_has_spent_its_budget_stops(loop: Loop) -> None:
    loop.sell("POL", cpm=10, budget={"total": "0.025"})  # two impressions and a half
    loop.refresh()
    poll(bids(loop, "POL"))

    for _ in range(2):
        loop.refresh()  # each snapshot allows as many bids as the budget still pays for
        answer = poll(lambda: loop.bid("POL"))
        assert loop.call(impression(answer)) == 204
    poll(lambda: loop.spent("in-POL").total_micros == 20_000)

    loop.refresh()
    poll(lambda: loop.bid("POL") is None)


def test_a_test_auction_is_bid_on_and_never_billed(loop: Loop) -> None:
    loop.sell("PRT")
    loop.refresh()
    poll(bids(loop, "PRT"))

    result, billed = loop.bid("PRT", test=1), loop.bid("PRT")
    assert result
    assert billed
    assert loop.call(impression(result)) == 204
    assert loop.call(impression(billed)) == 204

    poll(lambda: loop.spent("in-PRT").total_micros > 0)
    poll(lambda: loop.waiting() == 0)
    assert loop.spent("in-PRT").total_micros == 5_000


def test_every_event_reaches_the_archive(loop: Loop) -> None:
    loop.sell("GRC")
    loop.refresh()
    poll(bids(loop, "GRC"))

    result, test = loop.bid("GRC"), loop.bid("GRC", test=1)
    assert result
    assert test
    assert [loop.call(url) for url in (result["nurl"], impression(result), impression(test))] == [200, 204, 204]

    def archived() -> set[tuple[str, str, bool]]:
        events = loop.archive.events(datetime.now(UTC).date(), [Kind.WIN, Kind.IMPRESSION])
        return {(e.kind, e.bid_id, e.test) for e in events if e.campaign_id == "in-GRC"}

    poll(lambda: len(archived()) == 3)
    assert archived() == {
        ("win", result["id"], False),
        ("impression", result["id"], False),
        ("impression", test["id"], True),
    }


def test_what_is_counted_lowers_the_bid_of_a_campaign_whose_ads_are_not_watched(loop: Loop) -> None:
    result = loop.sell("HRV", cpm=None, cpcv="0.01", max_cpm=50)
    [spot] = result.creatives
    loop.refresh()
    poll(bids(loop, "HRV"))
    first = loop.bid("HRV")
    assert first

    for number in range(60):
        now = datetime.now(UTC)
        shown = event(number, campaign_id=result.id, creative_id=spot.id, at=now, user="anna" if number < 3 else None)
        loop.publisher.publish(shown)
    learning = Learning(loop.dynamodb, loop.stack["BIDDER_LEARNING_TABLE"])
    poll(lambda: learning.counts(datetime.now(UTC)).get((result.id, spot.id)) == OutcomeCounts(impressions=60))

    frequency = Frequency(loop.dynamodb, loop.stack["BIDDER_FREQUENCY_TABLE"])

    poll(lambda: sum(entry.campaign_id == result.id for entry in frequency.history("anna").recent) == 3)

    loop.refresh()
    poll(lambda: loop.bid("HRV")["price"] < first["price"])  # type: ignore[index]


def test_a_parameter_that_is_changed_reaches_the_running_function(loop: Loop, local_aws: MiniStack) -> None:
    loop.sell("AUT")
    loop.refresh()
    poll(bids(loop, "AUT"))
    ssm, name = local_aws.session().client("ssm"), "/bidder/network-allowance"

    ssm.put_parameter(Name=name, Type="String", Value="400", Overwrite=True)
    poll(lambda: loop.bid("AUT", tmax=300) is None, seconds=120)
    ssm.delete_parameter(Name=name)
    poll(lambda: loop.bid("AUT", tmax=300))


def test_an_exchange_with_keys_settles_in_encrypted_prices(loop: Loop) -> None:
    loop.sell("SWE", cpm=10)
    loop.refresh()
    poll(bids(loop, "SWE"))

    signed, plain = loop.bid("SWE", "?exchange=adx"), loop.bid("SWE", "?exchange=adx")
    assert signed
    assert plain
    sent = urlsafe_b64encode(prices.encrypted(4_000_000, prices.vector(datetime.now(UTC)))).decode().rstrip("=")
    assert loop.call(impression(signed).replace("${AUCTION_PRICE}", sent)) == 204
    assert loop.call(impression(plain).replace("${AUCTION_PRICE}", "4")) == 204

    poll(lambda: loop.spent("in-SWE").total_micros >= 14_000)
    poll(lambda: loop.waiting() == 0)
    assert loop.spent("in-SWE").total_micros == 4_000 + 10_000


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


def test_who_has_the_key_is_told_why_there_is_no_bid(loop: Loop, local_aws: MiniStack) -> None:
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
    # other tests' campaigns bid on any country: that there is a bid does not say that this one is known yet
    poll(lambda: explain(Authorization=f"Bearer {key}")["statusCode"] == 200)
    [imp] = json.loads(explain(Authorization=f"Bearer {key}")["body"])["imp"]
    [loser] = imp["campaigns"]
    assert "in-FIN" not in {bid["campaign"] for bid in imp["bids"]}
    assert (loser["rule"], loser["seen"], loser["wanted"]) == ("targeting.country", "ata", "fin")


def test_the_runtime_takes_and_gives_gzip(loop: Loop) -> None:
    loop.sell("DNK")
    loop.refresh()
    poll(bids(loop, "DNK"))
    body = json.dumps(video_request(device={"geo": {"country": "DK"}})).encode()
    event = api_event("POST", "/bid", "/bid", headers={"Content-Type": "text/plain", "Accept-Encoding": "gzip"})

    answer = loop.runtime.invoke("app.app", event | {"body": packed(gzip.compress(body)), "isBase64Encoded": True})

    assert (answer["statusCode"], answer["headers"]["Content-Encoding"]) == (200, "gzip")
    assert answer["isBase64Encoded"] is True
    assert json.loads(gzip.decompress(b64decode(answer["body"])))["seatbid"]

    bomb = packed(gzip.compress(b" " * 10_000_000))
    assert loop.runtime.invoke("app.app", event | {"body": bomb, "isBase64Encoded": True})["statusCode"] == 413


def packed(body: bytes) -> str:
    """A body as API Gateway hands it over where all media types are binary."""
    return b64encode(body).decode()


def test_the_refresh_function_takes_a_request_of_any_form(loop: Loop, stack: dict[str, str]) -> None:
    loop.sell("BEL")

    answer = loop.runtime.invoke("app.refresh", sns_event("{}", stack["BIDDER_REFRESH_TOPIC"]))

    health = api_event("GET", "/health", "/health")
    poll(lambda: json.loads(loop.runtime.invoke("app.app", health)["body"])["snapshot"]["version"] >= answer["version"])
    assert loop.bid("BEL")


def test_the_ledger_function_counts_a_batch_and_gives_back_only_its_poison(loop: Loop) -> None:
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


def test_forty_edits_at_once_leave_no_dead_letter_and_the_last_is_in_the_next_snapshot(loop: Loop) -> None:
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

    copied = s3.get_object(Bucket=bucket, Key=KEY)

    assert copied["ServerSideEncryption"] == "aws:kms"
    assert "signing-keys" in json.loads(copied["Body"].read())["values"]
