"""How often viewers were shown campaigns, by the hour, each impression counted once a bid: what caps are kept by.

Items of the table, by `pk` and `sk`:
- `bid#<bid id>`, `shown`: the marker that this bid's impression is counted.
- `user#<user>`, `day#<YYYY-MM-DD>`: impressions of a UTC day, by attributes `<HH>#<campaign id>`. It is dropped once
  the longest window has passed it. An item a day, since one for all time would outgrow an item's 400 KB; one `Query`
  reads them all.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from bidder.events.counted_once import CountedOnce, Key, count_once
from bidder.events.event import Event
from bidder.events.kinds import Kind

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

LONGEST = timedelta(days=7)
"""The longest window that a cap can have."""

_HOUR = timedelta(hours=1)
_KEPT = LONGEST + timedelta(days=1)

Shown = Mapping[str, Mapping[datetime, int]]
"""Impressions of one viewer by campaign id and the hour's start."""


class Frequency:
    """Counts impressions of viewers, and reads them back. DynamoDB's own errors pass through."""

    def __init__(self, dynamodb: "DynamoDBClient", table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def record(self, events: Iterable[Event]) -> frozenset[str]:
        """Counts impressions not counted yet; without a viewer, invalid and of tests they are left out. 50 at most.

        Returns the ids of bids that could not be counted now: give their events again later.
        """
        things = [
            _thing(event, event.user)
            for event in events
            if event.kind is Kind.IMPRESSION and event.user and not event.test and not event.invalid
        ]
        crowded = count_once(self._dynamodb, self._table, things)
        return frozenset(marker.pk.removeprefix("bid#") for marker in crowded)

    def shown(self, user: str, now: datetime) -> Shown:
        """What a viewer was shown in the longest window before now, in one request, as it was a moment ago."""
        answer = self._dynamodb.query(
            TableName=self._table,
            KeyConditionExpression="pk = :pk AND sk >= :first",
            ExpressionAttributeValues={":pk": {"S": f"user#{user}"}, ":first": {"S": _day(now - LONGEST)}},
        )
        shown: dict[str, Counter[datetime]] = {}
        for item in answer["Items"]:
            day = datetime.fromisoformat(item["sk"]["S"].removeprefix("day#")).replace(tzinfo=UTC)
            for name, value in item.items():
                hour, mark, campaign_id = name.partition("#")
                if mark:
                    shown.setdefault(campaign_id, Counter())[day + int(hour) * _HOUR] += int(value["N"])
        return shown


def within(shown: Shown, campaign_id: str, window: timedelta, now: datetime) -> int:
    """Impressions of the campaign in a window before now: all of the hours that it reaches into.

    So up to an hour too far back counts as well, and a cap is never passed for the want of minutes.
    """
    return sum(number for hour, number in shown.get(campaign_id, {}).items() if now - window < hour + _HOUR)


def _thing(event: Event, user: str) -> CountedOnce:
    at = event.at.astimezone(UTC)
    marker, counter = Key(f"bid#{event.bid_id}", "shown"), Key(f"user#{user}", _day(at))
    return CountedOnce(marker, {counter: {f"{at:%H}#{event.campaign_id}": 1}}, at, _KEPT)


def _day(at: datetime) -> str:
    return f"day#{at.astimezone(UTC).date().isoformat()}"
