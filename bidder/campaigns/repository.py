"""Campaigns in DynamoDB, and the history of their changes.

Two tables. `Campaigns` has one item for each campaign, as it is now; `History`, by `pk` and `sk`:
- `campaign#<id>`, `version#<n>`: what the n-th change of a campaign made of what, who made it and when.
- `revision`, `latest`: how many writes there have been; and `revision`, `<n>`: the campaigns that the n-th one changed,
  kept for `FEED_LIFETIME`.

A write changes campaigns, history and revision in one transaction. So whoever reads the revision and then the campaigns
knows that nothing of an earlier revision is missing, and `changes` says what a later one brings, without reading all.
"""

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from bidder import log
from bidder.campaigns.campaign import Campaign, Status

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

FEED_LIFETIME = timedelta(days=30)
MOST_IN_A_WRITE = 40
"""Campaigns; each takes two of the 100 items of a transaction, and three times its own length of the 4 MB."""
MOST_BYTES_IN_A_WRITE = 1_000_000

_ATTEMPTS = 10
_FIRST_PAUSE = 0.05
_KEYS_A_READ = 100
_REVISION = {"pk": {"S": "revision"}, "sk": {"S": "latest"}}
_TRY_AGAIN = frozenset(
    {"None", "ConditionalCheckFailed", "TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}
)


class UnknownCampaign(LookupError):
    """No campaign has this id."""


class StaleCampaign(RuntimeError):
    """Somebody changed the campaign since the version that this change was made from."""

    def __init__(self, campaign_id: str, seen: int, current: int) -> None:
        super().__init__(
            f"{campaign_id}: the change was made from version {seen}, and the campaign is at version {current}: "
            "read it again and repeat the change"
        )


class Contended(RuntimeError):
    """Others kept on writing, or DynamoDB kept on throttling, for longer than it is worth waiting."""


class Stored(NamedTuple):
    """A campaign and the number of changes that made it; 0 is a campaign that isn't there."""

    version: int
    campaign: Campaign | None


class Change(NamedTuple):
    """An entry of a campaign's history; documents are as `Campaign` dumps them, None before there was one."""

    version: int
    at: str
    who: str
    before: dict[str, Any] | None
    after: dict[str, Any]


Edit = Callable[[str, Stored], Campaign | None]
"""From a campaign's id and what is stored to what it shall be; None or an equal campaign is no change."""


class CampaignRepository:
    """Reads and writes campaigns. DynamoDB's own errors pass through, but for those that trying again mends."""

    def __init__(
        self,
        dynamodb: "DynamoDBClient",
        table: str,
        history: str,
        who: str = "unknown",
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._dynamodb = dynamodb
        self._table = table
        self._history = history
        self._who = who
        self._now = now
        self._pause = pause

    def put(self, campaign: Campaign, version: int | None = None) -> bool:
        """Adds the campaign, or replaces the one with its id; False where it is stored like that already.

        A campaign that states no status keeps the one it has: importing a file again must not resume what somebody
        paused in the night. With a `version`, raises StaleCampaign unless that is the stored one.
        """
        return bool(self.put_many([campaign], None if version is None else {campaign.id: version}))

    def put_many(self, campaigns: Iterable[Campaign], versions: Mapping[str, int] | None = None) -> list[str]:
        """The same for many, as few transactions as possible: the ids of those that changed."""
        changed: list[str] = []
        for batch in _batches(campaigns):
            wanted = {campaign.id: campaign for campaign in batch}

            def edit(id_: str, stored: Stored, wanted: Mapping[str, Campaign] = wanted) -> Campaign:
                return merged(wanted[id_], stored.campaign)

            changed += self._change(list(wanted), edit, versions or {})
        return changed

    def set_status(self, campaign_id: str, status: Status) -> None:
        """Pauses or resumes. Raises UnknownCampaign."""

        def edit(_: str, stored: Stored) -> Campaign:
            if stored.campaign is None:
                raise UnknownCampaign(campaign_id)
            return stored.campaign.model_copy(update={"status": status})

        self._change([campaign_id], edit, {})

    def get(self, campaign_id: str) -> Stored:
        """A campaign and its version. Raises UnknownCampaign."""
        stored = self._stored([campaign_id])[campaign_id]
        if stored.campaign is None:
            raise UnknownCampaign(campaign_id)
        return stored

    def get_many(self, campaign_ids: Sequence[str]) -> list[Campaign]:
        """Those of the campaigns that there are and that can be read, read consistently."""
        return [campaign for _, campaign in self._stored(campaign_ids).values() if campaign]

    def all(self) -> Iterator[Campaign]:
        """Every campaign that can be read, in no order, read consistently.

        One that can't be is logged and left out: it must not keep the others from being refreshed.
        """
        pages = self._dynamodb.get_paginator("scan").paginate(TableName=self._table, ConsistentRead=True)
        for page in pages:
            for item in page["Items"]:
                campaign = _read(item)
                if campaign is not None:
                    yield campaign

    def revision(self) -> int:
        """How many writes there have been."""
        item = self._dynamodb.get_item(TableName=self._history, Key=_REVISION, ConsistentRead=True).get("Item")
        return int(item["n"]["N"]) if item else 0

    def changes(self, since: int, most: int = 1000) -> frozenset[str] | None:
        """The campaigns changed by the writes after a revision; None where there are more, or the feed is older."""
        latest = self.revision()
        if not 0 <= latest - since <= most:
            return None
        changed: set[str] = set()
        found = 0
        pages = self._dynamodb.get_paginator("query").paginate(
            TableName=self._history,
            ConsistentRead=True,
            KeyConditionExpression="pk = :pk AND sk BETWEEN :first AND :last",
            ExpressionAttributeValues={
                ":pk": {"S": "revision"},
                ":first": {"S": _number(since + 1)},
                ":last": {"S": _number(latest)},
            },
        )
        for page in pages:
            for item in page["Items"]:
                found += 1
                changed.update(item["ids"]["SS"])
        return frozenset(changed) if found == latest - since else None

    def history(self, campaign_id: str) -> Iterator[Change]:
        """The changes of a campaign, the latest first."""
        pages = self._dynamodb.get_paginator("query").paginate(
            TableName=self._history,
            ConsistentRead=True,
            ScanIndexForward=False,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": f"campaign#{campaign_id}"}},
        )
        for page in pages:
            for item in page["Items"]:
                before = item.get("before")
                yield Change(
                    version=int(item["sk"]["S"].removeprefix("version#")),
                    at=item["at"]["S"],
                    who=item["who"]["S"],
                    before=json.loads(before["S"]) if before else None,
                    after=json.loads(item["after"]["S"]),
                )

    def _change(self, campaign_ids: Sequence[str], edit: Edit, versions: Mapping[str, int]) -> list[str]:
        pause = _FIRST_PAUSE
        for _ in range(_ATTEMPTS):
            revision = self.revision()
            stored = self._stored(campaign_ids)
            for campaign_id, version in versions.items():
                if campaign_id in stored and stored[campaign_id].version != version:
                    raise StaleCampaign(campaign_id, version, stored[campaign_id].version)
            after = {
                id_: edited for id_, its in stored.items() if (edited := edit(id_, its)) not in (None, its.campaign)
            }
            if not after:
                return []
            try:
                self._dynamodb.transact_write_items(
                    TransactItems=[
                        *(
                            item
                            for id_, campaign in after.items()
                            if campaign
                            for item in self._items(stored[id_], campaign)
                        ),
                        *self._next_revision(revision, list(after)),
                    ]
                )
            except self._dynamodb.exceptions.TransactionCanceledException as error:
                reasons = {reason.get("Code", "None") for reason in error.response["CancellationReasons"]}
                if not reasons <= _TRY_AGAIN:
                    raise
            else:
                return list(after)
            self._pause(pause)
            pause *= 2
        msg = f"{', '.join(campaign_ids[:3])}…: not written after {_ATTEMPTS} attempts; try again later"
        raise Contended(msg)

    def _stored(self, campaign_ids: Sequence[str]) -> dict[str, Stored]:
        stored = dict.fromkeys(campaign_ids, Stored(0, None))
        for start in range(0, len(campaign_ids), _KEYS_A_READ):
            wanted: list[Any] = [
                {"id": {"S": campaign_id}} for campaign_id in campaign_ids[start : start + _KEYS_A_READ]
            ]
            while wanted:
                asked: Any = {self._table: {"Keys": wanted, "ConsistentRead": True}}
                answer = self._dynamodb.batch_get_item(RequestItems=asked)
                for item in answer["Responses"].get(self._table, []):
                    stored[item["id"]["S"]] = Stored(int(item.get("version", {"N": "0"})["N"]), _read(item))
                unread = answer.get("UnprocessedKeys", {}).get(self._table)
                wanted = list(unread["Keys"]) if unread else []
        return stored

    def _items(self, stored: Stored, campaign: Campaign) -> "list[TransactWriteItemTypeDef]":
        version = {"N": str(stored.version + 1)}
        change = {
            "pk": {"S": f"campaign#{campaign.id}"},
            "sk": {"S": f"version#{_number(stored.version + 1)}"},
            "at": {"S": self._now().isoformat(timespec="seconds")},
            "who": {"S": self._who},
            "after": {"S": campaign.model_dump_json(exclude_defaults=True)},
        }
        if stored.campaign:
            change["before"] = {"S": stored.campaign.model_dump_json(exclude_defaults=True)}
        item = {
            "id": {"S": campaign.id},
            "version": version,
            "status": {"S": campaign.status},
            "document": {"S": campaign.model_dump_json(exclude={"status"}, exclude_defaults=True)},
        }
        unchanged = "attribute_not_exists(version)" if not stored.version else "version = :seen"
        values = {":seen": {"N": str(stored.version)}} if stored.version else {}
        put: Any = {"TableName": self._table, "Item": item, "ConditionExpression": unchanged}
        if values:
            put["ExpressionAttributeValues"] = values
        return [{"Put": put}, {"Put": {"TableName": self._history, "Item": change}}]

    def _next_revision(self, revision: int, campaign_ids: Sequence[str]) -> "list[TransactWriteItemTypeDef]":
        feed: Any = {
            "pk": {"S": "revision"},
            "sk": {"S": _number(revision + 1)},
            "ids": {"SS": list(campaign_ids)},
            "expires_at": {"N": str(int((self._now() + FEED_LIFETIME).timestamp()))},
        }
        return [
            {
                "Update": {
                    "TableName": self._history,
                    "Key": _REVISION,
                    "UpdateExpression": "SET n = :next",
                    "ConditionExpression": "attribute_not_exists(n) OR n = :seen",
                    "ExpressionAttributeValues": {":next": {"N": str(revision + 1)}, ":seen": {"N": str(revision)}},
                }
            },
            {"Put": {"TableName": self._history, "Item": feed}},
        ]


def merged(campaign: Campaign, stored: Campaign | None) -> Campaign:
    """What storing a campaign makes of the stored one: without a status of its own it keeps that."""
    if "status" in campaign.model_fields_set or stored is None:
        return campaign
    return campaign.model_copy(update={"status": stored.status})


def _read(item: Mapping[str, Any]) -> Campaign | None:
    try:
        campaign = Campaign.model_validate_json(item["document"]["S"])
        return campaign.model_copy(update={"status": Status(item["status"]["S"])})
    except (KeyError, ValueError) as error:
        log.warning("campaign.unreadable", campaign=item["id"]["S"], reason=str(error))
        return None


def _batches(campaigns: Iterable[Campaign]) -> Iterator[list[Campaign]]:
    batch: list[Campaign] = []
    size = 0
    for campaign in campaigns:
        length = len(campaign.model_dump_json(exclude_defaults=True))
        if batch and (len(batch) == MOST_IN_A_WRITE or size + length > MOST_BYTES_IN_A_WRITE):
            yield batch
            batch, size = [], 0
        batch.append(campaign)
        size += length
    if batch:
        yield batch


def _number(n: int) -> str:
    return f"{n:012}"
