"""The parts of a VAST ad before rendering. Names follow VAST 4.2, sizes are in pixels, URLs are absolute.

They are named tuples, since defining ten dataclasses takes 5 ms of a cold start.
"""

from typing import NamedTuple


class MediaFile(NamedTuple):
    """MediaFile, section 3.9.1: one rendition of the video, or Mezzanine, 3.9.2. `type` is its MIME type.

    `file_size` is in bytes.
    """

    url: str
    type: str
    width: int
    height: int
    bitrate_kbps: int | None = None
    codec: str | None = None
    delivery: str = "progressive"
    id: str | None = None
    file_size: int | None = None


class UniversalAdIdElement(NamedTuple):
    """UniversalAdId, section 3.7.1: the creative's id in a registry such as `ad-id.org`, or in `unknown`."""

    registry: str
    value: str


class Pricing(NamedTuple):
    """Pricing, section 3.4.8: the price of the ad, in micros of `currency` (ISO 4217).

    `model` is CPM, CPC, CPE or CPV.
    """

    value_micros: int
    currency: str
    model: str = "CPM"


class Category(NamedTuple):
    """Category, section 3.4.5: a category code of the ad, and the URL of the authority that publishes the codes."""

    authority: str
    code: str


class VerificationElement(NamedTuple):
    """Verification: the measurement script of a vendor, and its parameters.

    `browser_optional` is whether the script also runs without a browser. The player calls the URL `not_executed` if the
    script could not run.
    """

    vendor: str
    url: str
    api_framework: str = "omid"
    browser_optional: bool = False
    parameters: str | None = None
    not_executed: str | None = None


class IconElement(NamedTuple):
    """Icon, section 3.11: the icon of an industry program such as `AdChoices`, shown over the video.

    A position is a number of pixels from the left or the top, or one of `left`, `right`, `top`, `bottom`.
    """

    program: str
    url: str
    type: str
    width: int
    height: int
    x_position: str = "right"
    y_position: str = "top"
    click_through: str | None = None
    view_tracking: str | None = None


class CompanionElement(NamedTuple):
    """Companion: an image beside the video.

    `rendering_mode` is `concurrent`, or `end-card` for an image after the video. With None the player decides.
    """

    url: str
    type: str
    width: int
    height: int
    id: str | None = None
    alt_text: str | None = None
    click_through: str | None = None
    click_tracking: tuple[str, ...] = ()
    rendering_mode: str | None = None
