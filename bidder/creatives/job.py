"""The job of one creative: the state of its newest upload, and the renditions of its newest finished upload.

uploaded -> probing -> transcoding -> ready | refused
"""

from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict

from bidder.campaigns.creative import Media


class State(StrEnum):
    """The state of an upload."""

    UPLOADED = "uploaded"
    PROBING = "probing"
    TRANSCODING = "transcoding"
    READY = "ready"
    REFUSED = "refused"

    @property
    def is_final(self) -> bool:
        """Whether the processing of the upload has ended."""
        return self in {State.READY, State.REFUSED}


class Finished(BaseModel):
    """The result of a finished upload: its renditions (`media`), and the metadata that the creative takes from it."""

    model_config = ConfigDict(frozen=True)

    sequencer: str
    seconds: float
    media: tuple[Media, ...]
    mezzanine: Media | None = None
    landing_page: str | None = None
    name: str | None = None
    campaign_creation: int | None = None
    """As in `bidder.creatives.upload.Metadata`."""


class Job(BaseModel):
    """The state of a creative's newest upload. `finished` is the result of the newest upload that became ready."""

    model_config = ConfigDict(frozen=True)

    campaign_id: str
    creative_id: str
    key: str
    sequencer: str
    size: int
    state: State
    at: datetime
    reason: str | None = None
    """The reason of a refusal, written for the advertiser."""
    finished: Finished | None = None
    images: tuple[str, ...] = ()
    """URLs of the poster and of the thumbnails."""
    source: dict[str, Any] | None = None
    """The measurements of the upload: container, codecs, size, seconds, frame rate, loudness, tracks."""
