"""The number of files of bidder/ that run during a bid, which a reader has to open to follow a bid."""

import json
import sys
from pathlib import Path
from types import FrameType

import bidder
from bidder.endpoints.bid import bid
from bidder.endpoints.call import Call
from tests.support.campaigns import NOW, campaign, compile_snapshot
from tests.support.matchable import video_request
from tests.support.service import service

MOST = 57
"""The current number of files. Raise it only for a file that every bid needs."""
BIDDER = Path(bidder.__file__).parent


def test_a_bid_runs_code_of_few_files() -> None:
    process, body = service(compile_snapshot([campaign()])), json.dumps(video_request()).encode()
    entered: dict[str, None] = {}

    def enter(frame: FrameType, event: str, _: object) -> None:
        if event == "call":
            entered[frame.f_code.co_filename] = None

    statuses = []
    before = sys.getprofile()
    for profile in (before, enter):  # the first bid of a process compiles caches for later bids
        sys.setprofile(profile)
        try:
            statuses.append(bid(process, Call(body, {}, "https://bid.example", NOW)).status)
        finally:
            sys.setprofile(before)

    assert statuses == [200, 200]
    walk = [str(Path(name).relative_to(BIDDER)) for name in entered if Path(name).is_relative_to(BIDDER)]
    assert len(walk) <= MOST, "\n".join(walk)
