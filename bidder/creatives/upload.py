"""An upload: the object under `uploads/` that an S3 event announces, and the creative that its metadata names."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import unquote_plus

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from bidder.campaigns.types import HttpUrl, Id

PREFIX = "uploads/"
_SEQUENCER_DIGITS = 64


class NotAnUpload(ValueError):
    """A message that announces no upload; the message says what is wrong with it."""


class _Object(BaseModel):
    key: str
    size: int = 0
    etag: Annotated[str, Field(alias="eTag")] = ""
    sequencer: str = "0"


class _Bucket(BaseModel):
    name: str


class _S3(BaseModel):
    bucket: _Bucket
    object: _Object


class _Record(BaseModel):
    event_name: Annotated[str, Field(alias="eventName")]
    event_time: Annotated[AwareDatetime, Field(alias="eventTime")] = datetime.fromtimestamp(0, UTC)
    s3: _S3


class _Notification(BaseModel):
    """What S3 sends (Amazon S3 User Guide, "Event message structure"); a test event has no records."""

    records: Annotated[tuple[_Record, ...], Field(alias="Records")] = ()
    event: Annotated[str | None, Field(alias="Event")] = None


_NOTIFICATION = TypeAdapter(_Notification)


class Upload(BaseModel):
    """One version of an uploaded object. Of two uploads of a creative the one with the greater `sequencer` is later.

    It is the time of the event, then S3's sequencer, which orders events of one key alone.
    """

    model_config = ConfigDict(frozen=True)

    bucket: str
    key: str
    size: int
    etag: str
    sequencer: str


class Metadata(BaseModel):
    """What the object's metadata says (`x-amz-meta-campaign` and so on).

    `creative` is the id of the creative to make or replace; without it the file's name becomes the id. A new creative
    needs a `landing-page`, the page that a click leads to. `mezzanine` is `yes` where players may have the original.
    """

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    campaign: Id
    creative: Id
    landing_page: Annotated[HttpUrl | None, Field(alias="landing-page")] = None
    name: Annotated[str, Field(max_length=200)] | None = None
    mezzanine: Annotated[str, Field(pattern="^(yes|no)$")] = "no"


def uploads(body: str) -> Iterator[Upload]:
    """The uploads that the body of an SQS message announces; none for a test event. Raises NotAnUpload."""
    try:
        notification = _NOTIFICATION.validate_json(body)
    except ValidationError as error:
        first = error.errors()[0]
        msg = f"no S3 event: {'.'.join(map(str, first['loc']))}: {first['msg']}"
        raise NotAnUpload(msg) from None
    for record in notification.records:
        if not record.event_name.removeprefix("s3:").startswith("ObjectCreated:"):
            continue
        yield Upload(
            bucket=record.s3.bucket.name,
            key=unquote_plus(record.s3.object.key),
            size=record.s3.object.size,
            etag=record.s3.object.etag,
            sequencer=sequencer_of(record.event_time, record.s3.object.sequencer),
        )


def sequencer_of(at: datetime, sequencer: str) -> str:
    """The text by which uploads of a creative are ordered."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}#{sequencer.upper().rjust(_SEQUENCER_DIGITS, '0')}"


def metadata(key: str, stated: Mapping[str, Any]) -> Metadata:
    """The metadata of an upload. Raises NotAnUpload, naming each field that is missing or wrong."""
    fields = {name.lower(): value for name, value in stated.items() if value}
    fields.setdefault("creative", creative_id(key))
    try:
        return Metadata.model_validate(fields)
    except ValidationError as error:
        wrong = "; ".join(f"{METADATA_PREFIX}{e['loc'][0]}: {e['msg']}" for e in error.errors())
        msg = f"the object's metadata: {wrong}"
        raise NotAnUpload(msg) from None


METADATA_PREFIX = "x-amz-meta-"


def creative_id(key: str) -> str:
    """An id out of a file's name: what no id may hold becomes a hyphen."""
    stem = key.rpartition("/")[2].rpartition(".")[0] or key.rpartition("/")[2]
    return re.sub(r"[^A-Za-z0-9._-]+", "-", stem).strip("-._")[:64] or "creative"
