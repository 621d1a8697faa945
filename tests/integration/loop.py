"""The whole bidder: the package under the real Lambda runtime, and the local AWS."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from lxml import etree

from bidder.campaigns.campaign import Campaign
from bidder.campaigns.repository import CampaignRepository
from bidder.delivery.budget import Spend
from bidder.events.archive import Archive
from bidder.events.ledger import Ledger
from bidder.events.publisher import EventPublisher
from tests.integration.runtime import api_event
from tests.support.campaigns import campaign
from tests.support.matchable import video_request
from tools.lambda_runtime import Functions
from tools.ministack import MiniStack


class Loop:
    """The whole bidder. Each test uses its own country, so that it does not see campaigns of other tests."""

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
        """Requests a refresh by the topic, like the schedule. The deployed function runs it."""
        self.sns.publish(TopicArn=self.stack["BIDDER_REFRESH_TOPIC"], Message="{}")

    def messages(self, queue: str = "bidder-ledger") -> int:
        """The number of messages of a queue, including those in flight."""
        url = self.sqs.get_queue_url(QueueName=queue)["QueueUrl"]
        attributes: Any = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        return sum(int(attributes[f"ApproximateNumberOfMessages{kind}"]) for kind in ("", "NotVisible"))

    def bid(self, country: str, query: str = "", **changes: Any) -> dict[str, Any] | None:
        request = video_request(device={"geo": {"country": country}}, **changes)
        answer = self.post(json.dumps(request), query)
        assert answer["statusCode"] in {200, 204}, answer
        if answer["statusCode"] == 204:
            return None
        [bid_item] = json.loads(answer["body"])["seatbid"][0]["bid"]
        return bid_item

    def post(self, body: str, query: str = "", **headers: str) -> Any:
        return self.runtime.invoke("app.app", api_event("POST", f"/bid{query}", "/bid", headers=headers, body=body))

    def call(self, url: str, caller: str = "203.0.113.7") -> int:
        """Calls an event URL at the address in it."""
        parts = urlsplit(url)
        assert parts.path.startswith("/api/e/"), url
        path = parts.path.removeprefix("/api")
        _, _, kind, token = path.split("/")
        event = api_event("GET", f"{path}?{parts.query}", "/e/{kind}/{token}", {"kind": kind, "token": token})
        event["requestContext"]["identity"]["sourceIp"] = caller
        return self.runtime.invoke("app.app", event)["statusCode"]

    def spent(self, name: str) -> Spend:
        return self.ledger.spends({name: datetime.now(UTC)}).get(name, Spend())


def bids(loop: Loop, country: str) -> Callable[[], bool]:
    return lambda: loop.bid(country) is not None


def impression(result: dict[str, Any]) -> str:
    url = etree.fromstring(result["adm"]).findtext(".//{*}Impression")
    assert url
    return url
