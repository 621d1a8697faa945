"""`python -m bidder segments …`: what is known of the segments that campaigns target."""

import json
from collections.abc import Iterator
from itertools import chain

from bidder.campaigns.campaign import Campaign
from bidder.campaigns.segment import SegmentInfo, read_segments, unknown
from bidder.cli.table import table
from bidder.files.opened import read_text, shown_name
from bidder.money import display
from bidder.service.service import Service


def import_file(service: Service, path: str) -> None:
    """Checks the whole file, then stores its segments. Raises InvalidSegmentFile, OSError."""
    segments = read_segments(read_text(path), shown_name(path))
    changed = service.segments.put_many(segments)
    print(f"{len(segments)} segments imported from {path}, {changed} of them new or changed")


def list_all(service: Service) -> None:
    """Prints all segments, as campaigns write them."""
    print(table(("segment", "name", "size", "cost"), map(_cells, service.segments.all()), left=2))


def show(service: Service, word: str) -> None:
    """Prints a segment and its changes, the first one first. Raises UnknownSegment."""
    segment = service.segments.get(word)
    print(segment.model_dump_json(indent=2, exclude_none=True))
    for change in service.segments.history(segment.word):
        print(f"{change['at']}  {change['who']}  {json.dumps(change['after'])}")


def warnings(service: Service, campaigns: Iterator[Campaign]) -> Iterator[str]:
    """A line for each field of the campaigns that names a segment nobody knows; none where no segment is stored."""
    first = next(campaigns, None)
    known = set() if first is None else {segment.word for segment in service.segments.all()}
    for campaign in chain([first], campaigns) if first is not None and known else ():
        for line in unknown(campaign.model_dump(mode="json", exclude_defaults=True), known):
            yield f"{campaign.id}: {line}"


def _cells(segment: SegmentInfo) -> tuple[str, ...]:
    size = "" if segment.size is None else f"{segment.size:,}"
    return segment.word, segment.name, size, "" if segment.cost_micros is None else display(segment.cost_micros)
