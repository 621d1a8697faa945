"""The names of tracking events in each version, and `progress` with its offset."""

from typing import Any

import pytest
from lxml import etree

from bidder.events.kinds import TRACKED_LINEAR
from bidder.vast import Ad, Version, render
from tests.support.xsd import assert_valid
from tests.unit.vast.ads import AD, WRAPPED

OF_ALL = {"creativeView", "start", "firstQuartile", "midpoint", "thirdQuartile", "complete"}
OF_ALL |= {"mute", "unmute", "pause", "resume"}
MORE = {
    "2.0": {"fullscreen", "acceptInvitation"},
    "3.0": {"skip", "progress", "fullscreen", "closeLinear", "acceptInvitationLinear"},
    "4.0": {"skip", "progress", "playerExpand", "acceptInvitationLinear"},
    "4.1": {"skip", "progress", "playerExpand", "closeLinear", "acceptInvitation"},
    "4.2": {"skip", "progress", "playerExpand", "closeLinear", "acceptInvitation"},
    "4.3": {"skip", "progress", "playerExpand", "closeLinear", "acceptInvitation"},
}


@pytest.mark.parametrize("version", list(Version))
@pytest.mark.parametrize("ad", [AD, WRAPPED], ids=["inline", "wrapper"])
def test_events_have_the_names_of_their_version(ad: Ad, version: Version) -> None:
    tracking: Any = {kind: (f"https://bid.example/{kind}",) for kind in TRACKED_LINEAR}

    document = render(ad._replace(tracking=tracking, progress_offset=2), version)

    assert_valid(document)
    events = {entry.get("event"): entry for entry in etree.fromstring(document).iterfind(".//{*}Linear//{*}Tracking")}
    assert events.keys() == OF_ALL | MORE[version]
    assert {name: event.get("offset") for name, event in events.items() if event.get("offset")} == (
        {"progress": "00:00:02"} if version > "2.0" else {}
    )
