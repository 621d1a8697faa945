"""The companions of a creative that an impression asks for."""

from collections.abc import Callable

from bidder import vast
from bidder.campaigns.creative import Companion, Creative
from bidder.openrtb.banner import Banner
from bidder.openrtb.companion_type import CompanionType
from bidder.openrtb.video import Video

_MODES = {0: "concurrent", 1: "end-card"}


def companions(
    creative: Creative,
    video: Video,
    click_tracking: tuple[str, ...],
    lead: Callable[[str], str] = lambda landing_page: landing_page,
) -> tuple[vast.CompanionElement, ...]:
    """One for each place of `video.companionad` that one of the creative's fits.

    `lead` makes of a landing page the URL that its clicks go to.
    """
    found = []
    for fitting, place in fitting_companions(creative, video):
        landing_page = fitting.click_through or creative.click_through
        found.append(
            vast.CompanionElement(
                url=fitting.url,
                type=fitting.mime,
                width=fitting.width,
                height=fitting.height,
                id=fitting.id,
                alt_text=fitting.alt_text,
                click_through=lead(landing_page) if landing_page else None,
                click_tracking=click_tracking,
                rendering_mode=None if place.vcm is None else _MODES.get(place.vcm),
            )
        )
    return tuple(found)


def fitting_companions(creative: Creative, video: Video) -> list[tuple[Companion, Banner]]:
    """The creative's companions that fit a place of the video's, each of them once, with that place.

    OpenRTB 2.6 section 3.2.7: `companiontype` lists the kinds that are taken; ours are static.
    """
    if not video.companionad or (video.companiontype and CompanionType.STATIC not in video.companiontype):
        return []
    left = list(creative.companions)
    found = []
    for place in video.companionad:
        fitting = next((one for one in left if _fits(one, place)), None)
        if fitting:
            left.remove(fitting)
            found.append((fitting, place))
    return found


def _fits(companion: Companion, place: Banner) -> bool:
    """Whether it has the place's size and type; a place that states neither takes any."""
    return (
        (not place.w or place.w == companion.width)
        and (not place.h or place.h == companion.height)
        and (not place.mimes or companion.mime in place.mimes)
    )
