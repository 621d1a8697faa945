"""The parts of an ad, before they are XML. Names follow VAST 4.2; sizes are pixels, URLs are absolute.

Named tuples: making ten dataclasses takes a cold start 5 ms.
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
    """UniversalAdId, section 3.7.1: the creative's id in a registry such as `ad-id.org`, else `unknown`."""

    registry: str
    value: str


class Pricing(NamedTuple):
    """Pricing, section 3.4.8: what the ad costs, in millionths of `currency` (ISO-4217).

    `model` is CPM, CPC, CPE or CPV.
    """

    value_micros: int
    currency: str
    model: str = "CPM"


class Category(NamedTuple):
    """Category, section 3.4.5: a code of the ad's content, and the URL of the authority that lists the codes."""

    authority: str
    code: str


class VerificationElement(NamedTuple):
    """Verification: a script that measures for `vendor`, and the parameters that it is handed.

    `browser_optional`: it also runs where there is no browser. `not_executed` is called where it could not run.
    """

    vendor: str
    url: str
    api_framework: str = "omid"
    browser_optional: bool = False
    parameters: str | None = None
    not_executed: str | None = None


class IconElement(NamedTuple):
    """Icon, section 3.11: the picture of an industry programme such as `AdChoices`, over the video.

    Positions are pixels from the left and the top, or `left`, `right`, `top`, `bottom`.
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
    """Companion: a picture beside the video.

    `rendering_mode` is `concurrent` or, shown after it, `end-card`; None leaves it to the player.
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
