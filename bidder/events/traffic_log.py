"""The traffic counts of all processes by minute, which the refresh reads for pacing.

Items of the learning table: `pk` is `traffic#<start of the minute, in seconds since 1970>`.
- `sk` `<0 to 63>`: for the campaigns of that group, by id, `opportunities * 10^9 + bids`.
- `sk` `processes`: the sum of the processes' `requests`, and of their `squares`.

A message that SQS delivers twice counts twice, since pacing tolerates such errors.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any
from zlib import crc32

from bidder.aws.batches import batches_of
from bidder.aws.partition import partition
from bidder.delivery.estimates import COMPLETE, MINUTE, UNREPORTED, Report
from bidder.delivery.pacers import Traffic
from bidder.events.event import Event
from bidder.events.kinds import Kind

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

GROUPS = 64
_FACTOR = 10**9
_NAMES_PER_WRITE = 100
"""The most attributes of one write: an update expression has at most 4 KB."""
_RETENTION_SECONDS = 3600
_PROCESSES = "processes"


class TrafficLog:
    """Adds the counts of processes, and reads the sums. Raises DynamoDB's errors."""

    def __init__(self, dynamodb: "DynamoDBClient", table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def record(self, events: Iterable[Event]) -> None:
        """Adds the counts of events of the kind `traffic`."""
        sums: dict[tuple[int, str], Counter[str]] = defaultdict(Counter)
        for event in events:
            if event.kind is not Kind.TRAFFIC or event.traffic is None:
                continue
            minute = int(event.at.timestamp()) // MINUTE * MINUTE
            requests = event.count or 0
            sums[minute, _PROCESSES].update({"requests": requests, "squares": requests * requests})
            for name, (opportunities, bids) in event.traffic.items():
                group = str(crc32(name.encode()) % GROUPS)
                sums[minute, group][f"c#{name}"] += opportunities * _FACTOR + bids
        for (minute, sk), numbers in sums.items():
            for batch in batches_of(sorted(numbers.items()), _NAMES_PER_WRITE):
                self._add(minute, sk, dict(batch))

    def read(self, now: float) -> Traffic:
        """The traffic of the minutes before `now`, seconds since 1970, as far back as the pacing controller reads."""
        reports: dict[str, dict[int, Report]] = defaultdict(dict)
        processes, total_requests = 1.0, 0.0
        end = int(now) // MINUTE * MINUTE
        for minute in range(end - UNREPORTED - 2 * MINUTE, end, MINUTE):
            for sk, numbers in self._items(minute):
                if sk == _PROCESSES:
                    if now >= minute + MINUTE + COMPLETE and numbers.get("squares"):
                        processes = max(1.0, numbers["requests"] ** 2 / numbers["squares"])
                        total_requests = float(numbers["requests"])
                    continue
                for name, number in numbers.items():
                    if name.startswith("c#"):
                        reports[name.removeprefix("c#")][minute] = Report(*divmod(number, _FACTOR))
        return Traffic(reports, processes, total_requests)

    def _add(self, minute: int, sk: str, numbers: Mapping[str, int]) -> None:
        names = {f"#n{number}": name for number, name in enumerate(numbers)}
        values: dict[str, Any] = {
            f":n{position}": {"N": str(number)} for position, number in enumerate(numbers.values())
        }
        values[":expires"] = {"N": str(minute + _RETENTION_SECONDS)}
        additions = ", ".join(f"#n{number} :n{number}" for number in range(len(numbers)))
        self._dynamodb.update_item(
            TableName=self._table,
            Key={"pk": {"S": f"traffic#{minute}"}, "sk": {"S": sk}},
            UpdateExpression=f"SET expires_at = :expires ADD {additions}",
            ExpressionAttributeNames=names,
            ExpressionAttributeValues=values,
        )

    def _items(self, minute: int) -> Iterator[tuple[str, dict[str, int]]]:
        for item in partition(self._dynamodb, self._table, f"traffic#{minute}"):
            yield item["sk"]["S"], {name: int(value["N"]) for name, value in item.items() if "N" in value}
