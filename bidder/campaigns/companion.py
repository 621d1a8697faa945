"""A picture beside the video."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from bidder.campaigns.types import HttpUrl, Id, ImageMime, Pixels, SecureUrl


class Companion(BaseModel):
    """Companion, VAST 4.2: sent where the impression asks for one of its size. Sizes in pixels.

    Without `click_through` it leads where the video leads.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    id: Id
    url: SecureUrl
    mime: ImageMime
    width: Pixels
    height: Pixels
    click_through: HttpUrl | None = None
    alt_text: Annotated[str, Field(max_length=200)] | None = None
