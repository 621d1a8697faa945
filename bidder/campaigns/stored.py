"""Reads the stored campaigns of many ids from DynamoDB."""

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from bidder import log
from bidder.aws.batch_get import MAX_KEYS, LeftUnread, batch_get
from bidder.aws.batches import batches_of
from bidder.campaigns.campaign import Campaign, Status
from bidder.campaigns.types import is_id
from bidder.errors import UserError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


DELETED_ATTRIBUTE = "deleted"
"""The attribute of an item whose campaign is deleted."""
_CREATION_VERSION, _CREATED_AT = "creation_version", "created_at"


class Contended(UserError, RuntimeError):
    """Every attempt lost against other writers, or DynamoDB throttled it."""


class Creation(NamedTuple):
    """The change that created the campaign of an id: its version and its time.

    The first campaign of an id has version 1 and no time. A campaign that is stored under the id of a deleted one, or
    of another advertiser's, has a creation of its own. So no two campaigns of an id have the same version.
    """

    version: int = 1
    at: datetime | None = None


class Stored(NamedTuple):
    """A campaign and its version, the number of its changes so far; 0 is a campaign that never existed."""

    version: int
    campaign: Campaign | None
    creation: Creation = Creation()

    def creation_of(self, campaign: Campaign, at: datetime) -> Creation:
        """The creation of the campaign that replaces the stored state at this time."""
        if self.version == 0 or (self.campaign and self.campaign.is_of_advertiser(campaign.advertiser.domain)):
            return self.creation
        return Creation(self.version + 1, at)


def read_states(
    dynamodb: "DynamoDBClient", table: str, campaign_ids: Sequence[str], pause: Callable[[float], None] = time.sleep
) -> dict[str, Stored]:
    """The stored state of each campaign by id, read consistently. Raises Contended, and DynamoDB's errors."""
    states = dict.fromkeys(campaign_ids, Stored(0, None))
    ids = list(filter(is_id, campaign_ids))  # DynamoDB refuses an empty or a long key
    for batch in batches_of(ids, MAX_KEYS):
        keys: list[Any] = [{"id": {"S": campaign_id}} for campaign_id in batch]
        try:
            items = batch_get(dynamodb, table, keys, pause)
        except LeftUnread as unread:
            msg = f"{batch[0]}…: {unread}"
            raise Contended(msg) from None
        for item in items:
            version = int(item.get("version", {"N": "0"})["N"])
            states[item["id"]["S"]] = Stored(version, campaign_of(item), _creation(item))
    return states


def creation_attributes(creation: Creation) -> dict[str, dict[str, str]]:
    """The attributes of an item that hold the creation of its campaign; none for the first campaign of an id."""
    if creation.at is None:
        return {}
    return {_CREATION_VERSION: {"N": str(creation.version)}, _CREATED_AT: {"S": creation.at.isoformat()}}


def _creation(item: Mapping[str, Any]) -> Creation:
    if _CREATION_VERSION not in item:
        return Creation()
    return Creation(int(item[_CREATION_VERSION]["N"]), datetime.fromisoformat(item[_CREATED_AT]["S"]))


def campaign_of(item: Mapping[str, Any]) -> Campaign | None:
    """The campaign of an item; None if it is deleted, or if it is unreadable, which is logged."""
    if DELETED_ATTRIBUTE in item:
        return None
    try:
        campaign = Campaign.model_validate_json(item["document"]["S"])
        return campaign.model_copy(update={"status": Status(item["status"]["S"])})
    except (KeyError, ValueError) as error:
        log.warning("campaign.unreadable", campaign=item["id"]["S"], reason=str(error))
        return None
