"""A third party's ad tag, in place of media files of ours."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

from bidder.campaigns.types import SecureUrl, VideoMime
from bidder.vast.version import Version


class Tag(BaseModel):
    """VASTAdTagURI, VAST 4.2: the URL at which another server answers with the ad.

    `mimes` are the types that its media may have; `version` is the VAST version that it answers in, left out where it
    suits any player. `tag: https://…` alone is short for `tag: {url: https://…}`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    url: SecureUrl
    mimes: Annotated[tuple[VideoMime, ...], Field(min_length=1)] = ("video/mp4",)
    version: Version | None = None

    @model_validator(mode="before")
    @classmethod
    def _url_alone(cls, data: object) -> object:
        return {"url": data} if isinstance(data, str) else data
