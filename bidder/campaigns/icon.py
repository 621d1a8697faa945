"""The picture of an industry programme over the video."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from bidder.campaigns.types import HttpUrl, ImageMime, Pixels, SecureUrl


class Icon(BaseModel):
    """Icon, VAST 4.2 section 3.11. Sizes and positions in pixels, or the side that it sits on."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    program: Annotated[str, Field(min_length=1, max_length=100)] = "AdChoices"
    url: SecureUrl
    mime: ImageMime
    width: Pixels
    height: Pixels
    x: Annotated[str, Field(pattern=r"^(\d{1,5}|left|right)$", coerce_numbers_to_str=True)] = "right"
    y: Annotated[str, Field(pattern=r"^(\d{1,5}|top|bottom)$", coerce_numbers_to_str=True)] = "top"
    click_through: HttpUrl | None = None
    view_tracking: SecureUrl | None = None
