"""A video ad and the files that play it."""

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
"""An id of ours: in URLs, keys and metrics, so letters, digits, dot, underscore and hyphen."""

HttpUrl = Annotated[str, Field(pattern=r"^https?://[^\s<>\"]+$", max_length=2048)]


class Media(BaseModel):
    """One rendition: VAST 4.2 section 3.9.1, MediaFile. Sizes in pixels, bitrate in kbit/s."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: HttpUrl
    mime: Annotated[str, BeforeValidator(lambda v: str(v).lower()), Field(pattern=r"^video/[a-z0-9.+-]+$")]
    width: Annotated[int, Field(gt=0, le=16384)]
    height: Annotated[int, Field(gt=0, le=16384)]
    bitrate: Annotated[int, Field(gt=0)]


class Creative(BaseModel):
    """One video ad. Duration in seconds; `skip_offset`, in seconds, makes it skippable from there.

    `attributes` are those of AdCOM's creative attributes that it has besides, which publishers block by (`battr`);
    `apis` are the frameworks of AdCOM's list that a player must have to play it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Id
    name: Annotated[str, Field(min_length=1, max_length=200)]
    duration: Annotated[float, Field(gt=0, le=3600)]
    click_through: HttpUrl
    skip_offset: Annotated[float, Field(gt=0)] | None = None
    language: Annotated[str, Field(pattern=r"^[a-z]{2}$")] | None = None
    attributes: tuple[int, ...] = ()
    apis: tuple[int, ...] = ()
    media: Annotated[tuple[Media, ...], Field(min_length=1)]
