"""What is known of audience segments: for people who target them. Bids never ask."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bidder.campaigns.targeting import Word
from bidder.faults import faults
from bidder.money import Micros, Priced


class InvalidSegmentFile(ValueError):
    """The file can't be imported; the message has a line for each thing that is wrong."""


class SegmentInfo(Priced):
    """A provider's segment: its id there, what it is called, how many people are in it, and its cost as a CPM."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Word
    provider: Word
    name: Annotated[str, Field(min_length=1, max_length=200)]
    size: Annotated[int, Field(ge=0)] | None = None
    cost_micros: Micros | None = None

    @property
    def word(self) -> str:
        """The segment as campaigns write it."""
        return f"{self.provider}/{self.id}"


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    segments: list[SegmentInfo]


def read_segments(text: str) -> list[SegmentInfo]:
    """The segments of a YAML file, `segments:` and a list. Raises InvalidSegmentFile, naming each wrong field."""
    import yaml  # on laptops only: it doesn't ship to Lambda

    try:
        found = _File.model_validate(yaml.safe_load(text)).segments
    except yaml.YAMLError as error:
        msg = f"not YAML: {error}"
        raise InvalidSegmentFile(msg) from None
    except ValidationError as error:
        raise InvalidSegmentFile("\n".join(faults(error, "file"))) from None
    twice = sorted(word for word, times in Counter(segment.word for segment in found).items() if times > 1)
    if twice:
        raise InvalidSegmentFile("\n".join(f"{word}: is in the file more than once" for word in twice))
    return found


def unknown(document: object, known: Collection[str]) -> Iterator[str]:
    """A line for each field of a campaign's document that names a segment which is none of the `known` words.

    A segment may be written without its provider.
    """
    words = {*known, *(word.partition("/")[2] for word in known)}
    for path, word in _named(document, ""):
        if word not in words:
            yield f"{path}: no segment {word} is known; `python -m bidder segments list` shows them"


def _named(node: object, path: str) -> Iterator[tuple[str, str]]:
    """Each field that names a segment, and the segment."""
    if isinstance(node, Mapping):
        for name, its in node.items():
            its_path = f"{path}.{name}" if path else str(name)
            yield from _of_rule(its, its_path) if name == "segment" else _named(its, its_path)
    elif isinstance(node, list | tuple):
        for number, item in enumerate(node):
            named = item["id"] if isinstance(item, Mapping) and "id" in item else number
            yield from _named(item, f"{path}[{named}]")


def _of_rule(rule: Any, path: str) -> Iterator[tuple[str, str]]:
    """A rule has words by side; multipliers have factors by word."""
    for side, its in rule.items() if isinstance(rule, Mapping) else ():
        if isinstance(its, list | tuple):
            yield from ((f"{path}.{side}", str(word)) for word in its)
        else:
            yield path, str(side)
