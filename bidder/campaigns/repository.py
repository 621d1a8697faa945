"""Campaigns in DynamoDB: one item each, `id` and the campaign as a JSON document."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from bidder import log
from bidder.campaigns.campaign import Campaign, Status

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class UnknownCampaign(LookupError):
    """No campaign has this id."""


class CampaignRepository:
    """Reads and writes campaigns. DynamoDB's own errors pass through."""

    def __init__(self, dynamodb: "DynamoDBClient", table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def put(self, campaign: Campaign) -> None:
        """Adds the campaign, or replaces the one with its id.

        A campaign that states no status keeps the one it has: importing a file again must not resume what somebody
        paused in the night.
        """
        stated = "status" in campaign.model_fields_set
        self._dynamodb.update_item(
            TableName=self._table,
            Key={"id": {"S": campaign.id}},
            UpdateExpression="SET document = :document, #status = "
            + (":status" if stated else "if_not_exists(#status, :status)"),
            ExpressionAttributeNames={"#status": "status"},
            ExpressionAttributeValues={
                ":document": {"S": campaign.model_dump_json(exclude={"status"}, exclude_defaults=True)},
                ":status": {"S": campaign.status},
            },
        )

    def set_status(self, campaign_id: str, status: Status) -> None:
        """Pauses or resumes. Raises UnknownCampaign."""
        try:
            self._dynamodb.update_item(
                TableName=self._table,
                Key={"id": {"S": campaign_id}},
                UpdateExpression="SET #status = :status",
                ConditionExpression="attribute_exists(id)",
                ExpressionAttributeNames={"#status": "status"},
                ExpressionAttributeValues={":status": {"S": status}},
            )
        except self._dynamodb.exceptions.ConditionalCheckFailedException:
            raise UnknownCampaign(campaign_id) from None

    def all(self) -> Iterator[Campaign]:
        """Every campaign that can be read, in no order, read consistently.

        One that can't be is logged and left out: it must not keep the others from being refreshed.
        """
        pages = self._dynamodb.get_paginator("scan").paginate(TableName=self._table, ConsistentRead=True)
        for page in pages:
            for item in page["Items"]:
                try:
                    campaign = Campaign.model_validate_json(item["document"]["S"])
                    yield campaign.model_copy(update={"status": Status(item["status"]["S"])})
                except (KeyError, ValueError) as error:
                    log.warning("campaign.unreadable", campaign=item["id"]["S"], reason=str(error))
