"""The ledger: what campaigns have spent, counted once a bid.

Items of the table, by `pk` and `sk`:
- `bid#<bid id>`, `billed`: the marker that this bid is counted. DynamoDB drops it after `MARKER_LIFETIME`.
- `spend#<campaign id>`, `total` or `day#<YYYY-MM-DD>`: micros spent and impressions, in all and by UTC day.

Markers and counters are written in one transaction: whatever is repeated, reordered or cut short, a bid is in both or
in neither.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, timedelta
from typing import TYPE_CHECKING

from bidder.delivery.budget import Spend
from bidder.events.event import Event
from bidder.money import impression_cost

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

MARKER_LIFETIME = timedelta(days=45)
"""Longer than an event can lie in the queue and its dead-letter queue (14 days each) before it is delivered again."""

_ATTEMPTS = 5
_KEYS_A_READ = 100
_TOTAL = "total"


class Ledger:
    """Adds billable events to spend, and reads spend back. DynamoDB's own errors pass through."""

    def __init__(self, dynamodb: "DynamoDBClient", table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def record(self, events: Iterable[Event]) -> frozenset[str]:
        """Counts the billable events that are not counted yet; the rest are left out.

        Returns the ids of bids that could not be counted now because others write the same counters: give their events
        again later. One counter write serves all events of a campaign in the call.
        """
        by_campaign: dict[str, dict[str, Event]] = defaultdict(dict)
        for event in events:
            if event.billable:
                by_campaign[event.campaign_id].setdefault(event.bid_id, event)
        crowded: set[str] = set()
        for campaign_id, by_bid in by_campaign.items():
            crowded |= self._count(campaign_id, list(by_bid.values()))
        return frozenset(crowded)

    def spends(self, campaign_ids: Sequence[str], today: date) -> dict[str, Spend]:
        """What each campaign has spent, read consistently; campaigns that have spent nothing are left out."""
        days = (_TOTAL, _day(today))
        keys = [(campaign_id, sk) for campaign_id in campaign_ids for sk in days]
        spent: Counter[tuple[str, str]] = Counter()
        for start in range(0, len(keys), _KEYS_A_READ):
            wanted = [_key(campaign_id, sk) for campaign_id, sk in keys[start : start + _KEYS_A_READ]]
            while wanted:
                answer = self._dynamodb.batch_get_item(
                    RequestItems={self._table: {"Keys": wanted, "ConsistentRead": True}}
                )
                for item in answer["Responses"].get(self._table, []):
                    campaign_id = item["pk"]["S"].removeprefix("spend#")
                    spent[campaign_id, item["sk"]["S"]] = int(item["micros"]["N"])
                unread = answer.get("UnprocessedKeys", {}).get(self._table)
                wanted = list(unread["Keys"]) if unread else []  # type: ignore[arg-type]  # stubs: keys of a read differ
        return {
            campaign_id: Spend(spent[campaign_id, _TOTAL], spent[campaign_id, days[1]])
            for campaign_id in {campaign_id for campaign_id, _ in spent}
        }

    def _count(self, campaign_id: str, events: list[Event]) -> set[str]:
        for _ in range(_ATTEMPTS):
            if not events:
                return set()
            try:
                self._dynamodb.transact_write_items(
                    TransactItems=[*map(self._marker, events), *self._counters(campaign_id, events)]
                )
            except self._dynamodb.exceptions.TransactionCanceledException as error:
                reasons = [reason.get("Code") for reason in error.response["CancellationReasons"]]
                marked = reasons[: len(events)]
                events = [e for e, why in zip(events, marked, strict=True) if why != "ConditionalCheckFailed"]
            else:
                return set()
        return {event.bid_id for event in events}

    def _marker(self, event: Event) -> "TransactWriteItemTypeDef":
        return {
            "Put": {
                "TableName": self._table,
                "Item": {
                    "pk": {"S": f"bid#{event.bid_id}"},
                    "sk": {"S": "billed"},
                    "campaign": {"S": event.campaign_id},
                    "kind": {"S": event.kind},
                    "micros": {"N": str(impression_cost(event.price_micros))},
                    "at": {"S": event.at.isoformat()},
                    "expires_at": {"N": str(int((event.at + MARKER_LIFETIME).timestamp()))},
                },
                "ConditionExpression": "attribute_not_exists(pk)",
            }
        }

    def _counters(self, campaign_id: str, events: Sequence[Event]) -> "list[TransactWriteItemTypeDef]":
        micros: Counter[str] = Counter()
        impressions: Counter[str] = Counter()
        for event in events:
            for sk in (_TOTAL, _day(event.at.astimezone(UTC).date())):
                micros[sk] += impression_cost(event.price_micros)
                impressions[sk] += 1
        return [
            {
                "Update": {
                    "TableName": self._table,
                    "Key": _key(campaign_id, sk),
                    "UpdateExpression": "ADD micros :micros, impressions :impressions",
                    "ExpressionAttributeValues": {
                        ":micros": {"N": str(micros[sk])},
                        ":impressions": {"N": str(impressions[sk])},
                    },
                }
            }
            for sk in impressions
        ]


def _day(day: date) -> str:
    return f"day#{day.isoformat()}"


def _key(campaign_id: str, sk: str) -> "Mapping[str, Mapping[str, str]]":
    return {"pk": {"S": f"spend#{campaign_id}"}, "sk": {"S": sk}}
