"""Campaigns as DynamoDB has them, and reading many of them by their ids."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from bidder import log
from bidder.campaigns.campaign import Campaign, Status
from bidder.campaigns.pace import Pace

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_KEYS_A_READ = 100
_ATTEMPTS = 10


class Contended(RuntimeError):
    """Others kept on writing, or DynamoDB kept on throttling, for longer than it is worth waiting."""


class Stored(NamedTuple):
    """A campaign and the number of changes that made it; 0 is a campaign that isn't there."""

    version: int
    campaign: Campaign | None


def stored(
    dynamodb: "DynamoDBClient", table: str, campaign_ids: Sequence[str], pause: Callable[[float], None] = time.sleep
) -> dict[str, Stored]:
    """Each of these campaigns, read consistently. Raises Contended, and DynamoDB's own errors."""
    pace = Pace(pause)
    found = dict.fromkeys(campaign_ids, Stored(0, None))
    for start in range(0, len(campaign_ids), _KEYS_A_READ):
        wanted: list[Any] = [{"id": {"S": campaign_id}} for campaign_id in campaign_ids[start : start + _KEYS_A_READ]]
        refused = 0
        while wanted:
            asked: Any = {table: {"Keys": wanted, "ConsistentRead": True}}
            answer = dynamodb.batch_get_item(RequestItems=asked)
            for item in answer["Responses"].get(table, []):
                found[item["id"]["S"]] = Stored(int(item.get("version", {"N": "0"})["N"]), campaign_of(item))
            unread = answer.get("UnprocessedKeys", {}).get(table)
            before, wanted = wanted, list(unread["Keys"]) if unread else []
            if wanted and len(wanted) == len(before):  # not for want of room in the answer, so for want of capacity
                refused += 1
                if refused == _ATTEMPTS:
                    msg = f"{campaign_ids[start]}…: not read after {_ATTEMPTS} attempts; try again later"
                    raise Contended(msg)
                pace.refused()
            else:
                pace.went_well()
    return found


def campaign_of(item: Mapping[str, Any]) -> Campaign | None:
    """The campaign of an item; None, and logged, where it can't be read."""
    try:
        campaign = Campaign.model_validate_json(item["document"]["S"])
        return campaign.model_copy(update={"status": Status(item["status"]["S"])})
    except (KeyError, ValueError) as error:
        log.warning("campaign.unreadable", campaign=item["id"]["S"], reason=str(error))
        return None
