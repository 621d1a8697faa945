"""VMAP 1.0.1: the breaks of a content, each with the ads or with the tag that answers with them."""

from collections.abc import Iterable
from typing import NamedTuple

from bidder.vast.version import Version
from bidder.vast.xml import cdata, text

NAMESPACE = "http://www.iab.net/videosuite/vmap"


class AdBreak(NamedTuple):
    """AdBreak, VMAP 1.0.1 section 2.3.2: a linear break. `time_offset` is `start`, `end`, a clock time, or `50%`.

    It has either `document`, a VAST document, or `tag`, the URL that answers with one of at most that version.
    """

    id: str
    time_offset: str
    document: str | None = None
    tag: str | None = None
    version: Version = Version.VAST_3_0


def vmap(breaks: Iterable[AdBreak]) -> str:
    """The document of these breaks."""
    return f'<vmap:VMAP xmlns:vmap="{NAMESPACE}" version="1.0.1">{"".join(map(_ad_break, breaks))}</vmap:VMAP>'


def _ad_break(one: AdBreak) -> str:
    return (
        f'<vmap:AdBreak timeOffset="{text(one.time_offset)}" breakType="linear" breakId="{text(one.id)}">'
        f'<vmap:AdSource id="1" allowMultipleAds="true" followRedirects="true">{_source(one)}</vmap:AdSource>'
        "</vmap:AdBreak>"
    )


def _source(one: AdBreak) -> str:
    if one.document is not None:
        return f"<vmap:VASTAdData>{one.document}</vmap:VASTAdData>"
    # The schema's last name is `vast3`; players tell the version by the answer.
    template = "vast3" if one.version >= Version.VAST_3_0 else "vast2"
    return f'<vmap:AdTagURI templateType="{template}">{cdata(one.tag or "")}</vmap:AdTagURI>'
