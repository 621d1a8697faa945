"""The name of a creative in a registry that all of the industry reads."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class UniversalAdId(BaseModel):
    """UniversalAdId, VAST 4.2 section 3.7.1: `registry` is its site, such as `ad-id.org` or `clearcast.co.uk`."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    registry: Annotated[str, Field(min_length=1, max_length=100)]
    value: Annotated[str, Field(min_length=1, max_length=200)]
