"""The companion ads of a creative that fit the impression's `companionad` slots."""

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
    link_to: Callable[[str], str] = lambda landing_page: landing_page,
) -> tuple[vast.CompanionElement, ...]:
    """The VAST Companion elements of the creative, one for each slot of `video.companionad` that a companion fits.

    `link_to` returns the click-through URL of a landing page.
    """
    elements = []
    for companion, slot in match_companions(creative, video):
        landing_page = companion.click_through or creative.click_through
        elements.append(
            vast.CompanionElement(
                url=companion.url,
                type=companion.mime,
                width=companion.width,
                height=companion.height,
                id=companion.id,
                alt_text=companion.alt_text,
                click_through=link_to(landing_page) if landing_page else None,
                click_tracking=click_tracking,
                rendering_mode=None if slot.vcm is None else _MODES.get(slot.vcm),
            )
        )
    return tuple(elements)


def match_companions(creative: Creative, video: Video) -> list[tuple[Companion, Banner]]:
    """The pairs of a companion of the creative and a companion slot that fits. Each companion is used once.

    `companiontype` lists the accepted companion types (OpenRTB 2.6, section 3.2.7); all companions here are static.
    """
    if not video.companionad or (video.companiontype and CompanionType.STATIC not in video.companiontype):
        return []
    unused_companions = list(creative.companions)
    pairs = []
    for slot in video.companionad:
        match = next((companion for companion in unused_companions if _fits(companion, slot)), None)
        if match:
            unused_companions.remove(match)
            pairs.append((match, slot))
    return pairs


def _fits(companion: Companion, slot: Banner) -> bool:
    """Whether the companion has the size and the MIME type of the slot. A slot without a value takes any value."""
    return slot.accepts_size(companion.width, companion.height) and (not slot.mimes or companion.mime in slot.mimes)
