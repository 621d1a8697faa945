"""The whole loop: the package under the real Lambda runtime bids, and the local AWS carries events and refreshes."""

import json
from base64 import urlsafe_b64encode
from datetime import UTC, datetime
from urllib.parse import urlsplit

from bidder.campaigns.campaign import Status
from bidder.delivery.outcome_counts import OutcomeCounts
from bidder.events.fallback_queue import FallbackQueue
from bidder.events.frequency import Frequency
from bidder.events.kinds import Kind
from bidder.events.learning import Learning
from bidder.events.publisher import EventPublisher
from tests.integration.loop import Loop, bids, impression
from tests.integration.polling import poll
from tests.integration.runtime import api_event
from tests.support import prices
from tests.support.events import event
from tools.ministack import MiniStack


def test_an_impression_is_billed_once_for_any_number_of_calls(loop: Loop) -> None:
    loop.sell("ITA", cpm=12.5)
    loop.refresh()
    poll(bids(loop, "ITA"))

    first, second = loop.bid("ITA"), loop.bid("ITA")
    assert first
    assert second
    assert [loop.call(url) for url in (impression(first), impression(first), first["burl"])] == [204] * 3
    # the price macro is not replaced, so the caller may be a player and gets the markup
    assert loop.call(first["nurl"]) == 200
    assert loop.call(impression(second)) == 204

    poll(lambda: loop.spent("in-ITA").total_micros >= 25_000)
    poll(lambda: loop.messages() == 0)
    assert loop.spent("in-ITA")[:2] == (25_000, 25_000)


def test_events_that_sns_refused_are_billed_once_after_it_recovers(loop: Loop) -> None:
    url = loop.stack["BIDDER_NOTICES_QUEUE"]
    without_sns = EventPublisher(
        loop.sns, "arn:aws:sns:us-east-1:000000000000:no-such-topic", FallbackQueue(lambda: loop.sqs, url)
    )
    now = datetime.now(UTC)
    sent_event = event(campaign_id="put-aside-by-sns", bid_id=f"aside-{now.timestamp()}", at=now, bid_at=now)

    without_sns.publish(sent_event)
    without_sns.publish_all([sent_event, sent_event])

    poll(lambda: loop.spent("put-aside-by-sns").total_micros > 0)
    poll(lambda: loop.messages() == 0 and loop.messages("bidder-notices") == 0)
    assert loop.spent("put-aside-by-sns")[:2] == (5000, 5000)


def test_several_notices_in_one_request_bill_once_and_notices_of_a_crawler_bill_nothing(loop: Loop) -> None:
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
    assert [fault["why"].split(":")[0] for fault in json.loads(answer["body"])["refused"]] == ["not signed for bill"]
    poll(lambda: loop.spent("in-MLT").total_micros > 0)
    poll(lambda: loop.messages() == 0)
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
    loop.sell("POL", cpm=10, budget={"total": "0.025"})  # two and a half impressions
    loop.refresh()
    poll(bids(loop, "POL"))

    for _ in range(2):
        loop.refresh()  # each snapshot allows as many bids as the remaining budget can pay for
        answer = poll(lambda: loop.bid("POL"))
        assert loop.call(impression(answer)) == 204
    poll(lambda: loop.spent("in-POL").total_micros == 20_000)

    loop.refresh()
    poll(lambda: loop.bid("POL") is None)


def test_a_test_auction_gets_a_bid_that_is_never_billed(loop: Loop) -> None:
    loop.sell("PRT")
    loop.refresh()
    poll(bids(loop, "PRT"))

    result, billed = loop.bid("PRT", test=1), loop.bid("PRT")
    assert result
    assert billed
    assert loop.call(impression(result)) == 204
    assert loop.call(impression(billed)) == 204

    poll(lambda: loop.spent("in-PRT").total_micros > 0)
    poll(lambda: loop.messages() == 0)
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


def test_learned_counts_lower_the_bid_of_a_campaign_whose_ads_are_not_completed(loop: Loop) -> None:
    result = loop.sell("HRV", cpm=None, cpcv="0.01", max_cpm=50)
    [spot] = result.creatives
    loop.refresh()
    poll(bids(loop, "HRV"))
    first = loop.bid("HRV")
    assert first

    for number in range(60):
        now = datetime.now(UTC)
        impression = event(
            number, campaign_id=result.id, creative_id=spot.id, at=now, user="anna" if number < 3 else None
        )
        loop.publisher.publish(impression)
    learning = Learning(loop.dynamodb, loop.stack["BIDDER_LEARNING_TABLE"])
    poll(lambda: learning.counts(datetime.now(UTC)).get((result.id, spot.id)) == OutcomeCounts(impressions=60))

    frequency = Frequency(loop.dynamodb, loop.stack["BIDDER_FREQUENCY_TABLE"])

    poll(lambda: sum(entry.campaign_id == result.id for entry in frequency.history("anna").recent) == 3)

    loop.refresh()
    poll(lambda: loop.bid("HRV")["price"] < first["price"])  # type: ignore[index]


def test_a_changed_parameter_reaches_the_running_function(loop: Loop, local_aws: MiniStack) -> None:
    loop.sell("AUT")
    loop.refresh()
    poll(bids(loop, "AUT"))
    ssm, name = local_aws.session().client("ssm"), "/bidder/network-allowance"

    ssm.put_parameter(Name=name, Type="String", Value="400", Overwrite=True)
    poll(lambda: loop.bid("AUT", tmax=300) is None, seconds=120)
    ssm.delete_parameter(Name=name)
    poll(lambda: loop.bid("AUT", tmax=300))


def test_an_exchange_with_price_keys_settles_by_encrypted_prices(loop: Loop) -> None:
    loop.sell("SWE", cpm=10)
    loop.refresh()
    poll(bids(loop, "SWE"))

    signed, unsigned = loop.bid("SWE", "?exchange=adx"), loop.bid("SWE", "?exchange=adx")
    assert signed
    assert unsigned
    sent_text = urlsafe_b64encode(prices.encrypted(4_000_000, prices.vector(datetime.now(UTC)))).decode().rstrip("=")
    assert loop.call(impression(signed).replace("${AUCTION_PRICE}", sent_text)) == 204
    assert loop.call(impression(unsigned).replace("${AUCTION_PRICE}", "4")) == 204

    poll(lambda: loop.spent("in-SWE").total_micros >= 14_000)
    poll(lambda: loop.messages() == 0)
    assert loop.spent("in-SWE").total_micros == 4_000 + 10_000
