"""Renders VMAP 1.0.1: the ad breaks of a content, each with its ads or with its ad tag."""

from collections.abc import Iterable
from typing import NamedTuple

from bidder.vast.version import Version
from bidder.vast.xml import cdata, text

NAMESPACE = "http://www.iab.net/videosuite/vmap"


class AdBreak(NamedTuple):
    """AdBreak, VMAP 1.0.1 section 2.3.2: a linear break.

    `time_offset` is `start`, `end`, a time HH:MM:SS.mmm or a percentage. The break has either `document`, a VAST
    document, or `tag`, the URL of an ad tag whose answer has at most `version`.
    """

    id: str
    time_offset: str
    document: str | None = None
    tag: str | None = None
    version: Version = Version.VAST_3_0


def vmap(breaks: Iterable[AdBreak]) -> str:
    """The VMAP document of these breaks."""
    return f'<vmap:VMAP xmlns:vmap="{NAMESPACE}" version="1.0.1">{"".join(map(_ad_break, breaks))}</vmap:VMAP>'


def _ad_break(ad_break: AdBreak) -> str:
    return (
        f'<vmap:AdBreak timeOffset="{text(ad_break.time_offset)}" breakType="linear" breakId="{text(ad_break.id)}">'
        f'<vmap:AdSource id="1" allowMultipleAds="true" followRedirects="true">{_source(ad_break)}</vmap:AdSource>'
        "</vmap:AdBreak>"
    )


def _source(ad_break: AdBreak) -> str:
    if ad_break.document is not None:
        return f"<vmap:VASTAdData>{ad_break.document}</vmap:VASTAdData>"
    # `vast3` is the newest name in the schema; players read the version from the answer.
    template = "vast3" if ad_break.version >= Version.VAST_3_0 else "vast2"
    return f'<vmap:AdTagURI templateType="{template}">{cdata(ad_break.tag or "")}</vmap:AdTagURI>'
