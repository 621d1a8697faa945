"""An upload: an object under `uploads/` in an S3 event, and the creative that the object's metadata names."""

import re
from base64 import b64encode
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from hashlib import sha256
from typing import Annotated, Any
from unicodedata import normalize
from urllib.parse import unquote_plus

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from bidder.campaigns.types import HttpUrl, Id

PREFIX = "uploads/"
_SEQUENCER_DIGITS = 64


class NotAnUpload(ValueError):
    """The body of an SQS message is not an S3 event, or the metadata of the object is invalid. The message says why."""


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
    """An event of S3 (Amazon S3 User Guide, "Event message structure"). A test event has no records."""

    records: Annotated[tuple[_Record, ...], Field(alias="Records")] = ()
    event: Annotated[str | None, Field(alias="Event")] = None


class Upload(BaseModel):
    """One version of an uploaded object. The upload of a creative with the greatest `sequencer` is the newest.

    `sequencer` is the time of the event and then S3's sequencer, since S3's orders only the events of one key.
    """

    model_config = ConfigDict(frozen=True)

    bucket: str
    key: str
    size: int
    etag: str
    sequencer: str


class Metadata(BaseModel):
    """The metadata of an uploaded object (`x-amz-meta-campaign` and others).

    `creative` is the id of the creative to add or replace; the default is the name of the file. A new creative needs a
    `landing-page`, the page to which a click leads. `mezzanine` is `yes` if players may get the original file.
    `campaign_creation` is the version of the change that created the campaign (`bidder.campaigns.stored.Creation`).
    The command line writes it.
    """

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    campaign: Id
    creative: Id
    landing_page: Annotated[HttpUrl | None, Field(alias="landing-page")] = None
    name: Annotated[str, Field(max_length=200)] | None = None
    mezzanine: Annotated[str, Field(pattern="^(yes|no)$")] = "no"
    campaign_creation: Annotated[int | None, Field(alias="campaign-creation", gt=0)] = None


def uploads(body: str) -> Iterator[Upload]:
    """The uploads in the body of an SQS message; none for a test event. Raises NotAnUpload."""
    try:
        notification = _Notification.model_validate_json(body)
    except ValidationError as error:
        first = error.errors()[0]
        msg = f"not an S3 event: {'.'.join(map(str, first['loc']))}: {first['msg']}"
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
    """The text whose order is the order of the uploads of a creative."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}#{sequencer.upper().rjust(_SEQUENCER_DIGITS, '0')}"


def time_of(sequencer: str) -> datetime | None:
    """The time of the event of an upload; None if S3 did not state it."""
    try:
        at = datetime.fromisoformat(sequencer.partition("#")[0])
    except ValueError:
        return None
    return at if at.tzinfo and at.timestamp() > 0 else None


def metadata(key: str, stated: Mapping[str, Any]) -> Metadata:
    """The metadata of an upload. Raises NotAnUpload, with a message that names each missing or invalid field."""
    fields = {name.lower(): decoded(value) for name, value in stated.items() if value}
    fields.setdefault("creative", creative_id(key))
    try:
        return Metadata.model_validate(fields)
    except ValidationError as error:
        mistake = "; ".join(f"{METADATA_PREFIX}{e['loc'][0]}: {e['msg']}" for e in error.errors())
        msg = f"the object's metadata: {mistake}"
        raise NotAnUpload(msg) from None


METADATA_PREFIX = "x-amz-meta-"


def encoded(text: str) -> str:
    """A text as a value of S3's metadata, which has only ASCII characters: unchanged, or an encoded word (RFC 2047)."""
    is_plain = text.isascii() and text.isprintable() and text == text.strip() and _ENCODED_WORD not in text
    return text if is_plain else f"=?utf-8?b?{b64encode(text.encode()).decode()}?="


def decoded(value: str) -> str:
    """The text of a value of S3's metadata. S3 itself returns encoded words for metadata that are not ASCII."""
    try:
        return str(make_header(decode_header(value))) if _ENCODED_WORD in value else value
    except (HeaderParseError, LookupError, UnicodeError):
        return value


_ENCODED_WORD = "=?"
_ID_LENGTH = 64


def creative_id(key: str) -> str:
    """A creative id from the name of a file: characters that an id can't have become hyphens.

    The id of a name that is too long or not ASCII ends with a hash of the name, so that two such names have two ids.
    """
    name = normalize("NFC", key.rpartition("/")[2])
    stem = name.rpartition(".")[0] or name
    short = re.sub(r"[^A-Za-z0-9._-]+", "-", stem).strip("-._")
    if stem.isascii() and 0 < len(short) <= _ID_LENGTH:
        return short
    digest = sha256(stem.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{short[: _ID_LENGTH - 9].strip('-._') or 'creative'}-{digest}"
