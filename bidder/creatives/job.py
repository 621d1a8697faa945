"""The job of one creative: how far its newest upload has come, and what the newest finished one made.

uploaded -> probing -> transcoding -> ready | refused
"""

from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict

from bidder.campaigns.creative import Media


class State(StrEnum):
    """How far an upload has come."""

    UPLOADED = "uploaded"
    PROBING = "probing"
    TRANSCODING = "transcoding"
    READY = "ready"
    REFUSED = "refused"

    @property
    def is_final(self) -> bool:
        """Whether nothing more happens to the upload."""
        return self in {State.READY, State.REFUSED}


class Finished(BaseModel):
    """What an upload became: `media` are its renditions."""

    model_config = ConfigDict(frozen=True)

    sequencer: str
    seconds: float
    media: tuple[Media, ...]
    mezzanine: Media | None = None
    landing_page: str | None = None
    name: str | None = None


class Job(BaseModel):
    """The state of a creative's newest upload; `finished` is of the newest upload that became ready."""

    model_config = ConfigDict(frozen=True)

    campaign_id: str
    creative_id: str
    key: str
    sequencer: str
    size: int
    state: State
    at: datetime
    reason: str | None = None
    """Why it was refused, in an advertiser's words."""
    finished: Finished | None = None
    images: tuple[str, ...] = ()
    """URLs of the poster and of the thumbnails."""
    source: dict[str, Any] | None = None
    """What was measured of the upload: container, codecs, size, seconds, frame rate, loudness, tracks."""
