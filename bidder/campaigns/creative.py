"""A video ad and the files that play it, or the third party's tag that answers with it."""

from collections.abc import Iterator
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from bidder.campaigns.companion import Companion
from bidder.campaigns.icon import Icon
from bidder.campaigns.tag import Tag
from bidder.campaigns.targeting import Expression, Targeting
from bidder.campaigns.types import HttpUrl, Id, Language, Pixels, VideoMime
from bidder.campaigns.universal_ad_id import UniversalAdId
from bidder.campaigns.verification import Verification


class Media(BaseModel):
    """One rendition: VAST 4.2 section 3.9.1, MediaFile. Sizes in pixels, bitrate in kbit/s."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    url: HttpUrl
    mime: VideoMime
    width: Pixels
    height: Pixels
    bitrate: Annotated[int, Field(gt=0)]


class Creative(BaseModel):
    """One video ad. Duration in seconds; `skip_offset`, in seconds, makes it skippable from there.

    It has `media` of ours, and then a `click_through`, or else a third party's `tag`, which brings its own;
    `duration`, `skip_offset` and `language` then say what the tag answers with.

    `weight` is its share of what its campaign shows where that rotates by weights.

    It is only shown where a request meets its own `targeting` and `where` as well.

    `attributes` are those of AdCOM's creative attributes that it has besides, which publishers block by (`battr`);
    `apis` are the frameworks of AdCOM's list that a player must have to play it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    id: Id
    name: Annotated[str, Field(min_length=1, max_length=200)]
    duration: Annotated[float, Field(gt=0, le=3600)]
    click_through: HttpUrl | None = None
    skip_offset: Annotated[float, Field(gt=0)] | None = None
    language: Language | None = None
    attributes: tuple[int, ...] = ()
    apis: tuple[int, ...] = ()
    media: tuple[Media, ...] = ()
    tag: Tag | None = None
    targeting: Targeting = Field(default_factory=dict)
    where: Expression | None = None
    weight: Annotated[int, Field(ge=1, le=1000)] = 1
    universal_ad_id: UniversalAdId | None = None
    verifications: tuple[Verification, ...] = ()
    icon: Icon | None = None
    companions: tuple[Companion, ...] = ()

    @model_validator(mode="after")
    def _plays_one_way(self) -> Self:
        wrong = None
        if bool(self.media) == (self.tag is not None):
            wrong = "give media, or a tag that answers with the ad: one of the two"
        elif self.media and self.click_through is None:
            wrong = "media need a click_through: where a click on the video leads"
        elif self.tag and self.click_through is not None:
            wrong = "a tag brings its own click_through: leave it out"
        elif len({companion.id for companion in self.companions}) != len(self.companions):
            wrong = "companion ids must be unique"
        if wrong:
            raise ValueError(wrong)
        return self

    def links(self) -> Iterator[str]:
        """Where clicks lead. All else in its markup, but for its media, is secure by type."""
        if self.click_through:
            yield self.click_through
        if self.icon and self.icon.click_through:
            yield self.icon.click_through
        for companion in self.companions:
            if companion.click_through:
                yield companion.click_through
