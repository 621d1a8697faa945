"""`python -m tests.fuzz.hostile`: prints the CPU time of the worst bodies of the greatest length."""

import json
import sys
from collections.abc import Callable
from gzip import compress
from time import thread_time
from typing import Any

from bidder.endpoints.bid import bid
from bidder.endpoints.call import Call
from bidder.openrtb.bid_request import MAX_IMPS
from bidder.openrtb.parse import MAX_BODY
from tests.support.campaigns import NOW, campaign, compile_snapshot
from tests.support.matchable import video_request
from tests.support.service import service


def _filled(item: Any, make: Callable[[list[Any]], Any]) -> bytes:
    """A request with as many of the item in one list as MAX_BODY takes."""
    count = (MAX_BODY - 1000) // (len(json.dumps(item)) + 2)
    return json.dumps(make([item] * count)).encode()


def _imps(count: int, **video: Any) -> bytes:
    [imp] = video_request(video=video)["imp"]
    return json.dumps(video_request() | {"imp": [imp | {"id": str(number)} for number in range(count)]}).encode()


def _differing(**video: Any) -> bytes:
    """The largest allowed number of impressions, all different."""
    request = json.loads(_imps(MAX_IMPS, **video))
    for number, imp in enumerate(request["imp"]):
        imp["video"]["maxduration"] = 60 + number
    return json.dumps(request).encode()


BODIES: dict[str, bytes] = {
    "a plain request": json.dumps(video_request()).encode(),
    "as many impressions as may be": _imps(MAX_IMPS),
    "as many, in one pod": _imps(MAX_IMPS, podid="p", poddedupe=[1, 3]),
    "as many, each a pod": _imps(MAX_IMPS, poddur=120, maxseq=8, poddedupe=[1, 3]),
    "as many, in one pod, no two alike": _differing(podid="p"),
    "as many, each a pod, no two alike": _differing(poddur=120, maxseq=8),
    "as many, of which any may repeat": _imps(MAX_IMPS, podid="p", poddedupe=[5], poddur=120, maxseq=8),
    "blocked advertisers in Unicode": json.dumps(
        video_request(badv=[f"é{number}.example" for number in range(1000)])
    ).encode(),
    "blocked apps by their addresses": json.dumps(
        video_request(bapp=[f"https://apps.example/id{number}" for number in range(1000)])
    ).encode(),
    "objects where strings belong": _filled({}, lambda value: video_request(bcat=value)),
    "nulls where strings belong": _filled(None, lambda value: video_request(bcat=value)),
    "99 such, and a long list to read again": _filled(
        "a.b", lambda value: video_request(bcat=[{}] * 99, badv=value, site={"name": {}})
    ),
    "blocked advertisers": _filled("a.b", lambda value: video_request(badv=value)),
    "blocked categories": _filled("IAB1", lambda value: video_request(bcat=value)),
    "user ids": _filled({"uids": [{}] * 10}, lambda value: video_request(user={"eids": value})),
    "deals": _filled({"id": "d"}, lambda value: video_request(imp={"pmp": {"deals": value}})),
    "unknown lists": _filled([[1]], lambda value: video_request(imp={"banner": value})),
    "a domain of many labels": json.dumps(video_request(site={"domain": "a." * 4000 + "b"})).encode(),
    "a GPP string of many parts": json.dumps(
        video_request(regs={"gpp": "DBABBg~" + "BA." * 2700, "gpp_sid": [8]})
    ).encode(),
    "a gzip bomb": compress(b" " * 100_000_000),
}


def main() -> int:
    campaigns = (
        campaign(id=f"c{n}", cpm=(100 + n) / 100, advertiser={"name": "A", "domain": f"a{n}.example"})
        for n in range(300)
    )
    bidder = service(compile_snapshot(campaigns))
    baseline = 0.0
    for name, body in BODIES.items():
        durations = []
        for _ in range(25):
            started_at = thread_time()
            reply = bid(bidder, Call(body, {}, "https://bid.example", NOW))
            durations.append(thread_time() - started_at)
        baseline = baseline or min(durations)
        times = min(durations) / baseline
        print(f"{name:40} {len(body):7} bytes  {reply.status}  {min(durations) * 1000:7.2f} ms {times:6.1f} times")
    return 0


if __name__ == "__main__":
    sys.exit(main())
