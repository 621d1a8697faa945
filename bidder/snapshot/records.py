"""The campaigns of an index: each has a record of its own, decoded when a request first needs the campaign.

A record is the campaign's JSON, deflated with a dictionary of common texts (RFC 1950, section 2.2: FDICT), so that
even short records shrink and each is decoded alone. If creatives have their own targeting, a second deflated stream
has its compiled form. Older code stops after the first stream. If the second stream is missing, decoding compiles the
targeting.
"""

import json
import zlib
from array import array
from collections.abc import Mapping, Sequence
from functools import lru_cache, partial
from typing import NamedTuple

from bidder.campaigns.campaign import Campaign
from bidder.campaigns.dnf import Conjunction, Predicate
from bidder.campaigns.request_fields_used import compiled_creatives
from bidder.snapshot.container import Sections

MAX_DECODED = 4096
"""The decoded campaigns that an index keeps, some 10 KB each; the least recently used leaves first."""

# The most common texts are last, since deflate encodes near matches in fewer bits.
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


class Record(NamedTuple):
    """A campaign, and the conjunctions of its creatives that have their own targeting, by creative id."""

    campaign: Campaign
    creative_conjunctions: Mapping[str, Sequence[Conjunction]]


def encode(campaign: Campaign) -> bytes:
    """The stored form of a campaign's record."""
    stored = _deflate(campaign.model_dump_json(exclude_defaults=True).encode())
    compiled = compiled_creatives(campaign)
    return stored + _deflate(_write_targeting(compiled)) if compiled else stored


def sections(records: Sequence[bytes]) -> dict[str, bytes]:
    """The sections of an index that hold its records by position: their ends, the records, and the dictionary."""
    ends, end = array("Q"), 0
    for record in records:
        end += len(record)
        ends.append(end)
    return {"record_ends": ends.tobytes(), "records": b"".join(records), "dictionary": DICTIONARY}


class Records:
    """The records of an index object. `get(position)` returns a `Record`; the latest used stay decoded."""

    def __init__(self, sections: Sections) -> None:
        ends = sections["record_ends"].cast("Q")
        self._count = len(ends)
        decode = partial(_decode, ends, sections["records"], bytes(sections["dictionary"]))
        self.get = lru_cache(maxsize=MAX_DECODED)(decode)

    def __len__(self) -> int:
        return self._count


def _decode(ends: memoryview, records: memoryview, dictionary: bytes, position: int) -> Record:
    start = ends[position - 1] if position else 0
    inflate = zlib.decompressobj(zdict=dictionary)
    campaign = Campaign.model_validate_json(inflate.decompress(records[start : ends[position]]))
    if not inflate.unused_data:
        return Record(campaign, compiled_creatives(campaign))
    compiled = zlib.decompressobj(zdict=dictionary).decompress(inflate.unused_data)
    return Record(campaign, _read_targeting(compiled))


def _deflate(text: bytes) -> bytes:
    deflate = zlib.compressobj(zdict=DICTIONARY)
    return deflate.compress(text) + deflate.flush()


def _write_targeting(compiled: Mapping[str, Sequence[Conjunction]]) -> bytes:
    """Compiled targeting as JSON, sorted, since equal campaigns give equal bytes."""
    document = {
        creative_id: [
            {
                attribute: [[sorted(values) for values in predicate.any_of], sorted(predicate.none_of)]
                for attribute, predicate in sorted(conjunction.items())
            }
            for conjunction in conjunctions
        ]
        for creative_id, conjunctions in compiled.items()
    }
    return json.dumps(document, separators=(",", ":")).encode()


def _read_targeting(text: bytes) -> dict[str, list[Conjunction]]:
    return {
        creative_id: [
            {
                attribute: Predicate(tuple(map(frozenset, any_of)), frozenset(none_of))
                for attribute, (any_of, none_of) in conjunction.items()
            }
            for conjunction in conjunctions
        ]
        for creative_id, conjunctions in json.loads(text).items()
    }
