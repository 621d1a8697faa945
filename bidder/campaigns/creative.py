"""A creative: a video ad or a third-party tag (VAST wrapper), with companion ads and viewability measurement."""

from collections.abc import Iterator
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from bidder.campaigns.targeting import Expression, Targeting
from bidder.campaigns.types import X_PATTERN, Y_PATTERN, HttpUrl, Id, ImageMime, Language, Pixels, SecureUrl, VideoMime
from bidder.vast.version import Version

LONGEST_SECONDS = 3600
"""The longest creative."""


class Media(BaseModel):
    """One rendition (MediaFile, VAST 4.2 section 3.9.1). Sizes in pixels, `bitrate` in kbit/s, `file_size` in bytes.

    `codec` is the codecs parameter of the type, RFC 6381, such as `avc1.64001F,mp4a.40.2`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    url: HttpUrl
    mime: VideoMime
    width: Pixels
    height: Pixels
    bitrate: Annotated[int, Field(gt=0)]
    codec: Annotated[str, Field(max_length=200)] | None = None
    file_size: Annotated[int, Field(gt=0)] | None = None


class Tag(BaseModel):
    """A third-party ad tag (VASTAdTagURI of a Wrapper, VAST 4.2): the URL at which another server answers with the ad.

    `mimes` are the possible types of the tag's media. `version` is the VAST version of the tag's answer, or None if the
    answer suits any player. `tag: https://…` alone is short for `tag: {url: https://…}`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    url: SecureUrl
    mimes: Annotated[tuple[VideoMime, ...], Field(min_length=1)] = ("video/mp4",)
    version: Version | None = None

    @model_validator(mode="before")
    @classmethod
    def _url_alone(cls, data: object) -> object:
        return {"url": data} if isinstance(data, str) else data


class UniversalAdId(BaseModel):
    """Universal ad id (UniversalAdId, VAST 4.2 section 3.7.1): `registry` is a site such as `ad-id.org`."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    registry: Annotated[str, Field(min_length=1, max_length=100)]
    value: Annotated[str, Field(min_length=1, max_length=200)]


class Verification(BaseModel):
    """Viewability measurement (Verification, VAST 4.2): JavaScript for players with the Open Measurement SDK (OMID).

    `vendor` is the vendor's name in the form `company.com-omid`, `parameters` is the input of the vendor's script.
    `browser_optional` is True for a script that needs no browser. The player calls `not_executed` if the script did not
    run, and replaces `[REASON]` in that URL.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    vendor: Annotated[str, Field(min_length=1, max_length=200)]
    url: SecureUrl
    parameters: Annotated[str, Field(max_length=4096)] | None = None
    browser_optional: bool = False
    not_executed: SecureUrl | None = None


class Icon(BaseModel):
    """Icon, VAST 4.2 section 3.11. Sizes in pixels. A position is in pixels, or a side of the player."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    program: Annotated[str, Field(min_length=1, max_length=100)] = "AdChoices"
    url: SecureUrl
    mime: ImageMime
    width: Pixels
    height: Pixels
    x: Annotated[str, Field(pattern=X_PATTERN, coerce_numbers_to_str=True)] = "right"
    y: Annotated[str, Field(pattern=Y_PATTERN, coerce_numbers_to_str=True)] = "top"
    click_through: HttpUrl | None = None
    view_tracking: SecureUrl | None = None


class Companion(BaseModel):
    """Companion ad, VAST 4.2: sent where the impression has a companion banner of the same size. Sizes in pixels.

    Without `click_through`, a click leads to the page of the video's click.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    id: Id
    url: SecureUrl
    mime: ImageMime
    width: Pixels
    height: Pixels
    click_through: HttpUrl | None = None
    alt_text: Annotated[str, Field(max_length=200)] | None = None


class Creative(BaseModel):
    """One video ad: its own `media` with a `click_through`, or a third party's VAST `tag`.

    `upload` names an uploaded video file instead of `media`: its renditions become the `media` after transcoding, and
    until then the creative does not bid. `mezzanine` is the original file (Mezzanine, VAST 4.1), which players and ad
    inserters may transcode.

    `duration` and `skip_offset` are seconds; an ad with a `skip_offset` is skippable. With a `tag`, `duration`,
    `skip_offset` and `language` describe the ad that the tag answers with, and the tag brings its own click-through.
    `weight` is the creative's share of its campaign's impressions where the campaign rotates by weights. A request must
    meet the creative's own `targeting` and `where`, too. `attributes` are AdCOM creative attributes, which publishers
    block by `battr`; `apis` are the AdCOM API frameworks that a player needs to play the ad.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    id: Id
    name: Annotated[str, Field(min_length=1, max_length=200)]
    duration: Annotated[float, Field(gt=0, le=LONGEST_SECONDS)]
    click_through: HttpUrl | None = None
    skip_offset: Annotated[float, Field(gt=0)] | None = None
    language: Language | None = None
    attributes: tuple[int, ...] = ()
    apis: tuple[int, ...] = ()
    media: tuple[Media, ...] = ()
    upload: Annotated[str, Field(min_length=1, max_length=1024)] | None = None
    mezzanine: Media | None = None
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
        mistake = wrong_playback(self)
        if mistake:
            raise ValueError(mistake)
        return self

    @property
    def seconds(self) -> int:
        """The length in whole seconds, as OpenRTB states lengths."""
        return round(self.duration)

    def links(self) -> Iterator[str]:
        """The pages that clicks lead to. All other URLs of the markup, except the media, are https by type."""
        if self.click_through:
            yield self.click_through
        if self.icon and self.icon.click_through:
            yield self.icon.click_through
        for companion in self.companions:
            if companion.click_through:
                yield companion.click_through


PLAYBACK = ("media", "upload", "tag", "click_through", "companions")
"""The fields that determine the playback of a creative."""


def wrong_playback(creative: Creative) -> str | None:
    """The contradiction in a creative's `PLAYBACK` fields, or None."""
    is_ours = bool(creative.media) or creative.upload is not None
    if is_ours == (creative.tag is not None):
        return "give either media or an upload, or a tag that answers with the ad"
    if is_ours and creative.click_through is None:
        return "media need a click_through, the landing page of a click"
    if creative.tag and creative.click_through is not None:
        return "a tag brings its own click_through: leave it out"
    if len({companion.id for companion in creative.companions}) != len(creative.companions):
        return "companion ids must be unique"
    return None
