"""Renders the Linear creative of an InLine ad or a Wrapper."""

from bidder.vast.ad import Ad, InLine
from bidder.vast.clock import clock
from bidder.vast.elements import icons, media_file, mezzanine, optional_url, tracking_event, urls
from bidder.vast.version import Version

_PROGRESS = "progress"


def linear(ad: Ad, version: Version) -> str:
    """The Linear element. VAST 2.0 has no skip offset and no icons; a Wrapper has no skip offset before VAST 4.0."""
    icon = icons(ad.icon) if version >= Version.VAST_3_0 else ""
    tracking = _tracking(ad, version)
    if not isinstance(ad.content, InLine):
        offset = _skip_offset(ad) if version >= Version.VAST_4_0 else ""
        return f"<Linear{offset}>{icon}{tracking}{_clicks(ad, None, version)}</Linear>"
    offset = _skip_offset(ad) if version >= Version.VAST_3_0 else ""
    duration = _duration(ad.content.duration, version)
    media = "".join(media_file(file, version) for file in ad.content.media_files)
    original = mezzanine(ad.content.mezzanine, version) if version >= Version.VAST_4_0 else ""
    media = f"<MediaFiles>{media}{original}</MediaFiles>"
    clicks = _clicks(ad, ad.content.click_through, version)
    if version >= Version.VAST_4_0:
        return f"<Linear{offset}>{icon}{tracking}{duration}{media}{clicks}</Linear>"
    return f"<Linear{offset}>{icon}{duration}{tracking}{clicks}{media}</Linear>"


def _skip_offset(ad: Ad) -> str:
    return "" if ad.skip_offset is None else f' skipoffset="{clock(ad.skip_offset)}"'


def _duration(seconds: float, version: Version) -> str:
    """The Duration element. VAST 2.0 has no fractions of seconds."""
    return f"<Duration>{clock(seconds if version >= Version.VAST_3_0 else max(1, round(seconds)))}</Duration>"


def _tracking(ad: Ad, version: Version) -> str:
    events = "".join(
        tracking_event(name, url, ad.progress_offset if event == _PROGRESS else None)
        for event, urls_called in ad.tracking.items()
        if (name := event_name(event, version)) is not None
        for url in urls_called
    )
    return events and f"<TrackingEvents>{events}</TrackingEvents>"


def event_name(event: str, version: Version) -> str | None:
    """The name in this version of a tracking event of VAST 3.0; None if the version does not have the event."""
    match event:
        case "skip" | "progress":
            return event if version >= Version.VAST_3_0 else None
        case "fullscreen":
            return event if version < Version.VAST_4_0 else "playerExpand"
        case "closeLinear":
            return None if version in {Version.VAST_2_0, Version.VAST_4_0} else event
        case "acceptInvitation":
            return "acceptInvitationLinear" if version in {Version.VAST_3_0, Version.VAST_4_0} else event
    return event


def _clicks(ad: Ad, click_through: str | None, version: Version) -> str:
    parts = [urls("ClickTracking", ad.click_tracking), optional_url("ClickThrough", click_through)]
    clicks = "".join(parts if version >= Version.VAST_4_0 else reversed(parts))
    return clicks and f"<VideoClicks>{clicks}</VideoClicks>"
