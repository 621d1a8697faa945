"""Jobs in DynamoDB: one item for each creative; its key `id` is `<campaign>/<creative>`.

S3 can send events repeatedly and out of order. Every write is conditional on the upload's sequencer, so an older upload
never overwrites the state of a newer one.
"""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from bidder.campaigns.types import is_id
from bidder.creatives.job import Finished, Job, State
from bidder.creatives.upload import Metadata, Upload

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class JobStore:
    """Reads and writes jobs. Raises the errors of DynamoDB."""

    def __init__(self, dynamodb: "DynamoDBClient", table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def get(self, campaign_id: str, creative_id: str) -> Job | None:
        """The job of a creative, by a strongly consistent read; None if the creative has no upload."""
        if not (is_id(campaign_id) and is_id(creative_id)):
            return None
        response = self._dynamodb.get_item(
            TableName=self._table, Key=_key(campaign_id, creative_id), ConsistentRead=True
        )
        return _job(response["Item"]) if "state" in response.get("Item", {}) else None

    def all(self) -> Iterator[Job]:
        """All jobs, in no particular order."""
        for page in self._dynamodb.get_paginator("scan").paginate(TableName=self._table):
            yield from (_job(item) for item in page["Items"] if "state" in item)

    def begin(self, upload: Upload, about: Metadata, now: datetime) -> bool:
        """Makes the upload the creative's newest.

        False if a newer upload exists, or if this upload has ended already.
        """
        return self._write(
            about,
            {"state": State.PROBING, "sequencer": upload.sequencer, "key": upload.key, "size": upload.size, "at": now},
            "attribute_not_exists(sequencer) OR sequencer < :of"
            " OR (sequencer = :of AND NOT #state IN (:ready, :refused))",
            upload.sequencer,
            {":ready": {"S": State.READY}, ":refused": {"S": State.REFUSED}},
        )

    def move(self, upload: Upload, about: Metadata, state: State, now: datetime, reason: str | None = None) -> bool:
        """Writes the state of the upload. False if a newer upload has begun."""
        changes: dict[str, Any] = {"state": state, "at": now} | ({"reason": reason} if reason else {})
        return self._write(about, changes, "sequencer = :of", upload.sequencer)

    def finish(self, about: Metadata, finished: Finished) -> bool:
        """Writes the result of an upload. False if a newer upload has finished already."""
        return self.note(about, "finished", finished.model_dump_json(exclude_none=True), finished.sequencer)

    def note(self, about: Metadata, name: str, document: str, sequencer: str) -> bool:
        """Writes a JSON document about an upload as the attribute `name`.

        False if the document of a newer upload exists.
        """
        order = f"{name}_sequencer"
        condition = f"attribute_not_exists({order}) OR {order} <= :of"
        return self._write(about, {name: document, order: sequencer}, condition, sequencer)

    def reopen(self, campaign_id: str, creative_id: str, now: datetime) -> None:
        """Sets the newest upload back to the state `uploaded`, so that it is processed again."""
        about = Metadata(campaign=campaign_id, creative=creative_id)
        job = self.get(campaign_id, creative_id)
        if job is not None:
            self._write(about, {"state": State.UPLOADED, "at": now}, "sequencer = :of", job.sequencer)

    def delete(self, campaign_id: str, creative_id: str) -> None:
        """Deletes a job."""
        self._dynamodb.delete_item(TableName=self._table, Key=_key(campaign_id, creative_id))

    def _write(
        self, about: Metadata, changes: dict[str, Any], condition: str, of: str, more: dict[str, Any] | None = None
    ) -> bool:
        values = {f":{name}": _value(value) for name, value in changes.items()}
        names = {f"#{name}": name for name in {*changes, "state"} if f"#{name}" in condition or name in changes}
        remove = " REMOVE reason" if "state" in changes and "reason" not in changes else ""
        try:
            self._dynamodb.update_item(
                TableName=self._table,
                Key=_key(about.campaign, about.creative),
                UpdateExpression="SET " + ", ".join(f"#{name} = :{name}" for name in changes) + remove,
                ConditionExpression=condition,
                ExpressionAttributeNames=names,
                ExpressionAttributeValues={**values, ":of": {"S": of}, **(more or {})},
            )
        except self._dynamodb.exceptions.ConditionalCheckFailedException:
            return False
        return True


def _key(campaign_id: str, creative_id: str) -> dict[str, Any]:
    return {"id": {"S": f"{campaign_id}/{creative_id}"}}


def _value(value: object) -> Any:
    if isinstance(value, int):
        return {"N": str(value)}
    return {"S": value.isoformat() if isinstance(value, datetime) else str(value)}


def _job(item: Any) -> Job:
    campaign_id, _, creative_id = item["id"]["S"].partition("/")
    documents = {name: json.loads(item[name]["S"]) for name in ("finished", "images", "source") if name in item}
    return Job(
        campaign_id=campaign_id,
        creative_id=creative_id,
        key=item["key"]["S"],
        sequencer=item["sequencer"]["S"],
        size=int(item["size"]["N"]),
        state=State(item["state"]["S"]),
        at=datetime.fromisoformat(item["at"]["S"]),
        reason=item["reason"]["S"] if "reason" in item else None,
        **documents,
    )
