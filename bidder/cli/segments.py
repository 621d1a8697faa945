"""`bidder segments`: imports and prints the names, sizes and costs of audience segments."""

from collections.abc import Callable, Iterator
from itertools import chain

from bidder.campaigns.campaign import Campaign
from bidder.campaigns.file_form import document_text
from bidder.campaigns.segment import SegmentInfo, read_segments, unknown
from bidder.cli.output import number_of, print_json, print_table
from bidder.files.opened import read_text, shown_name
from bidder.money import display
from bidder.service.service import Service


def import_file(service: Service, path: str, tell_stored: Callable[[str], None] = lambda _: None) -> None:
    """Checks the whole file, then stores its segments. Raises InvalidSegmentFile, OSError."""
    segments = read_segments(read_text(path), shown_name(path))
    tell_stored(f"some of the {len(segments)} segments may be stored: import the file again to continue")
    changed = service.segments.put_many(segments)
    tell_stored(f"all {len(segments)} segments are stored")
    print(f"{number_of(len(segments), 'segment')} imported from {path}, {changed} of them new or changed")


def list_segments(service: Service, *, as_json: bool) -> None:
    """Prints all segments by the names that campaigns use."""
    segments = service.segments.all()
    if as_json:
        print_json([{"segment": segment.word, **segment.model_dump()} for segment in segments])
        return
    print_table(("segment", "name", "size", "cost"), map(_cells, segments), left_aligned=2)


def show(service: Service, word: str, *, as_json: bool) -> None:
    """Prints a segment and its changes, the first one first. Raises UnknownSegment."""
    segment = service.segments.get(word)
    if as_json:
        changes = list(service.segments.history(segment.word))
        print_json({"segment": segment.word, **segment.model_dump(), "changes": changes})
        return
    print(document_text(segment.model_dump(mode="json", exclude_none=True), indent=2))
    for change in service.segments.history(segment.word):
        print(f"{change['at']}  {change['who']}  {document_text(change['after'])}")


def unknown_segments(service: Service, campaigns: Iterator[Campaign]) -> Iterator[str]:
    """A line for each field of the campaigns with an unknown segment; none if no segment is stored."""
    first = next(campaigns, None)
    known = set() if first is None else {segment.word for segment in service.segments.all()}
    for campaign in chain([first], campaigns) if first is not None and known else ():
        for line in unknown(campaign.model_dump(mode="json", exclude_defaults=True), known):
            yield f"{campaign.id}: {line}"


def _cells(segment: SegmentInfo) -> tuple[str, ...]:
    size = "" if segment.size is None else f"{segment.size:,}"
    return segment.word, segment.name, size, "" if segment.cost_micros is None else display(segment.cost_micros)
