"""Billing through the whole loop."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from bidder.events.kinds import BILLABLE
from tests.integration.loop import Loop, bids, impression
from tests.integration.polling import poll
from tests.integration.runtime import sns_event
from tools.ministack import MiniStack


def test_a_forged_or_replayed_token_bills_no_more_than_its_bid(loop: Loop) -> None:
    loop.sell("MCO", cpm=10)
    loop.refresh()
    poll(bids(loop, "MCO"))
    bid_item = loop.bid("MCO")
    assert bid_item
    url = impression(bid_item)

    kind, token = urlsplit(url).path.split("/")[-2:]
    forged = [
        url.replace(token, token[:-1] + ("A" if token[-1] != "A" else "B")),
        url.replace(token, token.replace("in-MCO", "in-MCP")),
        url.replace(f"/{kind}/", "/bill/"),
        bid_item["nurl"].replace("/win/", "/impression/"),
    ]
    assert [loop.call(entry) for entry in forged] == [400] * 4
    url_with_price = url.replace("${AUCTION_PRICE}", "99")
    assert [loop.call(url_with_price, f"198.51.100.{number}") for number in range(8)] == [204] * 8

    def day() -> dict[str, int]:
        return loop.ledger.day("in-MCO", datetime.now(UTC).date())

    poll(lambda: day().get("invalid"))
    poll(lambda: loop.messages() == 0)
    assert (day()["micros"], day()["impressions"], day()["invalid#replayed"]) == (10_000, 1, 1)


def test_an_exchange_that_bills_by_billing_notices_is_billed_by_them(loop: Loop, local_aws: MiniStack) -> None:
    ssm = local_aws.session().client("ssm")
    ssm.put_parameter(Name="/bidder/exchanges", Type="String", Value='{"by-notice": {"billed_by": "bill"}}')
    loop.sell("SMR", cpm=10)
    loop.refresh()
    poll(bids(loop, "SMR"))

    def billed_by(query: str) -> str | None:
        """The kind of event that billed a bid with win, impression and billing notice."""
        bid_item = loop.bid("SMR", query)
        assert bid_item
        assert [loop.call(url) for url in (bid_item["nurl"], impression(bid_item), bid_item["burl"])] == [
            200,
            204,
            204,
        ]
        [kind] = poll(lambda: _due(loop, bid_item))
        return kind

    def settled() -> bool:
        # The deployed refresh reads the parameter again within a minute. A new process reads it at its start.
        loop.runtime.invoke("app.refresh", sns_event("{}", loop.stack["BIDDER_REFRESH_TOPIC"]))
        return billed_by("?exchange=by-notice") == "bill"

    poll(settled)
    assert billed_by("?exchange=other") == "impression"


def _due(loop: Loop, item: dict[str, Any]) -> set[str]:
    """The kinds that billed a bid, once the archive has both its billing notice and its impression."""
    events = [e for e in loop.archive.events(datetime.now(UTC).date(), BILLABLE) if e.bid_id == item["id"]]
    if {e.kind for e in events} != BILLABLE:
        return set()
    return {str(e.kind) for e in events if e.is_billable}
