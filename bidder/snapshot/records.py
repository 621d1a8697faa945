"""Campaigns as they stand in an index: each a record of its own, decoded when a request first comes across it.

A record is the campaign's JSON, deflated with a dictionary (RFC 1950, section 2.2: FDICT) of what campaigns have in
common, so that a short text shrinks as well and can still be read alone.
"""

import zlib
from array import array
from collections.abc import Sequence
from functools import lru_cache, partial

from bidder.campaigns.campaign import Campaign
from bidder.snapshot.container import Sections

MOST_HELD = 4096
"""Decoded campaigns that an index holds on to, some 10 KB each; the one not used for longest goes first."""

# What is most common stands last: deflate spends fewer bits on what is near.
DICTIONARY = (
    b'"time_zone":"Europe/Berlin","where":{"and":[{"or":[{"not":{}}]}]},"flight":{"start":"2026-01-01T00:00:00Z","end":'
    b'"discloses_price":true,"cattax":7,"deals":[{"id":"","cpm_micros":"universal_ad_id":{"registry":"ad-id.org","id":'
    b'"verifications":[{"vendor":"","script":"https://","icon":{"program":"AdChoices","companions":[{"id":"tag":{"url":'
    b'"bundle":"com.","placement":{"include":["1","2"]},"language":{"include":["en"]},"os":{"include":["ios","android"]'
    b'"segment":{"include":["domain":{"exclude":["device_type":{"include":["country":{"include":["usa","gbr","deu"]}'
    b'"category":{"include":["IAB1-1","IAB2"],"exclude":["IAB25","IAB26"]},"inventory":{"include":["site","app"]}},'
    b'{"id":"","name":"Campaign ","status":"paused","advertiser":{"name":"","domain":".example","owner":".example"},'
    b'"categories":["IAB"],"cpm_micros":000,"budget":{"total_micros":0000000,"daily_micros":5000000},"targeting":{'
    b'"creatives":[{"id":"-15s","name":"Creative ","duration":15.0,"click_through":"https://www.","skip_offset":5.0,'
    b'"language":"en","attributes":[],"apis":[],"media":[{"url":"https://media.example/-1920x1080.mp4","mime":"video/mp4",'
    b'"width":1920,"height":1080,"bitrate":2000},{"url":"https://media.example/-1280x720.webm","mime":"video/webm",'
    b'"width":1280,"height":720,"bitrate":1000},"mime":"video/mp4","width":640,"height":360,"bitrate":500}]}]}'
)


def encode(campaign: Campaign) -> bytes:
    """A campaign as a record."""
    deflate = zlib.compressobj(zdict=DICTIONARY)
    return deflate.compress(campaign.model_dump_json(exclude_defaults=True).encode()) + deflate.flush()


def sections(records: Sequence[bytes]) -> dict[str, bytes]:
    """Records by position, as sections of an index: where each ends, all of them, and the dictionary."""
    ends, end = array("Q"), 0
    for record in records:
        end += len(record)
        ends.append(end)
    return {"record_ends": ends.tobytes(), "records": b"".join(records), "dictionary": DICTIONARY}


class Records:
    """The records of an index object: `campaign(position)` decodes one at first, and holds on to the latest."""

    def __init__(self, sections: Sections) -> None:
        ends = sections["record_ends"].cast("Q")
        self._count = len(ends)
        decode = partial(_decode, ends, sections["records"], bytes(sections["dictionary"]))
        self.campaign = lru_cache(maxsize=MOST_HELD)(decode)

    def __len__(self) -> int:
        return self._count


def _decode(ends: memoryview, records: memoryview, dictionary: bytes, position: int) -> Campaign:
    start = ends[position - 1] if position else 0
    inflate = zlib.decompressobj(zdict=dictionary)
    return Campaign.model_validate_json(inflate.decompress(records[start : ends[position]]))
