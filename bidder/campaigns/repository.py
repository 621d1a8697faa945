"""Campaigns in DynamoDB, and the history of their changes.

Two tables. `Campaigns` has one item for each campaign, as it is now; `History`, by `pk` and `sk`:
- `campaign#<id>`, `version#<n>`: the campaign after its n-th change, who made the change and when
  (`bidder.campaigns.history`).
- `revision`, `latest`: the number of writes; and `revision`, `<n>`: the ids of the campaigns that the n-th write
  changed, kept for `FEED_LIFETIME`.

A write changes campaigns, history and revision in one transaction. So a reader that reads the revision first and the
campaigns then misses no change up to that revision. `changes` returns the later changes without a full scan.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from bidder.aws.partition import partition
from bidder.campaigns.backoff import Backoff
from bidder.campaigns.campaign import Campaign, Status
from bidder.campaigns.history import Change, changes, documents
from bidder.campaigns.item_size import document_of
from bidder.campaigns.merged import merge_with_stored
from bidder.campaigns.stored import (
    DELETED_ATTRIBUTE,
    Contended,
    Stored,
    campaign_of,
    creation_attributes,
    read_states,
)
from bidder.campaigns.transactions import batches, is_transient
from bidder.campaigns.types import is_id
from bidder.campaigns.versions import history_entry, number_key, unchanged_since
from bidder.errors import UserError, shown

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

FEED_LIFETIME = timedelta(days=30)
_ATTEMPTS = 10
_REVISION = {"pk": {"S": "revision"}, "sk": {"S": "latest"}}


class UnknownCampaign(UserError, LookupError):
    """There is no campaign with this id."""

    def __init__(self, campaign_id: str) -> None:
        super().__init__(f"no campaign {shown(campaign_id)}; `bidder campaigns list` shows the ids")


class NothingToRestore(UserError, LookupError):
    """A campaign is not deleted, or its history has no such version."""

    def __init__(self, campaign_id: str, version: int | None) -> None:
        problem = f"has no version {version}" if version is not None else "is not deleted: name the version to restore"
        super().__init__(f"{campaign_id} {problem}; `bidder campaigns history {campaign_id}` shows its versions")


class StaleCampaign(UserError, RuntimeError):
    """Another writer changed the campaign after the version that this change starts from."""

    def __init__(self, campaign_id: str, base: int, current: int) -> None:
        super().__init__(
            f"{campaign_id}: the change was made from version {base}, and the campaign is at version {current}: "
            "read it again and repeat the change"
        )


class Deleted:
    """The result of an edit that deletes the campaign."""


DELETED = Deleted()

Edit = Callable[[str, Stored], Campaign | Deleted | None]
"""A function from a campaign's id and its stored state to its new state. None or an equal campaign is no change."""


class CampaignRepository:
    """Reads and writes campaigns. Raises DynamoDB's errors, after retries of the transient ones."""

    def __init__(
        self,
        dynamodb: "DynamoDBClient",
        table: str,
        history: str,
        author: str = "unknown",
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._dynamodb = dynamodb
        self._table = table
        self._history = history
        self._author = author
        self._now = now
        self._pause = pause
        self._backoff = Backoff(pause)

    def put(self, campaign: Campaign, version: int | None = None) -> bool:
        """Adds the campaign, or replaces the one with its id. Returns False if it is already stored like this.

        A campaign without a status keeps the stored status, so that importing a file again does not resume a paused
        campaign. With a `version`, raises StaleCampaign if the stored version is another one.
        """
        return bool(self.put_many([campaign], None if version is None else {campaign.id: version}))

    def put_many(self, campaigns: Iterable[Campaign], versions: Mapping[str, int] | None = None) -> list[str]:
        """`put` for many campaigns, in as few transactions as possible. Returns the ids of the changed ones."""
        return [campaign_id for _, changed in self.put_each(campaigns, versions) for campaign_id in changed]

    def put_each(
        self, campaigns: Iterable[Campaign], versions: Mapping[str, int] | None = None
    ) -> Iterator[tuple[int, list[str]]]:
        """`put_many` that yields after each transaction: the number of campaigns so far, and the changed ids.

        Transactions run one after the other, since each increments the same revision, and no faster than DynamoDB
        allows. If it stops early, finished transactions stay; a second run skips the stored campaigns.
        """
        return self._each(
            campaigns, lambda campaign, stored: merge_with_stored(campaign, stored.campaign), versions or {}
        )

    def set_status(self, campaign_id: str, status: Status) -> None:
        """Pauses or resumes a campaign. Raises UnknownCampaign."""

        def edit(_: str, stored: Stored) -> Campaign:
            if stored.campaign is None:
                raise UnknownCampaign(campaign_id)
            return stored.campaign.model_copy(update={"status": status})

        self._change([campaign_id], edit, {})

    def set_status_each(self, campaigns: Iterable[Campaign], status: Status) -> Iterator[tuple[int, list[str]]]:
        """Pauses or resumes many campaigns, yielding as `put_each`. A campaign that was deleted stays deleted."""
        return self._each(
            campaigns, lambda _, stored: stored.campaign and stored.campaign.model_copy(update={"status": status}), {}
        )

    def delete_each(self, campaigns: Iterable[Campaign]) -> Iterator[tuple[int, list[str]]]:
        """Deletes many campaigns, yielding as `put_each`. Their history stays, so that `restore` can restore them."""
        return self._each(campaigns, lambda _, stored: DELETED if stored.campaign else None, {})

    def restore(self, campaign_id: str, version: int | None = None) -> Campaign:
        """Stores a campaign as it was in a version of its history, with its status, and returns it.

        Without a `version`, a deleted campaign is restored as it was before. Raises UnknownCampaign, NothingToRestore.
        """
        document = None
        changes = self.history(campaign_id)
        latest = next(changes, None)
        if latest is None:
            raise UnknownCampaign(campaign_id)
        if version is None and latest.after is None:
            document = latest.before
        elif version is not None:
            named = next((change for change in (latest, *changes) if change.version == version), None)
            document = named and (named.after or named.before)
        if document is None:
            raise NothingToRestore(campaign_id, version)
        restored = Campaign.model_validate(document)
        restored = restored.model_copy(update={"status": restored.status})  # stated, so that it replaces the stored one
        self.put(restored)
        return restored

    def get(self, campaign_id: str) -> Stored:
        """A campaign and its version. Raises UnknownCampaign."""
        stored = self._stored([campaign_id])[campaign_id]
        if stored.campaign is None:
            raise UnknownCampaign(campaign_id)
        return stored

    def states(self, campaign_ids: Sequence[str]) -> dict[str, Stored]:
        """The stored state of each campaign by id, also of deleted ones, read consistently."""
        return self._stored(campaign_ids)

    def get_many(self, campaign_ids: Sequence[str]) -> list[Campaign]:
        """The existing campaigns of these ids, read consistently. Unreadable ones are left out."""
        return [stored.campaign for stored in self._stored(campaign_ids).values() if stored.campaign]

    def all(self) -> Iterator[Campaign]:
        """Every campaign, in no order, read consistently.

        An unreadable campaign is logged and left out, so that it does not stop the refresh of the others.
        """
        pages = self._dynamodb.get_paginator("scan").paginate(TableName=self._table, ConsistentRead=True)
        for page in pages:
            for item in page["Items"]:
                campaign = campaign_of(item)
                if campaign is not None:
                    yield campaign

    def revision(self) -> int:
        """The number of writes so far."""
        item = self._dynamodb.get_item(TableName=self._history, Key=_REVISION, ConsistentRead=True).get("Item")
        return int(item["n"]["N"]) if item else 0

    def changes(self, since: int, limit: int = 1000) -> frozenset[str] | None:
        """The ids of the campaigns that the writes after the revision `since` changed.

        None if there were more than `limit` writes, or if the feed no longer has them all.
        """
        latest = self.revision()
        if not 0 <= latest - since <= limit:
            return None
        changed: set[str] = set()
        revisions = 0
        pages = self._dynamodb.get_paginator("query").paginate(
            TableName=self._history,
            ConsistentRead=True,
            KeyConditionExpression="pk = :pk AND sk BETWEEN :first AND :last",
            ExpressionAttributeValues={
                ":pk": {"S": "revision"},
                ":first": {"S": number_key(since + 1)},
                ":last": {"S": number_key(latest)},
            },
        )
        for page in pages:
            for item in page["Items"]:
                revisions += 1
                changed.update(item["ids"]["SS"])
        return frozenset(changed) if revisions == latest - since else None

    def history(self, campaign_id: str) -> Iterator[Change]:
        """The changes of a campaign, the latest first."""
        if not is_id(campaign_id):
            return
        pk = f"campaign#{campaign_id}"
        yield from changes(partition(self._dynamodb, self._history, pk, consistent=True, latest_first=True))

    def _each(
        self,
        campaigns: Iterable[Campaign],
        edit: Callable[[Campaign, Stored], Campaign | Deleted | None],
        versions: Mapping[str, int],
    ) -> Iterator[tuple[int, list[str]]]:
        done = 0
        for batch in batches(campaigns):
            campaigns_by_id = {campaign.id: campaign for campaign in batch}

            def edit_one(
                id_: str, stored: Stored, campaigns_by_id: Mapping[str, Campaign] = campaigns_by_id
            ) -> Campaign | Deleted | None:
                return edit(campaigns_by_id[id_], stored)

            changed = self._change(list(campaigns_by_id), edit_one, versions)
            done += len(batch)
            yield done, changed

    def _change(self, campaign_ids: Sequence[str], edit: Edit, versions: Mapping[str, int]) -> list[str]:
        self._backoff.wait()
        for _ in range(_ATTEMPTS):
            try:
                written = self._try(campaign_ids, edit, versions)
            except self._dynamodb.exceptions.ClientError as error:
                if not is_transient(error):
                    raise
                self._backoff.lengthen()
            else:
                self._backoff.shorten()
                return written
        msg = f"{', '.join(campaign_ids[:3])}…: not written after {_ATTEMPTS} attempts; try again later"
        raise Contended(msg)

    def _try(self, campaign_ids: Sequence[str], edit: Edit, versions: Mapping[str, int]) -> list[str]:
        revision = self.revision()
        states = self._stored(campaign_ids)
        for campaign_id, version in versions.items():
            if campaign_id in states and states[campaign_id].version != version:
                raise StaleCampaign(campaign_id, version, states[campaign_id].version)
        after = {
            id_: edited
            for id_, stored in states.items()
            if (edited := edit(id_, stored)) not in (None, stored.campaign)
        }
        if after:
            items = [item for id_, edited in after.items() if edited for item in self._items(id_, states[id_], edited)]
            self._dynamodb.transact_write_items(TransactItems=[*items, *self._next_revision(revision, list(after))])
        return list(after)

    def _stored(self, campaign_ids: Sequence[str]) -> dict[str, Stored]:
        return read_states(self._dynamodb, self._table, campaign_ids, self._pause)

    def _items(
        self, campaign_id: str, stored: Stored, campaign: Campaign | Deleted
    ) -> "list[TransactWriteItemTypeDef]":
        has_entry = stored.version > 0
        now = self._now()
        change: Any = {
            **history_entry(f"campaign#{campaign_id}", stored.version + 1, now, self._author),
            **documents(
                None if isinstance(campaign, Deleted) else document_of(campaign),
                document_of(stored.campaign) if stored.campaign and not has_entry else None,
            ),
        }
        item: dict[str, Any] = {"id": {"S": campaign_id}, "version": {"N": str(stored.version + 1)}}
        if isinstance(campaign, Deleted):
            item[DELETED_ATTRIBUTE] = {
                "BOOL": True
            }  # the item stays, so that the version numbers of the history continue
        else:
            item["status"] = {"S": campaign.status}
            item["document"] = {"S": campaign.model_dump_json(exclude={"status"}, exclude_defaults=True)}
            item |= creation_attributes(stored.creation_of(campaign, now))
        put: Any = {"TableName": self._table, "Item": item, **unchanged_since(stored.version)}
        return [{"Put": put}, {"Put": {"TableName": self._history, "Item": change}}]

    def _next_revision(self, revision: int, campaign_ids: Sequence[str]) -> "list[TransactWriteItemTypeDef]":
        feed: Any = {
            "pk": {"S": "revision"},
            "sk": {"S": number_key(revision + 1)},
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
